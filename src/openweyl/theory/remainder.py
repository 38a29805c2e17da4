"""K_0 and R_1 of section 3 as closed formulas, for the pendulum's field.

    Q = eps^2 div A grad + v.grad,    K_0(x, y, t) = (4 pi eps^2 t)^{-n/2} det A(x)^{-1/2}
                                                     exp( -<eta, A(x)^{-1} eta>/(4 eps^2 t) ),  eta = x - phi^{-t}(y),
    R_1 = -(d_t - Q) K_0,

Li (3.6)-(3.15), n = 2: v = (xi, -sin x) is H_p in the paper's direction of time, and A = diag(1, a(x)) belongs to the
jumps l(x) and xi, a = l'^2. R_1 comes from the derivatives of log K_0.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

import numpy as np
import sympy

from openweyl.symbols import evaluate

from .lemmas import X

POINT = (1.0, 0.5)
"""y."""


@dataclass(frozen=True)
class Field:
    """v = (xi, -sin x) and A = diag(1, l'(x)^2); eps."""

    jump: sympy.Expr
    eps: float

    def a(self, x: np.ndarray, order: int = 0) -> np.ndarray:
        """The derivative of this order of a = l'^2."""
        return np.asarray(evaluate((self.jump.diff(X) ** 2).diff(X, order), {X: x}, np)) + 0 * x

    @staticmethod
    def v(z: np.ndarray) -> np.ndarray:
        return np.stack([z[1], -np.sin(z[0])])

    def flow(self, z: np.ndarray, t: float) -> np.ndarray:
        """phi^t(z), by Runge and Kutta's method."""
        steps = max(int(np.ceil(abs(t) / 0.02)), 1)
        tau = t / steps
        for _ in range(steps):
            k1 = self.v(z)
            k2 = self.v(z + tau / 2 * k1)
            k3 = self.v(z + tau / 2 * k2)
            z = z + tau / 6 * (k1 + 2 * k2 + 2 * k3 + self.v(z + tau * k3))
        return z


CONSTANT, VARIABLE = X, X + sympy.sin(X) * sympy.Rational(3, 10)


def remainder(field: Field, t: float, *, static: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """K_0 and R_1 around the point that K_0 sits at, eta, and the area of a cell. `static`: K_0 stays at y."""
    scale = field.eps * sqrt(t)
    u = np.linspace(-11, 11, 221) * scale
    eta = np.stack(np.meshgrid(u, u, indexing="ij"))
    centre = np.array(POINT) if static else field.flow(np.array(POINT), -t)
    x = centre[:, None, None] + eta
    a, a1, a2 = (field.a(x[0], order) for order in (0, 1, 2))
    four = 4 * field.eps**2 * t
    form = eta[0] ** 2 + eta[1] ** 2 / a
    kernel = np.exp(-form / four) / (pi * four * np.sqrt(a))
    first = -a1 / (2 * a) - (2 * eta[0] - eta[1] ** 2 * a1 / a**2) / four  # of log K_0 by x
    second = -a2 / (2 * a) + a1**2 / (2 * a**2) - (2 - eta[1] ** 2 * (a2 / a**2 - 2 * a1**2 / a**3)) / four
    across, across_twice = -2 * eta[1] / (a * four), -2 / (a * four)
    carried = 0.0 if static else (field.v(centre)[:, None, None] * np.stack([eta[0], eta[1] / a])).sum(axis=0)
    rate = -1 / t + form / (four * t) - 2 * carried / four  # of log K_0 by t
    v = field.v(x)
    diffusion = field.eps**2 * (second + first**2 + a * (across_twice + across**2))
    return kernel, (diffusion + v[0] * first + v[1] * across - rate) * kernel, eta, float((u[1] - u[0]) ** 2)


def remainder_norm(field: Field, t: float, *, static: bool = False) -> float:
    """||R_1(., y, t)||_{L1}."""
    _, r, _, cell = remainder(field, t, static=static)
    return float(np.abs(r).sum() * cell)


def pointwise(field: Field, t: float, c: float) -> float:
    """The least C of (3.8) with this c."""
    _, r, eta, _ = remainder(field, t)
    width = field.eps**2 * t
    return float((np.abs(r) * width * np.exp(c * (eta**2).sum(axis=0) / width)).max() / (1 + field.eps / sqrt(t)))
