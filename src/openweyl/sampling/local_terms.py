"""p as a quadratic polynomial plus a sum of local terms: functions of few variables each, alike ones side by side.

    p(z, t)  =  c0 + g0(t).z + z.H0(t).z / 2  +  sum_m f_m(z_{i(m)}; t),

with f_m a polynomial of degree 3 or more in the variables i(m), or any other smooth function of commuting variables.
`sorting` makes it from p. Each summand is multiplied out for itself, never their sum: a chain of a hundred wells has
some hundred terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import sympy

from openweyl._core.fft import Array
from openweyl.symbolic.derivatives import derivative
from openweyl.symbolic.expressions import TIME, Program, program, run

MAX_VARIABLES = 4
"""The most variables that one local term may have: averages over k variables take the k-th power of the points for
one."""

Driven: TypeAlias = tuple[int, int | None, sympy.Expr]


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
    `spacing`: of the nodes that averages need, in standard deviations; infinite where any will do.
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
    spacing: float = float("inf")

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


def family_of(formula: sympy.Expr, degree: int | None, indices: np.ndarray, parameters: np.ndarray, n: int) -> Family:
    """The terms `formula`, in `dummy_variables` and `dummy_parameters`, of the variables `indices` (M, q)."""
    u, names = dummy_variables(indices.shape[1]), dummy_parameters(parameters.shape[1])
    first = [derivative(formula, v) for v in u]
    second = [derivative(first[a], v) for a in range(len(u)) for v in u[a:]]
    pairs = Places.of(indices[:, :, None] * 2 * n + indices[:, None, :])
    return Family(indices, parameters, degree, u, names, program((*first, *second)), formula, Places.of(indices), pairs)


def dummy_variables(q: int) -> tuple[sympy.Symbol, ...]:
    """u0, u1, ...: the variables of one term."""
    return tuple(sympy.Symbol(f"u{a}", real=True) for a in range(q))


def dummy_parameters(count: int) -> tuple[sympy.Symbol, ...]:
    """a0, a1, ...: its numbers."""
    return tuple(sympy.Symbol(f"a{k}", real=True) for k in range(count))
