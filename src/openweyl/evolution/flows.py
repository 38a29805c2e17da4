"""The flows that a step is a product of: each is the exponential of one part of the generator.

Most parts multiply in one of the four representations of the symbol, and their flows do so too.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self, TypeAlias

from openweyl.generators.generator import Generator
from openweyl.generators.rates import Parts, Rate, Rates

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
