"""The trace norm of Op(w) enclosed between two sums over cells of phase space.

All eigenvalues cost (states)^3. Cut instead with smooth windows, sum_j chi_j(x)^2 = 1 and then sum_l eta_l(hD)^2 = 1:

    sum_jl ||eta_l chi_j D chi_j eta_l||_tr  <=  ||D||_tr  <=  sum_jl ||eta_l (chi_j D' chi_j)' eta_l||_tr + remainder.

Left: u -> (chi_j u)_j is an isometry V, and the diagonal blocks chi_j D chi_j of V D V* have no larger trace norm than
all of it. Right: D = sum_j chi_j D' chi_j + remainder, where ' divides the kernel by the overlap
f = sum_j chi_j(x + s/2) chi_j(x - s/2) = 1 - O((s/W)^2), so that no first-order gap is left to be bounded; the
remainder, (1 - f)^8 D, is bounded by sqrt(rank) times its Hilbert-Schmidt norm. Both sums differ by O((s/W)^2): wider
windows W until they agree to `rtol`. The windows multiply in (x, s) and in (k, xi), so every cell is cut from the
symbol and becomes a Hermitian matrix over the momenta of its own window. docs/trace-norm.md has the proofs.
"""

from __future__ import annotations

from math import prod, sqrt

import numpy as np

from ._check import InputError, ResourceError, must, real
from ._fourier import good_size, irfft, rfft
from ._memory import spare_memory
from ._public import public
from ._threads import one_thread
from .cells import compress, enclose
from .extent import Need, Profile, edge_loss, fit, left_out, profiles, trimmed
from .grid import PhaseGrid, resample, symbol_on
from .norms import eigenvalues, rank_bound
from .tiling import plan
from .weyl import kernel_points, quantize
from .windows import SLOPE

DENSE = 1000
"""The size of a kernel up to which it is not cut."""
BYTES = 100
"""Peak memory per entry of a whole kernel."""
SHARE = 0.02
"""The part of `rtol` given to each loss that is not the windows' own: cells left out, wave numbers cut off."""


@public
def trace_norm(symbol: np.ndarray, grid: PhaseGrid, rtol: float = 1e-2) -> tuple[float, float]:
    """(lower, upper) with lower <= ||Op(symbol)||_tr <= upper and upper - lower <= rtol * upper.

    Small kernels are taken whole, large ones in cells of phase space: the work grows like the volume where the symbol
    lives over (2 pi h)^n. `symbol`: real, negligible at the edges of `grid` in x, xi, k and s.

    Raises InputError if `rtol` is out of range or the symbol is not resolved on its grid, ResourceError if no cells are
    small enough and the whole kernel would not fit in memory.

    >>> from openweyl import PhaseGrid, coherent
    >>> grid = PhaseGrid.box(h=0.1, x=(-3, 3), xi=(-3, 3), size=(64, 64))
    >>> lower, upper = trace_norm(coherent(1, 0).symbol(grid), grid)
    >>> lower <= 1 + 1e-9 and upper >= 1 - 1e-9 and upper - lower < 1e-2
    True
    """
    rtol = real("rtol", rtol, above=0.0)
    must(1e-8 <= rtol <= 1, "rtol", "lie between 1e-8 and 1", rtol, "It is the width of the enclosure over its value.")
    symbol = symbol_on(symbol, grid)
    scale = float(np.abs(symbol).sum() * grid.cell)
    if scale == 0:
        return 0.0, 0.0
    _check_resolved(profiles(symbol, grid), grid, rtol * scale)
    return _bounds(symbol, grid, rtol)


def enclosure(w: np.ndarray, grid: PhaseGrid, *, rtol: float, negligible: float, exact: int = 0) -> tuple[float, float]:
    """lower <= ||Op(w)||_tr <= upper for a symbol as a run leaves it, with noise, and content near the edges.

    Up to `negligible`, in trace norm, may be cut off at the edges; what is cut off moves each bound outwards (the lower
    one perhaps below zero). A kernel of at most `exact` points is taken with all its eigenvalues, a larger one to
    `rtol`; what is negligible as a whole is bounded crudely. If w does not vanish at the edges it gets a larger grid:
    it is the band-limited function of its samples.
    """
    if not w.any():
        return 0.0, 0.0
    level, cut = negligible / (6 * grid.n), 0.0  # three edges to each axis
    found, ranks = profiles(w, grid), prod(kernel_points(grid))
    for part in (level, level / 16, level / 256):
        small, box = trimmed(w, grid, part, found)
        if (bound := sqrt(ranks) * left_out(w, grid, small, box)) <= negligible:
            w, grid, cut = small, box, bound
            break
    if prod(kernel_points(grid)) <= exact:
        values, lost = eigenvalues(w, grid, cut=level)
        lower = float(np.abs(values).sum())
        upper = lower + lost
    elif (crude := rank_bound(w, grid)) <= negligible:
        lower, upper = 0.0, crude
    else:
        axes = grid.x + grid.xi
        losses = [edge_loss(p, a) for p, a in zip(profiles(w, grid), axes, strict=True)]
        if max(map(max, losses)) > max(level, rtol * float(np.abs(w).sum() * grid.cell)):
            axes = tuple(fit(a, Need(a.lower, a.upper, a.reach), room=0.15) for a in axes)
            larger = PhaseGrid(axes[: grid.n], axes[grid.n :], grid.h)
            w, grid = resample(w, grid, larger), larger
        lower, upper = _bounds(w, grid, rtol)
    return lower - cut, upper + cut


def _bounds(w: np.ndarray, grid: PhaseGrid, rtol: float) -> tuple[float, float]:
    """Both sums, with wider and wider windows; or the whole kernel."""
    found = profiles(w, grid)
    scale = float(np.abs(w).sum() * grid.cell)
    size = prod(kernel_points(grid))
    if size > DENSE:
        wide = _first_widths(w, grid, rtol)
        while True:
            layout = plan(grid, found, wide, SHARE * rtol * scale)
            cheaper = layout.cells * float(layout.cell) ** 3 < float(size) ** 3 or BYTES * size**2 > spare_memory()
            if not cheaper or layout.cell > size / 2:
                break
            lower, upper = enclose(w, layout, SHARE * rtol * scale, 5 * SHARE * rtol)
            if upper - lower <= rtol * upper:
                return lower, upper
            growth = sqrt(min(max(1.1 * (upper - lower) / (rtol * upper), 1.2), 4.0))
            wide = [growth * width for width in wide]
    return _whole(w, grid, rtol)


def _whole(symbol: np.ndarray, grid: PhaseGrid, rtol: float) -> tuple[float, float]:
    """Both bounds from the whole kernel; they differ by what `compress` loses, and by round-off."""
    size = prod(kernel_points(grid))
    if BYTES * size**2 > (free := spare_memory()):
        raise ResourceError(
            f"The kernel needs {size} x {size} entries, about {BYTES * size**2 / 2**30:.3g} GiB, but half of the free "
            f"memory is {free / 2**30:.3g} GiB: raise `rtol`, so that smaller pieces of phase space will do, or `h`."
        )
    with one_thread():
        matrix = quantize(symbol, grid).matrix
        (matrix,), lost = compress((matrix + matrix.conj().T) / 2, accuracy=0.1 * rtol)
        value = float(np.abs(np.linalg.eigvalsh(matrix)).sum())
    noise = 1e-14 * size * value
    return max(value - noise, 0.0), value + lost + noise


def _check_resolved(found: tuple[Profile, ...], grid: PhaseGrid, allowed: float) -> None:
    names = [f"{name}{j + 1 if grid.n > 1 else ''}" for name in ("x", "xi") for j in range(grid.n)]
    for name, axis, profile in zip(names, grid.x + grid.xi, found, strict=True):
        left, right, high = edge_loss(profile, axis)
        if max(left, right, high) <= allowed:
            continue
        lower = axis.lower - 0.25 * axis.length * (left > allowed)
        upper = axis.upper + 0.25 * axis.length * (right > allowed)
        size = good_size((upper - lower) / axis.spacing * (1.5 if high > allowed else 1.0))
        dual = "wave number" if high > allowed else "interval"
        raise InputError(
            f"Argument `symbol` must be resolved on its grid, but {max(left, right, high):.2g} of its trace norm may "
            f"lie at the end of the {dual} of {name}. "
            f"Take at least {size} points on {name} in [{lower:.4g}, {upper:.4g}]."
        )


def _first_widths(w: np.ndarray, grid: PhaseGrid, rtol: float) -> list[float]:
    """2 W for each axis, x then xi, at which the two sums should differ by 0.8 rtol.

    To first order they differ by tr(sgn(D) G), G = s^2/2 sum_j chi_j'^2 D in x, so by
    -(h^2/2) SLOPE/W^2 int sgn(w) d^2 w/dxi^2 for large W, and the same for xi with d^2 w/dx^2.
    """
    n, total = grid.n, float(np.abs(w).sum())
    widths = []
    for position in range(2 * n):
        dual = (position + n) % (2 * n)
        axis = (grid.x + grid.xi)[dual]
        index = dual - 2 * n
        k = axis.wave_numbers(half=True).reshape((-1,) + (1,) * (2 * n - 1 - dual))
        second = irfft(rfft(w, (index,)) * k**2, (index,), axis.size)
        curvature = grid.h**2 * float((np.sign(w) * second).sum()) / total
        least = 2 * grid.h  # windows as wide as a few coherent states at least
        widths.append(2 * sqrt(max(SLOPE * curvature * n / (0.8 * rtol), 4 * least)))
    return widths
