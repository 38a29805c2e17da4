"""How far a packet may go between two kicks: not past a wall or a bump that neither of the finest runs would meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import pi

import numpy as np

from openweyl.model.system import System
from openweyl.phase_space.support import RequiredBox

from .resolution import Resolution
from .runs import Runs
from .step_control import StepPlan
from .witness import Velocities

NEGLIGIBLE_ON_THE_WAY = 1e-6
"""The part of what may be left unresolved by a grid that may be left unseen between two kicks: next to nothing."""
LOOKED_AROUND = 4.0
"""Ways between two kicks by which formulas are looked at beyond where the symbol goes: what bends there like all around
is no wall or bump."""
STAYING_STRIDE = 2.0
"""In coordinates that stay kicks may be so many times as far apart as points that resolve the formulas: the second run
then meets a Gaussian bump to e^(-pi^2) of it, and the third to a sixth of it, so that they differ."""
SHORTEST_WAY = 1e-100
"""In place of a way of none, which has no logarithm."""


@dataclass
class Strides:
    """What formulas ask of the way between two kicks, in coordinates that move (`kicks`) and that stay (`passing`)."""

    kicks: Resolution
    passing: Resolution

    @staticmethod
    def of(system: System, horizon: float, tol: float, span: tuple[float, float]) -> Strides:
        """Those of a system whose formulas hold at the times of `span`."""
        look = partial(Resolution, system, horizon, quantum=True, hops=False, span=span)
        return Strides(look(NEGLIGIBLE_ON_THE_WAY * tol, margin=1.0), look(tol, passing=True))

    def inherit(self, before: Strides) -> None:
        """Count what was not resolved with the system before."""
        self.kicks.neglected, self.passing.neglected = before.kicks.neglected, before.passing.neglected

    def longest(self, runs: Runs, velocities: Velocities, swept: Sequence[RequiredBox], plan: StepPlan) -> float:
        """The longest way of a packet in a step of the second run, over what the formulas there allow: between kicks
        that are farther apart in both of the finest runs, a wall or a bump would be seen by neither.
        """
        frame, step, formulas = runs.frame, 2 * plan.dt, self.kicks
        if frame is None:
            box = [(part.lower, part.upper) for part in swept]
            ways, formulas = step / STAYING_STRIDE * velocities.fastest(box, runs.t), self.passing
        else:
            times = runs.t + step * np.arange(plan.steps // 2 + 1)
            ways = step * np.abs([frame(t)[1] for t in times]).max(axis=0)
        rounded = 2.0 ** np.ceil(np.log2(np.maximum(ways, SHORTEST_WAY)))  # what is found for it holds for a while
        boxes = [
            RequiredBox(box.lower - LOOKED_AROUND * way, box.upper + LOOKED_AROUND * way, pi / way)
            for box, way in zip(swept, rounded, strict=True)
        ]
        return max(float(box.reach * way) / pi for box, way in zip(formulas.finer(boxes), ways, strict=True))
