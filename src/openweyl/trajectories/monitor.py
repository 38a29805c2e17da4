"""`monitor`: records of a continuous measurement, and the states that they leave."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Literal, TypeAlias

import sympy

from openweyl._core import arguments
from openweyl._core.arguments import must
from openweyl._core.calls import public
from openweyl._core.memory import spare_memory
from openweyl._core.progress import Progress, callback, shows_progress
from openweyl.evolution.observing import checked_observables
from openweyl.evolution.pace import TIME_LIMIT
from openweyl.model.pair import state_of
from openweyl.model.states import State
from openweyl.model.system import System
from openweyl.observables.observable import Observable
from openweyl.observables.unbounded import WeylMean
from openweyl.symbolic.expressions import TIME

from .clock import Clock
from .from_levels import records_on_levels
from .gaussian_records import gaussian_of, gaussian_records
from .observed import Detection
from .records import Records

DetectionKind: TypeAlias = Literal["homodyne", "heterodyne"]
MAX_RECORDS = 10**6
"""The most records of one call."""
LEAST_TOLERANCE, DEFAULT_TOLERANCE, MAX_TOLERANCE = 1e-5, 0.01, 0.2
"""What steps and levels may cost, in trace norm."""


@public
@shows_progress("monitor")
def monitor(
    system: System,
    state: State,
    times: Sequence[float],
    *,
    jump: int = 1,
    detection: DetectionKind = "homodyne",
    angle: float = 0.0,
    efficiency: float = 1.0,
    records: int = 1,
    observables: Sequence[Observable | str] = (),
    seed: int = 0,
    tol: float = DEFAULT_TOLERANCE,
    keep_states: bool = True,
    memory: float | None = None,
    time_limit: float = TIME_LIMIT,
    progress: Progress | bool | None = None,
) -> Records:
    """dy = sqrt(eta) <c + c*> dt + dW, c = sqrt(gamma/h) L e^{-i angle}: homodyne records, and the states they leave.

    `system`: with polynomials for p and the jumps, n <= 2; or, with one Gaussian state, p quadratic and linear jumps,
    for any n. `state`: any. `times`: at which the states are known, and between which the records are integrated.
    `jump`: which one is observed, counted from 1; the others are not. `detection`: "heterodyne" observes the
    quadratures at `angle` and at `angle` + pi/2, each with half the efficiency. `angle`: of the local oscillator, in
    radians; 0 observes L + L*. `efficiency`: eta, from 0 to 1. `records`: how many. `observables`: polynomials, such as
    ["ad*a", "x**2"], whose conditional expectations are kept. `seed`: the same one gives the same records. `tol`: the
    error of conditional states in trace norm, its root mean square over records, for which steps and levels are
    chosen. `keep_states`: False keeps means and expectations alone. `memory`: bytes for the result (default: half of
    what is free). `time_limit`: seconds, by forecast. `progress`: as for `evolve`.

    Gaussian states of quadratic systems take no steps: their records are drawn from their law. Others are followed on
    levels of oscillators; each record is then followed with longer steps on fewer levels, too, which tells its error.

    Returns `Records`: the records, the conditional means, covariances and states of each, and their errors.

    Raises InputError for arguments out of range and other systems; ResourceError for what takes longer than
    `time_limit`, and for results that do not fit.

    Source: Jacobs and Steck, Contemp. Phys. 47, 279 (2006), doi:10.1080/00107510601101934, arXiv:quant-ph/0611067;
    Wiseman and Milburn, Quantum Measurement and Control (Cambridge, 2010); on levels Rouchon and Ralph, Phys. Rev. A
    91, 012118 (2015), doi:10.1103/PhysRevA.91.012118, arXiv:1410.5345.

    >>> from openweyl import System, cat, coherent
    >>> still = System("0*x", ["x"], h=1.0, gamma=1.0)  # V_x of dV/dt = -4 V^2, V(0) = 1/2
    >>> monitor(still, coherent(0, 0), [0.0, 0.5, 1.0]).covariance[:, 0, 0].round(6)
    array([0.5     , 0.25    , 0.166667])
    >>> found = monitor(still, cat([(2, 0), (-2, 0)]), [0.0, 1.0])  # nothing is lost: the state stays pure
    >>> float(found.symbol().purity().round(6))
    1.0
    """
    began = time.monotonic()
    checked = state_of(system, state)
    saved = arguments.times(times)
    must(bool(system.jumps and system.gamma), "system", "have jumps, and gamma > 0", system, "One of them is observed.")
    chosen = arguments.whole("jump", jump, 1, len(system.jumps), "It counts the jumps of the system from 1.")
    timed = system.jumps[chosen - 1].has(TIME)
    must(not timed, "jump", "be one that does not depend on time", f"{chosen}, {system.jumps[chosen - 1]}")
    arguments.choice("detection", detection, ("homodyne", "heterodyne"))
    angle = arguments.real("angle", angle)
    efficiency = arguments.real("efficiency", efficiency, low=0.0)
    must(efficiency <= 1, "efficiency", "be <= 1", efficiency)
    count = arguments.whole("records", records, 1, MAX_RECORDS)
    wanted = checked_observables(observables, system.n)
    polynomials = [_polynomial(one, system) for one in wanted]
    seed = arguments.whole("seed", seed, 0, 2**63 - 1)
    tol = arguments.real("tol", tol, low=LEAST_TOLERANCE)
    must(tol <= MAX_TOLERANCE, "tol", f"be <= {MAX_TOLERANCE}", tol, "It is an error in trace norm.")
    keep = arguments.flag("keep_states", keep_states)
    limit = spare_memory() if memory is None else arguments.real("memory", memory, above=0.0)
    clock = Clock(began, arguments.real("time_limit", time_limit, above=0.0), callback(progress))
    seen = Detection.of(detection, angle, efficiency)
    gaussian = gaussian_of(system, checked, saved)
    if gaussian is not None:
        read = gaussian_records(gaussian, seen, chosen, polynomials, saved, count, seed, limit)
    else:
        read = records_on_levels(
            system, checked, seen, chosen, polynomials, saved, count, seed, tol=tol, keep=keep, memory=limit,
            clock=clock,
        )  # fmt: skip
    return Records(
        system=system, state=checked, times=saved, jump=chosen, detection=detection, angle=angle, efficiency=efficiency,
        observables=tuple(one.name for one in wanted), seed=seed, tol=tol,
        seconds=time.monotonic() - began, **read,
    )  # fmt: skip


def _polynomial(observable: Observable, system: System) -> sympy.Expr:
    """The symbol of the observable."""
    reading = observable.reading
    formula = reading.symbol(system.h) if isinstance(reading, WeylMean) else None
    good = formula is not None and formula.is_polynomial(*system.x, *system.xi)
    must(good, "observables", "be polynomials in x and xi, or in a and ad", observable.name)
    return sympy.expand(formula)
