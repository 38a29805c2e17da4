"""Whether a run goes in Fock space or on a grid: by which of the two is forecast to be faster.

A run with a short forecast in Fock space goes there at once. Any other begins on a grid, and changes to Fock space if
the grid turns out to be slower. Forecasts count work instead of time: the choice is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf

from openweyl._core.arguments import ResourceError
from openweyl._core.progress import Progress
from openweyl.model.states import State
from openweyl.model.system import System

from .checkpoint import Part
from .in_fock_space import METHOD as FOCK
from .in_fock_space import FockPlan, GaveUpError, fock_plan, in_fock_space
from .outputs import Look
from .race import SlowerError
from .snapshot import METHOD as GRID
from .solution import Solution
from .stepwise import stepwise

LEAD = 2.0
"""The factor by which a run on a grid must be forecast to be slower to be left: forecasts are no better than that."""


def by_steps(
    system: System, state: State, times: tuple[float, ...], *, kind: str, order: int, tol: float, memory: float,
    time_limit: float, progress: Progress | None, look: Look | None, watch_every: float, part: Part | None = None,
) -> Solution:  # fmt: skip
    """The solution, as `evolve` returns it. Raises ResourceError as `stepwise` does, if Fock space is no way either."""
    progress = _forward(progress)

    def on_grid(rival: float = inf) -> Solution:
        return stepwise(
            system, state, times, kind=kind, order=order, tol=tol, memory=memory, time_limit=time_limit,
            progress=progress, look=look, watch_every=watch_every, rival=rival, part=part,
        )  # fmt: skip

    def in_levels(plan: FockPlan) -> Solution:
        return in_fock_space(
            plan, system, state, times, tol=tol, memory=memory, time_limit=time_limit, progress=progress, look=look,
            watch_every=watch_every, part=part,
        )  # fmt: skip

    plan = fock_plan(system, state, times[-1]) if kind == "quantum" else None
    if plan is None:
        return on_grid()
    begun = part.method if part else None
    if begun == GRID:  # a checkpoint is written long after it was decided
        return on_grid()
    if plan.at_once or begun == FOCK:
        try:
            return in_levels(plan)
        except GaveUpError as error:
            plan = plan.with_seconds(error.seconds)
    try:
        return on_grid(rival=LEAD * plan.seconds)
    except SlowerError:
        return _first_of(partial(in_levels, plan), on_grid)
    except ResourceError:
        if plan.seconds == inf:
            raise
        try:
            return in_levels(plan)
        except GaveUpError:
            pass
        raise


def _first_of(first: Callable[[], Solution], second: Callable[[], Solution]) -> Solution:
    try:
        return first()
    except GaveUpError:
        return second()


def _forward(progress: Progress | None) -> Progress | None:
    """Progress that never goes back, where one method is left for another."""
    if progress is None:
        return None
    furthest = 0.0

    def report(t: float, horizon: float, words: str) -> None:
        nonlocal furthest
        furthest = max(furthest, t)
        progress(furthest, horizon, words)

    return report
