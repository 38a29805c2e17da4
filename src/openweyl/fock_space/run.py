"""The Lindblad equation on levels that are as many as its state needs, by steps or by exponentials.

The levels are right if what L takes beyond them, in trace norm and integrated over time, is small: it is looked at in
every step, which is done again on more levels where it is too much, and on fewer where they are empty.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil, inf, prod, sqrt

import numpy as np

from .blocks import CALL_WORK
from .flows import Flows, flows
from .generator import Generator, generator, lost_later
from .levels import LevelMatrix, enough_levels, padded
from .polynomial_system import timed
from .reached import Reached
from .spans import Span, error_of_beginning, kinds
from .taylor import DEGREE, ROUND_OFF, Step, driven_step, free_step

BEYOND, TIME_SHARE, CUTS, DROPPED = 0.4, 0.1, 0.1, 0.01
"""The parts of the tolerance for what L takes beyond the levels, for the residuals of steps, for levels that are cut
off on the way, and for coordinates that are left out as round-off. The rest is for the start and the symbols."""
FIRST_LEVELS = {1: 14, 2: 7}
"""The least levels, by n, of a mode that may come to have more: fewer cost no less."""
GROWTH = {1: 1.35, 2: 1.2}
"""The factors by which levels grow: each change builds the generator again, and for n = 2 its size is the fourth power.
"""
WORTH_CUTTING = 0.75
"""The part of the levels that must be enough for the others to be cut off: each change builds the generator again."""
STEPS_BETWEEN_CUTS = 8
"""Steps after which it is asked whether fewer levels are enough: that takes about as long as one."""
LOOKS = 16
"""Parts of the time between two outputs in which exponentials go: over each the norm beyond the levels is bounded by
the root of its mean square, which is far above its mean if the norm changes much."""
GROWING = 2.0
"""The factor by which the rest of a run is expected to cost more than at its present levels."""
FULL = 0.3
"""A mode is given more levels if the norm beyond its levels is at least this part of the largest one of all modes."""
UNITS_PER_STEP = 6.0
"""The first guess of a step, in units of 1/||L||."""
ENTRY_BYTES, STEP_BYTES = 150, 10 * (DEGREE + 2)
"""The memory for each entry of the generator, as it is built, and for each coordinate of the terms of a step."""


class TooMuchWorkError(Exception):
    """A run that has come to cost more than it may; `work`: what it would take in all, by what it knows now."""

    def __init__(self, work: float = inf) -> None:
        super().__init__(work)
        self.work = work


@dataclass
class FockRun:
    """A run from `start` at time 0 to the end of the `spans`.

    work: multiplications so far, and `renewed`, those until it was last made anew; most_work, most_levels, most_bytes:
    where TooMuchWorkError is raised. longest: the longest step.
    """

    spans: tuple[Span, ...]
    start: LevelMatrix
    tol: float
    most_levels: int
    most_work: float
    most_bytes: float
    longest: float
    t: float = 0.0
    steps: int = 0
    changes: int = 0
    work: float = 0.0
    renewed: float = 0.0
    time_error: float = 0.0
    tau: float = field(default=0.0)

    def __post_init__(self) -> None:
        self.level_error, self.cut_error = self.start.lost, 0.0
        self.horizon = self.spans[-1].end
        self.systems = kinds(self.spans)
        self.enter(self.start.matrix, self.start.levels)

    def enter(self, A: np.ndarray, levels: tuple[int, ...]) -> None:
        """Go on with the matrix A on these levels, or more, by the system of the present time."""
        self.span = self.spans[min(bisect_right(self.spans, self.t, key=lambda one: one.begin), len(self.spans)) - 1]
        self.system = self.span.system
        self.factors, self.variation = self.span.factors(), self.span.variation()
        least = FIRST_LEVELS[self.system.n]
        pairs = zip(levels, self.system.reach(), strict=True)
        wanted = tuple(max(size, least) if more else size for size, more in pairs)
        self.build(padded(A, levels, wanted), wanted)

    @property
    def reached(self) -> Reached:
        """The state at the present time."""
        return self._at(self.t, self.v)

    def to(self, times: Sequence[float], pause: Callable[[FockRun], None] | None = None) -> Iterator[Reached]:
        """Go through `times`, and to what is between by `longest` at most. At a `pause` the run may be made anew."""
        for time in times:
            while self.t < time:
                if self.t >= self.span.end:
                    self._next_span()
                yield from self._stretch(min(time, self.span.next_stop(self.t)), time)
                if pause:
                    pause(self)
            yield self.reached

    def build(self, A: np.ndarray, levels: tuple[int, ...]) -> None:
        """Go on with the matrix A on these levels."""
        if prod(levels) > self.most_levels:
            raise TooMuchWorkError
        made, v, lost = generator(self.system, levels, A, DROPPED * self.tol)
        self.generator: Generator = made
        self.v: np.ndarray = v
        self.level_error += lost
        self.levels = levels
        self.lost_later = lost_later(self.systems, levels, self.horizon)
        entries = sum(term.inside.nnz for term in made.terms)
        self.per_product = float(entries + made.size)
        if ENTRY_BYTES * entries + len(made.terms) * STEP_BYTES * made.size > self.most_bytes:
            raise TooMuchWorkError
        self.norm = float(max(abs(term.inside).sum(axis=0).max(initial=0.0) for term in made.terms))
        self.tau = min(self.tau or inf, UNITS_PER_STEP / max(self.norm, UNITS_PER_STEP / self.horizon))
        by_steps = (self.span.end - self.t) / self.tau * self._step_work
        self.flows: Flows | None = None if timed(self.system) else flows(made, by_steps)

    @property
    def _step_work(self) -> float:
        return (DEGREE + 1) * (self.per_product + CALL_WORK)

    def _next_span(self) -> None:
        before = self.span
        self.enter(self.generator.matrix(self.v), self.levels)
        self.time_error += error_of_beginning(before, self.span, self.levels)

    def _grow(self) -> None:
        """More levels, in the modes whose last ones are full."""
        A, past = self.generator.matrix(self.v), self.generator.past
        parts = [abs(part) for part in self._parts_beyond(self.v, self.t)]
        norms = np.sqrt((np.sum(parts, axis=0)[:, None] ** 2 * past).sum(axis=0))
        wanted = tuple(
            ceil(GROWTH[self.system.n] * size) + more if norm >= FULL * norms.max() and more else size
            for size, more, norm in zip(self.levels, self.system.reach(), norms, strict=True)
        )
        self.changes += 1
        self.build(padded(A, self.levels, wanted), wanted)

    def _cut(self) -> None:
        """Fewer levels, if enough of them are empty."""
        A = self.generator.matrix(self.v)
        room = min(max(CUTS * self.tol - self.cut_error, 0.0), BEYOND * self.tol / self.lost_later) / 4
        wanted = enough_levels(A, self.levels, room)
        if prod(wanted) > WORTH_CUTTING * prod(self.levels):
            return
        self.cut_error += room
        self.level_error += room
        self.changes += 1
        self.build(padded(A, self.levels, wanted), wanted)

    def _stretch(self, time: float, output: float) -> Iterator[Reached]:
        """One step towards `time`, or on to it by exponentials; what is reached on the way to the `output`."""
        if self.flows:
            yield from self._by_exponentials(self.flows, time, output)
            return
        step = self._step(time)
        if step is None:
            self._grow()
            return
        self.t = time if step.length >= time - self.t else self.t + step.length
        if self.t < output:
            yield self.reached
        if self.steps % STEPS_BETWEEN_CUTS == 0 and self.t < self.horizon:
            self._cut()

    def _step(self, time: float) -> Step | None:
        """A step taken, or None if it needs more levels."""
        own = sqrt(self.generator.coordinates.size)
        rate = TIME_SHARE * self.tol / self.horizon / own / self.lost_later
        longest = min(time - self.t, self.longest)
        insides = [term.inside for term in self.generator.terms]
        if self.variation is None:
            step = free_step(insides[0], self.v, min(self.tau, longest), rate, longest)
        else:
            tau = min(self.tau, longest, self.variation.longest(self.t, 1))
            step = driven_step(insides, self.factors, self.v, self.t, tau, rate)
        self._count(self._step_work)
        beyond = self._beyond(step)
        if beyond > BEYOND * self.tol / self.horizon:
            return None
        self.v = step.at(step.length)
        self.level_error += beyond * step.length
        self.time_error += own * (step.residual + step.round_off)
        self.steps += 1
        self.tau = step.next if step.length < longest else max(self.tau, step.next)
        return step

    def _by_exponentials(self, given: Flows, time: float, output: float) -> Iterator[Reached]:
        """To `time` by exponentials, with what is beyond the levels on the way."""
        looks = LOOKS if given.leaves else 1
        pieces = max(looks, ceil((time - self.t) / self.longest))
        dt = (time - self.t) / pieces
        if not given.has(dt):
            self._count(given.work)
        flow, form = given.over(dt)
        begun, rates, points = self.t, [], [self.v]
        for _ in range(pieces):
            square = float(points[-1] @ (form @ points[-1])) / dt if form else 0.0
            rates.append(self.generator.trace_norm_beyond(sqrt(max(square, 0.0))))
            points.append(flow @ points[-1])
        if max(rates) > BEYOND * self.tol / self.horizon:
            self._grow()
            return
        own = sqrt(self.generator.coordinates.size)
        for i in range(pieces):
            self.v, self.t = points[i + 1], time if i + 1 == pieces else begun + (i + 1) * dt
            self.level_error += dt * rates[i]
            self.time_error += own * ROUND_OFF * (1 + self.norm * dt) * float(np.linalg.norm(self.v))
            if self.t < output and self.longest < inf:
                yield self.reached
        self.steps += pieces

    def _beyond(self, step: Step) -> float:
        """The trace norm, at most, of what L takes beyond the levels: the root of its mean square over the step."""
        beyond = [term.beyond for term in self.generator.terms]
        return self.generator.trace_norm_beyond(step.mean_of(beyond, self.factors, self.t))

    def _parts_beyond(self, v: np.ndarray, t: float) -> list[np.ndarray]:
        pairs = zip(self.factors, self.generator.terms, strict=True)
        return [factor(np.array([t]))[0] * (term.beyond @ v) for factor, term in pairs]

    def _count(self, work: float) -> None:
        self.work += work
        if self.work > self.most_work:
            left = (self.horizon - self.t) / self.tau * self._step_work
            raise TooMuchWorkError(self.work + GROWING * left)

    def _at(self, t: float, v: np.ndarray) -> Reached:
        return Reached(t, self.generator, v, self.time_error, self.level_error)
