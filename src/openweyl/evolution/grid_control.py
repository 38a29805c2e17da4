"""The grid of a run, decided from numbers alone: what may be lost at its edges, and how it follows what it holds.

A grid is changed at two occasions: before a segment, to hold what the segment needs, and little more (`fitted`); and at
its end, if content near the edges is more than may be lost there, and the segment is done again (`enlarged`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import log, prod

import numpy as np

from openweyl.phase_space.grid import Axis
from openweyl.phase_space.profiles import EDGE_FRACTION
from openweyl.phase_space.support import RequiredBox, covering, hull

from .step_control import StepPlan

CORRECTION_GAIN = 10.0
"""With corrections, what a grid cuts off b_j comes back in b_{j+1} enlarged, by about this factor near the corners of
(x, s), where L - Q is largest."""
TRANSFORM_ROUND_OFF = 1e-12
"""The relative size of what transforms leave there, which no grid can hold."""
MOST_FAIR = 0.1
"""The loss up to which the tail of a Gaussian says by how much an axis is too short."""
MOST_MISSING = 0.08
"""The most by which an axis is made longer as its tail tells: a tail that is no Gaussian's tells too much."""

EDGES = 3
"""Edges of an axis: its two ends and the largest wave number."""


@dataclass(frozen=True)
class GridPolicy:
    """What may be lost at the edges, what counts as content, and by how much a grid is made larger.

    How much the numbers matter was measured on the 20 runs of `StepPolicy`, with one changed at a time; work is steps
    times points of the grid, the geometric mean over the runs. `waste` from 1.2 to 1.6, `axis_waste` from 1.1 to 1.3,
    `refinement` from 1.1 to 1.5 and `off_centre` from 0.1 to 0.5 change it by 2.5 % at the most; what other numbers
    cost stands beside them.
    """

    share: float = 0.5
    """The part of the tolerance given to the grid: half of it in proportion to time, half for what comes at once. What
    was not lost in its time is given to the time that is left: 15 % less work."""
    pool: float = 0.08
    """The part of the share still unspent that one segment may lose beyond its part of the time: a pulse of content at
    an edge costs less than a new grid, and a run of thousands of segments is not left without a share. With 0.02 there
    is 10 % more work, with 0.16 2 % more."""
    level: float = 0.04
    """A grid is chosen so that beyond each edge lies less than this part of what all edges together may lose: there are
    three on each axis, and content grows until the next look. With 0.02 there is 5 % more work, with 0.16 as much more
    and three quarters more segments are taken back."""
    first_level: float = 2e-4
    """The part of the tolerance that the first grid leaves out at each edge: next to nothing, as that counts in all
    errors to come, and the grid is fitted to the first segment at once. With 3e-3 it was most of what was reported in
    half of the cases of the harness; but where points are dear, that is the largest of all grids with less."""
    waves: float = 1.0
    """How much more than beyond an end may lie beyond the largest wave number."""
    step_noise: float = 0.02
    """Content below this part of the step error is noise of the steps, which no grid can hold: small grids would be
    enlarged for it time and again."""
    most_step_noise: float = 0.5
    """What counts as such noise is at most this part of what a segment may lose, so that a grid chosen by it passes the
    next look."""
    round_off_margin: float = 10.0
    """A segment may always lose this many times the round-off of its corrections."""

    farthest: float = 0.7
    """The part of its support by which a segment may carry a symbol: grids follow in few, but not too large, leaps.
    With 0.35 there is 9 % more work and 16 % more steps; with 1 1 % more, and a third more segments are taken back."""
    move_above: float = 1.8
    """The number of its widths by which the steps that its error asks for would carry a symbol in a segment, from which
    on coordinates move along: kicks that change in time cost twice as much, and steps in coordinates that stay are
    shorter by more than that. With 2.5 a pendulum at h = 2^-12 stayed just below it for all of its time."""
    stay_below: float = 1.0
    """That below which they stay again: with 2 there is 7 % more work, with 0.5 4 % less."""
    off_centre: float = 0.25
    """The part of its width by which the mean of a symbol may be off the path that is followed before a new one is."""
    room: float = 0.06
    """The part of the interval, and of the wave numbers, that a new grid leaves free beyond these: a little more than
    the part of it that counts as the edge. With 0.045 there is 17 % more work, as segments are taken back; with 0.1 8 %
    more, as grids are larger."""
    waste: float = 1.25
    """A grid of more than so many times the points of that which would be chosen now is left for it."""
    axis_waste: float = 1.1
    """The same for each axis, where some axis has to change anyhow."""
    shortenings: int = 40
    """The most times that a segment is made shorter before the run is refused: even halves reach 1e-12 by then."""
    shortened_safety: float = 0.8
    """The part of `farthest` that a shortened segment aims at."""
    max_shortened_part: float = 0.5
    """A segment that carries too far is made shorter by half at the least: the flow of a long one may be far off."""
    min_shortened_part: float = 0.1
    """A segment is made shorter by a factor of ten at the most: where the flow of a long one diverges, nothing is known
    of that of a shorter one."""

    widening: float = 0.2
    """The part of its length by which an axis grows at an end where too much content lies: five times the part of it
    that counts as the edge. With 0.4 there is 7 % more work."""
    most_growth: float = 0.5
    """The part of itself by which what is needed is taken to grow in a segment at the most, beyond what the flow tells,
    where it has grown so fast in the one before."""
    refinement: float = 1.25
    """The factor of the largest wave number where too much content lies there."""

    @staticmethod
    def of(n: int) -> GridPolicy:
        """The policy for n degrees of freedom: from two on points are dear, and a new grid costs no more than a step.

        What lies beyond an end counts for eight times as much as what lies beyond a wave number (`CUT_FACTOR`), and
        they are many; all is used in the few segments that there are. Measured with two coupled wells and two particles
        of a chain (h = 2^-2, tol = 1e-2): a quarter and a half of the points, in a third and a half of the time.
        """
        return GridPolicy() if n == 1 else MANY_AXES

    def allowed(self, tol: float, part: float, lost: float, round_off: float = 0.0, part_of_rest: float = 0.0) -> float:
        """What a segment may lose that is this part of all time, and of that left, after so much was lost before."""
        total = self.share * tol
        at_once = self.pool * max(total / 2 - lost, 0.0)
        return max(total * part / 2 + at_once, (total - lost) * part_of_rest / 2, self.round_off_margin * round_off)

    def content_level(self, allowed: float, step_error: float, round_off: float = 0.0) -> float:
        """What counts as content: less is small against the errors already made, and is not followed."""
        noise = min(self.step_noise * step_error, self.most_step_noise * allowed)
        return max(self.level * allowed, noise, round_off)

    def fitted(
        self, axes: Sequence[Axis], needs: Sequence[RequiredBox], *, may_shrink: bool = True
    ) -> list[Axis] | None:
        """The axes for a segment with these needs; None if the present ones will do."""
        wanted = [covering(a, box, room=self.room) for a, box in zip(axes, needs, strict=True)]
        if not may_shrink:
            wanted = [hull(a, new) for a, new in zip(axes, wanted, strict=True)]
        held = [box.within(a, EDGE_FRACTION) for a, box in zip(axes, needs, strict=True)]
        points, least = (prod(float(a.size) for a in group) for group in (axes, wanted))
        if all(held) and points <= self.waste * least:
            return None
        return [
            axis if fits and axis.size <= self.axis_waste * new.size else new
            for axis, fits, new in zip(axes, held, wanted, strict=True)
        ]

    def shortened(self, plan: StepPlan, block: int, far: float) -> StepPlan:
        """A shorter segment in place of one that carries by this part of the support: fewer steps, or a shorter one."""
        part = self.shortened_safety * self.farthest / max(far, self.farthest)
        part = min(max(part, self.min_shortened_part), self.max_shortened_part)
        blocks = int(plan.steps / block * part)
        if blocks >= 1:
            return StepPlan(plan.dt, block * blocks)
        return StepPlan(plan.dt * part * plan.steps / block, block)

    def enlarged(
        self, axes: Sequence[Axis], losses: Sequence[tuple[float, float, float]], allowed: float
    ) -> list[RequiredBox]:
        """What to ask of the axes once these losses (left, right, in wave numbers) were more than was allowed."""
        wanted, fair = [], allowed / (EDGES * len(axes))
        for axis, loss in zip(axes, losses, strict=True):
            left, right, high = (_missing(part, fair) for part in loss)
            lower = axis.lower - axis.length * max(left / 2, self.widening * (left > 0))
            upper = axis.upper + axis.length * max(right / 2, self.widening * (right > 0))
            wanted.append(RequiredBox(lower, upper, axis.reach * (1 + max(high, (self.refinement - 1) * (high > 0)))))
        return wanted


def _missing(loss: float, fair: float) -> float:
    """The part of itself by which the half of an axis, or of its wave numbers, is too short where so much is lost.

    As of a Gaussian, whose content beyond z is about e^{-z^2/2}: half of what is fair is aimed at.
    """
    if loss < fair:
        return 0.0
    return min(log(2 * loss / fair) / (2 * log(1 / min(fair, MOST_FAIR))), MOST_MISSING)


MANY_AXES = GridPolicy(
    pool=0.25, level=0.02, first_level=3e-3, waves=15.0, farthest=0.4, most_growth=0.1, widening=0.04, refinement=1.05,
    waste=1.25, axis_waste=1.15,
)  # fmt: skip
"""See `GridPolicy.of`."""


@dataclass(frozen=True)
class Growth:
    """The rates at which a symbol's needs grow beyond what the flow tells: left, right, and in wave numbers."""

    left: float = 0.0
    right: float = 0.0
    reach: float = 0.0

    @staticmethod
    def between(foreseen: RequiredBox, need: RequiredBox, tau: float) -> Growth:
        """From what was foreseen for a time tau, and what is needed after it."""
        outwards = (foreseen.lower - need.lower, need.upper - foreseen.upper, need.reach - foreseen.reach)
        return Growth(*(max(part, 0.0) / tau for part in outwards))

    def grown(self, box: RequiredBox, tau: float, most: float) -> RequiredBox:
        """The box after a time tau; wave numbers and width grow by this part of themselves at most."""
        width = most * (box.upper - box.lower)
        ends = min(self.left * tau, width), min(self.right * tau, width)
        return box.moved(-ends[0], ends[1], min(self.reach * tau, most * box.reach))


def moved_by(need: RequiredBox, ahead: RequiredBox) -> float:
    """The part of the support `need` by which it grows or moves to become `ahead`."""
    outwards = max(need.lower - ahead.lower, ahead.upper - need.upper) / (need.upper - need.lower)
    return max(outwards, ahead.reach / need.reach - 1)


def correction_weights(order: int) -> np.ndarray:
    """What a loss in b_j is enlarged by on its way to b_{order-1}, for j = 0, 1, ..."""
    return CORRECTION_GAIN ** np.arange(order - 1.0, -1.0, -1.0)


def correction_round_off(order: int) -> float:
    """The round-off in b_{order-1}, enlarged so; none without corrections."""
    return TRANSFORM_ROUND_OFF * CORRECTION_GAIN ** (order - 1) if order > 1 else 0.0
