"""Where p is quadratic: a bound of round-off for up to 50 degrees of freedom, and moments in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from scipy.integrate import solve_ivp
from scipy.linalg import expm, solve_continuous_lyapunov

from openweyl import ResourceError, System, coherent, evolve, gaussian, sample
from test_sampling_pieces import motion_of


def chain(n: int) -> tuple[System, np.ndarray, np.ndarray, np.ndarray]:
    """Coupled oscillators with friction and noise; the matrix, the force and the diffusion of their moments."""
    rng = np.random.default_rng(n)
    k = np.round(rng.uniform(0.3, 0.7, n), 1)
    tails = range(1, n + 1)
    x, xi = ([sympy.Symbol(f"{stem}{j}", real=True) for j in tails] for stem in ("x", "xi"))
    p = sympy.Add(*(b**2 / 2 + sympy.Rational(str(c)) * a**2 + a / 5 for a, b, c in zip(x, xi, k, strict=True)))
    p += sympy.Add(*((a - b) ** 2 / 10 for a, b in zip(x[1:], x[:-1], strict=True)))
    jumps = [f"({a} + I*{b})/2" for a, b in zip(x, xi, strict=True)] + [str(x[0])]
    h, gamma = 2.0**-6, 0.8
    V = np.diag(2 * k)
    for j in range(n - 1):
        V[j : j + 2, j : j + 2] += 0.2 * np.array([[1, -1], [-1, 1]])
    zero, one = np.zeros((n, n)), np.eye(n)
    F = np.block([[zero, one], [-V, zero]]) - gamma / 4 * np.eye(2 * n)
    force = np.concatenate([np.zeros(n), np.full(n, -0.2)])
    D = gamma / 4 * np.eye(2 * n)
    D[n, n] += gamma
    return System(p, jumps, h=h, gamma=gamma), F, force, D


@pytest.mark.parametrize("n", [2, 10, pytest.param(50, marks=pytest.mark.slow)])
def test_the_bound_is_round_off_and_moments_are_exact(n: int) -> None:
    system, F, force, D = chain(n)
    size = 2 * n

    def rates(_: float, y: np.ndarray) -> np.ndarray:
        z, C = y[:size], y[size:].reshape(size, size)
        FC = F @ C
        return np.concatenate([F @ z + force, (FC + FC.T + D).ravel()])

    start = np.concatenate([np.ones(n), np.zeros(n), np.eye(size).ravel() / 2])
    known = solve_ivp(rates, (0, 2), start, method="DOP853", rtol=1e-11, atol=1e-13, t_eval=[0.5, 2.0]).y.T
    found = sample(system, coherent([1] * n, [0] * n), [0.5, 2.0])
    assert found.exact
    assert found.bound.max() < 1e-8
    for i, y in enumerate(known):
        assert found.mean[i] == pytest.approx(y[:size], abs=1e-8)
        assert found.covariances(i)[0] / system.h == pytest.approx(y[size:].reshape(size, size), abs=1e-8)


@pytest.mark.parametrize("time", [1.0, 10.0, 300.0])
def test_strong_friction_beside_a_free_mode_keeps_all_digits(time: float) -> None:
    """C(t) = C + e^{Ft} (1/2 - C) e^{F^T t} with the C of rest, F C + C F^T + D = 0; e^{-Ft} grows to e^{9t}."""
    system = System("(xi1**2 + x1**2 + xi2**2 + x2**2)/2 + (x1-x2)**2*3/10", ["3*(x1 + I*xi1)"], h=0.1, gamma=1.0)
    V = np.array([[1.6, -0.6], [-0.6, 1.6]])
    friction = np.diag([9.0, 0.0])
    F = np.block([[-friction, np.eye(2)], [-V, -friction]])
    rest = solve_continuous_lyapunov(F, -np.diag([9.0, 0.0, 9.0, 0.0]))
    Phi = expm(time * F)
    found = sample(system, coherent([1, 0], [0, 0]), [time])
    true = rest + Phi @ (np.eye(4) / 2 - rest) @ Phi.T
    assert found.covariances(0)[0] / system.h == pytest.approx(true, rel=1e-12, abs=1e-12)
    assert found.bound[0] < 1e-7  # round-off is followed by norms, through ten doublings


def test_for_one_degree_of_freedom_evolve_agrees() -> None:
    system = System("xi**2/2 - x**2/8 + x*xi/5 + x", ["x + I*xi/3 + 1", "xi"], h=1 / 8, gamma=0.6)
    state = gaussian(0.3, -0.2, [[0.9, 0.2], [0.2, 0.7]])
    ensemble, grid = sample(system, state, [1.5]), evolve(system, state, [1.5], tol=1e-8)
    moments = grid.final.moments()
    assert ensemble.mean[0] == pytest.approx(moments.mean, abs=1e-7)
    assert ensemble.covariances(0)[0] == pytest.approx(moments.covariance, abs=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 4])
def test_steps_lead_to_the_same_moments(n: int) -> None:
    """With a term of round-off that keeps the system with the steps."""
    closed, *_ = chain(4) if n == 4 else (System("xi**2/2 + x**2/2", ["x + I*xi/2", "x"], h=2**-6, gamma=0.8),)
    state = coherent([1] * n, [0] * n) if n > 1 else coherent(1, 0)
    stepped = closed.replace(hamiltonian=closed.hamiltonian + closed.x[0] ** 4 / 10**17)
    exact, found = sample(closed, state, [0.4]), sample(stepped, state, [0.4], particles=200)
    assert found.bound[0] < 3e-4
    assert (np.abs(found.mean - exact.mean) < 5 * found.mean_standard_error + 1e-5).all()
    second = found.covariance()
    assert (np.abs(second.value - exact.covariances(0)[0]) < 5 * second.error + 1e-5).all()
    assert np.diag(second.error).max() < 0.2 * np.diag(second.value).max()


def test_modes_that_are_damped_fast_and_slowly() -> None:
    """Against the stationary covariance by Lyapunov's equation: e^{-Ft} of the fast mode would leave no digit."""
    system = System(
        "(x1**2 + xi1**2 + x2**2 + xi2**2 + x1*x2)/2", ["5*(x1 + I*xi1)", "(x2 + I*xi2)/10"], h=0.1, gamma=1.0
    )
    motion = motion_of(system)
    F = np.concatenate([motion.hamiltonian.hessian[2:], -motion.hamiltonian.hessian[:2]]) + motion.dissipation.matrix
    final = solve_continuous_lyapunov(F, -motion.dissipation.noise)
    found = sample(system, coherent([1, 0], [0, 1]), [0.1, 10.0, 300.0])
    for i, t in enumerate(found.times):
        Phi = expm(t * F)
        exact = final + Phi @ (np.eye(4) / 2 - final) @ Phi.T
        assert found.covariances(i)[0] / system.h == pytest.approx(exact, abs=1e-12)
        assert found.purity().value[i] == pytest.approx(np.linalg.det(2 * exact) ** -0.5, abs=1e-10)
    assert found.bound.max() < 1e-8


def test_round_off_of_squeezed_states_counts() -> None:
    """A pure state stays pure; where its C has too few digits to say so, the bound tells, and then it is refused."""
    system = System("(xi**2 - x**2)/2", [], h=0.1, gamma=1.0)
    found = sample(system, coherent(0.1, 0.2), [1.0, 4.0, 7.0])
    assert (abs(found.purity().value - 1) <= found.bound).all()
    assert found.bound[0] < 1e-10
    for t in (9.0, 18.0, 25.0, 1e4):
        with pytest.raises(ResourceError, match="squeezed"):
            sample(system, coherent(0.1, 0.2), [t])
