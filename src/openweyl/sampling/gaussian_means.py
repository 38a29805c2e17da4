"""Means of formulas over Gaussians N(z, K), term by term: each in its own few variables, particle by particle.

Polynomials: exact, by Gauss and Hermite's quadrature. Other functions: by rules of more and more nodes, until two
agree; their difference counts as the error. What has more than MAX_QUADRATURE variables, and regions, which have edges:
by points drawn at random in each Gaussian, an unbiased estimate whose variance is part of that over particles. A
half-space has a closed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import numpy as np
import sympy

from openweyl.observables.means import by_variables
from openweyl.symbolic.algebra import expandable, linear, multiplied_out
from openweyl.symbolic.expressions import TIME, evaluate

MAX_QUADRATURE = 4
"""The most variables of a term that is integrated by quadrature: of more, random points take fewer."""
RULES = {1: (16, 24, 48, 96, 144), 2: (10, 14, 28, 48), 3: (8, 11, 18), 4: (6, 8, 11)}
"""Nodes for each variable, by the number of variables; the last rule has at most some 10^4 points."""
QUADRATURE_RTOL = 1e-11
"""The difference of two rules, relative to the largest |value|, from which on no further one is tried: far below what
chance leaves."""
DRAWN = 2**17
"""Points drawn for a term, of all particles together: a tenth of a second, and less error than particles have."""
POINTS_AT_ONCE = 2**20
"""Points at which a formula is evaluated together: 8 MiB an array."""


@dataclass(frozen=True)
class Term:
    """A summand in the variables `z`, which are the coordinates `places`; `degree` if it is a polynomial."""

    formula: sympy.Expr
    z: tuple[sympy.Symbol, ...]
    places: tuple[int, ...]
    degree: int | None = None
    indicator: bool = False


@dataclass(frozen=True)
class Means:
    """For each particle: the mean, its error by quadrature, and the variance that random points leave in it."""

    values: np.ndarray
    errors: np.ndarray
    variances: np.ndarray

    def __add__(self, other: Means) -> Means:
        return Means(self.values + other.values, self.errors + other.errors, self.variances + other.variances)


def terms_of(o: sympy.Expr, z: tuple[sympy.Symbol, ...], *, indicator: bool = False) -> list[Term]:
    """The summands of `o`, multiplied out if in many variables. `indicator`: that of o > 0, which has no parts."""
    if indicator:
        return [_term(o, z, indicator=True)]
    whole: list[sympy.Expr] = []
    for summand in sympy.Add.make_args(o):
        many = len(summand.free_symbols & set(z)) > MAX_QUADRATURE
        whole.append(multiplied_out(summand) if many and expandable(summand) else summand)
    return [_term(part, z) for part in by_variables(sympy.Add(*whole))]


def _term(f: sympy.Expr, z: tuple[sympy.Symbol, ...], *, indicator: bool = False) -> Term:
    places = tuple(i for i, v in enumerate(z) if v in f.free_symbols)
    own = tuple(z[i] for i in places)
    degree = None
    if not indicator and own and len(own) <= MAX_QUADRATURE and expandable(f) and f.is_polynomial(*own):
        degree = sympy.Poly(f, *own).total_degree()
    return Term(f, own, places, degree, indicator)


def means(term: Term, z: np.ndarray, K: np.ndarray, t: float, rng: np.random.Generator) -> Means:
    """The means over N(z, K), `z` (M, q) and `K` (M, q, q) in the term's own variables, at time `t`."""
    count, q = z.shape
    zero = np.zeros(count)
    if not q:
        number = float(evaluate(term.formula, {TIME: t}, np))
        return Means(zero + (float(number > 0) if term.indicator else number), zero, zero)
    if term.indicator and (normal := linear(term.formula, term.z)) is not None:
        return Means(_half_space(term, np.array(normal), z, K), zero, zero)
    L = np.linalg.cholesky(K)
    if term.degree is not None:
        return Means(_by_rule(term, z, L, t, term.degree // 2 + 1)[0], zero, zero)
    if q > MAX_QUADRATURE or term.indicator:
        return _drawn(term, z, L, t, rng)
    return _compared(term, z, L, t)


def _half_space(term: Term, normal: np.ndarray, z: np.ndarray, K: np.ndarray) -> np.ndarray:
    """The probabilities that the linear formula is > 0."""
    from scipy.special import ndtr  # slow to import

    offset = float(term.formula.xreplace(dict.fromkeys(term.z, sympy.Integer(0))))
    return np.asarray(ndtr((z @ normal + offset) / np.sqrt(np.einsum("mab,a,b->m", K, normal, normal))))


def _compared(term: Term, z: np.ndarray, L: np.ndarray, t: float) -> Means:
    """By two rules in turn, and by finer ones for the particles where these differ."""
    rules = RULES[z.shape[1]]
    values, largest = _by_rule(term, z, L, t, rules[0])
    errors, left = np.full(len(z), np.inf), np.arange(len(z))
    for nodes in rules[1:]:
        finer, size = _by_rule(term, z[left], L[left], t, nodes)
        largest = max(largest, size)
        errors[left], values[left] = np.abs(finer - values[left]), finer
        left = np.flatnonzero(errors > QUADRATURE_RTOL * largest)
        if not left.size:
            break
    return Means(values, errors, np.zeros(len(z)))


def _by_rule(term: Term, z: np.ndarray, L: np.ndarray, t: float, nodes: int) -> tuple[np.ndarray, float]:
    """The means by `nodes` nodes for each variable, and the largest |value| met."""
    points, weights = _rule(z.shape[1], nodes)
    values, largest = np.empty(len(z)), 0.0
    size = max(POINTS_AT_ONCE // len(points), 1)
    for i in range(0, len(z), size):
        found = _at(term, z[i : i + size], L[i : i + size], points, t)
        values[i : i + size] = found @ weights
        largest = max(largest, float(np.abs(found).max()))
    return values, largest


def _drawn(term: Term, z: np.ndarray, L: np.ndarray, t: float, rng: np.random.Generator) -> Means:
    """By points drawn in each Gaussian, in opposite pairs, which takes linear parts away."""
    pairs = max(ceil(DRAWN / len(z) / 2), 2)
    values, variances = np.empty(len(z)), np.empty(len(z))
    size = max(POINTS_AT_ONCE // (2 * pairs), 1)
    for i in range(0, len(z), size):
        g = rng.standard_normal((len(z[i : i + size]), pairs, z.shape[1]))
        both = [_at(term, z[i : i + size], L[i : i + size], points, t) for points in (g, -g)]
        if term.indicator:
            both = [(values > 0).astype(float) for values in both]
        found = (both[0] + both[1]) / 2
        values[i : i + size] = found.mean(axis=1)
        variances[i : i + size] = found.var(axis=1, ddof=1) / pairs
    return Means(values, np.zeros(len(z)), variances)


def _at(term: Term, z: np.ndarray, L: np.ndarray, g: np.ndarray, t: float) -> np.ndarray:
    """The formula at z + L g, (M, points), for `g` (points, q), or (M, points, q) of each particle's own."""
    points = z[:, None, :] + g @ np.swapaxes(L, 1, 2)
    of = {v: points[..., a] for a, v in enumerate(term.z)}
    return np.asarray(evaluate(term.formula, {**of, TIME: t}, np)) + np.zeros(points.shape[:-1])


@lru_cache(maxsize=64)
def _rule(q: int, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss and Hermite's points (nodes^q, q) for standard normal variables, and weights that add up to 1."""
    from scipy.special import roots_hermitenorm  # slow to import

    line, weights = roots_hermitenorm(nodes)
    weights = weights / weights.sum()
    grids = np.meshgrid(*[line] * q, indexing="ij")
    each = np.meshgrid(*[weights] * q, indexing="ij")
    return np.stack([g.ravel() for g in grids], axis=1), np.prod([w.ravel() for w in each], axis=0)
