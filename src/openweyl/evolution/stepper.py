"""The step of a splitting scheme for one generator and one dt, and steppers that are kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from openweyl._core.fft import Array, filtered, series_product
from openweyl.generators.generator import Generator
from openweyl.generators.operator_terms import Tick, exponential_action
from openweyl.phase_space.resampling import along, interpolation

from .flows import Flow, Multiplication, RateFlow, Scaling, chain, flows
from .power_series import exponential, product
from .schemes import Scheme

MAX_CORRECTION_EXPONENT = 6.0
"""The sum of the coefficients of lambda, lambda^2, ... of one exponent in absolute value from which they are left out
at a point of its representation: powers of them, up to e^6, would amplify round-off where the symbol is negligible.
Where it is not, steps so long that this matters are found by their error."""
SAME_STEP = 1e-9
"""The relative difference below which two steps are one: they differ by round-off alone."""


@dataclass
class Stepper:
    """The step of `scheme` for one generator and one dt; factors that do not depend on time are computed once.

    `order` is the number of powers of lambda kept (1 without corrections). `growth` bounds the rate at which a flow may
    amplify: far out in (x, s), where the symbol is negligible, dt^3 [A, [B, A]] may outgrow dt A and would amplify
    round-off, and so may powers of the corrections, see MAX_CORRECTION_EXPONENT.
    `half`: a stepper for dt/2 with the same generator; squares of its factors are cheaper than exponentials.
    `tick`: see `exponential_action`.
    """

    generator: Generator
    scheme: Scheme
    dt: float
    order: int = 1
    growth: float = np.inf
    half: Stepper | None = field(default=None, repr=False)
    tick: Tick | None = field(default=None, repr=False)
    _factors: dict[Hashable, Any] = field(default_factory=dict, repr=False)
    _scratch: dict[tuple[int, ...], Any] = field(default_factory=dict, repr=False)
    _groups: dict[int, list[tuple[Multiplication, ...] | Flow]] = field(default_factory=dict, repr=False)
    _taylor_parts: int = field(default=1, repr=False)
    """The parts into which the last operator action was cut."""

    def run(self, w: Array, steps: int, t: float = 0.0) -> Array:
        """`steps` steps from `w` at time t; a NumPy array is overwritten."""
        if steps not in self._groups:
            self._groups[steps] = self._grouped(chain(flows(self.generator, self.scheme), steps))
        for group in self._groups[steps]:
            if isinstance(group, tuple):
                w = filtered(w, self._product(group, t), group[0].axes(self.generator), self._scratch)
            elif isinstance(group, Scaling):
                w = self._scaled(w, group)
            else:
                w = self._acted_on(w, group, t)
        return w

    def _grouped(self, chained: list[Flow]) -> list[tuple[Multiplication, ...] | Flow]:
        """Neighbours that multiply in one representation, such as a drift between two shears, multiply at once."""
        groups: list[tuple[Multiplication, ...] | Flow] = []
        for flow in chained:
            last = groups[-1] if groups else None
            if not isinstance(flow, Multiplication):
                groups.append(flow)
            elif isinstance(last, tuple) and last[0].axes(self.generator) == flow.axes(self.generator):
                groups[-1] = (*last, flow)
            else:
                groups.append((flow,))
        return groups

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
        if flow not in self._factors:
            self._factors[flow] = [
                interpolation(axis, axis.points * np.exp(-rate * flow.a * self.dt)) * np.exp(-rate * flow.a * self.dt)
                if rate
                else None
                for axis, rate in zip(grid.x + grid.xi, self.generator.scaling or (), strict=True)
            ]
        for position, matrix in enumerate(self._factors[flow]):
            if matrix is not None:
                w = along(w, position - 2 * grid.n, matrix)
        return w

    def _product(self, group: tuple[Multiplication, ...], t: float) -> Array:
        """The product of the factors of flows in one representation."""
        if len(group) == 1:
            return self._factor(group[0], t)
        if group in self._factors:
            return self._factors[group]
        whole = reduce(product, (self._factor(flow, t) for flow in group))
        if not any(flow.depends_on_time(self.generator) for flow in group):
            self._factors[group] = whole
        return whole

    def _factor(self, flow: Multiplication, t: float) -> Array:
        """What `flow` multiplies by in its representation."""
        if flow.depends_on_time(self.generator):
            return exponential(self._exponent(flow, t + flow.at * self.dt), self.order)
        if flow not in self._factors:
            root = self._root_factor(flow, t)
            self._factors[flow] = (
                exponential(self._exponent(flow, t), self.order) if root is None else series_product(root, root)
            )
        return self._factors[flow]

    def _root_factor(self, flow: Multiplication, t: float) -> Array | None:
        """The factor of half of `flow`, if it is at hand: that of a step of dt/2, or that of a flow half as long."""
        root = flow.root()
        if root is None:
            return None
        return self.half._factor(flow, t) if self.half else self._factors.get(root)

    def _exponent(self, flow: Multiplication, t: float) -> Array:
        exponent = flow.exponent(self.generator, self.dt, t)
        limited = isinstance(flow, RateFlow) and np.isfinite(self.growth)
        return _limited(exponent, self.growth * self.dt) if limited else exponent


def _limited(exponent: Array, growth: float) -> Array:
    """`exponent` with a real part of at most `growth`, and with corrections of at most MAX_CORRECTION_EXPONENT.

    Both limits act far out only, where the symbol is negligible and would be amplified round-off.
    """
    xp = array_namespace(exponent)
    excess = xp.real(exponent[:1]) - growth
    limited = exponent[:1] - xp.where(excess > 0, excess, xp.zeros_like(excess))
    if exponent.shape[0] == 1:
        return limited
    corrections = exponent[1:]
    too_large = xp.sum(xp.abs(corrections), axis=0) > MAX_CORRECTION_EXPONENT
    return xp.concat([limited, xp.where(too_large, xp.zeros_like(corrections), corrections)])


@dataclass
class StepperCache:
    """The steppers for the last `size` steps dt; `make` makes one for a dt, and for what its `half` is."""

    make: Callable[[float, Stepper | None], Stepper]
    size: int
    known: dict[float, Stepper] = field(default_factory=dict)

    def get(self, dt: float, half: Stepper | None = None) -> Stepper:
        """The stepper for dt, known or new."""
        for other, stepper in self.known.items():
            if abs(other - dt) < SAME_STEP * dt:
                return stepper
        while len(self.known) >= self.size:
            del self.known[next(iter(self.known))]
        self.known[dt] = self.make(dt, half)
        return self.known[dt]
