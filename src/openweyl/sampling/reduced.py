"""The reduced Wigner function of one mode, or of two: a smooth sum of Gaussians, on a grid made for it.

A marginal of a Gaussian is the Gaussian of the sub-block. Each one is added where it is not negligible, on a patch of
grid points around its centre; patches of one shape are evaluated together.
"""

from __future__ import annotations

from math import log, pi

import numpy as np

from openweyl._core.fft import good_size
from openweyl.phase_space.grid import Axis, PhaseGrid
from openweyl.phase_space.grid_size import check_fits
from openweyl.weyl.symbol import Symbol

from .mixture import GaussianMixture

NEGLIGIBLE = {1: 1e-10, 2: 1e-6}
"""What a Gaussian is beyond its patch and its wave numbers, relative to its maximum, by the number of modes: grids of
two modes have four axes."""
POINTS_AT_ONCE = 2**21
"""Points of patches that are evaluated together: 16 MiB an array."""
BYTES_PER_POINT = 24.0
"""The memory that the symbol takes: its values, a copy, and what is added to them."""


def reduced_symbol(mixture: GaussianMixture, index: int, modes: list[int]) -> Symbol:
    """The symbol of the state of `modes` (one or two, counted from 0) at a time."""
    n, h = mixture.n, mixture.system.h
    places = [*modes, *(n + j for j in modes)]
    z, K = mixture.centers[index][:, places], mixture.covariance_blocks(index, places)
    deviations = (2 * log(1 / NEGLIGIBLE[len(modes)])) ** 0.5
    P = np.linalg.inv(K)
    reach = deviations * np.sqrt(np.diagonal(K, axis1=1, axis2=2))
    waves = deviations * np.sqrt(np.diagonal(P, axis1=1, axis2=2)).max(axis=0)
    lower, upper = (z - reach).min(axis=0), (z + reach).max(axis=0)
    axes = [
        Axis.between(float(a), float(b), good_size(max((b - a) * k / pi, 2.0) + 2))
        for a, b, k in zip(lower, upper, waves, strict=True)
    ]
    grid = PhaseGrid(tuple(axes[: len(modes)]), tuple(axes[len(modes) :]), h)
    check_fits(grid, BYTES_PER_POINT, "raise `h`, or take one mode", when="The reduced")
    heights = mixture.weights * (2 * pi * h) ** len(modes) / np.sqrt(np.linalg.det(2 * pi * K))
    return Symbol.trusted(_sum_on(axes, z, P, heights, reach), grid)


def _sum_on(axes: list[Axis], z: np.ndarray, P: np.ndarray, heights: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """sum_i heights_i exp(-(u - z_i).P_i (u - z_i)/2) at the points u, each at least where |u - z_i| <= reach_i."""
    shape = np.array([axis.size for axis in axes])
    lower, spacing = np.array([a.lower for a in axes]), np.array([a.spacing for a in axes])
    counts = np.minimum(np.ceil(2 * reach / spacing).astype(int) + 2, shape)
    total = np.zeros(tuple(shape))
    order = np.argsort(counts.prod(axis=1), kind="stable")
    while order.size:
        size = max(int(POINTS_AT_ONCE // counts[order[-1]].prod()), 1)
        size = max(int(POINTS_AT_ONCE // counts[order[-size:]].max(axis=0).prod()), 1)
        some, order = order[-size:], order[:-size]
        patch = counts[some].max(axis=0)
        first = np.clip(np.floor((z[some] - reach[some] - lower) / spacing).astype(int), 0, shape - patch)
        start = lower + spacing * first - z[some]
        values = heights[some].reshape((-1,) + (1,) * len(axes)) * _gaussians(start, spacing, patch, P[some])
        for corner, one in zip(first, values, strict=True):
            total[tuple(slice(a, a + count) for a, count in zip(corner, patch, strict=True))] += one
    return total


def _gaussians(start: np.ndarray, spacing: np.ndarray, patch: np.ndarray, P: np.ndarray) -> np.ndarray:
    """exp(-d.P d/2) for each particle, d on the points `start` + j `spacing`, j < `patch` along each axis."""
    count = len(patch)
    d = []
    for a in range(count):
        along = start[:, a, None] + spacing[a] * np.arange(patch[a])
        d.append(along.reshape((-1,) + (1,) * a + (patch[a],) + (1,) * (count - 1 - a)))
    entry = P.reshape(*P.shape, *(1,) * count)
    exponent = sum(entry[:, a, a] * d[a] ** 2 / 2 for a in range(count))
    exponent = exponent + sum(entry[:, a, b] * d[a] * d[b] for a in range(count) for b in range(a))
    return np.asarray(np.exp(-exponent))
