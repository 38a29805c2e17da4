"""Random problems of the kind "two": coupled systems of two degrees of freedom with a known answer.

p = T1(eta_1) + T2(eta_2) + V1(y_1) + V2(y_2), jumps of one mode each, and a product of two states stay a product: two
runs of the kernel oracle. A rotation y = R x, eta = R xi is symplectic and maps coherent states to such: in x and xi
the same system is coupled, and its exact symbol is w_1(y_1, eta_1) w_2(y_2, eta_2) at rotated points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import pi

import numpy as np
import sympy

import kernel_oracle
from cases import Size, exponential, number, pick
from judging import Problem, Truth
from kernel_oracle import SplitSystem
from openweyl import PhaseGrid, State, cat, coherent
from packets import Pure, Start, at
from truths import ORACLE

ANGLES = ((1, 0, 1), (3, 4, 5), (4, 3, 5), (5, 12, 13), (15, 8, 17), (20, 21, 29))
"""(c, s, r): cosine c/r and sine s/r are rational, and the rotation exact."""


@dataclass(frozen=True)
class Turn:
    """y_1 = cos x_1 + sin x_2, y_2 = -sin x_1 + cos x_2, and so eta."""

    c: int
    s: int
    r: int

    @property
    def matrix(self) -> np.ndarray:
        return np.array([[self.c, self.s], [-self.s, self.c]]) / self.r

    def text(self, formula: str, mode: int, expand: bool = False) -> str:
        """A formula in x or xi, of one mode, in x1, x2, xi1, xi2."""
        weights = ((self.c, self.s), (-self.s, self.c))[mode]
        names = {name: sympy.symbols(f"{name}1 {name}2", real=True) for name in ("x", "xi")}
        turned = {
            sympy.Symbol(name): sum(sympy.Rational(a, self.r) * v for a, v in zip(weights, pair, strict=True))
            for name, pair in names.items()
        }
        found = sympy.sympify(formula).subs(turned, simultaneous=True)
        return str(sympy.expand(found) if expand else found)


@dataclass(frozen=True)
class Product:
    """A superposition of coherent states in the first mode, times one in the second, turned back to x and xi."""

    first: Pure
    second: tuple[float, float]
    turn: Turn

    @property
    def _members(self) -> list[tuple[list[float], list[float]]]:
        back = self.turn.matrix.T
        x, xi = self.second
        return [((back @ [y, x]).tolist(), (back @ [eta, xi]).tolist()) for _, y, eta in self.first.parts]

    @property
    def _amplitudes(self) -> list[complex]:
        return [c for c, _, _ in self.first.parts]

    @property
    def code(self) -> str:
        if len(self._members) > 1:
            return f"cat({self._members}, {self._amplitudes})"
        return "coherent({}, {})".format(*self._members[0])

    @property
    def state(self) -> State:
        return cat(self._members, self._amplitudes) if len(self._members) > 1 else coherent(*self._members[0])


@dataclass(frozen=True)
class Mode:
    """The symbol of one mode on a fine grid of its own, and the mean."""

    x: np.ndarray
    xi: np.ndarray
    symbol: np.ndarray
    mean: np.ndarray
    h: float

    def on(self, x: np.ndarray, xi: np.ndarray) -> np.ndarray:
        """At all pairs of points: band-limited, zero outside of the box."""
        return _series(x, self.x) @ self.symbol @ _series(xi, self.xi).T

    @property
    def contents(self) -> tuple[np.ndarray, np.ndarray]:
        """The L1 norm by values of x, and of xi."""
        size = np.abs(self.symbol) * ((self.x[1] - self.x[0]) * (self.xi[1] - self.xi[0]) / (2 * pi * self.h))
        return size.sum(axis=1), size.sum(axis=0)


def _series(z: np.ndarray, ours: np.ndarray) -> np.ndarray:
    inside = (z >= ours[0]) & (z <= ours[-1])
    return np.sinc((z[:, None] - ours) / (ours[1] - ours[0])) * inside[:, None]


def mode(system: SplitSystem, start: Start, time: float, evolution: str, size: Size) -> Mode:
    """One mode at `time`. Raises UnsureError."""
    solver = kernel_oracle.quantum if evolution == "quantum" else kernel_oracle.classical
    oracle, found = solver(system, start, time, largest=size.largest, work=size.work)
    mean = oracle.mean(found)
    if evolution == "classical":
        return Mode(*oracle.points, found, mean, system.h)
    n, d, h = oracle.size, oracle.spacing, system.h
    back = np.exp(1j * oracle.middle * oracle.x / h)
    fine = oracle.x[0] + d / 2 * np.arange(2 * n)
    lift = np.exp(1j * oracle.middle * fine / h)[:, None] * np.sinc((fine[:, None] - oracle.x) / d) * back.conj()
    rho = lift @ (found / d) @ lift.conj().T
    middles, offsets = np.arange(2 * n)[:, None], np.arange(-n, n)
    rows, columns = middles + offsets, middles - offsets
    inside = (rows >= 0) & (rows < 2 * n) & (columns >= 0) & (columns < 2 * n)
    chords = np.where(inside, rho[rows % (2 * n), columns % (2 * n)], 0.0)
    lowest, length = oracle.middle - pi * h / d, 2 * pi * h / d
    xi = lowest + length / (2 * n) * np.arange(2 * n)
    symbol = (chords @ np.exp(-1j * np.outer(offsets * d, xi) / h)).real * d
    return Mode(fine, xi, symbol, mean, h)


def truth(turn: Turn, modes: Sequence[Mode]) -> Truth:
    """The error in L1: on the grid, or between its points if it is larger there, and what lies outside of the box."""
    back = turn.matrix.T

    def exact(points: Sequence[np.ndarray]) -> np.ndarray:
        x, xi = (
            turn.matrix @ np.stack(np.meshgrid(*pair, indexing="ij")).reshape(2, -1)
            for pair in (points[:2], points[2:])
        )
        return (modes[0].on(x[0], xi[0]) * modes[1].on(x[1], xi[1])).reshape([len(z) for z in points])

    def outside(grid: PhaseGrid) -> float:
        lost = 0.0
        for which, axes in enumerate((grid.x, grid.xi)):
            ours = [m.xi if which else m.x for m in modes]
            contents = np.multiply.outer(*(m.contents[which] for m in modes))
            for row, axis in zip(back, axes, strict=True):
                z = np.add.outer(row[0] * ours[0], row[1] * ours[1])
                low, high = axis.lower - axis.spacing / 2, axis.upper - axis.spacing / 2
                lost += float(contents[(z < low) | (z > high)].sum())
        return lost

    def error(w: np.ndarray, grid: PhaseGrid) -> float:
        axes = grid.x + grid.xi
        on = w - exact([axis.points for axis in axes])
        between = _between(w) - exact([axis.points + axis.spacing / 2 for axis in axes])
        return max(float(np.abs(f).sum()) for f in (on, between)) * grid.cell + outside(grid)

    mean = np.concatenate([back @ [m.mean[i] for m in modes] for i in (0, 1)])
    return Truth(mean, error, 4 * ORACLE)


def _between(w: np.ndarray) -> np.ndarray:
    """The periodic interpolant half a spacing further along each axis."""
    for axis, size in enumerate(w.shape):
        phase = np.exp(1j * pi * np.fft.rfftfreq(size))
        w = np.fft.irfft(
            np.fft.rfft(w, axis=axis) * phase.reshape([-1 if a == axis else 1 for a in range(w.ndim)]), size, axis
        )
    return w


def two_case(rng: np.random.Generator, size: Size) -> tuple[Problem, Callable[[], Truth]]:
    easy = size.deepest < 14
    h = float(f"{2 ** -rng.uniform(1, 2 if easy else 4):.4g}")
    turn = Turn(*pick(rng, *ANGLES))
    equal = rng.random() < 0.6
    masses = (1.0, 1.0) if equal else (number(rng, 0.5, 1.5), number(rng, 0.5, 1.5))
    kinetic = [f"{m}*xi**2/2" for m in masses]
    potentials = [_potential(rng) for _ in range(2)]
    pool = [(f, j) for f in ("x", "x", "xi", "tanh(x)") for j in (0, 1)]
    chosen = list(dict.fromkeys(pool[i] for i in rng.integers(len(pool), size=rng.integers(1, 4))))
    gamma = 0.0 if rng.random() < 0.2 else exponential(rng, -2, 0.3)
    y = [number(rng, -0.8, 0.8) for _ in range(4)]
    if rng.random() < 0.3:  # a flight over several widths
        y[1] = number(rng, 1.5, 3 if easy else 5) * pick(rng, -1, 1)
    parts = [(1.0, y[0], y[1])]
    if rng.random() < 0.25:
        d, angle = np.sqrt(h) * rng.uniform(1, 3), rng.uniform(0, 2 * np.pi)
        parts.append((0.7j, float(f"{y[0] + d * np.cos(angle):.4g}"), float(f"{y[1] + d * np.sin(angle):.4g}")))
    first = Pure(tuple(parts))
    time = number(rng, 0.1, 0.3 if easy else 1.0)
    tol, evolution, expand = (
        exponential(rng, -3 if easy else -4, -2),
        pick(rng, "quantum", "classical"),
        rng.random() < 0.7,
    )
    terms = [turn.text(f, j, expand) for j in (0, 1) for f in (kinetic[j], potentials[j])]
    jumps = tuple(turn.text(f, j, expand) for f, j in chosen)
    problem = Problem(
        " + ".join(f"({f})" for f in terms), jumps, h, gamma, Product(first, (y[2], y[3]), turn), time, tol, evolution
    )
    starts = (Start(((1.0, first),)), at(y[2], y[3]))

    def known() -> Truth:
        systems = [
            SplitSystem(kinetic[j], potentials[j], tuple(f for f, mine in chosen if mine == j), h, gamma)
            for j in (0, 1)
        ]
        return truth(turn, [mode(s, start, time, evolution, size) for s, start in zip(systems, starts, strict=True)])

    return problem, known


def _potential(rng: np.random.Generator) -> str:
    a, b, k = number(rng, 0.2, 1.2), number(rng, -0.3, 0.3), number(rng, 0.6, 2)
    return pick(
        rng,
        f"{a}*x**2/2 + {b}*x",
        f"{a}*x**2/2 + {b}*x**3/2",
        f"{a / 4:.3g}*x**4 + {b}*x",
        f"{a / 2:.3g}*(x**2 - {k / 2:.3g})**2",
        f"{a}*cos({k}*x)",
    )
