"""The time loop: the grid and the step are chosen, watched and corrected, so that only a tolerance is asked for.

Several runs go side by side, with steps dt, 2 dt, 4 dt, ... (`runs`); their extrapolation is what is returned, and
their differences estimate its error (`error_estimate`). They are chains of segments of a few steps. For each:

1. plan: the number of steps (`step_control`), coordinates that move along or stay (`moving_frame`), and a grid that
   holds what the flows will carry to (`displacement`), or a shorter segment;
2. step;
3. hold the error against the tolerance, and the means against their own equation (`witness`): go on, or back to the
   start of the segment with a smaller step;
4. look at all edges of the four representations: go on, or back to the start on a larger grid (`grid_control`);
5. commit, and hand out what lies between the ends of the segment (`outputs`): times of output do not shape the steps;
6. learn how the symbol has grown beyond what the flow told, and choose the next step.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from time import monotonic

import numpy as np

from openweyl._core.arguments import ResourceError
from openweyl._core.progress import Progress
from openweyl.model.pieces import Piece
from openweyl.phase_space.grid import PhaseGrid

from .equation import Equation
from .error_estimate import ErrorEstimate
from .grid_control import GridPolicy
from .grid_follower import GridFollower
from .outputs import After, Look, Output, outputs_between
from .pace import Pace, in_words
from .race import Race
from .runs import Runs, Segment
from .step_control import TIE, SegmentError, StepPlan, StepPolicy, landing
from .surroundings import Surroundings
from .witness import Means

ROUND_OFF = 2e-15
"""What is counted as round-off for each step of all runs: 1e-15 to 3e-15 were measured for each of the finest run."""
MIN_SECONDS_PER_POINT = 5e-8
"""Seconds for a step at one point that few machines beat: a forecast before anything was timed errs to this side."""
TYPICAL_STEP_RATIO = 0.5
"""The part of the step that the error asks for below which a driven run is slower than it will be after its pulse."""
MIN_SHOWN_SECONDS = 5.0
"""Seconds left from which on they are told: less has passed before it is read."""


class AdaptiveIntegrator:
    """The runs, the step, and what they have cost in accuracy so far.

    pieces: the system, piece by piece of the time up to the horizon, which is the last time; start: the values of the
    symbol at time 0 on `grid`; memory: bytes; time_limit: seconds; grid_error: what the first grid leaves out; rival:
    the seconds that another method would take.
    `dt` is the step that the error asks for; a segment may take a shorter one, to end at an output, to resolve a drive,
    or to carry nothing too far; `carried_dt` is what the flow has allowed lately.
    """

    def __init__(
        self, pieces: Sequence[Piece], equation: Equation, grid: PhaseGrid, start: np.ndarray, *, tol: float,
        horizon: float, memory: float, time_limit: float, grid_error: float = 0.0, progress: Progress | None = None,
        look: Look | None = None, watch_every: float = inf, policy: StepPolicy | None = None,
        grid_policy: GridPolicy | None = None, rival: float = inf,
    ) -> None:  # fmt: skip
        self.tol, self.horizon, self.policy = tol, horizon, policy or StepPolicy()
        self.progress, self.look, self.watch_every = progress, look, watch_every
        self.pace = Pace(horizon, time_limit)
        first, *self.pieces_left = pieces
        self.around = Surroundings.of(first, equation, horizon, tol)
        self.runs = Runs(first.system, equation, tol, grid, start, growth=1 / horizon, tick=self._tick)
        self.grids = GridFollower(
            self.runs, self.around, grid_policy or GridPolicy.of(grid.n), horizon=horizon, memory=memory,
            lost=grid_error,
        )  # fmt: skip
        self.means, self.start_trace = self.around.witness.look(self.runs.first, 0.0), self.runs.trace

        self.t, self.dt, self.carried_dt = 0.0, horizon * self.policy.first, inf
        self.segment_steps = self.policy.first_segment_steps
        self.step_error = self.error_before = 0.0  # in all, and of it what the runs no longer show
        self.steps = self.rollbacks = self.segments_unasked = 0
        self.seconds_per_point = MIN_SECONDS_PER_POINT
        self.race = Race(horizon, rival)

    @property
    def grid(self) -> PhaseGrid:
        """The present grid of all runs."""
        return self.runs.grid

    @property
    def block(self) -> int:
        """The fewest steps after which all runs are at the same time."""
        return self.runs.extrapolation.block

    def outputs(self, times: Sequence[float], found: Sequence[Output] = (), after: After | None = None) -> list[Output]:
        """Run to the last of `times`; what the symbol is at each, `found` at the first; `after` hears of segments."""
        if self.look and not self.t:
            self.look(0.0, Output(self.runs.symbol_of(self.runs.values[0].copy(), 0.0), 0.0, self.grids.error))
        outputs = list(found)
        while len(outputs) < len(times):
            if times[len(outputs)] <= self.t:
                outputs.append(self._output())
            else:
                outputs += self._segment(times[len(outputs) :])
                if after:
                    after(outputs)
        return outputs

    def _output(self) -> Output:
        return Output(self.runs.symbol(), self.step_error + ROUND_OFF * self.steps, self.grids.error)

    def _next_stop(self) -> float:
        """Where a segment may not go beyond; at the end of a piece of time, go on with the next one."""
        if self.t < self.around.piece.end or not self.pieces_left:
            return self.around.piece.next_stop(self.t)
        piece, before = self.pieces_left.pop(0), self.around
        self.error_before += self.runs.enter(piece.system)
        self.around = Surroundings.of(piece, self.runs.equation, self.horizon, self.tol)
        self.error_before += self.around.error_of_beginning(before, self.grids.support(self.step_error))
        self.grids.enter(self.around)
        self.means = self.around.witness.look(self.runs.first, self.t)
        return piece.next_stop(self.t)

    def _segment(self, times: Sequence[float]) -> list[Output]:
        """One segment; the outputs that it passes or ends at, or none if it has to be done again."""
        stop = self._next_stop()
        segment = self._step(self._plan(min(landing(times, self.t, self.block * self.dt), stop)), [*times, stop])
        estimate = self.runs.error()
        error = self._judged(estimate, segment)
        means = self.around.witness.look(self.runs.first, segment.end)
        sound = self._sound(segment, means)
        if not (sound and error.accepted):
            self._retry_smaller(segment, error if sound else None)
            return []

        losses, allowed = self.grids.losses(), self.grids.allowed(segment.duration)
        lost = sum(sum(loss) for loss in losses)
        if lost > allowed:
            self.rollbacks += 1
            self.runs.back_to(segment)
            self.grids.enlarge(losses, allowed)
            return []

        self.grids.count(lost, self.runs.trace - self.start_trace)
        outputs = self._commit(segment, times, estimate, means)
        dt = self.policy.next_step(self.dt, segment.plan.dt, error, self.runs.extrapolation.error_order)
        self.race.reached(self.t, self.grid.size, segment.duration, self.runs.steps_in(segment.plan))
        self._report(segment.plan.dt, growth=dt / self.dt)
        self.grids.learn(self.t)
        self.dt = dt
        return outputs

    # ------------------------------------------------------------------ the parts of a segment

    def _plan(self, until: float) -> StepPlan:
        """The steps of the next segment towards `until`, and a grid that holds what it carries.

        Where the flow carries too far, the segment is made shorter.
        """
        longest, steps = inf, max(self.segment_steps // 2, 1)
        if self.around.drive:  # two of the runs resolve it, and differ if the others do not
            longest = self.block / 2 * self.around.drive.longest(self.grids.support(self.step_error), self.t, steps)
        longest = min(longest, self.around.between_looks(self.horizon)) if self.look else longest
        dt = min(self.dt, self.carried_dt)
        plan = self.policy.plan(until - self.t, dt, self.block, self.segment_steps, self.watch_every, longest)
        asked = min(self.dt * max(self.segment_steps, self.block), self.horizon - self.t)
        self.grids.choose_frame(self.means, asked, self.step_error)
        for _ in range(self.grids.policy.shortenings):
            far = self.grids.make_room(plan, self.t, self.step_error)
            if far is None:
                self.carried_dt = inf if self.carried_dt >= self.dt else self.policy.max_factor * self.carried_dt
                return plan
            plan = self.grids.policy.shortened(plan, self.block, far)
            self.carried_dt = plan.dt
            self.policy.check(plan.dt, self.t, self.horizon)
        raise ResourceError(
            f"At t = {self.t:.4g} the flow carries the symbol out of every grid that was tried: shorten `times`.",
            kind="time",
        )

    def _step(self, plan: StepPlan, times: Sequence[float]) -> Segment:
        """Go through a segment with all runs. It ends at an output if it does so up to round-off."""
        steps = self.runs.steps_in(plan)
        points = self.grid.size * self.runs.equation.order * steps
        self.pace.before(self.t, points * self.seconds_per_point, plan.duration, hint=self._hint(plan.dt))
        begun, start = monotonic(), [w.copy() for w in self.runs.values]
        self.runs.advance(plan)
        self.steps += steps
        self.seconds_per_point = max((monotonic() - begun) / points, MIN_SECONDS_PER_POINT)
        reached = self.t + plan.duration
        end = next((time for time in times if abs(reached - time) <= TIE * plan.dt), reached)
        return Segment(plan, self.t, end, start)

    def _judged(self, error: ErrorEstimate, segment: Segment) -> SegmentError:
        """An error at the end of a segment against the budget, and what the segment has added, if that is asked for."""
        total = self.error_before + error.value
        budget = self.policy.budget(self.tol, segment.end, self.horizon)
        fair = self.policy.fair(self.tol, segment.duration / self.horizon)
        asked = self.policy.asks_what_is_new(total, budget, self.segments_unasked)
        self.segments_unasked = 0 if asked else self.segments_unasked + 1
        added = self.runs.added(error, segment) if asked else None
        return SegmentError(total, budget, fair, added)

    def _sound(self, segment: Segment, means: Means) -> bool:
        """Whether the means went through the segment as their equation says, in the coordinates of the grid."""
        before, frame = self.means, self.runs.frame
        if frame is not None:
            before, means = before.seen_from(*frame(segment.begin)), means.seen_from(*frame(segment.end))
        return self.around.witness.agree(before, means, segment.duration, self.grid)

    def _retry_smaller(self, segment: Segment, error: SegmentError | None) -> None:
        """Back to the start with a smaller step; `error`: None if the means have missed their equation."""
        policy = self.policy
        self.runs.back_to(segment)
        self.rollbacks += 1
        order = self.runs.extrapolation.pair_order
        factor = policy.retry_factor(error, self.step_error, order) if error else policy.min_retry_factor
        self.dt = min(self.dt, segment.plan.dt) * factor
        policy.check(self.dt, self.t, self.horizon)
        self.pace.reached(self.t, typical=False, hint=self._hint(self.dt))

    def _commit(self, segment: Segment, times: Sequence[float], error: ErrorEstimate, means: Means) -> list[Output]:
        """Go on from the end of a segment; the outputs that it passes or ends at."""
        passed = [time for time in times if segment.begin < time < segment.end]
        outputs = outputs_between(self.runs, segment, passed, self.grids.error, self.error_before)
        self.t = self.runs.t = segment.end
        self.step_error, self.means, self.runs.last_error = self.error_before + error.value, means, error
        self.segment_steps = min(2 * self.segment_steps, self.policy.segment_steps)
        ends = segment.end in times
        last = self._output() if ends or self.look else None
        if last and self.look:
            for time, output in zip([*passed, self.t], [*outputs, last], strict=True):
                self.look(time, output)
        return [*outputs, last] if last and ends else outputs

    def _tick(self, covered: float, seconds: float) -> None:
        """Refuse a run whose operators alone will take too long: each of the runs has all of the time to cover."""
        cost = self.runs.extrapolation.run_count * seconds / covered if covered else 0.0
        self.pace.expect(self.t, cost, hint=self._hint(self.dt))

    def _report(self, dt: float, growth: float) -> None:
        typical = dt > TYPICAL_STEP_RATIO * self.dt or not self.around.drive
        left = self.pace.reached(self.t, typical=typical, hint=self._hint(dt), growth=growth)
        if self.progress:
            words = f", {in_words(left)} left" if MIN_SHOWN_SECONDS < left < inf else ""
            self.progress(self.t, self.horizon, self._hint(dt) + words)

    def _hint(self, dt: float) -> str:
        return "x".join(map(str, self.grid.shape)) + f" grid, dt = {dt:.2g}"
