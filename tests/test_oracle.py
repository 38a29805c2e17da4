"""Quantum evolution against an independent dense solver in the Fock basis (`oracle.py`), and against QuTiP."""

from __future__ import annotations

from dataclasses import replace
from math import comb

import numpy as np
import pytest
import scipy.integrate

from common import Case, slow_but
from fock_weyl import quantized
from gaussian import Gaussian
from openweyl import PhaseGrid, Symbol, System, cat, coherent, evolve, quantize
from openweyl.norms.dense import dense_trace_norm
from oracle import Oracle

H, TOL = 1 / 8, 1e-7


CASES = {
    "double well": Case("xi**2 + (x**2 - 1/2)**2", ("x", "xi"), (0.7, 0.0), 140, 90, gamma=0.5, time=0.6),
    "pendulum": Case("xi**2/2 - cos(x)", ("x", "xi"), (1.0, 0.0), 120, 110, time=0.7),
    "Duffing": Case("xi**2/2 + x**4/4 - x**2/2", ("(x + xi)/2",), (0.5, 0.0), 80, 44),
    "momentum diffusion alone": Case("xi**2/2 + x**4/4", ("x",), (0.5, 0.3), 100, 70, gamma=0.5),
    "position diffusion alone": Case("xi**2/2 + x**4/4", ("xi",), (0.5, 0.3), 100, 70, gamma=0.5),
    "x and mixed": Case("xi**2/2 + x**4/4", ("x", "x/2 - xi/2"), (0.5, 0.3), 100, 70, gamma=0.5, time=0.8),
    "nonlinear jump": Case("xi**2/2 + x**4/4", ("tanh(x)",), (0.5, 0.3), 80, 50),
    "nonlinear xi-jump": Case("xi**2/2 + x**4/4", ("tanh(xi)", "x"), (0.5, 0.3), 100, 70, gamma=0.5, time=0.8),
    "relativistic": Case("sqrt(1 + xi**2) + x**2/2", ("x", "xi"), (0.7, 0.3), 80, 70, gamma=0.5, time=0.8),
    "relativistic, nonlinear jump": Case("sqrt(1 + xi**2) + x**2/2", ("tanh(x)",), (0.7, 0.3), 60, 44),
    "relativistic, mixed jump": Case(
        "sqrt(1 + xi**2) + x**2/2", ("(x + xi)/2",), (0.7, 0.3), 80, 75, gamma=0.5, time=0.8
    ),
    "closed": Case("xi**2/2 + x**4/4 - x**2/2", ("x",), (0.5, 0.3), 80, 50, gamma=0.0),
    "odd terms": Case("xi**2/2 + xi/3 + x**4/4 + x**3/3", ("x", "xi"), (-0.4, 0.3), 110, 80, gamma=0.3, time=0.6),
}


def true_symbol(reference: Oracle, state: np.ndarray, grid: PhaseGrid) -> Symbol:
    """The symbol of the oracle's density matrix, at the points of the grid."""
    return Symbol(reference.symbol(state, grid.x[0].points, grid.xi[0].points), grid)


@pytest.mark.parametrize("name", slow_but(("Duffing", "relativistic, nonlinear jump"), CASES))
def test_evolution(name: str) -> None:
    case, times = CASES[name], CASES[name].times
    reference = case.oracle
    states = reference.evolve(reference.pure(reference.coherent(*case.start)), times)
    solution = evolve(case.system, case.state, times, tol=TOL)
    for index, state in enumerate(states):
        w = solution[index]
        assert w.purity() == pytest.approx(reference.purity(state), rel=0, abs=TOL)
        found = w.moments()
        mean = [reference.mean(state, f) for f in ("x", "xi")]
        assert found.mean == pytest.approx(mean, rel=0, abs=1e-6)
        spread = [reference.mean(state, f) - m**2 for f, m in zip(("x**2", "xi**2"), mean, strict=True)]
        assert np.diag(found.covariance) == pytest.approx(spread, rel=0, abs=1e-6)
        difference = true_symbol(reference, state, w.grid) - w
        assert np.abs(difference.values).max() < 1e-6
        assert dense_trace_norm(difference) < TOL
        values = np.linalg.eigvalsh(quantize(w).matrix)
        assert values[-3:] == pytest.approx(np.linalg.eigvalsh(state)[-3:], rel=0, abs=TOL)


@pytest.mark.slow
def test_evolution_of_a_cat() -> None:
    """The interference survives with its phase: the vector is made from wave functions, not from symbols."""
    case = replace(CASES["Duffing"], gamma=0.2)
    reference = Oracle(case.hamiltonian, case.jumps, H, case.gamma, 100, 75)
    places, amplitudes = [(0.8, 0.2), (-0.6, 0.3)], [1.0, 0.5j]
    vector = sum(c * reference.coherent(*z) for c, z in zip(amplitudes, places, strict=True))
    (state,) = reference.evolve(reference.pure(vector), [0.3])
    solution = evolve(case.system, cat(places, amplitudes), [0.3], tol=TOL)
    assert dense_trace_norm(true_symbol(reference, state, solution[0].grid) - solution[0]) < TOL


def test_the_oracle_itself() -> None:
    """Its evolution obeys its own generator; its coherent state has Li's symbol (1.8)."""
    case = CASES["x and mixed"]
    reference = case.oracle
    start = reference.pure(reference.coherent(0.5, 0.3))
    step = 1e-3
    before, now, after = reference.evolve(start, [0.2 - step, 0.2, 0.2 + step])
    change = (after - before) / (2 * step)
    assert np.abs(change - reference.generator(now)).max() < 1e-3 * np.abs(change).max()
    x, xi = np.array([0.2, 0.5]), np.array([0.3, 0.9, -0.1])
    exact = 2 * np.exp(-((x[:, None] - 0.5) ** 2 + (xi - 0.3) ** 2) / H)
    assert reference.symbol(start, x, xi) == pytest.approx(exact, rel=0, abs=1e-10)
    commutator = reference.operator("x") @ reference.operator("xi") - reference.operator("xi") @ reference.operator("x")
    assert commutator[:-1, :-1] == pytest.approx(1j * H * np.eye(case.size - 1), rel=0, abs=1e-10)


SYMBOLS = {
    "x": lambda x, xi: x,
    "tanh(x)": lambda x, xi: np.tanh(x),
    "sqrt(1 + xi**2)": lambda x, xi: np.sqrt(1 + xi**2),
    "x**3/3 - I*cos(xi)": lambda x, xi: x**3 / 3 - 1j * np.cos(xi),
    "sqrt(1 + x**2 + xi**2)": lambda x, xi: np.sqrt(1 + x**2 + xi**2),
}


@pytest.mark.parametrize("text", SYMBOLS)
def test_quantization_by_polar_coordinates(text: str) -> None:
    """Against quadrature in x and in xi where nothing mixes them, and on its own finer points."""
    found = quantized(SYMBOLS[text], H, 80)
    finer = quantized(SYMBOLS[text], H, 80, angles=768, radii=600)
    assert np.abs(found - finer).max() < 1e-11
    if "x**2 + xi**2" not in text:
        assert np.abs(found - Oracle(text, (), H, 1.0, 80, 80).operator(text)).max() < 1e-11


@pytest.mark.parametrize(("a", "b"), [(1, 1), (2, 1), (1, 3), (2, 2), (4, 2), (3, 3)])
def test_weyl_ordering(a: int, b: int) -> None:
    """McCoy: Op(x^a xi^b) = 2^-a sum_j (a over j) X^j Xi^b X^{a-j}, from matrices cut after they are multiplied."""
    size = 60
    larger = Oracle("0", (), H, 1.0, size + a + b, size)
    x, xi = larger.operator("x"), np.linalg.matrix_power(larger.operator("xi"), b)
    powers = [np.linalg.matrix_power(x, j) for j in range(a + 1)]
    exact = sum(comb(a, j) * powers[j] @ xi @ powers[a - j] for j in range(a + 1))[:size, :size] / 2**a
    found = Oracle("0", (), H, 1.0, size, size).operator(f"x**{a}*xi**{b}")
    assert np.abs(found - exact).max() < 1e-12 * np.abs(exact).max()


def test_weyl_ordering_of_a_position_dependent_mass() -> None:
    """Op(xi^2 f(x)) = (Xi^2 f + 2 Xi f Xi + f Xi^2)/4."""
    size = 60
    larger = Oracle("0", (), H, 1.0, size + 60, size)
    f, xi = larger.operator("2 + cos(x)"), larger.operator("xi")
    exact = (xi @ xi @ f + 2 * xi @ f @ xi + f @ xi @ xi)[:size, :size] / 4
    found = Oracle("0", (), H, 1.0, size, size).operator("xi**2*(2 + cos(x))")
    assert np.abs(found - exact).max() < 1e-12 * np.abs(exact).max()


def test_kerr_levels() -> None:
    """Op((x^2 + xi^2)^2) = 4 h^2 (N^2 + N + 1/2)."""
    n = np.arange(60)
    found = Oracle("0", (), H, 1.0, 60, 60).operator("(x**2 + xi**2)**2")
    assert np.abs(found - np.diag(4 * H**2 * (n**2 + n + 0.5))).max() < 1e-11


def test_the_symbol_by_two_routes() -> None:
    """Parity (Laguerre functions) against the Fourier transform of the kernel's chords, for a random matrix."""
    random = np.random.default_rng(0)
    a = random.normal(size=(60, 60)) + 1j * random.normal(size=(60, 60))
    a = a + a.conj().T
    x, xi = np.array([0.0, 0.3, -2.0]), np.array([0.0, -0.4, 1.2])
    reference = Oracle("0", (), H, 1.0, 60, 60)
    found = reference.symbol_at(a, *np.meshgrid(x, xi, indexing="ij"))
    assert found == pytest.approx(reference.symbol(a, x, xi), rel=0, abs=1e-11)


QUADRATIC = {
    "damped": ("(x**2 + xi**2)/2", ("(x + I*xi)/sqrt(2)",)),
    "thermal": ("(x**2 + xi**2)/2", ("sqrt(3/2)*(x + I*xi)/sqrt(2)", "sqrt(1/2)*(x - I*xi)/sqrt(2)")),
    "Caldeira-Leggett": ("xi**2/2 + x**2/2 + x*xi/10", ("x + I*xi/10",)),
    "displaced": ("(x**2 + xi**2)/2", ("(x + I*xi)/sqrt(2) + 1/3 - I/4", "x + I/2")),
    "driven": ("xi**2/2 + x**2/2 + x*cos(2*t) - xi*t/3", ("x + I*xi/2", "x/2 - xi")),
    "parametric": ("xi**2/2 + (2 + sin(3*t))*x**2/4", ("x",)),
}


@pytest.mark.parametrize("name", slow_but(("damped", "parametric"), QUADRATIC))
def test_the_oracle_against_closed_moments(name: str) -> None:
    (hamiltonian, jumps), gamma, time = QUADRATIC[name], 0.8, 0.9
    reference = Oracle(hamiltonian, jumps, H, gamma, 90, 90)
    (state,) = reference.evolve(reference.pure(reference.coherent(0.5, 0.3)), [time])
    exact = Gaussian(hamiltonian, jumps, H, gamma)
    mean, c = exact.moments(np.array([0.5, 0.3]), H / 2 * np.eye(2), time)
    assert [reference.mean(state, f) for f in ("x", "xi")] == pytest.approx(mean, rel=0, abs=1e-10)
    second = [c[0, 0] + mean[0] ** 2, c[1, 1] + mean[1] ** 2, c[0, 1] + mean[0] * mean[1]]
    assert [reference.mean(state, f) for f in ("x**2", "xi**2", "x*xi")] == pytest.approx(second, rel=0, abs=1e-10)
    assert reference.purity(state) == pytest.approx(H / 2 / np.sqrt(np.linalg.det(c)), rel=0, abs=1e-10)


def kerr_damped_amplitude(z0: complex, h: float, gamma: float, t: float) -> complex:
    """<x + i xi> for p = (x^2 + xi^2)^2/4, l = (x + i xi)/sqrt 2: Milburn and Holmes, PRL 56, 2237 (1986).

    P/h = h (N^2 + N + 1/2) here, and sqrt(gamma/h) L = sqrt(gamma) a.
    """
    damped = gamma + 2j * h
    spread = 2j * h / damped * (1 - np.exp(-damped * t))
    return complex(z0 * np.exp(-gamma * t / 2 - 2j * h * t - abs(z0) ** 2 / (2 * h) * spread))


@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0])
def test_the_oracle_against_the_damped_kerr_oscillator(gamma: float) -> None:
    reference = Oracle("(x**2 + xi**2)**2/4", ("(x + I*xi)/sqrt(2)",), H, gamma, 40, 40)
    times = [0.4, 1.0, 3.0]
    states = reference.evolve(reference.pure(reference.coherent(0.5, 0.3)), times)
    found = [reference.mean(a, "x") + 1j * reference.mean(a, "xi") for a in states]
    exact = [kerr_damped_amplitude(0.5 + 0.3j, H, gamma, t) for t in times]
    assert found == pytest.approx(exact, rel=0, abs=1e-10)


def test_the_oracle_against_qutip() -> None:
    """Kerr with friction and heating: the state in trace norm. Operators from qutip's own annihilator; hbar = 1."""
    qutip = pytest.importorskip("qutip")
    gamma, time, size = 0.8, 1.0, 60
    a = qutip.destroy(size)
    start = qutip.coherent(size, (0.5 + 0.3j) / np.sqrt(2 * H), method="analytic").unit()
    found = qutip.mesolve(
        H * (a.dag() * a * a.dag() * a + a.dag() * a),
        qutip.ket2dm(start),
        [0.0, time],
        c_ops=[np.sqrt(gamma * 1.3) * a, np.sqrt(gamma * 0.3) * a.dag()],
        options={"method": "adams", "atol": 1e-13, "rtol": 1e-11, "nsteps": 100_000, "progress_bar": ""},
    )
    jumps = ("sqrt(1.3)*(x + I*xi)/sqrt(2)", "sqrt(0.3)*(x - I*xi)/sqrt(2)")
    reference = Oracle("(x**2 + xi**2)**2/4", jumps, H, gamma, size, size)
    (state,) = reference.evolve(reference.pure(reference.coherent(0.5, 0.3)), [time])
    assert reference.trace_norm(state - found.states[-1].full()) < 1e-8


COUPLED = {
    "cross-Kerr": (
        [("x**2 + xi**2", "x**2 + xi**2", 1 / 4), ("x", "x", 1 / 3)],
        [("(x + I*xi)/sqrt(2)", "1"), ("1", "x")],
        "(x1**2 + xi1**2)*(x2**2 + xi2**2)/4 + x1*x2/3",
        ["(x1 + I*xi1)/sqrt(2)", "x2"],
    ),
    "cubic": (
        [("x**2 + xi**2", "1", 1 / 2), ("1", "x**2 + xi**2", 1 / 2), ("x**2", "x", 1 / 2), ("x", "xi", 1 / 3)],
        [("x", "1"), ("1", "xi")],
        "(x1**2 + xi1**2 + x2**2 + xi2**2)/2 + x1**2*x2/2 + x1*xi2/3",
        ["x1", "xi2"],
    ),
}
"""n = 2: p and the jumps as sums of products for the oracle, and as openweyl reads them."""


@pytest.mark.slow
@pytest.mark.parametrize("name", COUPLED)
def test_two_degrees_of_freedom(name: str) -> None:
    """Kronecker products of the matrices for n = 1; the states are compared between Fock states, in trace norm."""
    products, jump_products, hamiltonian, jumps = COUPLED[name]
    h, gamma, time, sizes, tol, (x, xi) = 1.0, 0.5, 0.2, (14, 16), 1e-2, ([0.5, -0.3], [0.2, 0.4])
    first, second = (Oracle("0", (), h, gamma, size, size) for size in sizes)
    p = sum(c * np.kron(first.operator(f), second.operator(g)) for f, g, c in products)
    operators = [np.sqrt(gamma / h) * np.kron(first.operator(f), second.operator(g)) for f, g in jump_products]
    effective = p / (1j * h) - sum(a.conj().T @ a for a in operators) / 2
    vector = np.kron(first.coherent(x[0], xi[0]), second.coherent(x[1], xi[1]))
    start = np.outer(vector, vector.conj())

    def rate(_: float, flat: np.ndarray) -> np.ndarray:
        a = flat.reshape(start.shape)
        half = effective @ a
        return (half + a @ effective.conj().T + sum(op @ a @ op.conj().T for op in operators)).ravel()

    found = scipy.integrate.solve_ivp(rate, (0, time), start.ravel(), method="DOP853", rtol=1e-8, atol=1e-11)
    exact = found.y[:, -1].reshape(start.shape)
    solution = evolve(System(hamiltonian, jumps, h=h, gamma=gamma), coherent(x, xi), [time], tol=tol)
    w = solution[0]
    ours, left_out = w.fock(sizes, tol=tol)
    assert left_out < tol / 2
    true = Oracle.trace_norm(ours - exact)
    assert true < tol / 10
    assert true < solution.numerics.error[0] < tol
    assert w.purity() == pytest.approx(np.vdot(exact, exact).real, rel=0, abs=1e-6)


@pytest.mark.slow
def test_evolution_against_qutip() -> None:
    """mesolve in a Fock basis, operators from qutip's own annihilator; its hbar is 1: P/h and sqrt(gamma/h) L."""
    qutip = pytest.importorskip("qutip")
    h, gamma, time, size = 1 / 4, 0.2, 0.3, 50
    a = qutip.destroy(size + 8)  # products are cut after they are made
    x, xi = np.sqrt(h / 2) * (a + a.dag()), -1j * np.sqrt(h / 2) * (a - a.dag())

    def cut(operator: object) -> object:
        return qutip.Qobj(operator.full()[:size, :size])

    x0, xi0 = 0.3, -0.2
    start = qutip.coherent(size, (x0 + 1j * xi0) / np.sqrt(2 * h), method="analytic").unit()
    found = qutip.mesolve(
        cut(xi**2 / 2 + x**2 / 2 + x**4 / 8) / h,
        qutip.ket2dm(start),
        [0.0, time],
        c_ops=[np.sqrt(gamma / h) * cut(x), np.sqrt(gamma / h) * cut(xi)],
        options={"method": "adams", "atol": 1e-12, "rtol": 1e-10, "nsteps": 100_000, "progress_bar": ""},
    )
    state = found.states[-1].full()
    system = System("xi**2/2 + x**2/2 + x**4/8", ["x", "xi"], h=h, gamma=gamma)
    solution = evolve(system, coherent(x0, xi0), [time], tol=TOL)
    w = solution[0]
    reference = Oracle("0", (), h, gamma, size, size)
    assert reference.edge(state) < 1e-10
    assert w.purity() == pytest.approx(np.vdot(state, state).real, rel=0, abs=TOL)
    assert dense_trace_norm(true_symbol(reference, state, w.grid) - w) < TOL
