"""The steady state on finitely many levels: what leaves them is put back into the lowest one.

    M v = -mu b,    tr v = 1:    v = mu int_0^inf e^{sM} b ds >= 0,

M the part of the generator on the levels, b the ground state, mu the rate at which v loses trace beyond the levels. So
v is a state, and L v = -mu b + (what is beyond) is known exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np
from scipy import sparse

from openweyl.fock_space.generator import Generator, generator
from openweyl.fock_space.polynomial_system import PolynomialSystem

ROUND_OFF = 1e-14
"""The relative size, over that of M, of what is 0 but for round-off in a residual."""
SHIFT, AT_REST = 1e-8, 1e-11
"""Over the norm of M: where eigenvalues are looked for, and how small those are that are taken for 0."""
SEARCHED = 8
"""How many of the slowest eigenvalues are looked for at a time."""
ITERATIONS = 60
"""Inverse iterations for them: enough for rates whose next ones are a fifth larger."""
PROBES = 24
"""How many levels are started from to measure the relaxation."""


@dataclass(frozen=True)
class Candidate:
    """A state on `levels`: the trace norm of L of it, and the slowest rate and time by which others come to it."""

    matrix: np.ndarray
    levels: tuple[int, ...]
    residual: float
    gap: float
    time: float


def rates(made: Generator) -> tuple[np.ndarray, float]:
    """The eigenvalues of M next to 0, slowest first, and its norm; by inverse iteration of a subspace."""
    from scipy.sparse.linalg import splu  # slow to import

    M = made.terms[0].inside.tocsc()
    norm = max(float(abs(M).sum(axis=0).max()), np.finfo(float).tiny)
    solver = splu(M - SHIFT * norm * sparse.eye_array(made.size, format="csc"))
    X = np.random.default_rng(0).standard_normal((made.size, min(SEARCHED, made.size)))
    for _ in range(ITERATIONS):
        X, _ = np.linalg.qr(solver.solve(X))
    found = np.linalg.eigvals(X.T @ (M @ X))
    return found[np.argsort(np.abs(found))], norm


def at_rest(found: np.ndarray, norm: float) -> int:
    """How many of these eigenvalues are 0 up to round-off: the multiplicity, or its least."""
    return int((np.abs(found) <= AT_REST * norm).sum())


def whole(system: PolynomialSystem, levels: tuple[int, ...]) -> Generator:
    """The generator on all coordinates."""
    size = prod(levels)
    touched = np.ones((size, size)) + 1j * (np.triu(np.ones((size, size)), 1) - np.tril(np.ones((size, size)), -1))
    return generator(system, levels, touched, 0.0)[0]


def candidate(made: Generator, found: np.ndarray, norm: float) -> Candidate:
    """The state, for a generator with the slowest eigenvalues `found`, of which one belongs to it."""
    from scipy.sparse.linalg import splu  # slow to import

    M, size = made.terms[0].inside, prod(made.levels)
    trace = np.zeros(made.size)
    trace[:size] = 1.0  # the coordinates of the diagonal come first
    ground = np.zeros((made.size, 1))
    ground[0] = 1.0
    bordered = sparse.block_array([[M, ground * norm], [trace[None, :], None]], format="csc")
    solver = splu(bordered)
    v = solver.solve(np.append(np.zeros(made.size), 1.0))[:-1]
    inside = trace_norm(made.matrix(M @ v))
    beyond = made.trace_norm_beyond(float(np.linalg.norm(made.terms[0].beyond @ v)))
    gap = float(-found[1:].real.max(initial=-np.inf))
    return Candidate(
        matrix=made.matrix(v), levels=made.levels, residual=inside + beyond + ROUND_OFF * norm, gap=gap,
        time=max(_longest(made, solver.solve, v), 1 / gap if gap > 0 else np.inf),
    )  # fmt: skip


def _longest(made: Generator, solve: object, v: np.ndarray) -> float:
    """The largest || int_0^inf e^{sL} (|k><k| - v) ds || / 2 over some levels k: how long they take to come to rest."""
    size = prod(made.levels)
    probes = np.unique(np.linspace(0, size - 1, PROBES).astype(int))
    right = np.zeros((made.size + 1, len(probes)))
    right[:-1] = v[:, None]
    right[probes, np.arange(len(probes))] -= 1.0
    found = solve(right)[:-1]  # type: ignore[operator]
    return max(trace_norm(made.matrix(column)) for column in found.T) / 2


def trace_norm(matrix: np.ndarray) -> float:
    """That of a Hermitian matrix."""
    return float(np.abs(np.linalg.eigvalsh(matrix)).sum())
