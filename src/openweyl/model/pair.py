"""A system and a state of it, which every evolution starts from."""

from __future__ import annotations

from typing import Any

from openweyl._core.arguments import must

from .states import State
from .system import System


def check_system(system: Any) -> None:
    """Raise InputError unless this is a system."""
    advice = 'System("xi**2/2 + x**2/2", ["x"], h=0.1, gamma=1.0) makes one.'
    swapped = "The system comes first, the state second."
    must(isinstance(system, System), "system", "be a System", system, swapped if isinstance(system, State) else advice)


def check_pair(system: System, state: State) -> None:
    """Raise InputError unless these are a system and a state of it."""
    check_system(system)
    must(isinstance(state, State), "state", "be a state, such as coherent(x, xi)", state)
    must(state.n == system.n, "state", f"have n = {system.n} degrees of freedom, as the system", state.n)
