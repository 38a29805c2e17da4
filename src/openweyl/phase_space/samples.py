"""An array and the grid of its points, together: `Samples`, and the sums over phase space that need nothing else.

    (2 pi h)^-n int f  =  cell * sum_j f_j,        cell = dx dxi / (2 pi h)^n,

exact for the band-limited function of the samples f_j on its box.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from array_api_compat import array_namespace

from openweyl._core.fft import Array

from .grid import PhaseGrid

TINY_NORM = 1e-140
"""The Hilbert-Schmidt norm below which squares of values lose digits: the smallest numbers are 1e-308."""


@dataclass(frozen=True, eq=False, repr=False)
class Samples:
    """`values`, shape (..., *grid.shape), at the points of `grid`: trusted, neither checked nor copied.

    Axes in front of those of the grid are batches: several functions on one grid.
    """

    values: Array
    grid: PhaseGrid

    @property
    def n(self) -> int:
        """The number of degrees of freedom."""
        return self.grid.n

    @property
    def h(self) -> float:
        """The semiclassical parameter."""
        return self.grid.h

    @property
    def batch(self) -> tuple[int, ...]:
        """The lengths of the axes in front of those of the grid; () for a single function."""
        return tuple(self.values.shape[: self.values.ndim - 2 * self.n])

    def trace(self) -> Array:
        """(2 pi h)^-n int f = tr Op(f), for each of a batch."""
        return self._integral(self.values)

    def purity(self) -> Array:
        """(2 pi h)^-n int f^2 = tr Op(f)^2, for each of a batch."""
        return self._integral(self.values * self.values)

    def hilbert_schmidt(self) -> Array:
        """(2 pi h)^{-n/2} ||f||_{L^2} = ||Op(f)||_HS, for each of a batch; differentiable on JAX arrays."""
        xp = array_namespace(self.values)
        square = self.values * self.values if self.values.dtype.kind != "c" else xp.abs(self.values) ** 2
        norm = xp.sqrt(self._integral(square))
        if isinstance(norm, np.floating) and float(norm) < TINY_NORM and self.values.any():
            scale = float(np.abs(self.values).max())
            return Samples(self.values / scale, self.grid).hilbert_schmidt() * scale
        return norm

    def _integral(self, values: Array) -> Array:
        """(2 pi h)^-n int of other `values` on the same grid."""
        xp = array_namespace(values)
        return xp.sum(values, axis=tuple(range(-2 * self.n, 0))) * self.grid.cell
