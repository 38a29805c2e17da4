"""The one grammar of errors: what must hold, what is, and what to do.

Argument `gamma` must be >= 0, but is -1. gamma = 0 is a closed system.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from itertools import pairwise
from math import isfinite
from numbers import Integral, Real
from typing import Any

LONGEST = 80
"""The number of characters of a value that a message shows."""
SMALLEST, LARGEST = 1e-40, 1e40
"""The sizes between which h, gamma and the like lie, if not 0; LARGEST is that of coordinates and parameters too."""


class InputError(ValueError):
    """Something that the user gave cannot be used; the message is one line."""


class ResourceError(RuntimeError):
    """The computation would need more memory than it may use; the message is one line."""


def shown(value: Any) -> str:
    """`value` on one line, cut to a readable length."""
    try:
        text = value if isinstance(value, str) else repr(value)
    except Exception:  # an integer of too many digits, a value nested too deeply: a message must not fail
        text = f"a value of type {type(value).__name__}"
    text = " ".join(text.split())
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."


def fail(name: str, what: str, value: Any, advice: str = "") -> InputError:
    """The error that says: argument `name` must `what`, but is `value`. `advice`."""
    message = f"Argument `{name}` must {what}, but is {shown(value) or 'empty'}."
    return InputError(f"{message} {advice}".rstrip())


def must(condition: bool, name: str, what: str, value: Any, advice: str = "") -> None:
    """Raise InputError unless `condition` holds."""
    if not condition:
        raise fail(name, what, value, advice)


def real(name: str, value: Any, *, low: float | None = None, above: float | None = None, advice: str = "") -> float:
    """`value` as a float: a finite real number, >= `low`, > `above`."""
    bound = " and ".join(f"{sign} {end:g}" for sign, end in ((">=", low), (">", above)) if end is not None)
    what = f"be a finite number {bound}".rstrip()
    must(_is_real(value), name, what, _found(value), advice)
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise fail(name, what, value, advice) from None
    must(isfinite(number), name, what, value, advice)
    inside = (low is None or number >= low) and (above is None or number > above)
    must(inside, name, f"be {bound}", value, advice)
    return number


def moderate(name: str, value: Any, *, low: float | None = None, above: float | None = None, advice: str = "") -> float:
    """`value` as `real`, of a size up to LARGEST; what has a bound is a scale, and 0 or at least SMALLEST."""
    number = real(name, value, low=low, above=above, advice=advice)
    scale = low is not None or above is not None
    zero = "be 0, or " if above is None else ""
    what = f"{zero}lie between {SMALLEST:g} and {LARGEST:g}" if scale else f"be at most {LARGEST:g} in size"
    least = SMALLEST if scale else 0.0
    must(number == 0 or least <= abs(number) <= LARGEST, name, what, value, "Choose other units.")
    return number


def whole(name: str, value: Any, low: int, high: int, advice: str = "") -> int:
    """`value` as a whole number from `low` to `high`."""
    good = isinstance(value, Integral) and not isinstance(value, bool) and low <= int(value) <= high
    must(good, name, f"be a whole number from {low} to {high}", value, advice)
    return int(value)


def _found(value: Any) -> Any:
    """What to call a `value` that is no number: an array by its shape, not by its entries."""
    shape = getattr(value, "shape", None)
    return f"an array of shape {shape}" if isinstance(shape, tuple) and shape else value


def _is_real(value: Any) -> bool:
    """Whether `value` is a real number, or an array of one; True, False and text are none."""
    if isinstance(value, Real):
        return not isinstance(value, bool)
    return getattr(value, "ndim", None) == 0 and getattr(getattr(value, "dtype", None), "kind", "none") in "iuf"


def is_list(value: Any) -> bool:
    """Whether `value` is a list, a tuple or an array of at least one dimension; text is none."""
    if isinstance(value, Sequence):
        return not isinstance(value, (str, bytes))
    return bool(getattr(value, "ndim", 0))


def times(values: Any) -> tuple[float, ...]:
    """`values` as a tuple: at least one time, the first >= 0, strictly increasing."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable) or getattr(values, "ndim", 1) == 0:
        raise fail("times", "be a list of numbers", values)
    numbers = tuple(real("times", value) for value in values)
    must(len(numbers) > 0, "times", "hold at least one time", "empty")
    must(numbers[0] >= 0, "times", "be >= 0", numbers[0], "The initial state is that at time 0.")
    must(
        all(a < b for a, b in pairwise(numbers)),
        "times",
        "increase",
        list(numbers),
        "Sort them and drop repetitions.",
    )
    return numbers


def tolerance(value: Any) -> float:
    """A tolerance in trace norm that double precision can reach."""
    number = real("tol", value, above=0.0)
    must(number >= 1e-11, "tol", "be >= 1e-11", number, "Round-off in double precision allows no less.")
    must(number <= 0.1, "tol", "be <= 0.1", number, "It is the error allowed in trace norm, at most 2 in all.")
    return number


def needs(module: str, extra: str) -> Any:
    """The optional `module`; if it is not installed, an ImportError that says which extra brings it."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ImportError(f"{module} is not installed: pip install 'openweyl[{extra}]'.") from None
