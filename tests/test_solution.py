"""What runs return: solutions as sequences of symbols, their expectation values, comparisons and certificates."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from common import STEPPED, refused
from openweyl import (
    Comparison,
    Enclosure,
    Observable,
    Solution,
    Symbol,
    System,
    cat,
    certify,
    coherent,
    compare,
    evolve,
)
from openweyl.analysis.comparison import SERIES
from openweyl.norms.dense import dense_trace_norm
from systems import COARSE, DAMPED, HARMONIC, IN_A_WELL, KERR, LOSS, PENDULUM, ROTATION, damped, normal_mean, rotated
from systems import parity_of_damped_cat as true_parity

TIMES = (0.0, 0.4, 1.3)
START = (0.6, -0.3)
KERR_TIMES = (0.0, 0.1, 0.3)
KERR_START = coherent(0.7, 0.2)
LEVELS = 30
"""Fock states for QuTiP: KERR_START has one quantum, and less than 1e-20 above these."""


@cache
def of_damped(stepped: bool, tol: float = 1e-6) -> Solution:
    """The damped oscillator, by its closed form or by steps."""
    system = DAMPED.replace(hamiltonian=ROTATION + STEPPED) if stepped else DAMPED
    return evolve(system, coherent(*START), TIMES, tol=tol)


@cache
def corrected(order: int) -> Solution:
    return evolve(KERR, KERR_START, KERR_TIMES[1:], kind="classical", order=order, tol=1e-5)


@cache
def compared() -> Comparison:
    return compare(KERR, KERR_START, KERR_TIMES, tol=1e-5)


# ------------------------------------------------------------------------------------------------- a sequence


def test_a_solution_is_a_sequence_of_symbols() -> None:
    solution = of_damped(stepped=False)
    assert len(solution) == len(solution.times) == len(solution.symbols) == 3
    assert solution.times == TIMES
    assert all(isinstance(w, Symbol) and w.grid.h == DAMPED.h for w in solution)
    assert tuple(solution) == solution.symbols
    assert solution[0] is solution.symbols[0] and solution[np.int64(1)] is solution.symbols[1]
    assert solution[-1] is solution.final is solution[2] and solution[-3] is solution[0]
    assert solution[:2] == solution.symbols[:2] and solution[::-1] == solution.symbols[::-1] and solution[3:] == ()
    assert tuple(reversed(solution)) == solution.symbols[::-1]


def test_a_symbol_is_in_the_solution_that_it_is_of() -> None:
    solution, other = of_damped(stepped=False), of_damped(stepped=True)
    assert solution[1] in solution and solution.index(solution[1]) == 1 and solution.count(solution[1]) == 1
    assert other[1] not in solution
    assert solution != other and solution == solution  # noqa: PLR0124 - which is by identity


@pytest.mark.parametrize("index", [3, -4, 10**400])
@pytest.mark.parametrize("made", [lambda: of_damped(stepped=False), lambda: compared().difference], ids=["[]", "()"])
def test_there_are_as_many_as_times(made: Callable[[], Any], index: int) -> None:
    given = made()
    call = given if callable(given) else given.__getitem__
    refused(lambda: call(index), "Argument `index` must lie between -3 and 2, but is ", IndexError)


@pytest.mark.parametrize("index", [1.0, "0", None, True, (0, 1), [0]], ids=repr)
def test_indices_are_whole_numbers(index: object) -> None:
    for call in (of_damped(stepped=False).__getitem__, compared().difference):
        refused(lambda call=call: call(index), "Argument `index` must be a whole number, but is ")


def test_a_solution_is_pickled_with_its_symbols() -> None:
    solution = of_damped(stepped=True)
    copy = pickle.loads(pickle.dumps(solution))  # noqa: S301 - our own
    assert copy.times == solution.times and copy.numerics == solution.numerics
    assert [w.grid for w in copy] == [w.grid for w in solution]
    assert all(np.array_equal(a.values, b.values) for a, b in zip(copy, solution, strict=True))


def test_symbols_of_two_runs_are_subtracted_where_they_are() -> None:
    """Each run has boxes of its own: their difference is that of the functions, here of two coherent states."""
    solution, other = of_damped(stepped=False), evolve(DAMPED, coherent(0.2, 0.5), TIMES, tol=1e-6)
    for t, w, v in zip(TIMES, solution, other, strict=True):
        assert w.grid != v.grid
        (x, xi), (y, eta) = damped(*START, DAMPED.gamma, t), damped(0.2, 0.5, DAMPED.gamma, t)
        overlap = np.exp(-((x - y) ** 2 + (xi - eta) ** 2) / (2 * DAMPED.h))  # |<z|z'>|^2
        assert dense_trace_norm(w - v) == pytest.approx(2 * np.sqrt(1 - overlap), rel=0, abs=2e-6)


# ------------------------------------------------------------------------------------------------- expectation values


@pytest.mark.parametrize("stepped", [False, True])
@pytest.mark.parametrize("tol", [1e-3, 1e-6])
def test_expectation_values_of_a_coherent_state(stepped: bool, tol: float) -> None:
    """<tanh(x)> over a Gaussian of variance h/2 at the exact place, <cos(xi)>, the overlap with a coherent state."""
    solution = of_damped(stepped, tol)
    places = [damped(*START, DAMPED.gamma, t) for t in TIMES]
    cases = {
        "tanh(x)": [normal_mean(np.tanh, x, DAMPED.h / 2) for x, _ in places],
        "cos(xi)": [np.cos(xi) * np.exp(-DAMPED.h / 4) for _, xi in places],
        "husimi(0.5, 0)": [np.exp(-((x - 0.5) ** 2 + xi**2) / (2 * DAMPED.h)) for x, xi in places],
    }
    for text, exact in cases.items():
        value, error = solution.expect(text)
        assert value.shape == error.shape == (3,)
        assert (np.abs(value - exact) <= error).all()
        assert (error < 1.5 * tol + 1e-9).all()  # ||O|| = 1, and the integral's own error


@pytest.mark.parametrize("kind", ["quantum", "classical"])
def test_expectation_values_of_a_spreading_state(kind: str) -> None:
    gamma = HARMONIC.gamma
    system = HARMONIC.replace(hamiltonian=f"{HARMONIC.hamiltonian}{STEPPED}")
    solution = evolve(system, coherent(*START), TIMES, kind=kind, tol=1e-5)
    value, error = solution.expect(Observable.parse("tanh(x)", 1))
    means = [damped(*START, 0.0, t)[0] for t in TIMES]
    exact = [normal_mean(np.tanh, x, HARMONIC.h * (0.5 + gamma * t)) for x, t in zip(means, TIMES, strict=True)]
    assert (np.abs(value - exact) <= error).all() and (error < 2e-5).all()
    for t, w in zip(TIMES, solution, strict=True):
        assert dense_trace_norm(w - rotated(*START, gamma, t).symbol(w.grid)) <= 1e-5


@pytest.mark.parametrize("x", [0.3, 0.8])
def test_the_parity_of_a_damped_cat(x: float) -> None:
    """Its coherence falls by what the lost quanta tell: from 1 to the overlap of the two packets."""
    value, error = evolve(DAMPED, cat([(x, 0), (-x, 0)]), TIMES, tol=1e-6).expect("parity")
    exact = [true_parity(x, DAMPED.h, DAMPED.gamma, t) for t in TIMES]
    assert exact[0] == pytest.approx(1, abs=1e-15) and exact[0] > exact[1] > exact[2]
    assert (np.abs(value - exact) <= error).all() and (error < 2e-6).all()


@cache
def by_qutip() -> list[Any]:
    """The states of KERR by mesolve. QuTiP has hbar = 1: P/h and sqrt(gamma/h) L."""
    qutip = pytest.importorskip("qutip")
    number, loss = qutip.num(LEVELS), np.sqrt(KERR.gamma) * qutip.destroy(LEVELS)
    start = qutip.coherent(LEVELS, (0.7 + 0.2j) / np.sqrt(2 * KERR.h), method="analytic")
    options = {"method": "adams", "atol": 1e-13, "rtol": 1e-11, "nsteps": 100_000, "progress_bar": ""}
    found = qutip.mesolve(KERR.h * (number + 0.5) ** 2, qutip.ket2dm(start), KERR_TIMES, c_ops=[loss], options=options)
    return list(found.states)


def tanh_of_position(levels: int) -> np.ndarray:
    """The matrix of tanh(x), by the eigenvectors of the matrix of x in a larger basis."""
    off_diagonal = np.sqrt(KERR.h / 2 * np.arange(1, 300))
    places, vectors = np.linalg.eigh(np.diag(off_diagonal, 1) + np.diag(off_diagonal, -1))
    return ((vectors * np.tanh(places)) @ vectors.T)[:levels, :levels]


def test_expectation_values_against_qutip() -> None:
    exact = np.array([np.trace(tanh_of_position(LEVELS) @ state.full()).real for state in by_qutip()])
    value, error = compared().quantum.expect("tanh(x)")
    assert (np.abs(value - exact) <= error + 1e-9).all()  # of mesolve
    assert (error < 2e-5).all()
    other = compared().classical.expect("tanh(x)")
    assert np.abs(other.value - exact)[-1] > 10 * error[-1]  # the classical value is another


@pytest.mark.parametrize("size", [None, LEVELS])
def test_operators_against_qutip(size: int | None) -> None:
    """One basis for all times; trace and purity are those of the symbols, and the state is QuTiP's."""
    quantum, tol = compared().quantum, 1e-5
    operators = quantum.to_qutip(size, tol=tol)
    levels = operators[0].shape[0]
    assert len(operators) == 3 and size in (None, levels)
    for operator, w, theirs, own in zip(operators, quantum, by_qutip(), quantum.numerics.error, strict=True):
        assert operator.dims == [[levels], [levels]] and operator.isherm
        assert operator.tr() == pytest.approx(1, abs=tol)
        assert operator.purity() == pytest.approx(float(w.purity()), abs=2 * tol)
        small = min(levels, LEVELS)
        difference = operator.full()[:small, :small] - theirs.full()[:small, :small]
        assert np.linalg.norm(difference, "nuc") <= own + tol


def test_too_few_levels_for_an_operator() -> None:
    pytest.importorskip("qutip")
    refused(lambda: compared().quantum.to_qutip(3), "Argument `size` must leave out at most tol = 1e-09, but is one ")
    refused(lambda: compared().quantum.to_qutip(tol=0), "Argument `tol` must be > 0")


# ------------------------------------------------------------------------------------------------- corrections


def test_corrections_are_a_batch_and_their_sum_is_read() -> None:
    """b_0 + b_1 + b_2 is closer to the quantum state than b_0 is, and so are its values."""
    solution = corrected(3)
    assert solution.order == 3 and [b.batch for b in solution] == [(3,), (3,)]
    value, error = solution.expect("tanh(x)")
    terms = np.array([[float(term.expectation("tanh(x)").value) for term in b] for b in solution])
    assert value == pytest.approx(terms.sum(axis=1), abs=1e-14)
    assert (error > solution.numerics.error).all()
    quantum = compared().quantum.expect("tanh(x)").value[1:]
    assert np.abs(value - quantum)[1] < 0.3 * np.abs(terms[:, 0] - quantum)[1]


def test_operators_of_corrected_states() -> None:
    """Those of the sums."""
    pytest.importorskip("qutip")
    solution = corrected(3)
    for b, operator in zip(solution, solution.to_qutip(tol=1e-6), strict=True):
        added = b.like(b.values.sum(axis=0))
        assert operator.tr() == pytest.approx(1, abs=1e-5)
        assert operator.purity() == pytest.approx(float(added.purity()), abs=1e-5)


# ------------------------------------------------------------------------------------------------- datasets


def test_the_dataset_of_a_solution() -> None:
    """All symbols on one grid, which holds theirs."""
    solution = of_damped(stepped=True)
    data = solution.to_xarray()
    assert data["quantum"].dims == ("time", "x", "xi")
    assert tuple(data["time"].values) == TIMES
    x, xi = data["x"].values, data["xi"].values
    assert (np.diff(x) > 0).all() and np.diff(x) == pytest.approx(np.diff(x)[0]) == data["x"].diff("x").values
    assert x[0] <= min(w.grid.x[0].lower for w in solution) and xi[0] <= min(w.grid.xi[0].lower for w in solution)
    assert data["quantum_error"].values == pytest.approx(solution.numerics.error)
    assert data.attrs["h"] == DAMPED.h and data.attrs["gamma"] == DAMPED.gamma and LOSS[:6] in data.attrs["jumps"]
    for t, values in zip(TIMES, data["quantum"].values, strict=True):
        z, zeta = damped(*START, DAMPED.gamma, t)
        exact = 2 * np.exp(-((x[:, None] - z) ** 2 + (xi - zeta) ** 2) / DAMPED.h)
        assert np.abs(values - exact).max() < 1e-5


def test_the_dataset_of_corrections() -> None:
    data = corrected(3).to_xarray()
    assert data["classical"].dims == ("time", "order", "x", "xi") and data.sizes["order"] == 3


def test_the_dataset_of_two_degrees_of_freedom() -> None:
    system = System("xi1**2/2 + xi2**2/2 + x1**2/2 + x2**2/2", [], h=1.0, gamma=0.0)
    data = evolve(system, coherent([0.2, 0], [0, 0]), [0.0, 0.5], tol=1e-1).to_xarray()
    assert data["quantum"].dims == ("time", "x1", "x2", "xi1", "xi2")
    assert set(data.coords) == {"time", "x1", "x2", "xi1", "xi2"}


# ------------------------------------------------------------------------------------------------- comparisons


def test_the_series_of_a_comparison() -> None:
    comparison = compared()
    for name in SERIES:
        values = getattr(comparison, name)
        assert values.shape == (3,) and values.dtype == float
        assert values is comparison.series[name]
    assert comparison.mean.shape == comparison.mean_classical.shape == (3, 2)
    assert comparison.covariance.shape == comparison.covariance_classical.shape == (3, 2, 2)
    assert not hasattr(comparison, "tracenorm")
    assert json.loads(json.dumps(comparison.as_dict()))["trace_norm"] == comparison.trace_norm.tolist()


def test_the_distance_of_a_comparison() -> None:
    """Around the true distance: that of QuTiP's state from the classical density, by its operator."""
    comparison, states = compared(), by_qutip()
    lower, upper = comparison.distance
    assert isinstance(comparison.distance, Enclosure)
    assert (lower >= 0).all() and (lower <= comparison.trace_norm).all() and (comparison.trace_norm <= upper).all()
    for i, operator in enumerate(comparison.classical.to_qutip(LEVELS, tol=1e-4)):
        true = np.linalg.norm(states[i].full() - operator.full(), "nuc")
        assert lower[i] - 1e-4 <= true <= upper[i] + 1e-4  # of the basis
    assert comparison.trace_norm[-1] > 1e-3
    assert (upper - lower < 1e-4).all()


def test_the_difference_of_a_comparison() -> None:
    comparison = compared()
    assert np.array_equal(comparison.difference().values, comparison.difference(2).values)
    for i, (w, a) in enumerate(zip(comparison.quantum, comparison.classical, strict=True)):
        difference = comparison.difference(i)
        assert isinstance(difference, Symbol)
        assert np.array_equal(difference.values, (w - a).values)
        assert float(difference.hilbert_schmidt()) == pytest.approx(comparison.hilbert_schmidt[i], rel=1e-12)
        assert comparison.trace_norm_lower[i] - 1e-6 <= dense_trace_norm(difference)
        assert dense_trace_norm(difference) <= comparison.trace_norm_upper[i] + 1e-6


@pytest.mark.slow
def test_a_comparison_takes_runs_whatever_their_edges_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """A packet that escapes, at the loosest tolerance: arithmetic may refuse what the reported errors count."""
    system, state, times = System("xi**2/2 - x**2/2 + cos(x)", ["x"], h=0.2, gamma=0.1), coherent(1, 1), [0.5, 1.5]
    loose, true = (compare(system, state, times, tol=tol) for tol in (0.1, 1e-5))
    assert (loose.trace_norm_error > 1e-3).all()
    assert (abs(loose.trace_norm - true.trace_norm) <= loose.trace_norm_error + true.trace_norm_error).all()
    monkeypatch.setattr("openweyl.phase_space.edges.MAX_LOST_FRACTION", 0.0)
    monkeypatch.setattr("openweyl.phase_space.edges.MAX_EDGE_FRACTION", 0.0)
    refused(lambda: loose.quantum[1] - loose.classical[1], "Argument `symbol` must be negligible at the edges")
    again = compare(system, state, times, tol=0.1)
    assert np.array_equal(again.trace_norm, loose.trace_norm)
    assert float(again.difference(1).hilbert_schmidt()) == pytest.approx(again.hilbert_schmidt[1], rel=1e-12)


def test_the_dataset_of_a_comparison() -> None:
    comparison = compared()
    data = comparison.to_xarray()
    assert {"quantum", "classical", "mean", "covariance_classical", *SERIES} <= set(data.data_vars)
    assert data["quantum"].dims == data["classical"].dims == ("time", "x", "xi")
    assert set(comparison.to_xarray(symbols=False).data_vars) == set(data.data_vars) - {
        "quantum", "classical", "quantum_error", "classical_error",
    }  # fmt: skip
    cell = float(data["x"].diff("x")[0] * data["xi"].diff("xi")[0]) / (2 * np.pi * KERR.h)
    squares = ((data["quantum"] - data["classical"]) ** 2).sum(("x", "xi")).values * cell
    assert np.sqrt(squares) == pytest.approx(comparison.hilbert_schmidt, rel=0, abs=1e-6)


def test_equal_evolutions_are_at_no_distance() -> None:
    lower, upper = compare(HARMONIC, IN_A_WELL, [0.5], tol=1e-6).distance
    assert lower.tolist() == [0.0] and upper[0] < 1e-5


# ------------------------------------------------------------------------------------------------- certificates


def test_a_certificate_of_order_three() -> None:
    """The bound, the estimate and the enclosure against the comparison; and the values are those of its solution."""
    certificate = certify(KERR, KERR_START, KERR_TIMES[1:], order=3, tol=1e-5)
    comparison = compared()
    lower, upper = certificate.distance
    assert isinstance(certificate.distance, Enclosure)
    assert lower is certificate.distance_lower and upper is certificate.distance_upper
    assert (lower - comparison.trace_norm_error[1:] <= comparison.trace_norm[1:]).all()
    assert (comparison.trace_norm[1:] <= upper + comparison.trace_norm_error[1:]).all()
    assert upper == pytest.approx(certificate.estimate + certificate.bound)
    for i, b in enumerate(certificate.solution):
        assert b.batch == (3,)
        added = b.like(b.values.sum(axis=0))
        error = dense_trace_norm(comparison.quantum[i + 1] - added)
        assert error <= certificate.bound[i] + comparison.quantum.numerics.error[i + 1]
        part = dense_trace_norm(b.like(b.values[1:].sum(axis=0)))
        assert 0.95 * part <= certificate.estimate[i] <= 1.05 * part + 1e-6
    values, solution = certificate.expectation("tanh(x)"), certificate.solution.expect("tanh(x)")
    assert values.corrected == pytest.approx(solution.value, abs=1e-14)
    true = comparison.quantum.expect("tanh(x)")
    assert (np.abs(values.corrected - true.value[1:]) <= values.corrected_error + true.error[1:]).all()
    kept = {"certificate", "distance_estimate", "distance_lower", "distance_upper", "rate"}  # the names in files
    assert kept <= set(certificate.as_dict()) and kept <= set(certificate.to_xarray().data_vars)
    assert certificate.as_dict()["certificate"] == certificate.bound.tolist()
    assert certificate.to_xarray(symbols=False)["distance_estimate"].values == pytest.approx(certificate.estimate)


def test_a_certificate_of_order_one() -> None:
    certificate = certify(PENDULUM, IN_A_WELL, [0.2], order=1, tol=1e-4)
    assert [b.batch for b in certificate.solution] == [()]
    assert certificate.estimate.tolist() == [0.0]
    assert certificate.distance.lower[0] == 0 < certificate.distance.upper[0] == certificate.bound[0]


# ------------------------------------------------------------------------------------------------- slips


@pytest.mark.parametrize("call", [evolve, compare, certify], ids=lambda call: call.__name__)
def test_swapped_arguments(call: Callable[..., Any]) -> None:
    refused(
        lambda: call(IN_A_WELL, COARSE, [0.1]),
        "Argument `system` must be a System, but is <State, n = 1: coherent state at",
    )
    refused(lambda: call(COARSE, COARSE, [0.1]), "Argument `state` must be a state, such as coherent(x, xi), but is")
    refused(lambda: call(COARSE, [0.1], IN_A_WELL), "Argument `state` must be a state, such as coherent(x, xi), but is")
    refused(lambda: call(COARSE, IN_A_WELL, COARSE), "Argument `times` must be a list of numbers, but is ")
