"""Quantum evolution against an independent dense solver in the Fock basis (`oracle.py`), and against QuTiP."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from openweyl import System, cat, coherent, dense_trace_norm, evolve, moments, purity, quantize

sys.path.insert(0, str(Path(__file__).parent))
from oracle import Oracle

H, TOL = 1 / 8, 1e-7


@dataclass(frozen=True)
class Case:
    hamiltonian: str
    jumps: tuple[str, ...]
    gamma: float
    time: float
    start: tuple[float, float]
    size: int
    levels: int

    @property
    def system(self) -> System:
        return System(self.hamiltonian, list(self.jumps), h=H, gamma=self.gamma)

    @property
    def oracle(self) -> Oracle:
        return Oracle(self.hamiltonian, self.jumps, H, self.gamma, self.size, self.levels)


CASES = {
    "double well": Case("xi**2 + (x**2 - 1/2)**2", ("x", "xi"), 0.5, 0.6, (0.7, 0.0), 140, 90),
    "pendulum": Case("xi**2/2 - cos(x)", ("x", "xi"), 1.0, 0.7, (1.0, 0.0), 120, 110),
    "Duffing": Case("xi**2/2 + x**4/4 - x**2/2", ("(x + xi)/2",), 1.0, 1.0, (0.5, 0.0), 80, 44),
    "momentum diffusion alone": Case("xi**2/2 + x**4/4", ("x",), 0.5, 1.0, (0.5, 0.3), 100, 70),
    "position diffusion alone": Case("xi**2/2 + x**4/4", ("xi",), 0.5, 1.0, (0.5, 0.3), 100, 70),
    "x and mixed": Case("xi**2/2 + x**4/4", ("x", "x/2 - xi/2"), 0.5, 0.8, (0.5, 0.3), 100, 70),
    "nonlinear jump": Case("xi**2/2 + x**4/4", ("tanh(x)",), 1.0, 1.0, (0.5, 0.3), 80, 50),
    "nonlinear xi-jump": Case("xi**2/2 + x**4/4", ("tanh(xi)", "x"), 0.5, 0.8, (0.5, 0.3), 100, 70),
    "relativistic": Case("sqrt(1 + xi**2) + x**2/2", ("x", "xi"), 0.5, 0.8, (0.7, 0.3), 80, 70),
    "relativistic, nonlinear jump": Case("sqrt(1 + xi**2) + x**2/2", ("tanh(x)",), 1.0, 1.0, (0.7, 0.3), 60, 44),
    "relativistic, mixed jump": Case("sqrt(1 + xi**2) + x**2/2", ("(x + xi)/2",), 0.5, 0.8, (0.7, 0.3), 80, 75),
    "closed": Case("xi**2/2 + x**4/4 - x**2/2", ("x",), 0.0, 1.0, (0.5, 0.3), 80, 50),
    "odd terms": Case("xi**2/2 + xi/3 + x**4/4 + x**3/3", ("x", "xi"), 0.3, 0.6, (-0.4, 0.3), 110, 80),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_evolution(case: Case) -> None:
    reference = case.oracle
    times = [case.time / 2, case.time]
    states = reference.evolve(reference.pure(reference.coherent(*case.start)), times)
    solution = evolve(case.system, coherent(*case.start), times, tol=TOL)
    for index, state in enumerate(states):
        w, grid = solution.symbols[index], solution.grids[index]
        assert purity(w, grid) == pytest.approx(reference.purity(state), rel=0, abs=TOL)
        found = moments(w, grid)
        mean = [reference.mean(state, f) for f in ("x", "xi")]
        assert found.mean == pytest.approx(mean, rel=0, abs=1e-6)
        spread = [reference.mean(state, f) - m**2 for f, m in zip(("x**2", "xi**2"), mean, strict=True)]
        assert np.diag(found.covariance) == pytest.approx(spread, rel=0, abs=1e-6)
        difference = reference.symbol(state, grid.x[0].points, grid.xi[0].points) - w
        assert np.abs(difference).max() < 1e-6
        assert dense_trace_norm(difference, grid) < TOL
        values = np.linalg.eigvalsh(quantize(w, grid).matrix)
        assert values[-3:] == pytest.approx(np.linalg.eigvalsh(state)[-3:], rel=0, abs=TOL)


def test_evolution_of_a_cat() -> None:
    """The interference survives with its phase: the vector is made from wave functions, not from symbols."""
    case = replace(CASES["Duffing"], gamma=0.2)
    reference = Oracle(case.hamiltonian, case.jumps, H, case.gamma, 100, 75)
    places, amplitudes = [(0.8, 0.2), (-0.6, 0.3)], [1.0, 0.5j]
    vector = sum(c * reference.coherent(*z) for c, z in zip(amplitudes, places, strict=True))
    (state,) = reference.evolve(reference.pure(vector), [0.3])
    solution = evolve(case.system, cat(places, amplitudes), [0.3], tol=TOL)
    grid = solution.grids[0]
    difference = reference.symbol(state, grid.x[0].points, grid.xi[0].points) - solution.symbols[0]
    assert dense_trace_norm(difference, grid) < TOL


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
    w, grid = solution.symbols[0], solution.grids[0]
    reference = Oracle("0", (), h, gamma, size, size)
    assert reference.edge(state) < 1e-10
    assert purity(w, grid) == pytest.approx(np.vdot(state, state).real, rel=0, abs=TOL)
    difference = reference.symbol(state, grid.x[0].points, grid.xi[0].points) - w
    assert dense_trace_norm(difference, grid) < TOL
