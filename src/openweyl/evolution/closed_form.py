"""Evolutions in closed form: the packets of `gaussian_packets` on the smallest grids that hold them."""

from __future__ import annotations

import time
from itertools import pairwise
from math import ceil, erfc, sqrt

import numpy as np

from openweyl._core.arguments import ResourceError
from openweyl._core.progress import Progress
from openweyl.gaussian_packets.flow import QuadraticFlow
from openweyl.gaussian_packets.packet_errors import packets_of
from openweyl.model.pair import WITHOUT_GRID
from openweyl.model.states import PacketState
from openweyl.phase_space.grid import PhaseGrid
from openweyl.phase_space.grid_size import check_fits
from openweyl.weyl.symbol import Symbol

from .numerics import Numerics
from .outputs import Look, Output
from .solution import Solution
from .step_control import TIE

GRID_SHARE = 0.4
"""The part of the tolerance given to what lies beyond a grid, and as much to round-off; the rest is a reserve."""
NEGLIGIBLE_PACKET_SHARE = 1e-3
"""The part of the tolerance below which a packet is left out, by its trace norm: a hundred such still cost little."""
BYTES_PER_SYMBOL_POINT = 70
"""Memory that the values of packets on a grid take at each point, beside the symbols that are kept (measured)."""
FIRST_FIT_LEVEL = 0.3
"""The level at which a grid is fitted first, as a part of what may lie beyond the grid all in all."""
NEXT_FIT_LEVEL = 0.5
"""If more lies beyond it: the next level, as a part of what would do if the excess were in proportion to the level."""
MAX_FIT_LEVEL_RATIO = 0.3
"""The next level over the one before, at the most, so that few grids are tried."""
MAX_STATE_DISTANCE = 2.0
"""The distance in trace norm that no two states exceed."""


def closed_form(
    flow: QuadraticFlow,
    state: PacketState,
    times: tuple[float, ...],
    *,
    kind: str,
    order: int,
    tol: float,
    memory: float,
    progress: Progress | None,
    look: Look | None,
    watch_every: float,
) -> Solution:
    """The solution of either equation, as `evolve` returns it; corrections are 0, as both equations are one.

    Raises ResourceError where a grid or a symbol passes the memory limit, or round-off passes the tolerance.
    """
    started = time.perf_counter()
    h = flow.system.h
    for _, packet in packets_of(state, h):
        packet.check_resolved(h)
    looks = _looks(times, watch_every) if look else list(times)
    symbols, rounding, outside = [], [], []
    saved, kept = set(times), 0
    for t, (carried, error) in zip(looks, flow.carry(state, looks), strict=True):
        _check_round_off(error, tol, t)
        remaining, left_out = without_negligible(carried, h, NEGLIGIBLE_PACKET_SHARE * tol)
        grid, beyond = fitted_grid(remaining, h, GRID_SHARE * tol)
        kept += grid.size * (t in saved)
        each = BYTES_PER_SYMBOL_POINT + 8 * order * kept / grid.size
        advice = "shorten `times`, raise `tol` or `h`, or raise `memory`" + f"; or {WITHOUT_GRID}" * (grid.n > 1)
        check_fits(grid, each, advice, memory, f"At t = {t:.4g} the")
        w = _with_corrections(remaining.symbol(grid), order)
        if look:
            look(t, Output(w, error, beyond + left_out))
        if progress:
            progress(t, times[-1], "x".join(map(str, grid.shape)) + " grid, closed form")
        if t in saved:
            symbols.append(w)
            rounding.append(error)
            outside.append(beyond + left_out)
    return Solution(
        system=flow.system,
        kind=kind,
        order=order,
        times=times,
        symbols=tuple(symbols),
        numerics=Numerics(
            scheme="closed form",
            steps=0,
            largest_grid=max((w.grid for w in symbols), key=lambda grid: grid.size),
            regrids=0,
            rollbacks=0,
            step_error=tuple(rounding),
            grid_error=tuple(outside),
            seconds=time.perf_counter() - started,
        ),
        tol=tol,
    )


def _with_corrections(w: Symbol, order: int) -> Symbol:
    """w as b_0 beside b_1, ..., b_{order - 1}, which are 0 as L = Q."""
    if order == 1:
        return w
    return w.like(np.concatenate([w.values[None], np.zeros((order - 1, *w.grid.shape))]))


def _looks(times: tuple[float, ...], every: float) -> list[float]:
    """0, all `times`, and as few times between, evenly, as are at most `every` apart."""
    looks = {0.0, *times}
    for start, stop in pairwise((0.0, *times)):
        parts = max(ceil((stop - start) / every * (1 - TIE)), 1)
        looks |= {start + (stop - start) * j / parts for j in range(parts)}
    return sorted(looks)


def _check_round_off(error: float, tol: float, t: float) -> None:
    """Raise ResourceError if round-off passes its share of the tolerance."""
    if not error <= GRID_SHARE * tol:
        shown = error if error < MAX_STATE_DISTANCE else MAX_STATE_DISTANCE  # it may be no number
        raise ResourceError(
            f"At t = {t:.4g} round-off alone leaves an error of {shown:.2g}, and tol = {tol:g}: raise `tol` or "
            "`h`, shorten `times`, or shift the coordinates.",
            kind="precision",
        )


def without_negligible(state: PacketState, h: float, level: float) -> tuple[PacketState, float]:
    """`state` without the packets whose trace norms are below `level`, as fringes are that have decayed, and these.

    The largest packet of each member stays.
    """
    members, left_out = [], 0.0
    for probability, packets in state.members:
        trace = abs(sum(packet.trace(h) for packet in packets))
        sizes = [probability * abs(packet.weight) / trace for packet in packets]
        stays = [size >= level or size == max(sizes) for size in sizes]
        kept = [packet for packet, stay in zip(packets, stays, strict=True) if stay]
        left_out += sum(sizes) - sum(size for size, stay in zip(sizes, stays, strict=True) if stay)
        members.append((probability, tuple(kept)))
    return PacketState(tuple(members), state.description), max(left_out, 0.0)


def fitted_grid(state: PacketState, h: float, allowed: float) -> tuple[PhaseGrid, float]:
    """The smallest grid outside of which at most `allowed` of the state lies in trace norm, and how much does."""
    level = FIRST_FIT_LEVEL * allowed
    while True:
        grid = state.grid(h, level=level, room=0.0)
        outside = outside_of(grid, state)
        if outside <= allowed:
            return grid, outside
        level *= min(NEXT_FIT_LEVEL * allowed / outside, MAX_FIT_LEVEL_RATIO)


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
