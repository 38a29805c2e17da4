"""Solutions with steps dt, 2 dt, 4 dt, ... on their common grid, and what is made anew when the grid changes."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, pi

import numpy as np

from openweyl.generators.operator_terms import Tick
from openweyl.model.system import System
from openweyl.phase_space.grid import PhaseGrid
from openweyl.phase_space.profiles import Profile, profiles_of
from openweyl.phase_space.resampling import resample_each
from openweyl.phase_space.samples import Samples
from openweyl.phase_space.support import RequiredBox, required_box
from openweyl.weyl.symbol import Symbol

from .equation import Equation
from .error_estimate import NO_ERROR, ErrorEstimate, Extrapolation, pieces
from .factors import SharedWork
from .grid_control import correction_weights
from .moving_frame import Path
from .schemes import best_scheme
from .step_control import StepPlan
from .stepper import Stepper, StepperCache

FRINGE_FACTOR = pi / 2
"""Trace norm over L1 norm of interference fringes, per degree of freedom: differences of runs count as if of these."""
OUTPUT_STEPPERS = 4
"""Steppers kept for outputs between the ends of segments, which mostly lie at even distances."""


@dataclass(frozen=True)
class Segment:
    """Steps from `begin` to `end`, and the runs' values at its beginning."""

    plan: StepPlan
    begin: float
    end: float
    start: list[np.ndarray]

    @property
    def duration(self) -> float:
        """The time that the segment took."""
        return self.end - self.begin


class Runs:
    """The runs, finest step first: `values[j]` are the values of the symbol with step 2^j dt, at the time `t`.

    They are on the grid `box`, in coordinates that move along with `frame`, if there is one; `grid` is where the box is
    now. growth: the rate at which a step may amplify; tick: see `exponential_action`.
    """

    def __init__(
        self, system: System, equation: Equation, tol: float, grid: PhaseGrid, start: np.ndarray, *,
        growth: float = inf, tick: Tick | None = None,
    ) -> None:  # fmt: skip
        self.system, self.equation, self.tol = system, equation, tol
        self.growth, self.tick = growth, tick
        self.t, self.last_error = 0.0, NO_ERROR
        self.frame: Path | None = None
        self._build_on(grid)
        self.values = [start.copy() for _ in range(self.extrapolation.run_count)]
        self._profiles: tuple[Profile, ...] | None = None

    def _build_on(self, box: PhaseGrid) -> None:
        self.box = box
        self._placed: tuple[float, PhaseGrid] | None = None
        self.generator = self.equation.build(self.system, box, frame=self.frame)
        self.scheme = best_scheme(self.generator)
        self.extrapolation = Extrapolation(self.scheme.order, self.tol, box.n)
        self.shared = SharedWork()
        self.steppers = StepperCache(self.stepper, self.extrapolation.run_count)
        self.output_steppers = StepperCache(self.stepper, OUTPUT_STEPPERS)

    def begin_at(self, t: float, system: System, box: PhaseGrid, frame: Path | None, values: list[np.ndarray]) -> None:
        """Go on from what another process has left, with all else made anew."""
        self.t, self.system, self.frame, self.values, self._profiles = t, system, frame, values, None
        self._build_on(box)

    def stepper(self, dt: float) -> Stepper:
        """A new stepper on the present grid."""
        return Stepper(
            self.generator, self.scheme, dt, self.equation.order, growth=self.growth, shared=self.shared, tick=self.tick
        )

    @property
    def grid(self) -> PhaseGrid:
        """The grid, in the coordinates of the system, at the present time."""
        return self.grid_at(self.t)

    def grid_at(self, t: float) -> PhaseGrid:
        """The grid as it lies at time t."""
        if self.frame is None:
            return self.box
        if self._placed is None or self._placed[0] != t:
            self._placed = t, self.box.shifted(self.frame(t)[0])
        return self._placed[1]

    def back_to(self, segment: Segment) -> None:
        """Go back to the beginning of a segment."""
        self.values, self.t, self._profiles = segment.start, segment.begin, None

    def move_to(self, grid: PhaseGrid) -> None:
        """Go on on another grid."""
        box = grid
        if self.frame is not None:  # axes that stay are to stay the same numbers
            old, now = self.box.x + self.box.xi, self.grid
            moved = grid.shifted(-self.frame(self.t)[0])
            pairs = zip(old, now.x + now.xi, grid.x + grid.xi, moved.x + moved.xi, strict=True)
            box = grid.with_axes([kept if here == wanted else new for kept, here, wanted, new in pairs])
        resample_each(self.values, self.box, box)
        self._profiles = None
        self._build_on(box)

    def move_along(self, frame: Path | None) -> None:
        """Go on in the coordinates of this frame, which starts now; None: those of the system."""
        grid = self.grid
        self.frame = frame
        self._build_on(grid if frame is None else grid.shifted(-frame(self.t)[0]))

    def enter(self, system: System) -> float:
        """Go on with the equation of another system; the error that then no longer shows in the runs' differences.

        That is 0 unless the other system takes another scheme, whose runs start alike.
        """
        order, error, best = self.extrapolation.order, self.error().value, self.extrapolation.best
        self.system, self.frame, grid = system, None, self.grid
        self._build_on(grid)
        if self.extrapolation.order == order:
            return 0.0
        start = best(self.values)
        self.values = [start.copy() for _ in range(self.extrapolation.run_count)]
        self._profiles, self.last_error = None, NO_ERROR
        return error

    # ------------------------------------------------------------------ steps

    def steps_in(self, plan: StepPlan) -> int:
        """The steps that all runs take together in a segment."""
        return sum(plan.steps // 2**j for j in range(len(self.values)))

    def advance(self, plan: StepPlan) -> None:
        """A segment from the present time."""
        for j, w in enumerate(self.values):
            self.values[j] = self.steppers.get(2**j * plan.dt).run(w, plan.steps // 2**j, self.t)
        self.t += plan.duration
        self._profiles = None

    def symbol(self) -> Symbol:
        """The best solution at the present time."""
        return self.symbol_of(self.extrapolation.best(self.values), self.t)

    @property
    def scaled(self) -> bool:
        """Whether steps scale the axes, which interpolates the samples."""
        return self.generator.scaling is not None

    @property
    def trace(self) -> float:
        """The trace of `symbol`; with corrections, that of b_0. Steps keep it: what it loses is lost to a grid."""
        leading = [w if self.equation.order == 1 else w[0] for w in self.values]
        return float(self.extrapolation.best([w.sum() for w in leading])) * self.box.cell

    @property
    def first(self) -> Symbol:
        """The finest run, as it is now: its array changes with the next step."""
        return self.symbol_of(self.values[0], self.t)

    def symbol_of(self, values: np.ndarray, t: float) -> Symbol:
        """The symbol of these values on the present grid, as it lies at time t."""
        return Symbol.trusted(values, self.grid_at(t))

    # ------------------------------------------------------------------ errors

    def norm(self, w: np.ndarray) -> float:
        """The L1 norm of a difference of symbols, times what stands for its trace norm."""
        total = sum(float(np.abs(part).sum()) for part in pieces(w))
        return total * self.box.cell * FRINGE_FACTOR**self.box.n

    def error(self) -> ErrorEstimate:
        """The error of `symbol`; `last_error` is that at the end of the segment before."""
        return self.extrapolation.error(self.values, self.norm, self.last_error)

    def added(self, error: ErrorEstimate, segment: Segment) -> float:
        """What a segment has added to the error, which now is `error`.

        The equation is linear: the difference of the pair at the start is carried on by the coarsest steps, and what
        becomes of it is taken from the error now.
        """
        w, v = self.extrapolation.pair(segment.start)
        block, plan = self.extrapolation.block, segment.plan
        old = self.steppers.get(block // 2 * plan.dt).run(w - v, plan.steps * 2 // block, segment.begin)
        return max(error.value - self.extrapolation.error_of(self.norm(old), error.factor), 0.0)

    # ------------------------------------------------------------------ content

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """The profiles of the content now, made when they are asked for."""
        if self._profiles is None:
            self._profiles = profiles_of(Samples(self.content(), self.box))
        return self._profiles

    def content(self) -> np.ndarray:
        """The first run's symbol and what ridges see of it; b_j times what its losses are enlarged by."""
        w, order = self.values[0], self.equation.order
        sheared = [ridge.sheared(w) for ridge in self.generator.ridges if ridge.shear is not None]
        if sheared:
            w = np.stack([w, *sheared], axis=0 if order == 1 else 1)
        if order == 1:
            return w
        return w * correction_weights(order).reshape(-1, *(1,) * (w.ndim - 1))

    @property
    def reaches(self) -> np.ndarray:
        """The largest wave number of each axis."""
        return np.array([axis.reach for axis in self.box.x + self.box.xi])

    def support(self, level: float, waves: float = 1.0) -> list[RequiredBox]:
        """What the symbol needs of each axis now, see `required_box`."""
        axes = self.grid.x + self.grid.xi
        return [required_box(p, a, level, waves) for p, a in zip(self.profiles, axes, strict=True)]
