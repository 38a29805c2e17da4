"""A function of the delay, decaying to a constant, on pieces as short as Chebyshev polynomials of one degree need.

On each piece [begin, begin + length] the function is sampled at the extreme points of a Chebyshev polynomial. If the
last coefficients are not negligible the piece is cut in half and sampled anew; if they are far below, the next is
longer. It ends where what is left, an amplitude over a rate of decay, is negligible, or not above the errors of the
samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, pi
from typing import Protocol

import numpy as np
from numpy.polynomial import chebyshev, legendre

from openweyl._core.arguments import InputError, ResourceError

DEGREE = 16
"""Of the polynomials: a piece then holds up to two periods."""
NODES, WEIGHTS = legendre.leggauss(DEGREE + 1)
TO_LEGENDRE = (np.arange(DEGREE + 1) + 0.5)[:, None] * legendre.legvander(NODES, DEGREE).T * WEIGHTS
TO_LEGENDRE = TO_LEGENDRE @ chebyshev.chebvander(NODES, DEGREE)
"""From Chebyshev to Legendre coefficients: (k + 1/2) int P_k T_m, by Gauss' rule, which is exact."""
FIRST_PHASE = 2.0
"""The length of the first piece, times the rate of change."""
LAST = 3
"""How many of the last coefficients stand for those that are left out, ..."""
COEFFICIENT_FACTOR = 2.0
"""... and what their sum is multiplied by: they fall by more than half from one to the next where they are small."""
LONGER = 1e-3
"""The part of what is allowed below which they are before the next piece is twice as long."""
MAX_PIECES = 3000
"""The most pieces: a resonance that rings for some thousand periods."""
STALLED_PIECES, STALLED_LENGTHS, STALLED = 24, 2**12, 0.99
"""If over so many pieces, or until so many times the length of the first, the distance from rest stays above this part
of itself, it is taken to stay for good."""
TAIL_FACTOR = 2.0
"""What is left of the integral is counted so often: the decay that was measured is that of the last pieces."""


class Source(Protocol):
    """The function, from where it was last advanced to."""

    def sample(self, delays: list[float]) -> tuple[np.ndarray, np.ndarray]:
        """Values, and errors, at `delays` >= 0."""

    def advance(self) -> None:
        """Go on from the last of the delays that were sampled last."""

    def slowest(self) -> float:
        """The rate of the slowest decay, as far as it is known; 0 if it is not."""

    def first_rate(self) -> float:
        """How fast the function changes at first, about."""


@dataclass(frozen=True)
class Piece:
    """Chebyshev coefficients over [begin, begin + length], and a bound of the error of their sum."""

    begin: float
    length: float
    coefficients: np.ndarray
    error: float

    def transform(self, frequencies: np.ndarray) -> np.ndarray:
        """int f(tau) e^{-i omega tau} dtau over the piece: int P_k(u) e^{-i q u} du = 2 (-i)^k j_k(q)."""
        from scipy.special import spherical_jn  # slow to import

        half = self.length / 2
        coefficients = TO_LEGENDRE @ self.coefficients
        q = frequencies * half
        size, sign = np.abs(q), np.where(q < 0, -1.0, 1.0)  # j_k(-q) = (-1)^k j_k(q), which SciPy may not know
        waves = [2 * (-1j * sign) ** k * c * spherical_jn(k, size) for k, c in enumerate(coefficients)]
        return half * np.exp(-1j * frequencies * (self.begin + half)) * np.sum(waves, axis=0)


@dataclass(frozen=True)
class Decay:
    """All pieces, and a bound of the integral of what comes after them."""

    pieces: list[Piece]
    left: float


def followed(source: Source, rest: complex, tol: float) -> Decay:
    """The function minus `rest`, to which it decays. `tol`: relative to the largest value.

    Raises InputError where it does not decay, ResourceError where that takes too long.
    """
    pieces: list[Piece] = []
    left: list[tuple[float, float]] = []
    begin, length, scale = 0.0, FIRST_PHASE / (source.first_rate() or 1.0), 0.0
    while len(pieces) < MAX_PIECES:
        delays = length * (1 - np.cos(pi * np.arange(DEGREE + 1) / DEGREE)) / 2
        values, errors = source.sample([0.0, *delays[1:].tolist()])
        values = values - rest
        scale = max(scale, float(np.abs(values).max()))
        coefficients = _coefficients(values[::-1])
        missing = COEFFICIENT_FACTOR * float(np.abs(coefficients[-LAST:]).sum())
        allowed = max(tol * scale, float(errors.max()) / DEGREE)
        if missing > allowed and begin + length / 2 > begin:
            length /= 2
            continue
        source.advance()
        pieces.append(Piece(begin, length, coefficients, float(errors.max()) + missing))
        begin += length
        left.append((begin, float(np.abs(values[DEGREE // 2 :]).max())))
        slowest = source.slowest()
        noise = float(errors.max())
        if left[-1][1] <= max(tol * scale, noise):
            amplitude = TAIL_FACTOR * (left[-1][1] + noise)
            return Decay(pieces, amplitude / slowest if slowest > 0 else inf if amplitude else 0.0)
        _check_decay(left)
        length *= 2.0 if missing <= LONGER * allowed else 1.0
    raise ResourceError(
        f"The correlation function has not decayed after {MAX_PIECES} pieces, tau = {begin:.4g}: raise `tol` or the "
        "damping.",
        kind="time",
    )


def _check_decay(left: list[tuple[float, float]]) -> None:
    (t, now), (first_t, first) = left[-1], left[0]
    many = len(left) > STALLED_PIECES and now > STALLED * left[-1 - STALLED_PIECES][1]
    if many or (t > STALLED_LENGTHS * first_t and now > STALLED * first):
        raise InputError(
            f"The correlation function must decay to tr(A rho) tr(B rho), but stays {now:.3g} away from it at "
            f"tau = {t:.4g}: the system has several states at rest or is hardly damped, or `state` is not at rest."
        )


def _coefficients(values: np.ndarray) -> np.ndarray:
    """Those of the interpolant through `values` at cos(pi j/DEGREE), j = 0 .. DEGREE."""
    j = np.arange(DEGREE + 1)
    table = np.cos(pi * np.outer(j, j) / DEGREE) * (2 / DEGREE)
    table[:, [0, -1]] /= 2
    table[[0, -1]] /= 2
    return table @ values
