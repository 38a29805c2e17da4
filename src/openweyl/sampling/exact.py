"""The closed form where p is quadratic, its coefficients constant, and all jumps linear: Gaussians stay Gaussian.

z -> Phi z + d,  C -> Phi C Phi^T + S, with Phi = e^{Ft}, and d and S from exponentials of larger matrices (Van Loan,
IEEE Trans. Autom. Control 23, 395 (1978), doi:10.1109/TAC.1978.1101743).
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
    zero = np.zeros((size, size))
    z, C, bounds = [], [], []
    for t in times:
        moved = expm(t * np.block([[F, force[:, None]], [np.zeros((1, size + 1))]]))
        Phi, d = moved[:size, :size], moved[:size, size]
        spread = expm(t * np.block([[F, motion.dissipation.noise], [zero, -F.T]]))[:size, size:] @ Phi.T
        z_t, C_t = start.z @ Phi.T + d, Phi @ start.C @ Phi.T + (spread + spread.T) / 2
        off = ROUND_OFF * (1 + t * float(np.abs(F).sum(axis=1).max()))
        scale = np.abs(start.z) @ np.abs(Phi).T + np.abs(d)
        bounds.append(mean_cost(C_t, off * scale, motion.h) + covariance_cost(C_t, off * C_t))
        z.append(z_t)
        C.append(C_t)
    bound = np.stack(bounds)
    return Block(np.stack(z), np.stack(C), bound, bound, bound, np.zeros_like(bound), steps=0)
