"""The integral of a certificate: of the trace norm of (L - Q) b over the time, from its values at a few times."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from openweyl.gaussian_packets.flow import quadratic_flow
from openweyl.generators.generator import hierarchy
from openweyl.model.pieces import pieces
from openweyl.model.system import System
from openweyl.norms.trace_norm import enclosure
from openweyl.weyl.symbol import Symbol

ENCLOSURE_RTOL = 0.02
"""Relative width of the enclosures of trace norms inside a certificate."""
SHORTEST_TIME = 1e-300
"""In place of 0, where the state itself is all that is asked for."""


class RateIntegral:
    """int ||Op(g)||_tr ds for g = (L - Q) b_{N-1}, from its values at the times at which `add` is called.

    Where the system changes at once, from one piece of time to the next, g has two values.
    """

    def __init__(self, system: System, end: float, negligible: float) -> None:
        self.negligible = negligible
        self.equal = quadratic_flow(system) is not None  # L = Q: what is computed of L - Q is round-off
        self.pieces = [(piece, list[float](), list[float]()) for piece in pieces(system, end or SHORTEST_TIME)]

    @property
    def times(self) -> list[float]:
        """The times of all values, those between two pieces twice."""
        return [t for _, times, _ in self.pieces for t in times]

    @property
    def rates(self) -> list[float]:
        """The values."""
        return [rate for _, _, rates in self.pieces for rate in rates]

    def add(self, t: float, b: Symbol) -> None:
        """Take the value at time t."""
        for piece, times, rates in self.pieces:
            if piece.begin <= t <= piece.end:
                times.append(t)
                rates.append(0.0 if self.equal else self._rate(piece.system, t, b))

    def _rate(self, system: System, t: float, b: Symbol) -> float:
        return enclosure(residual(system, b, t), rtol=ENCLOSURE_RTOL, negligible=self.negligible).upper

    def up_to(self, times: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        """The trapezoids up to each of `times`, at which `add` was called, and a bound on their error."""
        known = np.array(self.times)
        parts = [_trapezoids(np.array(t), np.array(rates)) for _, t, rates in self.pieces if t]
        integral, remainder = (np.cumsum(np.concatenate(column)) for column in zip(*parts, strict=True))
        at = np.searchsorted(known, np.array(times) - 1e-12 * known[-1])
        return integral[at], remainder[at]


def _trapezoids(t: np.ndarray, rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What the intervals between the times t add to the integral, after a 0, and bounds on the errors.

    On an interval of length d that error is at most d^3/12 times the largest second derivative; for that stand the
    largest second difference next to the interval, doubled. Of a single interval the error may be all of it.
    """
    step = np.diff(t)
    added = np.concatenate([[0.0], step * (rates[1:] + rates[:-1]) / 2])
    if len(t) < 3:
        return added, added
    second = np.abs(2 * np.diff(np.diff(rates) / step) / (t[2:] - t[:-2]))
    around = np.concatenate([second[:1], second, second[-1:]])
    return added, np.concatenate([[0.0], step**3 / 6 * np.maximum(around[1:], around[:-1])])


def residual(system: System, b: Symbol, t: float = 0.0) -> Symbol:
    """(L - Q) b_{N-1} at time t: what keeps a_N from solving the quantum equation; `b` holds b_0, ..., b_{N-1}."""
    last = b.members[-1]
    return _hierarchy(system, last.grid).residual(last, t)


_hierarchy = lru_cache(maxsize=2)(hierarchy)  # the same grid serves several times, and two pieces that meet
