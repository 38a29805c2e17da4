"""Norms and moments of symbols and of their operators.

    trace norm       ||Op(w)||_tr = sum of the singular values of the kernel
    Hilbert-Schmidt  ||Op(w)||_HS = (2 pi h)^{-n/2} ||w||_{L^2}
    L1               (2 pi h)^-n int |w|
    trace            (2 pi h)^-n int w,        purity (2 pi h)^-n int w^2 = tr Op(w)^2

No factor 1/2 in the trace norm: two orthogonal pure states are at distance 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod, sqrt

import numpy as np
import scipy.linalg
import scipy.sparse.linalg
from array_api_compat import array_namespace

from ._check import must
from ._fourier import Array
from ._public import public
from ._threads import one_thread
from .grid import PhaseGrid, resample, symbol_on
from .weyl import kernel_points, quantize

L1_POINTS = 2**20
"""The number of points up to which `l1_norm` refines the grid."""


@public
def trace(w: Array, grid: PhaseGrid) -> Array:
    """(2 pi h)^-n int w = tr Op(w)."""
    w = symbol_on(w, grid, real=False)
    return array_namespace(w).sum(w) * grid.cell


@public
def hilbert_schmidt(w: Array, grid: PhaseGrid) -> Array:
    """(2 pi h)^{-n/2} ||w||_{L^2} = ||Op(w)||_HS. Works on JAX arrays, and can be differentiated there."""
    w = symbol_on(w, grid)
    xp = array_namespace(w)
    return xp.sqrt(xp.sum(w * w) * grid.cell)


def rank_bound(w: Array, grid: PhaseGrid) -> float:
    """sqrt(N) ||Op(w)||_HS >= ||Op(w)||_tr for a kernel of N x N entries: quick and crude."""
    return float(sqrt(prod(kernel_points(grid))) * hilbert_schmidt(w, grid))


@public
def purity(w: Array, grid: PhaseGrid) -> Array:
    """(2 pi h)^-n int w^2 = tr Op(w)^2."""
    w = symbol_on(w, grid)
    return array_namespace(w).sum(w * w) * grid.cell


@public
def l1_norm(w: np.ndarray, grid: PhaseGrid) -> tuple[float, float]:
    """((2 pi h)^-n int |w|, error): trapezoidal sums, corrected where w changes sign, on ever finer grids.

    |w| has kinks on the zero set of w. Where neighbours at distance d have values f > 0 > g, Euler and Maclaurin give
    the trapezoidal sum along the line an excess of d (|f g|/(|f| + |g|) - (|f| + |g|)/6), up to O(d^3): half of the
    jump of the slope, (|f| + |g|)/d, times d^2 (theta (1 - theta) - 1/6), theta the place of the zero. The error given
    is the last change under halving of the spacing.
    """
    w = symbol_on(w, grid)
    value = _kinked_sum(w, grid)
    every_second = (slice(None, None, 2),) * w.ndim
    error = abs(value - _kinked_sum(w[every_second], grid.scaled(2)))
    while error > 1e-6 * abs(value) and grid.size * 4**grid.n <= L1_POINTS:
        finer = grid.scaled(1 / 2)
        w, grid = resample(w, grid, finer), finer
        value, last = _kinked_sum(w, grid), value
        error = abs(value - last)
    return value, error


def _kinked_sum(w: np.ndarray, grid: PhaseGrid) -> float:
    size = np.abs(w)
    total = float(size.sum())
    for axis in range(w.ndim):  # a zero set across this axis costs the sum along it; oblique ones cost little
        crossing = np.nonzero(w * np.roll(w, -1, axis=axis) < 0)
        f, g = size[crossing], np.roll(size, -1, axis=axis)[crossing]
        total -= float((f * g / (f + g) - (f + g) / 6).sum())
    return total * grid.cell


def eigenvalues(w: np.ndarray, grid: PhaseGrid, cut: float = 1e-12) -> tuple[np.ndarray, float]:
    """All eigenvalues of Op(w), ascending, and a bound on what the cut of its kernel takes away in trace norm."""
    matrix, lost = _matrix(w, grid, cut)
    with one_thread(len(matrix)):
        return np.asarray(scipy.linalg.eigvalsh(matrix, check_finite=False, overwrite_a=True)), lost


def smallest_eigenvalue(w: np.ndarray, grid: PhaseGrid, accuracy: float) -> float:
    """The smallest eigenvalue of Op(w) up to about `accuracy`, by Lanczos' method: O(states^2)."""
    matrix, _ = _matrix(w, grid, accuracy)
    shift = 10 * accuracy  # residuals are small against the eigenvalue, and this one is near zero
    matrix[np.diag_indices_from(matrix)] += shift
    start = np.ones(len(matrix), dtype=complex)
    found = scipy.sparse.linalg.eigsh(matrix, k=1, which="SA", tol=0.1, v0=start, return_eigenvectors=False)
    return float(found[0]) - shift


def _matrix(w: np.ndarray, grid: PhaseGrid, cut: float) -> tuple[np.ndarray, float]:
    """The kernel of Op(w), cut to the positions, and then to the momenta, where it lives; and what that took away.

    With a projection Pi, ||K - Pi K Pi||_tr <= 2 ||(1 - Pi) K||_tr <= 2 sqrt(states) ||(1 - Pi) K||_HS, and `cut`
    bounds the latter at each end of each axis.
    """
    entries = quantize(w, grid).entries
    n = grid.n
    entries, lost = _cut(entries, cut)
    rows, columns = tuple(range(n)), tuple(range(n, 2 * n))
    entries = np.fft.ifftn(np.fft.fftn(entries, axes=rows, norm="ortho"), axes=columns, norm="ortho")
    entries, more = _cut(np.fft.fftshift(entries), cut)
    size = prod(entries.shape[:n])
    matrix = entries.reshape(size, size)
    return (matrix + matrix.conj().T) / 2, lost + more


def _cut(entries: np.ndarray, cut: float) -> tuple[np.ndarray, float]:
    """`entries` without rows and columns at either end of each axis, and a bound on the trace norm of what went."""
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


@public
def dense_trace_norm(w: np.ndarray, grid: PhaseGrid) -> float:
    """||Op(w)||_tr by all eigenvalues of the kernel: exact to round-off, O(states^3)."""
    return float(np.abs(eigenvalues(symbol_on(w, grid), grid)[0]).sum())


@dataclass(frozen=True)
class Moments:
    """Means (x, xi) and the covariance matrix of a symbol of trace one."""

    mean: np.ndarray
    covariance: np.ndarray


@public
def moments(w: np.ndarray, grid: PhaseGrid) -> Moments:
    """<z> = (2 pi h)^-n int z w and <(z_i - <z_i>)(z_j - <z_j>)>, for Op(w) in Weyl order, over the trace."""
    w = symbol_on(w, grid)
    axes = grid.x + grid.xi
    dims = range(len(axes))
    total = float(w.sum()) * grid.cell
    must(total != 0, "symbol", "be of nonzero trace", "of trace 0", "Moments are means over the trace.")
    weights = w * (grid.cell / total)
    lines = [weights.sum(axis=tuple(d for d in dims if d != i)) for i in dims]
    mean = np.array([line @ axis.points for line, axis in zip(lines, axes, strict=True)])
    covariance = np.empty((len(axes), len(axes)))
    for i in dims:
        u = axes[i].points - mean[i]
        covariance[i, i] = lines[i] @ u**2
        for j in range(i):
            plane = weights.sum(axis=tuple(d for d in dims if d not in (i, j)))
            covariance[i, j] = covariance[j, i] = (axes[j].points - mean[j]) @ plane @ u
    return Moments(mean, covariance)
