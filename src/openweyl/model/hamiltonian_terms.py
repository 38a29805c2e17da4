"""The terms of a Hamiltonian, each in the form in which its evolution is exact.

    p  =  T(xi) + V(x)  +  sum_j c_j x_j xi_j  +  sum of ridges  +  what is left.

T and V multiply in (k, xi) and in (x, s); c_j x_j xi_j scales the axes. A polynomial that mixes x and xi is a sum of
ridges, functions of linear forms u = x + c xi: a shear turns each into a potential, as Op(F(x + c xi)) =
F(Op(x + c xi)). So for instance

    x^2 xi^2  =  [ (x + xi)^4 + (x - xi)^4 - 2 x^4 - 2 xi^4 ] / 12.

What is left is applied as an operator, by star products (generators/operator_terms.py).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import reduce
from itertools import product
from math import comb
from typing import TypeAlias

import sympy

from openweyl._core.arguments import must
from openweyl.symbolic.algebra import Variables, Vector, multiplied_out, quadratic, separate
from openweyl.symbolic.expressions import TIME

Slope: TypeAlias = sympy.Expr | None

RIDGE_SLOPES = tuple(sympy.Rational(c) for c in ("1", "2", "1/2", "3"))
"""The c of the pairs of ridges x +- c xi, in the order in which they are taken: near 1, as all powers of c up to the
degree come in, and large ones ask for a fine grid."""
MAX_RIDGE_DEGREE = 2 * len(RIDGE_SLOPES)
"""The degree up to which mixed polynomials become ridges: degree d takes d/2 slopes, see `_monomial_as_ridges`. More
slopes would do for higher degrees, but the coefficients of the ridges, which cancel, grow with the degree."""


@dataclass(frozen=True)
class Ridge:
    """F(u_1, ..., u_n), u_j = x_j + c_j xi_j, or xi_j where the slope c_j is None; F is written in x_j, or xi_j."""

    slopes: tuple[Slope, ...]
    function: sympy.Expr


@dataclass(frozen=True)
class HamiltonianTerms:
    """T, V and the other terms of p.

    kinetic, potential: T(xi), V(x). kinetic_quadratic: the Hessian of T and its gradient at 0 if T is of degree <= 2.
    scaling: the rates at which the axes grow under sum_j c_j x_j xi_j, x then xi. operator_terms: what is left, as
    pairs (c(t), f(x, xi)) of terms c f.
    """

    kinetic: sympy.Expr
    potential: sympy.Expr
    kinetic_quadratic: tuple[tuple[Vector, ...], Vector] | None
    scaling: Vector
    ridges: tuple[Ridge, ...]
    operator_terms: tuple[tuple[sympy.Expr, sympy.Expr], ...]


def hamiltonian_terms(p: sympy.Expr, x: Variables, xi: Variables) -> HamiltonianTerms:
    """The terms of p, which has few enough of them to be multiplied out if it mixes x and xi.

    Raises InputError for a term that is left and depends on time other than by a factor.
    """
    parts = separate(p, x, xi)
    if parts is not None:
        return _assembled(*parts, scaling=[0.0] * (2 * len(x)), ridges={}, left=(), xi=xi)
    terms = sympy.Add.make_args(multiplied_out(p))
    kinetic = sympy.Add(*(f for f in terms if not f.has(*x) and f.has(*xi)))
    potential = sympy.Add(*(f for f in terms if not f.has(*xi)))
    mixed = [f for f in terms if f.has(*x) and f.has(*xi)]
    low = [f for f in mixed if _degree(f, x + xi) <= MAX_RIDGE_DEGREE]
    whole = sympy.Poly(sympy.Add(*(f for f in terms if f.is_polynomial(*x, *xi))), *x, *xi)
    scaling, ridges = _scaling_and_ridges(sympy.Poly(sympy.Add(*low), *x, *xi), whole, x, xi)
    potential += ridges.pop((sympy.Integer(0),) * len(x), sympy.Integer(0))
    kinetic += ridges.pop((None,) * len(x), sympy.Integer(0))
    left = sympy.Add.make_args(sympy.Add(*(f for f in mixed if f not in low)))
    return _assembled(kinetic, potential, scaling, ridges, left, xi)


def _assembled(
    kinetic: sympy.Expr,
    potential: sympy.Expr,
    scaling: list[float],
    ridges: dict[tuple[Slope, ...], sympy.Expr],
    left: tuple[sympy.Expr, ...],
    xi: Variables,
) -> HamiltonianTerms:
    return HamiltonianTerms(
        kinetic=kinetic,
        potential=potential,
        kinetic_quadratic=quadratic(kinetic, xi),
        scaling=tuple(scaling),
        ridges=tuple(Ridge(key, f) for key, f in sorted(ridges.items(), key=str) if sympy.expand(f) != 0),
        operator_terms=_collected([_time_factor(term) for term in left if term != 0]),
    )


def _degree(f: sympy.Expr, z: Variables) -> float:
    """The degree of f as a polynomial in `z`; infinite if it is none."""
    return int(sympy.Poly(f, *z).total_degree()) if f.is_polynomial(*z) else float("inf")


def _scaling_and_ridges(
    mixed: sympy.Poly, whole: sympy.Poly, x: Variables, xi: Variables
) -> tuple[list[float], dict[tuple[Slope, ...], sympy.Expr]]:
    """The rates of the axes, and the ridges by their slopes, of the polynomial `mixed`, which is a part of `whole`."""
    n = len(x)
    scaling = [0.0] * (2 * n)
    ridges: dict[tuple[Slope, ...], sympy.Expr] = defaultdict(lambda: sympy.Integer(0))
    chosen = [_slopes(whole, u, v) for u, v in zip(x, xi, strict=True)]
    for powers, coefficient in mixed.terms():
        own = [(powers[j], powers[n + j]) for j in range(n)]
        if sum(powers) == 2 and (1, 1) in own and coefficient.is_number:
            j = own.index((1, 1))  # the flow of x_j xi_j: x_j grows, xi_j shrinks
            scaling[j] += float(coefficient)
            scaling[n + j] -= float(coefficient)
            continue
        forms = [_monomial_as_ridges(a, b, slopes) for (a, b), slopes in zip(own, chosen, strict=True)]
        for choice in product(*forms):
            key = tuple(slope for slope, _, _ in choice)
            factors = [
                c * (v if slope is None else u) ** power for (slope, power, c), u, v in zip(choice, x, xi, strict=True)
            ]
            ridges[key] += reduce(lambda a, b: a * b, factors, coefficient)
    return scaling, ridges


def _slopes(p: sympy.Poly, x: sympy.Symbol, xi: sympy.Symbol) -> tuple[sympy.Expr, ...]:
    """The slopes of the ridges of p in x and xi, in the order in which they are taken.

    x^2 xi^2 is a pair of ridges of any slope c, less x^4/(6 c^2) and c^2 xi^4/6. In A x^2 xi^2 + B x^4 + C xi^4 one of
    these cancels for c^2 = A/(6 B), or c^2 = 6 C/A: a term less to evolve. So this slope goes first where it is real;
    where both are, and are at most 1, the smaller, which asks least of the grid. For the Kerr oscillator
    (x^2 + xi^2)^2/4 it is 1/sqrt(3), and the x^4 is gone. Other degrees keep the general slopes.
    """
    A, B, C = (p.coeff_monomial(x**a * xi**b) for a, b in ((2, 2), (4, 0), (0, 4)))
    squares = [first / second for first, second in ((A, 6 * B), (6 * C, A)) if not second.is_zero]
    small = [sympy.sqrt(c) for c in squares if c.is_number and 0 < c <= 1]
    return (min(small), *(c for c in RIDGE_SLOPES if c != min(small))) if small else RIDGE_SLOPES


def _monomial_as_ridges(a: int, b: int, slopes: tuple[sympy.Expr, ...]) -> list[tuple[Slope, int, sympy.Expr]]:
    """x^a xi^b as the sum of coefficient * u^power over (slope, power, coefficient).

    (x + c xi)^d +- (x - c xi)^d holds the even or the odd powers of xi, so that d - 1 conditions become two halves; at
    the ends, x^d and xi^d are there to cancel what is left.
    """
    if not b:
        return [(sympy.Integer(0), a, sympy.Integer(1))]
    if not a:
        return [(None, b, sympy.Integer(1))]
    degree, parity = a + b, b % 2
    powers = [m for m in range(1, degree) if m % 2 == parity]
    slopes = slopes[: len(powers)]
    matrix = sympy.Matrix([[2 * comb(degree, m) * c**m for c in slopes] for m in powers])
    weights = matrix.solve(sympy.Matrix([1 if m == b else 0 for m in powers]))
    ridges: list[tuple[Slope, int, sympy.Expr]] = []
    for c, weight in zip(slopes, weights, strict=True):
        ridges += [(c, degree, weight), (-c, degree, weight * (-1) ** parity)]
    if not parity:
        ridges.append((sympy.Integer(0), degree, -2 * sum(weights)))
    if degree % 2 == parity:
        ridges.append((None, degree, -2 * sum(w * c**degree for c, w in zip(slopes, weights, strict=True))))
    return [(slope, power, weight) for slope, power, weight in ridges if weight != 0]


def _time_factor(term: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """(c(t), f(x, xi)) with term = c f."""
    f, c = term.as_independent(TIME, as_Add=False)
    must(c.free_symbols <= {TIME}, "hamiltonian", "depend on time by factors c(t) where it mixes x and xi", str(term))
    return c, f


def _collected(pairs: list[tuple[sympy.Expr, sympy.Expr]]) -> tuple[tuple[sympy.Expr, sympy.Expr], ...]:
    """Pairs with the same factor of time are one term."""
    by_factor: dict[sympy.Expr, list[sympy.Expr]] = defaultdict(list)
    for c, f in pairs:
        by_factor[c].append(f)
    return tuple((c, sympy.Add(*fs)) for c, fs in by_factor.items())
