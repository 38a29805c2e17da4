"""Control of a run: the grid and the step are chosen, watched and corrected, so that only a tolerance is asked for.

Several runs go side by side, with steps dt, 2 dt, 4 dt, ... The schemes are symmetric, so that the extrapolation of
neighbouring runs, (2^p w - v)/(2^p - 1), raises the order p by 2; this goes on until two solutions of order 4, or of
order 6 for small tolerances, are left. Their difference, over 2^p - 1, estimates the error in all that came before,
with whatever cancelled or was damped, and their extrapolation is what is returned.

The runs are chains of segments of a few steps. At the end of each, the difference is held against the tolerance and all
edges of the four representations are looked at. Too large a difference sends all runs back to the start of the segment
with a smaller step; content near an edge sends them back onto a larger grid; content far from all edges makes the grid
smaller.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from math import ceil, pi

import numpy as np

from ._check import ResourceError
from ._fourier import filtered
from .drive import Drive
from .extent import Need, Profile, edge_loss, fit, need, next_axes, profiles
from .generator import Generator
from .grid import Axis, PhaseGrid, check_fits, resample
from .splitting import Scheme, Stepper, best_scheme
from .symbols import TIME
from .system import System

Progress = Callable[[float, float, str], None]
"""Called with the time reached, the last time, and a few words on the grid."""

Watch = Callable[[float, np.ndarray, PhaseGrid], None]

STEP_SHARE, GRID_SHARE = 0.45, 0.4
"""The parts of the tolerance given to the step and to the grid."""
SHORTEST = 1e-6
"""The shortest step, as a part of the whole time, that a run may come down to."""
LEVEL = 0.1
"""A grid is chosen so that beyond each edge lies less than this part of what all edges together may lose."""
LOOSE = {2: 1e-5, 4: 3e-7}
"""By the order of the scheme, the tolerance from which on the two solutions that are compared are of order 4, not 6."""
LONG = 1e-5
"""The tolerance above which steps may be so long that errors do not fall yet as the order says."""
EXTRAPOLATED = 1 / 2
"""Error of the extrapolated symbol over the estimate for w itself; 1 if the tolerance is above `LONG`. With errors that
fall by q at a halving of the step it is |2^p - q|/(q - 1): below 1 for q >= 8.5 at order p = 4 and for q >= 32.5 at
p = 6, below 1/2 for 11 <= q <= 31 and 43 <= q <= 127. The L1 norm is taken times pi/2 per degree of freedom, what
interference fringes have in trace norm."""
SEGMENT = 4
"""The most steps between two looks at the error and the edges, unless all runs together need more."""
PLACES = (0.2, 0.5, 0.8)
"""Where on each axis of the first grid a drive is looked at."""
AMPLIFIED, ROUND_OFF = 10.0, 1e-12
"""With corrections, what a grid cuts off b_j comes back in b_{j+1} enlarged, by about this factor near the corners of
(x, s), where L - Q is largest; and the relative size of what the transforms leave there, which no grid can hold."""
BYTES_PER_POINT, MORE_RUNS, RIDGE_BYTES, REST_BYTES = 180, 120, 80, 2000
"""Peak memory of a run per grid point: rates, factors, states and temporaries; what more runs than two add, what each
ridge adds, and the rest (measured, see docs/numerics.md)."""


@dataclass
class Run:
    """All runs on their common grid, the step, and what they have cost in accuracy so far."""

    system: System
    build: Callable[..., Generator]
    order: int
    tol: float
    horizon: float
    memory: float
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
    needs: list[Need] = field(default_factory=list)
    generator: Generator = field(init=False)
    scheme: Scheme = field(init=False)
    largest: PhaseGrid = field(init=False)
    drive: Drive | None = field(init=False, default=None)
    steppers: dict[float, Stepper] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.largest = self.grid
        if self.system.hamiltonian.has(TIME):
            axes = zip(self.system.x + self.system.xi, self.grid.x + self.grid.xi, strict=True)
            places = {v: [axis.lower + part * axis.length for part in PLACES] for v, axis in axes}
            self.drive = Drive(self.system.hamiltonian, places, self.horizon)
        self._on(self.grid)
        self.runs = [self.runs[0].copy() for _ in range((self.pair_order - self.scheme.order) // 2 + 2)]
        if self.watch:
            self.watch(self.t, self.runs[0], self.grid)

    @property
    def pair_order(self) -> int:
        return 4 if self.tol >= LOOSE[self.scheme.order] else 6

    def extrapolated(self) -> np.ndarray:
        """The symbol at the present time."""
        w, v = self._pair()
        return w + (w - v) / (2**self.pair_order - 1)

    def _pair(self) -> list[np.ndarray]:
        """Two solutions of the order `pair_order`, the second with twice the step of the first."""
        runs = self.runs
        for order in range(self.scheme.order, self.pair_order, 2):
            runs = [w + (w - v) / (2**order - 1) for w, v in pairwise(runs)]
        return runs

    def advance(self, until: float) -> None:
        """Run to the time `until`."""
        if until <= self.t:
            return
        self._set_step(self.dt or self.horizon / 64, until)
        while self.t < until:
            self._segment(until)

    def _segment(self, until: float) -> None:
        start = [run.copy() for run in self.runs]
        least = 2 ** (len(self.runs) - 1)
        if self.drive:
            longest = self.drive.longest(self.t, max(self.length // least, 1)) / least
            if self.dt > longest * (1 + 1e-9):
                self._set_step(longest, until)
        left = round((until - self.t) / self.dt)
        watched = least * max(int(min(self.watch_every / (least * self.dt), SEGMENT) + 1e-9), 1)
        steps = min(max(self.length, least), left, watched)
        stepper: Stepper | None = None
        for j, run in enumerate(self.runs):
            stepper = self._stepper(2**j * self.dt, half=stepper)
            self.runs[j] = stepper.run(run, steps // 2**j, self.t)
            self.steps += steps // 2**j
        reached = until if steps == left else self.t + steps * self.dt

        error = self._difference()
        budget = STEP_SHARE * self.tol * (0.5 + 0.5 * reached / self.horizon)
        if not error <= max(budget, 1.1 * self.step_error):  # an old error may grow; no smaller step mends that
            self.runs = start
            self._reject_step(error / budget, until)
            return

        axes = self.grid.x + self.grid.xi
        found = profiles(self._weighted(), self.grid)
        allowed = max(self._allowed_loss(steps * self.dt / self.horizon), 10 * self._noise())
        losses = [edge_loss(p, a) for p, a in zip(found, axes, strict=True)]
        if sum(sum(loss) for loss in losses) > allowed:
            self._enlarge(start, losses, LEVEL * allowed)
            return

        grown = error > 1.02 * self.step_error
        self.t, self.step_error = reached, error
        self.grid_error += sum(sum(loss) for loss in losses)
        self.length = min(2 * self.length, SEGMENT)
        if self.watch:
            self.watch(self.t, self.extrapolated(), self.grid)
        if self.progress:
            self.progress(self.t, self.horizon, "x".join(map(str, self.grid.shape)) + f" grid, dt = {self.dt:.2g}")
        # what is small against the errors already made is noise, and not followed
        if self.t < self.horizon:
            self._follow(found, max(LEVEL * allowed, 0.1 * self.grid_error + 0.02 * self.step_error, self._noise()))
        if self.t < until and (error < 0.3 * budget or (grown and error > 0.85 * budget)):
            factor = (0.6 * budget / max(error, 1e-300)) ** (1 / self.pair_order)
            self._set_step(self.dt * min(max(factor, 0.5), 1.4), until)

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

    def _allowed_loss(self, share: float) -> float:
        """What one segment may lose at the edges: its share of half of the budget, and a part of what is left."""
        total = GRID_SHARE * self.tol
        return total * share / 2 + 0.1 * max(total / 2 - self.grid_error, 0.0)

    def _difference(self) -> float:
        """The error of the extrapolated symbol, from |w - v|: see EXTRAPOLATED."""
        scale = (1.0 if self.tol > LONG else EXTRAPOLATED) * (pi / 2) ** self.grid.n / (2**self.pair_order - 1)
        w, v = self._pair()
        return float(np.abs(w - v).sum()) * self.grid.cell * scale

    def _reject_step(self, excess: float, until: float) -> None:
        self.rollbacks += 1
        factor = (0.5 / excess) ** (1 / self.pair_order) if np.isfinite(excess) else 0.1
        self._set_step(self.dt * max(factor, 0.1), until)
        if self.dt < SHORTEST * self.horizon:
            raise ResourceError(
                f"At t = {self.t:.4g} tol = {self.tol:g} asks for more than {1 / SHORTEST:.0e} steps: raise `tol` or "
                "`h`, lower `gamma`, or shorten `times`."
            )

    def _set_step(self, dt: float, until: float) -> None:
        """The longest step <= dt that divides the time left into a number that all runs can make."""
        most = 2 ** (len(self.runs) - 1)
        dt = min(dt, self.watch_every / most)
        self.dt = (until - self.t) / (most * ceil((until - self.t) / (most * dt) * (1 - 1e-9)))

    def _stepper(self, dt: float, half: Stepper | None = None) -> Stepper:
        for known, stepper in self.steppers.items():
            if abs(known - dt) < 1e-9 * dt:
                return stepper
        while len(self.steppers) > len(self.runs) - 1:
            del self.steppers[next(iter(self.steppers))]
        made = Stepper(self.generator, self.scheme, dt, self.order, growth=1 / self.horizon, half=half)
        self.steppers[dt] = made
        return made

    def _follow(self, found: tuple[Profile, ...], level: float) -> None:
        """Another grid, if the present one is, or is about to become, too small, or is much too large."""
        axes = self.grid.x + self.grid.xi
        needs = [need(p, a, level) for p, a in zip(found, axes, strict=True)]
        ahead = [want.moved_on(old) for want, old in zip(needs, self.needs, strict=True)] if self.needs else needs
        self.needs = needs
        wanted = next_axes(axes, ahead)
        if wanted is not None:
            self._regrid(self.runs, wanted)

    def _enlarge(self, start: list[np.ndarray], losses: list[tuple[float, float, float]], allowed: float) -> None:
        """Back to `start`, on a grid that is larger wherever content came near an edge."""
        axes = []
        for axis, loss in zip(self.grid.x + self.grid.xi, losses, strict=True):
            left, right, high = (part > allowed for part in loss)
            lower = axis.lower - 0.2 * axis.length * left
            upper = axis.upper + 0.2 * axis.length * right
            axes.append(fit(axis, Need(lower, upper, axis.reach * (1.25 if high else 1.0)), room=0.0))
        self.rollbacks += 1
        self._regrid(start, axes)

    def _regrid(self, runs: list[np.ndarray], axes: list[Axis]) -> None:
        n = self.grid.n
        new = PhaseGrid(tuple(axes[:n]), tuple(axes[n:]), self.grid.h)
        check_memory(self.system, new, self.order, self.tol, self.memory, self.t)
        self.runs = [resample(run, self.grid, new) for run in runs]
        self._on(new)
        self.regrids += 1
        self.largest = max(self.largest, new, key=lambda grid: grid.size)

    def _on(self, grid: PhaseGrid) -> None:
        self.grid = grid
        self.generator = self.build(self.system, grid)
        self.scheme = best_scheme(self.generator)
        self.steppers = {}


def check_memory(system: System, grid: PhaseGrid, order: int, tol: float, limit: float, t: float) -> None:
    """Raise ResourceError if a run on `grid` would use more than `limit` bytes."""
    terms = system.terms
    more = tol < LOOSE[4] or not terms.fourth_order
    each = BYTES_PER_POINT + MORE_RUNS * more + RIDGE_BYTES * len(terms.ridges)
    each += REST_BYTES * bool(terms.rest or terms.rest_jumps)
    advice = "shorten `times`, raise `tol`, `gamma` or `h`, or raise `memory`"
    check_fits(grid, each * (order + 1) / 2, advice, limit, f"At t = {t:.4g} the")
