"""Integrals against a symbol: the error that is reported holds the true one, however narrow the formula is."""

from __future__ import annotations

from math import cos, erf, exp, pi, sin, sqrt

import numpy as np
import pytest
import scipy.special
import scipy.stats
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from gaussian import Gaussian
from openweyl import Observable, PhaseGrid, System, coherent, evolve
from openweyl.observables.quadrature import integral, share
from openweyl.phase_space.grid import Axis
from openweyl.phase_space.marginals import CellRule, Marginal
from openweyl.symbolic.expressions import variables

H = 0.1
MEAN = np.array([0.3, -0.5])
GRID = PhaseGrid.box(h=H, x=(-2.2, 2.7), xi=(-3, 2), size=(64, 64))
W = coherent(*MEAN).symbol(GRID)
V = H / 2
"""The variance of a coherent state; its Husimi density has twice that."""
(X,), (XI,) = variables(1)
PLACES = st.floats(-2, 2).map(lambda v: round(v, 9))


def bump(a: float, c: float, mean: float, v: float) -> float:
    """int e^{-a (x - c)^2} over the normal distribution."""
    return exp(-a * (c - mean) ** 2 / (1 + 2 * a * v)) / sqrt(1 + 2 * a * v)


def peak(a: float, c: float, mean: float, v: float) -> float:
    """int 1/(1 + a^2 (x - c)^2): Voigt's profile."""
    return float(scipy.special.voigt_profile(c - mean, sqrt(v), 1 / a)) * pi / a


def wave(k: float, mean: float, v: float) -> float:
    return exp(-(k**2) * v / 2) * cos(k * mean)


def above(c: float, mean: float, v: float) -> float:
    return (1 + erf((mean - c) / sqrt(2 * v))) / 2


def disc(radius: float, x: float, xi: float, v: float) -> float:
    """The probability of the disc around (x, xi)."""
    return float(scipy.stats.ncx2.cdf(radius**2 / v, 2, ((MEAN - [x, xi]) ** 2).sum() / v))


CASES: dict[str, tuple[float, float]] = {  # the value, and an error that is small enough
    "exp(-(1000*(x - 0.123))**2)": (bump(1e6, 0.123, MEAN[0], V), 1e-9),
    "exp(-(100000*(xi + 0.2))**2)": (bump(1e10, -0.2, MEAN[1], V), 1e-9),
    "cos(1000*x)": (0.0, 1e-9),
    "cos(20*x) + cos(3*xi)": (wave(20, MEAN[0], V) + wave(3, MEAN[1], V), 1e-9),
    "1/(1 + (100000*(x - 0.2))**2)": (peak(1e5, 0.2, MEAN[0], V), 1e-9),
    "1/(1 + x**2)": (peak(1, 0, MEAN[0], V), 1e-9),
    "exp(-(1000*(x - 0.123))**2) - 2": (bump(1e6, 0.123, MEAN[0], V) - 2, 1e-9),
    "region(x)": (above(0, MEAN[0], 2 * V), 1e-9),
    "region(tanh(1000*(0.2 - x)))": (1 - above(0.2, MEAN[0], 2 * V), 1e-9),
    "region(x - xi)": (above(0, MEAN[0] - MEAN[1], 4 * V), 1e-5),
    "region(1 - x**2 - xi**2)": (disc(1, 0, 0, 2 * V), 1e-5),
    "region(0.0001 - (x - 0.2)**2 - (xi + 0.4)**2)": (disc(0.01, 0.2, -0.4, 2 * V), 1e-5),
    "region(x**64)": (1.0, 1e-3),  # at |x| < 1e-5 the power is below the smallest number
    "region(-x**64)": (0.0, 1e-3),
    "region(1)": (1.0, 1e-9),
    "region(0*x - 1)": (0.0, 1e-9),
    "smooth(exp(-1000000*(x - 0.2)**2))": (bump(1e6, 0.2, MEAN[0], 2 * V), 1e-9),
    "smooth(exp(-1000000*((x - 0.2)**2 + (xi + 0.4)**2)))": (
        bump(1e6, 0.2, MEAN[0], 2 * V) * bump(1e6, -0.4, MEAN[1], 2 * V),
        1e-9,
    ),
    "smooth(cos(3*x)*cos(5*xi) + cos(x))": (
        wave(3, MEAN[0], 2 * V) * wave(5, MEAN[1], 2 * V) + wave(1, MEAN[0], 2 * V),
        1e-9,
    ),
    "smooth(cos(1000*x)*cos(1000*xi))": (0.0, 3.0),  # too much work: the error says that nothing is known
    "husimi(0.2, -0.4)": (exp(-0.02 / (4 * V)), 1e-12),
    "husimi(30, 0)": (0.0, 1e-12),
    "parity": (exp(-float(MEAN @ MEAN) / H), 1e-12),
}


@pytest.mark.parametrize("text", CASES)
def test_closed_forms(text: str) -> None:
    expected, small = CASES[text]
    value, error = Observable.parse(text, 1).value(W)
    assert abs(value - expected) <= error + 1e-12
    assert error <= small


@settings(max_examples=40, deadline=None, derandomize=True)
@given(PLACES, st.floats(-6, 1), st.sampled_from(["bump", "peak", "wall"]), st.booleans())
def test_narrow_anywhere(place: float, exponent: float, kind: str, smooth: bool) -> None:
    a, c = sympy.Float(10.0**-exponent), sympy.Float(place)
    v = 2 * V if smooth else V
    u = f"({a}*(x - ({c})))"
    if kind == "bump":
        text, expected = f"exp(-{u}**2)", bump(float(a) ** 2, place, MEAN[0], v)
    elif kind == "peak":
        text, expected = f"1/(1 + {u}**2)", peak(float(a), place, MEAN[0], v)
    else:  # a wall: a distribution of its own, added to the normal one
        text, expected = f"erf({u})", 2 * above(place, MEAN[0], v + 1 / (2 * float(a) ** 2)) - 1
    value, error = Observable.parse(f"smooth({text})" if smooth else text, 1).value(W)
    assert abs(value - expected) <= error + 1e-12
    assert error <= 1e-8


@settings(max_examples=4, deadline=None, derandomize=True)
@given(PLACES, PLACES, st.floats(0, 6).map(lambda v: round(v, 3)), st.floats(0.01, 1.5))
def test_discs_and_half_planes_anywhere(x: float, xi: float, angle: float, radius: float) -> None:
    within = Observable.parse(f"region({radius**2:.15f} - (x - ({x}))**2 - (xi - ({xi}))**2)", 1)
    value, error = within.value(W)
    assert abs(value - disc(sqrt(float(f"{radius**2:.15f}")), x, xi, 2 * V)) <= error + 1e-12
    assert error < 1e-5
    a, b = round(cos(angle), 9), round(sin(angle), 9)
    value, error = Observable.parse(f"region(({a})*(x - ({x})) + ({b})*(xi - ({xi})))", 1).value(W)
    exact = above(0, a * (MEAN[0] - x) + b * (MEAN[1] - xi), 2 * V * (a**2 + b**2))
    assert abs(value - exact) <= error + 1e-12
    assert error < 1e-5


def test_the_husimi_density_reaches_beyond_the_box_of_its_symbol() -> None:
    """A box that ends five standard deviations out: that of the symbol, not of its Husimi density, which is wider."""
    tight = PhaseGrid.box(h=H, x=(MEAN[0] - 1.6, MEAN[0] + 1.6), xi=(MEAN[1] - 1.6, MEAN[1] + 1.6), size=(48, 48))
    w = coherent(*MEAN).symbol(tight)
    for text, expected in {
        "region(x - 1.8)": above(1.8, MEAN[0], 2 * V),
        "husimi(1.85, -0.5)": exp(-(1.55**2) / (4 * V)),
        "husimi(2.3, -0.5)": exp(-(2**2) / (4 * V)),  # beyond the box
        "husimi(3.3, -0.5)": exp(-(3**2) / (4 * V)),  # and beyond the room around it
    }.items():
        value, error = Observable.parse(text, 1).value(w)
        assert abs(value - expected) <= error + (1e-11 if expected > 1e-12 else 0.0)


def test_what_lies_beyond_that_room_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of a Gaussian, cut off at its top, with hardly any room: the mass beyond by the convolution of both."""
    monkeypatch.setattr("openweyl.phase_space.marginals.HUSIMI_ROOM", 0.5)
    axis = Axis.between(0.0, 3.0, 200)
    density = Marginal((axis,), np.exp(-(axis.points**2)))
    smooth, lost = density.smoothed(H)
    end = smooth.axes[0].lower
    beyond = scipy.special.erfc((axis.points - end) / sqrt(H)) / 2
    assert -0.2 < end < -0.1
    assert lost >= 2 * float((density.values * beyond).sum()) * axis.spacing
    assert lost < 0.3


@pytest.mark.parametrize("points", [3, 4, 5])
def test_what_the_rule_leaves_of_the_density_is_counted(monkeypatch: pytest.MonkeyPatch, points: int) -> None:
    """Noise up to the largest wave number, and so few points that they cannot see it."""
    for module in ("phase_space.marginals", "observables.quadrature"):
        monkeypatch.setattr(f"openweyl.{module}.CELL_RULES", {1: CellRule(points, 3, 2.0)})
    axis = Axis.between(-1.0, 1.0, 32)
    density = Marginal((axis,), np.random.default_rng(points).normal(size=32))
    waves = zip(axis.wave_numbers(half=False), density.coefficients, strict=True)
    exact = 0.0
    for k, c in waves:  # int cos(z/9) e^{i k (z + 1)} over [-1, 1]
        parts = [np.exp(1j * k) * np.sinc((k + q) / pi) for q in (1 / 9, -1 / 9)]
        exact += float((c * sum(parts)).real)
    value, error = integral(sympy.cos(X / 9), (X,), density, 1.0, 10.0)
    assert abs(value - exact) <= error
    assert abs(value - exact) > 1e-7


@pytest.mark.parametrize("place", np.linspace(0.21, 0.44, 9))
def test_a_wall_within_a_cell_is_known_up_to_the_cell(monkeypatch: pytest.MonkeyPatch, place: float) -> None:
    monkeypatch.setattr("openweyl.observables.quadrature.MAX_CELLS", {1: 0})
    density = Marginal.marginal(W, [0])
    value, error = integral(sympy.erf((X - place) * 10**7), (X,), density, 1.0, 1e-10)
    assert 1e-5 < abs(value - 2 * above(place, MEAN[0], V) + 1) <= error


def test_errors_are_bounds_where_the_work_does_not_suffice(monkeypatch: pytest.MonkeyPatch) -> None:
    """With few cells the error is large, and true."""
    monkeypatch.setattr("openweyl.observables.quadrature.MAX_CELLS", {1: 300, 2: 300})
    monkeypatch.setattr("openweyl.observables.quadrature.MAX_EDGE_CELLS", 2000)
    density = Marginal.marginal(W, [0])
    for k in (30, 100, 300, 1000):
        value, error = integral(sympy.cos(k * X), (X,), density, 1.0, 1e-10)
        assert abs(value - wave(k, MEAN[0], V)) <= error
        assert k < 1000 or error > 1e-10
    both = Marginal.marginal(W, [0, 1])
    value, error = share(1 - X**2 - XI**2, (X, XI), both, 1e-10)
    assert abs(value - disc(1, 0, 0, V)) <= error
    assert 1e-8 < error < 0.1


HARMONIC = Gaussian("xi**2/2 + x**2/2", ("(x + I*xi)/sqrt(2)",), H, 0.5)


def test_after_an_evolution() -> None:
    """A damped oscillator, whose grid has 48 points an axis: what is narrower by 10^4 is seen all the same."""
    system = System("xi**2/2 + x**2/2", ["(x + I*xi)/sqrt(2)"], h=H, gamma=0.5)
    run = evolve(system, coherent(0.6, -0.3), [0.5], tol=1e-6)
    mean, covariance = HARMONIC.moments(np.array([0.6, -0.3]), np.eye(2) * H / 2, 0.5)
    m, v = float(mean[0]), float(covariance[0, 0])
    exact = {
        "exp(-(1000*(x - 0.123))**2)": bump(1e6, 0.123, m, v),
        "cos(1000*x)": 0.0,
        "1/(1 + (100000*(x - 0.2))**2)": peak(1e5, 0.2, m, v),
        "region(x)": above(0, m, v + H / 2),
    }
    assert exact["exp(-(1000*(x - 0.123))**2)"] == pytest.approx(1.994e-3, abs=5e-7)
    for text, expected in exact.items():
        value, error = Observable.parse(text, 1).value(run.final)
        assert abs(value - expected) <= error + run.numerics.error[-1]
        assert error < 1e-9


GRID_2 = PhaseGrid.box(h=0.5, x=[(-4, 4)] * 2, xi=[(-4, 4)] * 2, size=(24, 24))
START_2 = ([0.2, -0.1], [0.0, 0.3])
W_2 = coherent(*START_2).symbol(GRID_2)
"""Its wave numbers end at 1e-5 of the largest: that much is not known of functions that do not vanish at the edges."""
TWO: dict[str, tuple[float, float]] = {
    "exp(-(1000*(x1 - 0.3))**2) + cos(x2)": (bump(1e6, 0.3, 0.2, 0.25) + wave(1, -0.1, 0.25), 1e-8),
    "exp(-1000000*((x1 - 0.3)**2 + (x2 + 0.2)**2))": (bump(1e6, 0.3, 0.2, 0.25) * bump(1e6, -0.2, -0.1, 0.25), 1e-8),
    "cos(x1 + x2)": (wave(1, 0.1, 0.5), 1e-8),
    "region(x1 - xi2)": (above(0, 0.2 - 0.3, 1.0), 1e-4),
    "smooth(exp(-x1**2 - xi1**2))": (bump(1, 0, 0.2, 0.5) * bump(1, 0, 0, 0.5), 1e-8),
    "smooth(exp(-x1**2 - x2**2 - xi1**2))": (bump(1, 0, 0.2, 0.5) * bump(1, 0, -0.1, 0.5) * bump(1, 0, 0, 0.5), 1e-4),
    "smooth(cos(x1 + x2 + xi1 + xi2))": (wave(1, 0.4, 2.0), 1e-3),
    "region(x1 + x2 - xi1 - 0.3)": (above(0.3, 0.1, 1.5), 0.1),
    "smooth(exp(-1000000*(x1**2 + x2**2 + xi1**2)))": (0.0, 3.0),  # 1e-9: no grid resolves that, nothing is known
}


@pytest.mark.parametrize("text", TWO)
def test_two_degrees_of_freedom(text: str) -> None:
    expected, small = TWO[text]
    value, error = Observable.parse(text, 2).value(W_2)
    assert abs(value - expected) <= error + 2e-7
    assert error <= small


def test_in_three_variables_what_the_grid_does_not_see_is_not_known() -> None:
    """Sums over the points and over every second of them agree: no point is near the top, or one is of both."""
    for place in ("0.1", "0"):
        error = Observable.parse(f"smooth(exp(-1000000*((x1 - {place})**2 + x2**2 + xi1**2)))", 2).value(W_2)[1]
        assert error > 1
    coarse = PhaseGrid.box(h=0.5, x=[(-4, 4)] * 2, xi=[(-4, 4)] * 2, size=(12, 12))
    w = coherent(*START_2).symbol(coarse)
    value, error = Observable.parse("region(1 - x1**2 - x2**2 - xi1**2)", 2).value(w)
    assert 1e-3 < abs(value - float(scipy.stats.ncx2.cdf(2, 3, 0.1))) <= error  # variance 1/2, distance^2 0.05


def test_in_three_variables_the_husimi_density_has_no_room_and_the_error_says_so() -> None:
    tight = PhaseGrid.box(h=0.5, x=[(-2.2, 2.2)] * 2, xi=[(-2.2, 2.2)] * 2, size=(18, 18))
    w = coherent([0.0, 0.0], [0.0, 0.0]).symbol(tight)
    value, error = Observable.parse("smooth(cos(x1)*cos(x2)*cos(xi1))", 2).value(w)
    assert 1e-4 < abs(value - wave(1, 0, 0.5) ** 3) <= error < 0.05


def test_round_off_is_counted() -> None:
    """Of the values of the density between its points, where all else is exact."""
    density = Marginal.marginal(W, [0])
    _, error = integral(sympy.cos(X / 9), (X,), density, 2.0, 1e-9)
    assert error >= 2e-12 * density.mass * 0.99
    _, error = share(X + 100, (X,), density, 1e-9)
    assert error >= 1e-12 * density.mass * 0.99


@pytest.mark.parametrize("points", [2, 3])
def test_what_the_rule_leaves_of_a_region_is_counted(monkeypatch: pytest.MonkeyPatch, points: int) -> None:
    """Noise up to the largest wave number over [0, 1], the half of its box where x > 0, by very few points."""
    for module in ("phase_space.marginals", "observables.quadrature"):
        monkeypatch.setattr(f"openweyl.{module}.CELL_RULES", {1: CellRule(points, 3, 2.0)})
    axis = Axis.between(-1.0, 1.0, 32)
    density = Marginal((axis,), np.random.default_rng(points).normal(size=32))
    waves = zip(axis.wave_numbers(half=False), density.coefficients, strict=True)
    exact = sum(float((c * np.exp(1.5j * k) * np.sinc(k / 2 / pi)).real) for k, c in waves)
    value, error = share(X, (X,), density, 1e-9)
    assert 1e-5 < abs(value - exact) <= error


def test_waves_that_are_left_out_as_noise_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """More of them than noise would be, against the density with all of its waves."""
    density = Marginal.marginal(W, [0])
    full, little = density.smoothed(H)
    monkeypatch.setattr("openweyl.phase_space.marginals.DROPPED_FRACTION", 1e-3)
    coarse, lost = density.smoothed(H)
    z = full.axes[0].points
    true = float(np.abs(coarse.at(z[None]) - full.at(z[None])).sum()) * full.axes[0].spacing
    assert coarse.axes[0].size < full.axes[0].size
    assert 1e-6 < true <= lost - little


def test_one_point_beside_a_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of a cell is on the other side: the values of the formula bound what its one point does not see."""
    for module in ("phase_space.marginals", "observables.quadrature"):
        monkeypatch.setattr(f"openweyl.{module}.CELL_RULES", {1: CellRule(1, 1, 2.0)})
    monkeypatch.setattr("openweyl.observables.quadrature.MAX_CELLS", {1: 0})
    density = Marginal((Axis.between(-1.0, 1.0, 2),), np.ones(2))
    value, error = integral(sympy.erf((X - 0.001) * 10**7), (X,), density, 1.0, 1e-9)
    assert 1.9 < abs(value + 0.002) <= error
