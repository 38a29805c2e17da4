"""The lengths of steps and of segments, decided from numbers alone: errors, budgets and times.

A segment is a few steps between two looks at the error and at the edges. It is accepted if the error by its end is
within the budget, or if what it has itself added is within its fair share: the equation is linear, and an error once
made may grow through the flow alone, which shorter steps do not mend.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, isfinite
from typing import NamedTuple

from openweyl._core.arguments import ResourceError

TIE = 1e-9
"""The part of a step, or of a number of steps, within which two of them are one: they differ by round-off alone."""


class StepPlan(NamedTuple):
    """The length of a step, and the number of steps of a segment."""

    dt: float
    steps: int

    @property
    def duration(self) -> float:
        """The time that the segment takes."""
        return self.steps * self.dt


@dataclass(frozen=True)
class SegmentError:
    """The error at the end of a segment against the budget up to there, and what the segment has added to it.

    added: against `fair`, the segment's share of the tolerance; None where it was not asked for.
    """

    total: float
    budget: float
    fair: float
    added: float | None = None

    @property
    def accepted(self) -> bool:
        """Whether the error is within the budget, or what the segment has added within its fair share."""
        return self.total <= self.budget or (self.added is not None and self.added <= self.fair)


@dataclass(frozen=True)
class StepPolicy:
    """When a segment is accepted, and how long the next steps are.

    An error of order p that is r times what it should be asks for a step r^(-1/p) times as long.

    How much the numbers matter was measured on 20 runs (wells, pendulums from h = 2^-4 to 2^-14, a drive, corrections;
    tol = 1e-3 and 1e-6), with one changed at a time. `safety` from 0.4 to 0.8, `shrink_above` from 0.7 to 0.95, `early`
    from 0.1 to 0.5, `inherited_growth` from 1.05 to 1.4 and `probe_segments` from 2 to 8 change the number of steps by
    2 % at the most, `keep_above` from 0.1 to 0.5 and `retry_safety` from 0.3 to 0.8 by 4.5 %; what other numbers cost
    stands beside them.
    """

    share: float = 0.4
    """The part of the tolerance given to the step. The grid has 0.5; the rest is for outputs between the ends of
    segments (0.05 each), what lies beyond the first grid, and terms left unresolved (0.01 each)."""
    early: float = 0.25
    """The part of this share that may be used at once, the rest as time goes by: unstable flows make errors grow."""
    first: float = 1 / 64
    """The first step as a part of the whole time; it grows or falls within few segments to what the error allows. With
    1/32 runs cost the same, and certificates twice as much, whose rates rise at the beginning; with 1/16, and
    `max_factor` 4, there are 10 % (tol = 1e-7) to 20 % (1e-3) fewer steps, but segments so long that up to 2.2 times as
    much was lost at the edges in them as is seen at their ends."""
    segment_steps: int = 4
    """The most steps of a segment, unless all runs need more to meet: what is taken back costs a segment, and each look
    at the error and the edges, and each new grid, as much as some steps. With 8 many runs take a quarter less, but some
    never end: content goes round the box and comes back unseen within a segment, and grids grow after its traces."""
    first_segment_steps: int = 2
    """The steps of the first segment where two runs do; those that follow have twice as many, up to `segment_steps`."""

    safety: float = 0.6
    """The part of what an error may be that a new step aims at: well inside of the range between `keep_above` and
    `shrink_above` in which a step is left alone."""
    keep_above: float = 0.3
    """The part of the budget from which on an error lets the step no longer grow: at order 4 a step 1.4 times as long
    makes errors 3.8 times as large."""
    shrink_above: float = 0.85
    """The part of the budget above which it is asked what a segment has added; the part of its fair share above which
    that makes the step shorter before a segment has to be taken back."""
    max_factor: float = 1.5
    """The most by which a step grows after a segment: with 2 a third more segments are taken back, as errors of order 6
    then grow 64 times; see `first`."""
    min_factor: float = 0.5
    """The most by which it is made shorter after a segment that was accepted."""

    stretch: float = 0.1
    """The part of a block by which steps may be longer than asked for, all together, to meet an end with one less."""

    inherited_growth: float = 1.2
    """The factor by which a step grows where an error is large only because it was made before; small, as the budget
    may hold no second such error."""
    inherited_below: float = 0.1
    """The part of its fair share below which what a segment adds is small in this sense."""
    inherited_above: float = 0.5
    """The part of the budget that an error at the beginning of a segment must have for the segment, if it is taken
    back, to be judged by what it has added: else all of it counts as its own."""
    probe_segments: int = 4
    """Segments after which a run whose error is neither small nor large asks how much of it is new: that costs a
    further run with the longest step."""

    retry_safety: float = 0.5
    """As `safety`, for a segment that was taken back."""
    min_retry_factor: float = 0.1
    """The most by which a step is made shorter when a segment is taken back; also the factor if the error is no number,
    or the means have missed their equation."""
    shortest: float = 1e-12
    """The shortest step, as a part of the whole time, that double precision tells from none."""

    def budget(self, tol: float, reached: float, horizon: float) -> float:
        """What the error may be at the time `reached`."""
        return self.share * tol * (self.early + (1 - self.early) * reached / horizon)

    def fair(self, tol: float, part: float) -> float:
        """What a segment may add that is this part of the whole time."""
        return self.share * tol * part

    def asks_what_is_new(self, error: float, budget: float, unasked: int) -> bool:
        """Whether to ask what a segment has added, after so many segments for which that was not asked."""
        return error > self.shrink_above * budget or (
            error > self.keep_above * budget and unasked >= self.probe_segments
        )

    def retry_factor(self, error: SegmentError, before: float, order: int) -> float:
        """The factor of the step after a segment was taken back, before which the error was `before`."""
        inherited = before > self.inherited_above * error.budget
        excess = error.added / error.fair if inherited and error.added is not None else error.total / error.budget
        factor = (self.retry_safety / excess) ** (1 / order) if isfinite(excess) else self.min_retry_factor
        return max(factor, self.min_retry_factor)

    def next_step(self, wanted: float, taken: float, error: SegmentError, order: int) -> float:
        """The step that the error asks for from now on.

        `wanted`: that so far. A segment whose step `taken` was shorter for other reasons says nothing against it, and
        may ask for more.
        """
        spent = error.total / error.budget
        if error.added is not None:
            rate = error.added / error.fair
            if rate > self.shrink_above:
                return taken * max((self.safety / rate) ** (1 / order), self.min_factor)
            if rate < self.inherited_below and spent < self.shrink_above:
                return max(wanted, self.inherited_growth * taken)
        elif spent < self.keep_above:
            asked = taken * (self.safety / spent) ** (1 / order) if spent else inf
            return max(wanted, min(asked, self.max_factor * wanted))
        return wanted

    def plan(
        self, left: float, dt: float, block: int, steps: int, watch_every: float = inf, longest: float = inf
    ) -> StepPlan:
        """The next segment on the way over the time `left`: about `steps` steps of about dt, in whole blocks.

        No block takes more than the time `longest`, and none, and no longer segment, more than that between two looks
        of `watch`.
        """
        longest = min(longest, watch_every)
        blocks = max(ceil(left / (block * dt) - self.stretch), ceil(left / longest * (1 - TIE)), 1)
        dt = left / (block * blocks)
        watched = max(int(min(watch_every / (block * dt), self.segment_steps) + TIE), 1)
        return StepPlan(dt, block * min(max(steps // block, 1), blocks, watched))

    def check(self, dt: float, t: float, horizon: float) -> None:
        """Raise ResourceError if a step dt is too short."""
        if dt < self.shortest * horizon:
            raise ResourceError(
                f"At t = {t:.4g} a step of {dt:.2g} would be needed, too short against the whole time "
                f"{horizon:.4g}: raise `tol` or `h`, lower `gamma`, or shorten `times`.",
                kind="time",
            )


def landing(times: Sequence[float], t: float, block: float) -> float:
    """The time towards which steps are counted from t on, in blocks of this length.

    The last output one to three blocks ahead, if there is one, else the next that is not nearer; outputs before it are
    passed, and do not shape the steps.
    """
    near = [time for time in times if t + block * (1 - TIE) <= time <= t + 3 * block]
    return near[-1] if near else next((time for time in times if time >= t + block), times[-1])
