"""The trace norm of Op(w) enclosed between two sums over cells of phase space.

All eigenvalues cost (states)^3. Cut instead with smooth windows, sum_j chi_j(x)^2 = 1 and then sum_l eta_l(hD)^2 = 1:

    sum_jl ||eta_l chi_j D chi_j eta_l||_tr  <=  ||D||_tr  <=  sum_jl ||eta_l (chi_j D' chi_j)' eta_l||_tr + remainder.

Left: u -> (chi_j u)_j is an isometry V, and the diagonal blocks chi_j D chi_j of V D V* have no larger trace norm than
all of it. Right: D = sum_j chi_j D' chi_j + remainder, where ' divides the kernel by the overlap
f = sum_j chi_j(x + s/2) chi_j(x - s/2) = 1 - O((s/W)^2), so that no first-order gap is left to be bounded; the
remainder, (1 - f)^8 D, is bounded by sqrt(rank) times its Hilbert-Schmidt norm. Both sums differ by O((s/W)^2): wider
windows W until they agree to `rtol`. The windows multiply in (x, s) and in (k, xi), so every cell is cut from the
symbol and becomes a Hermitian matrix over the momenta of its own window. docs/trace-norm.md has the proofs.

Symbols that are smooth on the scale sqrt(h) are bounded by coherent states first (`coherent_bounds.py`), whatever the
number of states; all other symbols are cut into cells.
"""

from __future__ import annotations

from math import prod, sqrt

import numpy as np

from openweyl._core.arguments import ResourceError, must, real
from openweyl._core.calls import public
from openweyl._core.estimates import Enclosure
from openweyl._core.memory import spare_memory
from openweyl._core.threads import one_thread
from openweyl.phase_space.grid import PhaseGrid
from openweyl.phase_space.grid_function import GridFunction, check_function
from openweyl.phase_space.kernels import check_kernel_fits, kernel_bytes, kernel_points, quantize
from openweyl.phase_space.profiles import edge_loss
from openweyl.phase_space.support import RequiredBox, covering, left_out, truncated

from .cell_layout import plan
from .cell_sums import compress, enclose
from .coherent_bounds import curvatures, first_order_width, trace_norm_bounds
from .dense import eigenvalues, rank_bound
from .edge_bounds import check_resolved, edge_bound
from .partition_of_unity import MEAN_SQUARED_SLOPE
from .product_states import compressed

MAX_DENSE_KERNEL_POINTS = 1000
"""The points of a kernel up to which all its eigenvalues are computed: that takes about a second, and cells no less."""
LOSS_FRACTION_OF_RTOL = 0.02
"""The part of `rtol` given to each loss that is not the windows' own, cells left out and wave numbers cut off: so small
that the windows decide how close the two sums come."""
COMPRESSION_FRACTION_OF_RTOL = 0.1
"""The part of `rtol` that the compression of matrices may lose, of a whole kernel and of each cell."""
SECONDS_PER_CUBED_SIZE = 1e-9
"""Time per cube of the number of points of a kernel, and of a cell, half of the cells being empty: measured on two
cores."""
MAX_SECONDS, MAX_SECONDS_IN_A_RUN = 3 * 3600.0, 300.0
"""Predicted seconds beyond which `trace_norm` refuses, and beyond which `enclosure`, which a run calls up to a hundred
times, returns wide bounds instead."""
MAX_PRODUCT_STATES = 4000
"""The products of one-mode states, for n > 1, up to which `trace_norm` computes eigenvalues: 20 seconds, 600 MiB."""
MAX_SHARPENINGS = 4
"""How often the loss aimed at with product states is lowered until the width is met: the first aim, from the L1 norm,
is mostly enough."""
MIN_WIDENING, MAX_WIDENING, WIDENING_MARGIN = 1.2, 4.0, 1.1
"""The factors by which windows grow at least and at most between two attempts, and the margin on the squared factor
that would be just enough: the two sums differ by the inverse square of the widths."""
FIRST_GAP_FRACTION_OF_RTOL = 0.8
"""The part of `rtol` by which the two sums should differ with the first windows: the rest is for the losses."""
EDGE_LEVELS = (1.0, 1 / 4, 1 / 16, 1 / 64, 1 / 256)
"""The parts of the level at an edge that are tried, in turn, when a symbol is cut to its support: the bound on all that
is left out has a factor sqrt(rank), which the level does not know."""
ENLARGED_FREE_FRACTION = 0.15
"""The free part of the interval on each side when a symbol that does not vanish at its edges gets a larger grid."""


@public
def trace_norm(symbol: GridFunction, rtol: float = 1e-2, atol: float = 0.0) -> Enclosure:
    """lower <= ||Op(w)||_tr <= upper,    upper - lower <= rtol * upper + atol + 2 edges.

    `symbol`: w, a real Symbol, negligible at the edges of its grid in x, xi, k and s; `edges` bounds the trace norm of
    the part there, in the outermost 1/24 of each. `rtol`: from 1e-8 to 1. `atol`: a trace norm, for symbols that
    are small themselves, such as the difference of two runs, whose edges hold a good part of it: the accuracy of the
    runs. Returns the `Enclosure` (lower, upper), in units where a state has trace norm 1.

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
    scale = _size(symbol)
    if scale == 0:
        return Enclosure(0.0, 0.0)
    check_resolved(symbol, rtol * scale + atol)
    edges = edge_bound(symbol)
    lower, upper = _bounds(symbol, rtol, atol, MAX_SECONDS)
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
    elif w.n > 1 and (bounds := _on_product_states(w, negligible, exact)) and _close(bounds, rtol, negligible):
        lower, upper = bounds
    else:
        w = _with_free_edges(w, max(level, rtol * _size(w)))
        try:
            lower, upper = _bounds(w, rtol, negligible, MAX_SECONDS_IN_A_RUN)
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


def _size(w: GridFunction) -> float:
    """The L1 norm by the samples: what accuracies are relative to."""
    return float(np.abs(w.values).sum() * w.grid.cell)


def _bounds(w: GridFunction, rtol: float, allowed: float, longest: float) -> tuple[float, float]:
    """Bounds that differ by at most rtol * upper + allowed, by the cheapest method: coherent states, product states
    (n > 1), cells of phase space, or all eigenvalues of the kernel.

    Raises ResourceError if that would take more than `longest` seconds, or not fit in memory.
    """
    relative = min(rtol + allowed / _size(w), 1.0)
    if prod(kernel_points(w.grid)) > MAX_DENSE_KERNEL_POINTS:
        loss, _ = curvatures(w)
        if first_order_width(loss, w.grid) <= 2 * relative:
            lower, upper = trace_norm_bounds(w, rtol=relative)
            if _close((lower, upper), rtol, allowed):
                return lower, upper
        if w.n > 1 and (bounds := _from_product_states(w, rtol, allowed)) is not None:
            return bounds
        if (bounds := _from_cells(w, loss, rtol, allowed, longest)) is not None:
            return bounds
    return _from_kernel(w, relative, longest)


def _close(bounds: tuple[float, float], rtol: float, allowed: float) -> bool:
    """Whether the bounds differ by at most `rtol` of the upper one and `allowed`."""
    return bounds[1] - bounds[0] <= rtol * bounds[1] + allowed


def _on_product_states(w: GridFunction, lost: float, most: int) -> tuple[float, float] | None:
    """Bounds that differ by `lost`, from at most `most` products of one-mode states, or more where these are too few;
    None where there are too many.
    """
    small = compressed(w, trace=lost, most=most) if most else None
    if small is None:
        return None
    with one_thread(len(small.matrix)):
        value = float(np.abs(np.linalg.eigvalsh(small.matrix)).sum())
    return value, value + small.trace_loss


def _from_product_states(w: GridFunction, rtol: float, allowed: float) -> tuple[float, float] | None:
    """Bounds as close as that, or None where that would need more than MAX_PRODUCT_STATES."""
    lost = rtol * _size(w) + allowed
    for _ in range(MAX_SHARPENINGS):
        bounds = _on_product_states(w, lost, MAX_PRODUCT_STATES)
        if bounds is None or _close(bounds, rtol, allowed):
            return bounds
        lower, upper = bounds
        if upper - lower > lost:  # more states would have been needed
            return None
        lost = rtol * lower + allowed
    return None


def _from_cells(
    w: GridFunction, loss: list[float], rtol: float, allowed: float, longest: float
) -> tuple[float, float] | None:
    """Both sums, with wider and wider windows until they are close enough; None where the whole kernel costs less."""
    size, scale = prod(kernel_points(w.grid)), _size(w)
    relative = min(rtol + allowed / scale, 1.0)
    negligible, accuracy = LOSS_FRACTION_OF_RTOL * relative * scale, COMPRESSION_FRACTION_OF_RTOL * relative
    widths = _first_widths(loss, w.grid, relative)
    while True:
        layout = plan(w, widths, negligible)
        work = layout.cells * float(layout.cell) ** 3
        cheaper = work < float(size) ** 3 or kernel_bytes(size) > spare_memory()
        if not cheaper or layout.cell > size / 2:
            return None
        if (seconds := SECONDS_PER_CUBED_SIZE * work) > longest:
            raise ResourceError(
                f"The trace norm needs {layout.cells} cells of {layout.cell} states, about {seconds / 3600:.2g} "
                f"hours: raise `rtol`, so that smaller pieces of phase space will do, or `h`.",
                kind="time",
            )
        lower, upper = enclose(w, layout, negligible, accuracy)
        if _close((lower, upper), rtol, allowed):
            return lower, upper
        wanted = WIDENING_MARGIN * (upper - lower) / (relative * upper)
        growth = sqrt(min(max(wanted, MIN_WIDENING), MAX_WIDENING))
        widths = [growth * width for width in widths]


def _from_kernel(symbol: GridFunction, rtol: float, longest: float) -> tuple[float, float]:
    """Both bounds from the whole kernel; they differ by the loss of `compress`, and by round-off."""
    size = prod(kernel_points(symbol.grid))
    check_kernel_fits(size, "raise `rtol`, so that smaller pieces of phase space will do, or `h`")
    if (seconds := SECONDS_PER_CUBED_SIZE * float(size) ** 3) > longest:
        raise ResourceError(
            f"The kernel has {size} eigenvalues, which take about {seconds / 3600:.2g} hours: raise `rtol`, so that "
            f"smaller pieces of phase space will do, or `h`.",
            kind="time",
        )
    with one_thread():
        matrix = quantize(symbol).matrix
        (matrix,), lost = compress((matrix + matrix.conj().T) / 2, accuracy=COMPRESSION_FRACTION_OF_RTOL * rtol)
        value = float(np.abs(np.linalg.eigvalsh(matrix)).sum())
    noise = 1e-14 * size * value  # each eigenvalue is known to a few units in the last place of the largest
    return max(value - noise, 0.0), value + lost + noise


def _first_widths(loss: list[float], grid: PhaseGrid, rtol: float) -> list[float]:
    """2 W for each axis, x then xi, at which the two sums should differ by a part of `rtol`.

    To first order they differ by tr(sgn(D) G), G = s^2/2 sum_j chi_j'^2 D in x, so by
    -(h^2/2) (c/W^2) int sgn(w) d^2 w/dxi^2 for large W, c = MEAN_SQUARED_SLOPE, and the same for xi with d^2 w/dx^2.
    `loss`: these integrals without -(h^2/2) (c/W^2), over int |w|. 2 W is at least as wide as a few coherent states.
    """
    n, least = grid.n, 2 * grid.h
    duals = [loss[(position + n) % (2 * n)] for position in range(2 * n)]
    return [
        2 * sqrt(max(MEAN_SQUARED_SLOPE * grid.h**2 * c * n / (FIRST_GAP_FRACTION_OF_RTOL * rtol), 4 * least))
        for c in duals
    ]
