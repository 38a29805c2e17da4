"""`g2`: the second-order coherence of an amplitude."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy

from openweyl._core import arguments
from openweyl._core.arguments import must
from openweyl._core.calls import public
from openweyl._core.progress import Progress, callback, shares, shows_progress
from openweyl._core.threads import one_thread
from openweyl.evolution.evolve import Kind, evolve
from openweyl.evolution.pace import TIME_LIMIT
from openweyl.model.pair import check_system
from openweyl.model.states import State
from openweyl.model.system import System
from openweyl.weyl.symbol import Symbol

from .at_rest import state_or_rest
from .correlation import state_at
from .factors import Factor, factor
from .later import started_at
from .polarization import sandwiched
from .reading import change
from .result import Correlation


@public
@shows_progress("g2")
def g2(
    system: System,
    state: State | Symbol | None,
    times: Sequence[float],
    *,
    A: str | sympy.Expr = "a",
    start: float = 0.0,
    kind: Kind = "quantum",
    tol: float = 1e-6,
    memory: float | None = None,
    time_limit: float = TIME_LIMIT,
    progress: Progress | bool | None = None,
) -> Correlation:
    """The coherence <A*(t) A*(t + tau) A(t + tau) A(t)> / ( <A*A(t + tau)> <A*A(t)> ) over the delays tau, t = `start`.

    `times`: the delays. `A`: the amplitude, an operator or a Weyl symbol as for `correlation`; for more modes such as
    "a1". `kind`: "quantum"; or "classical", with the intensity |A|^2 of the symbol, whose values commute: g2(0) >= 1.
    All others, such as `state`, None for the steady state: as for `correlation`. What is evolved is the state after one
    quantum was taken, A rho A* over its trace, and rho.

    Returns a `Correlation` with real values and an estimated error.

    Raises InputError for an intensity that is 0 up to its error, and what `evolve` raises.

    Source: Glauber, Phys. Rev. 130, 2529 (1963).

    >>> from openweyl import System, fock
    >>> damped = System.from_operators("h*3*ad*a", ["sqrt(0.4*h)*a"], h=0.1)
    >>> g2(damped, fock(3), [0.0, 1.0]).value.round(6)  # (n - 1)/n, n quanta
    array([0.666667, 0.666667])
    """
    began = time.perf_counter()
    check_system(system)
    a = factor(A, system, "A")
    arguments.choice("kind", kind, ("quantum", "classical"))
    delays, start = arguments.times(times), arguments.real("start", start, low=0.0)
    tol, report = arguments.tolerance(tol), callback(progress)
    options: dict[str, Any] = {"kind": kind, "memory": memory, "time_limit": time_limit}
    checked, known_to = state_or_rest(system, state, tol, **options)
    with one_thread():
        w, error = state_at(system, checked, start, tol, **options)
        error += known_to
        later, quantum = started_at(system, start), kind == "quantum"
        taken = w.like(sandwiched(a, w, quantum=quantum)[1])
        first, missed = float(taken.trace()), change(np.abs(a.values(w)) ** 2, w, error)
        enough = first > missed
        must(enough, "A", "have an intensity <A*A> that is not 0", f"{first:.2g} +- {missed:.2g}", "Lower `tol`.")
        halves = shares(report, [1.0, 1.0])
        after = _intensities(later, a, taken / first, missed / first, delays, halves[0], tol=tol, **options)
        before = _intensities(later, a, w, error, delays, halves[1], tol=tol, **options)
    gone = bool((before[0] <= before[1]).any())
    must(not gone, "times", "end before the intensity is 0 up to its error", delays[-1], "Lower `tol`.")
    value = after[0] / before[0]
    return Correlation(
        name="g2(tau)", system=system, A=a.name, B=a.name, kind=kind, start=start, times=delays, value=value,
        error=(after[1] + np.abs(value) * before[1]) / (before[0] - before[1]), scheme="two evolutions", tol=tol,
        seconds=time.perf_counter() - began,
    )  # fmt: skip


def _intensities(
    system: System, a: Factor, w: Symbol, error: float, times: Sequence[float], progress: Progress | None,
    **options: Any,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """<A*A> over time from the state `w`, known up to `error`, and its estimated error."""
    values, errors = [], []
    solution = evolve(system, w, times, progress=progress, **options)
    for symbol, lost in zip(solution, solution.numerics.error, strict=True):
        values.append(float(sandwiched(a, symbol, quantum=options["kind"] == "quantum")[1].sum()) * symbol.grid.cell)
        errors.append(change(np.abs(a.values(symbol)) ** 2, symbol, lost + error))
    return np.array(values), np.array(errors)
