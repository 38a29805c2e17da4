"""Maps of Gaussians for coefficients that depend on time: cells of time, with bounds on the error of each.

The cells resolve the coefficients (symbolic/time_variation.py). In each of them one step of collocation is compared
with two of half the length; cells where these disagree are cut.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeAlias

import numpy as np

from openweyl._core.arguments import ResourceError

from .collocation import Noise, Rates, Steps, noise_at, steps
from .maps import ROUNDING

STEP_AGREEMENT = 1e-13
"""How well two steps must agree with one: twenty times what the solutions leave of double precision."""
MAX_TIME_CELLS = 50_000
"""The most cells: a minute's work."""
MIN_TIME_CELL = 1e-13
"""The shortest cell, as a part of the last time: double precision tells its nodes apart no longer."""
NODE_TIME_ERROR = 8 * ROUNDING
"""Relative error of the time at a node: a coefficient that varies fast has a wrong value there."""

Unseen: TypeAlias = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Starts and lengths of cells -> for each whether it hides something."""
Parts: TypeAlias = tuple[np.ndarray, np.ndarray, np.ndarray]
"""One array each for F, d and S, a leading axis for the cells."""


@dataclass(frozen=True)
class Cells:
    """The maps of cells of time between `edges`, a leading axis for the cells, and bounds on their errors."""

    edges: np.ndarray
    matrix: np.ndarray
    shift: np.ndarray
    noise: np.ndarray
    matrix_error: np.ndarray
    shift_error: np.ndarray
    noise_error: np.ndarray

    @staticmethod
    def joined(parts: Sequence[Cells]) -> Cells:
        """The cells of one interval of time after another."""
        if len(parts) == 1:
            return parts[0]
        edges = [part.edges[:-1] for part in parts]
        names = [field.name for field in fields(Cells)][1:]
        others = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
        return Cells(edges=np.concatenate([*edges, parts[-1].edges[-1:]]), **others)

    def begun_late(self, late: float, matrix: np.ndarray, shift: np.ndarray, noise: np.ndarray) -> Cells:
        """The same where they begin at a time off by `late`, at which M, m and D change by these."""
        turned, moved, diffused = self.matrix_error.copy(), self.shift_error.copy(), self.noise_error.copy()
        diffused[0] += late * np.abs(noise)
        turned[0] += late * np.abs(matrix)
        moved[0] += late * np.abs(shift)
        return replace(self, matrix_error=turned, shift_error=moved, noise_error=diffused)

    def composed(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """F, d, S from the first edge to the end of each cell."""
        F, d, S = (np.empty_like(part) for part in (self.matrix, self.shift, self.noise))
        f, e, s = np.eye(F.shape[-1]), np.zeros(F.shape[-1]), np.zeros(F.shape[1:])
        with np.errstate(over="ignore", invalid="ignore"):
            for k, (step, shift, noise) in enumerate(zip(self.matrix, self.shift, self.noise, strict=True)):
                f, e, s = step @ f, step @ e + shift, step @ s @ step.T + noise
                F[k], d[k], S[k] = f, e, s
        return F, d, S


def resolved_cells(rates: Rates, noise: Noise, edges: np.ndarray, unseen: Unseen | None = None) -> Cells:
    """The maps between `edges`, which resolve the coefficients, cut where one step of collocation is not enough.

    `unseen`: tells cells in which more may happen than values at a few times show; these are cut, too.
    Raises ResourceError if there are too many cells.
    """
    scale = _balance(rates, edges)
    largest = np.abs(noise_at(noise, np.concatenate([edges, (edges[1:] + edges[:-1]) / 2]))).max(axis=0)
    judge = _Judge(largest / np.outer(scale, scale), _force(rates, scale, edges), edges[0], edges[-1])
    starts, lengths = edges[:-1], np.diff(edges)
    whole = steps(rates, noise, scale, starts, lengths)
    done: list[tuple[np.ndarray, ...]] = []
    while starts.size:
        halves = [steps(rates, noise, scale, starts + part * lengths / 2, lengths / 2) for part in (0, 1)]
        good, maps, errors = judge(whole, halves[0], halves[1], starts, lengths)
        if unseen is not None:
            good &= ~unseen(starts, lengths)
        done.append((starts[good], *(part[good] for part in (*maps, *errors))))
        left = ~good
        _check_cells(sum(len(part[0]) for part in done) + 2 * int(left.sum()), lengths[left], edges[-1])
        whole = Steps.joined([half.of(left) for half in halves])
        starts = np.concatenate([starts[left], starts[left] + lengths[left] / 2])
        lengths = np.concatenate([lengths[left], lengths[left]]) / 2
    return _in_order(done, scale, edges[-1])


@dataclass(frozen=True)
class _Judge:
    """Tells where two steps agree with one. `noise`: D; `force`: int |m| dt; both in the units of the variables."""

    noise: np.ndarray
    force: float
    first: float
    last: float

    def __call__(
        self, whole: Steps, first: Steps, second: Steps, starts: np.ndarray, lengths: np.ndarray
    ) -> tuple[np.ndarray, Parts, Parts]:
        """Whether the cells are good; the maps of two steps, and what these are off."""
        F, d, S = maps = first.then(second)
        errors = np.abs(F - whole.matrix), np.abs(d - whole.shift), np.abs(S - whole.noise)
        grown = np.maximum(np.abs(F).max(axis=(1, 2)), 1.0)
        share = np.maximum(whole.pushed, self.force * lengths / (self.last - self.first))
        diffused = lengths * np.abs(self.noise).max() * grown**2
        late = NODE_TIME_ERROR * (starts + lengths) * grown
        turned, moved = late * whole.varied[:, 0], late * (whole.varied[:, 1] + share * whole.varied[:, 0])
        spread = late * whole.varied[:, 2] * grown
        bounds = (
            STEP_AGREEMENT * grown + turned,
            STEP_AGREEMENT * share * grown + moved,
            diffused * (STEP_AGREEMENT + turned) + spread,
        )
        with np.errstate(invalid="ignore"):
            good = np.logical_and.reduce(
                [e.reshape(len(e), -1).max(axis=1) <= b for e, b in zip(errors, bounds, strict=True)]
            )
        jitters = turned[:, None, None], moved[:, None], (diffused * turned + spread)[:, None, None]
        rounding = [4 * ROUNDING * np.abs(part) + jitter for part, jitter in zip(maps, jitters, strict=True)]
        return good, maps, (errors[0] + rounding[0], errors[1] + rounding[1], errors[2] + rounding[2])


def _check_cells(count: int, cut: np.ndarray, last: float) -> None:
    """Raise ResourceError if there are too many cells, or some of those to `cut` are too short."""
    if count > MAX_TIME_CELLS or (cut < MIN_TIME_CELL * last).any():
        raise ResourceError(
            f"The quadratic part of p asks for more than {MAX_TIME_CELLS} steps up to t = {last:g}: shorten "
            "`times`, or write a slower one.",
            kind="time",
        )


def _in_order(done: list[tuple[np.ndarray, ...]], scale: np.ndarray, last: float) -> Cells:
    """The cells by their starts, in the units of z."""
    columns = [np.concatenate(column) for column in zip(*done, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    starts, F, d, S, F_error, d_error, S_error = (column[order] for column in columns)
    across, outer = scale[:, None] / scale, np.outer(scale, scale)
    return Cells(
        edges=np.append(starts, last),
        matrix=F * across,
        shift=d * scale,
        noise=S * outer,
        matrix_error=F_error * across,
        shift_error=d_error * scale,
        noise_error=S_error * outer,
    )


def joined(edges: np.ndarray) -> np.ndarray:
    """Every fourth of the edges where cells are of like length: eight nodes then leave two for each of the four."""
    lengths = np.diff(edges)
    whole = len(lengths) // 4 * 4
    fours = lengths[:whole].reshape(-1, 4)
    alike = fours.max(axis=1) <= 2.1 * fours.min(axis=1) if len(fours) else np.zeros(0, bool)
    kept = np.ones(len(edges), bool)
    for inner in (1, 2, 3):
        kept[inner:whole:4] = ~alike
    return edges[kept]


def _balance(rates: Rates, edges: np.ndarray) -> np.ndarray:
    """Units of the variables, powers of two, in which the entries of M are of like size."""
    from scipy.linalg import matrix_balance  # slow to import

    M, _ = rates(np.concatenate([edges, (edges[1:] + edges[:-1]) / 2]))
    _, (scale, _) = matrix_balance(np.abs(M).max(axis=0), permute=False, separate=True)
    return np.asarray(scale)


def _force(rates: Rates, scale: np.ndarray, edges: np.ndarray) -> float:
    """int |m| dt, roughly."""
    _, m = rates((edges[1:] + edges[:-1]) / 2)
    return float((np.abs(m / scale).max(axis=1) * np.diff(edges)).sum())
