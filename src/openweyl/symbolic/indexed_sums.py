"""Sums over an index in the text of a formula, sum(j, 1, n, x[j]**2): their bounds, their indices, what they reach.

    sum(index, first, last, formula),       each(index, first, last, jump),       x[j + 1] is x2 at j = 1.

Bounds and indices are whole numbers, exact fractions on the way (n/2), made of numbers, the indices of the sums around
them and + - * /. What is here walks Python's syntax trees and knows nothing of SymPy.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from fractions import Fraction

from openweyl._core.arguments import InputError, fail, must

MAX_SUM_TERMS, MAX_PARTS = 6000, 100_000
"""The most terms of the sums of a formula, those of all pairs of 100 variables, and the most parts of it when they are
written out, products for each of these: they are read within a second or two."""
MAX_NUMBER = 10**9
"""The largest number in the arithmetic of bounds and indices, far above all that MAX_PARTS allows."""

SUM, EACH = "sum", "each"
INDEXED = ("x", "xi", "a", "ad")
"""The variables, and the operators, that may have an index."""

_INDEX_NAME = re.compile("[A-Za-z][A-Za-z0-9_]{0,19}")
_VARIABLE = re.compile("(x|xi)[0-9]*|t|I|pi")


class Indices:
    """The indices of the sums around a part of a formula, with their values there, and how much was written out.

    `values`: numbers that bounds and indices may call by name. `taken`: names that mean something already, so that no
    index has them. `name`, `text`: the argument, and what it is, in messages.
    """

    def __init__(self, values: Mapping[str, float], taken: Collection[str], name: str, text: str) -> None:
        self.values = {known: Fraction(repr(float(value))) for known, value in values.items()}  # as written: 0.1
        self.bound: set[str] = set()
        """The names of the indices of the sums around."""
        self.taken, self.name, self.text = {*taken, *values, SUM, EACH}, name, text
        self.parts = self.terms = 0

    def count(self) -> None:
        """Take note of a part written out; raises InputError where there are too many."""
        self.parts += 1
        self._check_size(self.parts)

    def over(self, call: ast.Call) -> Iterator[ast.expr]:
        """The formula of a sum, or the jump of an `each`, once for each value of its index, which is set meanwhile."""
        what = ast.unparse(call.func)
        form = f"be written {what}(j, 1, 10, ...), an index, two bounds and a formula, where it has {what}"
        must(len(call.args) == 4 and not call.keywords, self.name, form, self.text)
        index, span = self._index(call.args[0]), self._span(call)
        self.terms += len(span)
        many = f"have sums of at most {MAX_SUM_TERMS} terms in all"
        must(self.terms <= MAX_SUM_TERMS, self.name, many, f"{self._shown(call)}, of {self.terms}")
        self._check_size(self.parts + len(span) * sum(1 for _ in ast.walk(call.args[3])))
        self.bound.add(index)
        for value in span:
            self.values[index] = Fraction(value)
            yield call.args[3]
        self.bound.discard(index)
        self.values.pop(index, None)

    def variable(self, part: ast.Subscript) -> str:
        """The name of the variable that x[...] or xi[...] is: x2 for x[j + 1] at j = 1."""
        if not isinstance(part.value, ast.Name) or part.value.id not in INDEXED:
            raise fail(self.name, "have indices at x and xi only", ast.unparse(part))
        return f"{part.value.id}{self._whole(part.slice, 'have whole indices')}"

    def _index(self, node: ast.expr) -> str:
        """The name of an index."""
        index = node.id if isinstance(node, ast.Name) else ""
        free = _INDEX_NAME.fullmatch(index) and not _VARIABLE.fullmatch(index)
        what = "call the index of a sum by a name that means nothing else, such as j"
        advice = "Taken are x, xi, t, parameters, functions and the indices around it."
        good = bool(free) and index not in self.taken | self.bound
        must(good, self.name, what, ast.unparse(node), advice)
        return index

    def _span(self, call: ast.Call) -> range:
        """The values of the index. A sum of no terms is a slip where both bounds are numbers, not at 1 to n - 1."""
        first, last = (self._whole(node, "sum from and to whole numbers") for node in call.args[1:3])
        computed = any(not isinstance(node, ast.Constant) for node in call.args[1:3])
        least = first - 1 if computed else first
        if last < least:
            runs = f"It runs from {first} to {last}."
            raise fail(self.name, "sum upwards, over at least one term", self._shown(call), runs)
        return range(first, last + 1)

    def _shown(self, call: ast.Call) -> str:
        """A sum in a message: its index and its bounds."""
        return f"{ast.unparse(call.func)}({', '.join(map(ast.unparse, call.args[:3]))}, ...)"

    def _whole(self, node: ast.expr, what: str) -> int:
        value = self._value(node)
        if value.denominator != 1:
            raise fail(self.name, what, f"{ast.unparse(node)} = {value}")
        return int(value)

    def _value(self, node: ast.expr) -> Fraction:
        """The exact value of a bound or an index."""
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                value = Fraction(number if isinstance(number, int) else repr(number))
            case ast.Name(id=name) if name in self.values:
                value = self.values[name]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                value = -self._value(operand)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                value = self._value(operand)
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() | ast.Mult() | ast.Div() as op, right=right):
                value = self._operate(op, self._value(left), self._value(right))
            case ast.Name(id=name):
                known = ", ".join(sorted(self.values)) or "none"
                advice = f"Known: {known}. Bounds are numbers, indices of sums around, or names of [parameters]."
                raise fail(self.name, "use known indices only", name, advice)
            case _:
                what = "have bounds and indices of whole numbers, indices and + - * /"
                raise fail(self.name, what, ast.unparse(node))
        must(abs(value) <= MAX_NUMBER, self.name, f"have bounds and indices below {MAX_NUMBER:g}", self.text)
        return value

    def _operate(self, op: ast.operator, left: Fraction, right: Fraction) -> Fraction:
        if isinstance(op, ast.Add):
            return left + right
        if isinstance(op, ast.Sub):
            return left - right
        if isinstance(op, ast.Mult):
            return left * right
        must(right != 0, self.name, "not divide by zero", self.text)
        return left / right

    def _check_size(self, parts: int) -> None:
        what = f"have at most {MAX_PARTS} parts when its sums are written out"
        must(parts <= MAX_PARTS, self.name, what, self.text)


def names_in(tree: ast.expr, counts: Mapping[str, float] | None = None) -> set[str]:
    """The names in a formula, x2 for x[2]; of one that is refused when it is read, those up to there.

    `counts`: numbers that bounds and indices may use.
    """
    names: set[str] = set()
    with suppress(InputError, RecursionError):
        _collect(tree, Indices(counts or {}, (), "", ""), names)
    return names


def check_sums(tree: ast.expr, indices: Indices) -> None:
    """Raise InputError for sums, bounds and indices that mean nothing, or too much: before anything is made of them."""
    with suppress(RecursionError):  # refused when it is read
        _collect(tree, indices, set())


def _collect(node: ast.AST, indices: Indices, names: set[str]) -> None:
    """Add the names in a part of a formula to `names`."""
    indices.count()
    if isinstance(node, ast.Name):
        if node.id not in indices.bound:
            names.add(node.id)
    elif isinstance(node, ast.Subscript):
        names.add(indices.variable(node))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in (SUM, EACH):
        for body in indices.over(node):
            _collect(body, indices, names)
    else:
        for part in ast.iter_child_nodes(node):
            if not isinstance(part, ast.operator | ast.unaryop | ast.expr_context):
                _collect(part, indices, names)
