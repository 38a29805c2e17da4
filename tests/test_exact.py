"""Quadratic p and linear jumps: quantum = classical, and both are Gaussian.

Means and covariances come from ordinary equations (`gaussian.py`). Complex jumps and drives: `test_general.py`. Here
the steps are tested: what `evolve` makes of such systems, the closed form, is held against them in
`test_gaussian_flow.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from math import cos, exp, sin, sqrt

import numpy as np
import pytest

from common import STEPPED, slow_but
from gaussian import Gaussian
from openweyl import (
    PhaseGrid,
    State,
    Symbol,
    System,
    cat,
    coherent,
    compare,
    evolve,
    gaussian,
    quantize,
    squeezed,
)
from openweyl.evolution.schemes import CHIN, STRANG, best_scheme
from openweyl.evolution.stepper import Stepper
from openweyl.generators.generator import Generator, fokker_planck, hierarchy, lindblad
from openweyl.norms.dense import dense_trace_norm
from systems import DOUBLE_WELL, IN_A_WELL

H = 0.1
MIXED = ["x + xi/2", "x/3 - xi"]
QUADRATIC = {
    "harmonic": ("xi**2/2 + x**2/2", ["x", "xi"]),
    "inverted": ("xi**2/2 - x**2/2", ["x", "xi"]),
    "free": ("xi**2/2", ["x", "xi"]),
    "harmonic, mixed jumps": ("xi**2/2 + 2*x**2", MIXED),
    "inverted, mixed jumps": ("xi**2 - x**2/3 + x/4", MIXED),
    "free, mixed jumps": ("xi**2/2 + xi/3", MIXED),
    "harmonic, all jumps": ("xi**2/2 + x**2/2 - x/5", ["x", "xi/2", *MIXED]),
    "momentum diffusion alone": ("xi**2/2 + x**2/2", ["x"]),
    "closed": ("xi**2/2 + x**2/2", ["x"]),
}
QUICK = ("harmonic", "inverted, mixed jumps", "harmonic, all jumps", "closed")


def gaussian_moments(state: State) -> tuple[np.ndarray, np.ndarray]:
    packet = state.members[0][1][0]
    return np.array(packet.center), np.array(packet.covariance)


@pytest.mark.parametrize("name", slow_but(QUICK, QUADRATIC))
@pytest.mark.parametrize("state", [coherent(0.6, -0.3), cat([(0.7, 0.0), (-0.6, 0.4)])], ids=["coherent", "cat"])
def test_quantum_is_classical(name: str, state: State) -> None:
    hamiltonian, jumps = QUADRATIC[name]
    system = System(hamiltonian + STEPPED, jumps, h=H, gamma=0.0 if name == "closed" else 0.7)
    runs = [evolve(system, state, [0.6], kind=kind, tol=1e-9) for kind in ("quantum", "classical")]
    assert dense_trace_norm(runs[0].final - runs[1].final) < 1e-10


def test_quantum_is_classical_in_two_degrees_of_freedom() -> None:
    hamiltonian, jumps = "xi1**2/2 + xi2**2 + x1**2/2 + x1*x2/3", ("x1", "xi2", "x1 - xi2/2", "x2 + xi1/2")
    system = System(hamiltonian, list(jumps), h=1.0, gamma=0.2)
    grid = PhaseGrid.box(h=1.0, x=[(-5.6, 5.8)] * 2, xi=[(-5.8, 5.6)] * 2, size=(28, 28))
    symbols = [
        Stepper(build(system, grid), CHIN, 0.1).run(coherent([0.3, 0.1], [0.0, 0.2]).symbol(grid).values.copy(), 4)
        for build in (lindblad, fokker_planck)
    ]
    assert np.abs(symbols[0] - symbols[1]).sum() * grid.cell < 1e-10
    exact = Gaussian(hamiltonian, jumps, 1.0, 0.2, n=2)
    mean, covariance = exact.moments(np.array([0.3, 0.1, 0.0, 0.2]), np.eye(4) / 2, 0.4)
    found = Symbol(symbols[0], grid).moments()
    assert found.mean == pytest.approx(mean, rel=0, abs=1e-5)
    assert found.covariance == pytest.approx(covariance, rel=0, abs=1e-5)


@pytest.mark.parametrize("name", slow_but(QUICK, QUADRATIC))
@pytest.mark.parametrize("kind", ["quantum", "classical"])
def test_moments(name: str, kind: str) -> None:
    """Mean, covariance and purity of a squeezed state; the symbol itself, too."""
    hamiltonian, jumps = QUADRATIC[name]
    gamma = 0.0 if name == "closed" else 0.7
    system = System(hamiltonian + STEPPED, jumps, h=H, gamma=gamma)
    reference = Gaussian(hamiltonian, tuple(jumps), H, gamma)
    state = squeezed(0.6, -0.3, r=0.4, angle=0.5)
    center, c = gaussian_moments(state)
    times = [0.3, 0.8]
    solution = evolve(system, state, times, kind=kind, tol=1e-9)
    for time, w in zip(times, solution, strict=True):
        mean, covariance = reference.moments(center, H * c, time)
        found = w.moments()
        assert found.mean == pytest.approx(mean, rel=0, abs=1e-8)
        assert found.covariance == pytest.approx(covariance, rel=0, abs=1e-8)
        assert w.purity() == pytest.approx(H / 2 / sqrt(np.linalg.det(covariance)), rel=0, abs=1e-9)
        assert w.trace() == pytest.approx(1.0, rel=0, abs=1e-9)
        exact = gaussian(*mean, (covariance / H).tolist()).symbol(w.grid)
        assert dense_trace_norm(w - exact) < 1e-9


MOVED = {"0": (0, 0), "x": (0, -1), "x + xi": (1, -1), "1000*xi - x/3": (1000, 1 / 3), "x + 1e-17*cos(xi)": (0, -1)}
"""Hamiltonians without a force that varies, and the velocity that they give to all of phase space."""


@pytest.mark.parametrize("hamiltonian", MOVED)
@pytest.mark.parametrize("build", [lindblad, fokker_planck, hierarchy])
def test_a_constant_force_translates(hamiltonian: str, build: Callable[..., Generator]) -> None:
    """The steps themselves, with the double commutator where there is one; the corrections are 0."""
    grid, state, t = PhaseGrid.box(h=H, x=(-4, 4), xi=(-4, 4), size=(128, 96)), squeezed(0.3, 0.1, r=0.2), 1e-3
    order = 2 if build is hierarchy else 1
    start = np.zeros((order, *grid.shape))
    start[0] = state.symbol(grid).values
    velocity = np.array(MOVED[hamiltonian])
    moved = squeezed(*(np.array([0.3, 0.1]) + t * velocity), r=0.2).symbol(grid).values
    generator = build(System(hamiltonian, [], h=H, gamma=1.0), grid)
    for scheme in {STRANG, best_scheme(generator)}:
        found = Stepper(generator, scheme, t / 4, order=order).run(start.copy(), 4)
        assert np.abs(found[0] - moved).max() < 1e-12
        assert np.abs(found[1:]).max(initial=0.0) < 1e-12


@pytest.mark.parametrize("hamiltonian", MOVED)
@pytest.mark.parametrize("kind", ["quantum", "classical"])
@pytest.mark.parametrize("jumps", [[], ["x"], ["xi", "x - xi"]], ids=str)
def test_runs_under_a_constant_force(hamiltonian: str, kind: str, jumps: list[str]) -> None:
    """Translation, and diffusion along the jumps' fields: covariance h/2 + gamma h t sum J l' (J l')^T."""
    t, gamma = 0.01, 0.5
    solution = evolve(System(hamiltonian, jumps, h=H, gamma=gamma), coherent(0.3, 0.1), [t], kind=kind, tol=1e-8)
    along = np.array([{"x": (0, -1), "xi": (1, 0), "x - xi": (-1, -1)}[jump] for jump in jumps]).reshape(-1, 2)
    mean = np.array([0.3, 0.1]) + t * np.array(MOVED[hamiltonian])
    covariance = np.eye(2) / 2 + gamma * t * along.T @ along
    exact = gaussian(*mean, covariance.tolist()).symbol(solution[0].grid)
    assert dense_trace_norm(solution[0] - exact) < 1e-8


@pytest.mark.parametrize("kind", ["quantum", "classical"])
def test_dephasing_in_position_under_a_constant_force(kind: str) -> None:
    """p = x, l = tanh(x): rho(x, y) gains e^{-i(x - y)t/h - (gamma t/2h) d^2}, d = l(x) - l(y), or s l'."""
    h, gamma, t = 0.25, 1.5, 0.4
    solution = evolve(System("x", ["tanh(x)"], h=h, gamma=gamma), coherent(0.4, 0.1), [t], kind=kind, tol=1e-8)
    found = solution[0].moments()
    assert found.mean == pytest.approx([0.4, 0.1 - t], rel=0, abs=1e-8)
    x, s = np.meshgrid(np.linspace(-5, 5, 1001), np.linspace(-8, 8, 1601), indexing="ij")
    left, right = x + s / 2, x - s / 2
    d = np.tanh(left) - np.tanh(right) if kind == "quantum" else s / np.cosh(x) ** 2
    amplitude = np.exp(-((left - 0.4) ** 2 + (right - 0.4) ** 2) / (2 * h)) / sqrt(np.pi * h)  # psi(left) psi(right)
    expected = (np.abs(amplitude) ** 2 * np.exp(-gamma * t / h * d**2)).sum() * 1e-2 * 1e-2
    assert solution[0].purity() == pytest.approx(expected, rel=0, abs=1e-8)


def test_saddle_of_section_4_2() -> None:
    """Li (4.25), Q = eps^2 Lap + x d_x - xi d_xi: a = (h - 2 eps^2) e^{-2t} + 2 eps^2,
    b = (h + 2 eps^2) e^{2t} - 2 eps^2.

    p = -x xi there. Turned by 45 degrees it is (xi^2 - x^2)/2 with (x - xi)/sqrt 2 the contracting and (x + xi)/sqrt 2
    the expanding coordinate; the diffusion of the pair x, xi does not turn.
    """
    h, gamma, times = 0.05, 0.8, [0.0, 0.4, 0.9, 1.5]
    system = System("(xi**2 - x**2)/2" + STEPPED, ["x", "xi"], h=h, gamma=gamma)
    turn = np.array([[1, -1], [1, 1]]) / sqrt(2)
    eps2 = gamma * h / 2
    for kind in ("quantum", "classical"):
        solution = evolve(system, coherent(0, 0), times, kind=kind, tol=1e-10)
        for t, w in zip(times, solution, strict=True):
            a = (h - 2 * eps2) * exp(-2 * t) + 2 * eps2
            b = (h + 2 * eps2) * exp(2 * t) - 2 * eps2
            found = w.moments()
            assert found.mean == pytest.approx(np.zeros(2), rel=0, abs=1e-10)
            assert turn @ found.covariance @ turn.T == pytest.approx(np.diag([a, b]) / 2, rel=0, abs=1e-10)
            assert w.purity() == pytest.approx(h / sqrt(a * b), rel=0, abs=1e-10)


@pytest.mark.parametrize("kind", ["quantum", "classical"])
def test_damped_rotation(kind: str) -> None:
    """Jumps x and xi around a harmonic oscillator: the mean rotates, the covariance is h/2 + gamma h t in both."""
    h, gamma, t = 2.0**-5, 0.9, 1.3
    system = System("xi**2/2 + x**2/2" + STEPPED, ["x", "xi"], h=h, gamma=gamma)
    solution = evolve(system, coherent(0.8, 0.1), [t], kind=kind, tol=1e-10)
    found = solution[0].moments()
    mean = [0.8 * cos(t) + 0.1 * sin(t), 0.1 * cos(t) - 0.8 * sin(t)]
    assert found.mean == pytest.approx(mean, rel=0, abs=1e-10)
    assert found.covariance == pytest.approx((h / 2 + gamma * h * t) * np.eye(2), rel=0, abs=1e-10)


def test_reversed_runs_backwards() -> None:
    system = System("xi**2/2 + x**2/2 + x/3" + STEPPED, ["x"], h=H, gamma=0.0)
    forth = evolve(system, coherent(0.6, 0.2), [0.7], tol=1e-9)
    center = forth[0].moments().mean
    back = evolve(system.reversed(), coherent(*center), [0.7], tol=1e-9)
    assert back[0].moments().mean == pytest.approx([0.6, 0.2], rel=0, abs=1e-8)


@pytest.mark.parametrize("state", [IN_A_WELL, cat([(0.7, 0), (-0.7, 0)])], ids=["coherent", "cat"])
def test_quantum_states_stay_positive(state: State) -> None:
    """Complete positivity: no eigenvalue below the error, trace one, purity at most one."""
    tol = 1e-7
    solution = evolve(DOUBLE_WELL, state, [0.0, 0.1, 0.5, 1.5], tol=tol)
    for w, error in zip(solution, solution.numerics.error, strict=True):
        values = np.linalg.eigvalsh(quantize(w).matrix)
        assert values[0] >= -tol
        assert values.sum() == pytest.approx(1.0, rel=0, abs=tol)
        assert w.trace() == pytest.approx(1.0, rel=0, abs=tol)
        assert w.purity() <= 1 + tol
        assert error <= tol


def test_classical_densities_stay_positive_and_keep_their_mass() -> None:
    """The maximum principle: min a >= 0, so its L1 norm stays its mass."""
    tol = 1e-7
    solution = evolve(DOUBLE_WELL, IN_A_WELL, [0.1, 0.5, 1.5], kind="classical", tol=tol)
    for a in solution:
        assert a.values.min() >= -1e-6 * a.values.max()
        assert a.trace() == pytest.approx(1.0, rel=0, abs=tol)
        assert a.l1().value == pytest.approx(1.0, rel=0, abs=tol)


def test_the_distance_without_a_difference_is_nought() -> None:
    comparison = compare(
        System("xi**2/2 + x**2/2" + STEPPED, ["x", "xi"], h=H, gamma=1.0), coherent(1, 0), [0.0, 0.5], tol=1e-8
    )
    assert dense_trace_norm(comparison.difference(1)) < 1e-10
    assert comparison.trace_norm.max() < 1e-8  # it may leave out what the tolerance allows
    assert comparison.hilbert_schmidt.max() < 1e-10
    assert comparison.l1.max() < 1e-10
