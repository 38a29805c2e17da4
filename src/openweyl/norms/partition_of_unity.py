"""Smooth partitions of a line, and what they multiply a kernel with.

    sum_j chi_j(y)^2 = 1,      chi_j(y) = chi(y/W - j),      chi = 0 outside (-1, 1).

Cutting an operator D into chi_j D chi_j multiplies its kernel by chi_j(x + s/2) chi_j(x - s/2). Together the pieces
hold D times the overlap

    f(x, s) = sum_j chi_j(x + s/2) chi_j(x - s/2) = 1 - sum_j (chi_j(x + s/2) - chi_j(x - s/2))^2 / 2,      0 <= f <= 1,

which differs from 1 by O((s/W)^2). Hence D = sum_j chi_j D' chi_j + (1 - f)^r D, with D' the kernel D times

    restored(f) = (1 - (1 - f)^r) / f = 1 + (1 - f) + ... + (1 - f)^{r-1}.

Lengths are in units of W here: t = x/W - j. The proofs are in docs/trace-norm.md.
"""

from __future__ import annotations

from functools import cache
from math import pi

import numpy as np

RESTORED_TERMS = 8
"""The number of terms r of `restored`. What is not restored, (1 - f)^r, falls like (s/W)^(2r): with 8 it is 2e-6
at s = W/3, the narrowest windows."""
MEAN_SQUARED_SLOPE = (pi / 2) ** 2 * 10 / 7
"""The mean over y of sum_j chi_j'(y)^2, in units of 1/W^2: the mean of (pi u'/2)^2 for the u of `window`."""
TAIL_PERIOD, TAIL_SAMPLES = 8, 2**12
"""The length, in units of W, of the periodic interval on which the tails of windows are tabulated, and its samples:
wave numbers up to 1600/W, twice the largest in the table."""
TAIL_DISTANCES = 17
"""The distances s in [0, 1] of the table: the tails vary slowly in s."""
OVERLAPS_ELSEWHERE = (1.0, 0.75, 0.5, 0.25, 0.0)
"""The values of the overlap in the other degrees of freedom for which tails are tabulated; any other lies between."""


def window(t: np.ndarray) -> np.ndarray:
    """chi(t) = cos(pi u(|t|)/2), u(t) = 10 t^3 - 15 t^4 + 6 t^5: chi(t)^2 + chi(1 - t)^2 = 1, twice differentiable."""
    t = np.minimum(np.abs(t), 1.0)
    return np.where(t < 1.0, np.cos(pi / 2 * t**3 * (10 + t * (6 * t - 15))), 0.0)


def overlap(t: np.ndarray, s: np.ndarray) -> np.ndarray:
    """f, of period 1 in t: for 0 <= t < 1 both ends lie under one of the windows 0 and 1 or under none."""
    t = t - np.floor(t)
    ends = t + s / 2, t - s / 2
    return window(ends[0]) * window(ends[1]) + window(ends[0] - 1) * window(ends[1] - 1)


def restored(f: np.ndarray) -> np.ndarray:
    """1 + (1 - f) + ... + (1 - f)^{r-1}."""
    total = np.ones_like(f)
    for _ in range(RESTORED_TERMS - 1):
        total = 1 + (1 - f) * total
    return total


def tail(wave_number: float, several: bool = False) -> float:
    """The size of chi chi and of chi chi restored(f), which multiply the kernel, above `wave_number` in x, |s| <= 1.

    The size is sum_i max_{i <= t < i+1} |.|, which bounds the sum over all windows at any point, and over all periods.
    `several` degrees of freedom: f is multiplied by the overlap in the other ones, any number in [0, 1].
    """
    cuts, sums = _tails(OVERLAPS_ELSEWHERE if several else (1.0,))
    return float(np.interp(wave_number, cuts, sums))


@cache
def _tails(overlaps_elsewhere: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Wave numbers, and the largest size of the windows above each over all distances s; decreasing."""
    period, size = TAIL_PERIOD, TAIL_SAMPLES
    t = (np.arange(size) / size - 0.5) * period
    k = 2 * pi * np.fft.rfftfreq(size, period / size)
    cuts = np.concatenate([np.arange(0.0, 40.0, 4.0), np.arange(40.0, 800.0, 20.0)])
    sums = np.zeros(len(cuts))
    for s in np.linspace(0.0, 1.0, TAIL_DISTANCES):
        cut = window(t + s / 2) * window(t - s / 2)
        for factor in (cut, *(cut * restored(elsewhere * overlap(t, s)) for elsewhere in overlaps_elsewhere)):
            high = np.fft.irfft(np.where(k > cuts[:, None], np.fft.rfft(factor), 0.0), size)
            sums = np.maximum(sums, np.abs(high).reshape(len(cuts), period, -1).max(axis=-1).sum(axis=-1))
    return cuts, np.maximum.accumulate(sums[::-1])[::-1]
