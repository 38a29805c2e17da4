"""The norms of the residual where jumps are not linear: in trace norm, and of the Fokker-Planck equation in L1.

With the derivations d_i w = {z_i, w} along the conjugates of a jump's own variables, and y_i = -d_i log tau, linear,

    ( Q tau - what moves tau as Gaussians move ) / tau  =  A(Z) + B(Z).y + y.G(Z) y,

polynomials for polynomial jumps l = u + iv. For S_ij = d_i y_j, w_ij = {z_i, z_j}, the averages of `nonlinear_jumps`,
and Z from its mean,

    A = 2 gamma ( u'.w v' - a.w b ) + (gamma/h) ( T_1.Z + (Z.T_2 Z - T_2:K)/2 ) - G:S,
    B = gamma ( u v' - v u' + (b.Z) a - (a.Z) b ) - (gamma h/2) ( u'' w^T u' + v'' w^T v' ) + <H'> + <H''> Z,
    G = (gamma h/2) ( u' u'^T + v' v'^T - a a^T - b b^T ) - (gamma h/8) T_2.

Given Z, y is normal with the mean w K^{-1} Z and the covariance S - w K^{-1} w^T. What remains is an average over Z, by
quadrature; the root of the mean square bounds the L1 norm.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from openweyl._core.fft import Array
from openweyl.symbolic.expressions import Program, program

from .averages import rules_of, small_cholesky
from .local_terms import SortedHamiltonian
from .nonlinear_jumps import JumpAverages, JumpFamily, jump_residual, values_at
from .residual import Rates, residual_rates
from .rules import Rule, quadrature


def rates_with_jumps(
    hamiltonian: SortedHamiltonian,
    mean: list[Any],
    jumps: Sequence[JumpFamily],
    averages: Sequence[JumpAverages],
    C: Array,
    gamma: float,
    h: float,
    xp: Any = np,
) -> Rates:
    """The rates of particles with covariances h `C`, from the averages `mean` of p and `averages` of the jumps."""
    families = hamiltonian.families
    classical = residual_rates(families, mean, C, h, commuting=hamiltonian.commuting, xp=xp).classical
    every = (*families, *(jump.real for jump in jumps))
    quantum = residual_rates(every, [*mean, *(a.effective for a in averages)], C, h, commuting=False, xp=xp).quantum
    inverse = xp.linalg.inv(C)
    for family, found in zip(jumps, averages, strict=True):
        quantum = quantum + jump_residual(family, found, gamma, h, xp)
        classical = classical + _classical(family, found, inverse / h, gamma, h, xp)
    return Rates(quantum, classical)


def _classical(family: JumpFamily, averages: JumpAverages, inverse: Array, gamma: float, h: float, xp: Any) -> Array:
    """The sum over jumps of the L2 norms of the residual against tau, (P,); `inverse`: that of the covariance."""
    degree = family.real.degree
    if degree is not None:
        exact = quadrature(family.real.q, 2 * degree + 1)
        return xp.sum(xp.sqrt(_mean_square(family, averages, inverse, gamma, h, exact, xp)), axis=-1)
    found, other = (_mean_square(family, averages, inverse, gamma, h, k, xp) for k in rules_of(family.square))
    return xp.sum(xp.sqrt(found + abs(found - other)), axis=-1)


def _mean_square(
    family: JumpFamily, averages: JumpAverages, inverse: Array, gamma: float, h: float, rule: Rule, xp: Any
) -> Array:
    """The mean square of A + B.y + y.G y for each jump, (P, M), by the quadrature `rule`."""
    w, q = xp.asarray(family.form), family.real.q
    Z = xp.einsum("pmab,kb->pmka", small_cholesky(averages.K, xp), rule.nodes)
    u, v, *parts = values_at(family, _program(family), averages.z[..., None, :] + Z, 0.0, xp)
    du, dv = (xp.stack(parts[k * q : (k + 1) * q], -1) for k in (0, 1))
    square = (*u.shape, q, q)
    ddu, ddv = (xp.stack(parts[k * q : (k + q) * q], -1).reshape(square) for k in (2, 2 + q))
    a, b = averages.linear.real[:, :, None], averages.linear.imag[:, :, None]
    T1, T2, S = averages.first[:, :, None], averages.second[:, :, None], _conjugate_block(family, inverse, xp)

    G = gamma * h * ((_outer(du) + _outer(dv) - _outer(a) - _outer(b)) / 2 - T2 / 8)
    squares = xp.sum(_times(T2, Z) * Z, -1) - xp.sum(averages.second * averages.K, axis=(-1, -2))[..., None]
    A = 2 * gamma * (xp.sum(du * _times(w, dv), -1) - xp.sum(a * _times(w, b), -1))
    A = A + (gamma / h) * (xp.sum(T1 * Z, -1) + squares / 2) - xp.sum(G * S[:, :, None], axis=(-1, -2))
    B = u[..., None] * dv - v[..., None] * du + xp.sum(b * Z, -1)[..., None] * a - xp.sum(a * Z, -1)[..., None] * b
    B = B - (h / 2) * (_times(ddu, _times(w.T, du)) + _times(ddv, _times(w.T, dv)))
    B = gamma * B + averages.gradient[:, :, None] + _times(averages.hessian[:, :, None], Z)

    M = w @ xp.linalg.inv(averages.K)
    spread = (S - M @ w.T)[:, :, None]
    y = _times(M[:, :, None], Z)
    Gy, GS = _times(G, y), G @ spread
    level, slope = A + xp.sum((B + Gy) * y, -1) + xp.trace(GS, axis1=-2, axis2=-1), B + 2 * Gy
    total = level**2 + xp.sum(slope * _times(spread, slope), -1) + 2 * xp.einsum("pmkij,pmkji->pmk", GS, GS)
    return xp.maximum(total @ rule.weights, 0.0)


@lru_cache(maxsize=256)
def _derivatives(code_of: tuple[Any, ...]) -> Program:
    u, (f, g) = code_of
    first = [[part.diff(v) for v in u] for part in (f, g)]
    second = [[d.diff(v) for d in part for v in u] for part in first]
    return program((f, g, *first[0], *first[1], *second[0], *second[1]))


def _program(family: JumpFamily) -> Program:
    """u, v, their gradients, their Hessians."""
    imaginary = family.real.formula * 0 if family.imaginary is None else family.imaginary.formula
    return _derivatives((family.real.variables, (family.real.formula, imaginary)))


def _conjugate_block(family: JumpFamily, inverse: Array, xp: Any) -> Array:
    """S_ij = d_i y_j: the block of the inverse covariance along the conjugates of the variables, (P, M, q, q)."""
    n, at = inverse.shape[-1] // 2, family.indices
    other, sign = np.where(at < n, at + n, at - n), np.where(at < n, 1.0, -1.0)
    block = inverse[:, other[:, :, None], other[:, None, :]]
    return block * xp.asarray(sign[:, :, None] * sign[:, None, :])


def _outer(f: Array) -> Array:
    return f[..., :, None] * f[..., None, :]


def _times(M: Array, f: Array) -> Array:
    return (M @ f[..., None])[..., 0]
