"""Words of bosonic codes: against QuTiP, and by what defines them."""

from __future__ import annotations

from math import comb, pi, sqrt

import numpy as np
import pytest
import qutip

from common import refused
from openweyl import Problem, Symbol, System, binomial, evolve, gkp, superposition
from openweyl.weyl.fock_basis import hermite_functions


def symbol_of(state, h: float = 1.0, level: float = 1e-10) -> Symbol:  # type: ignore[no-untyped-def]
    return state.symbol(state.grid(h, level))


def ket_of_binomial(N: int, S: int, word: int, size: int) -> qutip.Qobj:
    return sum(sqrt(comb(N + 1, p) / 2**N) * qutip.fock(size, p * (S + 1)) for p in range(word, N + 2, 2))


@pytest.mark.parametrize("h", [1.0, 0.1])
@pytest.mark.parametrize(("N", "S"), [(1, 1), (2, 2), (3, 1), (2, 0)])
def test_binomial_words(N: int, S: int, h: float) -> None:
    size = (N + 1) * (S + 1) + 3
    words = [symbol_of(binomial(N, S, word), h) for word in (0, 1)]
    for word, w in enumerate(words):
        expected = ket_of_binomial(N, S, word, size).proj().full()
        assert np.abs(w.fock(size)[0] - expected).max() < 1e-8
    assert words[0].overlap(words[1]).value == pytest.approx(0, abs=1e-9)
    quanta = [w.expect("ad*a").value for w in words]
    assert quanta == pytest.approx([(N + 1) * (S + 1) / 2] * 2, abs=1e-6)  # alike, as the code needs


def test_superpositions_of_words() -> None:
    plus = superposition([(1, binomial(1, 1, 0)), (1j, binomial(1, 1, 1))])
    expected = (ket_of_binomial(1, 1, 0, 6) + 1j * ket_of_binomial(1, 1, 1, 6)).unit().proj().full()
    assert np.abs(symbol_of(plus).fock(6)[0] - expected).max() < 1e-8


def damped_grid(delta: float, word: int, size: int) -> np.ndarray:
    """e^{-delta^2 n} sum_j <n|x_j>, normalised: the definition, in the Fock basis."""
    j = np.arange(-40, 41)
    amplitudes = hermite_functions(size, (2 * j + word) * sqrt(pi)).sum(axis=1) * np.exp(-(delta**2) * np.arange(size))
    return np.asarray(amplitudes / np.linalg.norm(amplitudes))


@pytest.mark.parametrize(
    ("delta", "word"), [(0.35, 0), (0.35, 1), (0.5, 1), pytest.param(0.2, 0, marks=pytest.mark.slow)]
)
def test_grid_words_by_their_definition(delta: float, word: int) -> None:
    size = int(18 / delta**2)
    psi = damped_grid(delta, word, size)
    matrix = symbol_of(gkp(delta, word), level=1e-8).fock(size, tol=1e-7)[0]
    assert np.abs(matrix - np.outer(psi, psi)).max() < 1e-6


@pytest.mark.slow
def test_grid_words() -> None:
    zero, one = (symbol_of(gkp(0.3, word), 0.2, 1e-8) for word in (0, 1))
    assert zero.purity() == pytest.approx(1, abs=1e-6) and zero.trace() == pytest.approx(1, abs=1e-7)
    spacing = sqrt(pi * 0.2)
    near = [w.probability(f"cos(x*{pi / spacing!r}) > 0").value for w in (zero, one)]
    assert near[0] > 0.99 and near[1] < 0.01
    assert 0 < zero.overlap(one).value < 1e-3
    half = zero.probability(f"-{spacing / 2!r} < x < {spacing / 2!r}").value
    assert half > 0.25  # the middle peak is the largest


def test_they_evolve() -> None:
    """Loss of the binomial code: <ad a> falls at its rate."""
    system = System.from_operators("0*ad*a", ["a"], h=1)
    found = evolve(system, binomial(1, 1, 0), [0.2], tol=1e-4).expect("ad*a")
    assert abs(found.value[0] - 2 * np.exp(-0.2)) <= found.error[0] < 0.05


def test_refused() -> None:
    for call, what in (
        (lambda: binomial(0, 1, 0), "Argument `N` must be a whole number from 1 to 40"),
        (lambda: binomial(1, -1, 0), "Argument `S` must be a whole number from 0 to 40"),
        (lambda: binomial(1, 1, 2), "Argument `word` must be a whole number from 0 to 1"),
        (lambda: gkp(0.05, 0), "Argument `delta` must lie between 0.15 and 1.0, but is 0.05."),
        (lambda: gkp(0.3, "0"), "Argument `word` must be a whole number"),  # type: ignore[arg-type]
    ):
        refused(call, what)


def test_files() -> None:
    text = '[system]\nhamiltonian = "xi**2"\nh = 1\n[state]\nkind = "gkp"\ndelta = 0.4\nword = 1\n[run]\ntimes = [0]\n'
    assert str(Problem.parse(text, "mine", "mine.toml").state) == str(gkp(0.4, 1))
    refused(
        lambda: Problem.parse(text.replace("word = 1", "word = 0.5"), "m", "m"), "m: Argument `state.word` must be a"
    )
    refused(lambda: Problem.parse(text.replace("word = 1", ""), "m", "m"), "m: Argument `state.word` must be given")
    two = text.replace("xi**2", "xi1**2 + xi2**2")
    refused(lambda: Problem.parse(two, "m", "m"), "m: Argument `state.kind` must be a state of n degrees of freedom")
