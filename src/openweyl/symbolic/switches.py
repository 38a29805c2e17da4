"""Functions of the time with corners and jumps: |g|, and Heaviside's step of g, for smooth g(t).

    sign(g) = 2 theta(g) - 1,                     max(f, g) = (f + g + |f - g|)/2,
    piecewise((f, g > 0), (e, True)) = e + (f - e) theta(g).

All others are made of these two. What they are at the very times where g = 0 changes nothing: it has no integral.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import reduce
from typing import Any

import sympy

from openweyl._core.arguments import InputError, fail, must, shown

SWITCHES = (sympy.Abs, sympy.Heaviside)
"""The functions with corners and jumps that formulas are made of."""
_OTHERS = (sympy.sign, sympy.Min, sympy.Max, sympy.Piecewise)
HERE = "Those of the time t may be in a Hamiltonian: abs, heaviside, sign, min, max and piecewise of t."


def corner(name: str, f: Any) -> InputError:
    """What to raise where the argument `name` has the corner or jump `f`."""
    return InputError(
        f"Argument `{name}` must be smooth in x and xi, but {shown(str(f))} has a corner or a jump. {HERE}"
    )


def step(g: sympy.Expr) -> sympy.Expr:
    """theta(g)."""
    return sympy.Heaviside(g)


def sign(g: sympy.Expr) -> sympy.Expr:
    """1 where g > 0, -1 where g < 0."""
    return 2 * step(g) - 1


def smallest(*of: sympy.Expr) -> sympy.Expr:
    """min(f, g, ...)."""
    return reduce(lambda f, g: (f + g - sympy.Abs(f - g)) / 2, of)


def largest(*of: sympy.Expr) -> sympy.Expr:
    """max(f, g, ...)."""
    return reduce(lambda f, g: (f + g + sympy.Abs(f - g)) / 2, of)


def cases(pairs: Collection[tuple[sympy.Expr, sympy.Basic]], name: str) -> sympy.Expr:
    """The first f of the pairs (f, condition) whose condition holds; the last condition is True."""
    *first, (total, last) = pairs
    must(last == sympy.true, name, "have piecewise(...) end with a case that always holds, such as (0, True)", last)
    for f, condition in reversed(first):
        total += (f - total) * _indicator(condition, name)
    return total


def _indicator(condition: sympy.Basic, name: str) -> sympy.Expr:
    """1 where a condition holds, 0 elsewhere."""
    if condition in (sympy.true, sympy.false):
        return sympy.Integer(int(condition == sympy.true))
    if isinstance(condition, (sympy.StrictGreaterThan, sympy.GreaterThan)):
        return step(condition.lhs - condition.rhs)
    if isinstance(condition, (sympy.StrictLessThan, sympy.LessThan)):
        return step(condition.rhs - condition.lhs)
    if isinstance(condition, sympy.And):
        return sympy.Mul(*(_indicator(part, name) for part in condition.args))
    if isinstance(condition, sympy.Or):
        return 1 - sympy.Mul(*(1 - _indicator(part, name) for part in condition.args))
    if isinstance(condition, sympy.Not):
        return 1 - _indicator(condition.args[0], name)
    raise fail(name, "have conditions with <, <=, >, >=, and, or", condition)


def in_steps(f: sympy.Expr, name: str) -> sympy.Expr:
    """`f` with all of its corners and jumps by |g| and theta(g); DiracDelta and the like stay as they are."""
    if not f.has(*_OTHERS):
        return f
    if isinstance(f, sympy.Piecewise):
        return cases([(in_steps(e, name), _conditions_in_steps(c, name)) for e, c in f.args], name)
    made = [in_steps(part, name) for part in f.args]
    of = {sympy.sign: sign, sympy.Min: smallest, sympy.Max: largest}.get(f.func, f.func)
    return of(*made)


def _conditions_in_steps(condition: sympy.Basic, name: str) -> sympy.Basic:
    if not condition.has(*_OTHERS):
        return condition
    if condition.is_Relational:
        return condition.func(*(in_steps(side, name) for side in condition.args))
    return condition.func(*(_conditions_in_steps(part, name) for part in condition.args))


def smooth_part(f: sympy.Expr, time: sympy.Symbol, name: str) -> Iterator[sympy.Expr]:
    """`f` with a symbol in place of each switch, and then what is inside of these: all that has to be smooth.

    Raises InputError for a switch of anything but the time.
    """
    if f.has(*_OTHERS, sympy.DiracDelta):
        raise corner(name, f)
    if not f.has(*SWITCHES):
        yield f
        return
    outer = outermost(f)
    for switch in outer:
        if switch.free_symbols - {time}:
            raise corner(name, switch)
    yield f.xreplace({switch: sympy.Symbol(str(switch), nonnegative=True) for switch in outer})
    for switch in outer:
        yield from smooth_part(switch.args[0], time, name)


def outermost(f: sympy.Expr) -> list[sympy.Expr]:
    """The switches of `f` that are inside of no other, each once, in an order that does not change."""
    if isinstance(f, SWITCHES):
        return [f]
    if not f.has(*SWITCHES):
        return []
    return list(dict.fromkeys(switch for part in f.args for switch in outermost(part)))
