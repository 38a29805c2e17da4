"""Symbols on phase space as SymPy expressions: a safe parser, array evaluation, brackets.

Text becomes an expression by walking Python's syntax tree against a whitelist; expressions become arrays by walking
the expression tree. Nothing from outside is ever evaluated as code.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Mapping
from functools import lru_cache, reduce
from importlib import import_module
from typing import Any

import sympy

from ._check import InputError, fail, must, real, shown
from ._fourier import Array

MAX_TEXT, MAX_NODES, MAX_DEPTH, MAX_POWER, MAX_DIGITS = 2000, 400, 60, 64, 40

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
"""The functions that text may call. All are smooth where `smooth.check_smooth` lets them stand."""

_OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}


def variables(n: int) -> tuple[tuple[sympy.Symbol, ...], tuple[sympy.Symbol, ...]]:
    """The symbols (x, xi) of n degrees of freedom: x, xi for n = 1, else x1 .. xn, xi1 .. xin; all real."""
    tails = [""] if n == 1 else [str(j + 1) for j in range(n)]
    return (
        tuple(sympy.Symbol("x" + tail, real=True) for tail in tails),
        tuple(sympy.Symbol("xi" + tail, real=True) for tail in tails),
    )


def parse(text: str, names: Mapping[str, sympy.Symbol], name: str = "expression") -> sympy.Expr:
    """The expression that `text` writes in the variables `names`, with + - * / **, pi and the functions above.

    `name`: the argument's name in messages. Raises InputError for anything else, and for text that is too large.
    """
    must(isinstance(text, str), name, "be text or a SymPy expression", text)
    must(bool(text.strip()), name, "hold an expression", "empty")
    must(len(text) <= MAX_TEXT, name, f"have at most {MAX_TEXT} characters", f"{len(text)} characters long")
    must(text.isascii() and "\0" not in text, name, "be plain text", text)
    must(_depth(text) <= MAX_DEPTH, name, f"nest at most {MAX_DEPTH} brackets deep", text)
    must("^" not in text, name, "write powers with **", text)
    try:
        tree = ast.parse(" ".join(text.split()), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise fail(name, "be a formula with balanced brackets", text) from None
    must(sum(1 for _ in ast.walk(tree)) <= MAX_NODES, name, f"have at most {MAX_NODES} parts", text)
    return _Builder(names, name, text).build(tree)


def parse_number(value: Any, name: str) -> float:
    """A number, or arithmetic in quotes such as "2**-4", as a float."""
    if isinstance(value, str):
        number = parse(value, {}, name)
        must(bool(number.is_real) and bool(number.is_finite), name, "be a finite real number", value)
        value = float(number)
    return real(name, value)


def _depth(text: str) -> int:
    deepest = depth = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return deepest


class _Builder:
    """Turns a whitelisted syntax tree into an expression, watching the size of numbers and powers."""

    def __init__(self, names: Mapping[str, sympy.Symbol], name: str, text: str) -> None:
        self.names, self.name, self.text = names, name, text

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
            case ast.Name(id=identifier):
                return self._name(identifier)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._build(operand)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._build(operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return self._operate(type(op), self._build(left), self._build(right))
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
        must(value == 0 or 1e-40 < abs(value) < 1e40, self.name, "hold numbers between 1e-40 and 1e40", digits)
        return sympy.Rational(digits)  # the digits as written: 0.1 is one tenth

    def _name(self, identifier: str) -> sympy.Expr:
        if identifier in self.names:
            return self.names[identifier]
        if identifier == "pi":
            return sympy.pi
        known = ", ".join([*self.names, "pi"])
        advice = f"Functions need brackets, as in {identifier}(...)." if identifier in FUNCTIONS else f"Known: {known}."
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
        must(bool(right.is_number) and bool(right.is_real), self.name, "have constant real exponents", right)
        must(abs(float(right)) <= MAX_POWER, self.name, f"have exponents of at most {MAX_POWER}", right)
        if left.is_number:
            size = abs(complex(left.evalf(15)))
            must(size <= 1e6 and (size >= 1e-6 or right > 0), self.name, "raise moderate numbers to powers", left)
        return self._finite(left**right)

    def _finite(self, value: sympy.Expr) -> sympy.Expr:
        if value.has(sympy.zoo, sympy.nan, sympy.oo, -sympy.oo):
            raise self._refuse("be finite", self.text)
        if value.is_number:
            must(abs(complex(value.evalf(15))) < 1e60, self.name, "hold numbers below 1e60", self.text)
        return value

    def _refuse(self, what: str, value: str, advice: str = "") -> InputError:
        return fail(self.name, what, value, advice)


@lru_cache(maxsize=512)
def derivative(f: sympy.Expr, v: sympy.Symbol) -> sympy.Expr:
    """df/dv; remembered, as every new grid asks again."""
    return f.diff(v)


@lru_cache(maxsize=512)
def _program(expr: sympy.Expr) -> tuple[tuple[str, Any, tuple[int, ...]], ...]:
    """`expr` as a list of operations (kind, what, places of the operands in the list), each part once."""
    places: dict[sympy.Expr, int] = {}
    code: list[tuple[str, Any, tuple[int, ...]]] = []

    def place(e: sympy.Expr) -> int:
        if e in places:
            return places[e]
        if e.is_number:
            step: tuple[str, Any, tuple[int, ...]] = ("number", float(e), ())
        elif e.is_Symbol:
            step = ("symbol", e, ())
        elif e.is_Add or e.is_Mul:
            step = ("add" if e.is_Add else "multiply", None, tuple(place(a) for a in e.args))
        elif e.is_Pow:
            step = ("power", e.exp, (place(e.base),))
        else:
            step = ("function", e.func, (place(e.args[0]),))
        code.append(step)
        places[e] = len(code) - 1
        return places[e]

    place(expr)
    return tuple(code)


def evaluate(expr: sympy.Expr, values: Mapping[sympy.Symbol, Array], xp: Any) -> Array:
    """The array of `expr` at `values`, with the functions of the namespace `xp`; scalars stay Python floats."""
    done: list[Array] = []
    for kind, what, operands in _program(expr):
        parts = [done[j] for j in operands]
        if kind == "number":
            done.append(what)
        elif kind == "symbol":
            done.append(values[what])
        elif kind == "power":
            done.append(_power(parts[0], what, xp))
        elif kind == "function":
            done.append(_function(what, xp)(parts[0]))
        else:
            combine = operator.add if kind == "add" else operator.mul
            done.append(reduce(combine, parts))
    return done[-1]


def _power(base: Array, exponent: sympy.Expr, xp: Any) -> Array:
    """Integer powers by repeated squaring: exact to round-off and many times faster than a general power."""
    if exponent == sympy.Rational(1, 2):
        return xp.sqrt(base)
    if exponent == sympy.Rational(-1, 2):
        return 1.0 / xp.sqrt(base)
    if not exponent.is_Integer:
        return xp.exp(float(exponent) * xp.log(base))
    power, result = abs(int(exponent)), 1.0
    while power:
        if power & 1:
            result = base if isinstance(result, float) else result * base
        power >>= 1
        if power:
            base = base * base
    return 1.0 / result if exponent < 0 else result


def _function(function: Any, xp: Any) -> Any:
    if function is sympy.erf:
        library = "jax.scipy.special" if xp.__name__.startswith("jax") else "scipy.special"
        return import_module(library).erf
    for name, known in FUNCTIONS.items():
        if function is known:
            return getattr(xp, "arctan" if name == "atan" and not hasattr(xp, "atan") else name)
    raise InputError(f"The function {shown(function.__name__)} has no array form; known: {', '.join(FUNCTIONS)}.")


def poisson(f: sympy.Expr, g: sympy.Expr, x: tuple[sympy.Symbol, ...], xi: tuple[sympy.Symbol, ...]) -> sympy.Expr:
    """{f, g} = sum_j f_{x_j} g_{xi_j} - f_{xi_j} g_{x_j}; the flow of p is dz/dt = {z, p}."""
    return sum((f.diff(a) * g.diff(b) - f.diff(b) * g.diff(a) for a, b in zip(x, xi, strict=True)), sympy.Integer(0))


def separate(
    p: sympy.Expr, x: tuple[sympy.Symbol, ...], xi: tuple[sympy.Symbol, ...]
) -> tuple[sympy.Expr, sympy.Expr] | None:
    """(T(xi), V(x)) with p = T + V, constants in V; None if p is not of that form."""
    for candidate in (p, sympy.expand(p)):
        kinetic = sympy.Add(*(term for term in sympy.Add.make_args(candidate) if term.has(*xi)))
        if not kinetic.has(*x):
            return kinetic, candidate - kinetic
    return None


def quadratic(
    f: sympy.Expr, v: tuple[sympy.Symbol, ...]
) -> tuple[tuple[tuple[float, ...], ...], tuple[float, ...]] | None:
    """(Hessian, gradient at 0) if f is a polynomial of degree <= 2 in `v`, else None."""
    if not f.is_polynomial(*v) or (f.has(*v) and sympy.Poly(f, *v).total_degree() > 2):
        return None
    zero = dict.fromkeys(v, 0)
    hessian = tuple(tuple(float(f.diff(a, b)) for b in v) for a in v)
    return hessian, tuple(float(f.diff(a).subs(zero)) for a in v)
