"""What is read off an ensemble: against symbols on grids, closed forms, and the statistics of many samples."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from scipy.linalg import expm

from common import slow_but
from openweyl import (
    Ensemble,
    InputError,
    Observable,
    PhaseGrid,
    Readout,
    ResourceError,
    State,
    System,
    coherent,
    compare,
    evolve,
    gaussian,
    mixture,
    sample,
    squeezed,
)
from openweyl.files.netcdf import load, save
from openweyl.plot import new_figure, write
from openweyl.sampling.gaussian_quadrature import Formula, bounded_means

H = 1 / 8
ONE = System("xi**2/2 + x**2/2", ["x", "xi"], h=H, gamma=1.0)
STATES = {
    "coherent": coherent(0.4, -0.3),
    "squeezed": squeezed(0.2, 0.1, r=0.4, angle=0.7),
    "thermal": gaussian(0.1, 0.2, covariance=[[1.5, 0.3], [0.3, 0.9]]),
    "two": mixture([(1.0, coherent(-0.5, 0.0)), (3.0, coherent(0.6, 0.4))]),
}
OBSERVABLES = (
    "tanh(x)", "tanh(3*x) + exp(-xi**2)", "sin(5*x)", "smooth(exp(-x**2-xi**2))", "smooth(tanh(x*xi))", "region(x)",
    "region(0.3 - x + xi)", "husimi(0.3, -0.1)", "parity",
)  # fmt: skip


def free(n: int, h: float = H) -> System:
    x, xi = ([f"{stem}{j + 1}" for j in range(n)] for stem in ("x", "xi"))
    return System(sum(sympy.Symbol(v, real=True) ** 2 for v in x + xi) / 2, [], h=h, gamma=0.0)


def chance(
    seed: int, particles: int, *, n: int = 1, h: float = H, mean: Sequence[float] | None = None, spread: float = 0.3
) -> tuple[Ensemble, np.ndarray, np.ndarray]:
    """A sample of coherent states around `mean`, whose mixture is the Gaussian of the covariance h C; with both."""
    rng = np.random.default_rng(seed)
    m = np.full(2 * n, 0.2) if mean is None else np.asarray(mean)
    K = spread * np.eye(2 * n) + 0.1 * np.tril(np.ones((2 * n, 2 * n)))
    z = m + rng.standard_normal((particles, 2 * n)) @ K.T
    one = sample(free(n, h), coherent([0.0] * n, [0.0] * n) if n > 1 else coherent(0, 0), [0.0])
    zero = np.zeros((1, particles))
    made = replace(
        one,
        weights=np.full(particles, 1 / particles),
        centers=z[None],
        triangles=np.repeat(one.triangles, particles, axis=1),
        quantum=zero,
        classical=zero,
        missed=zero,
        uneven=zero,
        seed=seed,
        exact=False,
    )
    return made, m, np.eye(2 * n) / 2 + K @ K.T / h


# ------------------------------------------------------------------------------------------- single Gaussians, n = 1


@pytest.mark.parametrize("name", slow_but(["squeezed"], STATES))
def test_a_state_has_the_values_of_its_symbol(name: str) -> None:
    state = STATES[name]
    ensemble, symbol = sample(ONE, state, [0.0]), state.symbol(state.grid(H, 1e-14))
    assert ensemble.exact
    for text in OBSERVABLES:
        found, true = ensemble.expectation(text), symbol.expectation(text)
        assert abs(found.value[0] - true.value) <= found.bound[0] + true.error + 1e-12, text
        assert found.bound[0] < 1e-9 and found.statistical[0] == 0
    found, true = ensemble.expectation("region(x*xi - 0.05)"), symbol.expectation("region(x*xi - 0.05)")
    assert 0 < found.statistical[0] < 2e-3
    assert abs(found.value[0] - true.value) <= 5 * found.statistical[0] + true.error
    assert ensemble.purity().value[0] == pytest.approx(float(symbol.purity()), abs=1e-11)
    assert ensemble.fidelity(0.3, -0.1).value[0] == ensemble.expectation("husimi(0.3, -0.1)").value[0]
    moments, covariance = symbol.moments(), ensemble.covariance()
    assert ensemble.mean[0] == pytest.approx(moments.mean, abs=1e-11)
    assert covariance.value == pytest.approx(moments.covariance, abs=1e-11) and not covariance.error.any()
    reduced = ensemble.reduced(1)
    assert float(reduced.trace()) == pytest.approx(1, abs=1e-9)
    assert float((reduced - symbol).l1().value) < 1e-7


def test_unbounded_formulas_are_in_weyl_order() -> None:
    ensemble = sample(ONE, squeezed(0.4, -0.3, r=0.3), [0.0])
    symbol = squeezed(0.4, -0.3, r=0.3).symbol(squeezed(0.4, -0.3, r=0.3).grid(H, 1e-14))
    x, xi = np.meshgrid(symbol.grid.x[0].points, symbol.grid.xi[0].points, indexing="ij")
    for text, values in (
        ("x**2*xi**2 - x", x**2 * xi**2 - x),
        ("exp(-x**2-xi**2)", np.exp(-(x**2) - xi**2)),
        ("x**4 + cos(x*xi)", x**4 + np.cos(x * xi)),
    ):
        found = ensemble.expectation(text)
        assert found.value[0] == pytest.approx(float((values * symbol.values).sum()) * symbol.grid.cell, abs=1e-10)
        assert np.isinf(found.bound).all() and "trace norm says nothing" in found.note
        assert "none" in str(found)
    (occupation,) = ensemble.occupations().value[0]
    assert occupation == pytest.approx(ensemble.expectation(f"(x**2 + xi**2)/(2*{H}) - 1/2").value[0])


@pytest.mark.slow
def test_evolutions_of_quadratic_systems_agree_with_those_on_grids() -> None:
    system = System("xi**2/2 + x**2/2 + x*xi/4 + cos(0)*x", ["x + I*xi/2"], h=H, gamma=0.7)
    times = [0.3, 1.0]
    ensemble, solution = sample(system, STATES["two"], times), evolve(system, STATES["two"], times, tol=1e-9)
    for text in OBSERVABLES:
        found, true = ensemble.expectation(text), solution.expect(text)
        assert (np.abs(found.value - true.value) <= found.bound + true.error + 1e-9).all(), text
    for index in range(2):
        assert float((ensemble.reduced(1, index) - solution[index]).l1().value) < 1e-6
        assert ensemble.purity().value[index] == pytest.approx(float(solution[index].purity()), abs=1e-8)


# ------------------------------------------------------------------------------------------------------- product states


def test_products_have_the_values_of_their_factors() -> None:
    places = [(0.4, -0.3), (0.1, 0.2), (-0.6, 0.5)]
    rs = [0.3, 0.0, -0.2]
    state = squeezed([x for x, _ in places], [xi for _, xi in places], r=rs)
    factors = [squeezed(x, xi, r=r) for (x, xi), r in zip(places, rs, strict=True)]
    singles = [sample(ONE, factor, [0.0]) for factor in factors]
    ensemble = sample(free(3), state, [0.0])

    def value(text: str) -> float:
        return float(ensemble.expectation(text).value[0])

    def single(j: int, text: str) -> float:
        return float(singles[j].expectation(text).value[0])

    terms = single(0, "tanh(x)") + single(1, "sin(2*xi)") - 2 * single(2, "exp(-x**2)")
    assert value("tanh(x1) + sin(2*xi2) - 2*exp(-x3**2)") == pytest.approx(terms, abs=1e-9)
    assert value("parity") == pytest.approx(np.prod([single(j, "parity") for j in range(3)]))
    husimi = np.prod([single(j, "husimi(0.1, 0.3)") for j in range(3)])
    assert value("husimi(0.1, 0.1, 0.1, 0.3, 0.3, 0.3)") == pytest.approx(husimi)
    assert ensemble.fidelity([0.1] * 3, [0.3] * 3).value[0] == pytest.approx(husimi)
    assert value("region(x2 - 0.2)") == pytest.approx(single(1, "region(x - 0.2)"))
    assert value("x1**2*xi2**2*x3") == pytest.approx(single(0, "x**2") * single(1, "xi**2") * single(2, "x"))
    assert value("3.5") == pytest.approx(3.5)
    assert ensemble.purity().value[0] == pytest.approx(1)
    for j in range(3):
        assert float((ensemble.reduced(j + 1) - singles[j].reduced(1)).l1().value) < 1e-8
    pair, other = ensemble.reduced([1, 3]), ensemble.reduced([3, 1])
    assert float(pair.trace()) == pytest.approx(1, abs=1e-5) and float(pair.purity()) == pytest.approx(1, abs=1e-4)
    assert pair.moments().mean == pytest.approx([0.4, -0.6, -0.3, 0.5], abs=1e-5)
    assert other.moments().mean == pytest.approx([-0.6, 0.4, 0.5, -0.3], abs=1e-5)


def test_terms_of_many_variables_are_drawn_and_sums_of_few_are_not() -> None:
    n = 6
    ensemble = sample(free(n), coherent([0.5] * n, [0.0] * n), [0.0])
    product = "*".join(f"tanh(x{j + 1})" for j in range(n))
    true = float(sample(ONE, coherent(0.5, 0.0), [0.0]).expectation("tanh(x)").value[0])
    found = ensemble.expectation(product)
    assert 0 < found.statistical[0] < 1e-3 and abs(found.value[0] - true**n) < 5 * found.statistical[0]
    square = ensemble.expectation("(" + " + ".join(f"x{j + 1}" for j in range(n)) + ")**2")
    assert square.statistical[0] == 0 and square.value[0] == pytest.approx((n / 2) ** 2 + n * H / 2)


@pytest.mark.parametrize("n", slow_but([12], [12, 100]))
def test_many_modes(n: int) -> None:
    ensemble = chance(0, 40, n=n)[0]
    energy = ensemble.expectation(ensemble.system.hamiltonian)
    assert energy.value[0] == pytest.approx(H * (ensemble.occupations().value.sum() + n / 2))
    assert ensemble.expectation(f"tanh(x1 - x{n})").bound[0] < 1e-8
    zeros = ", ".join(["0"] * 2 * n)
    fidelity = ensemble.fidelity([0] * n, [0] * n).value[0]
    assert ensemble.expectation(f"husimi({zeros})").value[0] == pytest.approx(fidelity, rel=1e-9, abs=0)
    chain = ensemble.expectation(f"sum(j, 1, {n - 1}, tanh(x[j] - x[j+1]))")
    assert chain.bound[0] < 1e-6 and 0 < chain.statistical[0] < 2
    assert ensemble.covariance().value.shape == (2 * n, 2 * n)
    assert float(ensemble.reduced(n).trace()) == pytest.approx(1, abs=1e-8)
    assert np.isfinite(ensemble.purity().value[0])


# ------------------------------------------------------------------------------------------------------- bounds


def test_bounds_are_half_the_width_of_the_spectrum_times_the_distance() -> None:
    ensemble = replace(chance(1, 100)[0], quantum=np.full((1, 100), 0.25))
    for text, width in (
        ("tanh(x)", 1.0), ("2*tanh(x) + 5", 2.0), ("tanh(x) + tanh(xi)", 2.0), ("exp(-x**2)", 0.5), ("parity", 1.0),
        ("husimi(0, 0)", 0.5), ("region(x + xi)", 0.5), ("smooth(exp(-x**2*xi**2))", 0.5), ("7", 0.0),
    ):  # fmt: skip
        assert ensemble.expectation(text).bound[0] == pytest.approx(width * 0.25, abs=1e-8), text
    assert ensemble.purity().bound[0] == pytest.approx(0.25)
    assert ensemble.fidelity(0, 0).bound[0] == pytest.approx(0.125)
    known = Observable("mine", 3.0, Observable.parse("tanh(x)", 1).reading, 1)
    assert ensemble.expectation(known).bound[0] == pytest.approx(0.25)


def test_fast_observables_say_what_quadrature_leaves() -> None:
    ensemble, symbol = sample(ONE, coherent(0.01, 0), [0.0]), coherent(0.01, 0).symbol(coherent(0, 0).grid(H, 1e-14))
    for text in ("tanh(40*x)", "tanh(300*x)", "cos(200*x)", "exp(-10000*x**2)"):
        found, true = ensemble.expectation(text), symbol.expectation(text)
        assert abs(found.value[0] - true.value) <= found.bound[0] + true.error + 1e-10, text
        assert found.bound[0] < 1e-8, text


U, V = sympy.symbols("u v", real=True)


@settings(max_examples=25, deadline=None)
@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(-2, 2), st.floats(-1, 0.3), st.floats(-0.95, 0.95))
def test_bounds_of_quadrature_hold(a: float, b: float, sharpness: float, width: float, slant: float) -> None:
    """cos(k u), exp(-k u^2) and cos(k (u - v)) have closed forms; also where no points resolve them."""
    k, deviation = round(10**sharpness, 3), 10**width
    z, L = np.array([[a, b]]), np.array([[[deviation, 0.0], [slant * deviation, deviation]]])
    variance = deviation**2
    apart = (L[0, 0] - L[0, 1]) @ (L[0, 0] - L[0, 1])
    wide = 1 + 2 * k * variance
    for formula, variables, true in (
        (sympy.cos(k * U), (U,), np.cos(k * a) * np.exp(-(k**2) * variance / 2)),
        (sympy.exp(-k * U**2), (U,), np.exp(-k * a**2 / wide) / wide**0.5),
        (sympy.cos(k * (U - V)), (U, V), np.cos(k * (a - b)) * np.exp(-(k**2) * apart / 2)),
    ):
        q = len(variables)
        values, errors = bounded_means(Formula(formula, variables, 0.0), z[:, :q], L[:, :q, :q], 1e-9)
        assert abs(values[0] - true) <= errors[0], formula
        assert np.isinf(errors[0]) or errors[0] < 2e-9
        assert q == 2 or np.isfinite(errors[0])


WELL = System("xi**2 + (x**2-1/2)**2", ["x", "xi"], h=2**-4, gamma=1.0)


@pytest.mark.slow
def test_quantum_values_lie_within_both_errors() -> None:
    times = [0.25, 0.5]
    ensemble = sample(WELL, coherent(1, 0), times, particles=1000)
    run = compare(WELL, coherent(1, 0), times, tol=1e-4)
    for text in (*OBSERVABLES, "region(x*xi + 0.1)"):
        found, true = ensemble.expectation(text), run.quantum.expect(text)
        assert (np.abs(found.value - true.value) <= found.bound + 4 * found.statistical + true.error).all(), text
    for index, symbol in enumerate(run.quantum):
        purity = ensemble.purity()
        assert abs(purity.value[index] - float(symbol.purity())) <= purity.bound[index] + 4 * purity.statistical[index]
        reduced = ensemble.reduced(1, index)
        for text in OBSERVABLES:
            own, there = ensemble.expectation(text), reduced.expectation(text)
            drawn = own.statistical[index] if "smooth" in text else 0.0  # at points, as quadrature takes too many
            assert abs(own.value[index] - there.value) <= there.error + 1e-8 + drawn / 2, text
        assert reduced.moments().mean == pytest.approx(ensemble.mean[index], abs=1e-8)
        purity_of_sample = float(reduced.purity())  # that of the particles themselves, each with itself too
        pairs = (purity_of_sample - 1 / 1000) * 1000 / 999
        assert purity.value[index] == pytest.approx(pairs, abs=1e-3)


# ------------------------------------------------------------------------------------------------------- statistics


@pytest.mark.slow
def test_intervals_hold_as_often_as_they_say() -> None:
    names = ("mean", "tanh", "region", "xi**2", "purity", "fidelity", "covariance", "correlation", "occupation")
    held = dict.fromkeys(names, 0)
    runs = 200
    for seed in range(runs):
        ensemble, m, C = chance(seed, 80, h=0.2)
        if seed == 0:
            whole = sample(free(1, 0.2), gaussian(m[0], m[1], covariance=C.tolist()), [0.0])
            rho = whole.correlation().value
            true = {
                "mean": m[0], "tanh": whole.expectation("tanh(x)").value[0],
                "region": whole.reduced(1).expectation("region(x*xi)").value, "xi**2": m[1] ** 2 + 0.2 * C[1, 1],
                "purity": whole.purity().value[0], "fidelity": whole.fidelity(0, 0).value[0],
                "covariance": 0.2 * C[0, 1], "correlation": rho[0, 1], "occupation": whole.occupations().value[0, 0],
            }  # fmt: skip
        readouts = {
            "tanh": ensemble.expectation("tanh(x)"), "region": ensemble.expectation("region(x*xi)"),
            "xi**2": ensemble.expectation("xi**2"), "purity": ensemble.purity(), "fidelity": ensemble.fidelity(0, 0),
        }  # fmt: skip
        pairs = {name: (one.value[0], one.statistical[0]) for name, one in readouts.items()}
        covariance, correlation, occupation = ensemble.covariance(), ensemble.correlation(), ensemble.occupations()
        pairs["mean"] = ensemble.mean[0, 0], ensemble.mean_standard_error[0, 0]
        pairs["covariance"] = covariance.value[0, 1], covariance.error[0, 1]
        pairs["correlation"] = correlation.value[0, 1], correlation.error[0, 1]
        pairs["occupation"] = occupation.value[0, 0], occupation.error[0, 0]
        for name, (value, error) in pairs.items():
            held[name] += abs(value - true[name]) <= 1.96 * error
    assert {name for name, count in held.items() if not 0.9 * runs <= count <= 0.99 * runs} == set(), held


def test_fewer_pairs_give_the_same_purity(monkeypatch: pytest.MonkeyPatch) -> None:
    ensemble = chance(3, 400)[0]
    full = ensemble.purity()
    monkeypatch.setattr("openweyl.sampling.overlaps.PAIRS_COST", 400 * 20 * 1000.0)
    few = ensemble.purity()
    assert few.value[0] != full.value[0] and few.statistical[0] >= full.statistical[0]
    assert abs(few.value[0] - full.value[0]) <= 4 * few.statistical[0]


def test_one_particle_has_no_statistics() -> None:
    ensemble = chance(0, 1)[0]
    assert np.isinf(ensemble.expectation("tanh(x)").statistical).all()
    assert np.isinf(ensemble.purity().statistical).all() and np.isinf(ensemble.covariance().error).all()


# ------------------------------------------------------------------------------------------------------- invariances


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 100), st.integers(1, 3), st.floats(0.1, 1))
def test_overlaps_do_not_depend_on_coordinates(seed: int, n: int, size: float) -> None:
    ensemble = chance(seed, 30, n=n)[0]
    rng = np.random.default_rng(seed)
    A = rng.standard_normal((2 * n, 2 * n))
    J = np.block([[np.zeros((n, n)), np.eye(n)], [-np.eye(n), np.zeros((n, n))]])
    S, b = expm(size * J @ (A + A.T) / 4), rng.standard_normal(2 * n)
    C = S @ (ensemble.covariances(0) / H) @ S.T
    rows, columns = np.tril_indices(2 * n)
    moved = replace(ensemble, centers=ensemble.centers @ S.T + b, triangles=C[:, rows, columns][None])
    assert moved.purity().value == pytest.approx(ensemble.purity().value)
    covariance = S @ ensemble.covariance().value @ S.T
    assert moved.covariance().value == pytest.approx(covariance, abs=1e-9 * np.abs(covariance).max())


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 100), st.integers(1, 300), st.floats(0.02, 1), st.floats(0.05, 1))
def test_reduced_symbols_have_the_trace_and_the_moments_of_the_particles(
    seed: int, particles: int, h: float, spread: float
) -> None:
    ensemble = chance(seed, particles, n=2, h=h, spread=spread)[0]
    same = replace(ensemble, exact=True)  # its covariance is that of these particles, without a correction for chance
    symbol = same.reduced(2)
    places = np.array([1, 3])
    assert float(symbol.trace()) == pytest.approx(1, abs=1e-8)
    assert symbol.moments().mean == pytest.approx(same.mean[0, places], abs=1e-7)
    covariance = same.covariance().value[np.ix_(places, places)]
    assert symbol.moments().covariance == pytest.approx(covariance, abs=1e-7)
    assert float(np.asarray(symbol.values).min()) > -1e-7


@pytest.mark.slow
@settings(max_examples=5, deadline=None)
@given(st.integers(0, 50), st.floats(-2, 2), st.floats(-2, 2))
def test_values_are_linear_and_do_not_depend_on_the_order_of_particles(seed: int, a: float, b: float) -> None:
    ensemble = chance(seed, 50, n=2)[0]
    one, other = ensemble.expectation("tanh(x1 - x2)").value, ensemble.expectation("sin(xi2)").value
    both = ensemble.expectation(f"({a:.3f})*tanh(x1 - x2) + ({b:.3f})*sin(xi2)").value
    assert both == pytest.approx(round(a, 3) * one + round(b, 3) * other, abs=1e-10)
    turned = replace(ensemble, centers=ensemble.centers[:, ::-1])
    assert turned.purity().value == pytest.approx(ensemble.purity().value)
    assert turned.expectation("tanh(x1 - x2)").value == pytest.approx(one)


# ------------------------------------------------------------------------------------------------------- refusals


def test_what_cannot_be_read_off_is_refused() -> None:
    ensemble: Any = chance(0, 5, n=3)[0]
    refused: list[tuple[Any, str]] = [
        (lambda: ensemble.reduced([1, 2, 3]), "one or two"),
        (lambda: ensemble.reduced([]), "one or two"),
        (lambda: ensemble.reduced(0), "modes"),
        (lambda: ensemble.reduced(4), "modes"),
        (lambda: ensemble.reduced([2, 2]), "different"),
        (lambda: ensemble.fidelity(0, 0), "3 numbers"),
        (lambda: ensemble.expectation("tanh(y)"), "observable"),
        (lambda: ensemble.expectation("husimi(1, 2)"), "6 numbers"),
        (lambda: ensemble.expectation(Observable.parse("tanh(x)", 1)), "n = 3"),
        (lambda: ensemble.expectation(Observable("mine", 1.0, lambda symbol: (0.0, 0.0))), "Observable.parse"),
        (lambda: ensemble.expectation(sympy.Symbol("y", real=True)), "variables of the system"),
        (lambda: ensemble.expectation(3), "observable"),
        (lambda: ensemble.plot_reduced("1"), "modes"),
        (lambda: ensemble.to_xarray(covariances="yes"), "covariances"),
    ]
    for call, words in refused:
        with pytest.raises(InputError, match=words):
            call()
    for call in (lambda: ensemble.reduced(1, 5), lambda: ensemble.covariance(7)):
        with pytest.raises(IndexError, match="index"):
            call()
    fine = chance(0, 5, n=2, h=2**-12)[0]
    with pytest.raises(ResourceError, match="one mode"):
        fine.reduced([1, 2])
    assert float(fine.reduced(1).trace()) == pytest.approx(1, abs=1e-8)


# ----------------------------------------------------------------------------------------------- files and pictures


def test_ensembles_go_to_disk(tmp_path: Path) -> None:
    ensemble = chance(0, 20, n=2)[0]
    data = load(save(ensemble.to_xarray(), tmp_path / "ensemble.nc"))
    assert data["center"].dims == ("time", "particle", "coordinate")
    assert np.array_equal(data["center"].values, ensemble.centers)
    assert np.allclose(data["covariance"].values[0], ensemble.covariances(0))
    assert [str(name) for name in data["coordinate"].values] == ["x1", "x2", "xi1", "xi2"]
    assert data.attrs["h"] == H and data.attrs["seed"] == 0 and data.attrs["state"] == str(ensemble.state)
    assert "covariance" not in ensemble.to_xarray(covariances=False)
    text = json.dumps([ensemble.as_dict(), ensemble.expectation("x1**2").as_dict()])
    assert json.loads(text)[1]["bound"] == [None]


def test_results_fit_on_a_screen() -> None:
    n = 20
    times = np.linspace(0, 1, 50).tolist()
    ensemble = sample(free(n), coherent([0.5] * n, [0.0] * n), times)
    for text in (str(ensemble), repr(ensemble), repr(ensemble.expectation("tanh(x1)"))):
        assert len(text.splitlines()) <= 25 and all(len(line) <= 320 for line in text.splitlines())
    for result in (ensemble, ensemble.expectation("tanh(x1)"), ensemble.expectation("x1")):
        assert result._repr_html_().count("<img") == 1
    assert "mean x1" in str(ensemble) and "mean x " in str(sample(ONE, STATES["two"], [0.0]))


def test_pictures_show_values_bands_and_bounds(tmp_path: Path) -> None:
    ensemble = sample(WELL, coherent(1, 0), [0.01, 0.02], particles=20)
    figure, axes = new_figure(1, 3, (12, 4))
    assert ensemble.plot(list(axes[0])) == list(axes[0])
    means, bounds, reduced = axes[0]
    assert means.get_legend() is not None and len(means.collections) == 2
    assert bounds.get_yscale() == "log" and len(bounds.lines) == 2
    assert reduced.get_xlabel() == "$x$" and "mode 1" in reduced.get_title()
    readout: Readout = ensemble.expectation("tanh(x)")
    for bound, bands in ((True, 2), (False, 1)):
        assert len(readout.plot(Figure().subplots(), bound=bound).collections) == bands
    assert len(ensemble.expectation("x").plot(Figure().subplots()).collections) == 1
    row = chance(0, 20, n=3)[0].plot_reduced([1, 3])
    assert [ax.get_title() for ax in row] == ["mode 1, t = 0", "mode 3, t = 0"]
    assert write(figure, tmp_path / "ensemble.png").stat().st_size > 10_000
    assert len(ensemble.plot(Figure().subplots())) == 1
    with pytest.raises(InputError, match="at most 3"):
        ensemble.plot(list(Figure().subplots(1, 4)))


def test_a_grid_holds_all_particles() -> None:
    far = chance(0, 3, mean=[3.0, -2.0])[0]
    grid: PhaseGrid = far.reduced(1).grid
    width = 6 * np.sqrt(H / 2)
    z = far.centers[0]
    for axis, column in zip(grid.x + grid.xi, z.T, strict=True):
        assert axis.lower <= column.min() - width and axis.upper >= column.max() + width
    assert float(far.reduced(1).values.max()) <= 2


def test_states_are_those_of_the_ensemble() -> None:
    state: State = STATES["thermal"]
    assert str(sample(ONE, state, [0.0])).splitlines()[1] == str(state)
