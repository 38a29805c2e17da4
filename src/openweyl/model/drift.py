"""The drift of the classical evolution: how points of phase space move without noise, as formulas.

    X_f = (f_xi, -f_x),        v = X_p + gamma sum_l ( b X_a - a X_b ),    l = a + i b.

Source: docs/conventions.md, complex jumps.
"""

from __future__ import annotations

import sympy

from openweyl.symbolic.derivatives import derivative

from .formulas import real_and_imaginary
from .system import System


def field_of(f: sympy.Expr, system: System) -> list[sympy.Expr]:
    """X_f, the Hamiltonian field of `f`: 2n expressions."""
    free = f.free_symbols
    along_x, along_xi = (
        [derivative(f, v) if v in free else sympy.S.Zero for v in side] for side in (system.x, system.xi)
    )
    return [*along_xi, *(-part for part in along_x)]


def drift_of(system: System) -> list[sympy.Expr]:
    """v, 2n expressions in x, xi and the time.

    >>> print(drift_of(System("xi**2/2 + x**2/2", ["x + I*xi/2"], h=0.1, gamma=1.0)))
    [-0.5*x + xi, -x - 0.5*xi]
    """
    terms = [[entry] for entry in field_of(system.hamiltonian, system)]
    for a, b in map(real_and_imaginary, system.jumps if system.gamma else ()):
        if b != 0:
            for parts, a_i, b_i in zip(terms, field_of(a, system), field_of(b, system), strict=True):
                parts += [system.gamma * b * a_i, -system.gamma * a * b_i]
    return [sympy.Add(*parts) for parts in terms]
