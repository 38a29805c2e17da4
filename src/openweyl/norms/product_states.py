"""An operator of several degrees of freedom on few products of one-mode states.

    ||P D P||_tr  <=  ||D||_tr  <=  ||P D P||_tr + 2 ||(1 - P) D||_tr,        P a projection on product states.

The states of degree of freedom j are the eigenvectors of R_j, the partial trace of D^2 over all others,

    R_j = (2 pi h)^{1-n} int Op_j(w(z_j, z'))^2 dz',      z': the variables of all other degrees of freedom,

with the eigenvalues l_jm = ||(|m><m| x 1) D||_HS^2: first those with the largest, P_1 x ... x P_n; of their products i
then those, S, whose rows are longest. As |i><i| D has rank 1 and |m><m| D at most that of all other modes, N/M_j,

    ||(1 - P) D||_tr  <=  sum_{i not in S} ||P_1 x ... x P_n D e_i|| + sum_j sum_{m > m_j} (l_jm N/M_j)^{1/2},

which holds for any basis and any S. No kernel of the N states of the whole window is ever formed: the entries
<i| D |i'> are integrals of the symbol against those of each |m><m'|, one degree of freedom after the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np

from openweyl._core.threads import one_thread
from openweyl.phase_space.grid import Axis
from openweyl.phase_space.grid_function import GridFunction
from openweyl.phase_space.kernels import kernel_points, one_mode_kernels

MAX_ENTRIES = 2**25
"""The most numbers in the products of one-mode states, 256 MiB: some 75 states in each of two degrees of freedom."""
KERNEL_ENTRIES_AT_ONCE = 2**19
"""Entries of kernels of one degree of freedom that are worked on at a time: 8 MiB, and some copies."""
MAX_PRODUCTS = 1e11
"""The multiplications, of complex numbers, in the squares of these kernels up to which product states are tried: some
ten seconds."""
ONE_MODE_SHARE = 0.25
"""The part of the loss that one-mode states may leave out. Few more of them make it small, so that most is left for the
choice of their products, which decides the size of the matrix."""


@dataclass(frozen=True)
class Compressed:
    """P D P as a `matrix`, with bounds on what it leaves out.

    trace_loss >= ||D - P D P||_tr; norm_loss >= ||(1 - P) D||_HS.
    """

    matrix: np.ndarray
    trace_loss: float
    norm_loss: float


def compressed(w: GridFunction, *, trace: float = 0.0, norm: float = 0.0, most: int) -> Compressed | None:
    """Op(w), n > 1, on the fewest product states that leave out at most `trace`, in trace norm, or else `norm`, in
    Hilbert-Schmidt norm; on the best `most` where these are too few. None where the kernels of single degrees of
    freedom are so large that this would take long.
    """
    sizes, grid = kernel_points(w.grid), w.grid
    points = [grid.size / (x.size * xi.size) for x, xi in zip(grid.x, grid.xi, strict=True)]
    if sum(others * float(size) ** 3 for others, size in zip(points, sizes, strict=True)) > MAX_PRODUCTS:
        return None
    with one_thread():
        modes = [_OneMode.of(w, j, prod(sizes) / size) for j, size in enumerate(sizes)]
        kept = _one_mode_counts(modes, trace, norm)
        rows = _Rows(_entries(w, [mode.states[:, :m] for mode, m in zip(modes, kept, strict=True)]))
        squares = rows.squares()
        order = np.argsort(-squares, kind="stable")
        cut_trace = sum(mode.trace_tails[m] for mode, m in zip(modes, kept, strict=True))
        cut_square = sum(mode.square_tails[m] for mode, m in zip(modes, kept, strict=True))
        trace_losses = 2 * (_tails(np.sqrt(squares[order])) + cut_trace)
        norm_losses = np.sqrt(_tails(squares[order]) + 2 * cut_square)  # P_1 x ... x P_n D and D P_1 x ... x P_n
        enough = int((trace_losses > trace).sum() if trace else (norm_losses > norm).sum())
        size = max(min(enough, most, len(order)), 1)
        matrix = rows.among(np.sort(order[:size]))
    return Compressed(matrix, float(trace_losses[size]), float(norm_losses[size]))


@dataclass(frozen=True)
class _OneMode:
    """The eigenvectors of R_j, those with the largest eigenvalues l_m first.

    trace_tails[m], square_tails[m]: bounds on the trace norm, and on the squared Hilbert-Schmidt norm, of the part of D
    that is not on the first m of them.
    """

    states: np.ndarray
    trace_tails: np.ndarray
    square_tails: np.ndarray

    @staticmethod
    def of(w: GridFunction, j: int, others: float) -> _OneMode:
        """`others`: the number of states of all other degrees of freedom."""
        lengths, states = np.linalg.eigh(_reduced_square(w, j))
        lengths = np.maximum(lengths[::-1], np.finfo(float).eps * lengths[-1])  # the smallest are round-off
        return _OneMode(states[:, ::-1], _tails(np.sqrt(others * lengths)), _tails(lengths))


def _one_mode_counts(modes: list[_OneMode], trace: float, norm: float) -> list[int]:
    """How many states of each degree of freedom are kept: those that the loss asks for, and no more than fit."""
    share = ONE_MODE_SHARE / len(modes)
    counts = []
    for mode in modes:
        long = mode.trace_tails > share * trace / 2 if trace else mode.square_tails > (share * norm) ** 2
        counts.append(max(int(long.sum()), 1))
    while prod(float(m) for m in counts) ** 2 > MAX_ENTRIES:
        # one state less where that costs least
        costs = [mode.square_tails[m - 1] if m > 1 else np.inf for mode, m in zip(modes, counts, strict=True)]
        counts[int(np.argmin(costs))] -= 1
    return counts


def _tails(values: np.ndarray) -> np.ndarray:
    """t[m] = the sum of values[m:], for m = 0 .. size."""
    return np.append(np.cumsum(values[::-1])[::-1], 0.0)


def _reduced_square(w: GridFunction, j: int) -> np.ndarray:
    """R_j as a matrix over the kernel's points of degree of freedom j."""
    grid, n = w.grid, w.n
    x, xi = grid.x[j], grid.xi[j]
    slices = np.moveaxis(w.values, (j, n + j), (-2, -1)).reshape(-1, x.size, xi.size)
    size = kernel_points(grid)[j]
    total = np.zeros((size, size), dtype=complex)
    for kernels in _in_batches(slices, x, xi, grid.h, size):
        wide = np.ascontiguousarray(np.moveaxis(kernels, 0, 1)).reshape(size, -1)
        total += wide @ wide.conj().T
    cell = grid.cell * 2 * np.pi * grid.h / (x.spacing * xi.spacing)
    return cell * (total + total.conj().T) / 2


def _in_batches(slices: np.ndarray, x: Axis, xi: Axis, h: float, size: int) -> Iterator[np.ndarray]:
    """The kernels, of `size` points, of one function of one degree of freedom after the other, many at a time."""
    step = max(1, KERNEL_ENTRIES_AT_ONCE // size**2)
    for first in range(0, len(slices), step):
        yield one_mode_kernels(np.ascontiguousarray(slices[first : first + step]), x, xi, h)


def _entries(w: GridFunction, modes: list[np.ndarray]) -> np.ndarray:
    """<m_1 .. m_n| D |m'_1 .. m'_n> as an array (m_1, m'_1, m_2, m'_2, ..) of real numbers: as D is Hermitian, those
    with m <= m' stand for real parts, those with m > m' for imaginary parts (`_unpacked`).
    """
    n, grid = w.n, w.grid
    pairs = [axis for j in range(n) for axis in (j, n + j)]
    sizes = [x.size * xi.size for x, xi in zip(grid.x, grid.xi, strict=True)]
    array = np.ascontiguousarray(w.values.transpose(pairs)).reshape(sizes)
    for x, xi, states in zip(grid.x, grid.xi, modes, strict=True):
        count = states.shape[1]
        units = np.eye(x.size * xi.size).reshape(-1, x.size, xi.size)
        done, table = 0, np.empty((len(units), count * count))
        for kernels in _in_batches(units, x, xi, grid.h, len(states)):
            small = states.conj().T @ kernels @ states
            packed = np.triu(small.real) + np.tril(np.swapaxes(small.imag, -1, -2), -1)
            table[done : done + len(small)] = packed.reshape(len(small), -1)
            done += len(small)
        array = np.tensordot(array, table, axes=(0, 0))
    return array.reshape([count for states in modes for count in (states.shape[1],) * 2])


def _unpacked(values: np.ndarray, axis: int) -> np.ndarray:
    """The entries (m, m') of Hermitian matrices, along `axis` and the next, from the numbers that stand for them."""
    values = np.moveaxis(values, (axis, axis + 1), (-2, -1))
    upper, lower = np.triu(values), np.tril(values, -1)
    entries = upper + np.swapaxes(np.triu(values, 1), -1, -2) + 1j * (np.swapaxes(lower, -1, -2) - lower)
    return np.moveaxis(entries, (-2, -1), (axis, axis + 1))


class _Rows:
    """The rows of the matrix over all products of one-mode states, in blocks: one state of the first degree of freedom.

    They are unpacked once to find the long ones, and once to take the entries among these: all together would need six
    times the memory.
    """

    def __init__(self, packed: np.ndarray) -> None:
        self.packed, self.counts = packed, packed.shape[::2]
        self.others = prod(self.counts[1:])

    def block(self, m: int) -> np.ndarray:
        """<m, i| D |m', i'>, axes (m', i, i')."""
        first, n = self.packed, len(self.counts)
        partner = np.arange(self.counts[0])
        low, high = np.minimum(m, partner), np.maximum(m, partner)
        sign = np.sign(partner - m).reshape((-1,) + (1,) * (first.ndim - 2))
        rows = first[low, high] + 1j * (sign * first[high, low])
        for j in range(n - 1):
            rows = _unpacked(rows, 1 + 2 * j)
        rows = rows.transpose([0, *range(1, 2 * n - 1, 2), *range(2, 2 * n - 1, 2)])
        return np.ascontiguousarray(rows).reshape(self.counts[0], self.others, self.others)

    def squares(self) -> np.ndarray:
        """||P_1 x ... x P_n D e_i||^2 for all products i."""
        return np.concatenate(
            [np.einsum("aij,aij->i", b, b.conj()).real for b in map(self.block, range(self.counts[0]))]
        )

    def among(self, chosen: np.ndarray) -> np.ndarray:
        """The Hermitian matrix over the `chosen` products, an ascending list."""
        matrix = np.empty((len(chosen), len(chosen)), dtype=complex)
        first, rest = np.divmod(chosen, self.others)
        for m in np.unique(first):
            ours = first == m
            matrix[ours] = self.block(m)[first[None, :], rest[ours][:, None], rest[None, :]]
        return (matrix + matrix.conj().T) / 2
