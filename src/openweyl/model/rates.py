"""The rates of jumps that depend on the time are >= 0 at all times of a run."""

from __future__ import annotations

import numpy as np
import sympy

from openweyl._core.arguments import fail
from openweyl.symbolic.breakpoints import pieces_of
from openweyl.symbolic.expressions import TIME, enclose, evaluate
from openweyl.symbolic.intervals import Interval
from openweyl.symbolic.sampled import knots_of
from openweyl.symbolic.time_variation import TimeVariation

from .system import System
from .timed_factor import split

MAX_CELLS = 400_000
"""The most cells of time that are looked at, in half a second: a rate that touches 0 may have this many near it."""
ROUND_OFF = 1e-12
"""The part of its size by which a rate may be negative: it touches 0."""


def check_rates(system: System, end: float) -> None:
    """Raise InputError unless what square roots in jumps are taken of is >= 0 at all times of a run to `end`."""
    for jump in system.jumps:
        factor = split(jump)[0]
        roots = {part.base for part in factor.atoms(sympy.Pow) if not part.exp.is_Integer and part.base.has(TIME)}
        for rate in sorted(roots, key=str):
            for begin, stop, (smooth,) in pieces_of((rate,), end) if end else ():
                _check_sign(smooth, begin, stop)


def _check_sign(rate: sympy.Expr, begin: float, end: float) -> None:
    """Look at cells of time whose enclosures allow a negative rate: halved until these do not, or the rate is seen."""
    edges = [np.array([begin, end]), *TimeVariation(rate, {}, end, begin).cells, knots_of([rate], end)]
    times = np.unique(np.concatenate(edges))
    times = times[(times >= begin) & (times <= end)]
    low, high, looked_at, size = times[:-1], times[1:], 0, 0.0
    while low.size and looked_at < MAX_CELLS:
        looked_at += low.size
        seen = np.concatenate([low, (low + high) / 2, high])
        values = np.asarray(evaluate(rate, {TIME: seen}, np)) + np.zeros(len(seen))
        size, least = max(size, float(np.abs(values).max())), int(np.argmin(values))
        if values[least] < -ROUND_OFF * size:
            what = "be >= 0 at all times of the run"
            raise fail("rate", what, f"{values[least]:.3g} at t = {seen[least]:.6g}", f"It is {rate}.")
        left = enclose(rate, {TIME: Interval(low, high)}).low < -ROUND_OFF * size
        low, high = low[left], high[left]
        middle = (low + high) / 2
        low, high = np.concatenate([low, middle]), np.concatenate([middle, high])
