"""A system whose clock starts later."""

from __future__ import annotations

import sympy

from openweyl.model.system import System
from openweyl.symbolic.expressions import TIME


def started_at(system: System, start: float) -> System:
    """The system with t + `start` in place of t: what it is `start` later is what this one is at time 0."""
    formulas = (system.hamiltonian, *system.jumps)
    if start == 0 or not any(f.has(TIME) for f in formulas):
        return system
    later = TIME + sympy.Rational(repr(start))
    p, *jumps = (f.subs(TIME, later) for f in formulas)
    return System(p, jumps, h=system.h, gamma=system.gamma)
