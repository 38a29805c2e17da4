"""The trace norm of Op(w) enclosed between two sums over cells of phase space.

All eigenvalues cost (states)^3. Cut instead with smooth windows, sum_j chi_j(x)^2 = 1 and then sum_l eta_l(hD)^2 = 1:

    sum_jl ||eta_l chi_j D chi_j eta_l||_tr  <=  ||D||_tr  <=  sum_jl ||eta_l (chi_j D' chi_j)' eta_l||_tr + remainder.

Left: u -> (chi_j u)_j is an isometry V, and the diagonal blocks chi_j D chi_j of V D V* have no larger trace norm than
all of it. Right: D = sum_j chi_j D' chi_j + remainder, where ' divides the kernel by the overlap
f = sum_j chi_j(x + s/2) chi_j(x - s/2) = 1 - O((s/W)^2), so that no first-order gap is left to be bounded; the
remainder, (1 - f)^8 D, is bounded by sqrt(rank) times its Hilbert-Schmidt norm. Both sums differ by O((s/W)^2): wider
windows W until they agree to `rtol`. The windows multiply in (x, s) and in (k, xi), so every cell is cut from the
symbol and becomes a Hermitian matrix over the momenta of its own window. docs/trace-norm.md has the proofs.

Symbols that are smooth on the scale sqrt(h) are bounded by coherent states first (`husimi.py`), whatever the number of
states; cells are for all others.
"""

from __future__ import annotations

from math import prod, sqrt

import numpy as np

from openweyl._core.arguments import InputError, ResourceError, must, real
from openweyl._core.calls import public
from openweyl._core.estimates import Enclosure
from openweyl._core.fft import good_size
from openweyl._core.memory import spare_memory
from openweyl._core.threads import one_thread
from openweyl.phase_space.grid import PhaseGrid
from openweyl.phase_space.grid_function import GridFunction, check_function
from openweyl.phase_space.kernels import kernel_points, quantize
from openweyl.phase_space.profiles import edge_loss, edge_points
from openweyl.phase_space.support import RequiredBox, covering, left_out, truncated

from .cell_layout import plan
from .cell_sums import compress, enclose
from .coherent_bounds import curvatures, first_order_width, trace_norm_bounds
from .dense import eigenvalues, rank_bound
from .partition_of_unity import MEAN_SQUARED_SLOPE

MAX_DENSE_KERNEL_POINTS = 1000
"""The size of a kernel up to which it is not cut."""
BYTES_PER_KERNEL_ENTRY = 100
"""Peak memory per entry of a whole kernel."""
LOSS_FRACTION_OF_RTOL = 0.02
"""The part of `rtol` given to each loss that is not the windows' own: cells left out, wave numbers cut off."""
SECONDS_PER_CUBED_SIZE = 1e-9
"""Time per cube of the size of a kernel, and of a cell, half of the cells being empty: measured, on two cores."""
MAX_SECONDS, MAX_SECONDS_IN_A_RUN = 3 * 3600.0, 300.0
"""Predicted seconds beyond which `trace_norm` refuses, and `enclosure`, of which a run asks for up to a hundred,
returns wide bounds."""


@public
def trace_norm(symbol: GridFunction, rtol: float = 1e-2, atol: float = 0.0) -> Enclosure:
    """(lower, upper) with lower <= ||Op(symbol)||_tr <= upper, upper - lower <= rtol * upper + atol + 2 edges.

    `symbol`: real, and negligible at the edges of its grid in x, xi, k and s. `edges` bounds the trace norm of what
    lies there, in the outermost sixteenth of each. `atol`: for symbols that are small themselves, such as the
    difference of two runs, of which the edges hold a good part: the accuracy of the runs. Small kernels are taken
    whole, large ones in cells of phase space: the work grows like the volume of the symbol's support over (2 pi h)^n;
    symbols that are smooth on the scale sqrt(h) cost no more than their points.

    Raises InputError if `rtol` or `atol` is out of range or the symbol is not resolved on its grid, ResourceError if no
    cells are small enough and the whole kernel would not fit in memory, or if they would take hours.

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
    _check_resolved(symbol, rtol * scale + atol)
    edges = _edges(symbol)
    lower, upper = _bounds(symbol, rtol, atol, MAX_SECONDS)
    return Enclosure(max(lower - edges, 0.0), upper + edges)


def enclosure(w: GridFunction, *, rtol: float, negligible: float, exact: int = 0) -> Enclosure:
    """lower <= ||Op(w)||_tr <= upper for a symbol as a run leaves it, with noise, and content near the edges.

    Up to `negligible`, in trace norm, may be cut off at the edges; what is cut off moves each bound outwards (the lower
    one perhaps below zero). A kernel of at most `exact` points is taken with all its eigenvalues, a larger one to
    `rtol`; what is negligible as a whole is bounded crudely. If w does not vanish at the edges it gets a larger grid:
    it is the band-limited function of its samples. Where cells would take too long the bounds are those of coherent
    states, however wide.
    """
    if not w.values.any():
        return Enclosure(0.0, 0.0)
    level, cut = negligible / (6 * w.n), 0.0  # three edges to each axis
    whole, ranks = w, prod(kernel_points(w.grid))
    for part in (level, level / 16, level / 256):
        small = truncated(whole, part)
        if (bound := sqrt(ranks) * left_out(whole, small)) <= negligible:
            w, cut = small, bound
            break
    if prod(kernel_points(w.grid)) <= exact:
        values, lost = eigenvalues(w, cut=level)
        lower = float(np.abs(values).sum())
        upper = lower + lost
    elif (crude := rank_bound(w)) <= negligible:
        lower, upper = 0.0, crude
    else:
        axes = w.grid.x + w.grid.xi
        losses = [edge_loss(p, a) for p, a in zip(w.profiles, axes, strict=True)]
        if max(map(max, losses)) > max(level, rtol * _size(w)):
            larger = [covering(a, RequiredBox(a.lower, a.upper, a.reach), room=0.15) for a in axes]
            w = w.resampled(w.grid.with_axes(larger))
        try:
            lower, upper = _bounds(w, rtol, negligible, MAX_SECONDS_IN_A_RUN)
        except ResourceError:
            lower, upper = trace_norm_bounds(w, rtol=rtol, allowed=negligible)
            upper = min(upper, crude)
    return Enclosure(lower - cut, upper + cut)


def _size(w: GridFunction) -> float:
    """The L1 norm by the samples: what accuracies are relative to."""
    return float(np.abs(w.values).sum() * w.grid.cell)


def _bounds(w: GridFunction, rtol: float, allowed: float, longest: float) -> tuple[float, float]:
    """Bounds that differ by at most rtol * upper + allowed, from coherent states, from both sums with wider and wider
    windows, or from the whole kernel.
    """
    size, scale = prod(kernel_points(w.grid)), _size(w)
    relative = min(rtol + allowed / scale, 1.0)
    if size > MAX_DENSE_KERNEL_POINTS:
        loss, _ = curvatures(w)
        if first_order_width(loss, w.grid) <= 2 * relative:
            lower, upper = trace_norm_bounds(w, rtol=relative)
            if upper - lower <= rtol * upper + allowed:
                return lower, upper
        wide = _first_widths(loss, w.grid, relative)
        while True:
            layout = plan(w, wide, LOSS_FRACTION_OF_RTOL * relative * scale)
            work = layout.cells * float(layout.cell) ** 3
            cheaper = work < float(size) ** 3 or BYTES_PER_KERNEL_ENTRY * size**2 > spare_memory()
            if not cheaper or layout.cell > size / 2:
                break
            if (seconds := SECONDS_PER_CUBED_SIZE * work) > longest:
                raise ResourceError(
                    f"The trace norm needs {layout.cells} cells of {layout.cell} states, about {seconds / 3600:.2g} "
                    f"hours: raise `rtol`, so that smaller pieces of phase space will do, or `h`.",
                    kind="time",
                )
            lower, upper = enclose(
                w, layout, LOSS_FRACTION_OF_RTOL * relative * scale, 5 * LOSS_FRACTION_OF_RTOL * relative
            )
            if upper - lower <= rtol * upper + allowed:
                return lower, upper
            growth = sqrt(min(max(1.1 * (upper - lower) / (relative * upper), 1.2), 4.0))
            wide = [growth * width for width in wide]
    return _whole(w, relative, longest)


def _whole(symbol: GridFunction, rtol: float, longest: float) -> tuple[float, float]:
    """Both bounds from the whole kernel; they differ by what `compress` loses, and by round-off."""
    size = prod(kernel_points(symbol.grid))
    if BYTES_PER_KERNEL_ENTRY * size**2 > (free := spare_memory()):
        raise ResourceError(
            f"The kernel needs {size} x {size} entries, about {BYTES_PER_KERNEL_ENTRY * size**2 / 2**30:.3g} GiB, but half of the free "
            f"memory is {free / 2**30:.3g} GiB: raise `rtol`, so that smaller pieces of phase space will do, or `h`.",
            kind="memory",
        )
    if (seconds := SECONDS_PER_CUBED_SIZE * float(size) ** 3) > longest:
        raise ResourceError(
            f"The kernel has {size} eigenvalues, which take about {seconds / 3600:.2g} hours: raise `rtol`, so that "
            f"smaller pieces of phase space will do, or `h`.",
            kind="time",
        )
    with one_thread():
        matrix = quantize(symbol).matrix
        (matrix,), lost = compress((matrix + matrix.conj().T) / 2, accuracy=0.1 * rtol)
        value = float(np.abs(np.linalg.eigvalsh(matrix)).sum())
    noise = 1e-14 * size * value
    return max(value - noise, 0.0), value + lost + noise


def _edges(w: GridFunction) -> float:
    """A bound on the trace norm of what lies at the edges, by the Hilbert-Schmidt norm."""
    grid = w.grid
    axes, outside = grid.x + grid.xi, w.values.copy()
    outside[tuple(slice(edge_points(axis), axis.size - edge_points(axis)) for axis in axes)] = 0.0
    ranks = prod(kernel_points(grid))
    waves = sum(edge_loss(profile, axis)[2] ** 2 for axis, profile in zip(axes, w.profiles, strict=True))
    return sqrt(ranks) * float(w.like(outside).hilbert_schmidt()) + sqrt(ranks / grid.states * waves)


def _check_resolved(symbol: GridFunction, allowed: float) -> None:
    grid = symbol.grid
    names = [f"{name}{j + 1 if grid.n > 1 else ''}" for name in ("x", "xi") for j in range(grid.n)]
    axes = grid.x + grid.xi
    most = max(max(edge_loss(profile, axis)) for axis, profile in zip(axes, symbol.profiles, strict=True))
    for name, axis, profile in zip(names, axes, symbol.profiles, strict=True):
        left, right, high = edge_loss(profile, axis)
        if max(left, right, high) <= allowed:
            continue
        lower = axis.lower - 0.25 * axis.length * (left > allowed)
        upper = axis.upper + 0.25 * axis.length * (right > allowed)
        size = good_size((upper - lower) / axis.spacing * (1.5 if high > allowed else 1.0))
        dual = "wave number" if high > allowed else "interval"
        raise InputError(
            f"Argument `symbol` must be resolved on its grid, but {max(left, right, high):.2g} of its trace norm may "
            f"lie at the end of the {dual} of {name}. Take at least {size} points on {name} in "
            f"[{lower:.4g}, {upper:.4g}], or leave it to the bounds by `atol` = {1.05 * most:.2g}."
        )


def _first_widths(loss: list[float], grid: PhaseGrid, rtol: float) -> list[float]:
    """2 W for each axis, x then xi, at which the two sums should differ by 0.8 rtol.

    To first order they differ by tr(sgn(D) G), G = s^2/2 sum_j chi_j'^2 D in x, so by
    -(h^2/2) MEAN_SQUARED_SLOPE/W^2 int sgn(w) d^2 w/dxi^2 for large W, and the same for xi with d^2 w/dx^2. `loss`: these integrals
    over int |w|.
    """
    n, least = grid.n, 2 * grid.h  # windows as wide as a few coherent states at least
    duals = [loss[(position + n) % (2 * n)] for position in range(2 * n)]
    return [2 * sqrt(max(MEAN_SQUARED_SLOPE * grid.h**2 * c * n / (0.8 * rtol), 4 * least)) for c in duals]
