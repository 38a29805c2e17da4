"""What `monitor` returns of conditional states on levels: means, covariances and errors of each record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy

from openweyl._core.threads import one_thread
from openweyl.fock_space.scales import natural_scales
from openweyl.fock_space.symbols import level_symbol
from openweyl.model.states import State
from openweyl.model.symbol_state import SymbolState
from openweyl.model.system import System

from .clock import Clock
from .level_records import LevelRecords, level_records
from .level_start import Start
from .mesh import Mesh
from .observed import Detection, ObservedSystem

SYMBOL_EDGE = {1: 1e-11, 2: 1e-6}
"""The trace norm, by n, that may lie beyond the grid of a conditional symbol: four axes have no room for more."""
WORTH_STRETCHING = 0.7
"""The part of the levels that other units of x and xi must save to be taken: they spoil the symmetry of oscillators."""
BOX_EDGE = 1e-5
"""The part of its maximum that the initial symbol has at the edge of the box where p is asked how fast it varies."""


@dataclass(frozen=True)
class LevelStates:
    """The conditional states of records on levels."""

    found: LevelRecords
    scales: tuple[float, ...]
    h: float

    def state(self, record: int, index: int, description: str) -> State:  # noqa: ARG002 - Gaussian states have one
        """The state of a record at a time."""
        assert self.found.states is not None  # noqa: S101
        X = self.found.states[record, index]
        matrix = X @ X.conj().T if self.found.pure else X
        return SymbolState(level_symbol(matrix, self.found.levels, self.h, SYMBOL_EDGE[len(self.scales)], self.scales))


def records_on_levels(
    system: System, state: State, detection: Detection, jump: int, polynomials: Sequence[sympy.Expr],
    times: Sequence[float], count: int, seed: int, *, tol: float, keep: bool, memory: float, clock: Clock,
) -> dict[str, Any]:  # fmt: skip
    """What `Records` has of them."""
    start = _start(system, state, detection, jump, tol)
    z, size = system.x + system.xi, 2 * system.n
    squares = [(i, j) for i in range(size) for j in range(i, size)]
    wanted = [*z, *(z[i] * z[j] for i, j in squares), *polynomials]
    grid = state.grid(system.h, BOX_EDGE)
    box = {v: (axis.lower, axis.upper) for v, axis in zip(z, grid.x + grid.xi, strict=True)}

    def mesh(levels: tuple[int, ...]) -> Mesh:
        return Mesh.of(system, box, times, lambda piece: start.rate(levels, piece.middle))

    ladders = [start.observed.ladder(f) for f in wanted]
    from scipy import linalg  # noqa: F401 - slow to import; before threads are limited, so that its own are, too

    with one_thread():
        found = level_records(start, mesh, ladders, count, seed, tol=tol, keep=keep, memory=memory, clock=clock)
    error, changes = found.errors()
    mean, mean_error = found.fine[:, :, :size], changes[:, :, :size]
    covariance, covariance_error = np.empty((2, *mean.shape, size))
    for k, (i, j) in enumerate(squares):
        one = found.fine[:, :, size + k] - mean[:, :, i] * mean[:, :, j]
        off = changes[:, :, size + k] + np.abs(mean[:, :, i]) * mean_error[:, :, j]
        off = off + np.abs(mean[:, :, j]) * mean_error[:, :, i]
        covariance[:, :, i, j] = covariance[:, :, j, i] = one
        covariance_error[:, :, i, j] = covariance_error[:, :, j, i] = off
    own = size + len(squares)
    words = " x ".join(map(str, found.levels))
    return {
        "scheme": f"{words} levels, {found.steps} steps",
        "record": found.record,
        "mean": mean,
        "mean_error": mean_error,
        "covariance": covariance,
        "covariance_error": covariance_error,
        "expectations": found.fine[:, :, own:],
        "expectation_errors": changes[:, :, own:],
        "error": error + 2 * start.lost,
        "states": LevelStates(found, start.observed.scales, system.h) if keep else None,
    }


def _start(system: System, state: State, detection: Detection, jump: int, tol: float) -> Start:
    """The initial state in those units of x and xi in which it has fewer levels."""
    plain = Start.of(ObservedSystem.of(system, (1.0,) * system.n, jump, detection), state, tol)
    scales = natural_scales(state, system.h)
    if scales == plain.observed.scales:
        return plain
    other = Start.of(ObservedSystem.of(system, scales, jump, detection), state, tol)
    fewer = np.prod(other.matrix.levels) <= WORTH_STRETCHING * np.prod(plain.matrix.levels)
    return other if fewer else plain
