"""What a change of a Gaussian packet costs in trace norm.

Both evolutions contract, the quantum one in trace norm, the classical one in L1. So what round-off or a cell of time
changes in a packet counts once, and never grows. A packet is E G E with E = Op(e^{iq.Z/2h}) and a Gaussian state G,
hence of trace norm |A|. Changes of it, P = C^{-1}, cost at most

    |A| ( sqrt(dz.P dz/h) + |q.dz|/h + sqrt(dq.C dq/h) + 2 sum_ij |dC_ij| sqrt(P_ii P_jj) + |d log A| ):

the first by the quantum Fisher information of displacements. The fourth as dG/dC = (h/2) d_z d_z G, and G is a Gaussian
mixture, of covariance N = C - C_0, of displaced pure states of covariance C_0. Derivatives of these are at most (in the
metric of 1/C_0) 1 in trace norm and, second ones, (1 + sqrt 3)/2; of the mixing density (in that of 1/N) 0.8 and 1. In
each symplectic eigenmode one may take the better of both: ||d_i d_j G|| <= 4 sqrt(P_ii P_jj)/h. In L1 all are less.
"""

from __future__ import annotations

from math import inf, sqrt

import numpy as np

from openweyl.model.packets import Packet
from openweyl.model.states import PacketState

from .maps import ROUNDING
from .time_cells import Cells, Parts

MAX_DECAY = 700
"""The exponent of decay beyond which e^-decay is 0 whatever a packet costs: e^-708 is the smallest normal double."""


def packets_of(state: PacketState, h: float) -> list[tuple[float, Packet]]:
    """The packets, and the trace norm of each."""
    return [
        (probability * abs(packet.weight) / abs(sum(p.trace(h) for p in packets)), packet)
        for probability, packets in state.members
        for packet in packets
    ]


def cost(
    h: float, C: np.ndarray, P: np.ndarray, q: np.ndarray, dz: np.ndarray, dC: np.ndarray, dq: np.ndarray
) -> np.ndarray:
    """The bound above over |A|, less |d log A|, for changes of at most dz, dC and dq in size; leading axes are free."""
    with np.errstate(all="ignore"):
        widths, inner = (np.sqrt(np.diagonal(part, axis1=-2, axis2=-1)) for part in (C, P))
        moved = (dz * (inner / sqrt(h) + np.abs(q) / h)).sum(axis=-1)
        turned = (dq * widths).sum(axis=-1) / sqrt(h)
        return moved + turned + 2 * np.einsum("...i,...ij,...j->...", inner, dC, inner)


def cell_errors(h: float, state: PacketState, cells: Cells, maps: Parts, *, constant: bool) -> np.ndarray:
    """What the error of each cell costs, where the state is by then, in trace norm.

    `maps`: F, d, S from time 0 to the end of each cell. `constant`: M is, so that of the cells only d is used.
    """
    F, d, S = maps
    size = F.shape[-1]
    inverse = np.abs(np.linalg.inv(cells.matrix))
    relative = (cells.matrix_error + 4 * size * ROUNDING * np.abs(cells.matrix)) @ inverse
    noise = cells.noise_error + 4 * size * ROUNDING * np.abs(S)
    total = np.zeros(len(F))
    for weight, packet in packets_of(state, h):
        with np.errstate(all="ignore"):  # what overflows costs infinity
            C, P, z, q, decay = _carried(h, packet, F, d, S)
            moved = np.abs(d) if constant else np.abs(z)
            dz = cells.shift_error + (relative @ moved[..., None])[..., 0] + 4 * ROUNDING * np.abs(d)
            if constant:
                each = cost(h, C, P, q, dz, 0 * C, 0 * q)
            else:
                turned = relative @ np.abs(C)
                dq = (relative.swapaxes(1, 2) @ np.abs(q)[..., None])[..., 0]
                diffused = 2 * relative @ np.abs(S) + noise
                dlog = np.einsum("ci,cij,cj->c", np.abs(q), diffused, np.abs(q)) / (2 * h)
                each = dlog + cost(h, C, P, q, dz, turned + turned.swapaxes(1, 2) + noise, dq)
            total += weight * np.where(np.isfinite(each), each * np.exp(-decay), np.where(decay > MAX_DECAY, 0.0, inf))
    return total


def _carried(h: float, packet: Packet, F: np.ndarray, d: np.ndarray, S: np.ndarray) -> tuple[np.ndarray, ...]:
    """C, its inverse P, z, q and the exponent of decay of a packet at the end of each cell."""
    C0, z0, q0 = np.array(packet.covariance), np.array(packet.center), packet.q
    C, z, y = F @ C0 @ F.swapaxes(1, 2) + S, F @ z0 + d, F @ (C0 @ q0)
    try:
        P = np.linalg.inv(C)
    except np.linalg.LinAlgError:
        P = np.full_like(C, inf)
    q = (P @ y[..., None])[..., 0]
    return C, P, z, q, np.maximum((q0 @ C0 @ q0 - (y * q).sum(axis=1)) / (2 * h), 0.0)
