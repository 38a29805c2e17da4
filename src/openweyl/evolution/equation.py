"""Which equation a run solves, and on what grid-bound generator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from openweyl.generators.generator import Generator, fokker_planck, hierarchy, lindblad


@dataclass(frozen=True)
class Equation:
    """dw/dt = L w (Lindblad) or Q w (Fokker-Planck), or the first `order` terms of the expansion of L about Q.

    build: makes the generator of a system on a grid, with `frame=` on one that moves. quantum: whether it is L alone.
    """

    build: Callable[..., Generator]
    quantum: bool
    order: int = 1

    @property
    def hops(self) -> bool:
        """Whether a wave of wave number K in a formula moves content by h K at once: not in the first order, Q."""
        return self.quantum or self.order > 1

    def start(self, w: np.ndarray) -> np.ndarray:
        """The state at time 0 from the values of a symbol; with corrections, which are 0 then, along a leading axis."""
        return w if self.order == 1 else np.concatenate([w[None], np.zeros((self.order - 1, *w.shape))])


def equation(*, quantum: bool, order: int = 1) -> Equation:
    """The quantum equation, the classical one, or with `order` > 1 the classical one with corrections."""
    return Equation(lindblad if quantum else fokker_planck if order == 1 else hierarchy, quantum, order)
