"""The terms of both generators, sorted by how each is made exact.

    p  =  T(xi) + V(x)  +  sum_j c_j x_j xi_j  +  sum of ridges  +  rest,        l  =  a + i b.

T and V, and jumps of x alone or xi alone, multiply in (k, xi) and in (x, s); c_j x_j xi_j scales the axes. A polynomial
that mixes x and xi is a sum of ridges, functions of linear forms u = x + c xi: a shear turns each into a potential, as
Op(F(x + c xi)) = F(Op(x + c xi)). So for instance

    x^2 xi^2  =  [ (x + xi)^4 + (x - xi)^4 - 2 x^4 - 2 xi^4 ] / 12.

A linear complex jump diffuses along its real and its imaginary part and adds friction, a scaling of both axes by the
rate gamma {a, b}. A constant c in it is a force: as (L + c) A (L + c)* - {(L + c)* (L + c), A}/2 is the same without c
and [conj(c) L - c L*, A]/2 more, the jump l + c is the jump l with p - gamma Im(conj(c) l). What is none of these is
the rest, for which `rest` has star products.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import reduce
from itertools import product
from math import comb
from typing import TypeAlias

import sympy

from openweyl._core.arguments import must
from openweyl.symbolic.expressions import MAX_TERMS, TIME, expandable, multiplied_out, quadratic, separate

Vector: TypeAlias = tuple[float, ...]
Variables: TypeAlias = tuple[sympy.Symbol, ...]
Slope: TypeAlias = sympy.Expr | None

MAX_DEGREE = 8
"""The degree up to which mixed polynomials become ridges. Their coefficients, which cancel, grow with it."""
SLOPES = tuple(sympy.Rational(c) for c in ("1", "2", "1/2", "3"))
"""The slopes +-c of ridges, in the order in which they are taken."""


@dataclass(frozen=True)
class Ridge:
    """F(u_1, ..., u_n), u_j = x_j + c_j xi_j, or xi_j where the slope c_j is None; F is written in x_j, or xi_j."""

    slopes: tuple[Slope, ...]
    function: sympy.Expr


@dataclass(frozen=True)
class Decomposition:
    """A system's terms. Real and imaginary parts of jumps stand among the jumps; `forces` hold what they do together.

    position_forces, momentum_forces: pairs (a, b) of jumps a + i b of x alone, of xi alone. linear_jumps: (a, b) of
    parts a.x + b.xi. induced_kinetic, induced_potential: the linear Hamiltonian that constants in complex linear jumps
    induce, in units of gamma. scaling, friction: the rates at which the axes grow, x then xi, friction in units of
    gamma. rest: pairs (c(t), f) of terms c f of p. rest_jumps: (real part, imaginary part).
    """

    kinetic: sympy.Expr
    potential: sympy.Expr
    kinetic_quadratic: tuple[tuple[Vector, ...], Vector] | None
    position_jumps: tuple[sympy.Expr, ...]
    momentum_jumps: tuple[sympy.Expr, ...]
    linear_jumps: tuple[tuple[Vector, Vector], ...]
    momentum_jumps_linear: tuple[Vector, ...] | None
    position_forces: tuple[tuple[sympy.Expr, sympy.Expr], ...]
    momentum_forces: tuple[tuple[sympy.Expr, sympy.Expr], ...]
    induced_kinetic: sympy.Expr
    induced_potential: sympy.Expr
    scaling: Vector
    friction: Vector
    ridges: tuple[Ridge, ...]
    rest: tuple[tuple[sympy.Expr, sympy.Expr], ...]
    rest_jumps: tuple[tuple[sympy.Expr, sympy.Expr], ...]

    @property
    def split(self) -> bool:
        """Whether kicks, drifts and linear jumps are all there is."""
        return not (any(self.scaling) or any(self.friction) or self.ridges or self.rest or self.rest_jumps)

    @property
    def fourth_order(self) -> bool:
        """Whether [A, [B, A]], A the kicks and B the drifts, is a multiplication, as order 4 wants it."""
        plain = self.momentum_jumps_linear is not None and not self.position_forces
        return self.split and self.kinetic_quadratic is not None and plain


def decompose(
    p: sympy.Expr, jumps: tuple[tuple[sympy.Expr, sympy.Expr], ...], x: Variables, xi: Variables
) -> Decomposition:
    """The terms of the Hamiltonian p and of the jumps a + i b, given as pairs; InputError for what is not covered."""
    parts = separate(p, x, xi)
    scaling, ridges, rest = [0.0] * (2 * len(x)), dict[tuple[Slope, ...], sympy.Expr](), sympy.Integer(0)
    for name, f in [("hamiltonian", p)] * (parts is None) + [("jumps", f) for jump in jumps for f in jump]:
        small = expandable(f) or not (f.has(*x) and f.has(*xi))
        must(small, name, f"have at most {MAX_TERMS} terms when multiplied out, as it mixes x and xi", str(f))
    if parts is None:
        parts, scaling, ridges, rest = _mixed(p, x, xi)
    timed = [_time_factor(term) for term in sympy.Add.make_args(rest) if term != 0]
    kinds = _jumps(jumps, x, xi)
    slopes = [linear(jump, xi) for jump in kinds["momentum_jumps"]]
    return Decomposition(
        kinetic=parts[0],
        potential=parts[1],
        kinetic_quadratic=quadratic(parts[0], xi),
        momentum_jumps_linear=None if None in slopes else tuple(s for s in slopes if s is not None),
        scaling=tuple(scaling),
        ridges=tuple(Ridge(key, f) for key, f in sorted(ridges.items(), key=str)),
        rest=_collected(timed),
        **kinds,
    )


def linear(f: sympy.Expr, v: Variables) -> Vector | None:
    """The gradient of f if f is of degree <= 1 in `v`, else None."""
    found = quadratic(f, v)
    if found is None or any(any(row) for row in found[0]):
        return None
    return found[1]


def _mixed(
    p: sympy.Expr, x: Variables, xi: Variables
) -> tuple[tuple[sympy.Expr, sympy.Expr], list[float], dict[tuple[Slope, ...], sympy.Expr], sympy.Expr]:
    """(T, V), scaling, ridges and the rest of a Hamiltonian that is not T(xi) + V(x)."""
    terms = sympy.Add.make_args(multiplied_out(p))
    kinetic = sympy.Add(*(f for f in terms if not f.has(*x) and f.has(*xi)))
    potential = sympy.Add(*(f for f in terms if not f.has(*xi)))
    both = [f for f in terms if f.has(*x) and f.has(*xi)]
    polynomial = [f for f in both if f.is_polynomial(*x, *xi) and sympy.Poly(f, *x, *xi).total_degree() <= MAX_DEGREE]
    rest = sympy.Add(*(f for f in both if f not in polynomial))
    scaling = [0.0] * (2 * len(x))
    pieces: dict[tuple[Slope, ...], sympy.Expr] = defaultdict(lambda: sympy.Integer(0))
    if polynomial:
        mixed = sympy.Poly(sympy.Add(*polynomial), *x, *xi)
        whole = sympy.Poly(sympy.Add(*(f for f in terms if f.is_polynomial(*x, *xi))), *x, *xi)
        chosen = [_slopes(whole, u, v) for u, v in zip(x, xi, strict=True)]
        for powers, coefficient in mixed.terms():
            own = [(powers[j], powers[len(x) + j]) for j in range(len(x))]
            if sum(powers) == 2 and (1, 1) in own and coefficient.is_number:
                j = own.index((1, 1))  # the flow of x_j xi_j: x_j grows, xi_j shrinks
                scaling[j] += float(coefficient)
                scaling[len(x) + j] -= float(coefficient)
                continue
            forms = [_ridges_of(a, b, slopes) for (a, b), slopes in zip(own, chosen, strict=True)]
            for choice in product(*forms):
                key = tuple(slope for slope, _, _ in choice)
                factors = [
                    c * (v if slope is None else u) ** power
                    for (slope, power, c), u, v in zip(choice, x, xi, strict=True)
                ]
                pieces[key] += reduce(lambda a, b: a * b, factors, coefficient)
    n = len(x)
    potential += pieces.pop((sympy.Integer(0),) * n, sympy.Integer(0))
    kinetic += pieces.pop((None,) * n, sympy.Integer(0))
    return (kinetic, potential), scaling, {k: f for k, f in pieces.items() if sympy.expand(f) != 0}, rest


def _slopes(p: sympy.Poly, x: sympy.Symbol, xi: sympy.Symbol) -> tuple[sympy.Expr, ...]:
    """Slopes of ridges in x and xi; if there may be one pair +-c only, the one that makes one term fewer.

    In A x^2 xi^2 + B x^4 + C xi^4 the ridges of slope c hold B x^4 if c^2 = A/(6 B), and C xi^4 if c^2 = 6 C/A. A small
    slope asks least of the grid.
    """
    A, B, C = (p.coeff_monomial(x**a * xi**b) for a, b in ((2, 2), (4, 0), (0, 4)))
    squares = [first / second for first, second in ((A, 6 * B), (6 * C, A)) if not second.is_zero]
    small = [sympy.sqrt(c) for c in squares if c.is_number and 0 < c <= 1]
    return (min(small), *(c for c in SLOPES if c != min(small))) if small else SLOPES


def _ridges_of(a: int, b: int, slopes: tuple[sympy.Expr, ...] = SLOPES) -> list[tuple[Slope, int, sympy.Expr]]:
    """x^a xi^b as the sum of coefficient * u^power over (slope, power, coefficient).

    (x + c xi)^d +- (x - c xi)^d holds the even or the odd powers of xi, so that d - 1 conditions become two halves; at
    the ends, x^d and xi^d are there to cancel what is left.
    """
    if not b:
        return [(sympy.Integer(0), a, sympy.Integer(1))]
    if not a:
        return [(None, b, sympy.Integer(1))]
    degree, parity = a + b, b % 2
    powers = [m for m in range(1, degree) if m % 2 == parity]
    slopes = slopes[: len(powers)]
    matrix = sympy.Matrix([[2 * comb(degree, m) * c**m for c in slopes] for m in powers])
    weights = matrix.solve(sympy.Matrix([1 if m == b else 0 for m in powers]))
    found: list[tuple[Slope, int, sympy.Expr]] = []
    for c, weight in zip(slopes, weights, strict=True):
        found += [(c, degree, weight), (-c, degree, weight * (-1) ** parity)]
    if not parity:
        found.append((sympy.Integer(0), degree, -2 * sum(weights)))
    if degree % 2 == parity:
        found.append((None, degree, -2 * sum(w * c**degree for c, w in zip(slopes, weights, strict=True))))
    return [(slope, power, weight) for slope, power, weight in found if weight != 0]


def _time_factor(term: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """(c(t), f(x, xi)) with term = c f."""
    f, c = term.as_independent(TIME, as_Add=False)
    must(c.free_symbols <= {TIME}, "hamiltonian", "depend on time by factors c(t) where it mixes x and xi", str(term))
    return c, f


def _collected(pairs: list[tuple[sympy.Expr, sympy.Expr]]) -> tuple[tuple[sympy.Expr, sympy.Expr], ...]:
    """Pairs with the same factor of time are one term."""
    by_factor: dict[sympy.Expr, list[sympy.Expr]] = defaultdict(list)
    for c, f in pairs:
        by_factor[c].append(f)
    return tuple((c, sympy.Add(*fs)) for c, fs in by_factor.items())


def _jumps(jumps: tuple[tuple[sympy.Expr, sympy.Expr], ...], x: Variables, xi: Variables) -> dict[str, tuple]:  # type: ignore[type-arg]
    """The jumps by kind, in the fields of `Decomposition`."""
    found: dict[str, list] = {  # type: ignore[type-arg]
        name: []
        for name in (
            "position_jumps", "momentum_jumps", "linear_jumps", "position_forces", "momentum_forces", "rest_jumps",
        )
    }  # fmt: skip
    friction = [0.0] * (2 * len(x))
    induced = sympy.Integer(0)
    for a, b in jumps:
        a, b, force = _without_constants(a, b, x + xi)  # noqa: PLW2901 - what follows is about what is left
        induced += force
        damped = [0.0] * (2 * len(x)) if b == 0 else _friction(a, b, x, xi)
        if not any(f.has(*xi) for f in (a, b)):
            found["position_jumps"] += [f for f in (a, b) if f.has(*x)]
            found["position_forces"] += [(a, b)] if a != 0 and b != 0 else []
        elif not any(f.has(*x) for f in (a, b)):
            found["momentum_jumps"] += [f for f in (a, b) if f.has(*xi)]
            found["momentum_forces"] += [(a, b)] if a != 0 and b != 0 else []
        elif damped is None or not all(linear(f, x + xi) for f in (a, b)):
            found["rest_jumps"].append((a, b))
        else:
            friction = [r + s for r, s in zip(friction, damped, strict=True)]
            for f in (a, b):
                _sort_real(f, found, x, xi)
    induced = sympy.expand(induced)
    kinetic = sympy.Add(*(term for term in sympy.Add.make_args(induced) if term.has(*xi)))
    forces = {"induced_kinetic": kinetic, "induced_potential": induced - kinetic, "friction": tuple(friction)}
    return {name: tuple(values) for name, values in found.items()} | forces


def _without_constants(a: sympy.Expr, b: sympy.Expr, z: Variables) -> tuple[sympy.Expr, sympy.Expr, sympy.Expr]:
    """A complex linear jump a + i b without its constant c, and the Hamiltonian -Im(conj(c) (a + i b)) in its place."""
    if b == 0 or linear(a, z) is None or linear(b, z) is None:
        return a, b, sympy.Integer(0)
    a, b = sympy.expand(a), sympy.expand(b)
    real, imaginary = (f.as_coeff_add(*z)[0] for f in (a, b))
    a, b = a - real, b - imaginary
    return a, b, imaginary * a - real * b


def _sort_real(f: sympy.Expr, found: dict[str, list], x: Variables, xi: Variables) -> None:  # type: ignore[type-arg]
    gradient = linear(f, x + xi)
    if gradient is None or f.is_number:
        return
    if not f.has(*xi):
        found["position_jumps"].append(f)
    elif not f.has(*x):
        found["momentum_jumps"].append(f)
    else:
        found["linear_jumps"].append((gradient[: len(x)], gradient[len(x) :]))


def _friction(a: sympy.Expr, b: sympy.Expr, x: Variables, xi: Variables) -> list[float] | None:
    """The rates of the field (b a_xi - a b_xi, a b_x - b a_x), -div of which is the friction, if it scales the axes."""
    rates = []
    for v, sign, dual in [*zip(x, [1] * len(x), xi, strict=True), *zip(xi, [-1] * len(x), x, strict=True)]:
        component = sympy.expand(sign * (b * a.diff(dual) - a * b.diff(dual)))
        rate = component.coeff(v)
        if not rate.is_number or sympy.expand(component - rate * v) != 0:
            return None
        rates.append(float(rate))
    return rates
