"""p as a quadratic polynomial plus a sum of local terms: functions of few variables each, alike ones side by side.

    p(z, t)  =  c0 + g0(t).z + z.H0(t).z / 2  +  sum_m f_m(z_{i(m)}; t),

with f_m a polynomial of degree 3 or more in the variables i(m), or any other smooth function of commuting variables.
Each summand is multiplied out for itself, never their sum: a chain of a hundred wells has some hundred terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from openweyl._core.arguments import InputError, shown
from openweyl.symbolic.algebra import expandable, multiplied_out
from openweyl.symbolic.expressions import TIME, Program, program, run

MAX_VARIABLES = 4
"""The most variables that one local term may have: averages over k variables take the k-th power of the points for
one."""

Monomial = tuple[tuple[int, int], ...]
"""Pairs (variable, exponent), sorted."""


@dataclass(frozen=True)
class Family:
    """M local terms of one shape, in q variables each: f_m(u) = f(u; a_m, t), u the variables `indices[m]`.

    `degree`: of the polynomial, or None. `parameters`: the numbers a_m, (M, number of them). `code`: the first
    derivatives of f, then the second ones (a <= b), in `variables`, `names` (of the parameters) and t.
    """

    indices: np.ndarray
    parameters: np.ndarray
    degree: int | None
    variables: tuple[sympy.Symbol, ...]
    names: tuple[sympy.Symbol, ...]
    code: Program
    formula: sympy.Expr

    @property
    def q(self) -> int:
        """The number of variables of each term."""
        return self.indices.shape[1]


@dataclass(frozen=True)
class Coefficient:
    """One coefficient of the quadratic part that depends on time: of z_i z_j, or of z_i (j is None)."""

    i: int
    j: int | None
    code: Program


@dataclass(frozen=True)
class SortedHamiltonian:
    """p, sorted. `gradient`, `hessian`: g0 and H0 of what does not depend on time, which `driven` adds to."""

    n: int
    gradient: np.ndarray
    hessian: np.ndarray
    driven: tuple[Coefficient, ...]
    families: tuple[Family, ...]

    def quadratic_part(self, t: float) -> tuple[np.ndarray, np.ndarray]:
        """(g0, H0) at time t."""
        if not self.driven:
            return self.gradient, self.hessian
        gradient, hessian = self.gradient.copy(), self.hessian.copy()
        for c in self.driven:
            value = _number(c.code, t)
            if c.j is None:
                gradient[c.i] += value
            else:
                hessian[c.i, c.j] += value
                hessian[c.j, c.i] += value
        return gradient, hessian

    @property
    def commuting(self) -> bool:
        """Whether all local terms commute: none of their variables is conjugate to another one."""
        used = {int(i) for family in self.families for i in family.indices.ravel()}
        return not any((i + self.n) in used for i in used if i < self.n)


def sorted_hamiltonian(p: sympy.Expr, x: Sequence[sympy.Symbol], xi: Sequence[sympy.Symbol]) -> SortedHamiltonian:
    """`p` as a quadratic part and families of local terms.

    Raises InputError for terms of too many variables, and for functions that are no polynomials of x_j and xi_j both.
    """
    z = (*x, *xi)
    places = {v: i for i, v in enumerate(z)}
    monomials: dict[Monomial, sympy.Expr] = {}
    others: list[sympy.Expr] = []
    for summand in sympy.Add.make_args(p):
        whole = multiplied_out(summand) if expandable(summand) else summand
        for term in sympy.Add.make_args(whole):
            monomial = _monomial(term, places)
            if monomial is None:
                others.append(term)
            else:
                powers, coefficient = monomial
                monomials[powers] = monomials.get(powers, sympy.Integer(0)) + coefficient
    sorter = _Sorter(len(x))
    local: dict[tuple[int, ...], list[tuple[Monomial, sympy.Expr]]] = {}
    for powers, coefficient in monomials.items():
        if sum(exponent for _, exponent in powers) <= 2:
            sorter.add_quadratic(powers, coefficient)
        else:
            local.setdefault(tuple(i for i, _ in powers), []).append((powers, coefficient))
    for indices, parts in local.items():
        sorter.add_polynomial(indices, parts)
    for term in others:
        sorter.add_function(term, places)
    return sorter.result()


def _monomial(term: sympy.Expr, places: dict[sympy.Symbol, int]) -> tuple[Monomial, sympy.Expr] | None:
    """The exponents and the coefficient of a product of powers; None if it is none."""
    powers: dict[int, int] = {}
    rest = []
    for factor in sympy.Mul.make_args(term):
        base, exponent = factor.as_base_exp()
        if base in places and exponent.is_Integer and exponent > 0:
            powers[places[base]] = powers.get(places[base], 0) + int(exponent)
        elif factor.free_symbols & places.keys():
            return None
        else:
            rest.append(factor)
    return tuple(sorted(powers.items())), sympy.Mul(*rest)


class _Sorter:
    """Collects terms, and sorts local ones into families by their shape."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.gradient, self.hessian = np.zeros(2 * n), np.zeros((2 * n, 2 * n))
        self.driven: list[Coefficient] = []
        self.families: dict[tuple[sympy.Expr, int | None, int], list[tuple[tuple[int, ...], list[float]]]] = {}

    def add_quadratic(self, powers: Monomial, coefficient: sympy.Expr) -> None:
        indices = [i for i, exponent in powers for _ in range(exponent)]
        if not indices:
            return  # a constant, or a function of time alone, moves nothing
        i, j = indices[0], indices[1] if len(indices) == 2 else None
        if coefficient.has(TIME):
            self.driven.append(Coefficient(i, j, program((coefficient,))))
        elif j is None:
            self.gradient[i] += float(coefficient)
        else:
            self.hessian[i, j] += float(coefficient)
            self.hessian[j, i] += float(coefficient)

    def add_polynomial(self, indices: tuple[int, ...], parts: list[tuple[Monomial, sympy.Expr]]) -> None:
        """The monomials in exactly the variables `indices`: one term, its coefficients as parameters."""
        what = sympy.Add(*(c for _, c in parts))
        self._check_count(indices, what)
        u, names = _variables(len(indices)), _parameters(len(parts))
        numbers, template = [], []
        for name, (powers, coefficient) in zip(names, sorted(parts, key=lambda part: part[0]), strict=True):
            number, varying = coefficient.as_independent(TIME, as_Add=False)
            numbers.append(float(number))
            template.append(name * varying * sympy.Mul(*(v**e for v, (_, e) in zip(u, powers, strict=True))))
        degree = max(sum(exponent for _, exponent in powers) for powers, _ in parts)
        self.families.setdefault((sympy.Add(*template), degree, len(names)), []).append((indices, numbers))

    def add_function(self, term: sympy.Expr, places: dict[sympy.Symbol, int]) -> None:
        """A term that is no polynomial: a number times a function of commuting variables."""
        indices = tuple(sorted(places[v] for v in term.free_symbols & places.keys()))
        self._check_count(indices, term)
        if any(i + self.n in indices for i in indices):
            raise InputError(
                f"Argument `hamiltonian` must have terms that are polynomials, or functions of commuting variables, "
                f"but {shown(term)} depends on conjugate ones. Expand it in powers of one of them."
            )
        number, function = term.as_coeff_Mul()
        of = {v: i for v, i in places.items() if i in indices}
        u = _variables(len(indices))
        names = _parameters(1)
        template = names[0] * function.xreplace({v: u[indices.index(i)] for v, i in of.items()})
        self.families.setdefault((template, None, 1), []).append((indices, [float(number)]))

    def _check_count(self, indices: tuple[int, ...], term: sympy.Expr) -> None:
        if len(indices) > MAX_VARIABLES:
            raise InputError(
                f"Argument `hamiltonian` must be a sum of terms in at most {MAX_VARIABLES} variables each, but a term "
                f"has {len(indices)}: {shown(term)}."
            )

    def result(self) -> SortedHamiltonian:
        families = []
        for (template, degree, count), members in self.families.items():
            q = len(members[0][0])
            u, names = _variables(q), _parameters(count)
            first = [template.diff(v) for v in u]
            second = [first[a].diff(u[b]) for a in range(q) for b in range(a, q)]
            families.append(
                Family(
                    np.array([indices for indices, _ in members]),
                    np.array([numbers for _, numbers in members]),
                    degree,
                    u,
                    names,
                    program((*first, *second)),
                    template,
                )
            )
        return SortedHamiltonian(self.n, self.gradient, self.hessian, tuple(self.driven), tuple(families))


def _variables(q: int) -> tuple[sympy.Symbol, ...]:
    return tuple(sympy.Symbol(f"u{a}", real=True) for a in range(q))


def _parameters(count: int) -> tuple[sympy.Symbol, ...]:
    return tuple(sympy.Symbol(f"a{k}", real=True) for k in range(count))


def _number(code: Program, t: float) -> float:
    return float(run(code, {TIME: t}, np)[0])
