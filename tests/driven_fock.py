"""Density matrices in the Fock basis with coefficients that depend on time, stepped from corner to corner by DOP853.

    dA/dt = -(i/h)[P, A] + (gamma/h) sum_j (L_j A L_j* - {L_j* L_j, A}/2),
    P = sum_k c_k(t) P_k, L_j = sum_k c_k(t) L_k.

Nothing of openweyl's is used. The matrices of x and xi are those of 20 more levels, cut after products were taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from scipy.integrate import solve_ivp

Terms = Sequence[tuple[Callable[[float], complex], np.ndarray]]


def position_and_momentum(size: int, h: float) -> tuple[np.ndarray, np.ndarray]:
    """x and xi: a = (x + i xi)/sqrt(2h)."""
    a = np.diag(np.sqrt(np.arange(1.0, size)), 1).astype(complex)
    return np.sqrt(h / 2) * (a + a.T), -1j * np.sqrt(h / 2) * (a - a.T)


def coherent_density(size: int, h: float, x: float, xi: float) -> np.ndarray:
    """|alpha><alpha|."""
    alpha, psi = (x + 1j * xi) / np.sqrt(2 * h), np.zeros(size, dtype=complex)
    psi[0] = np.exp(-(abs(alpha) ** 2) / 2)
    for m in range(1, size):
        psi[m] = psi[m - 1] * alpha / np.sqrt(m)
    return np.outer(psi, psi.conj())


def evolved(
    h: float, gamma: float, hamiltonian: Terms, jumps: Sequence[Terms], rho: np.ndarray, times: Sequence[float],
    corners: Sequence[float] = (),
) -> list[np.ndarray]:  # fmt: skip
    """The density matrices at `times`; `corners`: times at which coefficients are not smooth."""
    size = len(rho)

    def slope(t: float, y: np.ndarray) -> np.ndarray:
        A = y.reshape(size, size)
        P = sum(c(t) * matrix[:size, :size] for c, matrix in hamiltonian)
        change = -1j / h * (P @ A - A @ P)
        for terms in jumps:
            L = sum(c(t) * matrix[:size, :size] for c, matrix in terms)
            half = L.conj().T @ L / 2
            change += gamma / h * (L @ A @ L.conj().T - half @ A - A @ half)
        return change.ravel()

    found, now = [], rho.ravel().astype(complex)
    edges = sorted({0.0, *times, *(c for c in corners if c < max(times))})
    for begin, end in pairwise(edges):
        inside = 1e-12 * (end - begin)  # values at the corners themselves belong to either side
        squeezed = lambda t, y, a=begin + inside, b=end - inside: slope(min(max(t, a), b), y)  # noqa: E731
        now = solve_ivp(squeezed, (begin, end), now, method="DOP853", rtol=1e-9, atol=1e-11).y[:, -1]
        if end in times:
            found.append(now.reshape(size, size))
    return found


def trace_distance(one: np.ndarray, other: np.ndarray) -> float:
    """The sum of the singular values of the difference."""
    return float(np.linalg.svd(one - other, compute_uv=False).sum())
