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
    Problem,
    State,
    Symbol,
    System,
    check_assumptions,
    coherent,
    evolve,
    mixture,
    sample,
    squeezed,
    thermal,
)
from openweyl.model.states import PacketState

H = 0.2
OSCILLATOR = System("xi**2/2 + x**2/2", ["x", "xi"], h=H, gamma=0.3)
PENDULUM = OSCILLATOR.replace(hamiltonian="xi**2/2 - cos(x)")


def on_own_grid(state: State, h: float = H, level: float = 1e-13) -> Symbol:
    return state.symbol(state.grid(h, level))


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
        (lambda: coherent(alpha="1"), "`alpha` must be numbers, but is 1"),
        (lambda: coherent(alpha=[]), "`alpha` must hold at least one number"),
    ],
)
def test_what_is_refused(make: Any, what: str) -> None:
    with pytest.raises(InputError, match=re.escape(what)):
        make()


# --- problem files ---


def problem_of(state: str, n: int = 1) -> Problem:
    terms = "sum(j, 1, n, xi[j]**2/2 + x[j]**2/2)".replace("n", str(n))
    system = f'[system]\nhamiltonian = "{terms}"\njumps = []\nh = {H}\ngamma = 0.0\n'
    return Problem.parse(f"{system}{state}\n[run]\ntimes = [0]\ntol = 1e-3\n", "mine", "mine.toml")


def test_each_state_of_the_documentation() -> None:
    """The comment behind [state] is the same state in Python."""
    section = (Path(__file__).parents[1] / "docs/problems.md").read_text().split("## States")[1].split("\n## ")[0]
    tables = re.findall(r"(\[state\] +# (.*?)\n.*?)(?=\n\[state\]|```)", section, re.DOTALL)
    assert len(tables) >= 7
    for text, comment in tables:
        python = comment.split(": ")[0]
        state = eval(python, vars(openweyl) | {n: getattr(openweyl, n) for n in openweyl.__all__})  # noqa: S307 - our own text
        assert same(problem_of(text, state.n).state, state) < 1e-13, python


def test_a_number_stands_for_each_degree_of_freedom() -> None:
    assert str(problem_of('[state]\nkind = "thermal"\nnbar = "1/2"', 2).state) == str(thermal(0.5, n=2))
    read = problem_of('[state]\nkind = "coherent"\nalpha = "1 + I"', 2).state
    assert str(read) == str(coherent(alpha=[1 + 1j, 1 + 1j]))
