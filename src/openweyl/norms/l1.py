"""The L1 norm of a band-limited function between two bounds.

    int |f| = V sum_cells <|f|>,      < > the mean over a cell: the box, of volume V, around one point of the grid.

In each cell f = p + e, p the polynomial of a certain degree closest to f (`legendre_cells.py`), or 0 in cells where
next to nothing is. The rest counts in sum, by Cauchy and Schwarz over all N cells:

    | sum <|f|> - sum <|p|> |  <=  sum <e^2>^{1/2}  <=  (N sum <e^2>)^{1/2},      sum <e^2> = sum <f^2> - sum <p^2>,

and with it the wave numbers that are cut off before, as p is then closest to what is left of f, and orthogonal to both.

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
from math import ceil, floor, pi, prod, sqrt

import numpy as np

from openweyl._core.estimates import Estimate
from openweyl._core.fft import good_size
from openweyl.phase_space.grid import Axis
from openweyl.phase_space.grid_function import GridFunction
from openweyl.phase_space.resampling import resized
from openweyl.phase_space.support import required_box

from .legendre_cells import cut, mean_square, mean_squares, polynomials, squared_rests

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
REST_SHARE, SMALL_SHARE = 0.25, 0.01
"""The parts of the width aimed at that the rests e may have, and should have in two dimensions, where degrees are cheap
and the value is as close to the integral as they are."""
LEFT_SHARE = 0.25
"""The part of the width aimed at that cells which are not cut may have; of their parts, those that are not cut again
may have half of that, and so on."""
SUPPORT_SHARE = 0.1
"""The part of the width aimed at that wave numbers which are cut off may have, and as much the cells left out."""
SUPPORT_LEVELS = (1 / 4, 1 / 32, 1 / 256)
"""The levels at an end of an axis, in units of that, at which cells are left out, in turn: the bound on all of them has
a factor sqrt(N), which the level does not know."""
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
    aim = max(accuracy * float(np.abs(function.values).sum()) * function.grid.cell, allowed)
    square = mean_square(function.values / scale)
    small, box = _support(function, SUPPORT_SHARE * aim)
    bounds, rest = _bounds(small, box, scale, square, aim, most)
    if rest > REST_SHARE * aim and small is not function:  # samples on nodes had hidden what was left out
        bounds, _ = _bounds(function, (), scale, square, aim, most)
    lower, value, upper = bounds
    return lower, min(max(value, lower), upper), upper


def _bounds(
    function: GridFunction, box: tuple[slice, ...], scale: float, square: float, aim: float, most: int
) -> tuple[tuple[float, float, float], float]:
    """(lower, value, upper) for `function`, what is left of one with the mean square scale^2 `square`, by the cells in
    `box`; and the part that the rest has in them. All cells where there is no box, on a finer grid if need be.
    """
    wanted = (SMALL_SHARE if function.n == 1 else REST_SHARE) / 2 * aim  # half: the rest counts on both sides
    while True:
        f, unit = function.values / scale, scale * function.grid.cell
        rests = unit * np.sqrt(f.size * squared_rests(f, MAX_DEGREE.get(f.ndim, MAX_DEGREE_BEYOND)))
        if rests[-1] <= REST_SHARE / 2 * aim or not most or box or f.size * 2**f.ndim > MAX_L1_POINTS:
            break
        function = function.doubled()
    degree = min(int((rests > wanted).sum()) + 1, len(rests))
    shares, least, held, sums = mean_squares(f.ndim, degree), 0.0, 0.0, np.zeros(3)
    open_ = [_Cells.none(f.ndim, degree)]
    signs = _same_sign_around(f)[box or ...].ravel()
    for c in polynomials(f, degree, box):
        alike, signs = signs[: c.shape[1]], signs[c.shape[1] :]
        some = _Cells.of(c, f.ndim, degree).steady_where(alike)
        least += float(np.abs(c[0]).sum())
        held += float(shares @ (c**2).sum(axis=1))
        sums += some.bounds.sum(axis=1)
        if most:
            open_.append(some.beyond(LEFT_SHARE / 4 * aim / unit / f.size))
            if sum(part.c.size for part in open_) > 2 * MAX_STORED:
                open_ = [_joined(open_).widest(MAX_STORED)]
    # int e^2 = int f^2 - int p^2 with p = 0 in cells that are left out
    total = f.size * square
    rest = unit * sqrt(f.size * (max(total - held, 0.0) + 4 * np.finfo(float).eps * total))
    waves = unit * sqrt(f.size * max(total - f.size * mean_square(f), 0.0))
    cells = _joined(open_).widest(MAX_STORED)
    sums += _change_by_cuts(cells, sums[2] - sums[0], max(aim - 2 * rest, LEFT_SHARE * aim) / unit, degree, most)
    lower, value, upper = max(unit * sums[0] - rest, unit * least - waves), unit * sums[1], unit * sums[2] + rest
    return (float(lower), float(value), float(upper)), rest


def _support(function: GridFunction, allowed: float) -> tuple[GridFunction, tuple[slice, ...]]:
    """`function` on fewer points of the same box, and the cells that matter; all that this leaves out is bounded later.

    The box stays, so that no wave is mistaken for another; fewer wave numbers are an orthogonal projection.
    """
    if allowed == 0 or function.n == 1:  # cheap as it is
        return function, ()
    axes, values = function.grid.x + function.grid.xi, function.values
    profiles = function.profiles
    fewer = []
    for index, (axis, profile) in enumerate(zip(axes, profiles, strict=True)):
        need = required_box(profile, axis, allowed / len(axes)).reach * axis.length / pi
        size = min(good_size(need * (1 + 1e-9)), axis.size)
        fewer.append(Axis(axis.lower, axis.length / size, size))
        values = values if size == axis.size else resized(values, index - len(axes), size)
    small = function.like(values, function.grid.with_axes(fewer))
    squares = values**2
    for level in SUPPORT_LEVELS:
        box = []
        for axis, old, profile in zip(fewer, axes, profiles, strict=True):
            ends = required_box(profile, old, level * allowed)
            first = min(max(floor((ends.lower - axis.lower) / axis.spacing), 0), axis.size - 1)
            stop = min(ceil((ends.upper - axis.lower) / axis.spacing) + 1, axis.size)
            box.append(slice(first, max(stop, first + 1)))
        outside = max(float(squares.sum() - squares[tuple(box)].sum()), 0.0)
        if small.grid.cell * sqrt(values.size * outside) <= allowed:
            return small, tuple(box)
    return small if small.grid.size < function.grid.size else function, ()


def _same_sign_around(f: np.ndarray) -> np.ndarray:
    """Whether a sample and its 3^D - 1 neighbours have one sign."""
    low = high = f
    for axis in range(f.ndim):
        low = np.minimum(low, np.minimum(np.roll(low, 1, axis), np.roll(low, -1, axis)))
        high = np.maximum(high, np.maximum(np.roll(high, 1, axis), np.roll(high, -1, axis)))
    return np.asarray((low > 0) | (high < 0))


def _change_by_cuts(cells: _Cells, width: float, aim: float, degree: int, most: int) -> np.ndarray:
    """What the (lower, value, upper) of all cells, now `width` apart, change by where `cells` are cut until they are
    `aim` apart, or have `most` coefficients.
    """
    change, weight, share, parts = np.zeros(3), 1.0, LEFT_SHARE * aim, 2**cells.dims
    while width + change[2] - change[0] > aim:
        cells = cells.without(share).widest(most // parts)
        if not cells.count:
            break
        share *= parts / 2
        most -= cells.c.size * parts
        step = max(1, PARTS_AT_ONCE // (len(cells.c) * parts))
        found = []
        for start in range(0, cells.count, step):
            some = cells.take(slice(start, start + step))
            new = some.parts(degree)
            change += weight / parts * new.bounds.sum(axis=1) - weight * some.bounds.sum(axis=1)
            found.append(new.beyond(share / (2 * parts * cells.count)))
        weight /= parts
        cells = _joined(found).widest(MAX_STORED)
    return change


@dataclass(frozen=True)
class _Cells:
    """Polynomials c over cells, or parts of cells, with a lower bound of, a value near and an upper bound of <|p|>.

    sign: that of f, where it seems to have one and the value is that of the mean of p; 0 elsewhere.
    """

    c: np.ndarray
    bounds: np.ndarray
    dims: int
    sign: np.ndarray

    @staticmethod
    def none(dims: int, degree: int) -> _Cells:
        return _Cells(np.empty((len(mean_squares(dims, degree)), 0)), np.empty((3, 0)), dims, np.empty(0))

    @staticmethod
    def of(c: np.ndarray, dims: int, degree: int) -> _Cells:
        bounds = np.empty((3, c.shape[1]))
        bounds[:] = np.abs(c[0])
        open_ = np.flatnonzero(np.abs(c[1:]).sum(axis=0) > bounds[0])
        bounds[:, open_] = _mean_bounds(c[:, open_], dims, degree)
        return _Cells(c, bounds, dims, np.zeros(c.shape[1]))

    def steady_where(self, places: np.ndarray) -> _Cells:
        """The same bounds, but the size of the mean of p as the value at `places`, where f seems to keep its sign.

        Where f is steep its linear part does not.
        """
        size = np.abs(self.c[0])
        bounds = np.stack([self.bounds[0], np.where(places, size, self.bounds[1]), self.bounds[2]])
        return _Cells(self.c, bounds, self.dims, np.where(places, np.sign(self.c[0]), 0.0))

    def parts(self, degree: int) -> _Cells:
        """The 2^dims parts of each cell."""
        c, sign = cut(self.c, self.dims, degree), np.tile(self.sign, 2**self.dims)
        new = _Cells.of(c, self.dims, degree)
        new.bounds[1] = np.where(sign == 0, new.bounds[1], sign * c[0])
        return _Cells(c, new.bounds, self.dims, sign)

    @property
    def count(self) -> int:
        return self.c.shape[1]

    @property
    def widths(self) -> np.ndarray:
        return np.asarray(self.bounds[2] - self.bounds[0])

    def take(self, places: slice | np.ndarray) -> _Cells:
        return _Cells(self.c[:, places], self.bounds[:, places], self.dims, self.sign[places])

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
    c, bounds, sign = (np.concatenate([getattr(some, k) for some in cells], axis=-1) for k in ("c", "bounds", "sign"))
    return _Cells(c, bounds, cells[0].dims, sign)


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
