"""Theorems 1, 2 and 3: the trace-norm distance against h, t and rho, by the solver and its certificates.

    ||A(t) - Op(a(t))||_tr  <=  C t (h^{1/2} + h gamma)                                             t <= 1,
                            <=  C ( h^{1/2} + h gamma + t (h^{1/2} gamma^{-3/2} + h gamma^{-1}) )   t >= 1,

Li (1.10); (5.3) has h^{2-3 rho} + h^{3-4 rho} gamma in place of the first two terms, and (5.10) is a power N of these.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from openweyl._core.estimates import Enclosure
from openweyl.analysis.certify import certify
from openweyl.analysis.compare import compare
from openweyl.analysis.comparison import Comparison
from openweyl.evolution.evolve import Kind, evolve
from openweyl.model.gaussian_states import coherent, gaussian
from openweyl.model.states import State
from openweyl.model.system import System
from openweyl.norms.trace_norm import enclosure
from openweyl.weyl.symbol import Symbol

from .row import Row, bound, level

PENDULUM, START = "xi**2/2 - cos(x)", coherent(2.0, 0.0)
"""A system in the class (1.2), (1.6), with the jumps x and xi."""
FIGURE_1, FIGURE_START = "xi**2 + (x**2 - 1/2)**2", coherent(1.0, 0.0)
"""Li's Figure 1: outside (1.2)."""
WELL, WELL_START = "xi**2/2 + x**2/2 + cos(2*x)", coherent(0.5, 0.0)
"""Another in the class: a confined one, with two wells and an unstable equilibrium at 0."""
LINEAR = ("x", "xi")
RTOL, MAX_DENSE_KERNEL_POINTS = 1e-2, 400
"""Relative width of enclosures of trace norms; kernels of at most this size are taken with all eigenvalues: less than
a tenth of a second, and exact."""
KINDS: tuple[Kind, ...] = ("quantum", "classical")


def system(hamiltonian: str, h: float, gamma: float, jumps: Sequence[str] = LINEAR) -> System:
    """`hamiltonian` with the jumps x and xi, or others."""
    return System(hamiltonian, list(jumps), h=h, gamma=gamma)


def powers(first: int, last: int, base: float = 2.0) -> list[float]:
    """base^first, ..., base^last."""
    step = 1 if last >= first else -1
    return [base**m for m in range(first, last + step, step)]


def distances(system: System, state: State, times: Sequence[float], tol: float = 1e-6) -> tuple[np.ndarray, np.ndarray]:
    """||A - Op(a)||_tr at `times` from both evolutions, and the error of that."""
    quantum, classical = (evolve(system, state, times, kind=kind, tol=tol) for kind in KINDS)
    lower, upper = np.array([enclosed(w - a, tol) for w, a in zip(quantum, classical, strict=True)]).T
    solver = np.array(quantum.numerics.error) + np.array(classical.numerics.error)
    return (lower + upper) / 2, (upper - lower) / 2 + solver


def enclosed(difference: Symbol, tol: float) -> Enclosure:
    """The trace norm of the difference of two runs with the tolerance `tol`."""
    return enclosure(difference, rtol=RTOL, negligible=0.1 * tol, exact=MAX_DENSE_KERNEL_POINTS)


def theorem_1(*, fast: bool) -> list[Row]:
    """The distance for coherent states against h and t."""
    rows = []
    h = powers(-4, -8 if fast else -10)
    for name, p, start, times, remark in (
        ("pendulum", PENDULUM, START, (1.0,), "in the class (1.2), (1.6)"),
        ("well", WELL, WELL_START, (1.0, 8.0), "in the class (1.2), (1.6)"),
        ("figure-1", FIGURE_1, FIGURE_START, (1.0, 2.0), "outside (1.2): the theorem does not speak of it"),
    ):
        pairs = [distances(system(p, one, 1.0), start, times) for one in h]
        for i, t in enumerate(times):
            claim = f"Theorem 1, {name}: distance at t = {t:g}, gamma = 1, is O(h^1/2)"
            values, errors = ([float(pair[j][i]) for pair in pairs] for j in (0, 1))
            rows.append(bound(f"theorem-1/h-{name}-t{t:g}", claim, 0.5, "h", h, values, error=errors, note=remark))
    return rows + _in_time(fast=fast)


def _in_time(*, fast: bool) -> list[Row]:
    h = 2.0**-5 if fast else 2.0**-6
    early, late = powers(-8, -2), powers(0, 8 if fast else 10, 2**0.5)
    distance, error = distances(system(WELL, h, 1.0), WELL_START, early + late)
    n = len(early)
    rows = []
    for name, times, values, errors, large in (
        ("early", early, distance[:n], error[:n], False),
        ("late", late, distance[n:], error[n:], True),
    ):
        claim = f"Theorem 1, well: distance at h = {h:g}, gamma = 1, is O(t) for t {'>=' if large else '<='} 1"
        rows.append(
            bound(
                f"theorem-1/t-{name}", claim, 1.0, "t", times, values.tolist(),
                error=errors.tolist(), large=large,
            )
        )  # fmt: skip
    return rows


def theorem_2(*, fast: bool) -> list[Row]:
    """Initial data in S_rho^{L1}: Gaussians of width h^rho, with gamma = h^{2 rho - 1}, the least allowed."""
    rows = []
    for rho, h in (
        (0.0, powers(-2, -6)),
        (0.25, powers(-4, -9 if fast else -11)),
        (0.5, powers(-4, -8 if fast else -10)),
    ):
        values, errors = [], []
        for one in h:
            state = gaussian(0.5, 0.0, (np.eye(2) * one ** (2 * rho - 1) / 2).tolist())
            distance, error = distances(system(WELL, one, one ** (2 * rho - 1)), state, [0.5], tol=1e-7)
            values.append(float(distance[0]))
            errors.append(float(error[0]))
        claim = f"Theorem 2, well, rho = {rho:g}: distance at t = 1/2, gamma = h^(2 rho - 1), is O(h^(2 - 3 rho))"
        rows.append(
            bound(f"theorem-2/rho-{rho:g}", claim, 2 - 3 * rho, "h", h, values, error=errors, order=2 * rho or 1.0)
        )
    return rows


def theorem_3(*, fast: bool) -> list[Row]:
    """||A - Op(a_N)||_tr for N = 1..5, the sums of the corrections, against the quantum run."""
    most, tol = 3 if fast else 5, 1e-10
    h = powers(-4, -8 if fast else -10)
    rows = []
    errors = np.array([corrected(system(WELL, one, 1.0), WELL_START, [0.5], most, tol)[0] for one in h])
    for n in range(1, most + 1):
        claim = f"Theorem 3, well, N = {n}: ||A - Op(a_N)|| at t = 1/2, gamma = 1, is O(h^(N/2))"
        rows.append(
            bound(f"theorem-3/h-{n}", claim, n / 2, "h", h, errors[:, n - 1].tolist(), error=[3 * tol] * len(h))
        )
    times = powers(-9, -3)
    errors = corrected(system(WELL, 2.0**-6, 1.0), WELL_START, times, 3, 1e-10)
    for n in range(1, 4):
        claim = f"Theorem 3, well, N = {n}: ||A - Op(a_N)|| at h = 2^-6, gamma = 1, is O(t^N)"
        values = errors[:, n - 1].tolist()
        row = bound(f"theorem-3/t-{n}", claim, n, "t", times, values, error=[3e-10] * len(times))
        rows.append(row)
    ratios = []
    sizes = powers(-4, -8)
    for one in sizes:
        certificate = certify(system(PENDULUM, one, 1.0), START, [1.0], order=3, tol=1e-7)
        true = corrected(system(PENDULUM, one, 1.0), START, [1.0], 3, 1e-9)[0, 2]
        ratios.append(float(true / certificate.bound[-1]))
    claim = "Duhamel, with its constant: ||A - Op(a_3)|| over the certificate B_3, pendulum, t = 1, gamma = 1"
    rows.append(level("theorem-3/certificate", claim, 1.0, "h", sizes, ratios, error=0.02))
    return rows


def corrected(system: System, state: State, times: Sequence[float], most: int, tol: float) -> np.ndarray:
    """||A - Op(b_0 + ... + b_{N-1})||_tr for each time (rows) and N = 1, ..., `most` >= 2, to within 3 tol."""
    quantum = evolve(system, state, times, kind="quantum", tol=tol)
    series = evolve(system, state, times, kind="classical", order=most, tol=tol)
    rows = []
    for w, b in zip(quantum, series, strict=True):
        partial_sums = b.like(np.cumsum(b.values, axis=0))
        rows.append([float(np.mean(enclosed(w - a, tol))) for a in partial_sums])
    return np.array(rows)


def norms(*, fast: bool) -> list[Row]:
    """The Hilbert-Schmidt distance (Galkowski and Zworski, arXiv:2403.09345) beside the trace norm."""
    h = powers(-4, -8)
    runs: list[Comparison] = [compare(system(PENDULUM, one, 1.0), START, [1.0, 4.0], tol=1e-6) for one in h]
    rows = []
    for i, t in enumerate((1.0, 4.0) if not fast else (1.0,)):
        values = [float(run.hilbert_schmidt[i]) for run in runs]
        claim = f"Galkowski and Zworski: the Hilbert-Schmidt distance at t = {t:g}, gamma = 1, is O(h^1/2)"
        rows.append(bound(f"norms/hilbert-schmidt-t{t:g}", claim, 0.5, "h", h, values, error=[2e-6] * len(h)))
        ratios = [float(run.hilbert_schmidt[i] / run.trace_norm[i]) for run in runs]
        claim = f"||D||_HS / ||D||_tr at t = {t:g}: the trace norm says more"
        rows.append(level(f"norms/ratio-t{t:g}", claim, 1.0, "h", h, ratios, error=1e-2))
    return rows
