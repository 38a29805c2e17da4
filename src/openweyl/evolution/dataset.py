"""Runs as labelled datasets of xarray, on one grid that holds all their symbols."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from openweyl.model.system import System
from openweyl.phase_space.grid import PhaseGrid
from openweyl.phase_space.grid_size import check_fits, common_grid
from openweyl.weyl.symbol import Symbol

from .numerics import Numerics

if TYPE_CHECKING:
    import xarray

CONVENTIONS = (
    "Symbols w(x, xi) of Weyl quantization, [x, xi] = i h; tr Op(w) = (2 pi h)^-n int w. "
    "dA/dt = -(i/h) [P, A] + (gamma/h) sum_j (L_j A L_j* - {L_j* L_j, A}/2); the classical density follows "
    "da/dt = Q a. Trace norm = sum of singular values, no factor 1/2."
)


class SavedRun(Protocol):
    """What is asked of a Solution."""

    @property
    def system(self) -> System: ...
    @property
    def kind(self) -> str: ...
    @property
    def order(self) -> int: ...
    @property
    def times(self) -> tuple[float, ...]: ...
    @property
    def numerics(self) -> Numerics: ...
    def __iter__(self) -> Iterator[Symbol]: ...


def symbol_dataset(*solutions: SavedRun, symbols: bool = True) -> xarray.Dataset:
    """The symbols of several evolutions of one system at the same times, on one grid, and their errors."""
    import xarray as xr

    if not symbols:
        return _with_errors(xr.Dataset({"time": list(solutions[0].times)}), solutions)
    first, grid = solutions[0], _one_grid(solutions)
    system = first.system
    check_fits(grid, symbol_bytes(*solutions) / grid.size, "take fewer `times`, or the symbols one by one")
    names = [str(v) for v in system.x + system.xi]
    data = {
        s.kind: (
            ("time", *(("order",) if s.order > 1 else ()), *names),
            np.stack([symbol.resampled(grid).values for symbol in s]),
            {"long_name": f"Weyl symbol, {s.kind} evolution", "units": "1"},
        )
        for s in solutions
    }
    coordinates = {name: axis.points for name, axis in zip(names, grid.x + grid.xi, strict=True)}
    return _with_errors(xr.Dataset(data, {"time": list(first.times), **coordinates}), solutions)


def _with_errors(dataset: xarray.Dataset, solutions: Sequence[SavedRun]) -> xarray.Dataset:
    dataset["time"].attrs["units"] = "the unit of time of the Hamiltonian"
    for s in solutions:
        dataset[f"{s.kind}_error"] = (
            "time",
            list(s.numerics.error),
            {"long_name": f"estimated error of the {s.kind} evolution in trace norm"},
        )
    return dataset.assign_attrs(attributes(solutions[0].system))


def _one_grid(solutions: Sequence[SavedRun]) -> PhaseGrid:
    return common_grid([symbol.grid for solution in solutions for symbol in solution])


def symbol_bytes(*solutions: SavedRun) -> float:
    """The size in bytes of the symbols of `solutions` on one grid, which is large if they spread or move far."""
    return 8.0 * _one_grid(solutions).size * sum(len(s.times) * s.order for s in solutions)


def attributes(system: System) -> dict[str, Any]:
    """What every dataset says of its system and conventions."""
    drives = system.drives
    return {
        "hamiltonian": str(system.hamiltonian),
        "jumps": ", ".join(map(str, system.jumps)),
        "h": system.h,
        "gamma": system.gamma,
        "conventions": CONVENTIONS,
        **({"drives": json.dumps(drives)} if drives else {}),
    }
