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

SHIFT, AT_REST = 1e-8, 1e-11
"""Over the norm of M: where eigenvalues are looked for, and how small those are at most that are taken for 0."""
UNCERTAIN = 100.0
"""Those are, if they are not that many times as large as what their vectors miss of M x = lambda x."""
SEARCHED = 8
"""How many of the slowest eigenvalues are looked for at a time."""
ROUNDED = 4
"""How often an entry of M was rounded, about, before it multiplies anything."""
ITERATIONS = 60
"""Inverse iterations for them: enough for rates whose next ones are a fifth larger."""
PROBES = 24
"""How many levels are started from to measure the relaxation."""


@dataclass(frozen=True)
class Candidate:
    """A state on `levels`: the trace norm of L of it, the part of that for round-off, and the slowest rate and time by
    which others come to it.
    """

    matrix: np.ndarray
    levels: tuple[int, ...]
    residual: float
    rounded: float
    gap: float
    time: float


def rates(made: Generator) -> tuple[np.ndarray, int]:
    """The eigenvalues of M next to 0, slowest first, by inverse iteration of a subspace; and how many are 0, or cannot
    be told from it: the multiplicity.
    """
    from scipy.sparse.linalg import splu  # slow to import

    M = made.terms[0].inside.tocsc()
    norm = max(float(abs(M).sum(axis=0).max()), np.finfo(float).tiny)
    solver = splu(M - SHIFT * norm * sparse.eye_array(made.size, format="csc"))
    X = np.random.default_rng(0).standard_normal((made.size, min(SEARCHED, made.size)))
    for _ in range(ITERATIONS):
        X, _ = np.linalg.qr(solver.solve(X))
    found, vectors = np.linalg.eig(X.T @ (M @ X))
    X = X @ vectors
    missed = np.linalg.norm(M @ X - X * found, axis=0) + rounding(M) * np.linalg.norm(abs(M) @ np.abs(X), axis=0)
    still = (np.abs(found) <= AT_REST * norm) & (np.abs(found) <= UNCERTAIN * missed)
    return found[np.argsort(np.abs(found))], int(still.sum())


def rounding(M: sparse.csr_array) -> float:
    """What round-off makes of M v, entry by entry over |M| |v|, with that of M itself."""
    return float(np.finfo(float).eps) / 2 * (int(np.diff(M.tocsr().indptr).max()) + ROUNDED)


def whole(system: PolynomialSystem, levels: tuple[int, ...]) -> Generator:
    """The generator on all coordinates."""
    size = prod(levels)
    touched = np.ones((size, size)) + 1j * (np.triu(np.ones((size, size)), 1) - np.tril(np.ones((size, size)), -1))
    return generator(system, levels, touched, 0.0)[0]


def candidate(made: Generator, gap: float) -> Candidate:
    """The state; `gap` is the rate of the slowest decay, if there is one."""
    from scipy.sparse.linalg import splu  # slow to import

    M, size = made.terms[0].inside, prod(made.levels)
    norm = max(float(abs(M).sum(axis=0).max()), np.finfo(float).tiny)
    trace = np.zeros(made.size)
    trace[:size] = 1.0  # the coordinates of the diagonal come first
    ground = np.zeros((made.size, 1))
    ground[0] = 1.0
    bordered = sparse.block_array([[M, ground * norm], [trace[None, :], None]], format="csc")
    solver = splu(bordered)
    v = solver.solve(np.append(np.zeros(made.size), 1.0))[:-1]
    inside = trace_norm(made.matrix(M @ v))
    beyond = made.trace_norm_beyond(float(np.linalg.norm(made.terms[0].beyond @ v)))
    sizes = np.abs(made.matrix(abs(M) @ np.abs(v)))
    rounded = rounding(M) * float(np.linalg.norm(sizes, axis=1).sum())  # rows of rank 1 each
    return Candidate(
        matrix=made.matrix(v), levels=made.levels, residual=inside + beyond + rounded,
        rounded=rounded, gap=gap,
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
