"""Whether orbits reach infinity in finite time: verdicts against orbits that are followed, and known cases."""

from __future__ import annotations

import json
import re
from itertools import product

import numpy as np
import pytest
import scipy.integrate
import sympy
from click.testing import CliRunner

from openweyl import System, check_assumptions
from openweyl.cli import application
from openweyl.model.escape import completeness, escapes
from openweyl.symbolic.homogeneous import crosses, definite

pytestmark = pytest.mark.usefixtures("states_measured_once")

FAR, TIME = 1e5, 3.0
"""An orbit that is there by then has left: -|x|^2 takes it by e^(sqrt(2) TIME) only."""


def system(p: str, gamma: float = 0.0) -> System:
    return System(p, [], h=0.1, gamma=gamma)


def leaves(p: str, starts: np.ndarray) -> bool:
    """Whether an orbit of p, forwards in time, from one of the points `starts`, gets to |z| = FAR before TIME."""
    made = system(p)
    z = made.x + made.xi
    slope = sympy.lambdify([z], [made.hamiltonian.diff(v) for v in (*made.xi, *made.x)])
    sign = np.repeat([1.0, -1.0], made.n)

    def beyond(_: float, y: np.ndarray) -> float:
        return FAR - float(np.linalg.norm(y))

    beyond.terminal = True  # type: ignore[attr-defined]
    for start in starts:
        run = scipy.integrate.solve_ivp(
            lambda _, y: sign * np.array(slope(y), dtype=float), (0, TIME), start, events=beyond, rtol=1e-6, atol=1e-6
        )
        if run.status == 1:
            return True
    return False


def far_out(n: int, count: int = 12) -> np.ndarray:
    """Points 20 from the origin, in all directions of phase space."""
    random = np.random.default_rng(1).normal(size=(count, 2 * n))
    return np.concatenate(
        [20 * np.eye(2 * n), -20 * np.eye(2 * n), 20 * random / np.linalg.norm(random, axis=1)[:, None]]
    )


def holds(p: str) -> bool:
    found = completeness(system(p))
    assert found.holds is not None and found.how == "proved", (p, found)
    return found.holds


PLANE = {
    "xi**2/2 + x**2/2 - x**3/3": False,
    "xi**2/2 - x**4/4 + 30*x**2": False,
    "-xi**2/2 + x**4/4": False,
    "-xi**2/2 - x**4/4": True,
    "xi**2/2 + x**4/4 - x**3": True,
    "xi**2/2 - 2*x**2 + x": True,
    "xi**2/2 + x**3/3 + 5*cos(x)": False,
    "x**2/2 + xi**2/2 - xi**3/3": False,
    "x**3*xi/4": False,
    "x**2*xi + x**6/100": False,
    "(1 + sin(x))*xi + x**2": True,
    "xi**4/4 - x**4": False,
    "xi**4/4 + x**4 - 3*x**3*xi": False,
    "(xi**4/4 + x**4)/400 - x*xi/20": True,
    "sqrt(1 + xi**2) + x**4/4": True,
    "xi**2/2 + cosh(x/10)": True,
    "xi**2/2 + (1 - exp(-x/4))**2": True,
    "xi**2/2 + x*xi - x**4/8": False,
    "xi**2/2 + x**2*xi": False,
    "xi**2/2 + (x**2*xi + x**4)/10": True,
    "(x**2 + xi**2)**2/4000 - x**3/40": True,
}
"""Hamiltonians, and whether their flow is complete."""


@pytest.mark.parametrize("p", PLANE)
def test_verdicts_for_one_degree_of_freedom(p: str) -> None:
    assert holds(p) is PLANE[p]
    assert leaves(p, far_out(1)) is not PLANE[p]


SPACE = {
    "xi1**2/2 + xi2**2/2 + (x1**2 + x2**2)/2 + x1**2*x2 - x2**3/3": False,
    "xi1**2/2 + xi2**2/2 + x1**2*x2**2": True,
    "xi1**2/2 + xi2**2/2 + x1**4 + x2**4 - 3*x1**2*x2**2": False,
    "xi1**2/2 + xi2**2/2 + xi1*xi2/3 + (x1**4 + x2**4 - x1**3*x2)/40": True,
    "xi1**2/2 + xi2**2/2 + x1*xi2 - x2*xi1 - x1**3": False,
    "((x1**2 + xi1**2)**2 + (x2**2 + xi2**2)**2)/400 + x1*x2": True,
    "xi1**2/2 + xi2**2/2 + x1**4/4 - cos(x1 - x2)": True,
}


@pytest.mark.parametrize("p", SPACE)
def test_verdicts_for_two_degrees_of_freedom(p: str) -> None:
    assert holds(p) is SPACE[p]
    assert leaves(p, far_out(2)) is not SPACE[p]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(40))
def test_random_potentials(seed: int) -> None:
    """T + V with V of degree at most 5 for n = 1, of degree 3 or 4 for n = 2."""
    random = np.random.default_rng(seed)
    if seed % 2:
        p = "xi**2/2 + " + " + ".join(f"({c})*x**{d}" for d, c in enumerate(random.integers(-3, 4, 6)))
        n = 1
    else:
        degree, n = int(random.integers(3, 5)), 2
        powers = [(a, b) for a, b in product(range(degree + 1), repeat=2) if 0 < a + b <= degree]
        p = "xi1**2/2 + xi2**2/2 + " + " + ".join(f"({random.integers(-3, 4)})*x1**{a}*x2**{b}" for a, b in powers)
    found = completeness(system(p))
    if found.how == "proved":
        assert leaves(p, far_out(n, 40)) is not found.holds, p


@pytest.mark.parametrize(
    ("p", "verdict"),
    [
        ("xi**2/2 - exp(x)", (False, "sampled")),
        ("xi**2/2 - sqrt(1 + x**2)**3", (False, "sampled")),
        ("xi**2/2 + x**2*sin(x)", (True, "sampled")),
        ("xi**2/2 - x**2*log(2 + x**2)", (None, "not known")),  # complete, as int dx/(x sqrt(log x)) diverges
        ("xi**2/2 + x**3*cos(t)", (None, "not known")),
        ("xi**2/2 + x**4/4 + x*cos(t)", (True, "proved")),
        ("xi1**2/2 + xi2**2/2 + (x1*xi2 - x2*xi1)*x1**2 - x1**3", (None, "not known")),  # a magnetic field may hold it
        ("xi1**2/2 - xi2**2/2 + x1**4 - x2**4", (None, "not known")),
        ("cos(x*xi)", (None, "not known")),
    ],
)
def test_what_is_not_proved_is_not_said_to_be(p: str, verdict: tuple[bool | None, str]) -> None:
    found = completeness(system(p))
    assert (found.holds, found.how) == verdict
    assert bool(escapes(system(p))) is (found.holds is False)


@pytest.mark.parametrize(
    ("form", "sign", "how"),
    [
        ("x**4 + y**4 - x**2*y**2", 1, "proved"),
        ("x**4 + y**4 - 1.9999*x**2*y**2", 1, "proved"),
        ("x**4 + y**4 - 2*x**2*y**2", 0, "not known"),  # it vanishes along x = y
        ("x**4 + y**4 - 2.001*x**2*y**2", -1, "proved"),
        ("x**2*y", -1, "proved"),
        ("x**4 + y**4 + sqrt(2)*x**3*y", 1, "sampled"),
        ("x**4 + y**4 + z**4 + x**2*y**2", 1, "proved"),
        ("x**4 + y**4 + z**4 - x*y*z**2/5", 1, "sampled"),
    ],
)
def test_signs_of_forms(form: str, sign: int, how: str) -> None:
    x, y, z = sympy.symbols("x y z", real=True)
    q = sympy.sympify(form, {"x": x, "y": y, "z": z})
    found = definite(q, (x, y, z) if q.has(z) else (x, y))
    assert found[:2] == (sign, how)
    if sign < 0:
        assert q.subs(dict(zip((x, y, z), found[2], strict=False))) < 0


@pytest.mark.parametrize(
    ("form", "simple"),
    [("x**2*y**2", False), ("x**3*y", True), ("x*y**3", True), ("x**4 + y**4", False), ("(x - y)**3*(x + y)", True)],
)
def test_simple_zeros_of_forms(form: str, simple: bool) -> None:
    x, y = sympy.symbols("x y", real=True)
    assert crosses(sympy.sympify(form, {"x": x, "y": y}), x, y) is simple


def test_check_warns() -> None:
    found = check_assumptions(System("xi**2/2 + x**2/2 - x**3/3", ["x", "xi"], h=0.1, gamma=1.0))
    line = next(line for line in found.lines if line.name == "flow for all times")
    assert (line.holds, line.how) == (False, "proved")
    assert found.escape == escapes(found.system)
    assert "Take care: -x**3/3 + x**2/2 falls faster than -x**2 as x -> +oo" in str(found)
    assert found.as_dict()["escape"] == found.escape
    quiet = check_assumptions(System("xi**2/2 - cos(x)", ["x", "xi"], h=0.1, gamma=1.0))
    assert quiet.escape == "" and quiet.as_dict()["escape"] is None and "Take care" not in str(quiet)
    unknown = check_assumptions(System("cos(x*xi)", ["x", "xi"], h=0.1, gamma=1.0))
    assert re.search(r"flow for all times +open +not known", str(unknown))
    assert next(a for a in unknown.as_dict()["lines"] if a["name"] == "flow for all times")["holds"] is None


@pytest.mark.slow
def test_the_command_warns() -> None:
    done = CliRunner().invoke(application, ["check", "henon-heiles", "--json"])
    assert "x1**2*x2 - x2**3/3, the leading part of the potential, is < 0" in json.loads(done.output)["escape"]
