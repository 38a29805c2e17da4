"""Records and conditional states on levels, for all paths: with steps and levels that the errors of a few ask for."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from math import ceil, log2, prod, sqrt

import numpy as np

from openweyl._core.arguments import ResourceError
from openweyl.fock_space.ladder import Ladder

from .batches import Readings
from .clock import Clock
from .conditional_paths import Followed
from .level_start import Start
from .mesh import Mesh
from .streams import Stream

PILOT_PATHS = 32
"""Paths that choose the steps and the levels: what these cost is then known to a sixth of itself or so."""
PILOT_LOOKS = 16
"""The times at which these are looked at, at most: the distance of two matrices takes as long as a few steps."""
LEVEL_SHARE = 0.3
"""The part of the tolerance that levels may cost."""
GROWTH = 1.3
"""The factor by which levels grow."""
ORDER = 1.5
"""The order of the error of a path in the step, at most: so much smaller are steps made at once."""
SAFETY = 1.5
"""The factor by which errors are raised: of 300 records of Fock states and cats whose place is observed, against closed
forms, true errors were up to 1.12 of them without it in one case of five, and up to 0.7 in the others."""
MAX_HALVINGS = 4
"""How often steps are halved at once, at most."""
ATTEMPTS = 40
"""How many steps and levels are tried."""
NO_STEPS = 0.3
"""An error of the pilot in trace norm beyond which nothing else that it says is taken for true."""
BLOCK_ENTRIES = 200_000
"""Entries of the states that are followed side by side: arrays then stay in a cache."""
WORKING_ARRAYS = 16
"""Arrays of that size which a step needs."""
MAX_BLOCK = 500
"""The most paths side by side: more gain nothing."""


@dataclass(frozen=True)
class LevelRecords:
    """Of each path at each time: the `record` (paths, times, channels), expectations of the polynomials asked for
    (paths, times, polynomials) by fine and by coarse steps, and the `distance` of both states in trace norm.

    states: (paths, times, levels, columns), X of `Batch`, or None. typical: the root mean squares over other paths of
    the distance and of what coarse steps change in the expectations, (times, 1 + polynomials).
    """

    levels: tuple[int, ...]
    steps: int
    pure: bool
    record: np.ndarray
    fine: np.ndarray
    coarse: np.ndarray
    distance: np.ndarray
    states: np.ndarray | None
    typical: np.ndarray

    @staticmethod
    def empty(
        levels: tuple[int, ...], mesh: Mesh, pure: bool, count: int, channels: int, columns: int | None,
        typical: np.ndarray,
    ) -> LevelRecords:  # fmt: skip
        """Room for these."""
        shape, polynomials = (count, len(typical)), typical.shape[1] - 1
        return LevelRecords(
            levels, 2 * mesh.steps, pure, np.empty((*shape, channels)), np.empty((*shape, polynomials)),
            np.empty((*shape, polynomials)), np.empty(shape),
            np.empty((*shape, prod(levels), columns), dtype=complex) if columns else None, typical,
        )  # fmt: skip

    def keep(self, first: int, readings: tuple[Readings, Readings], places: np.ndarray, found: Followed) -> None:
        """What is found for the paths from `first` on."""
        at = slice(first, first + found.fine.paths), found.index
        self.record[at] = found.record.T
        self.fine[at], self.coarse[at] = readings[0].values(found.fine).T, readings[1].values(found.coarse).T
        self.distance[at] = found.fine.distances(found.coarse, places)
        if self.states is not None:
            self.states[at] = found.fine.X.transpose(1, 0, 2)

    def errors(self) -> tuple[np.ndarray, np.ndarray]:
        """Of the states in trace norm, and of the expectations: what coarse steps change in each record, and typically.

        Of one record alone that may be little by chance, though both are far off.
        """
        many = np.concatenate([self.distance[:, :, None], np.abs(self.fine - self.coarse)], axis=2)
        typical = np.maximum(self.typical, np.sqrt((many**2).mean(axis=0)))
        both = SAFETY * np.hypot(many, typical)
        return both[:, :, 0], both[:, :, 1:]


def level_records(
    start: Start, longest: Callable[[tuple[int, ...]], Mesh], polynomials: Sequence[Ladder], count: int, seed: int, *,
    tol: float, keep: bool, memory: float, clock: Clock,
) -> LevelRecords:  # fmt: skip
    """`count` records from `start`; `longest`: the longest steps that are taken on so many levels. Raises ResourceError
    if they take too long, or need too many levels or bytes.
    """
    levels = start.levels
    mesh = longest(levels)
    pilot = min(PILOT_PATHS, max(_block(start), 8))
    for _ in range(ATTEMPTS):
        _check_memory(start, levels, count, len(mesh.saved), len(polynomials), keep, memory)
        clock.forecast(pilot, mesh, "steps")
        began = time.monotonic()
        error, cost, typical = _pilot(start, levels, mesh, pilot, seed, polynomials)
        clock.measured(pilot, mesh, time.monotonic() - began)
        clock.reached(0.0, f"{2 * mesh.steps} steps, {_words(levels)} levels")
        full = cost > LEVEL_SHARE * tol
        if error > NO_STEPS and full.any():  # which of the two is it?
            error, _, _ = _pilot(start, levels, mesh, pilot, seed, polynomials, fewer=False)
        if error <= NO_STEPS and full.any():
            levels = _grown(start, levels, full)
            mesh = _at_least(mesh.steps, longest(levels))
            clock.speed *= GROWTH**2
        elif not error <= tol:
            ratio = log2(error / tol) / ORDER if error < np.inf else MAX_HALVINGS
            for _ in range(min(max(int(ratio), 1), MAX_HALVINGS)):
                mesh = mesh.halved()
        else:
            clock.forecast(count, mesh, "paths")
            found, cost = _all(start, levels, mesh, polynomials, count, seed, typical, keep, clock)
            full = cost > LEVEL_SHARE * tol
            if not full.any():
                return found
            levels = _grown(start, levels, full)  # with the same steps, and noise: no record is drawn anew
    raise ResourceError(
        f"No {_words(levels)} levels and {2 * mesh.steps} steps are enough: raise `tol`, or take earlier times.",
        kind="time",
    )


def _at_least(steps: int, mesh: Mesh) -> Mesh:
    """The mesh, with its steps halved until there are so many."""
    while mesh.steps < steps:
        mesh = mesh.halved()
    return mesh


def _pilot(
    start: Start, levels: tuple[int, ...], mesh: Mesh, paths: int, seed: int, polynomials: Sequence[Ladder], *,
    fewer: bool = True,
) -> tuple[float, np.ndarray, np.ndarray]:  # fmt: skip
    """What is reported as the error of a few paths, its root mean square, and two standard errors, at the largest;
    what levels of each mode cost; and `LevelRecords.typical`. Infinite where numbers are not finite. `fewer`: whether
    coarse steps have fewer levels.
    """
    steppers = start.steppers(levels, fewer=fewer)
    readings = [one.operators.readings(polynomials) for one in (steppers.fine, steppers.coarse)]
    changes, beyond = [], [np.zeros((len(levels), paths))]
    times = len(mesh.saved)
    looks = np.unique(np.linspace(0, times - 1, min(PILOT_LOOKS, times)).round().astype(int))

    def visit(found: Followed) -> None:
        if found.index not in looks:
            return
        finite = bool(np.isfinite(found.fine.X).all() and np.isfinite(found.coarse.X).all())
        if not finite:
            changes.append(np.full((1 + len(polynomials), paths), np.inf))
            return
        distance = found.fine.distances(found.coarse, steppers.places)
        fine, coarse = (one.values(batch) for one, batch in zip(readings, (found.fine, found.coarse), strict=True))
        changes.append(np.concatenate([distance[None], np.abs(fine - coarse)]))
        beyond.append(found.beyond)

    with np.errstate(all="ignore"):
        rng = Stream.PILOT.generator(seed)
        steppers.follow(start.batch(levels, paths), mesh, rng, visit, lambda _: None)
    squares = np.array(changes) ** 2
    if not np.isfinite(squares).all():
        return np.inf, np.zeros(len(levels)), squares[:, :, 0]
    later = np.searchsorted(looks, np.arange(times))
    upper = squares[:, 0].mean(axis=1) + 2 * squares[:, 0].std(axis=1) / sqrt(paths)
    return SAFETY * sqrt(2 * float(upper.max())), _level_cost(beyond[-1]), np.sqrt(squares.mean(axis=2))[later]


def _level_cost(beyond: np.ndarray) -> np.ndarray:
    """The root mean square of 2 p^(1/2), for populations p (modes, paths): what a cut costs in trace norm."""
    return np.asarray(2 * np.sqrt(beyond.mean(axis=1)))


def _grown(start: Start, levels: tuple[int, ...], full: np.ndarray) -> tuple[int, ...]:
    return tuple(
        ceil(GROWTH * size) if more and start.observed.raised(j) else size
        for j, (size, more) in enumerate(zip(levels, full, strict=True))
    )


def _all(
    start: Start, levels: tuple[int, ...], mesh: Mesh, polynomials: Sequence[Ladder], count: int, seed: int,
    typical: np.ndarray, keep: bool, clock: Clock,
) -> tuple[LevelRecords, np.ndarray]:  # fmt: skip
    """All paths, block by block, and what levels cost."""
    steppers = start.steppers(levels)
    readings = steppers.fine.operators.readings(polynomials), steppers.coarse.operators.readings(polynomials)
    width = start.width(levels) if keep else None
    found = LevelRecords.empty(levels, mesh, start.pure, count, steppers.fine.channels, width, typical)
    beyond: list[np.ndarray] = []
    size = _block(start)
    for block, first in enumerate(range(0, count, size)):
        some = min(size, count - first)
        done = partial(clock.block, first / count, some / count, f"{count} records")
        last: list[np.ndarray] = []

        def visit(one: Followed, first: int = first, last: list[np.ndarray] = last) -> None:
            found.keep(first, readings, steppers.places, one)
            last[:] = [one.beyond]

        steppers.follow(start.batch(levels, some), mesh, Stream.LEVELS.generator(seed, block), visit, done)
        beyond += last
    return found, _level_cost(np.concatenate(beyond, axis=1))


def _block(start: Start) -> int:
    """Paths that are followed side by side: the same for all levels, and so the noise of each path, too."""
    return min(max(BLOCK_ENTRIES // (prod(start.levels) * start.width(start.levels)), 1), MAX_BLOCK)


def _check_memory(
    start: Start, levels: tuple[int, ...], count: int, times: int, polynomials: int, keep: bool, limit: float
) -> None:
    """Raise ResourceError if the results would not fit into `limit` bytes, or the arrays of a step."""
    one = 16.0 * prod(levels) * start.width(levels)
    working = WORKING_ARRAYS * one * max(min(_block(start), count), PILOT_PATHS)
    results = 8.0 * count * times * (3 * polynomials + 4) + (one * count * times if keep else 0.0)
    if working + results > limit:
        less = "Pass keep_states=False, take" if keep else "Take"
        raise ResourceError(
            f"{count} records at {times} times on {_words(levels)} levels take {(working + results) / 1e9:.2g} GB, but "
            f"{limit / 1e9:.2g} GB are free for them. {less} fewer records or times, or raise `memory`."
        )


def _words(levels: tuple[int, ...]) -> str:
    return " x ".join(map(str, levels))
