"""Pieces of HTML and MathML; whatever comes from outside is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from importlib import resources
from math import floor, isfinite, log2, log10

import sympy

from openweyl.symbolic.sentences import Sign, parts_of

from . import mathml

ASSETS = resources.files("openweyl.report") / "assets"
UNKNOWN = "–"
"""What stands for a number that is not known."""
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def asset(file: str) -> str:
    """What is the same on all pages, from the folder beside this file."""
    return (ASSETS / file).read_text(encoding="utf-8")


def letters(axis: str) -> tuple[str, str]:
    """The paper's letter for an axis, and its index: t for time, γ for gamma, ω and c for omega_c."""
    stem, low, _ = mathml.indices("t" if axis == "time" else axis)
    return mathml.GREEK.get(stem, stem), mathml.GREEK.get(low, low)


def letter(axis: str) -> str:
    """An axis as HTML: <i>ω</i><sub>c</sub>."""
    stem, low = map(escape, letters(axis))
    return f"<i>{stem}</i>" + (f"<sub>{low}</sub>" if low else "")


def number(value: float, digits: int = 4) -> str:
    """`value` as people write it: 0.0358, 3.6 × 10⁻⁷, a dash where there is none."""
    if not isfinite(value):
        return UNKNOWN if value != value else "∞" if value > 0 else "−∞"  # noqa: PLR0124
    if value == 0:
        return "0"
    text = f"{value:.{digits}g}"
    if 1e-4 <= abs(float(text)) < 10**6:
        return (f"{float(text):.{max(digits - 1 - _decade(float(text)), 0)}f}").replace("-", "−")
    head, _, power = f"{value:.{digits - 1}e}".partition("e")
    return f"{head} × 10{raised(int(power))}".replace("-", "−")


def coordinate(axis: str, value: float) -> str:
    """A value on an axis: 0.3; of h, powers of two as such: 2⁻⁶."""
    if axis == "h" and 0 < value < 0.5 and log2(value) == round(log2(value)):
        return f"2{raised(round(log2(value)))}"
    return f"{value:.4g}".replace("-", "−")


def raised(power: int) -> str:
    """`power` in raised digits."""
    return str(power).translate(_SUPERSCRIPTS)


def _decade(value: float) -> int:
    return floor(log10(abs(value)))


def labelled(axis: str, value: float) -> str:
    """h = 2⁻⁶, as HTML."""
    return f"{letter(axis)}\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{coordinate(axis, value)}"


def with_error(value: float, error: float) -> str:
    """value ± error: the error with two digits, the value with as many places."""
    value, error = float(value), float(error)
    if not isfinite(value) or not isfinite(error) or error <= 0:
        return number(value)
    digits = _decade(value) - _decade(float(f"{error:.1e}")) + 2 if value else 1
    return f"{number(value, min(max(digits, 1), 9))} ± {number(error, 2)}"


def told(text: str) -> str:
    """A sentence as HTML; the formulas of a `Prose` as MathML."""
    signs = {Sign.IN: "∈", Sign.LE: "≤", Sign.GE: "≥", Sign.EQ: "="}
    found: list[str] = []
    run: list[str] = []
    for part in (*parts_of(text), ""):
        if isinstance(part, str):
            if run:
                set_ = mathml.row(*run)
                size = ' displaystyle="true"' if set_.count("<mfrac>") > 1 else ""  # fractions in fractions are tiny
                found.append(f"<math{size}>{set_}</math>")
                run = []
            found.append(escape(part, quote=False))
        elif isinstance(part, Sign):
            run.append(f"<mo>{signs[part]}</mo>")
        else:
            run.append(mathml.element(part) if isinstance(part, sympy.Basic) else mathml.number(part))
    return "".join(found)


def display(*parts: str) -> str:
    """One displayed formula of MathML parts."""
    return f'<math display="block"><mrow>{"".join(parts)}</mrow></math>'


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str, kind: str = "", unknown: str = "not known"
) -> str:
    """A table of ready HTML, inside a region that scrolls sideways by itself; the first cell of a row is its head.

    `unknown`: what a dash means, said below the table if it has one.
    """
    rows = list(rows)
    top = "".join(f'<th scope="col">{head}</th>' for head in heads)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>' for row in rows
    )
    dash = (
        f'<p class="note">{UNKNOWN}: {unknown}.</p>' if any(UNKNOWN in cell.split() for r in rows for cell in r) else ""
    )
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(plain(caption))}"><table class="{kind}">'
        f"<caption>{caption}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>{dash}"
    )


def plain(markup: str) -> str:
    """`markup` without its tags."""
    inside, kept = False, []
    for character in markup:
        inside = character == "<" or (inside and character != ">")
        if not inside and character != ">":
            kept.append(character)
    return "".join(kept)
