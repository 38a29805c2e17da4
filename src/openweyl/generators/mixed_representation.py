"""The points of a representation in which terms multiply, and the chords there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy

from openweyl._core.fft import Array
from openweyl.model.system import System
from openweyl.phase_space.grid import PhaseGrid
from openweyl.symbolic.expressions import TIME

from .chord_differences import Point


@dataclass(frozen=True)
class MixedRepresentation:
    """A representation in which a term multiplies: its points, the chords there, and the axes that are transformed."""

    at: Point
    chord: Point
    axes: tuple[int, ...]
    shape: tuple[int, ...]
    slope: Mapping[sympy.Symbol, float] = field(default_factory=dict)
    """The gradient of the linear form that the motion of the coordinates adds to p, see `frames`."""

    @staticmethod
    def of(system: System, grid: PhaseGrid, momentum: tuple[bool, ...], xp: Any) -> MixedRepresentation:
        """(x_j, s_j) for each degree of freedom, or (k_j, xi_j) where `momentum[j]`."""
        n = grid.n
        axes = tuple(sorted(j - 2 * n if m else j - n for j, m in enumerate(momentum)))
        columns = grid.coordinates(axes, xp)
        at: Point = {}
        chord: Point = {}
        for j, m in enumerate(momentum):
            v = (system.xi if m else system.x)[j]
            at[v] = columns[n + j] if m else columns[j]
            chord[v] = system.h * columns[j] if m else columns[n + j]
        shape = np.broadcast_shapes(*(np.shape(c) for c in columns))
        return MixedRepresentation(at, chord, axes, shape)

    def now(
        self,
        t: float,
        offsets: Mapping[sympy.Symbol, float] | None = None,
        slope: Mapping[sympy.Symbol, float] | None = None,
    ) -> MixedRepresentation:
        """The same points at time t: in coordinates which have moved by `offsets` and move on, if these are given."""
        at = {v: z + offsets[v] for v, z in self.at.items()} if offsets else dict(self.at)
        at[TIME] = t
        return MixedRepresentation(at, self.chord, self.axes, self.shape, slope or {})

    def carried(self) -> list[Array]:
        """The differences across the chord of the linear form that the motion of the coordinates adds to p."""
        return [chord * self.slope[v] for v, chord in self.chord.items() if v in self.slope]
