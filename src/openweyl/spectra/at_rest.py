"""The state that a correlation function starts from: the one given, or the steady state."""

from __future__ import annotations

from typing import Any

from openweyl._core.arguments import LEAST_TOLERANCE, MAX_TOLERANCE, ResourceError
from openweyl.model.pair import check_system, grid_state_of
from openweyl.model.states import State
from openweyl.model.system import System
from openweyl.steady.steady_state import steady_state
from openweyl.weyl.symbol import Symbol

SHARES = {"quantum": (1e-3, 0.1, 1.0), "classical": (0.1, 1.0)}
"""The parts of the tolerance for it: at its edges A and B are larger than where it is. Relaxation pays for each digit,
and there may be too few levels, so less is asked for where that fails."""


def state_or_rest(system: System, state: State | Symbol | None, tol: float, **options: Any) -> tuple[State, float]:
    """The state, checked, and its error in trace norm, which is that of the steady state if None is given.

    `options`: kind, memory, time_limit. Raises what `steady_state` raises.
    """
    if state is not None:
        return grid_state_of(system, state), 0.0
    check_system(system)
    shares = SHARES[options["kind"]]
    for share in shares:
        try:
            found = steady_state(system, tol=min(max(share * tol, LEAST_TOLERANCE), MAX_TOLERANCE), **options)
        except ResourceError:
            if share == shares[-1]:
                raise
        else:
            break
    return grid_state_of(system, found.state), found.error
