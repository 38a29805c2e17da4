"""One run of a sweep, from the numbers that are sent to a worker to the row that comes back."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from openweyl._core.arguments import InputError, ResourceError
from openweyl.analysis.certify import certify
from openweyl.analysis.compare import compare
from openweyl.analysis.comparison import Comparison
from openweyl.phase_space.grid import Axis, PhaseGrid
from openweyl.phase_space.grid_size import common_grid
from openweyl.problems.problem import Problem

from .rows import STATUS, SYMBOL_POINTS

VERSION = version("openweyl")
"""That of this process; a worker may have another one."""
CERTIFICATE = {
    "certificate": "B_N, a bound on the distance of the quantum state from the corrected classical density",
    "distance_lower": "lower bound of trace_norm, from the classical run alone",
    "distance_upper": "upper bound of trace_norm, from the classical run alone",
}
"""The series of a certificate that a row has, and what they mean."""
COUNTS = {
    "status": "whether the run is done, failed or missing",
    "seconds": "seconds that the run took, on one worker",
    "steps": "steps of both evolutions",
    "grid_points": "points of the largest grid",
}
"""The numbers that say how a run went, one each for all times."""
EXTENT = {"x0": "first x of the symbols", "x1": "last x", "xi0": "first xi of the symbols", "xi1": "last xi"}
"""Where the symbols that are kept lie."""
SYMBOLS = ("symbol_quantum", "symbol_classical")
"""The arrays of a store that hold them."""


@dataclass(frozen=True)
class Task:
    """One run, as it is sent to a worker."""

    problem: Problem
    h: float
    gamma: float
    parameters: Mapping[str, float]
    order: int | None
    symbols: bool
    memory: float


@dataclass(frozen=True)
class FinishedRow:
    """What a worker sends back; `crowded`: it failed for want of memory that it might have had alone."""

    values: Mapping[str, Any]
    message: str = ""
    symbols: Mapping[str, np.ndarray] | None = None
    crowded: bool = False
    version: str = VERSION


def compute(task: Task) -> FinishedRow:
    """The run, done; whatever goes wrong in it is in the row."""
    started = time.perf_counter()
    try:
        problem = task.problem.replace(h=task.h, gamma=task.gamma, parameters=task.parameters)
        run = problem.system, problem.state, problem.times
        result = compare(*run, tol=problem.tol, memory=task.memory)
        numerics = result.quantum.numerics, result.classical.numerics
        values: dict[str, Any] = dict(result.series)
        if task.order:
            certificate = certify(*run, tol=problem.tol, order=task.order, memory=task.memory)
            values |= {name: certificate.series[name] for name in CERTIFICATE}
        pictures = _pictures(result) if task.symbols else None
        if pictures:
            values |= pictures[1]
        values["steps"] = sum(n.steps for n in numerics)
        values["grid_points"] = max(n.largest_grid.size for n in numerics)
    except Exception as error:  # a failed run must not stop the sweep
        ours = isinstance(error, (InputError, ResourceError))
        message = " ".join(f"{'' if ours else type(error).__name__ + ': '}{error}".split())
        crowded = isinstance(error, MemoryError) or (isinstance(error, ResourceError) and error.kind == "memory")
        values = {"status": STATUS.index("failed"), "seconds": time.perf_counter() - started}
        return FinishedRow(values, message, crowded=crowded)
    values |= {"status": STATUS.index("done"), "seconds": time.perf_counter() - started}
    return FinishedRow(values, symbols=pictures[0] if pictures else None)


def _pictures(result: Comparison) -> tuple[dict[str, np.ndarray], dict[str, float]]:
    """Both symbols at each time, on the points of one grid for all times, and where that lies."""
    runs = result.quantum, result.classical
    whole = common_grid([symbol.grid for run in runs for symbol in run])
    x, xi = (Axis.between(axis.lower, axis.upper, SYMBOL_POINTS) for axis in (whole.x[0], whole.xi[0]))
    grid = PhaseGrid((x,), (xi,), whole.h)
    pictures = [np.array([symbol.resampled(grid).values for symbol in run], "f4") for run in runs]
    extent = dict(zip(EXTENT, (x.points[0], x.points[-1], xi.points[0], xi.points[-1]), strict=True))
    return dict(zip(SYMBOLS, pictures, strict=True)), {name: float(value) for name, value in extent.items()}
