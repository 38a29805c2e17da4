"""Gaussian states and Weyl quantization as dense matrices, by ladder operators alone: nothing of openweyl's is used.

One unit throughout: h = 1 in the matrices, z = h^{1/2} w, and centres are at the origin, p being moved instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import comb

import numpy as np
import scipy.linalg


class Fock:
    """The operators w = (X_1 .. X_n, Xi_1 .. Xi_n) with [X_j, Xi_j] = i on `levels` levels of each mode."""

    def __init__(self, n: int, levels: int) -> None:
        self.n, self.levels = n, levels
        a = np.diag(np.sqrt(np.arange(1, levels)), 1)
        one = [(a + a.T) / np.sqrt(2), (a - a.T) / (1j * np.sqrt(2))]
        self.w = [self._at(part, j) for part in one for j in range(n)]

    def _at(self, matrix: np.ndarray, mode: int) -> np.ndarray:
        parts = [matrix if j == mode else np.eye(self.levels) for j in range(self.n)]
        whole = parts[0]
        for part in parts[1:]:
            whole = np.kron(whole, part)
        return whole

    def monomial(self, exponents: Sequence[int]) -> np.ndarray:
        """Op of prod w_i^e_i: 2^-a sum_k C(a, k) X^k Xi^b X^{a-k} in each mode (McCoy)."""
        whole = np.eye(self.levels**self.n, dtype=complex)
        for j in range(self.n):
            a, b = exponents[j], exponents[j + self.n]
            X = [np.linalg.matrix_power(self.w[j], k) for k in range(a + 1)]
            middle = np.linalg.matrix_power(self.w[j + self.n], b)
            whole = whole @ sum(comb(a, k) * X[k] @ middle @ X[a - k] for k in range(a + 1)) / 2**a
        return whole

    def polynomial(self, terms: dict[tuple[int, ...], complex]) -> np.ndarray:
        return sum(c * self.monomial(e) for e, c in terms.items()) + np.zeros((self.levels**self.n,) * 2)

    def gaussian(self, C: np.ndarray) -> np.ndarray:
        """The state of covariance C at the origin: prod (1 - q_j) q_j^{N_j} in the modes of Williamson's form."""
        nu, S = williamson(C)
        rows = np.linalg.inv(S)  # the modes are w' = S^-1 w, of covariance nu
        number = []
        for j in range(self.n):
            X, Xi = (sum(rows[i, k] * self.w[k] for k in range(2 * self.n)) for i in (j, j + self.n))
            number.append((X @ X + Xi @ Xi) / 2)
        pure = np.all(nu < 0.5 + 1e-9)
        if pure:
            _, vectors = scipy.linalg.eigh(sum(number), subset_by_index=[0, 0])
            return vectors @ vectors.conj().T
        rate = [np.log((v + 0.5) / max(v - 0.5, 1e-16)) for v in nu]
        energy, vectors = np.linalg.eigh(sum(r * N for r, N in zip(rate, number, strict=True)))
        weights = np.exp(-(energy - energy[0]))
        return (vectors * (weights / weights.sum())) @ vectors.conj().T


def williamson(C: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(nu, S): C = S diag(nu, nu) S^T, S symplectic."""
    n = len(C) // 2
    root = scipy.linalg.sqrtm(C).real
    J = np.block([[np.zeros((n, n)), np.eye(n)], [-np.eye(n), np.zeros((n, n))]])
    T, Q = scipy.linalg.schur(root @ J @ root, output="real")
    pairs = [(2 * j, 2 * j + 1) for j in range(n)]
    order = [(a, b) if T[a, b] > 0 else (b, a) for a, b in pairs]
    Q = Q[:, [a for a, _ in order] + [b for _, b in order]]
    nu = np.array([abs(T[2 * j, 2 * j + 1]) for j in range(n)])
    return nu, root @ Q @ np.diag(np.concatenate([nu, nu]) ** -0.5)


def random_symplectic(n: int, rng: np.random.Generator, size: float) -> np.ndarray:
    J = np.block([[np.zeros((n, n)), np.eye(n)], [-np.eye(n), np.zeros((n, n))]])
    A = rng.normal(size=(2 * n, 2 * n)) * size
    return scipy.linalg.expm(J @ (A + A.T) / 2)


def random_covariance(n: int, rng: np.random.Generator, size: float, heat: float) -> np.ndarray:
    """In units of h: S diag(nu) S^T, nu - 1/2 up to `heat`."""
    S, nu = random_symplectic(n, rng, size), 0.5 + heat * rng.random(n)
    return S @ np.diag(np.concatenate([nu, nu])) @ S.T


def moved(terms: dict[tuple[int, ...], float], z: np.ndarray, h: float) -> dict[tuple[int, ...], float]:
    """The coefficients of w -> p(z + h^{1/2} w)/h."""
    found: dict[tuple[int, ...], float] = {}
    for exponents, c in terms.items():
        for low in product(*(range(e + 1) for e in exponents)):
            factor = c / h
            for e, k, centre in zip(exponents, low, z, strict=True):
                factor *= comb(e, k) * centre ** (e - k) * h ** (k / 2)
            found[low] = found.get(low, 0.0) + factor
    return found


def trace_norm(A: np.ndarray) -> float:
    return float(np.abs(np.linalg.eigvalsh((A + A.conj().T) / 2)).sum())


def commutator(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    return A @ B - B @ A
