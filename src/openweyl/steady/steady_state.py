"""`steady_state`: where a quantum system comes to rest."""

from __future__ import annotations

import time

import numpy as np

from openweyl._core import arguments
from openweyl._core.arguments import InputError, must
from openweyl._core.calls import public
from openweyl._core.threads import one_thread
from openweyl.evolution.pace import TIME_LIMIT
from openweyl.fock_space.polynomial_system import polynomial_system, timed
from openweyl.fock_space.symbols import level_symbol
from openweyl.gaussian_packets.flow import quadratic_flow
from openweyl.model.system import System
from openweyl.symbolic.expressions import TIME

from .growth import grown
from .result import SteadyState

STILL = 1e-12
"""The rate, over the norm of M, that is 0 but for round-off."""
SYMBOL = 0.05
"""The part of the tolerance for the symbol, which ends where its grid does."""


@public
def steady_state(system: System, *, tol: float = 1e-6, time_limit: float = TIME_LIMIT) -> SteadyState:
    """The state w with L w = 0: -(i/h)[p, A] + (gamma/h) sum_l (l A l* - (l* l A + A l* l)/2) = 0, tr A = 1.

    `system`: of one mode or two, with polynomial symbols that do not depend on the time. `tol`: the error allowed in
    trace norm. `time_limit`: in seconds.

    It is solved on levels of oscillators, ever more of them, until more change nothing. Not seen is what lies much
    further out than all levels tried, and is reached from them more slowly than round-off tells.

    Returns a `SteadyState`, with its residual, a bound, and its error, an estimate.

    Raises InputError for other systems, and for those that have many steady states; ResourceError for a steady state
    that needs too many levels, as where gain exceeds loss and there is none.

    Source: Nation, Steady-state solution methods for open quantum optical systems, arXiv:1504.06768, for the equations.

    >>> from openweyl import System
    >>> warm = System.from_operators("2*ad*a", ["sqrt(1.5)*a", "sqrt(0.5)*ad"], h=1)
    >>> found = steady_state(warm)  # thermal, 0.5 quanta
    >>> print(f"{found.symbol.purity():.6f}")  # 1/(1 + 2 * 0.5)
    0.500000
    >>> round(found.gap, 6)
    0.5
    """
    began = time.perf_counter()
    must(isinstance(system, System), "system", "be a System", system)
    tol = arguments.tolerance(tol)
    time_limit = arguments.real("time_limit", time_limit, above=0.0)
    must(system.n <= 2, "system", "have at most two modes", system.n)
    still = bool(system.gamma and any(jump != 0 for jump in system.jumps))
    if not still:
        raise InputError("Argument `system` has no jumps: all that commutes with p is at rest. Use `evolve`.")
    _check_loss(system)
    made = polynomial_system(system, (1.0,) * system.n)
    if made is None:
        raise InputError(
            "Argument `system` must have polynomial symbols for a steady state. Use `evolve` to late times."
        )
    if timed(made):
        raise InputError(
            "Argument `system` must not depend on the time for a steady state. Use `evolve` to late times."
        )
    with one_thread():
        found, error = grown(made, (1 - SYMBOL) * tol, time_limit)
        symbol = level_symbol(found.matrix, found.levels, system.h, SYMBOL * tol, (1.0,) * system.n)
    return SteadyState(
        system=system, symbol=symbol, residual=found.residual, error=error + SYMBOL * tol, relaxation_time=found.time,
        gap=found.gap, levels=found.levels, scheme="sparse equations in Fock space", tol=tol,
        seconds=time.perf_counter() - began,
    )  # fmt: skip


def _check_loss(system: System) -> None:
    """Refuse quadratic systems whose points do not come to rest: dz/dt = M z + m with eigenvalues of M that do not
    lie to the left of 0.
    """
    flow = quadratic_flow(system)
    if flow is None or flow.matrix.has(TIME):
        return
    matrix = np.array(flow.matrix.tolist(), dtype=float)
    fastest = float(np.linalg.eigvals(matrix).real.max())
    if fastest >= -STILL * np.linalg.norm(matrix, 2):
        raise InputError(
            "This system has no steady state, or more than one: gain is not below loss, and a mean or a variance does "
            f"not decay but grows at rate {max(fastest, 0.0):.3g}. Add loss, or use `evolve`."
        )
