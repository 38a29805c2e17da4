"""A block of particles from the start to the last time: steps, splits, and the bounds that they run up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp

import numpy as np

from .advance import advancing, double_precision
from .initial import Start
from .motion import Motion
from .pace import Pace
from .resolution import Resolution
from .splitting import split_in_frame

FADING_LAGS = 2.5
"""Over so many lags before the end a lag fades away. A search among policies of nine numbers, for wells at h = 2^-6,
gained no more."""


@dataclass(frozen=True)
class Block:
    """P particles at the saved times: `z` (T, P, 2n), `C` (T, P, 2n, 2n), in units of h, and bounds (T, P).

    `quantum`, `classical`: each with `missed`, the part of the curves within steps and of splits, in it. `uneven`: the
    errors of the integrals over time, as estimated, which are in both too. `steps`: how many.
    """

    z: np.ndarray
    C: np.ndarray
    quantum: np.ndarray
    classical: np.ndarray
    missed: np.ndarray
    uneven: np.ndarray
    steps: int


def run_block(
    motion: Motion,
    start: Start,
    times: Sequence[float],
    count: int,
    seed: np.random.SeedSequence,
    *,
    lag: float,
    tol: float,
    faded: float | None = None,
    tell: Callable[[float], None] | None = None,
) -> Block:
    """`count` particles from `start` to each of `times` (increasing), with random numbers from `seed`.

    `lag`: see `frame`. `tol`: what the curves within steps may add to the bound whatever its size. `faded`: in place of
    FADED_PART. `tell`: called with the time that is reached.
    """
    rng = np.random.default_rng(seed)
    z, C = start.draw(count, rng)
    n, end = motion.hamiltonian.n, times[-1]
    first = split_in_frame(C, None, np.zeros((count, n, n)))
    z, C = z + motion.h**0.5 * (first.noise @ rng.standard_normal((count, 2 * n, 1)))[..., 0], first.pure
    quantum, classical, missed, uneven = first.cost, first.cost, first.cost, np.zeros(count)
    pace, resolution = Pace(motion, end, tol, faded), Resolution(motion, end)
    saved, t, steps = [], 0.0, 0
    with double_precision(motion.library), np.errstate(all="ignore"):  # what overflows is no number: `Pace.accepts`
        for until in times:
            while t < until:
                length = pace.length(z, C, t, until, resolution.longest(z, C, t))
                step = advancing(resolution.follow(z, C, t, length))
                done = step(z, C, t, length, _lag_left(lag, end - t - length), rng.standard_normal((count, 2 * n)))
                if not pace.accepts(done, length, t):
                    continue
                t = until if until - t <= length * (1 + 1e-9) else t + length
                z, C, steps = done.z, done.C, steps + 1
                quantum = quantum + done.quantum + done.missed + done.uneven
                classical = classical + done.classical + done.missed + done.uneven
                missed, uneven = missed + done.missed, uneven + done.uneven
                pace.follow(done, length, t, float(quantum.mean()))
                if tell is not None:
                    tell(t)
            saved.append((z, C, quantum, classical, missed, uneven))
    stacked = [np.stack(parts) for parts in zip(*saved, strict=True)]
    return Block(stacked[0], stacked[1], stacked[2], stacked[3], stacked[4], stacked[5], steps)


def _lag_left(lag: float, left: float) -> float:
    """The lag with which a split looks ahead where the time `left` is left: at the end there is nothing ahead."""
    return lag * (1 - exp(-left / (FADING_LAGS * lag))) if lag else 0.0
