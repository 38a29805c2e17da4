"""Systems, starts and closed forms by name, for all test modules: what is meant by "the double well" stands once."""

from __future__ import annotations

from collections.abc import Callable
from math import cos, exp, pi, sin, sqrt

import numpy as np

from openweyl import PhaseGrid, State, System, coherent, gaussian

DOUBLE_WELL = System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=2**-4, gamma=1.0)
"""Figure 1's system."""
PENDULUM = System("xi**2/2 - cos(x)", ["x", "xi"], h=2**-4, gamma=1.0)
HARMONIC = System("xi**2/2 + x**2/2", ["x", "xi"], h=2**-4, gamma=1.0)
"""Quadratic, with linear jumps: both evolutions are one, and `rotated` is what they make of a coherent state."""
LOSS = "(x + I*xi)/sqrt(2)"
"""sqrt(h) times the annihilator: the loss of single quanta, friction."""
ROTATION = "(x**2 + xi**2)/2"
DAMPED = System(ROTATION, [LOSS], h=0.1, gamma=0.5)
"""The damped oscillator: coherent states stay coherent, and `damped` is where they are."""
KERR = System("(x**2 + xi**2)**2/4", [LOSS], h=1 / 4, gamma=0.5)
"""The damped Kerr oscillator: P = h^2 (N + 1/2)^2 + h^2/4, N the number of quanta, which are only lost: a basis that
holds the start holds all of the evolution."""
COARSE = System("xi**2/2 - cos(x)", ["x"], h=1.0, gamma=0.1)
"""A pendulum of so few states that a run takes milliseconds: for what is said rather than computed."""

IN_A_WELL = coherent(0.7, 0.0)
"""At the bottom of the right one of the two wells, to a hundredth."""
TWO_AT_REST = coherent([0, 0], [0, 0])
"""A state of two degrees of freedom."""
PLANE = PhaseGrid.box(h=0.1, x=(-3, 3), xi=(-3, 3), size=(64, 64))
"""A grid that holds coherent states within 1.5 of the origin to round-off."""


def damped(x: float, xi: float, gamma: float, t: float) -> tuple[float, float]:
    """Where coherent(x, xi) is at time t under ROTATION and LOSS: z = x + i xi turns, and shrinks by e^{-gamma t/2}."""
    turn, size = t, exp(-gamma * t / 2)
    return size * (x * cos(turn) + xi * sin(turn)), size * (xi * cos(turn) - x * sin(turn))


def parity_of_damped_cat(x: float, h: float, gamma: float, t: float) -> float:
    """<parity> of |z> + |-z>, z = (x, 0), at time t under ROTATION and LOSS.

    With alpha = x/sqrt(2h) the amplitude shrinks to alpha e^{-gamma t/2}, and the coherence |z><-z| by what the lost
    quanta tell, e^{-2 alpha^2 (1 - e^{-gamma t})}; <z| parity |z> = e^{-2 alpha^2} and <-z| parity |z> = 1.
    """
    alpha2, left = x**2 / (2 * h), exp(-gamma * t)
    return (exp(-2 * alpha2 * left) + exp(-2 * alpha2 * (1 - left))) / (1 + exp(-2 * alpha2))


def rotated(x: float, xi: float, gamma: float, t: float) -> State:
    """coherent(x, xi) at time t in HARMONIC: it turns, and its covariance grows to (1/2 + gamma t) h."""
    (x, xi), variance = damped(x, xi, 0.0, t), 1 / 2 + gamma * t
    return gaussian(x, xi, [[variance, 0.0], [0.0, variance]])


def normal_mean(f: Callable[[np.ndarray], np.ndarray], mean: float, variance: float) -> float:
    """The mean of f over N(mean, variance), by 80 nodes of Gauss and Hermite."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    return float(f(mean + sqrt(variance) * nodes) @ weights / sqrt(2 * pi))
