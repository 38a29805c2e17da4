"""Coordinates that move through phase space: those of a frame whose origin follows a path c(t).

Weyl calculus is covariant under translations, z = c(t) + Z, so that W(Z, t) = w(c(t) + Z, t) obeys the same equation
with every function f of the system replaced by f(c + Z), and with the linear form

    c_xi'.X - c_x'.Xi                                       (c' the velocity)

added to p. Any path will do. Where c' = J grad p(c), the form takes the linear part of p about c away: what is left
moves the packet relative to its own centre alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from openweyl._core.fft import Array
from openweyl.model.decomposition import decomposition
from openweyl.model.system import System

from .mixed_representation import MixedRepresentation

Frame: TypeAlias = Callable[[float], tuple[np.ndarray, np.ndarray]]
"""The origin c and its velocity c' at a time, coordinates x then xi."""


def may_move(system: System) -> bool:
    """Whether the terms of the system are evaluated where the coordinates are: not behind shears, nor as operators."""
    terms = decomposition(system)
    return not (terms.ridges or terms.operator_terms or terms.operator_jumps)


@dataclass(frozen=True)
class MovingCoordinates:
    """The frame of a generator. `scaling`: the rates at which axes grow, about the origin of the frame."""

    system: System
    frame: Frame
    scaling: Sequence[Array] | None

    def now(self, place: MixedRepresentation, t: float) -> MixedRepresentation:
        """The points of a representation at time t, and the linear form there."""
        center, velocity = self.frame(t)
        left = velocity - np.asarray(self.scaling) * center if self.scaling else velocity  # scaling moves the rest
        origin, moves = center.tolist(), left.tolist()
        n = self.system.n
        offsets = dict(zip(self.system.x + self.system.xi, origin, strict=True))
        slope = dict(zip(self.system.x + self.system.xi, [*moves[n:], *(-move for move in moves[:n])], strict=True))
        return place.now(t, offsets, slope)
