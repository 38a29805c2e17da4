"""The Gaussian motion that jumps that are not linear add: the formulas of `nonlinear_jumps`, summed over jumps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from openweyl._core.fft import Array

from .nonlinear_jumps import JumpAverages, JumpFamily


class JumpEffect(NamedTuple):
    """What jumps add to dz/dt, to dC/dt, and to the particle's own Hamiltonian: the `hessian` of H."""

    z: Array
    C: Array
    hessian: Array


def jump_effect(
    jumps: Sequence[JumpFamily], averages: Sequence[JumpAverages], C: Array, gamma: float, xp: Any = np
) -> JumpEffect:
    """What the jumps do to particles of covariances h `C` (P, 2n, 2n)."""
    hessian = turn = spread = second = xp.zeros_like(C)
    gradient = first = xp.zeros_like(C[..., 0])
    for family, found in zip(jumps, averages, strict=True):
        vectors, matrices = family.real.gradient_places, family.real.hessian_places
        outer = found.linear[..., :, None] * xp.conj(found.linear[..., None, :])  # a a^T + b b^T + i (b a^T - a b^T)
        gradient = vectors.added(gradient, found.gradient, xp)
        first = vectors.added(first, found.first, xp)
        hessian = matrices.added(hessian, found.hessian, xp)
        turn = matrices.added(turn, -outer.imag, xp)
        spread = matrices.added(spread, outer.real, xp)
        second = matrices.added(second, found.second, xp)
    dz = _turned(gradient[..., None], xp) - gamma * (C @ first[..., None])
    FC = _turned((hessian + gamma * turn) @ C, xp)
    noise = _turned(xp.swapaxes(_turned(spread + second / 4, xp), -1, -2), xp) - C @ second @ C
    return JumpEffect(dz[..., 0], FC + xp.swapaxes(FC, -1, -2) + gamma * noise, hessian)


def _turned(M: Array, xp: Any) -> Array:
    """J M."""
    n = M.shape[-2] // 2
    return xp.concatenate([M[:, n:], -M[:, :n]], axis=1)
