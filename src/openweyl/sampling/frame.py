"""Which coordinates a split makes narrow: those whose spread runs up the bound, now or soon.

A residual grows with the variances along the directions in which p is anharmonic. In each mode that is the direction
a_j = (cos, sin) in which the local terms' cubic parts are largest: the top eigenvector of sum_m [T_3 C C T_3]_jj. And what is spread
along a_j a time s later is X + s <p_Xi Xi> Xi now: a split that makes this narrow, with a `lag` s, gives a smaller bound
than one that looks at the present alone. Any choice is exact; the pilot run (`pilot`) chooses the lag.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openweyl._core.fft import Array

from .averages import FamilyAverages, Orders
from .local_terms import SortedHamiltonian
from .motion import Slopes


def anharmonic_angles(hamiltonian: SortedHamiltonian, slopes: Slopes, xp: Any = np) -> Array | None:
    """The angle of a_j for each particle and mode, (P, n); None if all local terms are functions of x."""
    n, families = hamiltonian.n, hamiltonian.families
    if all((family.indices < n).all() for family in families):
        return None
    particles = slopes.z.shape[0]
    by_mode = xp.zeros((particles, n, 3))  # xx, x xi, xi xi
    for family, mean in zip(families, slopes.averages, strict=True):
        weights = _cubic_weights(mean, family.q, xp)
        for a in range(family.q):
            for b in range(a, family.q):
                i, j = family.indices[:, a], family.indices[:, b]
                same = i % n == j % n
                if not same.any():
                    continue
                kind = (i >= n).astype(int) + (j >= n).astype(int)
                place = np.zeros((len(i), n, 3))
                place[np.flatnonzero(same), (i % n)[same], kind[same]] = 1.0
                by_mode = by_mode + xp.einsum("pm,mjk->pjk", weights[..., a, b], xp.asarray(place))
    return 0.5 * xp.arctan2(2 * by_mode[..., 1], by_mode[..., 0] - by_mode[..., 2])


def _cubic_weights(mean: FamilyAverages, q: int, xp: Any) -> Array:
    """L^{-T} (sum_{b c} c_{abc} c_{a'bc}) L^{-1} for each particle and term: (P, M, q, q)."""
    unit = np.eye(q, dtype=int)
    third = [
        [[mean.coefficients[_orders(unit[a] + unit[b] + unit[c])] for c in range(q)] for b in range(q)]
        for a in range(q)
    ]
    rows = xp.stack([xp.stack([x for pair in matrix for x in pair], axis=-1) for matrix in third], axis=-2)
    square = rows @ xp.swapaxes(rows, -1, -2)
    left = xp.linalg.solve(xp.swapaxes(mean.factors, -1, -2), square) if q > 1 else square / mean.factors
    left = xp.swapaxes(left, -1, -2)
    return xp.linalg.solve(xp.swapaxes(mean.factors, -1, -2), left) if q > 1 else left / mean.factors


def _orders(alpha: np.ndarray) -> Orders:
    return tuple(int(a) for a in alpha)


def lag_shear(hessian: Array, angles: Array | None, lag: float, xp: Any = np) -> Array:
    """`lag` <p_Xi Xi> in the turned modes, (P, n, n), from the averages of the Hessian (P, 2n, 2n)."""
    n = hessian.shape[-1] // 2
    if angles is None:
        return lag * hessian[:, n:, n:]
    c, s = xp.cos(angles), xp.sin(angles)
    rows = -s[:, :, None] * hessian[:, :n] + c[:, :, None] * hessian[:, n:]
    return lag * (-rows[:, :, :n] * s[:, None] + rows[:, :, n:] * c[:, None])
