"""The times at which a formula is not smooth, and the smooth function that it is between them.

Between two sign changes of its g, |g| is g or -g, and theta(g) is 1 or 0: a branch. The changes are found by interval
arithmetic: cells of time in which the enclosure of g has no 0 hold none; those in which that of dg/dt has none hold at
most one, which is bisected; all others are halved. So none is missed, and one too many does no harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import sympy

from openweyl._core.arguments import ResourceError

from .derivatives import derivative
from .expressions import TIME, enclose, evaluate
from .intervals import Interval
from .sampled import knots_of
from .switches import SWITCHES, outermost

FIRST_CELLS = 64
"""Cells of time to begin with: so few cost hardly more than one."""
MAX_CELLS = 200_000
"""The most cells of time that are looked at for one function: half a second's work."""
MAX_BREAKPOINTS = 20_000
"""The most times at which runs have to land: more take hours."""
BISECTIONS = 80
"""Halvings after which the ends of a cell are neighbours in double precision."""
BREAKPOINT_ROUNDING = 2.0**-50
"""The relative error of a breakpoint: a few roundings of the time, and of the function that vanishes there."""


@lru_cache(maxsize=256)
def breakpoints(formulas: tuple[sympy.Expr, ...], end: float) -> tuple[float, ...]:
    """The times within (0, end) at which one of `formulas` may have a corner or a jump, increasing.

    Raises ResourceError where there are too many, or where a function of the time touches 0 instead of crossing it,
    InputError where a function is not known up to `end`.
    """
    found = np.unique(np.concatenate([knots_of(formulas, end), *(_edges(f, 0.0, end) for f in formulas)]))
    times = tuple(found[(found > 0) & (found < end)].tolist())
    if len(times) > MAX_BREAKPOINTS:
        raise ResourceError(
            f"The formulas have {len(times)} corners and jumps up to t = {end:g}, and at most {MAX_BREAKPOINTS} can be "
            "met: shorten `times`, or write slower ones.",
            kind="time",
        )
    return times


def branch(f: sympy.Expr, t: float) -> sympy.Expr:
    """The smooth function that `f` is around the time t, which is none of its breakpoints."""
    chosen = {}
    for switch in outermost(f):
        inner = branch(switch.args[0], t)
        positive = _value(inner, t) > 0
        if isinstance(switch, sympy.Abs):
            chosen[switch] = inner if positive else -inner
        else:
            chosen[switch] = sympy.Integer(int(positive))
    return f.xreplace(chosen) if chosen else f


def _value(g: sympy.Expr, t: float) -> float:
    return float(np.asarray(evaluate(g, {TIME: np.array([t])}, np)).ravel()[0])


def _edges(f: sympy.Expr, begin: float, end: float) -> np.ndarray:
    """begin, end, and between them all times at which `f` may change its branch."""
    edges = np.array([begin, end])
    for switch in outermost(f):
        g = switch.args[0]
        inner = _edges(g, begin, end) if g.has(*SWITCHES) else edges[[0, -1]]
        changes = [_sign_changes(branch(g, (a + b) / 2), a, b) for a, b in pairwise(inner.tolist())]
        edges = np.unique(np.concatenate([edges, inner, *changes]))
    return edges


def _sign_changes(g: sympy.Expr, begin: float, end: float) -> np.ndarray:
    """The times within [begin, end] at which the smooth `g` may change its sign."""
    if not g.has(TIME):
        return np.array([])
    slope = derivative(g, TIME)
    edges = np.linspace(begin, end, FIRST_CELLS + 1)
    low, high = edges[:-1], edges[1:]
    found, looked_at = [], 0
    while low.size:
        looked_at += low.size
        if looked_at > MAX_CELLS:
            raise ResourceError(
                f"The times at which {g} changes its sign are too many, or it touches 0 near t = {low[0]:.6g}: shorten "
                "`times`, or write a function that crosses 0.",
                kind="time",
            )
        cells = {TIME: Interval(low, high)}
        hull = enclose(g, cells)
        vanishes = (hull.low <= 0) & (hull.high >= 0)
        rate = enclose(slope, cells)
        monotone = (rate.low > 0) | (rate.high < 0)
        middle = (low + high) / 2
        thin = (middle <= low) | (middle >= high)
        once = vanishes & (monotone | thin)
        found.append(_crossings(g, low[once], high[once]))
        left = vanishes & ~once
        low, high = np.concatenate([low[left], middle[left]]), np.concatenate([middle[left], high[left]])
    return np.concatenate(found)


def _crossings(g: sympy.Expr, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Where `g`, which vanishes at most once in each cell, changes its sign; ends at which it may vanish, too."""
    ends = [enclose(g, {TIME: Interval(t, t)}) for t in (low, high)]
    at_end = [(hull.low <= 0) & (hull.high >= 0) for hull in ends]
    crosses = ((ends[0].high < 0) & (ends[1].low > 0)) | ((ends[0].low > 0) & (ends[1].high < 0))
    a, b = low[crosses], high[crosses]
    rising = ends[0].high[crosses] < 0
    for _ in range(BISECTIONS):
        middle = (a + b) / 2
        with np.errstate(all="ignore"):
            below = (evaluate(g, {TIME: middle}, np) < 0) == rising
        a, b = np.where(below, middle, a), np.where(below, b, middle)
    return np.concatenate([low[at_end[0]], high[at_end[1]], (a + b) / 2])


def pieces_of(formulas: Sequence[sympy.Expr], end: float) -> list[tuple[float, float, tuple[sympy.Expr, ...]]]:
    """(begin, end, smooth formulas) one after another from 0 to `end`, as long as each may be."""
    pieces: list[tuple[float, float, tuple[sympy.Expr, ...]]] = []
    edges = (0.0, *breakpoints(tuple(formulas), end), end)
    for start, stop in pairwise(edges):
        smooth = tuple(branch(f, (start + stop) / 2) for f in formulas)
        same = pieces and pieces[-1][2] == smooth
        pieces.append((pieces.pop()[0] if same else start, stop, smooth))
    return pieces
