"""The commands `langevin` and `monitor`: as in Python, in one JSON object or a folder; one line for what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import openweyl
from common import Done, invoke
from openweyl.files.netcdf import load

CAT = """\
[system]
hamiltonian_operator = "ad**2*a**2/2"
jump_operators = ["a"]
h = 1
[state]
kind = "cat"
components = [{x = 1.5, xi = 0}, {x = -1.5, xi = 0}]
[run]
times = [0.0, 0.5]
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    monkeypatch.chdir(tmp_path)
    Path("cat.toml").write_text(CAT, encoding="utf-8")
    return partial(invoke, monkeypatch, capsys)


def test_langevin(run: Callable[..., Done]) -> None:
    status, out, _ = run("langevin", "double-well", "--times", "0.1, 0.2", "--paths", "50", "--seed", "3", "--json")
    assert status == 0
    problem = openweyl.Problem.load("double-well").replace(times=[0.1, 0.2])
    same = openweyl.langevin(problem.system, problem.state, problem.times, paths=50, seed=3)
    assert json.loads(out)["mean"] == same.mean.tolist()
    status, out, _ = run("langevin", "double-well", "--times", "0.1", "--paths", "50", "--out", "here")
    assert status == 0 and Path("here/langevin.png").exists() and "50 paths" in out
    assert load(Path("here/langevin.nc"))["z"].shape == (50, 1, 2)


def test_monitor(run: Callable[..., Done]) -> None:
    more = ["--records", "3", "--observable", "ad*a", "--angle", "pi/2", "--efficiency", "1/2", "--tol", "0.05"]
    status, out, _ = run("monitor", "cat.toml", *more, "--json")
    assert status == 0
    found = json.loads(out)
    assert np.shape(found["record"]) == (3, 2, 1) and np.shape(found["expectations"]) == (3, 2, 1)
    assert found["angle"] == pytest.approx(np.pi / 2) and found["efficiency"] == 0.5 and "levels" in found["scheme"]
    status, out, _ = run("monitor", "cat.toml", "--detection", "heterodyne", "--tol", "0.05")
    assert status == 0 and "dy2" in out
    assert load(Path("openweyl-cat-monitor/monitor.nc"))["dy"].shape == (1, 2, 2)
    assert Path("openweyl-cat-monitor/monitor.png").exists()


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (["langevin", "cat.toml"], "Argument `state` must be a mixture of Gaussian states"),
        (["langevin", "double-well", "--paths", "1"], "Argument `paths` must be a whole number"),
        (["langevin", "double-well", "--paths", "many"], "Argument `paths` must use known names"),
        (["monitor", "cat.toml", "--jump", "2"], "Argument `jump` must be a whole number from 1 to 1"),
        (["monitor", "cat.toml", "--detection", "homodyn"], "Argument `detection` must be"),
        (["monitor", "cat.toml", "--efficiency", "1.5"], "Argument `efficiency` must be <= 1"),
        (["monitor", "cat.toml", "--observable", "tanh(x)"], "Argument `observables` must be polynomials"),
        (["monitor", "cat.toml", "--tol", "2"], "Argument `tol` must be <= 0.2"),
        (["monitor", "cat.toml", "--record", "2"], "No such option"),
    ],
)
def test_refusals(run: Callable[..., Done], args: list[str], what: str) -> None:
    for more in ([], ["--json"]):
        status, out, err = run(*args, *more)
        assert (status, out) == (2, "") and err.startswith(f"openweyl: {what}") and err.count("\n") == 1, err
    assert sorted(path.name for path in Path().iterdir()) == ["cat.toml"]
