"""Arrays that users give, checked: numbers, none of them masked, finite, and of the shape of their grid."""

from __future__ import annotations

from numbers import Complex, Real
from typing import Any

import numpy as np
from array_api_compat import is_array_api_obj

from openweyl._core.arguments import fail, must
from openweyl._core.fft import Array

from .grid import PhaseGrid

MAX_VALUE = 1e100
"""The largest value of a function: sums of squares of up to 1e100 values do not overflow."""


def as_array(w: Any, name: str) -> Array:
    """`w` as an array. NumPy's must hold numbers, none of them masked; arrays of other namespaces may be traced."""
    given: Any = w
    if not is_array_api_obj(w) or isinstance(w, np.generic):
        try:
            w = np.asarray(w)
        except Exception:  # `__array__` of an object from outside may raise anything
            raise fail(name, "be an array of numbers", given) from None
    if isinstance(w, np.ndarray):
        must(w.dtype.kind in "iufc", name, "be an array of numbers", f"one of {w.dtype}" if w is given else given)
        must(not np.ma.is_masked(w), name, "have all its entries", "masked", "Fill the gaps: w.filled(0.0).")
    return w


def values_on(grid: PhaseGrid, values: Any) -> Array:
    """A copy of `values` as floating-point numbers of the shape of `grid`, axes in front of it being batches.

    Arrays of other namespaces than NumPy's, which may be traced, are asked for their shape alone.
    """
    values = as_array(values, "values")
    shape = tuple(values.shape)
    must(shape[max(len(shape) - 2 * grid.n, 0) :] == grid.shape, "values", f"have the grid's shape {grid.shape}", shape)
    must(0 not in shape, "values", "hold at least one function", f"of shape {shape}")
    if not isinstance(values, np.ndarray):
        return values
    must(bool(np.isfinite(values).all()), "values", "be finite", "not")
    size = float(np.abs(values).max(initial=0.0))
    must(size <= MAX_VALUE, "values", f"be at most {MAX_VALUE:g} in size", size)
    copy = np.array(values, dtype=complex if values.dtype.kind == "c" else float, order="C", subok=False)
    copy.flags.writeable = False
    return copy


def check_result(values: Array, name: str) -> Array:
    """`values`, if sums of their squares cannot overflow. Raises InputError for the argument `name` if they may."""
    if isinstance(values, np.ndarray):
        size = float(np.abs(values).max(initial=0.0))
        what = f"lead to values of at most {MAX_VALUE:g} in size"
        must(size <= MAX_VALUE, name, what, f"one that leads to {size:.3g}")
    return values


def number_of(value: Any, what: str) -> Any:
    """`value`, a number or an array without dimensions, as a float or a complex number; traced arrays are returned as
    they are.

    Raises InputError for anything else; its message says that `other` must `what`.
    """
    if getattr(value, "ndim", None) == 0 and hasattr(value, "dtype"):
        if not isinstance(value, (np.ndarray, np.generic)):
            return value
        value = value.item()
    must(isinstance(value, Complex) and not isinstance(value, bool), "other", what, value)
    try:
        number = float(value) if isinstance(value, Real) else complex(value)
    except OverflowError:
        raise fail("other", "be finite", value) from None
    must(bool(np.isfinite(number)), "other", "be finite", value)
    return number


def known_values(values: Array) -> np.ndarray:
    """Values of any namespace as NumPy's. Raises InputError for those that are traced, of which nothing is known."""
    try:
        return np.asarray(values)
    except Exception:  # each namespace has an error of its own
        advice = "Bring both on one grid first: symbol.resampled(grid)."
        raise fail("symbol", "have known values, to meet one on another grid", "traced", advice) from None
