"""Differences of a function across chords, exact and to first order, at the points of a mixed representation.

    f(z + c/2) - f(z - c/2)  (quantum),        c.f'(z)  (classical),

with the chord c = s where x is kept, h k where xi is: the one factor in which the two generators differ. The first of a
polynomial is a finite sum, of which the second is the first term: sum_m 2 f^(m)(z) (c/2)^m / m! over odd |m|. Its terms
are products of what varies along few axes, and cost less than f at all points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, reduce
from itertools import product
from math import factorial, prod
from operator import add
from typing import Any, Protocol, TypeAlias

import numpy as np
import sympy

from openweyl._core.fft import Array
from openweyl.model.system import System
from openweyl.phase_space.grid import PhaseGrid
from openweyl.symbolic.algebra import expandable
from openweyl.symbolic.expressions import TIME, derivative, evaluate_all

Point = dict[sympy.Symbol, Array]

MAX_CHORD_DEGREE = 8
"""The degree up to which polynomials are expanded in the chord: more terms cost more than two values of them."""
MAX_CHORD_TERMS = 24
"""The most terms of such an expansion, which n > 1 has more of, for the same reason."""


class Across(Protocol):
    """A function across the chords."""

    def addends(self) -> list[Array]:
        """Its difference, as a sum of arrays that broadcast."""

    def mean(self) -> Array:
        """The mean of its two values."""


Formulas: TypeAlias = tuple[sympy.Expr, ...]
ChordRule: TypeAlias = Callable[[Formulas, Point, Point, Any], dict[sympy.Expr, Across]]
"""Functions, where and along which chords -> each across them."""


def difference(f: Across) -> Array:
    """The difference of a function across the chords, in one array."""
    return reduce(add, f.addends(), 0.0)


@dataclass(frozen=True)
class Values:
    """The values at both ends of the chord."""

    plus: Array
    minus: Array

    def addends(self) -> list[Array]:
        return [self.plus - self.minus]

    def mean(self) -> Array:
        return (self.plus + self.minus) / 2


@dataclass(frozen=True)
class Series:
    """The odd and the even terms of the expansion in the chord, each without a factor 2."""

    odd: list[Array]
    even: list[Array]

    def addends(self) -> list[Array]:
        return [2 * term for term in self.odd]

    def mean(self) -> Array:
        return reduce(add, self.even, 0.0)


def quantum(formulas: Formulas, at: Point, chord: Point, xp: Any) -> dict[sympy.Expr, Across]:
    """f(z + chord/2) - f(z - chord/2), and the mean of the two values."""
    variables = tuple(chord)
    series = {f: _chord_series(f, variables) for f in formulas}
    found: dict[sympy.Expr, Across] = _summed({f: s for f, s in series.items() if s is not None}, at, chord, xp)
    others = tuple(f for f in formulas if series[f] is None)
    if others:
        ends = (evaluate_all(others, {v: at[v] + c * chord[v] if v in chord else at[v] for v in at}, xp) for c in ENDS)
        found |= {f: Values(*pair) for f, *pair in zip(others, *ends, strict=True)}
    return found


ENDS = (0.5, -0.5)
"""Where the ends of a chord are."""


def classical(formulas: Formulas, at: Point, chord: Point, xp: Any) -> dict[sympy.Expr, Across]:
    """The first-order parts of the same: chord . f'(z), and f(z)."""
    variables = tuple(chord)
    return _summed({f: _first_order(f, variables) for f in formulas}, at, chord, xp)


@dataclass(frozen=True)
class _Term:
    """coefficient * slope(z) * chord^powers, slope = f^(powers)."""

    powers: tuple[int, ...]
    coefficient: float
    slope: sympy.Expr


def _term(f: sympy.Expr, variables: Formulas, powers: tuple[int, ...]) -> _Term:
    slope = reduce(derivative, (v for v, m in zip(variables, powers, strict=True) for _ in range(m)), f)
    return _Term(powers, 0.5 ** sum(powers) / prod(map(factorial, powers)), slope)


@lru_cache(maxsize=512)
def _first_order(f: sympy.Expr, variables: Formulas) -> tuple[_Term, ...]:
    n = len(variables)
    orders = [(0,) * n] + [tuple(int(i == j) for i in range(n)) for j in range(n)]
    return tuple(term for powers in orders if (term := _term(f, variables, powers)).slope != 0)


@lru_cache(maxsize=512)
def _chord_series(f: sympy.Expr, variables: Formulas) -> tuple[_Term, ...] | None:
    """The expansion of f in the chord; None if f is no polynomial in these variables, or one of too many terms."""
    if not (f.is_polynomial(*variables) and expandable(f)):
        return None
    degree = sympy.Poly(f, *variables).total_degree() if f.has(*variables) else 0
    if degree > MAX_CHORD_DEGREE:
        return None
    orders = [m for m in product(range(degree + 1), repeat=len(variables)) if sum(m) <= degree]
    terms = tuple(term for powers in orders if (term := _term(f, variables, powers)).slope.expand() != 0)
    return terms if len(terms) <= MAX_CHORD_TERMS else None


def _summed(
    series: Mapping[sympy.Expr, tuple[_Term, ...]], at: Point, chord: Point, xp: Any
) -> dict[sympy.Expr, Across]:
    slopes = tuple({term.slope: None for terms in series.values() for term in terms})
    values = dict(zip(slopes, evaluate_all(slopes, at, xp), strict=True))
    found: dict[sympy.Expr, Across] = {}
    for f, terms in series.items():
        sums: tuple[list[Array], list[Array]] = [], []
        for term in terms:
            factor = term.coefficient
            for c, power in zip(chord.values(), term.powers, strict=True):
                factor = factor * c**power if power else factor
            sums[sum(term.powers) % 2].append(factor * values[term.slope])
        found[f] = Series(odd=sums[1], even=sums[0])
    return found


@dataclass(frozen=True)
class MixedRepresentation:
    """A representation in which a term multiplies: its points, the chords there, and the axes that are transformed."""

    at: Point
    chord: Point
    axes: tuple[int, ...]
    shape: tuple[int, ...]
    slope: Mapping[sympy.Symbol, float] = field(default_factory=dict)
    """The gradient of the linear form that the motion of the coordinates adds to p, see `frame`."""

    @staticmethod
    def of(system: System, grid: PhaseGrid, momentum: tuple[bool, ...], xp: Any) -> MixedRepresentation:
        """(x_j, s_j) for each degree of freedom, or (k_j, xi_j) where `momentum[j]`."""
        n = grid.n
        axes = tuple(sorted(j - 2 * n if m else j - n for j, m in enumerate(momentum)))
        columns = grid.coordinates(axes, xp)
        at: Point = {}
        chord: Point = {}
        for j, m in enumerate(momentum):
            v = (system.xi if m else system.x)[j]
            at[v] = columns[n + j] if m else columns[j]
            chord[v] = system.h * columns[j] if m else columns[n + j]
        shape = np.broadcast_shapes(*(np.shape(c) for c in columns))
        return MixedRepresentation(at, chord, axes, shape)

    def now(self, t: float) -> MixedRepresentation:
        """The same points at time t."""
        return replace(self, at=self.at | {TIME: t})

    def moved(self, offsets: Mapping[sympy.Symbol, float], slope: Mapping[sympy.Symbol, float]) -> MixedRepresentation:
        """The points that these are in coordinates which have moved by `offsets`, and move on."""
        return replace(self, at={v: z + offsets.get(v, 0.0) for v, z in self.at.items()}, slope=slope)

    def carried(self) -> list[Array]:
        """The differences across the chord of the linear form that the motion of the coordinates adds to p."""
        return [chord * self.slope[v] for v, chord in self.chord.items() if v in self.slope]


def distinct(formulas: Sequence[sympy.Expr]) -> Formulas:
    """The formulas, each once."""
    return tuple(dict.fromkeys(formulas))
