"""What an evolution returns: the symbols at the saved times, and what they cost in accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core.text import table
from openweyl.model.system import System
from openweyl.phase_space.grid import PhaseGrid, check_fits, common_grid, resample

if TYPE_CHECKING:
    import xarray

CONVENTIONS = (
    "Symbols w(x, xi) of Weyl quantization, [x, xi] = i h; tr Op(w) = (2 pi h)^-n int w. "
    "dA/dt = -(i/h) [P, A] + (gamma/h) sum_j (L_j A L_j* - {L_j* L_j, A}/2); the classical density follows "
    "da/dt = Q a. Trace norm = sum of singular values, no factor 1/2."
)


@dataclass(frozen=True)
class Numerics:
    """How a run was done: what the program chose for itself, and the errors that it estimates.

    step_error, grid_error: accumulated up to each saved time, in trace norm; their sum is the error of the symbol.
    """

    scheme: str
    steps: int
    largest_grid: PhaseGrid
    regrids: int
    rollbacks: int
    step_error: tuple[float, ...]
    grid_error: tuple[float, ...]
    seconds: float

    @property
    def error(self) -> tuple[float, ...]:
        """The estimated error in trace norm at each saved time."""
        return tuple(a + b for a, b in zip(self.step_error, self.grid_error, strict=True))

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers, for JSON."""
        grid = self.largest_grid
        return {
            "scheme": self.scheme,
            "steps": self.steps,
            "grid": list(grid.shape),
            "box": [[axis.lower, axis.upper] for axis in grid.x + grid.xi],
            "regrids": self.regrids,
            "rollbacks": self.rollbacks,
            "step_error": list(self.step_error),
            "grid_error": list(self.grid_error),
            "seconds": self.seconds,
        }


@dataclass(frozen=True, eq=False)
class Solution:
    """The Weyl symbol of the density operator (or the classical density) at the saved times.

    symbols[i] is an array on grids[i] at times[i]; the grids differ, as each is as small as it can be. With `order` N
    > 1 it has a leading axis: the terms b_0, ..., b_{N-1} of Li's Theorem 3.
    """

    system: System
    kind: str
    order: int
    times: tuple[float, ...]
    symbols: tuple[np.ndarray, ...]
    grids: tuple[PhaseGrid, ...]
    numerics: Numerics
    tol: float

    @property
    def dataset(self) -> xarray.Dataset:
        """The symbols on one grid that holds them all, dims (time, x, xi) or (time, x1, ..., xi1, ...)."""
        return symbol_dataset(self)

    def __str__(self) -> str:
        n = self.numerics
        rows = [
            (t, "x".join(map(str, g.shape)), e, s)
            for t, g, e, s in zip(self.times, self.grids, n.grid_error, n.step_error, strict=True)
        ]
        head = f"{self.kind} evolution by {n.scheme}, {n.steps} steps, {n.seconds:.2g} s"
        made = table(("t", "grid", "grid error", "step error"), rows)
        return f"{self.system}\n{head}\n\n{made}{missed(self.tol, self)}"


def missed(tol: float, *solutions: Solution) -> str:
    """A line that says where the errors of `solutions` are larger than `tol`, to stand below a table; or nothing."""
    largest = max(max(solution.numerics.error) for solution in solutions)
    if largest <= tol:
        return ""
    return f"\nThe error of a symbol, up to {largest:.2g}, is above tol = {tol:g}: the errors given count it in full."


def symbol_dataset(*solutions: Solution) -> xarray.Dataset:
    """The symbols of several evolutions of one system at the same times, on one grid."""
    import xarray as xr

    first, grid = solutions[0], _one_grid(solutions)
    system = first.system
    check_fits(grid, symbol_bytes(*solutions) / grid.size, "take fewer `times`, or the symbols one by one")
    names = [str(v) for v in system.x + system.xi]
    data = {
        s.kind: (
            ("time", *(("order",) if s.order > 1 else ()), *names),
            np.stack([resample(w, g, grid) for w, g in zip(s.symbols, s.grids, strict=True)]),
            {"long_name": f"Weyl symbol, {s.kind} evolution", "units": "1"},
        )
        for s in solutions
    }
    coordinates = {name: axis.points for name, axis in zip(names, grid.x + grid.xi, strict=True)}
    dataset = xr.Dataset(data, {"time": list(first.times), **coordinates})
    dataset["time"].attrs["units"] = "the unit of time of the Hamiltonian"
    for s in solutions:
        dataset[f"{s.kind}_error"] = (
            "time",
            list(s.numerics.error),
            {"long_name": f"estimated error of the {s.kind} evolution in trace norm"},
        )
    return dataset.assign_attrs(attributes(system))


def _one_grid(solutions: Sequence[Solution]) -> PhaseGrid:
    return common_grid([grid for solution in solutions for grid in solution.grids])


def symbol_bytes(*solutions: Solution) -> float:
    """The size in bytes of the symbols of `solutions` on one grid, which is large if they spread or move far."""
    return 8.0 * _one_grid(solutions).size * sum(len(s.times) * s.order for s in solutions)


def attributes(system: System) -> dict[str, Any]:
    """What every dataset says of its system and conventions."""
    return {
        "hamiltonian": str(system.hamiltonian),
        "jumps": ", ".join(map(str, system.jumps)),
        "h": system.h,
        "gamma": system.gamma,
        "conventions": CONVENTIONS,
    }
