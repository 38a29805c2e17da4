"""States that repeat themselves with the period of a drive: closed forms, moving frames, QuTiP; and what has none."""

from __future__ import annotations

from math import pi

import numpy as np
import pytest
import qutip

from common import refused
from openweyl import System, coherent, evolve, steady_state, thermal

G, OMEGA = 0.56, 2.0
MOVING = System(
    "(x - s)**2/2 + xi**2/2 + 0.4*cos(x - s) + (0.56*s + ds)*xi".replace("ds", "cos(2*t)").replace("s)", "sin(2*t)/2)")
    .replace("0.56*s", "0.28*sin(2*t)"),
    ["0.8*x + 0.7*I*xi"], h=0.5, gamma=1.0,
)  # fmt: skip
"""HERE seen from x - sin(2 t)/2: friction G draws there."""
HERE = System("x**2/2 + xi**2/2 + 0.4*cos(x)", ["0.8*x + 0.7*I*xi"], h=0.5, gamma=1.0)


@pytest.mark.parametrize("kind", ["quantum", "classical"])
def test_a_driven_damped_oscillator(kind: str) -> None:
    """z(t) = Re (i w - M)^-1 m e^{i w t}, thermal around it."""
    w, h = 1.3, 0.1
    system = System.from_operators("h*ad*a", ["sqrt(0.6*h)*a", "sqrt(0.2*h)*ad"], h=h)
    driven = System(system.hamiltonian + 0.7 * System("x*cos(1.3*t)", h=h).hamiltonian, system.jumps, h=h, gamma=1.0)
    found = steady_state(driven, kind=kind, period=2 * pi / w, tol=1e-8)  # type: ignore[arg-type]
    M = np.array([[-0.2, 1.0], [-1.0, -0.2]])
    z = np.linalg.solve(1j * w * np.eye(2) - M, [0.0, -0.7]).real
    np.testing.assert_allclose(found.moments.mean, z, atol=1e-11)
    np.testing.assert_allclose(found.moments.covariance, h * np.eye(2), atol=1e-11)
    assert found.gap == pytest.approx(0.2, rel=1e-6)
    assert found.error < 1e-8
    assert "period" in str(found)


@pytest.mark.parametrize(
    "system",
    [
        System("(x**2 + xi**2)/2 + 0.2*x**2*cos(2*t)", ["x + 0.5*I*xi"], h=0.3, gamma=0.4),
        System("(x**2 + xi**2)/2 + x*abs(sin(t))", ["(1 + sin(2*t)/2)*(x + 0.5*I*xi)"], h=0.3, gamma=0.4),
    ],
)
def test_late_times_lead_to_a_modulated_gaussian(system: System) -> None:
    found = steady_state(system, period=pi, tol=1e-6)
    late = evolve(system, coherent(1.0, 0.0), [100 * pi], tol=1e-8).final
    assert (late - found.symbol).trace_norm(atol=1e-7).upper <= found.error + 1e-7


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["quantum", "classical"])
@pytest.mark.parametrize("tol", [1e-3, 1e-5])
def test_in_a_moving_frame(kind: str, tol: float) -> None:
    """x = y + s, s = sin(2 t)/2: p = p0(x - s, xi) + (g s + s') xi moves as p0 does around s."""
    still = steady_state(HERE, kind=kind, tol=1e-7)  # type: ignore[arg-type]
    found = steady_state(MOVING, kind=kind, period=pi, tol=tol)  # type: ignore[arg-type]
    distance = (found.symbol - still.symbol).trace_norm(atol=0.1 * tol).upper  # s(0) = 0
    assert distance <= found.error + still.error
    assert found.error <= tol


@pytest.mark.slow
@pytest.mark.parametrize("tol", [1e-3, 1e-6])
def test_a_modulated_kerr_oscillator_against_qutip(tol: float) -> None:
    system = System.from_operators("0.25*ad**2*a**2 + (0.5 + 0.3*cos(2*t))*(a + ad)", ["a"], h=1)
    found = steady_state(system, period=pi, tol=tol)
    size = 16
    a = qutip.destroy(size)
    H = qutip.QobjEvo([0.25 * a.dag() ** 2 * a**2 + 0.5 * (a + a.dag()), [a + a.dag(), lambda t: 0.3 * np.cos(2 * t)]])
    U = qutip.propagator(H, pi, [a], options={"atol": 1e-12, "rtol": 1e-11}).full()
    values, vectors = np.linalg.eig(U)
    rho = vectors[:, np.argmin(np.abs(values - 1))].reshape(size, size).T
    rho = rho / np.trace(rho)
    mine = found.symbol.fock().matrix
    larger = max(size, len(mine))
    difference = np.pad(mine, (0, larger - len(mine))) - np.pad(rho, (0, larger - size))
    assert float(np.abs(np.linalg.eigvalsh((difference + difference.conj().T) / 2)).sum()) <= found.error <= tol


@pytest.mark.slow
def test_wells_of_a_driven_oscillator_are_refused() -> None:
    """Two states swing side by side, and hardly ever meet."""
    system = System("xi**2/2 + (x**2 - 1)**2 + 0.05*x*cos(3*t)", ["0.5*x + 0.5*I*xi"], h=0.02, gamma=1.0)
    refused(lambda: steady_state(system, kind="classical", period=2 * pi / 3, tol=1e-2), "Two starts come to rest")


def test_periods_that_are_none() -> None:
    driven = System("x**2/2 + xi**2/2 + x*cos(1.2*t)", ["x + I*xi"], h=1, gamma=1)
    for wrong in (5.236, pi, 1.0, 4.0):
        refused(lambda: steady_state(driven, period=wrong), "Argument `period` must be one of the system")  # noqa: B023
    assert steady_state(driven, period=4 * pi / 1.2).error < 1e-6  # twice the shortest one
    refused(lambda: steady_state(HERE, period=1.0), "Argument `period` must be left out")
    refused(lambda: steady_state(driven), "Argument `system` must not depend on the time")
    refused(lambda: steady_state(driven, period=-1.0), "Argument `period` must be > 0")
    two = System("x**2/2 + xi**2/2 + x*cos(t) + xi*cos(sqrt(2)*t)", ["x + I*xi"], h=1, gamma=1)
    refused(lambda: steady_state(two, period=2 * pi), "Argument `period` must be one of the system")
    pulse = System("x**2/2 + xi**2/2 + x*exp(-(t - 3)**2)", ["x + I*xi"], h=1, gamma=1)
    refused(lambda: steady_state(pulse, period=6.0), "Argument `period` must be one of the system")
    chirp = System("x**2/2 + xi**2/2 + x*cos(t**2)", ["x + I*xi"], h=1, gamma=1)
    refused(lambda: steady_state(chirp, period=6.0), "Argument `period` must be one of the system")
    square = System("x**2/2 + xi**2/2 + x*Heaviside(sin(t))", ["x + I*xi"], h=1, gamma=1)
    assert steady_state(square, period=2 * pi).error < 1e-6
    rate = System("x**2/2 + xi**2/2", [("x + I*xi", "1 + 0.5*sin(t)")], h=1, gamma=1)
    assert steady_state(rate, period=2 * pi).symbol.purity() == pytest.approx(1.0, abs=1e-6)
    refused(lambda: steady_state(rate, period=3.0), "Argument `period` must be one of the system")


def test_no_state_repeats_itself_above_the_threshold() -> None:
    pumped = System("(x**2 + xi**2)/2 + 0.4*x*xi*sin(2*t)", ["0.2*(x + I*xi)"], h=1, gamma=1)
    refused(lambda: steady_state(pumped, period=pi), "This system has no state that repeats itself")


def test_thermal_without_a_drive_to_speak_of() -> None:
    system = System("(x**2 + xi**2)/2 + 1e-12*x*cos(t)", ["x + 0.5*I*xi"], h=1, gamma=1)
    found = steady_state(system, period=2 * pi)
    bare = System("(x**2 + xi**2)/2", ["x + 0.5*I*xi"], h=1, gamma=1)
    np.testing.assert_allclose(found.moments.covariance, steady_state(bare).moments.covariance, atol=1e-10)
    assert thermal(0.5).n == system.n
