"""The matrix of a state in the Fock basis, on as few levels as its trace norm allows.

For a state A and the projection P on levels below N, || A - P A P ||_tr <= 2 (tr (1 - P) A)^(1/2): Cauchy and Schwarz.
"""

from __future__ import annotations

from dataclasses import replace
from functools import reduce
from math import ceil, prod, sqrt

import numpy as np

from openweyl.model.fock_states import fock_amplitudes
from openweyl.model.packets import Packet
from openweyl.model.products import ProductState
from openweyl.model.scaled_states import ScaledState
from openweyl.model.states import MixedState, PacketState, State
from openweyl.weyl.fock_matrix import fock_matrix
from openweyl.weyl.symbol import Symbol

from .gaussian_matrices import packet_matrix
from .levels import LevelMatrix, padded
from .scales import stretched

DEVIATIONS = 6.0
"""Standard deviations of a packet's covariance within which levels are looked at first; more, if its last ones are not
empty."""
EMPTY = 1e-3
"""The part of what may be left out that the last levels looked at may hold: what is beyond them is less."""
UNSEEN, ROUND_OFF = 0.1, 1e-12
"""By what the trace of the matrix of packets may differ from 1 beside what was left out, in parts of what was allowed,
or as round-off. It does by more where exp(-|alpha|^2), from which the recurrence starts, is below double precision."""


class TooManyLevelsError(Exception):
    """The state has no matrix on as few levels as were allowed."""


def level_matrix(state: State, h: float, allowed: float, most: int, scales: tuple[float, ...]) -> LevelMatrix:
    """The matrix of `state`, which leaves out at most `allowed`, on at most `most` levels in all.

    The levels are those of oscillators in x/s and s xi, s the `scales`.
    Raises TooManyLevelsError.
    """
    if isinstance(state, PacketState):
        return _of_packets(state, h, allowed, most, scales)
    if isinstance(state, MixedState):
        parts = [level_matrix(one, h, allowed, most, scales) for _, one in state.members]
        levels = tuple(map(max, zip(*(part.levels for part in parts), strict=True)))
        weights = [probability for probability, _ in state.members]
        pairs = list(zip(weights, parts, strict=True))
        total = sum(weight * padded(part.matrix, part.levels, levels) for weight, part in pairs)
        return LevelMatrix(np.asarray(total), levels, sum(weight * part.lost for weight, part in pairs))
    if isinstance(state, ProductState):
        own = iter(scales)
        parts = [
            level_matrix(one, h, allowed / len(state.factors), most, tuple(next(own) for _ in range(one.n)))
            for one in state.factors
        ]
        levels = tuple(size for part in parts for size in part.levels)
        _check(prod(levels), most)
        return LevelMatrix(reduce(np.kron, [part.matrix for part in parts]), levels, sum(part.lost for part in parts))
    if isinstance(state, ScaledState) and state.ket and scales == (1.0,):
        psi = fock_amplitudes(state.ket)
        _check(len(psi), most)
        return LevelMatrix(np.outer(psi, psi.conj()), (len(psi),), 0.0)
    symbol = state.symbol(state.grid(h, EMPTY * allowed))
    symbol = Symbol.trusted(symbol.values, stretched(symbol.grid, [1 / s for s in scales]))
    (matrix, leakage), sizes = fock_matrix(symbol, None, allowed)
    _check(prod(sizes), most)
    return LevelMatrix(matrix, tuple(sizes), leakage + state.lost)


def _of_packets(state: PacketState, h: float, allowed: float, most: int, scales: tuple[float, ...]) -> LevelMatrix:
    """Packets: the levels of each mode from the populations of it alone."""
    packets = [
        (probability / sum(one.trace(h) for one in members).real, _scaled(one, scales))
        for probability, members in state.members
        for one in members
    ]
    levels = tuple(_levels_of(j, packets, h, (allowed / 2) ** 2 / state.n, most) for j in range(state.n))
    _check(prod(levels), most)
    total = np.asarray(sum(weight * packet_matrix(one, levels, h) for weight, one in packets))
    off = abs(float(np.trace(total).real) - 1) - (allowed / 2) ** 2
    if not off <= max(UNSEEN * allowed, ROUND_OFF):
        raise TooManyLevelsError
    return LevelMatrix(total, levels, allowed + max(off, 0.0))


def _levels_of(j: int, packets: list[tuple[float, Packet]], h: float, allowed: float, most: int) -> int:
    """The levels of mode j beyond which it has a population of at most `allowed`."""
    reduced = [(weight, reduced_packet(one, j, h)) for weight, one in packets]
    count = ceil(max(_reach(one, h) for _, one in reduced) ** 2 / (2 * h)) + 1
    while True:
        _check(count // 2, most)  # not all of those that are looked at are needed
        parts = [weight * np.diagonal(packet_matrix(one, (count,), h)).real for weight, one in reduced]
        populations = np.abs(np.sum(parts, axis=0))
        if populations[-max(count // 8, 1) :].sum() <= EMPTY * allowed:
            tails = np.append(np.cumsum(populations[::-1])[::-1], 0.0)
            return max(int(np.argmax(tails <= allowed)), 1)
        count = ceil(1.3 * count)


def _reach(packet: Packet, h: float) -> float:
    """How far from 0 a packet of one mode is more than negligible."""
    widest = float(np.linalg.eigvalsh(np.array(packet.covariance))[-1])
    return float(np.linalg.norm(packet.center)) + DEVIATIONS * sqrt(h * widest)


def _scaled(packet: Packet, scales: tuple[float, ...]) -> Packet:
    """The packet in x/s and s xi."""
    factors = np.array([1 / s for s in scales] + list(scales))
    return replace(
        packet,
        center=tuple((factors * packet.center).tolist()),
        covariance=tuple(map(tuple, (np.outer(factors, factors) * packet.covariance).tolist())),
        wave=tuple((packet.q / factors).tolist()),
    )


def reduced_packet(packet: Packet, j: int, h: float) -> Packet:
    """The packet of mode j alone: the others are integrated over, (2 pi h)^-1 for each."""
    n = len(packet.center) // 2
    if n == 1:
        return packet
    own, C, q = [j, n + j], np.array(packet.covariance), packet.q
    wave = np.linalg.solve(C[np.ix_(own, own)], (C @ q)[own])
    decay = (wave @ C[np.ix_(own, own)] @ wave - q @ C @ q) / (2 * h)
    return Packet(
        center=tuple(packet.center[i] for i in own),
        covariance=tuple(tuple(row) for row in C[np.ix_(own, own)].tolist()),
        weight=packet.weight * np.exp(decay),
        phase=packet.phase,
        wave=tuple(wave.tolist()),
    )


def _check(count: int, most: int) -> None:
    if count > most:
        raise TooManyLevelsError
