"""K_0 and R_1 of section 3 as closed formulas, for the pendulum's field.

    Q = eps^2 div A grad + v.grad,    K_0(x, y, t) = (4 pi eps^2 t)^{-n/2} det A(x)^{-1/2}
                                                     exp( -<eta, A(x)^{-1} eta>/(4 eps^2 t) ),  eta = x - phi^{-t}(y),
    R_1 = -(d_t - Q) K_0,

Li (3.6)-(3.15), n = 2: v = (xi, -sin x) is H_p in the paper's direction of time, and A = sum_l H_l H_l^T. SymPy
differentiates log K_0 as it stands in (3.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from math import sqrt

import numpy as np
import sympy

from openweyl.symbolic.expressions import evaluate

from .lemmas import XI, X, runge_kutta

POINT = (1.0, 0.5)
"""y."""
U = sympy.Symbol("u", real=True)
"""cos x, the only way in which A depends on the point."""


@dataclass(frozen=True)
class Field:
    """v = (xi, -sin x); A from these jumps; eps."""

    jumps: tuple[sympy.Expr, ...]
    eps: float

    @cached_property
    def matrix(self) -> sympy.Matrix:
        """A as a function of u."""
        fields = [sympy.Matrix([jump.diff(XI), -jump.diff(X)]) for jump in self.jumps]
        a = sum((f * f.T for f in fields), sympy.zeros(2, 2))
        return a.subs(sympy.cos(X), U).applyfunc(sympy.expand)

    def a(self, u: np.ndarray, order: int = 0) -> list[np.ndarray]:
        """A_11, A_12, A_22, or their derivatives by u of this order."""
        entries = (self.matrix[i].diff(U, order) for i in (0, 1, 3))
        return [np.asarray(evaluate(entry, {U: u}, np)) + 0 * u for entry in entries]

    @staticmethod
    def v(z: np.ndarray) -> np.ndarray:
        return np.stack([z[1], -np.sin(z[0])])

    def flow(self, z: np.ndarray, t: float) -> np.ndarray:
        """phi^t(z)."""
        return runge_kutta(self.v, z, t, max(int(np.ceil(abs(t) / 0.02)), 1))


_WAVE = sympy.sin(X) * sympy.Rational(3, 10)
CONSTANT, VARIABLE = (X, XI), (X + _WAVE, XI + _WAVE)
"""Jumps with A = 1, and with a full matrix A(x)."""

_ETA, _CARRIED = sympy.symbols("eta_1 eta_2", real=True), sympy.symbols("w_1 w_2", real=True)
_T, _EPS = sympy.symbols("t eps", positive=True)


@cache
def _formulas(jumps: tuple[sympy.Expr, ...]) -> tuple[sympy.Expr, sympy.Expr]:
    """log K_0 and R_1/K_0 in x, xi, eta, the velocity at which the centre moves backward, t and eps."""
    a = Field(jumps, 1.0).matrix.subs(U, sympy.cos(X))
    eta = sympy.Matrix(_ETA)
    form = (eta.T * a.adjugate() * eta)[0] / a.det()
    log = -sympy.log(4 * sympy.pi * _EPS**2 * _T) - sympy.log(a.det()) / 2 - form / (4 * _EPS**2 * _T)

    def by_x(f: sympy.Expr) -> list[sympy.Expr]:  # eta moves with the point
        return [f.diff(X) + f.diff(_ETA[0]), f.diff(_ETA[1])]

    first = by_x(log)
    flux = a * sympy.Matrix(first)
    diffusion = by_x(flux[0])[0] + by_x(flux[1])[1] + (sympy.Matrix(first).T * flux)[0]
    transport = XI * first[0] - sympy.sin(X) * first[1]
    rate = log.diff(_T) + sum(w * log.diff(e) for w, e in zip(_CARRIED, _ETA, strict=True))
    return log, _EPS**2 * diffusion + transport - rate


def remainder(field: Field, t: float, *, static: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """K_0 and R_1 around the point that K_0 sits at, eta, and the area of a cell. `static`: K_0 stays at y."""
    u = np.linspace(-11, 11, 221) * field.eps * sqrt(t)
    eta = np.stack(np.meshgrid(u, u, indexing="ij"))
    centre = np.array(POINT) if static else field.flow(np.array(POINT), -t)
    x = centre[:, None, None] + eta
    carried = np.zeros(2) if static else field.v(centre)
    log, ratio = _formulas(field.jumps)
    at = dict(zip((X, XI, *_ETA, *_CARRIED, _T, _EPS), (*x, *eta, *carried, t, field.eps), strict=True))
    kernel = np.exp(evaluate(log, at, np))
    return kernel, np.asarray(evaluate(ratio, at, np)) * kernel, eta, float((u[1] - u[0]) ** 2)


def remainder_norm(field: Field, t: float, *, static: bool = False) -> float:
    """||R_1(., y, t)||_{L1}."""
    _, r, _, cell = remainder(field, t, static=static)
    return float(np.abs(r).sum() * cell)


def pointwise(field: Field, t: float, c: float) -> float:
    """The least C of (3.8) with this c."""
    _, r, eta, _ = remainder(field, t)
    width = field.eps**2 * t
    return float((np.abs(r) * width * np.exp(c * (eta**2).sum(axis=0) / width)).max() / (1 + field.eps / sqrt(t)))
