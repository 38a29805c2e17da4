"""Correlation functions that start from the steady state, against closed forms and QuTiP."""

from __future__ import annotations

import json

import numpy as np
import pytest
import qutip
import sympy

from common import invoke, refused
from openweyl import InputError, ResourceError, System, correlation, g2, spectrum

BATH = System.from_operators("h*3*ad*a", ["sqrt(0.6*h)*a", "sqrt(0.2*h)*ad"], h=0.1)
"""Frequency 3, kappa = 0.4, nbar = 0.5."""
KERR = System.from_operators("0.5*ad**2*a**2 + 0.7*(a + ad) - 0.3*ad*a", ["a"], h=1)


def kerr_in_qutip(size: int = 30) -> tuple[qutip.Qobj, list[qutip.Qobj], qutip.Qobj]:
    a = qutip.destroy(size)
    return 0.5 * a.dag() ** 2 * a**2 + 0.7 * (a + a.dag()) - 0.3 * a.dag() * a, [a], a


def test_a_damped_oscillator() -> None:
    times = np.array([0.0, 0.5, 2.0])
    found = correlation(BATH, None, "ad", "a", times)
    truth = 0.5 * np.exp((3j - 0.2) * times)
    assert (np.abs(found.value - truth) <= found.error).all()
    assert float(found.error.max()) < 1e-6
    omega = np.array([0.0, 2.8, 3.0])
    lines = spectrum(BATH, None, "ad", "a", omega, tol=1e-4)
    assert (np.abs(lines.value - 0.5 * 0.4 / ((omega - 3) ** 2 + 0.04)) <= lines.error).all()
    bunched = g2(BATH, None, times, tol=1e-6)
    assert (np.abs(bunched.value - 1 - np.exp(-0.4 * times)) <= bunched.error).all()


@pytest.mark.slow
def test_a_driven_kerr_oscillator_against_qutip() -> None:
    H, jumps, a = kerr_in_qutip()
    omega = np.linspace(-3, 3, 7)
    truth = qutip.spectrum(H, omega, jumps, a.dag(), a, solver="solve")
    found = spectrum(KERR, None, "ad", "a", omega, tol=1e-4)
    assert (np.abs(found.value - truth) <= found.error).all()
    assert float(found.error.max()) < 1e-3
    times = np.array([0.0, 0.5, 2.0])
    rho = qutip.steadystate(H, jumps)
    options = {"atol": 1e-11, "rtol": 1e-9}
    counted = qutip.correlation_3op_1t(H, rho, times, jumps, a.dag(), a.dag() * a, a, options=options)
    bunched = g2(KERR, None, times, tol=1e-5)
    quanta = qutip.expect(a.dag() * a, rho)
    assert (np.abs(bunched.value - counted.real / quanta**2) <= bunched.error).all()


@pytest.mark.slow
def test_a_classical_one_by_relaxation() -> None:
    """<x x> of a state that is found and evolved, at delay 0 and once more by its moments."""
    system = System("x**2/2 + xi**2/2 + 0.4*cos(x)", ["0.8*x + 0.7*I*xi"], h=0.5, gamma=1.0)
    x = sympy.Symbol("x")
    found = correlation(system, None, x, x, [0.0], kind="classical", tol=1e-3)
    later = correlation(system, None, x, x, [0.0], kind="classical", start=1.0, tol=1e-3)
    assert abs(found.value[0] - later.value[0]) <= found.error[0] + later.error[0] < 0.2


def test_without_a_steady_state() -> None:
    closed = System("x**2/2 + xi**2/2", h=0.1)
    refused(lambda: correlation(closed, None, "ad", "a", [0.0]), "Argument `system` has no jumps")
    driven = System("x**2/2 + xi**2/2 + x*cos(t)", ["x + I*xi"], h=0.1, gamma=1)
    refused(lambda: g2(driven, None, [0.0]), "Argument `system` must not depend on the time")
    with pytest.raises((InputError, ResourceError)):
        correlation(System.from_operators("ad*a", ["a**2"], h=1), None, "ad", "a", [0.0])


def test_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    given = ("--A", "a", "--B", "ad", "--times", "0.1", "--steady", "--json")
    done = invoke(monkeypatch, capsys, "correlation", "damped-oscillator", "--h", "1", *given)
    assert done.status == 0
    quantum = json.loads(done.out)["quantum"]
    truth = np.exp((-1j - 0.5) * 0.1)  # at rest it has no quanta
    assert abs(complex(quantum["real"][0], quantum["imaginary"][0]) - truth) <= quantum["error"][0] < 1e-5
