"""A pilot run: few particles, long steps, and the lag (`frame`) with which their bound is least."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .initial import Start
from .motion import Motion
from .particles import run_block

PILOT_PARTICLES = 8
"""Particles of a pilot run: their bounds are compared pair by pair, so few tell lags apart."""
PILOT_FADED_PART = 0.15
"""FADED_PART of a pilot run, whose steps are long: lags are compared, and the bound is no result."""
LAGS = (0.0, 0.1, 0.2, 0.4, 0.8)
"""Lags that are tried, in units of 1/|F| at the start, F the matrix of the particles' linear motion; then those half
way to the best one's neighbours. The optimum is flat: half a unit off costs about 2 %."""


def best_lag(
    motion: Motion, start: Start, times: Sequence[float], seed: np.random.SeedSequence, *, tol: float
) -> float:
    """The lag of least bound at the last time, by pilot runs with the same random numbers."""
    if motion.dissipation.noise.max(initial=0.0) == 0 or not motion.hamiltonian.families:
        return 0.0
    unit = 1 / _speed(motion, start)
    found: dict[float, float] = {}

    def bound(lag: float) -> float:
        if lag not in found:
            block = run_block(
                motion, start, times[-1:], PILOT_PARTICLES, seed, lag=lag * unit, tol=10 * tol, faded=PILOT_FADED_PART
            )
            found[lag] = float((block.quantum[-1] - block.missed[-1]).mean())
        return found[lag]

    lags = list(LAGS)
    best = min(lags, key=bound)
    place = lags.index(best)
    for neighbour in lags[max(place - 1, 0) : place] + lags[place + 1 : place + 2]:
        bound((best + neighbour) / 2)
    return unit * min(found, key=found.__getitem__)


def _speed(motion: Motion, start: Start) -> float:
    """|F| at the start."""
    n = motion.hamiltonian.n
    hessian = motion.slopes(start.z, start.C, 0.0).hessian
    F = np.concatenate([hessian[:, n:], -hessian[:, :n]], axis=1)
    return max(float(np.abs(np.linalg.eigvals(F)).max()), 1e-300)
