"""Units of x and xi in which a state is about as long as wide: x/s and s xi, of the same h.

The scales s are powers of two, which change no digit: nothing then depends on the units that a user has chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log2

from openweyl.model.states import State
from openweyl.phase_space.grid import Axis, PhaseGrid

EDGE = 1e-5
"""The part of its maximum that a symbol has where it is taken to end."""


def natural_scales(state: State, h: float) -> tuple[float, ...]:
    """The scale of each mode of a state."""
    grid = state.grid(h, EDGE, 0.0)
    return tuple(2.0 ** round(log2(x.length / xi.length) / 2) for x, xi in zip(grid.x, grid.xi, strict=True))


def stretched(grid: PhaseGrid, scales: Sequence[float]) -> PhaseGrid:
    """The grid with s x and xi/s in place of x and xi."""
    x = tuple(Axis(s * a.lower, s * a.spacing, a.size) for s, a in zip(scales, grid.x, strict=True))
    xi = tuple(Axis(a.lower / s, a.spacing / s, a.size) for s, a in zip(scales, grid.xi, strict=True))
    return PhaseGrid(x, xi, grid.h)
