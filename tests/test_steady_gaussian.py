"""Gaussian steady states against the same equations in sixty digits, closed forms, and late times."""

from __future__ import annotations

import time

import mpmath
import numpy as np
import pytest

from common import refused
from openweyl import InputError, ResourceError, SteadyState, System, coherent, evolve, sample, steady_state, thermal
from openweyl.gaussian_packets.flow import quadratic_flow

SYSTEMS = {
    "friction": System("xi**2/2 + 2*x**2 - x", ["1.3*x + 0.4*I*xi"], h=0.7, gamma=0.5),
    "Caldeira-Leggett": System("xi**2/2 + x**2/2 + 0.05*x*xi", ["x + 0.05*I*xi"], h=0.1, gamma=1.0),
    "stiff": System("xi**2/2 + 5000*x**2", ["x + I*xi"], h=1.0, gamma=1e-3),
    "two modes": System(
        "(x1**2 + xi1**2 + x2**2 + xi2**2)/2 + 0.4*x1*x2 - xi2",
        ["x1 + I*xi1", "0.1*(x2 + 1.5*I*xi2)"],
        h=0.3,
        gamma=0.7,
    ),
    "far away": System("xi**2/2 + x**2/2 - 1e4*x", ["x + I*xi"], h=1.0, gamma=0.2),
    "squeezed": System("x*xi*0.49999", ["(x + I*xi)/sqrt(2)"], h=1.0, gamma=1.0),
}


def in_digits(system: System) -> tuple[mpmath.matrix, mpmath.matrix]:
    """The mean and C by linear equations for all entries, in sixty digits."""
    flow = quadratic_flow(system)
    assert flow is not None
    size = 2 * system.n
    exact = [mpmath.matrix([[mpmath.mpf(v.evalf(60)) for v in row] for row in part.tolist()]) for part in
             (flow.matrix, flow.shift, flow.noise)]  # fmt: skip
    M, m, D = exact
    equations, right = mpmath.zeros(size**2), mpmath.zeros(size**2, 1)
    for i in range(size):
        for j in range(size):
            right[i * size + j] = -D[i, j]
            for k in range(size):
                equations[i * size + j, k * size + j] += M[i, k]
                equations[i * size + j, i * size + k] += M[j, k]
    flat = mpmath.lu_solve(equations, right)
    return mpmath.lu_solve(M, -m), mpmath.matrix(size, size) + mpmath.matrix(
        [[flat[i * size + j] for j in range(size)] for i in range(size)]
    )


def far(found: SteadyState, z: mpmath.matrix, C: mpmath.matrix) -> float:
    """Less than the trace norm of the difference: by the overlap and the purities, ||A - B||_HS."""
    (packet,) = found.state.members[0][1]  # type: ignore[attr-defined]
    mine, center = mpmath.matrix(packet.covariance), mpmath.matrix(packet.center)
    n, d = found.system.n, center - z
    between = (mine + C) / 2
    overlap = mpmath.exp(-(d.T * between**-1 * d)[0] / (4 * found.system.h)) / mpmath.sqrt(mpmath.det(2 * between))
    purities = 1 / mpmath.sqrt(mpmath.det(2 * mine)) + 1 / mpmath.sqrt(mpmath.det(2 * C))
    assert n == len(center) // 2
    return float(mpmath.sqrt(abs(purities - 2 * overlap)))


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("kind", ["quantum", "classical"])
def test_in_sixty_digits(name: str, kind: str) -> None:
    with mpmath.workdps(60):
        found = steady_state(SYSTEMS[name], kind=kind, tol=1e-8)  # type: ignore[arg-type]
        rounding = found.error - 0.05 * found.tol  # the rest is what lies beyond the grid of the symbol
        assert far(found, *in_digits(SYSTEMS[name])) <= rounding < 1e-9
    assert found.residual < 1e-6
    assert found.scheme == "closed form"


@pytest.mark.parametrize("name", ["friction", "Caldeira-Leggett", "far away"])
def test_late_times_lead_there(name: str) -> None:
    found = steady_state(SYSTEMS[name], tol=1e-7)
    late = evolve(SYSTEMS[name], coherent(1.0, -0.5), [60 / found.gap], tol=1e-7).final
    assert (late - found.symbol).trace_norm(atol=1e-9).upper <= found.error + 1e-7


def test_equipartition() -> None:
    """Friction g on xi alone, noise 2 g T: <xi^2> = T, <x^2> = T/k, up to the noise of x that l = x + i b xi needs."""
    b, gamma, h, k = 1e-3, 1.0, 0.1, 4.0
    found = steady_state(System(f"xi**2/2 + {k / 2}*x**2 + {gamma * b}*x*xi", [f"x + {b}*I*xi"], h=h, gamma=gamma))
    T = h * gamma / (4 * gamma * b)  # D = 2 g T with g = 2 gamma b
    np.testing.assert_allclose(np.diag(found.moments.covariance), [T / k, T], rtol=1e-4)


@pytest.mark.slow
def test_a_hundred_modes() -> None:
    n = 100
    chain = System(
        f"sum(j, 1, {n}, xi[j]**2/2 + x[j]**2) + sum(j, 1, {n - 1}, (x[j] - x[j+1])**2/4) - x1",
        [f"each(j, 1, {n}, x[j] + I*xi[j])", "0.5*x1"], h=0.5, gamma=0.4,
    )  # fmt: skip
    began = time.perf_counter()
    found = steady_state(chain)
    assert time.perf_counter() - began < 20
    z, C = found.moments.mean, found.moments.covariance
    assert found.error < found.tol
    later = sample(chain, found.state, [3.0])
    np.testing.assert_allclose(later.mean[-1], z, atol=1e-10)
    np.testing.assert_allclose(later.covariance(0).value, C, atol=1e-10)
    refused(lambda: found.symbol, "Argument `system` must have n <= 4 for a symbol")


def test_four_modes_are_a_state_and_refuse_a_symbol_that_does_not_fit() -> None:
    quiet = System("sum(j, 1, 4, xi[j]**2/2 + x[j]**2/2)", ["each(j, 1, 4, x[j] + I*xi[j])"], h=1.0, gamma=1.0)
    found = steady_state(quiet)
    np.testing.assert_allclose(found.moments.covariance, np.eye(8) / 2, atol=1e-12)
    refused(lambda: found.symbol, "", ResourceError)


def test_thermal_states() -> None:
    found = steady_state(System.from_operators("2*ad*a", ["sqrt(1.5)*a", "sqrt(0.5)*ad"], h=1), kind="classical")
    assert (found.symbol - thermal(0.5).symbol(found.symbol.grid)).trace_norm(atol=1e-9).upper <= found.error
    data = found.to_xarray()
    assert data.attrs["scheme"] == "closed form"
    assert float(data["classical"].max()) == pytest.approx(1.0, rel=1e-2)
    assert "steady state" in found._repr_html_()


@pytest.mark.parametrize(
    ("p", "jumps"),
    [
        ("xi**2/2", ["x"]),  # spreads
        ("xi**2/2 + x**2/2", ["x"]),  # heats
        ("xi**2/2 + x**2/2", ["x - I*xi"]),  # gain
        ("x*xi/2", ["(x + I*xi)/sqrt(2)"]),  # at the threshold of the parametric oscillator
        ("0.6*x*xi", ["(x + I*xi)/sqrt(2)"]),
        ("(x1**2 + xi1**2 + x2**2 + xi2**2)/2", ["x1 + I*xi1"]),  # the second mode is closed
        ("(x1**2 + xi1**2 + x2**2 + xi2**2)/2", ["x1 - x2 + I*(xi1 - xi2)"]),  # a dark mode
        ("0", ["x"]),
    ],
)
def test_there_is_none_or_many(p: str, jumps: list[str]) -> None:
    refused(lambda: steady_state(System(p, jumps, h=0.3, gamma=1.0)), "This system has no steady state, or more than")


@pytest.mark.parametrize("loss", [1e-6, 1e-9, 1e-11, 1e-13, 1e-15])
def test_slow_or_refused(loss: float) -> None:
    """What is damped slowly loses digits: they are counted, or it is refused."""
    system = System("xi**2/2 + x**2/2", [f"sqrt({loss})*(x + 0.5*I*xi)"], h=1.0, gamma=1.0)
    if loss < 1e-9:
        none = loss < 1e-12
        words = "This system has no steady state, or more than" if none else "Round-off leaves an error of more than"
        refused(lambda: steady_state(system, tol=1e-3), words, InputError if none else ResourceError)
        return
    found = steady_state(system, tol=1e-3)
    with mpmath.workdps(60):
        assert far(found, *in_digits(system)) <= found.error - 0.05 * found.tol
