"""The schemes: measured order against declared order, the series in lambda, and the stepper's economies."""

from __future__ import annotations

from itertools import pairwise
from math import factorial, log2

import numpy as np
import pytest

from openweyl import PhaseGrid, System, coherent
from openweyl.evolution.factors import MAX_CORRECTION_EXPONENT
from openweyl.evolution.power_series import exponential
from openweyl.evolution.schemes import CHIN, STRANG, Scheme, best_scheme
from openweyl.evolution.stepper import Stepper
from openweyl.generators.generator import fokker_planck, hierarchy, lindblad

H = 0.25
GRID = PhaseGrid.box(h=H, x=(-4.5, 4.5), xi=(-5, 5), size=(72, 80))
SYSTEMS = {
    "double well": System("xi**2/2 + (x**2 - 1)**2/8", ["x", "xi"], h=H, gamma=0.4),
    "mixed jumps": System("xi**2/2 + x**4/8", ["x + xi/2", "x/2 - xi"], h=H, gamma=0.4),
    "all jumps": System("xi**2/2 + xi/3 - cos(x)", ["tanh(x)", "xi/2", "x - xi/2"], h=H, gamma=0.4),
    "nonlinear T": System("sqrt(1 + xi**2) + x**2/2", ["x", "tanh(xi)"], h=H, gamma=0.4),
    "nonlinear T, mixed jumps": System("sqrt(1 + xi**2) - cos(x)", ["x + xi/2"], h=H, gamma=0.4),
    "nonlinear xi-jump": System("xi**2/2 + x**2/2", ["tanh(xi)", "x - xi"], h=H, gamma=0.4),
}
GENERATORS = {"quantum": lindblad, "classical": fokker_planck}


def measured_order(
    system: System, grid: PhaseGrid, build: object, scheme: Scheme, start: np.ndarray, steps: tuple[int, ...]
) -> float:
    """log2 of the ratio of successive differences at `steps`, 2 steps and 4 steps to the same time."""
    generator = build(system, grid)
    runs = [Stepper(generator, scheme, 0.5 / n, growth=2.0).run(start.copy(), n) for n in steps]
    coarse, fine = (np.linalg.norm(a - b) for a, b in pairwise(runs))
    assert fine > 1e-10 * np.linalg.norm(runs[-1])  # above round-off
    return log2(coarse / fine)


@pytest.mark.parametrize("system", SYSTEMS.values(), ids=SYSTEMS)
@pytest.mark.parametrize("build", GENERATORS.values(), ids=GENERATORS)
def test_order(system: System, build: object) -> None:
    start = coherent(0.7, -0.3).symbol(GRID).values
    best = best_scheme(build(system, GRID))
    for scheme in {STRANG, best}:
        order = measured_order(system, GRID, build, scheme, start, (16, 32, 64))
        assert order == pytest.approx(scheme.order, abs=0.15), scheme.name


def test_which_scheme() -> None:
    expected = [CHIN, CHIN, CHIN, STRANG, STRANG, STRANG]
    assert [best_scheme(lindblad(system, GRID)) for system in SYSTEMS.values()] == expected


@pytest.mark.slow
@pytest.mark.parametrize("build", GENERATORS.values(), ids=GENERATORS)
def test_order_in_two_degrees_of_freedom(build: object) -> None:
    h = 1.0
    system = System(
        "xi1**2/2 + xi2**2/2 + xi1*xi2/4 + sin(x1)*x2/2 + cos(x2)", ["x1", "xi2", "x1 + xi2"], h=h, gamma=0.2
    )
    grid = PhaseGrid.box(h=h, x=[(-5.5, 5.5)] * 2, xi=[(-5.5, 5.5)] * 2, size=(30, 30))
    start = coherent([0.3, 0.1], [0.0, -0.2]).symbol(grid).values
    order = measured_order(system, grid, build, CHIN, start, (2, 4, 8))
    assert order == pytest.approx(4, abs=0.25)


@pytest.mark.parametrize("scheme", [STRANG, CHIN], ids=lambda s: s.name)
def test_tables_are_positive_and_consistent(scheme: Scheme) -> None:
    assert sum(a for a, _ in scheme.kicks) == pytest.approx(1, rel=0, abs=1e-15)
    assert sum(scheme.drifts) == pytest.approx(1, rel=0, abs=1e-15)
    assert min(scheme.drifts) > 0
    assert min(a for a, _ in scheme.kicks) > 0
    assert scheme.kicks == scheme.kicks[::-1]


@pytest.mark.parametrize("jumps", [["tanh(x)", "xi/2", "x/2 - xi/3"], ["tanh(x)", "x + 2*I"]], ids=str)
@pytest.mark.parametrize("build", GENERATORS.values(), ids=GENERATORS)
def test_commutator_is_the_nested_commutator(build: object, jumps: list[str]) -> None:
    """[A, [B, A]] w by the stepper's own multiplications, B by a difference quotient of its drift."""
    system = System("xi**2/2 + xi/3 + x**4/8", jumps, h=H, gamma=0.4)
    generator = build(system, GRID)
    w = coherent(0.7, -0.3).symbol(GRID).values
    axis = GRID.array_axes(x=False, xi=True)

    def kick(u: np.ndarray, rate: np.ndarray) -> np.ndarray:
        return np.fft.irfft(rate[0] * np.fft.rfft(u, axis=axis[0]), GRID.shape[1], axis=axis[0])

    def drift(u: np.ndarray) -> np.ndarray:
        k, xi = GRID.mesh("k", "xi")
        moved = np.fft.irfft(generator.drift.dense()[0] * np.fft.rfft(u, axis=0), GRID.shape[0], axis=0)
        assert k[0].shape[0] == GRID.shape[0] // 2 + 1
        assert xi[0].shape[-1] == GRID.shape[1]
        if generator.linear_diffusion is None:
            return moved
        sigma = (
            sum(part.real[0] for part in generator.linear_diffusion(1e-7)) / 1e-7
        )  # the integrand at time 0, up to 1e-7
        both = np.fft.irfft2(sigma * np.fft.rfft2(u), GRID.shape)
        return moved + both

    def A(u: np.ndarray) -> np.ndarray:
        return kick(u, generator.kick.dense())

    nested = A(drift(A(w))) - A(A(drift(w))) - (drift(A(A(w))) - A(drift(A(w))))
    expected = kick(w, generator.commutator.dense())
    assert np.abs(nested - expected).max() < 1e-5 * np.abs(expected).max()


def factors_of(stepper: Stepper) -> list[np.ndarray]:
    """All that a stepper has multiplied by."""
    return [array for factor in stepper._factors.values() for array in factor.arrays]


def test_growth_is_limited() -> None:
    """A step so large that dt^3 [A, [B, A]] wins far out: amplified without the limit, held with it."""
    system = System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=H, gamma=0.4)
    generator = lindblad(system, GRID)
    dt = 0.05
    free, limited = Stepper(generator, CHIN, dt), Stepper(generator, CHIN, dt, growth=1.0)
    start = coherent(0.7, -0.3).symbol(GRID).values
    for stepper in (free, limited):
        stepper.run(start.copy(), 1)
    largest, held = (
        max(np.abs(a).max() for f in stepper._factors.values() for a in f.arrays) for stepper in (free, limited)
    )
    assert largest > 10
    assert held <= np.exp(1.0 * dt) + 1e-12
    small = [
        Stepper(lindblad(SYSTEMS["all jumps"], GRID), CHIN, 0.01, growth=g).run(start.copy(), 10) for g in (np.inf, 1.0)
    ]
    assert np.abs(small[0] - small[1]).max() < 1e-9  # where the symbol lives nothing is changed


def test_growth_of_corrections_is_limited() -> None:
    """A step so long that powers of the correction's part would outgrow all else far out, where the symbol is nil."""
    generator, dt = hierarchy(System("xi**2/2 + x**4", [], h=H, gamma=0.0), GRID), 0.2
    start = np.stack([coherent(0.7, -0.3).symbol(GRID).values, *np.zeros((3, *GRID.shape))])
    free, limited = (Stepper(generator, STRANG, dt, order=4, growth=growth) for growth in (np.inf, 1.0))
    for stepper in (free, limited):
        stepper.run(start.copy(), 1)
    largest, held = (
        max(np.abs(a).max() for f in stepper._factors.values() for a in f.arrays) for stepper in (free, limited)
    )
    assert largest > 1e5
    assert held <= np.exp(MAX_CORRECTION_EXPONENT + dt)


@pytest.mark.parametrize("build", [lindblad, fokker_planck, hierarchy])
def test_factors_are_kept_harmlessly(build: object) -> None:
    generator = build(SYSTEMS["all jumps"], GRID)
    order = 3 if build is hierarchy else 1
    start = coherent(0.7, -0.3).symbol(GRID).values
    start = np.stack([start, 0 * start, 0 * start]) if order > 1 else start
    stepper = Stepper(generator, CHIN, 0.02, order=order)
    first = stepper.run(start.copy(), 4)
    again = stepper.run(start.copy(), 4)
    fresh = Stepper(generator, CHIN, 0.02, order=order).run(start.copy(), 4)
    pieces = stepper.run(stepper.run(start.copy(), 1), 3)
    assert np.array_equal(first, again)
    assert np.array_equal(first, fresh)
    assert np.abs(first - pieces).max() < 1e-12 * np.abs(first).max()


@pytest.mark.parametrize("order", [1, 2, 5, 8])
@pytest.mark.parametrize("degree", [1, 2])
def test_exponential_of_a_series(order: int, degree: int) -> None:
    rng = np.random.default_rng(3)
    c = rng.normal(size=(degree + 1, 6)) + 1j * rng.normal(size=(degree + 1, 6))
    found = exponential(c, order)
    assert found.shape == (order, 6)
    for point in range(6):
        tail = np.concatenate([[0], c[1:, point]])
        total, power = np.zeros(order, complex), np.array([1.0 + 0j])
        for m in range(order):
            padded = np.zeros(order, complex)
            padded[: min(order, len(power))] = power[:order]
            total += padded / factorial(m)
            power = np.polynomial.polynomial.polymul(power, tail)
        assert found[:, point] == pytest.approx(np.exp(c[0, point]) * total, rel=1e-13, abs=1e-13)


def test_a_lone_coefficient_stays_alone() -> None:
    assert exponential(np.array([[0.5, 1.0]]), 4) == pytest.approx(np.exp([[0.5, 1.0]]), rel=1e-15)


@pytest.mark.parametrize("name", ["all jumps", "nonlinear T", "nonlinear T, mixed jumps"])
def test_the_hierarchy_sums_to_the_quantum_evolution(name: str) -> None:
    """Q + lambda (L - Q) at lambda = 1 is L, at 0 is Q; its first coefficient is the derivative by lambda."""
    system, order, dt, steps = SYSTEMS[name], 16, 0.01, 20
    start = coherent(0.7, -0.3).symbol(GRID).values
    scheme = best_scheme(lindblad(system, GRID))
    stack = np.zeros((order, *GRID.shape))
    stack[0] = start
    series = Stepper(hierarchy(system, GRID), scheme, dt, order=order).run(stack, steps)
    quantum, classical = (
        Stepper(build(system, GRID), scheme, dt).run(start.copy(), steps) for build in (lindblad, fokker_planck)
    )
    assert np.abs(series[0] - classical).max() < 1e-12
    distance = [np.abs(series[:m].sum(axis=0) - quantum).max() for m in range(1, order + 1)]
    assert distance[0] > 1e-3  # there is something to correct
    assert distance[-1] < 1e-10
    assert all(later < earlier for earlier, later in pairwise(distance[:7]))


@pytest.mark.parametrize("build", GENERATORS.values(), ids=GENERATORS)
@pytest.mark.parametrize("force", ["x*cos(9*t)", "xi*cos(9*t)", "x*cos(9*t) + xi*sin(7*t)"])
def test_order_under_a_drive(build: object, force: str) -> None:
    """Each flow at its own moment: at another one every scheme would be of order 1; and late starts are late."""
    system = System(f"xi**2/2 + x**2/2 + {force}", ["x"], h=H, gamma=0.4)
    generator, start = build(system, GRID), coherent(0.7, -0.3).symbol(GRID).values
    assert best_scheme(generator) == (STRANG if "xi*" in force else CHIN)
    for scheme in {STRANG, best_scheme(generator)}:
        runs = [Stepper(generator, scheme, 0.5 / n, growth=2.0).run(start.copy(), n, 0.2) for n in (12, 24, 48)]
        coarse, fine = (np.linalg.norm(a - b) for a, b in pairwise(runs))
        assert log2(coarse / fine) == pytest.approx(scheme.order, abs=0.3)
        first = Stepper(generator, scheme, 0.5 / 48, growth=2.0)
        again = first.run(first.run(start.copy(), 24, 0.2), 24, 0.45)
        assert np.abs(again - runs[-1]).max() < 1e-12


def test_recoil_is_a_poisson_process() -> None:
    """l = e^{ix}: l A l* is A at xi - h, so there are k recoils up to t with Poisson's weights of mean gamma t/h."""
    gamma, t = 0.8, 0.3
    system = System("0", ["cos(x) + I*sin(x)"], h=H, gamma=gamma)
    mean = gamma * t / H
    weights = [np.exp(-mean) * mean**k / factorial(k) for k in range(30)]
    exact = sum(p * coherent(0.7, -0.8 + k * H).symbol(GRID).values for k, p in enumerate(weights) if p > 1e-13)
    found = Stepper(lindblad(system, GRID), STRANG, t).run(coherent(0.7, -0.8).symbol(GRID).values.copy(), 1)
    assert np.abs(found - exact).max() < 1e-6 * np.abs(exact).max()
    density = Stepper(fokker_planck(system, GRID), STRANG, t).run(coherent(0.7, -0.8).symbol(GRID).values.copy(), 1)
    xi = GRID.xi[0].points
    for w in (found, density):  # the drift gamma and the diffusion gamma h are those of the process
        line = w.sum(axis=0) * GRID.cell
        assert line @ xi == pytest.approx(-0.8 + gamma * t, abs=1e-8)
        assert line @ xi**2 - (line @ xi) ** 2 == pytest.approx(H / 2 + gamma * t * H, abs=1e-8)
