"""The levels that a run begins on."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, prod, sqrt

import numpy as np

from openweyl.model.states import State

from .generator import lost_later
from .initial import TooManyLevelsError, level_matrix
from .levels import LevelMatrix, padded
from .spans import Span, kinds, reach

MAX_LEVELS = 1000
"""The most levels, of all modes together: the terms of one step take 256 MB then."""
WIDER = 1.6
"""The most levels over those that would be enough if nothing counted for more later on. A Gaussian state has fallen to
round-off there; a symbol on a grid may have noise that is smaller than it is known, on ever more levels."""


def start_on_levels(spans: Sequence[Span], state: State, allowed: float, scales: tuple[float, ...]) -> LevelMatrix:
    """The matrix of `state`, which leaves out about as much as is `allowed`, in trace norm.

    In the modes whose levels L leaves, what is left out at the start may cost more later on (`lost_later`), so that
    less may be left out. In the other modes it may be as much as is allowed: if Q is the projection on levels that
    leave out half of that, and P >= Q the one on the levels chosen, || A - P A P || <= 2 || A - Q A Q ||,
    and at most the root of the rank times the Hilbert-Schmidt norm.

    Raises TooManyLevelsError where even that is not known of it.
    """
    h = spans[0].system.h
    start = level_matrix(state, h, allowed / 2, MAX_LEVELS, scales)
    later = lost_later(kinds(spans), start.levels, spans[-1].end)
    if later == 1:
        return start
    try:
        whole = level_matrix(state, h, allowed / (2 * later), MAX_LEVELS, scales)
    except TooManyLevelsError:  # it is not known so well
        return start
    pairs = zip(whole.levels, start.levels, reach(spans), strict=True)
    levels = tuple(min(wide, ceil(WIDER * own) if more else own) for wide, own, more in pairs)
    if levels == whole.levels:
        return whole
    matrix = padded(whole.matrix, whole.levels, levels)
    cut = padded(matrix, levels, whole.levels) - whole.matrix
    rank = 2 * (prod(whole.levels) - prod(levels))
    return LevelMatrix(matrix, levels, whole.lost + min(2 * start.lost, sqrt(rank) * float(np.linalg.norm(cut))))
