"""Derivatives of expressions, remembered."""

from __future__ import annotations

from functools import lru_cache

import sympy


@lru_cache(maxsize=512)
def derivative(f: sympy.Expr, v: sympy.Symbol) -> sympy.Expr:
    """df/dv; cached, as every new grid needs it again.

    Of a sum, the terms without v are passed over, and sums, products and whole powers are differentiated here: SymPy's
    rules, without what it asks about each part before it takes the derivative, which is ten times the work.
    """
    return _derivative(f, v)


def _derivative(f: sympy.Expr, v: sympy.Symbol) -> sympy.Expr:
    if f.is_Symbol or f.is_number:
        return sympy.Integer(int(f == v))
    if f.is_Add:
        return sympy.Add(*(_derivative(term, v) for term in _terms_by_variable(f).get(v, ())))
    if f.is_Mul:
        varying = [i for i, factor in enumerate(f.args) if v in factor.free_symbols]
        return sympy.Add(*(sympy.Mul(*f.args[:i], _derivative(f.args[i], v), *f.args[i + 1 :]) for i in varying))
    if f.is_Pow and f.exp.is_Integer:
        return sympy.Mul(f.exp, f.base ** (f.exp - 1), _derivative(f.base, v))
    return f.diff(v)


@lru_cache(maxsize=64)
def _terms_by_variable(f: sympy.Expr) -> dict[sympy.Symbol, list[sympy.Expr]]:
    """The terms of a sum that each of its variables is in."""
    terms: dict[sympy.Symbol, list[sympy.Expr]] = {}
    for term in f.args:
        for v in term.free_symbols:
            terms.setdefault(v, []).append(term)
    return terms
