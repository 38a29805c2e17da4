"""Steps of v' = sum_k f_k(t) L_k v by a polynomial in time, with a bound of what it is off.

    v(t + s)  ~  sum_{j <= m} (s/tau)^j y_j,     (j + 1) y_{j+1} = tau sum_k sum_i f_ki L_k y_{j-i},

f_ki the coefficients of f_k in powers of s/tau. Exact evolutions contract the trace norm: so the error of a step is at
most the integral of the norm of its residual, y' - L y, which is known: without a drive it is the next term of the
series, with one it is integrated by Gauss' rule, of the functions f_k themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

DEGREE = 30
"""The degree m: a step of given accuracy then takes 5 products with L for each of its units of 1/||L||, and its terms
grow to e^6 at most, of which double precision notices nothing."""
DRIVE_DEGREE = 10
"""The degree of the polynomials that stand for the functions of the time within a step, which resolves them."""
DRIVE_NODES = np.polynomial.chebyshev.chebpts1(DRIVE_DEGREE + 1)
"""Chebyshev's nodes for them, on [-1, 1]."""
TO_CHEBYSHEV = np.linalg.inv(np.polynomial.chebyshev.chebvander(DRIVE_NODES, DRIVE_DEGREE))
"""From values there to coefficients of Chebyshev polynomials, which decay: so no digits are lost."""
TO_POWERS = np.zeros((DRIVE_DEGREE + 1, DRIVE_DEGREE + 1))
for _k in range(DRIVE_DEGREE + 1):
    _of_one = np.polynomial.Chebyshev.basis(_k, domain=[0, 1]).convert(kind=np.polynomial.Polynomial)
    TO_POWERS[: _k + 1, _k] = np.rint(_of_one.coef)
"""From those to powers of s on [0, 1]: whole numbers."""
NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)
"""Gauss' rule for the residual of a driven step: its norm has no sharper feature than the polynomial, of degree 30."""
MEAN_NODES, MEAN_WEIGHTS = np.polynomial.legendre.leggauss(DEGREE + 2)
"""Gauss' rule for the mean of a square: exact for that of a polynomial of degree 30."""
SHORTER, SHORTEST, LONGER = 0.7, 0.3, 1.5
"""A driven step is made shorter, by no less than the first factor at a time and with the same polynomial, until its
residual is small enough. Below the second factor the polynomials for the f_k must be what is wrong, and are made anew
on the shorter step. The next step is longer by the third factor at most."""
CAUTION = 0.95
"""Safety: steps are this part of the length at which a residual that grows like a power of it would be as allowed."""
TINY = 1e-300
"""In place of no residual at all."""
LEAST_TIME = 1e-13
"""The length of a step, relative to the time, that is taken as it is: there are no shorter ones."""
ROUND_OFF = 4e-16
"""The relative error of a term of the sums in a step: that of a sparse product of a few entries in each row."""

Factor = Callable[[np.ndarray], np.ndarray]
"""A function of the time, on arrays."""


@dataclass(frozen=True)
class Step:
    """v on [t, t + length] by its `terms` y_j, in powers of s/scale; norms of its residual and of its round-off.

    next: how long the next one may be.
    """

    terms: np.ndarray
    scale: float
    length: float
    residual: float
    round_off: float
    next: float

    def at(self, s: float) -> np.ndarray:
        """v(t + s)."""
        return np.asarray((s / self.scale) ** np.arange(len(self.terms)) @ self.terms)

    def mean_of(self, matrices: Sequence[sparse.csr_array], factors: Sequence[Factor], t: float) -> float:
        """The root of the mean square of ||sum_k f_k M_k v|| over the step from t on, which is at least its mean."""
        s = self.length * (MEAN_NODES + 1) / 2
        values = (s / self.scale)[:, None] ** np.arange(len(self.terms))
        total = np.zeros((len(s), matrices[0].shape[0]))
        for factor, matrix in zip(factors, matrices, strict=True):
            total += factor(t + s)[:, None] * (values @ (matrix @ self.terms.T).T)
        return float(np.sqrt(MEAN_WEIGHTS @ (total**2).sum(axis=1) / 2))


def free_step(L: sparse.csr_array, v: np.ndarray, tau: float, rate: float, longest: float) -> Step:
    """A step for one constant L, its residual at most `rate` times its length; `tau`: a guess of the length."""
    terms = np.empty((DEGREE + 2, len(v)))
    terms[0] = v
    for j in range(DEGREE + 1):
        terms[j + 1] = L @ terms[j]
        terms[j + 1] *= tau / (j + 1)
    norms = np.linalg.norm(terms, axis=1)
    wanted = (rate * tau / norms[-1]) ** (1 / DEGREE) if norms[-1] > 0 else LONGER
    ratio = min(longest / tau, wanted)
    powers = ratio ** np.arange(DEGREE + 2)
    residual, round_off = ratio * powers[-2] * norms[-1], ROUND_OFF * float(powers @ norms)
    return Step(terms[:-1], tau, ratio * tau, residual, round_off, wanted * tau)


def driven_step(
    matrices: Sequence[sparse.csr_array], factors: Sequence[Factor], v: np.ndarray, t: float, tau: float, rate: float
) -> Step:
    """A step for sum_k f_k(t) L_k, at most `tau` long, its residual at most `rate` times its length."""
    count = len(matrices)
    backwards = np.array([_powers(factor, t, tau)[::-1] for factor in factors])
    terms = np.empty((DEGREE + 1, len(v)))
    images = np.empty((count, DEGREE + 1, len(v)))
    terms[0] = v
    for j in range(DEGREE + 1):
        for k, matrix in enumerate(matrices):
            images[k, j] = matrix @ terms[j]
        if j < DEGREE:
            i = min(j, DRIVE_DEGREE)
            pairs = zip(backwards[:, DRIVE_DEGREE - i :], images[:, j - i : j + 1], strict=True)
            terms[j + 1] = tau / (j + 1) * sum(series @ image for series, image in pairs)
    norms, sizes = np.linalg.norm(terms, axis=1), np.linalg.norm(images, axis=2)
    ratio = 1.0
    while True:
        residual = _residual(terms, images, factors, t, tau, ratio)
        powers = ratio ** np.arange(DEGREE + 1)
        largest = np.array([np.abs(factor(t + ratio * tau * (NODES + 1) / 2)).max() for factor in factors])
        moved = ratio * tau * float(largest @ (sizes @ powers))
        round_off = ROUND_OFF * (float(powers @ norms) + moved)
        allowed = rate * ratio * tau + round_off
        better = (allowed / max(residual, TINY * allowed)) ** (1 / DEGREE)
        if residual <= allowed or tau <= LEAST_TIME * (t + tau):
            return Step(terms, tau, ratio * tau, residual, round_off, min(CAUTION * better, LONGER) * ratio * tau)
        ratio *= CAUTION * max(better, SHORTER)
        if ratio < SHORTEST:
            return driven_step(matrices, factors, v, t, SHORTEST * tau, rate)


def _residual(
    terms: np.ndarray, images: np.ndarray, factors: Sequence[Factor], t: float, tau: float, ratio: float
) -> float:
    """int ||y' - sum_k f_k L_k y|| over the step of length ratio tau."""
    nodes = ratio * (NODES + 1) / 2
    j = np.arange(len(terms))
    values = nodes[:, None] ** j
    slopes = np.zeros_like(values)
    slopes[:, 1:] = j[1:] * values[:, :-1] / tau
    rest = slopes @ terms
    for factor, image in zip(factors, images, strict=True):
        rest -= factor(t + tau * nodes)[:, None] * (values @ image)
    return float(WEIGHTS @ np.linalg.norm(rest, axis=1)) * ratio * tau / 2


def _powers(factor: Factor, t: float, tau: float) -> np.ndarray:
    """The coefficients in powers of s/tau of the polynomial that meets f(t + s) at Chebyshev's nodes."""
    return np.asarray(TO_POWERS @ (TO_CHEBYSHEV @ factor(t + tau * (1 + DRIVE_NODES) / 2)))
