"""Pure states from sampled wave functions."""

from __future__ import annotations

from math import ceil, prod, sqrt
from typing import Any

import numpy as np

from openweyl._core.arguments import fail, is_list, moderate, must
from openweyl._core.calls import public
from openweyl.model.states import State
from openweyl.phase_space.grid import Axis
from openweyl.weyl.fock_basis import AMPLITUDE_ROUND_OFF, apply_to

from .outside import check_ket, check_size, numbers, state_of

MAX_EDGE_PROBABILITY = 1e-12
"""The probability that a sampled wave function may have at the ends of its box, and at the largest momenta."""


@public
def from_wavefunction(psi: Any, x: Any, h: float) -> State:
    """The pure state of psi(x), sampled at evenly spaced points: kernel psi(y) conj(psi(y')), int |psi|^2 dx = 1.

    `x`: the points, or one array of points for each axis of `psi` if n > 1. Momenta up to pi h / spacing are resolved.

    >>> x = np.linspace(-6, 6, 100)
    >>> print(from_wavefunction(np.pi**-0.25 * np.exp(-(x**2) / 2), x, h=1.0))
    wave function on 100 points at h = 1

    Raises InputError if psi is not normalised, or has not vanished at the ends of `x` or at the largest momenta.
    """
    h = moderate("h", h, above=0.0)
    samples = numbers(psi, "psi")
    lists = [x] if samples.ndim == 1 else list(x) if is_list(x) and len(x) == samples.ndim else None
    if lists is None:
        raise fail("x", f"be one array of points for each axis of `psi` ({samples.ndim})", x)
    points = [numbers(one, "x").real for one in lists]
    sizes = tuple(p.size for p in points)
    must(sizes == samples.shape, "psi", f"have the shape of the points, {sizes}", samples.shape)
    windows = [_axis(p) for p in points]
    check_size("psi", windows, "Sample it at fewer points.")
    samples = samples * sqrt(prod(window.spacing for window in windows))
    for values, where, advice in (
        (samples, "the ends of `x`", "Sample it on a longer interval."),
        (np.fft.fftshift(np.fft.fftn(samples, norm="ortho")), "the largest momenta", "Sample it at closer points."),
    ):
        lost = max(_edge(np.abs(values) ** 2, axis) for axis in range(values.ndim))
        must(lost <= MAX_EDGE_PROBABILITY, "psi", f"vanish at {where}", f"there with probability {lost:.2g}", advice)
    check_ket(samples, "psi", "Divide it by the root of int |psi|^2 dx.")
    text, vectors = f"wave function on {' x '.join(map(str, samples.shape))} points at h = {h:.10g}", []
    for j, window in enumerate(windows):  # Schmidt's decomposition, one degree of freedom after the other
        flat = np.moveaxis(samples, j, 0).reshape(window.size, -1)
        left, weights, _ = np.linalg.svd(flat, full_matrices=False)
        vectors.append(left[:, weights > AMPLITUDE_ROUND_OFF])
        samples = apply_to(vectors[j].conj().T, samples, j)
    return state_of(samples, vectors, windows, h, text)


def _axis(points: np.ndarray) -> Axis:
    must(points.ndim == 1 and points.size >= 2, "x", "be a list of at least two points", points.shape)
    spacing = float(points[-1] - points[0]) / (points.size - 1)
    even = spacing > 0 and bool(np.allclose(np.diff(points), spacing, rtol=1e-6, atol=0))
    must(even, "x", "hold increasing, evenly spaced points", points.tolist())
    return Axis(float(points[0]), spacing, points.size)


def _edge(probability: np.ndarray, axis: int) -> float:
    """What lies in the first and the last hundredth of an axis."""
    line = probability.sum(axis=tuple(a for a in range(probability.ndim) if a != axis))
    end = ceil(line.size / 100)
    return float(line[:end].sum() + line[-end:].sum())
