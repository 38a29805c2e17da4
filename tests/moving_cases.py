"""Random problems of the kind "moving": packets that travel over many of their widths, and what may happen on the way.

The truth is the kernel oracle. They ask of whatever follows a packet that something narrow be met between two looks,
that a state be in several places, going different ways, and that what has flown on for long turn around.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cases import Size, exponential, number, pick, start_near
from judging import Problem
from kernel_oracle import SplitSystem
from packets import Pure, Start, at


@dataclass(frozen=True)
class Flight:
    """A packet at (x, xi), of width sqrt(h/2), that meets something at `place`, about at time `arrival`."""

    h: float
    kinetic: str
    x: float
    xi: float
    place: float
    arrival: float

    @property
    def width(self) -> float:
        return float(np.sqrt(self.h / 2))

    @property
    def energy(self) -> float:
        return self.xi**2 / 2 if self.kinetic == "xi**2/2" else float(np.sqrt(1 + self.xi**2)) - 1

    @property
    def speed(self) -> float:
        return (self.place - self.x) / self.arrival


def _flight(rng: np.random.Generator, size: Size) -> Flight:
    h = float(f"{2 ** -rng.uniform(3, size.deepest * 4 / 7):.4g}")
    kinetic = pick(rng, "xi**2/2", "xi**2/2", "sqrt(1 + xi**2)")
    way, x = pick(rng, -1, 1), number(rng, -1, 1)
    xi = number(rng, 2, 8) * way
    place = float(f"{x + way * rng.uniform(1, 6):.4g}")
    speed = xi if kinetic == "xi**2/2" else xi / np.sqrt(1 + xi**2)
    return Flight(h, kinetic, x, xi, place, (place - x) / speed)


Scene = tuple[str, tuple[str, ...], Start, float]
"""A potential, jumps, a start and a time."""


def _sharpness(rng: np.random.Generator, flight: Flight, low: float, high: float) -> float:
    """One over a length of `low` to `high` widths of the packet, evenly in its logarithm."""
    return float(f"{1 / (flight.width * np.exp(rng.uniform(np.log(low), np.log(high)))):.3g}")


def _of(rng: np.random.Generator, energy: float, low: float, high: float) -> float:
    return float(f"{energy * rng.uniform(low, high):.3g}")


def _time(rng: np.random.Generator, flight: Flight, low: float, high: float) -> float:
    return float(f"{min(flight.arrival * rng.uniform(low, high), 6.0):.3g}")


def _bump(rng: np.random.Generator, f: Flight) -> Scene:
    """Narrow, low or deep."""
    k, a = _sharpness(rng, f, 0.7, 5), _of(rng, f.energy, -0.4, 0.4)
    potential = pick(rng, f"{a}*exp(-(x - {f.place})**2*{k**2:.4g})", f"{a}/(1 + {k**2:.4g}*(x - {f.place})**2)")
    return potential, ("x",), at(f.x, f.xi), _time(rng, f, 0.8, 1.6)


def _barrier(rng: np.random.Generator, f: Flight) -> Scene:
    """About as high as the packet is fast, which it may cut in two."""
    k, a = _sharpness(rng, f, 1.5, 6), _of(rng, f.energy, 0.8, 1.2)
    return f"{a}*exp(-(x - {f.place})**2*{k**2:.4g})", ("x",), at(f.x, f.xi), _time(rng, f, 0.8, 1.4)


def _wall(rng: np.random.Generator, f: Flight) -> Scene:
    """A soft one, at which the packet turns around."""
    k, a = _sharpness(rng, f, 3, 15) * np.sign(f.xi), _of(rng, f.energy, 1.1, 2)
    potential = pick(rng, f"{a}*(1 + tanh({k:.4g}*(x - {f.place})))", f"{a / 2:.3g}*exp({k / 2:.4g}*(x - {f.place}))")
    return potential, (pick(rng, "x", "tanh(x)"),), at(f.x, f.xi), _time(rng, f, 0.9, 2.2)


def _detector(rng: np.random.Generator, f: Flight) -> Scene:
    """A jump that acts in one place alone."""
    k, a = _sharpness(rng, f, 0.7, 6), number(rng, 0.3, 1.5)
    jump = pick(rng, f"{a}*exp(-(x - {f.place})**2*{k**2:.4g})", f"{a}*tanh({k}*(x - {f.place}))")
    potential = pick(rng, "0*x", f"{exponential(rng, -3, -1)}*cos(x)", f"{number(rng, -0.5, 0.5)}*x")
    return potential, (jump,), at(f.x, f.xi), _time(rng, f, 0.8, 1.6)


def _fellow(rng: np.random.Generator, f: Flight) -> Scene:
    """A bump that travels as well: with the packet, or through it."""
    k, a, u = _sharpness(rng, f, 1, 6), _of(rng, f.energy, -0.1, 0.1), _of(rng, f.speed, 0.5, 1.4)
    ahead = float(f"{f.x + f.width * rng.uniform(-4, 4):.4g}")
    return f"{a}*exp(-(x - {ahead} - {u}*t)**2*{k**2:.4g})", ("x",), at(f.x, f.xi), _time(rng, f, 0.6, 1.5)


def _cat(rng: np.random.Generator, f: Flight) -> Scene:
    """Its members start side by side, and fly apart."""
    c, d = complex(number(rng, 0.3, 1), number(rng, -1, 1)), float(f"{f.x + f.width * rng.uniform(-6, 6):.4g}")
    start = Start(((1.0, Pure(((1.0, f.x, f.xi), (c, d, _of(rng, -f.xi, -0.5, 1.0))))),))
    return _mild(rng, f), (pick(rng, "x", "xi"),), start, _time(rng, f, 0.2, 1)


def _mixture(rng: np.random.Generator, f: Flight) -> Scene:
    """Two packets, which a mean is between, or one is hardly there."""
    part, far = pick(rng, 0.5, 0.2, exponential(rng, -7, -1)), float(f"{f.x + rng.uniform(-5, 5):.4g}")
    other = Pure(((1.0, far, _of(rng, f.xi, -1.0, 1.0)),), number(rng, -0.5, 0.5), number(rng, 0, 3))
    start = Start(((1 - part, Pure(((1.0, f.x, f.xi),))), (part, other)))
    return _mild(rng, f), (pick(rng, "x", "xi", "tanh(x)"),), start, _time(rng, f, 0.3, 1.2)


def _mild(rng: np.random.Generator, f: Flight) -> str:
    a, k = _of(rng, f.energy, -0.3, 0.3), _sharpness(rng, f, 2, 8)
    return pick(
        rng, "0*x", "x**2/2", f"{number(rng, -2, 2)}*x", f"{a}*exp(-(x - {f.place})**2*{k**2:.4g})", f"{a}*cos(x)"
    )


def _hidden(rng: np.random.Generator, f: Flight) -> Scene:
    """A bump inside of a larger function, of which it is a small part."""
    k, a = _sharpness(rng, f, 0.5, 3), _of(rng, f.energy, 0.02, 0.3)
    b, c = number(rng, -0.05, 0.05), number(rng, -1, 1)
    bump = f"{b}*exp(-(x - {f.place})**2*{k**2:.4g})"
    return (
        pick(rng, f"{a}*tanh(x - {c} + {bump})", f"{a}*sqrt(1 + x**2 + {bump})"),
        ("x",),
        at(f.x, f.xi),
        _time(rng, f, 0.8, 1.6),
    )


def _pulse(rng: np.random.Generator, f: Flight) -> Scene:
    """A force that is there for a while, and as strong as the packet is fast; shorter ones the oracle would miss."""
    time = _time(rng, f, 0.5, 1.2)
    width, when = float(f"{time * 10 ** rng.uniform(-1, -0.6):.3g}"), float(f"{time * rng.uniform(0.2, 1):.3g}")
    force, k = f"{_of(rng, f.xi, -1, 1) / width / 2:.3g}*exp(-((t - {when})/{width})**2)", number(rng, 0.5, 2)
    return (
        pick(rng, f"{force}*x", f"{force}*sin({k}*(x - {f.place}))/{k}"),
        (pick(rng, "x", "xi"),),
        at(f.x, f.xi),
        time,
    )


SCENES: tuple[Callable[[np.random.Generator, Flight], Scene], ...] = (
    _bump, _barrier, _wall, _detector, _fellow, _cat, _mixture, _hidden, _pulse,
)  # fmt: skip


LATER = 0.25
"""The part of the cases whose time lies before the end of the run, wherever its segments end."""


def moving_case(rng: np.random.Generator, size: Size) -> tuple[SplitSystem, Problem, Problem, tuple[float, float]]:
    """A problem, the same one at rest, and the place of the one in the other, from which the oracle's answer is moved.

    p = xi^2/2 + V(x - D - P t) is xi^2/2 + V(x) in coordinates that move; x and xi as jumps are the same in both.
    """
    if rng.random() < 0.3:
        system, rest = _at_rest(rng, size)
        there, speed = number(rng, -size.center, size.center), number(rng, -size.center, size.center) / 2
    else:
        flight = _flight(rng, size)
        potential, jumps, start, time = pick(rng, *SCENES)(rng, flight)
        gamma = 0.0 if rng.random() < 0.3 else exponential(rng, -3, 0)
        system = SplitSystem(flight.kinetic, f"({potential})", jumps, flight.h, gamma)
        tol = exponential(rng, -min(size.digits, 6), -2)
        evolution = pick(rng, "quantum", "classical")
        rest = Problem(system.hamiltonian, jumps, flight.h, gamma, start, time, tol, evolution)
        there = speed = 0.0
    if rng.random() < LATER:
        rest = replace(rest, end=float(f"{rest.time * rng.uniform(1.05, 2):.3g}"))
    if not speed:
        return system, rest, rest, (0.0, 0.0)
    potential = re.sub(r"\bx\b", f"(x - {there} - {speed}*t)", system.potential)
    hamiltonian = f"{system.kinetic} + ({potential})"
    asked = replace(rest, hamiltonian=hamiltonian, start=_moved(rest.start, there, speed, rest.h))
    return system, rest, asked, (there + speed * rest.time, speed)


def _at_rest(rng: np.random.Generator, size: Size) -> tuple[SplitSystem, Problem]:
    h = float(f"{2 ** -rng.uniform(3, size.deepest * 4 / 7):.4g}")
    a, b, k = number(rng, -1, 1), number(rng, -1, 1), float(f"{rng.uniform(0.2, 1) / np.sqrt(h):.3g}")
    potential = pick(
        rng, f"{a}*cos(x)", f"{a}*exp(-(x - {b})**2*{k})", f"{abs(a)}*x**4/4", f"{a}*tanh(x - {b})", f"{abs(a)}*x**2/2"
    )
    jumps = pick(rng, ("x",), ("xi",), ("x", "xi"))
    gamma = 0.0 if rng.random() < 0.2 else exponential(rng, -3, 0)
    start = start_near(rng, number(rng, -1, 1), number(rng, -1, 1), h, min(size.separation, 5.0), squeezing=0.5)
    system = SplitSystem("xi**2/2", potential, jumps, h, gamma)
    tol, evolution = exponential(rng, -min(size.digits, 6), -2), pick(rng, "quantum", "classical")
    return system, Problem(system.hamiltonian, jumps, h, gamma, start, number(rng, 0.1, 1.5), tol, evolution)


def _moved(start: Start, there: float, speed: float, h: float) -> Start:
    """e^{i P (y - D)/h} psi(y - D): coherent states with phases of their own."""

    def moved(one: Pure) -> Pure:
        turn = 1j * speed / h if len(one.parts) > 1 else 0.0
        return replace(one, parts=tuple((c * np.exp(turn * x).item(), x + there, xi + speed) for c, x, xi in one.parts))

    return Start(tuple((part, moved(one)) for part, one in start.members))
