"""Band-limited interpolation: samples on one grid from samples on another.

    f(z) = sum_j f_j sinc((z - z_j)/d),

exact where f is negligible at the edges of both boxes and beyond both Nyquist limits. `GridFunction.resampled` checks
its arguments; these functions trust theirs.
"""

from __future__ import annotations

from math import prod

import numpy as np
from array_api_compat import array_namespace

from openweyl._core.fft import Array, irfft, rfft, spectrum_shape

from .grid import Axis, PhaseGrid
from .grid_size import MEMORY_CHECKED_POINTS, check_fits
from .samples import Samples

ENTRIES_AT_ONCE = 2**22
"""Entries of the partial sums for points that are evaluated together: 32 MiB."""
BYTES_PER_RESAMPLED_POINT = 24.0
"""Peak memory per point of the new grid: the value, its transform and the result."""


def resampled(f: Samples, new: PhaseGrid) -> Array:
    """The values on `new` of the band-limited interpolant of `f`, zero outside the box of its own grid.

    `f` may be a batch. Raises ResourceError if the samples would not fit into half of the free memory.
    """
    w, old = f.values, f.grid
    if new.size > MEMORY_CHECKED_POINTS:
        check_fits(new, BYTES_PER_RESAMPLED_POINT * prod(f.batch), "take symbols whose boxes differ less")
    if w.dtype.kind == "c":
        return resampled(Samples(w.real, old), new) + 1j * resampled(Samples(w.imag, old), new)
    for position, (a, b) in enumerate(zip(old.x + old.xi, new.x + new.xi, strict=True)):
        w = _resample_axis(w, position - 2 * old.n, a, b)
    return w


def _resample_axis(w: Array, axis: int, old: Axis, new: Axis) -> Array:
    if old == new:
        return w
    # Integer steps at the old spacing, then another number of points on the same box: no matrix needed.
    shift, length = (new.lower - old.lower) / old.spacing, new.length / old.spacing
    if abs(shift - round(shift)) < 1e-9 and abs(length - round(length)) < 1e-9 and round(length) % 2 == 0:
        w = _shift_box(w, axis, round(shift), round(length))
        return w if new.size == w.shape[axis] else resized(w, axis, new.size)
    return along(w, axis, interpolation(old, new.points))


def _shift_box(w: Array, axis: int, start: int, size: int) -> Array:
    """Points start .. start + size - 1 of `w` along `axis`, zero where `w` has none."""
    xp = array_namespace(w)
    have = w.shape[axis]
    low = min(max(start, 0), have)
    high = max(min(start + size, have), low)  # no point is shared where the boxes lie apart
    inner = xp.moveaxis(xp.moveaxis(w, axis, 0)[low:high], 0, axis)
    pads = [list(inner.shape), list(inner.shape)]
    pads[0][axis] = min(max(low - start, 0), size)
    pads[1][axis] = size - pads[0][axis] - (high - low)
    parts = [xp.zeros(tuple(p), dtype=w.dtype) for p in pads]
    return xp.concat([parts[0], inner, parts[1]], axis=axis)


def resized(w: Array, axis: int, size: int) -> Array:
    """`size` samples of the trigonometric interpolant on the same box: zeros added, or taken, at high wave numbers.

    The wave cos(pi j) of an even number of samples is half of e^{ikx} and half of e^{-ikx} among more samples.
    """
    if w.dtype.kind == "c":
        return resized(w.real, axis, size) + 1j * resized(w.imag, axis, size)
    xp = array_namespace(w)
    have = w.shape[axis]
    f = rfft(w, (axis,))
    keep = min(have, size) // 2 + 1
    f = xp.moveaxis(xp.moveaxis(f, axis, 0)[:keep], 0, axis)
    if min(have, size) % 2 == 0:
        weights = np.ones(keep)
        weights[-1] = 0.5 if size > have else 2.0
        f = f * xp.asarray(weights.reshape((-1,) + (1,) * (-axis - 1)))
    missing = list(spectrum_shape((*w.shape[:axis], size, *w.shape[w.ndim + axis + 1 :]), (axis,)))
    missing[axis] -= keep
    if missing[axis] > 0:
        f = xp.concat([f, xp.zeros(tuple(missing), dtype=f.dtype)], axis=axis)
    return irfft(f * (size / have), (axis,), size)


def interpolation(axis: Axis, points: np.ndarray) -> np.ndarray:
    """M[i, j] = sinc((points[i] - x_j) / spacing): Shannon's interpolation of samples that vanish beyond the axis."""
    return np.sinc((np.asarray(points)[:, None] - axis.points[None, :]) / axis.spacing)


def along(w: Array, axis: int, matrix: np.ndarray) -> Array:
    """The matrix applied along one (negative) axis of `w`."""
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
