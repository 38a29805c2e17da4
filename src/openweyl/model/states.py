"""Initial states by their Weyl symbols: coherent, squeezed, Gaussian, superpositions (cats) and mixtures.

Every state made here is a sum of Gaussian packets with real centre, real covariance h C and a plane wave,

    w(z) = Re sum_j A_j e^{i phi_j/h} det(C_j)^{-1/2} exp( -Z.(h C_j)^{-1} Z / 2 + i q_j.Z/h ),     Z = z - z_j,

so that its reach in each of the four representations is known before any grid exists. These states do not know h; the
grid does. States that come from outside, as matrices or wave functions, are in interchange.py. Sources: Li (1.7)-(1.8)
coherent, (1.12) squeezed, (1.13) mixtures.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, exp, hypot, log, pi, sin, sqrt
from typing import Any, TypeAlias

import numpy as np

from openweyl._core.arguments import fail, is_list, moderate, must, real
from openweyl._core.calls import public
from openweyl._core.display import block, html_facts, html_table
from openweyl._core.fft import Array, good_size
from openweyl._core.text import cut
from openweyl.phase_space.grid import Axis, PhaseGrid, check_grid, check_resolved, common_grid
from openweyl.symbolic.expressions import variables
from openweyl.weyl.symbol import Symbol

Coordinates: TypeAlias = float | Sequence[float]
THIN = 1e-14
"""The least eigenvalue of a matrix of correlations of which double precision holds two digits."""


@dataclass(frozen=True)
class Packet:
    """One Gaussian of the sum above; `covariance` is C (rows), in units of h: 1/2 on the diagonal if coherent."""

    center: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    weight: complex = 1.0
    phase: float = 0.0
    wave: tuple[float, ...] = ()

    @property
    def q(self) -> np.ndarray:
        return np.array(self.wave or (0.0,) * len(self.center))

    def check_resolved(self, h: float) -> None:
        """Raise InputError if double precision cannot tell the packet's points apart, or its length from its width."""
        covariance = np.array(self.covariance)
        widths = np.sqrt(np.diag(covariance))
        for center, width in zip(self.center, widths, strict=True):
            check_resolved("state", abs(center), sqrt(h) * width, "standard deviations")
        least = float(np.linalg.eigvalsh(covariance / np.outer(widths, widths))[0])
        what = f"have correlations that leave more than {THIN:g} of a variance free"
        must(least > THIN, "state", what, f"too thin across the axes ({max(least, 0.0):.1g} left)", "Turn it.")

    def trace(self, h: float) -> complex:
        """(2 pi h)^-n times the integral of the packet."""
        decay = -self.q @ np.array(self.covariance) @ self.q / (2 * h)
        return complex(self.weight * np.exp(1j * self.phase / h + decay))

    def on(self, grid: PhaseGrid, xp: Any) -> Array:
        h, x_xi = grid.h, grid.mesh("x", "xi", xp)
        shifted = [z - c for z, c in zip((*x_xi[0], *x_xi[1]), self.center, strict=True)]
        precision = np.linalg.inv(np.array(self.covariance)) / (2 * h)
        exponent: Array = 1j * self.phase / h
        for i, z in enumerate(shifted):
            exponent = exponent - precision[i, i] * z**2 + (1j * self.q[i] / h) * z
            for j in range(i):
                if precision[i, j]:
                    exponent = exponent - 2 * precision[i, j] * z * shifted[j]
        scale = self.weight / sqrt(np.linalg.det(np.array(self.covariance)))
        return xp.real(scale * xp.exp(exponent))


class State(ABC):
    """A density operator of trace one by its Weyl symbol: what an evolution starts from."""

    description: str

    @property
    @abstractmethod
    def n(self) -> int:
        """The number of degrees of freedom."""

    @abstractmethod
    def symbol(self, grid: PhaseGrid, xp: Any = np) -> Symbol:
        """The Weyl symbol on `grid`, (2 pi h)^-n int w = 1, with values of the array namespace `xp`."""

    @abstractmethod
    def window(self, h: float, level: float, room: float = 0.1) -> PhaseGrid:
        """The smallest grid beyond which, in all four representations, the symbol is negligible: `level` in size.

        `room`: the part of the box, and of the wave numbers, left free on each side.
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
            (probability, *packet.center, *(sqrt(packet.covariance[i][i]) for i in range(2 * self.n)))
            for probability, packets in self.members
            for packet in packets
            if not any(packet.wave)  # the others are the interference of two
        ]
        heads = ("probability", *names, *(f"deviation of {name}, in sqrt(h)" for name in names))
        return block(cut(self.description), html_table(heads, rows))

    @public
    def symbol(self, grid: PhaseGrid, xp: Any = np) -> Symbol:
        check_grid(grid)
        must(grid.n == self.n, "grid", f"have n = {self.n} degrees of freedom, as the state", grid.n)
        total: Array = 0.0
        for probability, packets in self.members:
            trace = sum(packet.trace(grid.h) for packet in packets).real
            cancelled = f"so that a trace of {trace:.2g} is left"
            must(trace > 1e-12 * abs(packets[0].weight), "amplitudes", "not cancel each other", cancelled)
            total = total + sum(packet.on(grid, xp) for packet in packets) * (probability / trace)
        return Symbol.trusted(total, grid)

    @public
    def window(self, h: float, level: float, room: float = 0.1) -> PhaseGrid:
        """Beyond this grid the symbol is below `level` times its maximum."""
        h, level = moderate("h", h, above=0.0), real("level", level, above=0.0)
        must(level < 1, "level", "be < 1", level, "It is a part of the symbol's maximum.")
        room = check_room(room)
        for packet in (packet for _, packets in self.members for packet in packets):
            packet.check_resolved(h)
        radius = sqrt(2 * log(1 / level))
        axes = []
        for i in range(2 * self.n):
            lower, upper, reach = np.inf, -np.inf, 0.0
            for _, packets in self.members:
                for packet in packets:
                    covariance = np.array(packet.covariance)
                    deviation = sqrt(h * covariance[i, i])
                    half = radius * deviation
                    lower, upper = min(lower, packet.center[i] - half), max(upper, packet.center[i] + half)
                    width = sqrt(np.linalg.inv(covariance)[i, i] / h)
                    reach = max(reach, abs(packet.q[i]) / h + radius * width)
            margin = room * (upper - lower)
            lower, upper = lower - margin, upper + margin
            size = good_size((upper - lower) * reach * (1 + room) / pi)
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

    @public
    def symbol(self, grid: PhaseGrid, xp: Any = np) -> Symbol:
        total = sum(probability * state.symbol(grid, xp).values for probability, state in self.members)
        return Symbol.trusted(total, grid)

    @public
    def window(self, h: float, level: float, room: float = 0.1) -> PhaseGrid:
        return common_grid([state.window(h, level, room) for _, state in self.members])


@public
def coherent(x: Coordinates, xi: Coordinates) -> State:
    """The coherent state at z0 = (x, xi): w(z) = 2^n exp(-|z - z0|^2 / h), Li (1.7)-(1.8).

    `x`, `xi`: a number for n = 1, n numbers in general.
    """
    center = _center(x, xi)
    return _single(center, np.eye(len(center)) / 2, f"coherent state at {_at(center)}")


@public
def squeezed(x: Coordinates, xi: Coordinates, *, r: Coordinates, angle: Coordinates = 0.0) -> State:
    """The squeezed state w(z) = 2^n exp(-(z - z0).sigma^{-1}(z - z0)), sigma/h symplectic, Li (1.12) with its sign.

    sigma = h R diag(e^{-2r}, e^{2r}) R^T with R the rotation by `angle` (radians): r > 0 narrows x at angle 0. A
    number for all degrees of freedom, or one for each.
    """
    center = _center(x, xi)
    n = len(center) // 2
    covariance = np.zeros((2 * n, 2 * n))
    for j, (r_j, angle_j) in enumerate(zip(_spread(r, n, "r"), _spread(angle, n, "angle"), strict=True)):
        must(abs(r_j) <= 10, "r", "lie between -10 and 10", r_j)
        rotation = np.array([[cos(angle_j), -sin(angle_j)], [sin(angle_j), cos(angle_j)]])
        block = rotation @ np.diag([exp(-2 * r_j), exp(2 * r_j)]) @ rotation.T / 2
        covariance[np.ix_([j, j + n], [j, j + n])] = block
    return _single(center, covariance, f"squeezed state at {_at(center)}, r = {r}, angle = {angle}")


@public
def gaussian(x: Coordinates, xi: Coordinates, covariance: Sequence[Sequence[float]]) -> State:
    """The Gaussian state with means (x, xi) and covariance h C: w = det(C)^{-1/2} exp(-Z.(hC)^{-1}Z/2).

    `covariance`: the symmetric 2n x 2n matrix C, in units of h, order (x, xi). Uncertainty asks C + iJ/2 >= 0.
    """
    center = _center(x, xi)
    size = len(center)
    what = f"be a {size} x {size} matrix of numbers"
    square = is_list(covariance) and len(covariance) == size
    must(square and all(is_list(row) and len(row) == size for row in covariance), "covariance", what, covariance)
    matrix = np.array([[real("covariance", entry) for entry in row] for row in covariance])
    for variance in np.diag(matrix):
        moderate("covariance", float(variance), above=0.0)
    must(bool(np.allclose(matrix, matrix.T)), "covariance", "be symmetric", matrix.tolist())
    lowest = float(np.linalg.eigvalsh(matrix + 0.5j * symplectic_form(size // 2))[0])
    must(
        lowest >= -1e-12,
        "covariance",
        "obey the uncertainty relation C + iJ/2 >= 0",
        f"short of it by {-lowest:.3g}",
        "It is in units of h: 1/2 on the diagonal for a coherent state.",
    )
    return _single(center, matrix, f"Gaussian state at {_at(center)}")


def symplectic_form(n: int) -> np.ndarray:
    """J = [[0, 1], [-1, 0]] in blocks of n, order (x, xi): dz/dt = J grad p."""
    one, zero = np.eye(n), np.zeros((n, n))
    return np.block([[zero, one], [-one, zero]])


@public
def cat(components: Sequence[tuple[Coordinates, Coordinates]], amplitudes: Sequence[complex] | None = None) -> State:
    """The pure state sum_j c_j psi_{z_j} of coherent states, with its interference symbol, normalised.

    The symbol of |psi_1><psi_2| is 2^n exp(-|Z|^2/h + (i/h)(X.dxi - Xi.dx) - (i/h) xi_m.dx), where Z = (X, Xi) is z
    less the midpoint (x_m, xi_m), dx = x_1 - x_2, dxi = xi_1 - xi_2; phases as in Li (1.7).
    `components`: pairs (x, xi); `amplitudes`: the c_j, all 1 by default.
    """
    centers = [np.array(_center(*pair)) for pair in _pairs(components, "components", "(x, xi)")]
    sizes = [len(center) // 2 for center in centers]
    must(len(set(sizes)) == 1, "components", "have one number of coordinates", f"with {sizes} of them")
    c = _amplitudes([1.0] * len(centers) if amplitudes is None else amplitudes, len(centers))
    n = len(centers[0]) // 2
    packets = []
    for i, (z_i, c_i) in enumerate(zip(centers, c, strict=True)):
        for j in range(i + 1):
            difference, middle = z_i - centers[j], (z_i + centers[j]) / 2
            packets.append(
                Packet(
                    center=tuple(middle.tolist()),
                    covariance=_rows(np.eye(2 * n) / 2),
                    # the pair (j, i) is the complex conjugate of (i, j): the real part counts both
                    weight=c_i * np.conj(c[j]) * (1.0 if i == j else 2.0),
                    phase=-float(middle[n:] @ difference[:n]),
                    wave=(*difference[n:].tolist(), *(-difference[:n]).tolist()),
                )
            )
    places = ", ".join(_at(tuple(z.tolist())) for z in centers)
    return PacketState(((1.0, tuple(packets)),), f"superposition of coherent states at {places}")


@public
def mixture(members: Sequence[tuple[float, State]]) -> State:
    """sum_j p_j A_j, the p_j scaled to sum to one: Li (1.13). `members`: pairs (p_j >= 0, state)."""
    members = _pairs(members, "members", "(weight, state)")
    weights = [moderate("weight", weight, low=0.0) for weight, _ in members]
    must(sum(weights) > 0, "weight", "be > 0 for at least one member", weights)
    for _, state in members:
        must(isinstance(state, State), "members", "hold pairs (weight, state)", state, "Make states by `coherent` etc.")
    sizes = [state.n for _, state in members]
    must(len(set(sizes)) == 1, "members", "have one number of degrees of freedom", f"with {sizes} of them")
    text = "mixture of " + "; ".join(f"{w:g} x {s}" for w, (_, s) in zip(weights, members, strict=True))
    parts = [(w / sum(weights), s) for w, (_, s) in zip(weights, members, strict=True) if w > 0]
    gaussian_parts = [(w, s) for w, s in parts if isinstance(s, PacketState)]
    if len(gaussian_parts) < len(parts):
        return MixedState(tuple(parts), text)
    return PacketState(tuple((w * p, packets) for w, s in gaussian_parts for p, packets in s.members), text)


def _single(center: tuple[float, ...], covariance: np.ndarray, description: str) -> State:
    return PacketState(((1.0, (Packet(center, _rows(covariance)),)),), description)


def _rows(matrix: np.ndarray) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in matrix.tolist())


def _center(x: Coordinates, xi: Coordinates) -> tuple[float, ...]:
    a, b = _list(x, "x"), _list(xi, "xi")
    must(len(a) == len(b), "xi", f"have as many numbers as x ({len(a)})", len(b))
    return (*a, *b)


def _pairs(value: Any, name: str, parts: str) -> list[tuple[Any, Any]]:
    what = f"be a list of pairs {parts}"
    must(is_list(value), name, what, value)
    must(len(value) >= 1, name, f"hold at least one pair {parts}", value)
    for pair in value:
        must(is_list(pair) and len(pair) == 2, name, what, value)
    return [(first, second) for first, second in value]


def _amplitudes(value: Any, count: int) -> list[complex]:
    must(is_list(value), "amplitudes", "be a list of numbers", value)
    must(len(value) == count, "amplitudes", "be one number for each component", value, f"There are {count}.")
    found = []
    for amplitude in value:
        if isinstance(amplitude, (str, bytes)):
            raise fail("amplitudes", "be numbers", value)
        try:
            c = complex(amplitude)
        except (TypeError, ValueError, OverflowError):
            raise fail("amplitudes", "be numbers", value) from None
        moderate("amplitudes", hypot(c.real, c.imag))
        found.append(c)
    must(any(found), "amplitudes", "be nonzero for at least one component", value)
    return found


def _list(value: Coordinates, name: str) -> list[float]:
    values: Any = value if is_list(value) else [value]
    must(len(values) >= 1, name, "hold at least one number", values)
    return [moderate(name, v) for v in values]


def _spread(value: Coordinates, n: int, name: str) -> list[float]:
    values = _list(value, name)
    must(len(values) in (1, n), name, f"be a number or {n} numbers", values)
    return values * n if len(values) == 1 else values


def _at(center: tuple[float, ...]) -> str:
    return "(" + ", ".join(f"{c:g}" for c in center) + ")"
