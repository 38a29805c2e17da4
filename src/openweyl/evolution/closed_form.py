"""Evolutions in closed form: the packets of `gaussian_flow` on the smallest grids that hold them."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import ceil, erfc, sqrt

import numpy as np

from openweyl._core.arguments import ResourceError
from openweyl.gaussian.flow import QuadraticFlow, packets_of
from openweyl.model.states import PacketState
from openweyl.phase_space.grid import PhaseGrid, check_fits
from openweyl.weyl.symbol import Symbol

from .solution import Numerics, Solution

GRID_SHARE, DEAD_SHARE = 0.4, 1e-3
"""The parts of the tolerance given to what lies beyond a grid, and to packets that are left out."""
BYTES = 70
"""What the values of packets on a grid need, in bytes per point, beside the symbols that are kept (measured)."""


def closed_form(
    flow: QuadraticFlow,
    state: PacketState,
    times: tuple[float, ...],
    *,
    kind: str,
    order: int,
    tol: float,
    memory: float,
    progress: Callable[[float, float, str], None] | None,
    watch: Callable[[float, Symbol], None] | None,
    watch_every: float,
) -> Solution:
    """The solution of either equation, as `evolve` returns it; corrections are nil, as both equations are one.

    Raises ResourceError where a grid or a symbol passes the memory limit, or round-off passes the tolerance.
    """
    started = time.perf_counter()
    h = flow.system.h
    for _, packet in packets_of(state, h):
        packet.check_resolved(h)
    looks = list(times)
    if watch:
        before = (0.0, *times[:-1])
        looks = sorted({t for a, b in zip(before, times, strict=True) for t in _between(a, b, watch_every)})
    symbols, grids, rounding, outside = [], [], [], []
    saved, kept = set(times), 0
    for t, (carried, error) in zip(looks, flow.carry(state, looks), strict=True):
        if not error <= GRID_SHARE * tol:
            found = error if error < 2 else 2.0
            raise ResourceError(
                f"At t = {t:.4g} round-off alone leaves an error of {found:.2g}, and tol = {tol:g}: raise `tol` or "
                "`h`, shorten `times`, or shift the coordinates.",
                kind="precision",
            )
        living, dead = without_dead(carried, h, DEAD_SHARE * tol)
        grid, beyond = fitted_grid(living, h, GRID_SHARE * tol)
        kept += grid.size * (t in saved)
        each = BYTES + 8 * order * kept / grid.size
        check_fits(grid, each, "shorten `times`, raise `tol` or `h`, or raise `memory`", memory, f"At t = {t:.4g} the")
        w = living.symbol(grid)
        if order > 1:
            w = w.like(np.concatenate([w.values[None], np.zeros((order - 1, *grid.shape))]))
        if watch:
            watch(t, w)
        if progress:
            progress(t, times[-1], "x".join(map(str, grid.shape)) + " grid, closed form")
        if t in saved:
            symbols.append(w)
            grids.append(grid)
            rounding.append(error)
            outside.append(beyond + dead)
    return Solution(
        system=flow.system,
        kind=kind,
        order=order,
        times=times,
        symbols=tuple(symbols),
        numerics=Numerics(
            scheme="closed form",
            steps=0,
            largest_grid=max(grids, key=lambda grid: grid.size),
            regrids=0,
            rollbacks=0,
            step_error=tuple(rounding),
            grid_error=tuple(outside),
            seconds=time.perf_counter() - started,
        ),
        tol=tol,
    )


def _between(start: float, stop: float, every: float) -> list[float]:
    """`start`, `stop` and as few times between, evenly, as are at most `every` apart."""
    parts = max(ceil((stop - start) / every * (1 - 1e-9)), 1)
    return [start + (stop - start) * j / parts for j in range(parts)] + [stop]


def without_dead(state: PacketState, h: float, level: float) -> tuple[PacketState, float]:
    """`state` without the packets whose trace norms are below `level`, as fringes are that have decayed, and these."""
    members, lost = [], 0.0
    for probability, packets in state.members:
        trace = abs(sum(packet.trace(h) for packet in packets))
        sizes = [probability * abs(packet.weight) / trace for packet in packets]
        kept = [packet for packet, size in zip(packets, sizes, strict=True) if size >= level or size == max(sizes)]
        lost += sum(sizes) - sum(size for size in sizes if size >= level or size == max(sizes))
        members.append((probability, tuple(kept)))
    return PacketState(tuple(members), state.description), max(lost, 0.0)


def fitted_grid(state: PacketState, h: float, allowed: float) -> tuple[PhaseGrid, float]:
    """The smallest grid outside of which at most `allowed` of the state lies in trace norm, and how much does."""
    level = 0.3 * allowed
    while True:
        grid = state.window(h, level=level, room=0.0)
        outside = outside_of(grid, state)
        if outside <= allowed:
            return grid, outside
        level *= min(0.5 * allowed / outside, 0.3)


def outside_of(grid: PhaseGrid, state: PacketState) -> float:
    """The part of a state, in trace norm, beyond `grid`, in all four representations.

    Along each axis a packet's absolute value, and that of its transform, are Gaussians. What lies beyond a sigmas of
    either has the Hilbert-Schmidt norm sqrt(erfc(a)) ||.||_HS, and at most sqrt(states) times that in trace norm or in
    L1; beyond the wave numbers it counts twice, as what is missing and as what is folded back.
    """
    total = 0.0
    for weight, packet in packets_of(state, grid.h):
        C = np.array(packet.covariance)
        P = np.linalg.inv(C)
        norm = np.linalg.det(2 * C) ** -0.25 * sqrt(max(grid.states, 1.0))
        for i, axis in enumerate(grid.x + grid.xi):
            room = min(packet.center[i] - axis.lower, axis.upper - axis.spacing - packet.center[i])
            spectral = axis.reach - abs(packet.q[i]) / grid.h
            beyond = _tail(room / sqrt(grid.h * C[i, i])) + 2 * _tail(spectral / sqrt(P[i, i] / grid.h))
            total += weight * norm * beyond
    return float(total)


def _tail(sigmas: float) -> float:
    return sqrt(erfc(sigmas)) if sigmas > 0 else 1.0
