"""Whether the flow of p reaches infinity in finite time: then neither evolution is what it seems.

Let p be quadratic in xi with a definite matrix M (positive, or -p is), M xi.xi/2 + b(x).xi + V(x), and complete the
square: W = V - b.M^{-1} b/2 is the potential in which the momentum xi + M^{-1} b moves.

    W >= -c |x|^2 - d     |dx/dt| <= C (1 + |x|) by the energy, so no orbit leaves in finite time, and P is essentially
                          self-adjoint (Faris and Lavine; with b, Ikebe and Kato);
    W_m(omega) < 0        for the part W_m of W of the highest degree m > 2: orbits leave in finite time. n = 1: the
                          time int dx/sqrt(2 (E - W)) is finite, and P is not essentially self-adjoint (Reed and Simon).
                          n > 1, b of degree below m/2: at infinity, with |x|^{m/2 - 1} dt for the time, the steepest
                          descent of W_m is an orbit to a fixed point, which attracts in 1/|x|, and lower terms keep it.

The roles of x and xi may be exchanged. For n = 1 and any polynomial p of degree m > 2 the leading part decides too, if
it has a line of simple zeros: its field is tangent to that line, |z|^{m-1} long, and outward on one of its rays; such
rays attract. No orbit leaves, either, where second derivatives of p are bounded (the field is
Lipschitz), where p is conserved and its level sets are compact, and for T(xi) + V(x) where T' or V' is bounded, or both
are bounded below and the level sets of T are compact. What none of these decides is sampled, or said to be unknown.

Sources: Reed and Simon, Methods of Modern Mathematical Physics II (one dimension); Faris and Lavine, Commun. Math.
Phys. 35, 39 (1974); Ikebe and Kato (1962); McGehee, Invent. Math. 27, 191 (1974), for the coordinates at infinity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import isfinite

import numpy as np
import sympy

from openweyl.symbolic.algebra import expandable, separate
from openweyl.symbolic.expressions import TIME, derivative, evaluate
from openweyl.symbolic.homogeneous import crosses, definite, leading
from openweyl.symbolic.smoothness import interval

from .system import System

Names = tuple[sympy.Symbol, ...]

RADII = 2.0 ** np.arange(5, 14)
"""Where potentials that are no polynomials are looked at: far out, and still in the range of most exponentials."""
DIRECTIONS = 512
"""Directions in which they are looked at if n > 1."""
COMPLETE = "the flow is complete, and P essentially self-adjoint"
LEAVES = "orbits leave in finite time, and P may not be essentially self-adjoint"
FASTER, NOT_FASTER = 2.2, 2.02
"""Powers of |x|: a fall by at least the first is taken for faster than |x|^2, by at most the second for no faster.
Between them, as for -|x|^2 log |x|, samples do not tell."""


@dataclass(frozen=True)
class Completeness:
    """Does every orbit of p exist for all times? None if it is not known; `how`: "proved", "sampled", "not known"."""

    holds: bool | None
    how: str
    text: str


def escapes(system: System) -> str:
    """One sentence if the flow of the system's Hamiltonian reaches infinity in finite time, else nothing.

    >>> from openweyl import System
    >>> print(escapes(System("xi**2/2 + x**2/2 - x**3/3", ["x"], h=0.1, gamma=1.0)))
    -x**3/3 + x**2/2 falls faster than -x**2 as x -> +oo: orbits leave in finite time, and P is not essentially
    self-adjoint.
    >>> escapes(System("xi**2/2 + x**4/4", ["x"], h=0.1, gamma=1.0))
    ''
    """
    found = completeness(system)
    return "" if found.holds is not False else f"{found.text}{'' if found.how == 'proved' else ' (on samples)'}."


def completeness(system: System) -> Completeness:
    """Whether every orbit of the Hamiltonian exists for all times, by the first rule that decides."""
    p, x, xi = system.hamiltonian, system.x, system.xi
    roles = (x, xi), (xi, x)
    rules: list[Callable[[], Completeness | None]] = [
        partial(_lipschitz, p, x + xi),
        *(partial(rule, p, *role) for rule in (_quadratic, _transport, _separate) for role in roles),
        partial(_compact, p, x + xi),
        *(partial(_quadratic, p, *role, sampled=True) for role in roles),
        partial(_compact, p, x + xi, sampled=True),
    ]
    unknown = Completeness(None, "not known", "no rule here decides whether orbits reach infinity in finite time")
    return next((found for rule in rules if (found := rule()) is not None), unknown)


def _proved(text: str) -> Completeness:
    return Completeness(True, "proved", text)


def _lipschitz(p: sympy.Expr, z: Names) -> Completeness | None:
    for i, u in enumerate(z):
        for v in z[: i + 1]:
            second = derivative(derivative(p, u), v)
            if second.has(*z) and not all(map(isfinite, interval(second))):
                return None
    return _proved("all second derivatives are bounded: the flow is complete")


def _quadratic(p: sympy.Expr, x: Names, xi: Names, *, sampled: bool = False) -> Completeness | None:
    """The cases at the head: a definite quadratic form in xi."""
    if not expandable(p) or not p.is_polynomial(*xi):
        return None
    polynomial = sympy.Poly(p, *xi)
    if polynomial.total_degree() != 2:
        return None
    mass = sympy.Matrix(len(xi), len(xi), lambda i, j: polynomial.as_expr().diff(xi[i], xi[j]))
    if not all(entry.is_number for entry in mass):
        return None
    values = np.linalg.eigvalsh(np.array(mass.tolist(), dtype=float))
    if values[0] * values[-1] <= 1e-12 * max(abs(values)) ** 2:
        return None
    at_zero = dict.fromkeys(xi, sympy.Integer(0))
    b = sympy.Matrix([polynomial.as_expr().diff(v).xreplace(at_zero) for v in xi])
    if b.has(TIME):
        return None
    potential = sympy.expand(p.xreplace(at_zero) - (b.T * mass.inv() * b)[0] / 2)
    degree = max((sympy.Poly(f, *x).total_degree() if f.is_polynomial(*x) else np.inf for f in b), default=0)
    return _falling(potential if values[0] > 0 else -potential, x, degree, sampled)


def _falling(W: sympy.Expr, x: Names, degree_of_b: float, sampled: bool) -> Completeness | None:
    """Whether W falls faster than -|x|^2."""
    if isfinite(interval(W)[0]) and _steady(W):
        return _proved(f"the potential is bounded below: {COMPLETE}")
    bounded, rest = _without_bounded(W, x)
    if rest.is_polynomial(*x) and _steady(bounded):
        found = _polynomial(W, rest, x, degree_of_b, sampled, exact=bounded == 0)
        if found is not None:
            return found
    if W.has(TIME) or not sampled:
        return None
    found = _on_samples(W, x)
    weak = len(x) == 1 or degree_of_b <= 1  # a magnetic field may hold what a potential drives out
    return found if found is None or found.holds or weak else None


def _polynomial(
    W: sympy.Expr, rest: sympy.Expr, x: Names, degree_of_b: float, sampled: bool, exact: bool
) -> Completeness | None:
    """W = `rest` + something bounded (nothing if `exact`)."""
    top, m = leading(rest, x)
    if m <= 2:
        return _proved(f"the potential falls no faster than -|x|^2: {COMPLETE}")
    if top.has(TIME):
        return None
    sign, how, direction = definite(top, x)
    if sign > 0 and (sampled or how == "proved"):
        return Completeness(True, how, f"the potential is bounded below: {COMPLETE}")
    if sign >= 0:
        return None
    if len(x) == 1:
        end = f"{x[0]} -> {'+' if direction[0] > 0 else '-'}oo"
        leaves = LEAVES.replace("may not be", "is not") if exact else LEAVES
        return Completeness(False, "proved", f"{W} falls faster than -{x[0]}**2 as {end}: {leaves}")
    if exact and 2 * degree_of_b < m:
        place = f"({', '.join(map(str, x))}) = ({', '.join(f'{c:g}' for c in direction)})"
        return Completeness(False, "proved", f"{top}, the leading part of the potential, is < 0 at {place}: {LEAVES}")
    return None


def _steady(f: sympy.Expr) -> bool:
    """Whether df/dt is bounded: what it adds to the energy in finite time is, too."""
    return all(map(isfinite, interval(derivative(f, TIME))))


def _without_bounded(f: sympy.Expr, x: Names) -> tuple[sympy.Expr, sympy.Expr]:
    """(the sum of the bounded terms of f that are no polynomials, the rest)."""
    terms = sympy.Add.make_args(f)
    bounded = [g for g in terms if not g.is_polynomial(*x) and all(map(isfinite, interval(g)))]
    return sympy.Add(*bounded), sympy.Add(*(g for g in terms if g not in bounded))


def _on_samples(W: sympy.Expr, x: Names) -> Completeness | None:
    """By the powers of |x| with which the least value of W on spheres falls from one to the next."""
    n = len(x)
    axes = np.concatenate([np.eye(n), -np.eye(n)])
    others = np.random.default_rng(0).normal(size=(DIRECTIONS if n > 1 else 0, n))
    directions = np.concatenate([axes, others / np.linalg.norm(others, axis=1, keepdims=True)])
    points = RADII[:, None, None] * directions
    with np.errstate(all="ignore"):
        values = evaluate(W, dict(zip(x, np.moveaxis(points, -1, 0), strict=True)), np) + np.zeros(points.shape[:2])
        if np.isnan(values).any():
            return None
        least = values.min(axis=1)
        powers = np.log2(-least[1:] / -least[:-1])
    if (least >= -(RADII**2)).all():
        return Completeness(True, "sampled", f"the potential falls no faster than -|x|^2 up to |x| = {RADII[-1]:g}")
    if not (least < 0).all():
        return None
    late = np.nan_to_num(powers[len(powers) // 2 :], nan=np.inf)  # from one infinity to the next
    if late.min() >= FASTER:
        return Completeness(False, "sampled", f"{W} falls faster than -|x|^2 up to |x| = {RADII[-1]:g}: {LEAVES}")
    if late.max() <= NOT_FASTER:
        return Completeness(True, "sampled", f"the potential falls no faster than -|x|^2 up to |x| = {RADII[-1]:g}")
    return None


def _transport(p: sympy.Expr, x: Names, xi: Names) -> Completeness | None:
    """p = b(x) xi + V(x) for n = 1: dx/dt = b(x) alone decides."""
    if len(x) > 1 or p.has(TIME) or not expandable(p) or not p.is_polynomial(*xi):
        return None
    polynomial = sympy.Poly(p, *xi)
    if polynomial.total_degree() != 1:
        return None
    b = polynomial.coeff_monomial(xi[0])
    if all(map(isfinite, interval(derivative(b, x[0])))):
        return _proved("the velocity grows no faster than |z|: the flow is complete")
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
        return _proved(f"all velocities d{x[0]}/dt are bounded, or grow no faster than |z|: the flow is complete")
    if p.has(TIME):
        return None
    for sign in (1, -1):
        if _bounded_below(sign * V, x) and T.is_polynomial(*xi) and _grows(sign * T, xi):
            return _proved(f"the conserved p bounds |{xi[0]}|, and so the velocity of {x[0]}: the flow is complete")
    return None


def _bounded_below(f: sympy.Expr, v: Names) -> bool:
    rest = _without_bounded(f, v)[1]
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
        found, how, _ = definite(sign * top, z)
        if found > 0 and (sampled or how == "proved"):
            return Completeness(True, how, f"the conserved p has compact level sets: {COMPLETE}")
    if len(z) == 2 and m > 2 and crosses(top, *z):
        return Completeness(False, "proved", f"{top}, the leading part of p, changes sign: {LEAVES}")
    return None
