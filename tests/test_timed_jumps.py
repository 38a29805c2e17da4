"""Jumps and rates that depend on the time, against density matrices that nothing of openweyl's made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import qutip
import sympy

from driven_fock import coherent_density, evolved, position_and_momentum, trace_distance
from openweyl import InputError, Problem, System, certify, check_assumptions, coherent, compare, evolve, sample

H, GAMMA, SIZE = 0.25, 0.5, 48
X, P = position_and_momentum(SIZE + 20, H)
A = (X + 1j * P) / np.sqrt(2)
OSCILLATOR = P @ P / 2 + X @ X / 2
P_OF = {"oscillator": "xi**2/2 + x**2/2", "quartic": "xi**2/2 + x**2/2 + x**4/20"}
MATRIX_OF = {"oscillator": OSCILLATOR, "quartic": OSCILLATOR + np.linalg.matrix_power(X, 4) / 20}


def one(t: float) -> float:
    return 1.0


def touching(t: float) -> float:
    """sqrt(1 + sin(3t)), which is 0 once."""
    return float(np.sqrt(max(1 + np.sin(3 * t), 0.0)))


JUMPS: dict[str, tuple[list[Any], list[list[tuple[Callable[[float], float], np.ndarray]]], list[float]]] = {
    "x": (["sqrt(1 + sin(3*t))*x"], [[(touching, X)]], []),
    "xi": ([("xi", "exp(-t)"), "x"], [[(lambda t: np.exp(-t / 2), P)], [(one, X)]], []),
    "a": ([("(x + I*xi)/sqrt(2)", "1 + sin(3*t)")], [[(touching, A)]], []),
    "x + xi": (["(x + xi)*sin(3*t)"], [[(lambda t: np.sin(3 * t), X + P)]], []),
    "a pulse": (
        [("x", "4*heaviside(t - 0.3)*heaviside(0.5 - t)")],
        [[(lambda t: 2.0 * (0.3 < t < 0.5), X)]],
        [0.3, 0.5],
    ),
    "samples": (
        [("x", "interp(t, [0, 0.5, 2], [0, 2, 1])")],
        [[(lambda t: np.interp(t, [0, 0.5, 2], [0, 2, 1]) ** 0.5, X)]],
        [0.5],
    ),
}
NONLINEAR = {
    "x^2": ([("x**2/2", "1 + sin(3*t)")], [[(touching, X @ X / 2)]], []),
    "x + i x^2": ([("x + I*x**2/2", "exp(-t)")], [[(lambda t: np.exp(-t / 2), X + 0.5j * X @ X)]], []),
}
CASES = [(p, name) for p in P_OF for name in JUMPS] + [("quartic", name) for name in NONLINEAR]


@pytest.mark.parametrize(("p", "name"), CASES)
def test_the_state_under_timed_jumps(p: str, name: str) -> None:
    jumps, matrices, corners = (JUMPS | NONLINEAR)[name]
    times = [0.4, 1.0]
    true = evolved(
        H, GAMMA, [(one, MATRIX_OF[p])], matrices, coherent_density(SIZE, H, 0.5, 0.2), times, corners
    )  # fmt: skip
    run = evolve(System(P_OF[p], jumps, h=H, gamma=GAMMA), coherent(0.5, 0.2), times, tol=1e-4)
    for found, error, rho in zip(run, run.numerics.error, true, strict=True):
        assert trace_distance(found.fock(SIZE).matrix, rho) <= error <= 1e-4


def test_a_lossy_kerr_oscillator_against_qutip() -> None:
    """h = 1: collapse operators with a coefficient that depends on time."""
    system = System.from_operators("ad**2*a**2/2", ["sqrt(0.4*(1 + sin(2*t)))*a"], h=1)
    a = qutip.destroy(20)
    start = qutip.coherent_dm(20, 0.8, method="analytic")
    loss = qutip.QobjEvo([[a, lambda t: np.sqrt(0.4 * (1 + np.sin(2 * t)))]])
    options = {"rtol": 1e-10, "atol": 1e-12}
    theirs = qutip.mesolve(a.dag() ** 2 * a**2 / 2, start, [0.0, 1.0], [loss], options=options).states[-1]
    run = evolve(system, coherent(alpha=0.8), [1.0], tol=1e-4)
    assert trace_distance(run.final.fock(20).matrix, theirs.full()) <= run.numerics.error[0] <= 1e-4


def test_thermal_relaxation_at_a_rate_of_time() -> None:
    """n(t) = n(0) exp(-int r) in a bath of 0 quanta, by the closed form."""
    system = System("0*x + (x**2 + xi**2)/2", [("(x + I*xi)/sqrt(2)", "1 + t**2")], h=H, gamma=GAMMA)
    run = evolve(system, coherent(1.0, 0.0), [1.5], tol=1e-8)
    decay = np.exp(-GAMMA * (1.5 + 1.5**3 / 3) / 2)
    assert run.numerics.scheme == "closed form"
    assert np.linalg.norm(run.final.moments().mean) == pytest.approx(decay, abs=1e-8)


@pytest.mark.parametrize("p", ["xi**2/2", "xi**2/2 + x**4/4"])
def test_negative_rates_are_refused_with_the_time(p: str) -> None:
    system = System(p, [("x", "sin(3*t)")], h=H, gamma=GAMMA)
    evolve(system, coherent(0, 0), [1.0], tol=1e-3)
    with pytest.raises(InputError, match=r"`rate` must be >= 0 at all times of the run, but is -1 at t = 1\.57"):
        evolve(system, coherent(0, 0), [3.0], tol=1e-3)
    slightly = System(p, [("x", "spline(t, [0, 1, 2, 3], [1, 0, 0.1, 1])")], h=H, gamma=GAMMA)
    with pytest.raises(InputError, match=r"but is -0\.0\d+ at t = 1\.\d+"):
        evolve(slightly, coherent(0, 0), [2.0], tol=1e-3)
    short = System(p, [("x", "1 - 2*exp(-1e10*(t - 0.3)**2)")], h=H, gamma=GAMMA)
    with pytest.raises(InputError, match=r"at t = 0\.(29999|3)"):
        evolve(short, coherent(0, 0), [1.0], tol=1e-3)


@pytest.mark.parametrize(
    ("jump", "what"),
    [
        ("x + t*xi", "must depend on the time by a factor"),
        ("x*exp(I*t)", "must depend on the time by a factor"),
        (("x", "x*t"), "must use known names only, but is x"),
        (("x", "-1"), "`rate` must be >= 0"),
        (("x", "1/t"), "not shown to be nowhere zero"),
        ("t", "must depend on x or xi"),
        ("abs(x)*t", "has a corner or a jump"),
    ],
)
def test_jumps_that_are_refused(jump: Any, what: str) -> None:
    with pytest.raises(InputError) as caught:
        System("xi**2/2", [jump], h=H, gamma=GAMMA)
    assert what in str(caught.value) and "\n" not in str(caught.value)


def test_a_certificate_holds() -> None:
    system = System("xi**2/2 + x**4/4", [("x", "1 + sin(3*t)"), "xi"], h=H, gamma=GAMMA)
    true = compare(system, coherent(0.5, 0), [1.0], tol=1e-5)
    found = certify(system, coherent(0.5, 0), [1.0], order=2, tol=1e-5)
    assert found.distance_lower[0] - 1e-5 <= true.trace_norm[0] <= found.distance_upper[0] + 1e-5
    assert found.bound[0] < 3 * true.trace_norm[0]


def test_what_says_that_it_takes_constant_jumps_alone() -> None:
    system = System("xi**2/2 + x**4/4", [("x", "1 + sin(3*t)"), "xi"], h=H, gamma=GAMMA)
    assert (system.driven, system.driven_jumps) == (False, (True, False))
    with pytest.raises(InputError, match="must be constant in time for `sample`"):
        sample(system, coherent(0, 0), [1.0])
    verdict = check_assumptions(system)
    assert "jumps depend on the time" in str(verdict) and not any(verdict.applies.values())


def test_rates_in_files() -> None:
    text = """
[system]
hamiltonian = "xi**2/2"
jumps = [{symbol = "x", rate = "k*exp(-t)"}, "xi*cos(t)"]
h = 0.1
gamma = 1.0
[state]
kind = "coherent"
x = 0
xi = 0
[run]
times = [1.0]
[parameters]
k = 0.5
"""
    problem = Problem.parse(text, "mine", "the text")
    assert problem.system == System("xi**2/2", [("x", "0.5*exp(-t)"), "xi*cos(t)"], h=0.1, gamma=1.0)
    t = sympy.Symbol("t", real=True)
    assert problem.formulas()[1][0].has(t) and "k" in str(problem.formulas()[1][0])
