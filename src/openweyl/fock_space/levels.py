"""Matrices on a finite number of levels of each mode: with more of them, and with fewer."""

from __future__ import annotations

from math import prod
from typing import NamedTuple

import numpy as np


class LevelMatrix(NamedTuple):
    """A Hermitian `matrix` on the products of `levels` of each mode, and what it leaves out, in trace norm."""

    matrix: np.ndarray
    levels: tuple[int, ...]
    lost: float


def places(levels: tuple[int, ...], outer: tuple[int, ...]) -> np.ndarray:
    """Where the products of these levels are among those of the `outer` ones, which are as many or more.

    >>> places((2, 2), (3, 3))
    array([0, 1, 3, 4])
    """
    return np.arange(prod(outer)).reshape(outer)[tuple(slice(size) for size in levels)].ravel()


def padded(matrix: np.ndarray, levels: tuple[int, ...], wanted: tuple[int, ...]) -> np.ndarray:
    """The matrix on more levels, or on fewer."""
    array = matrix.reshape(levels * 2)
    array = array[tuple(slice(size) for size in wanted * 2)]
    array = np.pad(array, [(0, size - own) for own, size in zip(array.shape, wanted * 2, strict=True)])
    return array.reshape(prod(wanted), prod(wanted))


def enough_levels(matrix: np.ndarray, levels: tuple[int, ...], room: float) -> tuple[int, ...]:
    """The fewest levels of each mode outside of which the matrix has a trace norm of at most `room`.

    With the projection P on those of one mode, || A - P A P || <= 2 || (1 - P) A || <= 2 rank^(1/2) ||(1 - P) A||_HS.
    """
    array, wanted = matrix.reshape(levels * 2), []
    for j, size in enumerate(levels):
        rows = np.moveaxis(array, j, 0).reshape(size, -1)
        tails = np.append(np.cumsum((np.abs(rows) ** 2).sum(axis=1)[::-1])[::-1], 0.0)
        ranks = np.arange(size, -1, -1) * (len(matrix) / size)
        costs = 2 * np.sqrt(ranks * tails)
        wanted.append(max(int(np.argmax(costs <= room / len(levels))), 1))
    return tuple(wanted)
