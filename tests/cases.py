"""Random problems of the kinds that `harness.py` lists first: quadratic ones, and anharmonic ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from gaussian import Gaussian
from judging import Problem
from kernel_oracle import SplitSystem
from packets import Pure, Start, at, evolved
from truths import TINY


@dataclass(frozen=True)
class Size:
    """How hard the cases of a run may be."""

    deepest: float  # h >= 2^-deepest
    digits: float  # tol >= 10^-digits
    center: float
    points: float  # of a grid that holds the exact state, by an estimate
    separation: float  # of the members of cats, in units of sqrt h
    largest: int  # the oracle's points
    work: float


CHEAP = Size(10, 4, 20, 1.2e3, 4, 200, 3e6)
FULL = Size(14, 8, 50, 1e4, 10, 400, 6e7)


STEPWISE = 0.85
"""The part of the quadratic cases with TINY: the others are answered by closed forms, whose error is round-off."""
LARGEST_GROWTH = 3.5
"""No distance may grow by more than e to this power: amplifying jumps would leave the range of numbers."""


def number(rng: np.random.Generator, low: float, high: float) -> float:
    """Three digits, so that formulas stay readable."""
    return float(f"{rng.uniform(low, high):.3g}")


def exponential(rng: np.random.Generator, low: float, high: float) -> float:
    """Log-uniform between two powers of ten."""
    return float(f"{10 ** rng.uniform(low, high):.3g}")


def pick(rng: np.random.Generator, *values: Any) -> Any:
    return values[rng.integers(len(values))]


def gaussian_case(rng: np.random.Generator, size: Size) -> Problem:
    if rng.random() < 0.25:
        return _far_flight(rng, size)
    h = float(f"{2 ** -rng.uniform(0, size.deepest):.4g}")
    a, b, c = number(rng, 0.2, 1.5), number(rng, 0.2, 1.5), number(rng, -1, 1)
    parts = [
        pick(
            rng,
            f"{a}*xi**2/2",
            f"{a}*xi**2/2",
            f"{a}*xi**2/2 + {b}*x**2/2",
            f"{a}*xi**2/2 - {b}*x**2/2",
            f"{c}*x*xi",
            f"{a}*xi**2/2 + {b}*x**2/2 + {c}*x*xi",
            f"{a}*x**2/2 + {c}*x*xi",
            "0",
        )
    ]
    if rng.random() < 0.4 or parts == ["0"]:
        parts.append(f"{number(rng, -4, 4)}*x + {number(rng, -4, 4)}*xi")
    if rng.random() < 0.2:
        rate = number(rng, 0.5, 6)
        parts.append(pick(rng, f"{number(rng, -3, 3)}*x*cos({rate}*t)", f"{b}*x**2*sin({rate}*t)/3"))
    u, v = number(rng, -1, 1), number(rng, -1, 1)
    pool = (
        "x",
        "xi",
        f"{u}*x + {v}*xi",
        "(x + I*xi)/sqrt(2)",
        f"(x + I*xi)/sqrt(2) + {u} + {v}*I",
        "(x - I*xi)/sqrt(2)",
        f"x + {u}*I*xi",
        f"x + {u}",
        f"xi + {v}*I",
    )
    jumps = tuple(dict.fromkeys(pick(rng, *pool) for _ in range(rng.integers(1, 3))))
    gamma = 0.0 if rng.random() < 0.15 else exponential(rng, -3, 2)
    far = rng.uniform(0, size.center) if rng.random() < 0.5 else rng.uniform(0, min(3.0, size.center))
    angle = rng.uniform(0, 2 * np.pi)
    x, xi = (float(f"{far * part:.4g}") for part in (np.cos(angle), np.sin(angle)))
    start = start_near(rng, x, xi, h, size.separation, squeezing=1.0 if size is CHEAP else 2.0)
    time = exponential(rng, -2, np.log10(4)) if rng.random() < 0.5 else number(rng, 0.5, 4)
    tol = exponential(rng, -size.digits, -2)
    hamiltonian = " + ".join(parts)
    time = _time_within(Gaussian(hamiltonian, jumps, h, gamma), start, time, size)
    if rng.random() < STEPWISE:
        hamiltonian += f" + {TINY}"
    return Problem(hamiltonian, jumps, h, gamma, start, time, tol, pick(rng, "quantum", "classical"))


def _time_within(exact: Gaussian, start: Start, time: float, size: Size) -> float:
    """`time`, or less: until then no distance grows too much, and the exact state fits on the points allowed."""
    growth = max(np.linalg.eigvals(exact.rates(t)[0]).real.max() for t in (0.0, 0.3, 0.7))
    time = float(f"{min(time, LARGEST_GROWTH / max(growth, 1e-9)):.3g}")
    while _points(exact, start, time) > size.points and time > 0.01:
        time = float(f"{time / 2:.3g}")
    return time


def _far_flight(rng: np.random.Generator, size: Size) -> Problem:
    """Systems whose steps are exact however long, and a packet that flies over many of its own widths in one."""
    h = float(f"{2 ** -rng.uniform(3, size.deepest):.4g}")
    hamiltonian = pick(rng, "xi**2/2", f"xi**2/2 + {number(rng, -4, 4)}*x", f"{number(rng, -0.9, 0.9)}*x*xi")
    jumps = (pick(rng, "x", "xi", "0.6*x - 0.8*xi", "(x + I*xi)/sqrt(2)"),)
    angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(3, size.center)
    start = at(*(float(f"{far * part:.4g}") for part in (np.cos(angle), np.sin(angle))))
    if rng.random() < STEPWISE:
        hamiltonian += f" + {TINY}"
    tol, gamma = exponential(rng, -min(size.digits, 6), -2), exponential(rng, -3, 0)
    return Problem(hamiltonian, jumps, h, gamma, start, number(rng, 0.5, 4), tol, pick(rng, "quantum", "classical"))


def far_case(rng: np.random.Generator, size: Size) -> Problem:
    """By steps, from far away at small h: the mean moves over hundreds of widths, and the shape next to nothing."""
    h = float(f"{2 ** -rng.uniform(6, size.deepest):.4g}")
    a, b, c = number(rng, 0.2, 1.5), number(rng, 0.2, 1.5), number(rng, -1, 1)
    hamiltonian = pick(
        rng,
        "(x**2 + xi**2)/2",
        f"{a}*xi**2/2 + {b}*x**2/2",
        f"{a}*xi**2/2 + {b}*x**2/2 + {c}*x*xi",
        f"xi**2/2 - {b}*x**2/2",
        f"xi**2/2 + {c}*x",
        f"xi**2/2 + {b}*x**2/2 + {c}*x*cos({number(rng, 0.5, 6)}*t)",
    )
    pool = ("x", "xi", "0.6*x - 0.8*xi", "(x + I*xi)/sqrt(2)", f"x + {c}*I*xi")
    jumps = tuple(dict.fromkeys(pick(rng, *pool) for _ in range(rng.integers(1, 3))))
    gamma = 0.0 if rng.random() < 0.15 else exponential(rng, -3, 1)
    angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(size.center / 5, size.center)
    x, xi = (float(f"{far * part:.4g}") for part in (np.cos(angle), np.sin(angle)))
    start = start_near(rng, x, xi, h, size.separation, squeezing=1.0)
    time = _time_within(Gaussian(hamiltonian, jumps, h, gamma), start, number(rng, 0.3, 4), size)
    tol = exponential(rng, -size.digits, -2)
    evolution = pick(rng, "quantum", "classical")
    return Problem(f"{hamiltonian} + {TINY}", jumps, h, gamma, start, time, tol, evolution)


def start_near(
    rng: np.random.Generator, x: float, xi: float, h: float, separation: float, squeezing: float = 2.0
) -> Start:
    def one() -> Pure:
        return Pure(((1.0, x, xi),), number(rng, -squeezing, squeezing), number(rng, 0, 3))

    def several() -> Pure:
        parts = [(1.0, x, xi)]
        for _ in range(rng.integers(1, 3)):
            d, angle = np.sqrt(h) * rng.uniform(1, separation), rng.uniform(0, 2 * np.pi)
            c = complex(number(rng, 0.3, 1), number(rng, -1, 1))
            parts.append((c, float(f"{x + d * np.cos(angle):.6g}"), float(f"{xi + d * np.sin(angle):.6g}")))
        return Pure(tuple(parts))

    kind = rng.random()
    if kind < 0.4:
        return Start(((1.0, Pure(((1.0, x, xi),))),))
    if kind < 0.6:
        return Start(((1.0, one()),))
    if kind < 0.85:
        return Start(((1.0, several()),))
    return Start(((0.7, several()), (0.3, one())))


def _points(system: Gaussian, start: Start, time: float) -> float:
    """About the number of points of a grid that follows the exact state, where it needs most."""
    most = 0.0
    for t in np.linspace(0, time, 6):
        symbol = evolved(system, start.packets(system.h), float(t))
        box = symbol.support(6.0)
        total = 1.0
        for i, (low, high) in enumerate(box):
            reach = max(
                (
                    6 * np.sqrt(np.linalg.inv(p.covariance)[i, i] * system.h)
                    + abs(np.linalg.solve(p.covariance, p.center.imag)[i])
                )
                / system.h
                for p in symbol.packets
            )
            total *= 1.3 * (high - low) * reach / np.pi
        most = max(most, total)
    return most


def anharmonic_case(rng: np.random.Generator, size: Size) -> tuple[SplitSystem, Problem]:
    if rng.random() < 0.2:
        return _almost_free(rng, size)
    h = float(f"{2 ** -rng.uniform(1, min(size.deepest, 6)):.4g}")
    kinetic = pick(rng, "xi**2/2", "xi**2/2", "xi**2/2", "sqrt(1 + xi**2)", "cosh(xi)")
    fast = rng.random() < 0.3 and kinetic != "cosh(xi)"
    xi = float(f"{pick(rng, -1, 1) * (rng.uniform(3, 10) if fast else rng.uniform(0, 1)):.4g}")
    x = number(rng, -1, 1)

    def term() -> str:
        a, b, k = number(rng, -1, 1), number(rng, -1.5, 1.5), number(rng, 0.6, 3)
        pool = [
            f"{a}*tanh(x - {b})",
            f"{a}*cos({k}*x)",
            f"{a}*exp(-(x - {b})**2*{k})",
            f"{a}/(1 + (x - {b})**2)",
            f"{a}*sin({k}*x)*cos({k}*t)",
            f"{abs(a)}*sqrt(1 + x**2)",
        ]
        if not fast:
            pool += [f"{abs(a) / 4:.3g}*x**4", f"{abs(a)}*x**2/2", f"{abs(a) / 4:.3g}*(x**2 - {k})**2"]
        return pick(rng, *pool)

    potential = " + ".join(f"({term()})" for _ in range(rng.integers(1, 4)))
    k = number(rng, 0.5, 2)
    pool = ("x", "xi", "tanh(x)", "tanh(xi)", f"sin({k}*x)", "x/sqrt(1 + x**2)")
    jumps = tuple(dict.fromkeys(pick(rng, *pool) for _ in range(rng.integers(1, 3))))
    gamma = 0.0 if rng.random() < 0.2 else exponential(rng, -2, 0.3)
    start = start_near(rng, x, xi, h, min(size.separation, 5.0), squeezing=0.5)
    time = float(f"{rng.uniform(0.1, 1.5) / (3 if size is CHEAP else 1):.3g}")
    tol = exponential(rng, -min(size.digits, 6), -2)
    system = SplitSystem(kinetic, potential, jumps, h, gamma)
    return system, Problem(system.hamiltonian, jumps, h, gamma, start, time, tol, pick(rng, "quantum", "classical"))


def _almost_free(rng: np.random.Generator, size: Size) -> tuple[SplitSystem, Problem]:
    """A packet that flies far, over next to nothing: long steps, and far between looks at the edges."""
    h = float(f"{2 ** -rng.uniform(3, min(size.deepest, 8)):.4g}")
    kinetic = pick(rng, "xi**2/2", "xi**2/2", "sqrt(1 + xi**2)")
    a, b = exponential(rng, -4, -1.5), number(rng, -1, 1)
    potential = pick(rng, f"{a}*tanh(x - {b})", f"{a}*sqrt(1 + x**2)", f"{a}*cos(x - {b})", f"{a}/(1 + (x - {b})**2)")
    jumps = (pick(rng, "x", "x", "xi", "tanh(x)"),)
    gamma = 0.0 if rng.random() < 0.3 else exponential(rng, -3, -1)
    start = Start(((1.0, Pure(((1.0, number(rng, -1, 1), pick(rng, -1, 1) * number(rng, 3, 10)),))),))
    tol = exponential(rng, -4, -2)
    system = SplitSystem(kinetic, potential, jumps, h, gamma)
    problem = Problem(
        system.hamiltonian, jumps, h, gamma, start, number(rng, 0.3, 3), tol, pick(rng, "quantum", "classical")
    )
    return system, problem
