"""Records and conditional means of Gaussian states, drawn from their law, and what else there is to know of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import factorial
from typing import Any

import numpy as np
import sympy

from openweyl._core.arguments import InputError, ResourceError
from openweyl._core.threads import one_thread
from openweyl.gaussian_packets.flow import QuadraticFlow, quadratic_flow
from openweyl.model.packets import Packet, symplectic_form
from openweyl.model.states import PacketState, State
from openweyl.model.system import System
from openweyl.symbolic.breakpoints import breakpoints
from openweyl.symbolic.expressions import TIME, evaluate

from .filtering import Channels, Law, covariance_error, laws
from .initial import Cloud, cloud_of
from .observed import Detection
from .streams import Stream

SCHEME = "Gaussian states in closed form"
"""What `Records.scheme` says."""

DISTANCE_FACTOR = 6.0
"""2 sqrt(8), as || [A, [B, rho]] ||_tr <= 4 || A B rho ||, and <B A^2 B> is at most 8 times the variances of both."""


@dataclass(frozen=True)
class GaussianCase:
    """A quadratic system and one Gaussian state: what is measured stays Gaussian."""

    flow: QuadraticFlow
    cloud: Cloud


def gaussian_of(system: System, state: State, times: Sequence[float]) -> GaussianCase | None:
    """Those of a system and a state; None for others, and for jumps and corners in time, which levels take."""
    flow = quadratic_flow(system)
    if flow is None or any(jump.has(TIME) for jump in system.jumps) or breakpoints((system.hamiltonian,), times[-1]):
        return None
    try:
        cloud = cloud_of(state, system.h)
    except InputError:
        return None
    return GaussianCase(flow, cloud) if len(cloud.weights) == 1 else None


@dataclass(frozen=True)
class GaussianStates:
    """The conditional states by `mean` (records, times, 2n) and `covariance` (times, 2n, 2n)."""

    mean: np.ndarray
    covariance: np.ndarray
    h: float

    def state(self, record: int, index: int, description: str) -> State:
        """The state of a record at a time."""
        covariance = self.covariance[index] / self.h
        packet = Packet(tuple(self.mean[record, index].tolist()), tuple(map(tuple, covariance.tolist())))
        return PacketState(((1.0, (packet,)),), description)


def gaussian_records(
    case: GaussianCase, detection: Detection, jump: int, polynomials: Sequence[sympy.Expr], times: Sequence[float],
    count: int, seed: int, memory: float,
) -> dict[str, Any]:  # fmt: skip
    """What `Records` has of them."""
    system = case.flow.system
    numbers = 2 * system.n + len(detection.angles) + len(polynomials)
    _check_memory(count, len(times), numbers, memory)
    channels = Channels.of(system, system.jumps[jump - 1], detection.angles, detection.efficiency)
    start = system.h * case.cloud.covariances[0]
    with one_thread():
        found = laws(case.flow, channels, start, times)
        error = covariance_error(case.flow, channels, found, start, times)
        mean, record = drawn(found, case.cloud.centers[0], count, Stream.RECORD.generator(seed))
    covariance = np.array([law.covariance for law in found])
    z = system.x + system.xi
    values, others = np.zeros((2, count, len(times), len(polynomials)))
    for k, f in enumerate(polynomials):
        values[:, :, k] = expectations(f, z, mean, covariance)
        others[:, :, k] = expectations(f, z, mean, covariance + error)
    return {
        "scheme": SCHEME,
        "record": record,
        "mean": mean,
        "mean_error": np.zeros_like(mean),
        "covariance": covariance,
        "covariance_error": error,
        "error": np.broadcast_to(distances(covariance, error, system.h), (count, len(times))),
        "expectations": values,
        "expectation_errors": np.abs(others - values),
        "states": GaussianStates(mean, covariance, system.h),
    }  # fmt: skip


def drawn(found: list[Law], center: np.ndarray, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Means (records, times, 2n) and records (records, times, channels)."""
    size = len(center)
    told = len(found[0].shift) - size
    mean, record = np.empty((count, len(found), size)), np.empty((count, len(found), told))
    now = np.broadcast_to(center, (count, size))
    for j, law in enumerate(found):
        values, vectors = np.linalg.eigh(law.noise)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        both = now @ law.map.T + law.shift + rng.standard_normal((count, len(law.shift))) @ root.T
        now = mean[:, j] = both[:, :size]
        record[:, j] = both[:, size:]
    return mean, record


def distances(covariance: np.ndarray, error: np.ndarray, h: float) -> np.ndarray:
    """About the most, in trace norm, by which Gaussian states (times, 2n, 2n) are off by errors of the covariance.

    In the symbol an error e_ij is (1/2) e_ij d_i d_j, a double commutator with the conjugate coordinates, over h^2.
    """
    turn = symplectic_form(covariance.shape[1] // 2)
    spread = np.sqrt(np.maximum(np.diagonal(turn @ covariance @ turn.T, axis1=1, axis2=2), 0.0))
    return np.asarray(DISTANCE_FACTOR / h**2 * np.einsum("tij,ti,tj->t", np.abs(error), spread, spread))


def expectations(f: sympy.Expr, z: tuple[sympy.Symbol, ...], mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """tr(Op(f) rho), shape (records, times), of a polynomial f: E f = e^{d.V d/2} f at the mean, a series that ends."""
    size = len(z)
    V = [[sympy.Dummy(f"V{min(i, j)}{max(i, j)}") for j in range(size)] for i in range(size)]
    V = [[V[min(i, j)][max(i, j)] for j in range(size)] for i in range(size)]
    total = term = sympy.Poly(f, *z)
    for k in range(1, total.total_degree() // 2 + 1):
        pairs = product(range(size), repeat=2)
        term = sum((term.diff(z[i]).diff(z[j]) * V[i][j] / 2 for i, j in pairs), sympy.Poly(0, *z))
        total = total + term / factorial(k)
    at = {v: mean[:, :, i] for i, v in enumerate(z)}
    at |= {V[i][j]: covariance[None, :, i, j] for i in range(size) for j in range(size)}
    return np.asarray(evaluate(total.as_expr(), at, np) + np.zeros(mean.shape[:2]), dtype=float)


def _check_memory(records: int, times: int, numbers: int, limit: float) -> None:
    """Raise ResourceError if the result would not fit into `limit` bytes."""
    needed = 8.0 * times * (3 * records * numbers + 4 * numbers**2)
    if needed > limit:
        raise ResourceError(
            f"{records} records at {times} times take {needed / 1e9:.2g} GB, but {limit / 1e9:.2g} GB are free for "
            "them. Take fewer records or times, or raise `memory`."
        )
