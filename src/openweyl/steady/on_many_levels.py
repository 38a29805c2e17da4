"""The steady state on many levels of two modes, by GMRES: matrices, and no equations as large as their square.

    L A = K A + A K* + sum_j L_j A L_j*,        K = -(i/h) P - sum_j L_j* L_j / 2.

The part without jumps is solved exactly, by the eigenvectors of K, and is the preconditioner: what is left takes some
dozens of iterations, as many as jumps matter within a relaxation. As in `on_levels`, what leaves the levels is put back
into the lowest one, and L of the state is known with what lies beyond.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np
import sympy
from scipy import sparse

from openweyl._core.arguments import ResourceError
from openweyl.fock_space.generator import sides
from openweyl.fock_space.levels import places
from openweyl.fock_space.polynomial_system import PolynomialSystem

from .on_levels import Candidate, trace_norm

RTOL, ROUGH, RESTART, CYCLES = 1e-12, 1e-3, 60, 8
"""The residual asked of GMRES, that for relaxation times, how many vectors it keeps, and how often it starts anew."""
FAILED = 1e-2
"""A residual above that tells nothing."""
SHIFT = 0.05
"""What the eigenvalues of the preconditioner are shifted by, over the mean decay of K: one may be 0."""
PROBES = 6
"""How many levels are started from to measure the relaxation."""
ROUNDED = 40
"""How many roundings an entry of L A takes, about: sums of some dozen products."""


@dataclass(frozen=True)
class Many:
    """L from matrices on `levels` to those on the outer levels that it reaches: `K` and the `jumps`, and the `own` rows
    of both, on the levels.
    """

    levels: tuple[int, ...]
    own: np.ndarray
    K: sparse.csr_array
    jumps: list[sparse.csr_array]
    inner: sparse.csr_array
    inner_jumps: list[sparse.csr_array]

    @staticmethod
    def of(system: PolynomialSystem, levels: tuple[int, ...]) -> Many:
        """That of a system without time dependence."""
        outer = tuple(size + more for size, more in zip(levels, system.reach(), strict=True))
        own = places(levels, outer)
        K, jumps = sides(system, sympy.S.One, levels, outer)
        return Many(levels, own, K, jumps, K[own], [L[own] for L in jumps])

    def inside(self, A: np.ndarray) -> np.ndarray:
        """The part of L A on the levels."""
        found = self.inner @ A + (self.inner @ A.conj().T).conj().T
        for L in self.inner_jumps:
            found += (L @ (L @ A).conj().T).conj().T
        return np.asarray(found)

    def whole(self, A: np.ndarray) -> np.ndarray:
        """L A for a Hermitian A, on the outer levels."""
        made = np.zeros((self.K.shape[0],) * 2, dtype=complex)
        for L in self.jumps:
            made += (L @ (L @ A).conj().T).conj().T
        side = self.K @ A
        made[:, self.own] += side
        made[self.own] += side.conj().T
        return made


def candidate_by_gmres(system: PolynomialSystem, levels: tuple[int, ...], gap: float) -> Candidate:
    """The state; `gap` is the rate of the slowest decay on fewer levels.

    Raises ResourceError where GMRES does not converge.
    """
    made = Many.of(system, levels)
    size = prod(levels)
    solve = _solver(made)
    ground = np.zeros((size, size), dtype=complex)
    ground[0, 0] = 1.0
    A = solve(-ground, RTOL)
    A = (A + A.conj().T) / 2
    A /= np.trace(A).real
    longest = 0.0
    for k in np.unique(np.linspace(0, size - 1, PROBES).astype(int)):
        start = A.copy()
        start[k, k] -= 1.0
        longest = max(longest, _hermitian_norm(solve(start, ROUGH)) / 2)
    sizes = abs(made.K) @ np.abs(A)
    rows = np.linalg.norm(sizes, axis=1).sum() + np.linalg.norm(sizes, axis=0).sum()
    rows += sum(np.linalg.norm(abs(L) @ (abs(L) @ np.abs(A)).T, axis=1).sum() for L in made.jumps)
    rounded = ROUNDED * float(np.finfo(float).eps) / 2 * float(rows)
    return Candidate(
        matrix=A, levels=levels, residual=trace_norm(made.whole(A)) + rounded, rounded=rounded, gap=gap,
        time=max(longest, 1 / gap if gap > 0 else np.inf),
    )  # fmt: skip


def _hermitian_norm(A: np.ndarray) -> float:
    """The trace norm of the Hermitian part."""
    return trace_norm((A + A.conj().T) / 2)


def _solver(made: Many) -> Callable[[np.ndarray, float], np.ndarray]:
    """X -> the solution Y of L Y - c tr(Y) |0><0| = X, to a relative residual."""
    from scipy.sparse.linalg import LinearOperator, gmres  # slow to import

    size = prod(made.levels)
    values, V = np.linalg.eig(made.inner.toarray())
    back = np.linalg.inv(V)
    scale = float(-values.real.mean())
    weights = 1 / (values[:, None] + values.conj()[None, :] - SHIFT * scale)

    def full(flat: np.ndarray) -> np.ndarray:
        Y = flat.reshape(size, size)
        found = made.inside(Y)
        found[0, 0] -= scale * np.trace(Y)
        return found.ravel()

    def without_jumps(flat: np.ndarray) -> np.ndarray:
        inner = back @ flat.reshape(size, size) @ back.conj().T * weights
        return (V @ inner @ V.conj().T).ravel()

    shape = (size**2, size**2)
    operator = LinearOperator(shape, matvec=full, dtype=complex)
    first = LinearOperator(shape, matvec=without_jumps, dtype=complex)

    def solve(X: np.ndarray, rtol: float) -> np.ndarray:
        flat, _ = gmres(operator, X.ravel(), rtol=rtol, atol=0.0, restart=RESTART, maxiter=CYCLES, M=first)
        missed = np.linalg.norm(full(flat) - X.ravel()) / np.linalg.norm(X)
        if not missed < FAILED:
            raise ResourceError(
                f"The equations for the steady state on {' x '.join(map(str, made.levels))} levels do not converge: it "
                "relaxes too slowly. Use `evolve` from a state to late times.",
                kind="time",
            )
        return np.asarray(flat.reshape(size, size))

    return solve
