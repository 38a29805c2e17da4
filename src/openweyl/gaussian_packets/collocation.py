"""One step of Gauss' collocation, of order 16, for the maps of Gaussians, in many cells of time at once.

It solves dY/dt = B Y, B = [[M, D, m], [0, -M^T, 0], [0, 0, 0]], whose first row is (F, S F^-T, d).
Source: Hairer, Norsett, Wanner, Solving Ordinary Differential Equations I, II.7.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple, TypeAlias

import numpy as np

from openweyl._core.arguments import MIN_SCALE

COLLOCATION_NODES = 8
"""Nodes of the collocation, of order 16: a cell that resolves the coefficients is then exact to double precision."""
CELLS_AT_ONCE = 256
"""How many cells are solved at once: their stages take some MiB."""

Rates: TypeAlias = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""Times of shape (count,) -> M, shape (count, 2n, 2n), and m, shape (count, 2n)."""


class Steps(NamedTuple):
    """F, d, S of each cell, a leading axis for the cells; `pushed`: length times the largest |m|; `varied`: by how much
    M, m and D vary, shape (cells, 3).
    """

    matrix: np.ndarray
    shift: np.ndarray
    noise: np.ndarray
    pushed: np.ndarray
    varied: np.ndarray

    def then(self, later: Steps) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """F, d, S of these steps, and then of `later`."""
        F = later.matrix @ self.matrix
        d = (later.matrix @ self.shift[..., None])[..., 0] + later.shift
        return F, d, later.matrix @ self.noise @ later.matrix.swapaxes(1, 2) + later.noise

    def of(self, chosen: np.ndarray) -> Steps:
        """The steps of some cells."""
        return Steps(*(part[chosen] for part in self))

    @staticmethod
    def joined(parts: list[Steps]) -> Steps:
        return Steps(*(np.concatenate(column) for column in zip(*parts, strict=True)))


Noise: TypeAlias = np.ndarray | Callable[[np.ndarray], np.ndarray]
"""D, or times of shape (count,) -> D, shape (count, 2n, 2n)."""


def noise_at(noise: Noise, t: np.ndarray) -> np.ndarray:
    """D at the times t."""
    return noise(t) if callable(noise) else np.broadcast_to(noise, (len(t), *noise.shape))


def steps(rates: Rates, noise: Noise, scale: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> Steps:
    """One step of collocation in each cell, in the units `scale`."""
    parts = [slice(j, j + CELLS_AT_ONCE) for j in range(0, len(starts), CELLS_AT_ONCE)]
    return Steps.joined([_collocation(rates, noise, scale, starts[part], lengths[part]) for part in parts])


def _collocation(rates: Rates, noise: Noise, scale: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> Steps:
    """Stages K_i = B_i (1 + tau sum_j a_ij K_j); the step is 1 + tau sum_j b_j K_j. In B, m and D are of size one."""
    nodes, inner, weights = _tableau()
    count, size = len(starts), len(scale)
    times = (starts[:, None] + lengths[:, None] * nodes).ravel()
    M, m = rates(times)
    M = (M / (scale[:, None] / scale)).reshape(count, COLLOCATION_NODES, size, size)
    m = (m / scale).reshape(count, COLLOCATION_NODES, size)
    B = np.zeros((count, COLLOCATION_NODES, 2 * size + 1, 2 * size + 1))
    force = np.abs(m).max(axis=(1, 2)) + MIN_SCALE
    D = (noise_at(noise, times) / np.outer(scale, scale)).reshape(count, COLLOCATION_NODES, size, size)
    diffusion = float(np.abs(D).max()) + MIN_SCALE
    B[..., :size, :size], B[..., :size, -1] = M, m / force[:, None, None]
    B[..., :size, size : 2 * size] = D / diffusion
    B[..., size : 2 * size, size : 2 * size] = -M.swapaxes(2, 3)
    flat = COLLOCATION_NODES * (2 * size + 1)
    stages = np.einsum("c,ij,cirs->cirjs", lengths, -inner, B).reshape(count, flat, flat)
    stages[:, np.arange(flat), np.arange(flat)] += 1.0
    slopes = np.linalg.solve(stages, B.reshape(count, flat, -1)).reshape(B.shape)
    step = np.einsum("c,i,cirs->crs", lengths, weights, slopes)
    F = np.eye(size) + step[:, :size, :size]
    S = diffusion * step[:, :size, size : 2 * size] @ F.swapaxes(1, 2)
    pushed = lengths * force
    varied = np.stack(
        [np.ptp(M, axis=1).max(axis=(1, 2)), np.ptp(m, axis=1).max(axis=1), np.ptp(D, axis=1).max(axis=(1, 2))], axis=1
    )
    return Steps(F, step[:, :size, -1] * force[:, None], (S + S.swapaxes(1, 2)) / 2, pushed, varied)


@cache
def _tableau() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gauss' nodes on [0, 1], the integrals a_ij of their Lagrange polynomials up to the nodes, and those up to 1."""
    legendre = np.polynomial.legendre
    nodes, weights = legendre.leggauss(COLLOCATION_NODES)
    to_coefficients = np.linalg.inv(legendre.legvander(nodes, COLLOCATION_NODES - 1))
    integrals = np.array([legendre.legint(column, lbnd=-1) for column in to_coefficients.T])
    inner = np.array([legendre.legval(nodes, column) for column in integrals]).T
    return (nodes + 1) / 2, inner / 2, weights / 2
