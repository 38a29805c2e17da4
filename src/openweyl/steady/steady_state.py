"""`steady_state`: where a quantum system comes to rest."""

from __future__ import annotations

import time

from openweyl._core import arguments
from openweyl._core.arguments import InputError, must
from openweyl._core.calls import public
from openweyl._core.threads import one_thread
from openweyl.evolution.evolve import Kind
from openweyl.evolution.pace import TIME_LIMIT
from openweyl.fock_space.polynomial_system import polynomial_system
from openweyl.fock_space.symbols import level_symbol
from openweyl.gaussian_packets.flow import quadratic_flow
from openweyl.model.pair import check_system
from openweyl.model.symbol_state import SymbolState
from openweyl.model.system import System
from openweyl.symbolic.expressions import TIME

from .gaussian import gaussian_rest
from .growth import grown
from .result import SYMBOL, SteadyState

LATE = "Use `evolve` to late times."


@public
def steady_state(
    system: System, *, kind: Kind = "quantum", tol: float = 1e-6, time_limit: float = TIME_LIMIT
) -> SteadyState:
    """The state w with L w = 0: -(i/h)[p, A] + (gamma/h) sum_l (l A l* - (l* l A + A l* l)/2) = 0, tr A = 1.

    `system`: one that does not depend on the time. For quadratic p and linear jumps, of any number of modes, it is a
    Gaussian, in closed form; otherwise of one mode or two, with polynomial symbols. `kind`: "quantum"; or "classical",
    Q w = 0 of the Fokker-Planck equation: of quadratic p and linear jumps, where it is the same. `tol`: the error
    allowed in trace norm. `time_limit`: in seconds.

    Without a closed form it is solved on levels of oscillators, ever more of them, until more change nothing. Not seen
    is what lies much further out than all levels tried, and is reached from them more slowly than round-off tells.

    Returns a `SteadyState`, with its residual, a bound, and its error: of closed forms a bound, else an estimate.

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
    check_system(system)
    arguments.choice("kind", kind, ("quantum", "classical"))
    tol = arguments.tolerance(tol)
    time_limit = arguments.real("time_limit", time_limit, above=0.0)
    still = bool(system.gamma and any(jump != 0 for jump in system.jumps))
    if not still:
        raise InputError("Argument `system` has no jumps: all that commutes with p is at rest. Use `evolve`.")
    if any(f.has(TIME) for f in (system.hamiltonian, *system.jumps)):
        raise InputError(f"Argument `system` must not depend on the time for a steady state. {LATE}")
    flow = quadratic_flow(system)
    with one_thread():
        if flow is not None:
            gaussian = gaussian_rest(flow, (1 - SYMBOL) * tol)
            return SteadyState(
                system=system, kind=kind, state=gaussian.state, residual=gaussian.residual,
                error=gaussian.error + SYMBOL * tol, relaxation_time=1 / gaussian.gap, gap=gaussian.gap, levels=(),
                scheme="closed form", tol=tol, seconds=time.perf_counter() - began,
            )  # fmt: skip
        must(kind == "quantum", "kind", "be 'quantum' unless p is quadratic and all jumps are linear", kind, LATE)
        must(system.n <= 2, "system", "have at most two modes, or quadratic p and linear jumps", system.n)
        made = polynomial_system(system, (1.0,) * system.n)
        if made is None:
            raise InputError(f"Argument `system` must have polynomial symbols for a steady state. {LATE}")
        found, error = grown(made, (1 - SYMBOL) * tol, time_limit)
        symbol = level_symbol(found.matrix, found.levels, system.h, SYMBOL * tol, (1.0,) * system.n)
    return SteadyState(
        system=system, kind=kind, state=SymbolState(symbol), residual=found.residual, error=error + SYMBOL * tol,
        relaxation_time=found.time, gap=found.gap, levels=found.levels, scheme="sparse equations in Fock space",
        tol=tol, seconds=time.perf_counter() - began,
    )  # fmt: skip
