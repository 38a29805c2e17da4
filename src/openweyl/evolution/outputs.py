"""The symbol at times that were asked for, those between the ends of segments among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from openweyl.weyl.symbol import Symbol

from .runs import Runs, Segment

Watch: TypeAlias = Callable[[float, Symbol], None]
"""Called with the time reached and the symbol there."""

OUTPUT_SHARE = 0.05
"""The part of the tolerance that the own steps to an output between the ends of a segment may cost."""
MAX_OUTPUT_STEPS = 64
"""Steps to such an output at which its error, which is reported, is taken as it is."""


@dataclass(frozen=True)
class Output:
    """The symbol at a time that was asked for, and the errors up to it."""

    symbol: Symbol
    step_error: float
    grid_error: float


Look: TypeAlias = Callable[[float, Output], None]
"""Called with the time reached, and the symbol there with its errors: what a solver is watched by, inside."""
After: TypeAlias = Callable[[list[Output]], None]
"""Called where a run may be written down, with the outputs so far."""


def outputs_between(
    runs: Runs, segment: Segment, times: Sequence[float], grid_error: float, error_before: float = 0.0
) -> list[Output]:
    """The symbols at `times` within a segment, each by steps of its own from the one before.

    `error_before`: what the runs no longer show.
    """
    now, error, t = runs.extrapolation.best(segment.start), error_before + runs.last_error.value, segment.begin
    outputs = []
    for time in times:
        now, own = _carried(runs, now, t, time)
        t, error = time, error + own
        outputs.append(Output(runs.symbol_of(now, time), error, grid_error))
    return outputs


def _carried(runs: Runs, start: np.ndarray, t: float, time: float) -> tuple[np.ndarray, float]:
    """The symbol at `time` from that at t, and the error of these steps.

    Solutions with one step, two, four, ..., extrapolated, until the error of that is small enough.
    """
    solutions: list[np.ndarray] = []
    steps = 1
    while True:
        solutions.insert(0, runs.output_steppers.get((time - t) / steps).run(start.copy(), steps, t))
        if len(solutions) > 1:
            error = runs.extrapolation.error(solutions, runs.norm).value
            if error <= OUTPUT_SHARE * runs.tol or steps >= MAX_OUTPUT_STEPS:
                return runs.extrapolation.best(solutions), error
        steps *= 2
