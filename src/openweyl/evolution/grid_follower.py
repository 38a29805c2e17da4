"""The grid of the runs: made to hold what a segment carries, enlarged where content was lost, and cut to measure."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np

from openweyl.phase_space.grid import Axis, PhaseGrid
from openweyl.phase_space.profiles import Profile, edge_loss
from openweyl.phase_space.support import RequiredBox, covering, next_axes

from .displacement import Content, needs_along_flow, needs_of_islands
from .grid_control import GridPolicy, check_memory, correction_round_off, moved_by
from .resolution import Resolution
from .runs import Runs
from .step_control import StepPlan
from .witness import Velocities


class GridFollower:
    """Moves the runs to other grids, and counts what is lost at their edges.

    lost: the trace norm of what has been lost so far; memory: bytes that a run may use.
    """

    def __init__(
        self, runs: Runs, velocities: Velocities, resolution: Resolution, policy: GridPolicy, *, horizon: float,
        memory: float, lost: float,
    ) -> None:  # fmt: skip
        self.runs, self.velocities, self.resolution, self.policy = runs, velocities, resolution, policy
        self.horizon, self.memory, self.lost = horizon, memory, lost
        self.round_off = correction_round_off(runs.equation.order)
        self.regrids = 0
        self.largest = runs.grid
        self.needs: list[RequiredBox] = []

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The axes of the present grid, x then xi."""
        return self.runs.grid.x + self.runs.grid.xi

    @property
    def error(self) -> float:
        """What was lost at the edges, and what terms that are not resolved may change."""
        return self.lost + self.resolution.error

    def allowed(self, duration: float) -> float:
        """What a segment of this duration may lose at the edges."""
        return self.policy.allowed(self.runs.tol, duration / self.horizon, self.lost, self.round_off)

    def content_level(self, allowed: float, step_error: float) -> float:
        """What counts as content where a segment may lose so much."""
        return self.policy.content_level(allowed, step_error, self.round_off)

    def support(self, step_error: float) -> list[RequiredBox]:
        """What the symbol needs now, by the level of a segment that takes no time."""
        return self.runs.support(self.content_level(self.allowed(0.0), step_error))

    # ------------------------------------------------------------------ before a segment

    def make_room(self, plan: StepPlan, t: float, step_error: float) -> float | None:
        """Go to a grid that holds what a segment carries; if none does, by which part of its support that moves."""
        far, block = inf, self.runs.extrapolation.block
        for _ in range(self.policy.rounds):
            allowed = self.allowed(plan.duration)
            level = self.content_level(allowed, step_error)
            ahead, far = self.needs_ahead(t, plan.duration, block * plan.dt, allowed, level)
            if all(map(RequiredBox.within, ahead, self.axes)):
                return None
            if far > self.policy.farthest:
                break
            self._regrid(self.policy.axes_ahead(self.axes, ahead), self.runs.values, t)
        return far

    def needs_ahead(
        self, t: float, tau: float, step: float, allowed: float, level: float
    ) -> tuple[list[RequiredBox], float]:
        """What the symbol needs during the next `tau`, and by which part of its support it moves or grows.

        step: the longest of all runs; allowed, level: what may be lost, and what counts as content.
        """
        runs, needs = self.runs, self.runs.support(level)
        content = Content.of(runs.first, runs.profiles)
        along = needs_along_flow(content, self.velocities, needs, t, tau, level)
        ahead = needs_of_islands(content, runs.generator, along, t, step, allowed)
        far = max(moved_by(need, new) for need, new in zip(needs, ahead, strict=True))
        return (self.resolution.finer(ahead) if far <= self.policy.farthest else ahead), far

    # ------------------------------------------------------------------ after a segment

    def losses(self, profiles: Sequence[Profile]) -> list[tuple[float, float, float]]:
        """What lies at the edges of each axis: left, right, and in wave numbers."""
        return [edge_loss(profile, axis) for profile, axis in zip(profiles, self.axes, strict=True)]

    def enlarge(
        self, start: Sequence[np.ndarray], losses: Sequence[tuple[float, float, float]], allowed: float, t: float
    ) -> None:
        """Back to the values `start`, on a grid that is larger wherever content came near an edge."""
        wanted = self.resolution.finer(self.policy.enlarged(self.axes, losses, allowed))
        self._regrid([covering(axis, box, room=0.0) for axis, box in zip(self.axes, wanted, strict=True)], start, t)

    def follow(self, level: float, t: float) -> None:
        """Another grid, if the present one is, or is about to become, too small, or is much too large."""
        needs, before = self.runs.support(level), self.needs
        self.needs = needs
        ahead = [need.moved_on(old) for need, old in zip(needs, before, strict=True)] if before else needs
        wanted = next_axes(self.axes, self.resolution.finer(ahead))
        if wanted is not None:
            self._regrid(wanted, self.runs.values, t)

    def _regrid(self, axes: Sequence[Axis], values: Sequence[np.ndarray], t: float) -> None:
        """Go on from `values` on a grid of these axes. Raises ResourceError if it takes too much memory."""
        runs, n = self.runs, self.runs.grid.n
        grid = PhaseGrid(tuple(axes[:n]), tuple(axes[n:]), runs.grid.h)
        check_memory(runs.system, grid, runs.equation.order, runs.tol, self.memory, t)
        runs.move_to(grid, values)
        self.regrids += 1
        self.largest = max(self.largest, grid, key=lambda grid: grid.size)
