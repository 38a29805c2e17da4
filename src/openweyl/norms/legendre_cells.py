"""A band-limited function as a polynomial in every cell of its grid, and in every half of a cell, and so on.

    f = p + e in a cell,    p(t) = sum_{|a| <= K} c_a prod_i P_{a_i}(2 t_i),    t in [-1/2, 1/2]^D,

P_a Legendre's polynomials, so that p is the polynomial of degree K closest to f. The coefficients are Fourier
multipliers: for the wave e^{i theta t} of one axis c_a = (2a + 1) <P_a(2t) e^{i theta t}>, < > the mean over the cell.
So nothing is estimated, and by Parseval the sum of <e^2> over all cells is a sum over the spectrum.

A polynomial over a cell is one of the same degree over each of its 2^D parts: cells are cut where that is needed, with
no further transform and no finer grid.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from math import prod

import numpy as np

from openweyl._core.fft import fft, irfft, rfft

NODES = 24
"""Nodes of Gauss and Legendre for means of P_a e^{i theta t}, a <= 8 and |theta| <= pi: exact to round-off."""
NUMBERS_AT_ONCE = 2**19
"""Coefficients that are worked on at a time: 4 MiB, and a few copies."""


@cache
def multi_indices(dims: int, degree: int) -> tuple[tuple[int, ...], ...]:
    """All a with |a| <= degree: 0, then the `dims` of degree 1 in the order of the axes, then the others."""
    every = [a for a in product(range(degree + 1), repeat=dims) if sum(a) <= degree]
    return tuple(sorted(every, key=lambda a: (sum(a), [-i for i in a])))


@cache
def mean_squares(dims: int, degree: int) -> np.ndarray:
    """<prod_i P_{a_i}(2 t_i)^2> for each multi-index."""
    return np.array([1 / prod(2 * i + 1 for i in a) for a in multi_indices(dims, degree)])


def _legendre(degree: int, points: np.ndarray) -> np.ndarray:
    """P_a(points) for a = 0 .. degree."""
    return np.stack([np.polynomial.legendre.Legendre.basis(a)(points) for a in range(degree + 1)])


def _multipliers(size: int, degree: int, half: bool) -> np.ndarray:
    """(2a + 1) <P_a(2t) e^{i theta t}> for each a and each wave of an axis; the wave of Nyquist is a cosine."""
    waves = np.fft.rfftfreq(size) if half else np.fft.fftfreq(size)
    points, weights = np.polynomial.legendre.leggauss(NODES)
    values = _legendre(degree, points) * (weights / 2 * (2 * np.arange(degree + 1)[:, None] + 1))
    theta = np.pi * np.outer(points, waves)
    even = np.arange(degree + 1)[:, None] % 2 == 0
    odd_waves = np.where(np.abs(waves) >= 0.5, 0.0, 1.0)
    return np.where(even, values @ np.cos(theta), 1j * odd_waves * (values @ np.sin(theta)))


def mean_square(f: np.ndarray) -> float:
    """The mean of f^2 over the box: that of the samples, but half for the cosines of Nyquist."""
    spectrum = rfft(f, tuple(range(f.ndim)))
    power = spectrum.real**2 + spectrum.imag**2
    for axis, size in enumerate(f.shape):
        last = axis == f.ndim - 1
        waves = np.abs(np.fft.rfftfreq(size) if last else np.fft.fftfreq(size))
        weights = np.where(waves >= 0.5, 0.5, np.where((waves > 0) & last, 2.0, 1.0))
        power *= weights.reshape((-1,) + (1,) * (f.ndim - 1 - axis))
    return float(power.sum()) / f.size**2


def squared_rests(f: np.ndarray, degree: int) -> np.ndarray:
    """The sums of <e^2> over all cells for K = 1 .. `degree`, up to round-off of the sum of <f^2>."""
    dims = f.ndim
    spectrum = fft(f, tuple(range(dims)))
    power = (spectrum.real**2 + spectrum.imag**2) / f.size
    for axis, size in enumerate(f.shape):  # a cosine of Nyquist has half of the square of a wave
        weights = np.where(np.abs(np.fft.fftfreq(size)) >= 0.5, 0.5, 1.0)
        power = power * weights.reshape((-1,) + (1,) * (dims - 1 - axis))
    total = float(power.sum())
    for size in f.shape:  # one axis after the other goes to the end, as a degree
        scale = 2 * np.arange(degree + 1)[:, None] + 1
        nyquist = np.where(np.abs(np.fft.fftfreq(size)) >= 0.5, 2.0, 1.0)
        shares = np.abs(_multipliers(size, degree, half=False)) ** 2 / scale * nyquist
        power = np.tensordot(power, shares, axes=(0, 1))
    degrees = sum(np.indices(power.shape))
    held = [float(power[degrees <= k].sum()) for k in range(1, degree + 1)]
    return np.maximum(total - np.array(held), 0.0) + np.finfo(float).eps * total


def polynomials(f: np.ndarray, degree: int, box: tuple[slice, ...] = ()) -> Iterator[np.ndarray]:
    """c, shape (multi-indices, cells), for some cells after others: all those in `box`, or of the grid."""
    dims, indices = f.ndim, multi_indices(f.ndim, degree)
    box = box or tuple(slice(0, size) for size in f.shape)
    tables = [_multipliers(size, degree, half=True) for size in f.shape]
    along = _along(f, 0, tables[0], box[0])
    shape = tuple(part.stop - part.start for part in box)
    step = max(1, NUMBERS_AT_ONCE // (len(indices) * prod(shape[1:])))
    for start in range(0, shape[0], step):
        found: dict[tuple[int, ...], np.ndarray] = {(a,): g[start : start + step] for a, g in enumerate(along)}
        for axis in range(1, dims):
            rows: dict[tuple[int, ...], np.ndarray] = {}
            for a, g in found.items():
                for b, values in enumerate(_along(g, axis, tables[axis][: degree - sum(a) + 1], box[axis])):
                    rows[*a, b] = values
            found = rows
        yield np.stack([found[a].ravel() for a in indices])


def _along(g: np.ndarray, axis: int, table: np.ndarray, part: slice) -> list[np.ndarray]:
    """The coefficients along one axis for each degree of the `table`, in the cells of `part` of that axis."""
    spectrum = rfft(g, (axis,))
    rows = (row.reshape((-1,) + (1,) * (g.ndim - 1 - axis)) for row in table)
    inside = (slice(None),) * axis + (part,)
    return [irfft(spectrum * row, (axis,), g.shape[axis])[inside] for row in rows]


@cache
def _parts(dims: int, degree: int) -> np.ndarray:
    """The matrix from the coefficients of a cell to those of its 2^dims parts, one part after the other."""
    points, weights = np.polynomial.legendre.leggauss(NODES)
    scaled = _legendre(degree, points) * (weights / 2 * (2 * np.arange(degree + 1)[:, None] + 1))
    halves = [scaled @ _legendre(degree, (points + side) / 2).T for side in (-1, 1)]  # [new, old]
    axes = np.array(multi_indices(dims, degree)).T
    matrices = [
        prod(halves[side][np.ix_(a, a)] for side, a in zip(sides, axes, strict=True))
        for sides in product((0, 1), repeat=dims)
    ]
    return np.concatenate(matrices)


def cut(c: np.ndarray, dims: int, degree: int) -> np.ndarray:
    """The polynomials of the 2^dims parts of each cell, shape (multi-indices, 2^dims * cells)."""
    parts = (_parts(dims, degree) @ c).reshape(2**dims, *c.shape)
    return np.ascontiguousarray(np.moveaxis(parts, 0, 1)).reshape(len(c), -1)
