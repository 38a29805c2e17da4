"""The parser: text becomes a SymPy expression by walking Python's syntax tree against a whitelist.

Numbers, names, + - * / **, a few functions and sums over an index, all of moderate size; nothing from outside is ever
evaluated as code.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Collection, Mapping
from typing import Any

import sympy

from openweyl._core.arguments import fail, moderate, must

from .building import Builder
from .forms import MAX_DEPTH, MAX_NODES, MAX_TEXT, check_form


def parse(
    text: str,
    names: Mapping[str, sympy.Expr],
    name: str = "expression",
    *,
    constants: Collection[sympy.Symbol] = (),
    counts: Mapping[str, float] | None = None,
) -> sympy.Expr:
    """The expression that `text` writes in the variables `names`, with + - * / **, pi and the functions above.

    `names`: symbols, and sympy.I, by what they are called; `name`: the argument's name in messages; `constants`: those
    of the symbols that stand for numbers, and may be exponents; `counts`: numbers that bounds and indices may use.
    Raises InputError for anything else, and for text that is too large.

    >>> x = sympy.Symbol("x", real=True)
    >>> print(parse("0.5*x**2 + I*x", {"x": x, "I": sympy.I}))
    x**2/2 + I*x
    >>> print(parse("sum(j, 1, 2, x[j]**2/j)", {name: sympy.Symbol(name, real=True) for name in ("x1", "x2")}))
    x1**2 + x2**2/2
    """
    f = Builder(names, name, text, frozenset(constants), counts or {}).build(syntax_tree(text, name))
    check_form(f, name)
    return f


def parse_each(
    text: str,
    names: Mapping[str, sympy.Expr],
    name: str = "expression",
    *,
    constants: Collection[sympy.Symbol] = (),
    counts: Mapping[str, float] | None = None,
) -> tuple[sympy.Expr, ...]:
    """The expressions that `text` writes: one, or, with each(j, 1, n, f), the expression f for each j.

    Arguments and errors are those of `parse`.

    >>> x = sympy.symbols("x1:4", real=True)
    >>> parse_each("each(j, 1, 3, j*x[j])", {v.name: v for v in x})
    (x1, 2*x2, 3*x3)
    """
    builder = Builder(names, name, text, frozenset(constants), counts or {})
    found = builder.build_each(syntax_tree(text, name))
    for f in found:
        check_form(f, name)
    return found


def syntax_tree(text: str, name: str) -> ast.expr:
    """Python's syntax tree of `text`, a formula of moderate size; ^ is read as **. Raises InputError if it is none."""
    must(isinstance(text, str), name, "be text or a SymPy expression", text)
    must(bool(text.strip()), name, "hold an expression", "empty")
    must(len(text) <= MAX_TEXT, name, f"have at most {MAX_TEXT} characters", f"{len(text)} characters long")
    text = text.replace("^", "**")
    strange = re.search(r"[^A-Za-z0-9_.,=+*/()<>&|\[\]\s-]", text)
    advice = "The adjoint of the operator a is ad." if strange and strange[0] in "'\u2020" else ""
    must(not strange, name, "hold letters, digits, . + - * / ( ) and [ ] only", text, advice)
    must(_depth(text) <= MAX_DEPTH, name, f"nest at most {MAX_DEPTH} brackets deep", text)
    try:
        with warnings.catch_warnings():  # Python's own, on oddities such as 1or x
            warnings.simplefilter("ignore")
            tree = ast.parse(" ".join(text.split()), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise fail(name, "be a formula with balanced brackets", text, _products_left_out(text)) from None
    must(sum(1 for _ in ast.walk(tree)) <= MAX_NODES, name, f"have at most {MAX_NODES} parts", text)
    return tree


def parse_number(value: Any, name: str) -> float:
    """A number, or arithmetic in quotes such as "2**-4", as a float."""
    if isinstance(value, str):
        number = parse(value, {}, name)
        must(bool(number.is_real) and bool(number.is_finite), name, "be a finite real number", value)
        value = float(number)
    return moderate(name, value)


def parse_complex(value: Any, name: str) -> complex:
    """A number, or arithmetic in quotes with the imaginary unit I, such as "1 + 2*I", as a complex number."""
    if not isinstance(value, str):
        return parse_number(value, name)
    number = parse(value, {"I": sympy.I}, name)
    must(bool(number.is_finite), name, "be a finite number", value)
    made = complex(number)
    return complex(moderate(name, made.real), moderate(name, made.imag))


def _products_left_out(text: str) -> str:
    """What to write in a formula that Python does not read, if it seems to have products without a sign."""
    if text.count("(") != text.count(")"):
        return ""
    if re.search(r"\d\s*[ij]\b", text):
        return "The imaginary unit is called I: write 2*I."
    return "Products are written with *, as in 2*x." if re.search(r"[\d.)]\s*[a-zA-Z]|\w\s+[\w(]", text) else ""


def _depth(text: str) -> int:
    """The depth to which brackets are nested."""
    deepest = depth = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        deepest = max(deepest, depth)
    return deepest
