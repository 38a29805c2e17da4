"""A system and a state of it, which every evolution starts from, and the n up to which there may be a grid of them."""

from __future__ import annotations

from typing import Any

from openweyl._core.arguments import as_state, must
from openweyl.weyl.symbol import Symbol

from .states import State
from .symbol_state import SymbolState
from .system import System

MAX_GRID_MODES = 4
"""The most degrees of freedom on a grid. Five have ten axes, on which a coherent state needs ten points or so each: one
array takes 80 GB, and a run keeps dozens."""
WITHOUT_GRID = "use `sample`, which needs no grid"
"""What to do instead, in messages."""


def check_system(system: Any) -> None:
    """Raise InputError unless this is a system."""
    advice = 'System("xi**2/2 + x**2/2", ["x"], h=0.1, gamma=1.0) makes one.'
    swapped = "The system comes first, the state second."
    must(isinstance(system, System), "system", "be a System", system, swapped if isinstance(system, State) else advice)


def state_of(system: System, state: State | Symbol) -> State:
    """`state` at the system's h. Raises InputError unless these are a system and a state, or a symbol, of it."""
    check_system(system)
    must(isinstance(state, (State, Symbol)), "state", "be a state, such as coherent(x, xi)", state, as_state(state))
    must(state.n == system.n, "state", f"have n = {system.n} degrees of freedom, as the system", state.n)
    return (SymbolState(state) if isinstance(state, Symbol) else state).at(system.h)


def grid_state_of(system: System, state: State | Symbol) -> State:
    """`state_of` a system of few enough degrees of freedom for a grid; raises InputError for more, too."""
    checked = state_of(system, state)
    what = f"have at most {MAX_GRID_MODES} degrees of freedom, for a grid"
    must(system.n <= MAX_GRID_MODES, "system", what, f"one of {system.n}", f"Or {WITHOUT_GRID}.")
    return checked
