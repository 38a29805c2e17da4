"""Means and covariances of symbols: the expectation values of x, hD and of their products in Weyl order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openweyl._core.arguments import must

from .samples import Samples

TRACE_ROUND_OFF = 1e-12
"""The trace over the L1 norm below which it is round-off: sums of a few million values lose four digits at most."""


@dataclass(frozen=True)
class Moments:
    """<z>_i = tr(z_i A)/tr A and C_ij = tr((z_i - <z_i>)(z_j - <z_j>) A)/tr A in Weyl order, z = (x, xi), A = Op(w).

    `mean`: <z>, shape (2n,), x then xi. `covariance`: C, shape (2n, 2n), symmetric. In the units of the coordinates.
    """

    mean: np.ndarray
    covariance: np.ndarray


def moments_of(f: Samples) -> Moments:
    """<z> = (2 pi h)^-n int z w and <(z_i - <z_i>)(z_j - <z_j>)>, for Op(w) in Weyl order, over the trace.

    `f`: the samples of w, real and no batch; the sums are exact for their band-limited function on its box. A part of
    the symbol beyond the box is missing from a moment times its distance, which is not bounded: no error in trace norm
    bounds that of a moment. Within the box an error e of the symbol in L1 moves <z_i> by at most e times half the
    length of the box, over the trace.

    Raises InputError if the trace is 0 up to round-off, as that of the difference of two states is.
    """
    w, grid = f.values, f.grid
    axes = grid.x + grid.xi
    dims = range(len(axes))
    total = float(w.sum()) * grid.cell
    least = TRACE_ROUND_OFF * float(np.abs(w).sum()) * grid.cell
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
