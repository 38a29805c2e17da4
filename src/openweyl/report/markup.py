"""Pieces of HTML and MathML as `Markup`; whatever is plain text is escaped when it is put into one, by its type.

A `Markup` is made from a literal alone: the linter refuses others (S704), but where a comment says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import resources
from math import floor, isfinite, log2, log10

import sympy
from markupsafe import Markup, escape

from openweyl.symbolic import mathml
from openweyl.symbolic.sentences import Sign, parts_of

ASSETS = resources.files("openweyl.report") / "assets"
UNKNOWN = "–"
"""What stands for a number that is not known."""
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def asset(file: str) -> Markup:
    """What is the same on all pages, from the folder beside this file."""
    return Markup((ASSETS / file).read_text(encoding="utf-8"))  # noqa: S704 - a file of the package


def letters(axis: str) -> tuple[str, str]:
    """The paper's letter for an axis, and its index: t for time, γ for gamma, ω and c for omega_c."""
    stem, low, _ = mathml.indices("t" if axis == "time" else axis)
    return mathml.GREEK.get(stem, stem), mathml.GREEK.get(low, low)


def letter(axis: str) -> Markup:
    """An axis as HTML: <i>ω</i><sub>c</sub>."""
    stem, low = letters(axis)
    return Markup("<i>{}</i><sub>{}</sub>").format(stem, low) if low else Markup("<i>{}</i>").format(stem)


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


def labelled(axis: str, value: float) -> Markup:
    """h = 2⁻⁶, as HTML."""
    return Markup("{}\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{}").format(letter(axis), coordinate(axis, value))


def described(axis: str, value: float) -> str:
    """h = 2⁻⁶, as plain text."""
    return f"{''.join(letters(axis))}\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{coordinate(axis, value)}"


def with_error(value: float, error: float) -> str:
    """value ± error: the error with two digits, the value with as many places."""
    value, error = float(value), float(error)
    if not isfinite(value) or not isfinite(error) or error <= 0:
        return number(value)
    digits = _decade(value) - _decade(float(f"{error:.1e}")) + 2 if value else 1
    return f"{number(value, min(max(digits, 1), 9))} ± {number(error, 2)}"


SIGNS = {Sign.IN: "∈", Sign.LE: "≤", Sign.GE: "≥", Sign.EQ: "="}


def told(text: str) -> Markup:
    """A sentence as HTML; the formulas of a `Prose` as MathML."""
    pieces: list[Markup] = []
    run: list[Markup] = []
    for part in (*parts_of(text), ""):
        if isinstance(part, str):
            if run:
                pieces.append(_formula(mathml.row(*run)))
                run = []
            pieces.append(escape(part))
        elif isinstance(part, Sign):
            run.append(mathml.mo(SIGNS[part]))
        else:
            run.append(mathml.element(part) if isinstance(part, sympy.Basic) else mathml.number(part))
    return Markup("").join(pieces)


def _formula(row: Markup) -> Markup:
    """A formula within a sentence; one with fractions in fractions in the size of displayed ones, or it is tiny."""
    if row.count("<mfrac>") > 1:
        return Markup('<math displaystyle="true">{}</math>').format(row)
    return Markup("<math>{}</math>").format(row)


def display(*parts: Markup) -> Markup:
    """One displayed formula of MathML parts."""
    return Markup('<math display="block">{}</math>').format(mathml.row(*parts))


def listed(items: Iterable[object]) -> Markup:
    """The items of a list."""
    return Markup("").join(Markup("<li>{}</li>").format(item) for item in items)


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], caption: str, kind: str = "", unknown: str = "not known"
) -> Markup:
    """A table inside a region that scrolls sideways by itself; the first cell of a row is its head.

    `unknown`: what a dash means, said below the table if it has one.
    """
    rows = list(rows)
    top = Markup("").join(Markup('<th scope="col">{}</th>').format(head) for head in heads)
    body = Markup("").join(_row(*row) for row in rows)
    made = Markup(
        '<div class="scroll" role="region" tabindex="0" aria-label="{}"><table class="{}"><caption>{}</caption>'
        "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>"
    ).format(escape(caption).striptags(), kind, caption, top, body)
    if any(UNKNOWN in cell.split() for row in rows for cell in row):
        made += Markup('<p class="note">{}: {}.</p>').format(UNKNOWN, unknown)
    return made


def _row(head: str, *cells: str) -> Markup:
    inner = Markup("").join(Markup("<td>{}</td>").format(cell) for cell in cells)
    return Markup('<tr><th scope="row">{}</th>{}</tr>').format(head, inner)
