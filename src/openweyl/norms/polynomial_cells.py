"""Polynomials over cells, or over parts of cells, with bounds of the mean of their size.

    p(t) = sum_a c_a prod_i P_{a_i}(2 t_i),      t in [-1/2, 1/2]^D      (`legendre_cells.py`).

With l = m + g.t its part of degree 1, m = c_0 = <f>, and r = p - l,

    <|p|> = |m|                                     if sum_{a != 0} |c_a| <= |m|: p keeps its sign,
    |m| <= <|p|>,      <|l|> - <r^2>^{1/2}  <=  <|p|>  <=  <|l|> + <r^2>^{1/2},      <|p|> <= <p^2>^{1/2},
    <|p|> <= |m| + <r^2>/(2 mu)                     if l keeps its sign and |l| >= mu > 0,

the last because p changes sign, say to -p_, only where |r| >= mu + p_, so that p_ <= |r| - mu <= r^2/(4 mu), and
|p| = p + 2 p_ there.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np

from .legendre_cells import cut, mean_squares

MAX_STORED = 2**22
"""The most coefficients kept for further cuts: 32 MiB. What is not kept counts with the bounds it has."""
CUTS_PER_FURTHER_AXIS = 2
"""The parts into which a cell is cut along its third and further axes for the mean of |l|: the bounds lie within a few
per cent of it, where l changes sign."""


@dataclass(frozen=True)
class Cells:
    """Polynomials c over cells, or parts of cells, with a lower bound of, a value near and an upper bound of <|p|>.

    sign: that of f, where it seems to have one and the value is that of the mean of p; 0 elsewhere.
    """

    c: np.ndarray
    bounds: np.ndarray
    dims: int
    sign: np.ndarray

    @staticmethod
    def none(dims: int, degree: int) -> Cells:
        return Cells(np.empty((len(mean_squares(dims, degree)), 0)), np.empty((3, 0)), dims, np.empty(0))

    @staticmethod
    def of(c: np.ndarray, dims: int, degree: int) -> Cells:
        bounds = np.empty((3, c.shape[1]))
        bounds[:] = np.abs(c[0])
        open_ = np.flatnonzero(np.abs(c[1:]).sum(axis=0) > bounds[0])
        bounds[:, open_] = _mean_bounds(c[:, open_], dims, degree)
        return Cells(c, bounds, dims, np.zeros(c.shape[1]))

    def steady_where(self, places: np.ndarray) -> Cells:
        """The same bounds, but the size of the mean of p as the value at `places`, where f seems to keep its sign.

        Where f is steep its linear part does not.
        """
        size = np.abs(self.c[0])
        bounds = np.stack([self.bounds[0], np.where(places, size, self.bounds[1]), self.bounds[2]])
        return Cells(self.c, bounds, self.dims, np.where(places, np.sign(self.c[0]), 0.0))

    def parts(self, degree: int) -> Cells:
        """The 2^dims parts of each cell."""
        c, sign = cut(self.c, self.dims, degree), np.tile(self.sign, 2**self.dims)
        new = Cells.of(c, self.dims, degree)
        new.bounds[1] = np.where(sign == 0, new.bounds[1], sign * c[0])
        return Cells(c, new.bounds, self.dims, sign)

    @property
    def count(self) -> int:
        return self.c.shape[1]

    @property
    def widths(self) -> np.ndarray:
        return np.asarray(self.bounds[2] - self.bounds[0])

    def take(self, places: slice | np.ndarray) -> Cells:
        return Cells(self.c[:, places], self.bounds[:, places], self.dims, self.sign[places])

    def beyond(self, width: float) -> Cells:
        """Those whose bounds are more than `width` apart."""
        return self.take(np.flatnonzero(self.widths > width))

    def without(self, width: float) -> Cells:
        """All but those whose bounds are closest, together at most `width` apart."""
        order = np.argsort(self.widths)
        return self.take(order[np.searchsorted(np.cumsum(self.widths[order]), width) :])

    def widest(self, numbers: int) -> Cells:
        """Those whose bounds are farthest apart, with at most so many coefficients."""
        most = numbers // len(self.c)
        return self if self.count <= most else self.take(np.argsort(-self.widths)[:most])


def with_more(cells: list[Cells], new: Cells) -> list[Cells]:
    """`cells` and `new`, of which no more than can be stored."""
    cells = [*cells, new]
    return [joined(cells).widest(MAX_STORED)] if sum(some.c.size for some in cells) > 2 * MAX_STORED else cells


def joined(cells: list[Cells]) -> Cells:
    c, bounds, sign = (np.concatenate([getattr(some, k) for some in cells], axis=-1) for k in ("c", "bounds", "sign"))
    return Cells(c, bounds, cells[0].dims, sign)


def _mean_bounds(c: np.ndarray, dims: int, degree: int) -> np.ndarray:
    """A lower bound, a value and an upper bound of <|p|> for polynomials that may change their sign."""
    size, slopes = np.abs(c[0]), np.sort(2 * np.abs(c[1 : dims + 1]), axis=0)[::-1]
    shares = mean_squares(dims, degree)
    rest2 = np.tensordot(shares[dims + 1 :], c[dims + 1 :] ** 2, axes=1)
    rest, all2 = np.sqrt(rest2), size**2 + (slopes**2).sum(axis=0) / 12 + rest2
    least = size - slopes.sum(axis=0) / 2
    low, middle, high = size.copy(), size.copy(), size.copy()
    crossed = least <= 0
    low[crossed], middle[crossed], high[crossed] = _mean_of_linear(size[crossed], slopes[:, crossed])
    steady = ~crossed
    upper = np.minimum(high + rest, np.sqrt(all2))
    upper[steady] = np.minimum(upper[steady], size[steady] + rest2[steady] / (2 * least[steady]))
    lower = np.maximum(low - rest, size)
    return np.stack([lower, np.clip(middle, lower, np.maximum(upper, size)), np.maximum(upper, size)])


def _mean_of_linear(c: np.ndarray, slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A lower bound, an approximation and an upper bound of <|c + g.t|>, slopes g_1 >= g_2 >= ... >= 0.

    Over the first two axes the mean is a closed form, convex in c. So over further axes its values at midpoints lie
    below the mean, and those at the ends of intervals, as trapezoids, above.
    """
    if len(slopes) == 2:
        mean = _mean_over_two(c, slopes[0], slopes[1])
        return mean, mean, mean
    middles = (np.arange(CUTS_PER_FURTHER_AXIS) + 0.5) / CUTS_PER_FURTHER_AXIS - 0.5
    ends = np.arange(CUTS_PER_FURTHER_AXIS + 1) / CUTS_PER_FURTHER_AXIS - 0.5
    weights = np.where(np.abs(ends) == 0.5, 0.5, 1.0) / CUTS_PER_FURTHER_AXIS
    low, high = np.zeros_like(c), np.zeros_like(c)
    further = len(slopes) - 2
    for t in product(middles, repeat=further):
        low += (
            _mean_over_two(np.abs(c + np.tensordot(t, slopes[2:], 1)), slopes[0], slopes[1])
            / CUTS_PER_FURTHER_AXIS**further
        )
    for places in product(range(CUTS_PER_FURTHER_AXIS + 1), repeat=further):
        shift = np.tensordot(ends[list(places)], slopes[2:], 1)
        high += _mean_over_two(np.abs(c + shift), slopes[0], slopes[1]) * prod(weights[i] for i in places)
    return low, (2 * low + high) / 3, high


def _mean_over_two(c: np.ndarray, g: np.ndarray, k: np.ndarray) -> np.ndarray:
    """<|c + g t + k u|>, c >= 0, g >= k >= 0. Where c < (g + k)/2 the sum g t + k u has a density like a trapezoid."""
    half, flat = (g + k) / 2, (g - k) / 2
    g = np.maximum(g, np.finfo(float).tiny)
    k_safe = np.maximum(k, np.finfo(float).tiny)
    inner = g / 4 + k * (k / g) / 12 + c * (c / g)
    outer = c + (half - c) * ((half - c) / g) * ((half - c) / k_safe) / 3
    return np.where(c >= half, c, np.where(c <= flat, inner, outer))
