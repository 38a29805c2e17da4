"""The trace norm of Op(w) between two bounds: of a symbol that is resolved on its grid, or of one that a run left."""

from __future__ import annotations

from math import prod, sqrt

import numpy as np

from openweyl._core.arguments import ResourceError, must, real
from openweyl._core.calls import public
from openweyl._core.estimates import Enclosure
from openweyl.phase_space.grid_function import GridFunction, check_function
from openweyl.phase_space.kernels import kernel_points
from openweyl.phase_space.profiles import edge_loss
from openweyl.phase_space.support import RequiredBox, covering, left_out, truncated

from .coherent_bounds import trace_norm_bounds
from .dense import eigenvalues, rank_bound
from .edge_bounds import check_resolved, edge_bound
from .two_sided import is_close, on_product_states, size_of, two_sided

MAX_SECONDS, MAX_SECONDS_IN_A_RUN = 3 * 3600.0, 300.0
"""Predicted seconds beyond which `trace_norm` refuses, and beyond which `enclosure`, which a run calls up to a hundred
times, returns wide bounds instead."""
EDGE_LEVELS = (1.0, 1 / 4, 1 / 16, 1 / 64, 1 / 256)
"""The parts of the level at an edge that are tried, in turn, when a symbol is cut to its support: the bound on all that
is left out has a factor sqrt(rank), which the level does not know."""
ENLARGED_FREE_FRACTION = 0.15
"""The free part of the interval on each side when a symbol that does not vanish at its edges gets a larger grid."""


@public
def trace_norm(symbol: GridFunction, rtol: float = 1e-2, atol: float = 0.0) -> Enclosure:
    """lower <= ||Op(w)||_tr <= upper,    upper - lower <= rtol * upper + atol + 2 edges.

    `symbol`: w, a real Symbol, negligible at the edges of its grid in x, xi, k and s; `edges` bounds the trace norm of
    the part there, in the outermost 1/24 of each. `rtol`: from 1e-8 to 1. `atol`: a trace norm, for symbols that are
    small themselves, such as the difference of two runs, whose edges hold a good part of it: the accuracy of the runs.
    Returns the `Enclosure` (lower, upper), in units where a state has trace norm 1.

    All eigenvalues of small kernels are computed; large ones are cut into cells of phase space, so that the work grows
    like the volume of the symbol's support over (2 pi h)^n. Symbols that are smooth on the scale sqrt(h) cost no more
    than their points.

    Raises InputError if `rtol` or `atol` is out of range or the symbol is not resolved on its grid, ResourceError if no
    cells are small enough and the whole kernel would not fit in memory, or if they would take hours. docs/trace-norm.md
    has the proofs.

    >>> from openweyl import PhaseGrid, coherent
    >>> grid = PhaseGrid.box(h=0.1, x=(-3, 3), xi=(-3, 3), size=(64, 64))
    >>> lower, upper = trace_norm(coherent(1, 0).symbol(grid))
    >>> lower <= 1 + 1e-9 and upper >= 1 - 1e-9 and upper - lower < 1e-2
    True
    """
    rtol = real("rtol", rtol, above=0.0)
    must(1e-8 <= rtol <= 1, "rtol", "lie between 1e-8 and 1", rtol, "It is the width of the enclosure over its value.")
    atol = real("atol", atol, low=0.0)
    check_function(symbol)
    symbol.check_single()
    symbol = symbol.like(np.asarray(symbol.values))
    scale = size_of(symbol)
    if scale == 0:
        return Enclosure(0.0, 0.0)
    check_resolved(symbol, rtol * scale + atol)
    edges = edge_bound(symbol)
    lower, upper = two_sided(symbol, rtol, atol, MAX_SECONDS)
    return Enclosure(max(lower - edges, 0.0), upper + edges)


def enclosure(w: GridFunction, *, rtol: float, negligible: float, exact: int = 0) -> Enclosure:
    """lower <= ||Op(w)||_tr <= upper for a symbol that a run computed, with noise, and with content near the edges.

    Up to `negligible`, in trace norm, may be cut off at the edges; the bound on that moves each end outwards (the lower
    one perhaps below zero). Where matrices of at most `exact` rows can do that, the kernel itself for n = 1 and that
    over product states for n > 1, the bounds are `negligible` apart; others are enclosed to `rtol`. Where rank and
    Hilbert-Schmidt norm show that the whole norm is at most `negligible`, these are the bounds. Where cells would take
    too long the bounds are those of coherent states, however wide.
    """
    if not w.values.any():
        return Enclosure(0.0, 0.0)
    level = negligible / (6 * w.n)  # three edges to each axis
    w, cut = _cut_to_support(w, level, negligible)
    if w.n == 1 and kernel_points(w.grid)[0] <= exact:
        values, lost = eigenvalues(w, cut=level)
        lower = float(np.abs(values).sum())
        upper = lower + lost
    elif (crude := rank_bound(w)) <= negligible:
        lower, upper = 0.0, crude
    elif w.n > 1 and (bounds := on_product_states(w, negligible, exact)) and is_close(bounds, rtol, negligible):
        lower, upper = bounds
    else:
        w = _with_free_edges(w, max(level, rtol * size_of(w)))
        try:
            lower, upper = two_sided(w, rtol, negligible, MAX_SECONDS_IN_A_RUN)
        except ResourceError:
            lower, upper = trace_norm_bounds(w, rtol=rtol, allowed=negligible)
            upper = min(upper, crude)
    return Enclosure(lower - cut, upper + cut)


def _cut_to_support(w: GridFunction, level: float, negligible: float) -> tuple[GridFunction, float]:
    """`w` on a smaller grid, and a bound, at most `negligible`, on the part left out; as it is if there is none."""
    ranks = prod(kernel_points(w.grid))
    for part in EDGE_LEVELS:
        small = truncated(w, part * level)
        if (bound := sqrt(ranks) * left_out(w, small)) <= negligible:
            return small, bound
    return w, 0.0


def _with_free_edges(w: GridFunction, allowed: float) -> GridFunction:
    """`w`, the band-limited function of its samples, on a larger grid where more than `allowed` lies at an edge."""
    axes = w.grid.x + w.grid.xi
    losses = [edge_loss(p, a) for p, a in zip(w.profiles, axes, strict=True)]
    if max(map(max, losses)) <= allowed:
        return w
    boxes = [RequiredBox(a.lower, a.upper, a.reach) for a in axes]
    larger = [covering(a, box, room=ENLARGED_FREE_FRACTION) for a, box in zip(axes, boxes, strict=True)]
    return w.resampled(w.grid.with_axes(larger))
