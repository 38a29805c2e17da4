"""The smallest eigenvalue between two bounds.

    lower <= inf spec Op(w) <= upper

A Cholesky factor of K + s exists if, and up to round-off only if, all eigenvalues of the kernel K lie above -s; trials
with ever closer s enclose the smallest. A search from a start vector is not as safe: it sees only the components of the
vector, and may stop at another eigenvalue. For n = 1 the kernel is a band: its entries vanish at distances s that the
grid does not hold, and a factor costs M b^2 operations, with M points and a band of b of them, few for states that have
decohered. For n > 1 a projection P on products of one-mode states keeps what matters of the operator W:

    inf spec W  >=  min(inf spec P W P, 0) - ||P W (1 - P)|| - ||(1 - P) W (1 - P)||,

and the two norms together are at most sqrt(2) ||(1 - P) W||_HS. Kernels whose bands are too large, and symbols that
need too many product states, are bounded by coherent states.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from openweyl._core.memory import spare_memory
from openweyl._core.threads import one_thread
from openweyl.phase_space.grid import PhaseGrid
from openweyl.phase_space.grid_function import GridFunction
from openweyl.phase_space.kernels import band_width, kernel_points, lower_band
from openweyl.phase_space.support import left_out, truncated

from .coherent_bounds import smallest_eigenvalue_bounds
from .product_states import compressed

MAX_FACTOR_OPERATIONS = 1e11
"""The operations M b^2 of one Cholesky factor up to which bands are factored: about ten seconds on one core."""
BYTES_PER_BAND_ENTRY = 50
"""Peak memory per entry of a band: the complex band and two copies of it."""
BISECTION_RTOL = 0.01
"""The width at which the bisection stops, relative to the eigenvalue, or to `accuracy` if that is larger: each further
digit costs three or four factors, and the kernel itself is cut at `accuracy`/4."""
TRUNCATION_LEVELS = (16.0, 4.0, 1.0, 0.25)
"""The levels, in units of the accuracy, at which a symbol is cut to its support, in turn, until what is left out is a
quarter of the accuracy: a level is a trace norm, and what is left out counts by its Hilbert-Schmidt norm."""
MAX_PRODUCT_STATES = 2000
"""The products of one-mode states whose matrix is diagonalized: two seconds."""


def smallest_eigenvalue(w: GridFunction, accuracy: float) -> tuple[float, float]:
    """(lower, upper) with lower <= inf spec Op(w) <= upper <= 0, to `accuracy` or 1 % of the value.

    Cholesky factors for n = 1, product states for n > 1; else bounds from coherent states, which are sharp where w is
    smooth on the scale sqrt(h), and wide where it is not.
    """
    w, lost = _cut_to_support(w, accuracy / 4)  # no eigenvalue moves by more than the Hilbert-Schmidt norm
    grid = w.grid
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
    elif (small := compressed(w, norm=accuracy / 4, most=MAX_PRODUCT_STATES)) and small.norm_loss <= accuracy / 4:
        with one_thread(len(small.matrix)):
            least = float(np.linalg.eigvalsh(small.matrix)[0])
        return min(least, 0.0) - sqrt(2) * small.norm_loss - lost, min(least + lost, 0.0)
    lower, upper = smallest_eigenvalue_bounds(w, accuracy)
    return lower - lost, min(upper + lost, 0.0)


def _cut_to_support(w: GridFunction, allowed: float) -> tuple[GridFunction, float]:
    """`w` on a smaller grid, and the Hilbert-Schmidt norm of what that leaves out: `allowed`, or less where it can."""
    for level in TRUNCATION_LEVELS:
        small = truncated(w, level * 4 * allowed)
        if (lost := left_out(w, small)) <= allowed:
            break
    return small, lost


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
