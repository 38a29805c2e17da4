"""Section 3: the parametrix that follows the flow, and its corrections by Levi's iteration, on the phase plane.

    R_k = int int R_1 R_{k-1},    K_j = K_0 + sum_{k <= j} int int K_0 R_k,

Li (3.17)-(3.18), with K_0 and R_1 as in `remainder`. As operators, K_0(t) f = G_t (f o phi^t) with Gaussians G_t of
width depending on x; the iteration runs on f(s) o phi^{-s}, which stays near y and can be interpolated in s. K_j is
measured on a Gaussian f of heat time t/8 at y instead of the delta function there: a lower bound of the supremum over y
of the kernel's L1 norm. The true e^{tQ} f is the solver's.
"""

from __future__ import annotations

from functools import cached_property
from math import pi, sqrt

import numpy as np
import scipy.ndimage
import sympy

from openweyl._core.fft import filtered
from openweyl.evolution.evolve import evolve
from openweyl.model.gaussian_states import gaussian
from openweyl.model.system import System
from openweyl.phase_space.grid import PhaseGrid
from openweyl.weyl.symbol import Symbol

from .lemmas import XI, X
from .remainder import CONSTANT, POINT, VARIABLE, Field, pointwise, remainder, remainder_norm
from .row import Row, bound, level
from .theorems import powers

GAMMA = 512.0
"""gamma in eps^2 = gamma h/2: large, so that h is small and f is the symbol of a state."""
TIME_NODES, WIDTH_NODES, AXIS_POINTS = 6, 8, 144
"""Gauss-Legendre points in time, values of a among which Gaussians are interpolated, and points on each axis of the
grids: with these the error of K_2 falls with t as far as it is looked at."""
START_HEAT_TIME = 1 / 8
"""The heat time of f, over t: f is narrow beside what t makes of it, and its grid resolves it."""


class Iteration:
    """R_k(s) f and K_j(t) f for a Gaussian f at y."""

    def __init__(self, field: Field, t: float) -> None:
        self.field, self.t = field, t
        self.h = 2 * field.eps**2 / GAMMA
        self.half = 7 * field.eps * sqrt(2 * t * (1 + START_HEAT_TIME)) * np.exp(t)
        self.home = self._grid(0.0)
        nodes, weights = np.polynomial.legendre.leggauss(TIME_NODES)
        self.unit, self.weights = (nodes + 1) / 2, weights / 2
        self.f = self._gaussian()

    def _grid(self, s: float) -> PhaseGrid:
        """A box around phi^{-s}(y)."""
        x, xi = self.field.flow(np.array(POINT), -s)
        sides = ((x - self.half, x + self.half), (xi - self.half, xi + self.half))
        return PhaseGrid.box(h=self.h, x=sides[0], xi=sides[1], size=(AXIS_POINTS, AXIS_POINTS))

    def _gaussian(self) -> Symbol:
        x, xi = (axis[0] for axis in self.home.mesh("x", "xi"))
        four = 4 * self.field.eps**2 * self.t * START_HEAT_TIME
        w = np.exp(-((x - POINT[0]) ** 2 + (xi - POINT[1]) ** 2) / four)
        return Symbol(w / (w.sum() * self.home.cell), self.home)

    def carry(self, w: Symbol, s: float, target: PhaseGrid) -> Symbol:
        """w o phi^s on `target`, by splines of degree 5."""
        x, xi = np.meshgrid(target.x[0].points, target.xi[0].points, indexing="ij")
        z = self.field.flow(np.stack([x, xi]), s)
        places = [(z[i] - axis.lower) / axis.spacing for i, axis in enumerate((w.grid.x[0], w.grid.xi[0]))]
        return w.like(scipy.ndimage.map_coordinates(w.values, places, order=5, mode="constant"), target)

    def smooth(self, w: Symbol, tau: float, more: int = 0) -> Symbol:
        """G_tau w with the width at x; `more` = 1: its derivative by tau."""
        (k,), (s,) = w.grid.mesh("k", "s")
        eta = -s / w.h
        u = np.cos(w.grid.x[0].points)[:, None]
        low, high = float(u.min()), float(u.max())
        count = WIDTH_NODES if self.field.matrix.free_symbols else 1
        values = (low + high) / 2 - (high - low) / 2 * np.cos(pi * (np.arange(count) + 0.5) / count)
        total: np.ndarray = np.zeros_like(w.values)
        for i, value in enumerate(values):
            a11, a12, a22 = self.field.a(value)
            exponent = -(self.field.eps**2) * (a11 * k**2 + 2 * a12 * k * eta + a22 * eta**2)
            part = filtered(w.values, (exponent**more * np.exp(tau * exponent))[None], (-2, -1))
            others = np.delete(values, i)
            total = total + part * np.prod([(u - o) / (value - o) for o in others], axis=0)
        return w.like(total)

    def generator(self, w: Symbol) -> Symbol:
        """Q w."""
        x = w.grid.mesh("x", "xi")[0][0]
        a11, a12, a22 = self.field.a(np.cos(x))
        by_x, by_x_xi, _ = (-np.sin(x) * part for part in self.field.a(np.cos(x), 1))
        w_x, w_xi = w.derivative(x=1).values, w.derivative(xi=1).values
        mixed = 2 * a12 * w.derivative(x=1, xi=1).values + by_x_xi * w_xi
        diffusion = a11 * w.derivative(x=2).values + by_x * w_x + a22 * w.derivative(xi=2).values
        return self.field.eps**2 * w.like(diffusion + mixed) + self.transport(w)

    def transport(self, w: Symbol) -> Symbol:
        """v.grad w."""
        x, xi = (axis[0] for axis in w.grid.mesh("x", "xi"))
        return w.like(xi * w.derivative(x=1).values - np.sin(x) * w.derivative(xi=1).values)

    def first(self, carried: Symbol, tau: float) -> Symbol:
        """R_1(tau) g for `carried` = g o phi^tau: Q G_tau - d_tau G_tau - G_tau v.grad, applied to it."""
        change = self.smooth(carried, tau, more=1) + self.smooth(self.transport(carried), tau)
        return self.generator(self.smooth(carried, tau)) - change

    @cached_property
    def _times(self) -> np.ndarray:
        return np.append(self.t * self.unit, self.t)

    def corrections(self, most: int) -> list[list[Symbol]]:
        """R_k(s) f o phi^{-s} at the times `_times`, for k = 1, ..., `most`."""
        rows: list[list[Symbol]] = []
        for k in range(1, most + 1):
            row = []
            for s in self._times:
                grid = self._grid(s)
                if k == 1:
                    there = self.first(self.carry(self.f, s, grid), s)
                else:
                    below = np.array([self.carry(r, s, grid).values for r in rows[-1][:TIME_NODES]])
                    there = self.f.like(np.zeros(grid.shape), grid)
                    for node, weight in zip(self.unit, self.weights, strict=True):
                        g = there.like(np.tensordot(self._between(s * node), below, axes=1))
                        there = there + s * weight * self.first(g, s * (1 - node))
                row.append(self.carry(there, -s, self.home))
            rows.append(row)
        return rows

    def _between(self, r: float) -> np.ndarray:
        """Lagrange's coefficients at the time r."""
        nodes = self.t * self.unit
        return np.array([np.prod([(r - o) / (n - o) for o in nodes if o != n]) for n in nodes])

    def parametrices(self, corrections: list[list[Symbol]]) -> list[Symbol]:
        """K_0(t) f, K_1(t) f, ... on the grid around phi^{-t}(y)."""
        grid = self._grid(self.t)
        sums = [self.smooth(self.carry(self.f, self.t, grid), self.t)]
        for row in corrections:
            total = sums[-1]
            for node, weight, r in zip(self.unit, self.weights, row[:TIME_NODES], strict=True):
                there = self.carry(r, self.t, grid)
                total = total + self.t * weight * self.smooth(there, self.t * (1 - node))
            sums.append(total)
        return sums

    def true(self) -> Symbol:
        """e^{tQ} f by the solver."""
        system = System(-(XI**2) / 2 + sympy.cos(X), list(self.field.jumps), h=self.h, gamma=GAMMA)
        start = gaussian(*POINT, (np.eye(2) * GAMMA * self.t * START_HEAT_TIME).tolist())
        run = evolve(system, start, [self.t], kind="classical", tol=1e-8)
        return run.final.resampled(self._grid(self.t))

    def norm(self, w: Symbol) -> float:
        """(the integral of |w|) over that of f."""
        return float(np.abs(w.values).sum() * self.home.cell)


def parametrix(*, fast: bool) -> list[Row]:
    """R_1 and its bounds, the remainders R_k, and the error of K_j against the solver."""
    rows = _remainders()
    times = powers(-5, -1)
    field = Field(VARIABLE, 0.25)
    remainders = np.array([_sizes(Iteration(field, t), 1 if fast else 3) for t in times])
    for k in range(remainders.shape[1]):
        claim = f"(3.30), variable A, eps = 1/4: ||R_{k + 1}||_L1 is O(t^{(k + 1) / 2 - 1:g})"
        values = remainders[:, k].tolist()
        rows.append(bound(f"parametrix/R{k + 1}-t", claim, (k + 1) / 2 - 1, "t", times, values, order=0.5))
    most = 1 if fast else 2
    for name, jumps in (("constant", CONSTANT), ("variable", VARIABLE))[1 if fast else 0 :]:
        gains = np.array([_errors(Field(jumps, 0.05), t, most) for t in times])
        for j in range(most + 1):
            claim = f"K_{j}, {name} A, eps = 0.05: its L1 error against the solver is O(t^{(j + 1) / 2:g})"
            note = f"at t = 1/4 the error is {gains[times.index(0.25), j]:.3g}"
            label = f"parametrix/K{j}-t-{name}"
            rows.append(bound(label, claim, (j + 1) / 2, "t", times, gains[:, j].tolist(), note=note))
        ratios = (gains[:, 1:] / gains[:, :-1]).max(axis=1)
        claim = f"K_j, {name} A, eps = 0.05: each correction lowers the error"
        rows.append(level(f"parametrix/gain-{name}", claim, 1.0, "t", times, ratios.tolist()))
    if fast:
        return rows
    sizes = powers(-3, -7)
    errors = np.array([_errors(Field(VARIABLE, eps), 0.25, most) for eps in sizes])
    for j in range(most + 1):
        claim = f"K_{j}, variable A, t = 1/4: its L1 error against the solver is uniform in eps"
        values = errors[:, j].tolist()  # a function of eps^2
        rows.append(bound(f"parametrix/K{j}-eps", claim, 0.0, "eps", sizes, values, order=2.0))
    return rows


def _sizes(run: Iteration, most: int) -> list[float]:
    return [run.norm(row[-1]) for row in run.corrections(most)]


def _errors(field: Field, t: float, most: int) -> list[float]:
    run = Iteration(field, t)
    true = run.true()
    return [run.norm(k - true) for k in run.parametrices(run.corrections(most))]


def _remainders() -> list[Row]:
    rows = []
    sizes, times = powers(-2, -9), powers(-4, -12)
    for name, jumps in (("constant", CONSTANT), ("variable", VARIABLE)):
        values = [remainder_norm(Field(jumps, eps), 0.25) for eps in sizes]
        claim = f"(3.9), {name} A: ||R_1||_L1 at t = 1/4 is bounded as eps -> 0"
        rows.append(bound(f"parametrix/R1-eps-{name}", claim, 0.0, "eps", sizes, values))
    values = [remainder_norm(Field(VARIABLE, 1.0), t) for t in times]
    claim = "(3.9), variable A: ||R_1||_L1 at eps = 1 is O(t^-1/2)"
    rows.append(bound("parametrix/R1-short", claim, -0.5, "t", times, values, order=0.5))
    claim = "(3.8), variable A, t = 1/4, c = 1/16: the least C is bounded as eps -> 0"
    values = [pointwise(Field(VARIABLE, eps), 0.25, 1 / 16) for eps in sizes]
    rows.append(bound("parametrix/pointwise", claim, 0.0, "eps", sizes, values))
    claim = "without the flow, K_0 at y: ||R_1||_L1 at t = 1/4 grows like 1/eps"
    values = [remainder_norm(Field(CONSTANT, eps), 0.25, static=True) for eps in sizes]
    rows.append(bound("parametrix/static", claim, -1.0, "eps", sizes, values, exact=True))
    kernels = [remainder(Field(VARIABLE, eps), 0.25) for eps in sizes]
    claim = "(3.6), variable A, t = 1/4: the mass of K_0 is 1, as A depends on x alone and A_11 is constant: |mass - 1|"
    mass = [abs(float(kernel.sum() * cell) - 1) for kernel, _, _, cell in kernels]
    rows.append(level("parametrix/mass", claim, 1e-6, "eps", sizes, mass))
    return rows
