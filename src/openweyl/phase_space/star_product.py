"""The star product, which composes Weyl symbols as their operators compose, and its commutator, the Moyal bracket.

    Op(a) Op(b) = Op(a * b),        a * b = exp( (ih/2)(d_x.d_eta - d_xi.d_y) ) a(x, xi) b(y, eta)  at y = x, eta = xi,

so that x * xi - xi * x = ih and conj(a * b) = conj(b) * conj(a). Two formulas are multiplied by this series
(symbolic/brackets.py). Where a symbol on a grid takes part nothing is expanded: a formula acts on one as
left_multiplication says, and two of them are multiplied as the kernels of their operators. Source: Li (2.17), with the
factors of docs/errata.md.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any, TypeVar

import numpy as np
import sympy

from openweyl._core.arguments import must
from openweyl._core.calls import public
from openweyl.symbolic.algebra import MAX_TERMS, expandable
from openweyl.symbolic.brackets import Formula, Names, expression, moyal_bracket_of_formulas, star_of_formulas
from openweyl.symbolic.expressions import variables_of
from openweyl.symbolic.forms import check_form

from .arrays import MAX_VALUE, check_result
from .grid import PhaseGrid
from .grid_function import GridFunction, on_one_grid
from .kernels import check_kernel_fits, kernel_points, quantize, symbol_values
from .left_multiplication import left_multiplication

Function = TypeVar("Function", bound=GridFunction)


@public
def star(a: Any, b: Any, h: Formula | None = None, order: int | None = None) -> Any:
    """a * b, the symbol of Op(a) Op(b).

    a * b = exp( (ih/2)(d_x.d_eta - d_xi.d_y) ) a(x, xi) b(y, eta)  at y = x, eta = xi.

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

    A Symbol and a formula, or two Symbols: the complex Symbol a * b, on a grid that holds both. They know h themselves,
    and must be negligible at the edges of their grids in x, xi, k and s. For n > 1 the formula is a sum of terms that
    are polynomials in the x or in the xi, with any functions of the others. Values are exact to round-off and to what
    was negligible.

    >>> from openweyl import PhaseGrid, coherent
    >>> w = coherent(0, 0).symbol(PhaseGrid.box(h=0.1, x=(-3, 3), xi=(-3, 3), size=(64, 64)))
    >>> bool((star(w, w) - w).hilbert_schmidt() < 1e-12)  # a projection
    True
    >>> bool((star("(x**2 + xi**2)/2", w) - 0.05 * w).hilbert_schmidt() < 1e-12)  # of the eigenvalue h/2
    True

    Raises InputError if `order` is needed or makes no sense, for symbols of another n or h, or for a formula that has
    no exact product with a symbol; ResourceError if the kernels of two symbols would not fit in memory.

    Source: Li (2.17), with the factors of docs/errata.md.
    """
    _check_factors(a, b)
    if isinstance(a, GridFunction) or isinstance(b, GridFunction):
        _check_left_out(h, order)
        return _product(a, b)
    return star_of_formulas(a, b, _number_or_symbol(h), order)


@public
def moyal_bracket(a: Any, b: Any, h: Formula | None = None, order: int | None = None) -> Any:
    """(a * b - b * a)/(ih) = {a, b} + O(h^2), the symbol of [Op(a), Op(b)]/(ih): of two real symbols a real one.

    Arguments and errors are those of `star`; `order` is the highest power of h to keep here, 0 for {a, b}. Returns a
    SymPy expression for two formulas, else a Symbol.

    >>> import sympy
    >>> h = sympy.Symbol("h", positive=True)
    >>> print(moyal_bracket("x**3", "xi**3", h))
    -3*h**2/2 + 9*x**2*xi**2
    """
    _check_factors(a, b)
    if isinstance(a, GridFunction) or isinstance(b, GridFunction):
        _check_left_out(h, order)
        product = _product(a, b)
        if _is_real(a, product.n) and _is_real(b, product.n):  # b * a is the conjugate
            return product.like(check_result(2 * product.values.imag / product.h, "a"))
        return (product - _product(b, a)) / (1j * product.h)
    return moyal_bracket_of_formulas(a, b, _number_or_symbol(h), order)


def _check_factors(a: Any, b: Any) -> None:
    for name, value in (("a", a), ("b", b)):
        array = isinstance(value, np.ndarray) or (hasattr(value, "dtype") and hasattr(value, "shape"))
        must(not array, name, "be a formula or a Symbol", value, "Symbol(values, grid) makes one of an array.")


def _number_or_symbol(h: Any) -> Formula:
    must(h is not None, "h", "be given for two formulas", "missing", "It is a number, or a symbol of SymPy.")
    must(not isinstance(h, PhaseGrid), "h", "be a number or a symbol of SymPy", h, "Symbols on a grid know theirs.")
    return h


def _check_left_out(h: Any, order: Any) -> None:
    must(h is None, "h", "be left out where a factor is a Symbol", h, "A Symbol knows its h.")
    must(order is None, "order", "be left out where a factor is a Symbol", order, "The product is exact.")


def _product(a: Any, b: Any) -> GridFunction:
    if isinstance(a, GridFunction) and isinstance(b, GridFunction):
        return _of_functions(*on_one_grid(a, b, "b"))
    return _from_left(a, b) if isinstance(b, GridFunction) else _from_right(b, a)


def _is_real(value: Any, n: int) -> bool:
    if isinstance(value, GridFunction):
        return value.values.dtype.kind != "c"
    return bool(_on_axes(value, n, "a")[0].is_real)


def _of_functions(a: Function, b: GridFunction) -> Function:
    check_kernel_fits(prod(kernel_points(a.grid)), "take a smaller or a coarser grid", "The kernels need")
    first, second = quantize(a), quantize(b)
    product = (first.matrix @ second.matrix).reshape(first.entries.shape)
    return a.like(check_result(symbol_values(replace(first, entries=product), a.grid, hermitian=False), "b"))


def _on_axes(formula: Any, n: int, name: str) -> tuple[sympy.Expr, Names, Names]:
    """The formula in x and xi alone, which are real."""
    x, xi = (tuple(sympy.Symbol(v.name, real=True) for v in side) for side in variables_of({name: formula}, n))
    p = expression(formula, {v.name: v for v in x + xi}, name)
    unknown = sorted(str(s) for s in p.free_symbols - {*x, *xi})
    must(not unknown, name, f"use the names {', '.join(map(str, x + xi))} only", ", ".join(unknown))
    check_form(p, name)
    return p, x, xi


def _from_left(formula: Any, w: Function, name: str = "a", sign: int = 1) -> Function:
    """p * w for the formula p, at the h of w times `sign`."""
    p, x, xi = _on_axes(formula, w.n, name)
    must(expandable(p), name, f"have at most {MAX_TERMS} terms when multiplied out", str(p))
    with np.errstate(all="ignore"):  # exp(x**2) overflows at large x, and is refused below
        values = left_multiplication(p, x, xi, replace(w.grid, h=sign * w.h))(w.values)
    size = float(np.abs(values).max())  # it may be no number
    must(size <= MAX_VALUE, name, "have values on the grid that double precision holds", str(p))
    return w.like(values)


def _from_right(formula: Any, w: Function) -> Function:
    """w * p: the order of the factors is the sign of h."""
    return _from_left(formula, w, "b", -1)
