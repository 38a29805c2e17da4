"""The symbols of a system as they are given: text and SymPy expressions, jumps with rates and phases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import sympy

from openweyl._core.arguments import fail, moderate, must
from openweyl.symbolic.algebra import expandable
from openweyl.symbolic.expressions import TIME
from openweyl.symbolic.forms import check_form, listed
from openweyl.symbolic.indexed_sums import EACH
from openweyl.symbolic.parsing import parse, parse_each, syntax_tree
from openweyl.symbolic.smoothness import check_smooth
from openweyl.symbolic.switches import in_steps

Formula: TypeAlias = str | sympy.Expr
Jump: TypeAlias = Formula | tuple[Formula, float | Formula]
"""A jump, or a jump with its rate, a number or a function of the time, in units of gamma."""


def jumps_of(
    jumps: Sequence[Jump], names: dict[str, sympy.Expr], counts: Mapping[str, float] | None = None
) -> tuple[sympy.Expr, ...]:
    """The symbols of the jumps, which may have phases; a rate is a factor sqrt(rate), and one of rate 0 is none.

    `counts`: numbers by their names, which may be in bounds, indices and rates, too.
    """
    found = []
    for jump in jumps:
        formula, rate = formula_and_rate(jump, counts)
        symbols = [without_phases(f) for f in symbols_of(formula, names | {"I": sympy.I}, "jumps", counts)]
        factor = sympy.sqrt(rate)
        found += [factor * symbol for symbol in symbols] if rate != 0 else []
    return tuple(found)


def numbers_by_name(counts: Mapping[str, float] | None) -> dict[str, sympy.Expr]:
    """The numbers as they are written, exactly."""
    return {name: sympy.Rational(repr(value)) for name, value in (counts or {}).items()}


def formula_and_rate(jump: Jump, counts: Mapping[str, float] | None = None) -> tuple[Formula, sympy.Expr]:
    """Both, with the rate 1 of a jump without one."""
    if not isinstance(jump, tuple):
        return jump, sympy.S.One
    must(len(jump) == 2, "jumps", "be formulas, or pairs of a formula and its rate", jump)
    if isinstance(jump[1], (str, sympy.Expr)):
        (rate,) = symbols_of(jump[1], {TIME.name: TIME} | numbers_by_name(counts), "rate")
        check_smooth(rate, "rate")
        if rate.has(TIME):
            return jump[0], rate
        return jump[0], _constant(float(rate))
    return jump[0], _constant(jump[1])


def _constant(rate: Any) -> sympy.Expr:
    advice = "It is that of a jump, in units of gamma."
    return sympy.Rational(repr(moderate("rate", rate, low=0.0, advice=advice)))


def operators_with_rates(jumps: Any) -> Any:
    """The operators, as text, of a list in which pairs (operator, rate) may be; anything else as it is."""
    return [text for jump in jumps for text in _with_rate(jump)] if isinstance(jumps, (list, tuple)) else jumps


def _with_rate(jump: Any) -> list[Any]:
    """The operator of a jump, or of a pair (operator, rate), with the factor sqrt(rate); none of rate 0."""
    if not (isinstance(jump, tuple) and len(jump) == 2 and isinstance(jump[0], str)):
        return [jump]
    text, rate = jump
    if not isinstance(rate, str):
        rate = repr(moderate("rate", rate, low=0.0, advice="It is that of a jump, in units of gamma."))
    syntax_tree(text, "jumps"), syntax_tree(rate, "rate")  # each is a formula by itself, before they are put together
    each = text.replace(" ", "").startswith(f"{EACH}(")
    must(not each, "jumps", "have the rates of each(...) inside", text, "As in each(j, 1, n, sqrt(0.1)*a[j]).")
    return [f"sqrt({rate})*({text})"] if rate != "0.0" else []


def symbols_of(
    value: Formula, names: dict[str, sympy.Expr], name: str, counts: Mapping[str, float] | None = None
) -> tuple[sympy.Expr, ...]:
    """`value` as an expression in our own variables; several, if it is a jump for each of several indices.

    `counts`: numbers that bounds and indices may use.
    """
    known = {**names}
    if "x" in names:
        known.update(x1=names["x"], xi1=names["xi"])  # n = 1, written with indices
    if isinstance(value, str):
        several = name == "jumps"
        found = (
            parse_each(value, known, name, counts=counts) if several else (parse(value, known, name, counts=counts),)
        )
    else:
        found = (_of_sympy(value, known, list(names), name),)
    for f in found:
        must(
            name != "jumps" or bool(f.free_symbols - {TIME}),
            name,
            "depend on x or xi",
            f,
            "A constant jump does nothing.",
        )
    return found


def without_phases(f: sympy.Expr) -> sympy.Expr:
    """`f` with exp(a + I*b) as exp(a) (cos(b) + I*sin(b))."""

    def split(phase: sympy.Expr) -> sympy.Expr:
        exponent = phase.args[0]
        a, b = sympy.S.Zero, exponent / sympy.I
        if b.has(sympy.I):
            a, b = real_and_imaginary(exponent)
        return sympy.exp(a) * (sympy.cos(b) + sympy.I * sympy.sin(b))

    return f.replace(lambda part: isinstance(part, sympy.exp) and part.has(sympy.I), split) if f.has(sympy.I) else f


def _of_sympy(value: Any, known: dict[str, sympy.Expr], allowed: list[str], name: str) -> sympy.Expr:
    """A number or an expression with its symbols made our own, which are known by their names."""
    if not isinstance(value, (int, float, sympy.Expr)) or isinstance(value, bool):
        qutip = type(value).__module__.startswith("qutip")
        advice = 'Operators are text, System.from_operators("ad*a", ["a"], h=1); states are from_qutip(...).'
        raise fail(name, "be text or a SymPy expression", value, advice if qutip else "")
    f = in_steps(sympy.sympify(value), name)
    check_form(f, name)
    f = f.xreplace({s: known[s.name] for s in f.free_symbols if s.name in known})
    strangers = sorted(s.name for s in f.free_symbols if s.name not in allowed)
    if strangers:
        raise fail(name, f"use the names {listed(allowed)} only", ", ".join(strangers))
    return f


def real_and_imaginary(jump: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """(a, b) with jump = a + i b."""
    if not jump.has(sympy.I):
        return jump, sympy.Integer(0)
    f = sympy.expand(jump) if expandable(jump) else jump
    b = sympy.Add(*(term / sympy.I for term in sympy.Add.make_args(f) if term.has(sympy.I)))
    a = sympy.Add(*(term for term in sympy.Add.make_args(f) if not term.has(sympy.I)))
    must(
        not b.has(sympy.I),
        "jumps",
        "be a + I*b with real a and b",
        jump,
        "Of all functions, exp alone may be of a complex argument.",
    )
    return a, b
