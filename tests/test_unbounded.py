"""Polynomials and operators as observables: closed forms, QuTiP, what text means, and errors against the truth."""

from __future__ import annotations

import copy
import doctest
import json
import pickle
import re
from functools import cache
from math import factorial
from pathlib import Path

import numpy as np
import pytest
import qutip

from common import refused
from openweyl import (
    Estimate,
    Observable,
    State,
    Symbol,
    System,
    cat,
    certify,
    coherent,
    evolve,
    fock,
    from_qutip,
    mixture,
    sample,
    squeezed,
    tensor,
    thermal,
)
from openweyl.observables.unbounded import worst

TINY = "1e-17*cos(x)"
"""It keeps a quadratic system from its closed form, and does nothing."""
DEGREES = ("x", "x**2", "ad*a", "ad**2*a**2", "x**3*xi", "operator(x**2*xi**2 + xi**2*x**2)", "(x**2 + xi**2)**4")


def symbol_of(state: State, h: float, level: float = 1e-12) -> Symbol:
    return state.symbol(state.at(h).grid(h, level))


def holds(found: Estimate, true: float) -> bool:
    return bool(abs(float(found.value) - true) <= float(found.error))


@pytest.mark.parametrize("h", [1.0, 0.1])
@pytest.mark.parametrize("k", [0, 1, 4])
def test_fock_states(k: int, h: float) -> None:
    w = symbol_of(fock(k), h)
    exact = {
        "ad*a": k,
        "a*ad": k + 1,
        "ad**2*a**2": k * (k - 1),
        "ad*a*ad*a": k**2,
        "a^3*ad^3": factorial(k + 3) / factorial(k),
        "x": 0.0,
        "x**2": h * (k + 1 / 2),
        "(x**2 + xi**2)/2": h * (k + 1 / 2),
        "operator(x**4)": h**2 * (6 * k**2 + 6 * k + 3) / 4,
        "x**4": h**2 * (6 * k**2 + 6 * k + 3) / 4,
        "ad*a/h": k / h,
    }
    for text, value in exact.items():
        found = w.expectation(text)
        assert holds(found, value), text
        assert found.error < 1e-7 * (1 + abs(value)), text
        assert found.kind == "estimate"


def test_the_wrapper_holds_all_of_the_text() -> None:
    refused(lambda: Observable.parse("operator(x**2 + xi**2)/1", 1), "Argument `observable` must call known functions")


def test_order_of_products() -> None:
    """x*xi is in Weyl order as a symbol; as an operator it is not Hermitian, and x xi + xi x is twice the symbol."""
    w = symbol_of(squeezed(0.4, 0.3, r=0.6, angle=0.9), 0.2)
    one, two = w.expect("x*xi"), w.expect("operator(x*xi + xi*x)")
    assert two.value == pytest.approx(2 * one.value, abs=1e-11)
    m = w.moments()
    assert one.value == pytest.approx(m.covariance[0, 1] + m.mean[0] * m.mean[1], abs=1e-11)
    difference = w.expect("operator(x*xi**2*x)").value - w.expect("x**2*xi**2").value
    assert difference == pytest.approx(0.2**2 / 2, abs=1e-10)  # x xi^2 x = (x^2 xi^2 + ...) in Weyl order, + h^2/2
    refused(lambda: w.expect("operator(x*xi)"), "Argument `observable` must be Hermitian, but is x*xi. Its anti-")


def test_against_matrices_of_qutip() -> None:
    """Products of a, ad, x and xi in any order, by matrices in a large basis, at an h other than 1."""
    h, size = 0.3, 60
    a = qutip.destroy(size)
    x, xi = np.sqrt(h / 2) * (a + a.dag()), -1j * np.sqrt(h / 2) * (a - a.dag())
    ket = (qutip.coherent(size, 1.0 + 0.5j) + 1j * qutip.fock(size, 3)).unit()
    rho = 0.7 * ket.proj() + 0.3 * qutip.thermal_dm(size, 0.4)
    state = from_qutip(rho, h)
    w = state.symbol(state.grid(h, 1e-12))
    one = qutip.qeye(size)
    for text, operator in {
        "ad*a + 2*(a + ad)": a.dag() * a + 2 * (a + a.dag()),
        "I*(ad**2 - a**2)": 1j * (a.dag() ** 2 - a**2),
        "(a + ad)**4": (a + a.dag()) ** 4,
        "ad*x*a + 1": a.dag() * x * a + one,
        "operator(xi*x**2*xi)": xi * x**2 * xi,
        "operator(x**3*xi + xi*x**3)": x**3 * xi + xi * x**3,
        "ad*a*h": h * a.dag() * a,
    }.items():
        found, true = w.expectation(text), qutip.expect(operator, rho)
        assert abs(found.value - true) < 1e-8 * (1 + abs(true)), text


def test_two_degrees_of_freedom() -> None:
    h = 0.5
    w = symbol_of(tensor(coherent(alpha=1 + 0.5j), thermal(0.7)), h, 1e-9)
    assert w.expect("ad1*a1").value == pytest.approx(1.25, abs=1e-6)
    assert w.expect("ad1*a1*ad2*a2").value == pytest.approx(1.25 * 0.7, abs=1e-5)
    assert w.expect("ad[1]*a[1] + ad[2]*a[2]").value == pytest.approx(1.95, abs=1e-6)
    assert w.expect("x1*x2").value == pytest.approx(0, abs=1e-9)
    assert w.expect("x1**2 + xi2**2").value == pytest.approx(2 * h + h / 2 + h * 1.2, abs=1e-6)
    refused(lambda: w.expect("ad*a"), "Argument `observable` must use indices, as in a1, ad1, x1, xi1, for n = 2 deg")
    refused(lambda: w.expect("ad3*a3"), "Argument `observable` must have indices from 1 to 2, but is 3.")


def test_smooth_formulas_that_are_no_polynomials() -> None:
    h = 0.2
    w = symbol_of(coherent(0.4, -0.3), h)
    assert holds(w.expect("xi**2/2 - cos(x)"), (h / 2 + 0.09) / 2 - np.cos(0.4) * np.exp(-h / 4))
    assert holds(w.expect("exp(x)"), np.exp(0.4 + h / 4))
    assert holds(w.expect("sin(2*x*0 + xi)*x"), -np.sin(0.3) * np.exp(-h / 4) * 0.4)
    assert w.expect("exp(x)").error < 1e-8


def test_a_box_that_cuts_the_state_off() -> None:
    """What lies at the edges stands for what lies beyond."""
    whole = symbol_of(thermal(3.0), 1.0)
    for level in (1e-2, 1e-4, 1e-6):
        w = thermal(3.0).symbol(thermal(3.0).grid(1.0, level, 0.0))
        for text in DEGREES:
            assert holds(w.expect(text), whole.expect(text).value), (level, text)
    assert w.expect("ad*a").error < 1e-3


@cache
def runs(name: str, tol: float) -> dict[str, Estimate]:
    """All expectation values of a run."""
    rotation = System(f"xi**2/2 + x**2/2 + {TINY}", ["(x + I*xi)/sqrt(2)"], h=0.5, gamma=0.3)
    system, state, kind = {
        "rotation": (rotation, squeezed(1.0, 0.2, r=0.5), "quantum"),
        "kerr": (System.from_operators("ad**2*a**2/2", ["sqrt(0.5)*a"], h=1), coherent(alpha=1.5), "quantum"),
        "well": (System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=0.2, gamma=1.0), coherent(1, 0), "quantum"),
        "classical well": (System("xi**2 + (x**2 - 1/2)**2", ["x"], h=0.2, gamma=0.5), thermal(1.0), "classical"),
        "pendulum": (System("xi**2/2 - cos(x)", ["x", "xi"], h=0.3, gamma=0.2), cat([(1, 0), (-1, 0)]), "quantum"),
    }[name]
    solution = evolve(system, state, [0.44], kind=kind, tol=tol)  # type: ignore[arg-type]
    return {text: Estimate(*(part[0] for part in solution.expect(text))) for text in DEGREES}


@pytest.mark.parametrize("tol", [3e-2, 1e-3, 1e-5])
@pytest.mark.parametrize("name", ["rotation", "kerr", "well", "classical well", "pendulum"])
def test_errors_of_runs(name: str, tol: float) -> None:
    """At most what is reported, held against a run with a tolerance a thousand times smaller."""
    true = runs(name, 1e-8)
    for text, found in runs(name, tol).items():
        assert abs(found.value - true[text].value) <= found.error + true[text].error, text
        assert true[text].error < 0.1 * found.error
    assert runs(name, tol)["ad*a"].error < 300 * tol  # of a size: no error that says nothing


def test_damped_kerr_oscillator_of_qutip() -> None:
    """Another program, another basis."""
    a = qutip.destroy(25)
    rho = qutip.mesolve(
        a.dag() ** 2 * a**2 / 2, qutip.coherent(25, 1.5), [0, 0.44], [np.sqrt(0.5) * a],
        options={"rtol": 1e-10, "atol": 1e-12},
    ).states[-1]  # fmt: skip
    for tol in (1e-2, 1e-4):
        found = runs("kerr", tol)
        x = (a + a.dag()) / np.sqrt(2)
        for text, operator in {"x": x, "ad*a": a.dag() * a, "ad**2*a**2": a.dag() ** 2 * a**2}.items():
            assert holds(found[text], float(np.real(qutip.expect(operator, rho)))), (tol, text)


def test_the_worst_part() -> None:
    sizes, content = np.array([[1.0, 2.0], [5.0, 0.0]]), np.array([[0.5, 0.1], [0.01, 0.39]])
    assert worst(sizes, content, 0.0) == 0
    assert worst(sizes, content, 0.01) == pytest.approx(0.05)
    assert worst(sizes, content, 0.11) == pytest.approx(0.05 + 0.2)
    assert worst(sizes, content, 2.0) == pytest.approx(0.05 + 0.2 + 0.5 + 5 * 1.0)


def test_the_mean_far_from_the_origin() -> None:
    """A trace that is kept: the error is that of a displacement, not of the distance to the origin."""
    system = System(f"xi**2/2 + (x - 1000)**2/2 + {TINY}", [], h=0.1, gamma=0.0)
    found = evolve(system, coherent(1001, 0), [1.0], tol=1e-5).expect("x")
    true = 1000 + np.cos(1.0)
    assert abs(found.value[0] - true) <= found.error[0] < 1e-3


def test_kinds() -> None:
    w = symbol_of(coherent(0.4, -0.3), 0.2)
    bound, estimate = w.expect("tanh(x)"), w.expect("x**2")
    assert (bound.kind, estimate.kind) == ("bound", "estimate")
    assert repr(estimate).endswith("kind='estimate')")
    value, error = estimate
    assert (value, error) == (estimate.value, estimate.error) == tuple(estimate)
    for trip in (copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))):  # noqa: S301 - our own
        assert trip(estimate).kind == "estimate" and trip(estimate) == estimate
    observable = Observable.parse("ad*a", 1)
    assert (observable.kind, observable.norm) == ("estimate", np.inf)
    assert pickle.loads(pickle.dumps(observable)) == observable  # noqa: S301 - our own
    refused(lambda: Observable("mine", np.inf, lambda _: (0.0, 0.0)), "Argument `norm` must be a finite number")


def test_certificates_of_unbounded_observables() -> None:
    system = System("xi**2/2 - cos(x)", ["x", "xi"], h=0.1, gamma=1.0)
    certificate = certify(system, coherent(1, 0), [0.3], order=2, tol=1e-5)
    found = certificate.expectation("ad*a")
    true = evolve(system, coherent(1, 0), [0.3], tol=1e-7).expect("ad*a").value[0]
    assert found.kind == "estimate" and "the errors are estimates" in str(found)
    assert abs(found.classical[0] - true) <= found.classical_error[0]
    assert abs(found.corrected[0] - true) <= found.corrected_error[0] < 0.1
    assert json.loads(json.dumps(found.as_dict()))["kind"] == "estimate"
    assert certificate.expectation("tanh(x)").kind == "bound"


def test_samples_take_operators() -> None:
    harmonic = System("(xi1**2 + x1**2 + xi2**2 + x2**2)/2", [], h=0.1, gamma=0.0)
    ensemble = sample(harmonic, coherent([1, 0.5], [0, 0]), [0.0, 1.0])
    for observable in ("ad1*a1 + ad2*a2", Observable.parse("ad1*a1 + ad2*a2", 2)):
        assert ensemble.expectation(observable).value == pytest.approx([6.25, 6.25], abs=1e-9)


def test_a_small_part_far_out_needs_a_small_tolerance() -> None:
    """What the estimate cannot see (docs/observables.md), and what helps."""
    state = mixture([(1, coherent(0, 0)), (1e-5, coherent(30, 0))])
    system = System(f"xi**2/2 + x**2/2 + {TINY}", [], h=0.5, gamma=0.0)
    found = evolve(system, state, [0.2], tol=1e-7).expect("ad*a")
    assert abs(found.value[0] - 900e-5 / (1 + 1e-5)) <= found.error[0] < 1e-2


@pytest.mark.slow
def test_the_page() -> None:
    page = (Path(__file__).parents[1] / "docs/observables.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```pycon\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    for code in blocks:
        example = doctest.DocTestParser().get_doctest(code, names, "observables.md", None, None)
        runner = doctest.DocTestRunner()
        assert runner.run(example, clear_globs=False).failed == 0
        names.update(example.globs)
    assert blocks
