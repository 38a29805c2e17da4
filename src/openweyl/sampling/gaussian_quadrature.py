"""Integrals of formulas over Gaussians by quadrature, with bounds of the error from enclosures of high derivatives.

With u = z + L g, g standard normal, let F_K(i) >= | d^K f / dg_i^K | / K! on |g_j| <= REACH. For even K < 2p, Gauss and
Hermite's rule of p points is exact for what f's Taylor polynomial of degree K - 1 in g_i leaves at most, F_K g_i^K, so

    error  <=  2 sum_i F_K(i) (K - 1)!!.

Where that is too large |g| <= REACH is cut into cells of half-width r with Gauss and Legendre's points, and it is
2 sum_i F_K(i) r^K times the probability of a cell, F_K over that cell alone. No feature is so narrow that it is missed.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product
from typing import NamedTuple

import numpy as np
import sympy

from openweyl.symbolic.expressions import TIME, evaluate
from openweyl.symbolic.taylor_series import Expansions, Series

from .rules import Rule, quadrature, tensor

REACH = 8.0
"""Standard deviations beyond which nothing is integrated: 1e-15 of a Gaussian."""
HERMITE_POINTS = {1: 20, 2: 12, 3: 8, 4: 6}
"""Points for each variable, by the number of variables: at most some thousand together."""
LEGENDRE_POINTS = 12
"""Points of a cell along each variable: a Gaussian times a polynomial of degree 11 is then known to round-off."""
FIRST_CELLS, MORE_CELLS = 16, 4
"""Cells along each variable to begin with, one standard deviation wide, and how many times more the next time."""
MAX_POINTS = 2**21
"""The most points of all particles together in cells: a fifth of a second for one formula."""
POINTS_AT_ONCE = 2**18
"""Points at which a formula is evaluated together: 2 MiB an array."""
ROUND_OFF = 1e-13
"""That of a mean, relative to the largest |value|: of sums, and of the Gaussian beyond REACH."""


class Formula(NamedTuple):
    """A function of the variables `z`, at a time `t`."""

    formula: sympy.Expr
    z: tuple[sympy.Symbol, ...]
    t: float

    def at(self, z: np.ndarray, L: np.ndarray, g: np.ndarray) -> np.ndarray:
        """The values at z + L g, (M, points), for `g` (points, q), or (M, points, q) of each particle's own."""
        points = z[:, None, :] + g @ np.swapaxes(L, 1, 2)
        of = {v: points[..., a] for a, v in enumerate(self.z)}
        return np.asarray(evaluate(self.formula, {**of, TIME: self.t}, np)) + np.zeros(points.shape[:-1])

    def coefficients(
        self, z: np.ndarray, L: np.ndarray, low: np.ndarray, high: np.ndarray, order: int
    ) -> list[np.ndarray]:
        """For each i: bounds (order + 1, cells) of | d^K f/dg_i^K | / K! over the cells [low, high] (cells, q) of g."""
        found = []
        q = z.shape[1]
        for i in range(q):
            g = [Series.variable(low[:, b], high[:, b], order, moves=b == i) for b in range(q)]
            box = {}
            for a, v in enumerate(self.z):
                box[v] = sum((g[b] * L[:, a, b] for b in range(q)), start=g[0] * np.zeros(len(z))) + z[:, a]
            with np.errstate(all="ignore"):
                series = evaluate(self.formula, {**box, TIME: self.t}, Expansions)
                found.append(np.array([series.largest(k) for k in range(order + 1)]))
        return found


def exact_means(f: Formula, z: np.ndarray, L: np.ndarray, degree: int) -> np.ndarray:
    """The means of a polynomial of this degree over N(z, L L^T)."""
    return _by_rule(f, z, L, quadrature(z.shape[1], degree // 2 + 1))[0]


def bounded_means(f: Formula, z: np.ndarray, L: np.ndarray, rtol: float) -> tuple[np.ndarray, np.ndarray]:
    """The means over N(z, L L^T), and bounds of their errors, at most `rtol` times the largest |value|; infinite where
    MAX_POINTS are too few for that.
    """
    q = z.shape[1]
    values, largest = _by_rule(f, z, L, quadrature(q, HERMITE_POINTS[q]))
    errors = _whole_bounds(f, z, L)
    cells = FIRST_CELLS
    left = np.flatnonzero(~(errors <= rtol * largest))
    while left.size and left.size * (cells * LEGENDRE_POINTS) ** q <= MAX_POINTS:
        values[left], errors[left], size = _in_cells(f, z[left], L[left], cells)
        largest = max(largest, size)
        left = left[~(errors[left] <= rtol * largest)]
        cells *= MORE_CELLS
    errors[left] = np.inf
    return values, errors + ROUND_OFF * largest


def _whole_bounds(f: Formula, z: np.ndarray, L: np.ndarray) -> np.ndarray:
    """Bounds of the errors of Gauss and Hermite's rule, each with the K that makes it least."""
    count, q = z.shape
    order = 2 * HERMITE_POINTS[q] - 2
    orders = np.arange(2, order + 1, 2)
    moments = np.array([[np.prod(np.arange(1.0, k, 2))] for k in orders])
    found, size = np.empty(count), max(POINTS_AT_ONCE // order, 1)
    for begin in range(0, count, size):
        part = slice(begin, begin + size)
        high = np.full(z[part].shape, REACH)
        parts = [bounds[orders] * moments for bounds in f.coefficients(z[part], L[part], -high, high, order)]
        found[part] = 2 * sum(np.nan_to_num(one, nan=np.inf).min(axis=0) for one in parts)
    return found


def _in_cells(f: Formula, z: np.ndarray, L: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray, float]:
    """The means by `cells` cells along each variable, bounds of their errors, and the largest |value| met."""
    count, q = z.shape
    edges = np.linspace(-REACH, REACH, cells + 1)
    low, high = (np.array(list(product(ends, repeat=q))) for ends in (edges[:-1], edges[1:]))
    points, weights = _legendre(q, cells)
    values, errors, largest = np.zeros(count), np.zeros(count), 0.0
    order, step = LEGENDRE_POINTS, max(POINTS_AT_ONCE // points.shape[1], 1)
    for begin in range(0, count * len(low), step):
        pairs = np.arange(begin, min(begin + step, count * len(low)))
        i, cell = pairs // len(low), pairs % len(low)
        found = f.at(z[i], L[i], points[cell])
        bounds = f.coefficients(z[i], L[i], low[cell], high[cell], order)
        remainder = 2 * sum(b[order] for b in bounds) * (REACH / cells) ** order * weights[cell].sum(axis=1)
        np.add.at(values, i, (found * weights[cell]).sum(axis=1))
        np.add.at(errors, i, np.nan_to_num(remainder, nan=np.inf))
        largest = max(largest, float(np.abs(found).max()))
    return values, errors, largest


def _by_rule(f: Formula, z: np.ndarray, L: np.ndarray, rule: Rule) -> tuple[np.ndarray, float]:
    """The means by one rule, and the largest |value| met."""
    values, largest = np.empty(len(z)), 0.0
    size = max(POINTS_AT_ONCE // len(rule.weights), 1)
    for i in range(0, len(z), size):
        found = f.at(z[i : i + size], L[i : i + size], rule.nodes)
        values[i : i + size] = found @ rule.weights
        largest = max(largest, float(np.abs(found).max()))
    return values, largest


@lru_cache(maxsize=8)
def _legendre(q: int, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Points (cells^q, points^q, q) in cells of |g| <= REACH, and weights times the Gaussian density."""
    line, weights = np.polynomial.legendre.leggauss(LEGENDRE_POINTS)
    half = REACH / cells
    middles = half * (2 * np.arange(cells) + 1) - REACH
    inside, each = tensor(half * line, half * weights, q)
    points = np.array(list(product(middles, repeat=q)))[:, None, :] + inside
    return points, each * np.exp(-(points**2).sum(axis=2) / 2) / (2 * np.pi) ** (q / 2)
