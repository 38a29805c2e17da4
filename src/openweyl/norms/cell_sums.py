"""The cells of phase space: an operator cut with windows in x, then in xi, down to small Hermitian matrices.

    lower sum   sum_jl || eta_l chi_j D chi_j eta_l ||_tr,          sum_j chi_j(x)^2 = 1,   sum_l eta_l(hD)^2 = 1
    upper sum   sum_jl || eta_l (chi_j D' chi_j)' eta_l ||_tr       ' restores what the windows take away

chi_j D chi_j acts on an interval, so its momenta may be taken from a lattice, with the spacing 2 pi h / torus for any
torus that is no shorter. There

    <p| chi_j D chi_j |q> = (1/torus) int w_j(x, (p + q)/2) e^{-i (p - q) x/h} dx,      w_j = symbol of chi_j D chi_j:

a Fourier transform of the symbol, of which the cells are sections. No kernel in positions is ever formed.
"""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from itertools import product
from math import pi, prod, sqrt

import numpy as np

from openweyl._core.fft import irfft, rfft
from openweyl._core.threads import one_thread
from openweyl.phase_space.grid_function import GridFunction
from openweyl.phase_space.kernels import kernel_points

from .cell_layout import Layout, Part
from .partition_of_unity import RESTORED_TERMS, overlap, restored, window

CELL_THREADS = 2
"""Cells whose eigenvalues are computed at a time, each on one core: a small machine has two, and memory for two."""
MIN_COMPRESSED_RANK = 24
"""The least number of columns that `compress` adds at a time: fewer make the products of matrices slow."""


def enclose(symbol: GridFunction, layout: Layout, negligible: float, accuracy: float) -> tuple[float, float]:
    """(lower, upper) with lower <= ||Op(symbol)||_tr <= upper: both sums, with all losses taken off and added.

    Cells whose trace norms are below `negligible` together are bounded by their Hilbert-Schmidt norms. `accuracy`: the
    relative error that `compress` may make in each cell.
    """
    parts, n, grid = layout.parts, layout.grid.n, layout.grid
    w = symbol.resampled(layout.padded).resampled(grid).values
    cut, gap = _x_factors(layout)
    cells = _Cells(parts, negligible / layout.cells, accuracy)
    lower = upper = unrestored = 0.0
    axes = tuple(range(-n, 0))
    with one_thread(), ThreadPoolExecutor(CELL_THREADS) as pool:
        for strip in product(*(range(part.strips) for part in parts)):
            taken, places = zip(*(_rows(part, j) for part, j in zip(parts, strip, strict=True)), strict=True)
            spectrum = rfft(np.ascontiguousarray(w[taken]), axes)
            # every x lies in [j W, (j + 1) W) for one strip: what the windows do not restore is summed there
            own = tuple(slice(max(part.rows - 1 - p.start, 0), None) for part, p in zip(parts, places, strict=True))
            unrestored += _square(spectrum[own] * gap[places][own])
            pair = irfft(spectrum * cut[:, *places], axes, w.shape[-1])
            low, high = cells.sums(_to_momenta(pair, parts, places), pool)
            lower += low
            upper += high
    squares = unrestored * grid.cell / prod(axis.size for axis in grid.xi)
    remainder = sqrt(squares * prod(kernel_points(grid)))
    return max(lower - layout.lost, 0.0), upper + remainder + layout.lost


def _square(spectrum: np.ndarray) -> float:
    """The sum of |.|^2 over a spectrum of which the last axis is halved, both halves counted (the ends too)."""
    return float(2 * np.vdot(spectrum, spectrum).real)


def _rows(part: Part, index: int) -> tuple[slice, slice]:
    """The samples in x under a window, and their places among the 2 rows - 1 that a window covers."""
    first = index * part.rows - part.rows + 1
    start, stop = max(first, 0), min(first + 2 * part.rows - 1, part.x.size)
    return slice(start, stop), slice(start - first, stop - first)


def _x_factors(layout: Layout) -> tuple[np.ndarray, np.ndarray]:
    """In (x, s) under one window: the factors of chi D chi and of chi D' chi, and (1 - f)^r; 0 where |s| > W."""
    n, distances = layout.grid.n, layout.grid.mesh("x", "s")[1]
    cut, f, near = np.ones(1), np.ones(1), np.ones(1, dtype=bool)
    for j, part in enumerate(layout.parts):
        t = part.along(np.arange(1 - part.rows, part.rows) / part.rows, j - 2 * n)
        s = distances[j] / (part.rows * part.x.spacing)
        cut = cut * (window(t + s / 2) * window(t - s / 2))
        one_period = overlap(part.along(np.arange(part.rows) / part.rows, j - 2 * n), s)
        f = f * np.take(one_period, np.arange(1 - part.rows, part.rows), axis=j - 2 * n, mode="wrap")
        near = near & (np.abs(s) <= 1)
    return np.stack([cut * near, cut * restored(f) * near]), (1 - f) ** RESTORED_TERMS * near


def _wave_indices(part: Part, first: bool) -> np.ndarray:
    """m = 0 .. waves, then -waves .. -1, without these for the first degree of freedom: hermitian matrices."""
    m = np.arange(part.waves + 1)
    return m if first else np.concatenate([m, -m[:0:-1]])


def _to_momenta(pair: np.ndarray, parts: tuple[Part, ...], places: tuple[slice, ...]) -> np.ndarray:
    """(2, x.., xi..) -> (2, m.., xi..): <p| . |q> at p - q = 2 pi h m / torus and (p + q)/2 = xi."""
    for j, (part, inside) in enumerate(zip(parts, places, strict=True)):
        x = part.x.spacing * np.arange(inside.start, inside.stop)
        phases = np.outer(_wave_indices(part, j == 0), -2 * pi / part.torus * x)
        scale = part.x.spacing / part.torus
        moved = np.moveaxis(pair, 1 + j, -1)  # real times complex is two real products
        real, imaginary = (moved @ (scale * f(phases)).T for f in (np.cos, np.sin))
        pair = np.moveaxis(real + 1j * imaginary, -1, 1 + j)
    return pair


class _Cells:
    """The windows in xi, which cut every strip in the same way into cells.

    A strip is an array over (m, c), m = a - b the difference and c = a + b the sum of the indices of two momenta p_a
    and p_b; a cell, the matrix over (a, b) of the momenta under one window, is a diamond in it:

            c ->                    matrix entry (a, b) sits at row m = a - b, column first + a + b;
        m  . . o . .                first: the sum 2 a_0 at which the window's momenta begin. The same indices serve
        |  . o . o .                for all windows, shifted by `first`: `places` are those of first = 0, counted in
        v  o . o . o                the array as one line, and a shift of the window adds a constant to them.

    Only half of the diamond is stored: m >= 0 for the first degree of freedom. Entries with m < 0 are the conjugates of
    those with m > 0, where `conjugate` is -1. `factors`: the windows that multiply a cell's matrix in the lower and in
    the upper sum. `gap`: (1 - g)^r, the part that the windows in xi do not restore. `rank`: a bound of the rank of a
    strip.
    """

    def __init__(self, parts: tuple[Part, ...], negligible: float, accuracy: float) -> None:
        self.parts, self.negligible, self.accuracy = parts, negligible, accuracy
        n = len(parts)
        self.shape = tuple(len(_wave_indices(part, j == 0)) for j, part in enumerate(parts)) + tuple(
            part.xi.size + 2 * part.pad for part in parts
        )
        eta, g, f, same = np.ones(1), np.ones(1), np.ones(1), np.ones(1, dtype=bool)
        columns: list[np.ndarray] = []
        for j, part in enumerate(parts):
            a = part.along(np.arange(part.momenta), j - 2 * n)
            b = part.along(np.arange(part.momenta), j - n)
            if j == 0:
                self.conjugate = np.where(a < b, -1.0, 1.0)
            m = (self.conjugate * (a - b)).astype(int)
            eta = eta * (np.abs(m) <= part.waves)
            columns.insert(j, np.clip(m, -part.waves, part.waves) % self.shape[j])
            columns.append(a + b)
            # the overlap once more, at all (m, c): momenta exist where these are both even or both odd
            m = part.along(_wave_indices(part, j == 0), j - 2 * n)
            c = part.along(np.arange(self.shape[n + j]), j - n)
            same = same & ((m + c) % 2 == 0)
            if part.bands > 1:
                half = part.momenta / 2
                p, q = (a + 0.5) / half - 1, (b + 0.5) / half - 1
                eta = eta * (window(p) * window(q))
                g = g * overlap((p + q) / 2, p - q)
                f = f * overlap((c + 1) / part.momenta, m / half)
        self.factors = np.stack([eta, eta * restored(g)])
        self.places = np.ravel_multi_index(tuple(np.broadcast_arrays(*columns)), self.shape)
        self.size = prod(part.momenta for part in parts)
        self.largest = float(np.abs(self.factors).max())
        self.gap = (1 - f) ** RESTORED_TERMS * same
        self.rank = prod(part.xi.size / 2 + part.pad + part.waves + 1 for part in parts)

    def sums(self, pair: np.ndarray, pool: Executor) -> tuple[float, float]:
        """The trace norms of the cells of a strip summed; above, with bounds on cells left out and on the gap."""
        n = len(self.parts)
        pair = np.pad(pair, [(0, 0)] * (n + 1) + [(part.pad, part.pad) for part in self.parts])
        power = pair.real**2 + pair.imag**2
        along_m = tuple(range(n))
        extra = sqrt(self.rank * 2 * float((power[1] * self.gap**2).sum()))  # 2: both signs of the first m
        power = 2 * power.max(axis=0).sum(axis=along_m)
        offsets = []
        for cell in product(*(range(part.bands + 1 if part.pad else 1) for part in self.parts)):
            first = [j * part.momenta for j, part in zip(cell, self.parts, strict=True)]
            under = tuple(slice(i, i + 2 * part.momenta) for i, part in zip(first, self.parts, strict=True))
            bound = self.largest * sqrt(self.size * float(power[under].sum()))
            if bound > self.negligible:
                offsets.append(int(np.ravel_multi_index((0,) * n + tuple(first), self.shape)))
            else:
                extra += bound
        norms = list(pool.map(lambda offset: self._norms(pair, offset), offsets))
        return sum(norm[0] for norm in norms), sum(norm[1] for norm in norms) + extra

    def _norms(self, pair: np.ndarray, offset: int) -> tuple[float, float]:
        """The trace norms of one cell in the lower sum, from below, and in the upper sum, from above."""
        matrices = np.take(pair.reshape(2, -1), self.places + offset, axis=1) * self.factors
        matrices.imag *= self.conjugate
        low, high = matrices.reshape(2, self.size, self.size)
        (high, low), lost = compress(high, low, accuracy=self.accuracy)
        norms = np.abs(np.linalg.eigvalsh(np.stack([low, high]))).sum(axis=-1)
        return float(norms[0]), float(norms[1]) + lost


def compress(*matrices: np.ndarray, accuracy: float) -> tuple[list[np.ndarray], float]:
    """Q* A Q for each A of the hermitian `matrices`, Q orthonormal columns that nearly span the range of the first.

    None has a larger trace norm than before. For the first, with P = Q Q*, ||A - P A P||_tr <= 2 ||(1 - P) A||_tr, at
    most 2 sqrt(size) ||(1 - P) A||_HS: the number returned, <= accuracy ||A||_HS. The symbol often covers a small part
    of its cell, so that few columns are enough; where half of them are not, all matrices are returned as they are.
    """
    first, size = matrices[0], len(matrices[0])
    block, total = max(size // 8, MIN_COMPRESSED_RANK), float(np.vdot(first, first).real)
    draws = np.random.default_rng(0)
    q, image = np.empty((size, 0), dtype=complex), np.empty((0, size), dtype=complex)
    while q.shape[1] + block <= size // 2:
        new = first @ draws.standard_normal((size, block))
        for _ in range(2):  # twice is enough for orthogonality
            new = np.linalg.qr(new - q @ (q.conj().T @ new))[0]
        q, image = np.hstack([q, new]), np.vstack([image, new.conj().T @ first])
        # ||(1 - P) A||^2 as a difference, no smaller than its round-off
        missing = max(total - float(np.vdot(image, image).real), 1e-15 * size * total)
        lost = 2 * sqrt(size * missing)
        if lost <= accuracy * sqrt(total):
            small = [image @ q, *(q.conj().T @ (other @ q) for other in matrices[1:])]
            return [(a + a.conj().T) / 2 for a in small], lost
    return list(matrices), 0.0
