"""An oracle of another kind: rho(x, y) and the classical density by split steps on fixed grids of their own, n = 1.

p = T(xi) + V(x, t), jumps l(x) and g(xi), real. Nothing of openweyl's numerics, and none of its choices: the grid is
fixed beforehand by a rule, from classical paths, and never moves. Quantum, on rho(x, y) and its transform rho(xi, eta):

    kick   exp( -(i dt/h) [V(x) - V(y)]  - (gamma dt/2h) sum_l [l(x) - l(y)]^2 )
    drift  exp( -(i dt/h) [T(xi) - T(eta)] - (gamma dt/2h) sum_g [g(xi) - g(eta)]^2 )

Classical, on a(x, xi), with k dual to x and kappa to xi:

    kick   exp( i kappa V'(x) dt - (gamma h dt/2) kappa^2 sum_l l'(x)^2 )
    drift  exp( -i k T'(xi) dt - (gamma h dt/2) k^2 sum_g g'(xi)^2 )

Half kick, drift, half kick is symmetric, so that its error has even powers of dt alone: runs with n, 2n, 3n, 4n, ...
steps are extrapolated in dt^2 until two extrapolations agree. What all these runs would miss alike is a grid too small
or too coarse: so at every step of every run the outermost strips in position, momentum and (classical) wave numbers
must be empty, no step may be longer than a strip, and what a run loses of its trace shows in `UnsureError`, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import pi
from typing import Any

import numpy as np
import scipy.fft
import scipy.integrate
import sympy

from openweyl import PhaseGrid
from packets import Start, kernel_of

X, XI, T = sympy.symbols("x xi t", real=True)
REACH = 9.5
"""Standard deviations: e^{-REACH^2/4}, an amplitude, is 1e-10."""
CONVERGED = 3e-10
"""The Hilbert-Schmidt, or L1, difference of two extrapolations at which a run is done."""
EDGE = 1e-9
"""What a strip at an edge may hold: the Hilbert-Schmidt norm of its rows, or L1."""
STRIPS = 16
"""An edge strip is this part of an axis."""
SEQUENCE = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
"""Multiples of the first number of steps."""


class UnsureError(Exception):
    """The oracle cannot vouch for an answer. `coarse`: the axis along which its grid is; `steps`: there are too few."""

    def __init__(self, message: str, *, coarse: int | None = None, steps: bool = False) -> None:
        super().__init__(message)
        self.coarse, self.steps = coarse, steps


@dataclass(frozen=True)
class SplitSystem:
    """p = T(xi) + V(x, t) and real jumps of x alone or of xi alone, as text."""

    kinetic: str
    potential: str
    jumps: tuple[str, ...]
    h: float
    gamma: float

    @property
    def hamiltonian(self) -> str:
        return f"{self.kinetic} + {self.potential}"

    def function(self, text: str | sympy.Expr, *variables: sympy.Symbol, order: int = 0) -> Callable[..., Any]:
        """The formula, or its derivative in the first of the variables, as a function of arrays."""
        f = sympy.lambdify(variables, sympy.diff(_parsed(text), variables[0], order), "numpy")
        return lambda z, *more: np.broadcast_to(np.asarray(f(z, *more), dtype=float), np.shape(z))

    def jumps_of(self, variable: sympy.Symbol, order: int = 0) -> list[Callable[..., Any]]:
        """l(x) or g(xi), or their derivatives."""
        mine = [f for f in map(_parsed, self.jumps) if f.has(variable)]
        assert all(f.free_symbols == {variable} for f in mine)
        return [self.function(f, variable, order=order) for f in mine]

    @cached_property
    def velocities(self) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """T'(xi), V'(x, t)."""
        return self.function(self.kinetic, XI, order=1), self.function(self.potential, X, T, order=1)


def _parsed(text: str | sympy.Expr) -> sympy.Expr:
    return sympy.sympify(text, {"x": X, "xi": XI, "t": T})


@dataclass(frozen=True)
class Box:
    """Where classical paths go: the box of all, and the largest velocities on them."""

    x: tuple[float, float]
    xi: tuple[float, float]
    speed: float
    force: float

    def widened(self, factor: float) -> Box:
        def grown(side: tuple[float, float]) -> tuple[float, float]:
            middle, half = (side[0] + side[1]) / 2, factor * (side[1] - side[0]) / 2
            return middle - half, middle + half

        return Box(grown(self.x), grown(self.xi), self.speed * factor, self.force * factor)


def box_of_paths(system: SplitSystem, start: Start, time: float) -> Box:
    """The box of the paths from circles of up to REACH deviations around every packet, noise added at its start."""
    speed, force = system.velocities
    h, points = system.h, []
    for packet in start.packets(h):
        center = packet.center.real
        spread = h * packet.covariance
        for pair, axis in (((XI, center[1]), 0), ((X, center[0]), 1)):
            spread[axis, axis] += (
                system.gamma
                * h
                * time
                * sum(float(f(np.array(pair[1]))) ** 2 for f in system.jumps_of(pair[0], order=1))
            )
        root = np.linalg.cholesky(spread)
        angles = 2 * pi * np.arange(16) / 16
        circle = np.stack([np.cos(angles), np.sin(angles)])
        points += [center[:, None] + radius * root @ circle for radius in (0.0, REACH / 2, REACH)]
    cloud = np.concatenate(points, axis=1)

    def rate(t: float, flat: np.ndarray) -> np.ndarray:
        x, xi = flat.reshape(2, -1)
        return np.concatenate([speed(xi), -force(x, t)])

    driven = _parsed(system.potential).has(T)
    times, longest = np.linspace(0, time, 50), time / 50 if driven else np.inf
    found = scipy.integrate.solve_ivp(
        rate, (0.0, time), cloud.ravel(), rtol=1e-4, atol=1e-4, t_eval=times, max_step=longest
    )
    if not found.success:
        raise UnsureError(f"no classical paths: {found.message}")
    x, xi = found.y.reshape(2, -1, found.y.shape[1])
    core = x[:16], xi[:16]
    return Box(
        (x.min(), x.max()),
        (xi.min(), xi.max()),
        float(np.abs(speed(core[1])).max()),
        float(np.abs(force(core[0], times if driven else 0.0)).max()),
    )


def _good(size: float) -> int:
    return scipy.fft.next_fast_len(int(np.ceil(size / 2))) * 2


def _extrapolated(
    run: Callable[[int], np.ndarray], first: int, most: int, size: Callable[[np.ndarray], float]
) -> np.ndarray:
    """The limit of `run`(steps), whose error is a series in steps^-2, by Neville's scheme."""
    rows: list[np.ndarray] = []
    counts: list[int] = []
    last = float("nan")
    for multiple in SEQUENCE:
        steps = first * multiple
        if steps > most:
            break
        counts.append(steps)
        row = [run(steps)]
        for j, coarser in enumerate(rows):
            ratio = (steps / counts[-2 - j]) ** 2
            row.append(row[-1] + (row[-1] - coarser) / (ratio - 1))
        if rows:
            last = size(row[-1] - rows[-1])
            if last < CONVERGED:
                return row[-1]
        rows = row
    raise UnsureError(f"{counts[-1] if counts else first} steps leave {last:.1e}", steps=True)


@dataclass(frozen=True)
class QuantumOracle:
    """rho(x_a, x_b) on `size` points of a fixed box."""

    system: SplitSystem
    box: Box
    size: int

    @cached_property
    def spacing(self) -> float:
        return (self.box.x[1] - self.box.x[0]) / self.size

    @cached_property
    def x(self) -> np.ndarray:
        return self.box.x[0] + self.spacing * np.arange(self.size)

    @cached_property
    def middle(self) -> float:
        """The middle of the band of momenta; rho is kept as e^{-i middle (x - y)/h} rho(x, y)."""
        return (self.box.xi[0] + self.box.xi[1]) / 2

    @cached_property
    def xi(self) -> np.ndarray:
        return self.middle + 2 * pi * self.system.h * scipy.fft.fftfreq(self.size, self.spacing)

    @cached_property
    def strips(self) -> tuple[np.ndarray, np.ndarray]:
        """The rows at the edges, of rho(x, y) and of rho(xi, eta)."""
        part = self.size // (2 * STRIPS)
        rows = np.arange(self.size)
        at_ends = (rows < part) | (rows >= self.size - part)
        return at_ends, scipy.fft.fftshift(at_ends)

    def _decay(self, jumps: Sequence[Callable[..., Any]], z: np.ndarray) -> np.ndarray:
        rate = sum(((f(z)[:, None] - f(z)) ** 2 for f in jumps), np.zeros((self.size, self.size)))
        return self.system.gamma / (2 * self.system.h) * rate

    @cached_property
    def _rates(self) -> tuple[np.ndarray, np.ndarray]:
        return self._decay(self.system.jumps_of(X), self.x), self._decay(self.system.jumps_of(XI), self.xi)

    def run(self, rho: np.ndarray, time: float, steps: int) -> np.ndarray:
        system, dt = self.system, time / steps
        h = system.h
        v, t = system.function(system.potential, X, T), system.function(system.kinetic, XI)
        decay_x, decay_xi = (np.exp(-dt / 2 * self._rates[0]), np.exp(-dt * self._rates[1]))
        phase = np.exp(-1j * dt / h * t(self.xi))
        drift = phase[:, None] * phase.conj() * decay_xi

        def half_kick(rho: np.ndarray, at: float) -> np.ndarray:
            phase = np.exp(-0.5j * dt / h * v(self.x, at))
            return rho * (phase[:, None] * phase.conj() * decay_x)

        for step in range(steps):
            rho = half_kick(rho, step * dt)
            rho = scipy.fft.fft(scipy.fft.ifft(rho, axis=1, overwrite_x=True), axis=0, overwrite_x=True)
            rho *= drift
            self._check(rho, 1)
            rho = scipy.fft.ifft(scipy.fft.fft(rho, axis=1, overwrite_x=True), axis=0, overwrite_x=True)
            rho = half_kick(rho, (step + 1) * dt)
            self._check(rho, 0)
        return rho

    def _check(self, rho: np.ndarray, which: int) -> None:
        # fft along x and ifft along y together keep the Hilbert-Schmidt norm
        held = self.spacing * float(np.linalg.norm(rho[self.strips[which]]))
        if not held < EDGE:
            raise UnsureError(f"the edges in {('x', 'xi')[which]} hold {held:.1e}")

    def evolve(self, start: Start, time: float, most: int) -> np.ndarray:
        """dx rho(x_a, x_b) at `time`."""
        back = np.exp(1j * self.middle * self.x / self.system.h)
        turn = back[:, None] * back.conj()
        rho = start.kernel(self.system.h, self.x) * turn.conj()
        first = _first(self.box, time)
        found = _extrapolated(
            lambda steps: self.run(rho, time, steps),
            first,
            most,
            lambda difference: self.spacing * float(np.linalg.norm(difference)),
        )
        return self.spacing * found * turn

    def mean(self, matrix: np.ndarray) -> np.ndarray:
        """<x> and <xi>."""
        back = np.exp(-1j * self.middle * self.x / self.system.h)
        in_xi = scipy.fft.fft(scipy.fft.ifft(back[:, None] * matrix * back.conj(), axis=1), axis=0)
        return np.array([self.x @ np.diag(matrix).real, self.xi @ np.diag(in_xi).real])

    def error(self, matrix: np.ndarray, w: np.ndarray, grid: PhaseGrid) -> float:
        """||Op(w) - A||_tr, A being the `matrix` that `evolve` gave."""
        difference = kernel_of(w, grid, self.x) - matrix
        return float(np.abs(np.linalg.eigvalsh((difference + difference.conj().T) / 2)).sum())


def _first(box: Box, time: float) -> int:
    """A number of steps of which none passes over half of a strip."""
    strip_x, strip_xi = ((side[1] - side[0]) / (4 * STRIPS) for side in (box.x, box.xi))
    return max(int(np.ceil(time * max(box.speed / strip_x, box.force / strip_xi) / SEQUENCE[3])), 2)


def quantum(
    system: SplitSystem, start: Start, time: float, *, largest: int = 512, work: float = 6e8
) -> tuple[QuantumOracle, np.ndarray]:
    """The oracle and its matrix at `time`; `work`: points times steps of one run, up to which it may go on.

    Raises UnsureError.
    """
    box, why = box_of_paths(system, start, time), "no attempt"
    for factor in (1.15, 1.5, 2.0, 2.7):
        wide = box.widened(factor)
        size = _good((wide.x[1] - wide.x[0]) * (wide.xi[1] - wide.xi[0]) / (2 * pi * system.h))
        if size > largest:
            raise UnsureError(f"{size} points are too many; {why}")
        oracle = QuantumOracle(system, wide, size)
        try:
            return oracle, oracle.evolve(start, time, int(work / size**2))
        except UnsureError as reason:
            why = str(reason)
            if reason.steps:
                raise
    raise UnsureError(why)


@dataclass(frozen=True)
class ClassicalOracle:
    """a(x_i, xi_j) on a fixed grid."""

    system: SplitSystem
    box: Box
    shape: tuple[int, int]

    @cached_property
    def spacings(self) -> tuple[float, float]:
        sides = (self.box.x, self.box.xi)
        return tuple((side[1] - side[0]) / size for side, size in zip(sides, self.shape, strict=True))

    @cached_property
    def points(self) -> tuple[np.ndarray, np.ndarray]:
        lower = (self.box.x[0], self.box.xi[0])
        return tuple(a + d * np.arange(m) for a, d, m in zip(lower, self.spacings, self.shape, strict=True))

    @property
    def cell(self) -> float:
        return self.spacings[0] * self.spacings[1] / (2 * pi * self.system.h)

    def run(self, a: np.ndarray, time: float, steps: int) -> np.ndarray:
        system, dt = self.system, time / steps
        h, (x, xi), (dx, dxi) = system.h, self.points, self.spacings
        speed, force = system.velocities
        k, kappa = 2 * pi * scipy.fft.rfftfreq(len(x), dx)[:, None], 2 * pi * scipy.fft.rfftfreq(len(xi), dxi)
        spread_xi = system.gamma * h / 2 * sum((f(x) ** 2 for f in system.jumps_of(X, 1)), np.zeros(len(x)))
        spread_x = system.gamma * h / 2 * sum((f(xi) ** 2 for f in system.jumps_of(XI, 1)), np.zeros(len(xi)))
        drift = np.exp(dt * (-1j * k * speed(xi) - k**2 * spread_x))
        decay = np.exp(-dt / 2 * spread_xi[:, None] * kappa**2)

        def half_kick(a: np.ndarray, at: float) -> np.ndarray:
            f = scipy.fft.rfft(a, axis=1)
            self._check_wave_numbers(f, 1)
            f *= decay * np.exp(0.5j * dt * force(x, at)[:, None] * kappa)
            return scipy.fft.irfft(f, len(xi), axis=1, overwrite_x=True)

        for step in range(steps):
            a = half_kick(a, step * dt)
            self._check_edges(a)
            f = scipy.fft.rfft(a, axis=0)
            self._check_wave_numbers(f, 0)
            a = scipy.fft.irfft(f * drift, len(x), axis=0)
            self._check_edges(a)
            a = half_kick(a, (step + 1) * dt)
        return a

    def _check_edges(self, a: np.ndarray) -> None:
        parts = [m // (2 * STRIPS) for m in self.shape]
        held = self.cell * max(
            np.abs(strip).sum() for strip in (a[: parts[0]], a[-parts[0] :], a[:, : parts[1]], a[:, -parts[1] :])
        )
        if not held < EDGE:
            raise UnsureError(f"the edges hold {held:.1e}")

    def _check_wave_numbers(self, f: np.ndarray, axis: int) -> None:
        """What the highest wave numbers hold, by Parseval, times the square root of the number of states in the box."""
        size = self.shape[axis]
        high = f[-(size // (2 * STRIPS)) :] if axis == 0 else f[:, -(size // (2 * STRIPS)) :]
        states = self.cell * self.shape[0] * self.shape[1]
        held = float(np.linalg.norm(high)) * np.sqrt(2 * self.cell / size * states)
        if not held < EDGE:
            raise UnsureError(f"too coarse: wave numbers of axis {axis} hold {held:.1e}", coarse=axis)

    def evolve(self, start: Start, time: float, most: int) -> np.ndarray:
        h = self.system.h
        a = sum(p.on(self.points, h) for p in start.packets(h))
        return _extrapolated(
            lambda steps: self.run(a, time, steps),
            _first(self.box, time),
            most,
            lambda difference: self.cell * float(np.abs(difference).sum()),
        )

    def mean(self, a: np.ndarray) -> np.ndarray:
        """<x> and <xi>."""
        x, xi = self.points
        return self.cell * np.array([x @ a.sum(axis=1), xi @ a.sum(axis=0)])

    def values(self, a: np.ndarray, points: Sequence[np.ndarray]) -> np.ndarray:
        """The band-limited interpolant of `a`, zero outside of the box."""
        left, right = (
            np.sinc((z[:, None] - ours) / d) * ((z >= ours[0]) & (z <= ours[-1]))[:, None]
            for z, ours, d in zip(points, self.points, self.spacings, strict=True)
        )
        return left @ a @ right.T

    def outside(self, a: np.ndarray, grid: PhaseGrid) -> float:
        """The L1 norm of `a` beyond the box of `grid`."""
        x, xi = self.points
        inside = [
            (z >= axis.lower - axis.spacing / 2) & (z <= axis.upper - axis.spacing / 2)
            for z, axis in ((x, grid.x[0]), (xi, grid.xi[0]))
        ]
        return self.cell * float(np.abs(a[~(inside[0][:, None] & inside[1])]).sum())


def classical(
    system: SplitSystem, start: Start, time: float, *, largest: int = 512, work: float = 6e8
) -> tuple[ClassicalOracle, np.ndarray]:
    """The oracle and the density at `time`. Raises UnsureError."""
    box, why = box_of_paths(system, start, time), "no attempt"
    narrow = [
        min(np.sqrt(system.h / np.linalg.inv(p.covariance)[i, i]) for p in start.packets(system.h)) for i in (0, 1)
    ]
    waves = max(
        (np.abs(np.linalg.solve(p.covariance, p.center.imag)).max() for p in start.packets(system.h)), default=0
    )
    widen, fine = 1.15, [1.0, 1.0]
    for _ in range(8):
        wide = box.widened(widen)
        sides = [side[1] - side[0] for side in (wide.x, wide.xi)]
        widths = zip(fine, sides, narrow, strict=True)
        shape = tuple(_good(more * side * (7 / d + waves / system.h) / pi) for more, side, d in widths)
        if max(shape) > 4 * largest or shape[0] * shape[1] > largest**2:
            raise UnsureError(f"{shape[0]} x {shape[1]} points are too many; {why}")
        oracle = ClassicalOracle(system, wide, shape)
        try:
            return oracle, oracle.evolve(start, time, int(work / (shape[0] * shape[1])))
        except UnsureError as reason:
            why = str(reason)
            if reason.steps:
                raise
            if reason.coarse is None:
                widen *= 1.35
            else:
                fine[reason.coarse] *= 1.4
    raise UnsureError(why)
