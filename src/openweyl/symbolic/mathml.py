"""Formulas as presentation MathML, made by walking the expression; browsers show it without anything from a network.

    3*x**2/10  ->  <mfrac><mrow><mn>3</mn>...<msup><mi>x</mi><mn>2</mn></msup></mrow><mn>10</mn></mfrac>

Each function returns one element as `Markup`, into which plain text is escaped by its type.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import sympy
from markupsafe import Markup

from .sampled import Sampled

NAMES = "alpha beta gamma delta epsilon eta theta kappa lambda mu nu xi rho sigma tau phi chi psi omega"
GREEK = dict(zip(NAMES.split(), "αβγδεηθκλμνξρστφχψω", strict=True))
MAX_DENOMINATOR = 100
"""The largest denominator of a number that is written as a fraction: 807/1000 is written as a user types it, 0.807."""
TIMES, APPLY = Markup("<mo>\u2062</mo>"), Markup("<mo>\u2061</mo>")
"""Invisible signs, of a product and of a function's application."""
THIN_SPACE = Markup('<mspace width="0.17em"></mspace>')
UPRIGHT = Markup('<mi mathvariant="normal">{}</mi>')
SLASH = Markup('<mo lspace="0" rspace="0">/</mo>')
MINUS = Markup("<mo>−</mo>")
"""A sign, not a hyphen."""
_INVERSE = {sympy.atan: "arctan"}


def math(expression: sympy.Basic) -> Markup:
    """`expression` as a formula of its own, within a line."""
    return Markup("<math>{}</math>").format(element(expression))


def element(expression: sympy.Basic) -> Markup:
    """`expression` as one element."""
    if expression.is_Add:
        return _sum(expression)
    if expression.is_Mul or (expression.is_Number and not expression.is_Integer) or _negative(expression):
        negative, size = _product(expression)
        return row(MINUS, size) if negative else size
    if expression.is_Integer:
        return mn(str(expression))
    if expression.is_Symbol:
        return name(str(expression))
    if expression.is_Pow:
        return _power(*expression.args)
    constant = {sympy.I: "i", sympy.E: "e", sympy.pi: "π"}.get(expression)
    if constant:
        return UPRIGHT.format(constant)
    if expression.func is sympy.exp:
        return _superscript(UPRIGHT.format("e"), element(expression.args[0]))
    if isinstance(expression, Sampled):
        label = expression.args[1].label
        return (
            name(label)
            if label.isalnum()
            else row(UPRIGHT.format("interp"), APPLY, fixed_mo("("), name("t"), fixed_mo(")"))
        )
    if expression.func is sympy.Heaviside:
        return row(UPRIGHT.format("θ"), APPLY, bracketed(expression.args[0]))
    if expression.func is sympy.Abs:
        return row(mo("|"), element(expression.args[0]), mo("|"))
    return row(_function(expression), APPLY, *map(bracketed, expression.args))


def name(text: str) -> Markup:
    """A name: x1, omega_c, S_rho^L1 with their indices; Greek letters as such."""
    if text.startswith("<"):  # <z>, the paper's bracket
        return row(mo("⟨"), _letter(text.strip("<>")), mo("⟩"))
    stem, low, high = indices(text)
    if not low:
        return _letter(stem)
    base = _letter("ℓ" if stem == "l" else stem)
    lower = mn(low) if low.isdigit() else _letter(low)
    if high:
        return Markup("<msubsup>{}{}{}</msubsup>").format(base, lower, _letter(high))
    return Markup("<msub>{}{}</msub>").format(base, lower)


def indices(text: str) -> tuple[str, str, str]:
    """The stem, the lower and the upper index of a name: omega_c has c, x12 has 12."""
    stem, _, rest = text.partition("_")
    low, _, high = rest.partition("^")
    digits = re.fullmatch(r"([A-Za-z]+)(\d+)", stem)
    if digits and not low:
        stem, low = digits.groups()
    return (stem, low, high) if stem and (low or "_" not in text) else (text, "", "")


def number(value: float, digits: int = 4) -> Markup:
    """A floating-point number, as 3.6 × 10⁻⁷."""
    head, _, power = f"{abs(value):.{digits}g}".partition("e")
    size = mn(head)
    if power:
        exponent = row(*([MINUS] if int(power) < 0 else []), mn(str(abs(int(power)))))
        size = row(size, mo("×"), _superscript(mn("10"), exponent))
    return row(MINUS, size) if value < 0 else size


def row(*parts: str) -> Markup:
    """Elements side by side."""
    return Markup("<mrow>{}</mrow>").format(Markup("").join(parts))


def mn(text: str) -> Markup:
    """A number without a sign."""
    return Markup("<mn>{}</mn>").format(text)


def mo(text: str) -> Markup:
    """A sign or a bracket."""
    return Markup("<mo>{}</mo>").format(text)


def fixed_mo(text: str) -> Markup:
    """A bracket that does not grow with what it encloses."""
    return Markup('<mo stretchy="false">{}</mo>').format(text)


def bracketed(expression: sympy.Basic) -> Markup:
    """In round brackets, which grow with a fraction and with nothing else."""
    inside = element(expression)
    bracket = mo if "<mfrac" in inside else fixed_mo
    return row(bracket("("), inside, bracket(")"))


def _letter(text: str) -> Markup:
    return Markup("<mi>{}</mi>").format(GREEK.get(text, text))


def _function(expression: sympy.Basic) -> Markup:
    return Markup("<mi>{}</mi>").format(_INVERSE.get(expression.func, expression.func.__name__))


def _superscript(base: Markup, exponent: Markup) -> Markup:
    return Markup("<msup>{}{}</msup>").format(base, exponent)


def _fraction(above: Markup, below: Markup) -> Markup:
    return Markup("<mfrac>{}{}</mfrac>").format(above, below)


def _negative(expression: sympy.Basic) -> bool:
    """Whether it starts with a minus."""
    return bool(expression.is_Add is not True and expression.as_coeff_Mul()[0].is_negative)


def _sum(expression: sympy.Basic) -> Markup:
    """Terms with signs between them."""
    parts: list[Markup] = []
    for term in expression.as_ordered_terms():
        negative, size = _product(term) if term.is_Mul or term.is_Number else (False, element(term))
        if parts or negative:
            parts.append(MINUS if negative else mo("+"))
        parts.append(size)
    return row(*parts)


def _product(expression: sympy.Basic) -> tuple[bool, Markup]:
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
    return bool(coefficient.is_negative), _fraction(top, _factors(under, below)) if below or under else top


def _coefficient(size: sympy.Basic) -> tuple[Markup, Markup]:
    """A positive number as the parts above and below the line of a fraction: empty for 1."""
    if not size.is_Rational:
        return number(float(size), 6), Markup("")
    if size.q <= MAX_DENOMINATOR or not _terminates(size.q):
        over, under = (mn(str(part)) if part != 1 else Markup("") for part in (size.p, size.q))
        return over, under
    places = next(k for k in range(1, 200) if 10**k % size.q == 0)
    if size < sympy.Rational(1, 10**4):
        return number(float(size), 6), Markup("")
    digits = str(size.p * (10**places // size.q)).rjust(places + 1, "0")
    return mn(f"{digits[:-places]}.{digits[-places:]}"), Markup("")


def _terminates(q: int) -> bool:
    """Whether numbers with the denominator `q` have finitely many decimals."""
    for prime in (2, 5):
        while q % prime == 0:
            q //= prime
    return q == 1


def _factors(first: Markup, factors: Sequence[sympy.Basic]) -> Markup:
    """A product without a fraction; `first`: its number, if any."""
    if not first and len(factors) == 1:
        return element(factors[0])
    parts = [first] if first else []
    before: sympy.Basic = sympy.S.One
    for factor in factors:
        shown = bracketed(factor) if factor.is_Add or _negative(factor) else element(factor)
        if parts:
            digit = factor.is_Number or (factor.is_Pow and factor.base.is_Number and factor.exp.is_Rational is not True)
            parts.append(mo("⋅") if digit else TIMES + (THIN_SPACE if _wordy(factor) or _wordy(before) else Markup("")))
        parts.append(shown)
        before = factor
    return row(*parts) if len(parts) > 1 else parts[0] if parts else mn("1")


def _wordy(factor: sympy.Basic) -> bool:
    """Whether it needs a space before it: the name of a function, or a name of several letters."""
    base = factor.base if factor.is_Pow else factor
    if base.is_Symbol:
        return len(indices(str(base))[0]) > 1 and indices(str(base))[0] not in GREEK
    return bool(base.is_Function and base.func not in (sympy.exp, sympy.Abs))


def _power(base: sympy.Basic, exponent: sympy.Basic) -> Markup:
    if _negative(exponent):
        inverse = base if exponent == -1 else sympy.Pow(base, -exponent, evaluate=False)
        return _fraction(mn("1"), element(inverse))
    if exponent.is_Rational and exponent.p == 1 and exponent.q > 1:
        if exponent.q == 2:
            return Markup("<msqrt>{}</msqrt>").format(element(base))
        return Markup("<mroot>{}{}</mroot>").format(element(base), mn(str(exponent.q)))
    if exponent.is_Rational and exponent.q > 1:
        power = row(mn(str(exponent.p)), SLASH, mn(str(exponent.q)))
    else:
        power = element(exponent)
    if exponent.is_Integer and base.is_Function and base.func not in (sympy.exp, sympy.Abs):
        return row(_superscript(_function(base), power), APPLY, bracketed(base.args[0]))
    atom = base.is_Symbol or (base.is_Integer and base >= 0) or base in (sympy.I, sympy.pi, sympy.E)
    return _superscript(element(base) if atom else bracketed(base), power)
