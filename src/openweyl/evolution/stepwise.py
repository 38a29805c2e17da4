"""Evolutions by steps: the first grid, the time loop on it, and what it leaves as a solution."""

from __future__ import annotations

import time
from math import inf

from openweyl._core.arguments import ResourceError
from openweyl._core.progress import Progress
from openweyl.model.escape import escapes
from openweyl.model.pieces import pieces
from openweyl.model.states import State
from openweyl.model.system import System

from .checkpoint import Part
from .equation import equation
from .grid_control import EDGES, GridPolicy
from .loop import AdaptiveIntegrator
from .numerics import Numerics
from .outputs import Look
from .run_memory import check_memory
from .schemes import scheme_in_words
from .snapshot import GridKeeper
from .solution import Solution

FIRST_GRID_ROOM = 0.08
"""The part of the state's own interval that the first grid leaves free on each side: room for the first segments, of
which not much is known yet."""
SHORTEST_HORIZON = 1e-300
"""In place of 0, where the state itself is all that is asked for."""


def stepwise(
    system: System, state: State, times: tuple[float, ...], *, kind: str, order: int, tol: float, memory: float,
    time_limit: float, progress: Progress | None, look: Look | None, watch_every: float, rival: float = inf,
    part: Part | None = None,
) -> Solution:  # fmt: skip
    """The solution of either equation, as `evolve` returns it.

    Raises ResourceError where a grid passes the memory limit, a run the time limit, or a step double precision;
    SlowerError where the run would take longer than `rival` seconds. part: of a checkpoint, to write to and go on from.
    """
    started = time.perf_counter()
    level = GridPolicy.of(system.n).first_level * tol
    grid = state.grid(system.h, level=level, room=FIRST_GRID_ROOM)
    horizon = max(times[-1], SHORTEST_HORIZON)
    smooth = pieces(system, horizon)
    check_memory(smooth[0].system, grid, order, tol, memory, 0.0)
    solved = equation(quantum=kind == "quantum", order=order)
    run = AdaptiveIntegrator(
        smooth, solved, grid, solved.start(state.symbol(grid).values), tol=tol, horizon=horizon, memory=memory,
        time_limit=time_limit, grid_error=2 * system.n * EDGES * level + state.lost, progress=progress, look=look,
        watch_every=watch_every, rival=rival,
    )  # fmt: skip
    keeper = GridKeeper(part, run) if part else None
    try:
        outputs = run.outputs(times, keeper.outputs, keeper) if keeper else run.outputs(times)
    except ResourceError as error:  # it may be the system that asks for ever more
        message = f"{run.around.resolution.reason()}{error} {escapes(system)}".rstrip()
        raise ResourceError(message, kind=error.kind) from None
    return Solution(
        system=system,
        kind=kind,
        order=order,
        times=times,
        symbols=tuple(output.symbol for output in outputs),
        numerics=Numerics(
            scheme=scheme_in_words(run.runs.generator, run.runs.scheme) if run.steps else "none",
            steps=run.steps,
            largest_grid=run.grids.largest,
            regrids=run.grids.regrids,
            rollbacks=run.rollbacks,
            step_error=tuple(output.step_error for output in outputs),
            grid_error=tuple(output.grid_error for output in outputs),
            seconds=time.perf_counter() - started,
        ),
        tol=tol,
    )
