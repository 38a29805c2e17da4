"""From syntax trees to expressions: each part against a whitelist, numbers within limits, sums written out."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TypeVar

import sympy

from openweyl._core.arguments import MAX_SCALE, MIN_SCALE, InputError, fail, must

from .forms import FUNCTIONS, MAX_DEPTH, MAX_DIGITS, MAX_POWER, check_number, listed
from .indexed_sums import EACH, SUM, Indices, check_sums
from .other_names import called_instead, named_instead
from .timed_calls import TIMED, timed_call

NUMPY_NUMBERS = {
    *(f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)),
    *(f"float{bits}" for bits in (16, 32, 64)),
}
"""NumPy's numbers as it prints them, np.float64(9.97), which are read as the digits that they hold."""

Built = TypeVar("Built")

_OPERATORS = (ast.Mult, ast.Div, ast.Pow)
_NOT_HERE = {"t": "This symbol cannot depend on time.", "I": "This symbol must be real."}
"""Names that some callers allow, with the advice for where they do not."""


class Builder:
    """Turns a whitelisted syntax tree into an expression, with limits on the size of numbers and powers."""

    def __init__(
        self,
        names: Mapping[str, sympy.Expr],
        name: str,
        text: str,
        constants: frozenset[sympy.Symbol],
        counts: Mapping[str, float],
    ) -> None:
        self.names, self.name, self.text, self.constants, self.counts = names, name, text, constants, counts
        self.indices = self._no_sum_yet()

    def build(self, tree: ast.expr) -> sympy.Expr:
        """The expression of a formula."""
        return self._checked(tree, lambda: self._build(tree))

    def build_each(self, tree: ast.expr) -> tuple[sympy.Expr, ...]:
        """The expressions of each(...), which may be nested; of anything else, its one expression."""
        return self._checked(tree, lambda: tuple(self._several(tree)))

    def _checked(self, tree: ast.expr, build: Callable[[], Built]) -> Built:
        check_sums(tree, self._no_sum_yet())
        try:
            return build()
        except RecursionError:
            raise fail(self.name, f"nest at most {MAX_DEPTH} levels deep", self.text) from None

    def _several(self, tree: ast.expr) -> Iterator[sympy.Expr]:
        if not (isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == EACH):
            yield self._build(tree)
            return
        for body in self.indices.over(tree):
            yield from self._several(body)

    def _no_sum_yet(self) -> Indices:
        return Indices(self.counts, {*self.names, *FUNCTIONS}, self.name, self.text)

    def _build(self, node: ast.expr) -> sympy.Expr:
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
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                return sympy.Add(*self._terms(node))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return self._operate(type(op), self._build(left), self._build(right))
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="np" | "numpy"), attr=kind), args=[number], keywords=[]
            ) if kind in NUMPY_NUMBERS and _is_literal(number):
                return self._build(number)
            case ast.Attribute(value=ast.Name(id="np" | "numpy")):
                raise self._refuse("write numbers as digits", self.text, "In an f-string: {float(value)}.")
            case ast.Call(func=ast.Attribute(attr="dag" | "dagger" | "conj" | "conjugate" | "adjoint")):
                raise self._refuse("write adjoints out", ast.unparse(node), "The adjoint of the operator a is ad.")
            case ast.Call(func=ast.Attribute() as attribute):
                return self._build(attribute)
            case ast.Call(func=ast.Name(id=identifier)) if identifier == SUM:
                return sympy.Add(*(self._build(body) for body in self.indices.over(node)))
            case ast.Call(func=ast.Name(id=identifier)) if identifier == EACH:
                raise self._refuse("have each(...) as a whole jump only, not inside a formula", self.text)
            case ast.Subscript():
                return self._variable(node)
            case ast.Call(func=ast.Name(id=identifier), args=[argument], keywords=[]) if identifier in FUNCTIONS:
                inner = self._build(argument)
                if identifier == "sqrt" and inner.is_number and inner.is_negative:  # a rate, by mistake: |i l| = |l|
                    advice = "Rates are not negative; the imaginary unit is called I."
                    raise self._refuse("have square roots of numbers >= 0 only", ast.unparse(node), advice)
                return self._finite(FUNCTIONS[identifier](inner))
            case ast.Call(func=ast.Name(id=identifier)) if identifier in FUNCTIONS:
                raise self._refuse(f"give {identifier} one argument", self.text)
            case ast.Call(func=ast.Name(id=identifier), keywords=[]) if identifier.lower() in TIMED:
                return timed_call(node, self._build, self.names, self.constants, self.name)
            case ast.Call(func=ast.Name(id=identifier)):
                known = f"Known: {', '.join([*FUNCTIONS, SUM])}{'; of t alone: ' * ('t' in self.names)}"
                known += f"{', '.join(TIMED) if 't' in self.names else ''}."
                advice = f"{called_instead(identifier)} {known}".lstrip()
                raise self._refuse("call known functions only", identifier, advice)
        raise self._refuse("be a formula of numbers, names, + - * / ** and functions", self.text)

    def _number(self, value: float) -> sympy.Expr:
        digits = repr(value) if isinstance(value, float) or abs(value) < 10**MAX_DIGITS else "a longer one"
        must(len(digits) <= MAX_DIGITS and digits[-1].isdigit(), self.name, "hold moderate numbers", digits)
        what = f"hold numbers between {MIN_SCALE:g} and {MAX_SCALE:g}"
        must(value == 0 or MIN_SCALE <= abs(value) <= MAX_SCALE, self.name, what, digits)
        return _rational(digits)

    def _name(self, identifier: str) -> sympy.Expr:
        if identifier in self.names:
            return self.names[identifier]
        if identifier in self.indices.bound:
            return sympy.Integer(int(self.indices.values[identifier]))
        if identifier == "pi":
            return sympy.pi
        advice = f"Known: {listed([*self.names, *sorted(self.indices.bound), 'pi'])}."
        if identifier in _NOT_HERE and self.names:
            advice = _NOT_HERE[identifier]
        if identifier == "I" and not self.names:
            advice = "This number is real: what is complex is written in formulas, as in I*b."
        if identifier in (*FUNCTIONS, *TIMED):
            advice = f"Functions need brackets, as in {identifier}(...)."
        meant = named_instead(identifier) if self.names else ""
        if self.name in ("hamiltonian", "jumps") and not meant and advice.startswith("Known"):
            meant = "Numbers by name are `parameters`, in files [parameters]."
        advice = f"{meant} {advice}".lstrip()
        raise self._refuse("use known names only", identifier, advice)

    def _variable(self, part: ast.Subscript) -> sympy.Expr:
        """x[2], which is x2; where x stands alone, x[1] is x."""
        variable = self.indices.variable(part)
        if variable in self.names:
            return self.names[variable]
        stem = ast.unparse(part.value)
        if variable == f"{stem}1" and stem in self.names:
            return self.names[stem]
        largest = sum(1 for known in self.names if re.fullmatch(rf"{stem}[1-9]\d*", known)) or int(stem in self.names)
        must(largest > 0, self.name, f"not use {stem} here", ast.unparse(part), named_instead(stem))
        raise self._refuse(f"have indices from 1 to {largest}", f"{stem}[{variable[len(stem) :]}]")

    def _terms(self, node: ast.expr) -> list[sympy.Expr]:
        """The terms of a + b - c + ..., to be added at once: one by one, that takes a time that grows as a square."""
        terms = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            right = self._build(node.right)
            terms.append(-right if isinstance(node.op, ast.Sub) else right)
            node = node.left
        return [self._build(node), *reversed(terms)]

    def _operate(self, kind: type, left: sympy.Expr, right: sympy.Expr) -> sympy.Expr:
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
        """`value`, after a check that its number (or numerical factor) is not too large."""
        check_number(value if value.is_number else value.as_coeff_Mul()[0], self.name)
        return value

    def _refuse(self, what: str, value: str, advice: str = "") -> InputError:
        return fail(self.name, what, value, advice)


@lru_cache(maxsize=256)
def _rational(digits: str) -> sympy.Rational:
    """The digits as written: 0.1 is one tenth."""
    return sympy.Rational(digits)


def _is_literal(node: ast.AST) -> bool:
    """Whether this is a number as written, perhaps with a sign."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant)
