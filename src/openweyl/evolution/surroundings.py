"""What a system gives the time loop during a piece of time: all that is made of its formulas, but for the generator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from openweyl.model.formulas import real_and_imaginary
from openweyl.model.pieces import Piece
from openweyl.phase_space.support import RequiredBox
from openweyl.symbolic.breakpoints import BREAKPOINT_ROUNDING
from openweyl.symbolic.expressions import TIME, enclose
from openweyl.symbolic.intervals import Interval

from .drive_resolution import DriveResolution
from .equation import Equation
from .resolution import Resolution
from .witness import MeansWitness, Velocities

LOOKS_PER_PIECE = 4
"""Integrals of what `watch` sees know their error from three looks on."""


@dataclass(frozen=True)
class Surroundings:
    """The velocities of a piece's system, its drive, if it has one, its length scales and the means' equation."""

    piece: Piece
    velocities: Velocities
    drive: DriveResolution | None
    resolution: Resolution
    witness: MeansWitness

    @staticmethod
    def of(piece: Piece, equation: Equation, horizon: float, tol: float) -> Surroundings:
        """Those of a piece of a run that ends at `horizon`."""
        system, velocities = piece.system, Velocities(piece.system)
        span = piece.begin, piece.end
        return Surroundings(
            piece,
            velocities,
            DriveResolution(system, piece.end, piece.begin) if velocities.timed else None,
            Resolution(system, horizon, tol, quantum=equation.quantum, hops=equation.hops, span=span),
            MeansWitness(velocities),
        )

    def between_looks(self, horizon: float) -> float:
        """The longest time between two looks of `watch` at a piece that is not the whole, which sees a few of each."""
        length = self.piece.end - self.piece.begin
        return length / LOOKS_PER_PIECE if length < horizon else inf

    def error_of_beginning(self, before: Surroundings, needs: Sequence[RequiredBox]) -> float:
        """What it costs, in trace norm, that the time at which this piece follows `before` is rounded.

        The change d of p acts for too long: ||[Op(d), A]||/h is at most sup d - inf d over h, over the support.
        """
        old, new = before.piece.system, self.piece.system
        change = new.hamiltonian - old.hamiltonian
        edges = (
            (TIME, self.piece.begin, self.piece.begin),
            *((v, need.lower, need.upper) for v, need in zip(new.x + new.xi, needs, strict=True)),
        )
        box = {v: Interval(np.float64(low), np.float64(high)) for v, low, high in edges}
        hull = enclose(change, box)
        rate = float(hull.high - hull.low) / new.h
        for jumps in zip(old.jumps, new.jumps, strict=True):
            if jumps[0] != jumps[1]:  # ||L A L* - {L* L, A}/2|| is at most 2 ||L||^2
                sizes = [enclose(part, box).largest() for jump in jumps for part in real_and_imaginary(jump)]
                rate += 2 * new.gamma / new.h * float(sum(size**2 for size in sizes))
        return rate * BREAKPOINT_ROUNDING * self.piece.begin
