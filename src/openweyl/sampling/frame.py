"""Which coordinates a split makes narrow: those whose spread runs up the bound, now or soon.

A residual grows with the variances along the directions in which p is anharmonic. In each mode that is the direction
a_j = (cos, sin) in which the local terms' cubic parts are largest: the top eigenvector of sum_m [T_3 C C T_3]_jj; jumps
that are not linear count by how the squares of their rates grow. And what is spread along a_j a time s later is
X + s <p_Xi Xi> Xi now: a split that makes this narrow, with a `lag` s, gives a smaller bound than one that looks at the
present alone. Any choice is exact; `pilot` chooses the lag.
"""

from __future__ import annotations

from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from openweyl._core.fft import Array

from .averages import FamilyAverages
from .motion import Motion, Slopes
from .nonlinear_jumps import JumpAverages, JumpFamily, jump_sizes
from .rules import Orders


def anharmonic_angles(motion: Motion, slopes: Slopes) -> Array | None:
    """The angle of a_j for each particle and mode, (P, n); None if all local terms and jumps are functions of x."""
    xp, n, families = motion.xp, motion.hamiltonian.n, motion.hamiltonian.families
    used = [family.indices for family in families] + [jump.indices for jump in motion.jumps]
    if all((indices < n).all() for indices in used):
        return None
    every = [(family.indices, _cubic_weights(a, xp)) for family, a in zip(families, slopes.averages, strict=True)]
    every += [
        (jump.indices, _jump_weights(motion, jump, a)) for jump, a in zip(motion.jumps, slopes.jumps, strict=True)
    ]
    by_mode = xp.zeros((slopes.z.shape[0], n, 3))  # xx, x xi, xi xi
    for indices, weights in every:
        for a, b in combinations_with_replacement(range(indices.shape[1]), 2):
            i, j = indices[:, a], indices[:, b]
            same = i % n == j % n
            if not same.any():
                continue
            kind = (i >= n).astype(int) + (j >= n).astype(int)
            place = np.zeros((len(i), n, 3))
            place[np.flatnonzero(same), (i % n)[same], kind[same]] = 1.0
            by_mode = by_mode + xp.einsum("pm,mjk->pjk", weights[..., a, b], xp.asarray(place))
    return 0.5 * xp.arctan2(2 * by_mode[..., 1], by_mode[..., 0] - by_mode[..., 2])


def _jump_weights(motion: Motion, jump: JumpFamily, averages: JumpAverages) -> Array:
    """How the squared rate of each jump grows with the covariance of its variables: (P, M, q, q)."""
    xp, rest, c = motion.xp, averages.rest, averages.linear
    r, s2 = jump_sizes(jump, averages, motion.h, xp)
    unit = np.eye(jump.real.q, dtype=int)
    second = xp.stack([xp.stack([rest.coefficients[_orders(a + b)] for a in unit], axis=-1) for b in unit], axis=-1)
    of_rest = _unscaled((second @ xp.conj(second)).real, rest.factors, xp)
    of_linear = (c[..., :, None] * xp.conj(c[..., None, :])).real
    by_jump = s2[..., None, None] * of_rest + r[..., None, None] ** 2 * of_linear
    return _cubic_weights(averages.effective, xp) + 2 * motion.gamma**2 * by_jump


def _cubic_weights(mean: FamilyAverages, xp: Any) -> Array:
    """L^{-T} (sum_{b c} Re c_{abc} conj(c_{a'bc})) L^{-1} for each particle and term: (P, M, q, q)."""
    unit = np.eye(mean.factors.shape[-1], dtype=int)
    third = [[mean.coefficients[_orders(a + b + c)] for b in unit for c in unit] for a in unit]
    rows = xp.stack([xp.stack(row, axis=-1) for row in third], axis=-2)
    return _unscaled((rows @ xp.conj(xp.swapaxes(rows, -1, -2))).real, mean.factors, xp)


def _unscaled(square: Array, L: Array, xp: Any) -> Array:
    """L^{-T} `square` L^{-1}, for a symmetric one."""
    if L.shape[-1] == 1:
        return square / L**2
    left = xp.swapaxes(xp.linalg.solve(xp.swapaxes(L, -1, -2), square), -1, -2)
    return xp.linalg.solve(xp.swapaxes(L, -1, -2), left)


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
