"""A system with polynomial symbols, as coefficients of products of ladder operators."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

import sympy

from openweyl.model.system import System
from openweyl.model.timed_factor import split
from openweyl.symbolic.expressions import TIME

from .ladder import Ladder, ladders_in_time, lowers, raises


@dataclass(frozen=True)
class PolynomialSystem:
    """dA/dt = sum_f f(t) ( -(i/h) [P_f, A] + sum_j (L_j A L_j* - {L_j* L_j, A}/2) ), the jumps those with the rate f.

    hamiltonian: the polynomials p_f by their f. jumps: pairs (f, l_j sqrt(gamma/h)).
    """

    n: int
    h: float
    hamiltonian: tuple[tuple[sympy.Expr, Ladder], ...]
    jumps: tuple[tuple[sympy.Expr, Ladder], ...]

    @property
    def factors(self) -> tuple[sympy.Expr, ...]:
        """The functions of the time, 1 first."""
        found = dict.fromkeys([sympy.S.One, *(f for f, _ in (*self.hamiltonian, *self.jumps))])
        return tuple(found)

    def reach(self) -> tuple[int, ...]:
        """How many levels further than its argument L reaches, in each mode."""
        own, others = [p for _, p in self.hamiltonian], [p for _, p in self.jumps]
        return tuple(
            max([raises(p, j) for p in own] + [raises(p, j) + max(lowers(p, j), 0) for p in others] + [0])
            for j in range(self.n)
        )


@lru_cache(maxsize=32)
def polynomial_system(system: System, scales: tuple[float, ...]) -> PolynomialSystem | None:
    """The system by ladder operators of x/s and s xi, s the `scales`; None if its symbols are no polynomials."""
    x, xi, h = system.x, system.xi, system.h
    p = ladders_in_time(system.hamiltonian, x, xi, h, scales)
    if p is None:
        return None
    jumps: list[tuple[sympy.Expr, Ladder]] = []
    for jump in system.jumps if system.gamma else ():
        factor, symbol = split(jump)
        parts = ladders_in_time(symbol, x, xi, h, scales)
        if parts is None:
            return None
        scale = sqrt(system.gamma / h)
        jumps += [(factor**2, {key: scale * value for key, value in ladder.items()}) for ladder in parts.values()]
    return PolynomialSystem(system.n, h, tuple(p.items()), tuple(jumps))


def timed(system: PolynomialSystem) -> bool:
    """Whether anything depends on the time."""
    return any(factor.has(TIME) for factor in system.factors)
