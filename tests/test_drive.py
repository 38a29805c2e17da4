"""Hamiltonians that vary in time: nothing in them may pass unseen between two steps, however short or fast."""

from __future__ import annotations

from math import cos, pi, sin, sqrt

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from common import STEPPED
from openweyl import ResourceError, System, certify, coherent, compare, evolve
from openweyl.symbolic.expressions import TIME as T
from openweyl.symbolic.expressions import evaluate, variables
from openweyl.symbolic.intervals import Functions, Interval
from openweyl.symbolic.time_variation import TimeVariation

(X,), (XI,) = variables(1)
BOX = {X: (-1.0, 1.0), XI: (-1.0, 1.0)}
FORMULAS = [
    sympy.sin(3 * T) * T**2 - T**3,
    sympy.cos(T) / (1 + T**2),
    sympy.exp(-(T**2)) * sympy.tanh(T) + sympy.erf(2 * T),
    sympy.sqrt(1 + T**4) * sympy.atan(T),
    sympy.cosh(T) - sympy.sinh(T / 2) * sympy.log(2 + sympy.cos(T)),
    (1 + T**2) ** sympy.Rational(-3, 2) * X + sympy.cos(X - 5 * T),
]


def mean(system: System, times: list[float], tol: float) -> tuple[np.ndarray, float]:
    """<(x, xi)> at the last time from a coherent start at 0, and the error that is reported."""
    run = evolve(system, coherent(0, 0), times, tol=tol)
    return run.final.moments().mean, run.numerics.error[-1]


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.sampled_from(FORMULAS), st.floats(-4, 4), st.floats(0, 3), st.floats(-1, 1))
def test_intervals_hold_all_values(formula: sympy.Expr, low: float, length: float, x: float) -> None:
    times = np.linspace(low, low + length, 41)
    hull = evaluate(formula, {T: Interval(np.array([low]), np.array([low + length])), X: x}, Functions)
    values = evaluate(formula, {T: times, X: x}, np)
    assert float(hull.low[0]) <= values.min() + 1e-9
    assert float(hull.high[0]) >= values.max() - 1e-9


def test_intervals_of_what_has_no_bound() -> None:
    through = 1.0 / Interval(np.array([-1.0, 1.0]), np.array([1.0, 2.0]))
    assert through.low.tolist() == [-np.inf, 0.5]
    assert through.high.tolist() == [np.inf, 1.0]
    assert (Interval(np.array([-2.0]), np.array([1.0])) * 0.0).largest()[0] == 0
    both = Interval(np.array([-2.0]), np.array([1.0]))
    assert ((both * both).low[0], (both * both).high[0]) == (0, 4)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.floats(0.01, 0.99), st.floats(-6, -1), st.floats(-3, 3))
def test_a_pulse_is_found_wherever_it_is(place: float, exponent: float, height: float) -> None:
    width, tall = sympy.Float(10.0**exponent), sympy.Float(10.0**height)
    drive = TimeVariation(
        XI**2 / 2 + tall * X * sympy.exp(-(((T - sympy.Float(place)) / width) ** 2)) + X * T, BOX, 1.0
    )
    assert 0.05 * 10**exponent < drive.longest(place, 1) < 10**exponent
    far = 0.0 if place > 0.5 else 0.999
    assert drive.longest(far, 1) > 1e-3


WAVE = 40 * sympy.pi * T


@pytest.mark.parametrize("wave", [sympy.cos(WAVE), sympy.cos(X - WAVE), sympy.tanh(sympy.cos(WAVE))], ids=str)
def test_a_period_gets_its_steps(wave: sympy.Expr) -> None:
    step = TimeVariation(XI**2 / 2 + X * wave + T, BOX, 1.0).longest(0.3, 4)
    assert 1 / 20 / 64 < step < 1 / 20 / 6


def test_a_small_pulse_beside_a_large_wave() -> None:
    wave, pulse = 100 * X * sympy.cos(T), X**2 * sympy.exp(-(10**6) * (T - sympy.Rational(1, 2)) ** 2) / 1000
    assert TimeVariation(wave + pulse, BOX, 1.0).longest(0.5, 1) < 1e-3


def test_no_drive_no_limit() -> None:
    assert TimeVariation(XI**2 / 2 + X**4, BOX, 1.0).longest(0.0, 4) == float("inf")


def test_what_no_number_of_steps_can_follow() -> None:
    with pytest.raises(ResourceError, match="varies faster than 200000 steps"):
        TimeVariation(X * sympy.cos(10**6 * T), BOX, 1.0)


def test_a_pulse_between_the_steps_moves_the_state() -> None:
    """A kick by 1 within a thousandth of the time: <x> = sin(t - 0.3), <xi> = cos(t - 0.3) after it, to O(width)."""
    pulse = f"{1000 / sqrt(pi)}*x*exp(-1e6*(t - 0.3)**2)"
    found, error = mean(System(f"xi**2/2 + x**2/2 - {pulse}{STEPPED}", ["x"], h=0.1, gamma=1), [1.0], 1e-4)
    assert error < 1e-4
    assert found == pytest.approx([sin(0.7), cos(0.7)], abs=3e-5)


@pytest.mark.slow
def test_a_wave_that_the_first_steps_would_take_for_a_constant() -> None:
    """x'' = -x - f cos(w t), with 128 periods up to t = 1, which 64 steps of two halves would always see at its top."""
    f, w = 50, 2 * pi * 128
    found, error = mean(
        System(f"xi**2/2 + x**2/2 + {f}*x*cos(2*pi*128*t){STEPPED}", ["x"], h=0.1, gamma=1), [1.0], 1e-4
    )
    a = -f / (1 - w**2)
    assert error < 1e-4
    assert found == pytest.approx([a * (cos(w) - cos(1)), a * (sin(1) - w * sin(w))], abs=1e-6)


@pytest.mark.slow
def test_a_certificate_sees_the_pulse() -> None:
    system = System("xi**2/2 + x**4/4 - 18*x**3*exp(-1e5*(t - 0.3)**2)", ["x", "xi"], h=0.1, gamma=1)
    start = coherent(0.5, 0.0)
    true = compare(system, start, [1.0], tol=1e-4).trace_norm[0]
    aware = compare(system, start, [0.29, 0.3, 0.31, 1.0], tol=1e-4).trace_norm[-1]
    certificate = certify(system, start, [1.0], order=1, tol=1e-4)
    assert true == pytest.approx(aware, abs=1e-4)
    assert true > 0.02
    assert certificate.distance_upper[0] > true
    assert certificate.bound[0] < 10 * true


@pytest.mark.slow
def test_a_pulse_in_a_trap_that_the_packet_meets_later() -> None:
    """A pulse of 1e-5 in a trap of width 0.07 at x = 3, where the packet is a second after its start at x = 0.

    It kicks: xi -> xi + K(x), K = -A (1 - 2 u^2) e^{-u^2}, u = (x - 3)/0.07, A = 30000 sqrt(pi) 1e-5. Before it x, xi
    are Gaussian: free flight with diffusion of xi, so that means and variance after it are integrals over x.
    """
    h, gamma, t, tall, width = 0.01, 0.01, 1.013, 30000.0, 0.07
    system = System(
        f"xi**2/2 + {tall}*(x - 3)*exp(-((t - {t})/0.00001)**2 - ((x - 3)/{width})**2)", ["x"], h=h, gamma=gamma
    )
    solution = evolve(system, coherent(0.0, 3.0), [1.0131], tol=1e-3, kind="classical")
    found = solution[0].moments()
    variance = h / 2 * (1 + t**2) + gamma * h * t**3 / 3
    x = 3 * t + np.linspace(-8, 8, 4001) * sqrt(variance)
    weight = np.exp(-((x - 3 * t) ** 2) / (2 * variance))
    weight /= weight.sum()
    u = (x - 3) / width
    kick = -tall * sqrt(pi) * 1e-5 * (1 - 2 * u**2) * np.exp(-(u**2))
    mean = float(weight @ kick)
    together = (h / 2 * t + gamma * h * t**2 / 2) / variance * float(weight @ ((x - 3 * t) * kick))
    spread = h / 2 + gamma * h * t + 2 * together + float(weight @ kick**2) - mean**2
    assert found.mean[1] == pytest.approx(3 + mean, abs=2e-4)
    assert found.covariance[1, 1] == pytest.approx(spread, abs=2e-4)
