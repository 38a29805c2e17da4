"""A symbol as an initial state: what a run has left, to go on from, or an array that a user has filled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import isclose
from typing import Any

import numpy as np

from openweyl._core.arguments import MAX_TOLERANCE, moderate, must, real
from openweyl._core.calls import public
from openweyl.phase_space.edges import lost_beyond
from openweyl.phase_space.grid import PhaseGrid
from openweyl.phase_space.profiles import edge_loss
from openweyl.phase_space.support import covering, required_box
from openweyl.weyl.symbol import Symbol

from .states import State, check_room

CUT_FACTOR = 8.0
"""The trace norm of what a sharp cut takes away, in units of its L1 norm: at most 8.2 for coherent and squeezed states,
5.6 for cats (docs/numerics.md)."""


@dataclass(frozen=True, eq=False, repr=False)
class SymbolState(State):
    """The operator with the symbol `content`, at its h. Its trace is 1 up to the error of a run; it is not normalised.

    Raises InputError for a batch, for complex values, and for another trace.
    """

    content: Symbol

    def __post_init__(self) -> None:
        must(not self.content.batch, "state", "be one symbol", f"a batch of {self.content.batch}", "Take one of them.")
        must(np.dtype(self.content.values.dtype).kind != "c", "state", "be a real symbol", "complex")
        trace = float(self.content.trace())
        near = abs(trace - 1) <= MAX_TOLERANCE
        must(near, "state", "have trace 1", f"of trace {trace:.7g}", "Divide it by its trace.")

    @cached_property
    def description(self) -> str:  # type: ignore[override]
        return f"symbol on {self.content.grid}"

    @cached_property
    def lost(self) -> float:
        """What lies beyond the edges of the symbol's grid, in trace norm, estimated from what lies at them."""
        axes = self.content.grid.x + self.content.grid.xi
        pairs = list(zip(self.content.profiles, axes, strict=True))
        return sum(CUT_FACTOR * lost_beyond(profile, axis) + edge_loss(profile, axis)[2] for profile, axis in pairs)

    @property
    def n(self) -> int:
        return self.content.n

    def at(self, h: float) -> State:
        h = moderate("h", h, above=0.0)
        same = isclose(h, self.content.h, rel_tol=1e-12)
        advice = "Symbols of two h are of two quantizations."
        must(same, "state", f"have the system's h = {h:.10g}", self.content.h, advice)
        return self

    @public
    def symbol(self, grid: PhaseGrid, xp: Any = np) -> Symbol:
        made = self.content.resampled(grid)
        return Symbol.trusted(xp.asarray(made.values), grid)

    @public
    def grid(self, h: float, level: float, room: float = 0.1) -> PhaseGrid:
        """Beyond this grid lies less than `level` of the symbol, or what lies beyond the edges of its own grid."""
        self.at(h)
        level, room = real("level", level, above=0.0), check_room(room)
        own = self.content.grid
        pairs = zip(self.content.profiles, own.x + own.xi, strict=True)
        return own.with_axes([covering(axis, required_box(profile, axis, level), room) for profile, axis in pairs])
