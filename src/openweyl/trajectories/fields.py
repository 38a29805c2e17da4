"""The stochastic differential equation whose densities obey dw/dt = Q w.

With X_f = (f_xi, -f_x), the Hamiltonian field of f, and the jumps l = a + i b,

    Q w = -div(v w) + (gamma h/2) sum_f X_f.grad(X_f.grad w),      f = a and b of each jump,
    v   = X_p + gamma sum ( b X_a - a X_b ).

As div X_f = 0 that is the forward equation of

    dz = v dt + sqrt(gamma h) sum_f X_f o dW_f        in the sense of Stratonovich:

of Ito the drift would be v + (gamma h/2) sum_f (X_f.grad) X_f.

Where p or a jump has corners or jumps in time, the equation has one form after another, each with smooth fields.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
import sympy

from openweyl.model.drift import drift_of, field_of
from openweyl.model.formulas import real_and_imaginary
from openweyl.model.pieces import pieces
from openweyl.model.system import System
from openweyl.symbolic.expressions import TIME, Program, program, run


@dataclass(frozen=True)
class Fields:
    """v and sqrt(gamma h) X_f: `constant` (2n, noises) has the entries of the latter that are numbers, `varying` the
    places (coordinate, noise) of the others, which follow the 2n of v in `code`.
    """

    z: tuple[sympy.Symbol, ...]
    constant: np.ndarray
    varying: tuple[tuple[int, int], ...]
    code: Program

    @property
    def noises(self) -> int:
        """The number of independent noises."""
        return int(self.constant.shape[1])

    def rate(self, points: np.ndarray, t: float) -> float:
        """How fast the drift makes `points` (2n, paths) move apart or together at time t, about, per unit of time.

        With its Jacobian J, |J^2 d|^(1/2) for distances d of length 1, or |J d| if that is less: in the units of x and
        xi at hand J may take a small place to a large velocity, though nothing turns faster than J^2 says.
        """

        def v(z: np.ndarray) -> np.ndarray:
            values = run(self.code, {**dict(zip(self.z, z, strict=True)), TIME: t}, np)[: len(self.z)]
            return np.array([value + np.zeros(z.shape[1]) for value in values])

        scale = points.std(axis=1, keepdims=True)

        def length(d: np.ndarray) -> np.ndarray:
            return np.asarray(np.linalg.norm(d / scale, axis=0))

        here, apart, velocity = points[:, :-1], np.diff(points, axis=1), v(points)
        once = np.diff(velocity, axis=1)
        first = length(once) / length(apart)
        back = once / np.where(first > 0, first, 1.0)
        second = first * length(v(here + back) - velocity[:, :-1]) / length(apart)
        return float(min(first.max(), np.sqrt(second.max())))

    def moved(self, z: np.ndarray, t: float, tau: float, dw: np.ndarray) -> np.ndarray:
        """The points `z` (2n, paths) after the time `tau`, in which the noises grow by `dw` (noises, paths).

        They follow dz/ds = v tau + sqrt(gamma h) sum_f X_f dw_f from s = 0 to 1, by the method of Runge and Kutta.
        """
        pushed = self.constant @ dw

        def slope(at: np.ndarray, time: float) -> np.ndarray:
            values = run(self.code, {**dict(zip(self.z, at, strict=True)), TIME: time}, np)
            total = pushed.copy()
            for i, value in enumerate(values[: len(self.z)]):
                total[i] += value * tau
            for (i, f), value in zip(self.varying, values[len(self.z) :], strict=True):
                total[i] += value * dw[f]
            return total

        k1 = slope(z, t)
        k2 = slope(z + k1 / 2, t + tau / 2)
        k3 = slope(z + k2 / 2, t + tau / 2)
        k4 = slope(z + k3, t + tau)
        return z + (k1 + 2 * k2 + 2 * k3 + k4) / 6


def fields_of(system: System) -> Fields:
    """Those of the Fokker-Planck equation of `system`."""
    z = system.x + system.xi
    halves = [f for jump in (system.jumps if system.gamma else ()) for f in real_and_imaginary(jump)]
    noises = [field for field in (field_of(f, system) for f in halves) if any(entry != 0 for entry in field)]
    scale = float(np.sqrt(system.gamma * system.h))
    constant = np.zeros((len(z), len(noises)))
    varying: dict[tuple[int, int], sympy.Expr] = {}
    for f, field in enumerate(noises):
        for i, entry in enumerate(field):
            if entry.free_symbols:
                varying[i, f] = scale * entry
            elif entry != 0:
                constant[i, f] = scale * float(entry)
    code = program((*drift_of(system), *varying.values()))
    return Fields(z, constant, tuple(varying), code)


@dataclass(frozen=True)
class FieldsInTime:
    """Fields of which each is right from its `begins` on, up to the next."""

    begins: tuple[float, ...]
    parts: tuple[Fields, ...]

    def at(self, t: float) -> Fields:
        """Those at the time t, which is no begin."""
        return self.parts[bisect_right(self.begins, t) - 1]


def fields_in_time(system: System, end: float) -> FieldsInTime:
    """Those of `system` up to the time `end`. Raises ResourceError for too many corners and jumps in time."""
    found = pieces(system, end)
    made = {one: fields_of(one) for one in dict.fromkeys(piece.system for piece in found)}  # a square wave has two
    return FieldsInTime(tuple(piece.begin for piece in found), tuple(made[piece.system] for piece in found))
