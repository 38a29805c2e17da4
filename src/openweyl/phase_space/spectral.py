"""Derivatives and Gaussian smoothing of band-limited functions, by their Fourier transforms along one axis at a time.

d^m f  <->  (ik)^m f^(k),        f * N(0, v)  <->  e^{-v k^2/2} f^(k).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from array_api_compat import array_namespace

from openweyl._core.arguments import is_list, must, whole
from openweyl._core.fft import Array, fft, ifft, irfft, rfft

from .samples import Samples

MAX_DERIVATIVE = 100
"""The highest order of a derivative: k^100 is within double precision for wave numbers k up to 1000."""

Order = int | Sequence[int]


def orders_of(name: str, value: Any, n: int) -> list[int]:
    """Orders of derivatives for n axes: n whole numbers, or one for n = 1, or 0 for none."""
    orders = list(value) if is_list(value) else [value]
    must(len(orders) in (1, n), name, f"be a whole number, or {n}", value)
    orders = [whole(name, order, 0, MAX_DERIVATIVE) for order in orders]
    must(len(orders) == n or orders == [0], name, f"be {n} whole numbers", value, "One for each degree of freedom.")
    return orders if len(orders) == n else [0] * n


def differentiated(f: Samples, orders: Sequence[int]) -> Array:
    """The values of the derivative of these orders, one for each axis of the grid, x then xi."""
    values, grid = f.values, f.grid
    for position, (order, axis) in enumerate(zip(orders, grid.x + grid.xi, strict=True)):
        if order:
            sign = (1, 1j, -1, -1j)[order % 4]
            values = _multiplied(values, position - 2 * grid.n, sign * axis.wave_numbers(half=False) ** order, order)
    return values


def convolved(f: Samples, variance: float) -> Array:
    """The values of the convolution with a Gaussian of this variance along each axis."""
    values, grid = f.values, f.grid
    for position, axis in enumerate(grid.x + grid.xi):
        factor = np.exp(-variance / 2 * axis.wave_numbers(half=False) ** 2)
        values = _multiplied(values, position - 2 * grid.n, factor, 0)
    return values


def _multiplied(values: Array, axis: int, factor: np.ndarray, order: int) -> Array:
    """`values` with their transform along `axis` multiplied; a real wave of Nyquist's number has no odd derivative."""
    xp = array_namespace(values)
    size = values.shape[axis]
    if order % 2 and size % 2 == 0:
        factor = factor.copy()
        factor[size // 2] = 0.0
    shape = (-1,) + (1,) * (-axis - 1)
    if values.dtype.kind == "c":
        return ifft(fft(values, (axis,)) * xp.asarray(factor.reshape(shape)), (axis,))
    return irfft(rfft(values, (axis,)) * xp.asarray(factor[: size // 2 + 1].reshape(shape)), (axis,), size)
