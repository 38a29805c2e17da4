"""The Fock basis: Hermite functions, and a window of positions that holds them.

    phi_m(y) = h^{-1/4} psi_m(y/sqrt h),    m = 0, 1, ...,

psi_m the Hermite functions: phi_m is the m-th state of the oscillator (x^2 + xi^2)/2 at h.
"""

from __future__ import annotations

from math import ceil, pi, sqrt

import numpy as np

from openweyl.phase_space.grid import Axis

AMPLITUDE_ROUND_OFF = 1e-15
"""What is below this is nothing but round-off."""


def fock_window(size: int, h: float) -> Axis:
    """The window of y that holds phi_0 .. phi_{size-1}, which reach as far in momentum as in position."""
    points = np.linspace(0, sqrt(2 * size) + 9, 500)
    beyond = np.nonzero(np.abs(hermite_functions(size, points)[-1]) > AMPLITUDE_ROUND_OFF)[0][-1] + 1
    reach = sqrt(h) * float(points[beyond])
    count = ceil(2 * reach**2 / (pi * h))
    spacing = 2 * reach / count
    return Axis(-spacing * (count - 1) / 2, spacing, count)


def apply_to(matrix: np.ndarray, array: np.ndarray, axis: int) -> np.ndarray:
    """`matrix` applied to one axis of `array`."""
    return np.moveaxis(np.tensordot(matrix, array, ((1,), (axis,))), 0, axis)


def hermite_functions(size: int, points: np.ndarray) -> np.ndarray:
    """psi_0 .. psi_{size-1} at `points`: sqrt(m) psi_m = sqrt(2) y psi_{m-1} - sqrt(m - 1) psi_{m-2}, orthonormal.

    The recurrence carries an exponent along: psi_0 is below what doubles hold where some psi_m are not.
    """
    psi = np.empty((size, *np.shape(points)))
    exponent = -np.square(points) / 2
    before, now = np.zeros_like(exponent), np.full_like(exponent, pi**-0.25)
    for m in range(size):
        psi[m] = now * np.exp(exponent)
        before, now = now, (sqrt(2) * points * now - sqrt(m) * before) / sqrt(m + 1)
        large = np.where(np.abs(now) > 1e100, 1e-100, 1.0)
        before, now, exponent = before * large, now * large, exponent - np.log(large)
    return psi
