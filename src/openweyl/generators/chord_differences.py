"""Differences of a function across chords, exact and to first order, at the points of a mixed representation.

    f(z + c/2) - f(z - c/2)  (quantum),        c.f'(z)  (classical),

with the chord c = s where x is kept, h k where xi is: the one factor in which the two generators differ. The first of a
polynomial is a finite sum, of which the second is the first term: sum_m 2 f^(m)(z) (c/2)^m / m! over odd |m|. Its terms
are products of what varies along few axes, and cost less than f at all points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from itertools import product
from math import factorial, prod
from operator import add, mul
from typing import Any, NamedTuple, Protocol, TypeAlias

import sympy

from openweyl._core.fft import Array
from openweyl.symbolic.algebra import expandable
from openweyl.symbolic.expressions import Program, derivative, program, run

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
    addends = f.addends()
    return reduce(add, addends) if addends else 0.0


class Values(NamedTuple):
    """The values at both ends of the chord."""

    plus: Array
    minus: Array

    def addends(self) -> list[Array]:
        return [self.plus - self.minus]

    def mean(self) -> Array:
        return (self.plus + self.minus) / 2


class Series(NamedTuple):
    """The odd and the even terms of the expansion in the chord, as the numbers of a monomial and of a slope."""

    monomials: Sequence[Array]
    slopes: Sequence[Array]
    odd: Sequence[tuple[int, int]]
    even: Sequence[tuple[int, int]]

    def addends(self) -> list[Array]:
        return [self.monomials[i] * self.slopes[j] for i, j in self.odd]

    def mean(self) -> Array:
        return reduce(add, [self.monomials[i] * self.slopes[j] for i, j in self.even]) if self.even else 0.0


class Sum(NamedTuple):
    """A function by its additive parts."""

    parts: Sequence[Across]

    def addends(self) -> list[Array]:
        return [addend for part in self.parts for addend in part.addends()]

    def mean(self) -> Array:
        return reduce(add, [part.mean() for part in self.parts], 0.0)


def quantum(formulas: Formulas, chord: Point, xp: Any) -> AcrossAt:
    """f(z + chord/2) - f(z - chord/2), and the mean of the two values."""
    plan = _plan(formulas, tuple(chord), exact=True)
    series = _series_at(plan, chord, xp)
    halves = {v: c / 2 for v, c in chord.items()}

    def across(at: Point) -> list[Across]:
        found = series(at)
        if plan.others:
            plus = run(plan.values, {v: z + halves[v] if v in halves else z for v, z in at.items()}, xp)
            minus = run(plan.values, {v: z - halves[v] if v in halves else z for v, z in at.items()}, xp)
            parts: list[list[Across]] = [[one] for one in found]
            for number, *ends in zip(plan.others, plus, minus, strict=True):
                parts[number].append(Values(*ends))
            found = [one if len(part) == 1 else Sum(part) for one, part in zip(found, parts, strict=True)]
        return found

    return across


def classical(formulas: Formulas, chord: Point, xp: Any) -> AcrossAt:
    """The first-order parts of the same: chord . f'(z), and f(z)."""
    return _series_at(_plan(formulas, tuple(chord), exact=False), chord, xp)


class _Plan(NamedTuple):
    """How functions are expanded in chords, whatever the grid: sums of monomial * slope(z), by their numbers.

    monomials: (powers, coefficient). others: the numbers of the functions of which `values` are parts without series.
    """

    monomials: tuple[tuple[tuple[int, ...], float], ...]
    slopes: Program
    odd: tuple[tuple[tuple[int, int], ...], ...]
    even: tuple[tuple[tuple[int, int], ...], ...]
    others: tuple[int, ...]
    values: Program


@lru_cache(maxsize=256)
def _plan(formulas: Formulas, variables: Formulas, *, exact: bool) -> _Plan:
    monomials: dict[tuple[tuple[int, ...], float], int] = {}
    slopes: dict[sympy.Expr, int] = {}
    others: list[tuple[int, sympy.Expr]] = []
    sums: tuple[list[tuple[tuple[int, int], ...]], ...] = [], []
    for number, f in enumerate(formulas):
        terms: list[_Term] = []
        for part in _additive_parts(f, variables) if exact else (f,):
            series = _chord_series(part, variables) if exact else _first_order(part, variables)
            if series is None:
                others.append((number, part))
            else:
                terms += series
        for parity, column in enumerate(sums):
            column.append(
                tuple(
                    (
                        monomials.setdefault((powers, coefficient), len(monomials)),
                        slopes.setdefault(slope, len(slopes)),
                    )
                    for powers, coefficient, slope in terms
                    if sum(powers) % 2 == parity
                )
            )
    return _Plan(
        monomials=tuple(monomials),
        slopes=program(tuple(slopes)),
        odd=tuple(sums[1]),
        even=tuple(sums[0]),
        others=tuple(number for number, _ in others),
        values=program(tuple(f for _, f in others)),
    )


def _series_at(plan: _Plan, chord: Point, xp: Any) -> AcrossAt:
    chords = tuple(chord.values())
    monomials = [
        reduce(mul, [c**power for c, power in zip(chords, powers, strict=True) if power], coefficient)
        for powers, coefficient in plan.monomials
    ]

    def series(at: Point) -> list[Across]:
        slopes = run(plan.slopes, at, xp)
        return [Series(monomials, slopes, *pairs) for pairs in zip(plan.odd, plan.even, strict=True)]

    return series


@lru_cache(maxsize=512)
def _additive_parts(f: sympy.Expr, variables: Formulas) -> Formulas:
    """f as a sum of a polynomial and of others, none of which is of the same variables as another, or of fewer."""
    if _chord_series(f, variables) is not None:
        return (f,)
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
