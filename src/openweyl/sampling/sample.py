"""`sample`: the evolution of many degrees of freedom as a sampled mixture of Gaussian states, with its certificate."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from openweyl._core import arguments
from openweyl._core.arguments import ResourceError, must
from openweyl._core.calls import public
from openweyl._core.memory import spare_memory
from openweyl._core.progress import Progress, callback, shows_progress
from openweyl._core.threads import one_thread
from openweyl._core.workers import open_pool
from openweyl.evolution.pace import TIME_LIMIT
from openweyl.model.pair import state_of
from openweyl.model.pieces import is_smooth
from openweyl.model.states import State
from openweyl.model.system import System

from .blocks import BlockStore, Plan, run_blocks
from .dissipation import linear_dissipation
from .ensemble import Ensemble
from .exact import exact_block
from .initial import DRAWS, start_of
from .jump_sorting import sorted_jumps
from .motion import Motion
from .particles import Block
from .pilot import best_lag
from .sorting import sorted_hamiltonian
from .streams import Stream

ARRAYS = {"numpy": "numpy", "jax": "jax.numpy"}
"""Where the functions of an array library are."""
PARTICLES = 400
"""Particles where neither their number nor a target is given: means are then known to a twentieth of their spread."""
MAX_PARTICLES = 1_000_000_000
"""The most particles: more would take weeks, and a target that asks for them is refused."""
DISCRETIZATION = 1e-4
"""What steps may add to the bound unless the caller says otherwise; beside it they may add 2 % of the bound."""
MARGIN = 1.05
"""How many more particles than the pilot's spread asks for are taken, so that the target is met at once."""
SMOOTH_DRIVES = "`evolve` takes corners, jumps and samples; here write tanh(t/0.01) or the like."
"""The advice where a drive has corners or jumps."""


@public
@shows_progress("sample")
def sample(
    system: System,
    state: State,
    times: Sequence[float],
    *,
    particles: int | None = None,
    target: float | None = None,
    seed: int = 0,
    tol: float = DISCRETIZATION,
    executor: Any = None,
    library: Literal["numpy", "jax"] = "numpy",
    store: str | Path | None = None,
    memory: float | None = None,
    time_limit: float = TIME_LIMIT,
    progress: Progress | bool | None = None,
) -> Ensemble:
    """A mixture of Gaussian states near A(t), dA/dt = L A, at `times`, for any number n of degrees of freedom.

        || A(t) - E tau_{z(t), C(t)} ||_tr  <=  B(t),

    the expectation over the random motion of a particle: a pure Gaussian state that moves by the quadratic Hamiltonian
    nearest to p, and is exactly split into narrower ones as noise widens it. B is computed, the steps' part included.

    `system`: p a sum of polynomials and of smooth functions of commuting variables, each term in at most 4 variables;
    jumps that are linear, or such terms. `state`: coherent, squeezed, thermal (`gaussian`), or a mixture of these.
    `times`: increasing, >= 0, in the unit of time of the Hamiltonian.
    `particles`: how many (default 400, or more for mixtures with rare members); or `target`: the largest standard
    error of the means of x_j and xi_j, at all times, from which their number follows.
    `seed`: of the random numbers; results depend on it and on the number of particles, not on the workers.
    `tol`: what the discretization of time may add to the bound, beside 2 % of it.
    `library`: "jax" computes with JAX's arrays, compiled, on what JAX finds (`pip install 'openweyl[jax]'`).
    `executor`: where blocks of particles go: a number of processes, any `concurrent.futures` executor, or the address
    of a Dask scheduler (default: this process). `store`: a folder that keeps finished blocks, and from which the same
    call goes on. `memory`: bytes for the result (default: half of what is free). `time_limit`: seconds, by forecast.
    `progress`: True for a bar; or a function, called with the part that is done, 1, and a few words.

    Returns an Ensemble. Where p is quadratic it holds the exact Gaussian states, and B is round-off.

    Raises InputError for arguments out of range, for other states (cats), and for terms and jumps of too many
    variables; ResourceError if the result would not fit in memory, or take longer than `time_limit`.

    Source: the ansatz of Hernandez, Ranard and Riedel (doi:10.48550/arXiv.2307.05326); residuals and splits are derived
    in docs/many-modes.md.

    >>> from openweyl import System, coherent
    >>> wells = System("xi1**2 + (x1**2-1/2)**2 + xi2**2 + (x2**2-1/2)**2 + (x1-x2)**2/10", ["x1", "x2", "xi1", "xi2"],
    ...                h=2**-10, gamma=1.0)
    >>> ensemble = sample(wells, coherent([1, 1], [0, 0]), [0.5], particles=50)
    >>> round(float(ensemble.bound[-1]), 2)
    0.05
    """
    began = time.monotonic()
    state = state_of(system, state)
    for jump, driven in zip(system.jumps, system.driven_jumps, strict=True):
        must(not driven, "jumps", "be constant in time for `sample`", jump, "`evolve` takes such jumps.")
    must(is_smooth(system), "system", "be smooth in time for `sample`", system.hamiltonian, SMOOTH_DRIVES)
    saved = arguments.times(times)
    must(particles is None or target is None, "particles", "not be given together with `target`", particles)
    wanted = None if particles is None else arguments.whole("particles", particles, 1, MAX_PARTICLES)
    accuracy = None if target is None else arguments.real("target", target, above=0.0)
    seed = arguments.whole("seed", seed, 0, 2**63 - 1)
    tol = arguments.tolerance(tol)
    limit = spare_memory() if memory is None else arguments.real("memory", memory, above=0.0)
    seconds = arguments.real("time_limit", time_limit, above=0.0)
    folder = None if store is None else arguments.check_path("store", store, "be the path of a folder")
    report = callback(progress)
    arguments.choice("library", library, ("numpy", "jax"))
    dissipation, nonlinear = linear_dissipation(system)
    hamiltonian = sorted_hamiltonian(system.hamiltonian, system.x, system.xi)
    jumps = sorted_jumps(nonlinear, system)
    motion = Motion(hamiltonian, dissipation, system.h, jumps, system.gamma, ARRAYS[library])
    start = start_of(state)
    if motion.linear or saved[-1] == 0:
        block = exact_block(motion, start, saved)
        return Ensemble.of(system, state, saved, [block], weights=start.weights, seed=seed, lag=0.0, began=began)
    least = start.least_particles
    if wanted is not None and wanted < least:
        what = f"be >= {least}, so that each member of the mixture is drawn some {DRAWS} times"
        advice = "Or leave out rare members: that costs at most twice their weight in trace norm."
        raise arguments.fail("particles", what, wanted, advice)
    with one_thread():
        lag = best_lag(motion, start, saved[-1], Stream.PILOT.of(seed), tol=tol, seconds=seconds)
        plan = Plan(motion, start, saved, seed, lag, tol)
        kept = None if folder is None else BlockStore.open(folder, plan.key(system, state))
        with open_pool(executor) as pool:

            def run(count: int) -> list[Block]:
                _check_memory(system.n, len(saved), count, limit)
                left = seconds - (time.monotonic() - began)
                return run_blocks(plan, count, pool, kept, time_limit=left, progress=report)

            if accuracy is None:
                blocks = run(max(PARTICLES, least) if wanted is None else wanted)
            else:
                blocks = _until(accuracy, run, max(plan.block_size, least))
    return Ensemble.of(system, state, saved, blocks, weights=None, seed=seed, lag=lag, began=began)


def _until(target: float, run: Callable[[int], list[Block]], first: int) -> list[Block]:
    """Blocks enough for the means' standard errors to be at most `target`."""
    count = first
    while True:
        blocks = run(count)
        z = np.concatenate([block.z for block in blocks], axis=1)
        spread = float(z.std(axis=1, ddof=1).max())
        if spread / count**0.5 <= target:
            return blocks
        needed = MARGIN * (spread / target) ** 2
        what = f"ask for at most {MAX_PARTICLES:g} particles"
        why = f"It asks for {needed:.3g}: the means spread by {spread:.3g}."
        must(needed <= MAX_PARTICLES, "target", what, target, why)
        count = max(int(np.ceil(needed)), count + 1)


def _check_memory(n: int, times: int, particles: int, limit: float) -> None:
    """Raise ResourceError if the result would not fit into `limit` bytes."""
    bounds, blocks, joined = 4, 4 * n**2, n * (2 * n + 1)  # blocks have whole matrices, the result has triangles
    needed = 8.0 * particles * times * (2 * (2 * n + bounds) + blocks + joined)
    if needed > limit:
        raise ResourceError(
            f"{particles:g} particles at {times} times hold {needed / 1e9:.2g} GB, but {limit / 1e9:.2g} GB are free "
            "for them. Take fewer particles or times, or raise `memory`."
        )
