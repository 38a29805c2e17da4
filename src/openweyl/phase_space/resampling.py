"""Band-limited interpolation: samples on one grid from samples on another.

    f(z) = sum_j f_j sinc((z - z_j)/d),

exact where f is negligible at the edges of both boxes and beyond both Nyquist limits. `GridFunction.resampled` checks
its arguments; these functions trust theirs.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod

import numpy as np
from array_api_compat import array_namespace

from openweyl._core.fft import Array, irfft, rfft

from .grid import Axis, PhaseGrid
from .grid_size import MEMORY_CHECKED_POINTS, check_fits
from .samples import Samples

ENTRIES_AT_ONCE = 2**22
"""Entries of the partial sums for points that are evaluated together: 32 MiB."""
BYTES_PER_RESAMPLED_POINT = 24.0
"""Peak memory per point of the new grid: the value, its transform and the result."""
TOGETHER_POINTS = 2**15
"""Points up to which several functions are resampled as one array, which then stays in the cache."""
SHORT_AXIS = 64
"""The points of an axis up to which, with more than one degree of freedom, a product with a matrix takes a fifth of the
time of two transforms, which go through memory several times more."""


def resampled(f: Samples, new: PhaseGrid) -> Array:
    """The values on `new` of the band-limited interpolant of `f`, zero outside the box of its own grid.

    `f` may be a batch. Raises ResourceError if the samples would not fit into half of the free memory.
    """
    w, old = f.values, f.grid
    if new.size > MEMORY_CHECKED_POINTS:
        check_fits(new, BYTES_PER_RESAMPLED_POINT * prod(f.batch), "take symbols whose boxes differ less")
    if w.dtype.kind == "c":
        return resampled(Samples(w.real, old), new) + 1j * resampled(Samples(w.imag, old), new)
    pairs = list(enumerate(zip(old.x + old.xi, new.x + new.xi, strict=True)))
    for position, (a, b) in sorted(pairs, key=lambda pair: pair[1][1].size / pair[1][0].size):
        w = _resample_axis(w, position - 2 * old.n, a, b, by_matrix=old.n > 1)
    return w


def resample_each(values: list[Array], old: PhaseGrid, new: PhaseGrid) -> None:
    """Put functions from one grid on another: small ones at once, as many calls cost more than their arithmetic; large
    ones one after another, so that each is let go.
    """
    if old.size <= TOGETHER_POINTS and new.size <= TOGETHER_POINTS:
        values[:] = resampled(Samples(np.stack(values), old), new)
        return
    for j, w in enumerate(values):
        values[j] = np.ascontiguousarray(resampled(Samples(w, old), new))


def _resample_axis(w: Array, axis: int, old: Axis, new: Axis, *, by_matrix: bool) -> Array:
    """`by_matrix`: whether short axes are resampled by matrices."""
    if old == new:
        return w
    # Integer steps at the old spacing, then another number of points on the same box: no matrix needed.
    shift, length = (new.lower - old.lower) / old.spacing, new.length / old.spacing
    if abs(shift - round(shift)) < 1e-9 and abs(length - round(length)) < 1e-9 and round(length) % 2 == 0:
        if by_matrix and isinstance(w, np.ndarray) and max(old.size, new.size) <= SHORT_AXIS:
            return along(w, axis, _moved_and_resized(old.size, round(shift), round(length), new.size))
        w = _shift_box(w, axis, round(shift), round(length))
        return w if new.size == w.shape[axis] else resized(w, axis, new.size)
    return along(w, axis, interpolation(old, new.points))


@lru_cache(maxsize=32)
def _moved_and_resized(have: int, start: int, length: int, size: int) -> np.ndarray:
    """The matrix of `_shift_box` and `resized`."""
    return np.asarray(resized(_shift_box(np.eye(have), -2, start, length), -2, size))


def _shift_box(w: Array, axis: int, start: int, size: int) -> Array:
    """Points start .. start + size - 1 of `w` along `axis`, zero where `w` has none."""
    xp = array_namespace(w)
    have = w.shape[axis]
    low = min(max(start, 0), have)
    high = max(min(start + size, have), low)  # no point is shared where the boxes lie apart
    inner = _part(w, axis, low, high)
    before = min(max(low - start, 0), size)
    after = size - before - (high - low)
    if not before and not after:
        return inner
    return xp.concat([_zeros(inner, axis, before), inner, _zeros(inner, axis, after)], axis=axis)


def resized(w: Array, axis: int, size: int) -> Array:
    """`size` samples of the trigonometric interpolant on the same box: zeros added, or taken, at high wave numbers.

    The wave cos(pi j) of an even number of samples is half of e^{ikx} and half of e^{-ikx} among more samples.
    """
    if w.dtype.kind == "c":
        return resized(w.real, axis, size) + 1j * resized(w.imag, axis, size)
    xp = array_namespace(w)
    have = w.shape[axis]
    keep = min(have, size) // 2 + 1
    weights = np.full(keep, size / have)
    if min(have, size) % 2 == 0:
        weights[-1] *= 0.5 if size > have else 2.0
    f = _part(rfft(w, (axis,)), axis, 0, keep) * xp.asarray(weights.reshape((-1,) + (1,) * (-axis - 1)))
    missing = size // 2 + 1 - keep
    return irfft(xp.concat([f, _zeros(f, axis, missing)], axis=axis) if missing else f, (axis,), size)


def _part(w: Array, axis: int, start: int, stop: int) -> Array:
    """The entries start .. stop - 1 along a (negative) axis."""
    return w[(..., slice(start, stop), *(slice(None),) * (-axis - 1))]


def _zeros(w: Array, axis: int, size: int) -> Array:
    """As many zeros along this axis beside `w`."""
    xp = array_namespace(w)
    shape = list(w.shape)
    shape[axis] = size
    return xp.zeros(tuple(shape), dtype=w.dtype)


def interpolation(axis: Axis, points: np.ndarray) -> np.ndarray:
    """M[i, j] = sinc((points[i] - x_j) / spacing): Shannon's interpolation of samples that vanish beyond the axis."""
    return np.sinc((np.asarray(points)[:, None] - axis.points[None, :]) / axis.spacing)


def along(w: Array, axis: int, matrix: np.ndarray) -> Array:
    """The matrix applied along one (negative) axis of `w`."""
    if isinstance(w, np.ndarray) and w.ndim > 2:
        if axis == -1:
            return w @ matrix.T
        rows = w.reshape(-1, w.shape[axis], prod(w.shape[axis + 1 :]))
        return (matrix @ rows).reshape(*w.shape[:axis], len(matrix), *w.shape[axis + 1 :])
    xp = array_namespace(w)
    return xp.moveaxis(xp.tensordot(xp.asarray(matrix), w, axes=([1], [w.ndim + axis])), 0, axis)


def values_at(f: Samples, points: np.ndarray) -> np.ndarray:
    """The values of one real function at `points`, shape (2n, number)."""
    values, axes = np.asarray(f.values), f.grid.x + f.grid.xi
    count = max(1, ENTRIES_AT_ONCE * axes[0].size // values.size)
    parts = [np.zeros(0)]
    for start in range(0, points.shape[1], count):
        rows = [interpolation(axis, row[start : start + count]) for axis, row in zip(axes, points, strict=True)]
        part = np.tensordot(rows[0], values, axes=1)
        for row in rows[1:]:
            part = np.einsum("pj,pj...->p...", row, part)
        parts.append(part)
    return np.concatenate(parts)
