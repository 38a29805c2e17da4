"""Beyond the paper: a mixture of Gaussians between both evolutions.

The ansatz of Hernandez, Ranard and Riedel (arXiv:2306.13717, 2307.05326) mixes Gaussians that are not too squeezed,
each moved by the harmonic dynamics at its centre and split again as it grows. Split all the time into coherent states
it is a density g of centres, Op(a) = int g(z) |z><z| dz/(2 pi h), with

    d_t g = -H_p g + (1/2) sum_ij d_i d_j (D_ij g),      D = gamma h + (h/2)(J p'' + (J p'')^T):

the growth of a coherent state's covariance goes into the centres. D >= 0 asks for gamma >= |1 - V''|/2 if
p = xi^2/2 + V(x): gamma = 1 suffices for the pendulum.
"""

from __future__ import annotations

import numpy as np

from openweyl.evolution.evolve import evolve
from openweyl.model.gaussian_states import coherent, gaussian
from openweyl.phase_space.grid import PhaseGrid
from openweyl.phase_space.grid_size import common_grid
from openweyl.weyl.symbol import Symbol

from .lemmas import runge_kutta
from .row import Row, bound
from .theorems import KINDS, PENDULUM, enclosed, powers, system

STABLE_RATE = 2.5
"""Rate times step: Runge and Kutta's method is stable up to 2.78 for real rates and up to 2.83 for imaginary ones."""
GRID_REFINEMENT = 1.6
"""g is narrower than its symbol: by 2^{1/2} at the start."""


def ansatz(*, fast: bool) -> list[Row]:
    """The trace-norm distances of the mixture to the quantum and to the classical evolution of the pendulum."""
    h = powers(-4, -8)
    pairs = np.array([mixture_distances(one, 1.0, 0.5 if fast else 1.0) for one in h])
    rows = []
    for i, name in enumerate(KINDS):
        claim = f"Hernandez, Ranard and Riedel, pendulum, gamma = 1: the {name} evolution is O(h^1/2) from a mixture"
        rows.append(bound(f"ansatz/{name}", claim, 0.5, "h", h, pairs[:, i].tolist(), error=[1e-5] * len(h)))
    return rows


def mixture_distances(h: float, gamma: float, t: float, tol: float = 1e-6) -> tuple[float, float]:
    """The distances of the mixture from the quantum and from the classical evolution, from one thermal start."""
    start, times = gaussian(2.0, 0.0, np.eye(2).tolist()), np.linspace(0, t, 5).tolist()
    runs = [evolve(system(PENDULUM, h, gamma), start, times, kind=kind, tol=tol) for kind in KINDS]
    grid = common_grid([symbol.grid for symbol in runs[1]]).scaled(1 / GRID_REFINEMENT)
    grid = PhaseGrid.box(
        h=h,
        x=(grid.x[0].lower, grid.x[0].upper),
        xi=(grid.xi[0].lower, grid.xi[0].upper),
        size=(2 * (grid.x[0].size // 2), 2 * (grid.xi[0].size // 2)),
    )
    mixture = moved(centres(grid), gamma, t).smoothed(h / 2)  # int g |z><z| dz
    quantum, classical = (float(np.mean(enclosed(run.final - mixture, tol))) for run in runs)
    return quantum, classical


def centres(grid: PhaseGrid) -> Symbol:
    """g at the start: the symbol of covariance h is that of centres with covariance h/2, each a coherent state."""
    return coherent(2.0, 0.0).symbol(grid)


def moved(g: Symbol, gamma: float, t: float) -> Symbol:
    """g at time t for p = xi^2/2 - cos x, by Runge and Kutta's method with spectral derivatives."""
    grid, h = g.grid, g.h
    x, xi = (axis[0] for axis in grid.mesh("x", "xi"))
    mixed = h / 2 * (1 - np.cos(x))  # the off-diagonal part of D

    def rate(f: Symbol) -> Symbol:
        transport = f.like(np.sin(x) * f.derivative(xi=1).values - xi * f.derivative(x=1).values)
        diffusion = gamma * h / 2 * (f.derivative(x=2) + f.derivative(xi=2))
        return transport + diffusion + f.like(mixed * f.values).derivative(x=1, xi=1)

    k, eta = (axis[0].reach for axis in (grid.x, grid.xi))
    fastest = max(float(np.abs(xi).max()) * k + eta, 1.5 * gamma * h * (k**2 + eta**2))
    steps = int(np.ceil(t * fastest / STABLE_RATE))
    return runge_kutta(rate, g, t, steps)
