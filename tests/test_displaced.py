"""`displaced`: matrices of D(alpha) from NumPy, evolutions against those of states known otherwise, and refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import expm

from common import refused
from openweyl import (
    System,
    cat,
    coherent,
    displaced,
    evolve,
    fock,
    gkp,
    mixture,
    squeezed,
    superposition,
    tensor,
    thermal,
)

LEVELS, KEPT = 160, 40
A = np.diag(np.sqrt(np.arange(1, LEVELS)), 1)
ALPHA = 0.8 - 0.5j
D = expm(ALPHA * A.T - np.conj(ALPHA) * A)


def matrix(state, h=1.0, size=KEPT):
    return state.symbol(state.grid(h, 1e-12)).fock(size)[0]


@pytest.mark.parametrize("h", [1.0, 0.2])
@pytest.mark.parametrize("name", ["fock", "thermal", "squeezed", "superposition", "mixture", "displaced"])
def test_matrices_are_those_of_the_displacement_operator(name, h):
    state = {
        "fock": fock(3),
        "thermal": thermal(0.4),
        "squeezed": squeezed(0, 0, r=0.4, angle=0.3, nbar=0.1),
        "superposition": superposition([(1, fock(0)), (1j, fock(2)), (0.5, coherent(alpha=1j))]),
        "mixture": mixture([(0.25, fock(1)), (0.75, thermal(0.2))]),
        "displaced": displaced(fock(1), alpha=0.3j),
    }[name]
    own = np.zeros((LEVELS, LEVELS), complex)
    own[:80, :80] = matrix(state, h, 80)
    expected = (D @ own @ D.conj().T)[:KEPT, :KEPT]
    assert np.abs(matrix(displaced(state, alpha=ALPHA), h) - expected).max() < 1e-9
    z0 = np.sqrt(2 * h) * ALPHA
    assert np.abs(matrix(displaced(state, z0.real, z0.imag), h) - expected).max() < 1e-9


def test_what_is_known_by_another_name():
    for one, other in [
        (displaced(coherent(0.2, 0.1), 0.3, -1), coherent(0.5, -0.9)),
        (displaced(coherent(alpha=1), alpha=1j), coherent(alpha=1 + 1j)),
        (displaced(squeezed(0.1, 0, r=0.3), 1, 2), squeezed(1.1, 2, r=0.3)),
        (displaced(gkp(0.4, 0), 0, 0), gkp(0.4, 0)),
    ]:
        assert np.abs(matrix(one, 0.5) - matrix(other, 0.5)).max() < 1e-12
    both = displaced(tensor(fock(1), thermal(0.1)), [0.3, 0.0], [0.0, -0.4])
    parts = tensor(displaced(fock(1), 0.3, 0), displaced(thermal(0.1), 0, -0.4))
    grid = parts.grid(0.5, 1e-9)
    assert np.abs(both.symbol(grid).values - parts.symbol(grid).values).max() < 1e-12
    w = cat([(1, 0), (-1, 0)], [1, 1j])
    moved = displaced(w, 0.5, 0.25)
    assert abs(moved.symbol(moved.grid(0.1, 1e-10)).at(0.5, 0.25) - w.symbol(w.grid(0.1, 1e-10)).at(0, 0)) < 1e-8
    symbol = fock(2).symbol(fock(2).grid(0.5, 1e-12))
    assert np.abs(matrix(displaced(symbol, 1, 0), 0.5) - matrix(displaced(fock(2), 1, 0), 0.5)).max() < 1e-9


@pytest.mark.parametrize("kind", ["quantum", "classical"])
def test_a_displaced_number_state_under_loss(kind):
    """Loss commutes with displacements, but for alpha(t) = alpha e^{-t/2}; <ad a> = (1 + |alpha|^2) e^{-t}."""
    loss = System.from_operators("h*ad*a", ["sqrt(h)*a"], h=0.5)
    solution = evolve(loss, displaced(fock(1), alpha=ALPHA), [0.7], kind=kind, tol=1e-5)
    value, error = solution.expect("ad*a")
    assert abs(value[0] - (1 + abs(ALPHA) ** 2) * np.exp(-0.7)) <= error[0] < 1e-2
    mean = solution.final.moments().mean  # the frequency is 1
    z = ALPHA * np.exp(-0.35 - 0.7j)
    assert np.abs(mean - [z.real, z.imag]).max() < 1e-4


def test_packets_stay_packets():
    """So that closed forms and `sample` take them."""
    linear = System("xi**2/2 + x**2/2", ["x"], h=0.1, gamma=1.0)
    solution = evolve(linear, displaced(thermal(0.5), alpha=1), [1.0], tol=1e-9)
    assert "closed" in solution.numerics.scheme
    assert str(displaced(thermal(0.5), alpha=1)) == "thermal state of nbar = 0.5, displaced by alpha = 1+0j"


def test_refusals():
    refused(lambda: displaced("vacuum", 1, 0), "Argument `state` must be a state, but is vacuum.")
    refused(lambda: displaced(fock(1), 1), "Argument `xi` must be given, but is missing. Or `alpha`")
    refused(lambda: displaced(fock(1), 1, 0, alpha=1), "Argument `alpha` must be given in place of x and xi")
    refused(lambda: displaced(fock(1), [1, 2], [0, 0]), "Argument `x` must have n = 1 numbers, but is 2.")
    refused(lambda: displaced(fock(1), alpha=[1, 2]), "Argument `alpha` must have n = 1 numbers, but is 2.")
    refused(lambda: displaced(fock(1), alpha="1"), "Argument `alpha` must be numbers, but is 1.")
