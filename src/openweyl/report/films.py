"""The films of a report's representative points: their symbols, from the store or computed once more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core.arguments import InputError, ResourceError
from openweyl._core.progress import shares
from openweyl.analysis.compare import both_evolutions
from openweyl.analysis.comparison import Comparison
from openweyl.evolution.solution import Solution
from openweyl.model.system import System
from openweyl.phase_space.grid import Axis, PhaseGrid
from openweyl.phase_space.grid_function import GridFunction, resampled_together
from openweyl.problems.problem import Problem
from openweyl.sweeps.points import EXTENT, SYMBOLS

from .portraits import Film, Snapshot, film, representatives, shown_times
from .study import Study, StudyPoint

if TYPE_CHECKING:
    from openweyl._core.progress import Progress

TOL_OF_PICTURES = 1e-4
"""The tolerance of a run that is only looked at: a picture shows 1/21 of its scale."""


def problem_of(study: Study) -> Problem | None:
    """The problem that the store was made from, at the point that the charts keep; None if it is not said, or not in
    words of this version.
    """
    try:
        problem = Problem.parse(study.text, str(study.attrs.get("name", "problem")), "the problem in the store")
        values = {axis: float(study.values(axis)[index]) for axis, index in study.base.items()}
        return problem.replace(parameters=values) if values else problem
    except InputError:
        return None


def system_of(study: Study, problem: Problem | None) -> System | None:
    """The system, from the problem or from what every dataset says of itself."""
    if problem is not None:
        return problem.system
    try:
        jumps = [jump for jump in str(study.attrs["jumps"]).split(", ") if jump]
        return System(study.attrs["hamiltonian"], jumps, h=study.attrs["h"], gamma=study.attrs["gamma"])
    except (InputError, KeyError):
        return None


def films(study: Study, problem: Problem | None, progress: Progress | None = None) -> list[Film]:
    """One or two films: of the largest and of the smallest distance at the last time; none for n > 1."""
    stored = all(name in study.dataset for name in (*SYMBOLS, *EXTENT))
    if not stored and (problem is None or problem.system.n > 1):
        return []
    indices = shown_times(study)
    times = [float(t) for t in study.times[indices]]
    made, points = [], representatives(study, stored=stored)
    for point, part in zip(points, shares(progress, [1.0] * len(points)), strict=True):
        snapshots = _read_back(study, point, indices) if stored else []
        if not snapshots and problem is not None and problem.system.n == 1:
            try:
                snapshots = _computed(study, problem, point, times, part)
            except (InputError, ResourceError):  # of a problem that this version reads otherwise, or has no room for
                continue
        if snapshots:
            made.append(film(point, times, snapshots))
    return made


def _read_back(study: Study, point: StudyPoint, indices: np.ndarray) -> list[Snapshot]:
    """Both symbols of `point` from the store; none if they are spoilt."""
    data = study.dataset[[*SYMBOLS, *EXTENT]].isel(point).isel(time=indices)
    w, a = (data[name].transpose("time", ...).values for name in SYMBOLS)
    if not (np.isfinite(w).all() and np.isfinite(a).all()):
        return []
    error = np.nan_to_num(study.at(study.error, point)[indices])
    x0, x1, xi0, xi1 = (float(data[name]) for name in EXTENT)  # the first and the last points
    x = Axis(x0, (x1 - x0) / (w.shape[1] - 1), w.shape[1])
    xi = Axis(xi0, (xi1 - xi0) / (w.shape[2] - 1), w.shape[2])
    grid = PhaseGrid((x,), (xi,), float(data["h"]))
    quantum, classical = ([GridFunction.trusted(values, grid) for values in f] for f in (w, a))
    return [Snapshot(q, c, float(e)) for q, c, e in zip(quantum, classical, error, strict=True)]


def _computed(
    study: Study, problem: Any, point: StudyPoint, times: Sequence[float], progress: Progress | None
) -> list[Snapshot]:
    """Both symbols of `point`, computed again to a coarse tolerance."""
    values = {axis: float(study.values(axis)[point[axis]]) for axis in study.axes}
    parameters = {axis: values[axis] for axis in study.parameters}
    chosen = problem.replace(h=values["h"], gamma=values["gamma"], parameters=parameters)
    return snapshots_of(chosen, times, max(chosen.tol, TOL_OF_PICTURES), progress)


def snapshots_of(problem: Problem, times: Sequence[float], tol: float, progress: Progress | None) -> list[Snapshot]:
    """Both symbols of `problem` at each time on one grid (n = 1)."""
    return _together(*both_evolutions(problem.system, problem.state, times, tol=tol, progress=progress))


def snapshots_in(comparison: Comparison) -> list[Snapshot]:
    """Both symbols of a comparison at each time on one grid (n = 1)."""
    return _together(comparison.quantum, comparison.classical)


def _together(quantum: Solution, classical: Solution) -> list[Snapshot]:
    errors = np.add(quantum.numerics.error, classical.numerics.error).tolist()
    return [Snapshot(*resampled_together(w, a), error) for w, a, error in zip(quantum, classical, errors, strict=True)]
