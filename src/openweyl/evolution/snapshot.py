"""A run on a grid between two segments, as numbers and arrays: what it is made anew from, in any process."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from .checkpoint import RENEW_EVERY, Part
from .error_estimate import ErrorEstimate
from .facts import grid_facts, grid_from, output_facts, output_from
from .grid_control import Growth
from .loop import AdaptiveIntegrator
from .moving_frame import Path
from .outputs import Output
from .resolution import Resolution
from .surroundings import Surroundings

METHOD = "grid"
FEWEST_SEGMENTS = 4
"""Segments between two places where a run may be written: making anew costs as much as some steps."""
NUMBERS = (
    "t", "dt", "carried_dt", "segment_steps", "step_error", "error_before", "steps", "rollbacks", "segments_unasked",
    "start_trace",
)  # fmt: skip
"""What is plain in the loop; its seconds for each point are this machine's."""


class GridKeeper:
    """Makes a run anew where its work says so, and writes it to its part of a checkpoint when it is time."""

    def __init__(self, part: Part, run: AdaptiveIntegrator) -> None:
        self.part, self.run = part, run
        self.outputs: list[Output] = []
        found = part.take(METHOD)
        if found:
            restore(run, found["run"])
            run.pace.history = deque([(0.0, run.t)])
            self.outputs = [output_from(one) for one in found["outputs"]]
        self.used, self.segments = run.race.used, run.race.segments

    def __call__(self, outputs: list[Output]) -> None:
        """After a segment, which may have been taken back: then nothing has been counted since the last call."""
        race = self.run.race
        if race.used - self.used < RENEW_EVERY or race.segments - self.segments < FEWEST_SEGMENTS:
            return
        self.used, self.segments = race.used, race.segments
        state = state_of(self.run)
        if self.part.due:
            self.part.keep(METHOD, {"run": state, "outputs": [output_facts(one) for one in outputs]})
        restore(self.run, state)


def state_of(run: AdaptiveIntegrator) -> dict[str, Any]:
    """All that a run goes on from, between two segments."""
    runs, grids = run.runs, run.grids
    last = runs.last_error
    return {
        "numbers": {name: getattr(run, name) for name in NUMBERS},
        "pieces_left": len(run.pieces_left),
        "values": [np.ascontiguousarray(w) for w in runs.values],
        "box": grid_facts(runs.box),
        "frame": None if runs.frame is None else {"origin": runs.frame.origin, "start": runs.frame.start},
        "last_error": [last.last, last.factor, last.gain],
        "race": [run.race.rival, run.race.used, run.race.segments],
        "lost": grids.lost,
        "regrids": grids.regrids,
        "largest": grid_facts(grids.largest),
        "growth": [[one.left, one.right, one.reach] for one in grids.growth],
        "may_move": grids.may_move,
        "neglected": [[[*key, effect] for key, effect in one.neglected.items()] for one in _resolutions(run)],
    }


def restore(run: AdaptiveIntegrator, state: dict[str, Any]) -> None:
    """Make a run of the same call anew from this state: all that it keeps beside it is made as it is asked for."""
    runs, grids = run.runs, run.grids
    for name, value in state["numbers"].items():
        setattr(run, name, value)
    piece = run.around.piece
    while len(run.pieces_left) > state["pieces_left"]:
        piece = run.pieces_left.pop(0)
    run.around = Surroundings.of(piece, runs.equation, run.horizon, run.tol)
    frame = state["frame"]
    path = Path(run.around.velocities, frame["origin"], frame["start"], run.horizon, piece) if frame else None
    runs.begin_at(run.t, piece.system, grid_from(state["box"]), path, [w.copy() for w in state["values"]])
    runs.last_error = ErrorEstimate(*state["last_error"])
    run.means = run.around.witness.look(runs.first, run.t)
    run.race.rival, run.race.used, run.race.segments = state["race"]
    grids.begin_with(run.around, may_move=state["may_move"])
    grids.lost, grids.regrids, grids.largest = state["lost"], state["regrids"], grid_from(state["largest"])
    grids.growth = [Growth(*one) for one in state["growth"]]
    for resolution, rows in zip(_resolutions(run), state["neglected"], strict=True):
        resolution.neglected = {(term, jump): effect for term, jump, effect in rows}


def _resolutions(run: AdaptiveIntegrator) -> tuple[Resolution, ...]:
    return run.grids.resolution, run.grids.strides.kicks, run.grids.strides.passing
