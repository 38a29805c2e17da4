"""The lengths of steps. The bound is true whatever they are; short steps make it small."""

from __future__ import annotations

import numpy as np
import sympy

from openweyl._core.arguments import ResourceError
from openweyl.symbolic.expressions import TIME
from openweyl.symbolic.time_variation import TimeVariation

from .advance import Advance
from .motion import Motion

FADED_PART = {1: 0.003, 2: 0.01}
"""The part of a rate that diffusion may add in one step, and the split at its end take back, by n; half of it is lost
to the bound, ..."""
FADED_PART_OF_MANY = 0.06
"""... 3 % where a step costs more."""
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
CAREFUL = 0.9
"""The part of a step's allowed length that is taken."""
DEVIATIONS = 6.0
"""How many standard deviations of a particle a drive is looked at around it."""


class Pace:
    """The length of the next step of a block up to the time `end`."""

    def __init__(self, motion: Motion, end: float, tol: float, faded: float | None) -> None:
        self.end, self.tol = end, tol
        self.faded = FADED_PART.get(motion.hamiltonian.n, FADED_PART_OF_MANY) if faded is None else faded
        self.dt = self.planned = FIRST_STEP * end  # `planned`: what the last one was, but for the next saved time
        self.ended = 0.0  # the rate at the end of the last step, before its split
        self.drive = Drive(motion, end)

    def length(self, z: np.ndarray, C: np.ndarray, t: float, until: float, longest: float = np.inf) -> float:
        """The next step's, from time `t`: a whole part of what is left to `until`, at most `longest`."""
        dt = self.planned = min(self.dt, longest, self.drive.longest(z, C, t))
        return (until - t) / max(int(np.ceil((until - t) / dt * (1 - 1e-12))), 1)

    def accepts(self, done: Advance, length: float, t: float) -> bool:
        """Whether a step of `length` from time `t` led to numbers; else the next one is shorter.

        That depends on nothing random that comes after it, so no particle is preferred.
        """
        if all(np.isfinite(part).all() for part in (done.quantum, done.missed, done.z, done.C)) and _positive(done.C):
            return True
        self.dt = SHORTER_STEP * length
        if self.dt < SHORTEST_STEP * self.end:
            raise ResourceError(f"After t = {t:.4g} particles leave what double precision holds.", kind="time")
        return False

    def follow(self, done: Advance, length: float, t: float, bound: float) -> None:
        """After a step of `length` to the time `t`, with the mean `bound` so far."""
        begun, quantum = float(done.begun.mean()), float(done.quantum.mean())
        faded = (self.ended - begun) / max(begun, bound / t, self.tol / self.end)
        self.ended = float(done.ended.mean())
        allowed = MISSED_PART * quantum + self.tol * length / self.end
        by_curve = (allowed / max(float(done.missed.mean()), 1e-300)) ** (1 / 3)  # missed ~ dt^4, allowed ~ dt
        by_noise = max(self.faded / max(faded, 1e-300), self.end / MOST_STEPS_FOR_NOISE / length)
        factor = min(max(CAREFUL * min(by_curve, by_noise), SHORTER_STEP), LONGER_STEP)
        keeps = factor >= 1 or length < SHORTEST_STEP * self.end  # of so short a step all that is missed is round-off
        self.dt = max(length * factor, self.planned if keeps else 0.0)
        if self.dt < SHORTEST_STEP * self.end:
            what = f"At t = {t:.4g} steps of {self.dt:.1g} are asked for: the motion is too fast."
            raise ResourceError(what, kind="time")


def _positive(C: np.ndarray) -> bool:
    """Whether all `C` are covariances: a step that was far too long leaves others."""
    try:
        np.linalg.cholesky(C)
    except np.linalg.LinAlgError:
        return False
    return True


class Drive:
    """The steps that resolve a Hamiltonian's variation in time where the particles are: no pulse is too short."""

    def __init__(self, motion: Motion, end: float) -> None:
        self.formula: sympy.Expr = motion.hamiltonian.formula
        self.variables = motion.hamiltonian.variables
        self.h, self.end = motion.h, end
        self.seen: TimeVariation | None = None
        self.low = self.high = np.zeros(0)

    def longest(self, z: np.ndarray, C: np.ndarray, t: float) -> float:
        """The longest step from time `t` that is resolved."""
        if not self.formula.has(TIME):
            return np.inf
        if self.seen is not None and not self.seen.local:
            return self.seen.longest(t, 1)
        reach = DEVIATIONS * np.sqrt(self.h * np.diagonal(C, axis1=1, axis2=2))
        low, high = (z - reach).min(axis=0), (z + reach).max(axis=0)
        if self.seen is None or (low < self.low).any() or (high > self.high).any():
            room = high - low
            self.low, self.high = low - room, high + room
            box = dict(zip(self.variables, zip(self.low.tolist(), self.high.tolist(), strict=True), strict=True))
            self.seen = TimeVariation(self.formula, box, self.end)
        return self.seen.longest(t, 1)
