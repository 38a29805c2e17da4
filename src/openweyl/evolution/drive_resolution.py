"""Steps short enough for a drive: where a Hamiltonian depends on time, its variation where the symbol is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy

from openweyl.model.system import System
from openweyl.model.timed_factor import split
from openweyl.phase_space.support import RequiredBox
from openweyl.symbolic.expressions import TIME
from openweyl.symbolic.time_variation import TimeVariation

AROUND = 1.0
"""The part of the support, at either end, beyond which a drive is looked at too: as far as two segments may carry."""


class DriveResolution:
    """The variation in time of the Hamiltonian around the symbol; remembered for the box that was looked at last."""

    def __init__(self, system: System, horizon: float, begin: float = 0.0) -> None:
        self.system, self.begin, self.horizon = system, begin, horizon
        self.variation: TimeVariation | None = None
        self.box: list[RequiredBox] = []

    def longest(self, needs: Sequence[RequiredBox], t: float, steps: int) -> float:
        """The longest step of which `steps` from time t on are resolved where the symbol needs the grid."""
        return self._around(needs).longest(t, steps)

    def _formula(self) -> sympy.Expr:
        """The Hamiltonian, and the rates of the jumps as terms of their own."""
        rates = [split(jump)[0] ** 2 * sympy.Dummy() for jump in self.system.jumps if jump.has(TIME)]
        return sympy.Add(self.system.hamiltonian, *rates)

    def _around(self, needs: Sequence[RequiredBox]) -> TimeVariation:
        """The variation around the symbol; looked at again when the symbol has come near the end of the box."""
        widths = [AROUND * (need.upper - need.lower) for need in needs]
        ahead = [need.moved(-w / 2, w / 2, 0.0) for need, w in zip(needs, widths, strict=True)]
        inside = self.box and all(b.joined(a) == b for a, b in zip(ahead, self.box, strict=True))
        if self.variation is None or (self.variation.local and not inside):
            self.box = [need.moved(-w, w, np.inf) for need, w in zip(needs, widths, strict=True)]
            variables = self.system.x + self.system.xi
            intervals = {v: (need.lower, need.upper) for v, need in zip(variables, self.box, strict=True)}
            self.variation = TimeVariation(self._formula(), intervals, self.horizon, self.begin)
        return self.variation
