"""How fast the flow phi^t of p stretches phase space: the Lyapunov exponent of an orbit, and the Ehrenfest time.

    dz/dt = J grad p(z),      dM/dt = J p''(z) M,  M(0) = 1,      |M(t)| = |d phi^t|  the largest singular value.

Packets of width h^{1/2} are stretched to size 1 when |d phi^t| = h^{-1/2}: at the Ehrenfest time.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf, log

import numpy as np

from openweyl.model.packets import symplectic_form
from openweyl.model.system import System
from openweyl.symbolic.derivatives import derivative
from openweyl.symbolic.expressions import TIME, evaluate

TIME_HORIZON = 50.0
"""The time over which the flow's stretching is followed, if it does not reach h^{-1/2} before."""
MAX_EVALUATIONS = 30_000
"""The most evaluations of the flow's field, a few seconds: fast orbits are followed for as long as these last."""
OVERSHOOT = 1e-9
"""Added to the goal, log |d phi^t| = log(1/h)/2: for h >= 1 that is 0, and no orbit would be followed at all."""
LEAST_RATE = 1e-6
"""Rates below are those of the integrator's error: such an orbit has no Ehrenfest time."""


def stretching(system: System, start: np.ndarray) -> tuple[float, float | None]:
    """log |d phi^T|/T along the orbit of `start`, T where |d phi^T| = h^{-1/2} or the horizon; the Ehrenfest time."""
    from scipy.integrate import RK45  # slow to import
    from scipy.optimize import brentq

    n = system.n
    field = _field(system)
    goal = max(log(1 / system.h) / 2, 0.0) + OVERSHOOT

    def stretch(y: np.ndarray) -> float:
        return log(float(np.linalg.norm(y[2 * n :].reshape(2 * n, 2 * n), 2)))

    with np.errstate(all="ignore"):
        try:
            run = RK45(field, 0.0, np.concatenate([start, np.eye(2 * n).ravel()]), TIME_HORIZON, rtol=1e-6, atol=1e-9)
            while run.status == "running" and run.nfev < MAX_EVALUATIONS and stretch(run.y) < goal:
                run.step()
        except OverflowError:  # the orbit runs off to infinity
            return inf, 0.0
    end, reached = run.t, stretch(run.y)
    if reached > goal:
        orbit = run.dense_output()
        end, reached = brentq(lambda t: stretch(orbit(t)) - goal, run.t_old, run.t), goal
    rate = max(reached / end, 0.0) if end > 0 else inf
    return rate, (goal - OVERSHOOT) / rate if rate > LEAST_RATE else None


def _field(system: System) -> Callable[[float, np.ndarray], np.ndarray]:
    """The right side of the equations of z and M, as one vector; raises OverflowError where it is not finite."""
    n, p = system.n, system.hamiltonian
    z = system.x + system.xi
    form = symplectic_form(n)
    gradient = [derivative(p, v) for v in z]
    hessian = [[derivative(d, v) for v in z] for d in gradient]

    def field(t: float, y: np.ndarray) -> np.ndarray:
        at = dict(zip((*z, TIME), (*y[: 2 * n].tolist(), t), strict=True))
        slope = np.array([float(evaluate(d, at, np)) for d in gradient])
        second = np.array([[float(evaluate(d, at, np)) for d in row] for row in hessian])
        change = np.concatenate([form @ slope, (form @ second @ y[2 * n :].reshape(2 * n, 2 * n)).ravel()])
        if not np.isfinite(change).all():
            raise OverflowError
        return change

    return field
