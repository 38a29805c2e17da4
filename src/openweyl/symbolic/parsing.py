"""The parser: text becomes a SymPy expression by walking Python's syntax tree against a whitelist.

Numbers, names, + - * / ** and a few functions, all of moderate size; nothing from outside is ever evaluated as code.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Collection, Mapping
from typing import Any

import sympy

from openweyl._core.arguments import MAX_SCALE, MIN_SCALE, InputError, fail, moderate, must

MAX_TEXT, MAX_NODES, MAX_DEPTH, MAX_POWER, MAX_DIGITS = 2000, 1000, 20, 64, 40
"""Limits on what text may hold; they keep every input a matter of milliseconds."""
MAX_BITS = 512
"""The length of exact numbers: well inside the range of double precision."""


FUNCTIONS: dict[str, Any] = {
    "sin": sympy.sin,
    "cos": sympy.cos,
    "exp": sympy.exp,
    "log": sympy.log,
    "sqrt": sympy.sqrt,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "atan": sympy.atan,
    "erf": sympy.erf,
}
"""The functions that text may call. All are smooth where `smoothness.check_smooth` lets them stand."""

NUMPY_NUMBERS = {
    *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)),
    *(f"float{bits}" for bits in (16, 32, 64)),
}
"""NumPy's numbers as it prints them, np.float64(9.97), which are read as the digits that they hold."""

# Abs, as SymPy makes it of sqrt(x**2), is left to `smoothness.check_smooth`, which can say what is wrong.
_FORMS = {*FUNCTIONS.values(), sympy.Abs}
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)
_NOT_HERE = {"t": "This symbol cannot depend on time.", "I": "This symbol must be real."}
"""Names that some callers allow, and what to say where they do not."""


def parse(
    text: str,
    names: Mapping[str, sympy.Expr],
    name: str = "expression",
    *,
    constants: Collection[sympy.Symbol] = (),
) -> sympy.Expr:
    """The expression that `text` writes in the variables `names`, with + - * / **, pi and the functions above.

    `names`: symbols, and sympy.I, by what they are called; `name`: the argument's name in messages; `constants`: those
    of the symbols that stand for numbers, and may be exponents.
    Raises InputError for anything else, and for text that is too large.

    >>> x = sympy.Symbol("x", real=True)
    >>> print(parse("0.5*x**2 + I*x", {"x": x, "I": sympy.I}))
    x**2/2 + I*x
    """
    must(isinstance(text, str), name, "be text or a SymPy expression", text)
    must(bool(text.strip()), name, "hold an expression", "empty")
    must(len(text) <= MAX_TEXT, name, f"have at most {MAX_TEXT} characters", f"{len(text)} characters long")
    must("^" not in text, name, "write powers with **", text)
    must(not re.search(r"[^A-Za-z0-9_.,=+*/()\s-]", text), name, "hold letters, digits, . + - * / and ( ) only", text)
    must(_depth(text) <= MAX_DEPTH, name, f"nest at most {MAX_DEPTH} brackets deep", text)
    try:
        with warnings.catch_warnings():  # Python's own, on oddities such as 1or x
            warnings.simplefilter("ignore")
            tree = ast.parse(" ".join(text.split()), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise fail(name, "be a formula with balanced brackets", text) from None
    must(sum(1 for _ in ast.walk(tree)) <= MAX_NODES, name, f"have at most {MAX_NODES} parts", text)
    f = _Builder(names, name, text, frozenset(constants)).build(tree)
    check_form(f, name)
    return f


def check_form(f: sympy.Expr, name: str) -> None:
    """Raise InputError unless `f` is made of symbols, moderate numbers, sums, products, powers and known functions."""
    parts = [f]
    while parts:
        part = parts.pop()
        if part.is_number:
            _check_number(part, name)
        elif part.is_Pow and part.exp.is_Rational:
            must(abs(part.exp) <= MAX_POWER, name, f"have exponents of at most {MAX_POWER}", part)
            parts.append(part.base)
        elif part.is_Add or part.is_Mul or part.is_Pow or part.func in _FORMS:
            parts.extend(part.args)
        elif not part.is_Symbol:
            raise fail(name, "be a formula of the known functions", part, f"Known: {', '.join(FUNCTIONS)}.")


def _check_number(value: sympy.Expr, name: str) -> None:
    """Raise InputError unless double precision can hold `value`."""
    must(not value.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo), name, "be finite", value)
    if value.is_Rational:
        small = abs(value) < 10**60 and max(abs(value.p), value.q).bit_length() <= MAX_BITS
    else:
        try:
            small = abs(complex(value.evalf(15))) < 1e60
        except (TypeError, ValueError, OverflowError):
            raise fail(name, "hold numbers that have a value", value) from None
    must(small, name, "hold moderate numbers, below 1e60", value)


def parse_number(value: Any, name: str) -> float:
    """A number, or arithmetic in quotes such as "2**-4", as a float."""
    if isinstance(value, str):
        number = parse(value, {}, name)
        must(bool(number.is_real) and bool(number.is_finite), name, "be a finite real number", value)
        value = float(number)
    return moderate(name, value)


def _is_literal(node: ast.AST) -> bool:
    """Whether this is a number as written, perhaps with a sign."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant)


def _depth(text: str) -> int:
    deepest = depth = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return deepest


class _Builder:
    """Turns a whitelisted syntax tree into an expression, watching the size of numbers and powers."""

    def __init__(
        self, names: Mapping[str, sympy.Expr], name: str, text: str, constants: frozenset[sympy.Symbol]
    ) -> None:
        self.names, self.name, self.text, self.constants = names, name, text, constants

    def build(self, node: ast.AST) -> sympy.Expr:
        try:
            return self._build(node)
        except RecursionError:
            raise fail(self.name, f"nest at most {MAX_DEPTH} levels deep", self.text) from None

    def _build(self, node: ast.AST) -> sympy.Expr:
        match node:
            case ast.Constant(value=bool()):
                raise self._refuse("be a formula", self.text)
            case ast.Constant(value=int() | float() as number):
                return self._number(number)
            case ast.Constant(value=complex()):
                raise self._refuse("write the imaginary unit as I, if it may be complex", self.text)
            case ast.Name(id=identifier):
                return self._name(identifier)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._build(operand)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._build(operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return self._operate(type(op), self._build(left), self._build(right))
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="np" | "numpy"), attr=kind), args=[number], keywords=[]
            ) if kind in NUMPY_NUMBERS and _is_literal(number):
                return self._build(number)
            case ast.Attribute(value=ast.Name(id="np" | "numpy")):
                raise self._refuse("write numbers as digits", self.text, "In an f-string: {float(value)}.")
            case ast.Call(func=ast.Attribute() as attribute):
                return self._build(attribute)
            case ast.Call(func=ast.Name(id=identifier), args=[argument], keywords=[]) if identifier in FUNCTIONS:
                return self._finite(FUNCTIONS[identifier](self._build(argument)))
            case ast.Call(func=ast.Name(id=identifier)) if identifier in FUNCTIONS:
                raise self._refuse(f"give {identifier} one argument", self.text)
            case ast.Call(func=ast.Name(id=identifier)):
                raise self._refuse("call known functions only", identifier, f"Known: {', '.join(FUNCTIONS)}.")
        raise self._refuse("be a formula of numbers, names, + - * / ** and functions", self.text)

    def _number(self, value: float) -> sympy.Expr:
        digits = repr(value) if isinstance(value, float) or abs(value) < 10**MAX_DIGITS else "a longer one"
        must(len(digits) <= MAX_DIGITS and digits[-1].isdigit(), self.name, "hold moderate numbers", digits)
        what = f"hold numbers between {MIN_SCALE:g} and {MAX_SCALE:g}"
        must(value == 0 or MIN_SCALE <= abs(value) <= MAX_SCALE, self.name, what, digits)
        return sympy.Rational(digits)  # the digits as written: 0.1 is one tenth

    def _name(self, identifier: str) -> sympy.Expr:
        if identifier in self.names:
            return self.names[identifier]
        if identifier == "pi":
            return sympy.pi
        advice = f"Known: {', '.join([*self.names, 'pi'])}."
        if identifier in _NOT_HERE and self.names:
            advice = _NOT_HERE[identifier]
        if identifier in FUNCTIONS:
            advice = f"Functions need brackets, as in {identifier}(...)."
        raise self._refuse("use known names only", identifier, advice)

    def _operate(self, kind: type, left: sympy.Expr, right: sympy.Expr) -> sympy.Expr:
        if kind is ast.Add:
            return left + right
        if kind is ast.Sub:
            return left - right
        if kind is ast.Mult:
            return self._finite(left * right)
        if kind is ast.Div:
            must(right != 0, self.name, "not divide by zero", self.text)
            return self._finite(left / right)
        if right.free_symbols and right.free_symbols <= self.constants:
            return self._finite(left**right)
        must(bool(right.is_number) and bool(right.is_real), self.name, "have constant real exponents", right)
        must(abs(float(right)) <= MAX_POWER, self.name, f"have exponents of at most {MAX_POWER}", right)
        if left.is_number:
            size = abs(complex(left.evalf(15)))
            must(size <= 1e6 and (size >= 1e-6 or right > 0), self.name, "raise moderate numbers to powers", left)
        else:  # (x**64)**64 is x**4096
            powers = [e for _, e in (part.as_base_exp() for part in sympy.Mul.make_args(left)) if e.is_Rational]
            must(
                all(abs(e * right) <= MAX_POWER for e in powers),
                self.name,
                f"have exponents of at most {MAX_POWER}",
                self.text,
            )
        return self._finite(left**right)

    def _finite(self, value: sympy.Expr) -> sympy.Expr:
        """`value`, whose number (or numerical factor) is small enough to go on with."""
        _check_number(value if value.is_number else value.as_coeff_Mul()[0], self.name)
        return value

    def _refuse(self, what: str, value: str, advice: str = "") -> InputError:
        return fail(self.name, what, value, advice)
