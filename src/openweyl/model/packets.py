"""A Gaussian packet with a plane wave: the term of which the symbols of all states made here are sums.

A e^{i phi/h} det(C)^{-1/2} exp( -Z.(h C)^{-1} Z / 2 + i q.Z/h ),      Z = z - z_0.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from openweyl._core.arguments import must
from openweyl._core.fft import Array
from openweyl.phase_space.grid import PhaseGrid, check_resolved

MIN_VARIANCE = 1e-14
"""The least eigenvalue of a packet's matrix of correlations: double precision holds two digits of it."""


@dataclass(frozen=True)
class Packet:
    """One Gaussian; `covariance` is C (rows), in units of h: 1/2 on the diagonal if coherent."""

    center: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    weight: complex = 1.0
    phase: float = 0.0
    wave: tuple[float, ...] = ()

    @property
    def q(self) -> np.ndarray:
        """The wave vector, in units of 1/h."""
        return np.array(self.wave or (0.0,) * len(self.center))

    def check_resolved(self, h: float) -> None:
        """Raise InputError if double precision cannot tell the packet's points apart, or its length from its width."""
        covariance = np.array(self.covariance)
        widths = np.sqrt(np.diag(covariance))
        for center, width in zip(self.center, widths, strict=True):
            check_resolved("state", abs(center), sqrt(h) * width, "standard deviations")
        least = float(np.linalg.eigvalsh(covariance / np.outer(widths, widths))[0])
        what = f"have correlations that leave more than {MIN_VARIANCE:g} of a variance free"
        must(
            least > MIN_VARIANCE,
            "state",
            what,
            f"too thin across the axes ({max(least, 0.0):.1g} left)",
            "Turn it.",
        )

    def trace(self, h: float) -> complex:
        """(2 pi h)^-n times the integral of the packet."""
        decay = -self.q @ np.array(self.covariance) @ self.q / (2 * h)
        return complex(self.weight * np.exp(1j * self.phase / h + decay))

    def support(self, axis: int, h: float, deviations: float) -> tuple[float, float, float]:
        """The ends along an axis (x first, then xi), and the largest wave number: `deviations` away."""
        covariance = np.array(self.covariance)
        half = deviations * sqrt(h * covariance[axis, axis])
        width = sqrt(np.linalg.inv(covariance)[axis, axis] / h)
        reach = abs(self.q[axis]) / h + deviations * width
        return self.center[axis] - half, self.center[axis] + half, reach

    def on(self, grid: PhaseGrid, xp: Any) -> Array:
        """The real part on `grid`, as an array of the namespace `xp`."""
        h, x_xi = grid.h, grid.mesh("x", "xi", xp)
        shifted = [z - c for z, c in zip((*x_xi[0], *x_xi[1]), self.center, strict=True)]
        precision = np.linalg.inv(np.array(self.covariance)) / (2 * h)
        exponent: Array = 1j * self.phase / h
        for i, z in enumerate(shifted):
            exponent = exponent - precision[i, i] * z**2 + (1j * self.q[i] / h) * z
            for j in range(i):
                if precision[i, j]:
                    exponent = exponent - 2 * precision[i, j] * z * shifted[j]
        scale = self.weight / sqrt(np.linalg.det(np.array(self.covariance)))
        return xp.real(scale * xp.exp(exponent))


def symplectic_form(n: int) -> np.ndarray:
    """J = [[0, 1], [-1, 0]] in blocks of n, order (x, xi): dz/dt = J grad p."""
    one, zero = np.eye(n), np.zeros((n, n))
    return np.block([[zero, one], [-one, zero]])
