"""Grids, outputs and finished runs as plain numbers and arrays, for checkpoints."""

from __future__ import annotations

from typing import Any

import numpy as np

from openweyl.model.system import System
from openweyl.phase_space.grid import Axis, PhaseGrid
from openweyl.weyl.symbol import Symbol

from .numerics import Numerics
from .observing import Observation
from .outputs import Output
from .solution import Solution

CHOSEN = ("scheme", "steps", "regrids", "rollbacks", "seconds")
"""What is plain in `Numerics`."""


def grid_facts(grid: PhaseGrid) -> dict[str, Any]:
    """A grid as numbers."""
    axes = {name: [[a.lower, a.spacing, a.size] for a in part] for name, part in (("x", grid.x), ("xi", grid.xi))}
    return axes | {"h": grid.h}


def grid_from(facts: dict[str, Any]) -> PhaseGrid:
    """The grid of these numbers."""
    x, xi = (tuple(Axis(*axis) for axis in facts[name]) for name in ("x", "xi"))
    return PhaseGrid(x, xi, facts["h"])


def output_facts(output: Output) -> dict[str, Any]:
    """An output as numbers and an array."""
    errors = {"step_error": output.step_error, "grid_error": output.grid_error}
    return {"values": np.asarray(output.symbol.values), "grid": grid_facts(output.symbol.grid)} | errors


def output_from(facts: dict[str, Any]) -> Output:
    """The output of these."""
    return Output(Symbol.trusted(facts["values"], grid_from(facts["grid"])), facts["step_error"], facts["grid_error"])


def solution_facts(solution: Solution) -> dict[str, Any]:
    """What a solution holds beside its system."""
    numerics, own = solution.numerics, {"times": list(solution.times), "tol": solution.tol}
    watched = [vars(one) for one in solution.observations]
    outputs = [
        output_facts(Output(symbol, *errors))
        for symbol, *errors in zip(solution.symbols, numerics.step_error, numerics.grid_error, strict=True)
    ]
    chosen = {name: getattr(numerics, name) for name in CHOSEN} | {"largest_grid": grid_facts(numerics.largest_grid)}
    return own | {
        "kind": solution.kind, "order": solution.order, "outputs": outputs, "numerics": chosen, "observations": watched,
    }  # fmt: skip


def solution_from(facts: dict[str, Any], system: System) -> Solution:
    """The solution of these, of this system."""
    outputs, chosen = [output_from(one) for one in facts["outputs"]], facts["numerics"]
    numerics = Numerics(
        **chosen | {"largest_grid": grid_from(chosen["largest_grid"])},
        step_error=tuple(output.step_error for output in outputs),
        grid_error=tuple(output.grid_error for output in outputs),
    )
    return Solution(
        system=system,
        kind=facts["kind"],
        order=facts["order"],
        times=tuple(facts["times"]),
        symbols=tuple(output.symbol for output in outputs),
        numerics=numerics,
        tol=facts["tol"],
        observations=tuple(Observation(**one) for one in facts["observations"]),
    )
