"""p sorted into what `local_terms` holds: a quadratic part, and local terms, alike ones side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy

from openweyl._core.arguments import InputError, shown
from openweyl.symbolic.algebra import expandable, multiplied_out
from openweyl.symbolic.expressions import TIME

from .local_terms import (
    MAX_VARIABLES,
    Driven,
    SortedHamiltonian,
    dummy_parameters,
    dummy_variables,
    family_of,
)

Monomial = tuple[tuple[int, int], ...]
"""Pairs (variable, exponent), sorted."""


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
    sorter = _Sorter(z)
    local: _Parts = {}
    for powers, coefficient in monomials.items():
        if sum(exponent for _, exponent in powers) <= 2:
            sorter.add_quadratic(powers, coefficient)
        else:
            local.setdefault(tuple(i for i, _ in powers), []).append((powers, coefficient))
    for indices, parts in _by_modes(local, len(x)).items():
        sorter.add_polynomial(indices, parts)
    for term in others:
        sorter.add_function(term, places)
    return sorter.result(p)


_Parts = dict[tuple[int, ...], list[tuple[Monomial, sympy.Expr]]]


def _by_modes(local: _Parts, n: int) -> _Parts:
    """The monomials by their variables; x_j^4 goes to x_j^2 xi_j^2, as one family costs less than two."""
    merged: _Parts = {}
    for indices in sorted(local, key=len, reverse=True):
        modes = {i % n for i in indices}
        home = next(
            (other for other in merged if set(indices) < set(other) and modes == {i % n for i in other}), indices
        )
        merged.setdefault(home, []).extend(local[indices])
    return merged


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

    def __init__(self, z: tuple[sympy.Symbol, ...]) -> None:
        self.variables, self.n = z, len(z) // 2
        n = self.n
        self.gradient, self.hessian = np.zeros(2 * n), np.zeros((2 * n, 2 * n))
        self.driven: list[Driven] = []
        self.families: dict[tuple[sympy.Expr, int | None, int], list[tuple[tuple[int, ...], list[float]]]] = {}

    def add_quadratic(self, powers: Monomial, coefficient: sympy.Expr) -> None:
        indices = [i for i, exponent in powers for _ in range(exponent)]
        if not indices:
            return  # a constant, or a function of time alone, moves nothing
        i, j = indices[0], indices[1] if len(indices) == 2 else None
        if coefficient.has(TIME):
            self.driven.append((i, j, coefficient))
        elif j is None:
            self.gradient[i] += float(coefficient)
        else:
            self.hessian[i, j] += float(coefficient)
            self.hessian[j, i] += float(coefficient)

    def add_polynomial(self, indices: tuple[int, ...], parts: list[tuple[Monomial, sympy.Expr]]) -> None:
        """The monomials in the variables `indices`: one term, its coefficients as parameters."""
        powers, coefficient = parts[0]
        self._check_count(indices, coefficient * sympy.Mul(*(self.variables[i] ** e for i, e in powers)))
        u, names = dummy_variables(len(indices)), dummy_parameters(len(parts))
        numbers, template = [], []
        for name, (powers, coefficient) in zip(names, sorted(parts, key=lambda part: part[0]), strict=True):
            number, varying = coefficient.as_independent(TIME, as_Add=False)
            numbers.append(float(number))
            template.append(name * varying * sympy.Mul(*(u[indices.index(i)] ** e for i, e in powers)))
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
        u = dummy_variables(len(indices))
        names = dummy_parameters(1)
        template = names[0] * function.xreplace({v: u[indices.index(i)] for v, i in of.items()})
        self.families.setdefault((template, None, 1), []).append((indices, [float(number)]))

    def _check_count(self, indices: tuple[int, ...], term: sympy.Expr) -> None:
        if len(indices) > MAX_VARIABLES:
            raise InputError(
                f"Argument `hamiltonian` must be a sum of terms in at most {MAX_VARIABLES} variables each, but a term "
                f"has {len(indices)}: {shown(term)}."
            )

    def result(self, p: sympy.Expr) -> SortedHamiltonian:
        """All terms of `p`, sorted."""
        families = [
            family_of(
                template,
                degree,
                np.array([indices for indices, _ in members]),
                np.array([numbers for _, numbers in members]),
                self.n,
            )
            for (template, degree, _), members in self.families.items()
        ]
        quadratic = self.gradient, self.hessian, tuple(self.driven)
        return SortedHamiltonian(p, self.variables, self.n, *quadratic, tuple(families))
