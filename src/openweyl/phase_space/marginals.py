"""Marginals of symbols as band-limited functions, known between their points, and cells that suit them.

    m(z)  =  sum_k m_k e^{i k.z}        on a periodic box, beyond which a symbol is 0.

`rough` and `curvature` bound the error of polynomials that approximate m on such cells, from its coefficients alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, factorial, pi, prod, sqrt
from typing import Any, NamedTuple

import ducc0
import numpy as np

from openweyl._core.arguments import MAX_SCALE, fail, must
from openweyl._core.calls import public
from openweyl._core.fft import good_size

from .arrays import as_array
from .grid import Axis
from .grid_function import GridFunction


class CellRule(NamedTuple):
    """How a cell is integrated over: Gauss-Legendre `points` of each axis, formulas approximated to below `degree` in
    each variable; the widest cell has `spacings` spacings of the density's grid.
    """

    points: int
    degree: int
    spacings: float


CELL_RULES = {1: CellRule(16, 12, 2.0), 2: CellRule(16, 8, 6.0)}
"""By the number of variables. The density is approximated to degree M = 2 points - degree + 1, 21 or 25, up to 1e-9 of
its content at the largest wave number of its grid. In two variables fewer, larger cells cost less in all."""
HUSIMI_ROOM = 4.0
"""The room for coherent states beyond a symbol's box, in units of sqrt(h): of the content at an edge e^-16 = 1e-7 goes
beyond, and that is bounded."""
DROPPED_FRACTION = 1e-16
"""The part of all Fourier coefficients, by absolute value, that is left out for a smaller grid: round-off."""
NUFFT_RTOL = 1e-12
"""The relative error asked of the non-uniform Fourier transform; `quadrature` counts it as DENSITY_ROUND_OFF."""


@dataclass(frozen=True, repr=False)
class Marginal:
    """A band-limited function by its `values` on periodic `axes`."""

    axes: tuple[Axis, ...]
    values: np.ndarray

    @staticmethod
    def marginal(w: GridFunction, kept: Sequence[int]) -> Marginal:
        """(2 pi h)^-n int w over all variables but those with the array axes `kept`: exact for band-limited w."""
        grid = w.grid
        integrated = tuple(i for i in range(2 * grid.n) if i not in kept)
        axes = grid.x + grid.xi
        weight = prod(axes[i].spacing for i in integrated) / (2 * pi * grid.h) ** grid.n
        return Marginal(tuple(axes[i] for i in kept), w.values.sum(axis=integrated) * weight)

    def __repr__(self) -> str:
        sides = ", ".join(f"[{a.lower:.4g}, {a.upper:.4g}] ({a.size})" for a in self.axes)
        return f"<Marginal on {sides}>"

    @property
    def mass(self) -> float:
        """An estimate of int |m|, which decides how an allowed error is shared among cells."""
        return float(np.abs(self.values).sum()) * prod(axis.spacing for axis in self.axes)

    @cached_property
    def coefficients(self) -> np.ndarray:
        """m_k, in the order of the transform."""
        return np.fft.fftn(self.values) / self.values.size

    @cached_property
    def wave_numbers(self) -> list[np.ndarray]:
        """k along each axis, broadcastable."""
        count = len(self.axes)
        return [a.wave_numbers(half=False).reshape((-1,) + (1,) * (count - 1 - i)) for i, a in enumerate(self.axes)]

    @public
    def at(self, *places: Any) -> np.ndarray:
        """m at places: numbers, or arrays that broadcast, one for each variable, in the order of `axes`.

        It is the band-limited function of the samples, and 0 beyond the box. Returns an array of their shape. Raises
        InputError for anything but finite numbers, and for too few or many of them.
        """
        count = len(self.axes)
        must(len(places) == count, "places", f"be {count}, one for each variable", len(places))
        arrays = [np.asarray(as_array(place, "places")) for place in places]
        for array in arrays:
            real = array.dtype.kind in "iuf" and bool((np.abs(array) <= MAX_SCALE).all())
            must(
                real, "places", f"be real numbers of at most {MAX_SCALE:g} in size", places[0] if count == 1 else places
            )
        try:
            arrays = list(np.broadcast_arrays(*arrays))
        except ValueError:
            raise fail("places", "broadcast", tuple(array.shape for array in arrays)) from None
        points = np.array([array.ravel() for array in arrays], dtype=float)
        known = zip(points, self.axes, strict=True)
        inside = np.all([(a.lower <= z) & (z <= a.lower + a.length) for z, a in known], axis=0)
        values = np.zeros(points.shape[1])
        values[inside] = self.sampled(points[:, inside])
        return values.reshape(arrays[0].shape)

    def sampled(self, points: np.ndarray, *, along: int | None = None) -> np.ndarray:
        """m, periodic, at `points`, shape (variables, points), or its derivative `along` a variable."""
        coefficients = self.coefficients
        if along is not None:
            coefficients = 1j * self.wave_numbers[along] * coefficients
        turns = [2 * pi * (row - a.lower) / a.length for row, a in zip(points, self.axes, strict=True)]
        values = ducc0.nufft.u2nu(
            grid=coefficients,
            coord=np.stack(turns, axis=1),
            forward=False,
            epsilon=NUFFT_RTOL,
            fft_order=True,
            nthreads=1,
        )
        return np.asarray(values.real)

    @property
    def widths(self) -> list[float]:
        """The widths, along each axis, of the cells to begin with."""
        return [a.length / ceil(a.size / CELL_RULES[len(self.axes)].spacings) for a in self.axes]

    def rough(self, degree: int) -> float:
        """A bound of the error of the best polynomials of degree < `degree` in each variable for m on these cells."""
        parts = [(np.abs(k) * c / 4) ** degree for k, c in zip(self.wave_numbers, self.widths, strict=True)]
        sizes = np.abs(self.coefficients)
        return 4 / factorial(degree) * sum(float((sizes * part).sum()) for part in parts)

    def curvature(self) -> float:
        """A bound of the error of tangents to m on a cell; it falls with the square of the width."""
        reach = sum(np.abs(k) * c / 2 for k, c in zip(self.wave_numbers, self.widths, strict=True))
        return float((np.abs(self.coefficients) * reach**2).sum()) / 2

    def smoothed(self, h: float) -> tuple[Marginal, float]:
        """m * N(0, h/2) in each variable, the density of coherent states, on a larger box; and a bound of the mass that
        lies beyond it still, and enters at the other end.
        """
        from scipy.special import erfc  # slow to import

        values, axes, lost = self.values, [], 0.0
        for i, axis in enumerate(self.axes):
            room = (
                ceil(HUSIMI_ROOM * sqrt(h) / axis.spacing) if values.ndim in CELL_RULES else 0
            )  # beyond two it would fill memory
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
        """The function by every second value along each axis."""
        values = self.values[(slice(None, None, 2),) * len(self.axes)]
        axes = (Axis(a.lower, 2 * a.spacing, count) for a, count in zip(self.axes, values.shape, strict=True))
        return Marginal(tuple(axes), values)

    def cells(self) -> tuple[np.ndarray, np.ndarray]:
        """The lower and the upper ends of the cells to begin with, both of shape (variables, cells)."""
        spacings = CELL_RULES[len(self.axes)].spacings
        edges = [np.linspace(a.lower, a.upper, ceil(a.size / spacings) + 1) for a in self.axes]
        low = np.meshgrid(*(e[:-1] for e in edges), indexing="ij")
        high = np.meshgrid(*(e[1:] for e in edges), indexing="ij")
        return np.array(low).reshape(len(edges), -1), np.array(high).reshape(len(edges), -1)


def _without_noise(axes: tuple[Axis, ...], coefficients: np.ndarray) -> tuple[Marginal, float]:
    """The density on the coarsest grid that holds all wave numbers but round-off; and a bound of those left out."""
    sizes, kept, dropped, coarse = np.abs(coefficients), coefficients, 0.0, []
    for i, axis in enumerate(axes):
        j = np.abs(np.fft.fftfreq(axis.size) * axis.size).round().astype(int)
        across = np.bincount(j, sizes.sum(axis=tuple(other for other in range(sizes.ndim) if other != i)))
        beyond = np.append(np.cumsum(across[::-1])[::-1], 0.0)  # beyond[j]: at wave number j or higher
        most = int(np.argmax(beyond <= DROPPED_FRACTION * beyond[0]))
        size = axis.size
        if good_size(2 * most) < size:
            size = good_size(2 * most) - 1  # odd: no wave number is its own opposite
            kept = np.take(kept, np.flatnonzero(j <= size // 2), axis=i)
            dropped += float(beyond[most])
        coarse.append(Axis(axis.lower, axis.length / size, size))
    values = np.fft.ifftn(kept).real * kept.size
    return Marginal(tuple(coarse), values), dropped * prod(a.length for a in axes)
