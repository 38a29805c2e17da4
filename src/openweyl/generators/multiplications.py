"""The rates of what multiplies in a representation: parts of the Hamiltonian and jumps, from formulas to arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeAlias

import sympy

from openweyl._core.fft import Array
from openweyl.model.hamiltonian_terms import Ridge
from openweyl.model.system import System
from openweyl.phase_space.grid import PhaseGrid
from openweyl.symbolic.expressions import TIME

from .chord_differences import Across, ChordRule, difference
from .frames import MovingCoordinates
from .mixed_representation import MixedRepresentation
from .rates import Parts, Rates, assembled, gathered

Forces: TypeAlias = tuple[tuple[sympy.Expr, sympy.Expr], ...]
"""The real and imaginary parts of complex jumps."""
Addends: TypeAlias = tuple[Sequence[Array], Sequence[Array]]
"""Arrays whose sums are the real and the imaginary part of a rate."""


@dataclass(frozen=True)
class Multiplications:
    """Makes the rates of multiplications: a column for each of `rules`; `rate` is gamma/(2h)."""

    system: System
    grid: PhaseGrid
    rules: list[ChordRule]
    xp: Any
    rate: Array
    moving: MovingCoordinates | None
    _latest: list[Any] = field(default_factory=list)

    def representation(self, momentum: tuple[bool, ...]) -> MixedRepresentation:
        """(x_j, s_j) for each degree of freedom, or (k_j, xi_j) where `momentum[j]`."""
        return MixedRepresentation.of(self.system, self.grid, momentum, self.xp)

    def rates(
        self,
        energy: sympy.Expr,
        place: MixedRepresentation,
        jumps: tuple[sympy.Expr, ...] = (),
        forces: Forces = (),
        induced: sympy.Expr = sympy.S.Zero,
    ) -> Rates:
        """The rates of a part of p, of jumps and of what complex jumps do together, all functions in `place`."""
        driven, still = split_by_time(energy)
        timed = tuple(f for f in jumps if f.has(TIME)), tuple(pair for pair in forces if any(f.has(TIME) for f in pair))
        varies = driven != 0 or any(timed)
        if self.moving is not None or (varies and len(self.rules) > 1):
            return self.timed(TIME, self._parts(energy, place, jumps, forces, induced), place)
        jumps, forces = (
            tuple(f for f in every if f not in some) for every, some in zip((jumps, forces), timed, strict=True)
        )
        constant = self._parts(still, place, jumps, forces, induced)(place)
        if not varies:
            return Rates(constant, place.shape, self.xp)
        return Rates(constant, place.shape, self.xp, self.timed(TIME, self._parts(driven, place, *timed), place).timed)

    def timed(
        self, energy: sympy.Expr, make: Callable[[MixedRepresentation], Parts], place: MixedRepresentation
    ) -> Rates:
        """What `make` gives, once, or at each time if `energy` or the coordinates depend on it."""
        if self.moving is None and not energy.has(TIME):
            return Rates(make(place), place.shape, self.xp)
        return Rates((), place.shape, self.xp, lambda t: make(self._now(place, t)))

    def _now(self, place: MixedRepresentation, t: float) -> MixedRepresentation:
        """The points at time t; kicks ask for them twice."""
        if not self._latest or self._latest[0] is not place or self._latest[1] != t:
            self._latest[:] = [place, t, self.moving.now(place, t) if self.moving else place.now(t)]
        latest: MixedRepresentation = self._latest[2]
        return latest

    def _parts(
        self,
        energy: sympy.Expr,
        place: MixedRepresentation,
        jumps: tuple[sympy.Expr, ...] = (),
        forces: Forces = (),
        induced: sympy.Expr = sympy.S.Zero,
    ) -> Callable[[MixedRepresentation], Parts]:
        """-(i/h) [energy], -rate [jump]^2, -2 i rate [induced], and -(i/2) ([a, {b, .}] - [b, {a, .}]) for forces."""
        formulas = (energy, induced, *jumps, *(f for pair in forces for f in pair))
        across_at = [rule(formulas, place.chord, self.xp) for rule in self.rules]
        first_force = 2 + len(jumps)

        def column(across: list[Across], carried: list[Array]) -> Addends:
            real = [-self.rate * difference(jump) ** 2 for jump in across[2:first_force]]
            imag = [-1 / self.system.h * part for part in (*across[0].addends(), *carried)]
            imag += [-2 * self.rate * part for part in across[1].addends()]
            for a, b in zip(across[first_force::2], across[first_force + 1 :: 2], strict=True):
                imag.append(-2 * self.rate * (difference(a) * b.mean() - difference(b) * a.mean()))
            return real, imag

        def parts(now: MixedRepresentation) -> Parts:
            columns = [column(across(now.at), now.carried()) for across in across_at]
            return assembled(_lambda_series(columns), now.shape, self.xp)

        return parts

    def ridge(self, ridge: Ridge) -> tuple[Parts | None, tuple[int, ...], Rates]:
        """The shear that makes F(x + c xi) the potential F(x), w(x, xi) -> w(x - c xi, xi); its axes, and its rate."""
        place = self.representation(tuple(slope is None for slope in ridge.slopes))
        k, xi = self.grid.mesh("k", "xi", self.xp)
        phases = [-float(c) * k_j * xi_j for c, k_j, xi_j in zip(ridge.slopes, k, xi, strict=True) if c]
        shear = gathered([], phases, 2 * self.grid.n) if phases else None
        return shear, place.axes, self.rates(ridge.function, place)


@lru_cache(maxsize=256)
def split_by_time(f: sympy.Expr) -> tuple[sympy.Expr, sympy.Expr]:
    """The terms of f that depend on time, and the others."""
    if not f.has(TIME):
        return sympy.S.Zero, f
    driven = [term for term in sympy.Add.make_args(f) if term.has(TIME)]
    return sympy.Add(*driven), f - sympy.Add(*driven)


def _lambda_series(columns: Sequence[Addends]) -> Sequence[Addends]:
    """Rates (first, second, ...) as coefficients of lambda: first + lambda (second - first)."""
    real, imag = columns[0]
    less = [-part for part in real], [-part for part in imag]
    return [columns[0], *(([*re, *less[0]], [*im, *less[1]]) for re, im in columns[1:])]
