"""The star product, which composes Weyl symbols as their operators compose, and the brackets that go with it.

    Op(a) Op(b) = Op(a * b),        a * b = exp( (ih/2)(d_x.d_eta - d_xi.d_y) ) a(x, xi) b(y, eta)  at y = x, eta = xi,

so that x * xi - xi * x = ih and conj(a * b) = conj(b) * conj(a). Formulas are multiplied as formulas, by this series.
Where an array takes part nothing is expanded: a formula acts on an array as `leftstar` says, and two arrays are
multiplied as the kernels of their operators. Source: Li (2.17), with the factors of docs/errata.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import factorial, prod
from numbers import Number
from typing import Any, TypeAlias

import numpy as np
import sympy

from openweyl._core.arguments import ResourceError, fail, must, whole
from openweyl._core.calls import public
from openweyl._core.memory import spare_memory
from openweyl.symbolic.expressions import MAX_TERMS, TIME, expandable, multiplied_out, poisson, variables_of
from openweyl.symbolic.parsing import check_form, parse

from .grid import PhaseGrid
from .kernels import dequantize, kernel_points, quantize
from .left_multiplication import left_multiplication

Formula: TypeAlias = str | complex | sympy.Expr
Names: TypeAlias = tuple[sympy.Symbol, ...]

MOST_ORDER = 100
"""The highest power of h that may be asked for: each costs derivatives of that order."""
BYTES = 100
"""Peak memory per entry of a kernel."""


@public
def star(
    a: Formula | np.ndarray, b: Formula | np.ndarray, h: Formula | PhaseGrid, order: int | None = None
) -> sympy.Expr | np.ndarray:
    """a * b, the symbol of Op(a) Op(b).

    Two formulas, SymPy expressions or text in x, xi (n = 1) or x1, xi1, x2, xi2, ...: a SymPy expression. `h`: a number
    or a symbol. All other symbols, and the time t, are constants. The series ends, and all of it is returned, if of
    each pair of derivatives, d_x a d_xi b and d_xi a d_x b, one acts on a polynomial. Otherwise, or to cut it short,
    `order` is the highest power of h to keep.

    >>> import sympy
    >>> h = sympy.Symbol("h", positive=True)
    >>> print(star("x", "xi", h))
    I*h/2 + x*xi
    >>> print(star("exp(x)", "cos(xi)", h, order=1))
    -I*h*exp(x)*sin(xi)/2 + exp(x)*cos(xi)

    An array and a formula, or two arrays: the complex array a * b. `h`: the grid of the arrays, which must be
    negligible at its edges in x, xi, k and s. For n > 1 the formula is a sum of terms that are polynomials in the x
    or in the xi, with any functions of the others. Values are exact to round-off and to what was negligible.

    >>> from openweyl import PhaseGrid, coherent
    >>> grid = PhaseGrid.box(h=0.1, x=(-3, 3), xi=(-3, 3), size=(64, 64))
    >>> w = coherent(0, 0).symbol(grid)
    >>> bool(abs(star(w, w, grid) - w).max() < 1e-12)  # a projection
    True
    >>> bool(abs(star("(x**2 + xi**2)/2", w, grid) - 0.05 * w).max() < 1e-12)  # of the eigenvalue h/2
    True

    Raises InputError if `order` is needed or makes no sense, if shapes differ, or for a formula that has no exact
    product with an array; ResourceError if the kernels of two arrays would not fit in memory.
    """
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return _product(a, b, _grid(a, b, h, order))
    (f, g), h, x, xi = _formulas({"a": a, "b": b}, h)
    return _series(f, g, h, x, xi, _order(order))


@public
def moyal_bracket(
    a: Formula | np.ndarray, b: Formula | np.ndarray, h: Formula | PhaseGrid, order: int | None = None
) -> sympy.Expr | np.ndarray:
    """(a * b - b * a)/(ih) = {a, b} + O(h^2), the symbol of [Op(a), Op(b)]/(ih): of two real arrays a real one.

    Arguments and errors are those of `star`; `order` is the highest power of h to keep here, 0 for {a, b}.

    >>> import sympy
    >>> h = sympy.Symbol("h", positive=True)
    >>> print(moyal_bracket("x**3", "xi**3", h))
    -3*h**2/2 + 9*x**2*xi**2
    """
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        grid = _grid(a, b, h, order)
        product = _product(a, b, grid)
        if _is_real(a, grid.n) and _is_real(b, grid.n):  # b * a is the conjugate
            return 2 * product.imag / grid.h
        return (product - _product(b, a, grid)) / (1j * grid.h)
    (f, g), h, x, xi = _formulas({"a": a, "b": b}, h)
    order = _order(order)
    forward, backward = (_series(*pair, h, x, xi, None if order is None else order + 1) for pair in ((f, g), (g, f)))
    return _expand((forward - backward) / (sympy.I * h))


@public
def poisson_bracket(f: Formula, g: Formula) -> sympy.Expr:
    """{f, g} = sum_j f_{x_j} g_{xi_j} - f_{xi_j} g_{x_j} of two formulas, read as by `star`.

    >>> print(poisson_bracket("x", "xi**2/2 + x**4"))  # dx/dt along the flow of p is {x, p}
    xi
    """
    (left, right), _, x, xi = _formulas({"f": f, "g": g})
    return _expand(poisson(left, right, x, xi))


@public
def hamiltonian_field(p: Formula) -> tuple[sympy.Expr, ...]:
    """(p_xi, -p_x), the velocity of the flow of p: (dx_1/dt, .., dx_n/dt, dxi_1/dt, .., dxi_n/dt).

    The formula `p` is read as by `star`; n is the largest index that it uses.

    >>> print(hamiltonian_field("xi**2/2 + cos(x)"))
    (xi, sin(x))
    """
    (f,), _, x, xi = _formulas({"p": p})
    return (*(f.diff(v) for v in xi), *(-f.diff(v) for v in x))


def _formulas(given: Mapping[str, Any], h: Any = 1) -> tuple[list[sympy.Expr], sympy.Expr, Names, Names]:
    """The expressions of the arguments `given`, h, x and xi: symbols of one name made the same."""
    must(not isinstance(h, PhaseGrid), "h", "be a number or a symbol for two formulas", h, "Give h = grid.h.")
    x, xi = variables_of(given)
    known = {v.name: v for v in x + xi}
    h = _expression(h, {}, "h")
    constants = {s.name: s for s in h.free_symbols}
    usable = h != 0 and h.is_real is not False and constants.keys().isdisjoint(known)
    must(usable, "h", "be a real number, not 0, or a symbol other than x and xi", h)
    known.update(constants)
    return [_expression(value, known, name) for name, value in given.items()], h, x, xi


def _expression(value: Any, known: Mapping[str, sympy.Symbol], name: str) -> sympy.Expr:
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
    return None if order is None else whole("order", order, 0, MOST_ORDER, "It is the highest power of h to keep.")


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


def _grid(a: Any, b: Any, grid: Any, order: Any) -> PhaseGrid:
    """`grid`, if the arguments fit it."""
    must(isinstance(grid, PhaseGrid), "h", "be the PhaseGrid of the array", grid, "The grid knows h.")
    must(order is None, "order", "be left out where a factor is an array", order, "The product is exact.")
    for name, value in (("a", a), ("b", b)):
        if isinstance(value, np.ndarray):
            must(value.shape == grid.shape, name, f"have the grid's shape {grid.shape}", value.shape)
            must(value.dtype.kind in "iufc" and bool(np.isfinite(value).all()), name, "hold finite numbers", value)
    return grid


def _product(a: Any, b: Any, grid: PhaseGrid) -> np.ndarray:
    if not isinstance(a, np.ndarray):
        return _with_formula(a, b, grid, "a")
    if not isinstance(b, np.ndarray):
        return _with_formula(b, a, replace(grid, h=-grid.h), "b")  # the order of factors is the sign of h
    return _of_arrays(a, b, grid)


def _is_real(value: Any, n: int) -> bool:
    return value.dtype.kind != "c" if isinstance(value, np.ndarray) else bool(_on_axes(value, n, "a")[0].is_real)


def _of_arrays(a: np.ndarray, b: np.ndarray, grid: PhaseGrid) -> np.ndarray:
    size = prod(kernel_points(grid))
    if BYTES * size**2 > (free := spare_memory()):
        raise ResourceError(
            f"The kernels need {size} x {size} entries, about {BYTES * size**2 / 2**30:.3g} GiB, but half of the free "
            f"memory is {free / 2**30:.3g} GiB: take a smaller or a coarser grid."
        )
    first, second = quantize(a, grid), quantize(b, grid)
    product = (first.matrix @ second.matrix).reshape(first.entries.shape)
    return dequantize(replace(first, entries=product), grid, hermitian=False)


def _on_axes(formula: Any, n: int, name: str) -> tuple[sympy.Expr, Names, Names]:
    """The formula in x and xi alone, which are real."""
    x, xi = (tuple(sympy.Symbol(v.name, real=True) for v in side) for side in variables_of({name: formula}, n))
    p = _expression(formula, {v.name: v for v in x + xi}, name)
    strangers = sorted(str(s) for s in p.free_symbols - {*x, *xi})
    must(not strangers, name, f"use the names {', '.join(map(str, x + xi))} only", ", ".join(strangers))
    check_form(p, name)
    return p, x, xi


def _with_formula(formula: Any, w: np.ndarray, grid: PhaseGrid, name: str) -> np.ndarray:
    """p * w for the formula p."""
    p, x, xi = _on_axes(formula, grid.n, name)
    must(expandable(p), name, f"have at most {MAX_TERMS} terms when multiplied out", str(p))
    with np.errstate(all="ignore"):  # exp(x**2) far out
        result = left_multiplication(p, x, xi, grid)(w)
    must(bool(np.isfinite(result).all()), name, "have values on the grid that double precision holds", str(p))
    return result
