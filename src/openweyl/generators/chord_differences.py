"""Differences of a function across chords, exact and to first order, at the points of a mixed representation.

    f(z + c/2) - f(z - c/2)  (quantum),        c.f'(z)  (classical),

with the chord c = s where x is kept, h k where xi is: the one factor in which the two generators differ.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import sympy

from openweyl._core.fft import Array
from openweyl.model.system import System
from openweyl.phase_space.grid import PhaseGrid
from openweyl.symbolic.expressions import TIME, derivative, evaluate

Point = dict[sympy.Symbol, Array]
ChordRule = Callable[[sympy.Expr, Point, Point, Any], tuple[Array, Array]]
"""f, where and along which chord -> the difference of f across the chord, and its mean."""


def quantum(f: sympy.Expr, at: Point, chord: Point, xp: Any) -> tuple[Array, Array]:
    """f(z + chord/2) - f(z - chord/2), and the mean of the two values."""
    plus = evaluate(f, {v: at[v] + chord[v] / 2 if v in chord else at[v] for v in at}, xp)
    minus = evaluate(f, {v: at[v] - chord[v] / 2 if v in chord else at[v] for v in at}, xp)
    return plus - minus, (plus + minus) / 2


def classical(f: sympy.Expr, at: Point, chord: Point, xp: Any) -> tuple[Array, Array]:
    """The first-order parts of the same: chord . f'(z), and f(z)."""
    return sum(chord[v] * evaluate(derivative(f, v), at, xp) for v in chord if f.has(v)), evaluate(f, at, xp)


@dataclass(frozen=True)
class MixedRepresentation:
    """A representation in which a term multiplies: its points, the chords there, and the axes that are transformed."""

    at: Point
    chord: Point
    axes: tuple[int, ...]
    shape: tuple[int, ...]
    slope: Mapping[sympy.Symbol, float] = field(default_factory=dict)
    """The gradient of the linear form that the motion of the coordinates adds to p, see `frame`."""

    @staticmethod
    def of(system: System, grid: PhaseGrid, momentum: tuple[bool, ...], xp: Any) -> MixedRepresentation:
        """(x_j, s_j) for each degree of freedom, or (k_j, xi_j) where `momentum[j]`."""
        n = grid.n
        axes = tuple(sorted(j - 2 * n if m else j - n for j, m in enumerate(momentum)))
        columns = grid.coordinates(axes, xp)
        at: Point = {}
        chord: Point = {}
        for j, m in enumerate(momentum):
            v = (system.xi if m else system.x)[j]
            at[v] = columns[n + j] if m else columns[j]
            chord[v] = system.h * columns[j] if m else columns[n + j]
        shape = np.broadcast_shapes(*(np.shape(c) for c in columns))
        return MixedRepresentation(at, chord, axes, shape)

    def filled(self, value: Array, xp: Any) -> Array:
        """`value` at each point: that of a constant, or of nothing, is a number."""
        return xp.broadcast_to(xp.asarray(value), self.shape)

    def now(self, t: float) -> MixedRepresentation:
        """The same points at time t."""
        return replace(self, at=self.at | {TIME: t})

    def moved(self, offsets: Mapping[sympy.Symbol, float], slope: Mapping[sympy.Symbol, float]) -> MixedRepresentation:
        """The points that these are in coordinates which have moved by `offsets`, and move on."""
        return replace(self, at={v: z + offsets.get(v, 0.0) for v, z in self.at.items()}, slope=slope)

    def carried(self) -> Array:
        """The difference across the chord of the linear form that the motion of the coordinates adds to p."""
        return sum(chord * self.slope[v] for v, chord in self.chord.items() if v in self.slope)


def lambda_series(columns: list[Array], xp: Any) -> Array:
    """Rates (first, second, ...) as coefficients of lambda: first + lambda (second - first)."""
    return xp.stack([columns[0]] + [c - columns[0] for c in columns[1:]])


def lambda_product(a: Array, b: Array, xp: Any) -> Array:
    """The product of two polynomials in lambda, given by coefficients along the leading axis."""
    if a.shape[0] == 1:
        return a * b
    return xp.stack([a[0] * b[0], a[0] * b[1] + a[1] * b[0], a[1] * b[1]])
