"""Whether the potential falls so fast that orbits reach infinity in finite time, for p quadratic in xi.

Let M xi.xi/2 + b(x).xi + V(x) have a definite matrix M (positive, or -p has), and complete the square:
W = V - b.M^{-1} b/2 is the potential in which the momentum xi + M^{-1} b moves.

    W >= -c |x|^2 - d     |dx/dt| <= C (1 + |x|) by the energy, so no orbit leaves in finite time, and P is essentially
                          self-adjoint (Faris and Lavine; with b, Ikebe and Kato);
    W_m(omega) < 0        for the part W_m of W of the highest degree m > 2: orbits leave in finite time. n = 1: the
                          time int dx/sqrt(2 (E - W)) is finite, and P is not essentially self-adjoint (Reed and Simon).
                          n > 1, b of degree below m/2: at infinity, with |x|^{m/2 - 1} dt for the time, the steepest
                          descent of W_m is an orbit to a fixed point, which attracts in 1/|x|, and lower terms keep it.

Sources: Reed and Simon, Methods of Modern Mathematical Physics II (one dimension); Faris and Lavine, Commun. Math.
Phys. 35, 39 (1974); Ikebe and Kato (1962); McGehee, Invent. Math. 27, 191 (1974), for the coordinates at infinity.
"""

from __future__ import annotations

from math import isfinite

import numpy as np
import sympy

from openweyl.symbolic.algebra import expandable
from openweyl.symbolic.derivatives import derivative
from openweyl.symbolic.expressions import TIME, evaluate
from openweyl.symbolic.homogeneous import definite, leading
from openweyl.symbolic.smoothness import interval

from .completeness import COMPLETE, LEAVES, Completeness, proved

Names = tuple[sympy.Symbol, ...]

SAMPLE_RADII = 2.0 ** np.arange(5, 14)
"""Where potentials that are no polynomials are looked at: far out, and still in the range of most exponentials."""
SAMPLE_DIRECTIONS = 512
"""Directions in which they are looked at if n > 1."""
MIN_FAST_POWER, MAX_SLOW_POWER = 2.2, 2.02
"""Powers of |x|: a fall by at least the first is taken for faster than |x|^2, by at most the second for no faster.
Between them, as for -|x|^2 log |x|, samples do not tell."""


def kinetic_energy_rule(p: sympy.Expr, x: Names, xi: Names, *, sampled: bool = False) -> Completeness | None:
    """What decides where p is a definite quadratic form in xi, plus lower powers; `sampled`: by samples, too."""
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
    if isfinite(interval(W)[0]) and steady(W):
        return proved(f"the potential is bounded below: {COMPLETE}")
    bounded, rest = without_bounded(W, x)
    if rest.is_polynomial(*x) and steady(bounded):
        by_degree = _polynomial(W, rest, x, degree_of_b, sampled, exact=bounded == 0)
        if by_degree is not None:
            return by_degree
    if W.has(TIME) or not sampled:
        return None
    seen = _on_samples(W, x)
    weak = len(x) == 1 or degree_of_b <= 1  # a magnetic field may hold what a potential drives out
    return seen if seen is None or seen.holds or weak else None


def _polynomial(
    W: sympy.Expr, rest: sympy.Expr, x: Names, degree_of_b: float, sampled: bool, exact: bool
) -> Completeness | None:
    """W = `rest` + something bounded (nothing if `exact`)."""
    top, m = leading(rest, x)
    if m <= 2:
        return proved(f"the potential falls no faster than -|x|^2: {COMPLETE}")
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


def steady(f: sympy.Expr) -> bool:
    """Whether df/dt is bounded: what it adds to the energy in finite time is, too."""
    return all(map(isfinite, interval(derivative(f, TIME))))


def without_bounded(f: sympy.Expr, x: Names) -> tuple[sympy.Expr, sympy.Expr]:
    """(the sum of the bounded terms of f that are no polynomials, the rest)."""
    terms = sympy.Add.make_args(f)
    bounded = [g for g in terms if not g.is_polynomial(*x) and all(map(isfinite, interval(g)))]
    return sympy.Add(*bounded), sympy.Add(*(g for g in terms if g not in bounded))


def _on_samples(W: sympy.Expr, x: Names) -> Completeness | None:
    """By the powers of |x| with which the least value of W on spheres falls from one to the next."""
    n = len(x)
    axes = np.concatenate([np.eye(n), -np.eye(n)])
    others = np.random.default_rng(0).normal(size=(SAMPLE_DIRECTIONS if n > 1 else 0, n))
    directions = np.concatenate([axes, others / np.linalg.norm(others, axis=1, keepdims=True)])
    points = SAMPLE_RADII[:, None, None] * directions
    with np.errstate(all="ignore"):
        values = evaluate(W, dict(zip(x, np.moveaxis(points, -1, 0), strict=True)), np) + np.zeros(points.shape[:2])
        if np.isnan(values).any():
            return None
        least = values.min(axis=1)
        powers = np.log2(-least[1:] / -least[:-1])
    seen = f"up to |x| = {SAMPLE_RADII[-1]:g}"
    slow = Completeness(True, "sampled", f"the potential falls no faster than -|x|^2 {seen}")
    if (least >= -(SAMPLE_RADII**2)).all():
        return slow
    if not (least < 0).all():
        return None
    late = np.nan_to_num(powers[len(powers) // 2 :], nan=np.inf)  # from one infinity to the next
    if late.min() >= MIN_FAST_POWER:
        return Completeness(False, "sampled", f"{W} falls faster than -|x|^2 {seen}: {LEAVES}")
    if late.max() <= MAX_SLOW_POWER:
        return slow
    return None
