"""What an error of a symbol in trace norm may do to a number that an unbounded operator reads off it: an estimate.

No error in trace norm bounds such a number. It is taken for the most that an error e can take away from where the
state is, or add there:

    FACTOR sup { (2 pi h)^-n int |a| v :  0 <= v <= |w|,  (2 pi h)^-n int v <= e },

the outermost part e of the state, where |a| is largest. What lies at the edges of the box, which stands for what lies
beyond, is added.
"""

from __future__ import annotations

from math import ceil

import numpy as np

from openweyl.phase_space.profiles import EDGE_FRACTION
from openweyl.weyl.symbol import Symbol

FACTOR = 3.0
"""What the supremum is raised by: a run may have lost what lay beyond the state that is left. In some
thirty cases at tolerances from 1e-3 to 1e-6, with products of degree up to 12, errors were below a hundredth of it
(the worst are in tests/test_correlation.py)."""


def change(sizes: np.ndarray, w: Symbol, error: float) -> float:
    """What an `error` of `w` does to the integral of w times a function with these absolute values on the grid."""
    content = np.abs(w.values) * w.grid.cell
    return FACTOR * _outermost(sizes, content, error) + _at_edges(sizes * content)


def _outermost(sizes: np.ndarray, content: np.ndarray, error: float) -> float:
    """The largest sum of `sizes` v with 0 <= v <= `content` whose sum is `error`; a rest counts with the largest."""
    order = np.argsort(sizes, axis=None)[::-1]
    size, part = sizes.ravel()[order], content.ravel()[order]
    before = np.cumsum(part) - part
    taken = np.clip(error - before, 0.0, part)
    return float(size @ taken) + float(size[0]) * max(error - float(part.sum()), 0.0)


def _at_edges(parts: np.ndarray) -> float:
    """The sum of `parts` in the outermost EDGE_FRACTION of each axis."""
    inside = tuple(slice(ceil(EDGE_FRACTION * size), size - ceil(EDGE_FRACTION * size)) for size in parts.shape)
    return float(parts.sum() - parts[inside].sum())
