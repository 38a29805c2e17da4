"""Weyl quantization on grids: from a symbol to the kernel of its operator and back.

    (Op(w) u)(y) = int rho(y, y') u(y') dy',    rho(x + s/2, x - s/2) = (2 pi h)^-n int w(x, xi) e^{i xi.s/h} dxi.

The kernel is sampled at y_a = y_0 + a d, as the matrix K[a, b] = d^n rho(y_a, y_b): its eigenvalues, trace and trace
norm are those of Op(w). Sampling is faithful when the window (Nyquist's rule once more) holds

    all y = x + s/2 in the box, |s| <= reach:       M d >= L_x + s_max,
    all momenta xi + hk/2:                          2 pi h / d >= L_xi + h k_max,

so M = (L_x + s_max)(L_xi + h k_max)/(2 pi h) points per degree of freedom. Source: Li (2.1).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, pi

import numpy as np

from openweyl._core.arguments import ResourceError, must
from openweyl._core.calls import public
from openweyl._core.memory import spare_memory
from openweyl._core.threads import one_thread

from .grid import Axis, PhaseGrid, check_grid
from .grid_function import GridFunction, check_function
from .resampling import interpolation

BYTES_PER_KERNEL_ENTRY = 100
"""Peak memory per entry of a kernel: the complex entry and five copies, in products and in eigenvalue problems."""
KERNELS_AT_ONCE = 64
"""Kernels of one degree of freedom that `symbol_values` refines at a time: with n = 2 there are thousands, and each is
four times as large on points of half the spacing."""
ROWS_AT_ONCE = 4096
"""Rows of the interpolation matrix that `lower_band` forms at a time: 32 MiB for 1000 points of x."""


@public
@dataclass(frozen=True, eq=False)
class Kernel:
    """K[a_1 .. a_n, b_1 .. b_n] = d^n rho(y_a, y_b), the kernel rho of an operator on points y_a = y_0 + a d.

    `entries`: K, shape (M_1 .. M_n, M_1 .. M_n). `windows`: the points of y, an Axis of spacing d for each degree of
    freedom. `momenta`: the middle of the band of momenta that each window's spacing resolves. `h`: the semiclassical
    parameter.
    """

    entries: np.ndarray
    windows: tuple[Axis, ...]
    momenta: tuple[float, ...]
    h: float

    @property
    def matrix(self) -> np.ndarray:
        """The kernel as a square matrix, of the size of the Hilbert space that the window holds."""
        size = int(np.prod([window.size for window in self.windows]))
        return self.entries.reshape(size, size)

    @property
    def trace(self) -> complex:
        """tr Op(w), the sum of the diagonal entries."""
        return complex(np.trace(self.matrix))


def kernel_points(grid: PhaseGrid) -> tuple[int, ...]:
    """The number of kernel points per degree of freedom that `quantize` will use for symbols on `grid`."""
    return tuple(_window(x, xi, grid.h).size for x, xi in zip(grid.x, grid.xi, strict=True))


def kernel_bytes(size: int) -> float:
    """The memory that work on a kernel of `size` x `size` entries takes."""
    return BYTES_PER_KERNEL_ENTRY * float(size) ** 2


def check_kernel_fits(size: int, advice: str, subject: str = "The kernel needs") -> None:
    """Raise ResourceError, with `advice`, unless a kernel of this size fits into half of the free memory."""
    if (needed := kernel_bytes(size)) > (free := spare_memory()):
        raise ResourceError(
            f"{subject} {size} x {size} entries, about {needed / 2**30:.3g} GiB, but half of the free memory is "
            f"{free / 2**30:.3g} GiB: {advice}.",
            kind="memory",
        )


@public
def quantize(symbol: GridFunction) -> Kernel:
    """K[a, b] = d^n rho(y_a, y_b), the kernel of Op(w): (Op(w) u)(y_a) = sum_b K[a, b] u(y_b).

    `symbol`: w, real or complex, a Symbol, negligible at the edges of its grid in x, xi, k and s. The window of y has
    just the M points that these require, (L_x + pi h/dxi)(L_xi + pi h/dx)/(2 pi h) for each degree of freedom.

    Raises InputError for anything but a Symbol, and for a batch. Source: Li (2.1).
    """
    check_function(symbol)
    must(not symbol.batch, "symbol", "be one", f"a batch of shape {symbol.batch}", "Take symbol[j].")
    array, grid = symbol.values, symbol.grid
    n, windows = grid.n, []
    for j in range(n):
        window = _window(grid.x[j], grid.xi[j], grid.h)
        windows.append(window)
        # bring x_j, xi_j last (in memory too: products of strided matrices are slow), turn them into a_j, b_j, and put
        # these back in the same places
        array = np.ascontiguousarray(np.moveaxis(array, (j, n + j), (-2, -1)))
        with one_thread(window.size):
            array = one_mode_kernels(array, grid.x[j], grid.xi[j], grid.h)
        array = np.moveaxis(array, (-2, -1), (j, n + j))
    centers = tuple((axis.lower + axis.upper) / 2 for axis in grid.xi)
    return Kernel(np.ascontiguousarray(array), tuple(windows), centers, grid.h)


def band_width(grid: PhaseGrid) -> int:
    """b such that K[i, j] = 0 for |i - j| > b (n = 1): no sample holds distances |s| > pi h/dxi."""
    window = _window(grid.x[0], grid.xi[0], grid.h)
    return min(floor(pi * grid.h / grid.xi[0].spacing / window.spacing * (1 + 1e-12)), window.size - 1)


def lower_band(symbol: GridFunction) -> np.ndarray:
    """B[i - j, j] = K[i, j] for 0 <= i - j <= b, n = 1: all there is of the kernel, without the M^2 entries."""
    grid = symbol.grid
    x, xi, window = grid.x[0], grid.xi[0], _window(grid.x[0], grid.xi[0], grid.h)
    size, width = window.size, band_width(grid)
    band = np.zeros((width + 1, size), dtype=complex)
    for parity in (0, 1):
        sums, differences = np.arange(parity, 2 * size - 1, 2), np.arange(parity, width + 1, 2)  # i + j, i - j
        phases = np.outer(xi.points, differences * window.spacing / grid.h)
        fourier = np.exp(1j * phases) * (xi.spacing * window.spacing / (2 * pi * grid.h))
        for first in range(0, len(sums), ROWS_AT_ONCE):
            some = sums[first : first + ROWS_AT_ONCE]
            values = interpolation(x, window.lower + window.spacing * some / 2) @ symbol.values @ fourier
            j = (some[:, None] - differences) // 2
            inside = (j >= 0) & (j + differences < size)
            band[np.broadcast_to(differences, j.shape)[inside], j[inside]] = values[inside]
    return band


def symbol_values(kernel: Kernel, grid: PhaseGrid, *, hermitian: bool = True) -> np.ndarray:
    """The values on `grid` of the symbol with this kernel: w(x, xi) = int rho(x + s/2, x - s/2) e^{-i xi.s/h} ds.

    Real for a `hermitian` kernel (the real part is returned), else complex. Exact if kernel and symbol are negligible
    at the edges of the window and of the grid; zero where the grid reaches beyond the window.
    """
    check_grid(grid)
    n, array = grid.n, kernel.entries
    must(len(kernel.windows) == n, "grid", f"have n = {len(kernel.windows)} degrees of freedom", n)
    for j in range(n):
        array = np.ascontiguousarray(np.moveaxis(array, (j, n + j), (-2, -1)))
        with one_thread(kernel.windows[j].size):
            array = _kernel_to_pair(array, grid.x[j], grid.xi[j], kernel.windows[j], kernel.momenta[j], kernel.h)
        array = np.moveaxis(array, (-2, -1), (j, n + j))
    return np.ascontiguousarray(array.real if hermitian else array)


def _window(x: Axis, xi: Axis, h: float) -> Axis:
    """The window of y for one degree of freedom: just as long, and just as fine, as the symbol's box asks."""
    reach_s, reach_k = pi * h / xi.spacing, pi / x.spacing
    spacing = 2 * pi * h / (xi.length + h * reach_k)
    size = ceil((x.length + reach_s) / spacing)
    return Axis((x.lower + x.upper) / 2 - spacing * (size - 1) / 2, spacing, size)


def one_mode_kernels(w: np.ndarray, x: Axis, xi: Axis, h: float) -> np.ndarray:
    """(..., x, xi) -> (..., a, b): the kernels of one degree of freedom, on the window that `quantize` uses.

    y_a and y_b of one parity have their middle on the window, of two on half points.
    """
    window = _window(x, xi, h)
    size, d = window.size, window.spacing
    a, b = np.indices((size, size))
    where = np.empty((size, size), dtype=np.intp)
    parts: list[np.ndarray] = []
    for parity in (0, 1):
        middles = np.arange(parity, 2 * size - 1, 2)  # a + b
        differences = np.arange(-size + 1, size)
        differences = differences[(differences - parity) % 2 == 0]  # a - b
        s = differences * d
        fourier = np.exp(1j * np.outer(xi.points, s) / h) * (xi.spacing * d / (2 * pi * h))
        fourier[:, np.abs(s) > pi * h / xi.spacing] = 0.0  # beyond its reach the sum over xi repeats itself
        values = interpolation(x, window.lower + d * middles / 2) @ w @ fourier
        ours = (a + b - parity) % 2 == 0
        offset = parts[0].shape[-1] if parts else 0
        where[ours] = offset + (a + b)[ours] // 2 * len(differences) + ((a - b)[ours] - differences[0]) // 2
        parts.append(values.reshape(*w.shape[:-2], -1))
    return np.take(np.concatenate(parts, axis=-1), where, axis=-1)


def _kernel_to_pair(rho: np.ndarray, x: Axis, xi: Axis, window: Axis, momentum: float, h: float) -> np.ndarray:
    """(..., a, b) -> (..., x, xi) by w = 2 int rho(x + u, x - u) e^{-2i xi.u/h} du on points of half the spacing."""
    size, d = window.size, window.spacing
    half = Axis(window.lower, d / 2, 2 * size)
    # interpolate about the middle of the band, where the kernel is slow
    turn = np.exp(1j * momentum * window.points / h)
    back = np.exp(1j * momentum * half.points / h)
    to_half = back[:, None] * interpolation(window, half.points) * turn.conj()
    m, j = np.indices((2 * size, 2 * size))
    plus, minus = m + j - size, m - j + size
    inside = (plus >= 0) & (plus < 2 * size) & (minus >= 0) & (minus < 2 * size)
    where = np.where(inside, plus * 2 * size + minus, 0)
    u = (np.arange(2 * size) - size) * d / 2
    fourier = np.exp(-2j * np.outer(u, xi.points) / h)
    fourier[:, np.abs(xi.points - momentum) > pi * h / d] = 0.0  # outside its band of momenta the sum repeats itself
    to_x = interpolation(half, x.points)
    stacked = rho.reshape(-1, size, size)
    out = np.empty((len(stacked), x.size, xi.size), dtype=complex)
    for first in range(0, len(stacked), KERNELS_AT_ONCE):  # the fine kernels are four times as large
        fine = to_half @ stacked[first : first + KERNELS_AT_ONCE] @ to_half.conj().T
        chords = np.take(fine.reshape(len(fine), -1), where, axis=-1) * inside
        out[first : first + KERNELS_AT_ONCE] = to_x @ chords @ fourier
    return out.reshape(*rho.shape[:-2], x.size, xi.size)
