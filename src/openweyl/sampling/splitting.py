"""Mixed Gaussian states as mixtures of pure ones: exactly, with a choice of which.

    tau_{z, C}  =  E tau_{z + h^{1/2} K g, C*},      C = C* + K K^T,      g standard normal,

for any covariance C* (in units of h) of a pure state. With the blocks A, B, C_xi of C, W the symmetric part of
A^{-1} B, and in the sheared coordinates xi - W x, where E = B - A W and C2 = C_xi - B^T W - W B + W A W,

    C* = [[P, 0], [0, 1/(4 P)]],    K = [[L], [Y]],    L L^T = A - P,    Y = E^T L^{-T},    1/(4 P) = C2 - Y Y^T:

the smallest variances of x that a pure state below C has, which is best where only functions of x are anharmonic. What
is left, C - C* - K K^T, is next to nothing, and counted (`mismatch`). Where noise has few directions the equation for P
has a double root, and rounds come near it slowly: such states are split by Williamson's form C = S diag(nu, nu) S^T,

    C* = S S^T / 2,      K = S diag(nu - 1/2, nu - 1/2)^{1/2}.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from openweyl._core.fft import Array
from openweyl.model.packets import symplectic_form

from .mismatch import covariance_cost

ROUNDS = 4
"""Rounds of the equation for P, at most; what they leave is counted."""
NEGLIGIBLE = 1e-9
"""A cost that needs no further round: a thousand splits of it are nothing beside the bound."""
TOO_MUCH = 1e-6
"""A cost above which Williamson's form is taken: a thousand splits of less are 1e-3 at most."""
LEAST_PIVOT = 1e-13
"""Pivots below this part of the diagonal are round-off, and no noise."""


class Split(NamedTuple):
    """`pure` C* (P, 2n, 2n), `noise` K (P, 2n, 2n), and `cost` (P,), a bound in trace norm of what was left."""

    pure: Array
    noise: Array
    cost: Array


def split(C: Array, xp: Any = np) -> Split:
    """The split of covariances `C` (P, 2n, 2n) with the smallest variances of x."""
    n = C.shape[-1] // 2
    A, B, C_xi = C[:, :n, :n], C[:, :n, n:], C[:, n:, n:]
    G = xp.linalg.solve(A, B)
    W = (G + _t(G, xp)) / 2
    E = B - A @ W
    C2 = C_xi - _t(B, xp) @ W - W @ E
    C2 = inverse = (C2 + _t(C2, xp)) / 2
    for _ in range(ROUNDS):
        P = xp.linalg.inv(inverse) / 4
        P = (P + _t(P, xp)) / 2
        L, Y, exact = semidefinite_factor(A - P, _t(E, xp), xp)
        square = Y @ _t(Y, xp)
        left = C2 - inverse - square
        cost = _cost(A, left, xp)
        if n == 1 or (xp is np and cost.max() < NEGLIGIBLE):  # E = 0 for n = 1
            break
        inverse = C2 - square
    if not exact:
        left = blocks(A - P - L @ _t(L, xp), E - L @ _t(Y, xp), left, xp)
        cost = covariance_cost(blocks(A, E, C2, xp), left, xp)
    if n > 1:  # for n = 1 P = 1/(4 C2); else rounds might end with a P that is no covariance, and C* no state
        cost = xp.where(_positive(P, xp), cost, np.inf)
    PW = P @ W
    inverse = xp.linalg.inv(4 * P)
    pure, noise = blocks(P, PW, inverse + W @ PW, xp), xp.concatenate([L, W @ L + Y], axis=1)
    noise = xp.concatenate([noise, xp.zeros_like(noise)], axis=2)
    found = Split(pure, noise, _along_the_way(cost))
    if xp is not np or cost.max() <= TOO_MUCH:
        return found
    return _with_williamson(found, C, ~(cost <= TOO_MUCH))  # those that are no numbers, too


def _with_williamson(found: Split, C: np.ndarray, where: np.ndarray) -> Split:
    """`found`, with the split of Williamson's form for the particles `where`."""
    pure, noise, cost = (np.array(part) for part in found)
    pure[where], noise[where], cost[where] = williamson_split(C[where])
    return Split(pure, noise, cost)


def williamson_split(C: np.ndarray) -> Split:
    """The split with C* = S S^T / 2, by the eigenvectors of i C^{1/2} J C^{1/2}, whose eigenvalues are -nu and nu."""
    n = C.shape[-1] // 2
    values, vectors = np.linalg.eigh(C)
    root = (vectors * np.sqrt(values)[:, None, :]) @ _t(vectors, np)
    nu, U = np.linalg.eigh(1j * root @ symplectic_form(n) @ root)
    U, nu = U[:, :, n:], np.concatenate([nu[:, n:], nu[:, n:]], axis=1)
    S = root @ np.concatenate([U.real, -U.imag], axis=2) * np.sqrt(2 / nu)[:, None, :]
    pure = S @ _t(S, np) / 2
    noise = S * np.sqrt(np.maximum(nu - 0.5, 0.0))[:, None, :]
    cost = covariance_cost(C, C - pure - noise @ _t(noise, np))
    return Split(pure, noise, _along_the_way(cost))


def split_in_frame(C: Array, angles: Array | None, shear: Array, xp: Any = np) -> Split:
    """The split with the smallest variances of x' = X + `shear` Xi, where (X, Xi) is each mode turned by its angle.

    `angles` (P, n) or None for none: X = x cos + xi sin; `shear` (P, n, n), symmetric, so that the x' commute.
    """
    turned = C if angles is None else _turned(_turned_rows(C, angles, xp), angles, xp)
    found = split(_sheared(turned, shear, xp), xp)
    pure, noise = _sheared(found.pure, -shear, xp), _sheared_rows(found.noise, -shear, xp)
    if angles is not None:
        pure, noise = _turned(_turned_rows(pure, -angles, xp), -angles, xp), _turned_rows(noise, -angles, xp)
    return Split((pure + _t(pure, xp)) / 2, noise, found.cost)


def _positive(M: Array, xp: Any) -> Array:
    """Whether each of the symmetric matrices `M` is positive definite: (P,)."""
    try:
        L = xp.linalg.cholesky(M)
    except np.linalg.LinAlgError:
        return np.linalg.eigvalsh(M)[:, 0] > 0
    return xp.isfinite(L).all(axis=(-2, -1))


def _along_the_way(cost: Array) -> Array:
    """A bound of the change from C to C* + K K^T, from `covariance_cost` at C.

    What is left has eigenvalues m_i against C~, so C + s (C* + K K^T - C) <= C (1 + 4 s max |m|), as C^{-1} <= 4 C~;
    the mean over s of the costs on the way is at most 1 + 2 max |m| <= 1 + cost times that at C.
    """
    return cost * (1 + cost)


def _cost(A: Array, left: Array, xp: Any) -> Array:
    """`covariance_cost` of a change `left` of the covariance of xi alone."""
    X = A @ left
    square = xp.einsum("pij,pji->p", X, X)
    return (1 + 3**0.5) * xp.sqrt(2 * A.shape[-1] * xp.maximum(square, 0.0))


def semidefinite_factor(M: Array, below: Array, xp: Any) -> tuple[Array, Array, bool]:
    """(L, Y, exact): L L^T = M by Cholesky's method, Y L^T = `below`; columns of pivots that are round-off are zero.

    `exact`: whether all pivots are safely positive, so that both hold to round-off.
    """
    if xp is np and M.shape[-1] > 1:
        try:
            L = np.linalg.cholesky(M)
        except np.linalg.LinAlgError:
            pass
        else:
            pivots = np.diagonal(L, axis1=-2, axis2=-1) ** 2
            if (pivots > LEAST_PIVOT * np.diagonal(M, axis1=-2, axis2=-1).max(axis=-1)[:, None]).all():
                return L, _t(np.linalg.solve(L, _t(below, xp)), xp), True
    size = M.shape[-1]
    floor = LEAST_PIVOT * xp.max(abs(xp.diagonal(M, axis1=-2, axis2=-1)), axis=-1)
    whole = xp.concatenate([M, below], axis=1)
    columns: list[Array] = []
    for j in range(size):
        column = whole[:, :, j]
        if columns:
            done = xp.stack(columns, axis=-1)
            column = column - (done @ done[:, j, :, None])[..., 0]
        pivot = column[:, j]
        good = pivot > floor
        column = xp.where(good[:, None], column / xp.sqrt(xp.where(good, pivot, 1.0))[:, None], 0.0)
        columns.append(xp.concatenate([xp.zeros_like(column[:, :j]), column[:, j:]], axis=1))
    factor = xp.stack(columns, axis=-1)
    return factor[:, :size], factor[:, size:], False


def _t(M: Array, xp: Any) -> Array:
    return xp.swapaxes(M, -1, -2)


def blocks(A: Array, B: Array, C: Array, xp: Any) -> Array:
    """[[A, B], [B^T, C]]."""
    return xp.concatenate([xp.concatenate([A, B], axis=2), xp.concatenate([_t(B, xp), C], axis=2)], axis=1)


def _sheared_rows(M: Array, shear: Array, xp: Any) -> Array:
    """S M, S = [[1, shear], [0, 1]]."""
    n = shear.shape[-1]
    return xp.concatenate([M[:, :n] + shear @ M[:, n:], M[:, n:]], axis=1)


def _sheared(C: Array, shear: Array, xp: Any) -> Array:
    """S C S^T."""
    return _t(_sheared_rows(_t(_sheared_rows(C, shear, xp), xp), shear, xp), xp)


def _turned_rows(M: Array, angles: Array, xp: Any) -> Array:
    """R M, R the turn of each mode by its angle."""
    n = angles.shape[-1]
    c, s = xp.cos(angles)[:, :, None], xp.sin(angles)[:, :, None]
    return xp.concatenate([c * M[:, :n] + s * M[:, n:], c * M[:, n:] - s * M[:, :n]], axis=1)


def _turned(M: Array, angles: Array, xp: Any) -> Array:
    """M R^T."""
    return _t(_turned_rows(_t(M, xp), angles, xp), xp)
