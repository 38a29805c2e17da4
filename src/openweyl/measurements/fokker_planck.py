"""Section 4: the Fokker-Planck equation in L1, uniformly in eps.

    ||u(t)||_{L1} <= ||u_0||_{L1}                                                        Lemma 4.2
    ||u(t)||_{W^{r,1}} <= C ||u_0||_{W^{r,1}},                       t <= tau_r          Proposition 4.4
    ||(eps d)^alpha u(t)||_{L1} <= C ||u_0||_{L1},                   t >= tau_alpha      Proposition 4.5
    ||u(t)||_{W_eps^{r,1}} <= C_r ||u_0||_{W_eps^{r,1}}              for all t           Corollary 4.6

The data are Gaussians whose width is a given part of eps, and cats of two of them, whose interference changes its sign
within such a width. As eps^2 = gamma h/2, a width of that part is h^{1/2} for gamma = 2/part^2: the solver's classical
evolution of coherent states and of their superpositions is all that is needed, at any eps.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from openweyl.evolution.evolve import evolve
from openweyl.model.gaussian_states import cat, coherent
from openweyl.model.states import State
from openweyl.model.system import System
from openweyl.phase_space.grid import PhaseGrid
from openweyl.weyl.symbol import Symbol

from .lemmas import seminorms
from .row import Row, bound, level
from .theorems import PENDULUM, START, WELL, powers

ORDERS = (1, 2, 3, 4)
"""The orders r = |alpha| of the derivatives that are measured."""
HYPERBOLIC = "-x*xi"
"""(4.25): p = x xi in the paper's direction of time."""
TOL = 1e-7
"""The tolerance of the classical runs."""
CAT_DISTANCE = 4.0
"""The distance of a cat's halves, over the width."""


def data(eps: float, part: float) -> list[State]:
    """A Gaussian and a cat of the width `part` eps at the pendulum's starting point."""
    half = CAT_DISTANCE * part * eps / 2
    return [START, cat([(2.0 - half, 0.0), (2.0 + half, 0.0)])]


def derivatives(
    hamiltonian: str, state: State, eps: float, part: float, times: Sequence[float], scale: float
) -> np.ndarray:
    """scale^k sum_{|alpha| = k} ||d^alpha u(t)||_{L1}, k = 0..4, for u_0 of width `part` eps, rows for `times`."""
    system = System(hamiltonian, ["x", "xi"], h=(part * eps) ** 2, gamma=2 / part**2)
    run = evolve(system, state, times, kind="classical", tol=TOL)
    return np.array([seminorms(u, scale, ORDERS[-1]) for u in run]) * system.h  # h^-n of (2.7) off


def sobolev(*, fast: bool) -> list[Row]:
    """Lemma 4.2 to Corollary 4.6, eps over three decades."""
    sizes = powers(-1, -9 if fast else -11)[::2]
    rows = [_contraction()]
    parts = (1.0,) if fast else (0.25, 1.0, 4.0)
    short = [_largest_ratio(eps, parts, [0.0, 1 / 16, 1 / 8, 1 / 4], 1.0) for eps in sizes]
    times = [0.0, 0.25, 1.0] if fast else [0.0, 0.25, 1.0, 4.0]
    long = [_largest_ratio(eps, (1.0,), times, eps) for eps in sizes]
    smooth = np.array([_largest_derivative(eps, 1 / 8, times) for eps in sizes])
    for r in ORDERS:
        claim = f"Proposition 4.4, pendulum, r = {r}: ||u(t)||/||u_0|| in W^(r,1), t <= 1/4, is uniform in eps"
        rows.append(bound(f"sobolev/short-{r}", claim, 0.0, "eps", sizes, [ratios[r] for ratios in short]))
    for r in ORDERS:
        claim = f"Proposition 4.5, pendulum, |alpha| = {r}: ||(eps d)^alpha u||/||u_0||, t >= 1/4, is uniform in eps"
        rows.append(bound(f"sobolev/smoothing-{r}", claim, 0.0, "eps", sizes, smooth[:, r].tolist()))
    for r in ORDERS:
        claim = (
            f"Corollary 4.6, pendulum, r = {r}: ||u(t)||/||u_0|| in W_eps^(r,1), t <= {times[-1]:g}, is uniform in eps"
        )
        rows.append(bound(f"sobolev/long-{r}", claim, 0.0, "eps", sizes, [ratios[r] for ratios in long]))
    times = powers(-7, -3)
    rough = derivatives(PENDULUM, START, 0.05, 2.0**-7, times, 0.05)
    for k in (1, 2):
        claim = f"(4.22), pendulum, eps = 0.05, |alpha| = {k}: rough data are smoothed like t^{-k / 2:g}, no faster"
        values = (rough[:, k] / rough[:, 0]).tolist()
        rows.append(bound(f"sobolev/rate-{k}", claim, -k / 2, "t", times, values, exact=True))
    return rows


def _largest_ratio(eps: float, parts: Sequence[float], times: list[float], scale: float) -> np.ndarray:
    """The largest ||u(t)|| over ||u_0|| in W^{r,1}, r = 0..4, over all data of these widths and the times."""
    ratios = []
    for part in parts:
        for state in data(eps, part):
            norms = np.cumsum(derivatives(PENDULUM, state, eps, part, times, scale), axis=1)
            ratios.append((norms[1:] / norms[0]).max(axis=0))
    return np.asarray(np.max(ratios, axis=0))


def _largest_derivative(eps: float, part: float, times: list[float]) -> np.ndarray:
    """The largest ||(eps d)^alpha u(t)|| over ||u_0||, |alpha| = 0..4, likewise."""
    runs = [derivatives(PENDULUM, state, eps, part, times, eps) for state in data(eps, part)]
    return np.asarray(np.max([norms[1:] / norms[0, 0] for norms in runs], axis=(0, 1)))


def _contraction() -> Row:
    """The L1 norm of data of both signs never grows: the symbol of a cat, whose interference dies out."""
    sizes = powers(-7, 1)[::2]
    worst = []
    for coupling in sizes:
        system = System(WELL, ["x", "xi"], h=2.0**-4, gamma=coupling)
        run = evolve(system, cat([(0.7, 0.0), (-0.7, 0.0)]), [0.0, 0.02, 0.1, 0.5, 1.0], kind="classical", tol=TOL)
        norms = [u.l1().value for u in run]
        worst.append(max(b / a for a, b in pairwise(norms)))
    claim = "Lemma 4.2, well, the symbol of a cat: ||u(t)||_L1 / ||u(s)||_L1, s < t"
    eps = [float(np.sqrt(coupling * 2.0**-5)) for coupling in sizes]
    return level("sobolev/contraction", claim, 1.0 + 1e-4, "eps", eps, worst, error=1e-5)


def example(*, fast: bool) -> list[Row]:
    """Section 4.2 and Figure 2: the exact Gaussian of (4.25), and that Proposition 4.5 cannot be improved."""
    times = powers(-3, 1)
    h = 2.0**-6
    gap = [gaussian_error(h, 2.0, t) for t in times]
    claim = "Section 4.2, h = eps^2 = 2^-6: L1 distance of solver and formula (Figure 2)"
    rows = [level("example/solver", claim, 1e-5, "t", times, gap)]
    sizes = powers(-1, -9 if fast else -11)[::2]
    for k in (1, 2, 4):
        values = [float(_along_x(eps, k)) for eps in sizes]
        claim = f"Section 4.2, h = eps^2/4, t = 1: ||(eps d_x)^{k} u|| tends to a constant, neither less nor more"
        rows.append(bound(f"example/optimal-{k}", claim, 0.0, "eps", sizes, values, exact=True))
    return rows


def exact(grid: PhaseGrid, h: float, eps: float, t: float) -> Symbol:
    """u(t) of section 4.2 as a symbol: 2 exp(-|z|^2/h) at t = 0."""
    a = (h - 2 * eps**2) * np.exp(-2 * t) + 2 * eps**2
    b = (h + 2 * eps**2) * np.exp(2 * t) - 2 * eps**2
    x, xi = (axis[0] for axis in grid.mesh("x", "xi"))
    return Symbol(2 * h / np.sqrt(a * b) * np.exp(-(x**2) / a - xi**2 / b), grid)


def gaussian_error(h: float, gamma: float, t: float, tol: float = TOL) -> float:
    """(2 pi h)^-1 int |solver - formula|."""
    run = evolve(System(HYPERBOLIC, ["x", "xi"], h=h, gamma=gamma), coherent(0, 0), [t], kind="classical", tol=tol)
    grid = run.final.grid
    error = run.final - exact(grid, h, np.sqrt(gamma * h / 2), t)
    return float(np.abs(error.values).sum() * grid.cell)


def _along_x(eps: float, k: int) -> float:
    """||(eps d_x)^k u(1)||_{L1} / ||u||_{L1} for h = eps^2/4, by the solver."""
    system = System(HYPERBOLIC, ["x", "xi"], h=eps**2 / 4, gamma=8.0)
    run = evolve(system, coherent(0, 0), [1.0], kind="classical", tol=TOL)
    return float(np.abs(run.final.derivative(x=k).values).sum() / np.abs(run.final.values).sum()) * eps**k
