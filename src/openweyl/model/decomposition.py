"""What a system is made of, in the forms in which both generators are exact: see hamiltonian_terms and jump_terms.

A system is described without this; it is made when the system is evolved, once for all h and gamma.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import sympy

from openweyl._core.arguments import must
from openweyl.symbolic.algebra import MAX_TERMS, Variables, expandable, separate

from .formulas import real_and_imaginary
from .hamiltonian_terms import HamiltonianTerms, hamiltonian_terms
from .jump_terms import JumpTerms, jump_terms
from .system import System


@dataclass(frozen=True)
class Decomposition(HamiltonianTerms, JumpTerms):
    """The terms of the Hamiltonian and of the jumps."""

    @property
    def split(self) -> bool:
        """Whether kicks, drifts and linear jumps are all there is."""
        scaled = any(self.scaling) or any(self.friction)
        return not (scaled or self.ridges or self.operator_terms or self.operator_jumps)

    @property
    def fourth_order(self) -> bool:
        """Whether [A, [B, A]], A the kicks and B the drifts, is a multiplication, as order 4 wants it."""
        plain = self.momentum_jumps_linear is not None and not self.position_forces
        return self.split and self.kinetic_quadratic is not None and plain


def decomposition(system: System) -> Decomposition:
    """The terms of `system`; remembered by its formulas, whatever h and gamma are.

    >>> kerr = System("(x**2 + xi**2)**2/4", ["(x + I*xi)/sqrt(2)"], h=0.1, gamma=0.5)
    >>> [ridge.slopes for ridge in decomposition(kerr).ridges]
    [(-sqrt(3)/3,), (sqrt(3)/3,)]

    Raises InputError for the few systems that no method here covers.
    """
    return _decomposed(system.hamiltonian, system.jumps, system.x, system.xi)


@lru_cache(maxsize=256)
def _decomposed(p: sympy.Expr, jumps: tuple[sympy.Expr, ...], x: Variables, xi: Variables) -> Decomposition:
    pairs = [real_and_imaginary(jump) for jump in jumps]
    mixed = separate(p, x, xi) is None
    for name, f in [("hamiltonian", p)] * mixed + [("jumps", f) for pair in pairs for f in pair]:
        small = expandable(f) or not (f.has(*x) and f.has(*xi))
        must(small, name, f"have at most {MAX_TERMS} terms when multiplied out, as it mixes x and xi", str(f))
    return Decomposition(**vars(hamiltonian_terms(p, x, xi)), **vars(jump_terms(pairs, x, xi)))
