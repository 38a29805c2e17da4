"""Pieces of HTML and MathML; whatever comes from outside is escaped here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from math import floor, isfinite, log2, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sympy

_NAMES = "alpha beta gamma delta epsilon eta theta kappa lambda mu nu xi rho sigma tau phi chi psi omega"
_GREEK = dict(zip(_NAMES.split(), "αβγδεηθκλμνξρστφχψω", strict=True))
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def letter(axis: str) -> str:
    """The paper's letter for an axis: t for time, γ for gamma, the name itself for what has no letter."""
    return "t" if axis == "time" else _GREEK.get(axis, axis)


def number(value: float, digits: int = 4) -> str:
    """`value` as people write it: 0.0358, 3.6 × 10⁻⁷, a dash where there is none."""
    if not isfinite(value):
        return "–" if value != value else "∞" if value > 0 else "−∞"  # noqa: PLR0124
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
    return f"<i>{escape(letter(axis))}</i>\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{coordinate(axis, value)}"


def with_error(value: float, error: float) -> str:
    """value ± error: the error with two digits, the value with as many places."""
    value, error = float(value), float(error)
    if not isfinite(value) or not isfinite(error) or error <= 0:
        return number(value)
    digits = _decade(value) - _decade(float(f"{error:.1e}")) + 2 if value else 1
    return f"{number(value, min(max(digits, 1), 9))} ± {number(error, 2)}"


def formula(expression: sympy.Expr) -> str:
    """`expression` in presentation MathML, in the letters of the page: i, e, a minus that is no hyphen."""
    from sympy.printing.mathml import mathml

    text = str(mathml(expression, printer="presentation"))
    text = text.replace("<mo>-</mo>", "<mo>−</mo>").replace("<mn>-", "<mn>−")
    text = text.replace("&ImaginaryI;", "i").replace("&ExponentialE;", "e")
    low_brackets = r"<mo>\(</mo>((?:(?!<mfrac|<mo>[()]).)*)<mo>\)</mo>"
    text = re.sub(low_brackets, r'<mo stretchy="false">(</mo>\1<mo stretchy="false">)</mo>', text)
    before_names = r"<mo>&InvisibleTimes;</mo>(?=<mrow><mi>[a-z]{2})"
    return re.sub(before_names, '<mspace width="0.17em"></mspace>', text)


def readable(text: str) -> str:
    """What `check` writes in plain letters, 12*x**2 <= gamma^-1/2, as HTML: 12 x² ≤ γ⁻¹ᐟ²."""
    text = escape(text, quote=False).replace("&lt;=", "≤").replace("&gt;=", "≥")
    text = re.sub(r"(?<=\w)_(\(\d+\)|[A-Za-z0-9]+)", r"<sub>\1</sub>", text)
    text = re.sub(r"(?:\*\*|\^)(?:\(([^()]*)\)|(-?\w+(?:/\d+)?))", r"<sup>\1\2</sup>", text)
    text = re.sub(r"(?<=[\w)>])\*(?=[\w(])", "\N{THIN SPACE}", text)
    text = re.sub(r"\b(x|xi)(\d)\b", r"\1<sub>\2</sub>", text)
    text = re.sub(rf"\b({'|'.join(_GREEK)})\b", lambda found: _GREEK[found[1]], text)
    return re.sub(r"(?<=[ >])-(?=[ \d])", "−", re.sub(r"\bl(?=<sub>)", "ℓ", text))


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
