"""`spectrum`: the Fourier transform of a correlation function of the state at rest."""

from __future__ import annotations

import time
from collections.abc import Sequence
from math import expm1
from typing import Any

import numpy as np
import sympy

from openweyl._core import arguments
from openweyl._core.arguments import must
from openweyl._core.calls import public
from openweyl._core.threads import one_thread
from openweyl.evolution.evolve import Kind, evolve
from openweyl.evolution.pace import TIME_LIMIT
from openweyl.gaussian_packets.flow import quadratic_flow
from openweyl.model.pair import check_system
from openweyl.model.states import State
from openweyl.model.system import System
from openweyl.symbolic.expressions import TIME
from openweyl.weyl.symbol import Symbol

from .at_rest import state_or_rest
from .correlation import state_at
from .evolved import EvolvedProduct
from .factors import Factor, factor
from .reading import change
from .regression import Regression
from .segments import Source, followed
from .slow_modes import slowest_rate
from .spectrum_result import Spectrum

MAX_MOVED = 0.1
"""How far, in trace norm, a state may move that is taken to be at rest: what it moves is in the error."""
MOVED_ATOL = 0.1
"""The part of the tolerance to which that is known: less lies at the edges of the symbols."""
EVOLVED_SHARE = 0.03
"""The part of the tolerance for evolutions: errors do not decay as the function does, but add up over all delays."""
FARTHEST = 2.0
"""The largest distance of two states in trace norm."""
UNDAMPED = 1e-12
"""The rate of decay, relative to how fast points move, below which round-off cannot tell it from none."""


@public
def spectrum(
    system: System,
    state: State | Symbol | None,
    A: str | sympy.Expr,
    B: str | sympy.Expr,
    frequencies: Sequence[float],
    *,
    kind: Kind = "quantum",
    tol: float = 1e-6,
    memory: float | None = None,
    time_limit: float = TIME_LIMIT,
) -> Spectrum:
    """S(omega) = 2 Re int_0^inf e^{-i omega tau} ( <A(tau) B(0)> - <A><B> ) dtau, in the state at rest.

    With B = A* it is the Fourier transform over all tau, as `spectrum` of QuTiP, but without the line at omega = 0,
    2 pi <A><B> delta(omega), whose weight is `coherent`.

    `system`: without time dependence. `state`: its state at rest, None for that of `steady_state`; how far it moves
    while the correlation function decays is measured, and is in the error. `A`, `B`, `kind`: as for `correlation`.
    `frequencies`: angular ones, over which S is computed. `tol`: of the correlation function, relative; the range of
    tau and where it is sampled follow from its decay and its frequencies. `memory`, `time_limit`: as for `evolve`.

    Returns a `Spectrum`: `value` with an estimated `error`, over `frequencies`.

    Raises InputError for a state that is not at rest, and for correlation functions that do not decay; what `evolve`
    raises.

    >>> from openweyl import System, thermal
    >>> damped = System.from_operators("h*3*ad*a", ["sqrt(0.6*h)*a", "sqrt(0.2*h)*ad"], h=0.1)
    >>> found = spectrum(damped, thermal(0.5), "ad", "a", [2.8, 3.0])
    >>> found.value.round(3)  # nbar kappa/((omega - 3)^2 + kappa^2/4), kappa = 0.6 - 0.2
    array([2.5, 5. ])
    >>> spectrum(damped, None, "ad", "a", [3.0]).value.round(3)  # that is its steady state
    array([5.])
    """
    began = time.perf_counter()
    check_system(system)
    a, b = factor(A, system, "A"), factor(B, system, "B")
    arguments.choice("kind", kind, ("quantum", "classical"))
    at = np.array([arguments.moderate("frequencies", f) for f in arguments.numbers_of("frequencies", frequencies)])
    must(len(at) > 0, "frequencies", "hold at least one number", "empty")
    tol = arguments.tolerance(tol)
    timed = any(f.has(TIME) for f in (system.hamiltonian, *system.jumps))
    must(not timed, "system", "not depend on time", system.hamiltonian, "Nothing is at rest.")
    must(bool(system.gamma and system.jumps), "system", "be damped", "closed", "Its correlations do not decay.")
    options: dict[str, Any] = {"kind": kind, "memory": memory, "time_limit": time_limit}
    checked, known_to = state_or_rest(system, state, tol, **options)
    with one_thread():
        w, error = state_at(system, checked, 0.0, tol, **options)
        error += known_to
        means = [complex((one.values(w) * w.values).sum() * w.grid.cell) for one in (a, b)]
        source = _source(system, a, b, w, error, tol, options)
        decay = followed(source, means[0] * means[1], tol)
        end = decay.pieces[-1].begin + decay.pieces[-1].length
        # at a distance e from rest nothing moves by more than 2 e
        moved = 2 * error if state is None else _moved(system, checked, end, tol, options)
    moves = f"one that moves by {moved:.3g} in trace norm until tau = {end:.4g}"
    must(moved <= MAX_MOVED, "state", "be at rest", moves)
    value = 2 * np.sum([piece.transform(at) for piece in decay.pieces], axis=0).real
    sampled = sum(piece.error * piece.length for piece in decay.pieces)
    drifted = abs(means[1]) * change(np.abs(a.values(w)), w, moved) * end
    slowest = source.slowest() or 1 / end
    off = min(moved / -expm1(-slowest * end), FARTHEST if state is not None else error)
    drifted += change(np.abs(a.values(w) * b.values(w)), w, off) / slowest
    return Spectrum(
        system=system, A=a.name, B=b.name, kind=kind, frequencies=tuple(at.tolist()), value=value,
        error=np.full(len(at), 2 * (sampled + decay.left + drifted)), coherent=means[0] * means[1], end=end,
        samples=sum(len(piece.coefficients) for piece in decay.pieces), tol=tol, seconds=time.perf_counter() - began,
    )  # fmt: skip


def _source(
    system: System, a: Factor, b: Factor, w: Symbol, error: float, tol: float, options: dict[str, Any]
) -> Source:
    flow = quadratic_flow(system)
    if flow and a.is_polynomial():
        product = b.times(w, quantum=options["kind"] == "quantum")
        source = Regression.of(flow, a, product, np.abs(b.values(w)), w, error)
        damped = source.slowest() > UNDAMPED * source.first_rate()
        must(damped, "system", "be damped in all directions", "not", "Loss has to be above gain for a state at rest.")
        return source
    own = max(EVOLVED_SHARE * tol, arguments.LEAST_TOLERANCE)
    evolved = EvolvedProduct.of(system, a, b, w, error, tol=own, **options)
    evolved.rest = w
    if options["kind"] == "quantum":
        evolved.known = slowest_rate(system, [w, *(part.state for part in evolved.parts)], tol)
    return evolved


def _moved(system: System, state: State, end: float, tol: float, options: dict[str, Any]) -> float:
    """How far the state moves until `end`, in trace norm, with what that is uncertain by."""
    solution = evolve(system, state, [0.0, end], tol=tol, **options)
    return float((solution[1] - solution[0]).trace_norm(atol=MOVED_ATOL * tol).upper) + sum(solution.numerics.error)
