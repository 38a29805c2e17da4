"""`tensor`: products of states of separate degrees of freedom.

w(x, xi) = w_1(x_1, xi_1) w_2(x_2, xi_2) ...,        Re a Re b = Re(a b + a b*) / 2   for packets a, b.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from math import prod
from typing import Any

import numpy as np

from openweyl._core.arguments import must, real
from openweyl._core.calls import public
from openweyl._core.fft import Array
from openweyl.phase_space.grid import PhaseGrid, check_grid
from openweyl.symbolic.expressions import MAX_MODES
from openweyl.weyl.symbol import Symbol

from .packets import Packet
from .states import PacketState, State

MAX_PRODUCT_PACKETS = 1000
"""The most packets that a product is written out as: the symbol of each takes as long to sample as that of the product
of the factors, whose number of packets is the sum."""


@public
def tensor(*states: State) -> State:
    """The product state A_1 (x) A_2 (x) ...: w(x, xi) = w_1(x_1, xi_1) w_2(x_2, xi_2) ..., (2 pi h)^-n int w = 1.

    `states`: of any kind and any n, at least one; their degrees of freedom come in this order.

    >>> from openweyl import coherent, squeezed, thermal
    >>> print(tensor(thermal(0.5), squeezed(1, 0, r=0.3)))
    thermal state of nbar = 0.5 (x) squeezed state at (1, 0), r = 0.3, angle = 0.0

    Raises InputError for anything but states, and for more than 100 degrees of freedom.
    """
    must(len(states) > 0, "states", "be at least one state", "none")
    for state in states:
        must(isinstance(state, State), "states", "be states", state, "Make them by `coherent` etc.")
    n = sum(state.n for state in states)
    must(n <= MAX_MODES, "states", f"have at most {MAX_MODES} degrees of freedom together", n)
    return states[0] if len(states) == 1 else multiplied(states)


def multiplied(factors: Sequence[State]) -> State:
    """The product of states: of packets again, if all are such and few."""
    description = " (x) ".join(map(str, factors))
    packet_states = [state for state in factors if isinstance(state, PacketState)]
    counts = [sum(2 * len(packets) for _, packets in state.members) for state in packet_states]  # 2: a b and a b*
    members = prod(len(state.members) for state in packet_states)
    single = all(count == 2 for count in counts)
    if len(packet_states) < len(factors) or not (single or max(members, prod(counts)) <= MAX_PRODUCT_PACKETS):
        return ProductState(tuple(factors), description)
    return PacketState(
        tuple(
            (prod(p for p, _ in chosen), reduce(_product, (packets for _, packets in chosen)))
            for chosen in product(*(state.members for state in packet_states))
        ),
        description,
    )


def _product(first: tuple[Packet, ...], second: tuple[Packet, ...]) -> tuple[Packet, ...]:
    return tuple(one for a, b in product(first, second) for one in _products(a, b))


def _products(a: Packet, b: Packet) -> Iterator[Packet]:
    """Packets whose real parts add up to the product of the real parts of two."""
    m, n = len(a.center) // 2, len(b.center) // 2
    rows = [*range(m), *range(2 * m, 2 * m + n), *range(m, 2 * m), *range(2 * m + n, 2 * (m + n))]
    covariance = np.zeros((2 * (m + n), 2 * (m + n)))
    covariance[: 2 * m, : 2 * m], covariance[2 * m :, 2 * m :] = a.covariance, b.covariance
    real = any(not one.q.any() and one.phase == 0 and complex(one.weight).imag == 0 for one in (a, b))
    for sign in (1,) if real else (1, -1):  # of a packet with the other's complex conjugate, too
        weight = b.weight if sign == 1 else complex(b.weight).conjugate()
        wave = np.array([*a.q, *(sign * b.q)])[rows]
        yield Packet(
            center=tuple(np.array([*a.center, *b.center])[rows].tolist()),
            covariance=tuple(map(tuple, covariance[np.ix_(rows, rows)].tolist())),
            weight=a.weight * weight / (1 if real else 2),
            phase=a.phase + sign * b.phase,
            wave=tuple(wave.tolist()) if wave.any() else (),
        )


@dataclass(frozen=True, repr=False)
class ProductState(State):
    """The product of `factors`, states of any kind."""

    factors: tuple[State, ...]
    description: str

    @property
    def n(self) -> int:
        return sum(state.n for state in self.factors)

    def at(self, h: float) -> State:
        return multiplied([state.at(h) for state in self.factors])

    @public
    def symbol(self, grid: PhaseGrid, xp: Any = np) -> Symbol:
        check_grid(grid)
        must(grid.n == self.n, "grid", f"have n = {self.n} degrees of freedom, as the state", grid.n)
        total: Array = 1.0
        start = 0
        for state in self.factors:
            own = range(start, start + state.n)
            part = PhaseGrid(tuple(grid.x[j] for j in own), tuple(grid.xi[j] for j in own), grid.h)
            shape = [1] * (2 * grid.n)
            for position, size in zip([*own, *(grid.n + j for j in own)], part.shape, strict=True):
                shape[position] = size
            total = total * xp.reshape(state.symbol(part, xp).values, tuple(shape))
            start += state.n
        return Symbol.trusted(total, grid)

    @public
    def grid(self, h: float, level: float, room: float = 0.1) -> PhaseGrid:
        level = real("level", level, above=0.0)
        grids = [state.grid(h, level / len(self.factors), room) for state in self.factors]
        x = tuple(axis for grid in grids for axis in grid.x)
        return PhaseGrid(x, tuple(axis for grid in grids for axis in grid.xi), h)
