"""How fast the Hamiltonian varies in time: the steps that resolve it, without which errors are not seen.

The error of a step is estimated from values of p at a few times. A pulse between these, or an oscillation in phase with
them, would be missed. So each term of p is enclosed over intervals of time,

    |p(t') - p(t'')|  <=  (b - a) sup_{[a, b]} |dp/dt|      for t', t'' in [a, b],

the supremum by interval arithmetic, and intervals are halved until that is at most VARIATION_FRACTION of the range of
the term: no pulse is too short for that. Where p is f(x, xi) c(t), c alone is enclosed; other terms over the box where
the symbol is, and about to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import numpy as np
import sympy

from openweyl._core.arguments import ResourceError

from .algebra import additive_terms
from .derivatives import derivative
from .expressions import TIME, enclose, evaluate
from .intervals import Interval
from .sampled import Sampled

VARIATION_FRACTION = 1 / 2
"""The part of its range by which a term may vary during a step: twelve steps for each period of a cosine."""
FIRST_INTERVALS = 64
"""Intervals of time to begin with: so few cost hardly more than one."""
MAX_INTERVALS = 200_000
"""The most intervals of time: one enclosure of a term on so many takes about 0.5 s."""
CELLS_PER_VARIABLE = {1: 16, 2: 6}
"""Cells of the box along each variable, by the number of variables; 3 if there are more. The size of a term is sampled
at their corners and middles, its variation is enclosed over each of them."""
NEGLIGIBLE_VARIATION = 1e-9
"""The part of a term's size below which a variation is ignored: steps that resolve it would change nothing visible."""


class TimeVariation:
    """The intervals that resolve the smooth function p between the times `begin` and `horizon`."""

    def __init__(
        self, p: sympy.Expr, box: Mapping[sympy.Symbol, tuple[float, float]], horizon: float, begin: float = 0.0
    ) -> None:
        """`box`: the intervals of x and xi over which terms are enclosed that are no products f(x, xi) c(t).

        Raises ResourceError if there are too many intervals.
        """
        terms = dict.fromkeys(f.as_independent(TIME, as_Add=False)[1] for f in additive_terms(p) if f.has(TIME))
        terms = {term: None for term in terms if not _plain_samples(term)}
        self.local = any(term.free_symbols - {TIME} for term in terms)
        """Whether the intervals depend on the box."""
        self.cells = [_resolved(term, box, begin, horizon) for term in terms]

    def longest(self, t: float, steps: int) -> float:
        """The longest step of which `steps` from time t on are resolved."""
        return min((_longest(edges, t, steps) for edges in self.cells), default=float("inf"))


def _plain_samples(term: sympy.Expr) -> bool:
    """Whether its time is that of samples alone, of which it is a polynomial: runs land on each, and between two of
    them nothing is hidden.
    """
    atoms = {atom: sympy.Dummy() for atom in term.atoms(Sampled)}
    rest = term.xreplace(atoms)
    return bool(atoms) and not rest.has(TIME) and bool(rest.is_polynomial(*atoms.values()))


def _longest(edges: np.ndarray, t: float, steps: int) -> float:
    first = min(max(int(np.searchsorted(edges, t, side="right")) - 1, 0), len(edges) - 2)
    step = float(edges[first + 1] - edges[first])
    while True:
        last = int(np.searchsorted(edges, t + steps * step))
        if float(np.diff(edges[first : max(last, first + 1) + 1]).min()) >= step * (1 - 1e-9):
            return step
        step /= 2


class _Sampling:
    """The cells of `box` in the variables of a term, its values at their corners and middles, and its slope in them."""

    def __init__(self, term: sympy.Expr, box: Mapping[sympy.Symbol, tuple[float, float]]) -> None:
        variables = sorted(term.free_symbols - {TIME}, key=str)
        n, count = len(variables), CELLS_PER_VARIABLE.get(len(variables), 3)
        places = [np.linspace(*box[v], 2 * count + 1) for v in variables]  # the ends and the middles of the cells
        points = np.array(list(product(*places)))
        cells = np.array(list(product(range(count), repeat=n)), dtype=int)
        sides = [(line[2 * cells[:, i]], line[2 * cells[:, i] + 2]) for i, line in enumerate(places)]
        inside = {v: Interval(low[:, None], high[:, None]) for v, (low, high) in zip(variables, sides, strict=True)}
        self.value = evaluated(term, {v: points[:, [i]] for i, v in enumerate(variables)})
        self.slope = evaluated(derivative(term, TIME), inside)
        shape = (2 * count + 1,) * n
        self.corners = [
            np.ravel_multi_index(tuple((2 * cells + corner).T), shape) if n else [0]
            for corner in product(range(3), repeat=n)
        ]
        self.least: Any = np.inf
        self.most: Any = -np.inf

    def resolves(self, low: np.ndarray, length: float) -> np.ndarray:
        """Whether the term varies little enough, in every cell, over each interval of time [low, low + length]."""
        with np.errstate(all="ignore"):
            seen = np.concatenate([self.value(low + part * length) for part in (0.0, 0.5, 1.0)], axis=-1)
            self.least, self.most = np.minimum(self.least, seen.min(axis=-1)), np.maximum(self.most, seen.max(axis=-1))
            change = self.slope(Interval(low, low + length)).largest() * length
        size = np.max([np.maximum(np.abs(self.least), np.abs(self.most))[corner] for corner in self.corners], axis=0)
        spread = np.max([(self.most - self.least)[corner] for corner in self.corners], axis=0)
        allowed = np.maximum(VARIATION_FRACTION * spread, NEGLIGIBLE_VARIATION * size)
        return np.asarray((change <= allowed[..., None]).all(axis=0))  # a change that is not a number: not resolved


def _resolved(
    term: sympy.Expr, box: Mapping[sympy.Symbol, tuple[float, float]], begin: float, horizon: float
) -> np.ndarray:
    """The edges of the intervals for one term: in each cell of `box` it varies by a part of its range there."""
    sampling = _Sampling(term, box)
    length = (horizon - begin) / FIRST_INTERVALS
    low = begin + np.arange(FIRST_INTERVALS) * length
    edges = [np.array([begin, horizon])]
    while low.size:
        unresolved = ~sampling.resolves(low, length)
        edges.append(low)
        low, length = low[unresolved], length / 2
        low = np.concatenate([low, low + length])
        if length < (horizon - begin) * 2.0**-50 or sum(map(len, edges)) + low.size > MAX_INTERVALS:
            raise ResourceError(
                f"The term {term} varies faster than {MAX_INTERVALS} steps up to t = {horizon:g} can follow: shorten "
                "`times`, or write a slower one.",
                kind="time",
            )
    return np.unique(np.concatenate(edges))


def evaluated(f: sympy.Expr, at: Mapping[sympy.Symbol, Any]) -> Callable[[Any], Any]:
    """t -> f at the points, or in the cells, `at` (columns), shape (points, times); for Intervals an Interval."""
    count = max((len(c.low if isinstance(c, Interval) else c) for c in at.values()), default=1)

    def of(t: Any) -> Any:
        if isinstance(t, Interval):
            hull = enclose(f, {**at, TIME: t})
            return Interval(hull.low + np.zeros((count, t.low.size)), hull.high + np.zeros((count, t.low.size)))
        return evaluate(f, {**at, TIME: t}, np) + np.zeros((count, t.size))

    return of
