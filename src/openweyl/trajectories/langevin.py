"""`langevin`: paths of points whose density is that of the Fokker-Planck equation."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

import numpy as np

from openweyl._core import arguments
from openweyl._core.arguments import InputError, ResourceError
from openweyl._core.calls import public
from openweyl._core.memory import spare_memory
from openweyl._core.progress import Progress, callback, shows_progress
from openweyl._core.threads import one_thread
from openweyl.evolution.pace import TIME_LIMIT
from openweyl.model.pair import state_of
from openweyl.model.states import State
from openweyl.model.system import System

from .clock import Clock
from .fields import FieldsInTime, fields_in_time
from .initial import Cloud, cloud_of
from .mesh import Mesh
from .statistics import Statistics, StepErrors
from .steps import Pair, followed
from .streams import Stream
from .trajectories import Trajectories

MAX_PATHS = 10**7
"""The most paths: their standard errors are then a few parts in 10^4 of a standard deviation."""
BOX_DEVIATIONS = 6.0
"""The size of the box in which p is asked how fast it varies in time, in standard deviations of the initial state: all
but one of 10^8 points lie in it."""
PILOT_PATHS = 256
"""Paths that choose the step: what it costs is then known to a sixteenth of how far it moves a path."""
BLOCK = 2000
"""Paths that are followed side by side: arrays then stay in a cache."""
MAX_HALVINGS = 20
"""How often steps are halved at most: paths that are not finite then go to infinity."""
LEAST_TOLERANCE, DEFAULT_TOLERANCE, MAX_TOLERANCE = 1e-6, 0.01, 0.5
"""What steps may cost, in standard deviations. The default is what 10^4 paths can tell."""


@public
@shows_progress("langevin")
def langevin(
    system: System,
    state: State,
    times: Sequence[float],
    *,
    paths: int = 1000,
    seed: int = 0,
    tol: float = DEFAULT_TOLERANCE,
    memory: float | None = None,
    time_limit: float = TIME_LIMIT,
    progress: Progress | bool | None = None,
) -> Trajectories:
    """dz = v dt + sqrt(gamma h) sum_f X_f(z) o dW_f (Stratonovich), the paths of the Fokker-Planck equation.

    v = X_p + gamma sum ( b X_a - a X_b ) and f = a, b over the jumps l = a + i b, with the Hamiltonian fields
    X_f = (f_xi, -f_x). Jumps that are not linear make noise that depends on z.

    `system`: of up to 100 degrees of freedom. `state`: a mixture of Gaussian states, from whose Wigner function the
    first points are drawn. `times`: where the paths are kept. `paths`: how many, >= 2. `seed`: the same one gives the
    same paths. `tol`: how far the steps may move the means, in standard deviations, and the covariances, in products
    of these; each path is followed with twice the step as well, which tells. `memory`: bytes for the result (default:
    half of what is free). `time_limit`: seconds, by forecast. `progress`: as for `evolve`.

    Returns `Trajectories`: the paths, their means and covariances, and the errors of chance and of the steps.

    Raises InputError for arguments out of range, for states whose Wigner function takes negative values, and for paths
    that go to infinity; ResourceError if the result would not fit in memory, or take longer than `time_limit`.

    Source: docs/trajectories.md derives the equation. Frozen increments: Castell and Gaines, The ordinary
    differential equation approach to asymptotically efficient schemes for solution of stochastic differential
    equations, Ann. Inst. H. Poincare Probab. Statist. 32, 231 (1996).

    >>> from openweyl import System, coherent
    >>> kicked = System("xi**2/2 + x**2/2", ["x"], h=0.1, gamma=1.0)
    >>> found = langevin(kicked, coherent(1, 0), [0.0, 1.0], paths=4000)
    >>> bool(abs(found.mean[1, 0] - 0.5403) < 4 * found.mean_error[1, 0] + found.step_error.mean[1, 0])  # cos(1)
    True
    """
    began = time.monotonic()
    checked = state_of(system, state)
    saved = arguments.times(times)
    count = arguments.whole("paths", paths, 2, MAX_PATHS)
    seed = arguments.whole("seed", seed, 0, 2**63 - 1)
    tol = arguments.real("tol", tol, low=LEAST_TOLERANCE)
    arguments.must(tol <= MAX_TOLERANCE, "tol", f"be <= {MAX_TOLERANCE}", tol, "It is a part of a standard deviation.")
    limit = spare_memory() if memory is None else arguments.real("memory", memory, above=0.0)
    seconds = arguments.real("time_limit", time_limit, above=0.0)
    report = callback(progress)
    cloud = cloud_of(checked, system.h)
    _check_memory(count, len(saved), system.n, limit)
    fields = fields_in_time(system, saved[-1])
    points = cloud.draw(PILOT_PATHS, Stream.PILOT.generator(seed))
    box = dict(zip(system.x + system.xi, cloud.box(BOX_DEVIATIONS), strict=True))
    mesh = Mesh.of(system, box, saved, lambda piece: fields.at(piece.middle).rate(points, piece.begin))
    clock = Clock(began, seconds, report)
    with one_thread():
        for _ in range(MAX_HALVINGS):
            pair, errors = _pilot(fields, cloud, mesh, count, seed, clock)
            if errors is not None and (errors.least if count > PILOT_PATHS else errors.relative) <= tol:
                clock.forecast(count, mesh, "paths")
                pair = _all(fields, cloud, mesh, count, seed, clock)
                own = StepErrors.of(pair) if pair.finite() else None
                if own is not None and (count < PILOT_PATHS or own.relative <= tol):
                    chosen = errors if count < PILOT_PATHS else own
                    return Trajectories(
                        system=system, state=checked, times=saved, paths=pair.fine, statistics=Statistics.of(pair.fine),
                        step_error=chosen, steps=2 * mesh.steps, seed=seed, tol=tol, seconds=time.monotonic() - began,
                    )  # fmt: skip
            mesh = mesh.halved()
            clock.forecast(PILOT_PATHS, mesh, "steps")
    raise InputError(
        f"Argument `times` must end before the paths go to infinity, but is {saved[-1]:g} at last. Paths of a system "
        "whose orbits stay finite need no more than a million steps: raise `tol`."
    )


def _pilot(
    fields: FieldsInTime, cloud: Cloud, mesh: Mesh, count: int, seed: int, clock: Clock
) -> tuple[Pair, StepErrors | None]:
    """A few paths, and what the steps cost; None if they are not finite."""
    start = time.monotonic()
    rng = Stream.PILOT.generator(seed)
    pair = followed(fields, cloud.draw(PILOT_PATHS, rng), mesh, rng, lambda _: None)
    clock.measured(PILOT_PATHS, mesh, time.monotonic() - start)
    clock.reached(0.0, f"{2 * mesh.steps} steps")
    return pair, StepErrors.of(pair, count) if pair.finite() else None


def _all(fields: FieldsInTime, cloud: Cloud, mesh: Mesh, count: int, seed: int, clock: Clock) -> Pair:
    """All paths, block by block."""
    pairs = []
    for block, first in enumerate(range(0, count, BLOCK)):
        rng = Stream.BLOCK.generator(seed, block)
        some = min(BLOCK, count - first)
        done = partial(clock.block, first / count, some / count, f"{count} paths")
        pairs.append(followed(fields, cloud.draw(some, rng), mesh, rng, done))
    return Pair(np.concatenate([p.fine for p in pairs]), np.concatenate([p.coarse for p in pairs]))


def _check_memory(paths: int, times: int, n: int, limit: float) -> None:
    """Raise ResourceError if the result would not fit into `limit` bytes."""
    needed = 8.0 * times * (10 * paths * 2 * n + 10 * (2 * n) ** 2)  # both runs, their joined blocks, centred copies
    if needed > limit:
        raise ResourceError(
            f"{paths} paths at {times} times take {needed / 1e9:.2g} GB, but {limit / 1e9:.2g} GB are free for them. "
            "Take fewer paths or times, or raise `memory`."
        )
