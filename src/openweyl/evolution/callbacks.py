"""What a caller may hand to a run to hear of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from openweyl.weyl.symbol import Symbol

Progress: TypeAlias = Callable[[float, float, str], None]
"""Called with the time reached, the last time, and a few words on the grid."""

Watch: TypeAlias = Callable[[float, Symbol], None]
"""Called with the time reached and the symbol there."""
