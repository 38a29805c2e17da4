"""What solutions with steps dt, 2 dt, 4 dt, ... say together: their extrapolation, and its error.

The schemes are symmetric, so errors are series in even powers of the step from dt^p on, and the extrapolation of
neighbouring solutions w (step dt) and v (step 2 dt),

    w + (w - v)/(2^p - 1),

raises the order p by 2. This goes on until two solutions are left, the pair, whose extrapolation is what is returned.
In each row |w - v|/(2^p - 1) estimates the error of w in all that came before, with whatever cancelled or was damped.
From row to row it falls by a factor, the gain; what is returned has gained once more, and less each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

import numpy as np

RUNS = 3
"""The runs that tell the error of what is returned from the gain of the last row. Two are cheaper above tol = 3e-5, but
have no gain: steps too long for their order made errors 1.9 times as large as what they estimate."""
FOUR_RUNS_BELOW_TOL = 1e-6
"""The tolerance below which schemes of order 2 have a run more: it costs less than shorter steps."""
TWO_RUNS_FROM_TOL = 1e-4
"""The tolerance from which on two runs do for schemes of order 4, if there is more than one degree of freedom: it is
memory that ends those runs."""
UNKNOWN_GAIN_FACTOR = 2.0
"""The error of what is returned over the estimate of two runs, which is that of the finer one: with cos(30 x), 1.9 at
the most for tolerances up to 3e-2, and 2.6 at 1e-1; 0.1 where errors fall as the order says."""
GAIN_FACTOR = 60.0
"""The error of what is returned over the last row's estimate is at most this over the last row's gain g. Where errors
are a geometric series in dt^2 it is about 4.5/g. Measured with fixed steps, over 26 systems, both evolutions and g from
4 to 10^4: 6/g in the middle, 15/g at nine of ten, 32/g at most, in L1; with packets that fly over bumps of their own
width, 60/g."""
REGULAR_FALL = 3.0
"""A row gains at most the gain of the one before over this: a quarter to a tenth where errors fall as the order says.
What gains more is wrong in all runs alike. Without this, with four runs of cos(30 x): 170/g."""
GAIN_MEMORY = 1.5
"""The most by which a gain grows in a segment: a difference that is small for a while, as errors cancel, says nothing
of the next order. Without this, in a pendulum: 51/g."""
FORGOTTEN = 0.1
"""The part of an estimate below which an earlier one says nothing of it: then nearly all of it is new."""

PIECE_POINTS = 2**18
"""The points of a difference that are made at once: fresh memory costs more than what is done with it."""

Norm = Callable[[np.ndarray], float]


@dataclass(frozen=True)
class ErrorEstimate:
    """The error of the extrapolated symbol, `factor` times `last`, the estimate of the last row; and that row's gain.

    gain: infinite if there is one row alone.
    """

    last: float = 0.0
    factor: float = 1.0
    gain: float = inf

    @property
    def value(self) -> float:
        """The error."""
        return self.factor * self.last


NO_ERROR = ErrorEstimate()


def extrapolated(w: np.ndarray, v: np.ndarray, order: int) -> np.ndarray:
    """The solution of order `order` + 2 from w of this order and v with twice the step."""
    return w + (w - v) / (2**order - 1)


def pieces(w: np.ndarray) -> Iterator[np.ndarray]:
    """`w` in pieces, for what needs an array as large as each; all of a small one."""
    values = w.reshape(-1)
    return (values[first : first + PIECE_POINTS] for first in range(0, values.size, PIECE_POINTS))


def _distance(w: np.ndarray, v: np.ndarray, norm: Norm) -> float:
    """The norm of w - v."""
    return sum(norm(a - b) for a, b in zip(pieces(w), pieces(v), strict=True))


@dataclass(frozen=True)
class Extrapolation:
    """How runs of a scheme of this order are combined at this tolerance, with n degrees of freedom.

    Runs come in a list, the finest first.
    """

    order: int
    tol: float
    n: int = 1

    @property
    def run_count(self) -> int:
        """The number of runs, each with twice the step of the one before."""
        if self.order == 2:
            return RUNS + (self.tol < FOUR_RUNS_BELOW_TOL)
        return RUNS - (self.n > 1 and self.tol >= TWO_RUNS_FROM_TOL)

    @property
    def pair_order(self) -> int:
        """The order of the two solutions that are left in the end."""
        return self.order + 2 * (self.run_count - 2)

    @property
    def error_order(self) -> int:
        """The order of the error that is estimated: of the finest run, if there are two, else of what is returned."""
        return self.pair_order if self.run_count == 2 else self.pair_order + 2

    @property
    def block(self) -> int:
        """The fewest steps dt after which all runs are at the same time."""
        return 2 ** (self.run_count - 1)

    def pair(self, runs: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """The two solutions that are left of the runs, the second with twice the step of the first."""
        *_, (_, (w, v)) = self._rows(runs)
        return w, v

    def best(self, runs: Sequence[np.ndarray]) -> np.ndarray:
        """The best solution that the runs give."""
        *_, (order, (w, v)) = self._rows(runs)
        return extrapolated(w, v, order)

    def error(self, runs: Sequence[np.ndarray], norm: Norm, before: ErrorEstimate = NO_ERROR) -> ErrorEstimate:
        """The error of `best` in this norm, which adds up over parts of an array; `before`: that a segment earlier.

        With two runs there is no gain, and the estimate is that of the finer one.
        """
        errors = [_distance(row[0], row[1], norm) / (2**order - 1) for order, row in self._rows(runs)]
        last = errors[-1]
        if len(errors) == 1 or last == 0:
            return ErrorEstimate(last, UNKNOWN_GAIN_FACTOR)
        gain = inf
        for coarser, finer in pairwise(errors):
            gain = min(coarser / finer if finer else inf, gain / REGULAR_FALL)
        if before.last > FORGOTTEN * last:
            gain = min(gain, GAIN_MEMORY * before.gain)
        return ErrorEstimate(last, GAIN_FACTOR / max(gain, 1.0), gain)

    def error_of(self, difference: float, factor: float) -> float:
        """The part of an error for which a part of the pair's difference, of this norm, stands."""
        return factor * difference / (2**self.pair_order - 1)

    def _rows(self, runs: Sequence[np.ndarray]) -> Iterator[tuple[int, Sequence[np.ndarray]]]:
        """Orders with the solutions of this order: the runs themselves first, the pair last."""
        row, order = runs, self.order
        yield order, row
        while len(row) > 2:
            row = [extrapolated(w, v, order) for w, v in pairwise(row)]
            order += 2
            yield order, row
