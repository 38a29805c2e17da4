"""Means of formulas: integrals against a symbol, or against its Husimi density.

The symbol is band-limited, so that its marginals are known everywhere, and an observable may vary faster than any grid:
each of its terms is integrated against the marginal in its own variables by `quadrature`, whose errors are bounds, if
these are one or two. With three or more, sums over two grids are compared, and `length_scales` says whether these see
the formula at all.
"""

from __future__ import annotations

from functools import reduce

import numpy as np
import sympy

from openweyl._core.arguments import must
from openweyl._core.estimates import Estimate
from openweyl.phase_space.grid_function import GridFunction
from openweyl.phase_space.marginals import Marginal
from openweyl.symbolic.derivatives import derivative
from openweyl.symbolic.expressions import enclose, evaluate, variables
from openweyl.symbolic.intervals import Interval
from openweyl.symbolic.length_scales import scales
from openweyl.symbolic.smoothness import interval

from .quadrature import MAX_CELLS, integral, share

INTEGRAL_RTOL = 1e-10
"""The error that an integral is refined to, relative to the observable's norm: below the errors of runs."""
REGION_RTOL = {1: 1e-10, 2: 1e-6}
"""The error that the content of a region is refined to, relative to 1, by the number of variables: in two the edge is a
curve, and each halving of the cells along it doubles their number."""
VALUE_ROUND_OFF = 1e-13
"""The round-off of single values of a symbol, as a few transforms leave it, relative to the largest."""


def by_variables(o: sympy.Expr) -> list[sympy.Expr]:
    """The additive terms of `o`, those in the same variables together."""
    groups: dict[frozenset[sympy.Symbol], list[sympy.Expr]] = {}
    for term in sympy.Add.make_args(o):
        groups.setdefault(frozenset(term.free_symbols), []).append(term)
    return [sympy.Add(*terms) for terms in groups.values()]


def mean(o: sympy.Expr, w: GridFunction, *, smooth: bool, indicator: bool = False) -> Estimate:
    """(2 pi h)^-n int o w, with a bound of the error.

    `smooth`: with the Husimi density in place of w. `indicator`: with the indicator function of o > 0 in place of o.
    """
    x, xi = variables(w.n)
    kept = [i for i, v in enumerate(x + xi) if o.has(v)]
    if not kept:
        total, number = float(w.trace()), float(o)
        value = (number if not indicator else float(number > 0)) * total
        return Estimate(value, VALUE_ROUND_OFF * abs(number * total))
    names = tuple((x + xi)[i] for i in kept)
    density, lost = Marginal.marginal(w, kept), 0.0
    if smooth:
        density, lost = density.smoothed(w.h)
    bound = 1.0 if indicator else max(map(abs, interval(o)))
    if not np.isfinite(bound):
        bound = largest_in_box(o, names, density)
    if len(kept) not in MAX_CELLS:
        value, error = _compared(o, names, density, bound, indicator=indicator)
    elif indicator:
        value, error = share(o, names, density, REGION_RTOL[len(kept)])
    else:
        value, error = integral(o, names, density, bound, INTEGRAL_RTOL * bound)
    return Estimate(value, error + bound * lost)


def largest_in_box(o: sympy.Expr, names: tuple[sympy.Symbol, ...], density: Marginal) -> float:
    """A bound of |o| on the box of the density, beyond which a symbol is 0. Raises InputError if there is none."""
    hull = enclose(o, {v: Interval(a.lower, a.upper) for v, a in zip(names, density.axes, strict=True)})
    bound = float(max(abs(hull.low), abs(hull.high)))
    must(np.isfinite(bound), "observable", "be finite in the box of the symbol", o)
    return bound


def _compared(
    o: sympy.Expr, names: tuple[sympy.Symbol, ...], density: Marginal, bound: float, *, indicator: bool
) -> Estimate:
    """Sums over the density's points; the error is the difference from the sum over every second point, if the points
    resolve the formula, and else the bound by |o| <= `bound`.
    """

    def on(density: Marginal) -> float:
        columns = np.meshgrid(*(a.points for a in density.axes), indexing="ij", sparse=True)
        at = dict(zip(names, columns, strict=True))
        spacings = [a.spacing for a in density.axes]
        with np.errstate(all="ignore"):
            values = _inside(o, at, spacings) if indicator else evaluate(o, at, np)
        return float((np.clip(np.nan_to_num(values), -bound, bound) * density.values).sum()) * float(np.prod(spacings))

    coarse, fine = on(density.coarser()), on(density)
    spacing = {v: a.spacing for v, a in zip(names, density.axes, strict=True)}
    box = {v: (a.lower, a.upper) for v, a in zip(names, density.axes, strict=True)}
    resolved = all(s.resolved for s in scales(o, box, spacing, spacing))
    return Estimate(fine, abs(fine - coarse) if resolved else 2 * bound * density.mass)


def _inside(o: sympy.Expr, at: dict[sympy.Symbol, np.ndarray], spacings: list[float]) -> np.ndarray:
    """The part of each grid cell where o > 0, from the gradient of o, so that sums converge like spacing^2."""
    slopes = [np.abs(evaluate(derivative(o, v), at, np)) * d for v, d in zip(at, spacings, strict=True)]
    across = reduce(np.add, slopes)
    value = evaluate(o, at, np) + 0.0 * across
    return np.where(across > 0, np.clip(value / np.where(across > 0, across, 1.0) + 0.5, 0.0, 1.0), value > 0)
