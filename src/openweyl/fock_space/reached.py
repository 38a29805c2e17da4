"""What a run in Fock space has reached."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .generator import Generator


@dataclass(frozen=True)
class Reached:
    """The state at a time, on levels, and the errors of time and of levels up to it, in trace norm."""

    t: float
    generator: Generator
    vector: np.ndarray
    time_error: float
    level_error: float

    @property
    def levels(self) -> tuple[int, ...]:
        """Those of each mode."""
        return self.generator.levels

    @property
    def matrix(self) -> np.ndarray:
        """The matrix on them."""
        return self.generator.matrix(self.vector)
