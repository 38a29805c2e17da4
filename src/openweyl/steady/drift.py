"""Where the drift of the Fokker-Planck equation leads without noise: its points of rest, and what it settles to.

v  =  X_p + gamma sum ( b X_a - a X_b ),      X_f = (f_xi, -f_x),    l = a + i b.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import sympy
from scipy.linalg import solve_continuous_lyapunov

from openweyl.model.drift import drift_of, field_of
from openweyl.model.formulas import real_and_imaginary
from openweyl.model.system import System
from openweyl.symbolic.derivatives import derivative
from openweyl.symbolic.expressions import TIME, program, run

POINTS = 400
"""How many points Newton's method starts from."""
NEAREST, FARTHEST = 0.1, 100.0
"""The radii that these lie between: over the lesser, and the larger, of 1 and sqrt(h)."""
ITERATIONS = 60
"""Of Newton's method: it takes few, but far points of a steep potential come nearer by a third only at each."""
AT_REST = 1e-9
"""The length of the last step, relative to where a point is, below which it is at rest."""
SAME = 1e-6
"""Points closer than that, relatively, are one."""
TURN = 0.15
"""The step with which trajectories are followed, over the rate at which they turn."""
STEPS = 3000
"""Their number."""
SETTLED = 0.98
"""A trajectory has settled if over the last quarter it stays as far from its mean as over the quarter before, up to
that factor."""
CAME = 0.2
"""... and came there: its distance from that mean changed by e^0.2 at least. Far away all points seem to stay."""
PER_PERIOD = 60
"""The fewest steps in a period."""
ESCAPED = 1e3
"""How many times as far as the farthest start a point is lost for good."""


@dataclass(frozen=True)
class Drift:
    """v, its derivative and D at points, arrays (2n, points), at a time."""

    size: int
    h: float
    evaluate: Callable[[np.ndarray, float], tuple[np.ndarray, np.ndarray, np.ndarray]]

    @staticmethod
    def of(system: System) -> Drift:
        """That of `system`."""
        z, size = (*system.x, *system.xi), 2 * system.n
        v = drift_of(system)
        noise = [[sympy.S.Zero] * size for _ in z]
        for a, b in map(real_and_imaginary, system.jumps):
            for X in (field_of(a, system), field_of(b, system)):
                noise = [[noise[i][j] + system.gamma * X[i] * X[j] for j in range(size)] for i in range(size)]
        slopes = [derivative(u, w) for u in v for w in z]
        code = program((*v, *slopes, *(entry for row in noise for entry in row)))

        def evaluate(points: np.ndarray, t: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            values = run(code, {**dict(zip(z, points, strict=True)), TIME: t}, np)
            table = np.array([np.broadcast_to(value, points.shape[1:]) for value in values], dtype=float)
            square = (size, size, points.shape[1])
            return table[:size], table[size : size + size**2].reshape(square), table[size + size**2 :].reshape(square)

        return Drift(size, system.h, evaluate)

    def rest_points(self, times: np.ndarray) -> np.ndarray:
        """The points of rest, (2n, points), of the drift averaged over `times`, by Newton's method from many points."""
        random = np.random.default_rng(0)
        root = np.sqrt(self.h)
        nearest, farthest = np.log(NEAREST * min(1.0, root)), np.log(FARTHEST * max(1.0, root))
        directions = random.standard_normal((self.size, POINTS))
        z = directions / np.linalg.norm(directions, axis=0) * np.exp(random.uniform(nearest, farthest, POINTS))
        z = np.concatenate([np.zeros((self.size, 1)), z], axis=1)
        step = z
        with np.errstate(all="ignore"):  # what overflows is dropped
            for _ in range(ITERATIONS):
                v, J = self.averaged(z, times)
                good = np.isfinite(v).all(axis=0) & np.isfinite(J).all(axis=(0, 1))
                z, v, J = z[:, good], v[:, good], J[..., good]
                step = np.einsum("kij,jk->ik", np.linalg.pinv(np.moveaxis(J, -1, 0), rcond=1e-12), v)
                z = z - step
        near = np.abs(step).max(axis=0) <= AT_REST * (root + np.abs(z).max(axis=0))
        z = z[:, near & (np.abs(z).max(axis=0, initial=0.0) <= FARTHEST * max(1.0, root))]
        _, first = np.unique(np.round(z / (SAME * (root + np.abs(z).max(axis=0)))), axis=1, return_index=True)
        return z[:, np.sort(first)]

    def averaged(self, z: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """v and its derivative, averaged over `times`."""
        parts = [self.evaluate(z, float(t)) for t in times]
        return np.mean([v for v, *_ in parts], axis=0), np.mean([J for _, J, _ in parts], axis=0)

    def settled(self, z: np.ndarray, period: float | None) -> tuple[np.ndarray, bool]:
        """Where trajectories from the points `z` are at last, of those that have settled; and whether all run away.

        Each goes by steps of its own, but with a `period` by common ones, to a multiple of it.
        """
        far = ESCAPED * (np.sqrt(self.h) + float(np.abs(z).max()))
        first, escaped = z, np.zeros(z.shape[1], dtype=bool)
        quarters: list[list[np.ndarray]] = [[], []]
        steps, t, tau = STEPS, 0.0, self._step(z, 0.0)
        if period is not None:
            each = int(np.ceil(max(PER_PERIOD, min(period / float(np.nanmedian(tau)), STEPS))))
            steps, tau = max(STEPS // each, 1) * each, np.full(z.shape[1], period / each)
        with np.errstate(all="ignore"):
            for k in range(steps):
                tau = tau if period is not None else self._step(z, t)
                z = self._moved(z, t, tau)
                t += float(tau[0]) if period is not None else 0.0
                escaped |= ~(np.abs(z).max(axis=0) < far)
                z = np.where(escaped, 0.0, z)
                if 2 * k >= steps:
                    quarters[4 * k >= 3 * steps].append(z)
        before, after = (np.linalg.norm(np.std(points, axis=0), axis=0) for points in quarters)
        gone = np.linalg.norm(np.mean(quarters[1], axis=0) - np.mean(quarters[0], axis=0), axis=0)
        began = np.linalg.norm(first - np.mean(quarters[1], axis=0), axis=0)
        came = np.abs(np.log((after + np.finfo(float).tiny) / began)) >= CAME
        stays = (after >= SETTLED * before) & (gone <= after + np.sqrt(self.h)) & came
        stays |= period is not None  # where driven points are after many periods will do
        return z[:, ~escaped & stays], bool(escaped.all())

    def _step(self, z: np.ndarray, t: float) -> np.ndarray:
        """TURN over the rates at which points turn, here and where a first such step leads."""
        rates = np.full(z.shape[1], np.finfo(float).tiny)
        with np.errstate(all="ignore"):
            for at in (z, z + TURN / self._turning(z, t) * self.evaluate(z, t)[0]):
                rates = np.fmax(rates, self._turning(at, t))
        return TURN / rates

    def _turning(self, z: np.ndarray, t: float) -> np.ndarray:
        """Near the largest eigenvalue of the derivative, of oscillations too."""
        J = np.moveaxis(self.evaluate(z, t)[1], -1, 0)
        return np.sqrt(np.linalg.norm(J @ J, axis=(1, 2))) + np.finfo(float).tiny

    def _moved(self, z: np.ndarray, t: float, tau: np.ndarray) -> np.ndarray:
        """By a step of Runge and Kutta."""
        later = float(tau[0]) if (tau == tau[0]).all() else 0.0  # steps of their own: nothing depends on t
        k1 = self.evaluate(z, t)[0]
        k2 = self.evaluate(z + tau / 2 * k1, t + later / 2)[0]
        k3 = self.evaluate(z + tau / 2 * k2, t + later / 2)[0]
        k4 = self.evaluate(z + tau * k3, t + later)[0]
        return z + tau / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    def spread(self, z: np.ndarray, times: np.ndarray) -> np.ndarray:
        """A root of the covariance around a point `z` (2n,): of the linear drift there, if it is damped, else h."""
        J = self.averaged(z[:, None], times)[1][..., 0]
        D = np.mean([self.evaluate(z[:, None], float(t))[2][..., 0] for t in times], axis=0)
        C = np.eye(self.size)
        if float(np.linalg.eigvals(J).real.max()) < 0:
            C = np.maximum(C, 0) + solve_continuous_lyapunov(J, -D)
        values, vectors = np.linalg.eigh(self.h * (C + C.T) / 2)
        return vectors * np.sqrt(np.maximum(values, self.h))
