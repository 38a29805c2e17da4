"""What `sample` returns: particles, each a Gaussian state, at the saved times, and the bound of their mixture."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core.arguments import position
from openweyl._core.calls import public
from openweyl._core.plain import plain, plain_fields
from openweyl._core.text import cut, excerpt, table
from openweyl.model.states import State
from openweyl.model.system import System

from .particles import Block

if TYPE_CHECKING:
    import xarray

HEADS = ("t", "bound", "+-", "classical bound", "mean x1", "+-")
"""The columns of an ensemble's table."""
VARIABLES = {
    "center": "centres of the particles",
    "covariance": "covariances of the particles, in units of h",
    "bound": "|| A(t) - mixture ||_tr is at most this",
    "bound_standard_error": "its standard error",
    "classical_bound": "the Fokker-Planck density is as near as this to the mixture's Wigner function, in L1",
    "classical_bound_standard_error": "its standard error",
}


@public
@dataclass(frozen=True, eq=False, repr=False)
class Ensemble:
    """rho~(t) = sum_i w_i tau_{z_i(t), C_i(t)} at the saved times: a sample of a mixture E tau of Gaussian states, with

        || A(t) - E tau ||_tr  <=  `bound`,          || a(t) - E w_tau ||_1 / (2 pi h)^n  <=  `classical_bound`,

    a(t) the Fokker-Planck density and w_tau Wigner functions. What is read off has two errors: that of the bound, and
    the statistical one.

    `system`, `state`, `times`, `seed`: as given to `sample`. `weights` (M,): they add up to 1. `centers` (T, M, 2n):
    z_i, order (x, xi). `triangles` (T, M, n (2n + 1)): the lower triangles of C_i, in units of h, by rows.
    `quantum`, `classical` (T, M): the bounds of each particle, of which `bound` and `classical_bound` are the means.
    `missed`, `uneven` (T, M): the parts of both that steps and splits have, and that stands for the error of integrals
    over time. `lag`: with which splits look ahead. `steps`: of all blocks. `exact`: whether nothing was sampled.
    `seconds`: wall-clock time.
    """

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

    @staticmethod
    def of(
        system: System,
        state: State,
        times: tuple[float, ...],
        blocks: Sequence[Block],
        *,
        weights: np.ndarray | None,
        seed: int,
        lag: float,
        began: float,
    ) -> Ensemble:
        """The particles of all blocks; `weights` of members that were not sampled, else None."""
        joined = {
            name: np.concatenate([getattr(block, name) for block in blocks], axis=1)
            for name in ("z", "quantum", "classical", "missed", "uneven")
        }
        rows, columns = np.tril_indices(2 * system.n)
        triangles = np.concatenate([block.C[:, :, rows, columns] for block in blocks], axis=1)
        count = triangles.shape[1]
        return Ensemble(
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
        size = 2 * self.n
        rows, columns = np.tril_indices(size)
        full = np.empty((self.particles, size, size))
        full[:, rows, columns] = full[:, columns, rows] = self.system.h * self.triangles[position(index, len(self))]
        return full

    @property
    def rows(self) -> list[list[Any]]:
        """The table: a row for each time."""
        columns = (
            self.bound,
            self.bound_standard_error,
            self.classical_bound,
            self.mean[:, 0],
            self.mean_standard_error[:, 0],
        )
        return [[float(value) for value in row] for row in zip(self.times, *columns, strict=True)]

    def __str__(self) -> str:
        return f"{self.description}\n\n{table(HEADS, self.rows)}"

    @property
    def description(self) -> str:
        """A line on what this is."""
        kind = "exact Gaussian states" if self.exact else "particles"
        return (
            f"{self.system}\n{self.state}\n{self.particles} {kind}, n = {self.n}, seed {self.seed}, {self.steps} steps"
        )

    def __repr__(self) -> str:
        head = f"<Ensemble, n = {self.n}, {self.particles} particles: {cut(str(self.system))}>"
        return f"{head}\n{table(HEADS, excerpt(self.rows))}"

    @public
    def as_dict(self) -> dict[str, Any]:
        """The numbers over time, for JSON."""
        n = self.n
        return plain_fields(self, "system", "times", "n", "particles", "seed") | {
            "state": str(self.state),
            "bound": plain(self.bound),
            "bound_standard_error": plain(self.bound_standard_error),
            "classical_bound": plain(self.classical_bound),
            "classical_bound_standard_error": plain(self.classical_bound_standard_error),
            "discretization": plain(self.discretization),
            "mean_x": plain(self.mean[:, :n]),
            "mean_xi": plain(self.mean[:, n:]),
            "mean_standard_error": plain(self.mean_standard_error),
            "seconds": self.seconds,
        }
