"""How much memory a computation may use."""

from __future__ import annotations

from .limits import free_memory


def spare_memory() -> float:
    """Half of the free memory, in bytes: the default limit of a computation, which leaves room for another one."""
    return free_memory() / 2
