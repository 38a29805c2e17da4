"""A state is a density operator by its Weyl symbol: sums of Gaussian packets, and mixtures of states of any kind.

    w(z) = Re sum_j A_j e^{i phi_j/h} det(C_j)^{-1/2} exp( -Z.(h C_j)^{-1} Z / 2 + i q_j.Z/h ),     Z = z - z_j,

with real centres z_j and covariances h C_j, so that the support in each of the four representations is known before any
grid exists. These states do not know h; the grid does. `gaussian_states` makes them; `scaled_states` are those given in
quanta, whose centres scale with sqrt(h); those that come from outside, as matrices or wave functions, are in the room
interchange.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import log, pi, sqrt
from typing import Any

import numpy as np

from openweyl._core.arguments import moderate, must, real
from openweyl._core.calls import public
from openweyl._core.display import block, html_facts, html_table
from openweyl._core.fft import Array, good_size
from openweyl._core.text import cut
from openweyl.phase_space.grid import Axis, PhaseGrid, check_grid
from openweyl.phase_space.grid_size import common_grid
from openweyl.symbolic.expressions import variables
from openweyl.weyl.symbol import Symbol

from .packets import Packet

MIN_TRACE = 1e-12
"""The least trace of a superposition, as a part of its first weight: of less, round-off leaves too few digits."""


class State(ABC):
    """A density operator of trace one by its Weyl symbol: what an evolution starts from."""

    description: str

    @property
    def lost(self) -> float:
        """An estimate, in trace norm, of what is missing on any grid: of a symbol, what lies beyond its own."""
        return 0.0

    @property
    @abstractmethod
    def n(self) -> int:
        """The number of degrees of freedom."""

    def at(self, h: float) -> State:
        """The state that this one is at `h`: itself, unless its centres are given in units of sqrt(h)."""
        moderate("h", h, above=0.0)
        return self

    @abstractmethod
    def symbol(self, grid: PhaseGrid, xp: Any = np) -> Symbol:
        """The Weyl symbol on `grid`, (2 pi h)^-n int w = 1, with values of the array namespace `xp`."""

    @abstractmethod
    def grid(self, h: float, level: float, room: float = 0.1) -> PhaseGrid:
        """The smallest grid at `h` beyond which, in all four representations, the symbol is negligible.

        `level`: how small that is, > 0. `room`: the part of the box, and of the wave numbers, left free on each side.
        """

    def __str__(self) -> str:
        return self.description

    def __repr__(self) -> str:
        return f"<State, n = {self.n}: {cut(self.description)}>"

    def _repr_html_(self) -> str:
        return block(cut(self.description), html_facts([("degrees of freedom", self.n)]))


def check_room(room: Any) -> float:
    """`room` as a part of a box, from 0 to 10."""
    number = real("room", room, low=0.0)
    must(number <= 10, "room", "be <= 10", number, "It is the part of the box left free on each side.")
    return number


@dataclass(frozen=True, repr=False)
class PacketState(State):
    """A mixture of `members`: pairs of a probability and the packets of one state, normalised to trace one."""

    members: tuple[tuple[float, tuple[Packet, ...]], ...]
    description: str

    @property
    def n(self) -> int:
        return len(self.members[0][1][0].center) // 2

    def _repr_html_(self) -> str:
        x, xi = variables(self.n)
        names = [str(v) for v in x + xi]
        rows = [
            (member, probability, *packet.center, *(sqrt(packet.covariance[i][i]) for i in range(2 * self.n)))
            for member, (probability, packets) in enumerate(self.members, 1)
            for packet in packets
            if not any(packet.wave)  # the others are the interference of two
        ]
        heads = ("member", "its probability", *names, *(f"deviation of {name}, in sqrt(h)" for name in names))
        return block(cut(self.description), html_table(heads, rows))

    @public
    def symbol(self, grid: PhaseGrid, xp: Any = np) -> Symbol:
        check_grid(grid)
        must(grid.n == self.n, "grid", f"have n = {self.n} degrees of freedom, as the state", grid.n)
        total: Array = 0.0
        for probability, packets in self.members:
            trace = sum(packet.trace(grid.h) for packet in packets).real
            cancelled = f"so that a trace of {trace:.2g} is left"
            must(trace > MIN_TRACE * abs(packets[0].weight), "amplitudes", "not cancel each other", cancelled)
            total = total + sum(packet.on(grid, xp) for packet in packets) * (probability / trace)
        return Symbol.trusted(total, grid)

    @public
    def grid(self, h: float, level: float, room: float = 0.1) -> PhaseGrid:
        """Beyond this grid the symbol is below `level` times its maximum."""
        h, level = moderate("h", h, above=0.0), real("level", level, above=0.0)
        must(level < 1, "level", "be < 1", level, "It is a part of the symbol's maximum.")
        room = check_room(room)
        packets = [packet for _, members in self.members for packet in members]
        for packet in packets:
            packet.check_resolved(h)
        axes = []
        for i in range(2 * self.n):
            supports = [packet.support(i, h, sqrt(2 * log(1 / level))) for packet in packets]
            lower, upper = min(ends[0] for ends in supports), max(ends[1] for ends in supports)
            margin = room * (upper - lower)
            lower, upper = lower - margin, upper + margin
            size = good_size((upper - lower) * max(reach for *_, reach in supports) * (1 + room) / pi)
            axes.append(Axis.between(lower, upper, size))
        return PhaseGrid(tuple(axes[: self.n]), tuple(axes[self.n :]), h)


@dataclass(frozen=True, repr=False)
class MixedState(State):
    """A mixture of `members`, pairs of a probability and a state of any kind."""

    members: tuple[tuple[float, State], ...]
    description: str

    @property
    def n(self) -> int:
        return self.members[0][1].n

    def at(self, h: float) -> State:
        return mixed([(probability, state.at(h)) for probability, state in self.members], self.description)

    @public
    def symbol(self, grid: PhaseGrid, xp: Any = np) -> Symbol:
        total = sum(probability * state.symbol(grid, xp).values for probability, state in self.members)
        return Symbol.trusted(total, grid)

    @public
    def grid(self, h: float, level: float, room: float = 0.1) -> PhaseGrid:
        return common_grid([state.grid(h, level, room) for _, state in self.members])


def mixed(members: Sequence[tuple[float, State]], description: str) -> State:
    """The mixture of states with these probabilities: of packets again, if all are such."""
    packets = [(weight, state) for weight, state in members if isinstance(state, PacketState)]
    if len(packets) < len(members):
        return MixedState(tuple(members), description)
    return PacketState(tuple((w * p, parts) for w, state in packets for p, parts in state.members), description)
