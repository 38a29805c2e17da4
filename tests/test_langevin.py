"""Paths of the Fokker-Planck equation against that equation on a grid, closed forms, and their own error estimates."""

from __future__ import annotations

import doctest
import re
from math import exp, sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common import refused
from gaussian import Gaussian
from openweyl import System, Trajectories, cat, coherent, evolve, fock, gaussian, langevin, mixture, thermal
from openweyl.trajectories.fields import fields_in_time
from openweyl.trajectories.langevin import PILOT_PATHS
from openweyl.trajectories.mesh import Mesh
from openweyl.trajectories.steps import followed

DEVIATIONS = 4.0
"""Of some hundred numbers with fixed seeds, none is off by more standard errors than this."""


def agree(found: Trajectories, mean: np.ndarray, covariance: np.ndarray, index: int = -1) -> None:
    """Means and covariances are true within DEVIATIONS standard errors and the errors of the steps."""
    off = np.abs(found.mean[index] - mean)
    assert (off <= DEVIATIONS * found.mean_error[index] + found.step_error.mean[index] + 1e-15).all()
    off = np.abs(found.covariance[index] - covariance)
    assert (off <= DEVIATIONS * found.covariance_error[index] + found.step_error.covariance[index] + 1e-15).all()


@pytest.mark.parametrize(
    ("p", "jumps"),
    [
        ("xi**2/2 + x**4/4 - x**2/2", ["x", "xi**2/2", "(x + I*xi)*x/2"]),
        ("x**2/10", ["x**2/2", "xi**2/2"]),
        ("xi**2/2 - cos(x) + x*cos(3*t)", ["sin(x)", "x + I*xi"]),
        ("xi**2/2 + (x - t)**2", ["sin(x) + I*xi"]),
        ("xi**2/2", ["sqrt(1 + sin(9*t)/2)*x", "exp(-t)*(x + I*xi)"]),
        ("xi**2/2 + x**4/4 + 3*x*heaviside(sin(11*t)) - x*abs(t - 0.3)", ["heaviside(t - 0.2)*x", "x**2/2"]),
        ("xi**2/2 + x**4/4 - x*interp(t, [0, 0.1, 0.37, 0.6], [0, 4, -3, 1])", ["x"]),
    ],
    ids=[
        "polynomial",
        "noises that do not commute",
        "driven",
        "friction that depends on the place",
        "rates",
        "corners",
        "samples",
    ],
)
def test_against_the_fokker_planck_equation(p: str, jumps: list[str]) -> None:
    system = System(p, jumps, h=0.3, gamma=0.5)
    found = langevin(system, coherent(1, 0), [0.25, 0.5], paths=20_000, seed=3)
    solution = evolve(system, coherent(1, 0), [0.25, 0.5], kind="classical", tol=1e-4)
    for index in range(2):
        moments = solution[index].moments()
        agree(found, moments.mean, moments.covariance, index)


@pytest.mark.parametrize("n", [1, 2])
def test_ornstein_uhlenbeck(n: int) -> None:
    """Friction and noise of linear jumps, against ordinary equations for the moments; from a mixture, too."""
    p = "xi**2/2 + x**2 + x*xi/3" if n == 1 else "xi1**2/2 + xi2**2/2 + x1**2 + (x1 - x2)**2"
    jumps = ("x + I*xi", "x/2") if n == 1 else ("x1 + I*xi1", "x2/2")
    truth = Gaussian(p, jumps, 0.2, 0.7, n)
    system = System(p, list(jumps), h=0.2, gamma=0.7)
    start = gaussian([1.0] * n, [0.5] * n, np.eye(2 * n) + 0.2)
    found = langevin(system, start, [0.3, 2.0], paths=20_000, seed=5)
    mean, covariance = truth.moments([1.0] * n + [0.5] * n, 0.2 * (np.eye(2 * n) + 0.2), 2.0)
    agree(found, mean, covariance)


def test_noise_that_depends_on_the_place() -> None:
    """l = x xi: x = x0 e^{sW}, E x = x0 e^{s^2 t/2}, with Ito's noise it would be x0; x xi is conserved, path by path.

    l = x^2/2: xi = xi0 - s x0 W.
    """
    h, gamma, t = 0.2, 0.8, 1.5
    s2 = gamma * h
    system, start = System("0*x", ["x*xi"], h=h, gamma=gamma), gaussian(1, 2, [[0.5, 0.1], [0.1, 0.6]])
    found = langevin(system, start, [0.0, t], paths=40_000, seed=1, tol=1e-3)
    grown, square = exp(s2 * t / 2), exp(2 * s2 * t)
    second = h * np.array([[0.5, 0.1], [0.1, 0.6]]) + np.outer([1, 2], [1, 2])
    mean = grown * np.array([1.0, 2.0])
    agree(found, mean, second * np.array([[square, 1.0], [1.0, square]]) - np.outer(mean, mean))
    # The method of Runge and Kutta makes x R(a) of x, xi R(-a) of xi, R(a) R(-a) = 1 - a^6/72 + ..., a = s dW, in a
    # step; in none is |dW| beyond 6.5 standard deviations, and sum a^2 is s^2 t, and less than 7 deviations more.
    n, product = found.steps, found.paths.prod(axis=2)
    most = (6.5**2 * s2 * t / n) ** 2 * s2 * t * (1 + 7 * sqrt(2 / n)) / 72
    assert (np.abs(product[:, 1] - product[:, 0]) <= most * np.abs(product[:, 0])).all()
    assert most < 0.05
    assert abs(mean[0] - 1) > 10 * found.mean_error[1, 0]  # Ito and Stratonovich are told apart
    found = langevin(System("0*x", ["x**2/2"], h=h, gamma=gamma), coherent(1, 0), [t], paths=20_000, seed=2)
    agree(found, np.array([1.0, 0.0]), np.diag([h / 2, h / 2 + s2 * t * (1 + h / 2)]))


def test_closed_systems_follow_their_orbits() -> None:
    """Without noise every path turns: the error of the steps is the whole error."""
    found = langevin(System("(x**2 + xi**2)/2", h=0.1), coherent(1, 0), [0.0, 1.0], paths=500, tol=1e-5)
    z = found.paths[:, 0] @ np.array([1, 1j])
    turned = z * np.exp(-1j)
    assert np.abs(found.paths[:, 1] @ np.array([1, 1j]) - turned).max() < 1e-4
    exact = np.array([turned.mean().real, turned.mean().imag])
    assert (np.abs(found.mean[1] - exact) <= found.step_error.mean[1]).all()


def test_the_error_of_steps_is_that_of_much_finer_ones() -> None:
    """Where steps are all but too long: what half the step changes is what a 16th of it changes, too."""
    system = System("xi**2/2 + x**4/4", ["x**2/2", "xi**2/2"], h=0.3, gamma=0.5)
    coarse = langevin(system, coherent(1, 0), [1.0], paths=20_000, seed=7, tol=0.2)
    fine = langevin(system, coherent(1, 0), [1.0], paths=20_000, seed=8, tol=0.01)
    assert fine.steps >= 4 * coarse.steps
    chance = DEVIATIONS * np.hypot(coarse.mean_error, fine.mean_error)
    assert (np.abs(coarse.mean - fine.mean) <= coarse.step_error.mean + fine.step_error.mean + chance).all()
    assert coarse.step_error.relative <= 0.2 and fine.step_error.relative <= 0.01


def test_second_order_where_noises_commute() -> None:
    """With the noise of one seed, half the step makes what a step costs in the means four times smaller; in first order
    it would be two times: they are told apart at their geometric mean.
    """
    system = System("xi**2/2 + x**4/4", ["x"], h=0.1, gamma=1.0)
    fields = fields_in_time(system, 2.0)
    rng = np.random.default_rng(0)
    start = np.array([[1.0], [0.0]]) + 0.2 * rng.standard_normal((2, 200_000))
    costs, chances = [], []
    for steps in (4, 8):
        mesh = Mesh(np.linspace(0, 2, steps + 1), np.array([steps]))
        pair = followed(fields, start, mesh, np.random.default_rng(1), lambda _: None)
        moved = (pair.fine - pair.coarse)[:, 0]
        costs.append(np.abs(moved.mean(axis=0)).max())
        chances.append(DEVIATIONS * moved.std(axis=0).max() / sqrt(len(moved)))
    assert (costs[0] - chances[0]) / (costs[1] + chances[1]) > 2 * sqrt(2)


def test_mixtures_and_seeds() -> None:
    system = System("xi**2/2", ["x"], h=0.1, gamma=0.1)
    state = mixture([(1.0, coherent(-1, 0)), (3.0, thermal(1))])
    found = langevin(system, state, [0.0], paths=20_000)
    agree(found, np.array([-0.25, 0.0]), np.diag([0.1 * (0.25 * 0.5 + 0.75 * 1.5) + 3 / 16, 0.1 * 1.25]))
    again = langevin(system, state, [0.0], paths=20_000)
    assert np.array_equal(found.paths, again.paths)
    assert not np.array_equal(found.paths, langevin(system, state, [0.0], paths=20_000, seed=1).paths)


@pytest.mark.slow
def test_a_hundred_modes() -> None:
    p = "sum(j, 1, 100, xi[j]**2/2 + x[j]**2/2)"
    system = System(p, ["each(j, 1, 100, x[j] + I*xi[j])"], h=0.1, gamma=0.5)
    found = langevin(system, coherent([1.0] * 100, [0.0] * 100), [1.0], paths=300)
    exact = exp(-0.5) * np.array([np.cos(1.0)] * 100 + [-np.sin(1.0)] * 100)
    z = (found.mean[0] - exact) / found.mean_error[0]
    assert np.abs(z).max() < 4.5 and 0.8 < z.std() < 1.2  # 200 of them


def test_a_pulse_in_time_is_not_missed() -> None:
    """A kick of 1e-3 in time, which two steps over [0, 1] would both miss."""
    system = System("xi**2/2 - x*exp(-((t - 0.3701)/1e-3)**2)*1000/sqrt(pi)", ["x"], h=0.1, gamma=0.01)
    found = langevin(system, coherent(0, 0), [1.0], paths=500)
    assert abs(found.mean[0, 1] - 1) <= DEVIATIONS * found.mean_error[0, 1] + found.step_error.mean[0, 1]


def test_how_fast_points_move_apart_is_no_matter_of_units() -> None:
    """An oscillator turns at its frequency, in whatever units; friction is a rate; free particles have none."""
    points = 0.1 * np.random.default_rng(0).standard_normal((2, 256))
    for p, jump, rate in (("xi**2/2 + 500000*x**2", "x", 1000.0), ("0*x", "x + I*xi", 7.0), ("xi**2/2", "x", 0.0)):
        fields = fields_in_time(System(p, [jump], h=0.1, gamma=7.0), 1.0)
        assert fields.at(0.5).rate(points, 0.0) == pytest.approx(rate, rel=1e-9, abs=1e-5)


def test_steps_land_on_corners_jumps_and_samples() -> None:
    """A kick of length 1e-4 between heavisides, and one by samples: the mean of xi is that of closed form."""
    for p in ("-x*10**4*(heaviside(t - 0.3701) - heaviside(t - 0.3702))", "-x*kick"):
        drives = {"kick": ([0.0, 0.37, 0.3701, 0.3702, 1.0], [0.0, 0.0, 1e4, 0.0, 0.0])}
        system = System(f"xi**2/2 {p}", ["x"], h=0.1, gamma=0.01, drives=drives if "kick" in p else None)
        found = langevin(system, coherent(0, 0), [0.37005, 0.5, 1.0], paths=500)
        agree(found, np.array([0.6299, 1.0]), found.covariance[-1])
        assert found.steps < 400


@pytest.mark.slow
def test_refusals() -> None:
    system = System("xi**2/2", ["x"], h=0.1, gamma=0.1)
    for state in (cat([(1, 0), (-1, 0)]), fock(1), evolve(system, coherent(0, 0), [0.1]).final):
        refused(lambda state=state: langevin(system, state, [1.0]), "Argument `state` must be a mixture of Gaussian")
    refused(lambda: langevin(system, coherent(0, 0), [1.0], paths=1), "Argument `paths` must be a whole number")
    refused(lambda: langevin(system, coherent(0, 0), [1.0], tol=2), "Argument `tol` must be <= 0.5")
    with pytest.raises(Exception, match="GB are free"):
        langevin(system, coherent(0, 0), [1.0], memory=1000)
    falling = System("xi**2/2 - x**4", ["x"], h=0.1, gamma=0.1)
    with pytest.raises(Exception, match=r"infinity|time_limit"):
        langevin(falling, coherent(1, 0), [20.0], time_limit=5.0)


def test_results() -> None:
    system = System("xi**2/2", ["x"], h=0.1, gamma=0.1)
    found = langevin(system, coherent(0, 0), [0.0, 1.0], paths=PILOT_PATHS)
    dataset = found.to_xarray()
    assert dataset["z"].dims == ("path", "time", "coordinate")
    assert dataset["covariance"].sel(coordinate="x", other_coordinate="xi").values[0] == found.covariance[0, 0, 1]
    assert found.as_dict()["paths"] == PILOT_PATHS
    assert "256 paths" in str(found) and "256 paths" in repr(found) and "<table" in found._repr_html_()
    assert found.plot().get_lines()


@pytest.mark.slow
def test_the_examples_of_the_page() -> None:
    page = (Path(__file__).parent.parent / "docs" / "trajectories.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    blocks = re.findall(r"^```pycon\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    assert blocks
    for code in blocks:
        example = doctest.DocTestParser().get_doctest(code, names, "trajectories.md", None, None)
        assert doctest.DocTestRunner().run(example, clear_globs=False).failed == 0
        names = example.globs
