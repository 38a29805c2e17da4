"""What an error of a symbol in trace norm may do to the integral of the symbol times a function a: an estimate.

No error in trace norm bounds such a number if a is unbounded. As in `observables.unbounded` it is taken to be

    ERROR_FACTOR sup { (2 pi h)^-n int |a| v :  0 <= v <= |w|,  (2 pi h)^-n int v <= e },

the contribution of the outermost part of the state, of size e, where |a| is largest. What lies at the edges of the box
is added for what lies beyond. In some thirty cases at tolerances from 1e-3 to 1e-6, with products of degree up to 12,
errors were below a hundredth of it (the worst are in tests/test_correlation.py).
"""

from __future__ import annotations

import numpy as np

from openweyl.observables.unbounded import ERROR_FACTOR, at_edges, worst
from openweyl.weyl.symbol import Symbol


def change(sizes: np.ndarray, w: Symbol, error: float) -> float:
    """What an `error` of `w` may do to the integral of w times a function with the absolute values `sizes`."""
    content = np.abs(w.values) * w.grid.cell
    return ERROR_FACTOR * worst(sizes, content, error) + at_edges(sizes * content)
