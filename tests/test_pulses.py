"""Corners and jumps in time: found wherever they are, and met by every run."""

from __future__ import annotations

from collections.abc import Callable
from math import pi

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from common import STEPPED
from driven_fock import coherent_density, evolved, position_and_momentum, trace_distance
from openweyl import InputError, ResourceError, System, certify, check_assumptions, coherent, compare, evolve, sample
from openweyl.model.pieces import pieces

t, x = sympy.Symbol("t"), sympy.Symbol("x")  # of the same names as openweyl's, and not real
H, GAMMA, SIZE = 0.25, 0.2, 48


def step(g: float) -> float:
    return 1.0 * (g > 0)


DRIVES: dict[str, tuple[Callable[[float], float], list[float]]] = {
    "heaviside(sin(5*t))": (lambda t: step(np.sin(5 * t)), [k * pi / 5 for k in range(1, 5)]),
    "piecewise((sin(9*t), 0.2 <= t < 0.8), (0, True))": (lambda t: np.sin(9 * t) * (0.2 <= t < 0.8), [0.2, 0.8]),
    "abs(sin(3*t))": (lambda t: abs(np.sin(3 * t)), [pi / 3]),
    "20000*heaviside(t - 0.3)*heaviside(0.30005 - t)": (lambda t: 2e4 * (0.3 < t < 0.30005), [0.3, 0.30005]),
    "min(t, 1 - t)": (lambda t: min(t, 1 - t), [0.5]),
    "sign(cos(4*t))": (lambda t: np.sign(np.cos(4 * t)), [pi / 8, 3 * pi / 8]),
}


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("x*abs(sin(t))", x * sympy.Abs(sympy.sin(t))),
        ("x*heaviside(t - 1)", x * sympy.Heaviside(t - 1)),
        ("x*Heaviside(t - 1, 1/2)", x * sympy.Heaviside(t - 1)),
        ("x*sign(cos(t))", x * sympy.sign(sympy.cos(t))),
        ("x*max(t, 1, 2 - t)", x * sympy.Max(t, 1, 2 - t)),
        ("x*piecewise((1, t < 2), (0, True))", x * sympy.Piecewise((1, t < 2), (0, True))),
        ("x*piecewise((1, (t > 1) & (t < 2)), (0, True))", x * sympy.Piecewise((1, (t > 1) & (t < 2)), (0, True))),
    ],
)
def test_text_and_sympy_mean_the_same(text: str, formula: sympy.Expr) -> None:
    one, other = System(text, h=H), System(formula, h=H)
    assert one.breakpoints(4.0) == pytest.approx(other.breakpoints(4.0))
    for a, b in zip(pieces(one, 4.0), pieces(other, 4.0), strict=True):
        assert sympy.simplify(a.system.hamiltonian - b.system.hamiltonian) == 0
    assert System(str(one.hamiltonian), h=H) == one


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.floats(0.1, 200), st.floats(0.01, 6), st.floats(0.1, 20))
def test_breakpoints_of_a_square_wave(w: float, phase: float, end: float) -> None:
    found = System(f"x*heaviside(sin({w!r}*t + {phase!r}))", h=H).breakpoints(end)
    first, last = int(np.ceil(phase / pi)), int(np.floor((w * end + phase) / pi))
    expected = [u for u in ((k * pi - phase) / w for k in range(first, last + 1)) if 1e-12 < u < end - 1e-12]
    inside = [u for u in found if 1e-12 < u < end - 1e-12]
    assert inside == pytest.approx(expected, abs=1e-13 * end)


def test_corners_inside_of_corners() -> None:
    triangle = System("x*max(0, 1 - abs(t - 2))", h=H)
    assert [round(u, 12) for u in triangle.breakpoints(5.0)] == [1, 2, 3]
    assert [str(piece.system.hamiltonian) for piece in pieces(triangle, 5.0)] == ["0", "x*(t - 1)", "x*(3 - t)", "0"]


def test_a_short_pulse_is_found_in_a_long_time() -> None:
    found = System("x*heaviside(exp(-1e16*(t - 1/3)**2) - 1/2)", h=H).breakpoints(1000.0)
    assert found == pytest.approx([1 / 3 - 8.3255e-9, 1 / 3 + 8.3255e-9], abs=1e-12)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("x**2 + abs(x)", "must be smooth in x and xi, but abs(x) has a corner or a jump"),
        ("x**2*heaviside(t - x)", "heaviside(t - x) has a corner"),
        ("x*piecewise((1, t < 2))", "end with a case that always holds"),
        ("x*piecewise((1, t == 2), (0, True))", "have conditions such as t < 2"),
        ("x*piecewise(1, 2)", "have pairs of a formula and a condition"),
        ("x*min(t)", "at least two arguments"),
        ("x*abs(t, 1)", "one argument"),
        ("x + (t < 1)", "be a formula of numbers"),
        ("x*abs", "functions need brackets"),
    ],
)
def test_what_is_refused(text: str, what: str) -> None:
    with pytest.raises(InputError, match="Argument `hamiltonian` must") as caught:
        System(text, h=H)
    assert what.lower() in str(caught.value).lower()
    assert "\n" not in str(caught.value)


def test_too_many_corners() -> None:
    with pytest.raises(ResourceError, match="are too many"):
        evolve(System("xi**2/2 + x*abs(sin(1e6*t))", h=H), coherent(0, 0), [1.0])


@pytest.mark.parametrize("stepped", ["", STEPPED], ids=["closed form", "steps"])
@pytest.mark.parametrize("drive", DRIVES)
def test_a_driven_oscillator(drive: str, stepped: str) -> None:
    """<x>, <xi> of a damped oscillator: an ordinary differential equation, from corner to corner."""
    f, corners = DRIVES[drive]
    system = System(f"xi**2/2 + x**2/2 + x*{drive}{stepped}", ["(x + I*xi)/sqrt(2)"], h=H, gamma=GAMMA)
    run = evolve(system, coherent(0.5, 0.2), [0.45, 1.2], tol=1e-7)
    z, last, steps = np.array([0.5, 0.2]), 0.0, 4000
    for end in sorted({*(c for c in corners if c < 1.2), 0.45, 1.2}):
        dt = (end - last) / steps
        middles = last + (np.arange(steps) + 0.5) * dt
        matrix = np.array([[-GAMMA / 2, 1.0], [-1.0, -GAMMA / 2]])
        implicit = np.linalg.inv(np.eye(2) - dt / 2 * matrix)
        forward, push = implicit @ (np.eye(2) + dt / 2 * matrix), implicit @ np.array([0.0, -dt])
        for middle in middles:
            z = forward @ z + push * f(middle)
        last = end
    assert run.final.moments().mean == pytest.approx(z, abs=2e-6)
    assert run.numerics.error[-1] < 1e-7


@pytest.mark.parametrize("drive", DRIVES)
def test_the_state_under_a_pulse(drive: str) -> None:
    """Trace norms against density matrices; the error that is reported holds."""
    f, corners = DRIVES[drive]
    system = System(f"xi**2/2 + x**2/2 + x**4/20 + x**2*{drive}/2", ["x"], h=H, gamma=GAMMA)
    X, P = position_and_momentum(SIZE + 20, H)
    fixed = P @ P / 2 + X @ X / 2 + np.linalg.matrix_power(X, 4) / 20
    times, tol = [0.3, 1.0], 1e-3
    true = evolved(
        H, GAMMA, [(lambda t: 1, fixed), (f, X @ X / 2)], [[(lambda t: 1, X)]], coherent_density(SIZE, H, 0.5, 0.2),
        times, corners,
    )  # fmt: skip
    run = evolve(system, coherent(0.5, 0.2), times, tol=tol)
    for found, error, rho in zip(run, run.numerics.error, true, strict=True):
        assert trace_distance(found.fock(SIZE).matrix, rho) <= min(error, tol) + 1e-6


def test_pieces_of_unlike_schemes() -> None:
    """A mixed term that is there for a while takes other steps, and another number of runs."""
    system = System(
        "xi**2/2 + x**4/8 + (x**2 + xi**2)**2/8*heaviside(t - 0.2)*heaviside(0.4 - t)", ["x"], h=H, gamma=GAMMA
    )
    whole = evolve(system, coherent(0.5, 0.2), [0.3, 0.7], tol=1e-7)
    state, reached = coherent(0.5, 0.2), 0.0
    for end, mixed in ((0.2, ""), (0.4, " + (x**2 + xi**2)**2/8"), (0.7, "")):
        part = evolve(System(f"xi**2/2 + x**4/8{mixed}", ["x"], h=H, gamma=GAMMA), state, [end - reached], tol=1e-8)
        state, reached = part.final, end
    difference = whole.final - part.final
    assert difference.trace_norm(atol=1e-9).upper <= whole.numerics.error[-1] + 4e-8
    assert whole.numerics.error[0] < whole.numerics.error[-1] <= 1e-7


def test_a_certificate_holds_over_a_pulse() -> None:
    system = System("xi**2/2 + x**2/2 + 3*x**3*heaviside(t - 0.3)*heaviside(0.5 - t)", ["x", "xi"], h=0.1, gamma=1)
    start, times = coherent(0.5, 0.0), [0.25, 0.4, 0.8]
    true = compare(system, start, times, tol=1e-5)
    found = certify(system, start, times, order=1, tol=1e-5)
    assert found.bound[0] < 3e-5
    assert np.all(found.distance_upper >= true.trace_norm - 1e-5)
    assert found.bound[-1] < 10 * true.trace_norm[-1]


@pytest.mark.parametrize("stepped", ["", STEPPED], ids=["closed form", "steps"])
def test_a_kick_at_a_time_that_is_rounded(stepped: str) -> None:
    """Of a pulse of 1e-12 the ends are rounded by 1e-4 of it: that is in the error, or the run is refused."""
    pulse = "1e12*x*heaviside(t - 0.7)*heaviside(0.700000000001 - t)"
    run = evolve(System(f"xi**2/2 + {pulse}{stepped}", h=H), coherent(0, 0), [1.0], tol=3e-2)
    assert run.final.moments().mean == pytest.approx([-0.3, -1.0], abs=1e-3)
    assert run.numerics.error[-1] > 1e-5
    with pytest.raises(ResourceError):
        evolve(System(f"xi**2/2 + {pulse}{stepped}", h=H), coherent(0, 0), [1.0], tol=1e-7, time_limit=1)


def test_what_takes_smooth_drives_alone_says_so() -> None:
    system = System("xi**2/2 + x**4/4 + x*abs(sin(t))", ["x"], h=H, gamma=GAMMA)
    with pytest.raises(InputError, match=r"must be smooth in time for `sample`.* write tanh"):
        sample(system, coherent(0, 0), [1.0])


def test_the_assumptions_are_looked_at() -> None:
    lines = str(check_assumptions(System("xi**2/2 + x*heaviside(sin(3*t))", ["x", "xi"], h=0.1, gamma=1)))
    assert "p depends on the time" in lines
