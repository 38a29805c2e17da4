"""The star product, which composes Weyl symbols as their operators compose, and its commutator, the Moyal bracket.

    Op(a) Op(b) = Op(a * b),        a * b = exp( (ih/2)(d_x.d_eta - d_xi.d_y) ) a(x, xi) b(y, eta)  at y = x, eta = xi,

so that x * xi - xi * x = ih and conj(a * b) = conj(b) * conj(a). Two formulas are multiplied by this series
(symbolic/brackets.py). Where an array takes part nothing is expanded: a formula acts on an array as left_multiplication
says, and two arrays are multiplied as the kernels of their operators. Source: Li (2.17), with the factors of
docs/errata.md.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import sympy

from openweyl._core.arguments import ResourceError, must
from openweyl._core.calls import public
from openweyl._core.memory import spare_memory
from openweyl.symbolic.brackets import Formula, Names, expression, moyal_bracket_of_formulas, star_of_formulas
from openweyl.symbolic.expressions import MAX_TERMS, expandable, variables_of
from openweyl.symbolic.parsing import check_form

from .grid import PhaseGrid
from .kernels import dequantize, kernel_points, quantize
from .left_multiplication import left_multiplication

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
    return star_of_formulas(a, b, _number_or_symbol(h), order)


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
    return moyal_bracket_of_formulas(a, b, _number_or_symbol(h), order)


def _number_or_symbol(h: Any) -> Formula:
    must(not isinstance(h, PhaseGrid), "h", "be a number or a symbol for two formulas", h, "Give h = grid.h.")
    return h


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
            f"memory is {free / 2**30:.3g} GiB: take a smaller or a coarser grid.",
            kind="memory",
        )
    first, second = quantize(a, grid), quantize(b, grid)
    product = (first.matrix @ second.matrix).reshape(first.entries.shape)
    return dequantize(replace(first, entries=product), grid, hermitian=False)


def _on_axes(formula: Any, n: int, name: str) -> tuple[sympy.Expr, Names, Names]:
    """The formula in x and xi alone, which are real."""
    x, xi = (tuple(sympy.Symbol(v.name, real=True) for v in side) for side in variables_of({name: formula}, n))
    p = expression(formula, {v.name: v for v in x + xi}, name)
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
