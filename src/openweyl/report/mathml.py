"""Formulas as presentation MathML, made by walking the expression; browsers show it without anything from a network.

    3*x**2/10  ->  <mfrac><mrow><mn>3</mn>...<msup><mi>x</mi><mn>2</mn></msup></mrow><mn>10</mn></mfrac>

Each function returns one element. Names and numbers are the only text, and are escaped where they enter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

import sympy

NAMES = "alpha beta gamma delta epsilon eta theta kappa lambda mu nu xi rho sigma tau phi chi psi omega"
GREEK = dict(zip(NAMES.split(), "αβγδεηθκλμνξρστφχψω", strict=True))
WIDEST = 100
"""The largest denominator of a number that is written as a fraction; 807/1000 is written as it was typed, 0.807."""
TIMES, APPLY, THIN = "<mo>\u2062</mo>", "<mo>\u2061</mo>", '<mspace width="0.17em"></mspace>'
_UPRIGHT = ' mathvariant="normal"'
_INVERSE = {sympy.atan: "arctan"}


def element(expression: sympy.Basic) -> str:
    """`expression` as one element."""
    if expression.is_Add:
        return _sum(expression)
    if expression.is_Mul or (expression.is_Number and not expression.is_Integer) or _negative(expression):
        negative, size = _product(expression)
        return row(minus(), size) if negative else size
    if expression.is_Integer:
        return mn(str(expression))
    if expression.is_Symbol:
        return name(str(expression))
    if expression.is_Pow:
        return _power(*expression.args)
    constant = {sympy.I: "i", sympy.E: "e", sympy.pi: "π"}.get(expression)
    if constant:
        return f"<mi{_UPRIGHT}>{constant}</mi>"
    if expression.func is sympy.exp:
        return f"<msup><mi{_UPRIGHT}>e</mi>{element(expression.args[0])}</msup>"
    if expression.func is sympy.Abs:
        return row("<mo>|</mo>", element(expression.args[0]), "<mo>|</mo>")
    return row(_function(expression), APPLY, *map(bracketed, expression.args))


def name(text: str) -> str:
    """A name: x1, omega_c, S_rho^L1 with their indices; Greek letters as such."""
    if text.startswith("<"):  # <z>, the paper's bracket
        return row("<mo>⟨</mo>", _letter(text.strip("<>")), "<mo>⟩</mo>")
    stem, low, high = indices(text)
    if not low:
        return _letter(stem)
    base = "<mi>ℓ</mi>" if stem == "l" else _letter(stem)
    lower = mn(low) if low.isdigit() else _letter(low)
    return f"<msubsup>{base}{lower}{_letter(high)}</msubsup>" if high else f"<msub>{base}{lower}</msub>"


def indices(text: str) -> tuple[str, str, str]:
    """The stem, the lower and the upper index of a name: omega_c has c, x12 has 12."""
    stem, _, rest = text.partition("_")
    low, _, high = rest.partition("^")
    digits = re.fullmatch(r"([A-Za-z]+)(\d+)", stem)
    if digits and not low:
        stem, low = digits.groups()
    return (stem, low, high) if stem and (low or "_" not in text) else (text, "", "")


def number(value: float, digits: int = 4) -> str:
    """A number that was computed, 3.6 × 10⁻⁷."""
    head, _, power = f"{abs(value):.{digits}g}".partition("e")
    size = mn(head)
    if power:
        exponent = (minus() if int(power) < 0 else "") + mn(str(abs(int(power))))
        size = row(size, "<mo>×</mo>", f"<msup><mn>10</mn>{row(exponent)}</msup>")
    return row(minus(), size) if value < 0 else size


def row(*parts: str) -> str:
    """Elements side by side."""
    return f"<mrow>{''.join(parts)}</mrow>"


def mn(text: str) -> str:
    """A number without a sign."""
    return f"<mn>{escape(text)}</mn>"


def minus() -> str:
    """A sign, not a hyphen."""
    return "<mo>−</mo>"


def bracketed(expression: sympy.Basic) -> str:
    """In round brackets, which grow with a fraction and with nothing else."""
    inside = element(expression)
    stretchy = "" if "<mfrac" in inside else ' stretchy="false"'
    return row(f"<mo{stretchy}>(</mo>", inside, f"<mo{stretchy}>)</mo>")


def _letter(text: str) -> str:
    return f"<mi>{escape(GREEK.get(text, text))}</mi>"


def _function(expression: sympy.Basic) -> str:
    return f"<mi>{escape(_INVERSE.get(expression.func, expression.func.__name__))}</mi>"


def _negative(expression: sympy.Basic) -> bool:
    """Whether it starts with a minus."""
    return bool(expression.is_Add is not True and expression.as_coeff_Mul()[0].is_negative)


def _sum(expression: sympy.Basic) -> str:
    """Terms with signs between them."""
    parts: list[str] = []
    for term in expression.as_ordered_terms():
        negative, size = _product(term) if term.is_Mul or term.is_Number else (False, element(term))
        if parts or negative:
            parts.append(minus() if negative else "<mo>+</mo>")
        parts.append(size)
    return row(*parts)


def _product(expression: sympy.Basic) -> tuple[bool, str]:
    """Whether it is negative, and the product without the sign, as a fraction if it has a denominator."""
    coefficient, rest = expression.as_coeff_Mul()
    size = abs(coefficient)
    above: list[sympy.Basic] = []
    below: list[sympy.Basic] = []
    for factor in sympy.Mul.make_args(rest):
        if factor.is_Pow and _negative(factor.exp) and factor.base.func is not sympy.exp:
            below.append(sympy.Pow(factor.base, -factor.exp, evaluate=factor.exp == -1))
        elif factor != 1:
            above.append(factor)
    over, under = _coefficient(size)
    top = _factors(over, above)
    return bool(coefficient.is_negative), f"<mfrac>{top}{_factors(under, below)}</mfrac>" if below or under else top


def _coefficient(size: sympy.Basic) -> tuple[str, str]:
    """A positive number as what it adds above and below the line of a fraction: nothing for 1."""
    if not size.is_Rational:
        return number(float(size), 6), ""
    if size.q <= WIDEST or not _terminates(size.q):
        over, under = (mn(str(part)) if part != 1 else "" for part in (size.p, size.q))
        return over, under
    places = next(k for k in range(1, 200) if 10**k % size.q == 0)
    if size < sympy.Rational(1, 10**4):
        return number(float(size), 6), ""
    digits = str(size.p * (10**places // size.q)).rjust(places + 1, "0")
    return mn(f"{digits[:-places]}.{digits[-places:]}"), ""


def _terminates(q: int) -> bool:
    """Whether numbers with the denominator `q` have an end as decimals."""
    for prime in (2, 5):
        while q % prime == 0:
            q //= prime
    return q == 1


def _factors(first: str, factors: Sequence[sympy.Basic]) -> str:
    """A product without a fraction; `first`: its number, if any."""
    if not first and len(factors) == 1:
        return element(factors[0])
    parts = [first] if first else []
    before: sympy.Basic = sympy.S.One
    for factor in factors:
        shown = bracketed(factor) if factor.is_Add or _negative(factor) else element(factor)
        if parts:
            digit = factor.is_Number or (factor.is_Pow and factor.base.is_Number and factor.exp.is_Rational is not True)
            parts.append("<mo>⋅</mo>" if digit else TIMES + (THIN if _wordy(factor) or _wordy(before) else ""))
        parts.append(shown)
        before = factor
    return row(*parts) if len(parts) > 1 else parts[0] if parts else mn("1")


def _wordy(factor: sympy.Basic) -> bool:
    """Whether it needs air before it: the name of a function, or a name of several letters."""
    base = factor.base if factor.is_Pow else factor
    if base.is_Symbol:
        return len(indices(str(base))[0]) > 1 and indices(str(base))[0] not in GREEK
    return bool(base.is_Function and base.func not in (sympy.exp, sympy.Abs))


def _power(base: sympy.Basic, exponent: sympy.Basic) -> str:
    if _negative(exponent):
        inverse = base if exponent == -1 else sympy.Pow(base, -exponent, evaluate=False)
        return f"<mfrac><mn>1</mn>{element(inverse)}</mfrac>"
    if exponent.is_Rational and exponent.p == 1 and exponent.q > 1:
        return (
            f"<msqrt>{element(base)}</msqrt>"
            if exponent.q == 2
            else f"<mroot>{element(base)}{mn(str(exponent.q))}</mroot>"
        )
    if exponent.is_Rational and exponent.q > 1:
        power = row(mn(str(exponent.p)), '<mo lspace="0" rspace="0">/</mo>', mn(str(exponent.q)))
    else:
        power = element(exponent)
    if exponent.is_Integer and base.is_Function and base.func not in (sympy.exp, sympy.Abs):
        return row(f"<msup>{_function(base)}{power}</msup>", APPLY, bracketed(base.args[0]))
    atom = base.is_Symbol or (base.is_Integer and base >= 0) or base in (sympy.I, sympy.pi, sympy.E)
    return f"<msup>{element(base) if atom else bracketed(base)}{power}</msup>"
