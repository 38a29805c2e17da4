"""Integrals of a formula, or over a region, against a band-limited density; errors are bounds.

    I  =  int o(z) m(z) dz,        m(z)  =  sum_k m_k e^{i k.z} on its box,

m a marginal of a symbol in the variables of o. The box is cut into cells and each has p Gauss-Legendre points an axis.
If o is a polynomial of degree < K up to r, and m one of degree < M = 2 p - K + 1 up to q, both in each variable, that
errs by at most 2 r int |m| + 2 q sup|o| volume. The best polynomials are Chebyshev's, so that on a cell of width c

    r  <=  2 (c/4)^K sup |o^(K)/K!|,        q  <=  4 sum_k |m_k| (|k| c/4)^M/M!,

with o^(K)/K! enclosed by interval arithmetic (`symbolic.taylor_series`), as o itself is, which gives
r <= (sup o - inf o)/2. Cells are cut until that is small enough, so that no narrow feature of o is missed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from math import prod

import numpy as np
import sympy

from openweyl.phase_space.marginals import CELL_RULES, Marginal
from openweyl.symbolic.derivatives import derivative
from openweyl.symbolic.expressions import enclose, evaluate
from openweyl.symbolic.intervals import Interval
from openweyl.symbolic.taylor_series import Expansions, Series

MAX_CELLS = {1: 2**16, 2: 2**13}
"""The most cells beyond the first ones, by the number of variables: one or two million points, a second."""
MAX_EDGE_CELLS = 2**16
"""The most cells that the edge of a region may be cut into: a second too, as these have one point each."""
POINTS_AT_ONCE = 2**20
"""The points at which formulas are evaluated together: 8 MiB an array."""
DENSITY_ROUND_OFF = 1e-12
"""The relative error of the values of m between its points: that asked of the non-uniform Fourier transform."""
MIN_CELL_WIDTH = 1e-14
"""The width of a cell, relative to its distance from 0, below which it is not cut: its halves would round to one."""


@dataclass(frozen=True)
class _Points:
    """Gauss-Legendre points `z` in cells, shape (variables, points, cells), with m and the `weights` there, shape
    (points, cells).
    """

    z: np.ndarray
    m: np.ndarray
    weights: np.ndarray

    @staticmethod
    def within(low: np.ndarray, high: np.ndarray, density: Marginal) -> _Points:
        count = len(low)
        nodes, weights = np.polynomial.legendre.leggauss(CELL_RULES[count].points)
        grids = np.array(np.meshgrid(*[nodes] * count, indexing="ij")).reshape(count, -1, 1)
        each = np.array(np.meshgrid(*[weights] * count, indexing="ij")).prod(axis=0).reshape(-1, 1)
        half = (high - low)[:, None] / 2
        z = (low + high)[:, None] / 2 + half * grids
        m = density.sampled(z.reshape(count, -1)).reshape(z.shape[1:])
        return _Points(z, m, each * half.prod(axis=0))

    def mass(self) -> np.ndarray:
        """Bounds of int |m| over each cell: by Cauchy and Schwarz, as m^2 is integrated exactly and |m| is not."""
        return np.asarray(np.sqrt((self.weights * self.m**2).sum(axis=0) * self.weights.sum(axis=0)))

    def content(self) -> np.ndarray:
        """int m over each cell."""
        return np.asarray((self.weights * self.m).sum(axis=0))


@dataclass(frozen=True)
class CellResults:
    """For each cell: its part of the integral, bounds of the error and of int |m|, and the variable along which to cut.

    All of shape (cells,).
    """

    values: np.ndarray
    errors: np.ndarray
    masses: np.ndarray
    cut: np.ndarray


def integral(
    o: sympy.Expr, variables: tuple[sympy.Symbol, ...], density: Marginal, bound: float, target: float
) -> tuple[float, float]:
    """(int o m, a bound of its error) with o(variables), |o| <= `bound`; the error is at most `target` if MAX_CELLS
    cells are enough for that.
    """
    count = len(variables)

    def judged(low: np.ndarray, high: np.ndarray) -> CellResults:
        parts = [_integrals(o, variables, density, bound, low[:, part], high[:, part]) for part in _parts(low)]
        return CellResults(*(np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(CellResults)))

    value, error = _adaptive(density, judged, target, MAX_CELLS[count])
    points, degree = CELL_RULES[count].points, CELL_RULES[count].degree
    rough = 2 * density.rough(2 * points - degree + 1) * prod(a.length for a in density.axes)
    return value, error + bound * (rough + DENSITY_ROUND_OFF * density.mass)


def _integrals(
    o: sympy.Expr,
    variables: tuple[sympy.Symbol, ...],
    density: Marginal,
    bound: float,
    low: np.ndarray,
    high: np.ndarray,
) -> CellResults:
    """int o m over each cell [low, high], with |o| <= `bound`."""
    points = _Points.within(low, high, density)
    box = dict(zip(variables, points.z, strict=True))
    with np.errstate(all="ignore"):
        values = np.clip(np.nan_to_num(evaluate(o, box, np) + np.zeros_like(points.m)), -bound, bound)
        bends, hull = _bends(o, variables, bound, low, high)
    mass = points.mass()
    bends = np.where(np.isnan(bends), np.inf, bends * mass)
    smooth = bends.sum(axis=0)
    unknown = np.isinf(bends) * (1 + (high - low) / np.array([[a.length] for a in density.axes]))
    cut = np.where(np.isinf(smooth), unknown, bends).argmax(axis=0)
    errors = np.minimum((hull.high - hull.low) * mass, smooth)
    return CellResults((points.weights * points.m * values).sum(axis=0), errors, mass, cut)


def _bends(
    o: sympy.Expr, variables: tuple[sympy.Symbol, ...], bound: float, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, Interval]:
    """2 r of each variable, shape (variables, cells), not a number where nothing is known; and an enclosure of o."""
    order, bends = CELL_RULES[len(variables)].degree, np.empty(low.shape)
    hull = Interval(np.full(low.shape[1], -bound), np.full(low.shape[1], bound))
    for i in range(len(variables)):
        box = {
            v: Series.variable(a, b, order, moves=i == j)
            for j, (v, a, b) in enumerate(zip(variables, low, high, strict=True))
        }
        series = evaluate(o, box, Expansions)
        bends[i] = 4 * ((high[i] - low[i]) / 4) ** order * series.largest(order)
        hull = Interval(np.maximum(hull.low, series.value.low), np.minimum(hull.high, series.value.high))
    return bends, hull


def share(e: sympy.Expr, variables: tuple[sympy.Symbol, ...], density: Marginal, target: float) -> tuple[float, float]:
    """(int m over e > 0, a bound of its error); m may have either sign.

    Cells where intervals show that e > 0, or e <= 0, count whole, or not at all. In the remaining cells e is its
    tangent up to R, by an enclosure of its gradient: the part where the tangent is > 0 is a formula, and R moves it by
    at most R/max_v |e_v| c_v; m is its value in the middle, up to its gradient there and a bound of the remainder.
    """
    first = np.array([[c] for c in density.widths])
    bend = density.curvature()

    def judged(low: np.ndarray, high: np.ndarray) -> CellResults:
        widths, middle = high - low, (low + high) / 2
        inside, outside, part, shift = _parts_above(e, variables, low, high)
        volume = widths.prod(axis=0)
        value, gradient = density.sampled(middle), [density.sampled(middle, along=i) for i in range(len(low))]
        change = np.abs(gradient) * widths / 2 * volume
        longest = (widths / first).max(axis=0)
        rest = bend * longest**2 * volume
        mass = np.abs(value) * volume + change.sum(axis=0) + rest
        errors = np.minimum(shift.sum(axis=0), 1.0) * mass + change.sum(axis=0) + rest
        sides = shift * mass + change + rest * (widths / first >= longest)
        values = part * value * volume
        for some in _parts(low[:, inside]):
            whole = np.flatnonzero(inside)[some]
            values[whole] = _Points.within(low[:, whole], high[:, whole], density).content()
        return CellResults(values, np.where(inside | outside, 0.0, errors), mass, sides.argmax(axis=0))

    value, error = _adaptive(density, judged, target, MAX_EDGE_CELLS)
    rough = density.rough(2 * CELL_RULES[len(variables)].points) * prod(a.length for a in density.axes)
    return value, error + 2 * rough + DENSITY_ROUND_OFF * density.mass


def _parts_above(
    e: sympy.Expr, variables: tuple[sympy.Symbol, ...], low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Whether e > 0 in all of a cell, whether nowhere, the part where its tangent is > 0, and how far R moves that
    along each variable, as a part of the cell.
    """
    widths, middle = high - low, (low + high) / 2
    with np.errstate(all="ignore"):
        hull = _over(e, variables, low, high)
        centre = np.nan_to_num(_over(e, variables, middle, middle).low)
        slopes = [_over(derivative(e, v), variables, low, high) for v in variables]
        steps = np.nan_to_num([(s.low + s.high) / 2 for s in slopes]) * widths
        loose = np.array([(s.high - s.low) / 4 for s in slopes]) * widths
        shift = np.minimum(np.nan_to_num(loose / np.abs(steps).max(axis=0), nan=1.0), 1.0)
    reach = np.abs(steps).sum(axis=0) / 2 + loose.sum(axis=0)
    inside = (hull.low > 0) | (centre > reach)
    outside = (hull.high < 0) | (centre < -reach)  # strictly: 0 may be a number that underflowed
    return inside, outside, np.where(inside, 1.0, np.where(outside, 0.0, _half(centre, steps))), shift


def _parts(low: np.ndarray) -> list[slice]:
    """The cells in parts that have at most POINTS_AT_ONCE points."""
    size = POINTS_AT_ONCE // CELL_RULES[len(low)].points ** len(low)
    return [slice(i, i + size) for i in range(0, low.shape[1], size)]


def _over(g: sympy.Expr, variables: tuple[sympy.Symbol, ...], low: np.ndarray, high: np.ndarray) -> Interval:
    """An enclosure of g over each cell."""
    return enclose(g, {v: Interval(a, b) for v, a, b in zip(variables, low, high, strict=True)})


def _half(centre: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """The part of a cell where centre + sum_v steps_v u_v > 0, |u_v| <= 1/2; for one or two variables."""
    sizes = np.sort(np.abs(steps), axis=0)
    large = np.where(sizes[-1] > 0, sizes[-1], 1.0)
    t = np.clip(centre / large, -2.0, 2.0)
    if len(steps) == 1:
        return np.clip(t + 0.5, 0.0, 1.0)
    b = np.maximum(sizes[0] / large, 1e-6)  # less moves the part by less than round-off does in the formula

    def ramp(s: np.ndarray) -> np.ndarray:
        return np.maximum(s, 0.0) ** 2 / 2

    inner = (t + 0.5 + b / 2, t + 0.5 - b / 2, t - 0.5 + b / 2, t - 0.5 - b / 2)
    return np.clip((ramp(inner[0]) - ramp(inner[1]) - ramp(inner[2]) + ramp(inner[3])) / b, 0.0, 1.0)


def _adaptive(
    density: Marginal, judged: Callable[[np.ndarray, np.ndarray], CellResults], target: float, most: int
) -> tuple[float, float]:
    """Sums of values and errors over cells, which are cut while their errors are large, up to `most` of them."""
    volume, mass = prod(a.length for a in density.axes), max(density.mass, 1e-300)
    low, high = density.cells()
    value = error = 0.0
    done, most = 0, most + low.shape[1]
    while low.size:
        results = judged(low, high)
        part = np.maximum(results.masses / mass, (high - low).prod(axis=0) / volume) / 4
        thin = ((high - low) <= MIN_CELL_WIDTH * np.maximum(np.abs(low), np.abs(high))).any(axis=0)
        fine = (results.errors <= target * part) | thin
        if done + 2 * (~fine).sum() > most or error + results.errors.sum() <= target:
            fine[:] = True
        value += float(results.values[fine].sum())
        error += float(results.errors[fine].sum())
        done += int(fine.sum())
        low, high = _halved(low[:, ~fine], high[:, ~fine], results.cut[~fine])
    return value, error


def _halved(low: np.ndarray, high: np.ndarray, cut: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two halves of each cell, cut in the middle of the variable `cut`."""
    each = np.arange(cut.size)
    left, right = low.copy(), high.copy()
    left[cut, each] = right[cut, each] = (low[cut, each] + high[cut, each]) / 2
    return np.concatenate([low, left], axis=1), np.concatenate([right, high], axis=1)
