"""Splitting schemes as coefficient tables with a declared order, and the step that they make.

A step of length dt is a product of kicks (multiplications in (x, s)) and drifts (multiplications in (k, xi)):

    w(t + dt) = K(a_m, c_m) D(b_m) ... D(b_1) K(a_0, c_0) w(t),
    K(a, c) = exp(a dt A + c dt^3 [A, [B, A]]),      D(b) = exp(b dt B).

All a and b are positive: diffusion cannot run backwards. Beyond order 2 that needs the double commutator, which is a
multiplication too when T is quadratic and the xi-jumps are linear (see `generator`). Further flows, of ridges, of
scalings and of the rest, stand on both sides for half a step each, in opposite order.

Time passes with the drifts: a kick is taken at the time at which it acts, a drift at the middle of its interval, so
that an explicit dependence on time keeps the order.

Source: Chin, Phys. Lett. A 226, 344 (1997), doi:10.1016/S0375-9601(97)00003-0, his scheme A; Chin and Chen, J. Chem.
Phys. 117, 1409 (2002), doi:10.1063/1.1485725, for the times.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import groupby
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from openweyl._core.fft import Array, filtered, series_product
from openweyl.generators.generator import Generator, Rate, at_time
from openweyl.generators.operator_terms import Tick, exponential_action
from openweyl.phase_space.resampling import along, interpolation

WILD = 6.0
"""The size of the correction's part of one exponent from which it is left out. Where the symbol is not nil, steps that
are so long are found by their error."""


@dataclass(frozen=True)
class Scheme:
    """Coefficients (a, c) of the kicks and b of the drifts between them; error ~ dt^order over a fixed time."""

    name: str
    order: int
    kicks: tuple[tuple[float, float], ...]
    drifts: tuple[float, ...]


STRANG = Scheme("Strang", 2, kicks=((1 / 2, 0.0), (1 / 2, 0.0)), drifts=(1.0,))
CHIN = Scheme("Chin 4A", 4, kicks=((1 / 6, 0.0), (2 / 3, 1 / 72), (1 / 6, 0.0)), drifts=(1 / 2, 1 / 2))


def best_scheme(generator: Generator) -> Scheme:
    """The scheme of the highest order that the generator admits."""
    return STRANG if generator.commutator is None else CHIN


def described(generator: Generator, scheme: Scheme) -> str:
    """The scheme and what stands around it, in words."""
    ridges = len(generator.ridges)
    parts = [f"{ridges} ridge{'s' * (ridges > 1)}"] * bool(ridges)
    parts += ["scaled axes"] * bool(generator.scaling) + ["star products"] * bool(generator.operator_terms)
    return scheme.name + (f" with {', '.join(parts)}" if parts else "")


def exponential(series: Array, order: int = 1) -> Array:
    """exp(c_0 + c_1 lambda + ...) as a series, cut after `order` terms; a lone c_0 stays a lone coefficient.

    With E = exp(c_0) sum_j e_j lambda^j: j e_j = sum_i i c_i e_{j-i}.
    """
    xp = array_namespace(series)
    terms = [xp.exp(series[0])]
    if series.shape[0] == 1:
        return terms[0][None]
    for j in range(1, order):
        terms.append(sum(i * series[i] * terms[j - i] for i in range(1, min(j, series.shape[0] - 1) + 1)) / j)
    return xp.stack(terms)


@dataclass(frozen=True)
class Flow:
    """One factor of a step: `a` dt (and for kicks c dt^3) of a part of the generator, at the time `at` dt in the step.

    kind: "kick", "drift", "linear_diffusion", "ridge", "shear", "scaling" or "rest"; `index` numbers the ridges.
    """

    kind: str
    a: float
    c: float = 0.0
    index: int = 0
    at: float = 0.0

    @property
    def part(self) -> tuple[str, int]:
        return self.kind, self.index


def flows(generator: Generator, scheme: Scheme) -> list[Flow]:
    """One step of `scheme`, first flow first."""
    before = [Flow("rest", 0.5)] if generator.operator_terms else []
    before += [Flow("scaling", 0.5)] if generator.scaling else []
    ridges = [_sheared(generator, j) for j in range(len(generator.ridges))]
    inner, time = [Flow("kick", *scheme.kicks[0])], 0.0
    for b, kick in zip(scheme.drifts, scheme.kicks[1:], strict=True):
        drift = [Flow("drift", b, at=time + b / 2)]
        if generator.linear_diffusion and generator.commutator is not None:  # moved by the drift: exact
            drift = [Flow("linear_diffusion", b), *drift]
        elif generator.linear_diffusion:
            drift = [Flow("linear_diffusion", b / 2), *drift, Flow("linear_diffusion", b / 2)]
        inner += [*drift, Flow("kick", *kick, at=time + b)]
        time += b
    after = [*(flow for ridge in reversed(ridges) for flow in ridge), *reversed(before)]
    return [*before, *(flow for ridge in ridges for flow in ridge), *inner, *(replace(flow, at=1.0) for flow in after)]


def _sheared(generator: Generator, index: int) -> list[Flow]:
    ridge = [Flow("ridge", 0.5, index=index)]
    if generator.ridges[index].shear is None:
        return ridge
    return [Flow("shear", 1.0, index=index), *ridge, Flow("shear", -1.0, index=index)]


def chain(step: list[Flow], steps: int) -> list[Flow]:
    """`steps` steps in a row; neighbours that are flows of one part, as at the ends of steps, are one flow."""
    joined: list[Flow] = []
    for j in range(steps):
        for flow in step:
            last = joined[-1] if joined else None
            if last and last.part == flow.part:
                merged = replace(last, a=last.a + flow.a, c=last.c + flow.c)
                joined[-1:] = [merged] if merged.a else []
            else:
                joined.append(replace(flow, at=flow.at + j))
    return joined


@dataclass
class Stepper:
    """The step of `scheme` for one generator and one dt; factors that do not depend on time are computed once.

    `order` is the number of powers of lambda kept (1 without corrections). `growth` bounds the rate at which a flow may
    amplify: far out in (x, s), where the symbol is nil, dt^3 [A, [B, A]] may outgrow dt A and would amplify round-off,
    and so may powers of the correction's part, see WILD.
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
    _factors: dict[tuple[Any, ...], Array] = field(default_factory=dict, repr=False)
    _scratch: dict[tuple[int, ...], Any] = field(default_factory=dict, repr=False)
    _chains: dict[int, list[tuple[tuple[int, ...] | None, tuple[Flow, ...]]]] = field(default_factory=dict, repr=False)
    _parts: int = field(default=1, repr=False)

    def run(self, w: Array, steps: int, t: float = 0.0) -> Array:
        """`steps` steps from `w` at time t; a NumPy array is overwritten.

        Neighbours that multiply in one representation, such as a drift between two shears, multiply at once.
        """
        if steps not in self._chains:
            flow_by_flow = chain(flows(self.generator, self.scheme), steps)
            self._chains[steps] = [(axes, tuple(group)) for axes, group in groupby(flow_by_flow, key=self._axes)]
        for axes, several in self._chains[steps]:
            if axes is not None:
                w = filtered(w, self._product(several, t), axes, self._scratch)
                continue
            for flow in several:
                w = self._scale(w, flow) if flow.kind == "scaling" else self._rest(w, flow, t)
        return w

    def _axes(self, flow: Flow) -> tuple[int, ...] | None:
        """The axes of the representation in which `flow` multiplies; None if it does not."""
        if flow.kind == "ridge":
            return self.generator.ridges[flow.index].axes
        if flow.kind in ("scaling", "rest"):
            return None
        return self.generator.grid.array_axes(x=flow.kind != "kick", xi=flow.kind in ("kick", "linear_diffusion"))

    def _rest(self, w: Array, flow: Flow, t: float) -> Array:
        rest = self.generator.operator_terms
        assert rest is not None  # noqa: S101 - or there were no such flow
        at, tau = t + flow.at * self.dt, flow.a * self.dt
        w, self._parts = exponential_action(rest, w, at, tau, self._parts, self.tick)
        return w

    def _scale(self, w: Array, flow: Flow) -> Array:
        """w(z) -> w(e^{-r tau} z) e^{-r tau} along each axis that grows at the rate r, band-limited."""
        grid, key = self.generator.grid, ("scaling", flow.a)
        if key not in self._factors:
            self._factors[key] = [
                interpolation(axis, axis.points * np.exp(-rate * flow.a * self.dt)) * np.exp(-rate * flow.a * self.dt)
                if rate
                else None
                for axis, rate in zip(grid.x + grid.xi, self.generator.scaling or (), strict=True)
            ]
        for position, matrix in enumerate(self._factors[key]):
            if matrix is not None:
                w = along(w, position - 2 * grid.n, matrix)
        return w

    def _product(self, several: tuple[Flow, ...], t: float) -> Array:
        """The product of the factors of `several` flows."""
        if len(several) == 1:
            return self._factor(several[0], t)
        key = tuple((*flow.part, flow.a, flow.c) for flow in several)
        if key in self._factors:
            return self._factors[key]
        product = reduce(_series_of, (self._factor(flow, t) for flow in several))
        if not any(callable(self._rate(flow)) for flow in several):
            self._factors[key] = product
        return product

    def _factor(self, flow: Flow, t: float) -> Array:
        if callable(self._rate(flow)):
            return exponential(self._exponent(flow, t + flow.at * self.dt), self.order)
        key = (*flow.part, flow.a, flow.c)
        if key not in self._factors:
            root = None
            if flow.kind not in ("linear_diffusion", "shear") and not flow.c:  # a dt times a rate: look for half of it
                smaller = (*flow.part, flow.a / 2, 0.0)
                root = self.half._factor(flow, t) if self.half else self._factors.get(smaller)
            factor = (
                series_product(root, root) if root is not None else exponential(self._exponent(flow, t), self.order)
            )
            self._factors[key] = factor
        return self._factors[key]

    def _rate(self, flow: Flow) -> Rate | None:
        match flow.kind:
            case "kick":
                return self.generator.kick
            case "drift":
                return self.generator.drift
            case "ridge":
                return self.generator.ridges[flow.index].rate
            case "shear":
                return self.generator.ridges[flow.index].shear
        return None

    def _exponent(self, flow: Flow, t: float) -> Array:
        generator = self.generator
        if flow.kind == "linear_diffusion" and generator.linear_diffusion is not None:
            return generator.linear_diffusion(flow.a * self.dt)
        rate = at_time(self._rate(flow), t)
        if flow.kind == "shear":
            return flow.a * rate
        exponent = flow.a * self.dt * rate
        xp = array_namespace(exponent)
        if flow.c and generator.commutator is not None:
            correction = flow.c * self.dt**3 * at_time(generator.commutator, t)
            if correction.shape[0] > 1:
                exponent = xp.concat([exponent, xp.zeros_like(exponent[:1])])
            exponent = exponent + correction
        return self._tamed(exponent) if np.isfinite(self.growth) else exponent

    def _tamed(self, exponent: Array) -> Array:
        """`exponent` where it is harmless: far out, where the symbol is nil, it would amplify round-off."""
        xp = array_namespace(exponent)
        excess = xp.real(exponent[:1]) - self.growth * self.dt
        head = exponent[:1] - xp.where(excess > 0, excess, xp.zeros_like(excess))
        if exponent.shape[0] == 1:
            return head
        tail = exponent[1:]
        wild = xp.sum(xp.abs(tail), axis=0) > WILD
        return xp.concat([head, xp.where(wild, xp.zeros_like(tail), tail)])


def _series_of(first: Array, second: Array) -> Array:
    """The product of two factors; a lone coefficient stands for a series that ends with it."""
    return series_product(*((first, second) if first.shape[0] <= second.shape[0] else (second, first)))
