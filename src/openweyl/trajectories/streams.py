"""Independent random numbers of one seed: for the paths that choose the step, for each block of paths, for records."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What random numbers are for. Other values, or another order, would change all results of a seed."""

    PILOT = 0
    BLOCK = 1
    RECORD = 2
    LEVELS = 3

    def generator(self, seed: int, *number: int) -> np.random.Generator:
        """The generator of this stream, and of the block of this `number`."""
        return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(self), *number)))
