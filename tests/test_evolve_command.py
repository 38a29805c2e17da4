"""`openweyl evolve`: one evolution, its means and observables, on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import xarray

from common import Done, invoke
from openweyl import evolve, load
from openweyl.problems.problem import Problem

KERR = """\
[system]
hamiltonian_operator = "K*ad**2*a**2"
jump_operators = ["sqrt(kappa)*a"]
h = 1
[state]
kind = "coherent"
alpha = "1 + I/2"
[run]
times = "0:0.5:3"
tol = 1e-5
observables = ["ad*a", "tanh(x)"]
[parameters]
K = 0.5
kappa = 0.2
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kerr.toml").write_text(KERR)
    return partial(invoke, monkeypatch, capsys)


def test_json_has_means_and_observables_within_their_errors(run: Callable[..., Done]) -> None:
    done = run("evolve", "kerr.toml", "--json")
    assert (done.status, done.err, done.out.count("\n")) == (0, "", 1)
    found = json.loads(done.out)
    t, alpha, kappa = np.array(found["times"]), 1 + 0.5j, 0.2
    # <a> under H = K ad^2 a^2 with loss: alpha e^{-kappa t/2} exp(-|alpha|^2 2iK (1 - e^{-gt})/g), g = kappa + 2iK
    rate = kappa + 1j
    a = alpha * np.exp(-kappa * t / 2 - abs(alpha) ** 2 * 1j * (1 - np.exp(-rate * t)) / rate)
    for name, true in (("mean_x", np.sqrt(2) * a.real), ("mean_xi", np.sqrt(2) * a.imag)):
        assert np.all(np.abs(np.array(found[name]) - true) <= np.array(found[name + "_error"]))
        assert max(found[name + "_error"]) < 1e-3
    quanta = found["observables"][0]
    true = abs(alpha) ** 2 * np.exp(-kappa * np.array(quanta["times"]))
    assert quanta["observable"] == "ad*a" and len(quanta["times"]) > 60
    assert np.all(np.abs(np.array(quanta["value"]) - true) <= quanta["error"])
    assert found["system"]["state"] == "coherent state of alpha = 1+0.5j"
    assert np.all(np.array(found["purity_error"]) < 1e-4) and max(found["error"]) <= 1e-5
    assert not list(Path().glob("openweyl*"))


@pytest.mark.slow
def test_the_numbers_are_those_of_python(run: Callable[..., Done]) -> None:
    problem = Problem.load("kerr.toml")
    kinds: tuple[Literal["quantum", "classical"], ...] = ("quantum", "classical")
    for kind in kinds:
        found = json.loads(run("evolve", "kerr.toml", "--json", "--kind", kind, "--tol", "1e-2", "--times", "0.2").out)
        here = evolve(problem.system, problem.state, [0.2], kind=kind, tol=1e-2, observables=problem.observables)
        assert found["kind"] == kind and found["purity"] == [float(w.purity()) for w in here]


def test_tables_and_files(run: Callable[..., Done]) -> None:
    done = run("evolve", "kerr.toml", "--out", "out", "--tol", "1e-3")
    assert done.status == 0
    for text in ("Fock space", "<xi>", "ad*a; the errors are estimates", "tanh(x); the errors are bounds"):
        assert text in done.out
    assert sorted(path.name for path in Path("out").iterdir()) == ["observables.png", "solution.nc", "symbols.png"]
    assert isinstance(load("out/solution.nc"), xarray.Dataset)
    assert run("evolve", "kerr.toml", "--kind", "classical", "--tol", "1e-2", "--times", "0.1").status == 0
    assert Path("openweyl-kerr-classical/solution.nc").exists()


def test_two_modes(run: Callable[..., Done]) -> None:
    text = KERR.replace("K*ad**2*a**2", "K*ad1*a1 + K*ad2*a2").replace("sqrt(kappa)*a", "sqrt(kappa)*a1")
    text = text.replace('"ad*a", "tanh(x)"', '"ad2*a2"').replace('alpha = "1 + I/2"', "alpha = [1, 0.5]")
    Path("two.toml").write_text(text)
    found = json.loads(run("evolve", "two.toml", "--json").out)
    assert np.array(found["mean_x"]).shape == np.array(found["mean_xi_error"]).shape == (3, 2)
    assert found["mean_x"][2][1] == pytest.approx(np.sqrt(2) * 0.5 * np.cos(0.25), abs=1e-3)
    assert "<xi2>" in run("evolve", "two.toml").out


def test_another_kind_is_refused_at_once(run: Callable[..., Done]) -> None:
    done = run("evolve", "kerr.toml", "--kind", "both")
    assert done.status == 2 and "Argument `kind` must be 'quantum' or 'classical', but is both." in done.err
    assert not list(Path().glob("openweyl*"))


def test_a_checkpoint_of_another_kind_is_refused(run: Callable[..., Done]) -> None:
    Path("kept").write_text("something else")
    done = run("evolve", "kerr.toml", "--checkpoint", "kept")
    assert done.status == 2 and "`checkpoint`" in done.err and Path("kept").read_text() == "something else"
