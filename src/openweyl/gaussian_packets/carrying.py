"""A sum of Gaussian packets carried by a map (F, d, S): z -> F z + d, C -> F C F^T + S, C q -> F C q.

Computed in the digits of the map, and rounded once.
"""

from __future__ import annotations

from math import sqrt
from typing import TypeAlias

import mpmath
import numpy as np

from openweyl._core.arguments import MAX_SCALE, fail
from openweyl.model.packets import Packet
from openweyl.model.states import PacketState

from .maps import ROUNDING, GaussianMap, digits
from .packet_errors import cost

Covariance: TypeAlias = tuple[tuple[float, ...], ...]


def carried(state: PacketState, gaussian_map: GaussianMap, h: float, t: float) -> tuple[PacketState, float]:
    """The state at time t, and what rounding it, and taking its values on a grid, costs in trace norm.

    Raises InputError where the state outgrows double precision.
    """
    members, error = [], 0.0
    covariances: dict[Covariance, tuple[np.ndarray, np.ndarray]] = {}
    for probability, packets in state.members:
        later = []
        trace = abs(sum(packet.trace(h) for packet in packets))
        for packet in packets:
            if packet.covariance not in covariances:
                covariances[packet.covariance] = _carried_covariance(packet.covariance, gaussian_map, t)
            moved, lost = _carried_packet(packet, gaussian_map, *covariances[packet.covariance], h, t)
            later.append(moved)
            error += probability * lost / trace
        members.append((probability, tuple(later)))
    return PacketState(tuple(members), state.description), error


def _carried_covariance(covariance: Covariance, gaussian_map: GaussianMap, t: float) -> tuple[np.ndarray, np.ndarray]:
    """C and its inverse."""
    F = gaussian_map.matrix
    with mpmath.workprec(gaussian_map.bits):
        C = F @ digits(covariance, gaussian_map.bits) @ F.T + gaussian_map.noise
        scales = [mpmath.sqrt(abs(v)) for v in np.diag(C)]
        check_moderate(all(1 / MAX_SCALE < v < MAX_SCALE for v in scales), t)
        outer = np.outer(scales, scales)
        try:
            inverse = mpmath.matrix((C / outer).tolist()) ** -1
        except ZeroDivisionError:
            check_moderate(False, t)
        return C, np.array(inverse.tolist(), dtype=object).reshape(C.shape) / outer


def _carried_packet(
    packet: Packet, gaussian_map: GaussianMap, C: np.ndarray, P: np.ndarray, h: float, t: float
) -> tuple[Packet, float]:
    bits = gaussian_map.bits
    with mpmath.workprec(bits):
        q0 = digits(packet.q, bits)
        y0 = digits(packet.covariance, bits) @ q0
        y = gaussian_map.matrix @ y0
        z = gaussian_map.matrix @ digits(packet.center, bits) + gaussian_map.shift
        q = P @ y
        decay = float((q0 @ y0 - q @ y) / (2 * mpmath.mpf(h)))
    center, wave, covariance, precision = (part.astype(float) for part in (z, q, C, P))
    check_moderate(bool(np.abs(center).max() < MAX_SCALE and np.abs(wave).max() < MAX_SCALE), t)
    weight = packet.weight * np.exp(-decay)
    widths = np.sqrt(np.diag(covariance))
    dz = 4 * ROUNDING * (np.abs(center) + sqrt(h) * widths)
    dC = 8 * ROUNDING * np.outer(widths, widths)
    phases = abs(packet.phase) + 4 * sqrt(h) * float(np.abs(wave) @ widths)
    dlog = 4 * ROUNDING * (1 + decay + phases / h)
    lost = dlog + float(cost(h, covariance, precision, wave, dz, dC, 4 * ROUNDING * np.abs(wave)))
    moved = Packet(
        center=tuple(center.tolist()),
        covariance=tuple(map(tuple, ((covariance + covariance.T) / 2).tolist())),
        weight=complex(weight),
        phase=packet.phase,
        wave=tuple(wave.tolist()) if packet.wave else (),
    )
    return moved, float(abs(weight) * lost) if weight else 0.0


def check_moderate(condition: bool, t: float) -> None:
    """Raise InputError unless `condition`, that numbers are of moderate size at time t, holds."""
    if not condition:
        short = "end while the state is of moderate size"
        raise fail("times", short, f"{t:g}, when it has outgrown double precision", "The system drives it apart.")
