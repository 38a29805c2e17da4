"""A run in Fock space between two steps, as numbers and arrays: what it is made anew from, in any process."""

from __future__ import annotations

from typing import Any

from .run import FockRun

NUMBERS = ("t", "steps", "changes", "work", "most_work", "time_error", "level_error", "cut_error", "tau")
"""What is plain in a run."""


def state_of(run: FockRun) -> dict[str, Any]:
    """All that a run goes on from."""
    return {
        "numbers": {name: getattr(run, name) for name in NUMBERS},
        "matrix": run.reached.matrix.copy(),
        "levels": list(run.levels),
    }


def restore(run: FockRun, state: dict[str, Any]) -> None:
    """Make a run of the same call anew from this state, its generator and its exponentials among it."""
    for name, value in state["numbers"].items():
        setattr(run, name, value)
    run.renewed = run.work
    run.enter(state["matrix"], tuple(state["levels"]))
