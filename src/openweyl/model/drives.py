"""Drives by their samples: functions of the time that formulas call by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

import sympy

from openweyl._core.arguments import fail, must
from openweyl._core.calls import public
from openweyl.symbolic.expressions import TIME
from openweyl.symbolic.forms import FUNCTIONS
from openweyl.symbolic.indexed_sums import EACH, SUM
from openweyl.symbolic.sampled import Sampled, sampled
from openweyl.symbolic.timed_calls import TIMED

Drives: TypeAlias = Mapping[str, Any]
"""Names, and pairs (times, values) or expressions of `interp`."""

NAME = re.compile("[A-Za-z][A-Za-z0-9_]{0,19}")
"""A name as long as fits into a chart's label."""
TAKEN = re.compile("(x|xi|a|ad)[0-9]*|t|I|pi|h|" + "|".join([*FUNCTIONS, *TIMED, SUM, EACH]))
"""The names that mean something else in a formula."""


@public
def interp(times: Any, values: Any, *, kind: str = "linear") -> sympy.Expr:
    """f(t) = f_k + (f_{k+1} - f_k) (t - t_k)/(t_{k+1} - t_k) between samples: an expression for Hamiltonians.

    `times`, `values`: lists or arrays of one length, at least 2, times increasing. `kind`: "linear", or "cubic" for the
    spline that SciPy's `CubicSpline` makes. A run is refused if it goes on beyond the samples, which have to begin at
    t <= 0.

    >>> import sympy
    >>> from openweyl import System
    >>> x, xi = sympy.symbols("x xi")
    >>> print(System(xi**2/2 + x*interp([0, 1, 2], [0, 1, 0]), h=0.1))
    p = x*interp(t, [0.0, 1.0, 2.0], [0.0, 1.0, 0.0]) + xi**2/2, jumps none; h = 0.1, gamma = 0

    Raises InputError for samples that are not finite numbers, not sorted, or fewer than two.
    """
    return sampled(TIME, times, values, kind, name="times and values")


def drives_of(drives: Any, names: Mapping[str, Any]) -> dict[str, sympy.Expr]:
    """The expression of each drive by its name; `names`: those that are taken."""
    must(drives is None or isinstance(drives, Mapping), "drives", "be a table of names and samples", drives)
    found = {}
    for name, value in (drives or {}).items():
        free = isinstance(name, str) and NAME.fullmatch(name) and not TAKEN.fullmatch(name) and name not in names
        must(bool(free), "drives", "have names of at most 20 letters and digits that mean nothing else", name)
        path = f"drives.{name}"
        if isinstance(value, Sampled):
            found[name] = sampled_as(value, name)
        elif isinstance(value, (list, tuple)) and len(value) == 2:
            found[name] = sampled(TIME, value[0], value[1], label=name, name=path)
        else:
            raise fail(path, "be a pair (times, values), or what `interp` makes", value)
    return found


def sampled_as(drive: Sampled, label: str) -> sympy.Expr:
    """The same, shown by its name."""
    samples = drive.args[1]
    return Sampled(TIME, type(samples)(samples.knots, samples.coefficients, label))
