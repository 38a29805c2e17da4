"""The size of a grid: large enough for several functions, and not too large for the memory."""

from __future__ import annotations

from collections.abc import Sequence

from openweyl._core.arguments import ResourceError
from openweyl._core.fft import good_size
from openweyl._core.memory import spare_memory

from .grid import Axis, PhaseGrid

MEMORY_CHECKED_POINTS = 2**24
"""The points above which a grid is checked against the free memory before it is filled: below, it takes 0.4 GB at
most, and the check would take longer than the work on small grids."""


def common_grid(grids: Sequence[PhaseGrid]) -> PhaseGrid:
    """A grid on the smallest box that holds all boxes of `grids`, as fine as the finest of them."""
    axes = []
    for several in zip(*(grid.x + grid.xi for grid in grids), strict=True):
        lower, upper = min(a.lower for a in several), max(a.upper for a in several)
        spacing = min(a.spacing for a in several)
        if len(set(several)) == 1:
            axes.append(several[0])
        else:
            axes.append(Axis.between(lower, upper, good_size((upper - lower) / spacing * (1 - 1e-12))))
    return grids[0].with_axes(axes)


def check_fits(grid: PhaseGrid, each: float, advice: str, limit: float | None = None, when: str = "The") -> None:
    """Raise ResourceError if `each` bytes for every point of `grid` pass `limit` (default: half of the free memory)."""
    limit = spare_memory() if limit is None else limit
    needed = grid.size * each
    if needed > limit:
        raise ResourceError(
            f"{when} symbol needs a grid of {' x '.join(map(str, grid.shape))} points, about "
            f"{needed / 2**30:.3g} GiB, but the limit is {limit / 2**30:.3g} GiB: {advice}.",
            kind="memory",
        )
