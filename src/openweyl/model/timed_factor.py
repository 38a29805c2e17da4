"""Jumps that depend on the time by a factor: l(t) = c(t) l_0, whose rate is c^2."""

from __future__ import annotations

import sympy

from openweyl._core.arguments import must
from openweyl.symbolic.expressions import TIME

ROUND_OFF = 1e-13
"""By what coefficients may differ that are equal but for rounding: products of a few decimal numbers."""


def split(jump: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """(c, l_0) with the jump c(t) l_0, or (1, jump) if it has no such factor."""
    symbol, factor = jump.as_independent(TIME, as_Add=False)
    if not (factor.free_symbols - {TIME}):
        return factor, symbol
    factors: dict[sympy.Expr, sympy.Expr] = {}  # of products of x and xi, and of functions of them
    for term in sympy.Add.make_args(sympy.expand(jump)):
        still, moving = term.as_independent(TIME, as_Add=False)
        number, product = still.as_coeff_Mul()
        factors[product] = factors.get(product, sympy.S.Zero) + number * moving
    leading = next(iter(factors.values()))
    ratios = {product: _ratio(factor, leading) for product, factor in factors.items()}
    if leading.free_symbols - {TIME} or None in ratios.values():
        return sympy.S.One, jump
    return leading, sympy.Add(*(ratio * product for product, ratio in ratios.items()))


def _ratio(a: sympy.Expr, b: sympy.Expr) -> sympy.Expr | None:
    """a/b, if it is a number but for the rounding of coefficients."""
    ratio = sympy.cancel(a / b)
    if ratio.is_number:
        return ratio
    terms, others = sympy.expand(a).as_coefficients_dict(), sympy.expand(b).as_coefficients_dict()
    if set(terms) != set(others):
        return None
    ratios = [terms[term] / others[term] for term in terms]
    same = all(abs(one - ratios[0]) <= ROUND_OFF * abs(ratios[0]) for one in ratios)
    return ratios[0] if same else None


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
