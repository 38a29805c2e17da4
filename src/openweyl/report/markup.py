"""Pieces of HTML and MathML; whatever comes from outside is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from math import floor, isfinite, log2, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sympy

SYMBOLS = {"h": "h", "gamma": "γ", "time": "t"}
"""The paper's letters for the axes."""
_NAMES = "alpha beta delta epsilon eta theta kappa lambda mu nu xi rho sigma tau phi chi psi omega"
_GREEK = dict(zip(_NAMES.split(), "αβδεηθκλμνξρστφχψω", strict=True))
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def letter(axis: str) -> str:
    """The symbol of an axis as text: γ for gamma, the name itself for what has no letter."""
    return SYMBOLS.get(axis) or _GREEK.get(axis, axis)


def number(value: float, digits: int = 4) -> str:
    """`value` as people write it: 0.0358, 3.6 × 10⁻⁷, a dash where there is none."""
    if not isfinite(value):
        return "–" if value != value else "∞" if value > 0 else "−∞"  # noqa: PLR0124
    if value == 0:
        return "0"
    text = f"{value:.{digits}g}"
    if 1e-4 <= abs(float(text)) < 10**6:
        return (f"{float(text):.{max(digits - 1 - _decade(value), 0)}f}").replace("-", "−")
    head, _, power = f"{value:.{digits - 1}e}".partition("e")
    return f"{head} × 10{raised(int(power))}".replace("-", "−")


def coordinate(value: float) -> str:
    """A value of a coordinate, powers of two as such: 2⁻⁶, 0.3."""
    if 0 < value < 0.5 and log2(value) == round(log2(value)):
        return f"2{raised(round(log2(value)))}"
    return f"{value:.4g}".replace("-", "−")


def raised(power: int) -> str:
    """`power` in raised digits."""
    return str(power).translate(_SUPERSCRIPTS)


def _decade(value: float) -> int:
    return floor(log10(abs(value)))


def labelled(axis: str, value: float) -> str:
    """h = 2⁻⁶, as HTML."""
    return f"<i>{escape(letter(axis))}</i>\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{coordinate(value)}"


def formula(expression: sympy.Expr) -> str:
    """`expression` in presentation MathML."""
    from sympy.printing.mathml import mathml

    return str(mathml(expression, printer="presentation"))


def display(*parts: str) -> str:
    """One displayed formula of MathML parts."""
    return f'<math display="block"><mrow>{"".join(parts)}</mrow></math>'


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str, kind: str = "") -> str:
    """A table of ready HTML, inside a region that scrolls sideways by itself; the first cell of a row is its head."""
    top = "".join(f'<th scope="col">{head}</th>' for head in heads)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>' for row in rows
    )
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(plain(caption))}"><table class="{kind}">'
        f"<caption>{caption}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def plain(markup: str) -> str:
    """`markup` without its tags."""
    inside, kept = False, []
    for character in markup:
        inside = character == "<" or (inside and character != ">")
        if not inside and character != ">":
            kept.append(character)
    return "".join(kept)
