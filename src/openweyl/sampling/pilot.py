"""A pilot run: few particles, long steps, and the lag (`frame`) with which their bound is least."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .forecast import Forecast
from .initial import Start
from .motion import Motion
from .particles import run_block

PILOT_PARTICLES, PILOT_MODES = 8, 80
"""Particles of a pilot run: their bounds are compared pair by pair, so few tell lags apart; and of many modes each
particle's bound is an average itself, so that about so many modes, particle by particle, are enough."""
PILOT_FADED_PART = 0.15
"""FADED_PART of a pilot run, whose steps are long: lags are compared, and the bound is no result."""
PILOT_UNITS = 12.0
"""The longest time of a pilot run, in the same units as lags: two periods."""
LAGS = (0.0, 0.1, 0.2, 0.4, 0.8)
"""Lags that are tried, in units of 1/|F| at the start, F the matrix of the particles' linear motion; then those half
way to the best one's neighbours. The optimum is flat: half a unit off costs about 2 %."""


def best_lag(
    motion: Motion, start: Start, end: float, seed: np.random.SeedSequence, *, tol: float, seconds: float
) -> float:
    """The lag of least bound at the time `end`, by pilot runs with the same random numbers, of `seconds` at most."""
    noisy = motion.dissipation.noise.max(initial=0.0) > 0
    if not motion.jumps and not (noisy and motion.hamiltonian.families):
        return 0.0
    motion = replace(motion, library="numpy")  # few particles, a few runs: not worth compiling
    unit = 1 / _speed(motion, start)
    horizon = min(end, PILOT_UNITS * unit)
    count = min(max(PILOT_MODES // motion.hamiltonian.n, 2), PILOT_PARTICLES)
    found: dict[float, float] = {}

    def bound(lag: float) -> float:
        if lag not in found:
            forecast = Forecast(horizon, seconds / len(LAGS), "A pilot run")
            block = run_block(
                motion, start, [horizon], count, seed, lag=lag * unit, tol=10 * tol, faded=PILOT_FADED_PART,
                tell=forecast.reached,
            )  # fmt: skip
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
