"""Certificates enclose the true distance, corrections solve their equations, and nonsense is refused."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import systems
from common import ROWS, STEPPED, refused, row_state, row_system
from openweyl import (
    Certificate,
    Enclosure,
    Observable,
    PhaseGrid,
    Solution,
    Symbol,
    System,
    certify,
    cli,
    coherent,
    evolve,
)
from openweyl.analysis.rate_integral import RateIntegral, residual
from openweyl.evolution.schemes import CHIN
from openweyl.evolution.stepper import Stepper
from openweyl.generators.generator import fokker_planck
from openweyl.norms.dense import dense_trace_norm
from openweyl.norms.trace_norm import enclosure
from openweyl.phase_space.grid_size import common_grid
from openweyl.problems.problem import Problem
from openweyl.problems.texts import problems
from systems import HARMONIC, PENDULUM

TOL, PRINTED = 1e-5, 1e-6
DOUBLE_WELL = systems.DOUBLE_WELL.replace(h=2.0**-5)
WELLS = [pytest.param(DOUBLE_WELL, id="double-well", marks=pytest.mark.slow), pytest.param(PENDULUM, id="pendulum")]
START = coherent(1.0, 0.0)


@cache
def quantum(system: System, t: float) -> Solution:
    return evolve(system, START, [t], kind="quantum", tol=TOL)


@cache
def certified(system: System, t: float, order: int) -> Certificate:
    return certify(system, START, [t], order=order, tol=TOL)


def partial_sum(b: Symbol, terms: int) -> Symbol:
    """a_N = b_0 + ... + b_{N-1} for N = `terms`."""
    return b.like(b.values[:terms].sum(axis=0)) if b.batch else b


def error_of(true: Solution, certificate: Certificate, terms: int) -> tuple[float, float]:
    """Bounds of ||A - Op(a_terms)||_tr at the last time, from the computed symbols."""
    difference = true.final - partial_sum(certificate.solution.final, terms)
    if difference.n > 1:
        return enclosure(difference, rtol=1e-2, negligible=1e-2 * certificate.tol)
    value = dense_trace_norm(difference)  # of noise too
    return value, value


def check(certificate: Certificate, true: Solution) -> None:
    """B_N above the true error of a_N, and the enclosure around that of a_1; up to the quantum run's own error."""
    slack = true.numerics.error[-1]
    assert error_of(true, certificate, certificate.order)[0] - slack <= certificate.bound[-1]
    lower, upper = error_of(true, certificate, 1)
    assert certificate.distance_lower[-1] <= upper + slack
    assert lower - slack <= certificate.distance_upper[-1]


def orders(quick: tuple[int, ...], slow: tuple[int, ...]) -> list[object]:
    return [*quick, *(pytest.param(n, marks=pytest.mark.slow) for n in slow)]


QUICK_ROWS = {0, 5, 9}
"""Rows of the table for the quick tests: small and large h, weak and strong environments."""


@cache
def row_run(index: int) -> Solution:
    return evolve(row_system(index), row_state(index), [ROWS[index]["t"]], kind="quantum", tol=TOL)


@pytest.mark.parametrize(
    ("index", "order"),
    [
        pytest.param(i, n, marks=() if i in QUICK_ROWS and n <= 1 + (i == 0) else pytest.mark.slow)
        for i in range(len(ROWS))
        for n in range(1, 6)
        if n < 2 or ROWS[i]["gamma"] >= 1  # B_2 = 30 where gamma = 0.1 says nothing: see test_what_always_holds
    ],
)
def test_table(index: int, order: int) -> None:
    """The printed distances of a separate code lie in the enclosures, and B_N bounds the error of a_N."""
    row, true = ROWS[index], row_run(index)
    found = certify(true.system, row_state(index), [row["t"]], order=order, tol=10 * TOL)
    assert found.distance_lower[0] <= row["trace_norm"] + PRINTED
    assert row["trace_norm"] - PRINTED <= found.distance_upper[0]
    assert found.solver_error[0] < 30 * TOL
    check(found, true)


@pytest.mark.parametrize("order", orders((1,), (2, 3, 4, 5)))
@pytest.mark.parametrize("system", [DOUBLE_WELL, PENDULUM], ids=["double-well", "pendulum"])
def test_bound_and_enclosure(system: System, order: int) -> None:
    check(certified(system, 1.0, order), quantum(system, 1.0))


@pytest.mark.slow
def test_bounds_are_no_larger_than_they_must_be() -> None:
    """A bound of 2 always holds: these are sharp enough to be of use, and sharper with the order."""
    found = [certified(DOUBLE_WELL, 1.0, n) for n in (1, 2, 3)]
    bounds = [float(c.bound[0]) for c in found]
    true = [error_of(quantum(DOUBLE_WELL, 1.0), found[2], n)[1] for n in (1, 2, 3)]
    assert bounds[0] > 2 * bounds[1] > 4 * bounds[2]
    assert all(bound < 30 * error for bound, error in zip(bounds[:2], true, strict=False))
    assert found[2].distance_lower[0] > 0.3 * true[0]


@pytest.mark.slow
@pytest.mark.parametrize("gamma", [0.1, 1.0, 4.0])
@pytest.mark.parametrize("name", [name for name in problems() if Problem.load(name).system.n == 1])
def test_built_in_problems(name: str, gamma: float) -> None:
    problem = Problem.load(name)
    system = problem.system.replace(gamma=0.0 if name.endswith("closed") else gamma, h=2.0**-5)
    t = 0.25 if system.gamma >= 1 else 0.1
    true = evolve(system, problem.state, [t], kind="quantum", tol=1e-3)
    for order in range(1, 6):
        check(certify(system, problem.state, [t], order=order, tol=1e-3), true)


@pytest.mark.slow
def test_what_always_holds() -> None:
    """A weak environment: B_N passes 2, the distance does not, nor do the values of observables."""
    system = DOUBLE_WELL.replace(gamma=0.1, h=2.0**-4)
    true = evolve(system, START, [1.0], kind="quantum", tol=1e-4)
    found = certify(system, START, [0.3, 1.0], order=2, tol=1e-4)
    assert found.bound[1] > 2
    assert found.distance_upper[0] == found.estimate[0] + found.bound[0]
    a = found.solution[1][0]
    assert 2 <= found.distance_upper[1] == pytest.approx(1 + dense_trace_norm(a), rel=0.03)
    check(found, true)
    values = found.expectation(Observable.parse("tanh(x)", 1))
    assert values.classical_error[1] < 3
    assert values.corrected_error[1] < abs(values.corrected[1] - values.classical[1]) + 3


@pytest.mark.slow
@pytest.mark.parametrize(("gamma", "orders"), [(0.1, (1,)), (4.0, (1, 2))])
def test_two_degrees_of_freedom(gamma: float, orders: tuple[int, ...]) -> None:
    problem = Problem.load("henon-heiles")
    system = problem.system.replace(h=0.5, gamma=gamma)
    true = evolve(system, problem.state, [0.05], kind="quantum", tol=5e-2)
    for order in orders:
        check(certify(system, problem.state, [0.05], order=order, tol=5e-2), true)


def test_time_zero() -> None:
    """Nothing but what the first grid leaves out."""
    found = certify(DOUBLE_WELL, START, [0.0], order=3)
    assert found.bound[0] == found.distance_upper[0] == found.solver_error[0] <= 2e-2 * found.tol
    several = certify(DOUBLE_WELL, START, [0.0, 0.2], order=2, tol=1e-4)
    assert several.bound[0] == several.solver_error[0] <= 2e-2 * several.tol < several.bound[1]


@pytest.mark.slow
def test_bounds_grow_with_time() -> None:
    found = certify(DOUBLE_WELL, START, [0.1, 0.25, 0.5], order=2, tol=1e-4)
    assert np.all(np.diff(found.bound) > 0)
    alone = certify(DOUBLE_WELL, START, [0.25], order=2, tol=1e-4)
    difference = abs(found.bound[1] - alone.bound[0])
    assert difference <= found.quadrature_error[1] + alone.quadrature_error[0] + 1e-4 + 0.02 * alone.bound[0]


def test_coarse_steps_end() -> None:
    """A tolerance so loose that the solver's steps are longer than the nodes of the integral want."""
    found = certify(HARMONIC.replace(hamiltonian="xi**2/2 + x**2/2 + cos(x)/10"), START, [3.0], order=1, tol=0.1)
    true = evolve(found.system, START, [3.0], kind="quantum", tol=1e-4)
    check(found, true)


@pytest.mark.slow
def test_first_term_is_the_classical_run() -> None:
    plain = evolve(DOUBLE_WELL, START, [0.5], kind="classical", tol=TOL)
    found = certified(DOUBLE_WELL, 0.5, 3).solution
    assert (found.final[0] - plain.final).l1(1e-3).value < 2 * TOL


@pytest.mark.slow
def test_corrections_have_no_trace() -> None:
    found = certified(DOUBLE_WELL, 0.5, 4).solution
    b = found[0]
    assert float(b[0].trace()) == pytest.approx(1, abs=TOL)
    for term in list(b)[1:]:
        assert abs(float(term.trace())) < TOL
        assert term.l1(1e-3).value > 10 * TOL


@pytest.mark.parametrize(
    ("system", "t", "steps", "order", "tol"),
    [
        pytest.param(DOUBLE_WELL, 0.4, (0.02, 0.01), 4, 1e-7, id="double-well", marks=pytest.mark.slow),
        pytest.param(PENDULUM, 0.4, (0.02, 0.01), 4, 1e-7, id="pendulum", marks=pytest.mark.slow),
        pytest.param(PENDULUM.replace(h=0.25), 0.2, (0.08, 0.04), 3, 1e-5, id="pendulum, large h"),
    ],
)
def test_hierarchy(system: System, t: float, steps: tuple[float, float], order: int, tol: float) -> None:
    """d_t b_j = Q b_j + (L - Q) b_{j-1}, with the flow of Q over a short time and the residual's trapezoid:

    b_j(t + d) = e^{dQ} b_j(t) + (d/2) [e^{dQ} (L - Q) b_{j-1}(t) + (L - Q) b_{j-1}(t + d)] + O(d^3).
    """
    errors = []
    for d in steps:
        series = evolve(system, START, [t, t + d], kind="classical", order=order, tol=tol)
        grid = roomy(common_grid([b.grid for b in series]))
        before, after = (b.resampled(grid) for b in series)
        stepper = Stepper(fokker_planck(system, grid), CHIN, d / 4, growth=1.0)
        for j in range(1, order):
            start = before[j] + d / 2 * residual(system, before[j - 1])
            forced = start.like(stepper.run(start.values.copy(), 4))
            defect = after[j] - forced - d / 2 * residual(system, after[j - 1])
            errors.append(defect.l1(1e-3).value / (d * residual(system, after[j - 1])).l1(1e-3).value)
    coarse, fine = max(errors[: order - 1]), max(errors[order - 1 :])
    assert coarse < 0.02
    assert fine < 0.35 * coarse  # second order in d, relative to d (L - Q) b


def roomy(grid: PhaseGrid) -> PhaseGrid:
    intervals = [(a.lower - 0.25 * a.length, a.upper + 0.25 * a.length) for a in (*grid.x, *grid.xi)]
    size = (3 * grid.shape[0] // 2, 3 * grid.shape[1] // 2)
    return PhaseGrid.box(h=grid.h, x=intervals[0], xi=intervals[1], size=size)


@pytest.mark.parametrize(("t", "order", "tol"), [(0.05, 4, 1e-4), pytest.param(0.1, 8, TOL, marks=pytest.mark.slow)])
def test_series_converges(t: float, order: int, tol: float) -> None:
    """At a short time a few orders, and at a longer one many, reach the quantum symbol."""
    true = evolve(DOUBLE_WELL, START, [t], kind="quantum", tol=tol)
    series = evolve(DOUBLE_WELL, START, [t], kind="classical", order=order, tol=tol)
    errors = [(true.final - partial_sum(series.final, n)).l1(1e-3).value for n in range(1, order + 1)]
    assert errors[0] > 1e-3
    assert errors[-1] < 3 * tol
    assert all(later < max(0.7 * sooner, 3 * tol) for sooner, later in pairwise(errors))


def test_quadratic() -> None:
    """Quantum = classical: nothing to correct, and a bound at the level of the solver's error."""
    harmonic = HARMONIC.replace(hamiltonian=f"{HARMONIC.hamiltonian}{STEPPED}")
    found = certify(harmonic, START, [1.0], order=4, tol=1e-7)
    assert found.solution.numerics.steps > 0
    assert np.abs(found.solution[0].values[1:]).max() < 1e-9
    assert found.distance_upper[0] < 3e-7
    assert "target" in certify(harmonic, START, [1.0], target=1e-6, tol=1e-7).reason


@pytest.mark.parametrize("order", [0, -1, 13, 1.5, True, "2", float("nan")])
def test_orders_refused(order: object) -> None:
    for call in (lambda: evolve(HARMONIC, START, [0.1], kind="classical", order=order), lambda: bad(order=order)):
        refused(call, "Argument `order` must ")


def bad(**arguments: object) -> Certificate:
    return certify(HARMONIC, START, [0.1], **arguments)  # type: ignore[arg-type]


def test_no_corrections_of_the_quantum_run() -> None:
    refused(lambda: evolve(HARMONIC, START, [0.1], kind="quantum", order=2), "Argument `order` must ")


@pytest.mark.parametrize("target", [0, -1.0, float("nan"), float("inf"), "1", True])
def test_targets_refused(target: object) -> None:
    refused(lambda: bad(target=target), "Argument `target` must ")


def test_order_and_target_together() -> None:
    refused(lambda: bad(order=2, target=0.1), "Argument `order` must ")


@pytest.mark.slow
@pytest.mark.parametrize("tol", [1e-4, 1e-6])
def test_quadrature(tol: float) -> None:
    """Nodes of the integral in other places, many of them: the same within the error reported for few."""
    few = certify(DOUBLE_WELL, START, [0.5], order=2, tol=tol)
    integrals = []
    for every in (0.02, 0.013):
        bound = RateIntegral(DOUBLE_WELL, 0.5, negligible=1e-2 * tol)
        arguments = {"kind": "classical", "order": 2, "tol": tol, "watch": bound.add, "watch_every": every}
        evolve(DOUBLE_WELL, START, [0.5], **arguments)  # type: ignore[arg-type]
        value, error = (float(v[0]) for v in bound.up_to([0.5]))
        assert error > 0
        integrals.append((value, error))
    (fine, fine_error), (other, other_error) = integrals
    assert abs(fine - other) <= fine_error + other_error
    assert fine <= few.bound[0]
    assert few.bound[0] - fine <= 2 * few.quadrature_error[0] + few.solver_error[0] + fine_error


@pytest.mark.slow
def test_target_met() -> None:
    """The order that is taken is the smallest that will do."""
    bounds = [float(certified(DOUBLE_WELL, 0.5, n).bound[0]) for n in (1, 2, 3)]
    target = (bounds[1] + bounds[2]) / 2
    found = certify(DOUBLE_WELL, START, [0.5], target=target, tol=TOL)
    assert found.order == 3 and found.bound[0] <= target
    assert found.reason == f"B_3 meets the target {target:g}"
    assert certify(DOUBLE_WELL, START, [0.5], target=1.1 * bounds[0], tol=TOL).order == 1


@pytest.mark.slow
def test_target_out_of_reach() -> None:
    """h = 1/4: the series soon stops to improve; or the solver's error is larger than the target."""
    coarse = DOUBLE_WELL.replace(h=0.25)
    found = certify(coarse, START, [0.25], target=1e-6, tol=1e-4)
    assert 1 <= found.order <= 4
    assert found.reason.startswith("target 1e-06 not met; ")
    assert found.bound[0] > 1e-6
    others = [certify(coarse, START, [0.25], order=n, tol=1e-4) for n in range(1, found.order + 2)]
    assert others[found.order - 1].bound[0] == pytest.approx(found.bound[0])
    assert found.distance_upper[0] == pytest.approx(min(other.distance_upper[0] for other in others))
    assert found.distance_lower[0] == pytest.approx(max(other.distance_lower[0] for other in others))
    check(found, evolve(coarse, START, [0.25], kind="quantum", tol=1e-4))


OBSERVABLES = (
    "tanh(x)", "cos(x) + sin(xi)", "smooth(exp(-x**2 - xi**2))", "region(x)", "husimi(0.5, 0.25)", "parity",
)  # fmt: skip


@pytest.mark.parametrize("text", OBSERVABLES)
@pytest.mark.parametrize("system", WELLS)
def test_expectations(system: System, text: str) -> None:
    observable = Observable.parse(text, 1)
    true = quantum(system, 1.0)
    value, error = observable.value(true[0])
    slack = error + observable.norm * true.numerics.error[0]
    found = certified(system, 1.0, 2).expectation(observable)
    assert abs(found.classical[0] - value) <= found.classical_error[0] + slack
    assert abs(found.corrected[0] - value) <= found.corrected_error[0] + slack
    assert found.corrected_error[0] < 2 * observable.norm
    names = {"observable", "kind", "classical", "classical_error", "corrected", "corrected_error"}
    assert set(found.as_dict()) == names and found.kind == "bound"
    assert str(found).startswith(found.observable)


# --- the command line


@pytest.fixture
def command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """`openweyl certify` with these arguments in an empty folder: exit status, standard output, standard error."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["openweyl", "certify", *arguments])
        status = 0
        try:
            cli.main()
        except SystemExit as end:
            status = int(end.code or 0)
        return (status, *capsys.readouterr())

    return run


def test_json(command: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    status, out, err = command("harmonic", "--json", "--times", "0,0.5", "--observable", "tanh(x)")
    assert (status, err) == (0, "")
    found = json.loads(out)
    series = {"certificate", "distance_estimate", "distance_lower", "distance_upper", "rate"}
    assert {"times", "order", "numerics", "seconds", *series} <= set(found)
    assert all(len(found[name]) == 2 for name in series)
    assert found["times"] == [0, 0.5] and found["order"] == 3
    assert len(found["observables"]) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("options", [("--times", "1e30"), ("--times", "0, 1e30"), ("--gamma", "1e30")], ids=" ".join)
def test_no_number_is_too_large_for_a_closed_form(
    command: Callable[..., tuple[int, str, str]], tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Quantum and classical agree for ever; symbols whose boxes differ by 1e30 share no grid, and are left out."""
    status, out, _ = command("harmonic", *options, "--json")
    assert status == 0
    assert max(json.loads(out)["distance_upper"]) < 1e-6
    status, _, err = command("harmonic", *options, "--out", "made")
    assert (status, "left out" in err) == (0, "0, 1e30" in options or "--gamma" in options)
    assert (tmp_path / "made" / "certificate.nc").exists()


@pytest.mark.parametrize(
    "options",
    [
        *(("--order", value) for value in ("0", "-1", "13", "99", "1.5", "x", "", "nan")),
        *(("--target", value) for value in ("0", "-0.1", "nan", "x", "", "1e400")),
        ("--out", ""),
        ("--out", " "),
        ("--order", "2", "--target", "0.1"),
        *(("--observable", text) for text in ("a", "1/x", "smooth(xi*x)", "smooth(log(1+x**2))", "smooth(x)")),
        *(("--observable", text) for text in ("", "(", "nonsense(x)", "husimi", "husimi(1)", "parity(2)", "region()")),
        ("--observable", "__import__('os').mkdir('made')"),
        ("--observable", "tanh(x)", "--observable", "y"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("form", [("--json",), ()], ids=["json", "text"])
def test_bad_input(
    command: Callable[..., tuple[int, str, str]], tmp_path: Path, options: tuple[str, ...], form: tuple[str, ...]
) -> None:
    status, out, err = command("harmonic", *options, *form)
    assert (status, out) == (2, "")
    assert err.startswith("openweyl: ") and err.count("\n") == 1 and err.endswith("\n")
    assert list(tmp_path.iterdir()) == []


# --- how the parts add up


TWO_TIMES = [0.05, 0.1]


def pieces(
    monkeypatch: pytest.MonkeyPatch, order: int, enclosures: list[tuple[float, float]]
) -> tuple[Certificate, np.ndarray, list[float]]:
    """A certificate with an integral of 0.3, 0.4 and its remainder of 0.01, 0.02, and these enclosures at the end."""
    module = sys.modules["openweyl.analysis.certify"]  # the function has the same name
    given, rates = (Enclosure(*pair) for pair in enclosures), []

    def up_to(self: object, _: object) -> tuple[np.ndarray, np.ndarray]:
        rates.extend(self.rates)  # type: ignore[attr-defined]
        monkeypatch.setattr(module, "enclosure", lambda *_args, **_options: next(given))
        return np.array([0.3, 0.4]), np.array([0.01, 0.02])

    integrand = sys.modules["openweyl.analysis.rate_integral"]
    monkeypatch.setattr(integrand, "enclosure", lambda *_args, **_options: Enclosure(0.5, 0.6))
    monkeypatch.setattr(module, "enclosure", lambda *_args, **_options: Enclosure(0.5, 0.6))
    monkeypatch.setattr(module.RateIntegral, "up_to", up_to)
    found = certify(DOUBLE_WELL, START, TWO_TIMES, order=order, tol=1e-3)
    return found, np.array(found.solution.numerics.error), rates


def test_a_certificate_is_the_sum_of_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """B_N = integral + remainder + the solver's error; the integrand is the upper bound of each enclosure."""
    found, solver, rates = pieces(monkeypatch, 1, [])
    assert solver.min() > 0
    assert found.bound == pytest.approx(np.array([0.31, 0.42]) + solver, rel=1e-12)
    assert found.distance_upper == pytest.approx(found.bound)
    assert set(rates) == {0.6}
    assert set(found.rate) == {0.6}


def test_an_enclosure_is_widened_by_the_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    found, solver, _ = pieces(monkeypatch, 2, [(0.7, 0.8), (0.2, 0.9)])
    assert found.estimate == pytest.approx([0.8, 0.9])
    assert found.distance_lower == pytest.approx([0.7 - 0.31 - solver[0], 0.0])
    assert found.distance_upper == pytest.approx(np.array([0.8 + 0.31, 0.9 + 0.42]) + solver)


def test_no_distance_is_above_the_sum_of_both_norms(monkeypatch: pytest.MonkeyPatch) -> None:
    """1 + ||Op(a_1)||, and the solver's error in a_1."""
    found, solver, _ = pieces(monkeypatch, 2, [(1.9, 2.0), (1.0, 1.1), (1.0, 1.1)])
    assert found.distance_upper == pytest.approx(np.array([2.1, 1.1 + 0.42]) + solver)


RATES = {"t^2": lambda t: t**2, "(1 - t)^4": lambda t: (1 - t) ** 4, "wave": lambda t: 1 + np.sin(9 * t)}
EXACT = {
    "t^2": lambda t: t**3 / 3,
    "(1 - t)^4": lambda t: (1 - (1 - t) ** 5) / 5,
    "wave": lambda t: t + (1 - np.cos(9 * t)) / 9,
}


def sampled_rates(t: np.ndarray, rates: np.ndarray) -> RateIntegral:
    """The integral of these rates at the times t."""
    bound = RateIntegral(DOUBLE_WELL, 1.0, 0.0)
    ((_, times, values),) = bound.pieces
    times += t.tolist()
    values += rates.tolist()
    return bound


@pytest.mark.parametrize("name", RATES)
def test_the_remainder_of_the_trapezoids(name: str) -> None:
    """Above the true error, at every time and for uneven steps, and not by much."""
    t = np.sort(np.concatenate([[0.0, 1.0], np.random.default_rng(2).uniform(0, 1, 15), np.arange(1, 20) / 20]))
    bound = sampled_rates(t, RATES[name](t))
    found, remainder = bound.up_to(t)
    true = np.abs(found - EXACT[name](t))
    assert np.all(true <= remainder + 1e-15)
    assert remainder[-1] < 0.03
    if name == "t^2":  # whose second differences are exact: twice the error
        assert remainder == pytest.approx(2 * true, rel=1e-9, abs=1e-15)
    back = sampled_rates(1 - t[::-1], np.array(bound.rates[::-1]))
    assert back.up_to([1.0])[1][0] == pytest.approx(remainder[-1], rel=1e-9)


def test_errors_of_expectations_add_up() -> None:
    """||O|| times the bound, and the errors of the observable's own values: each of N terms has one."""
    found = certify(DOUBLE_WELL, START, [0.05], order=3, tol=1e-3)
    wide = dataclasses.replace(
        found, bound=np.array([0.1]), distance_upper=np.array([0.4]), distance_lower=np.array([0.0])
    )
    mean = wide.expectation(Observable("o", 2.0, lambda _: (0.3, 0.01)))
    assert mean.classical_error == pytest.approx([2 * 0.4 + 0.01])
    assert mean.corrected == pytest.approx([0.9])
    assert mean.corrected_error == pytest.approx([2 * 0.1 + 0.03])
    narrow = dataclasses.replace(wide, distance_upper=np.array([0.001]), bound=np.array([0.9]))
    mean = narrow.expectation(Observable("o", 2.0, lambda _: (0.03, 0.01)))
    assert mean.corrected_error == pytest.approx([0.06 + 2 * 0.001 + 0.01])
