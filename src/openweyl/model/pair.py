"""A system and a state of it, which every evolution starts from."""

from __future__ import annotations

from openweyl._core.arguments import must

from .states import State
from .system import System


def check_pair(system: System, state: State) -> None:
    """Raise InputError unless these are a system and a state of it."""
    must(isinstance(system, System), "system", "be a System", system)
    must(isinstance(state, State), "state", "be a state, such as coherent(x, xi)", state)
    must(state.n == system.n, "state", f"have n = {system.n} degrees of freedom, as the system", state.n)
