"""The closed form where p is quadratic, its coefficients constant, and all jumps linear: Gaussians stay Gaussian.

z -> Phi z + d,  C -> Phi C Phi^T + S, with Phi = e^{Ft}, and d and S from exponentials of larger matrices (Van Loan,
IEEE Trans. Autom. Control 23, 395 (1978), doi:10.1109/TAC.1978.1101743). That of S has e^{-F^T t} in it, which would
drown what friction leaves, so it is taken for a short time only, which is then doubled: S(2t) = S(t) + Phi S(t) Phi^T.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.linalg import expm

from .initial import Start
from .mismatch import covariance_cost, mean_cost
from .motion import Motion
from .particles import Block

ROUND_OFF = 1e-15
"""The relative error of an entry of an exponential per unit of |F| t + 1, a few roundings."""


def exact_block(motion: Motion, start: Start, times: Sequence[float]) -> Block:
    """The members of `start` at `times`, each a Gaussian state; their bounds are round-off."""
    gradient, hessian = motion.hamiltonian.quadratic_part(0.0)
    n, size = motion.hamiltonian.n, len(gradient)
    F = np.concatenate([hessian[n:], -hessian[:n]]) + motion.dissipation.matrix
    force = np.concatenate([gradient[n:], -gradient[:n]]) + motion.dissipation.shift
    z, C, bounds = [], [], []
    for t in times:
        moved = expm(t * np.block([[F, force[:, None]], [np.zeros((1, size + 1))]]))
        Phi, d = moved[:size, :size], moved[:size, size]
        z_t, C_t = start.z @ Phi.T + d, Phi @ start.C @ Phi.T + _spread(F, motion.dissipation.noise, t)
        off = ROUND_OFF * (1 + t * float(np.abs(F).sum(axis=1).max()))
        scale = np.abs(start.z) @ np.abs(Phi).T + np.abs(d)
        bounds.append(mean_cost(C_t, off * scale, motion.h) + covariance_cost(C_t, off * C_t))
        z.append(z_t)
        C.append(C_t)
    bound = np.stack(bounds)
    return Block(np.stack(z), np.stack(C), bound, bound, bound, np.zeros_like(bound), steps=0)


def _spread(F: np.ndarray, D: np.ndarray, t: float) -> np.ndarray:
    """S = int_0^t e^{Fs} D e^{F^T s} ds."""
    size = len(F)
    doublings = max(int(np.ceil(np.log2(max(t * np.abs(F).sum(axis=1).max(), 1.0)))), 0)
    short = expm(t / 2**doublings * np.block([[F, D], [np.zeros_like(F), -F.T]]))
    Phi = short[:size, :size]
    S = short[:size, size:] @ Phi.T
    for _ in range(doublings):
        S, Phi = S + Phi @ S @ Phi.T, Phi @ Phi
    return (S + S.T) / 2
