"""How observables are read off a symbol: one class for each kind, which computes tr(O Op(w)) and a bound of the error.

They hold formulas and numbers alone, so that observables can be pickled, and sent to other processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, pi, sqrt

import numpy as np
import sympy

from openweyl._core.estimates import Estimate
from openweyl.phase_space.grid_function import GridFunction
from openweyl.phase_space.marginals import HUSIMI_ROOM
from openweyl.phase_space.resampling import interpolation

from .means import VALUE_ROUND_OFF, by_variables, mean


@dataclass(frozen=True)
class FormulaMean:
    """sum_parts (2 pi h)^-n int o w for the `parts` o, formulas in x and xi.

    smooth: with the Husimi density in place of w. indicator: the probability that the one part is > 0.
    """

    parts: tuple[sympy.Expr, ...]
    smooth: bool
    indicator: bool = False

    def __call__(self, w: GridFunction) -> Estimate:
        if self.indicator:
            return mean(self.parts[0], w, smooth=self.smooth, indicator=True)
        means = [mean(f, w, smooth=self.smooth) for part in self.parts for f in by_variables(part)]
        return Estimate(sum(one.value for one in means), sum(one.error for one in means))


@dataclass(frozen=True)
class HusimiValue:
    """<z|A|z> for the coherent state at the `place` z = (x, xi): the Husimi density there, times (2 pi h)^n."""

    place: tuple[float, ...]

    def __call__(self, w: GridFunction) -> Estimate:
        grid, values = w.grid, w.values
        far, round_off = _overlap(w, self.place), VALUE_ROUND_OFF * float(np.abs(values).max())
        for axis, c in zip(grid.x + grid.xi, self.place, strict=True):
            room = ceil(HUSIMI_ROOM * sqrt(grid.h) / axis.spacing)
            if not -room <= (c - axis.lower) / axis.spacing <= axis.size + room:
                return Estimate(0.0, far)
            k = 2 * pi * np.fft.rfftfreq(axis.size + 2 * room, axis.spacing)  # the periodic images are beyond the room
            waves = np.cos(k[:, None] * (c - axis.points)) * np.exp(-grid.h / 4 * k[:, None] ** 2)
            waves[1:] *= 2
            values = np.tensordot(waves.sum(axis=0) / (axis.size + 2 * room), values, axes=1)
        return Estimate(float(values), round_off)


@dataclass(frozen=True)
class ParityValue:
    """tr(Pi A) = 2^-n w(0) with (Pi u)(x) = u(-x)."""

    def __call__(self, w: GridFunction) -> Estimate:
        grid, values = w.grid, w.values
        if not all(a.lower <= 0 <= a.upper for a in grid.x + grid.xi):
            return Estimate(0.0, 0.0)  # a symbol is 0 outside its box
        round_off = VALUE_ROUND_OFF * float(np.abs(values).max())
        for axis in grid.x + grid.xi:
            values = np.tensordot(interpolation(axis, np.zeros(1))[0], values, axes=1)
        return Estimate(float(values) / 2**w.n, round_off)


def _overlap(w: GridFunction, place: tuple[float, ...]) -> float:
    """A bound of int |w| 2^n e^{-|z - place|^2/h} / (2 pi h)^n, by the points of cells that are nearest to `place`."""
    values, grid = np.abs(w.values), w.grid
    for axis, c in zip(grid.x + grid.xi, place, strict=True):
        near = np.maximum(np.abs(axis.points - c) - axis.spacing / 2, 0.0)
        values = np.tensordot(np.exp(-(near**2) / grid.h), values, axes=1)
    return float(values) * grid.cell * 2**grid.n
