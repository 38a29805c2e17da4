"""A system in pieces of time, in each of which its formulas are smooth."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from copy import copy
from dataclasses import dataclass
from typing import Generic, TypeVar

import sympy

from openweyl.symbolic.breakpoints import pieces_of
from openweyl.symbolic.sampled import Sampled
from openweyl.symbolic.switches import SWITCHES

from .system import System

Kind = TypeVar("Kind")
"""`System`, or what a room makes of one."""


@dataclass(frozen=True)
class Stretch(Generic[Kind]):
    """`system` between the times `begin` and `end`; its formulas are smooth, up to corners at the times `stops`."""

    begin: float
    end: float
    system: Kind
    stops: tuple[float, ...] = ()

    @property
    def middle(self) -> float:
        """A time at which its formulas are smooth."""
        return (self.begin + self.end) / 2

    def next_stop(self, t: float) -> float:
        """The first time after t at which a run has to land."""
        j = bisect_right(self.stops, t)
        return self.stops[j] if j < len(self.stops) else self.end


class Piece(Stretch[System]):
    """A stretch of time of a System."""


def has_pieces(system: System) -> bool:
    """Whether a formula of the system has corners or jumps in time."""
    return any(f.has(*SWITCHES) for f in (system.hamiltonian, *system.jumps))


def is_smooth(system: System) -> bool:
    """Whether its formulas have no corners in time at all."""
    return not has_pieces(system) and not any(f.has(Sampled) for f in (system.hamiltonian, *system.jumps))


def pieces(system: System, end: float) -> list[Piece]:
    """`system` from time 0 to `end`, piece by piece; one piece, which is the system itself, where all is smooth.

    Pieces with the same formulas, as every other one of a square wave, have the same System.

    >>> for piece in pieces(System("xi**2/2 + x*heaviside(sin(3*t))", h=0.1), 2.0):
    ...     print(f"{piece.begin:.4f} {piece.end:.4f} {piece.system.hamiltonian}")
    0.0000 1.0472 x + xi**2/2
    1.0472 2.0000 xi**2/2

    Raises ResourceError where there are too many pieces.
    """
    every = system.breakpoints(end)
    if not has_pieces(system):
        return [Piece(0.0, end, system, every)]
    found = pieces_of((system.hamiltonian, *system.jumps), end)
    made = {formulas: _with(system, formulas) for formulas in dict.fromkeys(formulas for _, _, formulas in found)}
    return [
        Piece(start, stop, made[formulas], every[bisect_right(every, start) : bisect_left(every, stop)])
        for start, stop, formulas in found
    ]


def _with(system: System, formulas: tuple[sympy.Expr, ...]) -> System:
    smooth = copy(system)
    smooth._set(hamiltonian=formulas[0], jumps=formulas[1:], operators=None)
    return smooth
