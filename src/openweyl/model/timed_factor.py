"""Jumps that depend on the time by a factor: l(t) = c(t) l_0, whose rate is c^2."""

from __future__ import annotations

import sympy

from openweyl._core.arguments import must
from openweyl.symbolic.expressions import TIME


def split(jump: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """(c, l_0) with the jump c(t) l_0."""
    symbol, factor = jump.as_independent(TIME, as_Add=False)
    if factor.free_symbols - {TIME}:
        symbol, factor = sympy.factor_terms(sympy.expand(jump)).as_independent(TIME, as_Add=False)
    return factor, symbol


def checked_split(jump: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """The same; raises InputError unless the jump depends on the time by a real factor alone."""
    factor, symbol = split(jump)
    good = not symbol.has(TIME) and not factor.has(sympy.I) and not (factor.free_symbols - {TIME})
    must(good, "jumps", "depend on the time by a factor, such as sqrt(1 + sin(t))*x", jump)
    return factor, symbol


def common_factor(a: sympy.Expr, b: sympy.Expr) -> tuple[sympy.Expr, tuple[sympy.Expr, sympy.Expr]]:
    """c(t), and a/c and b/c, the parts of a jump that depends on the time by a factor; c = 1 where it does not."""
    if not (a.has(TIME) or b.has(TIME)):
        return sympy.S.One, (a, b)
    factor, symbol = split(a if a != 0 else b)
    return factor, (symbol if a != 0 else a, split(b)[1] if b != 0 and a == 0 else sympy.cancel(b / factor))
