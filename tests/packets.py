"""Closed form: sums of Gaussian packets under quadratic p(t) and linear jumps, and the error of a symbol against them.

A packet is tau g(z; zeta, h C), g = det(C)^{-1/2} exp(-(z - zeta).(h C)^{-1} (z - zeta)/2), of trace tau, with a real
covariance h C and a complex centre zeta: transport is affine and diffusion constant, so that

    d zeta/dt = M zeta + m,     d C/dt = M C + C M^T + D/h,     tau is conserved,

with M, m and D as in `gaussian.py`. For |psi_1><psi_2|, psi_j coherent at (x_j, xi_j) with the phase of Li (1.7), and
w_j = x_j + i xi_j: (x + i xi) psi_j = w_j psi_j, so the means of x +- i xi are w_1 and conj(w_2), which is zeta, and
tau = <psi_2|psi_1> is a Gaussian integral. Nothing of openweyl's numerics is used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import pi

import numpy as np
import scipy.integrate
import scipy.linalg
import scipy.special

from gaussian import Gaussian, T
from openweyl import PhaseGrid, State, cat, coherent, mixture, squeezed

KERNEL = 420
"""The size of kernel up to which the trace norm is found by all eigenvalues: a tenth of a second."""


@dataclass(frozen=True)
class Pure:
    """sum_j c_j psi_j over `parts` (c_j, x_j, xi_j); a single one may be squeezed by r at an angle."""

    parts: tuple[tuple[complex, float, float], ...]
    r: float = 0.0
    angle: float = 0.0

    @property
    def code(self) -> str:
        """The state as openweyl's users write it."""
        if len(self.parts) > 1:
            return f"cat({[(x, xi) for _, x, xi in self.parts]}, {[c for c, _, _ in self.parts]})"
        _, x, xi = self.parts[0]
        return f"squeezed({x}, {xi}, r={self.r}, angle={self.angle})" if self.r else f"coherent({x}, {xi})"

    @property
    def state(self) -> State:
        if len(self.parts) > 1:
            return cat([(x, xi) for _, x, xi in self.parts], [c for c, _, _ in self.parts])
        _, x, xi = self.parts[0]
        return squeezed(x, xi, r=self.r, angle=self.angle) if self.r else coherent(x, xi)

    @property
    def covariance(self) -> np.ndarray:
        """C."""
        c, s = np.cos(self.angle), np.sin(self.angle)
        turn = np.array([[c, -s], [s, c]])
        return turn @ np.diag([np.exp(-2 * self.r), np.exp(2 * self.r)]) @ turn.T / 2

    def packets(self, h: float) -> list[Packet]:
        found = []
        for c1, x1, xi1 in self.parts:
            for c2, x2, xi2 in self.parts:
                w1, w2 = x1 + 1j * xi1, x2 + 1j * xi2
                zeta = np.array([(w1 + w2.conjugate()) / 2, (w1 - w2.conjugate()) / 2j])
                overlap = -(abs(w1 - w2) ** 2) / 4 - 0.5j * (xi1 + xi2) * (x1 - x2)
                found.append(Packet(np.log(complex(c1 * np.conj(c2))) + overlap / h, zeta, self.covariance))
        total = sum(np.exp(p.log_trace) for p in found).real
        return [Packet(p.log_trace - np.log(total), p.center, p.covariance) for p in found]

    def wave(self, h: float, y: np.ndarray) -> np.ndarray:
        """The wave function at `y`, of norm one: psi_j ~ exp((i/h) [a (y - x_j)^2/2 + xi_j (y - x_j)])."""
        c = self.covariance
        a = (c[0, 1] + 0.5j) / c[0, 0]
        psi = sum(
            c_j * np.exp(1j / h * (a * (y - x) ** 2 / 2 + xi * (y - x))) * (a.imag / (pi * h)) ** 0.25
            for c_j, x, xi in self.parts
        )
        return psi / self._norm(h)

    def _norm(self, h: float) -> float:
        """The norm of sum_j c_j psi_j."""
        parts = self.parts
        gram = sum(
            c1 * np.conj(c2) * np.exp(-(abs(x1 - x2 + 1j * (k1 - k2)) ** 2 / 4 + 0.5j * (k1 + k2) * (x1 - x2)) / h)
            for c1, x1, k1 in parts
            for c2, x2, k2 in parts
        )
        return float(np.sqrt(gram.real))


@dataclass(frozen=True)
class Start:
    """A mixture of pure states: pairs of a probability and a state."""

    members: tuple[tuple[float, Pure], ...]
    n: int = 1

    @property
    def code(self) -> str:
        if len(self.members) == 1:
            return self.members[0][1].code
        return f"mixture([{', '.join(f'({p}, {one.code})' for p, one in self.members)}])"

    @property
    def state(self) -> State:
        if len(self.members) == 1:
            return self.members[0][1].state
        return mixture([(p, one.state) for p, one in self.members])

    def packets(self, h: float) -> list[Packet]:
        total = sum(p for p, _ in self.members)
        return [
            Packet(q.log_trace + np.log(p / total), q.center, q.covariance)
            for p, one in self.members
            for q in one.packets(h)
        ]

    def kernel(self, h: float, y: np.ndarray) -> np.ndarray:
        """rho(y_a, y_b)."""
        total = sum(p for p, _ in self.members)
        waves = [(p / total, one.wave(h, y)) for p, one in self.members]
        return sum(p * np.outer(psi, psi.conj()) for p, psi in waves)


def at(*z: float) -> Start:
    """The coherent state at (x, xi)."""
    return Start(((1.0, Pure(((1.0, z[0], z[1]),))),))


@dataclass(frozen=True, eq=False)
class Packet:
    """exp(log_trace) g(z; center, h covariance)."""

    log_trace: complex
    center: np.ndarray
    covariance: np.ndarray

    def on(self, points: Sequence[np.ndarray], h: float) -> np.ndarray:
        """The values on the product of `points`, one array an axis, positions first."""
        size = len(points)
        z = [p.reshape((-1,) + (1,) * (size - 1 - i)) - self.center[i] for i, p in enumerate(points)]
        precision = np.linalg.inv(self.covariance) / (2 * h)
        exponent = self.log_trace
        for i in range(size):
            inner = sum((precision[i, j] * z[j] * (2 if j < i else 1) for j in range(i + 1)), np.zeros(1))
            exponent = exponent - z[i] * inner
        return np.exp(exponent).real / np.sqrt(np.linalg.det(self.covariance))


@dataclass(frozen=True, eq=False)
class Sum:
    """A sum of packets: a symbol."""

    packets: tuple[Packet, ...]
    h: float

    def on(self, points: Sequence[np.ndarray]) -> np.ndarray:
        return sum(p.on(points, self.h) for p in self.packets)

    @property
    def mean(self) -> np.ndarray:
        return sum(np.exp(p.log_trace) * p.center for p in self.packets).real

    def _sizes(self) -> list[float]:
        """The L1 norms of the packets: the trace, times exp(Im zeta.(h C)^{-1} Im zeta/2)."""
        return [
            float(
                np.exp(p.log_trace.real + p.center.imag @ np.linalg.solve(p.covariance, p.center.imag) / (2 * self.h))
            )
            for p in self.packets
        ]

    def support(self, reach: float) -> list[tuple[float, float]]:
        """The box, axis by axis, of `reach` standard deviations around every packet."""
        box = []
        for i in range(len(self.packets[0].center)):
            ends = [(p.center[i].real, reach * np.sqrt(self.h * p.covariance[i, i])) for p in self.packets]
            box.append((min(c - r for c, r in ends), max(c + r for c, r in ends)))
        return box

    def lost(self, grid: PhaseGrid) -> float:
        """A bound, from the marginals of each packet, on the L1 norm of what lies outside of the box of `grid`."""
        total = 0.0
        for packet, size in zip(self.packets, self._sizes(), strict=True):
            part = 0.0
            for i, axis in enumerate(grid.x + grid.xi):
                deviation = np.sqrt(self.h * packet.covariance[i, i])
                center = packet.center[i].real
                part += scipy.special.ndtr((axis.lower - axis.spacing / 2 - center) / deviation)
                part += scipy.special.ndtr((center - axis.upper + axis.spacing / 2) / deviation)
            total += size * min(part, 1.0)
        return float(total)


def evolved(system: Gaussian, start: Sequence[Packet], time: float) -> Sum:
    """The packets at `time`: by one matrix exponential, or by an ordinary equation if p depends on time."""
    size = 2 * system.n
    flow, shift, noise = (_driven if T.name in system.hamiltonian and _depends(system) else _constant)(system, time)
    assert flow.shape == (size, size)
    packets = [
        Packet(p.log_trace, flow @ p.center + shift, flow @ p.covariance @ flow.T + noise / system.h) for p in start
    ]
    return Sum(tuple(packets), system.h)


def _depends(system: Gaussian) -> bool:
    return bool(system._parsed(system.hamiltonian).has(T))


def _constant(system: Gaussian, time: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """e^{M t}, int_0^t e^{M s} m ds, int_0^t e^{M s} D e^{M^T s} ds: Van Loan's block exponentials."""
    matrix, shift, diffusion = system.rates()
    size = len(matrix)
    block = np.zeros((size + 1, size + 1))
    block[:size, :size], block[:size, size] = matrix, shift
    affine = scipy.linalg.expm(block * time)
    # in parts, each doubled: one long exponential of a damped flow holds e^{-M t} beside e^{M t}, and loses digits
    halvings = max(int(np.ceil(np.log2(max(np.linalg.norm(matrix, 2) * time, 1.0)))), 0)
    tau = time / 2**halvings
    pair = np.zeros((2 * size, 2 * size))
    pair[:size, :size], pair[:size, size:], pair[size:, size:] = -matrix, diffusion, matrix.T
    found = scipy.linalg.expm(pair * tau)
    flow = found[size:, size:].T
    noise = flow @ found[:size, size:]
    for _ in range(halvings):
        noise = flow @ noise @ flow.T + noise
        flow = flow @ flow
    return affine[:size, :size], affine[:size, size], (noise + noise.T) / 2


def _driven(system: Gaussian, time: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    size = 2 * system.n
    unit = np.concatenate([np.eye(size).ravel(), np.zeros(size + size * size)])

    def rate(t: float, flat: np.ndarray) -> np.ndarray:
        matrix, shift, diffusion = system.rates(t)
        flow, where, noise = np.split(flat, [size * size, size * size + size])
        noise = noise.reshape(size, size)
        return np.concatenate(
            [
                (matrix @ flow.reshape(size, size)).ravel(),
                matrix @ where + shift,
                (matrix @ noise + noise @ matrix.T + diffusion).ravel(),
            ]
        )

    found = scipy.integrate.solve_ivp(rate, (0.0, time), unit, method="DOP853", rtol=2.5e-14, atol=1e-16)
    assert found.success, found.message
    flow, where, noise = np.split(found.y[:, -1], [size * size, size * size + size])
    return flow.reshape(size, size), where, noise.reshape(size, size)


# ---------------------------------------------------------------------- errors of symbols


def refined(w: np.ndarray) -> np.ndarray:
    """The periodic interpolant of `w` at half of the spacing, by zeros added to its transform."""
    for axis in range(w.ndim):
        size = w.shape[axis]
        f = np.moveaxis(np.fft.fft(w, axis=axis), axis, 0)
        half = size // 2
        wide = np.zeros((2 * size, *f.shape[1:]), dtype=complex)
        wide[:half], wide[-half:] = f[:half], f[-half:]
        if size % 2 == 0:  # the highest mode, shared by both ends
            wide[half] = wide[-half] = f[half] / 2
        else:
            wide[half], wide[-half:] = f[half], f[-half:]
        w = np.moveaxis(2 * np.fft.ifft(wide, axis=0), 0, axis).real
    return w


def kernel_of(w: np.ndarray, grid: PhaseGrid, y: np.ndarray) -> np.ndarray:
    """dy rho(y_a, y_b), rho(x + s/2, x - s/2) = (2 pi h)^-1 int w(x, xi) e^{i xi s/h} dxi, by plain sums; n = 1."""
    x, xi = grid.x[0], grid.xi[0]
    size, dy = len(y), y[1] - y[0]
    middles = y[0] + dy / 2 * np.arange(2 * size - 1)
    s = dy * np.arange(-size + 1, size)
    fourier = np.exp(1j * np.outer(xi.points, s) / grid.h) * (xi.spacing * dy / (2 * pi * grid.h))
    fourier[:, np.abs(s) > pi * grid.h / xi.spacing] = 0.0  # sums over xi repeat themselves beyond
    chords = np.sinc((middles[:, None] - x.points) / x.spacing) @ w @ fourier
    a, b = np.indices((size, size))
    return chords[a + b, a - b + size - 1]


def trace_norm(w: np.ndarray, grid: PhaseGrid) -> float | None:
    """||Op(w)||_tr, n = 1, or None if the kernel is too large."""
    x, xi, h = grid.x[0], grid.xi[0], grid.h
    length = x.length + pi * h / xi.spacing
    dy = 2 * pi * h / (xi.length + h * pi / x.spacing)
    size = int(np.ceil(length / dy))
    if size > KERNEL:
        return None
    y = (x.lower + x.upper) / 2 + dy * (np.arange(size) - (size - 1) / 2)
    kernel = kernel_of(w, grid, y)
    return float(np.abs(np.linalg.eigvalsh((kernel + kernel.conj().T) / 2)).sum())


def symbol_error(
    w: np.ndarray, grid: PhaseGrid, exact: Callable[[Sequence[np.ndarray]], np.ndarray], outside: float
) -> float:
    """||Op(w - exact)||_tr where the kernel is small, else its L1 norm, plus `outside`: what lies beyond the box.

    For n = 1 the L1 norm is taken on a grid twice as fine, so that what `exact` holds beyond the grid's wave numbers is
    seen; where it sees much more than the grid does, it stands for the trace norm too.
    """
    points = [axis.points for axis in grid.x + grid.xi]
    difference = w - exact(points)
    coarse = float(np.abs(difference).sum()) * grid.cell
    if outside > 0.1 or grid.n > 1:  # sixteen times as many points
        return coarse + outside
    finer = grid.scaled(1 / 2)
    fine = float(np.abs(refined(w) - exact([axis.points for axis in finer.x + finer.xi])).sum()) * finer.cell
    if fine < 1.2 * coarse + 1e-13:
        found = trace_norm(difference, grid)
        if found is not None:
            return found + outside
    return fine + outside
