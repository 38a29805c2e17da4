"""Initial states: each symbol against its closed form, and the grid that must hold it."""

from __future__ import annotations

from math import cos, exp, pi, sin, sqrt

import numpy as np
import pytest

from common import slow_but
from openweyl import (
    InputError,
    PhaseGrid,
    State,
    Symbol,
    cat,
    coherent,
    gaussian,
    mixture,
    quantize,
    squeezed,
)
from openweyl.norms.dense import dense_trace_norm
from openweyl.phase_space.profiles import edge_loss

H = 0.08
CAT = cat([(0.8, 0.1), (-0.7, -0.3), (0.1, 0.6)], [1.0, 0.6j, -0.4 + 0.2j])
THERMAL = gaussian(0.2, -0.4, [[1.1, 0.3], [0.3, 0.7]])
STATES = {
    "coherent": coherent(0.6, -0.3),
    "squeezed": squeezed(0.6, -0.3, r=0.7, angle=0.6),
    "Gaussian": THERMAL,
    "cat": CAT,
    "mixture": mixture([(1.0, coherent(0.5, 0)), (3.0, squeezed(-0.5, 0.2, r=-0.5))]),
    "mixture of cats": mixture([(0.5, CAT), (0.5, THERMAL)]),
}


def on_own_grid(state: State, h: float = H) -> Symbol:
    return state.symbol(state.grid(h, 1e-14))


def wave(y: np.ndarray, x: float, xi: float, h: float = H) -> np.ndarray:
    """Li (1.7) with its constant corrected: (pi h)^{-1/4} e^{-(y-x)^2/2h + i (y-x) xi/h}."""
    return (pi * h) ** -0.25 * np.exp(-((y - x) ** 2) / (2 * h) + 1j * (y - x) * xi / h)


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
@pytest.mark.parametrize("h", slow_but((0.5, H), (0.5, H, 2.0**-8)))
def test_trace_and_positivity(state: State, h: float) -> None:
    w = on_own_grid(state, h)
    assert w.trace() == pytest.approx(1, rel=0, abs=1e-12)
    assert np.linalg.eigvalsh(quantize(w).matrix)[0] > -1e-11
    assert dense_trace_norm(w) == pytest.approx(1, rel=0, abs=1e-10)


@pytest.mark.parametrize("state", [STATES["coherent"], STATES["squeezed"], CAT], ids=["coherent", "squeezed", "cat"])
def test_pure_states_have_purity_one(state: State) -> None:
    w = on_own_grid(state)
    assert w.purity() == pytest.approx(1, rel=0, abs=1e-12)
    assert w.hilbert_schmidt() == pytest.approx(1, rel=0, abs=1e-12)


def test_coherent_is_li_1_8() -> None:
    w = on_own_grid(STATES["coherent"])
    (x,), (xi,) = w.grid.mesh("x", "xi")
    assert np.abs(w.values - 2 * np.exp(-((x - 0.6) ** 2 + (xi + 0.3) ** 2) / H)).max() < 1e-12
    found = w.moments()
    assert found.mean == pytest.approx([0.6, -0.3], rel=0, abs=1e-12)
    assert found.covariance == pytest.approx(H / 2 * np.eye(2), rel=0, abs=1e-12)


@pytest.mark.parametrize("r", [0.7, -0.4])
@pytest.mark.parametrize("angle", [0.0, 0.6, pi / 2])
def test_squeezed_covariance(r: float, angle: float) -> None:
    """The axis at `angle` from x is the narrow one, of variance h e^{-2r}/2."""
    w = on_own_grid(squeezed(0.1, 0.2, r=r, angle=angle))
    covariance = w.moments().covariance
    narrow, wide = np.array([cos(angle), sin(angle)]), np.array([-sin(angle), cos(angle)])
    assert narrow @ covariance @ narrow == pytest.approx(H / 2 * exp(-2 * r), rel=1e-10)
    assert wide @ covariance @ wide == pytest.approx(H / 2 * exp(2 * r), rel=1e-10)
    assert narrow @ covariance @ wide == pytest.approx(0, abs=1e-12)


def test_gaussian_moments_and_purity() -> None:
    w = on_own_grid(THERMAL)
    found, c = w.moments(), np.array([[1.1, 0.3], [0.3, 0.7]])
    assert found.mean == pytest.approx([0.2, -0.4], rel=0, abs=1e-12)
    assert found.covariance == pytest.approx(H * c, rel=0, abs=1e-12)
    assert w.purity() == pytest.approx(1 / (2 * sqrt(np.linalg.det(c))), rel=1e-12)


@pytest.mark.parametrize(
    ("places", "amplitudes"),
    [
        ([(0.7, 0.2), (-0.5, 0.6)], [1.0, 1.0]),
        ([(0.7, 0.2), (-0.5, 0.6)], [1.0, 0.5 - 0.8j]),
        ([(0.1, 0.0), (-0.1, 0.1)], [1.0, -1.0]),
        ([(0.8, 0.1), (-0.7, -0.3), (0.1, 0.6)], [1.0, 0.6j, -0.4 + 0.2j]),
    ],
)
def test_cat_is_the_superposition_of_waves(places: list[tuple[float, float]], amplitudes: list[complex]) -> None:
    """The kernel is psi(y) psi(y')^* with psi the sum of the waves of Li (1.7), phases and normalisation included."""
    w = on_own_grid(cat(places, amplitudes))
    kernel = quantize(w)
    y, d = kernel.windows[0].points, kernel.windows[0].spacing
    psi = sum(c * wave(y, *z) for c, z in zip(amplitudes, places, strict=True))
    psi = psi / np.sqrt((np.abs(psi) ** 2).sum() * d)
    assert np.abs(kernel.matrix - d * np.outer(psi, psi.conj())).max() < 1e-10


def test_cat_without_amplitudes_has_equal_ones() -> None:
    places = [(0.7, 0.2), (-0.5, 0.6)]
    w, other = on_own_grid(cat(places)), cat(places, [2.0, 2.0])
    assert np.abs((w - other.symbol(w.grid)).values).max() < 1e-13


def test_mixture_is_the_weighted_sum() -> None:
    parts = [coherent(0.5, 0), CAT]
    state = mixture([(1.0, parts[0]), (3.0, parts[1])])
    w = on_own_grid(state)
    grid = w.grid
    assert np.abs((w - (0.25 * parts[0].symbol(grid) + 0.75 * parts[1].symbol(grid))).values).max() < 1e-13
    nested = mixture([(2.0, state), (2.0, parts[0])])
    assert np.abs((nested.symbol(grid) - (w + parts[0].symbol(grid)) / 2).values).max() < 1e-13


def test_two_degrees_of_freedom_are_products() -> None:
    grid = PhaseGrid.box(h=0.5, x=[(-4, 4), (-4.5, 4)], xi=[(-4, 4), (-4, 4)], size=(20, 22))
    w = squeezed([0.3, -0.2], [0.1, 0.4], r=[0.3, -0.2], angle=[0.5, 0.0]).symbol(grid)
    factors = [
        squeezed(x, xi, r=r, angle=angle).symbol(PhaseGrid((grid.x[j],), (grid.xi[j],), 0.5)).values
        for j, (x, xi, r, angle) in enumerate([(0.3, 0.1, 0.3, 0.5), (-0.2, 0.4, -0.2, 0.0)])
    ]
    assert np.abs(w.values - np.einsum("ac,bd->abcd", *factors)).max() < 1e-12


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
@pytest.mark.parametrize("level", [1e-6, 1e-12])
@pytest.mark.parametrize("h", [0.5, 2.0**-6])
def test_the_grid_holds_the_state(state: State, level: float, h: float) -> None:
    """The outermost points, in x, xi and in both dual variables, hold a trace norm of the order of `level`, no more."""
    grid = state.grid(h, level)
    w = state.symbol(grid)
    axes = grid.x + grid.xi
    loss = max(max(edge_loss(p, a)) for p, a in zip(w.profiles, axes, strict=True))
    assert loss < 300 * level
    smaller = state.grid(h, sqrt(level))
    assert smaller.size < grid.size


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: coherent("a", 0), "x"),
        (lambda: coherent(float("nan"), 0), "x"),
        (lambda: coherent([], []), "x"),
        (lambda: coherent([0, 0], [0]), "xi"),
        (lambda: coherent(0, 1j), "xi"),
        (lambda: squeezed(0, 0, r=11), "r"),
        (lambda: squeezed(0, 0, r=[1, 2]), "r"),
        (lambda: squeezed(0, 0, r=1, angle=[1, 2]), "angle"),
        (lambda: squeezed(0, 0, r=float("inf")), "r"),
        (lambda: gaussian(0, 0, [[0.1, 0], [0, 0.1]]), "covariance"),
        (lambda: gaussian(0, 0, [[1, 0.5], [0, 1]]), "covariance"),
        (lambda: gaussian(0, 0, [[1]]), "covariance"),
        (lambda: gaussian(0, 0, [[float("nan"), 0], [0, 1]]), "covariance"),
        (lambda: cat([]), "components"),
        (lambda: cat([(0, 0), ([0, 0], [0, 0])]), "components"),
        (lambda: cat([(0, 0)], [1, 2]), "amplitudes"),
        (lambda: cat([(0, 0)], [0]), "amplitudes"),
        (lambda: cat([(0, 0)], [float("nan")]), "amplitudes"),
        (lambda: cat([(0, 0), (0, 0)], [1, -1]), "amplitudes"),
        (lambda: mixture([]), "members"),
        (lambda: mixture([(-1, coherent(0, 0))]), "weight"),
        (lambda: mixture([(0, coherent(0, 0))]), "weight"),
        (lambda: mixture([(1, coherent(0, 0)), (1, coherent([0, 0], [0, 0]))]), "members"),
    ],
)
def test_bad_arguments(make: object, name: str) -> None:
    with pytest.raises(InputError, match=f"^Argument `{name}` must ") as caught:
        make().symbol(PhaseGrid.box(h=H, x=(-1, 1), xi=(-1, 1), size=(8, 8)))
    assert "\n" not in str(caught.value)
