"""Symbols on phase space as SymPy expressions: their variables, array evaluation, separation.

Expressions become arrays by walking the expression tree; nothing is ever evaluated as code.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from functools import lru_cache, reduce
from importlib import import_module
from itertools import product
from math import comb, prod
from typing import Any, TypeAlias

import sympy

from openweyl._core.arguments import InputError, must, shown
from openweyl._core.fft import Array

from .intervals import Interval
from .parsing import FUNCTIONS, MAX_POWER, MAX_TEXT

MAX_TERMS = 1000
"""The number of terms up to which a symbol is multiplied out."""
TIME = sympy.Symbol("t", real=True)
"""The time, in Hamiltonians that depend on it."""


def variables(n: int) -> tuple[tuple[sympy.Symbol, ...], tuple[sympy.Symbol, ...]]:
    """The symbols (x, xi) of n degrees of freedom: x, xi for n = 1, else x1 .. xn, xi1 .. xin; all real."""
    tails = [""] if n == 1 else [str(j + 1) for j in range(n)]
    return (
        tuple(sympy.Symbol("x" + tail, real=True) for tail in tails),
        tuple(sympy.Symbol("xi" + tail, real=True) for tail in tails),
    )


def variables_of(
    formulas: Mapping[str, Any], n: int | None = None, *, name: str = ""
) -> tuple[tuple[sympy.Symbol, ...], ...]:
    """The symbols (x, xi) that the arguments `formulas`, text or SymPy expressions, are written in: see `variables`.

    n is the largest index in use unless it is given. SymPy's symbols are known by their names and taken as they are,
    from the first argument that has them. `name`: what messages call them all.
    """
    own = {str(s): s for f in reversed(list(formulas.values())) if isinstance(f, sympy.Basic) for s in f.free_symbols}
    texts = [f[:MAX_TEXT] for f in formulas.values() if isinstance(f, str)]
    used = {*own, *(name for text in texts for name in re.findall(r"\b(?:xi|x)\d*\b", text))}
    indices = {int(m[1]) for name in used if (m := re.fullmatch(r"(?:xi|x)([1-9]\d?)", name))}
    mixed = bool(indices) and not used.isdisjoint({"x", "xi"})
    must(
        not mixed,
        name or " and ".join(formulas),
        "use either x, xi or x1, xi1, x2, ... throughout",
        ", ".join(sorted(used)),
    )
    n = n or max(indices, default=1)
    tails = [str(j + 1) for j in range(n)] if indices or n > 1 else [""]
    x, xi = ([sympy.Symbol(stem + tail, real=True) for tail in tails] for stem in ("x", "xi"))
    return tuple(own.get(str(v), v) for v in x), tuple(own.get(str(v), v) for v in xi)


@lru_cache(maxsize=512)
def derivative(f: sympy.Expr, v: sympy.Symbol) -> sympy.Expr:
    """df/dv; remembered, as every new grid asks again."""
    return f.diff(v)


@lru_cache(maxsize=512)
def _program(expr: sympy.Expr) -> tuple[tuple[str, Any, tuple[int, ...]], ...]:
    """`expr` as a list of operations (kind, what, places of the operands in the list), each part once."""
    places: dict[sympy.Expr, int] = {}
    code: list[tuple[str, Any, tuple[int, ...]]] = []

    def place(e: sympy.Expr) -> int:
        if e in places:
            return places[e]
        if e.is_number:
            step: tuple[str, Any, tuple[int, ...]] = ("number", float(e) if e.is_real else complex(e), ())
        elif e.is_Symbol:
            step = ("symbol", e, ())
        elif e.is_Add or e.is_Mul:
            step = ("add" if e.is_Add else "multiply", None, tuple(place(a) for a in e.args))
        elif e.is_Pow:
            step = ("power", e.exp, (place(e.base),))
        else:
            step = ("function", e.func, (place(e.args[0]),))
        code.append(step)
        places[e] = len(code) - 1
        return places[e]

    place(expr)
    return tuple(code)


def evaluate(expr: sympy.Expr, values: Mapping[sympy.Symbol, Array], xp: Any) -> Array:
    """The array of `expr` at `values`, with the functions of the namespace `xp`; real scalars stay Python floats."""
    done: list[Array] = []
    for kind, what, operands in _program(expr):
        parts = [done[j] for j in operands]
        if kind == "number":
            done.append(what)
        elif kind == "symbol":
            done.append(values[what])
        elif kind == "power":
            done.append(_power(parts[0], what, xp))
        elif kind == "function":
            done.append(_function(what, xp)(parts[0]))
        else:
            combine = operator.add if kind == "add" else operator.mul
            done.append(reduce(combine, parts))
    return done[-1]


def _power(base: Array, exponent: sympy.Expr, xp: Any) -> Array:
    """Integer powers by repeated squaring: exact to round-off and many times faster than a general power."""
    if (2 * exponent).is_Integer and not exponent.is_Integer:
        base, exponent = xp.sqrt(base), 2 * exponent
    if not exponent.is_Integer:
        return xp.exp(float(exponent) * xp.log(base))
    power = abs(int(exponent))
    result = base**power if isinstance(base, Interval) else _integer_power(base, power)
    return 1.0 / result if exponent < 0 else result


def _integer_power(base: Array, power: int) -> Array:
    if power == 1:
        return base
    half = _integer_power(base * base, power // 2)
    return half * base if power % 2 else half


def _function(function: Any, xp: Any) -> Any:
    if function is sympy.erf and not hasattr(xp, "erf"):
        library = "jax.scipy.special" if xp.__name__.startswith("jax") else "scipy.special"
        return import_module(library).erf
    for name, known in FUNCTIONS.items():
        if function is known:
            return getattr(xp, "arctan" if name == "atan" and not hasattr(xp, "atan") else name)
    raise InputError(f"The function {shown(function.__name__)} has no array form; known: {', '.join(FUNCTIONS)}.")


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
    """Whether `f` may be multiplied out: it has few terms then."""
    return _terms(f) <= MAX_TERMS


def multiplied_out(f: sympy.Expr) -> sympy.Expr:
    """`f` as a sum; functions of sums, such as exponentials, stay whole: their factors may be out of range."""
    return sympy.expand(f, power_exp=False, power_base=False, log=False)


def separate(
    p: sympy.Expr, x: tuple[sympy.Symbol, ...], xi: tuple[sympy.Symbol, ...]
) -> tuple[sympy.Expr, sympy.Expr] | None:
    """(T(xi), V(x)) with p = T + V, constants in V; None if p is not of that form, or too large to tell."""
    for candidate in (p, multiplied_out(p)) if expandable(p) else (p,):
        kinetic = sympy.Add(*(term for term in sympy.Add.make_args(candidate) if term.has(*xi)))
        if not kinetic.has(*x):
            return kinetic, candidate - kinetic
    return None


def quadratic(
    f: sympy.Expr, v: tuple[sympy.Symbol, ...]
) -> tuple[tuple[tuple[float, ...], ...], tuple[float, ...]] | None:
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


_Polynomial: TypeAlias = dict[tuple[int, ...], sympy.Expr]


def polynomial(f: sympy.Expr, z: tuple[sympy.Symbol, ...], degree: int) -> sympy.Expr | None:
    """`f` as a sum over its monomials in `z`, if it is of at most this degree; None if not, or if `f` is very large.

    Coefficients stay as they are written: multiplied out, exp(-(t - 50)^2) would lose its digits.
    """
    found = _coefficients(f, z) if expandable(f) else None
    if found is None or any(sum(powers) > degree and sympy.expand(c) != 0 for powers, c in found.items()):
        return None
    return sympy.Add(
        *(
            sympy.Mul(c, *(v**power for v, power in zip(z, powers, strict=True)))
            for powers, c in found.items()
            if sum(powers) <= degree
        )
    )


def _coefficients(f: sympy.Expr, z: tuple[sympy.Symbol, ...]) -> _Polynomial | None:
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
    parts = [_coefficients(factor, z) for factor in factors]
    if any(part is None for part in parts):
        return None
    known = [part for part in parts if part is not None]
    return reduce(_sum if f.is_Add else _product, known)


def _sum(f: _Polynomial, g: _Polynomial) -> _Polynomial:
    return {powers: f.get(powers, sympy.S.Zero) + g.get(powers, sympy.S.Zero) for powers in {**f, **g}}


def _product(f: _Polynomial, g: _Polynomial) -> _Polynomial:
    total: _Polynomial = {}
    for (a, c), (b, d) in product(f.items(), g.items()):
        powers = tuple(i + j for i, j in zip(a, b, strict=True))
        total[powers] = total.get(powers, sympy.S.Zero) + c * d
    return total
