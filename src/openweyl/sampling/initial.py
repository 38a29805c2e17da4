"""The initial state as a law of particles: a mixture of Gaussian states."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openweyl._core.arguments import fail
from openweyl.model.states import PacketState, State

DRAWS = 20
"""How often each member of a mixture is to be drawn on average: of fewer, standard errors know nothing of it; with 20
the chance to miss it is 2e-9."""


@dataclass(frozen=True)
class Start:
    """Members of a mixture: `weights` (K,) that add up to 1, `z` (K, 2n), `C` (K, 2n, 2n) in units of h."""

    weights: np.ndarray
    z: np.ndarray
    C: np.ndarray

    @property
    def least_particles(self) -> int:
        """Of how many particles each member gets DRAWS on average."""
        return 1 if len(self.weights) == 1 else int(np.ceil(DRAWS / self.weights.min()))

    def draw(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """`count` members at random: their centres and covariances."""
        members = rng.choice(len(self.weights), size=count, p=self.weights)
        return self.z[members], self.C[members]


def start_of(state: State) -> Start:
    """`state` as a mixture of Gaussian states. Raises InputError if it is none."""
    what = "be a mixture of Gaussian states"
    advice = "For cats and other states use `compare` and `certify`, for n = 1 and 2."
    if not isinstance(state, PacketState) or any(len(packets) > 1 for _, packets in state.members):
        raise fail("state", what, str(state), advice)
    packets = [packets[0] for _, packets in state.members]
    if any(any(packet.wave) for packet in packets):
        raise fail("state", what, str(state), advice)
    weights = np.array([probability for probability, _ in state.members])
    return Start(
        weights / weights.sum(),
        np.array([packet.center for packet in packets]),
        np.array([packet.covariance for packet in packets]),
    )
