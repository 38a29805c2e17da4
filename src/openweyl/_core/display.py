"""Results in a notebook: HTML as `Markup`, into which plain text is escaped by its type."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from .text import ROWS_SHOWN, cell, excerpt


def block(*parts: str) -> str:
    """The `parts`, text and HTML, below one another, as the result of a `_repr_html_`."""
    rows = [part if isinstance(part, Markup) else Markup("<p>{}</p>").format(part) for part in parts if part]
    return str(Markup("<div>{}</div>").format(Markup("").join(rows)))


def html_table(heads: Sequence[str], rows: Sequence[Sequence[Any]], most: int = ROWS_SHOWN) -> Markup:
    """Numbers and words under their heads, as `text.table` writes them, but at most `most` rows."""
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(h) for h in heads)
    body = [Markup("").join(Markup("<td>{}</td>").format(cell(c)) for c in row) for row in excerpt(rows, most)]
    lines = Markup("").join(Markup("<tr>{}</tr>").format(line) for line in [head, *body])
    return Markup("<table>{}</table>").format(lines)


def html_facts(facts: Sequence[tuple[str, Any]]) -> Markup:
    """A table of names and values, which are numbers, text or HTML."""
    row = Markup('<tr><th scope="row" style="text-align: left">{}</th><td style="text-align: left">{}</td></tr>')
    return Markup("<table>{}</table>").format(Markup("").join(row.format(name, cell(value)) for name, value in facts))


def html_picture(png: bytes, words: str) -> Markup:
    """A picture within the page, with `words` for readers who do not see it."""
    source = f"data:image/png;base64,{b64encode(png).decode()}"
    return Markup('<img src="{}" alt="{}">').format(source, words)
