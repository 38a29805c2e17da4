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
from array_api_compat import array_namespace

from openweyl._core.arguments import must
from openweyl._core.calls import public
from openweyl._core.fft import Array
from openweyl._core.threads import one_thread
from openweyl.phase_space.grid import PhaseGrid, symbol_on
from openweyl.phase_space.kernels import kernel_points, quantize

from .l1 import refined_l1

L1_POINTS = 2**22
"""The number of points up to which `l1_norm` refines the grid."""
L1_ACCURACY = 1e-5
"""The relative distance of its bounds at which `l1_norm` stops: a third of a second at most for n = 1."""

NO_TRACE = 1e-12
"""The trace over the L1 norm below which it is round-off."""


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
    """((2 pi h)^-n int |w|, error), on ever finer grids, for the trigonometric interpolant of the samples.

    The error is bounded, not estimated, by the means of w and w^2 and the first moments of w over each cell of the grid
    (`l1.py` has the argument). It falls like the cube of the spacing.
    """
    return l1_within(symbol_on(w, grid), grid, L1_ACCURACY)


def l1_within(w: np.ndarray, grid: PhaseGrid, rtol: float) -> tuple[float, float]:
    """`l1_norm`, refined until its bounds are `rtol` of it apart."""
    lower, value, upper = refined_l1(w, grid, accuracy=rtol, most=L1_POINTS)
    return value, max(value - lower, upper - value)


def eigenvalues(w: np.ndarray, grid: PhaseGrid, cut: float = 1e-12) -> tuple[np.ndarray, float]:
    """All eigenvalues of Op(w), ascending, and a bound on what the cut of its kernel takes away in trace norm."""
    matrix, lost = _matrix(w, grid, cut)
    with one_thread(len(matrix)):
        return np.asarray(scipy.linalg.eigvalsh(matrix, check_finite=False, overwrite_a=True)), lost


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
    """<z> = (2 pi h)^-n int z w and <(z_i - <z_i>)(z_j - <z_j>)>, for Op(w) in Weyl order, over the trace.

    Exact for what is on the grid. Coordinates are not bounded, so what lies beyond counts by its distance: no error in
    trace norm bounds that of a moment. Within the box an error e of the symbol in L1 moves <z_i> by at most e times
    half the length of the box, over the trace.

    Raises InputError if the trace is nil up to round-off, as that of the difference of two states is.
    """
    w = symbol_on(w, grid)
    axes = grid.x + grid.xi
    dims = range(len(axes))
    total = float(w.sum()) * grid.cell
    least = NO_TRACE * float(np.abs(w).sum()) * grid.cell
    must(abs(total) > least, "symbol", "be of nonzero trace", "of trace 0", "Moments are means over the trace.")
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
