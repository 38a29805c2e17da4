"""The Gaussian that repeats itself, where p is quadratic, the jumps are linear, and both are periodic in time.

    z = F z + d,    C = F C F^T + S,      (F, d, S) the map over one period.

The error is estimated as in `gaussian`: what a period changes, with round-off and the error of the map, is summed over
all later periods, Y = F Y F^T + K, at a cost of 2 tr(C^-1 Y) in trace norm.
"""

from __future__ import annotations

from math import log, sqrt

import numpy as np
from scipy.linalg import solve_discrete_lyapunov

from openweyl._core.arguments import InputError, ResourceError
from openweyl.gaussian_packets.flow import QuadraticFlow
from openweyl.gaussian_packets.maps import ROUNDING
from openweyl.gaussian_packets.unit_maps import maps_at
from openweyl.model.packets import Packet
from openweyl.model.states import PacketState

from .found import Found

STAYS = 1e-12
"""How much below 1 the largest eigenvalue of F has to be: less is round-off."""


def gaussian_periodic(flow: QuadraticFlow, period: float, tol: float) -> Found:
    """The state with A(`period`) = A(0).

    Raises InputError where there is none, or more than one; ResourceError where round-off passes `tol`.
    """
    h, n = flow.system.h, flow.system.n
    ((F, d, S),) = maps_at(flow, n, [period])
    largest = float(np.abs(np.linalg.eigvals(F)).max())
    if largest >= 1 - STAYS:
        raise InputError(
            "This system has no state that repeats itself, or more than one: in a period a distance grows by a factor "
            f"{largest:.6g}, and does not decay. Add loss, or use `evolve`."
        )
    one = np.eye(2 * n)
    z, C = np.linalg.solve(one - F, d), solve_discrete_lyapunov(F, S)
    C = (C + C.T) / 2
    state = PacketState(((1.0, (Packet(tuple(z.tolist()), tuple(map(tuple, C.tolist()))),)),), "Gaussian state")
    ((later, lost),) = flow.carry(state, [period])
    packet = later.members[0][1][0]
    P, widths = np.linalg.inv(C), np.sqrt(np.diag(C))
    moved = np.abs(np.array(packet.center) - z) + 4 * ROUNDING * np.abs(z)
    changed = np.abs(np.array(packet.covariance) - C) + 8 * ROUNDING * np.outer(widths, widths)
    K = np.diag((changed / widths).sum(axis=1) * widths)  # not below the change: |R_ij| s_i/s_j adds up to a diagonal
    Y, all_of = solve_discrete_lyapunov(F, K), solve_discrete_lyapunov(F, C)
    steep = np.sqrt(np.diag(P))
    summed = np.abs(np.linalg.inv(one - F)) @ moved
    later_periods = max(float((P * all_of).sum()), float(steep @ np.abs(np.linalg.inv(one - F)) @ widths), 1.0)
    error = 2 * float((P * Y).sum()) + float(summed @ steep) / sqrt(h) + lost * later_periods
    if not error <= tol:
        raise ResourceError(
            f"Round-off leaves an error of more than {tol:.2g} in this state: it is squeezed too much, too far away, "
            "or damped too slowly for double precision. Raise `tol`, or choose other units.",
            kind="precision",
        )
    residual = (float(moved @ steep) / sqrt(h) + 2 * float((P * K).sum()) + lost) / period
    gap = -log(max(largest, np.finfo(float).tiny)) / period
    return Found(state, residual, error, 1 / gap, gap, "closed form")
