"""The quantum evolution in a Fock basis: for polynomial symbols and few quanta."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import inf

from openweyl._core.progress import Progress
from openweyl.fock_space.forecast import SECONDS_PER_WORK, forecast_seconds
from openweyl.fock_space.initial import TooManyLevelsError
from openweyl.fock_space.reached import Reached
from openweyl.fock_space.run import FockRun, TooMuchWorkError
from openweyl.fock_space.scales import natural_scales
from openweyl.fock_space.snapshot import restore, state_of
from openweyl.fock_space.spans import Span, spans
from openweyl.fock_space.start import MAX_LEVELS, start_on_levels
from openweyl.fock_space.symbols import level_symbol
from openweyl.model.decomposition import decomposition
from openweyl.model.states import State
from openweyl.model.system import System

from .checkpoint import RENEW_EVERY, Part
from .facts import output_facts, output_from
from .numerics import Numerics
from .outputs import Look, Output
from .solution import Solution
from .step_control import TIE

METHOD = "Fock space"
"""What a checkpoint calls it."""
AT_ONCE = {1: 0.15, 2: 1.0}
"""Seconds, by n: a run that is forecast to take less in Fock space goes there without a try on a grid, which would take
about as long to begin."""
AT_ONCE_WITH_OPERATORS = 60.0
"""The same where a jump is applied on the grid by star products: that is 10 to 100 times slower than other jumps."""
PATIENCE, PATIENCE_WITH_OPERATORS = 6.0, 100.0
"""A run in Fock space is given up after so many times its forecast, without such jumps and with them: then its levels
grow without limit, or the populations decay slowly with the level, as in a quartic well."""
LEAST_PATIENCE = 0.3
"""A run is not given up before so many seconds, whatever its forecast was: no grid is much faster."""
START, SYMBOL = 0.2, 0.05
"""The parts of the tolerance for the levels of the initial state, and for what the grids of the symbols leave out."""


class GaveUpError(Exception):
    """A run that takes much longer than its forecast; `seconds`: a better one, infinite if its levels have no end."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(frozen=True)
class FockPlan:
    """A run in Fock space that could be done, in x/s and s xi, s the `scales`; the `seconds` it is forecast to take."""

    spans: tuple[Span, ...]
    scales: tuple[float, ...]
    seconds: float
    at_once: bool
    patience: float

    def with_seconds(self, seconds: float) -> FockPlan:
        """The plan with a better forecast."""
        return replace(self, seconds=seconds)


def fock_plan(system: System, state: State, horizon: float) -> FockPlan | None:
    """The plan of a run up to `horizon`; None if the symbols are no polynomials, or the state has too many levels."""
    if system.n not in AT_ONCE or horizon <= 0:
        return None
    plain = (1.0,) * system.n
    plans, given = [], spans(system, plain, horizon)
    if given is None:
        return None
    for scales in dict.fromkeys([plain, natural_scales(state, system.h)]):
        own = given if scales == plain else spans(system, scales, horizon)
        seconds = forecast_seconds(own, state, scales) if own else None
        if own and seconds:
            plans.append((seconds, scales, own))
    if not plans:
        return None
    seconds, scales, given = min(plans, key=lambda plan: plan[0])
    terms = decomposition(system)
    if terms.operator_jumps or terms.operator_terms:
        return FockPlan(given, scales, seconds, seconds <= AT_ONCE_WITH_OPERATORS, PATIENCE_WITH_OPERATORS)
    return FockPlan(given, scales, seconds, seconds <= AT_ONCE[system.n], PATIENCE)


def in_fock_space(
    plan: FockPlan, system: System, state: State, times: tuple[float, ...], *, tol: float, memory: float,
    time_limit: float, progress: Progress | None, look: Look | None, watch_every: float,
    part: Part | None = None,
) -> Solution:  # fmt: skip
    """The solution, as `evolve` returns it. Raises GaveUpError if it takes much longer than its forecast."""
    started = time.perf_counter()
    h, level = system.h, SYMBOL * tol

    def output_of(reached: Reached) -> Output:
        symbol = level_symbol(reached.matrix, reached.levels, h, level, plan.scales)
        return Output(symbol, reached.time_error, reached.level_error + level)

    outputs: list[Output] = []
    found = part.take(METHOD) if part else None
    most_work = min(max(plan.patience * plan.seconds, LEAST_PATIENCE), time_limit) / SECONDS_PER_WORK
    try:
        start = start_on_levels(plan.spans, state, START * tol, plan.scales)
        run = FockRun(plan.spans, start, tol, MAX_LEVELS, most_work, memory, watch_every / 2)
        seen = 0.0
        if found:
            restore(run, found["run"])
            seen, outputs = found["seen"], [output_from(one) for one in found["outputs"]]
        elif look and times[0] > 0:
            look(0.0, output_of(run.reached))
        pause = partial(_pause, part, lambda: seen, outputs) if part else None
        for reached in run.to(times[len(outputs) :], pause):
            saved = reached.t in times
            if saved or (look and reached.t - seen >= watch_every / 2 * (1 - TIE)):  # the next is less than that away
                output, seen = output_of(reached), reached.t
                if look:
                    look(reached.t, output)
                if saved:
                    outputs.append(output)
            if progress:
                progress(reached.t, times[-1], f"{_words(reached.levels)} levels")
    except TooManyLevelsError:
        raise GaveUpError(inf) from None
    except TooMuchWorkError as error:
        raise GaveUpError(error.work * SECONDS_PER_WORK) from None
    return Solution(
        system=system,
        kind="quantum",
        order=1,
        times=times,
        symbols=tuple(output.symbol for output in outputs),
        numerics=Numerics(
            scheme=f"Fock space, {_words(run.levels)} levels, by {'exponentials' if run.flows else 'Taylor series'}",
            steps=run.steps,
            largest_grid=max((output.symbol.grid for output in outputs), key=lambda grid: grid.size),
            regrids=run.changes,
            rollbacks=0,
            step_error=tuple(output.step_error for output in outputs),
            grid_error=tuple(output.grid_error for output in outputs),
            seconds=time.perf_counter() - started,
        ),
        tol=tol,
    )


def _pause(part: Part, seen: Callable[[], float], outputs: list[Output], run: FockRun) -> None:
    """Make a run anew where its work says so, and write it to its part of a checkpoint when it is time."""
    if (run.work - run.renewed) * SECONDS_PER_WORK < RENEW_EVERY:
        return
    state = state_of(run)
    if part.due:
        part.keep(METHOD, {"run": state, "seen": seen(), "outputs": [output_facts(one) for one in outputs]})
    restore(run, state)


def _words(levels: tuple[int, ...]) -> str:
    return " x ".join(map(str, levels))
