"""What a caller may hand to a run to hear of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from openweyl.phase_space.grid import PhaseGrid

Progress: TypeAlias = Callable[[float, float, str], None]
"""Called with the time reached, the last time, and a few words on the grid."""

Watch: TypeAlias = Callable[[float, np.ndarray, PhaseGrid], None]
"""Called with the time reached and the symbol there."""
