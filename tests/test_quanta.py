"""States in quanta against closed forms: thermal, coherent by alpha, Fock states; alone, summed, multiplied."""

from __future__ import annotations

import re
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import openweyl
from openweyl import (
    InputError,
    PhaseGrid,
    Problem,
    State,
    Symbol,
    System,
    cat,
    check_assumptions,
    coherent,
    evolve,
    from_fock,
    mixture,
    sample,
    squeezed,
    tensor,
    thermal,
)
from openweyl.model.states import PacketState

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


# --- problem files ---


def problem_of(state: str, n: int = 1) -> Problem:
    terms = "sum(j, 1, n, xi[j]**2/2 + x[j]**2/2)".replace("n", str(n))
    system = f'[system]\nhamiltonian = "{terms}"\njumps = []\nh = {H}\ngamma = 0.0\n'
    return Problem.parse(f"{system}{state}\n[run]\ntimes = [0]\ntol = 1e-3\n", "mine", "mine.toml")


def test_each_state_of_the_documentation() -> None:
    """The comment behind [state] is the same state in Python."""
    section = (Path(__file__).parents[1] / "docs/problems.md").read_text().split("## States")[1].split("\n## ")[0]
    tables = re.findall(r"(\[state\] +# (.*?)\n.*?)(?=\n\[state\]|```)", section, re.DOTALL)
    assert len(tables) >= 8
    for text, comment in tables:
        python = comment.split(": ")[0]
        state = eval(python, vars(openweyl) | {n: getattr(openweyl, n) for n in openweyl.__all__})  # noqa: S307 - our own text
        assert same(problem_of(text, state.n).state, state) < 1e-13, python


def test_a_number_stands_for_each_degree_of_freedom() -> None:
    assert str(problem_of('[state]\nkind = "thermal"\nnbar = "1/2"', 2).state) == str(thermal(0.5, n=2))
    read = problem_of('[state]\nkind = "coherent"\nalpha = "1 + I"', 2).state
    assert str(read) == str(coherent(alpha=[1 + 1j, 1 + 1j]))
