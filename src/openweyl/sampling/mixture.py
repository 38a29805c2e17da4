"""The particles at the saved times, their bounds, and averages over them: what all that is read off starts from."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from openweyl._core.arguments import position
from openweyl._core.calls import public
from openweyl.model.states import State
from openweyl.model.system import System

from .particles import Block


@dataclass(frozen=True, eq=False, repr=False)
class GaussianMixture:
    """Gaussian states with weights at the saved times; `Ensemble` says what the fields are."""

    system: System
    state: State
    times: tuple[float, ...]
    weights: np.ndarray
    centers: np.ndarray
    triangles: np.ndarray
    quantum: np.ndarray
    classical: np.ndarray
    missed: np.ndarray
    uneven: np.ndarray
    seed: int
    lag: float
    steps: int
    exact: bool
    seconds: float

    @classmethod
    def of(
        cls,
        system: System,
        state: State,
        times: tuple[float, ...],
        blocks: Sequence[Block],
        *,
        weights: np.ndarray | None,
        seed: int,
        lag: float,
        began: float,
    ) -> Self:
        """The particles of all blocks; `weights` of members that were not sampled, else None."""
        joined = {
            name: np.concatenate([getattr(block, name) for block in blocks], axis=1)
            for name in ("z", "quantum", "classical", "missed", "uneven")
        }
        rows, columns = np.tril_indices(2 * system.n)
        triangles = np.concatenate([block.C[:, :, rows, columns] for block in blocks], axis=1)
        count = triangles.shape[1]
        return cls(
            system,
            state,
            times,
            np.full(count, 1 / count) if weights is None else weights,
            joined["z"],
            triangles,
            joined["quantum"],
            joined["classical"],
            joined["missed"],
            joined["uneven"],
            seed,
            lag,
            sum(block.steps for block in blocks),
            weights is not None,
            time.monotonic() - began,
        )

    def __len__(self) -> int:
        return len(self.times)

    @property
    def n(self) -> int:
        """The number of degrees of freedom."""
        return self.system.n

    @property
    def particles(self) -> int:
        """How many Gaussian states the mixture has."""
        return len(self.weights)

    def average(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The mean of `values` (T, M, ...) over particles, and its standard error (0 if nothing was sampled)."""
        mean = np.einsum("i,ti...->t...", self.weights, values)
        if self.exact:
            return mean, np.zeros_like(mean)
        if self.particles == 1:
            return mean, np.full_like(mean, np.inf)
        return mean, values.std(axis=1, ddof=1) / self.particles**0.5

    @cached_property
    def bound(self) -> np.ndarray:
        """B(t) >= || A(t) - E tau ||_tr, up to its standard error; 2 where it says nothing."""
        return np.minimum(self.average(self.quantum)[0], 2.0)

    @cached_property
    def bound_standard_error(self) -> np.ndarray:
        """The standard error of `bound`."""
        return self.average(self.quantum)[1]

    @cached_property
    def classical_bound(self) -> np.ndarray:
        """The bound for the Fokker-Planck density, in L1 over (2 pi h)^n; 2 where it says nothing."""
        return np.minimum(self.average(self.classical)[0], 2.0)

    @cached_property
    def classical_bound_standard_error(self) -> np.ndarray:
        """The standard error of `classical_bound`."""
        return self.average(self.classical)[1]

    @cached_property
    def discretization(self) -> np.ndarray:
        """The part of `bound` that steps, splits and integrals over time have."""
        return self.average(self.missed + self.uneven)[0]

    @cached_property
    def mean(self) -> np.ndarray:
        """The means of x and xi in the mixture, (T, 2n)."""
        return self.average(self.centers)[0]

    @cached_property
    def mean_standard_error(self) -> np.ndarray:
        """Their standard errors, (T, 2n)."""
        return self.average(self.centers)[1]

    @public
    def covariances(self, index: int = -1) -> np.ndarray:
        """The covariances h C_i at times[index]: (M, 2n, 2n)."""
        return self.covariance_blocks(position(index, len(self)), range(2 * self.n))

    def covariance_blocks(self, index: int, variables: Sequence[int], particles: slice = slice(None)) -> np.ndarray:
        """The covariances h C_i of some `variables` alone, (M, q, q), of these `particles`."""
        v = np.array(variables, dtype=int)
        high, low = np.maximum(v[:, None], v), np.minimum(v[:, None], v)
        return self.system.h * self.triangles[index, particles][:, high * (high + 1) // 2 + low]

    def parts(self, each: float, together: float) -> list[slice]:
        """The particles in parts: where one takes `each` numbers, a part takes at most about `together`."""
        size = max(int(together / each), 1)
        return [slice(i, i + size) for i in range(0, self.particles, size)]
