"""Checks of arguments, whose messages have one form: the condition, the value, and what to do.

Argument `gamma` must be >= 0, but is -1. gamma = 0 is a closed system.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from importlib import import_module
from itertools import islice, pairwise
from math import isfinite, isnan
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, TypeAlias

MAX_SHOWN_CHARACTERS = 80
"""The most characters of a value that a message shows: the message stays within two lines of a terminal."""
MAX_READ_CHARACTERS = 1000
"""Characters of a value that are looked at for that: a text may have millions, most of them white space."""
MIN_SCALE, MAX_SCALE = 1e-40, 1e40
"""The sizes between which h, gamma and the like lie, if not 0, and the largest of coordinates and parameters: squares
and products of a few of them neither overflow nor underflow."""
MAX_PATH_CHARACTERS = 1000
"""The most characters of a path; operating systems allow a few thousand."""
MAX_TIMES = 100_000
"""The most times of one run: a symbol is kept for each of them."""
LEAST_TOLERANCE, DEFAULT_TOLERANCE, MAX_TOLERANCE = 1e-11, 1e-6, 0.1
"""The tolerances of runs, in trace norm: the round-off of a long run is not far below the least one, and the largest is
a twentieth of the distance of two orthogonal states. The default leaves six digits of what observables tell."""


class InputError(ValueError):
    """Something that the user gave cannot be used; the message is one line."""

    __module__ = "openweyl"  # the name in tracebacks; classes with examples keep their module, where doctest looks


Limit: TypeAlias = Literal["memory", "time", "precision"]
"""The resource that a computation runs out of: bytes, operations, or the digits of double precision."""


class ResourceError(RuntimeError):
    """The computation would need more memory, time or digits than it may use; the message is one line.

    `kind`: which of them, see `Limit`. After "memory" another try may succeed, where computations share the machine.
    """

    __module__ = "openweyl"

    def __init__(self, message: str, *, kind: Limit = "memory") -> None:
        super().__init__(message)
        self.kind: Limit = kind


def shown(value: Any) -> str:
    """`value` on one line, cut to a readable length."""
    try:
        value = _described(value)
        text = value if isinstance(value, str) else repr(value)
    except Exception:  # an integer of too many digits, a value nested too deeply: a message must not fail
        text = f"a value of type {type(value).__name__}"
    text = text.strip()
    start = text[:MAX_READ_CHARACTERS]
    line = "".join(c if c.isprintable() else "?" for c in " ".join(start.split()))
    whole = len(start) == len(text) and len(line) <= MAX_SHOWN_CHARACTERS
    return line if whole else line[: MAX_SHOWN_CHARACTERS - 3] + "..."


def fail(name: str, what: str, value: Any, advice: str = "") -> InputError:
    """The error that says: argument `name` must `what`, but is `value`. `advice`."""
    message = f"Argument `{name}` must {what}, but is {shown(value) or 'empty'}."
    return InputError(f"{message} {advice}".rstrip())


def must(condition: bool, name: str, what: str, value: Any, advice: str = "") -> None:
    """Raise InputError unless `condition` holds."""
    if not condition:
        raise fail(name, what, value, advice)


def real(
    name: str,
    value: Any,
    *,
    low: float | None = None,
    above: float | None = None,
    advice: str = "",
    endless: bool = False,
) -> float:
    """`value` as a float: a finite real number, >= `low`, > `above`. `endless`: infinity is allowed."""
    bound = " and ".join(f"{sign} {end:g}" for sign, end in ((">=", low), (">", above)) if end is not None)
    what = f"be a {'finite ' * (not endless)}number {bound}".rstrip()
    must(_is_real(value), name, what, value, advice)
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise fail(name, what, value, advice) from None
    must(isfinite(number) or (endless and not isnan(number)), name, what, value, advice)
    inside = (low is None or number >= low) and (above is None or number > above)
    must(inside, name, f"be {bound}", value, advice)
    return number


def moderate(name: str, value: Any, *, low: float | None = None, above: float | None = None, advice: str = "") -> float:
    """`value` as `real`, at most MAX_SCALE in size. A number with a bound is a scale: 0, or at least MIN_SCALE."""
    number = real(name, value, low=low, above=above, advice=advice)
    scale = low is not None or above is not None
    zero = "be 0, or " if above is None else ""
    what = f"{zero}lie between {MIN_SCALE:g} and {MAX_SCALE:g}" if scale else f"be at most {MAX_SCALE:g} in size"
    least = MIN_SCALE if scale else 0.0
    must(number == 0 or least <= abs(number) <= MAX_SCALE, name, what, value, "Choose other units.")
    return number


def whole(name: str, value: Any, low: int, high: int, advice: str = "") -> int:
    """`value` as a whole number from `low` to `high`."""
    good = isinstance(value, Integral) and not isinstance(value, bool) and low <= int(value) <= high
    must(good, name, f"be a whole number from {low} to {high}", value, advice)
    return int(value)


def position(value: Any, size: int) -> int:
    """`value` as the index of one of `size` times; the last is -1, as in a list."""
    good = isinstance(value, Integral) and not isinstance(value, bool)
    must(good, "index", "be a whole number", value)
    if not -size <= int(value) < size:
        many = f"There are {size} times." if size > 1 else "There is one time."
        raise IndexError(f"Argument `index` must lie between {-size} and {size - 1}, but is {shown(value)}. {many}")
    return int(value)


def flag(name: str, value: Any) -> bool:
    """`value` as True or False; NumPy's are taken, too."""
    must(isinstance(value, bool) or _dtype(value) == "b", name, "be True or False", value)
    return bool(value)


def choice(name: str, value: Any, among: Sequence[str]) -> str:
    """`value`, one of these words."""
    must(isinstance(value, str) and value in among, name, f"be {' or '.join(map(repr, among))}", value)
    return str(value)


def function(name: str, value: Any) -> None:
    """Raise InputError unless `value` is None or something that can be called."""
    must(value is None or callable(value), name, "be a function", value)


def check_path(name: str, value: Any, what: str) -> Path:
    """`value`, text or a path, as a path that a system may be asked for."""
    must(isinstance(value, (str, Path)), name, what, value)
    good = bool(str(value).strip()) and str(value).isprintable() and len(str(value)) <= MAX_PATH_CHARACTERS
    must(good, name, what, str(value))
    return Path(value)


def numbers_of(name: str, values: Any, what: str = "be a list of numbers", most: int = MAX_TIMES) -> list[Any]:
    """The items of `values`, a list or anything else that has an order: not text, a table or a set. At most `most`."""
    unordered = isinstance(values, (str, bytes, bytearray, memoryview, Mapping, Set))
    if unordered or not isinstance(values, Iterable) or getattr(values, "ndim", 1) == 0:
        raise fail(name, what, values)
    try:
        items = list(islice(values, most + 1))
    except TypeError:  # a class that is iterable by name only
        raise fail(name, what, values) from None
    must(len(items) <= most, name, f"hold at most {most} numbers", "longer")
    return items


def _described(value: Any) -> Any:
    """An array by its shape, not by its entries; any other `value` as it is."""
    shape = getattr(value, "shape", None)
    array = isinstance(shape, tuple) and shape and hasattr(value, "dtype")
    return f"an array of shape {shape}" if array else value


def _dtype(value: Any) -> str:
    """The kind of number, in NumPy's letters, of an array without dimensions; "" for all else."""
    return getattr(getattr(value, "dtype", None), "kind", "") if getattr(value, "ndim", None) == 0 else ""


def _is_real(value: Any) -> bool:
    """Whether `value` is a real number, or an array of one; True, False and text are none."""
    if isinstance(value, Real):
        return not isinstance(value, bool)
    return _dtype(value) in ("i", "u", "f")


def as_state(value: Any) -> str:
    """What to write where a state or a symbol is asked for, and `value` is something else that people hold for one."""
    if type(value).__module__.startswith("qutip"):
        return "from_qutip(state, h) takes those of QuTiP."
    if hasattr(value, "final") and hasattr(value, "times"):
        return "Take one of its symbols, such as solution.final."
    if getattr(value, "ndim", 0) in (1, 2):
        return "from_fock(array, h) takes kets and density matrices."
    if hasattr(value, "symbol") and hasattr(value, "grid"):
        return "state.symbol(w.grid) is that of a state on the grid of w."
    return "The vacuum is coherent(alpha=0)." if isinstance(value, str) and value in ("vacuum", "ground", "0") else ""


def is_list(value: Any) -> bool:
    """Whether `value` is a list, a tuple or an array of at least one dimension; text is none."""
    if isinstance(value, Sequence):
        return not isinstance(value, (str, bytes))
    return bool(getattr(value, "ndim", 0))


def times(values: Any) -> tuple[float, ...]:
    """`values` as a tuple: at least one time, the first >= 0, strictly increasing."""
    numbers = tuple(real("times", value) for value in numbers_of("times", values))
    must(len(numbers) > 0, "times", "hold at least one time", "empty")
    must(numbers[0] >= 0, "times", "be >= 0", numbers[0], "The initial state is that at time 0.")
    increasing = all(a < b for a, b in pairwise(numbers))
    must(increasing, "times", "increase", list(numbers), "Sort them and drop repetitions.")
    return numbers


def tolerance(value: Any) -> float:
    """A tolerance in trace norm that double precision can reach."""
    number = real("tol", value, above=0.0)
    low, high = LEAST_TOLERANCE, MAX_TOLERANCE
    must(number >= low, "tol", f"be >= {low:g}", number, "Round-off in double precision allows no less.")
    must(number <= high, "tol", f"be <= {high:g}", number, "It is the error allowed in trace norm, at most 2 in all.")
    return number


def needs(module: str, extra: str) -> Any:
    """The optional `module`. Raises ImportError, with the extra that installs it, if it is missing."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        raise ImportError(f"{module} is not installed: pip install 'openweyl[{extra}]'.") from None
