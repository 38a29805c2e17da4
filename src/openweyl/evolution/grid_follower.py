"""The grid of the runs: made for what a segment needs, moving along or not, and enlarged where content was lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from openweyl.generators.frames import may_move
from openweyl.phase_space.grid import Axis
from openweyl.phase_space.profiles import Profile, beyond_ends, content_beyond, edge_loss
from openweyl.phase_space.support import RequiredBox, covering

from .displacement import Carried, Content, needs_along_flow, needs_of_islands
from .grid_control import GridPolicy, Growth, correction_round_off, moved_by
from .moving_frame import Path, UnfollowedPathError
from .run_memory import check_memory
from .runs import Runs
from .step_control import StepPlan
from .strides import Strides
from .surroundings import Surroundings
from .witness import Means

CUT_FACTOR = 8.0
"""Trace norm over L1 norm of what a sharp cut in x or xi takes from a smooth symbol. Measured: 4.3 to 8.2 for coherent
and squeezed states cut at 2 to 5 widths, more the farther out; 1.4 to 5.6 for cats."""


class Foreseen(NamedTuple):
    """What the flow carries to from the time `began` on, of the content above `level`."""

    began: float
    level: float
    boxes: list[RequiredBox]


class GridFollower:
    """Moves the runs to other grids, and counts what is lost at their edges.

    lost: the trace norm of what has been lost so far; memory: bytes that a run may use.
    """

    def __init__(
        self, runs: Runs, around: Surroundings, policy: GridPolicy, *, horizon: float, memory: float, lost: float
    ) -> None:
        self.runs, self.policy = runs, policy
        self.horizon, self.memory, self.lost = horizon, memory, lost
        self.round_off = correction_round_off(runs.equation.order)
        self.regrids = 0
        self.largest = runs.grid
        self.growth = [Growth()] * (2 * runs.grid.n)
        self.foreseen: Foreseen | None = None
        self._take(around)
        self.enlarged = False
        """Whether the grid was made larger for a segment that is not done yet, by what was not foreseen."""

    def _take(self, around: Surroundings) -> None:
        system, self.piece = around.piece.system, around.piece
        self.velocities, self.resolution, self.may_move = around.velocities, around.resolution, may_move(system)
        self.strides = Strides.of(system, self.horizon, self.runs.tol, self.resolution.span)

    def enter(self, around: Surroundings) -> None:
        """Go on with the next piece of time; what has not been resolved before still counts."""
        neglected, strides = self.resolution.neglected, self.strides
        self._take(around)
        self.resolution.neglected = neglected
        self.strides.inherit(strides)

    def begin_with(self, around: Surroundings, *, may_move: bool) -> None:
        """Go on with what another process has left, with all else made anew."""
        self._take(around)
        self.may_move, self.foreseen, self.enlarged = may_move, None, False

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes of the present grid, x then xi."""
        return self.runs.grid.x + self.runs.grid.xi

    @property
    def error(self) -> float:
        """What was lost at the edges, and what terms that are not resolved may change."""
        strides = self.strides
        return self.lost + strides.kicks.error + sum((strides.passing.neglected | self.resolution.neglected).values())

    def allowed(self, duration: float) -> float:
        """What a segment of this duration may lose at the edges: at its end a little more than at its beginning.

        So a grid that was chosen before it passes the look after it. Scaled axes cut off more than what is seen there.
        """
        left = max(self.horizon - self.runs.t, duration)
        part_of_rest = duration / left if left and not self.runs.scaled else 0.0
        return self.policy.allowed(self.runs.tol, duration / self.horizon, self.lost, self.round_off, part_of_rest)

    def content_level(self, allowed: float, step_error: float) -> float:
        """What counts as content where a segment may lose so much."""
        return self.policy.content_level(allowed, step_error, self.round_off)

    def support(self, step_error: float) -> list[RequiredBox]:
        """What the symbol needs now, by the level of a segment that takes no time."""
        return self.runs.support(self.content_level(self.allowed(0.0), step_error), self.policy.waves)

    # ------------------------------------------------------------------ before a segment

    def choose_frame(self, means: Means, tau: float, step_error: float) -> None:
        """Move along with the centre of a symbol that a segment carries over much of its own width; else stay."""
        if not self.may_move or tau <= 0:
            return
        runs, policy = self.runs, self.policy
        widths = np.array([need.upper - need.lower for need in self.support(step_error)])
        moved = float((np.abs(means.velocity) * tau / widths).max())
        frame = runs.frame if moved >= policy.stay_below else None
        if frame is not None and (np.abs(means.mean - frame(runs.t)[0]) > policy.off_centre * widths).any():
            frame = None
        try:
            if frame is None and moved >= (policy.move_above if runs.frame is None else policy.stay_below):
                frame = Path(self.velocities, means.mean, runs.t, self.horizon, self.piece)
            if frame is not None:
                frame(runs.t + tau)
        except UnfollowedPathError:
            self.may_move, frame = False, None
        if frame is not runs.frame:
            runs.move_along(frame)

    def make_room(self, plan: StepPlan, t: float, step_error: float) -> float | None:
        """Go to a grid that holds what a segment carries, and little more; or by which part of its support that moves,
        if it is too far.
        """
        runs, policy = self.runs, self.policy
        allowed = self.allowed(plan.duration)
        level = self.content_level(allowed, step_error)
        needs = runs.support(level, self.policy.waves)
        carried = self.needs_ahead(needs, t, plan, allowed, level)
        far = max(moved_by(need, ahead) for need, ahead in zip(needs, carried.inside, strict=True))
        if far <= policy.farthest:  # else what is swept may be anywhere: formulas are not looked at there
            far = max(far, policy.farthest * self.strides.longest(runs, self.velocities, carried.swept, plan))
        if far > policy.farthest:
            return far
        wanted = policy.fitted(self.axes, self._finer(carried, plan.duration), may_shrink=not self.enlarged)
        if wanted is not None:
            self._regrid(wanted)
        self.foreseen = Foreseen(t, level, carried.inside)
        return None

    def needs_ahead(
        self, needs: Sequence[RequiredBox], t: float, plan: StepPlan, allowed: float, level: float
    ) -> Carried:
        """What the symbol needs during a segment. allowed, level: what may be lost, and what counts as content."""
        runs = self.runs
        content = Content.of(runs.first, runs.profiles)
        carried = needs_along_flow(content, self.velocities, needs, t, plan.duration, level, runs.frame)
        carried = carried.joined(needs_of_islands(content, runs.generator, needs, t, plan.duration, allowed))
        return carried.joined(self._scaled(carried.inside, plan)) if runs.scaled else carried

    def _scaled(self, boxes: Sequence[RequiredBox], plan: StepPlan) -> list[RequiredBox]:
        """Where half a step of the coarsest run scales boxes to, from which the rest of the step takes them back.

        Far from the origin that is far, and what comes to lie beyond the grid is cut off: samples are interpolated.
        """
        runs = self.runs
        half = runs.extrapolation.block * plan.dt / 2
        origin = np.zeros(len(boxes)) if runs.frame is None else runs.frame(runs.t)[0]
        ways = [
            np.expm1(abs(float(rate)) * half) * max(abs(box.lower - c), abs(box.upper - c)) if rate else 0.0
            for box, c, rate in zip(boxes, origin, runs.generator.scaling or (), strict=True)
        ]
        return [box.moved(-float(way), float(way), 0.0) for box, way in zip(boxes, ways, strict=True)]

    def _finer(self, carried: Carried, tau: float) -> list[RequiredBox]:
        """What a grid needs after a time, with what it grows by, and what formulas ask for where the symbol comes."""
        inside, swept = (
            [rate.grown(box, tau, self.policy.most_growth) for rate, box in zip(self.growth, part, strict=True)]
            for part in (carried.inside, carried.swept)
        )
        return [
            RequiredBox(box.lower + fine.lower - wide.lower, box.upper + fine.upper - wide.upper, fine.reach)
            for box, wide, fine in zip(inside, swept, self.resolution.finer(swept), strict=True)
        ]

    # ------------------------------------------------------------------ after a segment

    def losses(self) -> list[tuple[float, float, float]]:
        """What lies at the edges of each axis: left, right, and in wave numbers.

        In x and xi content counts as if it were cut off there, see CUT_FACTOR; with more degrees of freedom than one,
        where an edge is a point or two, what would lie beyond. For one that was tried with segments of eight steps: in
        these content comes and goes, and nearly all of what was lost was not reported.
        """
        losses = []
        for profile, axis in zip(self.runs.profiles, self.axes, strict=True):
            left, right, high = edge_loss(profile, axis)
            if self.runs.box.n > 1:
                left, right = beyond_ends(profile, axis)
            losses.append((CUT_FACTOR * left, CUT_FACTOR * right, high))
        return losses

    def count(self, lost: float, trace: float) -> None:
        """Count what a segment has lost at the edges; `trace`: by how much the trace has changed since the start.

        What was cut off between the looks, and is at no edge any more, is missing in the trace.
        """
        self.lost = max(self.lost + lost, CUT_FACTOR * abs(trace))

    def enlarge(self, losses: Sequence[tuple[float, float, float]], allowed: float) -> None:
        """Go to a grid that is larger wherever content came near an edge in a segment that is to be done again."""
        self.enlarged = True
        wanted = self.resolution.finer(self.policy.enlarged(self.axes, losses, allowed))
        self._regrid([covering(axis, box, room=0.0) for axis, box in zip(self.axes, wanted, strict=True)])

    def learn(self, t: float) -> None:
        """Compare what the symbol needs at the end of a segment with what was foreseen: the flow does not tell all."""
        self.enlarged = False
        if self.foreseen is None:
            return
        began, level, boxes = self.foreseen
        frame = self.runs.frame
        if frame is not None:  # drifts that are constant in time leave out what the path is off the field
            self.lost += float((frame.mismatch(t) * self.runs.reaches).sum() * (t - began))
            boxes = [box.moved(d, d, 0.0) for box, d in zip(boxes, frame(t)[0] - frame(began)[0], strict=True)]
        needs = self.runs.support(level, self.policy.waves)
        self.growth = [Growth.between(box, need, t - began) for box, need in zip(boxes, needs, strict=True)]

    def _regrid(self, axes: Sequence[Axis]) -> None:
        """Go on on a grid of these axes. Raises ResourceError if it takes too much memory."""
        runs = self.runs
        grid = runs.grid.with_axes(axes)
        self.lost += sum(map(self._cut_off, runs.profiles, self.axes, axes))
        check_memory(runs.system, grid, runs.equation.order, runs.tol, self.memory, runs.t)
        runs.move_to(grid)
        self.regrids += 1
        self.largest = max(self.largest, grid, key=lambda grid: grid.size)

    @staticmethod
    def _cut_off(profile: Profile, old: Axis, new: Axis) -> float:
        """What lies beyond the new axis, of what the old one holds."""
        left, right, high = content_beyond(profile, old, new)
        return CUT_FACTOR * (left + right) + high
