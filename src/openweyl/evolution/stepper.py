"""The step of a splitting scheme for one generator and one dt, and steppers that are kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import reduce
from typing import NamedTuple

import numpy as np

from openweyl._core.fft import Array, filtered
from openweyl.generators.generator import Generator
from openweyl.generators.operator_terms import Tick, exponential_action
from openweyl.phase_space.resampling import along, interpolation

from .factors import Factor, SharedWork, constant_factor, timed_factor
from .flow_chain import grouped_flows
from .flows import Flow, Multiplication, Scaling, Structure
from .schemes import Scheme

SAME_STEP = 1e-9
"""The relative difference below which two steps are one: they differ by round-off alone."""


class Product(NamedTuple):
    """Flows that multiply in one representation: what does not depend on time, and the flows that do."""

    axes: tuple[int, ...]
    factor: tuple[Array, ...]
    timed: tuple[Multiplication, ...]


@dataclass
class Stepper:
    """The step of `scheme` for one generator and one dt; factors that do not depend on time are computed once.

    `order` is the number of powers of lambda kept (1 without corrections). `growth` bounds the rate at which a flow may
    amplify: far out in (x, s), where the symbol is negligible, dt^3 [A, [B, A]] may outgrow dt A and would amplify
    round-off, and so may powers of the corrections, see `factors.limited`.
    `shared`: what other steppers with the same generator share with this one. `tick`: see `exponential_action`.
    """

    generator: Generator
    scheme: Scheme
    dt: float
    order: int = 1
    growth: float = np.inf
    shared: SharedWork = field(default_factory=SharedWork, repr=False)
    tick: Tick | None = field(default=None, repr=False)
    _programs: dict[int, list[Product | Flow]] = field(default_factory=dict, repr=False)
    _factors: dict[Hashable, Factor] = field(default_factory=dict, repr=False)
    _scalings: dict[Flow, list[Array | None]] = field(default_factory=dict, repr=False)
    _taylor_parts: int = field(default=1, repr=False)
    """The parts into which the last operator action was cut."""

    def run(self, w: Array, steps: int, t: float = 0.0) -> Array:
        """`steps` steps from `w` at time t; a NumPy array is overwritten."""
        scratch = self.shared.scratch
        for action in self._programs.get(steps) or self._program(steps):
            if isinstance(action, Product):
                factor = action.factor + self._timed(action.timed, t) if action.timed else action.factor
                w = filtered(w, factor, action.axes, scratch) if factor else w
            elif isinstance(action, Scaling):
                w = self._scaled(w, action)
            else:
                w = self._acted_on(w, action, t)
        return w

    def _program(self, steps: int) -> list[Product | Flow]:
        """What is done in so many steps."""
        structure = Structure.of(self.generator)
        known: dict[int, Product] = {}
        program: list[Product | Flow] = []
        for group, first in grouped_flows(structure, self.scheme, steps):
            if not isinstance(group, tuple):
                program.append(group)
                continue
            made = known.get(id(first))
            if made is None:
                timed = tuple(flow for flow in group if flow.depends_on_time(self.generator))
                made = Product(group[0].axes(structure), self._constant(group).arrays, timed)
                known[id(first)] = made
            elif made.timed:  # at a time of its own
                made = made._replace(timed=tuple(flow for flow in group if flow.depends_on_time(self.generator)))
            program.append(made)
        self._programs[steps] = program
        return program

    def _constant(self, group: tuple[Multiplication, ...]) -> Factor:
        """The product of all in these flows that does not depend on time."""
        key = tuple(flow.key(self.dt) for flow in group)
        if key not in self._factors:
            limit = self.growth * self.dt
            made = (constant_factor(f, self.generator, self.dt, self.order, limit, self.shared) for f in group)
            self._factors[key] = reduce(Factor.times, made)
        return self._factors[key]

    def _timed(self, flows: tuple[Multiplication, ...], t: float) -> tuple[Array, ...]:
        """The product of what depends on time."""
        dt, limit = self.dt, self.growth * self.dt
        made = (timed_factor(f, self.generator, dt, t + f.at * dt, self.order, limit, self.shared) for f in flows)
        return reduce(Factor.times, made).arrays

    def _acted_on(self, w: Array, flow: Flow, t: float) -> Array:
        """e^{tau R} w by Taylor series."""
        operator = self.generator.operator_terms
        assert operator is not None  # noqa: S101 - or there were no such flow
        at, tau = t + flow.at * self.dt, flow.a * self.dt
        w, self._taylor_parts = exponential_action(operator, w, at, tau, self._taylor_parts, self.tick)
        return w

    def _scaled(self, w: Array, flow: Flow) -> Array:
        """w(z) -> w(e^{-r tau} z) e^{-r tau} along each axis, with r the rate at which it grows; band-limited."""
        grid = self.generator.grid
        if flow not in self._scalings:
            self._scalings[flow] = [
                interpolation(axis, axis.points * np.exp(-rate * flow.a * self.dt)) * np.exp(-rate * flow.a * self.dt)
                if rate
                else None
                for axis, rate in zip(grid.x + grid.xi, self.generator.scaling or (), strict=True)
            ]
        for position, matrix in enumerate(self._scalings[flow]):
            if matrix is not None:
                w = along(w, position - 2 * grid.n, matrix)
        return w


@dataclass
class StepperCache:
    """The steppers for the last `size` steps dt; `make` makes one for a dt."""

    make: Callable[[float], Stepper]
    size: int
    known: dict[float, Stepper] = field(default_factory=dict)

    def get(self, dt: float) -> Stepper:
        """The stepper for dt, known or new."""
        for other, stepper in self.known.items():
            if abs(other - dt) < SAME_STEP * dt:
                return stepper
        while len(self.known) >= self.size:
            del self.known[next(iter(self.known))]
        self.known[dt] = self.make(dt)
        return self.known[dt]
