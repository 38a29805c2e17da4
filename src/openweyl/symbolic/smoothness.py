"""Whether an expression is real and smooth on all of phase space: the standing assumption behind every symbol.

An expression can only fail at a power with a negative or fractional exponent, or at a logarithm. There its base must be
shown to be positive: by SymPy's assumptions, by an interval bound, or, for polynomials in one variable, by an exact
count of roots. Expressions for which none of them succeeds are refused.
"""

from __future__ import annotations

import numpy as np
import sympy
from sympy.polys.rings import ring

from openweyl._core.arguments import InputError, shown

from .expressions import TIME, enclose
from .intervals import Interval
from .switches import smooth_part

MAX_COUNTED_DEGREE = 32
"""The degree up to which the real roots of polynomials are counted: the time grows fast with the degree."""


def check_smooth(f: sympy.Expr, name: str) -> None:
    """Raise InputError unless `f` is shown to be real, and smooth for all real values of its variables.

    In the time it may have corners and jumps, see `switches`.
    """
    whole, terms = f, [term for term in sympy.Add.make_args(f) if not _is_real_polynomial(term)]
    for part in smooth_part(sympy.Add(*terms), TIME, name):
        _check_smooth(part, whole, name)


def _check_smooth(f: sympy.Expr, whole: sympy.Expr, name: str) -> None:
    """The same for a part of `whole`."""
    if f.has(sympy.I) or f.is_real is False:
        raise InputError(f"Argument `{name}` must be a real function, but {shown(str(whole))} is complex.")
    for part in sympy.preorder_traversal(f):
        if part.is_Pow and not (part.exp.is_Integer and part.exp >= 0):
            if part.exp.is_number:
                _positive(part.base, part, name, even_negative=bool(part.exp.is_Integer))
            elif not (part.base.is_number and part.base.is_positive):
                raise InputError(f"Argument `{name}` must be smooth, but {shown(str(part))} has a varying exponent.")
        elif isinstance(part, sympy.log):
            _positive(part.args[0], part, name, even_negative=False)


def _is_real_polynomial(f: sympy.Expr) -> bool:
    """Whether `f` is built of real numbers and variables by sums, products and powers: many times faster to see."""
    parts = [f]
    while parts:
        part = parts.pop()
        if part.is_Add or part.is_Mul or (part.is_Pow and part.exp.is_Integer and part.exp.is_nonnegative):
            parts.extend(part.args)
        elif not ((part.is_Symbol or part.is_number) and part.is_real):
            return False
    return True


def _positive(base: sympy.Expr, part: sympy.Expr, name: str, *, even_negative: bool) -> None:
    """Raise InputError unless `base` is shown to be > 0 everywhere, or < 0 everywhere if `even_negative`."""
    if base.is_number and (base.is_positive or (even_negative and base.is_nonzero)):
        return
    if base.is_positive or (even_negative and base.is_negative):
        return
    low, high = interval(base)
    if low > 0 or (even_negative and high < 0):
        return
    free = sorted(base.free_symbols, key=str)
    rootless = len(free) == 1 and base.is_polynomial(*free) and _rootless(base, free[0])
    if rootless and (even_negative or base.subs(free[0], 0).is_positive):
        return
    wanted = "nowhere zero" if even_negative else "positive everywhere"
    raise InputError(
        f"Argument `{name}` must be smooth for all real {', '.join(map(str, free)) or 'arguments'}, but in "
        f"{shown(str(part))} the expression {shown(str(base))} is not shown to be {wanted}."
    )


def _rootless(f: sympy.Expr, v: sympy.Symbol) -> bool:
    """Whether the polynomial `f` is shown to have no real root."""
    degree = _degree(f)
    if degree == 2:
        return bool(sympy.discriminant(f, v).is_negative)
    if degree > MAX_COUNTED_DEGREE:
        return False
    try:
        expanded = ring([v], sympy.QQ)[0].from_expr(f)  # far faster than to multiply out expressions
    except ValueError:  # coefficients that are not rational
        return False
    return bool(sympy.Poly(expanded.as_expr(), v).count_roots() == 0)


def _degree(f: sympy.Expr) -> int:
    """A bound on the degree of the polynomial `f`, without multiplying it out."""
    if f.is_number:
        return 0
    if f.is_Add:
        return max(map(_degree, f.args))
    if f.is_Mul:
        return sum(map(_degree, f.args))
    return int(f.exp) * _degree(f.base) if f.is_Pow else 1


def interval(f: sympy.Expr) -> tuple[float, float]:
    """Bounds lower <= f <= upper for all real values of the variables (not always the best)."""
    hull = enclose(f, {v: Interval(-np.inf, np.inf) for v in f.free_symbols})
    return float(hull.low), float(hull.high)
