"""Independent random numbers of one seed: for the pilot run, for each block of particles, and for what is read off.

Points at which an observable is read off must know nothing of how its particles came about.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What random numbers are for. Other values, or another order, would change all results of a seed."""

    PILOT = 0
    BLOCK = 1
    READING = 2

    def of(self, seed: int, *number: int) -> np.random.SeedSequence:
        """The sequence of this stream, and of the block, or the time, of this `number`."""
        return np.random.SeedSequence(seed, spawn_key=(int(self), *number))
