"""Gaussian averages of local terms: what a particle's own quadratic Hamiltonian, and its residual, are made of.

For a term f(u) of q variables under N(z, K), K = L L^T, by Gauss and Hermite's quadrature over u = z + L g:

    <grad f>,    <Hess f>,    c_alpha  =  < d_g^alpha f >  =  < H_ab He_{alpha - e_a - e_b}(g) >,    |alpha| >= 3,

with H = L^T Hess f L. Exact for polynomials. For other functions orders above K = MAX_ORDER are bounded by Parseval's
identity for H: with k = |alpha|,

    sum_{k > K} c_alpha^2 / alpha!  <=  ( <|H|^2> - sum_{2 <= k <= K} k (k-1) c_alpha^2 / alpha! ) / ((K+1) K).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import factorial, prod
from typing import Any

import numpy as np

from openweyl._core.fft import Array
from openweyl.symbolic.expressions import TIME, run

from .local_terms import Family
from .rules import Orders, Rule, equal_rule, multi_indices, quadrature

MAX_ORDER = 8
"""The highest order of a function that is no polynomial which is taken into account by itself; the rest is bounded."""
NODES = 18
"""Nodes for one variable of such a function: exact for polynomials of degree 35."""
FEWER_NODES = 14
"""Nodes of the second rule, whose deviation counts as the error of the first."""
COARSEST = 0.2
"""The spacing in standard deviations that Gauss and Hermite's nodes stand for: the bound was true in all tests of
waves, bumps, steps and kinks whose second derivative needs no smaller one (`resolution`), and false for some that need
half of it. Those get equally spaced nodes, ..."""
THINNED = 2.0
"""... so much wider apart than `resolution` asks for, three for each period of a cosine, as Gaussian weights damp what
is aliased; ..."""
FINEST = {1: 0.02, 2: 0.15, 3: COARSEST, 4: COARSEST}
"""... down to this spacing before, by the number of variables: 450 nodes for one, 60^2 for two, and never for more."""
WIDER = 1.25
"""The spacing of the second rule, over that of the first."""


@dataclass(frozen=True)
class FamilyAverages:
    """The averages of M terms over the Gaussians of P particles.

    `gradient` (P, M, q), `hessian` (P, M, q, q), `factors` L (P, M, q, q), `coefficients` c_alpha (P, M) by alpha;
    `tail` (P, M): the square root of the sum above, 0 for polynomials.
    """

    gradient: Array
    hessian: Array
    factors: Array
    coefficients: dict[Orders, Array]
    tail: Array | None


def family_averages(family: Family, z: Array, K: Array, t: float, *, residual: bool, xp: Any = np) -> FamilyAverages:
    """The averages of the terms of `family` at time `t`: `z` (P, M, q) and `K` (P, M, q, q) are their variables' own.

    `residual`: whether the c_alpha are asked for.
    """
    L = small_cholesky(K, xp)
    if family.degree is not None:
        rule = quadrature(family.q, max(family.degree - 1, 1), max(family.degree - 2, 0))
        return _by(rule, family, z, L, t, order=family.degree if residual else 0, xp=xp)[0]
    order = MAX_ORDER if residual else 0
    rules = rules_of(family)
    found, squares = _by(rules[0], family, z, L, t, order=order, xp=xp)
    if not residual:
        return found
    other, other_squares = _by(rules[1], family, z, L, t, order=order, xp=xp)
    known = 0.0
    off = xp.sum((xp.swapaxes(L, -1, -2) @ (found.gradient - other.gradient)[..., None]) ** 2, axis=(-1, -2))
    for alpha, c in found.coefficients.items():
        k, weight = sum(alpha), prod(map(factorial, alpha))
        known = known + k * (k - 1) * c**2 / weight
        off = off + (c - other.coefficients[alpha]) ** 2 / weight  # those of orders 1 and 2 are errors of q
    rest = abs(squares - known) + abs(squares - other_squares)
    tail = xp.sqrt(rest / ((MAX_ORDER + 1) * MAX_ORDER)) + xp.sqrt(off)
    coefficients = {alpha: c for alpha, c in found.coefficients.items() if sum(alpha) > 2}
    return FamilyAverages(found.gradient, found.hessian, L, coefficients, tail)


def rules_of(family: Family) -> list[Rule]:
    """The rules for a function that is no polynomial: the first is used, the second tells its error."""
    if family.spacing >= COARSEST:
        return [quadrature(family.q, nodes, MAX_ORDER - 2) for nodes in (NODES, FEWER_NODES)]
    return [equal_rule(family.q, part * family.spacing, MAX_ORDER - 2) for part in (THINNED, WIDER)]


def small_cholesky(K: Array, xp: Any) -> Array:
    """L with K = L L^T for matrices (..., q, q) of few rows."""
    return xp.sqrt(K) if K.shape[-1] == 1 else xp.linalg.cholesky(K)


def _by(
    rule: Rule, family: Family, z: Array, L: Array, t: float, *, order: int, xp: Any
) -> tuple[FamilyAverages, Array]:
    """The averages by one rule, and <|L^T Hess f L|^2>."""
    q = family.q
    points = z[..., None, :] + xp.einsum("pmab,kb->pmka", L, rule.nodes)
    values = {v: points[..., a] for a, v in enumerate(family.variables)}
    values |= {name: family.parameters[None, :, None, k] for k, name in enumerate(family.names)}
    with np.errstate(all="ignore"):  # what overflows is told by its rate, which is then no number
        found = run(family.code, {**values, TIME: t}, xp)
    shape = points.shape[:-1]
    found = [xp.broadcast_to(xp.asarray(f, dtype=float), shape) for f in found]
    gradient = xp.stack([f @ rule.weights for f in found[:q]], axis=-1)
    second = xp.stack([found[q + _place(a, b, q)] for a in range(q) for b in range(q)], axis=-1)
    hessian = xp.einsum("pmkc,k->pmc", second, rule.weights).reshape(*z.shape, q)
    if not order:
        return FamilyAverages(gradient, hessian, L, {}, None), 0.0
    second = xp.swapaxes(L, -1, -2)[..., None, :, :] @ second.reshape(*shape, q, q) @ L[..., None, :, :]
    least = 2 if family.degree is None else 3
    coefficients = {}
    for alpha in (alpha for k in range(least, order + 1) for alpha in multi_indices(q, k)):
        a, b, beta = _lowered(alpha)
        coefficients[alpha] = second[..., a, b] @ rule.polynomials[beta]
    squares = 0.0 if family.degree is not None else xp.einsum("pmkab,pmkab,k->pm", second, second, rule.weights)
    return FamilyAverages(gradient, hessian, L, coefficients, None), squares


def _lowered(alpha: Orders) -> tuple[int, int, Orders]:
    """(a, b, alpha - e_a - e_b) for the first two places at which alpha can be lowered."""
    rest = list(alpha)
    lowered = []
    for _ in range(2):
        a = next(i for i, value in enumerate(rest) if value)
        rest[a] -= 1
        lowered.append(a)
    return lowered[0], lowered[1], tuple(rest)


def _place(a: int, b: int, q: int) -> int:
    """Where the derivative by the variables a and b is in a list of those with a <= b."""
    a, b = min(a, b), max(a, b)
    return a * q - a * (a - 1) // 2 + b - a
