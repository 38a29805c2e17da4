"""Certificates: a bound on the quantum-classical distance, from classical data alone.

With a_N = b_0 + ... + b_{N-1}, d_t b_j = Q b_j + (L - Q) b_{j-1}, Duhamel's formula and the contraction of e^{tL} in
trace norm give (Li, Theorem 3 and (5.11), with the constant computed instead of estimated)

    ||A(t) - Op(a_N(t))||_tr  <=  B_N(t) = int_0^t ||Op((L - Q) b_{N-1}(s))||_tr ds,

and hence an enclosure of the distance itself, without a quantum run:

    | ||A(t) - Op(a_1(t))||_tr - ||Op(a_N(t) - a_1(t))||_tr |  <=  B_N(t).

The integral is a sum of trapezoids over the looks that the solver takes anyway, and its error, from second differences,
is added; so is the error of the solver. The b_{N-1} of the integral are the computed ones, and need no error of their
own: what these leave of the quantum equation is that very residual, and the solver's defects, which its error counts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from openweyl._core import arguments
from openweyl._core.arguments import must
from openweyl._core.calls import public
from openweyl._core.progress import Progress, callback, shows_progress
from openweyl.evolution.evolve import MAX_EXPANSION_ORDER, evolve
from openweyl.evolution.observing import checked_observables
from openweyl.evolution.pace import TIME_LIMIT
from openweyl.evolution.solution import Solution
from openweyl.model.pair import grid_state_of
from openweyl.model.states import State
from openweyl.model.system import System
from openweyl.norms.trace_norm import enclosure
from openweyl.observables.observable import Observable
from openweyl.weyl.symbol import Symbol

from .certificate import Certificate
from .rate_integral import ENCLOSURE_RTOL, RateIntegral

QUADRATURE_RTOL, MAX_QUADRATURE_NODES = 0.05, 100
"""The relative error of the time integral aimed at, and the number of its nodes at which refinement stops: each node
is an enclosure of a trace norm."""
NEGLIGIBLE_NORM_SHARE = 1e-2
"""The part of the tolerance that an enclosure may leave out, of the integral or at one time: small against the solver's
own error, which is added."""
MAX_GAP_RATIO = 1.01
"""The longest gap between two looks of the solver, over the one asked for, above which shorter ones are not asked for:
its steps are longer, and the remainder says what that costs."""
LEAST_IMPROVEMENT = 0.8
"""B_N over B_{N-1} above which no higher order is tried: an asymptotic series that falls so slowly is about to rise."""


@public
@shows_progress("certify")
def certify(
    system: System,
    state: State | Symbol,
    times: Sequence[float],
    *,
    order: int | None = None,
    target: float | None = None,
    tol: float = 1e-6,
    memory: float | None = None,
    time_limit: float = TIME_LIMIT,
    progress: Progress | bool | None = None,
    observables: Sequence[Observable | str] = (),
) -> Certificate:
    """B_N(t) >= ||A(t) - Op(a_N(t))||_tr, and the enclosure of ||A(t) - Op(a_1(t))||_tr, from the classical run alone.

    `system`, `state`: what is evolved, from time 0; a Symbol is a state, too. `times`: increasing, >= 0.
    `order`: N >= 1 (3 if neither it nor `target` is given).
    `target`: raise the order until B_N is at most this at the last time; if the series, which is asymptotic, stops
    improving before, the best order is returned and `reason` says so; the enclosure is the intersection of those of all
    orders tried.
    `tol`: the solver's error, which is added to the bounds.
    `time_limit`: seconds for each classical run, one or more for an order. `memory`, `progress`: as for `evolve`.
    `observables`: a list of `Observable`s or their texts, whose values are in `.observed`, by name.

    Returns a Certificate: arrays over time. Raises what `evolve` raises.

    Source: Li, Theorem 3 and (5.11).

    >>> from openweyl import System, coherent
    >>> harmonic = System("xi**2/2 + x**2/2", ["x", "xi"], h=0.1, gamma=1.0)
    >>> bool(certify(harmonic, coherent(1, 0), [0.5], order=1, tol=1e-8).distance_upper[0] < 1e-7)
    True
    """
    must(order is None or target is None, "order", "not be given together with `target`", order)
    state = grid_state_of(system, state)
    times, tol = arguments.times(times), arguments.tolerance(tol)
    wanted = checked_observables(observables, system.n)
    run = partial(_certificate, system, state, times, tol, memory, time_limit, callback(progress))
    least = None if target is None else arguments.real("target", target, above=0.0)
    found = run(3 if order is None else order, "as asked for") if least is None else _lowest_order(run, least)
    return replace(found, expectations=tuple(map(found.expectation, wanted))) if wanted else found


def _lowest_order(run: Callable[[int, str], Certificate], target: float) -> Certificate:
    """The certificate of the lowest order whose B_N is at most `target` at the last time, or else of the best order.

    Its enclosure is the intersection of those of all orders tried: each holds.
    """
    started = time.perf_counter()
    tried: list[Certificate] = []
    for order in range(1, MAX_EXPANSION_ORDER + 1):
        tried.append(run(order, f"B_{order} meets the target {target:g}"))
        if tried[-1].bound[-1] <= target or not _improves(tried):
            break
    best = tried[-1] if tried[-1].bound[-1] <= target or _improves(tried) else tried[-2]
    reason = best.reason
    if best.bound[-1] > target:
        floor = "the solver's error" if best.solver_error[-1] > target / 2 else "the series, which is asymptotic,"
        reason = f"target {target:g} not met; {floor} stops B_{best.order} at {best.bound[-1]:.3g}"
    return replace(
        best,
        distance_lower=np.maximum.reduce([one.distance_lower for one in tried]),
        distance_upper=np.minimum.reduce([one.distance_upper for one in tried]),
        seconds=time.perf_counter() - started,
        reason=reason,
    )


def _improves(tried: list[Certificate]) -> bool:
    """Whether the last order is better than the one before by enough to go on."""
    return len(tried) == 1 or bool(tried[-1].bound[-1] <= LEAST_IMPROVEMENT * tried[-2].bound[-1])


def _certificate(
    system: System,
    state: State,
    times: tuple[float, ...],
    tol: float,
    memory: float | None,
    time_limit: float,
    progress: Progress | None,
    order: int,
    reason: str,
) -> Certificate:
    """The certificate of one order."""
    started = time.perf_counter()
    run = partial(
        evolve, system, state, times, kind="classical", order=order, tol=tol, memory=memory, time_limit=time_limit,
        progress=progress,
    )  # fmt: skip
    solution, rates = _run_with_rates(run, system, times, tol)
    integral, remainder = rates.up_to(times)
    solver = np.array(solution.numerics.error)
    bound = integral + remainder + solver
    estimate, lower, upper = _distances(solution, bound, solver, tol)
    return Certificate(
        system=system,
        state=state,
        times=times,
        order=order,
        bound=bound,
        estimate=estimate,
        distance_lower=lower,
        distance_upper=upper,
        rate=np.interp(times, rates.times, rates.rates),
        quadrature_error=remainder,
        solver_error=solver,
        nodes=len(rates.times),
        solution=solution,
        tol=tol,
        seconds=time.perf_counter() - started,
        reason=reason,
    )


def _run_with_rates(
    run: Callable[..., Solution], system: System, times: tuple[float, ...], tol: float
) -> tuple[Solution, RateIntegral]:
    """The classical run, and the rate of B_N at its looks: again with shorter gaps until the quadrature is accurate."""
    every = times[-1] or 1.0
    while True:
        rates = RateIntegral(system, times[-1], negligible=NEGLIGIBLE_NORM_SHARE * tol / (times[-1] or 1.0))
        solution = run(watch=rates.add, watch_every=every)
        integral, remainder = rates.up_to(times)
        if remainder[-1] <= QUADRATURE_RTOL * integral[-1] + tol or 2 * len(rates.times) > MAX_QUADRATURE_NODES:
            return solution, rates
        gap = float(np.diff(rates.times).max())
        if gap > MAX_GAP_RATIO * every:
            return solution, rates
        every = gap / 2


def _distances(
    solution: Solution, bound: np.ndarray, solver: np.ndarray, tol: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """||Op(a_N - a_1)||_tr, and lower and upper bounds of ||A - Op(a_1)||_tr, at each time."""
    trace_norm = partial(enclosure, rtol=ENCLOSURE_RTOL, negligible=NEGLIGIBLE_NORM_SHARE * tol)
    estimate, lower, upper = np.zeros(len(bound)), np.zeros(len(bound)), bound.copy()
    for i, b in enumerate(solution):
        if b.batch:
            low, estimate[i] = trace_norm(b.like(b.values[1:].sum(axis=0)))
            lower[i], upper[i] = max(low - bound[i], 0.0), estimate[i] + bound[i]
        if upper[i] > 2:  # ||A|| + ||Op(a_1)|| is at least that
            upper[i] = min(upper[i], 1 + trace_norm(b.members[0]).upper + solver[i])
    return estimate, lower, upper
