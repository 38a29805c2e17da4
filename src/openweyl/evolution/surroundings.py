"""What a system gives the time loop during a piece of time: all that is made of its formulas, but for the generator."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from openweyl.model.pieces import Piece

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
