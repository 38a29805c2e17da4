"""Which theorem applies: systems whose verdict is known from the paper, and constants that are known exactly."""

from __future__ import annotations

import json
import time
from math import log, sqrt

import numpy as np
import pytest
from click.testing import CliRunner

from common import slow_but
from openweyl import InputError, System, cat, check_assumptions, coherent, from_wavefunction, mixture, squeezed
from openweyl.cli import application
from openweyl.model.pair import MAX_GRID_MODES
from openweyl.problems.problem import Problem
from openweyl.problems.texts import problems
from openweyl.theory.bounds import CORRESPONDENCE_TIME, GAMMA, H, covers, growth_rate, right_side
from openweyl.theory.state_classes import mean_and_seminorms

pytestmark = pytest.mark.usefixtures("states_measured_once")

PENDULUM = "xi**2/2 - cos(x)"


def check(hamiltonian: str = PENDULUM, jumps: tuple[str, ...] = ("x", "xi"), h: float = 0.01, gamma: float = 1.0):
    return check_assumptions(System(hamiltonian, list(jumps), h=h, gamma=gamma))


def failing(found) -> set[str]:
    return {line.name for line in found.lines if not line.holds}


def line(found, name: str):
    return next(line for line in found.lines if line.name == name)


def test_pendulum_is_inside():
    found = check()
    assert found.applies == {"theorem_1": True, "theorem_2": True, "theorem_3": True}
    assert not any(found.reasons.values())
    assert all(line.how == "proved" for line in found.lines)
    assert [found.seminorms["p"][order] for order in range(2, 7)] == pytest.approx([1.0] * 5)


def test_figure_1_is_outside_as_its_quartic_is_not_in_s_2():
    found = check("xi**2 + (x**2 - 1/2)**2")
    assert not any(found.applies.values())
    assert failing(found) == {"p in S_(2)"}
    assert "12*x**2 - 2" in found.reasons["theorem_1"][0]


def test_momentum_diffusion_fails_1_6_and_smith_covers_it():
    found = check(jumps=("x",))
    assert failing(found) == {"(1.6)"}
    assert line(found, "(1.6)").value == 0.0
    assert "2601.04489" in found.reasons["theorem_1"][0]
    assert "2601.04489" not in check(jumps=("xi",)).reasons["theorem_1"][0]


def test_friction_is_not_covered():
    found = check(jumps=("(x + I*xi)/sqrt(2)",))
    assert failing(found) == {"real jumps"}
    assert "not covered by the paper" in found.reasons["theorem_3"][0]


@pytest.mark.parametrize(
    ("hamiltonian", "holds", "how"),
    [
        ("x**2/2 - 3*x*xi + xi**2", True, "proved"),
        pytest.param("xi**2/2 + sin(x)*exp(-xi**2)", True, "sampled", marks=pytest.mark.slow),
        ("xi**2/2 + sqrt(1 + x**2)", True, "sampled"),
        ("xi**2/2 + x**2*sin(x)", False, "sampled"),
        pytest.param("xi**2/2 + x**3", False, "proved", marks=pytest.mark.slow),
        pytest.param("xi**2/2 + cosh(x)", False, "sampled", marks=pytest.mark.slow),
    ],
)
def test_s_2(hamiltonian: str, holds: bool, how: str):
    found = line(check(hamiltonian), "p in S_(2)")
    assert (found.holds, found.how) == (holds, how)


@pytest.mark.parametrize(
    ("jump", "holds", "how"),
    [
        ("2*x - xi", True, "proved"),
        ("sin(x)", False, "proved"),  # no decay in xi
        ("x*xi", False, "proved"),
        ("sqrt(1 + x**2 + xi**2)", True, "sampled"),
        pytest.param("(1 + x**2 + xi**2)**(3/4)", False, "sampled", marks=pytest.mark.slow),
        pytest.param("atan(x*xi)", False, "sampled", marks=pytest.mark.slow),
    ],
)
def test_the_class_of_jumps(jump: str, holds: bool, how: str):
    found = line(check("xi**2/2", (jump, "xi")), "l_1 in (1.2)")
    assert (found.holds, found.how) == (holds, how)


@pytest.mark.parametrize(
    ("jumps", "c"),
    [
        (("x + xi", "x - xi"), 2.0),
        (("x + xi", "2*x + 2*xi"), 0.0),
        pytest.param(("2*x", "xi"), 1.0, marks=pytest.mark.slow),
        pytest.param(("x", "xi", "xi"), 1.0, marks=pytest.mark.slow),
    ],
)
def test_constant_of_1_6(jumps: tuple[str, ...], c: float):
    found = line(check(jumps=jumps), "(1.6)")
    assert found.holds == (c > 0)
    assert found.value == pytest.approx(c, abs=1e-12)


@pytest.mark.slow
def test_1_6_where_h_depends_on_z():
    assert line(check(jumps=("x + sin(x)/2", "xi")), "(1.6)").how == "proved"
    assert line(check(jumps=("x + sin(x)/2", "xi")), "(1.6)").value == pytest.approx(1 / 4, rel=1e-6)
    degenerate = line(check(jumps=("x + sin(x)", "xi")), "(1.6)")
    assert not degenerate.holds
    bent = line(check(jumps=("x + sqrt(1 + x**2 + xi**2)/2", "xi")), "(1.6)")
    assert bent.holds
    assert bent.how == "sampled"


@pytest.mark.parametrize("gamma", slow_but((0.99, 100.0), (0.0, 0.99, 1.0, 100.0, 101.0)))
def test_range_of_gamma(gamma: float):
    assert check(gamma=gamma).applies["theorem_1"] == (1.0 <= gamma <= 100.0)


@pytest.mark.slow
def test_states():
    system = System(PENDULUM, ["x", "xi"], h=0.01, gamma=1.0)
    mixed = mixture([(0.5, coherent(0, 0)), (0.5, squeezed(1, 0, r=0.5))])
    assert all(check_assumptions(system, mixed).applies.values())
    assert "c = 0.3679" in line(check_assumptions(system, mixed), "coherent or (1.13)").text
    superposed = check_assumptions(system, cat([(1, 0), (-1, 0)]))
    assert not any(superposed.applies.values())
    assert superposed.rho == 1.0
    x = np.linspace(-1, 1, 200)
    wave = from_wavefunction((np.pi * 0.01) ** -0.25 * np.exp(-(x**2) / 0.02), x, h=0.01)
    unknown = check_assumptions(system, wave)
    assert unknown.rho is None
    assert not any(unknown.applies.values())
    with pytest.raises(InputError, match="degrees of freedom"):
        check_assumptions(system, coherent([0, 0], [0, 0]))


@pytest.mark.slow
def test_seminorms_of_a_coherent_state_do_not_depend_on_h():
    one, other = (check(h=h).state_seminorms for h in (0.1, 0.001))
    assert one[0] == pytest.approx(2 * np.pi, rel=1e-5)  # h^-1 int 2 exp(-z^2/h)
    assert one[1] == pytest.approx(2 * np.pi * 4 / sqrt(np.pi), rel=1e-3)
    assert all(one[k] == pytest.approx(other[k], rel=1e-6) for k in range(4))


@pytest.mark.slow
def test_scales():
    h, gamma = 0.01, 4.0
    found = check("xi**2/2 - x**2/2", h=h, gamma=gamma)
    assert found.epsilon == pytest.approx(sqrt(gamma * h / 2))
    assert found.rho_tilde == pytest.approx(log(found.epsilon) / log(h))
    assert found.lyapunov == pytest.approx(1.0, rel=1e-4)
    assert found.ehrenfest_time == pytest.approx(log(1 / h) / 2, rel=1e-4)
    assert found.correspondence_time == pytest.approx(1 / (sqrt(h) * gamma**-1.5 + h / gamma))
    assert check("xi**2/2 + x**2/2").ehrenfest_time is None


@pytest.mark.slow
def test_time_beyond_correspondence_is_said():
    system = System(PENDULUM, ["x", "xi"], h=0.01, gamma=1.0)
    assert not line(check_assumptions(system, times=[20.0]), "time of correspondence").holds
    assert line(check_assumptions(system, times=[2.0]), "time of correspondence").holds


def test_the_right_side_of_1_10():
    """The values that (1.10) has by hand; its growth reaches 1 at the time of correspondence."""
    h, gamma = 0.01, 4.0
    first, growth = 0.1 + 0.04, 0.1 / 8 + 0.0025
    assert right_side(h, gamma, np.array([0.0, 0.5, 1.0, 3.0])) == pytest.approx(
        [0.0, first / 2, first, first + 3 * growth]
    )
    assert float(growth_rate(h, gamma)) == pytest.approx(growth)
    assert 1 / growth == pytest.approx(float(CORRESPONDENCE_TIME.subs({H: h, GAMMA: gamma})))
    assert growth_rate(h, np.array([0.0, 1.0])) == pytest.approx([np.inf, 0.11])
    assert covers(h, np.array([0.99, 1.0, 100.0, 101.0])).tolist() == [False, True, True, False]


def test_driven_systems_are_outside():
    assert "autonomous" in failing(check("xi**2/2 + x*cos(t)"))


ON_GRIDS = [name for name in problems() if Problem.load(name).system.n <= MAX_GRID_MODES]
"""The hypotheses on a state are those on its symbol on a grid."""


@pytest.mark.parametrize("name", slow_but(("kerr-damped",), ON_GRIDS))
def test_every_problem_is_checked_quickly(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("openweyl.theory.check.mean_and_seminorms", mean_and_seminorms)  # all that a check takes
    problem = Problem.load(name)
    started = time.process_time()
    found = check_assumptions(problem.system, problem.state, problem.times)
    assert time.process_time() - started < 3
    json.dumps(found.as_dict(), allow_nan=False)
    assert str(found).count("appl") >= 3


def test_command():
    done = CliRunner().invoke(application, ["check", "double-well", "--json"])
    found = json.loads(done.output)
    assert found["applies"] == {"theorem_1": False, "theorem_2": False, "theorem_3": False}
    assert set(found["reasons"]) == set(found["applies"])
    done = CliRunner().invoke(application, ["check", "pendulum", "--gamma", "2"])
    assert "Theorem 1 applies." in done.output
