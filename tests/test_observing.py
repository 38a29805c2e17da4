"""Observables watched while a run goes on, in Python, on the command line, in problem files and in datasets."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np
import pytest

from common import Done, invoke, refused
from openweyl import (
    Comparison,
    Observable,
    Problem,
    Solution,
    System,
    certify,
    coherent,
    compare,
    evolve,
    load,
    plot,
)
from openweyl.evolution.observing import LOOKS

KERR = System.from_operators("ad**2*a**2/2", ["sqrt(0.5)*a"], h=1)
TIMES = (0.0, 0.2, 0.5)
WATCHED = ["ad*a", "x", "tanh(x)", "region(x**2 + xi**2 - 1)"]
ALPHA = 1.5
PROBLEM = """\
[system]
hamiltonian_operator = "K*ad**2*a**2/2"
jump_operators = ["sqrt(0.5)*a"]
h = 1
[state]
kind = "coherent"
alpha = 1.5
[run]
times = [0.0, 0.2]
tol = 1e-3
observables = ["ad*a", "K*x**2"]
[parameters]
K = 1
"""


@cache
def watched() -> Solution:
    return evolve(KERR, coherent(alpha=ALPHA), TIMES, tol=1e-4, observables=WATCHED)


@cache
def compared() -> Comparison:
    return compare(KERR, coherent(alpha=ALPHA), TIMES[1:], tol=1e-4, observables=["ad*a", "x"])


def field(t: np.ndarray, kappa: float = 0.5) -> np.ndarray:
    """<a> of the damped Kerr oscillator: alpha e^{-kappa t/2} exp(i |alpha|^2 (e^{-r t} - 1)/r), r = kappa + i."""
    rate = kappa + 1j
    return ALPHA * np.exp(-kappa * t / 2) * np.exp(ALPHA**2 * (np.exp(-rate * t) - 1) * 1j / rate)


def test_the_closed_form_of_the_field() -> None:
    import qutip

    a = qutip.destroy(25)
    t = np.linspace(0, 0.5, 6)
    found = qutip.mesolve(
        a.dag() ** 2 * a**2 / 2, qutip.coherent(25, ALPHA), t, [np.sqrt(0.5) * a], e_ops=[a],
        options={"rtol": 1e-10, "atol": 1e-12},
    ).expect[0]  # fmt: skip
    assert np.abs(found - field(t)).max() < 1e-7


@pytest.mark.slow
def test_values_between_the_saved_times() -> None:
    """Against closed forms at every look."""
    quanta, x = watched().observed["ad*a"], watched().observed["x"]
    for found, true in ((quanta, ALPHA**2 * np.exp(-0.5 * quanta.times)), (x, np.sqrt(2) * field(x.times).real)):
        assert (np.abs(found.value - true) <= found.error).all()
        assert found.error.max() < 5e-3
        assert len(found.times) >= LOOKS and set(TIMES) <= set(found.times)
        assert np.diff(found.times).max() <= TIMES[-1] / LOOKS * (1 + 1e-9)
        assert (np.diff(found.times) > 0).all()


def test_saved_times_agree_with_the_symbols() -> None:
    for text, found in watched().observed.items():
        after = watched().expect(text)
        at = found.at(TIMES)
        assert found.kind == at.kind == after.kind
        assert at.value[1:] == pytest.approx(after.value[1:], abs=1e-13)
        assert at.error[1:] == pytest.approx(after.error[1:], rel=1e-9)
    assert watched().observed["region(x**2 + xi**2 - 1)"].times.tolist() == list(TIMES)
    refused(lambda: watched().observed["x"].at([0.123]), "Argument `times` must be among the times of the observation")


@pytest.mark.parametrize("stepped", [False, True])
@pytest.mark.parametrize("order", [1, 2])
def test_both_ways_of_evolving(order: int, stepped: bool) -> None:
    rotation = System("xi**2/2 + x**2/2" + " + 1e-17*cos(x)" * stepped, ["x"], h=0.1, gamma=0.2)
    found = evolve(
        rotation, coherent(1, 0), [2.0], kind="classical", order=order, observables=["x", "x**2"], tol=1e-5
    ).observed
    t = found["x"].times
    assert (np.abs(found["x"].value - np.cos(t)) <= found["x"].error).all()
    width = 0.1 / 2 + 0.2 * 0.1 * (t / 2 - np.sin(2 * t) / 4)  # l = x kicks xi, which turns into x
    assert (np.abs(found["x**2"].value - np.cos(t) ** 2 - width) <= found["x**2"].error).all()
    assert found["x"].error.max() < 1e-4


def test_watch_every_asks_for_more() -> None:
    rotation = System("xi**2/2 + x**2/2", [], h=0.1, gamma=0.0)
    calls: list[float] = []
    solution = evolve(
        rotation, coherent(1, 0), [1.0], observables=["x"], watch=lambda t, _: calls.append(t), watch_every=0.002
    )
    assert solution.observed["x"].times.tolist() == calls
    assert len(calls) == 501
    assert solution.observed["x"].value == pytest.approx(np.cos(calls), abs=1e-5)


def test_without_observables_nothing_is_watched() -> None:
    rotation = System("xi**2/2 + x**2/2", [], h=0.1, gamma=0.0)
    assert evolve(rotation, coherent(1, 0), [1.0]).observed == {}
    assert evolve(rotation, coherent(1, 0), [0.0], observables=["x"]).observed["x"].value == pytest.approx([1.0])


def test_the_dataset(tmp_path: Path) -> None:
    from openweyl.files.netcdf import save

    data = load(save(watched().to_xarray(), tmp_path / "solution.nc"))
    found = watched().observed
    assert list(data["observable"].values) == list(found)
    assert list(data["error_kind"].values) == [one.kind for one in found.values()]
    picked = data.sel(observable="ad*a")
    assert picked["quantum_observed"].values == pytest.approx(found["ad*a"].value)
    assert picked["quantum_observed_error"].values == pytest.approx(found["ad*a"].error)
    sparse = data.sel(observable=WATCHED[3])["quantum_observed"].values
    assert np.isfinite(sparse).sum() == len(TIMES)
    assert len(plot.observables_figure(data).axes) == len(found)


@pytest.mark.slow
def test_comparisons() -> None:
    """<n> is the same in both evolutions, <x> is not: closed forms."""
    quanta, x = (compared().observed[text] for text in ("ad*a", "x"))
    assert (np.abs(quanta.value) <= quanta.error).all()
    true = np.sqrt(2) * field(np.array(TIMES[1:])).real
    assert (np.abs(x.quantum - true) <= x.quantum_error).all()
    after = compared().expectation("x")
    assert after.value == pytest.approx(x.value, abs=1e-12) and after.watched == ()
    finer = compare(KERR, coherent(alpha=ALPHA), TIMES[1:], tol=1e-6).expectation("x")
    assert (np.abs(x.value - finer.value) <= x.error + finer.error).all()
    assert (np.abs(x.value) > x.error).any()
    written = json.loads(json.dumps(compared().as_dict()))["observables"]
    assert [one["observable"] for one in written] == ["ad*a", "x"] and written[0]["kind"] == "estimate"
    assert len(written[1]["watched"]["quantum"]["times"]) >= LOOKS
    data = compared().to_xarray(symbols=False)
    assert data["observed_difference"].sel(observable="x").values == pytest.approx(x.value)
    assert "quantum_observed" in data and "classical_observed" in data
    assert {"observed_difference", "quantum_observed", "quantum"} <= set(compared().to_xarray())


def test_certificates() -> None:
    system = System("xi**2/2 - cos(x)", ["x", "xi"], h=0.1, gamma=1.0)
    found = certify(system, coherent(1, 0), [0.3], order=2, tol=1e-4, observables=["tanh(x)", "x"])
    assert list(found.observed) == ["tanh(x)", "x"]
    alone = found.expectation("tanh(x)")
    assert found.observed["tanh(x)"].corrected_error == pytest.approx(alone.corrected_error)
    assert [one["kind"] for one in found.as_dict()["observables"]] == ["bound", "estimate"]
    data = found.to_xarray(symbols=False)
    assert data["observed_corrected"].sel(observable="x").values == pytest.approx(found.observed["x"].corrected)


def test_what_is_shown_and_carried() -> None:
    for one in (watched().observed["ad*a"], compared().observed["x"]):
        assert "the errors are estimates" in repr(one) and "<table>" in one._repr_html_()
        assert len(repr(one).splitlines()) <= 12
        for trip in (copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))):  # noqa: S301 - our own
            assert repr(trip(one)) == repr(one)
    axes = compared().observed["x"].plot()
    assert len(axes.lines) == 2
    assert len(watched().observed["ad*a"].plot().lines) == 1


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ("ad*a", "Argument `observables` must be a list"),
        (["ad*a", "ad*a"], "Argument `observables` must be different, but is ad*a."),
        ([5], "Argument `observable` must be an Observable or text"),
        (["ad*a", "y"], "Argument `observable` must use known names only, but is y."),
        (
            [Observable.parse("x1", 2)],
            "Argument `observables` must have n = 1 degrees of freedom, but is x1, of n = 2.",
        ),
        ({"x": 1}, "Argument `observables` must be a list"),
    ],
    ids=str,
)
def test_refused(given: object, what: str) -> None:
    for function in (evolve, compare, certify):
        refused(lambda f=function: f(KERR, coherent(alpha=1), [0.1], observables=given), what)  # type: ignore[misc]


# --- problem files and the command line


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    monkeypatch.chdir(tmp_path)
    Path("mine.toml").write_text(PROBLEM)
    return partial(invoke, monkeypatch, capsys)


def test_problem_files() -> None:
    problem = Problem.parse(PROBLEM, "mine", "mine.toml")
    assert [one.name for one in problem.observables] == ["ad*a", "(1)*x**2"]
    changed = problem.replace(parameters={"K": 2.0}).observables[1]
    grid = coherent(1, 0).grid(1.0, 1e-9)
    assert changed.value(coherent(1, 0).symbol(grid)).value == pytest.approx(2 * 1.5)
    for new, what in {
        '"ad*a", "ad*a"': "Argument `run.observables` must be different, but is ad*a.",
        '"ad*b", "K*x"': "Argument `observable` must use known names only, but is b.",
        '1, "K*x"': "Argument `run.observables` must be text in quotes, but is 1.",
    }.items():
        text = PROBLEM.replace('"ad*a", "K*x**2"', new)
        refused(lambda text=text: Problem.parse(text, "mine", "mine.toml"), f"mine.toml: {what}")  # type: ignore[misc]
    taken = PROBLEM.replace("K = 1", "a = 1").replace("K*", "a*").replace("hamiltonian_operator", "hamiltonian")
    taken = taken.replace("a*ad**2*a**2/2", "a*x**2").replace('jump_operators = ["sqrt(0.5)*a"]', "")
    refused(
        lambda: Problem.parse(taken, "mine", "mine.toml"), "mine.toml: Argument `parameters` must be names that are"
    )


@pytest.mark.slow
def test_the_command_line(run: Callable[..., Done]) -> None:
    done = run("compare", "mine.toml", "--out", "out")
    assert (done.status, done.err) == (0, "")
    assert "ad*a; the errors are estimates" in done.out and "(1)*x**2; the errors are estimates" in done.out
    assert Path("out/observables.png").stat().st_size > 10_000
    assert load("out/comparison.nc").sizes["observable"] == 2
    done = run("compare", "mine.toml", "--observable", "tanh(x)", "--json")
    (found,) = json.loads(done.out)["observables"]
    assert (found["observable"], found["kind"]) == ("tanh(x)", "bound")
    assert len(found["difference"]) == 2
    assert run("compare", "mine.toml", "--observable", "a").status == 2


def test_certify_takes_those_of_the_problem(run: Callable[..., Done]) -> None:
    text = PROBLEM.replace('hamiltonian_operator = "K*ad**2*a**2/2"', 'hamiltonian_operator = "K*ad*a"')
    Path("mine.toml").write_text(text)
    done = run("certify", "mine.toml", "--order", "1", "--json")
    assert (done.status, done.err) == (0, "")
    assert [one["observable"] for one in json.loads(done.out)["observables"]] == ["ad*a", "(1)*x**2"]


# --- what a comparison prints


def test_means_stand_beside_the_distances() -> None:
    printed = str(compared())
    assert "largest differences: <x> 0.0" in printed and "ad*a at most" in printed
    assert "means; the errors are estimates" in printed
    shown = repr(compared())
    assert "largest differences: <x> 0.0" in shown and len(shown.splitlines()) < 24
    assert "largest differences" in compared()._repr_html_()
    true = np.sqrt(2) * field(np.array(TIMES[1:]))
    means = np.array([true.real, true.imag]).T
    assert (np.abs(compared().mean - means) <= compared().mean_error).all()
    assert compared().mean_error.max() < 1e-2
    assert len(compared().as_dict()["mean_x_classical_error"]) == 2
    assert compared().to_xarray(symbols=False)["mean_error"].dims == ("time", "coordinate")
