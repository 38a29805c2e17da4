"""Points drawn from the Wigner function of a state, where that is a probability density."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from openweyl._core.arguments import fail
from openweyl.model.states import PacketState, State


@dataclass(frozen=True)
class Cloud:
    """A mixture of Gaussians: `weights` (K,) that add up to 1, `centers` (K, 2n), `covariances` (K, 2n, 2n) in units of
    h.
    """

    weights: np.ndarray
    centers: np.ndarray
    covariances: np.ndarray
    h: float

    def draw(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """`count` points, (2n, count)."""
        roots = np.sqrt(self.h) * np.linalg.cholesky(self.covariances)
        member = rng.choice(len(self.weights), size=count, p=self.weights)
        normal = rng.standard_normal((self.centers.shape[1], count))
        points = np.empty_like(normal)
        for k in np.unique(member):
            chosen = member == k
            points[:, chosen] = self.centers[k][:, None] + roots[k] @ normal[:, chosen]
        return points

    def box(self, deviations: float) -> list[tuple[float, float]]:
        """The interval of each coordinate that holds all members up to so many standard deviations."""
        half = deviations * np.sqrt(self.h * np.diagonal(self.covariances, axis1=1, axis2=2))
        low, high = (self.centers - half).min(axis=0), (self.centers + half).max(axis=0)
        return list(zip(low.tolist(), high.tolist(), strict=True))


def cloud_of(state: State, h: float) -> Cloud:
    """The Wigner function of `state` as a mixture of Gaussians. Raises InputError if it is none."""
    packets = [packets for _, packets in state.members] if isinstance(state, PacketState) else []
    if not packets or any(len(parts) > 1 or any(parts[0].wave) for parts in packets):
        raise fail(
            "state",
            "be a mixture of Gaussian states",
            str(state),
            "The Wigner functions of others take negative values, or are known on a grid only: no points are drawn.",
        )
    for parts in packets:
        parts[0].check_resolved(h)
    weights = np.array([probability for probability, _ in state.members])  # type: ignore[attr-defined]
    return Cloud(
        weights / weights.sum(),
        np.array([parts[0].center for parts in packets]),
        np.array([parts[0].covariance for parts in packets]),
        h,
    )
