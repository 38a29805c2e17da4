"""How a run was done: what the program chose for itself, and the errors that it estimates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from openweyl._core.plain import plain, plain_fields
from openweyl.phase_space.grid import PhaseGrid


@dataclass(frozen=True)
class Numerics:
    """How a run was done: what the program chose for itself, and the errors that it estimates.

    `scheme`: the splitting scheme, or "closed form". `steps`: those of all runs together. `largest_grid`: the largest
    one that was used. `regrids`: how often the grid was changed. `rollbacks`: how often a segment was done again.
    `step_error`, `grid_error`: accumulated up to each saved time, in trace norm; `error`, their sum, is that of the
    symbol. `seconds`: wall-clock time.
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
        box = [(axis.lower, axis.upper) for axis in grid.x + grid.xi]
        rest = ("regrids", "rollbacks", "step_error", "grid_error", "seconds")
        chosen = plain_fields(self, "scheme", "steps") | plain({"grid": grid.shape, "box": box})
        return chosen | plain_fields(self, *rest)
