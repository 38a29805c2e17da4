"""Trace norms and spectra by all eigenvalues of the kernel: exact to round-off, O(states^3).

    ||Op(w)||_tr = sum of the singular values of the kernel.

No factor 1/2: two orthogonal pure states are at distance 2.
"""

from __future__ import annotations

from math import prod, sqrt

import numpy as np

from openweyl._core.threads import one_thread
from openweyl.phase_space.grid_function import GridFunction
from openweyl.phase_space.kernels import kernel_points, quantize


def rank_bound(w: GridFunction) -> float:
    """sqrt(N) ||Op(w)||_HS >= ||Op(w)||_tr for a kernel of N x N entries: quick and crude."""
    return float(sqrt(prod(kernel_points(w.grid))) * w.hilbert_schmidt())


def eigenvalues(w: GridFunction, cut: float = 1e-12) -> tuple[np.ndarray, float]:
    """All eigenvalues of Op(w), ascending, and a bound, in trace norm, on the part of its kernel that was cut off.

    `cut`: the size, in units of trace norm, of what may be cut off at each end of each axis; see `_matrix`.
    """
    from scipy.linalg import eigvalsh  # slow to import; before the threads of its library are limited

    matrix, lost = _matrix(w, cut)
    with one_thread(len(matrix)):
        return np.asarray(eigvalsh(matrix, check_finite=False, overwrite_a=True)), lost


def _matrix(w: GridFunction, cut: float) -> tuple[np.ndarray, float]:
    """The kernel of Op(w), cut to the positions and then to the momenta that hold it; and a bound on the part cut off.

    With a projection Pi, ||K - Pi K Pi||_tr <= 2 ||(1 - Pi) K||_tr <= 2 sqrt(states) ||(1 - Pi) K||_HS, and `cut`
    bounds the latter at each end of each axis.
    """
    entries, n = quantize(w).entries, w.n
    entries, lost = _cut(entries, cut)
    rows, columns = tuple(range(n)), tuple(range(n, 2 * n))
    entries = np.fft.ifftn(np.fft.fftn(entries, axes=rows, norm="ortho"), axes=columns, norm="ortho")
    entries, more = _cut(np.fft.fftshift(entries), cut)
    size = prod(entries.shape[:n])
    matrix = entries.reshape(size, size)
    return (matrix + matrix.conj().T) / 2, lost + more


def _cut(entries: np.ndarray, cut: float) -> tuple[np.ndarray, float]:
    """`entries` without rows and columns at either end of each axis, and a bound on the trace norm of those removed."""
    n, lost = entries.ndim // 2, 0.0
    for j in range(n):
        others = tuple(a for a in range(2 * n) if a != j)
        power = (entries.real**2 + entries.imag**2).sum(axis=others)
        scale = 2 * sqrt(prod(entries.shape[:n]))
        ends = [scale * np.sqrt(np.cumsum(side)) for side in (power, power[::-1])]
        drop = [int(np.searchsorted(end, cut)) for end in ends]
        if sum(drop) >= power.size:  # nothing but round-off
            drop = [0, power.size - 1]
        lost += sum(float(end[d - 1]) for end, d in zip(ends, drop, strict=True) if d)
        kept = slice(drop[0], power.size - drop[1])
        entries = np.moveaxis(np.moveaxis(entries, (j, n + j), (0, 1))[kept, kept], (0, 1), (j, n + j))
    return entries, lost


def dense_trace_norm(w: GridFunction) -> float:
    """||Op(w)||_tr by all eigenvalues of the kernel: exact to round-off, O(states^3)."""
    return float(np.abs(eigenvalues(w)[0]).sum())
