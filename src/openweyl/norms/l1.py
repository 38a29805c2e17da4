"""The L1 norm of a band-limited function between two bounds.

    int |f| = V sum_cells <|f|>,      < > the mean over a cell: the box, of volume V, around one point of the grid.

In each cell f = p + e, p the polynomial of a certain degree closest to f (`legendre_cells.py`). The rest counts in sum,
by Cauchy and Schwarz over all N cells:

    | sum <|f|> - sum <|p|> |  <=  sum <e^2>^{1/2}  <=  (N sum <e^2>)^{1/2}.

With c_a the coefficients of p, l = m + g.t its part of degree 1, m = c_0 = <f>, and r = p - l,

    <|p|> = |m|                                     if sum_{a != 0} |c_a| <= |m|: p keeps its sign,
    |m| <= <|p|>,      <|l|> - <r^2>^{1/2}  <=  <|p|>  <=  <|l|> + <r^2>^{1/2},      <|p|> <= <p^2>^{1/2},
    <|p|> <= |m| + <r^2>/(2 mu)                     if l keeps its sign and |l| >= mu > 0,

the last because p changes sign, say to -p_, only where |r| >= mu + p_, so that p_ <= |r| - mu <= r^2/(4 mu), and
|p| = p + 2 p_ there. A cell whose bounds are apart is cut into 2^D parts, and so on: only those that the zeros of f
cross are ever cut. The bounds of all of them differ by O(d^3), d the size of the parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np

from openweyl._core.estimates import Estimate
from openweyl.phase_space.grid_function import GridFunction

from .legendre_cells import cut, mean_squares, polynomials, squared_rests

MAX_DEGREE = {2: 8, 4: 5}
MAX_DEGREE_BEYOND = 3
"""The largest degree of polynomials, by dimension of phase space: their coefficients are 45 and 126 (84 for six)
numbers in a cell. Degree 8 holds waves of two points to 1e-5, degree 5 those of four points to 1e-4."""
MAX_COEFFICIENTS = 2**26
"""The number of coefficients of all parts of cells that `refined_l1` looks at: a few seconds."""
MAX_STORED = 2**24
"""The most coefficients kept for further cuts: 128 MiB. What is not kept counts with the bounds it has."""
PARTS_AT_ONCE = 2**22
"""Coefficients of parts that are formed at a time: 32 MiB."""
MAX_L1_POINTS = 2**22
"""The number of points up to which the grid is refined where polynomials do not hold what its cells do."""
L1_RTOL = 1e-5
"""The relative distance of its bounds at which `l1_norm` stops: a tenth of a second at most for n = 1."""
REST_SHARE, SMALL_REST_SHARE = 0.25, 0.02
"""The parts of the width aimed at that the rests e may have, and should have in two dimensions, where degrees are cheap
and the value is as close to the integral as they are."""
LEFT_SHARE = 0.25
"""The part of the width aimed at that cells which are not cut may have; of their parts, those that are not cut again
may have half of that, and so on."""
CUTS_PER_FURTHER_AXIS = 2
"""The parts into which a cell is cut along its third and further axes for the mean of |l|: the bounds lie within a few
per cent of it, where l changes sign."""


def l1_norm(function: GridFunction, rtol: float = L1_RTOL, atol: float = 0.0) -> Estimate:
    """(2 pi h)^-n int |f|, f the trigonometric interpolant, with a bound of the error of about `rtol` of it or `atol`.

    The error is larger where MAX_COEFFICIENTS, or MAX_L1_POINTS, are not enough for that.
    """
    lower, value, upper = refined_l1(function, accuracy=rtol, allowed=atol)
    return Estimate(value, max(value - lower, upper - value))


def l1_bounds(function: GridFunction) -> tuple[float, float, float]:
    """(lower, value, upper): lower <= (2 pi h)^-n int |f| <= upper, f the trigonometric interpolant on the box.

    `value` lies between them and is much closer to the integral than they are to each other. No cell is cut.
    """
    return refined_l1(function, accuracy=0.0, most=0)


def refined_l1(
    function: GridFunction, *, accuracy: float, allowed: float = 0.0, most: int = MAX_COEFFICIENTS
) -> tuple[float, float, float]:
    """`l1_bounds` within `accuracy` value, or `allowed`, if `most` coefficients are enough for that."""
    scale = float(np.abs(function.values).max())
    if scale == 0:
        return 0.0, 0.0, 0.0
    while True:
        f, unit = function.values / scale, scale * function.grid.cell
        aim = max(accuracy * float(np.abs(f).sum()), allowed / unit)
        rests = np.sqrt(f.size * squared_rests(f, MAX_DEGREE.get(f.ndim, MAX_DEGREE_BEYOND)))
        if rests[-1] <= REST_SHARE / 2 * aim or not most or f.size * 2**f.ndim > MAX_L1_POINTS:
            break
        function = function.doubled()
    wanted = (SMALL_REST_SHARE if f.ndim == 2 else REST_SHARE) / 2 * aim  # half: the rest counts on both sides
    degree = min(int((rests > wanted).sum()) + 1, len(rests))
    rest = float(rests[degree - 1])
    least, sums = _sum_over_cells(f, degree, max(aim - 2 * rest, LEFT_SHARE * aim), most)
    lower, value, upper = max(sums[0] - rest, least), sums[1], sums[2] + rest
    return float(unit * lower), float(unit * min(max(value, lower), upper)), float(unit * upper)


def _sum_over_cells(f: np.ndarray, degree: int, aim: float, most: int) -> tuple[float, np.ndarray]:
    """The sum of |m| over all cells, and (lower, value, upper) for that of <|p|>, `aim` apart if `most` allows."""
    least, sums, stored, weight = 0.0, np.zeros(3), 0, 1.0
    cells: list[_Cells] = []
    for c in polynomials(f, degree):
        every = _Cells.of(c, f.ndim, degree)
        least += float(np.abs(c[0]).sum())
        sums += every.bounds.sum(axis=1)
        if most:
            cells.append(every.beyond(LEFT_SHARE * aim / (2 * f.size)))
            stored += cells[-1].c.size
            if stored > MAX_STORED:
                cells = [_joined(cells).widest(MAX_STORED // 2)]
                stored = cells[0].c.size
    left, parts_of_cell, share = _joined(cells) if most else None, 2**f.ndim, LEFT_SHARE * aim
    while left is not None and sums[2] - sums[0] > aim:
        left = left.without(share).widest(most // parts_of_cell)
        if not left.count:
            break
        share *= parts_of_cell / 2
        most -= left.c.size * parts_of_cell
        new_cells = []
        step = max(1, PARTS_AT_ONCE // (len(left.c) * parts_of_cell))
        for start in range(0, left.count, step):
            some = left.take(slice(start, start + step))
            new = _Cells.of(cut(some.c, f.ndim, degree), f.ndim, degree)
            sums += weight / parts_of_cell * new.bounds.sum(axis=1) - weight * some.bounds.sum(axis=1)
            new_cells.append(new.beyond(share / (2 * parts_of_cell * left.count)))
        weight /= parts_of_cell
        left = _joined(new_cells).widest(MAX_STORED)
    return least, sums


@dataclass(frozen=True)
class _Cells:
    """Polynomials c over cells, or parts of cells, with a lower bound of, a value near and an upper bound of <|p|>."""

    c: np.ndarray
    bounds: np.ndarray

    @staticmethod
    def of(c: np.ndarray, dims: int, degree: int) -> _Cells:
        bounds = np.empty((3, c.shape[1]))
        bounds[:] = np.abs(c[0])
        open_ = np.flatnonzero(np.abs(c[1:]).sum(axis=0) > bounds[0])
        bounds[:, open_] = _mean_bounds(c[:, open_], dims, degree)
        return _Cells(c, bounds)

    @property
    def count(self) -> int:
        return self.c.shape[1]

    @property
    def widths(self) -> np.ndarray:
        return np.asarray(self.bounds[2] - self.bounds[0])

    def take(self, places: slice | np.ndarray) -> _Cells:
        return _Cells(self.c[:, places], self.bounds[:, places])

    def beyond(self, width: float) -> _Cells:
        """Those whose bounds are more than `width` apart."""
        return self.take(np.flatnonzero(self.widths > width))

    def without(self, width: float) -> _Cells:
        """All but those whose bounds are closest, together at most `width` apart."""
        order = np.argsort(self.widths)
        return self.take(order[np.searchsorted(np.cumsum(self.widths[order]), width) :])

    def widest(self, numbers: int) -> _Cells:
        """Those whose bounds are farthest apart, with at most so many coefficients."""
        most = numbers // len(self.c)
        return self if self.count <= most else self.take(np.argsort(-self.widths)[:most])


def _joined(cells: list[_Cells]) -> _Cells:
    return _Cells(*(np.concatenate([getattr(some, name) for some in cells], axis=1) for name in ("c", "bounds")))


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
