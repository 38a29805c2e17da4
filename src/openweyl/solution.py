"""What an evolution returns: the symbols at the saved times, and what they cost in accuracy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .grid import PhaseGrid, common_grid, resample
from .system import System

if TYPE_CHECKING:
    import xarray


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


@dataclass(frozen=True)
class Solution:
    """The Weyl symbol of the density operator (or the classical density) at the saved times.

    symbols[i] is an array on grids[i] at times[i]; the grids differ, as each is as small as it can be.
    """

    system: System
    kind: str
    times: tuple[float, ...]
    symbols: tuple[np.ndarray, ...]
    grids: tuple[PhaseGrid, ...]
    numerics: Numerics

    @property
    def dataset(self) -> xarray.Dataset:
        """The symbols on one grid that holds them all, dims (time, x, xi) or (time, x1, ..., xi1, ...)."""
        import xarray as xr

        grid = common_grid(self.grids)
        stacked = np.stack([resample(w, g, grid) for w, g in zip(self.symbols, self.grids, strict=True)])
        return xr.Dataset(
            {self.kind: (("time", *axis_names(grid)), stacked, {"long_name": f"Weyl symbol, {self.kind} evolution"})},
            coords={"time": list(self.times), **axis_points(grid)},
            attrs={**attributes(self.system), "error": list(self.numerics.error)},
        )
