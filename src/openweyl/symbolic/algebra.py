"""The algebra of formulas: multiplied out, separated into T(xi) + V(x), read as polynomials of low degree."""

from __future__ import annotations

from functools import lru_cache, reduce
from itertools import product
from math import comb, prod
from typing import TypeAlias

import sympy

from .forms import MAX_POWER

Variables: TypeAlias = tuple[sympy.Symbol, ...]
Vector: TypeAlias = tuple[float, ...]

MAX_TERMS = 1000
"""The number of terms up to which a formula is multiplied out: more take seconds, and come from powers of sums, not
from a sum that a user wrote."""


def _terms(f: sympy.Expr) -> int:
    """A bound, itself cut off above MAX_TERMS, on the number of terms of `f` when all of it is multiplied out."""
    parts = [_terms(a) for a in f.args]
    if f.is_Add:
        count = sum(parts)
    elif f.is_Mul:
        count = prod(parts)
    elif f.is_Pow and f.exp.is_Integer:
        power = abs(int(f.exp))
        count = comb(parts[0] + power - 1, power) if power <= MAX_POWER else MAX_TERMS + 1
    else:
        count = max(parts, default=1)
    return min(count, MAX_TERMS + 1)


def expandable(f: sympy.Expr) -> bool:
    """Whether `f` may be multiplied out: the result has at most MAX_TERMS terms."""
    return _terms(f) <= MAX_TERMS


def multiplied_out(f: sympy.Expr) -> sympy.Expr:
    """`f` multiplied out; functions of sums, such as exponentials, are not split, as their factors may overflow."""
    return sympy.expand(f, power_exp=False, power_base=False, log=False)


@lru_cache(maxsize=128)
def additive_terms(f: sympy.Expr) -> tuple[sympy.Expr, ...]:
    """The additive terms of f; sums inside functions stay as they are, which gives the narrowest intervals."""
    whole = sympy.Add.make_args(f)
    return tuple(q for g in whole for q in sympy.Add.make_args(sympy.expand_mul(g, deep=False) if expandable(g) else g))


@lru_cache(maxsize=128)
def summands_inside(f: sympy.Expr) -> tuple[tuple[sympy.Expr, sympy.Expr], ...]:
    """(df/dA, a) for each summand a of a sum A = a + b + ... inside of functions of f, if at least two of them vary.

    A bump a beside a larger b is far below the range of f, and yet f has all of its wave numbers.
    """
    inner = sympy.Dummy(real=True)
    pairs = []
    for total in sorted(f.atoms(sympy.Add) - {f}, key=str):
        varying = [a for a in additive_terms(total) if a.free_symbols]
        if len(varying) > 1:
            slope = f.xreplace({total: inner}).diff(inner).xreplace({inner: total})
            pairs += [(slope, a) for a in varying]
    return tuple(pairs)


def separate(p: sympy.Expr, x: Variables, xi: Variables) -> tuple[sympy.Expr, sympy.Expr] | None:
    """(T(xi), V(x)) with p = T + V, constants in V; None if p is not of that form, or too large to tell."""
    for candidate in (p, multiplied_out(p)) if expandable(p) else (p,):
        kinetic = sympy.Add(*(term for term in sympy.Add.make_args(candidate) if term.has(*xi)))
        if not kinetic.has(*x):
            return kinetic, candidate - kinetic
    return None


def quadratic(f: sympy.Expr, v: Variables) -> tuple[tuple[Vector, ...], Vector] | None:
    """(Hessian, gradient at 0) if f is a polynomial of degree <= 2 in `v`, else None; None too if f is very large."""
    if not f.free_symbols <= set(v) or not expandable(f) or not f.is_polynomial(*v):
        return None
    polynomial = sympy.Poly(f, *v)
    if polynomial.total_degree() > 2:
        return None
    hessian, gradient = [[0.0] * len(v) for _ in v], [0.0] * len(v)
    for powers, coefficient in polynomial.terms():
        factors = [i for i, power in enumerate(powers) for _ in range(power)]
        if len(factors) == 1:
            gradient[factors[0]] = float(coefficient)
        elif len(factors) == 2:
            i, j = factors  # c v_i v_j adds c to both entries; if i = j, to one entry twice
            hessian[i][j] += float(coefficient)
            hessian[j][i] += float(coefficient)
    return tuple(map(tuple, hessian)), tuple(gradient)


def linear(f: sympy.Expr, v: Variables) -> Vector | None:
    """The gradient of f if f is of degree <= 1 in `v`, else None."""
    parts = quadratic(f, v)
    if parts is None or any(any(row) for row in parts[0]):
        return None
    return parts[1]


Coefficients: TypeAlias = dict[tuple[int, ...], sympy.Expr]


def polynomial(f: sympy.Expr, z: Variables, degree: int) -> sympy.Expr | None:
    """`f` as a sum over its monomials in `z`, if it is of at most this degree; None if not, or if `f` is very large.

    Coefficients stay as they are written: multiplied out, exp(-(t - 50)^2) would lose its digits.
    """
    found = coefficients(f, z) if expandable(f) else None
    if found is None or any(sum(a) > degree and sympy.expand(c) != 0 for a, c in found.items()):
        return None
    return sympy.Add(
        *(
            sympy.Mul(c, *(v**power for v, power in zip(z, powers, strict=True)))
            for powers, c in found.items()
            if sum(powers) <= degree
        )
    )


def coefficients(f: sympy.Expr, z: Variables) -> Coefficients | None:
    """`f` as a polynomial in `z`, powers -> coefficient; None if it is none."""
    if not f.has(*z):
        return {(0,) * len(z): f}
    if f in z:
        return {tuple(int(v == f) for v in z): sympy.Integer(1)}
    if f.is_Pow and f.exp.is_Integer and f.exp > 0:
        factors = [f.base] * int(f.exp)
    elif f.is_Add or f.is_Mul:
        factors = list(f.args)
    else:
        return None
    parts = [coefficients(factor, z) for factor in factors]
    if any(part is None for part in parts):
        return None
    known = [part for part in parts if part is not None]
    return reduce(_sum if f.is_Add else _product, known)


def _sum(f: Coefficients, g: Coefficients) -> Coefficients:
    return {powers: f.get(powers, sympy.S.Zero) + g.get(powers, sympy.S.Zero) for powers in {**f, **g}}


def _product(f: Coefficients, g: Coefficients) -> Coefficients:
    total: Coefficients = {}
    for (a, c), (b, d) in product(f.items(), g.items()):
        powers = tuple(i + j for i, j in zip(a, b, strict=True))
        total[powers] = total.get(powers, sympy.S.Zero) + c * d
    return total
