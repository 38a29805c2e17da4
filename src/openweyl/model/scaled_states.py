"""States given in quanta: the same amplitude or number of quanta at every h, so that they scale with sqrt(h).

w(z) = w_1(z / sqrt h),        w_1 the symbol at h = 1,        a = (x + i xi)/sqrt(2h).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import sqrt
from typing import Any, TypeAlias

import numpy as np

from openweyl._core.arguments import moderate
from openweyl._core.calls import public
from openweyl.phase_space.grid import Axis, PhaseGrid, check_grid
from openweyl.weyl.symbol import Symbol

from .packets import Packet
from .states import PacketState, State

Ket: TypeAlias = tuple[tuple[complex, int, complex], ...]
"""sum c D(alpha)|k> by its terms (c, k, alpha), of which k or alpha is 0, n = 1."""


@dataclass(frozen=True, repr=False)
class ScaledState(State):
    """w(z) = w_1(z / sqrt h) for the state `unit` at h = 1; `ket`: its vector, if it is known."""

    unit: State
    description: str
    ket: Ket = ()

    @property
    def n(self) -> int:
        return self.unit.n

    def at(self, h: float) -> State:
        """Packets with their centres in place at this h; of other states this one, which scales as it is sampled."""
        if not isinstance(self.unit, PacketState):
            return self
        root = sqrt(moderate("h", h, above=0.0))
        members = tuple((p, tuple(_scaled(one, root) for one in packets)) for p, packets in self.unit.members)
        return PacketState(members, self.description)

    @public
    def symbol(self, grid: PhaseGrid, xp: Any = np) -> Symbol:
        check_grid(grid)
        values = self.unit.symbol(_stretched(grid, 1 / sqrt(grid.h), 1.0), xp).values
        return Symbol.trusted(values, grid)

    @public
    def grid(self, h: float, level: float, room: float = 0.1) -> PhaseGrid:
        h = moderate("h", h, above=0.0)
        return _stretched(self.unit.grid(1.0, level, room), sqrt(h), h)


def _scaled(packet: Packet, root: float) -> Packet:
    """The packet of h = 1 at h = root^2: lengths in units of root, the phase of an area, in units of h."""
    center, wave = (tuple(root * number for number in vector) for vector in (packet.center, packet.wave))
    return replace(packet, center=center, wave=wave, phase=root**2 * packet.phase)


def _stretched(grid: PhaseGrid, factor: float, h: float) -> PhaseGrid:
    """The grid with all lengths `factor` times as long, at another h."""
    x, xi = (tuple(Axis(factor * a.lower, factor * a.spacing, a.size) for a in side) for side in (grid.x, grid.xi))
    return PhaseGrid(x, xi, h)
