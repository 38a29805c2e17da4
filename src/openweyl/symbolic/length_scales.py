"""The length scales of a formula on a box: how fine a grid must be for its points to resolve the formula.

A sampled potential may have a wall, a wave or a bump between the points, which no comparison of two runs on the same
points would show. So each additive term f is enclosed over cells of the box by interval arithmetic. Points at
distance d in the variable v resolve it if

    d^2 sup |d^2 f/dv^2|  <=  BEND_FRACTION (sup f - inf f),

both over the whole box. Cells are cut until both suprema are known to a factor, and only where they are not: no bump is
so narrow that it is missed, and the overestimates of intervals on large cells do no harm.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, isfinite, log2, sqrt

import numpy as np
import sympy

from .algebra import additive_terms, summands_inside
from .derivatives import derivative
from .expressions import enclose, evaluate
from .intervals import Interval

BEND_FRACTION = 1 / 2
"""The part of its range by which a term may bend within a spacing: six points for each period of a cosine."""
FIRST_CELLS = {1: 32, 2: 8, 3: 4}
"""First cells along each variable, by the number of variables; 3 if there are more: hardly slower than one."""
MAX_CELLS = 20_000
"""The most cells: one enclosure of a term on so many takes about 0.05 s. Where more would be needed, the bounds known
by then are used, which ask for too fine a grid."""
SUPREMUM_FACTOR = 1.5
"""A supremum counts as known when its upper bound is at most this many times a value that the function takes: the
spacing, of which halves are tried, needs no sharper bound."""
NEGLIGIBLE_VARIATION = 1e-12
"""The part of the range of the largest term below which a variation is ignored: round-off of the formula."""

HIDDEN_BELOW = 1 / 16
"""The part of the range of a term below which a summand inside of it would be resolved by no more than chance."""
UNKNOWN_SLOPE = 1e6
"""In place of a slope that intervals do not bound: so much that a summand counts whatever its size."""


@dataclass(frozen=True)
class Scale:
    """The `spacing` of points at which `term` is resolved in `variable`.

    at: where in `variable` it bends most, as far as the search went. size: an upper bound of sup - inf of the term over
    the box. resolved: whether `spacing` is at least the finest one that
    was allowed; if not, the true one is at most as long.
    """

    term: sympy.Expr
    variable: sympy.Symbol
    spacing: float
    at: float
    size: float
    resolved: bool
    bound_slope: Callable[[], float]

    @property
    def slope(self) -> float:
        """An upper bound of |d term/d variable| over the box."""
        return self.bound_slope()


def scales(
    f: sympy.Expr,
    box: Mapping[sympy.Symbol, tuple[float, float]],
    coarsest: Mapping[sympy.Symbol, float],
    finest: Mapping[sympy.Symbol, float],
    negligible: float = 0.0,
) -> list[Scale]:
    """For each additive term of the real function `f` and each of its variables in `coarsest`, the spacing it needs.

    A summand inside of a function is a term of its own, times the largest slope with which the function depends on it.

    box: the interval of every variable of `f`, the time included. coarsest, finest: the spacings to begin with, halved
    while they are too wide, and to stop at. negligible: what varies less than this, in the unit of f, is not followed.
    """
    sampled = [(term, _Cells.over(term, box)) for term in additive_terms(f) if term.free_symbols & coarsest.keys()]
    sampled += [pair for term, cells in sampled for pair in _hidden(term, cells, box) if pair[0].has(*coarsest)]
    floor = max(NEGLIGIBLE_VARIATION * max((cells.range for _, cells in sampled), default=0.0), negligible)
    return [
        _scale(term, v, cells.copy(), coarsest[v], finest[v], max(BEND_FRACTION * cells.range, floor))
        for term, cells in sampled
        for v in sorted(term.free_symbols & coarsest.keys(), key=str)
    ]


def _hidden(
    term: sympy.Expr, whole: _Cells, box: Mapping[sympy.Symbol, tuple[float, float]]
) -> list[tuple[sympy.Expr, _Cells]]:
    """The summands inside of the functions of `term` that the range of the term does not tell of."""
    hidden = []
    for slope, summand in summands_inside(term):
        hull = enclose(slope, {v: Interval(np.array(low), np.array(high)) for v, (low, high) in box.items()})
        steepest = max(abs(float(hull.low)), abs(float(hull.high)))
        inside = (steepest if isfinite(steepest) else UNKNOWN_SLOPE) * summand
        if inside.free_symbols:  # where the slope is 0 there is nothing to be hidden
            cells = _Cells.over(inside, box)
            if cells.range < HIDDEN_BELOW * whole.range:
                hidden.append((inside, cells))
    return hidden


def _scale(term: sympy.Expr, v: sympy.Symbol, cells: _Cells, coarsest: float, finest: float, allowed: float) -> Scale:
    """The spacing within which `term` bends by `allowed` at most."""
    row, slope = cells.variables.index(v), derivative(term, v)
    bend = derivative(slope, v)

    def scale(spacing: float, at: float, *, resolved: bool) -> Scale:
        whole = cells.copy()
        return Scale(
            term, v, spacing, at, cells.size, resolved, lambda: whole.copy().supremum(slope, lambda taken: 2 * taken)[1]
        )

    quadratic = not bend.has(v)  # three points determine it
    if quadratic or cells.size <= allowed * (1 + NEGLIGIBLE_VARIATION) < np.inf:
        return scale(coarsest, float(cells.low[row, 0]), resolved=True)

    def spacing(largest: float) -> float:
        """The longest of coarsest, coarsest/2, ... that is short enough for such a second derivative."""
        wanted = sqrt(allowed / largest) if largest > 0 else coarsest
        halvings = ceil(log2(coarsest / max(wanted, 1e-300))) if wanted < coarsest else 0
        return coarsest / 2.0 ** min(halvings, 900)

    def enough(taken: float) -> float:
        """The upper bound at which to stop cutting; infinite where the spacing is below the finest one already."""
        d = spacing(SUPREMUM_FACTOR * taken)
        return allowed / d**2 if d >= finest else np.inf

    taken, bound, where = cells.supremum(bend, enough)
    needed = spacing(max(bound, taken) if enough(taken) < np.inf else taken)
    if not isfinite(cells.range) or not isfinite(taken) or needed < finest:
        needed = sqrt(allowed / taken) if isfinite(allowed) and 0 < taken < np.inf else finest
        return scale(min(needed, finest), float(where[row]), resolved=False)
    return scale(needed, float(where[row]), resolved=True)


@dataclass
class _Cells:
    """Cells of a box, ends of shape (variables, cells), fine enough to bound the range of a term."""

    variables: tuple[sympy.Symbol, ...]
    low: np.ndarray
    high: np.ndarray
    range: float = 0.0
    size: float = 0.0

    @staticmethod
    def over(term: sympy.Expr, box: Mapping[sympy.Symbol, tuple[float, float]]) -> _Cells:
        free = tuple(sorted(term.free_symbols, key=str))
        edges = [np.linspace(*box[v], FIRST_CELLS.get(len(free), 3) + 1) for v in free]
        low, high = (
            np.array(np.meshgrid(*(e[part] for e in edges), indexing="ij")).reshape(len(free), -1)
            for part in (slice(None, -1), slice(1, None))
        )
        cells = _Cells(free, low, high)
        cells._measure(term)
        return cells

    def copy(self) -> _Cells:
        return _Cells(self.variables, self.low, self.high, self.range, self.size)

    def _measure(self, term: sympy.Expr) -> None:
        """The range of the term, to a factor of two."""
        least, most = np.inf, -np.inf
        bounds, new = self._bounds(term, self.low, self.high), np.arange(self.low.shape[1])
        while True:
            seen = self._values(term, self._points(new))
            least, most = min(least, float(seen.min())), max(most, float(seen.max()))
            self.range, self.size = most - least, float(bounds.high.max() - bounds.low.min())
            if not isfinite(self.range):
                return
            beyond = np.maximum(bounds.high - most, least - bounds.low)
            wide = np.flatnonzero(beyond > max(self.range / 2, NEGLIGIBLE_VARIATION * max(abs(least), abs(most))))
            if not self._may_cut(wide):
                return
            bounds, new = self._cut(term, wide, bounds)

    def supremum(self, g: sympy.Expr, enough: Callable[[float], float]) -> tuple[float, float, np.ndarray]:
        """A value that |g| takes, an upper bound of |g|, and the point of the largest value seen.

        Cells are cut while the bound is above enough(the value), and there are not too many.
        """
        bounds, new = self._bounds(g, self.low, self.high), np.arange(self.low.shape[1])
        taken, place = 0.0, None
        while True:
            largest = bounds.largest()
            top = int(largest.argmax())
            if largest[top] > enough(taken):  # else the values are not needed
                points = self._points(new)
                seen = np.abs(self._values(g, points))
                if not seen.max() <= taken:
                    taken, place = float(seen.max()), points[:, seen.argmax()]
            wide = np.flatnonzero(largest > enough(taken))
            if not self._may_cut(wide):
                middle = (self.low[:, top] + self.high[:, top]) / 2
                return taken, float(largest[top]), middle if place is None else place
            bounds, new = self._cut(g, wide, bounds)

    def _may_cut(self, wide: np.ndarray) -> bool:
        """Whether there are cells `wide`, not too many, and wide enough to be halved in double precision."""
        low, high = self.low[:, wide], self.high[:, wide]
        thin = (high - low <= 1e-15 * np.maximum(np.abs(low), np.abs(high))).all(axis=0)
        return wide.size > 0 and self.low.shape[1] + wide.size <= MAX_CELLS and not bool(thin.any())

    def _bounds(self, g: sympy.Expr, low: np.ndarray, high: np.ndarray) -> Interval:
        return enclose(g, {v: Interval(a, b) for v, a, b in zip(self.variables, low, high, strict=True)})

    def _points(self, cells: np.ndarray) -> np.ndarray:
        """The middle and two corners of the cells."""
        low, high = self.low[:, cells], self.high[:, cells]
        return np.concatenate([(low + high) / 2, low, high], axis=1)

    def _values(self, g: sympy.Expr, points: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            values = evaluate(g, dict(zip(self.variables, points, strict=True)), np)
        return np.asarray(values + np.zeros(points.shape[1]))

    def _cut(self, g: sympy.Expr, wide: np.ndarray, bounds: Interval) -> tuple[Interval, np.ndarray]:
        """Cut the cells `wide` in two, each along the variable that narrows g most: the bounds, and which are new."""
        low, high = self.low[:, wide], self.high[:, wide]
        choices = []
        for i in (i for i, v in enumerate(self.variables) if len(self.variables) == 1 or g.has(v)):
            left, right = low.copy(), high.copy()
            left[i] = right[i] = (low[i] + high[i]) / 2
            ends = np.concatenate([low, left], axis=1), np.concatenate([right, high], axis=1)
            choices.append((*ends, self._bounds(g, *ends)))
        lows, highs = np.stack([c[0] for c in choices]), np.stack([c[1] for c in choices])
        below, above = (np.stack([getattr(c[2], end) for c in choices]) for end in ("low", "high"))
        widths = (above - below).reshape(len(choices), 2, -1)
        total = np.where(np.isfinite(widths), widths, 1e300).sum(axis=1)
        best = np.tile(total.argmin(axis=0), 2) if len(choices) > 1 else np.zeros(2 * wide.size, dtype=int)
        each = np.arange(2 * wide.size)
        old = (self.low, self.high, bounds.low, bounds.high)
        halves = (lows[best, :, each].T, highs[best, :, each].T, below[best, each], above[best, each])
        count = self.low.shape[1]
        self.low, self.high, lower, upper = (_placed(a, b, wide) for a, b in zip(old, halves, strict=True))
        return Interval(lower, upper), np.concatenate([wide, np.arange(count, count + wide.size)])


def _placed(old: np.ndarray, halves: np.ndarray, wide: np.ndarray) -> np.ndarray:
    """`old` with the first halves of the cells `wide` in their places, and the second halves at the end."""
    kept = old.copy()
    kept[..., wide] = halves[..., : wide.size]
    return np.concatenate([kept, halves[..., wide.size :]], axis=-1)
