"""Lists and ranges of numbers, as the command line writes them."""

from __future__ import annotations

import re
from math import isclose, log

import numpy as np

from openweyl._core.arguments import must
from openweyl.symbolic.parsing import parse_number


def parse_values(text: str, name: str) -> list[float]:
    """The numbers of a list a,b,c whose parts may be ranges: 2^-4:2^-10, of powers, or lower:upper:count.

    A range of powers takes every whole power between its ends, both included: downward for h, upward for all else;
    the other kind is evenly spaced.

    >>> parse_values("2^-1:2^-3", "h"), parse_values("0:1:3, 5", "times")
    ([0.5, 0.25, 0.125], [0.0, 0.5, 1.0, 5.0])
    """
    values: list[float] = []
    for part in text.replace("^", "**").split(","):
        numbers = [parse_number(end, name) for end in part.split(":")]
        must(len(numbers) <= 3, name, "be a number, a range of powers, or lower:upper:count", part)
        if len(numbers) == 1:
            values += numbers
        elif len(numbers) == 2:
            values += _powers(part, numbers[0], numbers[1], name)
        else:
            lower, upper, count = numbers
            must(count in range(2, 10_001), name, "have a count from 2 to 10000", part)
            must(lower < upper, name, "have lower < upper", part, "Exchange the ends of the range.")
            evenly = np.linspace(lower, upper, int(count))
            values += [float(f"{value:.12g}") for value in evenly]  # 0.9, as it would be typed
    return values


def _powers(part: str, first: float, last: float, name: str) -> list[float]:
    """All powers between both ends, of the number that the first end is written as a power of, or else of 2."""
    written = re.match(r"\s*(\d+)\s*\*\*", part)
    base = int(written[1]) if written else 2
    counted = f"Evenly spaced numbers are lower:upper:count, as in {part.strip()}:11."
    must(base > 1 and first > 0 and last > 0, name, "be a range of powers of one number > 1", part, counted)
    ends = [log(end) / log(base) for end in (first, last)]
    start, stop = map(round, ends)
    exact = all(isclose(a, b, abs_tol=1e-9) for a, b in zip(ends, (start, stop), strict=True))
    must(exact, name, f"be a range between whole powers of {base}", part, f"Others are lists a,b,c. {counted}")
    way, step = ("downward", -1) if name == "h" else ("upward", 1)
    must(step * start < step * stop, name, f"go {way}", part, "Exchange the ends of the range.")
    return [float(base) ** k for k in range(start, stop + step, step)]
