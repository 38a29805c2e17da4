"""Expectation values of operators by their Weyl symbols, bounded or not, such as polynomials; errors are estimates.

    tr(Op(o) Op(w)) = (2 pi h)^-n int o w,

a sum over the grid if o is a polynomial, exact for the band-limited function w on its box. No error in trace norm
bounds that of such a number: a part eps of the state at a distance R adds eps R^2 to <x^2>. What an error e of w does
is estimated instead, by the most that it can take away from where the state is, or add there: with c the mean of o,

    ERROR_FACTOR sup { (2 pi h)^-n int |o - c| v :  0 <= v <= |w|,  (2 pi h)^-n int v <= e }.

That is the outermost part e of the state, where |o - c| is largest. What lies at the edges of the box stands for what
lies beyond, and is added.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, prod, sqrt

import numpy as np
import sympy

from openweyl._core.estimates import Estimate
from openweyl.phase_space.grid_function import GridFunction
from openweyl.phase_space.marginals import Marginal
from openweyl.phase_space.profiles import EDGE_FRACTION
from openweyl.symbolic.algebra import additive_terms, expandable, multiplied_out
from openweyl.symbolic.expressions import evaluate, variables
from openweyl.symbolic.operators import hermitian_symbol

from .means import VALUE_ROUND_OFF, by_variables, mean

ERROR_FACTOR = 3.0
"""What the estimate is raised by, as a run may have lost what lay beyond: over random runs at tolerances from 5e-2 to
1e-5, observables up to degree 8, errors were up to 1.6 times the supremum, of thermal states at the largest tolerances,
and 0.004 of it in the middle (docs/observables.md)."""


@dataclass(frozen=True)
class WeylMean:
    """(2 pi h)^-n int o w: o is the `formula`, or, of `operator`, the Weyl symbol of this text at the h of w."""

    formula: sympy.Expr | None
    operator: str
    n: int

    def __call__(self, w: GridFunction) -> Estimate:
        """The mean; in the error are round-off, that of quadratures, and what lies at the edges of the box."""
        value = error = 0.0
        for term in self._terms(w):
            value += term.value
            error += term.error + at_edges(np.abs(term.values) * term.content)
        return Estimate(value, error, "estimate")

    def change(self, w: GridFunction, error: float) -> float:
        """What an error of w in trace norm does to the mean, as estimated above, term by term."""
        trace, magnitude = float(w.trace()), w.like(np.abs(w.values))
        total = center = 0.0
        for term in self._terms(w):
            own = term.value / trace if trace else 0.0
            content = Marginal.marginal(magnitude, term.kept)
            cell = prod(a.spacing for a in content.axes)
            total += worst(np.abs(term.values - own), content.values * cell, error)
            center += own
        return ERROR_FACTOR * total + abs(center) * min(abs(trace - 1), error)

    def symbol(self, h: float) -> sympy.Expr:
        """o at this h."""
        return self.formula if self.formula is not None else _operator_symbol(self.operator, self.n, h)

    def _terms(self, w: GridFunction) -> Iterator[_Term]:
        names = [v for side in variables(self.n) for v in side]
        for o in _by_variables(self.symbol(w.h), self.n):
            kept = [i for i, v in enumerate(names) if o.has(v)]
            if kept:
                yield _term(o, kept, [names[i] for i in kept], w)
            else:  # constants are read as functions of the first variable
                yield _term(o, [0], names[:1], w)


@dataclass(frozen=True)
class _Term:
    """A term of o in the variables `kept`: its `values` on their axes, its mean, and the error of that.

    content: the density there, by its absolute value and times the volume of a cell.
    """

    kept: list[int]
    values: np.ndarray
    content: np.ndarray
    value: float
    error: float


def _term(o: sympy.Expr, kept: list[int], names: list[sympy.Symbol], w: GridFunction) -> _Term:
    density = Marginal.marginal(w, kept)
    mesh = np.meshgrid(*(a.points for a in density.axes), indexing="ij", sparse=True)
    values = np.broadcast_to(
        np.asarray(evaluate(o, dict(zip(names, mesh, strict=True)), np), float), density.values.shape
    )
    cell = prod(a.spacing for a in density.axes)
    round_off = VALUE_ROUND_OFF * float(np.abs(density.values).max()) * cell * sqrt(float((values**2).sum()))
    if o.is_polynomial(*names):
        found = Estimate(float((values * density.values).sum()) * cell, round_off)
    else:
        found = mean(o, w, smooth=False)
    return _Term(kept, values, np.abs(density.values) * cell, found.value, found.error)


def worst(sizes: np.ndarray, content: np.ndarray, error: float) -> float:
    """The largest sum of `sizes` v with 0 <= v <= `content` whose sum is `error`; a rest counts with the largest size.

    >>> round(worst(np.array([1.0, 3.0]), np.array([0.9, 0.1]), 0.2), 9)  # 3 * 0.1 + 1 * 0.1
    0.4
    """
    order = np.argsort(sizes, axis=None)[::-1]
    size, part = sizes.ravel()[order], content.ravel()[order]
    before = np.cumsum(part) - part
    taken = np.clip(error - before, 0.0, part)
    return float(size @ taken) + float(size[0]) * max(error - float(part.sum()), 0.0)


def at_edges(parts: np.ndarray) -> float:
    """The sum of `parts`, each >= 0, in the outermost EDGE_FRACTION of an axis."""
    edges = np.zeros(parts.shape, dtype=bool)
    for axis, size in enumerate(parts.shape):
        count = ceil(EDGE_FRACTION * size)
        line = np.moveaxis(edges, axis, 0)
        line[:count] = line[size - count :] = True
    return float(parts[edges].sum())


@lru_cache(maxsize=64)
def _operator_symbol(text: str, n: int, h: float) -> sympy.Expr:
    return hermitian_symbol(text, n, h, "observable")


@lru_cache(maxsize=64)
def _by_variables(o: sympy.Expr, n: int) -> list[sympy.Expr]:
    """The terms of o, in as few variables each as can be: of one degree of freedom all that mix x and xi in one."""
    whole = multiplied_out(o) if expandable(o) else sympy.Add(*additive_terms(o))
    terms = by_variables(whole)
    return terms if n > 1 or all(len(term.free_symbols) < 2 for term in terms) else [o]
