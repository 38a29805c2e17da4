"""Control of a run: the grid and the step are chosen, watched and corrected, so that only a tolerance is asked for.

Several runs go side by side, with steps dt, 2 dt, 4 dt, ... The schemes are symmetric, so that the extrapolation of
neighbouring runs, (2^p w - v)/(2^p - 1), raises the order p by 2; this goes on until two solutions of order 4, or of
order 6 for small tolerances, are left. Their difference, over 2^p - 1, estimates the error in all that came before,
with whatever cancelled or was damped, and their extrapolation is what is returned.

The runs are chains of segments of a few steps. Before each, the grid is made to hold what the flows will carry to in
it (`displacement`), or the segment is made shorter. At its end, the difference is held against the tolerance, all edges
of the four representations are looked at, and the means against their own equation (`witness`). Too large a difference
sends all runs back to the start of the segment with a smaller step; content near an edge sends them back onto a larger
grid; content far from all edges makes the grid smaller. Times of output do not shape the steps: what lies between the
ends of a segment is reached by a few steps of its own from its start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, pi
from time import monotonic

import numpy as np

from openweyl._core.arguments import ResourceError
from openweyl._core.fft import filtered
from openweyl.generators.generator import Generator
from openweyl.model.system import System
from openweyl.phase_space.grid import Axis, PhaseGrid, check_fits, resample
from openweyl.phase_space.support import Profile, RequiredBox, covering, edge_loss, next_axes, profiles, required_box
from openweyl.symbolic.time_variation import TimeVariation

from .displacement import Content, carried, hopping
from .pace import Pace, in_words
from .resolution import Resolution
from .schemes import Scheme, best_scheme
from .stepper import Stepper
from .witness import MeansWitness, Velocities

Progress = Callable[[float, float, str], None]
"""Called with the time reached, the last time, and a few words on the grid."""

Watch = Callable[[float, np.ndarray, PhaseGrid], None]

STEP_SHARE, GRID_SHARE = 0.45, 0.4
"""The parts of the tolerance given to the step and to the grid."""
SHORTEST = 1e-12
"""The shortest step, as a part of the whole time, that double precision tells from nought."""
EARLY = 0.25
"""The part of the step's share that may be used at once, the rest as time goes by: unstable flows make errors grow."""
LEVEL = 0.1
"""A grid is chosen so that beyond each edge lies less than this part of what all edges together may lose."""
POOL = 0.02
"""The part of the grid's share still unspent that one segment may lose beyond its part of the time: a pulse of content
at an edge costs less than a new grid, and a run of thousands of segments is not left without a share."""
NOISE, NOISE_SHARE = 0.02, 0.25
"""Content below this part of the step error is noise of the steps, which no grid can hold; but never more than this
part of what a segment may lose, so that a grid that is chosen by it stands the next look."""
LOOSE = {2: 1e-5, 4: 3e-7}
"""By the order of the scheme, the tolerance from which on the two solutions that are compared are of order 4, not 6."""
LONG = 1e-5
"""The tolerance above which steps may be so long that errors do not fall yet as the order says."""
EXTRAPOLATED = 1 / 2
"""Error of the extrapolated symbol over the estimate for w itself; 1 if the tolerance is above `LONG`. With errors that
fall by q at a halving of the step it is |2^p - q|/(q - 1): below 1 for q >= 8.5 at order p = 4 and for q >= 32.5 at
p = 6, below 1/2 for 11 <= q <= 31 and 43 <= q <= 127. The L1 norm is taken times pi/2 per degree of freedom, what
interference fringes have in trace norm."""
HASTY = 9.0
"""Where the last extrapolation has made the estimated error only g times smaller, steps are too long for its order, and
the error of the extrapolated symbol is up to this over sqrt(g) times the estimate. Measured with nonlinear xi-jumps:
3.4, 1.9, 0.95 and less than 0.3 at g = 3.6, 16, 44 and 147."""
SEGMENT = 4
"""The most steps between two looks at the error and the edges, unless all runs together need more."""
FARTHEST = 1 / 2
"""The part of its support by which a segment may carry a symbol: grids follow in few, but not too large, leaps."""
PROBE = 4
"""Segments after which a run whose error is neither small nor large asks how much of it is new."""
ROUNDS = 4
"""New grids tried before a segment, after which it is made shorter; one is enough unless velocities grow outwards."""
AROUND = 1.0
"""The part of the support, at either end, beyond which a drive is looked at too: as far as two segments may carry."""
OUTPUT_SHARE = 0.05
"""The part of the tolerance that the own steps to an output between the ends of a segment may cost."""
FASTEST = 5e-8
"""Seconds for a step at one point that few machines beat: a forecast before anything was timed errs to this side."""
BETWEENS = 4
"""Steppers kept for such outputs, which mostly lie at even distances."""
MOST_PARTS = 64
"""Steps to such an output at which its error, which is reported, is taken as it is."""
AMPLIFIED, ROUND_OFF = 10.0, 1e-12
"""With corrections, what a grid cuts off b_j comes back in b_{j+1} enlarged, by about this factor near the corners of
(x, s), where L - Q is largest; and the relative size of what the transforms leave there, which no grid can hold."""
BYTES_PER_POINT, MORE_RUNS, RIDGE_BYTES, REST_BYTES = 210, 120, 80, 2000
"""Peak memory of a run per grid point: rates, factors, states and temporaries; what more runs than two add, what each
ridge adds, and the rest (measured, see docs/numerics.md)."""


@dataclass(frozen=True)
class Output:
    """The symbol at a time that was asked for, and the errors up to it."""

    symbol: np.ndarray
    grid: PhaseGrid
    step_error: float
    grid_error: float


@dataclass
class AdaptiveIntegrator:
    """All runs on their common grid, the step, and what they have cost in accuracy so far.

    `dt` is the step that the error asks for; a segment may take a shorter one, to end at an output, to resolve a drive,
    or to carry nothing too far.
    """

    system: System
    build: Callable[..., Generator]
    order: int
    tol: float
    horizon: float
    memory: float
    time_limit: float
    progress: Progress | None
    watch: Watch | None
    watch_every: float
    grid: PhaseGrid
    runs: list[np.ndarray]
    t: float = 0.0
    dt: float = 0.0
    steps: int = 0
    regrids: int = 0
    rollbacks: int = 0
    step_error: float = 0.0
    grid_error: float = 0.0
    length: int = 2
    needs: list[RequiredBox] = field(default_factory=list)
    generator: Generator = field(init=False)
    scheme: Scheme = field(init=False)
    largest: PhaseGrid = field(init=False)
    drive: TimeVariation | None = field(init=False, default=None)
    drive_box: list[RequiredBox] = field(default_factory=list)
    steppers: dict[float, Stepper] = field(default_factory=dict)
    rate: float = FASTEST
    """Seconds that a step takes for each point, as in the last segment; FASTEST at first."""
    caution: float = 1.0
    """What the last estimate of an error was multiplied by."""
    unasked: int = 0
    """Segments since the error of a segment itself was last looked at."""

    def __post_init__(self) -> None:
        self.pace = Pace(self.horizon, self.time_limit)
        self.velocities = Velocities(self.system)
        self.witness = MeansWitness(self.velocities)
        self.quantum = self.build.__name__ == "lindblad"
        self.resolution = Resolution(
            self.system, self.horizon, self.tol, quantum=self.quantum, hopping=self.quantum or self.order > 1
        )
        self.largest = self.grid
        self._on(self.grid)
        self.runs = [self.runs[0].copy() for _ in range((self.pair_order - self.scheme.order) // 2 + 2)]
        self.dt = self.horizon / 64
        self.found = profiles(self._weighted(), self.grid)
        self.means = self.witness.look(self.runs[0], self.grid, self.t)
        self.start_trace = self.means.trace
        if self.watch:
            self.watch(self.t, self.runs[0], self.grid)

    @property
    def pair_order(self) -> int:
        return 4 if self.tol >= LOOSE[self.scheme.order] else 6

    @property
    def least(self) -> int:
        """The fewest steps dt after which all runs meet."""
        return 2 ** (len(self.runs) - 1)

    def extrapolated(self, runs: list[np.ndarray] | None = None) -> np.ndarray:
        """The symbol at the present time, or that of earlier `runs`."""
        w, v = self._pair(self.runs if runs is None else runs)
        return w + (w - v) / (2**self.pair_order - 1)

    def _pair(self, runs: list[np.ndarray]) -> list[np.ndarray]:
        """Two solutions of the order `pair_order`, the second with twice the step of the first."""
        for order in range(self.scheme.order, self.pair_order, 2):
            runs = [w + (w - v) / (2**order - 1) for w, v in pairwise(runs)]
        return runs

    def outputs(self, times: Sequence[float]) -> list[Output]:
        """AdaptiveIntegrator to the last of `times`; what the symbol is at each."""
        made: list[Output] = []
        while len(made) < len(times):
            if times[len(made)] <= self.t:
                made.append(self._output())
                continue
            made += self._segment(times[len(made) :])
        return made

    def _output(self) -> Output:
        return Output(self.extrapolated(), self.grid, self.step_error, self.grid_error + self.resolution.error)

    def _landing(self, times: Sequence[float]) -> float:
        """The time towards which steps are counted: an output, if some lie well ahead; those before it are passed."""
        block = self.least * self.dt
        near = [time for time in times if self.t + block * (1 - 1e-9) <= time <= self.t + 3 * block]
        return near[-1] if near else next((time for time in times if time >= self.t + block), times[-1])

    def _plan(self, until: float) -> tuple[float, int]:
        """The step and the number of steps of the next segment towards `until`."""
        least, dt = self.least, self.dt
        if drive := self._drive_here():
            dt = min(dt, drive.longest(self.t, max(self.length // least, 1)) / least)
        dt = min(dt, self.watch_every / least)
        left = until - self.t
        blocks = ceil(left / (least * dt) * (1 - 1e-9))
        dt = left / (least * blocks)
        watched = max(int(min(self.watch_every / (least * dt), SEGMENT) + 1e-9), 1)
        return dt, least * min(max(self.length // least, 1), blocks, watched)

    def _drive_here(self) -> TimeVariation | None:
        """What steps must resolve in time where the symbol is; looked at again when it has come near the box's edge."""
        if not self.velocities.timed:
            return None
        needs = self._support(self._level(self._allowed(0.0)))
        widths = [AROUND * (want.upper - want.lower) for want in needs]
        ahead = [want.moved(-w / 2, w / 2, 0.0) for want, w in zip(needs, widths, strict=True)]
        inside = self.drive_box and all(b.joined(a) == b for a, b in zip(ahead, self.drive_box, strict=True))
        if self.drive is None or (self.drive.local and not inside):
            self.drive_box = [want.moved(-w, w, np.inf) for want, w in zip(needs, widths, strict=True)]
            variables = self.system.x + self.system.xi
            box = {v: (want.lower, want.upper) for v, want in zip(variables, self.drive_box, strict=True)}
            self.drive = TimeVariation(self.system.hamiltonian, box, self.horizon)
        return self.drive

    def _segment(self, times: Sequence[float]) -> list[Output]:
        """One segment; the outputs that it passes or ends at. None, if it has to be done again."""
        until = self._landing(times)
        dt, steps = self._plan(until)
        dt, steps = self._within_reach(dt, steps)
        points = self.grid.size * self.order * sum(steps // 2**j for j in range(len(self.runs)))
        self.pace.before(self.t, points * self.rate, steps * dt, hint=self._hint(dt))
        begun = monotonic()
        start = [run.copy() for run in self.runs]
        stepper: Stepper | None = None
        for j, run in enumerate(self.runs):
            stepper = self._stepper(2**j * dt, half=stepper)
            self.runs[j] = stepper.run(run, steps // 2**j, self.t)
            self.steps += steps // 2**j
        self.rate = max((monotonic() - begun) / points, FASTEST)
        reached = self.t + steps * dt
        reached = until if abs(reached - until) <= 1e-9 * dt else reached
        share = (reached - self.t) / self.horizon

        error = self._difference(self.runs)
        budget = STEP_SHARE * self.tol * (EARLY + (1 - EARLY) * reached / self.horizon)
        asked = error > 0.85 * budget or (error > 0.3 * budget and self.unasked >= PROBE)
        self.unasked = 0 if asked else self.unasked + 1
        new = self._new_error(start, dt, steps) if asked else error
        fair = STEP_SHARE * self.tol * share
        means = self.witness.look(self.runs[0], self.grid, reached)
        sound = self.witness.agree(self.means, means, reached - self.t, self.grid)
        if not sound or not (error <= budget or new <= fair):
            self.runs = start
            excess = new / fair if self.step_error > 0.5 * budget else error / budget
            self._reject_step(excess if sound else np.inf, dt)
            return []

        axes = self.grid.x + self.grid.xi
        found = profiles(self._weighted(), self.grid)
        allowed = self._allowed(share)
        losses = [edge_loss(p, a) for p, a in zip(found, axes, strict=True)]
        if sum(sum(loss) for loss in losses) > allowed:
            self._enlarge(start, losses, LEVEL * allowed)
            return []

        passed = [time for time in times if self.t < time < reached]
        self.grid_error += sum(sum(loss) for loss in losses)
        self.grid_error = max(self.grid_error, abs(means.trace - self.start_trace) - error)
        made = self._outputs_between(start, passed)
        self.t, self.step_error, self.found, self.means = reached, error, found, means
        self.length = min(2 * self.length, SEGMENT)
        if self.watch:
            for time, output in zip(passed, made, strict=True):
                self.watch(time, output.symbol, output.grid)
            self.watch(self.t, self.extrapolated(), self.grid)
        if reached in times:
            made.append(self._output())
        self._report(dt)
        # what is small against the errors already made is noise, and not followed
        if self.t < self.horizon:
            self._follow(found, self._level(allowed))
        self._choose_step(dt, error / budget, new / fair if asked else None)
        return made

    # ------------------------------------------------------------------ room to move

    def _within_reach(self, dt: float, steps: int) -> tuple[float, int]:
        """A grid that holds what the next segment carries, and the segment, made shorter where it carries too far."""
        for _ in range(40):
            tau = steps * dt
            allowed = self._allowed(tau / self.horizon)
            for _ in range(ROUNDS):
                axes = self.grid.x + self.grid.xi
                ahead, far = self._ahead(tau, self.least * dt, allowed)
                if all(map(RequiredBox.within, ahead, axes)):
                    return dt, steps
                if far > FARTHEST:
                    break
                wanted = [
                    a if new.within(a) else covering(a, new, room=0.1) for a, new in zip(axes, ahead, strict=True)
                ]
                self._regrid(self.runs, wanted)
            # by half at the least: the flow of a long segment may be far off
            shorter = min(max(0.8 * FARTHEST / max(far, FARTHEST), 0.1), 0.5)
            blocks = int(steps / self.least * shorter)
            if blocks >= 1:
                steps = self.least * blocks
            else:
                dt, steps = dt * shorter * steps / self.least, self.least
            self._check_step(dt)
        raise ResourceError(
            f"At t = {self.t:.4g} the flow carries the symbol out of every grid that was tried: shorten `times`.",
            kind="time",
        )

    def _support(self, level: float) -> list[RequiredBox]:
        """What the symbol needs of each axis now."""
        return [required_box(p, a, level) for p, a in zip(self.found, self.grid.x + self.grid.xi, strict=True)]

    def _ahead(self, tau: float, step: float, allowed: float) -> tuple[list[RequiredBox], float]:
        """What the symbol needs during the next `tau`, and by which part of its support it moves or grows."""
        level = self._level(allowed)
        needs = self._support(level)
        content = Content.of(self.runs[0], self.found, self.grid)
        along = carried(content, self.velocities, needs, self.t, tau, level)
        ahead = hopping(content, self.generator, along, self.t, step, allowed)
        far = max(_moved_by(want, new) for want, new in zip(needs, ahead, strict=True))
        return (self.resolution.finer(ahead) if far <= FARTHEST else ahead), far

    # ------------------------------------------------------------------ outputs between the ends

    def _outputs_between(self, start: list[np.ndarray], times: Sequence[float]) -> list[Output]:
        """The symbols at `times`, each by steps of its own from the one before, the first from `start` at self.t.

        Two solutions, the second with twice the step, and their extrapolation; shorter steps until they agree.
        """
        now, t, error = self.extrapolated(start), self.t, self._difference(start)
        gain = 2**self.scheme.order - 1
        made = []
        for time in times:
            parts = 1
            while True:
                w, v = (
                    self._stepper_in(self.betweens, BETWEENS, (time - t) / n).run(now.copy(), n, t)
                    for n in (2 * parts, parts)
                )
                own = self._size(w - v) / gain
                if own <= OUTPUT_SHARE * self.tol or parts >= MOST_PARTS:
                    break
                parts *= 2
            now, t, error = w + (w - v) / gain, time, error + own
            made.append(Output(now, self.grid, error, self.grid_error + self.resolution.error))
        return made

    # ------------------------------------------------------------------ errors

    def _weighted(self) -> np.ndarray:
        """w, with b_j times what a loss in it is enlarged by on its way to b_{N-1}; below it what ridges see of w."""
        w = self.runs[0]
        sheared = [r.shear for r in self.generator.ridges if r.shear is not None]
        if sheared:
            x = self.grid.array_axes(x=True, xi=False)
            w = np.stack([w, *(filtered(w, np.exp(shear), x) for shear in sheared)], axis=0 if self.order == 1 else 1)
        if self.order == 1:
            return w
        weights = AMPLIFIED ** np.arange(self.order - 1.0, -1.0, -1.0)
        return w * weights.reshape(-1, *(1,) * (w.ndim - 1))

    def _noise(self) -> float:
        """The round-off in `_weighted`."""
        return ROUND_OFF * AMPLIFIED ** (self.order - 1) if self.order > 1 else 0.0

    def _allowed(self, share: float) -> float:
        """What one segment may lose at the edges: its share of half of the budget, and a part of what is left."""
        total = GRID_SHARE * self.tol
        loss = total * share / 2 + POOL * max(total / 2 - self.grid_error, 0.0)
        return max(loss, 10 * self._noise())

    def _level(self, allowed: float) -> float:
        """What counts as content: less is small against the errors already made, and is not followed."""
        return max(LEVEL * allowed, min(NOISE * self.step_error, NOISE_SHARE * allowed), self._noise())

    def _difference(self, runs: list[np.ndarray]) -> float:
        """The error of the extrapolated symbol, from |w - v|: see EXTRAPOLATED and HASTY."""
        before = None
        for order in range(self.scheme.order, self.pair_order, 2):
            before = self._size(runs[0] - runs[1]) / (2**order - 1)
            runs = [w + (w - v) / (2**order - 1) for w, v in pairwise(runs)]
        error = self._size(runs[0] - runs[1]) / (2**self.pair_order - 1)
        self.caution = 1.0 if self.tol > LONG else EXTRAPOLATED
        if before is not None and error > 0:
            self.caution = max(self.caution, HASTY / max(before / error, 1.0) ** 0.5)
        return self.caution * error

    def _size(self, w: np.ndarray) -> float:
        """The L1 norm of a difference of symbols, in place of its trace norm: see EXTRAPOLATED."""
        return float(np.abs(w).sum()) * self.grid.cell * (pi / 2) ** self.grid.n

    # ------------------------------------------------------------------ the step

    def _reject_step(self, excess: float, dt: float) -> None:
        self.rollbacks += 1
        factor = (0.5 / excess) ** (1 / self.pair_order) if np.isfinite(excess) else 0.1
        self.dt = min(self.dt, dt) * max(factor, 0.1)
        self._check_step(self.dt)
        self.pace.reached(self.t, typical=False, hint=self._hint(self.dt))

    def _choose_step(self, dt: float, spent: float, rate: float | None) -> None:
        """The step of the next segments: by the part of the budget that is spent, or by the rate at which it is now.

        rate: new error over its fair share, if it was looked at.
        """
        if rate is not None:
            if rate > 0.85:
                self.dt = dt * max((0.6 / rate) ** (1 / self.pair_order), 0.5)
            elif rate < 0.1 and spent < 0.85:
                self.dt = max(self.dt, 1.2 * dt)
        elif spent < 0.3:  # a segment that was made shorter for other reasons says nothing against `self.dt`
            factor = min((0.6 / max(spent, 1e-9)) ** (1 / self.pair_order), 1.4)
            self.dt = max(self.dt, dt * factor)

    def _new_error(self, start: list[np.ndarray], dt: float, steps: int) -> float:
        """What the segment from `start` has added to the error, beyond what the flow has made of the error before.

        The equation is linear: the difference of the two solutions at the start is carried on by the coarsest steps.
        """
        w, v = self._pair(start)
        old = self._stepper(self.least // 2 * dt).run(w - v, steps * 2 // self.least, self.t)
        now = self._difference(self.runs)
        return max(now - self.caution * self._size(old) / (2**self.pair_order - 1), 0.0)

    def _check_step(self, dt: float) -> None:
        if dt < SHORTEST * self.horizon:
            raise ResourceError(
                f"At t = {self.t:.4g} a step of {dt:.2g} would be needed, too short against the whole time "
                f"{self.horizon:.4g}: raise `tol` or `h`, lower `gamma`, or shorten `times`.",
                kind="time",
            )

    def _stepper(self, dt: float, half: Stepper | None = None) -> Stepper:
        return self._stepper_in(self.steppers, len(self.runs), dt, half)

    def _stepper_in(self, known: dict[float, Stepper], most: int, dt: float, half: Stepper | None = None) -> Stepper:
        """The stepper for dt among the `most` last ones that are `known`, or a new one among them."""
        for other, stepper in known.items():
            if abs(other - dt) < 1e-9 * dt:
                return stepper
        while len(known) >= most:
            del known[next(iter(known))]
        known[dt] = self._made_stepper(dt, half)
        return known[dt]

    def _made_stepper(self, dt: float, half: Stepper | None = None) -> Stepper:
        growth = 1 / self.horizon
        return Stepper(self.generator, self.scheme, dt, self.order, growth=growth, half=half, tick=self._tick)

    def _tick(self, covered: float, seconds: float) -> None:
        """Refuse a run whose operators alone will take too long: each of the runs has all of the time to cover."""
        self.pace.expect(self.t, len(self.runs) * seconds / covered if covered else 0.0, hint=self._hint(self.dt))

    def _hint(self, dt: float) -> str:
        return "x".join(map(str, self.grid.shape)) + f" grid, dt = {dt:.2g}"

    def _report(self, dt: float) -> None:
        hint = self._hint(dt)
        left = self.pace.reached(self.t, typical=dt > 0.5 * self.dt or not self.drive, hint=hint)
        if self.progress:
            self.progress(self.t, self.horizon, hint + (f", {in_words(left)} left" if 5 < left < np.inf else ""))

    # ------------------------------------------------------------------ the grid

    def _follow(self, found: tuple[Profile, ...], level: float) -> None:
        """Another grid, if the present one is, or is about to become, too small, or is much too large."""
        axes = self.grid.x + self.grid.xi
        needs = [required_box(p, a, level) for p, a in zip(found, axes, strict=True)]
        ahead = [want.moved_on(old) for want, old in zip(needs, self.needs, strict=True)] if self.needs else needs
        self.needs = needs
        wanted = next_axes(axes, self.resolution.finer(ahead))
        if wanted is not None:
            self._regrid(self.runs, wanted)

    def _enlarge(self, start: list[np.ndarray], losses: list[tuple[float, float, float]], allowed: float) -> None:
        """Back to `start`, on a grid that is larger wherever content came near an edge."""
        wanted = []
        for axis, loss in zip(self.grid.x + self.grid.xi, losses, strict=True):
            left, right, high = (part > allowed for part in loss)
            lower = axis.lower - 0.2 * axis.length * left
            upper = axis.upper + 0.2 * axis.length * right
            wanted.append(RequiredBox(lower, upper, axis.reach * (1.25 if high else 1.0)))
        self.rollbacks += 1
        old = self.grid.x + self.grid.xi
        self._regrid(
            start, [covering(a, want, room=0.0) for a, want in zip(old, self.resolution.finer(wanted), strict=True)]
        )

    def _regrid(self, runs: list[np.ndarray], axes: list[Axis]) -> None:
        n = self.grid.n
        new = PhaseGrid(tuple(axes[:n]), tuple(axes[n:]), self.grid.h)
        check_memory(self.system, new, self.order, self.tol, self.memory, self.t)
        self.runs = [resample(run, self.grid, new) for run in runs]
        self._on(new)
        self.found = profiles(self._weighted(), self.grid)
        self.regrids += 1
        self.largest = max(self.largest, new, key=lambda grid: grid.size)

    def _on(self, grid: PhaseGrid) -> None:
        self.grid = grid
        self.generator = self.build(self.system, grid)
        self.scheme = best_scheme(self.generator)
        self.steppers, self.betweens = {}, dict[float, Stepper]()


def _moved_by(want: RequiredBox, ahead: RequiredBox) -> float:
    """The part of the support by which it grows or moves."""
    outwards = max(want.lower - ahead.lower, ahead.upper - want.upper) / (want.upper - want.lower)
    return max(outwards, ahead.reach / want.reach - 1)


def check_memory(system: System, grid: PhaseGrid, order: int, tol: float, limit: float, t: float) -> None:
    """Raise ResourceError if a run on `grid` would use more than `limit` bytes."""
    terms = system.terms
    more = tol < LOOSE[4] or not terms.fourth_order
    each = BYTES_PER_POINT + MORE_RUNS * more + RIDGE_BYTES * len(terms.ridges)
    each += REST_BYTES * bool(terms.rest or terms.rest_jumps)
    advice = "raise `tol` or `memory`, or take fewer degrees of freedom"  # at the start all else is the state's own
    if t > 0:
        advice = "shorten `times`, raise `tol`, `gamma` or `h`, or raise `memory`"
    check_fits(grid, each * (1.15 * order - 0.15), advice, limit, f"At t = {t:.4g} the")
