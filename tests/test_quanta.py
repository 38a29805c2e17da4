"""States in quanta against closed forms: thermal, coherent by alpha, Fock states; alone, summed, multiplied."""

from __future__ import annotations

import re
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import qutip
from scipy.special import eval_laguerre

import openweyl
from openweyl import (
    InputError,
    PhaseGrid,
    Problem,
    State,
    Symbol,
    System,
    cat,
    certify,
    check_assumptions,
    coherent,
    compare,
    evolve,
    fock,
    from_fock,
    mixture,
    sample,
    squeezed,
    superposition,
    tensor,
    thermal,
)
from openweyl.model.states import PacketState
from openweyl.model.symbol_state import SymbolState

H = 0.2
OSCILLATOR = System("xi**2/2 + x**2/2", ["x", "xi"], h=H, gamma=0.3)
PENDULUM = OSCILLATOR.replace(hamiltonian="xi**2/2 - cos(x)")


def on_own_grid(state: State, h: float = H, level: float | None = None) -> Symbol:
    return state.symbol(state.grid(h, level or (1e-13 if state.n == 1 else 1e-5)))


def same(state: State, other: State, h: float = H) -> float:
    """The Hilbert-Schmidt distance."""
    w = on_own_grid(state, h)
    return float((w - other.symbol(w.grid)).hilbert_schmidt())


# --- thermal states, and coherent ones by alpha ---


@pytest.mark.parametrize("nbar", [0.0, 0.3, 2.0])
@pytest.mark.parametrize("h", [0.02, 0.5])
def test_levels_of_a_thermal_state(nbar: float, h: float) -> None:
    matrix, leakage = on_own_grid(thermal(nbar), h).fock(20)
    levels = nbar ** np.arange(20) / (nbar + 1) ** np.arange(1, 21)
    assert np.abs(matrix - np.diag(levels)).max() < 1e-12
    assert leakage >= 1 - levels.sum() - 1e-12


def test_thermal_states_of_several_degrees_of_freedom() -> None:
    w = on_own_grid(thermal([0.2, 1.0]), 0.5, 1e-8)
    assert w.moments().covariance == pytest.approx(0.5 * np.diag([0.7, 1.5, 0.7, 1.5]), rel=0, abs=1e-6)
    assert same(thermal([0.2, 0.2]), thermal(0.2, n=2), 0.5) == 0


def test_squeezed_thermal_states() -> None:
    w = on_own_grid(squeezed(0.3, -0.2, r=0.4, angle=0.5, nbar=0.7))
    pure = on_own_grid(squeezed(0.3, -0.2, r=0.4, angle=0.5))
    assert w.moments().mean == pytest.approx([0.3, -0.2], rel=0, abs=1e-12)
    assert w.moments().covariance == pytest.approx(2.4 * pure.moments().covariance, rel=0, abs=1e-12)
    assert same(squeezed(0, 0, r=0, nbar=0.7), thermal(0.7)) < 1e-14


@pytest.mark.parametrize("h", [0.05, 1.0])
def test_alpha_is_the_eigenvalue_of_a(h: float) -> None:
    alpha = 0.8 - 0.5j
    center = sqrt(2 * h) * alpha
    assert same(coherent(alpha=alpha), coherent(center.real, center.imag), h) < 1e-13
    matrix = on_own_grid(coherent(alpha=alpha), h).fock(25)[0]
    a = np.diag(np.sqrt(np.arange(1, 25)), 1)
    assert np.abs(a @ matrix - alpha * matrix)[:24].max() < 1e-9


def test_alpha_in_runs() -> None:
    """Mixtures and runs find the packets, at the system's h: in closed form, by steps, and as particles."""
    by_alpha, placed = coherent(alpha=1 + 0.5j), coherent(sqrt(2 * H), sqrt(2 * H) / 2)
    assert isinstance(mixture([(1, by_alpha), (2, coherent(0, 0))]).at(H), PacketState)
    for system in (OSCILLATOR, PENDULUM):
        one, other = (evolve(system, state, [0.3], tol=1e-5) for state in (by_alpha, placed))
        assert one.numerics.scheme == other.numerics.scheme
        assert float((one.final - other.final).hilbert_schmidt()) < 1e-12
    assert check_assumptions(OSCILLATOR, by_alpha).rho == 0.5
    assert sample(OSCILLATOR, by_alpha, [0.3]).bound == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: thermal(-1), "`nbar` must be >= 0, but is -1"),
        (lambda: thermal([0.1, 0.2], n=3), "`n` must be 2, as there are so many nbar, but is 3"),
        (lambda: squeezed(0, 0, r=0, nbar=-1), "`nbar` must be >= 0, but is -1"),
        (lambda: coherent(1, alpha=1), "`alpha` must be given in place of x and xi"),
        (lambda: coherent(1), "`xi` must be given, but is missing. Or `alpha`"),
        (coherent, "`x` must be given, but is missing. Or `alpha`"),
        (lambda: fock(-1), "`k` must be a whole number from 0 to 4999, but is -1"),
        (lambda: superposition([(1, thermal(1))]), "`components` must hold Fock and coherent states"),
        (lambda: superposition([(1, fock(1)), (1, coherent(0, 0))]), "all coherent ones by alpha if there are others"),
        (lambda: superposition([(1, fock(1)), (-1, fock(1))]), "`components` must not cancel each other"),
        (lambda: superposition([(1, fock(1)), (1, coherent(alpha=90))]), "`components` must lie within 5000 levels"),
        (tensor, "`states` must be at least one state, but is none"),
        (lambda: tensor(coherent(0, 0), 1), "`states` must be states, but is 1"),
        (lambda: tensor(*[thermal(0, n=60)] * 2), "at most 100 degrees of freedom together, but is 120"),
        (lambda: coherent(alpha="1"), "`alpha` must be numbers, but is 1"),
        (lambda: coherent(alpha=[]), "`alpha` must hold 1 to 100 numbers"),
    ],
)
def test_what_is_refused(make: Any, what: str) -> None:
    with pytest.raises(InputError, match=re.escape(what)):
        make()


# --- Fock states and superpositions ---


@pytest.mark.parametrize("k", [0, 1, 2, 7, 40])
@pytest.mark.parametrize("h", [0.02, 1.0])
def test_fock_states_are_laguerre_functions(k: int, h: float) -> None:
    w = on_own_grid(fock(k), h)
    (x,), (xi,) = w.grid.mesh("x", "xi")
    square = (x**2 + xi**2) / h
    assert np.abs(w.values - 2 * (-1) ** k * eval_laguerre(k, 2 * square) * np.exp(-square)).max() < 1e-10
    assert w.trace() == pytest.approx(1, rel=0, abs=1e-11)
    smaller = on_own_grid(fock(k), h, 1e-4)
    assert float((smaller - w).trace_norm(atol=1e-3).lower) < 1e-4


TERMS: list[tuple[complex, State]] = [(0.3 - 1j, fock(2)), (1, fock(5)), (0.8j, coherent(alpha=1.2 - 0.7j))]


@pytest.mark.parametrize("h", [0.1, 1.0])
@pytest.mark.parametrize(
    "terms",
    [
        TERMS[:2],
        TERMS,
        TERMS[2:],
        [(1, coherent(alpha=1)), (1j, coherent(alpha=-1 + 1j)), (0.4, fock(0))],
        [(1, coherent(alpha=0.1)), (-1, coherent(alpha=-0.1))],
        [(1, coherent(alpha=0)), (1, fock(1))],
        [(2, fock(1)), (1j, superposition(TERMS))],
    ],
    ids=range(7),
)
def test_superpositions_have_these_amplitudes(terms: list[tuple[complex, State]], h: float) -> None:
    """The density matrix is that of the kets of QuTiP."""

    def ket(pairs: Any) -> np.ndarray:
        total = 0
        for c, state in pairs:
            text = str(state)
            if text.startswith("superposition"):
                part = ket(TERMS)
            elif text.startswith("Fock"):
                part = qutip.fock(40, int(text.rsplit(maxsplit=1)[-1])).full()[:, 0]
            else:
                part = qutip.coherent(40, complex(state.ket[0][2]), method="analytic").full()[:, 0]
            total = total + c * part
        return total / np.linalg.norm(total)

    psi = ket(terms)
    w = on_own_grid(superposition(terms), h)
    assert w.purity() == pytest.approx(1, rel=0, abs=1e-11)
    assert np.abs(w.fock(40)[0] - np.outer(psi, psi.conj())).max() < 1e-10


def test_superpositions_of_placed_coherent_states_are_cats() -> None:
    state = superposition([(1, coherent(0.5, 0.1)), (2j, coherent(-0.5, 0.3))])
    assert same(state, cat([(0.5, 0.1), (-0.5, 0.3)], [1, 2j])) == 0


def test_amplitude_damping_of_a_fock_state() -> None:
    """From |2> with the jump sqrt(h) a and gamma/h = 1, so that a has the rate h: two quanta decay independently."""
    system = System("0", ["(x + I*xi)/sqrt(2)"], h=0.5, gamma=0.5)
    solution = evolve(system, fock(2), [0.7], tol=1e-6)
    p = np.exp(-0.5 * 0.7)
    levels = np.diag(solution.final.fock(3, tol=1e-3)[0]).real
    assert levels == pytest.approx([(1 - p) ** 2, 2 * p * (1 - p), p**2], rel=0, abs=solution.numerics.error[0] + 1e-7)


def test_the_class_of_a_fock_state() -> None:
    found = check_assumptions(OSCILLATOR, fock(2))
    assert found.rho == 0.5
    assert not any("a_0" in str(line.name) and not line.holds for line in found.lines)


# --- products ---

MATRIX = from_fock([[0.6, 0.2j], [-0.2j, 0.4]], 0.5)
FACTORS = {
    "coherent": coherent(0.6, -0.3),
    "squeezed": squeezed(0.6, -0.3, r=0.3, angle=0.6),
    "cat": cat([(0.7, 0.2), (-0.5, 0.6)], [1.0, 0.5 - 0.8j]),
    "mixture": mixture([(1.0, coherent(0.5, 0)), (3.0, cat([(0.5, 0), (-0.5, 0)]))]),
    "alpha": coherent(alpha=0.4 + 0.3j),
    "matrix": MATRIX,
    "mixed kinds": mixture([(1, MATRIX), (2, coherent(0, 0))]),
}


@pytest.mark.parametrize("first", FACTORS)
@pytest.mark.parametrize("second", ["cat", "alpha", "matrix"])
def test_products_are_products_of_symbols(first: str, second: str) -> None:
    factors = FACTORS[first], FACTORS[second]
    parts = [on_own_grid(one, 0.5, 1e-5) for one in factors]
    grid = PhaseGrid(*((a + b) for a, b in zip(*((w.grid.x, w.grid.xi) for w in parts), strict=True)), 0.5)
    wanted = np.einsum("ac,bd->abcd", *(w.values for w in parts))
    for state in (tensor(*factors), tensor(*factors).at(0.5)):
        assert np.abs(state.symbol(grid).values - wanted).max() < 1e-12
    own = on_own_grid(tensor(*factors), 0.5, 1e-5)
    assert own.trace() == pytest.approx(1, rel=0, abs=1e-3)


def test_products_of_packets_are_packets() -> None:
    three = tensor(FACTORS["cat"], coherent(alpha=1), tensor(FACTORS["cat"], FACTORS["mixture"]))
    assert isinstance(three.at(0.5), PacketState)
    assert not isinstance(tensor(*[FACTORS["cat"]] * 4), PacketState)  # 6^4 packets: left as a product
    many = tensor(*[coherent(0.1 * j, 0) for j in range(50)], *[thermal(0.1, n=5)] * 10)
    assert isinstance(many, PacketState)
    assert many.n == 100
    assert many.members[0][1][0].center[:50] == pytest.approx(0.1 * np.arange(50))


def test_a_product_evolves_as_its_factors_do() -> None:
    both = System("xi1**2/2 + x1**2/2 + xi2**2/2 + x2**2", ["x1"], h=0.5, gamma=0.2)
    one = System("xi**2/2 + x**2/2", ["x"], h=0.5, gamma=0.2)
    other = System("xi**2/2 + x**2", [], h=0.5, gamma=0.2)
    factors = MATRIX, coherent(alpha=0.3)
    whole = evolve(both, tensor(*factors), [0.3], tol=1e-3)
    parts = [evolve(s, state, [0.3], tol=1e-5).final for s, state in zip((one, other), factors, strict=True)]
    grid = PhaseGrid(*((a + b) for a, b in zip(*((w.grid.x, w.grid.xi) for w in parts), strict=True)), 0.5)
    exact = Symbol(np.einsum("ac,bd->abcd", *(w.values for w in parts)), grid)
    assert (whole.final - exact).trace_norm(atol=1e-4).lower <= whole.numerics.error[0] + 2e-5


# --- symbols as states ---


@pytest.mark.parametrize("kind", ["quantum", "classical"])
@pytest.mark.parametrize("tols", [(1e-5, 1e-5), (1e-7, 1e-3), (1e-3, 1e-5)], ids=str)
def test_a_run_goes_on_from_where_another_ended(kind: Any, tols: tuple[float, float]) -> None:
    start = coherent(1.0, 0.0)
    whole = evolve(PENDULUM, start, [0.8], kind=kind, tol=1e-7)
    first = evolve(PENDULUM, start, [0.2, 0.5], kind=kind, tol=tols[0])
    second = evolve(PENDULUM, first[-1], [0.0, 0.3], kind=kind, tol=tols[1])
    allowed = first.numerics.error[-1] + second.numerics.error[-1] + whole.numerics.error[-1]
    assert (second.final - whole.final).trace_norm(atol=max(tols)).lower <= allowed
    assert float((second[0] - first[-1]).hilbert_schmidt()) <= second.numerics.error[0]
    assert second.numerics.error[-1] <= 2 * max(tols)


@pytest.mark.slow
def test_a_symbol_of_two_degrees_of_freedom_goes_on() -> None:
    system = System("xi1**2/2 + x1**2/2 + xi2**2/2 + x2**2 + x1*x2/2", ["x1"], h=0.5, gamma=0.2)
    state = tensor(coherent(0.3, 0), MATRIX)
    whole = evolve(system, state, [0.4], tol=1e-3)
    second = evolve(system, evolve(system, state, [0.2], tol=1e-3).final, [0.2], tol=1e-3)
    error = 2 * whole.numerics.error[0] + second.numerics.error[0]
    assert float((second.final - whole.final).hilbert_schmidt()) <= error


def test_a_symbol_is_compared_certified_and_checked() -> None:
    w = on_own_grid(coherent(0.5, 0.2))
    by_symbol, by_state = (compare(PENDULUM, state, [0.3], tol=1e-5) for state in (w, coherent(0.5, 0.2)))
    assert by_symbol.trace_norm[0] == pytest.approx(by_state.trace_norm[0], rel=0, abs=4e-5)
    assert certify(PENDULUM, w, [0.3], order=1, tol=1e-4).bound[0] > by_state.trace_norm[0] - 1e-4
    assert check_assumptions(PENDULUM, w).rho is None


def test_what_a_symbol_has_lost_is_counted() -> None:
    """A box that cuts through a state: the symbol is zero beyond, and what may lie there is in the error."""
    state = coherent(0.0, 0.0)
    cut = state.symbol(PhaseGrid.box(h=H, x=(-1, 1), xi=(-2, 2), size=(48, 64)))
    true = on_own_grid(state)
    lost = SymbolState(cut).lost
    assert lost > float((true - cut.resampled(true.grid)).hilbert_schmidt())


@pytest.mark.parametrize(
    ("symbol", "what"),
    [
        (on_own_grid(coherent(0, 0), 0.1), "`state` must have the system's h = 0.2, but is 0.1"),
        (on_own_grid(coherent(0, 0)) * 2, "`state` must have trace 1, but is of trace 2"),
        (on_own_grid(coherent(0, 0)) * 1j, "`state` must be a real symbol, but is complex"),
        (on_own_grid(coherent([0, 0], [0, 0]), 0.2), "`state` must have n = 1 degrees of freedom"),
    ],
    ids=["h", "trace", "complex", "n"],
)
def test_symbols_that_are_no_states(symbol: Symbol, what: str) -> None:
    with pytest.raises(InputError, match=re.escape(what)):
        evolve(PENDULUM, symbol, [0.1])


# --- problem files ---


def problem_of(state: str, n: int = 1) -> Problem:
    terms = "sum(j, 1, n, xi[j]**2/2 + x[j]**2/2)".replace("n", str(n))
    system = f'[system]\nhamiltonian = "{terms}"\njumps = []\nh = {H}\ngamma = 0.0\n'
    return Problem.parse(f"{system}{state}\n[run]\ntimes = [0]\ntol = 1e-3\n", "mine", "mine.toml")


def test_each_state_of_the_documentation() -> None:
    """The comment behind [state] is the same state in Python."""
    section = (Path(__file__).parents[1] / "docs/problems.md").read_text().split("## States")[1].split("\n## ")[0]
    tables = re.findall(r"(\[state\] +# (.*?)\n.*?)(?=\n\[state\]|```)", section, re.DOTALL)
    assert len(tables) >= 10
    for text, comment in tables:
        python = comment.split(": ")[0]
        state = eval(python, vars(openweyl) | {n: getattr(openweyl, n) for n in openweyl.__all__})  # noqa: S307 - our own text
        assert same(problem_of(text, state.n).state, state) < 1e-13, python


def test_a_number_stands_for_each_degree_of_freedom() -> None:
    assert str(problem_of('[state]\nkind = "thermal"\nnbar = "1/2"', 2).state) == str(thermal(0.5, n=2))
    read = problem_of('[state]\nkind = "coherent"\nalpha = "1 + I"', 2).state
    assert str(read) == str(coherent(alpha=[1 + 1j, 1 + 1j]))
