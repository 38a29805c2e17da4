"""The symbol of a matrix in the Fock basis, on a grid of its own.

w_mn(z) of |m><n|, for n >= m:   w_0n = 2 e^{-2|a|^2} (2 a)^n / sqrt(n!),
                                 sqrt(n) w_mn = 2 a w_{m,n-1} - sqrt(m) w_{m-1,n-1},      a = (x + i xi)/sqrt(2h),

and of two modes the products. These sums are real: with Hermitian coefficients the real and the imaginary parts of w_mn
for m <= n are enough, and all products of matrices are real.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from openweyl.model.matrix_state import MatrixState
from openweyl.phase_space.grid import Axis, PhaseGrid
from openweyl.weyl.fock_basis import fock_window, hermite_functions
from openweyl.weyl.symbol import Symbol

from .scales import stretched


def level_symbol(
    matrix: np.ndarray, levels: tuple[int, ...], h: float, level: float, scales: tuple[float, ...]
) -> Symbol:
    """The symbol of a Hermitian matrix on the product of `levels`, beyond whose grid there is less than `level`.

    The levels are those of oscillators in x/s and s xi, s the `scales`.
    """
    windows = [fock_window(size, h) for size in levels]
    vectors = [
        hermite_functions(size, window.points / sqrt(h)).T * sqrt(window.spacing / sqrt(h))
        for size, window in zip(levels, windows, strict=True)
    ]
    state = MatrixState(matrix.reshape(levels * 2), tuple(vectors), tuple(windows), h, "matrix on levels")
    grid = state.grid(h, level)
    values = state.symbol(grid).values if len(levels) == 1 else _of_two_modes(matrix, levels, grid)
    return Symbol.trusted(values, stretched(grid, scales))


def _of_two_modes(matrix: np.ndarray, levels: tuple[int, ...], grid: PhaseGrid) -> np.ndarray:
    """The values, shape (x1, x2, xi1, xi2)."""
    first, second = (_real_symbols(size, x, xi, grid.h) for size, x, xi in zip(levels, grid.x, grid.xi, strict=True))
    array = matrix.reshape(levels * 2).transpose(0, 2, 1, 3)  # the indices of each mode together
    coefficients = _real_coefficients(_real_coefficients(array, levels[1], 2), levels[0], 0).real
    values = first.T @ (coefficients @ second)
    shape = [axis.size for axis in (grid.x[0], grid.xi[0], grid.x[1], grid.xi[1])]
    return np.ascontiguousarray(values.reshape(shape).transpose(0, 2, 1, 3))


def _real_coefficients(array: np.ndarray, size: int, axis: int) -> np.ndarray:
    """The axes (m, n) at `axis` as one: of the real symbols w_mm, Re w_mn and Im w_mn for m < n."""
    array = np.moveaxis(array, (axis, axis + 1), (0, 1))
    first, second = np.triu_indices(size, 1)
    upper, lower = array[first, second], array[second, first]
    diagonal = array[np.arange(size), np.arange(size)]
    return np.moveaxis(np.concatenate([diagonal, upper + lower, 1j * (upper - lower)]), 0, axis)


def _real_symbols(size: int, x: Axis, xi: Axis, h: float) -> np.ndarray:
    """w_mm, Re w_mn and Im w_mn for m < n, shape (size^2, points of the plane)."""
    twice = (x.points[:, None] + 1j * xi.points[None, :]).ravel() * sqrt(2 / h)
    w = np.empty((size, size, twice.size), dtype=complex)
    w[0, 0] = 2 * np.exp(-(np.abs(twice) ** 2) / 2)
    for n in range(1, size):
        w[0, n] = twice * w[0, n - 1] / sqrt(n)
        for m in range(1, n + 1):
            left = w[m, n - 1] if m < n else w[n - 1, n].conj()  # w_{n,n-1}
            w[m, n] = (twice * left - sqrt(m) * w[m - 1, n - 1]) / sqrt(n)
    first, second = np.triu_indices(size, 1)
    diagonal, upper = w[np.arange(size), np.arange(size)].real, w[first, second]
    return np.concatenate([diagonal, upper.real, upper.imag])
