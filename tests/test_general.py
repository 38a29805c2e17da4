"""Symbols that mix x and xi, complex jumps (friction), Hamiltonians that depend on time: against independent solvers.

The truth is `oracle.py`, density matrices in the Fock basis; for quadratic p and linear jumps `gaussian.py`, ordinary
equations for means and covariance. Certificates are held against the oracle's state, too: nothing of openweyl's
quantum evolution enters there.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import sympy

from common import STEPPED, Case, on_one_grid, slow_but
from gaussian import Gaussian
from openweyl import (
    PhaseGrid,
    Solution,
    Symbol,
    System,
    certify,
    coherent,
    compare,
    evolve,
    gaussian,
    quantize,
)
from openweyl.analysis.rate_integral import residual
from openweyl.norms.dense import dense_trace_norm
from openweyl.phase_space.resampling import interpolation
from oracle import XI, Oracle, T, X
from systems import LOSS

H, TOL = 1 / 8, 1e-7
ORACLE = 5e-9
"""The trace-norm error of the oracle's states, from runs with more levels."""
THERMAL = ("sqrt(1.5)*(x + I*xi)/sqrt(2)", "sqrt(0.5)*(x - I*xi)/sqrt(2)")


CASES = {
    "kerr": Case("(x**2 + xi**2)**2/4", ("x", "xi"), (0.7, 0.0), 70, 70),
    "kerr-damped": Case("(x**2 + xi**2)**2/4", (LOSS,), (0.7, 0.0), 40, 40),
    "two-quantum loss": Case("(x**2 + xi**2)**2/8", ("(x + I*xi)**2/2",), (0.7, 0.0), 44, 44, time=0.1),
    "saddle": Case("x*xi" + STEPPED, ("x", "xi"), (0.3, 0.2), 100, 100, time=0.6),
    "x**2*xi**2": Case("x**2*xi**2/4 + (x**2 + xi**2)/2", ("x", "xi"), (0.5, 0.2), 100, 84),
    "position-dependent mass": Case("xi**2*(2 + cos(x))/4 + x**2/2", ("x", "xi"), (0.7, 0.2), 90, 80),
    "mixed jump": Case("(x**2 + xi**2)/2", ("sqrt(1 + x**2 + xi**2)",), (0.7, 0.2), 46, 46),
    "bounded jump": Case("xi**2 + (x**2 - 1/2)**2", ("x/sqrt(1 + x**2)", "xi"), (0.7, 0.0), 140, 100, time=0.6),
    "damped-oscillator": Case("(x**2 + xi**2)/2" + STEPPED, (LOSS,), (0.7, 0.2), 40, 40),
    "thermal oscillator": Case("(x**2 + xi**2)/2" + STEPPED, THERMAL, (0.7, 0.2), 50, 50),
    "caldeira-leggett": Case("xi**2/2 + x**4/4 - x**2/2 + x*xi/10", ("x + I*xi/10",), (0.5, 0.0), 70, 44),
    "driven": Case("xi**2/2 + x**4/4 + x*cos(2*t)", ("x",), (0.5, 0.3), 100, 60, gamma=0.5),
    "driven, mixed": Case("xi**2/2 + x**4/4 + x*xi*sin(3*t)/4", ("x", LOSS), (0.5, 0.3), 90, 70, gamma=0.5),
    "nonlinear friction": Case("(x**2 + xi**2)/2", ("x + I*xi/(1 + xi**2)",), (0.7, 0.2), 60, 60),
}
LINEAR = ("damped-oscillator", "saddle", "thermal oscillator")
"""Quadratic p and linear jumps: the two evolutions are one."""
EACH = slow_but(("kerr-damped", "caldeira-leggett"), CASES)


@cache
def states(name: str) -> list[np.ndarray]:
    """The oracle's density matrices."""
    reference = CASES[name].oracle
    return reference.evolve(reference.pure(reference.coherent(*CASES[name].start)), CASES[name].times)


@cache
def quantum(name: str) -> Solution:
    case = CASES[name]
    return evolve(case.system, case.state, case.times, tol=TOL)


def at(w: Symbol, x: np.ndarray, xi: np.ndarray) -> np.ndarray:
    """The band-limited w at the points (x, xi)."""
    return np.einsum("pi,ij,pj->p", interpolation(w.grid.x[0], x), w.values, interpolation(w.grid.xi[0], xi))


def true_symbol(reference: Oracle, state: np.ndarray, grid: PhaseGrid) -> Symbol:
    """The symbol of the oracle's density matrix, at the points of the grid."""
    return Symbol(reference.symbol(state, grid.x[0].points, grid.xi[0].points), grid)


@pytest.mark.parametrize("name", EACH)
def test_quantum_evolution(name: str) -> None:
    """Means, purity, the symbol at points within two widths, and the state in trace norm."""
    solution, reference = quantum(name), CASES[name].oracle
    estimates = solution.numerics.error
    for state, w, estimate in zip(states(name), solution, estimates, strict=True):
        found = w.moments()
        mean = np.array([reference.mean(state, f) for f in ("x", "xi")])
        assert found.mean == pytest.approx(mean, rel=0, abs=1e-6)
        assert w.purity() == pytest.approx(reference.purity(state), rel=0, abs=1e-6)
        widths = np.sqrt(np.diag(found.covariance))
        x, xi = mean[:, None] + 2 * widths[:, None] * np.random.default_rng(7).uniform(-1, 1, (2, 10))
        assert at(w, x, xi) == pytest.approx(reference.symbol_at(state, x, xi), rel=0, abs=1e-6)
        difference = true_symbol(reference, state, w.grid) - w
        assert dense_trace_norm(difference) < min(TOL, 2 * estimate + ORACLE)


@pytest.mark.parametrize("name", EACH)
def test_trace_and_positivity(name: str) -> None:
    """Both evolutions keep their mass, up to what a grid has lost, which counts; the quantum state has no negative
    eigenvalue but its error.
    """
    solution = quantum(name)
    for w, lost in zip(solution, solution.numerics.grid_error, strict=True):
        assert w.trace() == pytest.approx(1, rel=0, abs=lost)
        assert np.linalg.eigvalsh(quantize(w).matrix)[0] > -1e-6
    case = CASES[name]
    density = evolve(case.system, case.state, case.times, kind="classical", tol=1e-6)
    for a, lost in zip(density, density.numerics.grid_error, strict=True):
        assert a.trace() == pytest.approx(1, rel=0, abs=lost)
        assert a.values.min() > -1e-6 * a.values.max()


def bracket(f: sympy.Expr, g: sympy.Expr) -> sympy.Expr:
    return f.diff(X) * g.diff(XI) - f.diff(XI) * g.diff(X)


@pytest.mark.parametrize("name", EACH)
def test_residual(name: str) -> None:
    """(L - Q) a for a Gaussian a: L by the oracle, Q by differentiation.

    Q a = {p, a} + sum_j (gamma h/2) (H_u^2 + H_v^2) a + gamma ({u, v a} - {v, u a}) with l_j = u + i v.
    """
    case, t = CASES[name], 0.3
    gamma, (x0, xi0) = sympy.nsimplify(case.gamma), map(sympy.nsimplify, case.start)
    a = 2 * sympy.exp(-((X - x0) ** 2 + (XI - xi0) ** 2) / sympy.nsimplify(H))
    p, *jumps = (sympy.sympify(f, {"x": X, "xi": XI, "t": T}) for f in (case.hamiltonian, *case.jumps))
    q = bracket(p.subs(T, t), a)
    for u, v in (jump.as_real_imag() for jump in jumps):
        q += gamma * sympy.nsimplify(H) / 2 * (bracket(u, bracket(u, a)) + bracket(v, bracket(v, a)))
        q += gamma * (bracket(u, v * a) - bracket(v, u * a))
    grid = case.state.grid(H, level=1e-13, room=0.3)
    x, xi = grid.x[0].points, grid.xi[0].points
    oracle = case.oracle
    rate = oracle.symbol(oracle.generator(oracle.pure(oracle.coherent(*case.start)), t), x, xi)
    exact = rate - sympy.lambdify((X, XI), q, "numpy")(x[:, None], xi)
    found = residual(case.system, case.state.symbol(grid), t)
    assert found.values == pytest.approx(exact, rel=0, abs=1e-8 * np.abs(rate).max())
    assert name in LINEAR or np.abs(exact).max() > 1e-3 * np.abs(rate).max()


@pytest.mark.parametrize("order", slow_but((2,), (1, 2, 3)))
@pytest.mark.parametrize("name", EACH)
def test_certificates_enclose_the_truth(name: str, order: int) -> None:
    """B_N >= ||A - Op(a_N)||_tr, and the enclosure of ||A - Op(a_1)||_tr, A being the oracle's."""
    case, tol = CASES[name], 1e-5
    found = certify(case.system, case.state, [case.time], order=order, tol=tol)
    b = found.solution.final
    terms = list(b) if b.batch else [b]
    true = true_symbol(case.oracle, states(name)[-1], b.grid)
    assert dense_trace_norm(true - sum(terms[1:], terms[0])) <= found.bound[-1] + 1e-9
    distance = dense_trace_norm(true - terms[0])
    assert found.distance_lower[-1] <= distance + tol
    assert distance <= found.distance_upper[-1] + 1e-9
    if name in LINEAR:
        assert found.distance_upper[-1] < 3 * tol
    else:
        assert distance > 1e-3  # there is something to enclose


GAUSSIAN = {
    "damped": ("(x**2 + xi**2)/2", (LOSS,)),
    "heated": ("(x**2 + xi**2)/2", ("(x - I*xi)/sqrt(2)",)),
    "thermal": ("(x**2 + xi**2)/2", THERMAL),
    "saddle": ("x*xi", ("x", "xi")),
    "saddle with friction": ("x*xi/2 + x/3", ("x + I*xi/2", "xi")),
    "Caldeira-Leggett": ("xi**2/2 + x**2/2 + x*xi/10", ("x + I*xi/10",)),
    "inverted with friction": ("xi**2/2 - x**2/2 - xi/4", ("x/2 + I*xi",)),
    "tilted friction": ("xi**2 + x**2/3 + x*xi/5", ("x + xi/3 + I*(xi - x/4)", "x - I*x/2")),
    "displaced friction": ("(x**2 + xi**2)/2", ("(x + I*xi)/sqrt(2) + 1/3 - I/4", "x + I/2")),
    "driven": ("(x**2 + xi**2)/2 + x*cos(2*t) - xi*t/3", (LOSS, "x")),
    "parametric": ("xi**2/2 + (2 + sin(3*t))*x**2/4", ("x", "xi")),
    "turning saddle": ("x*xi*cos(4*t)/2 + (xi**2 - x**2)*sin(4*t)/4", ("x", "xi")),
}


@pytest.mark.parametrize("name", slow_but(("thermal", "saddle", "tilted friction"), GAUSSIAN))
def test_quantum_is_classical(name: str) -> None:
    """Quadratic p, linear jumps: to round-off; and both are the exact Gaussian."""
    hamiltonian, jumps = GAUSSIAN[name]
    h, gamma, time, z0 = 0.1, 0.7, 0.6, (0.6, -0.3)
    system = System(hamiltonian + STEPPED, list(jumps), h=h, gamma=gamma)
    runs = [evolve(system, coherent(*z0), [time], kind=kind, tol=1e-9) for kind in ("quantum", "classical")]
    w, a = on_one_grid(*runs)
    assert dense_trace_norm(w - a) < 1e-10
    mean, covariance = Gaussian(hamiltonian, jumps, h, gamma).moments(np.array(z0), h / 2 * np.eye(2), time)
    found = w.moments()
    assert found.mean == pytest.approx(mean, rel=0, abs=1e-8)
    assert found.covariance == pytest.approx(covariance, rel=0, abs=1e-8)
    exact = gaussian(*mean, (covariance / h).tolist()).symbol(w.grid)
    assert dense_trace_norm(w - exact) < 1e-8


@pytest.mark.parametrize("occupation", [0, 0.5, 2])
@pytest.mark.parametrize("kind", ["quantum", "classical"])
def test_stationary_states(occupation: float, kind: str) -> None:
    """Jumps sqrt(n + 1) l and sqrt(n) l*: the thermal state, of covariance h (n + 1/2), stays; others go there."""
    h, gamma, time = 0.1, 2.0, 10.0
    jumps = [f"sqrt({occupation} + 1)*(x + I*xi)/sqrt(2)", f"sqrt({occupation})*(x - I*xi)/sqrt(2)"]
    jumps = jumps[: 2 if occupation else 1]
    mean, covariance = Gaussian("(x**2 + xi**2)/2", tuple(jumps), h, gamma).stationary()
    assert mean == pytest.approx([0, 0])
    assert covariance == pytest.approx(h * (occupation + 0.5) * np.eye(2))
    system = System("(x**2 + xi**2)/2" + STEPPED, jumps, h=h, gamma=gamma)
    thermal = gaussian(0, 0, (covariance / h).tolist())
    stays = evolve(system, thermal, [1.0], kind=kind, tol=1e-8)
    assert dense_trace_norm(stays[0] - thermal.symbol(stays[0].grid)) < 1e-8
    comes = evolve(system, coherent(0.4, 0.2), [time], kind=kind, tol=1e-7)
    left = np.hypot(0.4, 0.2) * np.exp(-gamma * time / 2) / np.sqrt(2 * h)  # of the displacement, in quanta
    distance = dense_trace_norm(comes[0] - thermal.symbol(comes[0].grid))
    assert distance < 2 * left + 1e-7  # what two coherent states differ by; heat makes it less


def test_the_damped_oscillator_stays_coherent() -> None:
    """L = sqrt(gamma) a: z(t) = z0 e^{-(i + gamma/2) t}, a pure state, in both evolutions."""
    h, gamma, t = 0.1, 0.8, 1.5
    found = compare(System("(x**2 + xi**2)/2" + STEPPED, [LOSS], h=h, gamma=gamma), coherent(0.6, -0.3), [t], tol=1e-8)
    z = (0.6 - 0.3j) * np.exp(-(1j + gamma / 2) * t)
    assert found.series["purity"][0] == pytest.approx(1, rel=0, abs=1e-8)
    assert found.trace_norm[0] < 2e-8
    exact = coherent(z.real, z.imag)
    w = found.quantum[0]
    assert dense_trace_norm(w - exact.symbol(w.grid)) < 1e-8


def test_time_enters_at_the_right_moments() -> None:
    """An impulse is not missed, and arrives whole."""
    h, start = 0.1, coherent(0.3, 0.0)
    kick = System("xi**2/2 + x**2/2 - 20*x*exp(-200*(t - 0.5)**2)" + STEPPED, ["x"], h=h, gamma=0.3)
    exact = Gaussian("xi**2/2 + x**2/2 - 20*x*exp(-200*(t - 0.5)**2)", ("x",), h, 0.3)
    times = [0.25, 0.5, 1.0]
    solution = evolve(kick, start, times, tol=1e-7)
    for t, w in zip(times, solution, strict=True):
        mean, covariance = exact.moments(np.array([0.3, 0.0]), h / 2 * np.eye(2), t)
        found = w.moments()
        assert found.mean == pytest.approx(mean, rel=0, abs=1e-6)
        assert found.covariance == pytest.approx(covariance, rel=0, abs=1e-6)
