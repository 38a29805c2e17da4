"""The quantum and the classical generator, side by side: Lindblad and Fokker-Planck differ in one factor.

For p = T(xi) + V(x) every term multiplies in one representation of the symbol (rates, per unit time):

    term              representation   Lindblad                                    Fokker-Planck
    V(x)              (x, s)           -(i/h) [V(x + s/2) - V(x - s/2)]            -(i/h) s.V'(x)
    jump l(x)         (x, s)           -(gamma/2h) [l(x + s/2) - l(x - s/2)]^2     -(gamma/2h) [s.l'(x)]^2
    T(xi)             (k, xi)          -(i/h) [T(xi + hk/2) - T(xi - hk/2)]        -(i/h) hk.T'(xi)
    jump g(xi)        (k, xi)          -(gamma/2h) [g(xi + hk/2) - g(xi - hk/2)]^2 -(gamma/2h) [hk.g'(xi)]^2
    jump a.x + b.xi   (k, s)           -(gamma/2h) [a.s + b.hk]^2                  the same

Source: Li (1.1)-(1.5) with the time direction of von Neumann's equation. Both columns are one formula: a difference
across a chord of length s (or hk), or its first-order part.

`hierarchy` writes Q + lambda (L - Q) as the pair of rates (classical, quantum - classical): the Taylor coefficients
in lambda of its evolution are the corrections of Li, Theorem 3. All rates carry this leading axis of powers of
lambda, of length 1 for the two plain generators.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from ._fourier import Array
from .grid import PhaseGrid
from .symbols import derivative, evaluate
from .system import System

Point = dict[sympy.Symbol, Array]
Rule = Callable[[sympy.Expr, Point, Point, Any], tuple[Array, Array]]
"""f, where and along which chord -> the difference of f across the chord, and its mean."""


@dataclass(frozen=True)
class Generator:
    """Rates of one generator on one grid; every array has a leading axis of powers of lambda.

    kick: in (x, s), from V and the jumps l(x). drift: in (k, xi), from T and the jumps g(xi).
    spread: tau -> in (k, s), the jumps a.x + b.xi integrated over a time tau along the drift that follows (see
    `_spread`); None without such jumps.
    commutator: [A, [B, A]] in (x, s) for A = kick and B = drift + spread; it is again a multiplication if T is
    quadratic and the xi-jumps are linear, and None otherwise.
    """

    grid: PhaseGrid
    kick: Array
    drift: Array
    spread: Callable[[float], Array] | None
    commutator: Array | None


def lindblad(system: System, grid: PhaseGrid, *, xp: Any = np, gamma: Array | None = None) -> Generator:
    """The quantum generator L of `system` on `grid`, arrays in the namespace `xp`.

    `gamma` replaces the system's coupling by an array scalar: that is what one differentiates by.
    """
    return _build(system, grid, [_quantum], xp, gamma)


def fokker_planck(system: System, grid: PhaseGrid, *, xp: Any = np, gamma: Array | None = None) -> Generator:
    """The classical generator Q of `system` on `grid`; arguments as for `lindblad`."""
    return _build(system, grid, [_classical], xp, gamma)


def hierarchy(system: System, grid: PhaseGrid, *, xp: Any = np, gamma: Array | None = None) -> Generator:
    """Q + lambda (L - Q) as a polynomial in lambda; arguments as for `lindblad`."""
    return _build(system, grid, [_classical, _quantum], xp, gamma)


def _quantum(f: sympy.Expr, at: Point, chord: Point, xp: Any) -> tuple[Array, Array]:
    """f(z + chord/2) - f(z - chord/2), and the mean of the two values."""
    plus = evaluate(f, {v: at[v] + chord[v] / 2 for v in at}, xp)
    minus = evaluate(f, {v: at[v] - chord[v] / 2 for v in at}, xp)
    return plus - minus, (plus + minus) / 2


def _classical(f: sympy.Expr, at: Point, chord: Point, xp: Any) -> tuple[Array, Array]:
    """The first-order parts of the same: chord . f'(z), and f(z)."""
    return sum(chord[v] * evaluate(derivative(f, v), at, xp) for v in at if f.has(v)), evaluate(f, at, xp)


def _build(system: System, grid: PhaseGrid, rules: list[Rule], xp: Any, gamma: Array | None) -> Generator:
    h, rate = system.h, (system.gamma if gamma is None else gamma) / (2 * system.h)
    x, s = grid.mesh("x", "s", xp)
    k, xi = grid.mesh("k", "xi", xp)
    position = (dict(zip(system.x, x, strict=True)), dict(zip(system.x, s, strict=True)))
    momentum = (dict(zip(system.xi, xi, strict=True)), dict(zip(system.xi, (h * q for q in k), strict=True)))

    def rates(energy: sympy.Expr, jumps: tuple[sympy.Expr, ...], where: tuple[Point, Point]) -> Array:
        columns = [
            -1j / h * rule(energy, *where, xp)[0] - rate * sum(rule(jump, *where, xp)[0] ** 2 for jump in jumps)
            for rule in rules
        ]
        shape = np.broadcast_shapes(*(np.shape(v) for side in where for v in side.values()))
        return _series([xp.broadcast_to(xp.asarray(c), shape) for c in columns], xp)

    return Generator(
        grid=grid,
        kick=rates(system.potential, system.position_jumps, position),
        drift=rates(system.kinetic, system.momentum_jumps, momentum),
        spread=_spread(system, grid, xp, rate) if system.linear_jumps else None,
        commutator=_commutator(system, position, rules, xp, rate),
    )


def _spread(system: System, grid: PhaseGrid, xp: Any, rate: Array) -> Callable[[float], Array]:
    """tau -> int_0^tau sigma(k, s + u h M k) du with sigma(k, s) = -rate sum (a.s + h b.k)^2 and M = T''.

    e^{u D} moves s to s + u h M k if D is the drift of a quadratic T, so e^{tau (D + S)} = e^{tau D} e^{this}, exactly;
    the integrand is quadratic in u and Simpson's rule is exact. For other T, or xi-jumps that are not linear and do not
    commute with S, it is tau sigma(k, s), to be put on both sides of the drift.
    """
    k, s = grid.mesh("k", "s", xp)
    mass = (
        system.kinetic_quadratic[0] if system.kinetic_quadratic and system.momentum_jumps_linear is not None else None
    )

    def sigma(time: float) -> Array:
        moved = list(s)
        if mass is not None:
            moved = [
                s_i + time * system.h * sum(m * k_j for m, k_j in zip(row, k, strict=True))
                for s_i, row in zip(s, mass, strict=True)
            ]
        chords = (
            sum(a_j * s_j + system.h * b_j * k_j for a_j, b_j, s_j, k_j in zip(a, b, moved, k, strict=True))
            for a, b in system.linear_jumps
        )
        return xp.asarray(-rate * sum(chord**2 for chord in chords))[None]

    return lambda tau: tau / 6 * (sigma(0.0) + 4 * sigma(tau / 2) + sigma(tau))


def _series(columns: list[Array], xp: Any) -> Array:
    """Rates (first, second, ...) as coefficients of lambda: first + lambda (second - first)."""
    return xp.stack([columns[0]] + [c - columns[0] for c in columns[1:]])


def _commutator(system: System, where: tuple[Point, Point], rules: list[Rule], xp: Any, rate: Array) -> Array | None:
    """[A, [B, A]] = -2 i h (dA/dx).M (dA/ds) - 2 h^2 rate sum_b (b.dA/dx)^2 with T'' = M and xi-jumps b.xi.

    A is the kick rate; B = i h d_x.M d_s + h^2 rate sum_b (b.d_x)^2 + lower order. For rates that are polynomials
    in lambda this is the product of their gradients.
    """
    if system.kinetic_quadratic is None or system.momentum_jumps_linear is None:
        return None
    h, mass = system.h, system.kinetic_quadratic[0]
    directions = [*system.momentum_jumps_linear, *(b for _, b in system.linear_jumps)]
    gradients = [_gradient(system, where, rule, xp, rate) for rule in rules]
    by_x, by_s = ([_series([g[side][j] for g in gradients], xp) for j in range(system.n)] for side in ("x", "s"))
    total: Array = 0.0
    for i in range(system.n):
        for j in range(system.n):
            if mass[i][j]:
                total = total - 2j * h * mass[i][j] * _product(by_x[i], by_s[j], xp)
    for b in directions:
        along = sum(b_j * g for b_j, g in zip(b, by_x, strict=True) if b_j)
        total = total - 2 * h**2 * rate * _product(along, along, xp)
    return total


def _gradient(system: System, where: tuple[Point, Point], rule: Rule, xp: Any, rate: Array) -> dict[str, list[Array]]:
    """The derivatives of the kick rate by each x_j and each s_j: of a difference they are that, and the mean, of f'."""
    shape = np.broadcast_shapes(*(np.shape(v) for side in where for v in side.values()))
    gradient: dict[str, list[Array]] = {"x": [], "s": []}
    jumps = [(jump, rule(jump, *where, xp)[0]) for jump in system.position_jumps]
    for v in system.x:
        by_x, by_s = (-1j / system.h * part for part in rule(derivative(system.potential, v), *where, xp))
        for jump, difference in jumps:
            change, mean = rule(derivative(jump, v), *where, xp)
            by_x = by_x - 2 * rate * difference * change
            by_s = by_s - 2 * rate * difference * mean
        gradient["x"].append(xp.broadcast_to(xp.asarray(by_x), shape))
        gradient["s"].append(xp.broadcast_to(xp.asarray(by_s), shape))
    return gradient


def _product(a: Array, b: Array, xp: Any) -> Array:
    """The product of two polynomials in lambda, given by coefficients along the leading axis."""
    if a.shape[0] == 1:
        return a * b
    return xp.stack([a[0] * b[0], a[0] * b[1] + a[1] * b[0], a[1] * b[1]])
