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
from typing import Self

from array_api_compat import array_namespace

from openweyl._core.fft import Array
from openweyl.generators.generator import Generator, Rate, at_time

from .schemes import Scheme


@dataclass(frozen=True, kw_only=True)
class Flow:
    """exp(a dt X) for a part X of the generator, taken at the time `at` dt after the beginning of the step.

    Flows that differ in `at` alone are equal: if X does not depend on time, what they multiply by is computed once.
    """

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
    """A flow that multiplies in one representation of the symbol, by the exponential of `exponent`."""

    @abstractmethod
    def axes(self, generator: Generator) -> tuple[int, ...]:
        """The axes of the array that are transformed in this representation."""

    @abstractmethod
    def exponent(self, generator: Generator, dt: float, t: float) -> Array:
        """a dt X at time t, with a leading axis of powers of lambda."""

    def depends_on_time(self, generator: Generator) -> bool:  # noqa: ARG002 - the rule for the others
        return False

    def root(self) -> Multiplication | None:
        """The flow whose square this is, if it is one of the same part."""
        return None


class LinearDiffusion(Multiplication):
    """The jumps a.x + b.xi in (k, s), integrated along the drift that follows: not proportional to the time."""

    def axes(self, generator: Generator) -> tuple[int, ...]:
        return generator.grid.array_axes(x=True, xi=True)

    def exponent(self, generator: Generator, dt: float, t: float) -> Array:  # noqa: ARG002 - constant in time
        assert generator.linear_diffusion is not None  # noqa: S101 - or there were no such flow
        return generator.linear_diffusion(self.a * dt)


@dataclass(frozen=True, kw_only=True)
class Shear(Multiplication):
    """w(x, xi) -> w(x - a c xi, xi) in (k, xi), which takes no time: it leads to the ridge of this number and back."""

    index: int

    @property
    def part(self) -> object:
        return Shear, self.index

    def axes(self, generator: Generator) -> tuple[int, ...]:
        return generator.grid.array_axes(x=True, xi=False)

    def exponent(self, generator: Generator, dt: float, t: float) -> Array:  # noqa: ARG002 - it takes no time
        exponent = generator.ridges[self.index].shear
        assert exponent is not None  # noqa: S101 - or there were no such flow
        return self.a * exponent


class RateFlow(Multiplication):
    """A multiplication by the exponential of a dt times a rate."""

    @abstractmethod
    def rate(self, generator: Generator) -> Rate: ...

    def depends_on_time(self, generator: Generator) -> bool:
        return callable(self.rate(generator))

    def exponent(self, generator: Generator, dt: float, t: float) -> Array:
        return self.a * dt * at_time(self.rate(generator), t)

    def root(self) -> Multiplication | None:
        return replace(self, a=self.a / 2)


@dataclass(frozen=True, kw_only=True)
class Kick(RateFlow):
    """exp(a dt A + c dt^3 [A, [B, A]]) in (x, s)."""

    c: float = 0.0

    def joined(self, following: Self) -> Self | None:
        joined = super().joined(following)
        return joined and replace(joined, c=self.c + following.c)

    def axes(self, generator: Generator) -> tuple[int, ...]:
        return generator.grid.array_axes(x=False, xi=True)

    def rate(self, generator: Generator) -> Rate:
        return generator.kick

    def exponent(self, generator: Generator, dt: float, t: float) -> Array:
        exponent = super().exponent(generator, dt, t)
        if not self.c or generator.commutator is None:
            return exponent
        xp = array_namespace(exponent)
        correction = self.c * dt**3 * at_time(generator.commutator, t)
        if correction.shape[0] > 1:
            exponent = xp.concat([exponent, xp.zeros_like(exponent[:1])])
        return exponent + correction

    def root(self) -> Multiplication | None:
        return None if self.c else super().root()


class Drift(RateFlow):
    """exp(a dt B) in (k, xi)."""

    def axes(self, generator: Generator) -> tuple[int, ...]:
        return generator.grid.array_axes(x=True, xi=False)

    def rate(self, generator: Generator) -> Rate:
        return generator.drift


@dataclass(frozen=True, kw_only=True)
class RidgeKick(RateFlow):
    """The potential of the ridge of this number, behind its shear."""

    index: int

    @property
    def part(self) -> object:
        return RidgeKick, self.index

    def axes(self, generator: Generator) -> tuple[int, ...]:
        return generator.ridges[self.index].axes

    def rate(self, generator: Generator) -> Rate:
        return generator.ridges[self.index].rate


def flows(generator: Generator, scheme: Scheme) -> list[Flow]:
    """One step of `scheme`, first flow first."""
    before: list[Flow] = [OperatorAction(a=0.5)] if generator.operator_terms else []
    before += [Scaling(a=0.5)] if generator.scaling else []
    ridges = [_ridge(generator, j) for j in range(len(generator.ridges))]
    inner: list[Flow] = [Kick(a=scheme.kicks[0][0], c=scheme.kicks[0][1])]
    time = 0.0
    for b, (a, c) in zip(scheme.drifts, scheme.kicks[1:], strict=True):
        inner += [*_drift(generator, b, time + b / 2), Kick(a=a, c=c, at=time + b)]
        time += b
    after = [*(flow for ridge in reversed(ridges) for flow in ridge), *reversed(before)]
    return [*before, *(flow for ridge in ridges for flow in ridge), *inner, *(replace(flow, at=1.0) for flow in after)]


def _drift(generator: Generator, b: float, at: float) -> list[Flow]:
    """The drift by b dt with its linear diffusion; `at`: the middle of its interval."""
    drift = Drift(a=b, at=at)
    if not generator.linear_diffusion:
        return [drift]
    if generator.commutator is not None:  # diffusion integrated along the drift is exact
        return [LinearDiffusion(a=b), drift]
    return [LinearDiffusion(a=b / 2), drift, LinearDiffusion(a=b / 2)]


def _ridge(generator: Generator, index: int) -> list[Flow]:
    ridge = RidgeKick(a=0.5, index=index)
    if generator.ridges[index].shear is None:
        return [ridge]
    return [Shear(a=1.0, index=index), ridge, Shear(a=-1.0, index=index)]


def chain(step: list[Flow], steps: int) -> list[Flow]:
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
