"""The initial state on levels, levels for it, and the longest steps that are tried."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, prod, sqrt

import numpy as np

from openweyl._core.arguments import ResourceError
from openweyl.fock_space.initial import TooManyLevelsError, level_matrix
from openweyl.fock_space.levels import LevelMatrix, padded, places
from openweyl.fock_space.start import MAX_LEVELS
from openweyl.model.states import State

from .batches import Batch
from .conditional_paths import TwoSteppers
from .conditional_step import Stepper
from .level_operators import LevelOperators
from .observed import ObservedSystem

START_SHARE = 0.01
"""The part of the tolerance that may be left out of the initial state: a record may make more of what was left out."""
FEWER = 0.8
"""The part of the levels on which coarse steps are taken."""
FIRST_LEVELS = {1: 16, 2: 8}
"""The least levels of a mode that may come to have more."""
LOWER = 0.5
"""The part of the levels that states are on most of the time: how fast they change is asked there."""
FEW_COLUMNS = 0.25
"""The part of the levels below which a state is followed by its eigenvectors: each costs a column, a matrix all."""


@dataclass(frozen=True)
class Start:
    """The `matrix` of the initial state; its eigenvectors, times the roots of its eigenvalues, as `columns`; what both
    leave out, in trace norm.
    """

    observed: ObservedSystem
    matrix: LevelMatrix
    columns: np.ndarray
    lost: float

    @staticmethod
    def of(observed: ObservedSystem, state: State, tol: float) -> Start:
        """Raises ResourceError for states on too many levels."""
        system, allowed = observed.system, START_SHARE * tol
        try:
            made = level_matrix(state, system.h, allowed, MAX_LEVELS, observed.scales)
        except TooManyLevelsError:
            raise ResourceError(
                f"The state {state} needs more than {MAX_LEVELS} levels of oscillators: raise `tol`, or h.",
                kind="memory",
            ) from None
        values, vectors = np.linalg.eigh(made.matrix)
        small = np.cumsum(np.abs(values)[np.argsort(np.abs(values))])
        kept = np.sort(np.argsort(np.abs(values))[int(np.searchsorted(small, allowed)) :])
        kept = kept[values[kept] > 0]
        dropped = float(np.abs(values).sum() - values[kept].sum())
        return Start(observed, made, vectors[:, kept] * np.sqrt(values[kept]), made.lost + dropped)

    @property
    def levels(self) -> tuple[int, ...]:
        """Levels to begin with: coarse steps hold the state, too."""
        sizes = enumerate(self.matrix.levels)
        least = FIRST_LEVELS[len(self.matrix.levels)]
        return tuple(
            max(ceil(size / FEWER) + self.observed.raised(j), least) if self.observed.raised(j) else size
            for j, size in sizes
        )

    def steppers(self, levels: tuple[int, ...], *, fewer: bool = True) -> TwoSteppers:
        """On these levels, and on `fewer` where an operator raises any."""
        fine = Stepper(LevelOperators.of(self.observed, levels))
        cut = tuple(ceil(FEWER * size) if self.observed.raised(j) else size for j, size in enumerate(levels))
        return TwoSteppers(fine, Stepper(LevelOperators.of(self.observed, cut)) if fewer else fine)

    @property
    def pure(self) -> bool:
        """Whether states are followed by columns."""
        return not self.observed.hides and self.columns.shape[1] <= max(FEW_COLUMNS * prod(self.levels), 1)

    def width(self, levels: tuple[int, ...]) -> int:
        """The columns of a state."""
        return int(self.columns.shape[1]) if self.pure else prod(levels)

    def batch(self, levels: tuple[int, ...], paths: int) -> Batch:
        """So many times the initial state, on these levels."""
        whole = places(self.matrix.levels, levels)
        if self.pure:
            one = np.zeros((prod(levels), self.columns.shape[1]), dtype=complex)
            one[whole] = self.columns
        else:
            one = padded(self.columns @ self.columns.conj().T, self.matrix.levels, levels)
        return Batch(np.repeat(one[:, None, :], paths, axis=1), self.pure).normalised()

    def rate(self, levels: tuple[int, ...], t: float) -> float:
        """How fast the jumps act at time t, and how fast A turns them, about, on the lower ones of these levels.

        Steps longer than that may look right without being so: e^{tau A} of a long one takes all states to the same.
        """
        lower = (ceil(LOWER * size) if self.observed.raised(j) else size for j, size in enumerate(levels))
        operators = LevelOperators.of(self.observed, tuple(lower))
        rates, c = operators.values(t), operators.powers[0]
        A = sum(rate * part for rate, part in zip(rates, operators.drift, strict=True))
        found = 0.0
        for weight, V in [(1.0, c), *((rates[k], V) for k, V in operators.hidden)]:
            size = float(abs(V).power(2).sum())
            turned = float(abs(A @ V - V @ A).power(2).sum()) if size else 0.0
            found = max(found, weight * size / operators.size + (sqrt(turned / size) if size else 0.0))
        return found
