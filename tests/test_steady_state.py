"""Steady states against closed forms and QuTiP, in trace norm; and those that are none, or many."""

from __future__ import annotations

import doctest
import json
import re
from pathlib import Path

import mpmath
import numpy as np
import pytest
import qutip
import scipy.linalg
import sympy

from common import invoke, refused
from openweyl import ResourceError, System, evolve, steady_state, thermal
from openweyl.fock_space.levels import padded
from openweyl.fock_space.polynomial_system import polynomial_system
from openweyl.steady.growth import grown
from openweyl.steady.on_levels import candidate, whole
from openweyl.steady.on_many_levels import candidate_by_gmres

SYSTEMS = {
    "thermal": ("2*ad*a", ["sqrt(1.5)*a", "sqrt(0.5)*ad"]),
    "driven Kerr": ("0.5*ad**2*a**2 - ad*a + 1.5*(a + ad)", ["a"]),
    "bistable Kerr": ("0.25*ad**2*a**2 - 2*ad*a + 1.6*(a + ad)", ["sqrt(0.5)*a"]),
    "van der Pol": ("ad*a", ["ad", "sqrt(0.5)*a**2"]),
    "cat with loss": ("ad**2*a**2 - 2*(a**2 + ad**2)", ["sqrt(0.3)*a"]),
    "parametric": ("0.2*(a**2 + ad**2)", ["a"]),
}


def distance(mine: np.ndarray, theirs: np.ndarray) -> float:
    """In trace norm, of matrices on any numbers of levels."""
    size = max(len(mine), len(theirs))
    difference = np.zeros((size, size), dtype=complex)
    difference[: len(mine), : len(mine)] += mine
    difference[: len(theirs), : len(theirs)] -= theirs
    return float(np.abs(np.linalg.eigvalsh(difference)).sum())


def by_qutip(hamiltonian: str, jumps: list[str], levels: int) -> np.ndarray:
    a = qutip.destroy(levels)
    H, *L = (sympy.sympify(text, {"a": sympy.Symbol("a"), "ad": sympy.Symbol("ad")}) for text in (hamiltonian, *jumps))
    names = sympy.symbols("ad a")

    def made(f: sympy.Expr) -> qutip.Qobj:  # normal order, as all of these are written
        terms = sympy.Poly(sympy.expand(f), *names).terms()
        return sum(float(c) * a.dag() ** int(m) * a ** int(n) for (m, n), c in terms)

    return qutip.steadystate(made(H), [made(f) for f in L]).full()


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("tol", [1e-3, 1e-6])
def test_against_qutip(name: str, tol: float) -> None:
    found = steady_state(System.from_operators(*SYSTEMS[name], h=1), tol=tol)
    true = distance(found.symbol.fock().matrix, by_qutip(*SYSTEMS[name], 90))
    assert true <= found.error <= tol


def check_moments(rho: np.ndarray, detuning: float, U: float, drive: float, kappa: float, accuracy: float) -> None:
    """<ad^m a^n> by 0F2, J. Phys. A 13, 725 (1980), for -D ad a + (U/2) ad^2 a^2 + F (a + ad) and loss kappa."""
    c = mpmath.mpc(-2 * detuning, -kappa) / U

    def moment(m: int, n: int) -> complex:
        z = 8 * (drive / U) ** 2
        ratio = mpmath.hyper([], [c + n, mpmath.conj(c) + m], z) / mpmath.hyper([], [c, mpmath.conj(c)], z)
        return complex((-2 * drive / U) ** (m + n) * ratio / (mpmath.rf(c, n) * mpmath.rf(mpmath.conj(c), m)))

    a = np.diag(np.sqrt(np.arange(1, len(rho))), 1)
    for m, n in ((0, 1), (1, 1), (2, 2)):
        operator = np.linalg.matrix_power(a.T, m) @ np.linalg.matrix_power(a, n)
        assert np.trace(operator @ rho) == pytest.approx(moment(m, n), abs=accuracy)


@pytest.mark.parametrize("drive", [0.3, 1.5, 3.0])
def test_driven_kerr_of_drummond_and_walls(drive: float) -> None:
    system = System.from_operators(f"0.5*ad**2*a**2 - ad*a + {drive}*(a + ad)", ["a"], h=1)
    check_moments(steady_state(system, tol=1e-8).symbol.fock().matrix, 1.0, 1.0, drive, 1.0, 1e-6)


def test_thermal_states_and_their_rates() -> None:
    h = 0.3
    found = steady_state(System.from_operators("h*2*ad*a", ["sqrt(1.5*h)*a", "sqrt(0.5*h)*ad"], h=h))
    assert (found.symbol - thermal(0.5).symbol(found.symbol.grid)).trace_norm(atol=1e-9).upper <= found.error
    assert found.gap == pytest.approx(0.5, rel=1e-6)  # of <a>


def test_two_modes() -> None:
    both = System.from_operators("0.3*(ad1*a2 + a1*ad2) + 0.1*(a1 + ad1)", ["a1", "a2"], h=1)
    found = steady_state(both, tol=1e-2)
    # coherent, with i da1 = 0.3 a2 + 0.1 - i a1/2 = 0, i da2 = 0.3 a1 - i a2/2 = 0
    amplitudes = np.linalg.solve([[-0.5j, 0.3], [0.3, -0.5j]], [-0.1, 0.0])
    mean = found.symbol.moments().mean
    np.testing.assert_allclose(mean, np.sqrt(2) * np.array([*amplitudes.real, *amplitudes.imag]), atol=3e-3)
    assert found.symbol.purity() == pytest.approx(1, abs=1e-2)


def test_linear_friction_and_its_noise() -> None:
    """l = alpha x + i beta xi: dx = xi - g x, dxi = -4 x - g xi, g = gamma alpha beta."""
    h, gamma, alpha, beta = 0.7, 0.5, 1.3, 0.4
    found = steady_state(System("xi**2/2 + 2*x**2", ["1.3*x + 0.4*I*xi"], h=h, gamma=gamma), tol=1e-7)
    g = gamma * alpha * beta
    matrix, noise = np.array([[-g, 1.0], [-4.0, -g]]), h * gamma * np.diag([beta**2, alpha**2])
    covariance = scipy.linalg.solve_continuous_lyapunov(matrix, -noise)
    np.testing.assert_allclose(found.symbol.moments().covariance, covariance, atol=1e-5)


@pytest.mark.slow
def test_optomechanics_against_qutip() -> None:
    text = "ad2*a2 + 0.1*ad1*a1*(a2 + ad2) + 0.1*(a1 + ad1)"
    found = steady_state(System.from_operators(text, ["a1", "sqrt(0.3)*a2"], h=1), tol=1e-2)
    a, b = qutip.tensor(qutip.destroy(6), qutip.qeye(7)), qutip.tensor(qutip.qeye(6), qutip.destroy(7))
    H = b.dag() * b + 0.1 * a.dag() * a * (b + b.dag()) + 0.1 * (a + a.dag())
    rho = qutip.steadystate(H, [a, 0.3**0.5 * b])
    means = [np.sqrt(2) * part(qutip.expect(c, rho)) for part in (np.real, np.imag) for c in (a, b)]
    np.testing.assert_allclose(found.symbol.moments().mean, means, atol=5e-3)
    assert abs(found.symbol.purity() - (rho * rho).tr().real) <= 2 * found.error  # |tr(A^2 - B^2)| <= 2 ||A - B||


DIMER = "0.1*(ad1**2*a1**2 + ad2**2*a2**2) + 0.5*(ad1*a2 + a1*ad2) + 0.3*(a1 + ad1)"


def dimer_in_qutip(size: int) -> np.ndarray:
    one = qutip.destroy(size)
    a, b = qutip.tensor(one, qutip.qeye(size)), qutip.tensor(qutip.qeye(size), one)
    H = 0.1 * (a.dag() ** 2 * a**2 + b.dag() ** 2 * b**2) + 0.5 * (a.dag() * b + b.dag() * a) + 0.3 * (a + a.dag())
    return qutip.steadystate(H, [a, b]).full()


def test_a_driven_dimer_by_gmres_is_what_it_is_directly() -> None:
    made = polynomial_system(System.from_operators(DIMER, ["a1", "a2"], h=1), (1.0, 1.0))
    assert made is not None
    direct, iterated = candidate(whole(made, (6, 6)), 0.5), candidate_by_gmres(made, (6, 6), 0.5)
    assert distance(direct.matrix, iterated.matrix) < 1e-11
    assert iterated.time == pytest.approx(direct.time, rel=0.3)  # of fewer starts
    assert iterated.residual <= direct.residual  # that is a bound, of what lies beyond


@pytest.mark.slow
@pytest.mark.parametrize("tol", [1e-2, 1e-4])
def test_a_driven_dimer_against_qutip(tol: float) -> None:
    system = System.from_operators(DIMER, ["a1", "a2"], h=1)
    found = steady_state(system, tol=tol)
    made = polynomial_system(system, (1.0, 1.0))
    assert made is not None
    mine, error = grown(made, 0.95 * tol, 100.0)
    true = dimer_in_qutip(9)
    assert distance(padded(mine.matrix, mine.levels, (9, 9)), true) <= error <= found.error <= tol
    assert abs(found.symbol.purity() - np.trace(true @ true).real) <= 2 * found.error


@pytest.mark.parametrize("jumps", [["a1"], ["ad1*a1", "ad2*a2"], ["a1 - a2"]])
def test_two_modes_with_many_states_at_rest(jumps: list[str]) -> None:
    system = System.from_operators("0.1*ad1**2*a1**2 + ad1*a1 + ad2*a2", jumps, h=1)
    refused(lambda: steady_state(system, tol=1e-2), "This system has at least")


def test_stays_under_evolution() -> None:
    system = System.from_operators(*SYSTEMS["driven Kerr"], h=1)
    found = steady_state(system)
    later = evolve(system, found.symbol, [2.0], tol=1e-6).final
    assert (later - found.symbol).trace_norm(atol=1e-9).upper <= 3e-6


def test_many_or_none_or_not_yet() -> None:
    many = "This system has at least"
    refused(lambda: steady_state(System.from_operators("ad*a", ["ad*a"], h=1)), many)
    refused(lambda: steady_state(System.from_operators("ad*a", ["a**2"], h=1)), f"{many} 2")
    refused(lambda: steady_state(System.from_operators("ad*a", [], h=1)), "Argument `system` has no jumps")
    refused(lambda: steady_state(System.from_operators("ad*a", ["a", "1.2*ad"], h=1)), "This system has no steady")
    driven = System("x**2/2 + xi**2/2 + x*cos(t)", ["x + I*xi"], h=1, gamma=1)
    refused(lambda: steady_state(driven), "Argument `system` must not depend")


def test_a_second_branch_far_away_is_seen() -> None:
    """On 24 and 36 levels there is one state at rest, and hardly anything leaves it; another lies further out."""
    system = System.from_operators("0.02*ad**2*a**2 - 1.2*ad*a + (a + ad)", ["sqrt(0.1)*a"], h=1)
    for tol in (1e-4, 1e-6):
        refused(lambda: steady_state(system, tol=tol), "This system relaxes at a rate of 2.6e-11", ResourceError)  # noqa: B023
    found = steady_state(system, tol=1e-2)
    assert found.gap == pytest.approx(2.6436e-11, rel=1e-3)
    check_moments(found.symbol.fock().matrix, 1.2, 0.04, 1.0, 0.1, 20 * found.error)


@pytest.mark.slow
@pytest.mark.parametrize("pump", [2, 4])
@pytest.mark.parametrize("tol", [1e-2, 1e-4])
def test_a_cat_that_hardly_decays(pump: int, tol: float) -> None:
    """Two wells at rates of 1e-4 and 5e-7: slow, and not several. QuTiP solves dense equations."""
    text, jumps = f"ad**2*a**2 - {pump}*(a**2 + ad**2)", ["sqrt(0.1)*a"]
    found = steady_state(System.from_operators(text, jumps, h=1), tol=tol)
    assert distance(found.symbol.fock().matrix, by_qutip(text, jumps, 60)) <= found.error <= tol


@pytest.mark.parametrize("loss", ["1e-4*a", "1e-6*a"])
def test_all_that_decays_slowly_ends_in_the_vacuum(loss: str) -> None:
    found = steady_state(System.from_operators("ad*a", ["a**2", loss], h=1))
    assert found.symbol.purity() == pytest.approx(1.0, abs=1e-6)
    assert found.symbol.expectation("ad*a").value < 1e-6


@pytest.mark.slow
def test_gain_above_loss_that_is_not_linear() -> None:
    system = System.from_operators("0.01*ad**2*a**2", ["ad", "0.5*a"], h=1)
    refused(lambda: steady_state(system), "The steady state is not found", ResourceError)


def test_printed() -> None:
    text = str(steady_state(System.from_operators(*SYSTEMS["driven Kerr"], h=1)))
    assert "relaxation time" in text and "levels" in text


@pytest.mark.slow
def test_the_examples_of_the_page() -> None:
    page = (Path(__file__).parent.parent / "docs" / "steady-states.md").read_text(encoding="utf-8")
    code = re.findall(r"^```pycon\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    example = doctest.DocTestParser().get_doctest("".join(code), {}, "steady-states.md", None, None)
    assert doctest.DocTestRunner().run(example).failed == 0


def test_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    done = invoke(monkeypatch, capsys, "steady", "kerr-damped", "--h", "0.5", "--json")
    assert done.status == 0
    assert json.loads(done.out)["error"] <= json.loads(done.out)["tol"]
    done = invoke(monkeypatch, capsys, "steady", "kerr-damped", "--gamma", "0")
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert "no jumps" in done.err


def test_command_of_kinds_and_periods(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    done = invoke(monkeypatch, capsys, "steady", "damped-oscillator", "--kind", "classical", "--json")
    assert done.status == 0
    assert json.loads(done.out)["kind"] == "classical"
    for wrong, words in (
        (["--kind", "both"], "Argument `kind`"),
        (["--period", "1"], "Argument `period` must be left"),
    ):
        done = invoke(monkeypatch, capsys, "steady", "damped-oscillator", *wrong)
        assert (done.status, done.err.count("\n")) == (2, 1)
        assert words in done.err
    done = invoke(monkeypatch, capsys, "steady", "driven-duffing", "--period", "three")
    assert (done.status, done.err.count("\n")) == (2, 1)
