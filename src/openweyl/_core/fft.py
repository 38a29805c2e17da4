"""Real Fourier transforms along chosen axes: ducc0 for NumPy arrays, the array's own namespace otherwise.

Everything openweyl evolves is a real array multiplied in a Fourier representation,

    w  ->  F^{-1} [ factor * F w ],        F over some of the axes,

so the transforms of real arrays and this product are here; those of complex arrays serve the star product.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any

import ducc0
import numpy as np
from array_api_compat import array_namespace

Array = Any
"""An array of any namespace that follows the array API (NumPy, JAX, ...)."""

THREADED_FROM = 2**15
"""Number of points from which a transform is worth all threads (ducc0's default; DUCC0_NUM_THREADS caps it)."""

CACHED_POINTS = 2**17
"""Points of a spectrum, 2 MiB, up to which it stays in the cache while several factors multiply it."""

BLOCK_POINTS = 2**17
"""Points of an array with several axes that are not transformed, 1 MiB, that are transformed, multiplied and
transformed back before the next ones: with their spectrum they stay in the cache, where a transform of three axes takes
half of the time."""

SHORT_TRANSFORM = 48
"""The length up to which factors 7 and 11 are taken as well, for which complex transforms have code of their own: with
22, 28, 42 and 44 in place of 24, 30, 45 and 48, four axes of short ones hold a quarter to a third less points."""


def _threads(w: np.ndarray) -> int:
    """The number of threads for ducc0: 0 means all."""
    return 0 if w.size >= THREADED_FROM else 1


def rfft(w: Array, axes: tuple[int, ...], out: np.ndarray | None = None) -> Array:
    """sum_j w_j e^{-i k.x_j} over `axes` of the real array `w`; the last of `axes` keeps only k >= 0."""
    if isinstance(w, np.ndarray):
        return ducc0.fft.r2c(w, axes=axes, out=out, nthreads=_threads(w))
    return array_namespace(w).fft.rfftn(w, axes=axes)


def irfft(f: Array, axes: tuple[int, ...], size: int, out: np.ndarray | None = None) -> Array:
    """The inverse of `rfft`; `size` is the length of the last of `axes`, `f` may be overwritten."""
    if isinstance(f, np.ndarray):
        return ducc0.fft.c2r(
            f,
            axes=axes,
            lastsize=size,
            forward=False,
            inorm=2,
            out=out,
            nthreads=_threads(f),
            allow_overwriting_input=True,
        )
    shape = [f.shape[a] for a in axes[:-1]] + [size]
    return array_namespace(f).fft.irfftn(f, s=shape, axes=axes)


def fft(w: Array, axes: tuple[int, ...]) -> Array:
    """sum_j w_j e^{-i k.x_j} over `axes` of a real or complex array; all k are kept."""
    if isinstance(w, np.ndarray):
        return ducc0.fft.c2c(w.astype(complex, copy=False), axes=axes, nthreads=_threads(w))
    return array_namespace(w).fft.fftn(w + 0j, axes=axes)


def ifft(f: Array, axes: tuple[int, ...]) -> Array:
    """The inverse of `fft`."""
    if isinstance(f, np.ndarray):
        return ducc0.fft.c2c(f, axes=axes, forward=False, inorm=2, nthreads=_threads(f))
    return array_namespace(f).fft.ifftn(f, axes=axes)


class Scratch:
    """One buffer for the spectra of arrays that are transformed in turn, along whichever axes: see `filtered`."""

    def __init__(self) -> None:
        self.buffer = np.empty(0, dtype=complex)
        self.views: dict[tuple[tuple[int, ...], tuple[int, ...]], np.ndarray] = {}

    def spectrum(self, shape: tuple[int, ...], axes: tuple[int, ...]) -> np.ndarray:
        """Room for `rfft` over `axes` of an array of this shape."""
        view = self.views.get((shape, axes))
        if view is None:
            halved = spectrum_shape(shape, axes)
            if self.buffer.size < prod(halved):
                self.views.clear()
                self.buffer = np.empty(prod(halved), dtype=complex)
            view = self.views[shape, axes] = self.buffer[: prod(halved)].reshape(halved)
        return view


def filtered(
    w: Array, factor: Array | tuple[Array, ...], axes: tuple[int, ...], scratch: Scratch | None = None
) -> Array:
    """F^{-1}[factor * F w] with F over `axes`.

    `factor`, or each of several that are applied one after another, broadcasts to the transform, and has a leading axis
    of coefficients of powers of a formal lambda. One coefficient: an ordinary product, and leading axes of `w` are
    batches. Several: the leading axis of `w` counts powers of lambda too, and the product is that of truncated series,
    (f w)_j = sum_i f_i w_{j-i}.

    With a `scratch` (which the caller keeps between calls) a NumPy array is transformed in place: fresh memory for
    every transform costs more than the transform itself on large grids.
    """
    factors = factor if isinstance(factor, tuple) else (factor,)
    if not isinstance(w, np.ndarray) or scratch is None:
        f = rfft(w, axes)
        for one in factors:
            f = series_product(one, f)
        return irfft(f, axes, w.shape[axes[-1]])
    if w.size > BLOCK_POINTS and all(one.shape[0] == 1 and one.ndim == w.ndim + 1 for one in factors):
        for block in _blocks(w.shape, axes):
            _filter_in_place(w[block], tuple(_part(one, block) for one in factors), axes, scratch)
    else:
        _filter_in_place(w, factors, axes, scratch)
    return w


def _filter_in_place(w: np.ndarray, factors: tuple[np.ndarray, ...], axes: tuple[int, ...], scratch: Scratch) -> None:
    """`filtered` for a NumPy array, or a part of one."""
    spectrum, threads = scratch.spectrum(w.shape, axes), _threads(w)
    ducc0.fft.r2c(w, axes=axes, out=spectrum, nthreads=threads)
    if len(factors) > 1 and spectrum.size > CACHED_POINTS:
        _multiply_rows(spectrum, factors)
    else:
        for one in factors:
            multiply_series(spectrum, one)
    ducc0.fft.c2r(
        spectrum,
        axes=axes,
        lastsize=w.shape[axes[-1]],
        forward=False,
        inorm=2,
        out=w,
        nthreads=threads,
        allow_overwriting_input=True,
    )


def _blocks(shape: tuple[int, ...], axes: tuple[int, ...]) -> Iterator[tuple[slice, ...]]:
    """Parts of an array of at most BLOCK_POINTS, along the first of its axes that are not transformed: all of an array
    with a single such axis, whose parts would be too thin.
    """
    others = [a for a in range(len(shape)) if a - len(shape) not in axes]
    counts, size = list(shape), prod(shape)
    for a in others if len(others) > 1 else ():
        if size <= BLOCK_POINTS:
            break
        rest = size // counts[a]
        counts[a] = max(1, BLOCK_POINTS // rest)
        size = rest * counts[a]
    starts = (range(0, whole, count) for whole, count in zip(shape, counts, strict=True))
    for corner in product(*starts):
        yield tuple(slice(start, start + count) for start, count in zip(corner, counts, strict=True))


def _part(factor: np.ndarray, block: tuple[slice, ...]) -> np.ndarray:
    """What a factor with a leading axis of one coefficient is in a block: the transformed axes are whole in both."""
    return factor[
        (slice(None), *(s if size > 1 else slice(None) for s, size in zip(block, factor.shape[1:], strict=True)))
    ]


def _multiply_rows(f: np.ndarray, factors: tuple[np.ndarray, ...]) -> None:
    """All factors on one row after another, while it is in the cache; rows are those of the first axis of the grid."""
    plain = [one[0] for one in factors if one.shape[0] == 1 and one.ndim == f.ndim + 1]
    for one in factors:
        if not (one.shape[0] == 1 and one.ndim == f.ndim + 1):
            multiply_series(f, one)
    for j in range(f.shape[0] if plain else 0):
        for one in plain:
            f[j] *= one[j if one.shape[0] > 1 else 0]


def multiply_series(f: np.ndarray, factor: np.ndarray) -> None:
    """`series_product` in place."""
    if factor.shape[0] == 1:
        f *= factor[0]
        return
    for j in reversed(range(f.shape[0])):  # from the top: row j needs the rows below it unchanged
        f[j] *= factor[0]
        for i in range(1, min(j, factor.shape[0] - 1) + 1):
            f[j] += factor[i] * f[j - i]


def series_product(factor: Array, f: Array) -> Array:
    """(factor f)_j = sum_i factor_i f_{j-i} along the leading axis; a lone coefficient multiplies every f_j."""
    if factor.shape[0] == 1:
        return f * factor[0]
    rows = [sum(factor[i] * f[j - i] for i in range(j + 1)) for j in range(f.shape[0])]
    return array_namespace(f).stack(rows)


def spectrum_shape(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of `rfft(w, axes)` for `w` of this shape."""
    halved = list(shape)
    halved[axes[-1]] = shape[axes[-1]] // 2 + 1
    return tuple(halved)


def good_size(minimum: float) -> int:
    """The smallest even length >= `minimum` whose transform is fast."""
    return _good_size(max(int(np.ceil(minimum)), 8))


@lru_cache(maxsize=1024)
def _good_size(size: int) -> int:
    while size % 2 or (good := int(ducc0.fft.good_size(size, size > SHORT_TRANSFORM))) != size:
        size = size + 1 if size % 2 else good
    return size
