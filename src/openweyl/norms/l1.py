"""The L1 norm of a band-limited function between two bounds.

    int |f| = V sum_cells <|f|>,      < > the mean over a cell: the box, of volume V, around one point of the grid.

In each cell f = p + e, p the polynomial of a certain degree closest to f (`legendre_cells.py`), or 0 in cells where
next to nothing is. The rest counts in sum, by Cauchy and Schwarz over all N cells:

    | sum <|f|> - sum <|p|> |  <=  sum <e^2>^{1/2}  <=  (N sum <e^2>)^{1/2},      sum <e^2> = sum <f^2> - sum <p^2>,

and with it the wave numbers that are cut off before, as p is then closest to what is left of f, and orthogonal to both.

Bounds of <|p|> are those of `polynomial_cells.py`. A cell whose bounds are apart is cut into 2^D parts, and so on: only
those that the zeros of f cross are ever cut. The bounds of all of them differ by O(d^3), d the size of the parts.
"""

from __future__ import annotations

from math import ceil, floor, pi, sqrt

import numpy as np

from openweyl._core.estimates import Estimate
from openweyl._core.fft import good_size
from openweyl.phase_space.grid import Axis
from openweyl.phase_space.grid_function import GridFunction
from openweyl.phase_space.resampling import resized
from openweyl.phase_space.support import required_box

from .legendre_cells import mean_square, mean_squares, polynomials, squared_rests
from .polynomial_cells import MAX_STORED, Cells, joined, with_more

MAX_DEGREE = {2: 8, 4: 5}
MAX_DEGREE_BEYOND = 3
"""The largest degree of polynomials, by dimension of phase space: their coefficients are 45 and 126 (84 for six)
numbers in a cell. Degree 8 holds waves of two points to 1e-5, degree 5 those of four points to 1e-4."""
MAX_COEFFICIENTS = 2**26
"""The number of coefficients of all parts of cells that `refined_l1` looks at: a few seconds."""
PARTS_AT_ONCE = 2**19
"""Coefficients of parts that are formed at a time: 4 MiB."""
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
    open_ = [Cells.none(f.ndim, degree)]
    signs = _same_sign_around(f)[box or ...].ravel()
    for c in polynomials(f, degree, box):
        alike, signs = signs[: c.shape[1]], signs[c.shape[1] :]
        some = Cells.of(c, f.ndim, degree).steady_where(alike)
        least += float(np.abs(c[0]).sum())
        held += float(shares @ (c**2).sum(axis=1))
        sums += some.bounds.sum(axis=1)
        if most:
            open_ = with_more(open_, some.beyond(LEFT_SHARE / 4 * aim / unit / f.size))
    # int e^2 = int f^2 - int p^2 with p = 0 in cells that are left out
    total = f.size * square
    rest = unit * sqrt(f.size * (max(total - held, 0.0) + 4 * np.finfo(float).eps * total))
    waves = unit * sqrt(f.size * max(total - f.size * mean_square(f), 0.0))
    cells = joined(open_).widest(MAX_STORED)
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


def _change_by_cuts(cells: Cells, width: float, aim: float, degree: int, most: int) -> np.ndarray:
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
        found: list[Cells] = []
        for start in range(0, cells.count, step):
            some = cells.take(slice(start, start + step))
            new = some.parts(degree)
            change += weight / parts * new.bounds.sum(axis=1) - weight * some.bounds.sum(axis=1)
            found = with_more(found, new.beyond(share / (2 * parts * cells.count)))
        weight /= parts
        cells = joined(found).widest(MAX_STORED)
    return change
