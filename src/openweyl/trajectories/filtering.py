"""Gaussian states of quadratic systems under continuous measurement of a linear jump: the filter of Kalman and Bucy.

With c = sqrt(gamma/h) Op(l) e^{-i theta}, c = u.z + i v.z + const, a channel of efficiency eta records

    dy = sqrt(eta) <c + c*> dt + dW,      d rho = L rho dt + sqrt(eta) ( c rho + rho c* - <c + c*> rho ) dW.

The symbol of c rho + rho c* is 2 (u.z) w + h (J v).grad w and so, with L as dm/dt = M m + m_0, dV/dt = M V + V M^T + D,

    dm = (M m + m_0) dt + K dW,      dV/dt = M V + V M^T + D - K K^T,      K = sqrt(eta) (2 V u - h J v).

V and K are deterministic. So the means and the record up to a time are jointly Gaussian, and are drawn at the saved
times from their exact law: there are no steps in them.

Sources: Jacobs and Steck, A straightforward introduction to continuous quantum measurement, Contemp. Phys. 47, 279
(2006), doi:10.1080/00107510601101934, arXiv:quant-ph/0611067; Wiseman and Milburn, Quantum Measurement and Control
(Cambridge, 2010).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import cos, sin, sqrt

import numpy as np
import sympy

from openweyl._core.arguments import ResourceError
from openweyl.gaussian_packets.flow import QuadraticFlow
from openweyl.model.formulas import real_and_imaginary
from openweyl.model.packets import symplectic_form
from openweyl.model.system import System
from openweyl.symbolic.expressions import TIME, evaluate
from openweyl.symbolic.time_variation import TimeVariation

MAX_EVALUATIONS, EVALUATIONS_PER_TIME = 100_000, 100
"""The most evaluations of the equations of V and of the laws, some five seconds, and those allowed for each time more:
an interval takes a few dozen, however short it is."""
FINE, COARSE = 1e-11, 1e-8
"""Relative tolerances of the two solutions of these equations; their difference is the error that is reported."""


ROUNDINGS = 4
"""Roundings of each sum in the equation of V: products, their sum, a difference."""


@dataclass(frozen=True)
class Channels:
    """What is measured: rows of `u` and `v` (channels, 2n), the constant parts of the u.z, and the efficiencies."""

    u: np.ndarray
    constant: np.ndarray
    v: np.ndarray
    efficiency: np.ndarray

    @staticmethod
    def of(system: System, jump: sympy.Expr, angles: Sequence[float], efficiency: float) -> Channels:
        """Homodyne detection at one angle, or heterodyne detection at two, which share the efficiency."""
        z = system.x + system.xi
        parts = [sympy.expand(f) for f in real_and_imaginary(jump)]
        (a, b) = (sqrt(system.gamma / system.h) * np.array([float(f.diff(s)) for s in z]) for f in parts)
        a_0, b_0 = (sqrt(system.gamma / system.h) * float(f.subs(dict.fromkeys(z, 0))) for f in parts)
        turned = [(cos(angle), sin(angle)) for angle in angles]
        return Channels(
            u=np.array([c * a + s * b for c, s in turned]),
            constant=np.array([c * a_0 + s * b_0 for c, s in turned]),
            v=np.array([c * b - s * a for c, s in turned]),
            efficiency=np.full(len(angles), efficiency / len(angles)),
        )


@dataclass(frozen=True)
class Law:
    """Of means m and of what the record grows by, from one saved time to the next: (m, dy) = map m + shift + noise."""

    covariance: np.ndarray
    """V at the later time."""
    map: np.ndarray
    shift: np.ndarray
    noise: np.ndarray
    """The covariance of the noise."""


def laws(flow: QuadraticFlow, channels: Channels, covariance: np.ndarray, times: Sequence[float]) -> list[Law]:
    """The laws for each of `times`, from time 0 on, where V is `covariance`. A second solution gives V's error."""
    return _Equations(flow, channels).solved(covariance, times, FINE)


def covariance_error(
    flow: QuadraticFlow, channels: Channels, found: list[Law], start: np.ndarray, times: Sequence[float]
) -> np.ndarray:
    """An estimate of the error of each entry of V at each time: what a coarser solution is off by, and round-off.

    The latter is not seen in their difference: D and K K^T cancel where V is small.
    """
    equations = _Equations(flow, channels)
    rough = equations.solved(start, times, COARSE)
    added = np.sqrt(np.diag(equations.diffusion) + (equations.kicks**2).sum(axis=0))
    errors = []
    for a, b, t in zip(found, rough, times, strict=True):
        rounded = ROUNDINGS * np.finfo(float).eps * (np.abs(a.covariance) + t * np.outer(added, added))
        errors.append(np.abs(a.covariance - b.covariance) + (rounded if t else 0.0))
    return np.array(errors)


class _Equations:
    """d/dt of V, of the map, of the shift and of the noise's covariance, as one vector."""

    def __init__(self, flow: QuadraticFlow, channels: Channels) -> None:
        self.flow, self.channels = flow, channels
        self.size, self.told = flow.matrix.rows, len(channels.u)
        self.entries = [*flow.matrix, *flow.shift]
        self.diffusion = flow.system.h * np.array(flow.noise.tolist(), dtype=float)
        root = np.sqrt(channels.efficiency)[:, None]
        self.sees = 2 * root * channels.u
        self.offset = 2 * root[:, 0] * channels.constant
        self.kicks = root * (flow.system.h * channels.v @ symplectic_form(flow.system.n).T)
        self.left = MAX_EVALUATIONS

    def solved(self, covariance: np.ndarray, times: Sequence[float], rtol: float) -> list[Law]:
        size, both = self.size, self.size + self.told
        found: list[Law] = []
        driven = self.flow.system.hamiltonian
        cells = TimeVariation(self.flow.driven, {}, times[-1]).cells if times[-1] > 0 and driven.has(TIME) else []
        self.left += EVALUATIONS_PER_TIME * (len(times) + sum(map(len, cells)))
        t, v = 0.0, covariance
        for end in times:
            law = np.concatenate([v.ravel(), np.eye(both, size).ravel(), np.zeros(both), np.zeros(both**2)])
            inner = [float(e) for e in np.unique(np.concatenate([[], *cells])) if t < e < end]
            for edge in (*inner, end):
                law, t = self._over(law, t, edge, rtol), edge
            v, a, b, s = np.split(law, np.cumsum([size**2, both * size, both]))
            v = v.reshape(size, size)
            v = (v + v.T) / 2
            found.append(Law(v, a.reshape(both, size), b, s.reshape(both, both)))
        return found

    def _over(self, start: np.ndarray, begin: float, end: float, rtol: float) -> np.ndarray:
        from scipy.integrate import solve_ivp  # slow to import

        if end <= begin:
            return start
        scale = float(np.abs(start[: self.size**2]).max())
        found = solve_ivp(self._rate(), (begin, end), start, method="DOP853", rtol=rtol, atol=rtol * min(scale, 1.0))
        if not found.success or not np.isfinite(found.y).all():
            raise ResourceError(
                f"The conditional covariance cannot be followed beyond t = {found.t[-1]:.4g}.", kind="time"
            )
        return np.asarray(found.y[:, -1])

    def _rate(self) -> Callable[[float, np.ndarray], np.ndarray]:
        size, both = self.size, self.size + self.told
        constant = not any(entry.has(TIME) for entry in self.entries)
        known = self._coefficients(0.0)

        def rate(t: float, y: np.ndarray) -> np.ndarray:
            self.left -= 1
            if self.left < 0:
                raise ResourceError(
                    f"The conditional covariance varies too fast to be followed beyond t = {t:.4g}: end earlier.",
                    kind="time",
                )
            m, m_0 = known if constant else self._coefficients(t)
            parts = np.split(y, np.cumsum([size**2, both * size, both]))
            v, a, s = parts[0].reshape(size, size), parts[1].reshape(both, size), parts[3].reshape(both, both)
            gain = (self.sees @ v - self.kicks).T
            whole = np.vstack([m, self.sees])
            noise = np.vstack([gain, np.eye(self.told)])
            turned = whole @ s[:size]
            return np.concatenate([
                (m @ v + v @ m.T + self.diffusion - gain @ gain.T).ravel(),
                (whole @ a[:size]).ravel(),
                whole @ parts[2][:size] + np.concatenate([m_0, self.offset]),
                (turned + turned.T + noise @ noise.T).ravel(),
            ])  # fmt: skip

        return rate

    def _coefficients(self, t: float) -> tuple[np.ndarray, np.ndarray]:
        values = np.array([float(evaluate(f, {TIME: t}, np)) for f in self.entries])
        return values[: self.size**2].reshape(self.size, self.size), values[self.size**2 :]
