"""How two multiplications meet: the double commutator of Chin's scheme, and diffusion integrated along a drift."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from openweyl._core.fft import Array
from openweyl.model.decomposition import decomposition
from openweyl.model.system import System
from openweyl.phase_space.grid import PhaseGrid
from openweyl.symbolic.expressions import derivative

from .chord_differences import ChordRule, MixedRepresentation, difference, distinct
from .rates import Parts, assembled, gathered

Pair: TypeAlias = tuple[Array, Array]
"""The real and the imaginary part of a number at each point; where one vanishes it is the number 0."""
Polynomial: TypeAlias = list[Pair]
"""Coefficients of 1, lambda, lambda^2, ..."""


def double_commutator(
    system: System, place: MixedRepresentation, *, rules: list[ChordRule], xp: Any, rate: Array
) -> Parts:
    """[A, [B, A]] = -2 i h (dA/dx).M (dA/ds) - 2 h^2 rate sum_b (b.dA/dx)^2 with T'' = M and xi-jumps b.xi.

    A is the kick rate; B = i h d_x.M d_s + h^2 rate sum_b (b.d_x)^2 + lower order. For rates that are polynomials
    in lambda this is the product of their gradients.
    """
    terms, h = decomposition(system), system.h
    mass = terms.kinetic_quadratic[0] if terms.kinetic_quadratic else ()
    directions = [*(terms.momentum_jumps_linear or ()), *(b for _, b in terms.linear_jumps)]
    gradients = [_gradient(system, place, rule, xp, rate) for rule in rules]
    by_x, by_s = ([_in_lambda([g[side][j] for g in gradients]) for j in range(system.n)] for side in ("x", "s"))
    powers: list[tuple[list[Array], list[Array]]] = [([], []) for _ in range(2 * len(rules) - 1)]
    for i, row in enumerate(mass):
        for j, m in enumerate(row):
            if m:
                for (real, imag), (re, im) in zip(powers, _product(by_x[i], by_s[j]), strict=True):
                    real.append(2 * h * m * im)
                    imag.append(-2 * h * m * re)
    for b in directions:
        along = [(0.0, 0.0)] * len(rules)
        for b_j, g in zip(b, by_x, strict=True):
            if b_j:
                along = [(_plus(re, b_j * x), _plus(im, b_j * y)) for (re, im), (x, y) in zip(along, g, strict=True)]
        for (real, imag), (re, im) in zip(powers, _product(along, along), strict=True):
            real.append(-2 * h**2 * rate * re)
            imag.append(-2 * h**2 * rate * im)
    return assembled(powers, place.shape, xp)


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


def _gradient(
    system: System, place: MixedRepresentation, rule: ChordRule, xp: Any, rate: Array
) -> dict[str, list[Pair]]:
    """The derivatives of the kick rate by each x_j and each s_j: of a difference they are that, and the mean, of f'."""
    gradient: dict[str, list[Pair]] = {"x": [], "s": []}
    terms, h = decomposition(system), system.h
    slopes = [derivative(terms.potential, v) for v in system.x]
    changes = [derivative(jump, v) for jump in terms.position_jumps for v in system.x]
    across = rule(distinct((*slopes, *changes, *terms.position_jumps)), place.at, place.chord, xp)
    for v, slope in zip(system.x, slopes, strict=True):
        by_x, by_s = (0.0, -difference(across[slope]) / h), (0.0, -across[slope].mean() / h)
        by_s = 0.0, by_s[1] - 2 * rate * float(derivative(terms.induced_potential, v)) - place.slope.get(v, 0.0) / h
        for jump in terms.position_jumps:
            chord, change = -2 * rate * difference(across[jump]), across[derivative(jump, v)]
            by_x = _plus(by_x[0], _times(chord, difference(change))), by_x[1]
            by_s = _plus(by_s[0], _times(chord, change.mean())), by_s[1]
        gradient["x"].append(by_x)
        gradient["s"].append(by_s)
    return gradient


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
