"""`steady_state`: where a system comes to rest."""

from __future__ import annotations

import time

from openweyl._core import arguments
from openweyl._core.arguments import InputError, must
from openweyl._core.calls import public
from openweyl._core.progress import Progress, callback, shows_progress
from openweyl._core.threads import one_thread
from openweyl.evolution.evolve import Kind
from openweyl.evolution.pace import TIME_LIMIT
from openweyl.fock_space.polynomial_system import polynomial_system
from openweyl.gaussian_packets.flow import quadratic_flow
from openweyl.model.pair import check_system
from openweyl.model.system import System
from openweyl.symbolic.expressions import TIME

from .found import Found
from .gaussian import gaussian_rest
from .gaussian_periodic import gaussian_periodic
from .growth import on_enough_levels
from .periods import check_period
from .relaxation import relaxed
from .result import SYMBOL, SteadyState

MODES = 2
"""The most modes without a closed form: grids of three have six axes."""


@public
@shows_progress("steady_state")
def steady_state(
    system: System,
    *,
    kind: Kind = "quantum",
    period: float | None = None,
    tol: float = 1e-6,
    memory: float | None = None,
    time_limit: float = TIME_LIMIT,
    progress: Progress | bool | None = None,
) -> SteadyState:
    """The state w with L w = 0: -(i/h)[p, A] + (gamma/h) sum_l (l A l* - (l* l A + A l* l)/2) = 0, tr A = 1.

    `system`: one that does not depend on the time, or by a `period`, with one mode or two; of any number of modes, up
    to a hundred, if p is quadratic and the jumps are linear. `kind`: "quantum"; or "classical", Q w = 0 of the
    Fokker-Planck equation. `period`: T, if the system depends on the time: the state is then that at time 0 of the
    solution that repeats itself, A(T) = A(0). `tol`: the error allowed in trace norm. `memory`, `time_limit`,
    `progress`: as for `evolve`.

    Quadratic p with linear jumps: a Gaussian in closed form. Other quantum systems with polynomial symbols: equations
    on levels of oscillators, whose number grows until the state no longer changes; a part of the state far above all
    levels tried, which is reached from them at rates below round-off only, is not found. All others: evolution from
    two or three starts, as far apart as the drift keeps points, until they no longer move and are one state.

    Returns a `SteadyState`, with its residual and its error: of closed forms bounds, else estimates.

    Raises InputError for other systems, for those that have many steady states or none, and where different starts lead
    to different states; ResourceError for a steady state that needs too many levels, as where gain exceeds loss and
    there is none, or too much time.

    Source: Nation, Steady-state solution methods for open quantum optical systems, arXiv:1504.06768, for the equations
    on levels.

    >>> from openweyl import System
    >>> warm = System.from_operators("2*ad*a", ["sqrt(1.5)*a", "sqrt(0.5)*ad"], h=1)
    >>> found = steady_state(warm)  # thermal, 0.5 quanta
    >>> print(f"{found.symbol.purity():.6f}")  # 1/(1 + 2 * 0.5)
    0.500000
    >>> round(found.gap, 6)
    0.5
    """
    began = time.perf_counter()
    check_system(system)
    arguments.choice("kind", kind, ("quantum", "classical"))
    tol, report = arguments.tolerance(tol), callback(progress)
    memory = None if memory is None else arguments.real("memory", memory, above=0.0)
    time_limit = arguments.real("time_limit", time_limit, above=0.0)
    still = bool(system.gamma and any(jump != 0 for jump in system.jumps))
    if not still:
        raise InputError("Argument `system` has no jumps: all that commutes with p is at rest. Use `evolve`.")
    timed = any(f.has(TIME) for f in (system.hamiltonian, *system.jumps))
    advice = "Give its `period`, or use `evolve` to late times."
    must(period is not None or not timed, "system", "not depend on the time for a steady state", system, advice)
    if period is not None:
        period = arguments.real("period", period, above=0.0)
        check_period(system, period)
    share = (1 - SYMBOL) * tol

    def find() -> Found:
        flow = quadratic_flow(system)
        if flow is not None:
            return gaussian_rest(flow, share) if period is None else gaussian_periodic(flow, period, share)
        must(system.n <= MODES, "system", "have at most two modes, or quadratic p and linear jumps", system.n)
        made = polynomial_system(system, (1.0,) * system.n) if kind == "quantum" and period is None else None
        if made is not None:
            return on_enough_levels(made, system.h, share, SYMBOL * tol, time_limit)
        return relaxed(system, period, kind, share, memory=memory, time_limit=time_limit, progress=report)

    with one_thread():
        found = find()
    return SteadyState(
        system=system, kind=kind, period=period, state=found.state, residual=found.residual,
        error=found.error + SYMBOL * tol, relaxation_time=found.relaxation_time, gap=found.gap, levels=found.levels,
        scheme=found.scheme, tol=tol, seconds=time.perf_counter() - began,
    )  # fmt: skip
