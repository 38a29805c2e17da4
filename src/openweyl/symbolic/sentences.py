"""Sentences with formulas in them, which keep the formulas as expressions.

    Prose("a second derivative, ", 12*x**2, ", is unbounded") == "a second derivative, 12*x**2, is unbounded"

A terminal prints the sentence as it is; a page sets each formula as mathematics, without parsing the text again.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

import sympy


class Sign(Enum):
    """A sign between two expressions; the value is its form in plain letters."""

    IN = "in"
    LE = "<="
    GE = ">="
    EQ = "="


Part: TypeAlias = str | float | Sign | sympy.Basic


class Prose(str):
    """A sentence in plain letters, with its parts: words, numbers, signs and expressions.

    `parts`: as given; a sentence among them is replaced by its own parts.
    """

    __slots__ = ("parts",)
    parts: tuple[Part, ...]

    def __new__(cls, *parts: Part) -> Prose:
        flat = tuple(inner for part in parts for inner in parts_of(part))
        made = super().__new__(cls, "".join(map(_plain, flat)))
        made.parts = flat
        return made

    def __getnewargs__(self) -> tuple[Part, ...]:  # type: ignore[override]
        return self.parts  # for copies and for other processes


def parts_of(part: Part) -> tuple[Part, ...]:
    """The parts of a sentence, or the part itself."""
    return part.parts if isinstance(part, Prose) else (part,)


def _plain(part: Part) -> str:
    if isinstance(part, Sign):
        return f" {part.value} "
    return f"{part:.4g}" if isinstance(part, float) else str(part)
