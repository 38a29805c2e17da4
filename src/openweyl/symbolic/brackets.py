"""Brackets and products of formulas: the Poisson bracket, the star product as its series, the Moyal bracket.

    {a, b}  =  sum_j a_{x_j} b_{xi_j} - a_{xi_j} b_{x_j},
    a * b   =  exp( (ih/2)(d_x.d_eta - d_xi.d_y) ) a(x, xi) b(y, eta)  at y = x, eta = xi,

    (a * b - b * a)/(ih)  =  {a, b} + O(h^2).

Source: Li (2.17), with the factors of docs/errata.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import factorial
from numbers import Number
from typing import Any, TypeAlias

import sympy

from openweyl._core.arguments import fail, must, whole
from openweyl._core.calls import public

from .algebra import expandable, multiplied_out
from .derivatives import derivative
from .expressions import TIME, variables_of
from .forms import check_form
from .parsing import parse

Formula: TypeAlias = str | complex | sympy.Expr
Names: TypeAlias = tuple[sympy.Symbol, ...]

MAX_ORDER = 100
"""The highest power of h of a series: each power costs derivatives of that order, and h^100 is negligible."""


@public
def poisson_bracket(f: Formula, g: Formula) -> sympy.Expr:
    """{f, g} = sum_j f_{x_j} g_{xi_j} - f_{xi_j} g_{x_j}.

    `f`, `g`: SymPy expressions or text in x, xi (n = 1) or x1, xi1, x2, xi2, ...; other symbols are constants. Returns
    a SymPy expression.

    Raises InputError for anything but formulas, and for one that uses both x and x1.

    >>> print(poisson_bracket("x", "xi**2/2 + x**4"))  # dx/dt along the flow of p is {x, p}
    xi
    """
    (left, right), _, x, xi = _formulas({"f": f, "g": g})
    return _expand(poisson(left, right, x, xi))


@public
def hamiltonian_field(p: Formula) -> tuple[sympy.Expr, ...]:
    """H_p = (p_xi, -p_x), the velocity of the flow of p: (dx_1/dt, .., dx_n/dt, dxi_1/dt, .., dxi_n/dt).

    `p`: a SymPy expression or text, as for `poisson_bracket`; n is the largest index that it uses. Returns 2n SymPy
    expressions.

    Raises InputError for anything but formulas, and for one that uses both x and x1.

    >>> print(hamiltonian_field("xi**2/2 + cos(x)"))
    (xi, sin(x))
    """
    (f,), _, x, xi = _formulas({"p": p})
    return (*(derivative(f, v) for v in xi), *(-derivative(f, v) for v in x))


def star_of_formulas(a: Formula, b: Formula, h: Formula, order: int | None = None) -> sympy.Expr:
    """a * b as a SymPy expression, up to h^order; all of it if `order` is None and the series ends.

    Raises InputError where the arguments are no formulas of one kind, or `order` is needed or out of range.
    """
    (f, g), h, x, xi = _formulas({"a": a, "b": b}, h)
    return _series(f, g, h, x, xi, _order(order))


def moyal_bracket_of_formulas(a: Formula, b: Formula, h: Formula, order: int | None = None) -> sympy.Expr:
    """(a * b - b * a)/(ih) as a SymPy expression, up to h^order; arguments and errors are those of the product."""
    (f, g), h, x, xi = _formulas({"a": a, "b": b}, h)
    order = _order(order)
    forward, backward = (_series(*pair, h, x, xi, None if order is None else order + 1) for pair in ((f, g), (g, f)))
    return _expand((forward - backward) / (sympy.I * h))


def poisson(f: sympy.Expr, g: sympy.Expr, x: tuple[sympy.Symbol, ...], xi: tuple[sympy.Symbol, ...]) -> sympy.Expr:
    """{f, g} = sum_j f_{x_j} g_{xi_j} - f_{xi_j} g_{x_j}; the flow of p is dz/dt = {z, p}."""
    forward = [derivative(f, a) * derivative(g, b) for a, b in zip(x, xi, strict=True)]
    return sympy.Add(*forward, *(-derivative(f, b) * derivative(g, a) for a, b in zip(x, xi, strict=True)))


def _formulas(given: Mapping[str, Any], h: Any = 1) -> tuple[list[sympy.Expr], sympy.Expr, Names, Names]:
    """The expressions of the arguments `given`, h, x and xi: symbols of one name made the same."""
    x, xi = variables_of(given)
    known = {v.name: v for v in x + xi}
    h = expression(h, {}, "h")
    constants = {s.name: s for s in h.free_symbols}
    usable = h != 0 and h.is_real is not False and constants.keys().isdisjoint(known)
    must(usable, "h", "be a real number, not 0, or a symbol other than x and xi", h)
    known.update(constants)
    return [expression(value, known, name) for name, value in given.items()], h, x, xi


def expression(value: Any, known: Mapping[str, sympy.Symbol], name: str) -> sympy.Expr:
    """`value`, the argument `name`, as an expression in the symbols `known`; further symbols stay as they are."""
    if isinstance(value, str):
        return parse(value, {**known, "t": TIME, "I": sympy.I}, name)
    if not isinstance(value, (Number, sympy.Expr)) or isinstance(value, bool):
        raise fail(name, "be text or a SymPy expression", value)
    f = sympy.sympify(value)
    must(not f.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo), name, "be finite", f)
    if f.is_number:
        check_form(f, name)
    return f.xreplace({s: known[s.name] for s in f.free_symbols if s.name in known})


def _order(order: Any) -> int | None:
    """The argument `order`, checked."""
    return None if order is None else whole("order", order, 0, MAX_ORDER, "It is the highest power of h to keep.")


def _expand(f: sympy.Expr) -> sympy.Expr:
    """f multiplied out unless it is very large, with exp(a + b) left as it is."""
    return multiplied_out(f) if expandable(f) else f


def _series(a: sympy.Expr, b: sympy.Expr, h: sympy.Expr, x: Names, xi: Names, order: int | None) -> sympy.Expr:
    """a * b by the series of each of the commuting exponentials exp(+(ih/2) d_x d_eta), exp(-(ih/2) d_xi d_y)."""
    half = sympy.I * h / 2
    steps = zip(x + xi, xi + x, [half] * len(x) + [-half] * len(x), strict=True)
    if all(f.is_polynomial(*x, *xi) for f in (a, b)):  # as such they are far faster than as expressions
        a, b = sympy.Poly(a, *x, *xi), sympy.Poly(b, *x, *xi)
    terms = [(a, b, 0)]  # two factors, and the power of h that they have
    for u, v, factor in steps:
        degrees = [d for d in (_degree(a, u), _degree(b, v)) if d is not None]
        if not degrees and order is None:
            series = f"The series has no end: `a` is no polynomial in {u}, and `b` none in {v}."
            raise fail("order", "be given, as the highest power of h to keep", order, series)
        terms = [
            (f.diff((u, m)) * (factor**m / factorial(m)), g.diff((v, m)), power + m)
            for f, g, power in terms
            for m in range(min([*degrees, *([] if order is None else [order - power])]) + 1)
        ]
    return _expand(sum(f * g for f, g, _ in terms).as_expr())


def _degree(f: sympy.Expr, v: sympy.Symbol) -> int | None:
    """The degree of `f` as a polynomial in `v`, 0 for 0; None if it is none."""
    f = f.as_expr()
    return int(max(sympy.Poly(f, v).degree(), 0)) if f.is_polynomial(v) else None
