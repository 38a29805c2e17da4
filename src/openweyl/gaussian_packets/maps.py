"""Maps of Gaussians: the flow of dz/dt = M z + m with diffusion D, exact where M, m and D are constant.

    z  ->  F z + d,      C  ->  F C F^T + S,
    F(t) = e^{Mt},       d(t) = int_0^t e^{M(t-s)} m(s) ds,       S(t) = int_0^t F(t, s) D F(t, s)^T ds.

Constant coefficients: Taylor series over a time so short that they end soon, then doublings, F -> F^2, d -> F d + d,
S -> F S F^T + S, in numbers of so many digits that nothing is lost, whether M is stiff, hyperbolic or neither.
Coefficients that depend on time are in time_cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, lgamma, log, log2
from typing import Any

import mpmath
import numpy as np

EXTRA_BITS = 320
"""Binary digits beyond those that doublings take away: twice what factors of 1e40 can cancel, and a double's own."""
TAYLOR_HALVINGS = 16
"""Taylor series run over times of 2^-16 over the size of M, where their twenty terms cost what sixteen doublings do."""
ROUNDING = 2.0**-53
"""The relative error of one rounding to double precision."""


@dataclass(frozen=True)
class GaussianMap:
    """F, d, S as arrays of numbers of mpmath, exact to `bits`."""

    matrix: np.ndarray
    shift: np.ndarray
    noise: np.ndarray
    bits: int

    def then(self, later: GaussianMap) -> GaussianMap:
        """This map, and then `later`; within `mpmath.workprec`."""
        F = later.matrix
        return GaussianMap(F @ self.matrix, F @ self.shift + later.shift, F @ self.noise @ F.T + later.noise, self.bits)


def digits(exact: Any, bits: int) -> np.ndarray:
    """Numbers as an array of mpmath's, `bits` binary digits; SymPy's numbers are evaluated."""
    flat = np.asarray(exact, dtype=object)
    numbers = np.empty(flat.shape, dtype=object)
    with mpmath.workprec(bits):
        for index, value in np.ndenumerate(flat):
            numbers[index] = mpmath.mpf(value.evalf(int(bits / log2(10)) + 3) if hasattr(value, "evalf") else value)
    return numbers


def constant_maps(matrix: Any, shift: Any, noise: Any, times: Sequence[float]) -> list[GaussianMap]:
    """The maps from time 0 to each of `times`, increasing, for constant M, m, D, given as arrays of exact numbers."""
    size = len(matrix) * float(max(abs(complex(v)) for v in np.asarray(matrix, dtype=object).flat))
    bits = EXTRA_BITS + 2 * _doublings(size * times[-1]) + len(times).bit_length()
    rates = tuple(digits(part, bits) for part in (matrix, shift, noise))
    maps, known, before = [], dict[float, GaussianMap](), mpmath.mpf(0)
    with mpmath.workprec(bits):
        now = GaussianMap(digits(np.eye(len(matrix), dtype=int), bits), 0 * rates[1], 0 * rates[2], bits)
        for t in times:  # a map is made once for steps equal up to round-off, which a short map then corrects
            step, before = mpmath.mpf(t) - before, mpmath.mpf(t)
            rough = float(f"{float(step):.7e}")
            if rough not in known:
                known[rough] = _map_over(rates, size, mpmath.mpf(rough), bits)
            now = now.then(known[rough]).then(_map_over(rates, size, step - rough, bits))
            maps.append(now)
    return maps


def _doublings(x: float) -> int:
    return max(ceil(log2(x)) + TAYLOR_HALVINGS, 0) if x > 0 else 0


def _map_over(rates: tuple[np.ndarray, ...], size: float, t: Any, bits: int) -> GaussianMap:
    """The map over the time t, by Taylor series in |M| t <= `size` t, and doublings."""
    M, m, D = rates
    doublings = _doublings(size * float(abs(t)))
    tau = t / 2**doublings
    small = max(size * float(abs(tau)), 2.0**-bits)
    f = F = digits(np.eye(len(M), dtype=int), bits)
    d, S = 0 * m, 0 * D
    e, s = m * tau, D * tau
    k = 1
    while (k - 1) * -log2(small) + lgamma(k) / log(2) < bits:
        d, S = d + e, S + s
        f = M @ f * (tau / k)
        F = F + f
        e, turned = M @ e * (tau / (k + 1)), M @ s
        s = (turned + turned.T) * (tau / (k + 1))
        k += 1
    whole = GaussianMap(F, d, S, bits)
    for _ in range(doublings):
        whole = whole.then(whole)
    return whole
