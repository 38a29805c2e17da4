"""Drives by their samples: their values and bounds, the runs that land on them, and the files that they come from."""

from __future__ import annotations

import json
import pickle
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from common import STEPPED
from driven_fock import coherent_density, evolved, position_and_momentum, trace_distance
from openweyl import InputError, Problem, System, coherent, evolve, interp, load, sample, sweep
from openweyl.symbolic.expressions import TIME, enclose, evaluate
from openweyl.symbolic.intervals import Interval

H, GAMMA, SIZE = 0.25, 0.2, 48
x, xi = sympy.symbols("x xi")
KNOTS, VALUES = [0.0, 0.3, 0.35, 0.8, 1.5], [0.0, 1.0, -1.0, 0.5, 0.2]


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(2, 40), st.integers(0, 10**6), st.sampled_from(["linear", "cubic"]))
def test_values_and_enclosures(count: int, seed: int, kind: str) -> None:
    random = np.random.default_rng(seed)
    knots, values = np.cumsum(random.uniform(0.01, 1, count)), random.normal(size=count)
    f = interp(knots, values, kind=kind)
    t = random.uniform(knots[0], knots[-1], 50)
    spline = CubicSpline(knots, values)
    true = np.interp(t, knots, values) if kind == "linear" else spline(t)
    assert evaluate(f, {TIME: t}, np) == pytest.approx(true, abs=1e-9)
    low = random.uniform(knots[0], knots[-1], 40)
    high = np.minimum(low + 10.0 ** random.uniform(-5, 1.5, 40), knots[-1])
    for g in (f, f.diff(TIME)):
        hull = enclose(g, {TIME: Interval(low, high)})
        for a, b, least, most in zip(low, high, hull.low, hull.high, strict=True):
            inside = evaluate(g, {TIME: np.linspace(a, b, 60)[1:-1]}, np)
            assert least <= inside.min() <= inside.max() <= most


def test_an_enclosure_ends_at_its_knots() -> None:
    slope = interp([0, 1, 2, 3], [0, 1, 0, 5]).diff(TIME)
    hull = enclose(slope, {TIME: Interval(np.array([0.0, 1.0, 0.5]), np.array([1.0, 2.0, 2.5]))})
    assert hull.low.tolist() == pytest.approx([1, -1, -1])
    assert hull.high.tolist() == pytest.approx([1, -1, 5])


@pytest.mark.parametrize("kind", ["interp", "spline"])
@pytest.mark.parametrize("stepped", ["", STEPPED], ids=["closed form", "steps"])
def test_a_driven_oscillator(kind: str, stepped: str) -> None:
    """x'' = -x - f(t), by Duhamel's integral over the samples."""
    system = System(f"xi**2/2 + x**2/2 + x*{kind}(t, {KNOTS}, {VALUES}){stepped}", ["x"], h=H, gamma=GAMMA)
    assert system.breakpoints(1.2) == (0.3, 0.35, 0.8)
    run = evolve(system, coherent(0.5, 0.2), [1.2], tol=1e-8)
    spline, end = CubicSpline(KNOTS, VALUES), 1.2
    z = np.array([0.5 * np.cos(end) + 0.2 * np.sin(end), -0.5 * np.sin(end) + 0.2 * np.cos(end)])
    nodes, weights = np.polynomial.legendre.leggauss(20)
    for a, b in zip(KNOTS[:-1], [*KNOTS[1:-1], end], strict=True):
        t = (a + b) / 2 + (b - a) / 2 * nodes
        f = np.interp(t, KNOTS, VALUES) if kind == "interp" else spline(t)
        z -= (b - a) / 2 * np.array([(weights * f * np.sin(end - t)).sum(), (weights * f * np.cos(end - t)).sum()])
    assert run.final.moments().mean == pytest.approx(z, abs=2e-9)


def test_the_state_under_samples() -> None:
    drive = {"pulse": (np.array(KNOTS), np.array(VALUES))}
    system = System("xi**2/2 + x**2/2 + x**4/20 + 2*x**2*pulse", ["x"], h=H, gamma=GAMMA, drives=drive)
    X, P = position_and_momentum(SIZE + 20, H)
    fixed = P @ P / 2 + X @ X / 2 + np.linalg.matrix_power(X, 4) / 20
    (true,) = evolved(
        H, GAMMA, [(lambda t: 1, fixed), (lambda t: float(np.interp(t, KNOTS, VALUES)), 2 * X @ X)],
        [[(lambda t: 1, X)]], coherent_density(SIZE, H, 0.5, 0.2), [1.0], KNOTS,
    )  # fmt: skip
    for tol in (1e-2, 1e-4):
        run = evolve(system, coherent(0.5, 0.2), [1.0], tol=tol)
        assert trace_distance(run.final.fock(SIZE).matrix, true) <= run.numerics.error[0] + 1e-6 <= tol + 1e-6


def test_many_samples_are_fast() -> None:
    begun = time.process_time()
    t = np.linspace(0, 5, 10_001)
    noise = 0.1 * np.random.default_rng(1).normal(size=len(t))
    run = evolve(
        System(xi**2 / 2 + x**2 / 2 + x * interp(t, noise), ["x"], h=H, gamma=GAMMA), coherent(0, 0), [5.0], tol=1e-9
    )
    end, middle = 5.0, (t[1:] + t[:-1]) / 2
    simpson = [
        -(noise[:-1] * f(end - t[:-1]) + 2 * (noise[1:] + noise[:-1]) * f(end - middle) + noise[1:] * f(end - t[1:]))
        @ np.diff(t)
        / 6
        for f in (np.sin, np.cos)
    ]
    assert run.final.moments().mean == pytest.approx(simpson, abs=1e-9)
    assert time.process_time() - begun < 20


def test_no_run_goes_beyond_the_samples() -> None:
    for stepped in ("", STEPPED):
        system = System(f"xi**2/2 + x*interp(t, [0, 1], [0, 1]){stepped}", h=H)
        assert evolve(system, coherent(0, 0), [1.0]).times == (1.0,)
        with pytest.raises(InputError, match=r"Argument `times` must lie within the samples of interp.*from 0 to 1"):
            evolve(system, coherent(0, 0), [1.0, 1.01])
    with pytest.raises(InputError, match="Runs begin at t = 0"):
        evolve(System("xi**2/2 + x*interp(t, [0.1, 1], [0, 1])", h=H), coherent(0, 0), [1.0])
    with pytest.raises(InputError, match="must be smooth in time for `sample`"):
        sample(System("xi**2/2 + x**4 + x*interp(t, [0, 1], [0, 1])", h=H), coherent(0, 0), [1.0])


def test_systems_with_samples_are_values() -> None:
    one, other = (System("x*f", h=H, drives={"f": ([0, 1], [0, v])}) for v in (1, 2))
    assert one != other and one == System("x*f", h=H, drives={"f": interp([0, 1], [0, 1])})
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - what was made here
    assert str(one).startswith("p = x*f, ") and "x*f" in repr(one)
    assert one.as_dict()["drives"] == {"f": {"kind": "linear", "times": [0, 1], "values": [0, 1]}}
    assert evolve(one, coherent(0, 0), [0.5]).to_xarray().attrs["drives"] == json.dumps(one.drives)
    operators = System.from_operators("f*(a + ad)", h=1, drives={"f": ([0, 1], [0, 1])})
    assert operators.replace(h=0.5).drives == one.drives
    assert System(str(System("x*interp(t, [0, 1], [0, 1])", h=H).hamiltonian), h=H).breakpoints(1) == ()


@pytest.mark.parametrize(
    ("times", "values", "what"),
    [
        ([0], [1], "must have at least two samples, but is 1."),
        ([0, 1], [1], "must have as many values as times, but is 2 times and 1 values."),
        ([0, 2, 1], [0, 0, 0], "must have its times increasing, but is 1 after 2. Sort the samples."),
        ([0, 1, 1], [0, 0, 0], "must have its times increasing, but is 1 after 1."),
        ([0, 1], [0, float("nan")], "must be a finite number, but is nan."),
        ([0, 1], "ab", "must have lists of times and of values"),
        ([0, 1], [0, "1"], "must be a finite number, but is 1."),
        ([0, 1e-300], [0, 1e300], "must have moderate slopes"),
    ],
)
def test_samples_that_are_refused(times: Any, values: Any, what: str) -> None:
    with pytest.raises(InputError) as caught:
        interp(times, values)
    assert what in str(caught.value)
    with pytest.raises(InputError, match=r"drives\.f"):
        System("x*f", h=H, drives={"f": (times, values)})


PROBLEM = """
[system]
hamiltonian = "xi**2/2 + x**2/2 + A*pulse*x"
jumps = ["x"]
h = 0.1
gamma = 0.2

[drives.pulse]
file = "pulse.csv"  # beside this file
time = "t"
value = "amplitude"

[state]
kind = "coherent"
x = 0.5
xi = 0.0

[run]
times = [0.0, 1.0]

[parameters]
A = 2
"""


def test_a_problem_with_a_column_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "pulse.csv").write_text("t,amplitude\n0,0\n0.5,1\n1,0\n")
    (tmp_path / "p.toml").write_text(PROBLEM)
    problem = Problem.load(tmp_path / "p.toml")
    assert str(problem.system.hamiltonian) == "x**2/2 + 2*x*pulse + xi**2/2"
    assert str(problem.formulas()[0]) == "A*x*pulse + x**2/2 + xi**2/2"
    assert problem.system.drives["pulse"] == {"kind": "linear", "times": [0, 0.5, 1], "values": [0, 1, 0]}
    (tmp_path / "pulse.csv").unlink()  # its text holds all that it needs
    again = Problem.parse(problem.text, "again", "the text")
    assert again.system == problem.system
    assert problem.replace(parameters={"A": 3}).system == System(
        "xi**2/2 + x**2/2 + 3*x*pulse", ["x"], h=0.1, gamma=0.2, drives={"pulse": ([0, 0.5, 1], [0, 1, 0])}
    )
    sweep(problem, out=tmp_path / "store", h=[0.1, 0.2])
    assert Problem.parse(load(tmp_path / "store").attrs["problem"], "stored", "the store").system == problem.system


def test_stores_tell_drives_apart(tmp_path: Path) -> None:
    def problem(top: float) -> Problem:
        system = System("xi**2/2 + x*f", ["x"], h=0.1, gamma=0.2, drives={"f": ([0, 1], [0, top])})
        return Problem("mine", system, coherent(0, 0), (0.0, 1.0), 1e-4)

    sweep(problem(1.0), out=tmp_path / "store", h=[0.1])
    assert "[drives.f]" in load(tmp_path / "store").attrs["problem"]
    with pytest.raises(InputError, match="It differs in problem"):
        sweep(problem(2.0), out=tmp_path / "store", h=[0.1])


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("", "first line with the names of its columns"),
        ("t,amplitude\n0,1\n", "at least two samples"),
        ("t,amplitude\n0,1\n1,nan\n", "finite numbers, but is nan in sample 2"),
        ("t,amplitude\n0,1\n1\n", "a number in every line, but is empty in sample 2"),
        ("t,amplitude\n1,1\n0,2\n", "times increasing, but is 0 after 1"),
        ("t,height\n0,1\n1,2\n", "be one of the columns of pulse.csv, but is amplitude. Its columns: t, height."),
        (None, "be a file with columns of samples"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, content: str | None, what: str) -> None:
    if content is not None:
        (tmp_path / "pulse.csv").write_text(content)
    (tmp_path / "p.toml").write_text(PROBLEM)
    with pytest.raises(InputError, match=r"p\.toml: Argument `drives\.pulse") as caught:
        Problem.load(tmp_path / "p.toml")
    assert what in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("A*pulse*x", "A*x", "be used in the formulas"),
        ("[drives.pulse]", "[drives.sin]", "mean nothing else"),
        ("[drives.pulse]", "[drives.A]", "no parameters"),
        ('value = "amplitude"', 'values = "amplitude"', "drives.pulse.value` must be given"),
        ('value = "amplitude"', 'value = "amplitude"\nkind = "quintic"', "linear or cubic"),
    ],
)
def test_tables_that_are_refused(tmp_path: Path, old: str, new: str, what: str) -> None:
    (tmp_path / "pulse.csv").write_text("t;amplitude\n# a comment\n0;0\n0.5;1\n1;0\n")
    (tmp_path / "p.toml").write_text(PROBLEM.replace(old, new))
    with pytest.raises(InputError) as caught:
        Problem.load(tmp_path / "p.toml")
    assert what in str(caught.value) and "\n" not in str(caught.value)
