"""The closed form where p is quadratic, its coefficients constant, and all jumps linear: Gaussians stay Gaussian.

z -> Phi z + d,  C -> Phi C Phi^T + S, with Phi = e^{Ft}. For a time in which little happens Phi, d and S come from
exponentials of larger matrices (Van Loan, IEEE Trans. Autom. Control 23, 395 (1978), doi:10.1109/TAC.1978.1101743);
then the time is doubled again and again, as these hold e^{-Ft} too: of modes that are damped fast and slowly no digit
of S would be left. What round-off does to a Gaussian is followed: a squeezed one is thinner than the error of its C.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, isfinite, log2

import numpy as np
from scipy.linalg import expm

from openweyl._core.arguments import ResourceError

from .initial import Start
from .motion import Motion
from .particles import Block

ROUND_OFF = 1e-15
"""The error of a sum of products in double precision, relative to the norms of its factors: a few roundings."""
MOST_ROUND_OFF = 0.1
"""The part of the bound that round-off may have: at ten times as much a covariance need not even be positive."""


def exact_block(motion: Motion, start: Start, times: Sequence[float]) -> Block:
    """The members of `start` at `times`, each a Gaussian state; their bounds are round-off.

    Raises ResourceError where states are squeezed, or moved, beyond what double precision holds.
    """
    gradient, hessian = motion.hamiltonian.quadratic_part(0.0)
    n = motion.hamiltonian.n
    F = np.concatenate([hessian[n:], -hessian[:n]]) + motion.dissipation.matrix
    force = np.concatenate([gradient[n:], -gradient[:n]]) + motion.dissipation.shift
    z, C, bounds = [], [], []
    for t in times:
        with np.errstate(all="ignore"):  # what overflows is refused
            flow = _Flow.over(t, F, force, motion.dissipation.noise)
            z_t, C_t = start.z @ flow.Phi.T + flow.d, flow.Phi @ start.C @ flow.Phi.T + flow.S
            bound = flow.round_off(start, C_t, motion.h)
        if not bound.max() <= MOST_ROUND_OFF:
            raise ResourceError(
                f"At t = {t:.4g} the Gaussian states are so squeezed, or so far away, that double precision does not "
                "hold them. Shorten `times`.",
                kind="precision",
            )
        z.append(z_t)
        C.append((C_t + np.swapaxes(C_t, 1, 2)) / 2)
        bounds.append(bound)
    of_all = np.stack(bounds)
    return Block(np.stack(z), np.stack(C), of_all, of_all, of_all, np.zeros_like(of_all), steps=0)


@dataclass(frozen=True)
class _Flow:
    """z -> Phi z + d, C -> Phi C Phi^T + S, and bounds of the norms of their errors."""

    Phi: np.ndarray
    d: np.ndarray
    S: np.ndarray
    errors: tuple[float, float, float]

    @staticmethod
    def over(t: float, F: np.ndarray, force: np.ndarray, noise: np.ndarray) -> _Flow:
        """The flow of dz/dt = F z + `force`, dC/dt = F C + C F^T + `noise` over the time `t`."""
        size, reach = len(F), t * float(np.abs(F).sum(axis=1).max())
        halvings = max(ceil(log2(reach)), 0) if reach else 0
        dt, zero = t / 2.0**halvings, np.zeros((size, size))
        moved = expm(dt * np.block([[F, force[:, None]], [np.zeros((1, size + 1))]]))
        Phi, d = moved[:size, :size], moved[:size, size]
        S = expm(dt * np.block([[F, noise], [zero, -F.T]]))[:size, size:] @ Phi.T
        flow = _Flow(Phi, d, S, (ROUND_OFF * _norm(Phi), ROUND_OFF * _norm(d), ROUND_OFF * _norm(S)))
        for _ in range(halvings):
            flow = flow.twice()
        return flow

    def twice(self) -> _Flow:
        """The flow over twice the time."""
        Phi, d, S = self.Phi @ self.Phi, self.Phi @ self.d + self.d, self.Phi @ self.S @ self.Phi.T + self.S
        of_Phi, of_d, of_S = self.errors
        p, s = _norm(self.Phi), _norm(self.S)
        errors = (
            2 * p * of_Phi + ROUND_OFF * p * p,
            (1 + p) * of_d + (of_Phi + ROUND_OFF * p) * _norm(self.d),
            (1 + p * p) * of_S + 2 * p * (of_Phi + ROUND_OFF * p) * s,
        )
        return _Flow(Phi, d, (S + S.T) / 2, errors)

    def round_off(self, start: Start, C_t: np.ndarray, h: float) -> np.ndarray:
        """What errors of z and of `C_t` cost in trace norm (`mismatch`), by norms, for each member of `start`."""
        of_Phi, of_d, of_S = self.errors
        p, size = _norm(self.Phi), C_t.shape[-1]
        widest = np.linalg.norm(C_t, axis=(1, 2))
        of_z = (of_Phi + ROUND_OFF * p) * np.linalg.norm(start.z, axis=1) + of_d
        of_C = 2 * p * (of_Phi + ROUND_OFF * p) * np.linalg.norm(start.C, axis=(1, 2)) + of_S
        return np.asarray(2 * np.sqrt(widest / h) * of_z + (1 + 3**0.5) * size**0.5 * widest * of_C)


def _norm(M: np.ndarray) -> float:
    """The spectral norm; infinite where there is none."""
    return float(np.linalg.norm(M, 2)) if isfinite(float(np.abs(M).sum())) else float("inf")
