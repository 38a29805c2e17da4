"""`correlation`: <A(t + tau) B(t)>, quantum or classical."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import sympy

from openweyl._core import arguments
from openweyl._core.calls import public
from openweyl._core.progress import Progress, callback, shows_progress
from openweyl._core.threads import one_thread
from openweyl.evolution.evolve import Kind, evolve
from openweyl.evolution.pace import TIME_LIMIT
from openweyl.gaussian_packets.flow import quadratic_flow
from openweyl.model.pair import check_system
from openweyl.model.states import State
from openweyl.model.system import System
from openweyl.weyl.symbol import Symbol

from .at_rest import state_or_rest
from .evolved import EvolvedProduct
from .factors import factor
from .later import started_at
from .regression import Regression
from .result import Correlation

FIRST_SHARE = 1e-3
"""The part of the tolerance that the state at the first of both times may be off: at its edges A and B are larger than
where it is."""
STEPPED_SHARE = 0.1
"""The same where the first evolution takes steps, which cost more with each digit."""
CLOSED_TOLERANCE = 1e-10
"""The error of that state where all that follows is a closed form: it costs next to nothing there."""


@public
@shows_progress("correlation")
def correlation(
    system: System,
    state: State | Symbol | None,
    A: str | sympy.Expr,
    B: str | sympy.Expr,
    times: Sequence[float],
    *,
    start: float = 0.0,
    kind: Kind = "quantum",
    tol: float = 1e-6,
    memory: float | None = None,
    time_limit: float = TIME_LIMIT,
    progress: Progress | bool | None = None,
) -> Correlation:
    """<A(t + tau) B(t)> = tr(A e^{tau L} (B rho(t))), rho(t) the state at t = `start`, at the delays tau of `times`.

    `system`, `state`: as for `evolve`; the state is that at time 0, or, if None, the one of `steady_state`.
    `A`, `B`: operators as text, polynomials in a, ad, x and xi (a1, ad1, ... for more modes) with products in the order
    written, as in `System.from_operators`; or Weyl symbols, as expressions of SymPy in x and xi, smooth and real or
    complex. `times`: the delays tau, increasing, >= 0.
    `start`: the first time t, >= 0; where p depends on time, rho(t) and the evolution after it follow its clock.
    `kind`: "quantum"; or "classical", E[A(z(t + tau)) B(z(t))] over the diffusion of the Fokker-Planck equation, with
    the Weyl symbols of A and B: they commute there. `tol`: the error allowed in trace norm, in units of the root of
    tr(B rho B*). `memory`, `time_limit`, `progress`: as for `evolve`, which is called for three states.

    Returns a `Correlation`: complex `value`, with an estimated `error`, over `times`. For quadratic p with linear jumps
    and a polynomial A it is a closed form.

    Raises InputError for arguments out of range, and what `evolve` raises.

    Source: Breuer and Petruccione, The Theory of Open Quantum Systems (2002), the quantum regression theorem.

    >>> from openweyl import System, thermal
    >>> damped = System.from_operators("h*3*ad*a", ["sqrt(0.4*h)*a"], h=0.1)  # frequency 3, energy decays with 0.4
    >>> found = correlation(damped, thermal(0.5), "ad", "a", [0.0, 1.0])
    >>> found.value.round(6)  # 0.5 exp((3 i - 0.2) tau)
    array([ 0.5     +0.j     , -0.405269+0.05777j])
    """
    began = time.perf_counter()
    check_system(system)
    a, b = factor(A, system, "A"), factor(B, system, "B")
    arguments.choice("kind", kind, ("quantum", "classical"))
    delays = arguments.times(times)
    start = arguments.real("start", start, low=0.0)
    tol = arguments.tolerance(tol)
    report = callback(progress)
    options: dict[str, Any] = {"kind": kind, "memory": memory, "time_limit": time_limit}
    checked, known_to = state_or_rest(system, state, tol, **options)
    with one_thread():
        w, error = state_at(system, checked, start, tol, **options)
        error += known_to
        later = started_at(system, start)
        flow = quadratic_flow(later)
        if flow and a.is_polynomial():
            product = b.times(w, quantum=kind == "quantum")
            value, errors = Regression.of(flow, a, product, np.abs(b.values(w)), w, error).sample(delays)
        else:
            value, errors = EvolvedProduct.of(later, a, b, w, error, tol=tol, **options).sample(delays, report)
    scheme = "closed form" if flow and a.is_polynomial() else "three evolutions"
    return Correlation(
        name=f"<{a.name}({start:.6g} + tau) {b.name}({start:.6g})>" if start else f"<{a.name}(tau) {b.name}(0)>",
        system=system, A=a.name, B=b.name, kind=kind, start=start, times=delays, value=value, error=errors,
        scheme=scheme, tol=tol, seconds=time.perf_counter() - began,
    )  # fmt: skip


def state_at(system: System, state: Any, start: float, tol: float, **options: Any) -> tuple[Symbol, float]:
    """The symbol of the state at `start`, on a grid with room for products, and its error in trace norm."""
    if quadratic_flow(system):
        first = min(CLOSED_TOLERANCE, tol)
    else:
        first = max((STEPPED_SHARE if start else FIRST_SHARE) * tol, arguments.LEAST_TOLERANCE)
    solution = evolve(system, state, [start], tol=first, **options)
    return solution.final, solution.numerics.error[-1]
