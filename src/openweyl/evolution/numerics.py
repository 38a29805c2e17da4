"""How a run was done: what the program chose for itself, and the errors that it estimates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openweyl.phase_space.grid import PhaseGrid


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

    def __repr__(self) -> str:
        grid = "x".join(map(str, self.largest_grid.shape))
        return f"<Numerics: {self.scheme}, {self.steps} steps, {grid} points, error up to {max(self.error):.2g}>"

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
