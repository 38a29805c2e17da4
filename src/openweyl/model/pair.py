"""A system and a state of it, which every evolution starts from."""

from __future__ import annotations

from typing import Any

from openweyl._core.arguments import must

from .states import State
from .system import System


def check_pair(system: System, state: State) -> None:
    """Raise InputError unless these are a system and a state of it."""
    must(isinstance(system, System), "system", "be a System", _named(system), "The system comes before the state.")
    must(isinstance(state, State), "state", "be a state, such as coherent(x, xi)", _named(state))
    must(state.n == system.n, "state", f"have n = {system.n} degrees of freedom, as the system", state.n)


def _named(value: Any) -> Any:
    """A system or a state by what it says of itself, which is shorter than how it is made."""
    return str(value) if isinstance(value, (System, State)) else value
