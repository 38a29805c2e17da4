"""Rules for averages over standard normal variables, q of them: Gauss and Hermite's, and equally spaced nodes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement, product
from typing import TypeAlias

import numpy as np

ENDS = 9.0
"""Equally spaced nodes end at so many standard deviations, where the weight is 1e-18."""

Orders: TypeAlias = tuple[int, ...]
"""A multi-index: how often each variable is differentiated by, or the degrees of a product of Hermite polynomials."""


@dataclass(frozen=True)
class Rule:
    """A quadrature in q variables: `nodes` (nodes, q), `weights` that add up to 1.

    `polynomials`: He_beta at the nodes times the weights, for each beta that is asked for.
    """

    nodes: np.ndarray
    weights: np.ndarray
    polynomials: dict[Orders, np.ndarray]


@lru_cache(maxsize=64)
def quadrature(q: int, nodes: int, degree: int = 0) -> Rule:
    """Gauss and Hermite's rule of `nodes` points for each of `q` variables, with polynomials up to this `degree`.

    Exact for polynomials of degree 2 `nodes` - 1 in each variable.
    """
    return _rule(*np.polynomial.hermite_e.hermegauss(nodes), q, degree)


@lru_cache(maxsize=64)
def equal_rule(q: int, spacing: float, degree: int = 0) -> Rule:
    """The same with equally spaced points."""
    half = int(np.ceil(ENDS / spacing))
    line = spacing * np.arange(-half, half + 1)
    return _rule(line, np.exp(-(line**2) / 2), q, degree)


def _rule(line: np.ndarray, weights: np.ndarray, q: int, degree: int) -> Rule:
    """The rule with nodes on a `line`, and their weights up to a factor, in each variable."""
    nodes, weight = tensor(line, weights / weights.sum(), q)
    ones = np.polynomial.hermite_e.hermevander(line, degree)
    places = np.array(list(product(range(len(line)), repeat=q)))
    polynomials = {
        beta: weight * np.prod([ones[places[:, a], b] for a, b in enumerate(beta)], axis=0)
        for k in range(degree + 1)
        for beta in multi_indices(q, k)
    }
    return Rule(nodes, weight, polynomials)


def tensor(line: np.ndarray, weights: np.ndarray, q: int) -> tuple[np.ndarray, np.ndarray]:
    """The points (all, q) and weights (all,) of a rule in q variables, each by the same one."""
    return np.array(list(product(line, repeat=q))), np.array([np.prod(w) for w in product(weights, repeat=q)])


def multi_indices(q: int, k: int) -> Iterator[Orders]:
    """All alpha of q entries with |alpha| = k."""
    for places in combinations_with_replacement(range(q), k):
        yield tuple(places.count(a) for a in range(q))
