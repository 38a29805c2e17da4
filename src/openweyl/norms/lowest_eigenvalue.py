"""The smallest eigenvalue between two bounds.

    lower <= inf spec Op(w) <= upper

A Cholesky factor of K + s exists if, and up to round-off only if, all eigenvalues of the kernel K lie above -s; trials
with ever closer s enclose the smallest. This is no search from a start vector, which sees only what the vector holds,
and may stop at another eigenvalue. For n = 1 the kernel is a band: its entries vanish at distances s that the grid does
not hold, and a factor costs M b^2, b few of M points for states that have decohered. Kernels whose bands are too large
are bounded by coherent states.
"""

from __future__ import annotations

from math import prod

import numpy as np

from openweyl._core.memory import spare_memory
from openweyl._core.threads import one_thread
from openweyl.phase_space.grid import PhaseGrid
from openweyl.phase_space.grid_function import GridFunction
from openweyl.phase_space.kernels import band_width, kernel_points, lower_band
from openweyl.phase_space.support import left_out, truncated

from .coherent_bounds import smallest_eigenvalue_bounds
from .dense import eigenvalues

MAX_FACTOR_OPERATIONS = 1e11
"""The operations M b^2 of one Cholesky factor up to which bands are factored: about ten seconds on one core."""
BYTES_PER_BAND_ENTRY = 50
"""Peak memory per entry of a band: the complex band and two copies of it."""
BISECTION_RTOL = 0.01
"""The width at which the bisection stops, relative to the eigenvalue, or to `accuracy` if that is larger: each further
digit costs three or four factors, and the kernel itself is cut at `accuracy`/4."""


def smallest_eigenvalue(w: GridFunction, accuracy: float, exact: int) -> tuple[float, float]:
    """(lower, upper) with lower <= inf spec Op(w) <= upper <= 0, to `accuracy` or 1 % of the value.

    Cholesky factors for n = 1, all eigenvalues of kernels of up to `exact` points for n > 1; else bounds from coherent
    states, which are sharp where w is smooth on the scale sqrt(h), and wide where it is not.
    """
    whole, w = w, truncated(w, accuracy / 4)
    grid, lost = w.grid, left_out(whole, w)  # no eigenvalue moves by more than the Hilbert-Schmidt norm
    if grid.n == 1:
        transposed = w.like(w.values.T, PhaseGrid(grid.xi, grid.x, grid.h))  # the same operator, in momenta
        sides = [w, transposed]
        widths = [band_width(side.grid) for side in sides]
        sizes = [float(kernel_points(side.grid)[0]) for side in sides]
        works = [size * width**2 for size, width in zip(sizes, widths, strict=True)]
        best = int(np.argmin(works))
        needed = BYTES_PER_BAND_ENTRY * sizes[best] * (widths[best] + 1)
        if works[best] <= MAX_FACTOR_OPERATIONS and needed <= spare_memory():
            lower, upper = _from_band(lower_band(sides[best]), accuracy)
            return lower - lost, min(upper + lost, 0.0)
    elif prod(kernel_points(grid)) <= exact:
        values, cut_off = eigenvalues(w, cut=accuracy / (4 * grid.n))  # at both ends of positions and momenta
        least = float(values[0])
        return min(least, 0.0) - cut_off - lost, min(least + lost, 0.0)
    lower, upper = smallest_eigenvalue_bounds(w, accuracy)
    return lower - lost, min(upper + lost, 0.0)


def _from_band(band: np.ndarray, accuracy: float) -> tuple[float, float]:
    """Bounds on the smallest eigenvalue, or 0 if that is less, of the hermitian matrix B[i - j, j]."""
    width = len(band) - 1
    high = accuracy
    low = 0.0  # K + high has a factor, K + low has none or low = 0
    while not _positive(band, high):
        low, high = high, 4 * high
    while high - low > BISECTION_RTOL * max(high, accuracy):
        middle = (low + high) / 2
        if _positive(band, middle):
            high = middle
        else:
            low = middle
    # |K + s - L L*| <= (b + 2) eps |L| |L*|, and the rows of L have the squares of the diagonal; 2b + 1 of them meet
    noise = (width + 2) * (2 * width + 1) * np.finfo(float).eps * float(np.abs(band[0]).max() + high)
    return float(-high - noise), float(min(-low + noise, 0.0))


def _positive(band: np.ndarray, shift: float) -> bool:
    from scipy.linalg import cholesky_banded  # slow to import

    shifted = band.copy()
    shifted[0] += shift
    try:
        with one_thread(band.shape[1]):
            cholesky_banded(shifted, overwrite_ab=True, lower=True, check_finite=False)
    except np.linalg.LinAlgError:
        return False
    return True
