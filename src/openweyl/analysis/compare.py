"""Both evolutions from one initial state, and their distance over time.

    D(t) = A(t) - Op(a(t)),    dA/dt = L A,    da/dt = Q a,    A(0) = Op(a(0)).

||D||_tr bounds |tr(O A) - (2 pi h)^-n int o a| / ||O|| for every bounded observable O at once: Li, Theorems 1 and 2.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from openweyl._core import arguments
from openweyl._core.calls import public
from openweyl._core.progress import Progress, callback, shares, shows_progress
from openweyl.evolution.checkpoint import Checkpoint, Part, key_of
from openweyl.evolution.evolve import evolve
from openweyl.evolution.observing import checked_observables
from openweyl.evolution.pace import TIME_LIMIT
from openweyl.evolution.solution import Solution
from openweyl.model.pair import grid_state_of
from openweyl.model.states import State
from openweyl.model.system import System
from openweyl.norms.l1 import l1_norm
from openweyl.norms.lowest_eigenvalue import smallest_eigenvalue
from openweyl.norms.trace_norm import enclosure
from openweyl.observables.observable import Observable
from openweyl.phase_space.grid_function import resampled_together
from openweyl.weyl.symbol import Symbol

from .comparison import SERIES, Comparison

MAX_KERNEL_POINTS, MAX_PRODUCT_STATES = 1500, 2000
"""The rows of the largest matrix whose eigenvalues are computed so that a trace norm is sharp: the kernel, which
shrinks when it is cut, for n = 1, and that over product states for n > 1. Beyond, trace norms are enclosed."""
EIGENVALUE_FRACTION_OF_TOL, OF_SEVERAL = 1e-2, 1e-1
"""The part of the tolerance to which smallest eigenvalues are known, for n = 1 and beyond, where more states cost more:
both evolutions move them by up to the tolerance."""
L1_DISTANCE_RTOL, L1_DISTANCE_FRACTION_OF_TOL = 8e-5, 1.0
"""How close the bounds of L1 distances are, relative to the value or to the accuracy of both evolutions: no closer than
that they are worth their cost."""


@public
@shows_progress("compare")
def compare(
    system: System,
    state: State | Symbol,
    times: Sequence[float],
    *,
    tol: float = 1e-6,
    memory: float | None = None,
    time_limit: float = TIME_LIMIT,
    progress: Progress | bool | None = None,
    observables: Sequence[Observable | str] = (),
    checkpoint: str | Path | None = None,
) -> Comparison:
    """||A(t) - Op(a(t))||_tr at `times`, with Hilbert-Schmidt and L1 distances and the moments of both evolutions.

    `system`, `state`: what is evolved, from time 0; a Symbol is a state, too. `times`: increasing, >= 0.
    `tol`: the error allowed in trace norm, per evolution. `time_limit`: seconds, likewise.
    `memory`, `progress`: as for `evolve`.
    `observables`: a list of `Observable`s or their texts, watched in both evolutions as `evolve` does, and compared at
    the saved times: `.observed`, by name. `checkpoint`: a file, as for `evolve`: one for both evolutions.

    Returns a Comparison: arrays over time, and both solutions. Raises what `evolve` raises.

    Source: Li, Theorems 1 and 2, (1.10).

    >>> from openweyl import System, coherent
    >>> harmonic = System("xi**2/2 + x**2/2", ["x", "xi"], h=0.1, gamma=1.0)
    >>> bool(compare(harmonic, coherent(1, 0), [0.5]).trace_norm[0] < 1e-9)
    True
    """
    started = time.perf_counter()
    state = grid_state_of(system, state)
    times, tol = arguments.times(times), arguments.tolerance(tol)
    watched, file = checked_observables(observables, system.n), None
    if checkpoint is not None:
        names = [one.name for one in watched]
        file = Checkpoint.open(checkpoint, key_of(system, state, times, tol, names, kind="both"))
    quantum, classical = both_evolutions(
        system, state, times, tol=tol, memory=memory, time_limit=time_limit, progress=callback(progress),
        observables=watched, checkpoint=file,
    )  # fmt: skip
    rows, means, covariances = [], [], []
    for w, a in map(resampled_together, quantum, classical):
        rows.append(_distances(w, a, tol))
        both = [f.moments() for f in (w, a)]
        means.append([m.mean for m in both])
        covariances.append([m.covariance for m in both])
    series = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    solver = np.array(quantum.numerics.error) + np.array(classical.numerics.error)
    series["trace_norm_error"] = solver + series["trace_norm_upper"] - series["trace_norm"]
    if file:
        file.remove()
    mean, covariance = np.array(means), np.array(covariances)
    names = [str(v) for v in system.x + system.xi]
    errors = [np.array([one.expect(name).error for name in names]).T for one in (quantum, classical)]
    return Comparison(
        system=system,
        state=state,
        times=quantum.times,
        quantum=quantum,
        classical=classical,
        **{name: series[name] for name in SERIES},
        mean=mean[:, 0],
        mean_classical=mean[:, 1],
        mean_error=errors[0],
        mean_classical_error=errors[1],
        covariance=covariance[:, 0],
        covariance_classical=covariance[:, 1],
        tol=tol,
        seconds=time.perf_counter() - started,
    )


def both_evolutions(
    system: System,
    state: State,
    times: Sequence[float],
    *,
    tol: float,
    memory: float | None = None,
    time_limit: float = TIME_LIMIT,
    progress: Progress | None = None,
    observables: Sequence[Observable] = (),
    checkpoint: Checkpoint | None = None,
) -> tuple[Solution, Solution]:
    """The quantum and the classical evolution from `state`, with one progress for both; arguments as for `evolve`."""
    first, second = shares(progress, (1.0, 1.0))
    run = partial(evolve, system, state, times, tol=tol, memory=memory, time_limit=time_limit, observables=observables)
    parts = [None if checkpoint is None else Part(checkpoint, kind) for kind in ("quantum", "classical")]
    return (
        run(kind="quantum", progress=first, checkpoint=parts[0]),
        run(kind="classical", progress=second, checkpoint=parts[1]),
    )


def _distances(w: Symbol, a: Symbol, tol: float) -> dict[str, float]:
    difference, exact = w - a, MAX_KERNEL_POINTS if w.n == 1 else MAX_PRODUCT_STATES
    l1 = l1_norm(difference, L1_DISTANCE_RTOL, L1_DISTANCE_FRACTION_OF_TOL * tol)
    accuracy = (EIGENVALUE_FRACTION_OF_TOL if w.n == 1 else OF_SEVERAL) * tol
    lower, upper = enclosure(difference, rtol=1e-2, negligible=0.1 * tol, exact=exact)
    least = float(difference.hilbert_schmidt())  # no trace norm is smaller
    return {
        "trace_norm": max((lower + upper) / 2, least),
        "trace_norm_lower": max(lower, least),
        "trace_norm_upper": max(upper, least),
        "hilbert_schmidt": least,
        "l1": l1.value,
        "l1_error": l1.error,
        "purity": float(w.purity()),
        "purity_classical": float(a.purity()),
        "trace": float(w.trace()),
        "trace_classical": float(a.trace()),
        "min_eigenvalue": smallest_eigenvalue(w, accuracy)[0],
        "min_eigenvalue_classical": smallest_eigenvalue(a, accuracy)[0],
    }
