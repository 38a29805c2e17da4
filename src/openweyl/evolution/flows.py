"""The flows that a step is a product of: each is the exponential of one part of the generator.

Most parts multiply in one of the four representations of the symbol, and their flows do so too. A step is the scheme's
product of kicks and drifts, with linear diffusion beside the drifts. Flows of ridges, of scalings and of operator terms
stand on both sides of it for half a step each, in opposite order.

Time passes with the drifts: a kick is taken at the time at which it acts, a drift at the middle of its interval, so
that an explicit dependence on time keeps the order.

Source: Chin and Chen, J. Chem. Phys. 117, 1409 (2002), doi:10.1063/1.1485725, for the times.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import NamedTuple, Self, TypeAlias

from openweyl.generators.generator import Generator
from openweyl.generators.rates import Parts, Rate, Rates

from .schemes import Scheme

Terms: TypeAlias = list[tuple[float, Rate]]
"""An exponent: the sum of these multiples of rates."""


class Structure(NamedTuple):
    """What decides which flows a step has: nothing of it changes with the grid.

    ridges: for each, whether it stands behind a shear, and the axes of its representation. diffusion_beside: whether
    linear diffusion stands on both sides of a drift, as it is not integrated along it.
    """

    n: int
    operator_terms: bool
    scaling: bool
    ridges: tuple[tuple[bool, tuple[int, ...]], ...]
    diffusion: bool
    diffusion_beside: bool

    @staticmethod
    def of(generator: Generator) -> Structure:
        """That of a generator."""
        return Structure(
            n=generator.grid.n,
            operator_terms=generator.operator_terms is not None,
            scaling=generator.scaling is not None,
            ridges=tuple((ridge.shear is not None, ridge.axes) for ridge in generator.ridges),
            diffusion=generator.linear_diffusion is not None,
            diffusion_beside=generator.commutator is None,  # else diffusion integrated along the drift is exact
        )

    def axes(self, *, x: bool, xi: bool) -> tuple[int, ...]:
        """The array axes of x, of xi, or of both."""
        return tuple(range(-2 * self.n if x else -self.n, 0 if xi else -self.n))


@dataclass(frozen=True, kw_only=True)
class Flow:
    """exp(a dt X) for a part X of the generator, taken at the time `at` dt after the beginning of the step."""

    a: float
    at: float = field(default=0.0, compare=False)

    @property
    def part(self) -> object:
        """What is the same for two flows that are one flow when they follow each other."""
        return type(self)

    def joined(self, following: Self) -> Self | None:
        """This flow and `following`, of the same part, as one; None if they undo each other."""
        return replace(self, a=self.a + following.a) if self.a + following.a else None


class Scaling(Flow):
    """w(z) -> w(e^{-r tau} z) e^{-r tau} along each axis that grows at the rate r."""


class OperatorAction(Flow):
    """e^{tau R} with the operator R of `operator_terms`."""


class Multiplication(Flow):
    """A flow that multiplies in one representation of the symbol, by the exponential of a sum of rates."""

    @abstractmethod
    def axes(self, structure: Structure) -> tuple[int, ...]:
        """The axes of the array that are transformed in this representation."""

    @abstractmethod
    def constant(self, generator: Generator, dt: float) -> Terms:
        """The terms of a dt X that do not depend on time."""

    def timed(self, generator: Generator, dt: float, t: float) -> Terms:  # noqa: ARG002 - most do not depend on it
        """Those that do, at time t."""
        return []

    def depends_on_time(self, generator: Generator) -> bool:  # noqa: ARG002 - the rule for the others
        """Whether there are such."""
        return False

    def key(self, dt: float) -> tuple[object, ...]:
        """What is the same for flows of the same part for the same time, in steps of whichever length."""
        return (self.part, self.a * dt)

    def root_key(self, dt: float) -> tuple[object, ...] | None:  # noqa: ARG002 - the rule for the others
        """The key of the flow whose square this is, if it is one of the same part."""
        return None


class LinearDiffusion(Multiplication):
    """The jumps a.x + b.xi in (k, s), integrated along the drift that follows: not proportional to the time."""

    def axes(self, structure: Structure) -> tuple[int, ...]:
        return structure.axes(x=True, xi=True)

    def constant(self, generator: Generator, dt: float) -> Terms:
        assert generator.linear_diffusion is not None  # noqa: S101 - or there were no such flow
        return _multiples(1.0, generator.linear_diffusion(self.a * dt))


@dataclass(frozen=True, kw_only=True)
class Shear(Multiplication):
    """w(x, xi) -> w(x - a c xi, xi) in (k, xi), which takes no time: it leads to the ridge of this number and back."""

    index: int

    @property
    def part(self) -> object:
        return Shear, self.index

    def axes(self, structure: Structure) -> tuple[int, ...]:
        return structure.axes(x=True, xi=False)

    def constant(self, generator: Generator, dt: float) -> Terms:  # noqa: ARG002 - it takes no time
        return _multiples(self.a, generator.ridges[self.index].shear or ())

    def key(self, dt: float) -> tuple[object, ...]:  # noqa: ARG002 - it takes no time
        return (self.part, self.a)


class RateFlow(Multiplication):
    """A multiplication by the exponential of a dt times a rate."""

    @abstractmethod
    def rate(self, generator: Generator) -> Rates: ...

    def constant(self, generator: Generator, dt: float) -> Terms:
        return _multiples(self.a * dt, self.rate(generator).constant)

    def timed(self, generator: Generator, dt: float, t: float) -> Terms:
        return _multiples(self.a * dt, self.rate(generator).at(t))

    def depends_on_time(self, generator: Generator) -> bool:
        return self.rate(generator).timed is not None

    def root_key(self, dt: float) -> tuple[object, ...] | None:
        return (self.part, self.a * dt / 2)


@dataclass(frozen=True, kw_only=True)
class Kick(RateFlow):
    """exp(a dt A + c dt^3 [A, [B, A]]) in (x, s)."""

    c: float = 0.0

    def joined(self, following: Self) -> Self | None:
        joined = super().joined(following)
        return joined and replace(joined, c=self.c + following.c)

    def axes(self, structure: Structure) -> tuple[int, ...]:
        return structure.axes(x=False, xi=True)

    def rate(self, generator: Generator) -> Rates:
        return generator.kick

    def constant(self, generator: Generator, dt: float) -> Terms:
        terms = super().constant(generator, dt)
        if self.c and generator.commutator is not None:
            terms += _multiples(self.c * dt**3, generator.commutator.constant)
        return terms

    def timed(self, generator: Generator, dt: float, t: float) -> Terms:
        terms = super().timed(generator, dt, t)
        if self.c and generator.commutator is not None:
            terms += _multiples(self.c * dt**3, generator.commutator.at(t))
        return terms

    def key(self, dt: float) -> tuple[object, ...]:
        return (self.part, self.a * dt, self.c * dt**3) if self.c else super().key(dt)

    def root_key(self, dt: float) -> tuple[object, ...] | None:
        return None if self.c else super().root_key(dt)


class Drift(RateFlow):
    """exp(a dt B) in (k, xi)."""

    def axes(self, structure: Structure) -> tuple[int, ...]:
        return structure.axes(x=True, xi=False)

    def rate(self, generator: Generator) -> Rates:
        return generator.drift


@dataclass(frozen=True, kw_only=True)
class RidgeKick(RateFlow):
    """The potential of the ridge of this number, behind its shear."""

    index: int

    @property
    def part(self) -> object:
        return RidgeKick, self.index

    def axes(self, structure: Structure) -> tuple[int, ...]:
        return structure.ridges[self.index][1]

    def rate(self, generator: Generator) -> Rates:
        return generator.ridges[self.index].rate


def _multiples(c: float, parts: Parts) -> Terms:
    return [(c, part) for part in parts]


Group: TypeAlias = tuple[Multiplication, ...] | Flow
"""Neighbours that multiply in one representation, such as a drift between two shears, or another flow alone."""


@lru_cache(maxsize=256)
def grouped_flows(structure: Structure, scheme: Scheme, steps: int) -> tuple[tuple[Group, Group], ...]:
    """`steps` steps of `scheme` in a row, first flow first; neighbours in one representation multiply at once.

    Beside each group stands the first one that is equal to it but for the time at which it acts.
    """
    groups: list[Group] = []
    for flow in _chain(_flows(structure, scheme), steps):
        last = groups[-1] if groups else None
        if not isinstance(flow, Multiplication):
            groups.append(flow)
        elif isinstance(last, tuple) and last[0].axes(structure) == flow.axes(structure):
            groups[-1] = (*last, flow)
        else:
            groups.append((flow,))
    first: dict[Group, Group] = {}
    return tuple((group, first.setdefault(group, group)) for group in groups)


def _flows(structure: Structure, scheme: Scheme) -> list[Flow]:
    """One step of `scheme`, first flow first."""
    before: list[Flow] = [OperatorAction(a=0.5)] if structure.operator_terms else []
    before += [Scaling(a=0.5)] if structure.scaling else []
    ridges = [_ridge(sheared, j) for j, (sheared, _) in enumerate(structure.ridges)]
    inner: list[Flow] = [Kick(a=scheme.kicks[0][0], c=scheme.kicks[0][1])]
    time = 0.0
    for b, (a, c) in zip(scheme.drifts, scheme.kicks[1:], strict=True):
        inner += [*_drift(structure, b, time + b / 2), Kick(a=a, c=c, at=time + b)]
        time += b
    after = [*(flow for ridge in reversed(ridges) for flow in ridge), *reversed(before)]
    return [*before, *(flow for ridge in ridges for flow in ridge), *inner, *(replace(flow, at=1.0) for flow in after)]


def _drift(structure: Structure, b: float, at: float) -> list[Flow]:
    """The drift by b dt with its linear diffusion; `at`: the middle of its interval."""
    drift = Drift(a=b, at=at)
    if not structure.diffusion:
        return [drift]
    if structure.diffusion_beside:
        return [LinearDiffusion(a=b / 2), drift, LinearDiffusion(a=b / 2)]
    return [LinearDiffusion(a=b), drift]


def _ridge(sheared: bool, index: int) -> list[Flow]:
    ridge = RidgeKick(a=0.5, index=index)
    return [Shear(a=1.0, index=index), ridge, Shear(a=-1.0, index=index)] if sheared else [ridge]


def _chain(step: list[Flow], steps: int) -> list[Flow]:
    """`steps` steps in a row; neighbours that are flows of one part, as at the ends of steps, are one flow."""
    chained: list[Flow] = []
    for j in range(steps):
        for flow in step:
            if chained and chained[-1].part == flow.part:
                joined = chained.pop().joined(flow)
                chained += [joined] if joined else []
            else:
                chained.append(replace(flow, at=flow.at + j))
    return chained
