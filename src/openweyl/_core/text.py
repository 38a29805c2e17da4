"""Results as text: aligned tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]], unknown: str = "not known") -> str:
    """Rows of numbers and words under their heads, aligned, six digits; a line below says what `unknown` ones are."""
    text = [list(heads)] + [[c if isinstance(c, str) else f"{c:.6g}" for c in row] for row in rows]
    widths = [max(len(row[j]) for row in text) for j in range(len(heads))]
    lines = ["  ".join(c.rjust(width) for c, width in zip(row, widths, strict=True)).rstrip() for row in text]
    return "\n".join([*lines, *([f"nan: {unknown}"] if any("nan" in row for row in text[1:]) else [])])
