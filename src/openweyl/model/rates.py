"""The rates of jumps that depend on the time are >= 0 at all times of a run."""

from __future__ import annotations

import numpy as np
import sympy

from openweyl._core.arguments import fail
from openweyl.symbolic.breakpoints import pieces_of
from openweyl.symbolic.expressions import TIME, evaluate
from openweyl.symbolic.time_variation import TimeVariation

from .system import System
from .timed_factor import split

SAMPLES_PER_CELL = np.linspace(0.0, 1.0, 9)
"""Where in an interval that resolves a rate its sign is looked at."""
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
    cells = [np.array([begin, end]), *TimeVariation(rate, {}, end, begin).cells]
    edges = np.unique(np.concatenate(cells))
    times = (edges[:-1, None] + np.diff(edges)[:, None] * SAMPLES_PER_CELL).ravel()
    values = np.asarray(evaluate(rate, {TIME: times}, np)) + np.zeros(len(times))
    least = int(np.argmin(values))
    if values[least] < -ROUND_OFF * np.abs(values).max():
        what = "be >= 0 at all times of the run"
        raise fail("rate", what, f"{values[least]:.3g} at t = {times[least]:.6g}", f"It is {rate}.")
