"""Whether a symbol is resolved on its grid: bounds, in trace norm, on the part that lies at the edges.

||Op(u)||_tr  <=  sqrt(rank) ||Op(u)||_HS        for the part u of a symbol at the edges in x, xi, k and s.
"""

from __future__ import annotations

from math import prod, sqrt

from openweyl._core.arguments import InputError
from openweyl._core.fft import good_size
from openweyl.phase_space.grid_function import GridFunction
from openweyl.phase_space.kernels import kernel_points
from openweyl.phase_space.profiles import edge_loss, edge_points

LONGER_BY, MORE_POINTS = 0.25, 1.5
"""The advice in the message of `check_resolved`: an interval longer by this part at an end, this many times the points.
Both clear an edge, 1/24 of the axis, at once; the next message, if any, advises more."""
ATOL_MARGIN = 1.05
"""The `atol` that it advises, over the largest loss at an edge: the message shows two digits, which may round down."""


def edge_bound(w: GridFunction) -> float:
    """A bound on the trace norm of the part of `w` at the edges, from its Hilbert-Schmidt norm."""
    grid = w.grid
    axes, outside = grid.x + grid.xi, w.values.copy()
    outside[tuple(slice(edge_points(axis), axis.size - edge_points(axis)) for axis in axes)] = 0.0
    ranks = prod(kernel_points(grid))
    waves = sum(edge_loss(profile, axis)[2] ** 2 for axis, profile in zip(axes, w.profiles, strict=True))
    return sqrt(ranks) * float(w.like(outside).hilbert_schmidt()) + sqrt(ranks / grid.states * waves)


def check_resolved(symbol: GridFunction, allowed: float) -> None:
    """Raise InputError, with a better grid, if more than `allowed`, in trace norm, may lie at an edge of an axis."""
    grid = symbol.grid
    names = [f"{name}{j + 1 if grid.n > 1 else ''}" for name in ("x", "xi") for j in range(grid.n)]
    axes = grid.x + grid.xi
    most = max(max(edge_loss(profile, axis)) for axis, profile in zip(axes, symbol.profiles, strict=True))
    for name, axis, profile in zip(names, axes, symbol.profiles, strict=True):
        left, right, high = edge_loss(profile, axis)
        if max(left, right, high) <= allowed:
            continue
        lower = axis.lower - LONGER_BY * axis.length * (left > allowed)
        upper = axis.upper + LONGER_BY * axis.length * (right > allowed)
        size = good_size((upper - lower) / axis.spacing * (MORE_POINTS if high > allowed else 1.0))
        dual = "wave number" if high > allowed else "interval"
        raise InputError(
            f"Argument `symbol` must be resolved on its grid, but {max(left, right, high):.2g} of its trace norm may "
            f"lie at the end of the {dual} of {name}. Take at least {size} points on {name} in "
            f"[{lower:.4g}, {upper:.4g}], or leave it to the bounds by `atol` = {ATOL_MARGIN * most:.2g}."
        )
