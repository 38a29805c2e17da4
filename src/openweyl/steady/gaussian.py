"""The Gaussian steady state where p is quadratic and the jumps are linear: M z + m = 0, M C + C M^T + D = 0.

Its error is a bound. For X near C let R = M X + X M^T + D, and |R_ij| <= E_ij, round-off included. Then

    -K <= R <= K,  K = diag(sum_j E_ij),       M Y + Y M^T + K <= 0,  Y > 0     =>     -Y <= C - X <= Y,

and Y > 0 also proves that M damps all points. A change of C between -Y and Y costs at most 2 tr(C^-1 Y) in trace norm:
it is the difference of two positive ones with the sum Y, and of these each eigenvector counts alone (packet_errors).
All of it is in units in which the diagonal of X is 1.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from scipy.linalg import solve_continuous_lyapunov

from openweyl._core.arguments import InputError, ResourceError
from openweyl.gaussian_packets.flow import QuadraticFlow
from openweyl.gaussian_packets.maps import ROUNDING
from openweyl.model.packets import Packet
from openweyl.model.states import PacketState

from .found import Found

STILL = 1e-12
"""The rate of decay, over the norm of M, that is 0 but for round-off."""
DOUBLED = 2.0
"""What Y and the inverse of M are multiplied by: then half of K may be round-off in the equation for Y."""


def gaussian_rest(flow: QuadraticFlow, tol: float) -> Found:
    """The state at rest of a flow whose coefficients are constant.

    Raises InputError where there is none, or more than one; ResourceError where round-off passes `tol`.
    """
    M, m, D = (np.array(part.tolist(), dtype=float) for part in (flow.matrix, flow.shift, flow.noise))
    fastest = float(np.linalg.eigvals(M).real.max())
    if fastest >= -STILL * np.linalg.norm(M, 2):
        raise InputError(
            "This system has no steady state, or more than one: gain is not below loss, and a mean or a variance does "
            f"not decay but grows at rate {max(fastest, 0.0):.3g}. Add loss, or use `evolve`."
        )
    scale = np.sqrt(np.abs(np.diag(solve_continuous_lyapunov(M, -D))))
    with np.errstate(all="ignore"):  # what overflows is refused
        M, m, D = M * scale / scale[:, None], m[:, 0] / scale, D / np.outer(scale, scale)
        good = bool(np.isfinite(M).all() and np.isfinite(D).all())
        found = _solved(M, m, D, flow.system.h) if good else None
    if found is None or not found[2] <= tol:
        raise ResourceError(
            f"Round-off leaves an error of more than {tol:.2g} in this steady state: it is squeezed too much, too far "
            "away, or damped too slowly for double precision. Raise `tol`, or choose other units.",
            kind="precision",
        )
    center, X, error, residual = found
    C = X * np.outer(scale, scale)
    packet = Packet(tuple((center * scale).tolist()), tuple(map(tuple, ((C + C.T) / 2).tolist())))
    state = PacketState(((1.0, (packet,)),), "Gaussian state at rest")
    return Found(state, residual, error, -1 / fastest, -fastest, "closed form")


def _solved(
    M: np.ndarray, m: np.ndarray, D: np.ndarray, h: float
) -> tuple[np.ndarray, np.ndarray, float, float] | None:
    """The mean, X, the bound of their error, and that of the trace norm of L; None if there is no bound."""
    X = solve_continuous_lyapunov(M, -D)
    X = (X + X.T) / 2
    z, inverse, P = np.linalg.solve(M, -m), np.linalg.inv(M), np.linalg.inv(X)
    if not float(np.linalg.eigvalsh(X)[0]) > 0:
        return None
    sums = (len(M) + 4) * ROUNDING
    missed = np.abs(M @ X + X @ M.T + D) + sums * (np.abs(M) @ np.abs(X) + np.abs(X) @ np.abs(M).T + np.abs(D))
    K = np.diag(missed.sum(axis=1))
    Y = DOUBLED * solve_continuous_lyapunov(M, -K)
    if not _dominates(M, Y, K, sums):
        return None
    missed_z = np.abs(M @ z + m) + sums * (np.abs(M) @ np.abs(z) + np.abs(m))
    dz = DOUBLED * np.abs(inverse) @ missed_z + 2 * ROUNDING * np.abs(z)
    steep = np.sqrt(np.diag(P))
    rounded = 8 * ROUNDING * float(steep @ np.abs(X) @ steep)
    error = 2 * float((P * Y).sum()) + rounded + float(dz @ steep) / sqrt(h)
    residual = 2 * float((P * K).sum()) + float(missed_z @ steep) / sqrt(h)
    return z, X, error, residual


def _dominates(M: np.ndarray, Y: np.ndarray, K: np.ndarray, sums: float) -> bool:
    """Whether Y > 0 and M Y + Y M^T + K <= 0, round-off, `sums` times the sizes of what is added, counted."""
    if not np.isfinite(Y).all():
        return False
    roots = 1 / np.sqrt(np.diag(K))
    left = roots[:, None] * (M @ Y + Y @ M.T + K) * roots
    rounded = roots[:, None] * (np.abs(M) @ np.abs(Y) + np.abs(Y) @ np.abs(M).T) * roots
    return bool(
        np.linalg.eigvalsh((left + left.T) / 2)[-1] + sums * np.linalg.norm(rounded) < 0
        and np.linalg.eigvalsh(Y)[0] > 0
    )
