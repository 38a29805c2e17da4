"""Correlation functions in closed form, where p is quadratic, the jumps are linear, and A is a polynomial.

Points move by z -> F z + d, with Gaussian noise of covariance h S (gaussian_packets). So A evolves by the adjoint of
the evolution into a polynomial of the same degree, which the moments of B rho, taken once, determine:

    <A(t + tau) B(t)>  =  tr(A_tau B rho(t)),        A_tau(z) = E A(F z + d + g),    g Gaussian, E g g^T = h S.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from openweyl.gaussian_packets.flow import QuadraticFlow
from openweyl.gaussian_packets.unit_maps import maps_at
from openweyl.weyl.symbol import Symbol

from .factors import Factor
from .polynomials import Polynomial, averaged, degree, moments, polynomial_of, substituted
from .reading import change

ROUND_OFF = 1e-13
"""The relative error of sums of some thousand terms and products of a few, each rounded to 1e-16."""


@dataclass
class Regression:
    """tr(A_tau X) for an operator X by its moments around `center`: each with what an error of X may do to it."""

    flow: QuadraticFlow
    observable: Polynomial
    h: float
    center: np.ndarray
    known: dict[tuple[int, ...], complex]
    errors: dict[tuple[int, ...], float]
    elapsed: float = 0.0
    until: float = 0.0

    @staticmethod
    def of(
        flow: QuadraticFlow, a: Factor, product: np.ndarray, sizes: np.ndarray, w: Symbol, error: float
    ) -> Regression:
        """X by the values `product` of its symbol on the grid of the state `w`, whose error in trace norm is `error`.

        `sizes`: what X is made of w by, as absolute values.
        """
        z = (*a.x, *a.xi)
        observable = polynomial_of(a.real, z)
        for powers, c in polynomial_of(a.imaginary, z).items():
            observable[powers] = observable.get(powers, 0.0) + 1j * c
        center = w.moments().mean
        points = [axis.points - c for axis, c in zip(w.grid.x + w.grid.xi, center, strict=True)]
        known = moments(product * w.grid.cell, points, degree(observable))
        rounded = moments(np.abs(product) * w.grid.cell, [np.abs(one) for one in points], degree(observable))
        errors = {}
        for powers in known:
            lines = [np.abs(u) ** k for u, k in zip(points, powers, strict=True)]
            monomial = reduce(np.multiply, np.meshgrid(*lines, indexing="ij", sparse=True))
            errors[powers] = change(monomial * sizes, w, error) + ROUND_OFF * rounded[powers].real
        return Regression(flow, observable, w.h, center, known, errors)

    def sample(self, delays: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
        """tr(A_tau X) at `delays` from here, complex, and its estimated error."""
        values, errors = [], []
        self.until = self.elapsed + delays[-1]
        for F, d, S in maps_at(self.flow, len(self.center) // 2, [self.elapsed + tau for tau in delays]):
            later = substituted(averaged(self.observable, self.h * S), F, F @ self.center + d)
            values.append(sum(c * self.known[powers] for powers, c in later.items()))
            errors.append(sum(abs(c) * self.errors[powers] for powers, c in later.items()))
        return np.array(values, dtype=complex), np.array(errors)

    def advance(self) -> None:
        """Go on from the last of the delays that were sampled last."""
        self.elapsed = self.until

    def slowest(self) -> float:
        """The rate of the slowest decay, of means; 0 or less if there is none."""
        return -float(np.linalg.eigvals(self._matrix).real.max())

    def first_rate(self) -> float:
        """How fast points move, in units of their distance, times the degree."""
        return max(degree(self.observable), 1) * float(np.linalg.norm(self._matrix, 2))

    @property
    def _matrix(self) -> np.ndarray:
        return np.array(self.flow.matrix.tolist(), dtype=float)
