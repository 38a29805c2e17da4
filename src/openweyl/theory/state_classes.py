"""The class of an initial state, (2.7): h^-n ||d^alpha a||_{L1} <= C_alpha h^{-rho |alpha|}.

A class is a property of a family in h; a state belongs to the family of its own centres and shapes in units of h.
"""

from __future__ import annotations

from itertools import combinations_with_replacement
from math import pi

import numpy as np
import sympy

from openweyl.model.packets import Packet
from openweyl.model.scaled_states import ScaledState
from openweyl.model.states import MixedState, PacketState, State
from openweyl.phase_space.grid_size import check_fits
from openweyl.symbolic.sentences import Prose, Sign

from .assumptions import Line
from .bounds import H

SEMINORM_BYTES_PER_POINT = 100
"""Peak memory per grid point of the seminorms of a state, as measured."""
RHO, SIGMA, C = sympy.symbols("rho sigma c", positive=True)
A_0 = sympy.Symbol("a_0")


def state_lines(state: State) -> tuple[float | None, Line, Line]:
    """rho, None if no class can be told, the line of Theorem 1 (1.13) and that of Theorem 2 (2.7)."""
    first = "coherent or (1.13)"
    half = sympy.Rational(1, 2)
    second = Prose(A_0, Sign.IN, sympy.Symbol("S_rho^L1"), ", ", RHO, Sign.LE, half)
    packets = _packets(state)
    if packets is None and isinstance(state, ScaledState):
        same = Prose("as many quanta at every ", H, ": ", RHO, Sign.EQ, half)
        return 0.5, Line(first, False, "proved", None, same), Line(second, True, "proved", 0.5, same)
    if packets is None:
        text = "a state given for one h belongs to no family in h: no class can be told"
        return None, Line(first, False, "proved", None, text), Line(second, False, "proved", None, text)
    if any(any(packet.wave) for packet in packets):
        scale = Prose("superposed packets interfere on the scale ", H)
        text = Prose(scale, ": ", A_0, " lies in ", sympy.Symbol("S_1^L1"), " only")
        return 1.0, Line(first, False, "proved", None, scale), Line(second, False, "proved", 1.0, text)
    least = min(2 * float(np.linalg.eigvalsh(np.array(packet.covariance))[0]) for packet in packets)
    wide = Prose("Gaussians with ", SIGMA, Sign.GE, C * H, ", ", C, Sign.EQ, least)
    both = Prose(wide, ": ", RHO, Sign.EQ, half)
    return 0.5, Line(first, True, "proved", least, wide), Line(second, True, "proved", 0.5, both)


def _packets(state: State) -> list[Packet] | None:
    """All packets of a state that consists of such."""
    if isinstance(state, PacketState):
        return [packet for _, packets in state.members for packet in packets]
    if isinstance(state, MixedState):
        parts = [_packets(member) for _, member in state.members]
        return None if None in parts else [packet for part in parts for packet in part or []]
    return None


def mean_and_seminorms(state: State, h: float, rho: float) -> tuple[np.ndarray, dict[int, float]]:
    """The mean, and sum over |alpha| = k of h^{rho k - n} ||d^alpha a||_{L1} for k <= 2n + 1 (k <= 1 if n > 1)."""
    n = state.n
    grid = state.grid(h, level=1e-6 if n == 1 else 1e-3)
    check_fits(grid, SEMINORM_BYTES_PER_POINT, "raise `h`, or bring the parts of the state closer together")
    a = state.symbol(grid)
    seminorms: dict[int, float] = {}
    for order in range(2 * n + 2 if n == 1 else 2):
        orders = (tuple(map(alpha.count, range(2 * n))) for alpha in combinations_with_replacement(range(2 * n), order))
        rtol = 1e-5 if n == 1 else 5e-2  # bounds that wide: the value itself is closer
        norms = [a.derivative(x=alpha[:n], xi=alpha[n:]).l1(rtol).value for alpha in orders]
        seminorms[order] = h ** (rho * order) * sum(norms) * (2 * pi) ** n
    return a.moments().mean, seminorms
