"""Whole runs of `sample` against the grid's exact evolutions: what is true lies within the bound."""

from __future__ import annotations

import numpy as np
import pytest

from mixtures import Verdict, judged
from openweyl import Problem, System, coherent, evolve, gaussian, mixture, sample, squeezed
from openweyl.model.states import State

BUILT_IN = ("caldeira-leggett", "double-well", "double-well-closed", "duffing", "kerr-damped", "kerr", "pendulum")


def number(rng: np.random.Generator, low: float, high: float) -> float:
    return float(f"{rng.uniform(low, high):.3g}")


def random_case(seed: int) -> tuple[System, State, float]:
    """p of one to three terms, also driven, and anharmonic in xi; jumps real and complex; gamma from 0.2 to 10."""
    rng = np.random.default_rng([7, seed])

    def pick(*values: str) -> str:
        return values[rng.integers(len(values))]

    def term() -> str:
        a, b, k = number(rng, -1, 1), number(rng, -1.5, 1.5), number(rng, 0.6, 2)
        return pick(
            f"{a}*tanh(x - {b})",
            f"{a}*cos({k}*x)",
            f"{a}*exp(-(x - {b})**2*{k / 2})",
            f"{a}*sin({k}*x)*cos({3 * k}*t)",
            f"{abs(a)}*sqrt(1 + x**2)",
            f"{abs(a) / 4:.3g}*x**4",
            f"{abs(a) / 4:.3g}*(x**2 - {k})**2",
        )

    kinetic = pick(
        "xi**2/2",
        f"{number(rng, 0.2, 1)}*xi**2",
        f"xi**2/2 + {number(rng, 0.02, 0.2)}*xi**4",
        f"xi**2/2 + {number(rng, 0.02, 0.1)}*(x**2 + xi**2)**2",
        f"xi**2/2 + {number(rng, -0.2, 0.2)}*x*xi**2 + x**2*xi**2/20 + xi**4/10 + x**4/10",
    )
    p = " + ".join([kinetic] + [f"({term()})" for _ in range(rng.integers(1, 4))])
    pool = (
        "x",
        "xi",
        "(x + I*xi)/sqrt(2)",
        "0.6*x - 0.8*xi",
        f"x + {number(rng, -0.5, 0.5)}*I*xi + 0.3",
        "(x - I*xi)/2",
    )
    jumps = list(dict.fromkeys(pick(*pool) for _ in range(rng.integers(1, 3))))
    h, gamma = 2.0 ** -rng.integers(2, 9), float(f"{10 ** rng.uniform(np.log10(0.2), 1):.3g}")
    x, xi = number(rng, -1, 1), number(rng, -1, 1)
    state = (
        coherent(x, xi),
        squeezed(x, xi, r=number(rng, -0.5, 0.5), angle=number(rng, 0, 3)),
        gaussian(x, xi, [[0.9, 0.1], [0.1, 0.8]]),
        mixture([(0.7, coherent(x, xi)), (0.3, squeezed(-x, xi, r=0.3, angle=1.0))]),
    )[rng.integers(4)]
    time = float(f"{rng.uniform(0.1, 0.4) / max(1, gamma / 2) ** 0.5:.3g}")
    return System(p, jumps, h=h, gamma=gamma), state, time


def verdicts(system: System, state: State, times: list[float], particles: int, *, norms: bool = True) -> list[Verdict]:
    exact = evolve(system, state, times, tol=1e-4)
    ensemble = sample(system, state, times, particles=particles)
    return [judged(ensemble, exact, i, norms=norms) for i in range(len(times))]


def check(found: list[Verdict]) -> None:
    for verdict in found:
        assert not verdict.ratio > 1, verdict  # NaN: not known
        assert verdict.sharpest <= 1, verdict


@pytest.mark.slow
@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_problems_lie_within_the_bound(name: str) -> None:
    problem = Problem.load(name)
    check(verdicts(problem.system, problem.state, [0.2], 40))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_random_systems_lie_within_the_bound(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With any lag, so none is looked for."""
    monkeypatch.setattr("openweyl.sampling.sample.best_lag", lambda *_, **__: 0.1 * (seed % 4))
    system, state, time = random_case(seed)
    check(verdicts(system, state, [time], 80))


@pytest.mark.slow
def test_a_double_well_lies_within_the_bound() -> None:
    check(verdicts(System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=2**-4, gamma=1.0), coherent(0.7, 0), [0.1], 30))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("p", "jumps"),
    [
        ("xi1**2/2 + xi2**2/2 + x1**4/4 + x2**2/2 + x1*x2/2", ["x1", "xi1", "x2", "xi2"]),
        (
            "(x1**2 + xi1**2 + x2**2 + xi2**2)/2 + (x1**2 + xi1**2)*x2/8",
            ["(x1 + I*xi1)/sqrt(2)", "(x2 + I*xi2)/sqrt(2)"],
        ),
        ("(xi1**2 + xi2**2)/2 + cos(x1 - x2)/2 + x1**2/2 + x2**2/4", ["x1", "x2", "xi1", "xi2"]),
    ],
)
def test_two_degrees_of_freedom_lie_within_the_bound(p: str, jumps: list[str]) -> None:
    """By observables alone."""
    system = System(p, jumps, h=1 / 2, gamma=0.5)
    check(verdicts(system, coherent([0.6, -0.3], [0.0, 0.4]), [0.2], 60, norms=False))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_the_fokker_planck_density_lies_within_its_bound(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By means of bounded functions, the density against the mixture's Wigner function."""
    monkeypatch.setattr("openweyl.sampling.sample.best_lag", lambda *_, **__: 0.2)
    system, state, time = random_case(seed)
    exact = evolve(system, state, [time], kind="classical", tol=1e-4)
    ensemble = sample(system, state, [time], particles=100)
    bound = float(ensemble.classical_bound[0] + 3 * ensemble.classical_bound_standard_error[0])
    a = exact.final
    grids = np.meshgrid(*(axis.points for axis in (*a.grid.x, *a.grid.xi)), indexing="ij")
    weights = a.values * a.grid.cell
    z, C = ensemble.centers[0], ensemble.covariances(0)
    for k in np.array([[1, 0], [0, 1], [1, 1], [2, -1]]) / system.h**0.5:
        each = np.cos(z @ k) * np.exp(-np.einsum("i,pij,j->p", k, C, k) / 2)
        true = (np.cos(k[0] * grids[0] + k[1] * grids[1]) * weights).sum()
        error = each.std(ddof=1) / len(each) ** 0.5
        assert abs(each.mean() - true) <= bound + 4 * error + exact.numerics.error[0]
