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
from math import ceil, pi
from typing import Literal

import numpy as np
import psutil

from . import _check
from ._check import ResourceError, must
from .extent import Need, Profile, edge_loss, fit, need, next_axes, profiles
from .generator import Generator, fokker_planck, lindblad
from .grid import Axis, PhaseGrid, resample
from .solution import Numerics, Solution
from .splitting import Scheme, Stepper, best_scheme
from .states import State
from .system import System

Kind = Literal["quantum", "classical"]
Progress = Callable[[float, float, str], None]
"""Called with the time reached, the last time, and a few words on the grid."""

STEP_SHARE, GRID_SHARE = 0.5, 0.4
"""The parts of the tolerance given to the step and to the grid."""
EXTRAPOLATED = 1 / 2
"""Error of the extrapolated symbol over that of w itself. With errors that fall by q at a halving of the step it is
|2^p - q|/(q - 1): below 1/2 for 11 <= q <= 31 at order p = 4. The L1 norm is taken times pi/2 per degree of freedom,
what interference fringes have in trace norm."""
SEGMENT = 8
"""The most steps (an even number) between two looks at the error and the edges."""
BYTES_PER_POINT = 160
"""Peak memory of a run per grid point: rates, factors, states and temporaries (measured, see docs/numerics.md)."""


def evolve(
    system: System,
    state: State,
    times: Sequence[float],
    *,
    kind: Kind = "quantum",
    tol: float = 1e-6,
    memory: float | None = None,
    progress: Progress | None = None,
) -> Solution:
    """The symbol of A(t), dA/dt = L A ("quantum"), or the classical density, da/dt = Q a, at `times`.

    Li (1.1)-(1.5) in the time direction of von Neumann's equation. `times`: increasing, >= 0; the state is that at
    time 0. `tol`: the error allowed in trace norm at the last time. `memory`: bytes that the run may use (default:
    half of what is free). Grid and step are chosen, and reported with the error they leave in `.numerics`.

    Raises InputError for arguments out of range, ResourceError when a grid would pass the memory limit.
    """
    must(kind in ("quantum", "classical"), "kind", 'be "quantum" or "classical"', kind)
    moments = _check.times(times)
    tol = _check.tolerance(tol)
    must(state.n == system.n, "state", f"have n = {system.n} degrees of freedom, as the system", state.n)
    limit = psutil.virtual_memory().available / 2 if memory is None else _check.real("memory", memory, above=0.0)
    started = time.perf_counter()
    grid = state.window(system.h, level=1e-3 * tol, room=0.4)
    run = _Run(
        system=system,
        build=lindblad if kind == "quantum" else fokker_planck,
        tol=tol,
        horizon=max(moments[-1], 1e-300),
        memory=limit,
        progress=progress,
        grid=grid,
        w=state.symbol(grid),
        v=state.symbol(grid),
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


@dataclass
class _Run:
    """Both runs on their common grid, the step, and what they have cost in accuracy so far."""

    system: System
    build: Callable[..., Generator]
    tol: float
    horizon: float
    memory: float
    progress: Progress | None
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
        steps = min(self.length, left)
        self.w = self._stepper(self.dt).run(self.w, steps)
        self.v = self._stepper(2 * self.dt).run(self.v, steps // 2)
        self.steps += steps + steps // 2
        reached = until if steps == left else self.t + steps * self.dt

        error = self._difference()
        budget = STEP_SHARE * self.tol * (0.5 + 0.5 * reached / self.horizon)
        if not error <= max(budget, 1.1 * self.step_error):  # an old error may grow; no smaller step mends that
            self.w, self.v = start
            self._reject_step(error / budget, until)
            return

        axes = self.grid.x + self.grid.xi
        found = profiles(self.w, self.grid)
        allowed = GRID_SHARE * self.tol * max(steps * self.dt / self.horizon, 0.05) / len(axes)
        losses = [edge_loss(p, a) for p, a in zip(found, axes, strict=True)]
        if max(max(loss) for loss in losses) > allowed:
            self._enlarge(start, losses, allowed)
            return

        self.t, self.step_error = reached, error
        self.grid_error += sum(sum(loss) for loss in losses)
        self.length = min(2 * self.length, SEGMENT)
        if self.progress:
            self.progress(self.t, self.horizon, "x".join(map(str, self.grid.shape)) + f" grid, dt = {self.dt:.2g}")
        self._follow(found, 0.3 * allowed)
        if self.t < until and not 0.15 * budget < error < 0.7 * budget:
            factor = (0.4 * budget / max(error, 1e-300)) ** (1 / self.scheme.order)
            self._set_step(self.dt * min(max(factor, 0.5), 1.4), until)

    def _difference(self) -> float:
        """The error of the extrapolated symbol, from |w - v|: see EXTRAPOLATED."""
        scale = EXTRAPOLATED * (pi / 2) ** self.grid.n / (2**self.scheme.order - 1)
        return float(np.abs(self.w - self.v).sum()) * self.grid.cell * scale

    def _reject_step(self, excess: float, until: float) -> None:
        self.rollbacks += 1
        factor = (0.5 / excess) ** (1 / self.scheme.order) if np.isfinite(excess) else 0.1
        self._set_step(self.dt * max(factor, 0.1), until)
        if self.dt < 1e-9 * self.horizon:
            raise ResourceError(
                f"At t = {self.t:.4g} no step is small enough for tol = {self.tol:g}: raise `tol` or shorten `times`."
            )

    def _set_step(self, dt: float, until: float) -> None:
        """The longest step <= dt that divides the time left into an even number."""
        self.dt = (until - self.t) / (2 * ceil((until - self.t) / (2 * dt) * (1 - 1e-9)))

    def _stepper(self, dt: float) -> Stepper:
        for known, stepper in self.steppers.items():
            if abs(known - dt) < 1e-9 * dt:
                return stepper
        while len(self.steppers) > 1:
            del self.steppers[next(iter(self.steppers))]
        made = self.steppers[dt] = Stepper(self.generator, self.scheme, dt, growth=1 / self.horizon)
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
        needed = new.size * BYTES_PER_POINT
        if needed > self.memory:
            size = " x ".join(map(str, new.shape))
            raise ResourceError(
                f"At t = {self.t:.4g} the symbol needs a grid of {size} points, about {needed / 2**30:.3g} GiB, "
                f"but the limit is {self.memory / 2**30:.3g} GiB: shorten `times`, raise `tol`, `gamma` or `h`, "
                "or raise `memory`."
            )
        self.w, self.v = (resample(run, self.grid, new) for run in runs)
        self._on(new)
        self.regrids += 1
        self.largest = max(self.largest, new, key=lambda grid: grid.size)

    def _on(self, grid: PhaseGrid) -> None:
        self.grid = grid
        self.generator = self.build(self.system, grid)
        self.scheme = best_scheme(self.generator)
        self.steppers = {}
