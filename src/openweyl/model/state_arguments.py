"""What callers give to make a state, checked: centres, pairs, amplitudes, numbers for each degree of freedom."""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, sqrt
from typing import Any, TypeAlias

import numpy as np

from openweyl._core.arguments import fail, is_list, moderate, must
from openweyl.symbolic.expressions import MAX_MODES

MAX_COORDINATES_SHOWN = 8
"""The most coordinates of a point in words, those of four degrees of freedom."""

Coordinates: TypeAlias = float | Sequence[float]
"""A number for n = 1, n numbers in general."""


def center_of(x: Coordinates, xi: Coordinates) -> tuple[float, ...]:
    """(x, xi) as 2n numbers."""
    a, b = coordinates_of(x, "x"), coordinates_of(xi, "xi")
    must(len(a) == len(b), "xi", f"have as many numbers as x ({len(a)})", len(b))
    return (*a, *b)


def center_or_alpha(
    x: Coordinates | None, xi: Coordinates | None, alpha: complex | Sequence[complex] | None
) -> tuple[tuple[float, ...], tuple[complex, ...]]:
    """(x, xi) as 2n numbers and (); with `alpha` in place of these, sqrt(2) (Re alpha, Im alpha) and alpha.

    The latter are (x, xi) in units of sqrt(h). Raises InputError if none is given, or both.
    """
    if alpha is None:
        if x is None or xi is None:
            raise fail("x" if x is None else "xi", "be given", "missing", "Or `alpha` in place of x and xi.")
        return center_of(x, xi), ()
    must(x is None and xi is None, "alpha", "be given in place of x and xi", alpha)
    given: Any = alpha if is_list(alpha) else [alpha]
    must(1 <= len(given) <= MAX_MODES, "alpha", f"hold 1 to {MAX_MODES} numbers", alpha)
    numbers = tuple(complex_of("alpha", one, alpha) for one in given)
    return tuple(sqrt(2) * part for part in (*(c.real for c in numbers), *(c.imag for c in numbers))), numbers


def pairs_of(value: Any, name: str, parts: str) -> list[tuple[Any, Any]]:
    """`value` as a list of at least one pair; `parts`: what messages call the two."""
    what = f"be a list of pairs {parts}"
    must(is_list(value), name, what, value)
    must(len(value) >= 1, name, f"hold at least one pair {parts}", value)
    for pair in value:
        must(is_list(pair) and len(pair) == 2, name, what, value)
    return [(first, second) for first, second in value]


def amplitudes_of(value: Any, count: int) -> list[complex]:
    """`value` as `count` complex numbers, not all 0."""
    must(is_list(value), "amplitudes", "be a list of numbers", value)
    must(len(value) == count, "amplitudes", "be one number for each component", value, f"There are {count}.")
    numbers = [complex_of("amplitudes", amplitude, value) for amplitude in value]
    must(any(numbers), "amplitudes", "be nonzero for at least one component", value)
    return numbers


def complex_of(name: str, value: Any, given: Any) -> complex:
    """`value` as a complex number of moderate size; `given`: the argument that it is a part of, for messages."""
    if isinstance(value, (str, bytes, bool, np.bool_)):
        raise fail(name, "be numbers", given)
    try:
        if np.ndim(value):  # older versions of NumPy take an array of one number for it
            raise TypeError
        number = complex(value)
    except (TypeError, ValueError, OverflowError, RuntimeError):
        raise fail(name, "be numbers", given) from None
    moderate(name, hypot(number.real, number.imag))
    return number


def coordinates_of(value: Coordinates, name: str) -> list[float]:
    """`value`, a number or several, as a list."""
    values: Any = value if is_list(value) else [value]
    must(len(values) >= 1, name, "hold at least one number", values)
    return [moderate(name, v) for v in values]


def one_for_each(value: Coordinates, n: int, name: str) -> list[float]:
    """`value`, a number for all degrees of freedom or one for each, as n numbers."""
    values = coordinates_of(value, name)
    must(len(values) in (1, n), name, f"be a number or {n} numbers", values)
    return values * n if len(values) == 1 else values


def point(center: Sequence[complex]) -> str:
    """A point, in words; of many coordinates, the first and the last."""
    numbers = [f"{c:g}" for c in center]
    if len(numbers) > MAX_COORDINATES_SHOWN:
        numbers[MAX_COORDINATES_SHOWN - 2 : -2] = ["..."]
    return f"({', '.join(numbers)})"
