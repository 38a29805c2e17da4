"""Numbers, or arrays of them over time, with what is known of their error."""

from __future__ import annotations

from typing import Any, NamedTuple


class Enclosure(NamedTuple):
    """Two bounds: lower <= the number <= upper."""

    lower: Any
    upper: Any


class Estimate(NamedTuple):
    """A number and its error: |value - the number| <= error, where the function that returns it says how far that is
    a bound.
    """

    value: Any
    error: Any
