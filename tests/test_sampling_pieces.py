"""The formulas that `sample` is made of, each against dense matrices or quadrature."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy

from common import slow_but
from dense_gaussians import Fock, commutator, moved, random_covariance, random_symplectic, trace_norm
from openweyl import System
from openweyl.sampling.dissipation import linear_dissipation
from openweyl.sampling.mismatch import covariance_cost, mean_cost
from openweyl.sampling.motion import Motion, Slopes
from openweyl.sampling.residual import Rates
from openweyl.sampling.sorting import sorted_hamiltonian
from openweyl.sampling.splitting import split, split_in_frame

ONE_MODE = [
    ("x**4/4 + xi**2", ["x", "xi"]),
    ("x**2*xi**2 + x*xi**3 + x**4 + x + x*xi", ["x + I*xi"]),
    ("x**3*xi", ["x/2 + I*xi + 1 + I"]),
    ("(x**2 + xi**2)**2", ["x - I*xi/3"]),
]
TWO_MODES = [
    ("x1**2*x2**2 + xi1**2 + xi2**2", ["x1", "xi2"]),
    ("(x1**2 + xi1**2)*x2 + xi2**2", ["x1 + I*xi1", "x2"]),
    ("(x1**2 + xi1**2)*(x2**2 + xi2**2)", ["x1 + I*xi2"]),
    ("x1*xi2*x2 + x1**3*xi2 + x2**2*xi1**2", ["x1 - x2"]),
]


def motion_of(system: System) -> Motion:
    dissipation, _ = linear_dissipation(system)
    return Motion(sorted_hamiltonian(system.hamiltonian, system.x, system.xi), dissipation, system.h)


def told(system: System, z: np.ndarray, C: np.ndarray) -> tuple[Slopes, Rates]:
    """What the engine says of one particle: the slopes of z and C, and the rates."""
    motion = motion_of(system)
    slopes = motion.slopes(z[None], C[None], 0.0, residual=True)
    return slopes, motion.rates(C[None], slopes)


def coefficients(f: sympy.Expr, system: System) -> dict[tuple[int, ...], Any]:
    return {m: complex(c) for m, c in sympy.Poly(sympy.expand(f), *system.x, *system.xi).terms()}


def gradient(fock: Fock, i: int, A: np.ndarray) -> np.ndarray:
    """The operator whose symbol is the derivative of A's by w_i."""
    n = fock.n
    return 1j * commutator(fock.w[i + n], A) if i < n else -1j * commutator(fock.w[i - n], A)


def derivative(fock: Fock, tau: np.ndarray, dw: np.ndarray, dC: np.ndarray) -> np.ndarray:
    """(-dw.grad + dC : grad grad / 2) tau: how tau changes as its centre moves by dw, and its covariance by dC."""
    total = np.zeros_like(tau)
    for i in range(len(dw)):
        slope = gradient(fock, i, tau)
        total -= dw[i] * slope
        for j in range(len(dw)):
            total += dC[i, j] / 2 * gradient(fock, j, slope)
    return total


def lindbladian(system: System, fock: Fock, z: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """L tau, tau at the origin in place of z."""
    h = system.h
    total = -1j * commutator(fock.polynomial(moved(coefficients(system.hamiltonian, system), z, h)), tau)
    for jump in system.jumps:
        L = h**0.5 * fock.polynomial(moved(coefficients(jump, system), z, h))
        square = L.conj().T @ L
        total += system.gamma * (L @ tau @ L.conj().T - (square @ tau + tau @ square) / 2)
    return total


@pytest.mark.parametrize("heat", [0.0, 0.4])
@pytest.mark.parametrize(
    ("n", "p", "jumps"),
    [(1, *c) for c in ONE_MODE] + [pytest.param(2, *c, marks=pytest.mark.slow) for c in TWO_MODES],
)
def test_what_a_particle_misses_of_the_lindblad_equation(n: int, p: str, jumps: list[str], heat: float) -> None:
    """|| L tau - d tau/dt ||_tr is the rate: equal for pure states, below it for mixed ones."""
    rng = np.random.default_rng(len(p))
    fock = Fock(n, {1: 70, 2: 16 if heat == 0 else 18}[n])
    for h in (1 / 4, 2**-8) if n == 1 else (1 / 8,):
        system = System(p, jumps, h=h, gamma=0.7)
        z, C = rng.normal(size=2 * n), random_covariance(n, rng, {1: 0.2, 2: 0.06}[n], heat)
        slopes, rates = told(system, z, C)
        tau = fock.gaussian(C)
        true = trace_norm(lindbladian(system, fock, z, tau) - derivative(fock, tau, slopes.z[0] / h**0.5, slopes.C[0]))
        if heat == 0:
            assert rates.quantum[0] == pytest.approx(true, rel=1e-9 if n == 1 else 1e-5)
        else:
            assert true <= rates.quantum[0] <= 5 * true


@pytest.mark.parametrize("heat", [0.0, 0.5])
@pytest.mark.parametrize("n", slow_but([1], [1, 2]))
def test_costs_bound_what_moved_and_widened_states_differ_by(n: int, heat: float) -> None:
    """In trace norm, and in L1, which Monte Carlo estimates; for pure states a moved centre's cost is equal."""
    rng = np.random.default_rng(n)
    fock = Fock(n, {1: 60, 2: 15}[n])
    for _ in range(4):
        C = random_covariance(n, rng, 0.1, heat)
        dw, dC = rng.normal(size=2 * n), rng.normal(size=(2 * n, 2 * n))
        dC = dC + dC.T
        tau, zero = fock.gaussian(C), np.zeros((2 * n, 2 * n))
        cost = mean_cost(C[None], dw[None], 1.0)[0]
        true = trace_norm(derivative(fock, tau, dw, zero))
        assert true <= cost * (1 + 1e-6)
        if heat == 0:
            assert true == pytest.approx(cost, rel=1e-5)
        wide = covariance_cost(C[None], dC[None])[0]
        assert trace_norm(derivative(fock, tau, 0 * dw, dC)) <= wide
        g = rng.standard_normal((20_000, 2 * n))
        K = np.linalg.inv(np.linalg.cholesky(C))
        assert np.abs(g @ K @ dw).mean() <= cost
        m = K @ dC @ K.T
        assert np.abs(np.einsum("pi,ij,pj->p", g, m, g) - np.trace(m)).mean() / 2 <= wide


def covariances(n: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Pure ones with noise: of full rank, in x alone, in a random direction, next to none, and none."""
    found = []
    for k in range(count):
        S = random_symplectic(n, rng, 0.5 / n)
        C = S @ S.T / 2
        noise = np.zeros((2 * n, 2 * n))
        if k % 5 == 0:
            A = rng.normal(size=(2 * n, 2 * n))
            noise = A @ A.T / n
        elif k % 5 == 1:
            noise[n:, n:] = np.diag(rng.random(n))
        elif k % 5 == 2:
            a = rng.normal(size=2 * n)
            noise = np.outer(a, a)
        elif k % 5 == 3:
            A = rng.normal(size=(2 * n, n))
            noise = 1e-9 * A @ A.T
        found.append(C + noise)
    return np.array(found)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6])
def test_splits_are_pure_and_leave_what_they_say(n: int) -> None:
    rng = np.random.default_rng(n)
    C = covariances(n, 40, rng)
    J = np.block([[np.zeros((n, n)), np.eye(n)], [-np.eye(n), np.zeros((n, n))]])
    A = rng.normal(size=(40, n, n))
    shear = 0.3 * (A + A.swapaxes(1, 2))
    for found in (
        split(C),
        split_in_frame(C, None, shear),
        split_in_frame(C, rng.uniform(-2, 2, (40, n)), shear),
    ):
        nu = np.abs(np.linalg.eigvals(found.pure @ J))
        assert nu == pytest.approx(0.5, abs=1e-6)
        assert np.linalg.eigvalsh(found.pure).min() > 0
        left = C - found.pure - found.noise @ found.noise.swapaxes(1, 2)
        assert (covariance_cost(C, left) <= 1.0001 * found.cost + 1e-8).all()
        assert found.cost.max() < 2e-6
