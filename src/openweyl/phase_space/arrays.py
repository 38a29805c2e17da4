"""Arrays that users give: of numbers, without gaps."""

from __future__ import annotations

from typing import Any

import numpy as np

from openweyl._core.arguments import fail, must
from openweyl._core.fft import Array


def as_array(w: Any, name: str) -> Array:
    """`w` as an array: of numbers, without gaps, if it is NumPy's; those of other namespaces may be traced."""
    given: Any = w
    if not (hasattr(w, "shape") and hasattr(w, "dtype")) or isinstance(w, np.generic):
        try:
            w = np.asarray(w)
        except Exception:  # whatever a value stumbles over that says how it becomes an array
            raise fail(name, "be an array of numbers", given) from None
    if isinstance(w, np.ndarray):
        must(w.dtype.kind in "iufc", name, "be an array of numbers", f"one of {w.dtype}" if w is given else given)
        must(not np.ma.is_masked(w), name, "have all its entries", "masked", "Fill the gaps: w.filled(0.0).")
    return w
