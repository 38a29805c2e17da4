"""How two multiplications meet: the double commutator of Chin's scheme, and diffusion integrated along a drift."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from openweyl._core.fft import Array
from openweyl.model.decomposition import decomposition
from openweyl.model.system import System
from openweyl.phase_space.grid import PhaseGrid
from openweyl.symbolic.expressions import derivative

from .chord_differences import ChordRule, MixedRepresentation, lambda_product, lambda_series


def double_commutator(
    system: System, place: MixedRepresentation, *, rules: list[ChordRule], xp: Any, rate: Array
) -> Array:
    """[A, [B, A]] = -2 i h (dA/dx).M (dA/ds) - 2 h^2 rate sum_b (b.dA/dx)^2 with T'' = M and xi-jumps b.xi.

    A is the kick rate; B = i h d_x.M d_s + h^2 rate sum_b (b.d_x)^2 + lower order. For rates that are polynomials
    in lambda this is the product of their gradients.
    """
    terms, h = decomposition(system), system.h
    mass = terms.kinetic_quadratic[0] if terms.kinetic_quadratic else ()
    directions = [*(terms.momentum_jumps_linear or ()), *(b for _, b in terms.linear_jumps)]
    gradients = [_gradient(system, place, rule, xp, rate) for rule in rules]
    by_x, by_s = ([lambda_series([g[side][j] for g in gradients], xp) for j in range(system.n)] for side in ("x", "s"))
    powers = 2 * len(rules) - 1  # of lambda, in a product of two gradients
    total = xp.zeros((powers, *place.shape), dtype=by_x[0].dtype)  # without force and diffusion
    for i in range(system.n):
        for j in range(system.n):
            if mass[i][j]:
                total = total - 2j * h * mass[i][j] * lambda_product(by_x[i], by_s[j], xp)
    for b in directions:
        along = sum(b_j * g for b_j, g in zip(b, by_x, strict=True) if b_j)
        total = total - 2 * h**2 * rate * lambda_product(along, along, xp)
    return total


def _gradient(
    system: System, place: MixedRepresentation, rule: ChordRule, xp: Any, rate: Array
) -> dict[str, list[Array]]:
    """The derivatives of the kick rate by each x_j and each s_j: of a difference they are that, and the mean, of f'."""
    gradient: dict[str, list[Array]] = {"x": [], "s": []}
    terms = decomposition(system)
    jumps = [(jump, rule(jump, place.at, place.chord, xp)[0]) for jump in terms.position_jumps]
    for v in system.x:
        slope = derivative(terms.potential, v)
        by_x, by_s = (-1j / system.h * part for part in rule(slope, place.at, place.chord, xp))
        by_s = by_s - 2j * rate * float(derivative(terms.induced_potential, v))
        by_s = by_s - 1j / system.h * place.slope.get(v, 0.0)
        for jump, difference in jumps:
            change, mean = rule(derivative(jump, v), place.at, place.chord, xp)
            by_x = by_x - 2 * rate * difference * change
            by_s = by_s - 2 * rate * difference * mean
        gradient["x"].append(place.filled(by_x, xp))
        gradient["s"].append(place.filled(by_s, xp))
    return gradient


def linear_diffusion(system: System, grid: PhaseGrid, xp: Any, rate: Array) -> Callable[[float], Array]:
    """tau -> int_0^tau sigma(k, s + u h M k) du with sigma(k, s) = -rate sum (a.s + h b.k)^2 and M = T''.

    e^{u D} moves s to s + u h M k if D is the drift of a quadratic T, so e^{tau (D + S)} = e^{tau D} e^{this}, exactly;
    the integrand is quadratic in u and Simpson's rule is exact. For other T, or xi-jumps that are not linear and do not
    commute with S, or further terms, it is tau sigma(k, s), to be put on both sides of the drift.
    """
    terms = decomposition(system)
    k, s = grid.mesh("k", "s", xp)
    moves = terms.split and terms.momentum_jumps_linear is not None and not terms.position_forces
    mass = terms.kinetic_quadratic[0] if terms.kinetic_quadratic and moves else None

    def sigma(time: float) -> Array:
        moved = list(s)
        if mass is not None:
            moved = [
                s_i + time * system.h * sum(m * k_j for m, k_j in zip(row, k, strict=True))
                for s_i, row in zip(s, mass, strict=True)
            ]
        chords = (
            sum(a_j * s_j + system.h * b_j * k_j for a_j, b_j, s_j, k_j in zip(a, b, moved, k, strict=True))
            for a, b in terms.linear_jumps
        )
        return xp.asarray(-rate * sum(chord**2 for chord in chords))[None]

    return lambda tau: tau / 6 * (sigma(0.0) + 4 * sigma(tau / 2) + sigma(tau))
