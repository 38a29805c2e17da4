"""The levels that a run begins on."""

from __future__ import annotations

from collections.abc import Sequence

from openweyl.model.states import State

from .generator import lost_later
from .initial import level_matrix
from .levels import LevelMatrix, padded
from .spans import Span, kinds, reach

MAX_LEVELS = 1000
"""The most levels, of all modes together: the terms of one step take 256 MB then."""


def start_on_levels(spans: Sequence[Span], state: State, allowed: float, scales: tuple[float, ...]) -> LevelMatrix:
    """The matrix of `state`, which leaves out about as much as is `allowed`, in trace norm.

    What is left out counts for more later on, in the modes whose levels L leaves (`lost_later`). Of the others those
    levels are enough which hold half of what is allowed, P: || A - P A P || <= 2 || A - Q A Q || with Q further cut.

    Raises TooManyLevelsError.
    """
    h = spans[0].system.h
    start = level_matrix(state, h, allowed / 2, MAX_LEVELS, scales)
    later = lost_later(kinds(spans), start.levels, spans[-1].end)
    if later == 1:
        return start
    whole = level_matrix(state, h, allowed / (2 * later), MAX_LEVELS, scales)
    pairs = zip(whole.levels, start.levels, reach(spans), strict=True)
    levels = tuple(wide if more else min(wide, own) for wide, own, more in pairs)
    if levels == whole.levels:
        return whole
    return LevelMatrix(padded(whole.matrix, whole.levels, levels), levels, whole.lost + 2 * start.lost)
