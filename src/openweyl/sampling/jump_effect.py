"""The Gaussian motion that jumps that are not linear add: the formulas of `nonlinear_jumps`, summed over jumps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from openweyl._core.fft import Array

from .gathering import gathered, gathered_pairs
from .nonlinear_jumps import JumpAverages, JumpFamily


class JumpEffect(NamedTuple):
    """`gradient`, `hessian` of the Hamiltonian H; `twist` gamma J (a b^T - b a^T), a part of F; `pull`, a part of dz/dt;
    `noise`, one of dC/dt."""

    gradient: Array
    hessian: Array
    twist: Array
    pull: Array
    noise: Array


def jump_effect(
    jumps: Sequence[JumpFamily], averages: Sequence[JumpAverages], C: Array, gamma: float, xp: Any = np
) -> JumpEffect:
    """What the jumps do to particles of covariances h `C` (P, 2n, 2n)."""
    size = C.shape[-1]
    gradient = hessian = turn = spread = first = second = 0.0
    for family, found in zip(jumps, averages, strict=True):
        at, c = family.indices, found.linear
        outer = c[..., :, None] * xp.conj(c[..., None, :])  # a a^T + b b^T + i (b a^T - a b^T)
        gradient = gradient + gathered(found.gradient, at, xp, size)
        hessian = hessian + gathered_pairs(found.hessian, at, xp, size)
        turn = turn - gathered_pairs(outer.imag, at, xp, size)
        spread = spread + gathered_pairs(outer.real, at, xp, size)
        first = first + gathered(found.first, at, xp, size)
        second = second + gathered_pairs(found.second, at, xp, size)
    pull = -gamma * (C @ first[..., None])[..., 0]
    noise = gamma * (_around(spread + second / 4, xp) - C @ second @ C)
    return JumpEffect(gradient, hessian, gamma * _rows(turn, xp), pull, noise)


def _rows(M: Array, xp: Any) -> Array:
    """J M."""
    n = M.shape[-1] // 2
    return xp.concatenate([M[:, n:], -M[:, :n]], axis=1)


def _around(M: Array, xp: Any) -> Array:
    """J M J^T for a symmetric M."""
    return _rows(xp.swapaxes(_rows(M, xp), -1, -2), xp)
