"""What must hold of any evolution, whatever grid and step made it: a witness beside the comparison of runs.

    tr A(t) = tr A(0),        d<x>/dt = <dp/dxi> + friction,        d<xi>/dt = -<dp/dx> + friction.

The equations for the means are exact for both evolutions if jumps are linear (Ehrenfest), or real functions of x
alone or of xi alone. Other real jumps l add (gamma h/2) <{l, {l, z}}>, little beside the width that they cause. So
means are held to a part of the box's length, which a packet that wraps around, or that a grid does not see, fails at
once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from openweyl._core.fft import Array
from openweyl.model.drift import drift_of
from openweyl.model.system import System
from openweyl.phase_space.grid import PhaseGrid
from openweyl.phase_space.grid_function import GridFunction
from openweyl.symbolic.expressions import TIME, program, run

MISSED_FRACTION = 0.05
"""The part of the box's length by which means may miss their equation in a segment: a hundred times what they miss it
by in a sound one, and a tenth of what a packet that wraps around does."""


@dataclass(frozen=True)
class Means:
    """The trace, the means (x, xi) and their velocities at one time."""

    trace: float
    mean: np.ndarray
    velocity: np.ndarray

    def seen_from(self, center: np.ndarray, velocity: np.ndarray) -> Means:
        """Those in coordinates whose origin is at `center` and moves."""
        return Means(self.trace, self.mean - self.trace * center, self.velocity - self.trace * velocity)


FASTEST_POINTS = 5
"""Points along each axis at which velocities are compared."""


class Velocities:
    """The classical velocities of a system, dz/dt = X_p + gamma sum (b X_a - a X_b) for the jumps a + i b."""

    def __init__(self, system: System) -> None:
        self.variables = system.x + system.xi
        self.timed = system.driven or any(system.driven_jumps)
        self.field = program(tuple(drift_of(system)))

    def at(self, z: Sequence[Array], t: Array) -> list[Array]:
        """The velocities at the points z, coordinates x then xi, at time t."""
        return run(self.field, {**dict(zip(self.variables, z, strict=True)), TIME: t}, np)

    def fastest(self, box: Sequence[tuple[float, float]], t: float) -> np.ndarray:
        """The largest velocity of each coordinate in a `box` of intervals at time t, at a few points."""
        lines = [np.linspace(lower, upper, FASTEST_POINTS) for lower, upper in box]
        with np.errstate(all="ignore"):
            velocities = self.at(np.meshgrid(*lines, indexing="ij", sparse=True), t)
        return np.array([np.abs(np.nan_to_num(v)).max() for v in velocities])


class MeansWitness:
    """The equation of motion of the means of a system."""

    def __init__(self, velocities: Velocities) -> None:
        self.velocities = velocities

    def look(self, symbol: GridFunction, t: float) -> Means:
        """The means of a symbol, of the first in a batch, and their velocities at time t."""
        first = symbol.members[0]
        w, grid = first.values, first.grid
        points = grid.coordinates(())
        trace = float(w.sum()) * grid.cell

        def mean_of(f: Array) -> float:
            """<f>, summed first over what f does not depend on."""
            values = np.asarray(f)
            if values.ndim == 0:
                return float(values) * trace
            over = tuple(a for a in range(-w.ndim, 0) if a < -values.ndim or values.shape[a] == 1)
            return float((w.sum(axis=over, keepdims=True) * values).sum()) * grid.cell

        velocity = [mean_of(v) for v in self.velocities.at(points, t)]
        return Means(trace, np.array([mean_of(z) for z in points]), np.array(velocity))

    @staticmethod
    def agree(before: Means, after: Means, tau: float, grid: PhaseGrid) -> bool:
        """Whether the means moved as their equation says, up to the error of the trapezoidal rule.

        For a velocity that is monotone between the two times the rule is off by at most half of its change.
        """
        missed = after.mean - before.mean - tau * (before.velocity + after.velocity) / 2
        lengths = np.array([axis.length for axis in grid.x + grid.xi])
        allowed = MISSED_FRACTION * lengths * max(abs(before.trace), abs(after.trace)) + tau * np.abs(
            after.velocity - before.velocity
        )
        return bool((np.abs(missed) <= allowed).all())
