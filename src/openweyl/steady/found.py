"""What each way to a steady state finds."""

from __future__ import annotations

from dataclasses import dataclass

from openweyl.model.states import State


@dataclass(frozen=True)
class Found:
    """The state, and what `SteadyState` says of it."""

    state: State
    residual: float
    error: float
    relaxation_time: float
    gap: float
    scheme: str
    levels: tuple[int, ...] = ()
