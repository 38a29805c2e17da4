"""Means of formulas over Gaussians N(z, K), term by term: each in its own few variables, particle by particle.

By quadrature, exact for polynomials, and with bounds for other functions (`gaussian_quadrature`). Where that would take
too many points, and for regions, which have edges: by points drawn at random in each Gaussian, an unbiased estimate,
whose variance is part of that over particles. A half-space has a closed form.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

import numpy as np
import sympy

from openweyl.observables.means import by_variables
from openweyl.symbolic.algebra import expandable, linear, multiplied_out
from openweyl.symbolic.expressions import TIME, evaluate

from .gaussian_quadrature import Formula, bounded_means, exact_means

MAX_QUADRATURE = 4
"""The most variables of a term that is integrated by quadrature: of more, random points take fewer."""
QUADRATURE_RTOL = 1e-9
"""The error that quadrature is asked for, relative to the largest |value|: far below what chance leaves."""
DRAWN = 2**17
"""Points drawn for a term, of all particles together: a tenth of a second, and less error than particles have."""
NUMBERS_AT_ONCE = 2**20
"""Coordinates of drawn points that are held together: 8 MiB."""


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
    f, L = Formula(term.formula, term.z, t), np.linalg.cholesky(K)
    if term.degree is not None:
        return Means(exact_means(f, z, L, term.degree), zero, zero)
    if q > MAX_QUADRATURE or term.indicator:
        return _drawn(f, z, L, rng, indicator=term.indicator)
    values, errors = bounded_means(f, z, L, QUADRATURE_RTOL)
    found = Means(values, errors, zero)
    unknown = np.flatnonzero(np.isinf(errors))
    if unknown.size:
        drawn = _drawn(f, z[unknown], L[unknown], rng, indicator=False)
        found.values[unknown], found.errors[unknown] = drawn.values, 0.0
        found.variances[unknown] = drawn.variances
    return found


def _half_space(term: Term, normal: np.ndarray, z: np.ndarray, K: np.ndarray) -> np.ndarray:
    """The probabilities that the linear formula is > 0."""
    from scipy.special import ndtr  # slow to import

    offset = float(term.formula.xreplace(dict.fromkeys(term.z, sympy.Integer(0))))
    return np.asarray(ndtr((z @ normal + offset) / np.sqrt(np.einsum("mab,a,b->m", K, normal, normal))))


def _drawn(f: Formula, z: np.ndarray, L: np.ndarray, rng: np.random.Generator, *, indicator: bool) -> Means:
    """By points drawn in each Gaussian, in opposite pairs, whose means have no part that is linear."""
    count, q = z.shape
    pairs = max(ceil(DRAWN / count / 2), 2)
    values, variances = np.empty(count), np.empty(count)
    size = max(NUMBERS_AT_ONCE // (2 * pairs * q), 1)
    for i in range(0, count, size):
        part = slice(i, i + size)
        g = rng.standard_normal((len(z[part]), pairs, q))
        both = [f.at(z[part], L[part], points) for points in (g, -g)]
        if indicator:
            both = [(found > 0).astype(float) for found in both]
        found = (both[0] + both[1]) / 2
        values[part] = found.mean(axis=1)
        variances[part] = found.var(axis=1, ddof=1) / pairs
    return Means(values, np.zeros(count), variances)
