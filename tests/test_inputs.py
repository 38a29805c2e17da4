"""Values of a wrong kind or size: refused in one line, or taken for what they are, before they reach the numerics."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import openweyl
import systems
from common import Done, invoke, refused
from openweyl import (
    Observable,
    PhaseGrid,
    ResourceError,
    Symbol,
    System,
    cat,
    certify,
    check_assumptions,
    coherent,
    evolve,
    from_fock,
    gaussian,
    mixture,
    plot,
    quantize,
    squeezed,
    trace_norm,
)
from openweyl._core.arguments import MAX_SCALE, MIN_SCALE, moderate, real, times, whole
from openweyl.analysis.certificate import Certificate, paper_bound
from openweyl.analysis.compare import compare
from openweyl.cli import options
from openweyl.phase_space.grid_size import check_fits
from openweyl.problems.problem import Problem
from openweyl.report import folder, save
from openweyl.theory import stretching

pytestmark = pytest.mark.usefixtures("states_measured_once")

PENDULUM = systems.PENDULUM.replace(h=0.1)
GRID = PhaseGrid.box(h=0.1, x=(-3, 3), xi=(-3, 3), size=(32, 32))
W = coherent(0, 0).symbol(GRID)
FILE = """\
[system]
hamiltonian = "xi**2/2 + x**2/2"
jumps = ["x", "xi"]
h = {h}
gamma = {gamma}
[state]
kind = "coherent"
x = {x}
xi = 0.0
[run]
times = [0.0, 0.5]
tol = 1e-3
"""
Run = Callable[..., Done]


def box(**changes: Any) -> PhaseGrid:
    given: dict[str, Any] = {"h": 0.1, "x": (-3, 3), "xi": (-3, 3), "size": (32, 32)}
    return PhaseGrid.box(**given | changes)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    return partial(invoke, monkeypatch, capsys)


# --- one range for numbers ---


@pytest.mark.parametrize("size", [MIN_SCALE, 0.1, MAX_SCALE])
def test_moderate_numbers(size: float) -> None:
    assert moderate("h", size, above=0.0) == moderate("gamma", size, low=0.0) == size
    assert moderate("x", -size) == -size
    assert moderate("gamma", 0, low=0.0) == 0.0 and moderate("x", 1e-300) == 1e-300


@pytest.mark.parametrize("size", [1e-41, 1e-300, 1e41, 1e300])
def test_scales_far_from_one(size: float) -> None:
    refused(lambda: moderate("h", size, above=0.0), "Argument `h` must lie between 1e-40 and 1e+40")
    refused(lambda: System("x**2", ["x"], h=size, gamma=1), "Argument `h` must lie between 1e-40 and 1e+40")
    refused(
        lambda: System("x**2", ["x"], h=1, gamma=size), "Argument `gamma` must be 0, or lie between 1e-40 and 1e+40"
    )
    refused(lambda: PENDULUM.replace(h=size), "Argument `h` must lie between")
    refused(lambda: Problem.load("harmonic").replace(gamma=size), "Argument `gamma` must be 0, or lie between")
    refused(lambda: box(h=size), "Argument `h` must lie between")
    refused(lambda: from_fock([1, 0], size), "Argument `h` must lie between")
    refused(lambda: coherent(0, 0).grid(size, 1e-6), "Argument `h` must lie between")


@pytest.mark.parametrize(
    ("numbers", "what"),
    [
        ({"h": "1e-300"}, "Argument `h` must lie between 1e-40 and 1e+40, but is 1e-300."),
        ({"gamma": "1e-300"}, "Argument `gamma` must be 0, or lie between 1e-40 and 1e+40, but is 1e-300."),
        ({"gamma": "1e300"}, "Argument `system.gamma` must be at most 1e+40 in size, but is 1e+300."),
        ({"x": "1e300"}, "Argument `state.x` must be at most 1e+40 in size, but is 1e+300."),
        ({"x": "1e9", "h": "1e-12"}, "Argument `state` must lie within 1e+10 standard deviations of the origin"),
        ({"x": "1", "h": "1e-40"}, "Argument `state` must lie within 1e+10 standard deviations of the origin"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("command", ["compare", "check", "certify"])
def test_numbers_in_files_far_from_one(run: Run, command: str, numbers: dict[str, str], what: str) -> None:
    Path("mine.toml").write_text(FILE.format(**{"h": "0.25", "gamma": "1.0", "x": "0.5"} | numbers))
    status, out, err = run(command, "mine.toml")
    assert (status, out) == (2, "") and what in err and err.count("\n") == 1


@pytest.mark.parametrize(("h", "gamma"), [(0.1, 1e-40), (1e-40, 1e40), (1e40, 1.0), (1e-40, 1.0), (0.1, 0.0)])
def test_numbers_at_the_ends_of_their_range_are_checked(h: float, gamma: float) -> None:
    found = check_assumptions(System("xi**2/2 + x**2/2", ["x", "xi"], h=h, gamma=gamma), coherent(0, 0), [0.5])
    json.dumps(found.as_dict(), allow_nan=False)
    assert str(found)


def test_the_bounds_of_real_are_in_every_message() -> None:
    refused(lambda: real("h", "a", low=0.0), "Argument `h` must be a finite number >= 0, but is a.")
    refused(lambda: real("h", -1, low=0.0, above=0.0), "Argument `h` must be >= 0 and > 0, but is -1.")
    refused(lambda: real("h", 0, low=0.0, above=0.0), "Argument `h` must be >= 0 and > 0, but is 0.")
    refused(lambda: times([np.arange(2.0)]), "Argument `times` must be a finite number, but is an array of shape (2,).")


def test_whole_numbers() -> None:
    assert whole("n", np.int64(3), 1, 3) == 3
    for bad in (0, 4, 2.0, True, "2", None):
        refused(lambda bad=bad: whole("n", bad, 1, 3), "Argument `n` must be a whole number from 1 to 3")


# --- grids and symbols ---


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"h": -1}, "`h` must be > 0, but is -1."),
        ({"h": "1"}, "`h` must be a finite number > 0"),
        ({"size": (0, 32)}, "`size` must be a whole number from 2 to 1000000000, but is 0."),
        ({"size": (32, 2.5)}, "`size` must be a whole number"),
        ({"size": 32}, "`size` must be two whole numbers, for x and for xi, but is 32."),
        ({"size": (32, 32, 32)}, "`size` must be two whole numbers"),
        ({"x": (3, -3)}, "`x` must have lower < upper, but is [3, -3]."),
        ({"xi": (1, 1)}, "`xi` must have lower < upper"),
        ({"x": 3}, "`x` must be an interval (lower, upper), or a list of such, but is 3."),
        ({"x": (1, 2, 3)}, "`x` must be an interval"),
        ({"x": []}, "`x` must be an interval"),
        ({"x": [[-3, 3], [1]]}, "`x` must be an interval"),
        ({"x": [(-3, 3), 1]}, "`x` must be an interval"),
        ({"x": "ab"}, "`x` must be an interval"),
        ({"x": (-3, "3")}, "`x` must be a finite number"),
        ({"x": (-3, float("inf"))}, "`x` must be a finite number"),
        ({"x": [(-3, 3), (-3, 3)]}, "`xi` must have as many intervals as x (2), but is 1."),
        ({"x": (1e12, 1e12 + 1)}, "`x` must lie within 1e+10 points of its grid of the origin"),
    ],
    ids=str,
)
def test_boxes(change: dict[str, Any], what: str) -> None:
    refused(lambda: box(**change), f"Argument {what}")


@pytest.mark.parametrize("x", [[-3, 3], (-3, 3), np.array([-3.0, 3.0]), [(-3, 3)], [[-3, 3]], np.array([[-3, 3]])])
def test_an_interval_may_be_written_in_several_ways(x: Any) -> None:
    assert box(x=x) == GRID and box(size=np.array([32, 32])) == GRID


VALUES = [
    ("W", "`values` must be an array of numbers, but is W."),
    ([[1.0], [1.0, 2.0]], "`values` must be an array of numbers"),
    (None, "`values` must be an array of numbers, but is None."),
    (1.0, "`values` must have the grid's shape (32, 32), but is ()."),
    (W.values[:5], "`values` must have the grid's shape (32, 32), but is (5, 32)."),
    (np.full(GRID.shape, "a"), "`values` must be an array of numbers"),
    (np.full(GRID.shape, None), "`values` must be an array of numbers"),
    (W.values * float("nan"), "`values` must be finite"),
    (W.values + np.inf, "`values` must be finite"),
]


@pytest.mark.parametrize(("value", "what"), VALUES)
def test_what_are_no_values_of_a_symbol(value: Any, what: str) -> None:
    refused(lambda: Symbol(value, GRID), f"Argument {what}")


def test_a_complex_symbol_is_that_of_no_state() -> None:
    refused((W * 1j).fock, "Argument `symbol` must be real, but is complex.")


def test_symbols_of_other_kinds_are_taken_for_what_they_are() -> None:
    expected, leakage = W.fock(tol=1e-6)
    for same in (W.values + 0j, W.values.tolist(), np.asfortranarray(W.values)):
        symbol = Symbol(same, GRID)
        assert np.array_equal(symbol.values, W.values)
        if symbol.values.dtype.kind != "c":
            found, lost = symbol.fock(tol=1e-6)
            assert np.abs(found - expected).max() < 1e-14 and lost == pytest.approx(leakage, abs=1e-12)
    ones = np.ones(GRID.shape, dtype=int)
    whole, real_ = (quantize(Symbol(values, GRID)).matrix for values in (ones, ones.astype(float)))
    assert np.array_equal(whole, real_)


def test_a_grid_beyond_the_memory() -> None:
    check_fits(GRID, 2**22, "take less", limit=2**32)
    text = "The symbol needs a grid of 32 x 32 points, about 8 GiB, but the limit is 4 GiB: take less."
    refused(lambda: check_fits(GRID, 2**23, "take less", limit=2**32), text, ResourceError)
    far = cat([(1000, 1000), (-1000, 0)])
    refused(lambda: check_assumptions(PENDULUM.replace(h=1e-6), far), "The symbol needs a grid of", ResourceError)


# --- states, observables, systems ---


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: cat([(1,)]), "`components` must be a list of pairs (x, xi), but is [(1,)]."),
        (lambda: cat([1, 2]), "`components` must be a list of pairs (x, xi), but is [1, 2]."),
        (lambda: cat(None), "`components` must be a list of pairs (x, xi), but is None."),
        (lambda: cat([]), "`components` must hold at least one pair (x, xi), but is []."),
        (lambda: cat([(0, 0), ([0, 0], [0, 0])]), "`components` must have one number of coordinates"),
        (lambda: cat([(1, 0)], ["a"]), "`amplitudes` must be numbers, but is ['a']."),
        (lambda: cat([(1, 0)], ["1"]), "`amplitudes` must be numbers, but is ['1']."),
        (lambda: cat([(1, 0)], [[1]]), "`amplitudes` must be numbers"),
        (lambda: cat([(1, 0)], 1), "`amplitudes` must be a list of numbers, but is 1."),
        (lambda: cat([(1, 0)], [1, 2]), "`amplitudes` must be one number for each component, but is [1, 2]."),
        (lambda: cat([(1, 0)], [0]), "`amplitudes` must be nonzero for at least one component, but is [0]."),
        (lambda: cat([(1, 0)], [complex(0, float("nan"))]), "`amplitudes` must be a finite number"),
        (lambda: mixture([(1, "a")]), "`members` must hold pairs (weight, state), but is a."),
        (lambda: mixture([coherent(0, 0)]), "`members` must be a list of pairs (weight, state)"),
        (lambda: mixture(None), "`members` must be a list of pairs (weight, state), but is None."),
        (lambda: mixture([]), "`members` must hold at least one pair (weight, state), but is []."),
        (lambda: gaussian(0, 0, [[1], [0, 1]]), "`covariance` must be a 2 x 2 matrix of numbers"),
        (lambda: gaussian(0, 0, 1), "`covariance` must be a 2 x 2 matrix of numbers, but is 1."),
        (lambda: gaussian(0, 0, [["a", 0], [0, 1]]), "`covariance` must be a finite number"),
        (lambda: gaussian(0, 0, [[1e300, 0], [0, 1]]), "`covariance` must lie between"),
        (lambda: coherent(1e41, 0), "`x` must be at most 1e+40 in size"),
        (lambda: squeezed(0, 0, r=0.1, angle="a"), "`angle` must be a finite number"),
        (lambda: coherent(0, 0).grid(0.1, 0), "`level` must be > 0"),
        (lambda: coherent(0, 0).grid(0.1, 2), "`level` must be < 1"),
        (lambda: coherent([0, 0], [0, 0]).symbol(GRID), "`grid` must have n = 2 degrees of freedom, as the state"),
        (lambda: coherent(1e9, 0).grid(1e-12, 1e-6), "`state` must lie within 1e+10 standard deviations"),
        (lambda: Observable.parse(None, 1), "`observable` must be text, but is None."),
        (lambda: Observable.parse("tanh(x)", 0), "`n` must be a whole number from 1 to 100, but is 0."),
        (lambda: Observable.parse("tanh(x)", "1"), "`n` must be a whole number from 1 to 100, but is 1."),
        (
            lambda: PENDULUM.replace(foo=1),
            "`foo` must be one that System.replace takes, but is not. It takes hamiltonian,",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_states_observables_and_systems(make: Callable[[], object], what: str) -> None:
    refused(make, f"Argument {what}")


def test_amplitudes_that_cancel() -> None:
    state = cat([(0, 0), (0, 0)], [1, -1])
    refused(
        lambda: state.symbol(GRID),
        "Argument `amplitudes` must not cancel each other, but is so that a trace of 0 is left.",
    )


def test_problems_take_no_other_numbers() -> None:
    what = (
        "Argument `foo` must be one that Problem.replace takes, but is not. It takes h, gamma, times, tol, parameters."
    )
    refused(lambda: Problem.load("harmonic").replace(foo=1), what)  # type: ignore[call-arg]


def test_what_holds_arrays_is_equal_to_itself_alone() -> None:
    one, two = (certify(PENDULUM, coherent(0, 0), [0.1], order=2, tol=1e-2) for _ in range(2))
    for first, second in ((one, two), (one.solution, two.solution), (quantize(W), quantize(W))):
        assert first == first and first != second  # noqa: PLR0124
        assert len({first, second}) == 2
    observable = Observable.parse("tanh(x)", 1)
    assert one.expectation(observable) != two.expectation(observable)


# --- assumptions ---


@pytest.mark.parametrize(
    ("hamiltonian", "x"), [("exp(x) + xi**2", 800.0), ("xi**2/2 - x**64", 1e5), ("exp(exp(x))", 20.0)]
)
def test_orbits_beyond_double_precision(hamiltonian: str, x: float) -> None:
    found = check_assumptions(System(hamiltonian, ["x", "xi"], h=0.1, gamma=1), coherent(x, 0))
    assert (found.lyapunov, found.ehrenfest_time) == (np.inf, 0.0)
    json.dumps(found.as_dict(), allow_nan=False)


def test_fast_orbits_are_followed_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    calls, evaluate = [], stretching.evaluate
    monkeypatch.setattr(stretching, "evaluate", lambda *given: calls.append(0) or evaluate(*given))
    monkeypatch.setattr(stretching, "MAX_EVALUATIONS", 500)
    system = System("xi**2/2 + 10**12*x**2/2", ["x", "xi"], h=1e-20, gamma=1)
    check_assumptions(system, coherent(0, 0))
    assert len(calls) < 6 * 600  # two slopes and four second derivatives each time


@pytest.mark.parametrize(
    ("jumps", "holds", "c"),
    [
        (["1e-7*x", "1e-7*xi"], True, 1e-14),
        (["x", "1e-7*xi"], True, 1e-14),
        (["1e-7*(x + xi)", "2e-7*(x + xi)"], False, 0.0),
        (["1e-4*x + 1e-4*sqrt(1 + x**2 + xi**2)/2", "1e-4*xi"], True, 2.5e-9),
        (["exp(x)", "exp(xi)"], False, None),
    ],
    ids=str,
)
def test_ellipticity_has_no_scale(jumps: list[str], holds: bool, c: float | None) -> None:
    found = check_assumptions(System("xi**2/2", jumps, h=0.1, gamma=1.0))
    line = next(line for line in found.lines if line.name == "(1.6)")
    assert line.holds == holds
    assert line.value == (None if c is None else pytest.approx(c, rel=1e-3))


# --- certificates and pictures ---


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    return certify(PENDULUM, coherent(0.5, 0), [0.0, 0.25, 0.5], order=2, tol=1e-3)


def drawn(dataset: Any, paper: np.ndarray | None = None) -> tuple[Any, dict[str, Any]]:
    """The axes of the certificate's picture, and its lines by their labels."""
    axes = plot.certificate_figure(dataset, None, paper).axes[0]
    return axes, {line.get_label(): line for line in axes.get_lines()}


@pytest.mark.parametrize("gamma", [0.0, 0.99, 10.1, 1e-40])
def test_the_bound_of_li_has_a_range(certificate: Certificate, gamma: float) -> None:
    """(1.10) is stated for h^0 <= gamma <= h^-1."""
    outside = certify(PENDULUM.replace(gamma=gamma), coherent(0, 0), [0.1], order=2, tol=1e-2)
    bound = paper_bound(outside)
    assert np.isnan(bound).all()
    assert not any("1.10" in label for label in drawn(outside.to_xarray(), bound)[1])
    inside = paper_bound(certificate)
    assert np.isfinite(inside).all() and any("1.10" in label for label in drawn(certificate.to_xarray(), inside)[1])


def test_small_distances_are_drawn_where_they_are(certificate: Certificate) -> None:
    dataset = certificate.to_xarray().copy(deep=True)
    dataset["distance_estimate"].values[:] = [0.0, 1e-9, 0.5]
    dataset["certificate"].values[:] = [0.0, 0.0, 0.25]
    dataset["distance_upper"].values[:] = [0.0, 1e-8, 1.0]
    axes, lines = drawn(dataset)
    assert lines["estimate"].get_ydata().tolist() == [1e-9, 0.5]
    bound = lines["$B_{2}$"].get_ydata()
    assert np.isnan(bound[0]) and bound[1] == 0.25  # zero has no place on a logarithmic axis
    assert 1e-4 < axes.get_ylim()[0] < 1e-3


def test_a_single_time_is_seen(certificate: Certificate) -> None:
    axes, lines = drawn(certificate.to_xarray().isel(time=[0, 2]), paper_bound(certificate)[[0, 2]])
    assert all(line.get_marker() not in ("", "None") for line in lines.values())
    assert [bar.get_linewidth()[0] > 4 for bar in axes.collections] == [True]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot.certificate_figure(certificate.to_xarray().isel(time=[0])).canvas.draw()  # nothing to show


@pytest.mark.parametrize(("wide", "height"), [(1.0, 4.0), (8.0, 2.5)])
def test_wide_symbols_get_a_wide_picture(wide: float, height: float) -> None:
    grid = PhaseGrid.box(h=0.1, x=(-3 * wide, 3 * wide), xi=(-3, 3), size=(60, 60))
    x, xi = grid.x[0].points, grid.xi[0].points
    w = Symbol(np.exp(-((x[:, None] / wide) ** 2) - xi**2), grid)
    assert plot.phase_portraits(w, w).get_size_inches()[1] == pytest.approx(height, abs=0.5)


# --- the command line ---


def test_memory_that_runs_out(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise MemoryError

    for name, command in (("check_assumptions", "check"), ("compare", "compare")):
        monkeypatch.setattr(openweyl, name, fails)
        status, out, err = run(command, "harmonic", "--json")
        assert (status, out) == (2, "") and err.startswith("openweyl: The run needs more memory than there is:")
        assert err.count("\n") == 1


@pytest.mark.parametrize("command", ["compare", "certify", "check"])
def test_powers_and_ranges(run: Run, command: str) -> None:
    options = ("--h", "2^-3", "--gamma", "2^0", "--times", "0:0.2:3")
    tolerance = () if command == "check" else ("--tol", "10^-2")
    status, out, _ = run(command, "harmonic", "--json", *options, *tolerance)
    assert status == 0
    found = json.loads(out)
    assert (found["system"]["h"], found["system"]["gamma"]) == (0.125, 1.0)
    if command != "check":
        assert found["times"] == [0.0, 0.1, 0.2]
    status, _, err = run(command, "harmonic", "--times", "2:1:3")
    assert status == 2 and "Argument `times` must have lower < upper" in err


@pytest.mark.parametrize("args", [["compare", "harmonic", "-h", "0.1"], ["check", "-h"], ["-h"]])
def test_help_is_not_h(run: Run, args: list[str]) -> None:
    status, out, err = run(*args)
    assert (status, out) == (2, "")
    assert err.startswith("openweyl: No such option")
    assert err.endswith(" Write --h for the semiclassical parameter. See openweyl --help.\n")


@pytest.mark.parametrize("number", ["x", "2", "", "1.5", "nan"])
def test_the_number_of_a_figure(run: Run, number: str) -> None:
    status, _, err = run("figure", number)
    assert status == 2 and f"Argument `number` must be 1, but is {number or 'empty'}." in err


@pytest.mark.parametrize("name", ["", " "])
def test_an_empty_name(run: Run, name: str) -> None:
    status, _, err = run("compare", name)
    assert status == 2 and "Argument `problem` must be a built-in name or a TOML file, but is empty." in err


@pytest.mark.slow
def test_symbols_too_large_for_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    result = compare(PENDULUM, coherent(0, 0), [0.1], tol=1e-2)
    for limit, files in ((10**9, 3), (100, 2)):
        monkeypatch.setattr(folder, "MAX_SYMBOL_BYTES", limit)
        assert len(save(result, tmp_path)) == files
        options.note_on_size(result)
    assert "are left out of the dataset" in capsys.readouterr().err


def test_a_run_can_be_compared_with_another() -> None:
    one, two = (evolve(PENDULUM, coherent(0, 0), [0.1], tol=1e-2) for _ in range(2))
    assert one != two
    first, second = (compare(PENDULUM, coherent(0, 0), [0.1], tol=1e-2) for _ in range(2))
    assert first != second


@pytest.mark.parametrize("call", [trace_norm, quantize, Observable.parse("tanh(x)", 1).value])
def test_what_is_no_symbol(call: Callable[..., Any]) -> None:
    for bad in (W.values, W.values[:5], "a", None):
        refused(lambda bad=bad: call(bad), "Argument `")  # type: ignore[misc]
    call(W)


@pytest.mark.parametrize("call", [Symbol.moments, Symbol.l1, Symbol.trace_norm])
def test_what_must_be_one_real_symbol(call: Callable[..., Any]) -> None:
    refused(lambda: call(W * 1j), "Argument `symbol` must be real")
    refused(lambda: call(Symbol(np.stack([W.values] * 2), GRID)), "Argument `symbol` must be one")
    call(W)


def test_moments_of_nothing() -> None:
    refused((W * 0.0).moments, "Argument `symbol` must be of nonzero trace")


@pytest.mark.parametrize("call", [evolve, compare, certify, check_assumptions])
def test_what_is_no_system_and_no_state(call: Callable[..., Any]) -> None:
    refused(lambda: call("x", coherent(0, 0), [0.1]), "Argument `system` must be a System, but is x.")
    refused(lambda: call(PENDULUM, "y", [0.1]), "Argument `state` must be a state, such as coherent(x, xi), but is y.")
    refused(lambda: call(PENDULUM, coherent([0, 0], [0, 0]), [0.1]), "Argument `state` must have n = 1 degrees")


@pytest.mark.parametrize(
    ("every", "what"), [(0.0, "be > 0"), (-1.0, "be > 0"), (float("nan"), "be a number > 0"), (1e-9, "be >= 1e-07")]
)
def test_how_often_to_watch(every: float, what: str) -> None:
    run = lambda: evolve(PENDULUM, coherent(0, 0), [0.1], watch_every=every)  # noqa: E731
    refused(run, f"Argument `watch_every` must {what}")
