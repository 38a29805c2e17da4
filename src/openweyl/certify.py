"""Certificates: a bound on the quantum-classical distance, from classical data alone.

With a_N = b_0 + ... + b_{N-1}, d_t b_j = Q b_j + (L - Q) b_{j-1}, Duhamel's formula and the contraction of e^{tL} in
trace norm give (Li, Theorem 3 and (5.11), with the constant computed instead of estimated)

    ||A(t) - Op(a_N(t))||_tr  <=  B_N(t) = int_0^t ||Op((L - Q) b_{N-1}(s))||_tr ds,

and hence an enclosure of the distance itself, without a quantum run:

    | ||A(t) - Op(a_1(t))||_tr - ||Op(a_N(t) - a_1(t))||_tr |  <=  B_N(t).

The integral is a sum of trapezoids over the looks that the solver takes anyway, and its error, from second differences,
is added; so is the error of the solver.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _check
from ._check import InputError, must
from ._fourier import filtered
from .evolve import MAX_ORDER, Progress, evolve
from .extent import Need, fit
from .generator import hierarchy
from .grid import PhaseGrid, resample
from .localize import trace_norm
from .norms import rank_bound
from .observable import Observable
from .solution import Solution, table
from .states import State
from .system import System

if TYPE_CHECKING:
    import xarray

RTOL = 0.02
"""Relative width of the enclosures of trace norms inside a certificate."""
QUADRATURE, MOST_NODES = 0.05, 100
"""The relative error of the time integral aimed at, and the number of its nodes at which refinement stops."""


@dataclass(frozen=True)
class Certificate:
    """Bounds at each time; every array has the length of `times`.

    certificate: B_N, with the errors of quadrature and solver. distance_estimate: ||Op(a_N - a_1)||_tr (its upper
    bound). distance_lower, distance_upper: the enclosure of ||A - Op(a_1)||_tr. rate: ||Op((L - Q) b_{N-1})||_tr, the
    derivative of B_N. quadrature_error, solver_error: the parts of `certificate` that are numerical. reason: why this
    order.
    """

    system: System
    state: State
    times: tuple[float, ...]
    order: int
    certificate: np.ndarray
    distance_estimate: np.ndarray
    distance_lower: np.ndarray
    distance_upper: np.ndarray
    rate: np.ndarray
    quadrature_error: np.ndarray
    solver_error: np.ndarray
    nodes: int
    solution: Solution
    tol: float
    seconds: float
    reason: str

    def expectation(self, observable: Observable) -> Expectation:
        """The classical and the corrected value of `observable`, and how far the quantum value may lie from each."""
        pairs = zip(self.solution.symbols, self.solution.grids, strict=True)
        found = np.array([[observable.value(b, grid) for b in w.reshape(-1, *grid.shape)] for w, grid in pairs])
        values, errors = found[..., 0], found[..., 1]
        return Expectation(
            observable=observable.name,
            times=self.times,
            classical=values[:, 0],
            classical_error=observable.norm * self.distance_upper + errors[:, 0],
            corrected=values.sum(axis=1),
            corrected_error=observable.norm * self.certificate + errors.sum(axis=1),
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists: what `openweyl certify --json` prints."""
        names = ("certificate", "distance_estimate", "distance_lower", "distance_upper", "rate")
        return {
            "system": self.system.as_dict() | {"state": str(self.state)},
            "times": list(self.times),
            "order": self.order,
            **{name: getattr(self, name).tolist() for name in names},
            "numerics": {
                "tol": self.tol,
                "quadrature_error": self.quadrature_error.tolist(),
                "solver_error": self.solver_error.tolist(),
                "nodes": self.nodes,
                "reason": self.reason,
                "classical": self.solution.numerics.as_dict(),
            },
            "seconds": self.seconds,
        }

    @property
    def dataset(self) -> xarray.Dataset:
        """The bounds beside the classical density and its corrections."""
        data = self.solution.dataset
        for name in ("certificate", "distance_estimate", "distance_lower", "distance_upper", "rate"):
            data[name] = ("time", getattr(self, name))
        return data.assign_attrs(order=self.order, tol=self.tol, state=str(self.state))

    def __str__(self) -> str:
        heads = ("t", "distance lower", "estimate", "upper", f"B_{self.order}", "rate")
        columns = (self.distance_lower, self.distance_estimate, self.distance_upper, self.certificate, self.rate)
        rows = list(zip(self.times, *columns, strict=True))
        return f"{self.system}\n{self.state}\norder {self.order}: {self.reason}\n\n{table(heads, rows)}"


@dataclass(frozen=True)
class Expectation:
    """tr(O A) lies within classical_error of `classical`, and within corrected_error of `corrected`, at each time."""

    observable: str
    times: tuple[float, ...]
    classical: np.ndarray
    classical_error: np.ndarray
    corrected: np.ndarray
    corrected_error: np.ndarray

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for JSON."""
        names = ("classical", "classical_error", "corrected", "corrected_error")
        return {"observable": self.observable, **{name: getattr(self, name).tolist() for name in names}}

    def __str__(self) -> str:
        columns = (self.classical, self.classical_error, self.corrected, self.corrected_error)
        rows = list(zip(self.times, *columns, strict=True))
        return f"{self.observable}\n\n{table(('t', 'classical', '+-', 'corrected', '+-'), rows)}"


def certify(
    system: System,
    state: State,
    times: Sequence[float],
    *,
    order: int | None = None,
    target: float | None = None,
    tol: float = 1e-6,
    memory: float | None = None,
    progress: Progress | None = None,
) -> Certificate:
    """B_N(t) >= ||A(t) - Op(a_N(t))||_tr, and the enclosure of ||A(t) - Op(a_1(t))||_tr, from the classical run alone.

    `order`: N >= 1 (3 if neither is given). `target`: raise the order until B_N is at most this at the last time; if
    the series, which is asymptotic, stops improving before, the best order is returned and `reason` says so. `tol`:
    the solver's error, which is added to the bounds. Other arguments, and what is raised, as for `evolve`.

    >>> from openweyl import System, coherent
    >>> harmonic = System("xi**2/2 + x**2/2", ["x", "xi"], h=0.1, gamma=1.0)
    >>> bool(certify(harmonic, coherent(1, 0), [0.5], order=1, tol=1e-8).distance_upper[0] < 1e-7)
    True
    """
    moments = _check.times(times)
    must(order is None or target is None, "order", "not be given together with `target`", order)
    if target is None:
        return _certificate(
            system, state, moments, 3 if order is None else order, tol, memory, progress, "as asked for"
        )
    target = _check.real("target", target, above=0.0)
    best: Certificate | None = None
    for n in range(1, MAX_ORDER + 1):
        reached = _certificate(system, state, moments, n, tol, memory, progress, f"B_{n} meets the target {target:g}")
        last = float(reached.certificate[-1])
        if last <= target:
            return reached
        if best is not None and last > 0.8 * float(best.certificate[-1]):
            break
        best = reached
    assert best is not None  # noqa: S101 - the first order is always computed
    floor = "the solver's error" if best.solver_error[-1] > target / 2 else "the series, which is asymptotic,"
    words = f"target {target:g} not met; {floor} stops B_{best.order} at {best.certificate[-1]:.3g}"
    return replace(best, reason=words)


def _certificate(
    system: System,
    state: State,
    moments: tuple[float, ...],
    order: int,
    tol: float,
    memory: float | None,
    progress: Progress | None,
    reason: str,
) -> Certificate:
    started = time.perf_counter()
    every = moments[-1] or 1.0
    while True:
        bound = _Integral(system, negligible=1e-2 * tol / (moments[-1] or 1.0))
        solution = evolve(
            system, state, moments, kind="classical", order=order, tol=tol, memory=memory, progress=progress,
            watch=bound.add, watch_every=every,
        )  # fmt: skip
        integral, remainder = bound.up_to(moments)
        if remainder[-1] <= QUADRATURE * integral[-1] + tol or 2 * len(bound.times) > MOST_NODES:
            break
        gap = float(np.diff(bound.times).max())
        if gap > 1.01 * every:  # the solver's steps are longer than asked for; `remainder` says what that costs
            break
        every = gap / 2
    solver = np.array(solution.numerics.error)
    lower, upper = np.zeros(len(moments)), np.zeros(len(moments))
    if order > 1:
        pairs = zip(solution.symbols, solution.grids, strict=True)
        lower, upper = np.array([_enclosed(b[1:].sum(axis=0), grid, 1e-2 * tol) for b, grid in pairs]).T
    certificate = integral + remainder + solver
    return Certificate(
        system=system,
        state=state,
        times=moments,
        order=order,
        certificate=certificate,
        distance_estimate=upper,
        distance_lower=np.maximum(lower - certificate, 0.0),
        distance_upper=upper + certificate,
        rate=np.interp(moments, bound.times, bound.rates),
        quadrature_error=remainder,
        solver_error=solver,
        nodes=len(bound.times),
        solution=solution,
        tol=tol,
        seconds=time.perf_counter() - started,
        reason=reason,
    )


def _enclosed(w: np.ndarray, grid: PhaseGrid, negligible: float) -> tuple[float, float]:
    """Bounds of ||Op(w)||_tr; what is negligible, round-off as it may be, is bounded crudely.

    What comes close to the edges of the grid gets a larger grid: w is the band-limited function of its samples.
    """
    crude = rank_bound(w, grid)
    if crude < negligible:
        return 0.0, crude
    try:
        return trace_norm(w, grid, rtol=RTOL)
    except InputError:
        axes = [fit(a, Need(a.lower, a.upper, a.reach), room=0.15) for a in grid.x + grid.xi]
        larger = PhaseGrid(tuple(axes[: grid.n]), tuple(axes[grid.n :]), grid.h)
        return trace_norm(resample(w, grid, larger), larger, rtol=RTOL)


class _Integral:
    """int ||Op(g)||_tr ds for g = (L - Q) b_{N-1}, from its values at the times at which `add` is called."""

    def __init__(self, system: System, negligible: float) -> None:
        self.system, self.negligible = system, negligible
        self.times: list[float] = []
        self.rates: list[float] = []

    def add(self, t: float, b: np.ndarray, grid: PhaseGrid) -> None:
        """Take the value at time t."""
        g = residual(self.system, b, grid)
        self.times.append(t)
        self.rates.append(_enclosed(g, grid, self.negligible)[1])

    def up_to(self, moments: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        """The trapezoids up to each of `moments` (which are among the times), and a bound on their error.

        On an interval of length d that error is at most d^3/12 times the largest second derivative; for that stand the
        largest second difference next to the interval, doubled.
        """
        t, rates = np.array(self.times), np.array(self.rates)
        step = np.diff(t)
        trapezoids = np.concatenate([[0.0], np.cumsum(step * (rates[1:] + rates[:-1]) / 2)])
        if len(t) < 3:
            return trapezoids[-1:].repeat(len(moments)), trapezoids[-1:].repeat(len(moments))
        second = np.abs(2 * np.diff(np.diff(rates) / step) / (t[2:] - t[:-2]))
        around = np.concatenate([second[:1], second, second[-1:]])
        remainder = np.concatenate([[0.0], np.cumsum(step**3 / 6 * np.maximum(around[1:], around[:-1]))])
        at = np.searchsorted(t, np.array(moments) - 1e-12 * t[-1])
        return trapezoids[at], remainder[at]


def residual(system: System, b: np.ndarray, grid: PhaseGrid) -> np.ndarray:
    """(L - Q) b_{N-1}: what keeps a_N from solving the quantum equation; `b` holds b_0, ..., b_{N-1} if N > 1."""
    last = b if b.ndim == 2 * grid.n else b[-1]
    rates = hierarchy(system, grid)
    kicked = filtered(last, rates.kick[1:2], grid.array_axes(x=False, xi=True))
    return kicked + filtered(last, rates.drift[1:2], grid.array_axes(x=True, xi=False))


def paper_bound(certificate: Certificate) -> np.ndarray:
    """The right-hand side of Li (1.10) at the certificate's times, with the least constant that covers its estimate.

    C t (h^{1/2} + h gamma) up to t = 1, then C (h^{1/2} + h gamma + t (h^{1/2} gamma^{-3/2} + h gamma^{-1})).
    """
    h, gamma = certificate.system.h, certificate.system.gamma
    t = np.array(certificate.times)
    first = sqrt(h) + h * gamma
    late = first + t * (sqrt(h) * gamma**-1.5 + h / gamma) if gamma > 0 else np.full_like(t, np.inf)
    shape = np.where(t <= 1, t * first, late)
    measured = certificate.distance_estimate
    ratios = measured[shape > 0] / shape[shape > 0]
    return shape * float(ratios.max(initial=0.0)) if gamma > 0 else np.zeros_like(t)
