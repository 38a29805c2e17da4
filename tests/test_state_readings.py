"""Values, entropies, fidelities, negativities and marginals of symbols, against closed forms and other programs."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import cos, exp, log, pi, sin, sqrt
from typing import Any

import numpy as np
import pytest
import qutip
from scipy.special import eval_laguerre

from common import refused
from openweyl import (
    InputError,
    PhaseGrid,
    ResourceError,
    State,
    Symbol,
    cat,
    coherent,
    fock,
    from_fock,
    mixture,
    squeezed,
    tensor,
    thermal,
)

H = 0.2
CAT = cat([(0.8, 0.1), (-0.7, -0.3)], [1.0, 0.6j])


def on_own_grid(state: State, h: float = H, level: float = 1e-12) -> Symbol:
    return state.symbol(state.grid(h, level))


def test_values_between_the_points() -> None:
    rng = np.random.default_rng(0)
    x, xi = rng.uniform(-1, 1, (2, 7, 5))
    square = (x**2 + xi**2) / H
    exact = -2 * eval_laguerre(3, 2 * square) * np.exp(-square)
    assert np.abs(on_own_grid(fock(3)).at(x, xi) - exact).max() < 1e-10
    w = on_own_grid(CAT)
    mesh = np.meshgrid(w.grid.x[0].points, w.grid.xi[0].points, indexing="ij")
    assert np.abs(w.at(*mesh) - w.values).max() < 1e-12
    assert w.at(0.3, 0.1).shape == ()
    assert w.at([0.3, 50.0], 0.1)[1] == pytest.approx(0, abs=1e-12)


def test_values_of_two_degrees_of_freedom() -> None:
    w = on_own_grid(tensor(coherent(0.3, 0), squeezed(0, 0.2, r=0.3)), level=1e-7)
    z = np.array([0.1, -0.2, 0.4])
    factors = [on_own_grid(one).at(z, 0.1) for one in (coherent(0.3, 0), squeezed(0, 0.2, r=0.3))]
    assert np.abs(w.at([z, z], [0.1, 0.1]) - factors[0] * factors[1]).max() < 1e-5


def test_wigner_function_of_qutip() -> None:
    x = np.linspace(-1, 1, 7)
    theirs = qutip.wigner(qutip.fock(10, 2) + 1j * qutip.fock(10, 1), x, x, g=sqrt(2 / H)) / 2
    state = from_fock(np.array([0, 1j, 1]) / sqrt(2), H)
    ours = on_own_grid(state).at(*np.meshgrid(x, x)) / (2 * pi * H)
    assert np.abs(ours - theirs).max() < 1e-9


@pytest.mark.parametrize("nbar", [0.0, 0.1, 1.0, 3.0])
def test_entropy_of_thermal_states(nbar: float) -> None:
    value, error = on_own_grid(thermal(nbar)).entropy()
    exact = (nbar + 1) * log(nbar + 1) - (nbar * log(nbar) if nbar else 0.0)
    assert abs(value - exact) <= error < 1e-7


@pytest.mark.slow
def test_entropy_of_mixtures_and_products() -> None:
    s = exp(-(1.0**2) / (4 * H))  # the overlap of two coherent states at the distance 1
    levels = np.array([1 + s, 1 - s]) / 2
    value, error = on_own_grid(mixture([(1, coherent(0.5, 0)), (1, coherent(-0.5, 0))])).entropy()
    assert abs(value + levels @ np.log(levels)) <= error < 1e-7
    both, error = on_own_grid(tensor(thermal(0.2), coherent(0.1, 0)), 0.5, 1e-6).entropy()
    assert abs(both - (1.2 * log(1.2) - 0.2 * log(0.2))) <= error < 1e-2


def test_the_error_of_the_entropy_knows_what_is_no_state() -> None:
    """A narrow Gaussian that is no density operator: its negative eigenvalues are in the error."""
    w = on_own_grid(coherent(0, 0))
    narrow = Symbol(4 * np.exp(-2 * sum(z**2 for side in w.grid.mesh("x", "xi") for z in side) / H), w.grid)
    assert narrow.entropy().error > 0.3


@pytest.mark.parametrize(
    ("a", "b", "exact"),
    [
        (coherent(0.1, 0), coherent(0.4, 0.2), exp(-(0.3**2 + 0.2**2) / (2 * H))),
        (thermal(0.7), fock(2), 0.7**2 / 1.7**3),
        (thermal(0.7), thermal(0.2), 1 / (sqrt(1.7 * 1.2) - sqrt(0.7 * 0.2)) ** 2),
        (thermal(0.7), thermal(0.7), 1.0),
        (CAT, CAT, 1.0),
        (fock(1), fock(2), 0.0),
    ],
    ids=["coherent", "thermal and Fock", "thermal", "one", "cat", "orthogonal"],
)
def test_fidelity(a: State, b: State, exact: float) -> None:
    for first, second in ((a, b), (b, a)):
        value, error = on_own_grid(first).fidelity(second)
        assert abs(value - exact) <= error + 1e-12
        assert error < 1e-5
    assert on_own_grid(a).fidelity(on_own_grid(b)).value == pytest.approx(exact, rel=0, abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_fidelity_of_random_states(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrices = []
    for _ in range(2):
        g = rng.normal(size=(5, 3)) + 1j * rng.normal(size=(5, 3))
        matrices.append(g @ g.conj().T / np.trace(g @ g.conj().T).real)
    value, error = on_own_grid(from_fock(matrices[0], H)).fidelity(from_fock(matrices[1], H))
    exact = qutip.fidelity(*(qutip.Qobj(one) for one in matrices)) ** 2
    assert abs(value - exact) <= error < 1e-5


def test_negativity() -> None:
    value, error = on_own_grid(fock(1)).wigner_negativity()
    assert abs(value - (4 / sqrt(exp(1)) - 2)) <= error < 1e-4
    value, error = on_own_grid(squeezed(0.3, 0, r=0.4, nbar=0.2)).wigner_negativity()
    assert value <= error
    assert on_own_grid(cat([(1, 0), (-1, 0)])).wigner_negativity().value > 0.3


@pytest.mark.parametrize("angle", [0.0, 0.4, pi / 2, 2.5, -pi, 7.0])
@pytest.mark.parametrize("h", [0.05, 1.0])
def test_homodyne_densities_are_those_of_the_turned_state(angle: float, h: float) -> None:
    """Turned by the angle, the density of x cos + xi sin is that of x: of coherent waves in closed form."""
    places, amplitudes = [(0.8, 0.1), (-0.7, -0.3)], [1.0, 0.6j]
    density = on_own_grid(CAT, h).homodyne(angle)
    u = density.axes[0].points
    psi = 0
    for (x, xi), c in zip(places, amplitudes, strict=True):
        turned, dual = x * cos(angle) + xi * sin(angle), -x * sin(angle) + xi * cos(angle)
        phase = (turned * dual - x * xi) / 2  # of D(alpha)|0> against Li (1.7), which the turn leaves alone
        psi = psi + c * np.exp(-((u - turned) ** 2) / (2 * h) + 1j * ((u - turned) * dual + phase) / h)
    exact = np.abs(psi) ** 2
    exact = exact / (exact.sum() * density.axes[0].spacing)
    assert np.abs(density.values - exact).max() < 1e-8 * exact.max()
    assert density.values.sum() * density.axes[0].spacing == pytest.approx(1, rel=0, abs=1e-10)


def test_homodyne_at_right_angles_is_the_marginal() -> None:
    w = on_own_grid(tensor(fock(1), squeezed(0.2, 0, r=0.2)), level=1e-7)
    for mode, angle, name in ((1, 0.0, "x1"), (2, 0.0, "x2"), (2, pi / 2, "xi2")):
        density, marginal = w.homodyne(angle, mode), w.marginal(name)
        points = marginal.axes[0].points[4:-4]
        assert np.abs(density.at(points) - marginal.values[4:-4]).max() < 1e-5


def test_densities_at_places() -> None:
    """exp(-(x - x0)^2/h)/(pi h)^(1/2), of one number, lists and arrays; and of two variables."""
    h = H
    w = on_own_grid(coherent(0.3, -0.2))
    exact = lambda z, z0: np.exp(-((z - z0) ** 2) / h) / np.sqrt(np.pi * h)  # noqa: E731
    x, both = w.marginal("x"), w.marginal("x", "xi")
    assert float(x.at(0.4)) == pytest.approx(exact(0.4, 0.3), abs=1e-9)
    places = np.array([[0.1, 0.2], [0.5, 1e9]])
    assert np.abs(x.at(places) - exact(places, 0.3)).max() < 1e-9
    assert np.abs(x.at([0.1, -7]) - exact(np.array([0.1, -7]), 0.3)).max() < 1e-9
    xs = np.linspace(0, 1, 5)[:, None]
    assert np.abs(both.at(xs, [0.0, 0.1]) - exact(xs, 0.3) * exact(np.array([0.0, 0.1]), -0.2)).max() < 1e-8
    refused(lambda: x.at(0.1, 0.2), "Argument `places` must be 1, one for each variable, but is 2.")
    refused(lambda: both.at(0.1), "Argument `places` must be 2")
    refused(lambda: x.at(1j), "Argument `places` must be real numbers")
    refused(lambda: x.at("0.1"), "Argument `places` must be")
    refused(lambda: x.at(float("nan")), "Argument `places` must be real numbers")
    refused(lambda: both.at([1, 2], [1, 2, 3]), "Argument `places` must broadcast")


def test_reduced_states() -> None:
    parts = fock(1), squeezed(0.2, 0, r=0.2)
    w = on_own_grid(tensor(*parts), level=1e-9)
    for mode, state in enumerate(parts, 1):
        reduced = w.reduced(mode)
        assert float((reduced - state.symbol(reduced.grid)).hilbert_schmidt()) < 1e-6
    swapped = w.reduced(2, 1)
    assert np.array_equal(swapped.values, w.values)
    bell = from_fock(np.array([1, 0, 0, 1]) / sqrt(2), 0.5, sizes=[2, 2])
    value, error = on_own_grid(bell, 0.5, 1e-9).reduced(1).entropy()
    assert abs(value - log(2)) <= error + 1e-6


W, TWO = on_own_grid(coherent(0, 0)), on_own_grid(coherent([0, 0], [0, 0]), level=1e-3)
BATCH = Symbol(np.stack([W.values, W.values]), W.grid)


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: W.at("a", 0), "`x` must be an array of numbers, but is a"),
        (lambda: W.at(0, float("nan")), "`xi` must be finite numbers of at most 1e+40 in size"),
        (lambda: W.at([0, 1], [0, 1, 2]), "`xi` must broadcast against x"),
        (lambda: TWO.at(0, 0), "`x` must be a list of 2 numbers or arrays, but is 0"),
        (lambda: BATCH.at(0, 0), "`symbol` must be one"),
        (BATCH.entropy, "`symbol` must be one"),
        ((W * 1j).wigner_negativity, "`symbol` must be real"),
        (lambda: W.fidelity(1), "`other` must be a Symbol, but is 1"),
        (lambda: W.fidelity(TWO), "`other` must have n = 1"),
        (lambda: W.homodyne(0.1, mode=2), "`modes` must be a whole number from 1 to 1, but is 2"),
        (lambda: TWO.reduced(1, 1), "`modes` must be different numbers"),
        (TWO.reduced, "`modes` must be different numbers"),
    ],
)
def test_what_is_refused(call: Callable[[], Any], what: str) -> None:
    with pytest.raises(InputError, match=re.escape(what)):
        call()


def test_kernels_that_are_too_large() -> None:
    w = coherent(0, 0).symbol(PhaseGrid.box(h=1e-4, x=(-3, 3), xi=(-3, 3), size=(2000, 2000)))
    with pytest.raises(ResourceError, match="too many for all eigenvalues: at most 8000"):
        w.entropy()
