"""Whether the flow of p reaches infinity in finite time: then neither evolution is what it seems.

If p is quadratic in xi the potential decides (falling_potentials); the roles of x and xi may be exchanged. For n = 1
and any polynomial p of degree m > 2 the leading part decides too, if it has a line of simple zeros: its field is
tangent to that line, |z|^{m-1} long, and outward on one of its rays; such rays attract. No orbit leaves, either, where
second derivatives of p are bounded (the field is Lipschitz), where p is conserved and its level sets are compact, and
for T(xi) + V(x) where T' or V' is bounded, or both are bounded below and the level sets of T are compact. What none of
these decides is sampled, or said to be unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import isfinite

import sympy

from openweyl.symbolic.algebra import expandable, separate
from openweyl.symbolic.derivatives import derivative
from openweyl.symbolic.expressions import TIME
from openweyl.symbolic.homogeneous import crosses, definite, leading
from openweyl.symbolic.smoothness import interval

from .completeness import COMPLETE, LEAVES, Completeness, proved
from .falling_potentials import Names, kinetic_energy_rule, without_bounded
from .system import System


def escapes(system: System) -> str:
    """One sentence if the flow of the system's Hamiltonian reaches infinity in finite time, else nothing.

    >>> from openweyl import System
    >>> print(escapes(System("xi**2/2 + x**2/2 - x**3/3", ["x"], h=0.1, gamma=1.0)))
    -x**3/3 + x**2/2 falls faster than -x**2 as x -> +oo: orbits leave in finite time, and P is not essentially
    self-adjoint.
    >>> escapes(System("xi**2/2 + x**4/4", ["x"], h=0.1, gamma=1.0))
    ''
    """
    flow = completeness(system)
    return "" if flow.holds is not False else f"{flow.text}{'' if flow.how == 'proved' else ' (on samples)'}."


def completeness(system: System) -> Completeness:
    """Whether every orbit of the Hamiltonian exists for all times, by the first rule that decides."""
    p, x, xi = system.hamiltonian, system.x, system.xi
    roles = (x, xi), (xi, x)
    rules: list[Callable[[], Completeness | None]] = [
        partial(_lipschitz, p, x + xi),
        *(partial(rule, p, *role) for rule in (kinetic_energy_rule, _transport, _separate) for role in roles),
        partial(_compact, p, x + xi),
        *(partial(kinetic_energy_rule, p, *role, sampled=True) for role in roles),
        partial(_compact, p, x + xi, sampled=True),
    ]
    unknown = Completeness(None, "not known", "no rule here decides whether orbits reach infinity in finite time")
    return next((answer for rule in rules if (answer := rule()) is not None), unknown)


def _lipschitz(p: sympy.Expr, z: Names) -> Completeness | None:
    for i, u in enumerate(z):
        for v in z[: i + 1]:
            second = derivative(derivative(p, u), v)
            if second.has(*z) and not all(map(isfinite, interval(second))):
                return None
    return proved("all second derivatives are bounded: the flow is complete")


def _transport(p: sympy.Expr, x: Names, xi: Names) -> Completeness | None:
    """p = b(x) xi + V(x) for n = 1: dx/dt = b(x) alone decides."""
    if len(x) > 1 or p.has(TIME) or not expandable(p) or not p.is_polynomial(*xi):
        return None
    polynomial = sympy.Poly(p, *xi)
    if polynomial.total_degree() != 1:
        return None
    b = polynomial.coeff_monomial(xi[0])
    if all(map(isfinite, interval(derivative(b, x[0])))):
        return proved("the velocity grows no faster than |z|: the flow is complete")
    if b.is_polynomial(*x) and sympy.Poly(b, *x).total_degree() > 1:
        text = f"the velocity {b} of {x[0]} grows faster than {x[0]}: orbits leave, or arrive, in finite time"
        return Completeness(False, "proved", text)
    return None


def _separate(p: sympy.Expr, x: Names, xi: Names) -> Completeness | None:
    """T(xi) + V(x) with bounded velocities, or with bounded momenta."""
    parts = separate(p, x, xi)
    if parts is None:
        return None
    T, V = parts
    if all(isfinite(end) for v in xi for end in interval(derivative(T, v))):
        return proved(f"all velocities d{x[0]}/dt are bounded, or grow no faster than |z|: the flow is complete")
    if p.has(TIME):
        return None
    for sign in (1, -1):
        if _bounded_below(sign * V, x) and T.is_polynomial(*xi) and _grows(sign * T, xi):
            return proved(f"the conserved p bounds |{xi[0]}|, and so the velocity of {x[0]}: the flow is complete")
    return None


def _bounded_below(f: sympy.Expr, v: Names) -> bool:
    rest = without_bounded(f, v)[1]
    return isfinite(interval(f)[0]) or (rest.is_polynomial(*v) and _grows(rest, v))


def _grows(f: sympy.Expr, v: Names) -> bool:
    """Whether the polynomial f is proved to go to +oo in all directions."""
    top, m = leading(f, v)
    return m > 0 and definite(top, v)[:2] == (1, "proved")


def _compact(p: sympy.Expr, z: Names, *, sampled: bool = False) -> Completeness | None:
    """p is conserved, and |p| -> infinity as |z| does."""
    if p.has(TIME) or not expandable(p) or not p.is_polynomial(*z):
        return None
    top, m = leading(p, z)
    for sign in (1, -1) if m > 0 else ():
        definite_sign, how, _ = definite(sign * top, z)
        if definite_sign > 0 and (sampled or how == "proved"):
            return Completeness(True, how, f"the conserved p has compact level sets: {COMPLETE}")
    if len(z) == 2 and m > 2 and crosses(top, *z):
        return Completeness(False, "proved", f"{top}, the leading part of p, changes sign: {LEAVES}")
    return None
