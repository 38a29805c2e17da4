"""A block of particles from the start to the last time: steps, splits, and the bounds that they run up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from openweyl._core.arguments import ResourceError

from .frame import anharmonic_angles, lag_shear
from .initial import Start
from .motion import Motion, Stride
from .splitting import Split, split_in_frame

FADED_PART = {1: 0.01, 2: 0.01}
"""The part of a rate that diffusion may add in one step, and the split at its end take back, by n; half of it is lost
to the bound, ..."""
FADED_PART_OF_MANY = 0.04
"""... 2 % where a step costs more."""
MISSED_PART = 0.02
"""The part of the bound that the curves within steps may add to it."""
LONGER_STEP, SHORTER_STEP = 1.3, 0.3
"""How much longer, or shorter, than the last one a step may be, at most."""
MOST_STEPS_FOR_NOISE = 2000
"""Where diffusion is strong, splits narrow a Gaussian at once, and steps would never be short enough; the bound is then
small without it."""
FIRST_STEP = 1e-3
"""The first step, as a part of the whole time: the next ones follow what it missed."""
SHORTEST_STEP = 1e-9
"""The shortest step, as a part of the whole time."""


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
    z, C, cost = _split(motion, z, split_in_frame(C, None, np.zeros((count, n, n))), rng)
    totals = _Totals(cost)
    pace = _Pace(end, tol, FADED_PART.get(n, FADED_PART_OF_MANY) if faded is None else faded)
    saved, t = [], 0.0
    for until in times:
        while t < until:
            parts = max(int(np.ceil((until - t) / pace.dt * (1 - 1e-12))), 1)
            length = (until - t) / parts
            stride = motion.step(z, C, t, length)
            _check(stride, t)
            t = until if parts == 1 else t + length
            angles = anharmonic_angles(motion.hamiltonian, stride.last)
            shear = lag_shear(stride.last.hessian, angles, min(lag, end - t))
            z, C, cost = _split(motion, stride.z, split_in_frame(stride.C, angles, shear), rng)
            totals.add(stride, cost)
            pace.follow(stride, length, t, totals)
            if tell is not None:
                tell(t)
        saved.append((z, C, *totals.copy()))
    return Block(*(np.stack(parts) for parts in zip(*saved, strict=True)), steps=totals.steps)


class _Totals:
    """What steps and splits have added to each particle's bounds."""

    def __init__(self, cost: np.ndarray) -> None:
        self.quantum, self.classical, self.missed = cost.copy(), cost.copy(), cost.copy()
        self.uneven = np.zeros_like(cost)
        self.steps = 0

    def add(self, stride: Stride, cost: np.ndarray) -> None:
        extra = stride.missed + cost
        self.quantum = self.quantum + stride.quantum + extra + stride.uneven
        self.classical = self.classical + stride.classical + extra + stride.uneven
        self.missed = self.missed + extra
        self.uneven = self.uneven + stride.uneven
        self.steps += 1

    def copy(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        return self.quantum, self.classical, self.missed, self.uneven


class _Pace:
    """The length of the next step. The bound is true whatever it is; short steps make it small."""

    def __init__(self, end: float, tol: float, faded: float) -> None:
        self.end, self.tol, self.faded = end, tol, faded
        self.dt = FIRST_STEP * end
        self.ended = 0.0  # the rate at the end of the last step, before its split

    def follow(self, stride: Stride, length: float, t: float, totals: _Totals) -> None:
        """The next step, after one of `length` to the time `t`."""
        begun = float(stride.ends[0].mean())
        average = float(totals.quantum.mean()) / t
        faded = (self.ended - begun) / max(begun, average, 1e-300)
        self.ended = float(stride.ends[1].mean())
        allowed = MISSED_PART * float(stride.quantum.mean()) + self.tol * length / self.end
        by_curve = (allowed / max(float(stride.missed.mean()), 1e-300)) ** (1 / 3)  # missed ~ dt^4, allowed ~ dt
        by_noise = max(self.faded / max(faded, 1e-300), self.end / MOST_STEPS_FOR_NOISE / length)
        self.dt = length * min(max(0.9 * min(by_curve, by_noise), SHORTER_STEP), LONGER_STEP)
        if self.dt < SHORTEST_STEP * self.end:
            what = f"At t = {t:.4g} steps of {self.dt:.1g} are asked for: the motion is too fast."
            raise ResourceError(what, kind="time")


def _split(
    motion: Motion, z: np.ndarray, found: Split, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The particles after a split: (z, C, cost)."""
    g = rng.standard_normal((*z.shape[:1], found.noise.shape[-1], 1))
    return z + motion.h**0.5 * (found.noise @ g)[..., 0], found.pure, found.cost


def _check(stride: Stride, t: float) -> None:
    if not (np.isfinite(stride.quantum).all() and np.isfinite(stride.z).all() and np.isfinite(stride.C).all()):
        raise ResourceError(f"After t = {t:.4g} particles leave what double precision holds.", kind="time")
