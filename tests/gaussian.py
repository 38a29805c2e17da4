"""Quadratic p(t) and linear jumps, real or complex: means and covariance by ordinary equations, quantum = classical.

With l = a + i b = (alpha + i beta).z + l(0) and J the symplectic form, {a, b w} - {b, a w} is transport along the field
b H_a - a H_b, so

    d mean/dt = M mean + m,     M = J p'' + gamma sum (J alpha beta^T - J beta alpha^T),
                                m = J p'(0) + gamma sum (J alpha b(0) - J beta a(0)),
    dC/dt = M C + C M^T + D,    D = gamma h sum J (alpha alpha^T + beta beta^T) J^T.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.integrate
import scipy.linalg
import sympy

T = sympy.Symbol("t", real=True)


@dataclass(frozen=True)
class Gaussian:
    """The system p, l_j (text, in x, xi, t, I; for n = 2 in x1, x2, xi1, xi2): p quadratic, l_j linear."""

    hamiltonian: str
    jumps: tuple[str, ...]
    h: float
    gamma: float
    n: int = 1

    @cached_property
    def _z(self) -> list[sympy.Symbol]:
        """The variables, positions first."""
        numbers = [""] if self.n == 1 else range(1, self.n + 1)
        return [sympy.Symbol(f"{name}{j}", real=True) for name in ("x", "xi") for j in numbers]

    @cached_property
    def _form(self) -> np.ndarray:
        """J."""
        return np.kron([[0.0, 1.0], [-1.0, 0.0]], np.eye(self.n))

    def _parsed(self, text: str) -> sympy.Expr:
        return sympy.expand(sympy.sympify(text, {str(v): v for v in (*self._z, T)}))

    @cached_property
    def _forces(self) -> tuple[Callable[[float], list[list[float]]], Callable[[float], list[float]]]:
        """p'' and p'(0) as functions of t."""
        p, z = self._parsed(self.hamiltonian), self._z
        hessian = sympy.hessian(p, z)
        assert not hessian.has(*z)
        at_origin = [p.diff(v).subs(dict.fromkeys(z, 0)) for v in z]
        return sympy.lambdify(T, hessian.tolist()), sympy.lambdify(T, at_origin)

    @cached_property
    def _environment(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What the jumps add to M and to m, and D."""
        z, J = self._z, self._form
        matrix, shift, diffusion = np.zeros((len(z), len(z))), np.zeros(len(z)), np.zeros((len(z), len(z)))
        for jump in map(self._parsed, self.jumps):
            slope, constant = [jump.coeff(v) for v in z], complex(jump.subs(dict.fromkeys(z, 0)))
            assert sympy.expand(jump - sum(c * v for c, v in zip(slope, z, strict=True))).is_number
            alpha, beta = np.array(slope, dtype=complex).real, np.array(slope, dtype=complex).imag
            matrix += self.gamma * (np.outer(J @ alpha, beta) - np.outer(J @ beta, alpha))
            shift += self.gamma * (J @ alpha * constant.imag - J @ beta * constant.real)
            diffusion += self.gamma * self.h * J @ (np.outer(alpha, alpha) + np.outer(beta, beta)) @ J.T
        return matrix, shift, diffusion

    def rates(self, t: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """M, m and D at time t."""
        hessian, gradient = self._forces
        matrix, shift, diffusion = self._environment
        J = self._form
        return J @ np.array(hessian(t)) + matrix, J @ np.array(gradient(t)) + shift, diffusion

    def moments(self, mean: np.ndarray, covariance: np.ndarray, time: float) -> tuple[np.ndarray, np.ndarray]:
        """Mean and covariance at `time`."""
        size = 2 * self.n

        def rate(t: float, flat: np.ndarray) -> np.ndarray:
            matrix, shift, diffusion = self.rates(t)
            c = flat[size:].reshape(size, size)
            return np.concatenate([matrix @ flat[:size] + shift, (matrix @ c + c @ matrix.T + diffusion).ravel()])

        start = np.concatenate([mean, np.ravel(covariance)])
        found = scipy.integrate.solve_ivp(rate, (0.0, time), start, method="DOP853", rtol=1e-12, atol=1e-13)
        assert found.success, found.message
        return found.y[:size, -1], found.y[size:, -1].reshape(size, size)

    def stationary(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and covariance of the state that friction leads to: M mean + m = 0, M C + C M^T + D = 0."""
        matrix, shift, diffusion = self.rates()
        assert np.linalg.eigvals(matrix).real.max() < 0, "without friction there is none"
        return -np.linalg.solve(matrix, shift), scipy.linalg.solve_continuous_lyapunov(matrix, -diffusion)
