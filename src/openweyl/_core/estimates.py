"""Numbers, or arrays of them over time, with bounds or errors."""

from __future__ import annotations

from typing import Any, NamedTuple


class Enclosure(NamedTuple):
    """lower <= the number <= upper: two bounds, numbers or arrays, in the unit of the number."""

    lower: Any
    upper: Any


class Estimate(NamedTuple):
    """|value - the number| <= error: numbers or arrays, in one unit.

    The function that returns it says whether the error is a bound or an estimate.
    """

    value: Any
    error: Any
