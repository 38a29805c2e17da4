"""One bar for a work of several parts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from openweyl.evolution.callbacks import Progress


def shares(progress: Progress | None, weights: Sequence[float]) -> list[Progress | None]:
    """A progress for each part, which goes from 0 to its end; together they move `progress` from 0 to 1, once."""
    if progress is None:
        return [None] * len(weights)
    ends = [0.0, *accumulate(weights)]
    return [_share(progress, first / ends[-1], last / ends[-1]) for first, last in pairwise(ends)]


def _share(progress: Progress, first: float, last: float) -> Progress:
    def moved(reached: float, end: float, words: str) -> None:
        progress(first + (last - first) * min(reached / end, 1.0), 1.0, words)

    return moved
