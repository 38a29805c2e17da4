"""The right side of either equation at one symbol: L w by star products, Q w by derivatives.

    L w  =  (2/h) Im(p * w) + (gamma/h) sum_l ( l * w * conj(l) - Re(conj(l) * l * w) ),
    Q w  =  {p, w} + gamma sum_{l = a + i b} ( (h/2) ({a, {a, w}} + {b, {b, w}}) + {a, b w} - {b, a w} ).

What is done at each step of a run is in the room of generators; this is for a look at a single symbol, at a residual.
Source: docs/conventions.md.
"""

from __future__ import annotations

import numpy as np
import sympy

from openweyl.model.formulas import real_and_imaginary
from openweyl.model.system import System
from openweyl.phase_space.left_multiplication import LeftMultiplication, left_multiplication
from openweyl.symbolic.derivatives import derivative
from openweyl.symbolic.expressions import TIME, evaluate
from openweyl.weyl.symbol import Symbol


def applied(system: System, w: Symbol, *, quantum: bool, t: float = 0.0) -> Symbol:
    """L w or Q w at time t, for a real symbol that is negligible at the edges of its grid.

    Raises InputError for n > 1 and a formula that mixes x and xi other than by polynomials (quantum).
    """
    p, *jumps = (f.subs(TIME, t) for f in (system.hamiltonian, *system.jumps))
    parts = [real_and_imaginary(jump) for jump in jumps] if system.gamma else []
    return (_quantum if quantum else _classical)(system, p, parts, w)


def _quantum(system: System, p: sympy.Expr, jumps: list[tuple[sympy.Expr, sympy.Expr]], w: Symbol) -> Symbol:
    def left(f: sympy.Expr) -> LeftMultiplication:
        return left_multiplication(f, system.x, system.xi, w.grid)

    total = 2 / system.h * left(p)(w.values).imag
    for a, b in jumps:
        by_a, by_b = left(a), left(b)
        once = by_a(w.values) + 1j * by_b(w.values)
        back = np.conj(once)
        both = np.conj(by_a(back) + 1j * by_b(back)).real
        total = total + system.gamma / system.h * (both - (by_a(once) - 1j * by_b(once)).real)
    return w.like(total)


def _classical(system: System, p: sympy.Expr, jumps: list[tuple[sympy.Expr, sympy.Expr]], w: Symbol) -> Symbol:
    points = dict(zip((*system.x, *system.xi), w.grid.coordinates((), np), strict=True))
    n = system.n

    def bracket(f: sympy.Expr, g: Symbol) -> Symbol:
        """{f, g} = sum_j f_{x_j} g_{xi_j} - f_{xi_j} g_{x_j}."""
        values = np.zeros(w.grid.shape)
        for j, (v, eta) in enumerate(zip(system.x, system.xi, strict=True)):
            unit = [int(i == j) for i in range(n)]
            along_x, along_xi = derivative(f, v), derivative(f, eta)
            if along_x != 0:
                values = values + evaluate(along_x, points, np) * g.derivative(xi=unit).values
            if along_xi != 0:
                values = values - evaluate(along_xi, points, np) * g.derivative(x=unit).values
        return g.like(values)

    def times(f: sympy.Expr, g: Symbol) -> Symbol:
        return g.like(np.broadcast_to(evaluate(f, points, np), w.grid.shape) * g.values)

    total = bracket(p, w)
    for a, b in jumps:
        spread = bracket(a, bracket(a, w)) + bracket(b, bracket(b, w))
        total = total + system.gamma * (system.h / 2 * spread + bracket(a, times(b, w)) - bracket(b, times(a, w)))
    return total
