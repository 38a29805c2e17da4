"""Wigner functions, probabilities, numbers of quanta and entanglement: closed forms and QuTiP."""

from __future__ import annotations

from math import erf, log, sqrt, tanh

import numpy as np
import pytest
import qutip

from common import refused
from openweyl import (
    Estimate,
    PhaseGrid,
    State,
    Symbol,
    System,
    cat,
    coherent,
    evolve,
    fock,
    from_qutip,
    gaussian,
    squeezed,
    tensor,
    thermal,
)

H = 0.2
CAT = cat([(0.8, 0.1), (-0.7, -0.3)], [1.0, 0.6j])


def symbol_of(state: State, h: float = H, level: float = 1e-12) -> Symbol:
    return state.symbol(state.at(h).grid(h, level))


def holds(found: Estimate, true: float) -> bool:
    return bool(abs(found.value - true) <= found.error)


def two_mode_squeezed(r: float) -> State:
    c, s = np.cosh(2 * r) / 2, np.sinh(2 * r) / 2
    return gaussian([0, 0], [0, 0], [[c, s, 0, 0], [s, c, 0, 0], [0, 0, c, -s], [0, 0, -s, c]])


# --- Wigner functions


def test_wigner_functions_of_qutip() -> None:
    """With g = sqrt(2/h), and x along columns."""
    rho = (qutip.coherent(40, 1.0 + 0.5j) + 1j * qutip.fock(40, 3)).unit().proj()
    w = symbol_of(from_qutip(rho, H))
    x, xi = np.linspace(-1, 1.5, 9), np.linspace(-1, 1, 7)
    made = w.wigner(x, xi)
    assert made.dims == ("x", "xi") and made.attrs["h"] == H
    assert np.abs(made.values.T - qutip.wigner(rho, x, xi, g=sqrt(2 / H))).max() < 1e-8
    whole = w.wigner()
    assert float(whole.integrate(["x", "xi"])) == pytest.approx(1, abs=1e-9)
    assert whole.sel(x=made.x.values[3], method="nearest").shape == (w.grid.xi[0].size,)


def test_wigner_functions_of_solutions() -> None:
    """A displaced, rotated Gaussian; the error is a bound at every point."""
    system = System("xi**2/2 + x**2/2 + 1e-17*cos(x)", ["(x + I*xi)/sqrt(2)"], h=H, gamma=0.4)
    solution = evolve(system, coherent(1, 0), [0.5, 1.0], tol=1e-3)
    found = solution.wigner()
    assert found["wigner"].dims == ("time", "x", "xi")
    for t in (0.5, 1.0):
        one = found.sel(time=t)
        r = np.exp(-0.2 * t)
        distance = (one.x - r * np.cos(t)) ** 2 + (one.xi + r * np.sin(t)) ** 2
        error = np.abs(one["wigner"] - np.exp(-distance / H) / (np.pi * H)).max()
        assert float(error) <= float(one["error"]) < 2e-3
    both = evolve(system, coherent(1, 0), [0.5], kind="classical", order=2, tol=1e-3).wigner()["wigner"]
    assert both.dims == ("time", "x", "xi")


def test_wigner_of_two_modes() -> None:
    w = symbol_of(tensor(coherent(0.3, 0), coherent(0, 0.2)), level=1e-4)
    made = w.wigner()
    assert made.dims == ("x1", "x2", "xi1", "xi2")
    assert made.values == pytest.approx(w.values / (2 * np.pi * H) ** 2)
    refused(lambda: w.wigner([0.0], [0.0]), "Argument `x` must be left out for n = 2")
    refused(lambda: symbol_of(CAT).wigner([0.0]), "Argument `xi` must be a list of numbers, but is None.")


# --- probabilities


def normal(a: float, mean: float, variance: float) -> float:
    """The probability of less than a."""
    return (1 + erf((a - mean) / sqrt(2 * variance))) / 2


def test_probabilities_of_a_gaussian() -> None:
    w = symbol_of(squeezed(0.4, -0.3, r=0.5))
    x, xi = H / 2 * np.exp(-1), H / 2 * np.exp(1)
    for condition, true in {
        "x > 0.5": 1 - normal(0.5, 0.4, x),
        "0.5 < x": 1 - normal(0.5, 0.4, x),
        "x <= 0.5": normal(0.5, 0.4, x),
        "xi < 0": normal(0, -0.3, xi),
        "-0.5 < xi < 0.2": normal(0.2, -0.3, xi) - normal(-0.5, -0.3, xi),
        "0.2 > xi > -0.5": normal(0.2, -0.3, xi) - normal(-0.5, -0.3, xi),
        "x**2 < 0.16": normal(0.4, 0.4, x) - normal(-0.4, 0.4, x),
        "1 > 0": 1.0,
    }.items():
        found = w.probability(condition)
        assert found.kind == "bound" and found.error < 1e-9, condition
        assert holds(found, true), condition


def test_probabilities_of_interference() -> None:
    """The density of a Fock state, by its Hermite function; two modes, compared."""
    y = np.linspace(0.3, 6, 200_001)
    density = (2 * (y / sqrt(H)) ** 2 - 1) ** 2 / 2 * np.exp(-(y**2) / H) / sqrt(np.pi * H)
    assert holds(symbol_of(fock(2)).probability("x > 0.3"), float(np.trapezoid(density, y)))
    w = symbol_of(tensor(coherent(0.3, 0), coherent(0.1, 0)), level=1e-6)
    found = w.probability("x1 > x2")
    assert abs(found.value - (1 - normal(0, 0.2, H))) < found.error + 1e-5


def test_probabilities_over_time() -> None:
    system = System("xi**2/2 + x**2/2", [], h=H, gamma=0.0)
    found = evolve(system, coherent(1, 0), [0.5, 2.0], observables=["probability(x > 0)"])
    series = found.observed["probability(x > 0)"]
    true = np.array([1 - normal(0, np.cos(t), H / 2) for t in series.times])
    assert (np.abs(series.value - true) <= series.error).all() and series.error.max() < 1e-5


@pytest.mark.parametrize(
    "condition", ["x", "x >", "> 1", "x > xi", "1 < x < 0", "0 < x > 1", "x = 1", "", "x > y", "x == 1", "a > 0", 5]
)
def test_no_conditions(condition: str) -> None:
    refused(lambda: symbol_of(CAT).probability(condition), "Argument `condition` must ")


# --- quanta


def test_numbers_of_quanta_of_qutip() -> None:
    rho = 0.6 * (qutip.coherent(40, 1.0 + 0.5j) + 1j * qutip.fock(40, 3)).unit().proj() + 0.4 * qutip.thermal_dm(
        40, 0.3
    )
    found = symbol_of(from_qutip(rho, H)).photon_numbers()
    true = rho.diag()
    assert np.abs(found.value[:20] - true[:20]).max() <= found.error + 1e-11 and found.error < 1e-8
    few = symbol_of(from_qutip(rho, H)).photon_numbers(size=3)
    assert few.value == pytest.approx(true[:3], abs=1e-9) and few.error < 1e-8
    assert symbol_of(from_qutip(rho, H)).g2().value == pytest.approx(
        qutip.expect(qutip.destroy(40).dag() ** 2 * qutip.destroy(40) ** 2, rho)
        / qutip.expect(qutip.num(40), rho) ** 2,
        rel=1e-8,
    )


def test_second_order_coherence() -> None:
    for state, true in ((coherent(alpha=1), 1.0), (thermal(0.7), 2.0), (fock(4), 0.75), (fock(1), 0.0)):
        found = symbol_of(state).g2()
        assert found.kind == "estimate" and holds(found, true) and found.error < 1e-6
    assert symbol_of(coherent(0, 0)).g2().error == np.inf
    w = symbol_of(tensor(fock(2), thermal(0.5)), level=1e-7)
    assert [round(float(w.g2(mode).value), 4) for mode in (1, 2)] == [0.5, 2.0]


def test_quanta_over_time() -> None:
    """Of a damped Fock state: binomial."""
    system = System.from_operators("0*ad*a", ["a"], h=1)
    solution = evolve(system, fock(2), [0.0, 0.3], tol=1e-4)
    found, p = solution.photon_numbers(size=5), np.exp(-0.3)
    for row, error, true in zip(
        found.value, found.error, ([0, 0, 1], [(1 - p) ** 2, 2 * p * (1 - p), p**2]), strict=True
    ):
        assert np.abs(row[:3] - true).max() <= error < 2e-4
    g2 = solution.g2()
    assert (np.abs(g2.value - 0.5) <= g2.error).all()


def test_purities_and_overlaps() -> None:
    w = symbol_of(thermal(1.0))
    assert holds(w.linear_entropy(), 1 - 1 / 3)
    assert holds(w.overlap(fock(2)), 1 / 8)
    assert holds(w.overlap(symbol_of(thermal(1.0))), 1 / 3)
    refused(lambda: w.overlap(5), "Argument `other` must be a Symbol")


# --- entanglement


@pytest.mark.slow
def test_partial_transposes_against_matrices() -> None:
    """Twice is once; the Fock matrix is transposed in its first index pair."""
    one, two = qutip.fock(3, 0), qutip.fock(3, 1)
    bell = (qutip.tensor(one, two) + 1j * qutip.tensor(two, one)).unit()
    w = from_qutip(bell, 1.0).symbol(from_qutip(bell, 1.0).grid(1.0, 1e-4))
    turned = w.partial_transpose(1)
    back = turned.partial_transpose(1)
    assert np.abs((back - w).values).max() < 1e-9
    expected = qutip.partial_transpose(bell.proj(), [1, 0]).full()
    assert np.abs(turned.fock([3, 3], tol=1e-2)[0] - expected).max() < 1e-3
    found = w.logarithmic_negativity(tol=1e-2)
    assert holds(found, 1.0) and found.error < 0.02
    skewed = PhaseGrid.box(h=1.0, x=[(-3, 4)] * 2, xi=[(-4, 3), (-2, 5)], size=(12, 14))
    odd = Symbol(np.random.default_rng(0).normal(size=skewed.shape), skewed)
    assert odd.partial_transpose(2).at([[0.1], [0.2]], [[0.3], [0.4]]) == pytest.approx(
        odd.at([[0.1], [0.2]], [[0.3], [-0.4]]), abs=1e-8
    )


@pytest.mark.parametrize("r", [0.2, pytest.param(0.5, marks=pytest.mark.slow)])
def test_entanglement_of_two_mode_squeezed_vacuum(r: float) -> None:
    w = symbol_of(two_mode_squeezed(r), 1.0, 1e-4)
    found = w.logarithmic_negativity(tol=2e-2)
    assert found.kind == "bound" and abs(found.value - 2 * r / log(2)) <= found.error + 1e-4
    assert found.error < 0.03
    numbers = w.photon_numbers(2, 3)
    assert numbers.value == pytest.approx([tanh(r) ** (2 * m) * (1 - tanh(r) ** 2) for m in range(3)], abs=1e-3)


def test_products_are_not_entangled() -> None:
    found = symbol_of(tensor(thermal(0.2), fock(1)), 1.0, 1e-4).logarithmic_negativity(tol=1e-2)
    assert found.value - found.error <= 0 <= found.value < 0.02
    refused(lambda: symbol_of(CAT).logarithmic_negativity(), "Argument `symbol` must have two degrees of freedom")
    w = symbol_of(tensor(coherent(0, 0), coherent(0, 0)), 1.0, 1e-2)
    refused(lambda: w.logarithmic_negativity(1, 2), "Argument `modes` must leave one degree of freedom")
    refused(lambda: w.partial_transpose(3), "Argument `modes` must be a whole number from 1 to 2")
