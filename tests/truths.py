"""The truth of a problem, n = 1: a closed form if p is quadratic and the jumps linear, else the kernel oracle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

import kernel_oracle
from gaussian import Gaussian
from judging import Problem, Truth
from kernel_oracle import SplitSystem
from openweyl import PhaseGrid
from packets import Sum, evolved, symbol_error

TINY = "1e-17*cos(x)"
ORACLE = 3e-8
"""The trace-norm error of the kernel oracle and of the classical one: `test_harness.py` holds doubled grids and another
solver against them."""


def closed_form(problem: Problem) -> Sum:
    """The exact symbol; TINY is left out."""
    hamiltonian = problem.hamiltonian.removesuffix(f" + {TINY}")
    system = Gaussian(hamiltonian, problem.jumps, problem.h, problem.gamma, problem.start.n)
    return evolved(system, problem.start.packets(problem.h), problem.time)


def gaussian_truth(problem: Problem) -> Truth:
    """The floor: a centre z of width d is known to eps |z|/d widths, whose L1 norm is about that; and TINY."""
    exact = closed_form(problem)
    relative = 1e-12 if "t)" in problem.hamiltonian else 4e-15  # what the ordinary equation, or the exponential, leaves
    farthest = 1 + max(np.abs(p.center).max() for p in (*exact.packets, *problem.start.packets(problem.h)))
    narrowest = min(np.sqrt(problem.h * np.linalg.eigvalsh(p.covariance)[0]) for p in exact.packets)
    tiny = 4e-17 * problem.time / problem.h

    def error(w: np.ndarray, grid: PhaseGrid) -> float:
        return symbol_error(w, grid, exact.on, exact.lost(grid))

    return Truth(exact.mean, error, relative * farthest / narrowest + tiny + 1e-12)


def anharmonic_truth(system: SplitSystem, problem: Problem, largest: int, work: float) -> Truth:
    """Raises UnsureError."""
    solver = kernel_oracle.quantum if problem.evolution == "quantum" else kernel_oracle.classical
    oracle, found = solver(system, problem.start, problem.time, largest=largest, work=work)

    def error(w: np.ndarray, grid: PhaseGrid) -> float:
        if problem.evolution == "quantum":
            return oracle.error(found, w, grid)
        return symbol_error(w, grid, lambda points: oracle.values(found, points), oracle.outside(found, grid))

    return Truth(oracle.mean(found), error, ORACLE)


def moved_truth(truth: Truth, shift: Sequence[float]) -> Truth:
    """The same in coordinates whose origin lies at -`shift`: the state is there by so much farther out."""

    def error(w: np.ndarray, grid: PhaseGrid) -> float:
        axes = [replace(a, lower=a.lower - d) for a, d in zip(grid.x + grid.xi, shift, strict=True)]
        return truth.error(w, grid.with_axes(axes))

    return Truth(truth.mean + shift, error, truth.floor + 1e-12 * float(np.abs(shift).max()))
