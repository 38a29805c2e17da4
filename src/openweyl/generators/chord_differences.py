"""Differences of a function across chords, exact and to first order, at the points of a mixed representation.

    f(z + c/2) - f(z - c/2)  (quantum),        c.f'(z)  (classical),

with the chord c = s where x is kept, h k where xi is: the one factor in which the two generators differ. The first of a
polynomial is a finite sum, of which the second is the first term: sum_m 2 f^(m)(z) (c/2)^m / m! over odd |m|. Its terms
are products of what varies along few axes, and cost less than f at all points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from itertools import product
from math import factorial, prod
from operator import add, mul
from typing import Any, NamedTuple, Protocol, TypeAlias

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
AcrossAt: TypeAlias = Callable[[Point], list[Across]]
"""Where -> each of some functions across the chords there."""
ChordRule: TypeAlias = Callable[[Formulas, Point, Any], AcrossAt]
"""Functions and chords -> what says where they are. What does not depend on that is computed at once."""


def difference(f: Across) -> Array:
    """The difference of a function across the chords, in one array."""
    return reduce(add, f.addends()) if f.addends() else 0.0


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
    """The odd terms of the expansion in the chord, twice, and the even ones."""

    odd: list[Array]
    even: list[Array]

    def addends(self) -> list[Array]:
        return self.odd

    def mean(self) -> Array:
        return reduce(add, self.even) if self.even else 0.0


@dataclass(frozen=True)
class Sum:
    """A function by its additive parts."""

    parts: Sequence[Across]

    def addends(self) -> list[Array]:
        return [addend for part in self.parts for addend in part.addends()]

    def mean(self) -> Array:
        return reduce(add, [part.mean() for part in self.parts], 0.0)


def quantum(formulas: Formulas, chord: Point, xp: Any) -> AcrossAt:
    """f(z + chord/2) - f(z - chord/2), and the mean of the two values."""
    variables = tuple(chord)
    parts = [(number, part) for number, f in enumerate(formulas) for part in _additive_parts(f, variables)]
    expanded = [(number, terms) for number, f in parts if (terms := _chord_series(f, variables)) is not None]
    others = [(number, f) for number, f in parts if _chord_series(f, variables) is None]
    series = _Expansions.of([terms for _, terms in expanded], chord, xp)
    halves = {v: c / 2 for v, c in chord.items()}
    left = tuple(f for _, f in others)

    def across(at: Point) -> list[Across]:
        found: list[list[Across]] = [[] for _ in formulas]
        for (number, _), part in zip(expanded, series(at), strict=True):
            found[number].append(part)
        if left:
            plus = evaluate_all(left, {v: z + halves[v] if v in halves else z for v, z in at.items()}, xp)
            minus = evaluate_all(left, {v: z - halves[v] if v in halves else z for v, z in at.items()}, xp)
            for (number, _), *ends in zip(others, plus, minus, strict=True):
                found[number].append(Values(*ends))
        return [Sum(part) for part in found]

    return across


@lru_cache(maxsize=512)
def _additive_parts(f: sympy.Expr, variables: Formulas) -> Formulas:
    """f as a sum of a polynomial and of others, none of which is of the same variables as another, or of fewer."""
    terms = sympy.Add.make_args(f)
    plain = [term for term in terms if _chord_series(term, variables) is not None]
    polynomial = sympy.Add(*plain)
    if _chord_series(polynomial, variables) is None:
        plain, polynomial = [], sympy.S.Zero
    parts: list[tuple[set[sympy.Basic], list[sympy.Expr]]] = []
    others = [term for term in terms if term not in plain]
    for term in sorted(others, key=lambda term: -len(term.free_symbols & set(variables))):
        own = term.free_symbols & set(variables)
        home = next((members for names, members in parts if own <= names), None)
        if home is None:
            parts.append((own, [term]))
        else:
            home.append(term)
    return tuple(part for part in (polynomial, *(sympy.Add(*members) for _, members in parts)) if part != 0)


def classical(formulas: Formulas, chord: Point, xp: Any) -> AcrossAt:
    """The first-order parts of the same: chord . f'(z), and f(z)."""
    variables = tuple(chord)
    return _Expansions.of([_first_order(f, variables) for f in formulas], chord, xp)


class _Term(NamedTuple):
    """coefficient * slope(z) * chord^powers, slope = f^(powers)."""

    powers: tuple[int, ...]
    coefficient: float
    slope: sympy.Expr


def _term(f: sympy.Expr, variables: Formulas, powers: tuple[int, ...]) -> _Term:
    slope = reduce(derivative, (v for v, m in zip(variables, powers, strict=True) for _ in range(m)), f)
    twice = 2 if sum(powers) % 2 else 1
    return _Term(powers, twice * 0.5 ** sum(powers) / prod(map(factorial, powers)), slope)


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


@dataclass(frozen=True)
class _Expansions:
    """Functions as sums of terms monomial * slope(z), each monomial in the chord, slopes by their numbers."""

    slopes: Formulas
    odd: list[list[tuple[Array, int]]]
    even: list[list[tuple[Array, int]]]
    xp: Any

    @staticmethod
    def of(series: Sequence[Sequence[_Term]], chord: Point, xp: Any) -> _Expansions:
        """Those of these functions, with these chords."""
        numbers: dict[sympy.Expr, int] = {}
        sums: tuple[list[list[tuple[Array, int]]], ...] = [], []
        for terms in series:
            for column in sums:
                column.append([])
            for powers, coefficient, slope in terms:
                factors = [c**power for c, power in zip(chord.values(), powers, strict=True) if power]
                monomial = reduce(mul, factors, coefficient)
                sums[sum(powers) % 2][-1].append((monomial, numbers.setdefault(slope, len(numbers))))
        return _Expansions(tuple(numbers), odd=sums[1], even=sums[0], xp=xp)

    def __call__(self, at: Point) -> list[Across]:
        values = evaluate_all(self.slopes, at, self.xp)
        return [
            Series([a * values[j] for a, j in odd], [a * values[j] for a, j in even])
            for odd, even in zip(self.odd, self.even, strict=True)
        ]


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

    def now(
        self,
        t: float,
        offsets: Mapping[sympy.Symbol, float] | None = None,
        slope: Mapping[sympy.Symbol, float] | None = None,
    ) -> MixedRepresentation:
        """The same points at time t: in coordinates which have moved by `offsets` and move on, if these are given."""
        at = {v: z + offsets[v] for v, z in self.at.items()} if offsets else dict(self.at)
        at[TIME] = t
        return MixedRepresentation(at, self.chord, self.axes, self.shape, slope or {})

    def carried(self) -> list[Array]:
        """The differences across the chord of the linear form that the motion of the coordinates adds to p."""
        return [chord * self.slope[v] for v, chord in self.chord.items() if v in self.slope]
