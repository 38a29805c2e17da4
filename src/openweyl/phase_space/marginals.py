"""Marginals of symbols as band-limited functions, known between their points, and cells that suit them.

    m(z)  =  sum_k m_k e^{i k.z}        on a periodic box, beyond which a symbol is nil.

`rough` and `curvature` bound what polynomials leave of m on such cells, by its coefficients alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, factorial, pi, prod, sqrt

import ducc0
import numpy as np

from openweyl._core.fft import good_size

from .grid import Axis
from .grid_function import GridFunction

RULES = {1: (16, 12, 2.0), 2: (16, 8, 6.0)}
"""Points an axis p, the degree K, and the widest cell in spacings of m's grid, by the number of variables: M is 21 or
25, and q below 1e-9 of what m has at the largest wave number of its grid. In two variables fewer points are better."""
ROOM = 4.0
"""The room for coherent states beyond a symbol's box, in units of sqrt(h): e^-16 of what is at an edge goes on."""
NOISE = 1e-16
"""The part of all Fourier coefficients, by absolute value, that is left out for a smaller grid."""


@dataclass(frozen=True, repr=False)
class Marginal:
    """A band-limited function by its `values` on periodic `axes`."""

    axes: tuple[Axis, ...]
    values: np.ndarray

    @staticmethod
    def marginal(w: GridFunction, kept: Sequence[int]) -> Marginal:
        """(2 pi h)^-n int w over all variables but those with the array axes `kept`: exact for band-limited w."""
        grid = w.grid
        others = tuple(i for i in range(2 * grid.n) if i not in kept)
        axes = grid.x + grid.xi
        weight = prod(axes[i].spacing for i in others) / (2 * pi * grid.h) ** grid.n
        return Marginal(tuple(axes[i] for i in kept), w.values.sum(axis=others) * weight)

    def __repr__(self) -> str:
        sides = ", ".join(f"[{a.lower:.4g}, {a.upper:.4g}] ({a.size})" for a in self.axes)
        return f"<Marginal on {sides}>"

    @property
    def mass(self) -> float:
        """int |m|, about: it shares out the error that is allowed, no more."""
        return float(np.abs(self.values).sum()) * prod(axis.spacing for axis in self.axes)

    @cached_property
    def coefficients(self) -> np.ndarray:
        return np.fft.fftn(self.values) / self.values.size

    @cached_property
    def wave_numbers(self) -> list[np.ndarray]:
        """k along each axis, broadcastable."""
        count = len(self.axes)
        return [a.wave_numbers(half=False).reshape((-1,) + (1,) * (count - 1 - i)) for i, a in enumerate(self.axes)]

    def at(self, points: np.ndarray, *, along: int | None = None) -> np.ndarray:
        """m at `points`, shape (variables, points), or its derivative `along` a variable."""
        coefficients = self.coefficients
        if along is not None:
            coefficients = 1j * self.wave_numbers[along] * coefficients
        turns = [2 * pi * (row - a.lower) / a.length for row, a in zip(points, self.axes, strict=True)]
        found = ducc0.nufft.u2nu(
            grid=coefficients, coord=np.stack(turns, axis=1), forward=False, epsilon=1e-12, fft_order=True, nthreads=1
        )
        return np.asarray(found.real)

    @property
    def widths(self) -> list[float]:
        """Those of the cells to begin with."""
        return [a.length / ceil(a.size / RULES[len(self.axes)][2]) for a in self.axes]

    def rough(self, degree: int) -> float:
        """A bound of what polynomials of degree < `degree` in each variable leave of m on these cells."""
        parts = [(np.abs(k) * c / 4) ** degree for k, c in zip(self.wave_numbers, self.widths, strict=True)]
        sizes = np.abs(self.coefficients)
        return 4 / factorial(degree) * sum(float((sizes * part).sum()) for part in parts)

    def curvature(self) -> float:
        """A bound of what tangents leave of m on a cell; it falls with the square of the width."""
        reach = sum(np.abs(k) * c / 2 for k, c in zip(self.wave_numbers, self.widths, strict=True))
        return float((np.abs(self.coefficients) * reach**2).sum()) / 2

    def smoothed(self, h: float) -> tuple[Marginal, float]:
        """The density with Gaussians of variance h/2 in each variable, as of coherent states, on a box with room for
        them; and a bound of the mass that lies beyond it still, and enters at the other end.
        """
        from scipy.special import erfc  # slow to import

        values, axes, lost = self.values, [], 0.0
        for i, axis in enumerate(self.axes):
            room = ceil(ROOM * sqrt(h) / axis.spacing) if values.ndim in RULES else 0  # beyond two it would fill memory
            values = np.pad(values, [(room * (i == j),) * 2 for j in range(values.ndim)])
            axes.append(Axis(axis.lower - room * axis.spacing, axis.spacing, axis.size + 2 * room))
            mass = np.abs(self.values).sum(axis=tuple(j for j in range(values.ndim) if j != i))
            ends = np.minimum(axis.points - axes[i].lower, axes[i].upper - axis.points)
            lost += float((mass * erfc(ends / sqrt(h))).sum())
        wide = Marginal(tuple(axes), values)
        factor = np.exp(-h / 4 * sum(k**2 for k in wide.wave_numbers))
        coarse, cut = _without_noise(wide.axes, wide.coefficients * factor)
        return coarse, 2 * lost * prod(axis.spacing for axis in axes) + cut

    def coarser(self) -> Marginal:
        """Every second value."""
        values = self.values[(slice(None, None, 2),) * len(self.axes)]
        axes = (Axis(a.lower, 2 * a.spacing, count) for a, count in zip(self.axes, values.shape, strict=True))
        return Marginal(tuple(axes), values)

    def cells(self) -> tuple[np.ndarray, np.ndarray]:
        """Cells to begin with: ends of shape (variables, cells)."""
        edges = [np.linspace(a.lower, a.upper, ceil(a.size / RULES[len(self.axes)][2]) + 1) for a in self.axes]
        low = np.meshgrid(*(e[:-1] for e in edges), indexing="ij")
        high = np.meshgrid(*(e[1:] for e in edges), indexing="ij")
        return np.array(low).reshape(len(edges), -1), np.array(high).reshape(len(edges), -1)


def _without_noise(axes: tuple[Axis, ...], coefficients: np.ndarray) -> tuple[Marginal, float]:
    """The density on the coarsest grid that has all wave numbers but those that are round-off; and a bound of these."""
    sizes, kept, dropped, coarse = np.abs(coefficients), coefficients, 0.0, []
    for i, axis in enumerate(axes):
        j = np.abs(np.fft.fftfreq(axis.size) * axis.size).round().astype(int)
        across = np.bincount(j, sizes.sum(axis=tuple(other for other in range(sizes.ndim) if other != i)))
        beyond = np.append(np.cumsum(across[::-1])[::-1], 0.0)  # beyond[j]: at wave number j or higher
        most = int(np.argmax(beyond <= NOISE * beyond[0]))
        size = axis.size
        if good_size(2 * most) < size:
            size = good_size(2 * most) - 1  # odd: no wave number is its own opposite
            kept = np.take(kept, np.flatnonzero(j <= size // 2), axis=i)
            dropped += float(beyond[most])
        coarse.append(Axis(axis.lower, axis.length / size, size))
    values = np.fft.ifftn(kept).real * kept.size
    return Marginal(tuple(coarse), values), dropped * prod(a.length for a in axes)
