"""The scales of formulas: no wall, wave or bump in them is too narrow to be found, and what is smooth is no alarm."""

from __future__ import annotations

from math import exp, pi, sqrt

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from openweyl.symbolic.expressions import TIME, evaluate, variables
from openweyl.symbolic.intervals import Functions, Interval
from openweyl.symbolic.length_scales import BEND_FRACTION, Scale, scales
from openweyl.symbolic.parsing import parse

(X,), (XI,) = variables(1)
LIMITS = 4.0
COARSE, FINE = 1 / 8, 1e-9
TAYLOR = " + ".join(f"({(-1) ** j})*x**{2 * j}/{sympy.factorial(2 * j)}" for j in range(11))


def found(text: str, n: int = 1, coarse: float = COARSE, fine: float = FINE, negligible: float = 0.0) -> list[Scale]:
    """The scales of the formula on [-4, 4] in each variable, for t in [0, 1]."""
    x, xi = variables(n)
    f = parse(text, {str(v): v for v in (*x, *xi, TIME)})
    box = dict.fromkeys(x + xi, (-LIMITS, LIMITS)) | {TIME: (0.0, 1.0)}
    return scales(f, box, dict.fromkeys(x + xi, coarse), dict.fromkeys(x + xi, fine), negligible)


def only(text: str, **kw: float) -> Scale:
    """The scale of a formula of one term and one variable."""
    (scale,) = found(text, **kw)
    return scale


SMOOTH = [
    "x**2",
    "(x**2 - 1/2)**2",
    "cos(x)",
    "x**8",
    f"sqrt(3 + {TAYLOR})",
    "sqrt(1 + x**2)",
    "tanh(x)",
    "exp(-x**2)",
    "1/(1 + x**2)",
    "x*tanh(x)",
    "log(1 + x**2)",
    "erf(x)",
    "sin(x)**3",
    "exp(-200*(x - 30)**2)",
]


@pytest.mark.parametrize("text", SMOOTH)
def test_what_is_smooth_is_no_alarm(text: str) -> None:
    scale = only(text)
    assert scale.resolved
    assert scale.spacing == COARSE
    points = np.linspace(-LIMITS, LIMITS, 4001)
    values = evaluate(scale.term, {X: points}, np)
    assert np.ptp(values) * (1 - 1e-9) <= scale.size <= 2 * np.ptp(values)
    steepest = np.abs(np.diff(values)).max() / (points[1] - points[0])
    assert steepest * (1 - 1e-6) <= scale.slope <= 2.1 * steepest


def test_sums_are_looked_at_term_by_term() -> None:
    assert {s.spacing for s in found(TAYLOR)} == {COARSE}
    wall, quadratic = sorted(found("tanh(100*x)/50 + x**2"), key=lambda s: s.spacing)
    assert wall.spacing < 0.02 < quadratic.spacing == COARSE


@pytest.mark.parametrize(
    ("text", "bend", "spread", "place"),
    [  # sup |f''| and sup f - inf f by hand
        ("cos(1000*x)", 1e6, 2, None),
        ("tanh(100*(x - 0.1234))", 1e4 * 4 / sqrt(27), 2, 0.1234),
        ("1000*exp(-((x - 0.3)/0.0001)**2)", 2e11, 1e3, 0.3),
        ("exp(-((x - 3.999)/0.0000001)**2)", 2e14, 1, 3.999),
        ("1/(1 + (100000*(x - 0.2))**2)", 2e10, 1, 0.2),
        ("exp(-x**2 + exp(-(x/0.0001)**2)/10)", 0.2e8 * exp(0.1), exp(0.1), 0.0),
        ("x**2*cos(1000*x)", 16e6, 32, None),
        ("1/(x**2 - 2*x + 1.000001)", 2e12, 1e6, 1.0),  # expanded: intervals divide by zero on large cells
    ],
)
def test_narrow(text: str, bend: float, spread: float, place: float | None) -> None:
    scale = only(text)
    assert scale.resolved
    ideal = sqrt(BEND_FRACTION * spread / bend)
    assert ideal / sqrt(12) <= scale.spacing <= ideal * 1.001  # a halving, the margin, and the range to a factor of two
    assert spread * 0.999 <= scale.size <= 2 * spread
    assert place is None or abs(scale.at - place) < 4 * ideal


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.floats(-3.9, 3.9), st.floats(-8, -1), st.floats(-3, 3), st.sampled_from(["bump", "wall", "peak"]))
def test_a_feature_is_found_wherever_it_is(place: float, exponent: float, height: float, kind: str) -> None:
    width, u = 10.0**exponent, (X - sympy.Float(place)) / sympy.Float(10.0**exponent)
    shape = {"bump": sympy.exp(-(u**2)), "wall": sympy.tanh(u), "peak": 1 / (1 + u**2)}[kind]
    f = X**2 / 2 + sympy.Float(10.0**height) * shape
    spacing = min(s.spacing for s in scales(f, {X: (-LIMITS, LIMITS)}, {X: COARSE}, {X: 1e-12}))
    assert min(0.15 * width, COARSE) < spacing < 0.9 * width


def test_a_tail_alone_is_not_taken_for_a_narrow_feature() -> None:
    """Samples see exp(-100 u^2) far from its top first, where it is steep for its size."""
    x = {X: (-50.0, 50.0)}
    (scale,) = scales(sympy.exp(-100 * (X - sympy.Rational(3, 10)) ** 2), x, {X: 1.0}, {X: 0.02})
    assert scale.resolved
    assert scale.spacing == pytest.approx(1 / 32)


@pytest.mark.parametrize(("text", "needed"), [("cos(1000*x)", 1e-3), ("1000*exp(-((x - 0.3)/0.0001)**2)", 5e-5)])
def test_too_narrow_says_what_it_needs(text: str, needed: float) -> None:
    scale = only(text, fine=0.01)
    assert not scale.resolved
    assert needed * 0.99 < scale.spacing < 1.6 * needed
    assert sqrt(2 * pi) * needed > scale.spacing


def test_what_is_negligible_is_not_followed() -> None:
    bump = "exp(-((x - 0.3)/0.0001)**2)"
    assert min(s.spacing for s in found(f"x**2 + {bump}/1000000000000000000")) == COARSE  # below round-off
    assert only(f"{bump}/1000").spacing < 1e-4
    assert only(f"{bump}/1000", negligible=1e-3).spacing == COARSE


def test_what_is_no_number_is_not_resolved() -> None:
    assert not only("exp(x**64)").resolved


@pytest.mark.parametrize("text", ["x*exp(-((t - 0.3)/0.0001)**2)", "x**2*cos(1000*t)", "cos(x - 5*t)"])
def test_the_time_is_no_place(text: str) -> None:
    assert only(text).spacing == COARSE


def test_a_pulse_of_a_narrow_trap() -> None:
    scale = only("20*x/(1 + 10000*(x - 3)**2 + 100000000*(t - 0.613)**2)")
    assert 1e-3 < scale.spacing < 1e-2
    assert abs(scale.at - 3) < 0.02


SMOOTH_2 = [
    "x1**2*x2**2",
    "cos(x1 - x2)",
    "(x1**2 + x2**2)**2",
    "exp(-(x1**2 + x2**2))",
    "sqrt(1 + x1**2 + x2**2)",
    "x1*x2*xi1*xi2",
    "exp(-10*(x1 - x2)**2)",
]


@pytest.mark.parametrize("text", SMOOTH_2)
def test_two_degrees_of_freedom_smooth(text: str) -> None:
    assert {s.spacing for s in found(text, n=2)} == {COARSE}


@pytest.mark.parametrize(
    ("text", "bends", "spread"),
    [
        ("exp(-((x1 - 0.3)/0.001)**2)*cos(x2)", (2e6, 1), 2),
        ("exp(-((x1 - 0.3)**2 + (x2 - 0.2)**2)*1000000)", (2e6, 2e6), 1),
        ("tanh(100*(x1 + x2/2 - 0.3))", (1e4 * 4 / sqrt(27), 2500 * 4 / sqrt(27)), 2),
    ],
)
def test_two_degrees_of_freedom_narrow(text: str, bends: tuple[float, ...], spread: float) -> None:
    for scale, bend in zip(found(text, n=2), bends, strict=True):
        ideal = min(sqrt(BEND_FRACTION * spread / bend), COARSE)
        assert ideal / sqrt(12) <= scale.spacing <= ideal * 1.001


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.floats(-4, 4), st.floats(0, 5), st.integers(1, 9))
def test_powers_of_intervals_are_hulls(low: float, length: float, power: int) -> None:
    hull = evaluate(X**power, {X: Interval(np.array([low]), np.array([low + length]))}, Functions)
    values = np.concatenate([np.linspace(low, low + length, 101), [0.0] * (low < 0 < low + length)]) ** power
    assert hull.low[0] == pytest.approx(values.min(), rel=1e-12, abs=1e-300)
    assert hull.high[0] == pytest.approx(values.max(), rel=1e-12, abs=1e-300)
