"""Norms and moments of symbols and of their operators.

    trace norm       ||Op(w)||_tr = sum of the singular values of the kernel
    Hilbert-Schmidt  ||Op(w)||_HS = (2 pi h)^{-n/2} ||w||_{L^2}
    L1               (2 pi h)^-n int |w|
    trace            (2 pi h)^-n int w,        purity (2 pi h)^-n int w^2 = tr Op(w)^2

No factor 1/2 in the trace norm: two orthogonal pure states are at distance 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from array_api_compat import array_namespace

from ._fourier import Array
from .grid import Axis, PhaseGrid, resample
from .weyl import Kernel, quantize

L1_POINTS = 2**21
"""The number of points up to which `l1_norm` refines the grid."""


def trace(w: Array, grid: PhaseGrid) -> Array:
    """(2 pi h)^-n int w = tr Op(w)."""
    return array_namespace(w).sum(w) * grid.cell


def hilbert_schmidt(w: Array, grid: PhaseGrid) -> Array:
    """(2 pi h)^{-n/2} ||w||_{L^2} = ||Op(w)||_HS. Works on JAX arrays, and can be differentiated there."""
    xp = array_namespace(w)
    return xp.sqrt(xp.sum(w * w) * grid.cell)


def purity(w: Array, grid: PhaseGrid) -> Array:
    """(2 pi h)^-n int w^2 = tr Op(w)^2."""
    return array_namespace(w).sum(w * w) * grid.cell


def l1_norm(w: np.ndarray, grid: PhaseGrid) -> tuple[float, float]:
    """((2 pi h)^-n int |w|, error): trapezoidal sums, corrected where w changes sign, on ever finer grids.

    |w| has kinks on the zero set of w. Between neighbours f > 0 > g on a line the chord crosses zero, and the
    trapezoid of |f|, |g| exceeds the integral of the chord's modulus by d |f g| / (|f| + |g|). The error is the last
    change under halving.
    """
    value = _kinked_sum(w, grid)
    error = abs(value)
    while error > 1e-9 * abs(value) and grid.size * 4**grid.n <= L1_POINTS:
        finer = PhaseGrid(
            *(tuple(Axis(a.lower, a.spacing / 2, 2 * a.size) for a in side) for side in (grid.x, grid.xi)), grid.h
        )
        w, grid = resample(w, grid, finer), finer
        value, last = _kinked_sum(w, grid), value
        error = abs(value - last)
    return value, error


def _kinked_sum(w: np.ndarray, grid: PhaseGrid) -> float:
    size = np.abs(w)
    following = np.roll(w, -1, axis=-1)
    crossing = np.nonzero(w * following < 0)
    f, g = size[crossing], np.abs(following[crossing])
    return float((size.sum() - (f * g / (f + g)).sum()) * grid.cell)


def eigenvalues(kernel: Kernel) -> np.ndarray:
    """All eigenvalues of the (hermitian) operator, ascending."""
    matrix = kernel.matrix
    return np.asarray(scipy.linalg.eigvalsh((matrix + matrix.conj().T) / 2, check_finite=False, driver="evr"))


def dense_trace_norm(w: np.ndarray, grid: PhaseGrid) -> float:
    """||Op(w)||_tr by all eigenvalues of the kernel: exact to round-off, O(states^3)."""
    return float(np.abs(eigenvalues(quantize(w, grid))).sum())


@dataclass(frozen=True)
class Moments:
    """Means (x, xi) and the covariance matrix of a symbol of trace one."""

    mean: np.ndarray
    covariance: np.ndarray


def moments(w: np.ndarray, grid: PhaseGrid) -> Moments:
    """<z> = (2 pi h)^-n int z w and <(z_i - <z_i>)(z_j - <z_j>)>, for Op(w) in Weyl order, over the trace."""
    axes = grid.x + grid.xi
    dims = range(len(axes))
    weights = w * (grid.cell / float(trace(w, grid)))
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
