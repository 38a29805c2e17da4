"""Steady states by relaxation against closed forms and dense matrices; and those that are none, or several."""

from __future__ import annotations

import time
from math import pi

import numpy as np
import pytest
import qutip
import scipy.linalg
import sympy

from common import refused
from openweyl import PhaseGrid, ResourceError, Symbol, System, from_fock, steady_state, thermal
from openweyl.model.states import PacketState, State
from openweyl.steady.starts import starts_of

SOFT = System("xi**2/2 + x**4/4 + x**2/2 + 0.3*cos(2*x)", ["0.6*x + 0.3*I*xi"], h=0.3, gamma=1.0)
WELLS = System("xi**2/2 + (x**2 - 1)**2 + 0.2*x", ["x + 0.4*I*xi"], h=0.3, gamma=1.0)
HERE = System("x**2/2 + xi**2/2 + 0.4*cos(x)", ["0.8*x + 0.7*I*xi"], h=0.5, gamma=1.0)


def differentiation(half: float, size: int) -> tuple[np.ndarray, np.ndarray]:
    """The first and the second derivative of periodic functions on [-half, half], by Fourier's matrices."""
    k = np.arange(size)
    turn = pi / size * (k[:, None] - k[None, :])
    with np.errstate(divide="ignore"):
        D = pi / half / 2 * (-1.0) ** (k[:, None] - k[None, :]) / np.tan(turn)
        D2 = -((pi / half) ** 2) / 2 * (-1.0) ** (k[:, None] - k[None, :]) / np.sin(turn) ** 2
    np.fill_diagonal(D, 0.0)
    np.fill_diagonal(D2, -((pi / half) ** 2) * (size**2 / 12 + 1 / 6))
    return D, D2


def fokker_planck(system: System, halves: tuple[float, float], sizes: tuple[int, int]) -> Symbol:
    """Q w = 0 on a box that holds the state."""
    grid = PhaseGrid.box(h=system.h, x=(-halves[0], halves[0]), xi=(-halves[1], halves[1]), size=sizes)
    (Dx, Dxx), (Dy, Dyy) = map(differentiation, halves, sizes)
    one, other = map(np.eye, sizes)
    along = (np.kron(Dx, other), np.kron(one, Dy))  # in x, in xi
    twice = ((np.kron(Dxx, other), np.kron(Dx, Dy)), (np.kron(Dx, Dy), np.kron(one, Dyy)))
    X, Xi = (u.ravel() for u in np.meshgrid(grid.x[0].points, grid.xi[0].points, indexing="ij"))

    def field(f: sympy.Expr) -> list[np.ndarray]:
        return [
            sign * np.broadcast_to(sympy.lambdify((system.x[0], system.xi[0]), f.diff(v))(X, Xi), X.shape)
            for sign, v in ((1.0, system.xi[0]), (-1.0, system.x[0]))
        ]

    def values(f: sympy.Expr) -> np.ndarray:
        return np.broadcast_to(sympy.lambdify((system.x[0], system.xi[0]), f)(X, Xi), X.shape)

    drift, Q = field(system.hamiltonian), np.zeros((grid.size, grid.size))
    for jump in system.jumps:
        parts = jump.as_real_imag()
        a, b = (part.subs({sympy.re(v): v for v in system.x}) for part in parts)
        X_a, X_b = field(a), field(b)
        drift = [v + system.gamma * (values(b) * p - values(a) * q) for v, p, q in zip(drift, X_a, X_b, strict=True)]
        for F in (X_a, X_b):
            assert max(map(np.ptp, F)) == 0  # the jumps are linear
            Q += sum(system.gamma * system.h / 2 * F[i][0] * F[j][0] * twice[i][j] for i in range(2) for j in range(2))
    Q -= sum(along[i] * drift[i] for i in range(2))
    Q[0] = 1.0
    right = np.zeros(grid.size)
    right[0] = 1 / grid.cell
    return Symbol(scipy.linalg.solve(Q, right).reshape(sizes), grid)


def lindblad(p: str, jumps: list[str], h: float, levels: int) -> np.ndarray:
    """By QuTiP, with functions of the matrices of x and xi on many levels, cut to `levels`."""
    a = qutip.destroy(4 * levels).full()
    x, xi = (a + a.T) * (h / 2) ** 0.5, (a - a.T) * (h / 2) ** 0.5 / 1j
    names = {
        "x": x,
        "xi": xi,
        "cos": scipy.linalg.cosm,
    }
    H, *L = (qutip.Qobj(eval(text, dict(names))[:levels, :levels]) for text in (p, *jumps))  # noqa: S307 - texts above
    return qutip.steadystate(H / h, [(1 / h) ** 0.5 * jump for jump in L]).full()


def far(found: Symbol, true: Symbol, error: float) -> float:
    return float((found - true).trace_norm(atol=0.1 * error).upper)


@pytest.mark.parametrize(
    ("system", "halves", "sizes", "tol"),
    [
        (HERE, (5.0, 5.0), (40, 40), 1e-3),
        (HERE, (5.0, 5.0), (40, 40), 1e-5),
        pytest.param(SOFT, (3.0, 3.4), (56, 56), 1e-3, marks=pytest.mark.slow),
        pytest.param(SOFT, (3.0, 3.4), (56, 56), 1e-5, marks=pytest.mark.slow),
        pytest.param(WELLS, (2.4, 4.4), (64, 80), 1e-3, marks=pytest.mark.slow),
    ],
)
def test_the_fokker_planck_equation_by_a_dense_matrix(
    system: System, halves: tuple[float, float], sizes: tuple[int, int], tol: float
) -> None:
    found = steady_state(system, kind="classical", tol=tol)
    true = far(found.symbol, fokker_planck(system, halves, sizes), tol)
    assert true <= found.error <= tol


@pytest.mark.slow
@pytest.mark.parametrize("tol", [1e-3, 1e-5])
def test_a_quantum_one_that_is_not_polynomial(tol: float) -> None:
    found = steady_state(HERE, tol=tol)
    rho = lindblad("x@x/2 + xi@xi/2 + 0.4*cos(x)", ["0.8*x + 0.7j*xi"], 0.5, 40)
    state = from_fock(rho, 0.5)
    true = far(found.symbol, state.symbol(found.symbol.grid), tol)
    assert true <= found.error <= tol
    assert found.scheme == "relaxation"
    assert found.gap > 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["classical", "quantum"])
def test_what_turns_around_the_origin_is_thermal(kind: str) -> None:
    """p = f(x^2 + xi^2) with thermal jumps, nbar = 1/3."""
    system = System("sqrt(1 + x**2 + xi**2)", ["0.6*x + 0.6*I*xi", "0.3*x - 0.3*I*xi"], h=0.3, gamma=1.0)
    found = steady_state(system, kind=kind, tol=1e-4)  # type: ignore[arg-type]
    assert far(found.symbol, thermal(1 / 3).symbol(found.symbol.grid), 1e-4) <= found.error <= 1e-4


def test_a_classical_kerr_oscillator_is_thermal() -> None:
    system = System.from_operators("0.1*ad**2*a**2", ["a", "0.5*ad"], h=1)
    found = steady_state(system, kind="classical", tol=1e-4)
    assert far(found.symbol, thermal(1 / 3).symbol(found.symbol.grid), 1e-4) <= found.error <= 1e-4


@pytest.mark.slow
def test_equipartition_in_a_quartic_well() -> None:
    """Friction and noise on xi alone, but for a little noise on x: exp(-p/T), T = h/(4 b)."""
    b, h = 0.1, 0.1
    system = System(f"xi**2/2 + x**4/4 + x**2/2 + {b}*x*xi", [f"x + {b}*I*xi"], h=h, gamma=1.0)
    found = steady_state(system, kind="classical", tol=1e-4)
    T = h / (4 * b)
    assert found.symbol.expectation("xi**2").value == pytest.approx(T, rel=2e-2)
    assert found.symbol.expectation("x**4 + x**2").value == pytest.approx(T, rel=2e-2)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["classical", "quantum"])
def test_wells_that_are_hardly_ever_left_are_refused(kind: str) -> None:
    """What all runs from one well miss alike: the other one."""
    system = System("xi**2/2 + (x**2 - 1)**2 + 0.01*cos(x)", ["0.5*x + 0.5*I*xi"], h=0.02, gamma=1.0)
    refused(lambda: steady_state(system, kind=kind, tol=1e-2), "Two starts come to rest")  # type: ignore[arg-type]


def test_what_is_refused_at_once() -> None:
    for jumps in (["x"], ["I*x", "xi"], ["(1 + 2*I)*cos(x)"]):
        for kind in ("quantum", "classical"):
            heated = System("xi**2/2 - cos(x)", jumps, h=0.1, gamma=1.0)
            refused(lambda: steady_state(heated, kind=kind), "This system has no steady state, or many")  # type: ignore[arg-type]  # noqa: B023
    gain = System("xi**2/2 + x**2/2 + 0.1*cos(x)", ["x - I*xi"], h=0.5, gamma=1.0)
    refused(lambda: steady_state(gain), "This system has no steady state that is found")
    closed = System("xi**2/2 - cos(x)", [], h=0.1)
    refused(lambda: steady_state(closed, kind="classical"), "Argument `system` has no jumps")
    three = System("cos(x1 - x2) + cos(x2 - x3) + xi1**2 + xi2**2 + xi3**2", ["x1 + I*xi1"], h=0.1, gamma=1.0)
    refused(lambda: steady_state(three), "Argument `system` must have at most two modes")


def test_the_time_limit_is_honoured() -> None:
    began = time.monotonic()
    with pytest.raises(ResourceError, match="would take more than"):
        steady_state(WELLS, kind="classical", tol=1e-8, time_limit=0.5)
    assert time.monotonic() - began < 6


@pytest.mark.slow
def test_progress() -> None:
    seen: list[float] = []
    steady_state(HERE, kind="classical", tol=1e-2, progress=lambda reached, end, _: seen.append(reached / end))
    assert len(seen) > 2
    assert min(seen) >= 0 and max(seen) <= 1
    assert seen[-1] > 0.8


def center_of(state: State) -> tuple[float, ...]:
    """That of a coherent state."""
    assert isinstance(state, PacketState)
    return state.members[0][1][0].center


def test_a_point_of_rest_within_a_cycle_is_a_start() -> None:
    """n' = -6 n + 2.3 n^2 - n^3/3 leads to 0, or to the cycle n = 6; a third of the state may be where no cycle is."""
    jumps = ["1.41421356*(x + I*xi)", "1.0801234*(x - I*xi)**2", "(x + I*xi)**3/3"]
    system = System("x**2/2 + xi**2/2", jumps, h=0.04, gamma=1.0)
    radii = sorted(float(np.linalg.norm(center_of(state))) for state in starts_of(system, None).states)
    assert radii == pytest.approx([0, 6**0.5, 6**0.5], abs=1e-3)
