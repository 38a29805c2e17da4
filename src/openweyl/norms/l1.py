"""The L1 norm of a band-limited function between two bounds.

    int |f| = V sum_cells <|f|>,      < > the mean over a cell: the box, of volume V, around one point of the grid.

Let p = m + g.t be the linear function closest to f in a cell, t in [-1/2, 1/2]^D, m = <f>, g_a = 12 <t_a f>; e = f - p.

    |m| <= <|f|>,      <|p|> - <e^2>^{1/2}  <=  <|f|>  <=  <|p|> + <e^2>^{1/2},      <|f|> <= <f^2>^{1/2},
    <|f|> <= |m| + <e^2>/(2 mu)      if p keeps its sign and |p| >= mu > 0,

the last because f changes sign, say to -f_, only where |e| >= mu + f_, so that f_ <= |e| - mu <= e^2/(4 mu), and
|f| = f + 2 f_ there. The means <f>, <t_a f>, <f^2> and <e^2> = <f^2> - m^2 - |g|^2/12 are Fourier multipliers, exact
for the trigonometric interpolant of the samples: no derivative is estimated, and none needs a bound. The bounds differ
by O(d^3) for the spacing d: what is of lower order is linear, and left to <|p|>.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod

import numpy as np

from openweyl._core.estimates import Estimate
from openweyl._core.fft import irfft, rfft
from openweyl.phase_space.grid_function import GridFunction
from openweyl.phase_space.resampling import resized

POINTS_AT_ONCE = 2**22
"""Points of the finer grid that are worked on at a time (f^2 has twice the wave numbers of f): 32 MiB an array."""
MAX_POINTS_CELL_BY_CELL = 2**28
"""Points of the finer grid, half a minute's work, above which <e^2> is computed in sum alone and not in each cell."""
SQUARES_ROUND_OFF = 1e-15
"""The error of <f^2>, a transform of up to 10^8 points, over its largest value: a few units in the last place."""
MAX_L1_POINTS = 2**22
"""The number of points up to which `l1_norm` refines the grid: seconds, and 32 MiB an array."""
L1_RTOL = 1e-5
"""The relative distance of its bounds at which `l1_norm` stops: a third of a second at most for n = 1."""
CUTS_PER_FURTHER_AXIS = 2
"""The parts into which a cell is cut along its third and further axes for the mean of |p|: the bounds lie within a few
per cent of it, where p changes sign."""


def l1_bounds(function: GridFunction) -> tuple[float, float, float]:
    """(lower, value, upper): lower <= (2 pi h)^-n int |f| <= upper, f the trigonometric interpolant on the box.

    `value` lies between them and is much closer to the integral than they are to each other.
    """
    w, grid = function.values, function.grid
    scale = float(np.abs(w).max())
    if scale == 0:
        return 0.0, 0.0, 0.0
    f = w / scale
    fits = _LinearFits.of(f)
    sums = fits.sums_together(f) if 2**f.ndim * f.size > MAX_POINTS_CELL_BY_CELL else fits.sums_by_cell(f)
    lower, value, upper = (scale * grid.cell * s for s in sums)
    return lower, min(max(value, lower), upper), upper


@dataclass(frozen=True)
class _LinearFits:
    """p = m + g.t in every cell: |m|, min |p| or less than 0, <p^2>, and bounds of and a value near <|p|>."""

    size: np.ndarray
    least: np.ndarray
    squares: np.ndarray
    low: np.ndarray
    middle: np.ndarray
    high: np.ndarray

    @staticmethod
    def of(f: np.ndarray) -> _LinearFits:
        m, slopes = _linear_fits(f)
        size = np.abs(m)
        slopes = np.sort(np.abs(slopes), axis=0)[::-1]
        least = size - slopes.sum(axis=0) / 2
        low, middle, high = size.copy(), size.copy(), size.copy()
        changes_sign = least <= 0
        low[changes_sign], middle[changes_sign], high[changes_sign] = _mean_of_linear(
            size[changes_sign], slopes[:, changes_sign]
        )
        return _LinearFits(size, least, m**2 + (slopes**2).sum(axis=0) / 12, low, middle, high)

    def sums_together(self, f: np.ndarray) -> tuple[float, float, float]:
        """Bounds of sum_cells <|f|> and a value, with sum_cells <e^2> alone: by Cauchy and Schwarz over the cells."""
        missing = (float((f**2).sum() - self.squares.sum()) + SQUARES_ROUND_OFF * f.size) * f.size
        error = np.sqrt(max(missing, 0.0))
        lower = max(float(self.low.sum()) - error, float(self.size.sum()))
        return lower, float(self.middle.sum()), float(self.high.sum()) + error

    def sums_by_cell(self, f: np.ndarray) -> tuple[float, float, float]:
        """Bounds of sum_cells <|f|> and a value, with <f^2> and <e^2> in each cell."""
        squares = _mean_squares(f)
        noise = SQUARES_ROUND_OFF * float(squares.max())
        e2 = np.maximum(squares - self.squares, 0.0) + noise
        e = np.sqrt(e2)
        upper = np.minimum(self.high + e, np.sqrt(np.maximum(squares, 0.0) + noise))
        steady = ~(self.least <= 0)
        upper[steady] = np.minimum(upper[steady], self.size[steady] + e2[steady] / (2 * self.least[steady]))
        upper = np.maximum(upper, self.size)
        return float(np.maximum(self.low - e, self.size).sum()), float(self.middle.sum()), float(upper.sum())


def l1_norm(function: GridFunction, rtol: float = L1_RTOL) -> Estimate:
    """(2 pi h)^-n int |f|, f the trigonometric interpolant, with a bound of the error, on ever finer grids.

    The means of f and f^2 and the first moments of f over each cell of the grid bound the error; it falls like the cube
    of the spacing, and the grid is refined until the error is `rtol` of the norm, or has MAX_L1_POINTS points.
    """
    lower, value, upper = refined_l1(function, accuracy=rtol, most=MAX_L1_POINTS)
    return Estimate(value, max(value - lower, upper - value))


def refined_l1(
    function: GridFunction, *, accuracy: float, most: int, allowed: float = 0.0
) -> tuple[float, float, float]:
    """`l1_bounds` on ever finer grids, of up to `most` points, until they are within `accuracy` value or `allowed`."""
    while True:
        low, value, high = l1_bounds(function)
        if high - low <= max(accuracy * value, allowed) or function.grid.size * 4**function.n > most:
            return low, value, high
        function = function.doubled()


def _linear_fits(f: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """m and g in every cell, as Fourier multipliers of f."""
    dims = range(f.ndim)
    spectrum = rfft(f, tuple(dims))
    means, moments = [], []
    for a in dims:
        j = np.fft.rfftfreq(f.shape[a]) if a == f.ndim - 1 else np.fft.fftfreq(f.shape[a])
        shape = (-1,) + (1,) * (f.ndim - 1 - a)
        means.append(np.sinc(j).reshape(shape))
        moments.append(_first_moment(np.pi * j).reshape(shape))
    slopes = np.empty((f.ndim, *f.shape))
    for a in dims:
        factor = 12j * moments[a]
        slopes[a] = irfft(spectrum * factor * prod(means[b] for b in dims if b != a), tuple(dims), f.shape[-1])
    for mean in means:
        spectrum *= mean
    return irfft(spectrum, tuple(dims), f.shape[-1]), slopes


def _first_moment(half: np.ndarray) -> np.ndarray:
    """int_{-1/2}^{1/2} t sin(2 half t) dt; 0 at Nyquist's wave number, whose wave is even about every point."""
    near = np.abs(half) < 1e-3
    t = np.where(near, 1.0, half)
    moment = np.where(near, half / 6, (np.sin(t) - t * np.cos(t)) / (2 * t**2))
    return np.where(np.abs(half) > np.pi / 2 * (1 - 1e-12), 0.0, moment)


def _mean_squares(f: np.ndarray) -> np.ndarray:
    """<f^2> in every cell."""
    fine = resized(f, -f.ndim, 2 * f.shape[0])
    out = np.empty((len(fine), *f.shape[1:]))
    step = max(1, POINTS_AT_ONCE // (2 ** (f.ndim - 1) * prod(f.shape[1:])))
    for first in range(0, len(fine), step):
        block = fine[first : first + step]
        for axis in range(1 - f.ndim, 0):
            block = resized(block, axis, 2 * f.shape[axis])
        block = block**2
        for axis in range(1 - f.ndim, 0):
            block = _every_second_mean(block, axis)
        out[first : first + step] = block
    return _every_second_mean(out, -f.ndim)


def _every_second_mean(q: np.ndarray, axis: int) -> np.ndarray:
    """The means over two spacings around every second point of `axis`."""
    size = q.shape[axis]
    factor = np.sinc(2 * np.fft.rfftfreq(size)).reshape((-1,) + (1,) * (-axis - 1))
    means = irfft(rfft(q, (axis,)) * factor, (axis,), size)
    return np.moveaxis(np.moveaxis(means, axis, 0)[::2], 0, axis)


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
