"""F, d and S of the maps z -> F z + d, C -> F C F^T + S, in double precision, whatever the flow."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from openweyl.model.gaussian_states import coherent, mixture
from openweyl.model.states import PacketState

from .flow import QuadraticFlow


def maps_at(flow: QuadraticFlow, n: int, times: Sequence[float]) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(F, d, S) at each time, from where the packets around 0 and around the unit vectors go."""
    size = 2 * n
    centers = np.concatenate([np.zeros((1, size)), np.eye(size)])
    states = [(1.0, coherent(list(c[:n]), list(c[n:]))) for c in centers]
    around = mixture(states)
    assert isinstance(around, PacketState)  # noqa: S101 - mixtures of packets are packets
    found = []
    for state, _ in flow.carry(around, times):
        packets = [members[0] for _, members in state.members]
        d = np.array(packets[0].center)
        F = np.array([np.array(packet.center) - d for packet in packets[1:]]).T
        found.append((F, d, np.array(packets[0].covariance) - F @ F.T / 2))
    return found
