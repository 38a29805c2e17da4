"""How two multiplications meet: the double commutator of Chin's scheme, and diffusion integrated along a drift."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from openweyl._core.fft import Array
from openweyl.model.decomposition import Decomposition, decomposition
from openweyl.model.system import System
from openweyl.phase_space.grid import PhaseGrid
from openweyl.symbolic.derivatives import derivative

from .chord_differences import Across, AcrossAt, ChordRule, Point, difference
from .mixed_representation import MixedRepresentation
from .rates import Parts, assembled, gathered

Pair: TypeAlias = tuple[Array, Array]
"""The real and the imaginary part of a number at each point; where one vanishes it is the number 0."""
Polynomial: TypeAlias = list[Pair]
"""Coefficients of 1, lambda, lambda^2, ..."""


@dataclass(frozen=True)
class DoubleCommutator:
    """[A, [B, A]] = -2 i h (dA/dx).M (dA/ds) - 2 h^2 rate sum_b (b.dA/dx)^2 with T'' = M and xi-jumps b.xi.

    A is the kick rate; B = i h d_x.M d_s + h^2 rate sum_b (b.d_x)^2 + lower order. For rates that are polynomials
    in lambda this is the product of their gradients. `across`: by each rule, of `formulas`.
    """

    system: System
    terms: Decomposition
    rate: Array
    across: tuple[AcrossAt, ...]
    xp: Any

    @staticmethod
    def of(system: System, chord: Point, rules: Sequence[ChordRule], xp: Any, rate: Array) -> DoubleCommutator:
        """That of a system, along these chords."""
        terms = decomposition(system)
        slopes = [derivative(f, v) for f in (terms.potential, *terms.position_jumps) for v in system.x]
        formulas = (*slopes, *terms.position_jumps)
        return DoubleCommutator(system, terms, rate, tuple(rule(formulas, chord, xp) for rule in rules), xp)

    def __call__(self, place: MixedRepresentation) -> Parts:
        """Its values there."""
        system, terms, rate, h = self.system, self.terms, self.rate, self.system.h
        mass = terms.kinetic_quadratic[0] if terms.kinetic_quadratic else ()
        directions = [*(terms.momentum_jumps_linear or ()), *(b for _, b in terms.linear_jumps)]
        gradients = [self._gradient(place, across(place.at)) for across in self.across]
        by_x, by_s = ([_in_lambda([g[side][j] for g in gradients]) for j in range(system.n)] for side in (0, 1))
        powers: list[tuple[list[Array], list[Array]]] = [([], []) for _ in range(2 * len(gradients) - 1)]
        for i, row in enumerate(mass):
            for j, m in enumerate(row):
                if m:
                    for (real, imag), (re, im) in zip(powers, _product(by_x[i], by_s[j]), strict=True):
                        real.append(2 * h * m * im)
                        imag.append(-2 * h * m * re)
        for b in directions:
            along = [(0.0, 0.0)] * len(gradients)
            for b_j, g in zip(b, by_x, strict=True):
                if b_j:
                    more = [(b_j * x, b_j * y) for x, y in g]
                    along = [(_plus(re, x), _plus(im, y)) for (re, im), (x, y) in zip(along, more, strict=True)]
            for (real, imag), (re, im) in zip(powers, _product(along, along), strict=True):
                real.append(-2 * h**2 * rate * re)
                imag.append(-2 * h**2 * rate * im)
        return assembled(powers, place.shape, self.xp)

    def _gradient(self, place: MixedRepresentation, across: list[Across]) -> tuple[list[Pair], list[Pair]]:
        """The derivatives of the kick rate by each x_j, and by each s_j: difference and mean of f' for a difference."""
        terms, h, n, rate = self.terms, self.system.h, self.system.n, self.rate
        jumps = len(terms.position_jumps)
        chords = [-2 * rate * difference(jump) for jump in across[n * (1 + jumps) :]]
        all_by_x, all_by_s = [], []
        for j, v in enumerate(self.system.x):
            by_x: Pair = 0.0, -difference(across[j]) / h
            force = -2 * rate * float(derivative(terms.induced_potential, v)) if terms.induced_potential != 0 else 0.0
            by_s: Pair = 0.0, force - across[j].mean() / h - place.slope.get(v, 0.0) / h
            for number, chord in enumerate(chords):
                change = across[n * (1 + number) + j]
                by_x = _plus(by_x[0], _times(chord, difference(change))), by_x[1]
                by_s = _plus(by_s[0], _times(chord, change.mean())), by_s[1]
            all_by_x.append(by_x)
            all_by_s.append(by_s)
        return all_by_x, all_by_s


def _in_lambda(columns: Polynomial) -> Polynomial:
    """first + lambda (second - first)."""
    return columns[:1] + [(re - columns[0][0], im - columns[0][1]) for re, im in columns[1:]]


def _product(a: Polynomial, b: Polynomial) -> Polynomial:
    result: Polynomial = [(0.0, 0.0)] * (len(a) + len(b) - 1)
    for i, (r, s) in enumerate(a):
        for j, (u, v) in enumerate(b):
            re, im = result[i + j]
            more = _plus(_times(r, u), -_times(s, v)), _plus(_times(r, v), _times(s, u))
            result[i + j] = _plus(re, more[0]), _plus(im, more[1])
    return result


def _plus(a: Array, b: Array) -> Array:
    """a + b, without an array that adds zeros."""
    return b if _is_zero(a) else a if _is_zero(b) else a + b


def _times(a: Array, b: Array) -> Array:
    """a b, without an array of zeros if one is the number 0."""
    return 0.0 if _is_zero(a) or _is_zero(b) else a * b


def _is_zero(a: Array) -> bool:
    return isinstance(a, (int, float)) and a == 0


def linear_diffusion(system: System, grid: PhaseGrid, xp: Any, rate: Array) -> Callable[[float], Parts]:
    """tau -> int_0^tau sigma(k, s + u h M k) du with sigma(k, s) = -rate sum (a.s + h b.k)^2 and M = T''.

    e^{u D} moves s to s + u h M k if D is the drift of a quadratic T, so e^{tau (D + S)} = e^{tau D} e^{this}, exactly;
    the integrand is quadratic in u and Simpson's rule is exact. For other T, or xi-jumps that are not linear and do not
    commute with S, or further terms, it is tau sigma(k, s), to be put on both sides of the drift.
    """
    terms = decomposition(system)
    k, s = grid.mesh("k", "s", xp)
    moves = terms.split and terms.momentum_jumps_linear is not None and not terms.position_forces
    mass = terms.kinetic_quadratic[0] if terms.kinetic_quadratic and moves else None

    def sigma(time: float) -> list[Array]:
        moved = list(s)
        if mass is not None and time:
            moved = [
                s_i + sum(time * system.h * m * k_j for m, k_j in zip(row, k, strict=True) if m)
                for s_i, row in zip(s, mass, strict=True)
            ]
        chords = (
            sum(
                [a_j * s_j for a_j, s_j in zip(a, moved, strict=True) if a_j]
                + [system.h * b_j * k_j for b_j, k_j in zip(b, k, strict=True) if b_j]
            )
            for a, b in terms.linear_jumps
        )
        return [-rate * chord**2 for chord in chords]

    def integrated(tau: float) -> Parts:
        steps = zip(sigma(0.0), sigma(tau / 2), sigma(tau), strict=True)
        return gathered([tau / 6 * (first + 4 * middle + last) for first, middle, last in steps], [], 2 * grid.n)

    return integrated
