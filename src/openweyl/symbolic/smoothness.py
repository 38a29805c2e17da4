"""Whether an expression is real and smooth on all of phase space: the standing assumption behind every symbol.

An expression fails only at a power with a negative or broken exponent, or at a logarithm. There its base must be shown
to be positive: by SymPy's assumptions, by an interval bound, or, for polynomials in one variable, by an exact count of
roots. What cannot be shown is refused.
"""

from __future__ import annotations

import math
from typing import Any

import sympy
from sympy.polys.rings import ring

from openweyl._core.arguments import InputError, shown

_RANGES = {
    sympy.sin: (-1.0, 1.0),
    sympy.cos: (-1.0, 1.0),
    sympy.tanh: (-1.0, 1.0),
    sympy.erf: (-1.0, 1.0),
    sympy.atan: (-1.5707964, 1.5707964),
    sympy.cosh: (1.0, float("inf")),
    sympy.exp: (0.0, float("inf")),
}
_INCREASING = {sympy.exp: math.exp, sympy.tanh: math.tanh, sympy.erf: math.erf, sympy.atan: math.atan}
MAX_DEGREE = 32
"""The degree up to which the real roots of polynomials are counted."""
_ANYWHERE = (float("-inf"), float("inf"))


def check_smooth(f: sympy.Expr, name: str) -> None:
    """Raise InputError unless `f` is shown to be real and smooth for all real values of its variables."""
    if f.has(sympy.I) or f.is_real is False:
        raise InputError(f"Argument `{name}` must be a real function, but {shown(str(f))} is complex.")
    if f.has(sympy.Abs, sympy.sign, sympy.Heaviside, sympy.DiracDelta, sympy.Piecewise, sympy.Min, sympy.Max):
        raise InputError(f"Argument `{name}` must be smooth, but {shown(str(f))} has a corner or a jump.")
    for part in sympy.preorder_traversal(f):
        if part.is_Pow and not (part.exp.is_Integer and part.exp >= 0):
            if part.exp.is_number:
                broken = not part.exp.is_Integer
                _positive(part.base, part, name, even_negative=not broken)
            elif not (part.base.is_number and part.base.is_positive):
                raise InputError(f"Argument `{name}` must be smooth, but {shown(str(part))} has a varying exponent.")
        elif isinstance(part, sympy.log):
            _positive(part.args[0], part, name, even_negative=False)


def _positive(base: sympy.Expr, part: sympy.Expr, name: str, *, even_negative: bool) -> None:
    """`base` is > 0, or < 0 if that is as good, everywhere."""
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
    if degree > MAX_DEGREE:
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
    if f.is_number:
        value = float(f)
        slack = 1e-12 * abs(value)
        return value - slack, value + slack
    if f.is_Add:
        parts = [interval(a) for a in f.args]
        return sum(p[0] for p in parts), sum(p[1] for p in parts)
    if f.is_Mul:
        low, high = 1.0, 1.0
        for a in f.args:
            corners = [u * v if u and v else 0.0 for u in (low, high) for v in interval(a)]
            low, high = min(corners), max(corners)
        return low, high
    if f.is_Pow and f.exp.is_Integer and f.exp > 0:
        low, high = interval(f.base)
        corners = [_power(v, int(f.exp)) for v in (low, high)]
        if f.exp.is_even:
            return (0.0 if low <= 0 <= high else min(corners)), max(corners)
        return min(corners), max(corners)
    if f.is_Pow and f.exp.is_number:
        low, high = interval(f.base)
        if low < 0:
            return _ANYWHERE
        bounds = [_real_power(v, float(f.exp)) for v in (low, high)]
        return min(bounds), max(bounds)
    if f.func in _INCREASING:
        low, high = (_increasing(f.func, v) for v in interval(f.args[0]))
        return max(low, _RANGES[f.func][0]), min(high, _RANGES[f.func][1])
    return _RANGES.get(f.func, _ANYWHERE)


def _increasing(function: Any, value: float) -> float:
    """The value of an increasing function, infinities included."""
    try:
        return float(_INCREASING[function](value))
    except OverflowError:
        return float("inf")


def _real_power(value: float, exponent: float) -> float:
    if value == 0:
        return 0.0 if exponent > 0 else float("inf")
    if value == float("inf"):
        return float("inf") if exponent > 0 else 0.0
    return _power(value, exponent)


def _power(value: float, exponent: float) -> float:
    try:
        return float(value**exponent)
    except OverflowError:
        return float("-inf") if value < 0 and exponent % 2 == 1 else float("inf")
