"""What a formula may be made of: the functions, and the sizes of texts, numbers and powers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sympy

from openweyl._core.arguments import fail, must

from .sampled import Sampled
from .switches import SWITCHES

MAX_TEXT, MAX_NODES, MAX_DEPTH, MAX_POWER, MAX_DIGITS = 2000, 1000, 20, 64, 40
"""The most characters, parts, nested brackets, exponents and digits of text: any text within takes milliseconds."""
MAX_BITS = 512
"""The most bits of numerators and denominators, which keeps both well within the range of double precision."""

MAX_NAMES_SHOWN = 12
"""The most names that a message lists: a line of a terminal."""

FUNCTIONS: dict[str, Any] = {
    "sin": sympy.sin,
    "cos": sympy.cos,
    "exp": sympy.exp,
    "log": sympy.log,
    "sqrt": sympy.sqrt,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "atan": sympy.atan,
    "erf": sympy.erf,
}
"""The functions that text may call. All are smooth where `smoothness.check_smooth` accepts them."""

# Those of x and xi, such as the Abs that SymPy makes of sqrt(x**2), `smoothness.check_smooth` refuses.
_FORMS = {*FUNCTIONS.values(), *SWITCHES}


def listed(names: Iterable[str]) -> str:
    """Names for a message, without the middle ones of many."""
    known = list(names)
    few = known if len(known) <= MAX_NAMES_SHOWN else [*known[: MAX_NAMES_SHOWN - 3], "...", *known[-2:]]
    return ", ".join(few)


def check_form(f: sympy.Expr, name: str) -> None:
    """Raise InputError unless `f` is made of symbols, moderate numbers, sums, products, powers and known functions."""
    parts = [f]
    while parts:
        part = parts.pop()
        if part.is_number:
            check_number(part, name)
        elif part.is_Pow and part.exp.is_Rational:
            must(abs(part.exp) <= MAX_POWER, name, f"have exponents of at most {MAX_POWER}", part)
            parts.append(part.base)
        elif part.is_Add or part.is_Mul or part.is_Pow or part.func in _FORMS:
            parts.extend(part.args)
        elif not (part.is_Symbol or isinstance(part, Sampled)):
            raise fail(name, "be a formula of the known functions", part, f"Known: {', '.join(FUNCTIONS)}.")


def check_number(value: sympy.Expr, name: str) -> None:
    """Raise InputError unless double precision can hold `value`."""
    must(not value.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo), name, "be finite", value)
    if value.is_Rational:
        small = abs(value) < 10**60 and max(abs(value.p), value.q).bit_length() <= MAX_BITS
    else:
        try:
            small = abs(complex(value.evalf(15))) < 1e60
        except (TypeError, ValueError, OverflowError):
            raise fail(name, "hold numbers that have a value", value) from None
    must(small, name, "hold moderate numbers, below 1e60", value)
