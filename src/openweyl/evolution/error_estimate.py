"""What solutions with steps dt, 2 dt, 4 dt, ... say together: their extrapolation, and its error.

The schemes are symmetric, so errors are series in even powers of the step from dt^p on, and the extrapolation of
neighbouring solutions w (step dt) and v (step 2 dt),

    w + (w - v)/(2^p - 1),

raises the order p by 2. This goes on until two solutions are left, the pair, of order 4, or of order 6 for small
tolerances. |w - v|/(2^p - 1) estimates the error of w in all that came before, with whatever cancelled or was damped,
and the extrapolation of the pair is what is returned.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

SIXTH_ORDER_BELOW_TOL = {2: 1e-5, 4: 3e-7}
"""By the order of the scheme, the tolerance below which the pair is of order 6, not 4: there one more run costs less
than the shorter steps of order 4."""
LONG_STEPS_ABOVE_TOL = 1e-5
"""The tolerance above which steps may be so long that errors do not fall yet as the order says."""
EXTRAPOLATED_SHARE = 1 / 2
"""Error of the extrapolated symbol over the estimate for w itself; 1 above LONG_STEPS_ABOVE_TOL. With errors that fall
by q at a halving of the step it is |2^p - q|/(q - 1): below 1 for q >= 8.5 at order p = 4 and for q >= 32.5 at p = 6,
below 1/2 for 11 <= q <= 31 and 43 <= q <= 127."""
LOW_GAIN_FACTOR = 9.0
"""Where the last extrapolation has made the estimated error only g times smaller, steps are too long for its order, and
the error of the extrapolated symbol is up to this over sqrt(g) times the estimate. Measured with nonlinear xi-jumps:
3.4, 1.9, 0.95 and less than 0.3 at g = 3.6, 16, 44 and 147."""

Norm = Callable[[np.ndarray], float]


@dataclass(frozen=True)
class ErrorEstimate:
    """The error of the extrapolated symbol, and the factor in it that makes up for steps too long for their order."""

    value: float
    factor: float


def extrapolated(w: np.ndarray, v: np.ndarray, order: int) -> np.ndarray:
    """The solution of order `order` + 2 from w of this order and v with twice the step."""
    return w + (w - v) / (2**order - 1)


@dataclass(frozen=True)
class Extrapolation:
    """How runs of a scheme of this order are combined at this tolerance. Runs come in a list, the finest first."""

    order: int
    tol: float

    @property
    def pair_order(self) -> int:
        """The order of the two solutions that are compared."""
        return 4 if self.tol >= SIXTH_ORDER_BELOW_TOL[self.order] else 6

    @property
    def run_count(self) -> int:
        """The number of runs, each with twice the step of the one before."""
        return (self.pair_order - self.order) // 2 + 2

    @property
    def block(self) -> int:
        """The fewest steps dt after which all runs are at the same time."""
        return 2 ** (self.run_count - 1)

    def pair(self, runs: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Two solutions of the order `pair_order`, the second with twice the step of the first."""
        for _, row in self._rows(runs):
            last = row
        w, v = last
        return w, v

    def best(self, runs: Sequence[np.ndarray]) -> np.ndarray:
        """The best solution that the runs give."""
        return extrapolated(*self.pair(runs), self.pair_order)

    def error(self, runs: Sequence[np.ndarray], norm: Norm) -> ErrorEstimate:
        """The error of `best` in this norm."""
        *before, error = (norm(row[0] - row[1]) / (2**order - 1) for order, row in self._rows(runs))
        factor = 1.0 if self.tol > LONG_STEPS_ABOVE_TOL else EXTRAPOLATED_SHARE
        if before and error > 0:
            gain = max(before[-1] / error, 1.0)
            factor = max(factor, LOW_GAIN_FACTOR / gain**0.5)
        return ErrorEstimate(factor * error, factor)

    def error_of(self, difference: float, factor: float) -> float:
        """The part of an error for which a part of the pair's difference, of this norm, stands."""
        return factor * difference / (2**self.pair_order - 1)

    def _rows(self, runs: Sequence[np.ndarray]) -> Iterator[tuple[int, Sequence[np.ndarray]]]:
        """Orders with the solutions of this order: the runs themselves first, the pair last."""
        row = runs
        yield self.order, row
        for order in range(self.order, self.pair_order, 2):
            row = [extrapolated(w, v, order) for w, v in pairwise(row)]
            yield order + 2, row
