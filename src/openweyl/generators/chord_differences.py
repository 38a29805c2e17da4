"""Differences of a function across chords, exact and to first order, at the points of a mixed representation.

    f(z + c/2) - f(z - c/2)  (quantum),        c.f'(z)  (classical),

with the chord c = s where x is kept, h k where xi is: the one factor in which the two generators differ. The quantum
one of a polynomial is sum_m 2 f^(m)(z) (c/2)^m / m! over odd |m|, whose first term is the classical one; that of a
wave, f'' = -a^2 f, is 2 f'(z) sin(a c/2)/a. Such products of factors along few axes cost less than f at all points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from itertools import product
from math import factorial, prod
from operator import add
from typing import Any, NamedTuple, Protocol, TypeAlias

import sympy

from openweyl._core.fft import Array
from openweyl.symbolic.algebra import expandable
from openweyl.symbolic.derivatives import derivative
from openweyl.symbolic.expressions import Program, program, run

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
    """The odd and the even terms of the expansion in the chord, as the numbers of a function of it and of a slope."""

    chords: Sequence[Array]
    slopes: Sequence[Array]
    odd: Sequence[tuple[int, int]]
    even: Sequence[tuple[int, int]]

    def addends(self) -> list[Array]:
        return [self.chords[i] * self.slopes[j] for i, j in self.odd]

    def mean(self) -> Array:
        return reduce(add, [self.chords[i] * self.slopes[j] for i, j in self.even]) if self.even else 0.0


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
    """How functions are expanded in chords, whatever the grid: sums of chords(c) * slopes(z), by their numbers.

    others: the numbers of the functions of which `values` are parts without series.
    """

    chords: Program
    slopes: Program
    odd: tuple[tuple[tuple[int, int], ...], ...]
    even: tuple[tuple[tuple[int, int], ...], ...]
    others: tuple[int, ...]
    values: Program


@lru_cache(maxsize=256)
def _plan(formulas: Formulas, variables: Formulas, *, exact: bool) -> _Plan:
    chords: dict[sympy.Expr, int] = {}
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
                    (chords.setdefault(chord, len(chords)), slopes.setdefault(slope, len(slopes)))
                    for chord, slope, odd in terms
                    if odd == parity
                )
            )
    return _Plan(
        chords=program(tuple(chords)),
        slopes=program(tuple(slopes)),
        odd=tuple(sums[1]),
        even=tuple(sums[0]),
        others=tuple(number for number, _ in others),
        values=program(tuple(f for _, f in others)),
    )


def _series_at(plan: _Plan, chord: Point, xp: Any) -> AcrossAt:
    chords = run(plan.chords, chord, xp)

    def series(at: Point) -> list[Across]:
        slopes = run(plan.slopes, at, xp)
        return [Series(chords, slopes, *pairs) for pairs in zip(plan.odd, plan.even, strict=True)]

    return series


@lru_cache(maxsize=512)
def _additive_parts(f: sympy.Expr, variables: Formulas) -> Formulas:
    """f as a sum of a polynomial, of waves, and of others, none of which is of another one's variables, or of fewer."""
    if _chord_series(f, variables) is not None:
        return (f,)
    terms = sympy.Add.make_args(f)
    waves = [term for term in terms if _wave(term, variables) is not None]
    plain = [term for term in terms if term not in waves and _chord_series(term, variables) is not None]
    polynomial = sympy.Add(*plain)
    if _chord_series(polynomial, variables) is None:
        plain, polynomial = [], sympy.S.Zero
    parts: list[tuple[set[sympy.Basic], list[sympy.Expr]]] = []
    others = [term for term in terms if term not in plain and term not in waves]
    for term in sorted(others, key=lambda term: -len(term.free_symbols & set(variables))):
        own = term.free_symbols & set(variables)
        home = next((members for names, members in parts if own <= names), None)
        if home is None:
            parts.append((own, [term]))
        else:
            home.append(term)
    return tuple(part for part in (polynomial, *waves, *(sympy.Add(*members) for _, members in parts)) if part != 0)


class _Term(NamedTuple):
    """chord(c) * slope(z); the variables of `chord` stand for the chord's components, in which it is odd or even."""

    chord: sympy.Expr
    slope: sympy.Expr
    odd: bool


def _term(f: sympy.Expr, variables: Formulas, powers: tuple[int, ...]) -> _Term:
    """That of these powers of the chord in Taylor's series."""
    slope = reduce(derivative, (v for v, m in zip(variables, powers, strict=True) for _ in range(m)), f)
    odd = sum(powers) % 2
    monomial = prod((v**m for v, m in zip(variables, powers, strict=True)), start=sympy.S.One)
    return _Term((1 + odd) * monomial / (2 ** sum(powers) * prod(map(factorial, powers))), slope, bool(odd))


@lru_cache(maxsize=512)
def _first_order(f: sympy.Expr, variables: Formulas) -> tuple[_Term, ...]:
    n = len(variables)
    orders = [(0,) * n] + [tuple(int(i == j) for i in range(n)) for j in range(n)]
    return tuple(term for powers in orders if (term := _term(f, variables, powers)).slope != 0)


@lru_cache(maxsize=512)
def _chord_series(f: sympy.Expr, variables: Formulas) -> tuple[_Term, ...] | None:
    """The expansion of f in the chord; None if f is no wave, and no polynomial in these variables of few terms."""
    wave = _wave(f, variables)
    if wave is not None:
        return wave
    if not (f.is_polynomial(*variables) and expandable(f)):
        return None
    degree = sympy.Poly(f, *variables).total_degree() if f.has(*variables) else 0
    if degree > MAX_CHORD_DEGREE:
        return None
    orders = [m for m in product(range(degree + 1), repeat=len(variables)) if sum(m) <= degree]
    terms = tuple(term for powers in orders if (term := _term(f, variables, powers)).slope.expand() != 0)
    return terms if len(terms) <= MAX_CHORD_TERMS else None


def _wave(f: sympy.Expr, variables: Formulas) -> tuple[_Term, _Term] | None:
    """The two terms of a multiple of a sine or cosine of what is linear in one of the variables, and has no other."""
    function = f.as_coeff_Mul()[1]
    own = [v for v in variables if f.has(v)]
    if not isinstance(function, (sympy.sin, sympy.cos)) or len(own) != 1:
        return None
    a = derivative(function.args[0], own[0])
    if not a.is_number:
        return None
    half = a * own[0] / 2
    return _Term(2 * sympy.sin(half) / a, derivative(f, own[0]), odd=True), _Term(sympy.cos(half), f, odd=False)
