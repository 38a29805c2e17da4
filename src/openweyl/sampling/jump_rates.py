"""The norms of the residual where jumps are not linear: in trace norm, and of the Fokker-Planck equation in L1.

With the derivations d_i w = {z_i, w} along the conjugates of a jump's own variables z_i, and y_i = - d_i log tau, linear in Z,

    Q tau / tau - (what moves tau as Gaussians move) / tau  =  A(Z) + B(Z).y + y.G(Z) y,

polynomials for polynomial jumps l = u + iv. For S_ij = d_i y_j, w_ij = {z_i, z_j} and the averages of `nonlinear_jumps`, Z from its mean,

    A = gamma ( 2 u'.w v' - 2 a.w b ) - (gamma h/2) tr (G0 S) + (gamma/h) ( T_1.Z + (Z.T_2 Z - T_2:K)/2 ) + (gamma h/8) T_2:S,
    B = gamma ( u v' - v u' + (b.Z) a - (a.Z) b ) - (gamma h/2) ( u'' w^T u' + v'' w^T v' ) + <H'> + <H''> Z,
    G = (gamma h/2) G0 - (gamma h/8) T_2,      G0 = u' u'^T + v' v'^T - a a^T - b b^T.

Given Z, y is normal with the mean w K^{-1} Z and the covariance S - w K^{-1} w^T, which leaves an average over Z alone, by
quadrature; its square root bounds the L1 norm.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from openweyl._core.fft import Array
from openweyl.symbolic.expressions import Program, program

from .averages import FEWER_NODES, NODES, quadrature, small_cholesky
from .local_terms import SortedHamiltonian
from .nonlinear_jumps import JumpAverages, JumpFamily, jump_residual, values_at
from .residual import Rates, residual_rates


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
    q, degree = family.real.q, family.real.degree
    if degree is not None:
        return xp.sum(xp.sqrt(_mean_square(family, averages, inverse, gamma, h, 2 * degree + 1, xp)), axis=-1)
    found, other = (_mean_square(family, averages, inverse, gamma, h, k, xp) for k in (NODES, FEWER_NODES))
    return xp.sum(xp.sqrt(found + abs(found - other)), axis=-1)


def _mean_square(
    family: JumpFamily, averages: JumpAverages, inverse: Array, gamma: float, h: float, nodes: int, xp: Any
) -> Array:
    """The mean square of A + B.y + y.G y for each jump, (P, M), by `nodes` points for each variable."""
    w, q = family.form, family.real.q
    rule = quadrature(q, nodes, 2)
    Z = xp.einsum("pmab,kb->pmka", small_cholesky(averages.K, xp), rule.nodes)
    parts = values_at(family, _program(family), averages.z[..., None, :] + Z, 0.0, xp)
    u, v = parts[0], parts[1]
    du, dv = xp.stack(parts[2 : 2 + q], -1), xp.stack(parts[2 + q : 2 + 2 * q], -1)
    square = (*u.shape, q, q)
    ddu, ddv = (xp.stack(parts[2 + k * q : 2 + k * q + q * q], -1).reshape(square) for k in (2, 2 + q))
    a, b = averages.linear.real[:, :, None], averages.linear.imag[:, :, None]
    S = _conjugate_block(family, inverse, xp)[:, :, None]
    T1, T2 = averages.first[:, :, None], averages.second[:, :, None]
    G0 = _outer(du) + _outer(dv) - _outer(a) - _outer(b)
    Q = gamma * h * (G0 / 2 - T2 / 8)
    Zs = xp.einsum("pmki,pmkij,pmkj->pmk", Z, xp.broadcast_to(T2, square), Z)
    A = 2 * gamma * (_form(du, w, dv, xp) - _form(a, w, b, xp)) - gamma * h * xp.sum(
        (G0 / 2 - T2 / 8) * S, axis=(-1, -2)
    )
    A = A + (gamma / h) * (
        xp.sum(T1 * Z, -1) + (Zs - xp.sum(averages.second * averages.K, axis=(-1, -2))[..., None]) / 2
    )
    B = u[..., None] * dv - v[..., None] * du + xp.sum(b * Z, -1)[..., None] * a - xp.sum(a * Z, -1)[..., None] * b
    B = B - (h / 2) * sum(xp.einsum("pmkij,li,pmkl->pmkj", dd, w, d) for dd, d in ((ddu, du), (ddv, dv)))
    B = gamma * B + averages.gradient[:, :, None] + xp.einsum("pmij,pmkj->pmki", averages.hessian, Z)
    M = w @ xp.linalg.inv(averages.K)  # the mean of y is M Z
    y = xp.einsum("pmij,pmkj->pmki", M, Z)
    Qy = xp.einsum("pmkij,pmkj->pmki", Q, y)
    spread = S[:, :, 0] - M @ w.T
    level, slope = A + xp.sum((B + Qy) * y, -1), B + 2 * Qy
    Qs = xp.einsum("pmkij,pmjl->pmkil", Q, spread)
    total = (level + xp.trace(Qs, axis1=-2, axis2=-1)) ** 2 + 2 * xp.einsum("pmkij,pmkji->pmk", Qs, Qs)
    total = total + xp.einsum("pmki,pmij,pmkj->pmk", slope, spread, slope)
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


def _form(f: Array, w: np.ndarray, g: Array, xp: Any) -> Array:
    return xp.sum((f @ xp.asarray(w)) * g, axis=-1)
