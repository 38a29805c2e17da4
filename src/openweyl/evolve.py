"""The time loop: `evolve` chooses, watches and corrects the grid and the step, so that only a tolerance is asked for.

Two runs go side by side, w with the step dt and v with 2 dt. Their difference, over 2^order - 1, estimates the error of
w in all that came before, with whatever cancelled or was damped; their extrapolation, (2^order w - v)/(2^order - 1), is
what is returned.

The runs are chains of segments of a few steps. At the end of each, the difference is held against the tolerance and all
edges of the four representations are looked at. Too large a difference sends both runs back to the start of the segment
with a smaller step; content near an edge sends them back onto a larger grid; content far from all edges makes the grid
smaller.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import ceil, inf, pi
from typing import Literal

import numpy as np
import psutil

from . import _check
from ._check import ResourceError, must
from .extent import Need, Profile, edge_loss, fit, need, next_axes, profiles
from .generator import Generator, fokker_planck, hierarchy, lindblad
from .grid import Axis, PhaseGrid, resample
from .solution import Numerics, Solution
from .splitting import Scheme, Stepper, best_scheme
from .states import State
from .system import System

Kind = Literal["quantum", "classical"]
Progress = Callable[[float, float, str], None]
"""Called with the time reached, the last time, and a few words on the grid."""

Watch = Callable[[float, np.ndarray, PhaseGrid], None]

STEP_SHARE, GRID_SHARE = 0.45, 0.4
"""The parts of the tolerance given to the step and to the grid."""
SHORTEST = 1e-6
"""The shortest step, as a part of the whole time, that a run may come down to."""
LEVEL = 0.1
"""A grid is chosen so that beyond each edge lies less than this part of what all edges together may lose."""
EXTRAPOLATED = 1 / 2
"""Error of the extrapolated symbol over that of w itself. With errors that fall by q at a halving of the step it is
|2^p - q|/(q - 1): below 1/2 for 11 <= q <= 31 at order p = 4. The L1 norm is taken times pi/2 per degree of freedom,
what interference fringes have in trace norm."""
SEGMENT = 4
"""The most steps (an even number) between two looks at the error and the edges."""
MAX_ORDER = 12
"""The largest number of terms of the expansion in the corrections."""
AMPLIFIED, ROUND_OFF = 10.0, 1e-12
"""With corrections, what a grid cuts off b_j comes back in b_{j+1} enlarged, by about this factor near the corners of
(x, s), where L - Q is largest; and the relative size of what the transforms leave there, which no grid can hold."""
BYTES_PER_POINT = 160
"""Peak memory of a run per grid point: rates, factors, states and temporaries (measured, see docs/numerics.md)."""


def evolve(
    system: System,
    state: State,
    times: Sequence[float],
    *,
    kind: Kind = "quantum",
    order: int = 1,
    tol: float = 1e-6,
    memory: float | None = None,
    progress: Progress | None = None,
    watch: Watch | None = None,
    watch_every: float = inf,
) -> Solution:
    """The symbol of A(t), dA/dt = L A ("quantum"), or the classical density, da/dt = Q a, at `times`.

    Li (1.1)-(1.5) in the time direction of von Neumann's equation. `times`: increasing, >= 0; the state is that at
    time 0. `order` N > 1 (classical only) adds the corrections of Li, Theorem 3: the symbols get a leading axis of
    length N with b_0 = a and d_t b_j = Q b_j + (L - Q) b_{j-1}, b_j(0) = 0; their sum is a_N. `tol`: the error allowed
    in trace norm at the last time. `memory`: bytes that the run may use (default: half of what is free). `watch` is
    called with (t, symbol, grid) at time 0 and as the run goes on, at the saved times and at least every
    `watch_every`. Grid and step are chosen, and reported with the error they leave in `.numerics`.

    Raises InputError for arguments out of range, ResourceError when a grid would pass the memory limit.
    """
    must(kind in ("quantum", "classical"), "kind", 'be "quantum" or "classical"', kind)
    must(isinstance(order, int) and not isinstance(order, bool), "order", "be a whole number", order)
    must(1 <= order <= MAX_ORDER, "order", f"lie between 1 and {MAX_ORDER}", order, "The expansion is asymptotic.")
    must(order == 1 or kind == "classical", "order", "be 1 for the quantum evolution", order)
    moments = _check.times(times)
    tol = _check.tolerance(tol)
    must(state.n == system.n, "state", f"have n = {system.n} degrees of freedom, as the system", state.n)
    limit = psutil.virtual_memory().available / 2 if memory is None else _check.real("memory", memory, above=0.0)
    started = time.perf_counter()
    grid = state.window(system.h, level=1e-3 * tol, room=0.4)
    _check_memory(grid, order, limit, 0.0)
    run = _Run(
        system=system,
        build=lindblad if kind == "quantum" else fokker_planck if order == 1 else hierarchy,
        order=order,
        tol=tol,
        horizon=max(moments[-1], 1e-300),
        memory=limit,
        progress=progress,
        watch=watch,
        watch_every=watch_every,
        grid=grid,
        w=_start(state, grid, order),
        v=_start(state, grid, order),
    )
    symbols, grids, errors = [], [], []
    for moment in moments:
        run.advance(moment)
        symbols.append(run.extrapolated())
        grids.append(run.grid)
        errors.append((run.step_error, run.grid_error))
    return Solution(
        system=system,
        kind=kind,
        order=order,
        times=moments,
        symbols=tuple(symbols),
        grids=tuple(grids),
        numerics=Numerics(
            scheme=run.scheme.name if run.steps else "none",
            steps=run.steps,
            largest_grid=run.largest,
            regrids=run.regrids,
            rollbacks=run.rollbacks,
            step_error=tuple(e[0] for e in errors),
            grid_error=tuple(e[1] for e in errors),
            seconds=time.perf_counter() - started,
        ),
    )


def _check_memory(grid: PhaseGrid, order: int, limit: float, t: float) -> None:
    """Raise ResourceError if a run on `grid` would use more than `limit` bytes."""
    needed = grid.size * BYTES_PER_POINT * (order + 1) / 2
    if needed > limit:
        size = " x ".join(map(str, grid.shape))
        raise ResourceError(
            f"At t = {t:.4g} the symbol needs a grid of {size} points, about {needed / 2**30:.3g} GiB, but the limit "
            f"is {limit / 2**30:.3g} GiB: shorten `times`, raise `tol`, `gamma` or `h`, or raise `memory`."
        )


def _start(state: State, grid: PhaseGrid, order: int) -> np.ndarray:
    """The symbol at time 0; with corrections, which are nil then, along a leading axis."""
    w = state.symbol(grid)
    return w if order == 1 else np.concatenate([w[None], np.zeros((order - 1, *w.shape))])


@dataclass
class _Run:
    """Both runs on their common grid, the step, and what they have cost in accuracy so far."""

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
    w: np.ndarray
    v: np.ndarray
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
    steppers: dict[float, Stepper] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.largest = self.grid
        self._on(self.grid)
        if self.watch:
            self.watch(self.t, self.w, self.grid)

    def extrapolated(self) -> np.ndarray:
        """The symbol at the present time."""
        return self.w + (self.w - self.v) / (2**self.scheme.order - 1)

    def advance(self, until: float) -> None:
        """Run to the time `until`."""
        if until <= self.t:
            return
        self._set_step(self.dt or self.horizon / 64, until)
        while self.t < until:
            self._segment(until)

    def _segment(self, until: float) -> None:
        start = self.w.copy(), self.v.copy()
        left = round((until - self.t) / self.dt)
        steps = min(self.length, left, max(2, 2 * int(min(self.watch_every / (2 * self.dt), SEGMENT))))
        stepper = self._stepper(self.dt)
        self.w = stepper.run(self.w, steps)
        self.v = self._stepper(2 * self.dt, half=stepper).run(self.v, steps // 2)
        self.steps += steps + steps // 2
        reached = until if steps == left else self.t + steps * self.dt

        error = self._difference()
        budget = STEP_SHARE * self.tol * (0.5 + 0.5 * reached / self.horizon)
        if not error <= max(budget, 1.1 * self.step_error):  # an old error may grow; no smaller step mends that
            self.w, self.v = start
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
            factor = (0.6 * budget / max(error, 1e-300)) ** (1 / self.scheme.order)
            self._set_step(self.dt * min(max(factor, 0.5), 1.4), until)

    def _weighted(self) -> np.ndarray:
        """w, with b_j times what a loss in it is enlarged by on its way to b_{N-1}."""
        if self.order == 1:
            return self.w
        weights = AMPLIFIED ** np.arange(self.order - 1.0, -1.0, -1.0)
        return self.w * weights.reshape(-1, *(1,) * len(self.grid.shape))

    def _noise(self) -> float:
        """The round-off in `_weighted`."""
        return ROUND_OFF * AMPLIFIED ** (self.order - 1) if self.order > 1 else 0.0

    def _allowed_loss(self, share: float) -> float:
        """What one segment may lose at the edges: its share of half of the budget, and a part of what is left."""
        total = GRID_SHARE * self.tol
        return total * share / 2 + 0.1 * max(total / 2 - self.grid_error, 0.0)

    def _difference(self) -> float:
        """The error of the extrapolated symbol, from |w - v|: see EXTRAPOLATED."""
        scale = EXTRAPOLATED * (pi / 2) ** self.grid.n / (2**self.scheme.order - 1)
        return float(np.abs(self.w - self.v).sum()) * self.grid.cell * scale

    def _reject_step(self, excess: float, until: float) -> None:
        self.rollbacks += 1
        factor = (0.5 / excess) ** (1 / self.scheme.order) if np.isfinite(excess) else 0.1
        self._set_step(self.dt * max(factor, 0.1), until)
        if self.dt < SHORTEST * self.horizon:
            raise ResourceError(
                f"At t = {self.t:.4g} tol = {self.tol:g} asks for more than {1 / SHORTEST:.0e} steps: raise `tol` or "
                "`h`, lower `gamma`, or shorten `times`."
            )

    def _set_step(self, dt: float, until: float) -> None:
        """The longest step <= dt that divides the time left into an even number."""
        self.dt = (until - self.t) / (2 * ceil((until - self.t) / (2 * dt) * (1 - 1e-9)))

    def _stepper(self, dt: float, half: Stepper | None = None) -> Stepper:
        for known, stepper in self.steppers.items():
            if abs(known - dt) < 1e-9 * dt:
                return stepper
        while len(self.steppers) > 1:
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
            self._regrid((self.w, self.v), wanted)

    def _enlarge(
        self, start: tuple[np.ndarray, np.ndarray], losses: list[tuple[float, float, float]], allowed: float
    ) -> None:
        """Back to `start`, on a grid that is larger wherever content came near an edge."""
        axes = []
        for axis, loss in zip(self.grid.x + self.grid.xi, losses, strict=True):
            left, right, high = (part > allowed for part in loss)
            lower = axis.lower - 0.2 * axis.length * left
            upper = axis.upper + 0.2 * axis.length * right
            axes.append(fit(axis, Need(lower, upper, axis.reach * (1.25 if high else 1.0)), room=0.0))
        self.rollbacks += 1
        self._regrid(start, axes)

    def _regrid(self, runs: tuple[np.ndarray, np.ndarray], axes: list[Axis]) -> None:
        n = self.grid.n
        new = PhaseGrid(tuple(axes[:n]), tuple(axes[n:]), self.grid.h)
        _check_memory(new, self.order, self.memory, self.t)
        self.w, self.v = (resample(run, self.grid, new) for run in runs)
        self._on(new)
        self.regrids += 1
        self.largest = max(self.largest, new, key=lambda grid: grid.size)

    def _on(self, grid: PhaseGrid) -> None:
        self.grid = grid
        self.generator = self.build(self.system, grid)
        self.scheme = best_scheme(self.generator)
        self.steppers = {}
