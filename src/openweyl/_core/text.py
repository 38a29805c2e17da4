"""Results as text: numbers, aligned tables, and text cut to fit on a screen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

ROWS_SHOWN = 8
"""The most rows of a table in a `repr`, or in a notebook: with its heads they fit on a screen below the input."""
CHARACTERS_SHOWN = 200
"""The most characters of a formula or a description in a `repr`: two lines of a terminal."""


def cell(value: Any) -> str:
    """A number with six digits; words as they are."""
    return value if isinstance(value, str) else f"{value:.6g}"


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]], unknown: str = "not known") -> str:
    """Rows of numbers and words under their heads, aligned, six digits; a line below says what `unknown` ones are."""
    text = [list(heads)] + [[cell(c) for c in row] for row in rows]
    widths = [max(len(row[j]) for row in text) for j in range(len(heads))]
    lines = ["  ".join(c.rjust(width) for c, width in zip(row, widths, strict=True)).rstrip() for row in text]
    return "\n".join([*lines, *([f"nan: {unknown}"] if any("nan" in row for row in text[1:]) else [])])


def excerpt(rows: Sequence[Sequence[Any]], most: int = ROWS_SHOWN) -> list[Sequence[Any]]:
    """At most `most` of the rows, the first and the last of them, with a row of dots for those left out.

    >>> excerpt([[k] for k in range(9)], 4)
    [[0], [1], ['...'], [8]]
    """
    if len(rows) <= most:
        return list(rows)
    last = (most - 1) // 2
    return [*rows[: most - 1 - last], ["..."] * len(rows[0]), *rows[len(rows) - last :]]


def cut(text: str, most: int = CHARACTERS_SHOWN) -> str:
    """`text` in one line of at most `most` characters.

    >>> cut("1 + x + x**2", 8)
    '1 + x...'
    """
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 3] + "..."
