"""`monitor`: records of a continuous measurement, and the states that they leave."""

from __future__ import annotations

import time
from collections.abc import Sequence
from math import pi
from typing import Literal, TypeAlias

import numpy as np

from openweyl._core import arguments
from openweyl._core.arguments import ResourceError, must
from openweyl._core.calls import public
from openweyl._core.memory import spare_memory
from openweyl._core.threads import one_thread
from openweyl.gaussian_packets.flow import quadratic_flow
from openweyl.model.pair import state_of
from openweyl.model.states import State
from openweyl.model.system import System
from openweyl.symbolic.breakpoints import breakpoints
from openweyl.symbolic.expressions import TIME

from .filtering import Channels, Law, covariance_error, laws
from .initial import cloud_of
from .records import Records
from .streams import Stream

Detection: TypeAlias = Literal["homodyne", "heterodyne"]
MAX_RECORDS = 10**6
"""The most records of one call."""


@public
def monitor(
    system: System,
    state: State,
    times: Sequence[float],
    *,
    jump: int = 1,
    detection: Detection = "homodyne",
    angle: float = 0.0,
    efficiency: float = 1.0,
    records: int = 1,
    seed: int = 0,
    memory: float | None = None,
) -> Records:
    """dy = sqrt(eta) <c + c*> dt + dW, c = sqrt(gamma/h) L e^{-i angle}: homodyne records, and the states they leave.

    `system`: with p quadratic and linear jumps; `state`: Gaussian, so that it stays so under measurement. `times`: at
    which the states are known, and between which the records are integrated. `jump`: which one is observed, counted
    from 1; the others are not. `detection`: "heterodyne" observes the quadratures at `angle` and at `angle` + pi/2,
    each with half the efficiency. `angle`: of the local oscillator, in radians; 0 observes L + L*. `efficiency`: eta,
    from 0 to 1. `records`: how many. `seed`: the same one gives the same records. `memory`: bytes for the result
    (default: half of what is free).

    Returns `Records`: the records, the conditional means of each and their common covariance, and the states.

    Raises InputError for arguments out of range, other systems and other states; ResourceError for covariances that
    vary too fast over `times`, and for results that do not fit.

    Source: Jacobs and Steck, Contemp. Phys. 47, 279 (2006), doi:10.1080/00107510601101934; Wiseman and Milburn,
    Quantum Measurement and Control (2009), chapter 6.

    >>> from openweyl import System, coherent
    >>> still = System("0*x", ["x"], h=1.0, gamma=1.0)  # V_x of dV/dt = -4 V^2, V(0) = 1/2
    >>> monitor(still, coherent(0, 0), [0.0, 0.5, 1.0]).covariance[:, 0, 0].round(6)
    array([0.5     , 0.25    , 0.166667])
    """
    began = time.monotonic()
    checked = state_of(system, state)
    saved = arguments.times(times)
    must(bool(system.jumps and system.gamma), "system", "have jumps, and gamma > 0", system, "One of them is observed.")
    timed = any(jump.has(TIME) for jump in system.jumps)
    must(not timed, "system", "have jumps that do not depend on time", str(system), "Others are not measured yet.")
    breaks = breakpoints((system.hamiltonian,), saved[-1])
    must(not breaks, "system", "be smooth in time", str(system), "Others are not measured yet.")
    chosen = arguments.whole("jump", jump, 1, len(system.jumps), "It counts the jumps of the system from 1.")
    arguments.choice("detection", detection, ("homodyne", "heterodyne"))
    angle = arguments.real("angle", angle)
    efficiency = arguments.real("efficiency", efficiency, low=0.0)
    must(efficiency <= 1, "efficiency", "be <= 1", efficiency)
    count = arguments.whole("records", records, 1, MAX_RECORDS)
    seed = arguments.whole("seed", seed, 0, 2**63 - 1)
    limit = spare_memory() if memory is None else arguments.real("memory", memory, above=0.0)
    flow = quadratic_flow(system)
    if flow is None:
        raise arguments.fail(
            "system", "have a quadratic p and linear jumps", str(system), "Others are not measured yet."
        )
    cloud = cloud_of(checked, system.h)
    must(len(cloud.weights) == 1, "state", "be one Gaussian state", str(checked), "A record tells members apart.")
    angles = [angle] if detection == "homodyne" else [angle, angle + pi / 2]
    _check_memory(count, len(saved), 2 * system.n + len(angles), limit)
    channels = Channels.of(system, system.jumps[chosen - 1], angles, efficiency)
    start = system.h * cloud.covariances[0]
    with one_thread():
        found = laws(flow, channels, start, saved)
        error = covariance_error(flow, channels, found, start, saved)
        mean, record = _drawn(found, cloud.centers[0], count, Stream.RECORD.generator(seed))
    return Records(
        system=system, state=checked, times=saved, jump=chosen, detection=detection, angle=angle, efficiency=efficiency,
        record=record, mean=mean, covariance=np.array([law.covariance for law in found]), covariance_error=error,
        seed=seed, seconds=time.monotonic() - began,
    )  # fmt: skip


def _drawn(found: list[Law], center: np.ndarray, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
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


def _check_memory(records: int, times: int, numbers: int, limit: float) -> None:
    """Raise ResourceError if the result would not fit into `limit` bytes."""
    needed = 8.0 * times * (2 * records * numbers + 4 * numbers**2)
    if needed > limit:
        raise ResourceError(
            f"{records} records at {times} times take {needed / 1e9:.2g} GB, but {limit / 1e9:.2g} GB are free for "
            "them. Take fewer records or times, or raise `memory`."
        )
