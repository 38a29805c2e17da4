"""Homogeneous polynomials: the leading part of a polynomial, and whether it is positive in every direction.

    f = f_m + ... + f_0,    f_m(r omega) = r^m f_m(omega).

A negative value is proved by a direction with rational coordinates. That f_m > 0 is proved for two variables by an
exact count of the real roots of f_m(1, t), for more by monomials: pure powers > 0, and no other term < 0 anywhere.
Where f_m is positive on samples and neither is proved, the answer is "sampled".
"""

from __future__ import annotations

from itertools import islice, product

import numpy as np
import sympy
from sympy.polys.polyerrors import BasePolynomialError

from .expressions import evaluate
from .smoothness import interval

Names = tuple[sympy.Symbol, ...]

RANDOM_DIRECTIONS = 2000
"""Random directions in which the sign is sampled, after at most 3^6 with coordinates -1, 0, 1: milliseconds of work."""
CLEARLY_POSITIVE = 1e-3
"""The part of the largest |value| above which the least value on samples counts as positive: with a smaller margin
a negative minimum could lie between the sampled directions."""


def leading(f: sympy.Expr, v: Names) -> tuple[sympy.Expr, int]:
    """(f_m, m) of the polynomial f in `v`; other symbols are constants."""
    polynomial = sympy.Poly(f, *v)
    m = max(int(polynomial.total_degree()), 0)  # that of 0 is -oo
    terms = (c * sympy.prod(u**a for u, a in zip(v, powers, strict=True)) for powers, c in polynomial.terms())
    return sympy.Add(*(g for g, (powers, _) in zip(terms, polynomial.terms(), strict=True) if sum(powers) == m)), m


def rational(f: sympy.Expr) -> sympy.Expr:
    """f with its floating-point numbers as the rational numbers that they are exactly."""
    return f.xreplace({number: sympy.Rational(number) for number in f.atoms(sympy.Float)})


def definite(q: sympy.Expr, v: Names) -> tuple[int, str, tuple[float, ...]]:
    """(sign, how, direction) of the homogeneous polynomial q, whose degree is at least 1.

    sign 1: q > 0 except at 0, "proved" or "sampled". sign -1: q < 0 along `direction`, "proved". sign 0: neither is
    known, for instance if q >= 0 vanishes along a line.
    """
    q = rational(q)
    m = sympy.Poly(q, *v).total_degree()
    size, lowest = 0.0, np.inf
    for directions in _directions(len(v)):
        norms = np.linalg.norm(directions, axis=1)
        values = evaluate(q, dict(zip(v, directions.T, strict=True)), np) / norms**m
        size, least = max(size, float(np.abs(values).max())), int(values.argmin())
        lowest = min(lowest, float(values[least]))
        if lowest < 0:
            place = [sympy.Rational(str(c)) for c in directions[least]]
            if q.xreplace(dict(zip(v, place, strict=True))).is_negative:
                return -1, "proved", tuple(map(float, place))
            return 0, "not known", ()
    if _positive(q, v):
        return 1, "proved", ()
    return (1, "sampled", ()) if lowest > CLEARLY_POSITIVE * size else (0, "not known", ())


def _directions(n: int) -> tuple[np.ndarray, ...]:
    """Points off the origin: first of coordinates -1, 0, 1, then at random with three decimals."""
    signs = np.array(list(islice(product((0.0, 1.0, -1.0), repeat=n), 1, 3**6)))
    random = np.random.default_rng(0).normal(size=(RANDOM_DIRECTIONS, n))
    return (signs, np.round(random, 3)) if n > 1 else (signs,)


def crosses(q: sympy.Expr, x: sympy.Symbol, xi: sympy.Symbol) -> bool:
    """Whether the homogeneous q(x, xi) is proved to have a line of simple zeros: it changes sign there."""
    q = rational(q)
    polynomial = sympy.Poly(q, x, xi)
    if not polynomial.domain.is_QQ and not polynomial.domain.is_ZZ:
        return False
    on_line = sympy.Poly(q.xreplace({x: sympy.Integer(1)}), xi)
    at_infinity = polynomial.total_degree() - max(int(on_line.degree()), 0)
    return at_infinity == 1 or any(f.count_roots() > 0 for f, times in on_line.sqf_list()[1] if times == 1)


def _positive(q: sympy.Expr, v: Names) -> bool:
    """Whether q > 0 except at 0 is proved; the caller knows that q >= 0 on samples."""
    polynomial = sympy.Poly(q, *v)
    m = polynomial.total_degree()
    pure = [polynomial.coeff_monomial(u**m) for u in v]
    if not all(c.is_positive for c in pure):
        return False
    mixed = sympy.expand(q) - sum(c * u**m for c, u in zip(pure, v, strict=True))
    if interval(mixed)[0] >= 0:
        return True
    if len(v) != 2:
        return False
    try:
        return bool(sympy.Poly(q.xreplace({v[0]: sympy.Integer(1)}), v[1]).count_roots() == 0)
    except (BasePolynomialError, NotImplementedError):  # coefficients that are not rational
        return False
