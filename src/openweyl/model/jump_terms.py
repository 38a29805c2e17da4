"""The jumps by the way in which their part of both generators is made exact.

A jump a + i b of x alone, or of xi alone, multiplies in (x, s), or in (k, xi). A linear jump diffuses along its real
and its imaginary part, and if it is complex adds friction, a scaling of both axes by the rate gamma {a, b}. A constant
c in it is a force: as (L + c) A (L + c)* - {(L + c)* (L + c), A}/2 is the same without c and [conj(c) L - c L*, A]/2
more, the jump l + c is the jump l with p - gamma Im(conj(c) l). All others are applied as operators, by star products
(generators/operator_terms.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import sympy

from openweyl.symbolic.algebra import Variables, Vector, linear

Pair: TypeAlias = tuple[sympy.Expr, sympy.Expr]
"""(a, b), the real and the imaginary part of a jump a + i b."""


@dataclass(frozen=True)
class JumpTerms:
    """The jumps. Real and imaginary parts stand one by one among them; `forces` hold what the two do together.

    position_jumps, momentum_jumps: parts of x alone, of xi alone. linear_jumps: the (a, b) of parts a.x + b.xi.
    momentum_jumps_linear: the gradients of all momentum jumps, if these are linear. position_forces, momentum_forces:
    complex jumps of x alone, of xi alone. induced_kinetic, induced_potential: the linear Hamiltonian that constants in
    complex linear jumps induce, in units of gamma. friction: the rates at which the axes grow, x then xi, in units of
    gamma. operator_jumps: all others.
    """

    position_jumps: tuple[sympy.Expr, ...]
    momentum_jumps: tuple[sympy.Expr, ...]
    linear_jumps: tuple[tuple[Vector, Vector], ...]
    momentum_jumps_linear: tuple[Vector, ...] | None
    position_forces: tuple[Pair, ...]
    momentum_forces: tuple[Pair, ...]
    induced_kinetic: sympy.Expr
    induced_potential: sympy.Expr
    friction: Vector
    operator_jumps: tuple[Pair, ...]


def jump_terms(jumps: Sequence[Pair], x: Variables, xi: Variables) -> JumpTerms:
    """The jumps a + i b, given as pairs, by kind."""
    kinds = _Kinds(x, xi, friction=[0.0] * (2 * len(x)))
    for a, b in jumps:
        kinds.add(a, b)
    gradients = [linear(jump, xi) for jump in kinds.momentum]
    induced = sympy.expand(kinds.induced)
    kinetic = sympy.Add(*(term for term in sympy.Add.make_args(induced) if term.has(*xi)))
    return JumpTerms(
        position_jumps=tuple(kinds.position),
        momentum_jumps=tuple(kinds.momentum),
        linear_jumps=tuple(kinds.linear),
        momentum_jumps_linear=None if None in gradients else tuple(g for g in gradients if g is not None),
        position_forces=tuple(kinds.position_forces),
        momentum_forces=tuple(kinds.momentum_forces),
        induced_kinetic=kinetic,
        induced_potential=induced - kinetic,
        friction=tuple(kinds.friction),
        operator_jumps=tuple(kinds.operators),
    )


@dataclass
class _Kinds:
    """The jumps met so far, by kind."""

    x: Variables
    xi: Variables
    friction: list[float]
    position: list[sympy.Expr] = field(default_factory=list)
    momentum: list[sympy.Expr] = field(default_factory=list)
    linear: list[tuple[Vector, Vector]] = field(default_factory=list)
    position_forces: list[Pair] = field(default_factory=list)
    momentum_forces: list[Pair] = field(default_factory=list)
    operators: list[Pair] = field(default_factory=list)
    induced: sympy.Expr = sympy.S.Zero

    def add(self, a: sympy.Expr, b: sympy.Expr) -> None:
        """The jump a + i b."""
        x, xi = self.x, self.xi
        a, b, induced = _without_constants(a, b, x + xi)
        self.induced += induced
        if not any(f.has(*xi) for f in (a, b)):
            self.position += [f for f in (a, b) if f.has(*x)]
            self.position_forces += [(a, b)] if a != 0 and b != 0 else []
        elif not any(f.has(*x) for f in (a, b)):
            self.momentum += [f for f in (a, b) if f.has(*xi)]
            self.momentum_forces += [(a, b)] if a != 0 and b != 0 else []
        else:
            self._add_mixed(a, b)

    def _add_mixed(self, a: sympy.Expr, b: sympy.Expr) -> None:
        """A jump of both x and xi."""
        rates = [0.0] * len(self.friction) if b == 0 else _friction(a, b, self.x, self.xi)
        if rates is None or not all(linear(f, self.x + self.xi) for f in (a, b)):
            self.operators.append((a, b))
            return
        self.friction = [total + rate for total, rate in zip(self.friction, rates, strict=True)]
        for f in (a, b):
            self._add_linear_part(f)

    def _add_linear_part(self, f: sympy.Expr) -> None:
        gradient = linear(f, self.x + self.xi)
        if gradient is None or f.is_number:
            return
        if not f.has(*self.xi):
            self.position.append(f)
        elif not f.has(*self.x):
            self.momentum.append(f)
        else:
            self.linear.append((gradient[: len(self.x)], gradient[len(self.x) :]))


def _without_constants(a: sympy.Expr, b: sympy.Expr, z: Variables) -> tuple[sympy.Expr, sympy.Expr, sympy.Expr]:
    """A complex linear jump a + i b without its constant c, and the Hamiltonian -Im(conj(c) (a + i b)) in its place."""
    if b == 0 or linear(a, z) is None or linear(b, z) is None:
        return a, b, sympy.Integer(0)
    a, b = sympy.expand(a), sympy.expand(b)
    real, imaginary = (f.as_coeff_add(*z)[0] for f in (a, b))
    a, b = a - real, b - imaginary
    return a, b, imaginary * a - real * b


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
