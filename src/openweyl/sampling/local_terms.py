"""p as a quadratic polynomial plus a sum of local terms: functions of few variables each, alike ones side by side.

    p(z, t)  =  c0 + g0(t).z + z.H0(t).z / 2  +  sum_m f_m(z_{i(m)}; t),

with f_m a polynomial of degree 3 or more in the variables i(m), or any other smooth function of commuting variables.
Each summand is multiplied out for itself, never their sum: a chain of a hundred wells has some hundred terms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import sympy

from openweyl._core.arguments import InputError, shown
from openweyl._core.fft import Array
from openweyl.symbolic.algebra import expandable, multiplied_out
from openweyl.symbolic.expressions import TIME, Program, program, run

MAX_VARIABLES = 4
"""The most variables that one local term may have: averages over k variables take the k-th power of the points for
one."""

Driven: TypeAlias = tuple[int, int | None, sympy.Expr]
Monomial = tuple[tuple[int, int], ...]
"""Pairs (variable, exponent), sorted."""


@dataclass(frozen=True)
class Places:
    """Where the entries of many small arrays go in a large one, side by side in its flat form; some go to the same."""

    targets: np.ndarray
    sums: np.ndarray | None

    @staticmethod
    def of(flat: np.ndarray) -> Places:
        """The places `flat` (any shape), a number for each entry."""
        targets, which = np.unique(flat.ravel(), return_inverse=True)
        if len(targets) == flat.size:
            return Places(flat.ravel(), None)
        return Places(targets, np.eye(len(targets))[which])

    def added(self, array: Array, values: Array, xp: Any) -> Array:
        """`array` (P, ...) with `values` (P, ...) added at the places."""
        flat, parts = array.reshape(array.shape[0], -1), values.reshape(values.shape[0], -1)
        parts = parts if self.sums is None else parts @ self.sums
        if xp is np:
            flat = flat.copy()
            flat[:, self.targets] += parts
        else:
            flat = flat.at[:, self.targets].add(parts)
        return flat.reshape(array.shape)


@dataclass(frozen=True)
class Family:
    """M local terms of one shape, in q variables each: f_m(u) = f(u; a_m, t), u the variables `indices[m]`.

    `degree`: of the polynomial, or None. `parameters`: the numbers a_m, (M, number of them). `code`: the first
    derivatives of f, then the second ones (a <= b), in `variables`, `names` (of the parameters) and t. The places are
    those of the terms' derivatives in p's gradient (2n) and Hessian (2n, 2n).
    """

    indices: np.ndarray
    parameters: np.ndarray
    degree: int | None
    variables: tuple[sympy.Symbol, ...]
    names: tuple[sympy.Symbol, ...]
    code: Program
    formula: sympy.Expr
    gradient_places: Places
    hessian_places: Places

    @property
    def q(self) -> int:
        """The number of variables of each term."""
        return self.indices.shape[1]


@dataclass(frozen=True)
class SortedHamiltonian:
    """p, sorted. `gradient`, `hessian`: g0 and H0 of what does not depend on time. `driven`: coefficients
    of z_i z_j, or of z_i if j is None, that do, as triples (i, j, formula).

    `formula`, `variables`: p itself, in (x, xi).
    """

    formula: sympy.Expr
    variables: tuple[sympy.Symbol, ...]
    n: int
    gradient: np.ndarray
    hessian: np.ndarray
    driven: tuple[Driven, ...]
    families: tuple[Family, ...]

    def quadratic_part(self, t: Any, xp: Any = np) -> tuple[Array, Array]:
        """(g0, H0) at time `t`."""
        gradient, hessian = xp.asarray(self.gradient), xp.asarray(self.hessian)
        if not self.driven:
            return gradient, hessian
        code, to_gradient, to_hessian = self._drives
        values = xp.stack([xp.asarray(value, dtype=float) for value in run(code, {TIME: t}, xp)])
        gradient, hessian = gradient + values @ to_gradient, hessian + xp.tensordot(values, to_hessian, axes=1)
        return gradient, hessian

    @cached_property
    def _drives(self) -> tuple[Program, np.ndarray, np.ndarray]:
        """All coefficients that depend on time as one program, and what each adds to the gradient and the Hessian."""
        size = len(self.gradient)
        to_gradient, to_hessian = np.zeros((len(self.driven), size)), np.zeros((len(self.driven), size, size))
        for k, (i, j, _) in enumerate(self.driven):
            if j is None:
                to_gradient[k, i] = 1.0
            else:
                to_hessian[k, i, j] += 1.0
                to_hessian[k, j, i] += 1.0
        return program(tuple(formula for *_, formula in self.driven)), to_gradient, to_hessian

    @cached_property
    def separable(self) -> bool:
        """Whether p = T(xi) + V(x), but for terms of degree 1."""
        n = self.n
        mixed = self.hessian[:n, n:].any() or any(j is not None and (i < n) != (j < n) for i, j, _ in self.driven)
        return not mixed and all(len(set(row < n)) == 1 for family in self.families for row in family.indices)

    @cached_property
    def kinetic_diagonal(self) -> np.ndarray | None:
        """The second derivatives of T by xi_j if they are constant, and there are no mixed ones."""
        n, kinetic = self.n, self.hessian[self.n :, self.n :]
        varies = any((family.indices >= n).any() for family in self.families)
        varies = varies or any(j is not None and i >= n for i, j, _ in self.driven)
        diagonal = np.diag(kinetic)
        return diagonal.copy() if not varies and (kinetic == np.diag(diagonal)).all() else None

    @cached_property
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
    return sorter.result(p, z)


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

    def __init__(self, n: int) -> None:
        self.n = n
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
        what = sympy.Add(*(c for _, c in parts))
        self._check_count(indices, what)
        u, names = _variables(len(indices)), _parameters(len(parts))
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

    def result(self, p: sympy.Expr, z: tuple[sympy.Symbol, ...]) -> SortedHamiltonian:
        """All terms of `p`, sorted."""
        families = []
        for (template, degree, count), members in self.families.items():
            q = len(members[0][0])
            u, names = _variables(q), _parameters(count)
            first = [template.diff(v) for v in u]
            second = [first[a].diff(u[b]) for a in range(q) for b in range(a, q)]
            at = np.array([indices for indices, _ in members])
            families.append(
                Family(
                    at,
                    np.array([numbers for _, numbers in members]),
                    degree,
                    u,
                    names,
                    program((*first, *second)),
                    template,
                    Places.of(at),
                    Places.of(at[:, :, None] * 2 * self.n + at[:, None, :]),
                )
            )
        return SortedHamiltonian(p, z, self.n, self.gradient, self.hessian, tuple(self.driven), tuple(families))


def _variables(q: int) -> tuple[sympy.Symbol, ...]:
    return tuple(sympy.Symbol(f"u{a}", real=True) for a in range(q))


def _parameters(count: int) -> tuple[sympy.Symbol, ...]:
    return tuple(sympy.Symbol(f"a{k}", real=True) for k in range(count))
