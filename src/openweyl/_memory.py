"""How much memory a computation may use."""

from __future__ import annotations

import psutil


def spare_memory() -> float:
    """Half of the free memory, in bytes: the limit unless another is given."""
    return float(psutil.virtual_memory().available / 2)
