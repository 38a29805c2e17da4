"""Weyl symbols and Fock states, by polar coordinates: Op(f) for any f(x, xi), and the symbol of any matrix.

With z = x + i xi = r e^{i theta}, v = 2 r^2/h, and |m> the eigenstates of (x^2 + xi^2)/2, the symbol of |n+k><n| is

    W_{n+k,n}(z) = 2 (-1)^n g_n^k(v) e^{-i k theta},     g_n^k(v) = sqrt(n!/(n+k)!) v^{k/2} e^{-v/2} L_n^k(v),

W_{n,n+k} its conjugate, and the g_n^k of one k are orthonormal on v > 0. From <m|Op(f)|n> = (2 pi h)^-1 int f W_{nm},

    <n|Op(f)|n+k> = 2 (-1)^n h^-1 int_0^infty f_k(r) g_n^k(2 r^2/h) r dr,     f = sum_k f_k(r) e^{i k theta}.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.special

ANGLES, RADII = 512, 400
"""Quadrature points: more than any symbol or state of these tests needs (`test_oracle.py` has a check)."""


def laguerre_functions(size: int, k: int, v: np.ndarray) -> np.ndarray:
    """g_0^k .. g_{size-1}^k at v > 0, by their three-term recurrence."""
    g = np.empty((size, *v.shape))
    g[0] = np.exp((k * np.log(v) - v - scipy.special.gammaln(k + 1)) / 2)
    if size > 1:
        g[1] = (1 + k - v) * g[0] / np.sqrt(1 + k)
    for n in range(1, size - 1):
        g[n + 1] = ((2 * n + 1 + k - v) * g[n] - np.sqrt(n * (n + k)) * g[n - 1]) / np.sqrt((n + 1) * (n + 1 + k))
    return g


def quantized(
    f: Callable[[np.ndarray, np.ndarray], np.ndarray], h: float, size: int, angles: int = ANGLES, radii: int = RADII
) -> np.ndarray:
    """The matrix of Op(f), f real or complex, between the first `size` Fock states."""
    nodes, weights = scipy.special.roots_legendre(radii)
    reach = np.sqrt(h) * (np.sqrt(2 * size) + 7)  # W_{nm} is below round-off beyond
    r, weights = reach * (nodes + 1) / 2, weights * reach / 2
    theta = 2 * np.pi * np.arange(angles) / angles
    values = np.broadcast_to(f(np.outer(np.cos(theta), r), np.outer(np.sin(theta), r)), (angles, radii))
    modes = np.fft.fft(values, axis=0) / angles * (2 * r * weights / h)
    matrix = np.empty((size, size), dtype=complex)
    for k in range(size):
        n = np.arange(size - k)
        g = (-1.0) ** n[:, None] * laguerre_functions(size - k, k, 2 * r**2 / h)
        matrix[n, n + k] = g @ modes[k]
        matrix[n + k, n] = g @ modes[-k]
    return matrix


def symbol_at(a: np.ndarray, h: float, x: np.ndarray, xi: np.ndarray) -> np.ndarray:
    """sum_mn a_mn W_mn at the points (x, xi), for a hermitian matrix between Fock states: real."""
    z = np.asarray(x) + 1j * np.asarray(xi)
    v = np.maximum(2 * np.abs(z) ** 2 / h, 1e-300)
    total = np.zeros(z.shape)
    for k in range(len(a)):
        n = np.arange(len(a) - k)
        g = laguerre_functions(len(n), k, v)
        row = np.tensordot((-1.0) ** n * a[n + k, n], g, axes=1)
        total += (2 if k == 0 else 4) * (row * np.exp(-1j * k * np.angle(z))).real
    return total
