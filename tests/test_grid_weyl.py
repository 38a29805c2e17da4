"""The grid's representations, Weyl quantization and norms, against closed forms and identities."""

from __future__ import annotations

from math import erf, exp, pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openweyl import (
    Axis,
    InputError,
    PhaseGrid,
    Symbol,
    cat,
    coherent,
    dequantize,
    gaussian,
    mixture,
    quantize,
    squeezed,
)
from openweyl._core.fft import good_size, irfft, rfft
from openweyl.norms.dense import dense_trace_norm
from openweyl.phase_space.grid_size import common_grid
from openweyl.phase_space.resampling import resized

H = 0.1
GRID = PhaseGrid.box(h=H, x=(-3.2, 3.0), xi=(-3.0, 3.4), size=(80, 90))
GRID2 = PhaseGrid.box(h=1.0, x=[(-5.6, 5.6), (-5.4, 5.8)], xi=[(-5.6, 5.6)] * 2, size=(24, 24))
STATES = {
    "coherent": coherent(0.4, -0.3),
    "squeezed": squeezed(-0.2, 0.3, r=0.3, angle=0.7),
    "cat": cat([(0.7, 0.2), (-0.6, 0.0)], [1.0, 1j]),
    "mixture": mixture([(1.0, coherent(0.5, 0)), (2.0, gaussian(0, 0.3, [[1.0, 0.2], [0.2, 0.8]]))]),
}
small = st.floats(-0.7, 0.7)


def overlap(a: tuple[float, float], b: tuple[float, float], h: float) -> float:
    """|<a|b>|^2 = exp(-|a - b|^2/(2h)) for coherent states."""
    return exp(-((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) / (2 * h))


# ---------------------------------------------------------------------------------------------- the grid


@pytest.mark.parametrize("transformed", ["x", "xi", "both"])
@pytest.mark.parametrize("grid", [GRID, GRID2], ids=["n = 1", "n = 2"])
def test_representations_and_back(grid: PhaseGrid, transformed: str) -> None:
    axes = grid.array_axes(x=transformed != "xi", xi=transformed != "x")
    w = np.random.default_rng(1).normal(size=grid.shape)
    f = rfft(w, axes)
    assert np.abs(f - np.fft.rfftn(w, axes=axes)).max() < 1e-11 * np.abs(f).max()
    first, second = ("x" if transformed == "xi" else "k"), ("xi" if transformed == "x" else "s")
    mesh = grid.mesh(first, second)
    assert np.broadcast_shapes(*(v.shape for side in mesh for v in side)) == f.shape
    assert np.abs(irfft(f.copy(), axes, w.shape[axes[-1]]) - w).max() < 1e-13


def test_parseval() -> None:
    w = np.random.default_rng(2).normal(size=GRID.shape)
    full = np.fft.fftn(w)
    assert (np.abs(full) ** 2).sum() / GRID.size * GRID.cell == pytest.approx(Symbol(w, GRID).purity(), rel=1e-13)
    half = rfft(w, (0, 1))
    weights = np.full(half.shape[1], 2.0)
    weights[[0, -1]] = 1.0
    assert (np.abs(half) ** 2 * weights).sum() / GRID.size == pytest.approx((w**2).sum(), rel=1e-13)


def test_s_has_the_sign_of_the_kernel() -> None:
    """w(x, s) of a coherent state is rho(x + s/2, x - s/2), not its mirror image."""
    w = STATES["coherent"].symbol(GRID).values
    (x,), (s,) = GRID.mesh("x", "s")
    d = GRID.xi[0].spacing
    phase = np.exp(1j * GRID.xi[0].lower * s / H)
    rho = rfft(w, (1,)) * phase * d / (2 * pi * H)

    def psi(y: np.ndarray) -> np.ndarray:
        return (pi * H) ** -0.25 * np.exp(-((y - 0.4) ** 2) / (2 * H) - 0.3j * (y - 0.4) / H)

    assert np.abs(rho - psi(x + s / 2) * psi(x - s / 2).conj()).max() < 1e-11


def test_derivative_in_k() -> None:
    w = STATES["squeezed"].symbol(GRID).values
    (k,), _ = GRID.mesh("k", "xi")
    fine = PhaseGrid((Axis(GRID.x[0].lower + 1e-5, GRID.x[0].spacing, GRID.x[0].size),), GRID.xi, H)
    quotient = (STATES["squeezed"].symbol(fine).values - w) / 1e-5
    assert np.abs(irfft(1j * k * rfft(w, (0,)), (0,), GRID.shape[0]) - quotient).max() < 1e-3 * np.abs(quotient).max()


@pytest.mark.parametrize(
    "other",
    [
        PhaseGrid.box(h=H, x=(-3.7, 3.5), xi=(-3.3, 3.6), size=(128, 120)),  # nothing in common
        PhaseGrid.box(h=H, x=(-3.2, 3.0), xi=(-3.0, 3.4), size=(160, 180)),  # same box, finer
        PhaseGrid((Axis(-3.2 - 0.31, 0.0775, 88),), GRID.xi, H),  # same spacing, longer
    ],
    ids=["matrix", "finer", "longer"],
)
@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_resample_there_and_back(state: object, other: PhaseGrid) -> None:
    w = state.symbol(GRID)
    there = w.resampled(other)
    assert there.values.shape == other.shape
    assert np.abs((there - state.symbol(other)).values).max() < 1e-9
    assert np.abs((there.resampled(GRID) - w).values).max() < 1e-9


@pytest.mark.parametrize(("size", "more"), [(8, 16), (8, 13), (9, 18), (12, 10)])
def test_resampled_points_keep_their_values(size: int, more: int) -> None:
    """Nyquist's wave too, which is half of e^{ikx} and half of e^{-ikx} on a finer grid."""
    w = np.random.default_rng(size).normal(size=(size, 3))
    spectrum, points = np.fft.fft(w, axis=0), np.arange(more)[:, None] / more
    exact = sum(spectrum[k % size] * np.exp(2j * pi * k * points) for k in range(-((size - 1) // 2), size // 2 + 1))
    if more > size:
        assert np.abs(resized(w, -2, more) - exact.real / size).max() < 1e-13
        assert np.abs(resized(resized(w, -2, more), -2, size) - w).max() < 1e-13
    if more == 2 * size:
        assert np.abs(resized(w, -2, more)[::2] - w).max() < 1e-13
    again = resized(resized(resized(w, -2, more), -2, size), -2, more)  # a projection
    assert np.abs(again - resized(w, -2, more)).max() < 1e-13


def test_resample_of_nothing_new_is_nothing() -> None:
    w = np.random.default_rng(3).normal(size=GRID.shape)
    assert np.array_equal(Symbol(w, GRID).resampled(GRID).values, w)


def test_common_grid_holds_all() -> None:
    other = PhaseGrid.box(h=H, x=(-2.0, 4.0), xi=(-5.0, 1.0), size=(100, 64))
    grid = common_grid([GRID, other])
    assert common_grid([GRID, GRID]) == GRID
    for axis, a, b in zip(grid.x + grid.xi, GRID.x + GRID.xi, other.x + other.xi, strict=True):
        assert axis.lower == min(a.lower, b.lower)
        assert axis.upper == pytest.approx(max(a.upper, b.upper), rel=1e-14)
        assert axis.spacing <= min(a.spacing, b.spacing) * (1 + 1e-9)


@given(st.floats(1, 5000))
def test_good_sizes(minimum: float) -> None:
    size = good_size(minimum)
    assert size >= minimum
    assert size % 2 == 0
    rest = size
    for prime in (2, 3, 5, 7, 11):
        while rest % prime == 0:
            rest //= prime
    assert rest == 1


# ---------------------------------------------------------------------------------------------- quantization


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_there_and_back(state: object) -> None:
    grid = state.grid(H, 1e-17)
    w = state.symbol(grid)
    assert np.abs((dequantize(quantize(w), grid) - w).values).max() < 1e-12


def test_complex_symbols_there_and_back() -> None:
    w = STATES["coherent"].symbol(GRID) + 1j * STATES["squeezed"].symbol(GRID)
    kernel = quantize(w)
    assert np.abs((dequantize(kernel, GRID, hermitian=False) - w).values).max() < 1e-12
    assert np.array_equal(dequantize(kernel, GRID).values, dequantize(kernel, GRID, hermitian=False).values.real)


def test_two_degrees_of_freedom_are_a_tensor_product() -> None:
    """quantize and dequantize act on each pair (x_j, xi_j) by itself: with n = 1 there and back to 1e-12, so with n =
    2.
    """
    rng = np.random.default_rng(3)
    sides = [
        PhaseGrid.box(h=0.5, x=(-2, 2), xi=(-1.5, 1.5), size=(12, 10)),
        PhaseGrid.box(h=0.5, x=(-1, 2), xi=(-2, 2), size=(10, 14)),
    ]
    both = PhaseGrid(sides[0].x + sides[1].x, sides[0].xi + sides[1].xi, 0.5)
    parts = [rng.normal(size=side.shape) for side in sides]
    w = np.einsum("ac,bd->abcd", *parts)
    kernel = quantize(Symbol(w, both))
    ones = [quantize(Symbol(part, side)) for part, side in zip(parts, sides, strict=True)]
    expected = np.einsum("ac,bd->abcd", ones[0].entries, ones[1].entries)
    assert np.abs(kernel.entries - expected).max() < 1e-12 * np.abs(expected).max()
    back = [dequantize(one, side).values for one, side in zip(ones, sides, strict=True)]
    assert np.abs(dequantize(kernel, both).values - np.einsum("ac,bd->abcd", *back)).max() < 1e-12 * np.abs(w).max()


def test_kernel_of_a_coherent_state() -> None:
    kernel = quantize(STATES["coherent"].symbol(GRID))
    y, d = kernel.windows[0].points, kernel.windows[0].spacing
    psi = (pi * H) ** -0.25 * np.exp(-((y - 0.4) ** 2) / (2 * H) - 0.3j * (y - 0.4) / H)
    assert np.abs(kernel.matrix - d * np.outer(psi, psi.conj())).max() < 1e-11


@settings(max_examples=10)
@given(small, small, small, small, st.floats(-2, 2))
def test_quantize_is_linear_hermitian_and_keeps_products(x: float, xi: float, y: float, eta: float, c: float) -> None:
    a, b = coherent(x, xi).symbol(GRID), squeezed(y, eta, r=0.2).symbol(GRID)
    A, B, both = (quantize(f).matrix for f in (a, b, a + c * b))
    assert np.abs(both - A - c * B).max() < 1e-13
    assert np.abs(both - both.conj().T).max() < 1e-12
    assert np.trace(both).real == pytest.approx(1 + c, rel=0, abs=1e-10)
    assert np.trace(A @ B).real == pytest.approx((a.values * b.values).sum() * GRID.cell, rel=0, abs=1e-10)


def test_quantize_wants_the_grids_shape() -> None:
    with pytest.raises(InputError, match=r"^Argument `values` must have the grid's shape \(80, 90\), but is \(3, 3\)"):
        quantize(Symbol(np.zeros((3, 3)), GRID))
    with pytest.raises(InputError, match=r"^Argument `symbol` must be a Symbol, but is an array of shape \(80, 90\)"):
        quantize(np.zeros(GRID.shape))
    with pytest.raises(InputError, match=r"^Argument `grid` must have n = 1"):
        dequantize(quantize(Symbol(np.zeros(GRID.shape), GRID)), GRID2)


# ---------------------------------------------------------------------------------------------- norms


@settings(max_examples=15)
@given(small, small, small, small)
def test_trace_norm_of_the_difference_of_coherent_states(x: float, xi: float, y: float, eta: float) -> None:
    """2 sqrt(1 - |<a|b>|^2), and Hilbert-Schmidt that over sqrt 2."""
    difference = coherent(x, xi).symbol(GRID) - coherent(y, eta).symbol(GRID)
    exact = 2 * sqrt(max(1 - overlap((x, xi), (y, eta), H), 0))
    assert dense_trace_norm(difference) == pytest.approx(exact, rel=0, abs=1e-7)
    assert difference.hilbert_schmidt() == pytest.approx(exact / sqrt(2), rel=0, abs=1e-7)


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_trace_norm_of_states_is_one(state: object) -> None:
    assert dense_trace_norm(state.symbol(GRID)) == pytest.approx(1, rel=0, abs=1e-10)


def test_trace_norm_of_interference_alone() -> None:
    """The cat less its mixture is of rank two: |c| (|a><b| + |b><a|) between all but orthogonal states: norm 1."""
    places = [(1.0, 0.2), (-1.0, -0.2)]
    fringes = cat(places).symbol(GRID) - mixture([(1, coherent(*z)) for z in places]).symbol(GRID)
    assert dense_trace_norm(fringes) == pytest.approx(1, rel=0, abs=2 * sqrt(overlap(*places, H)))


def test_trace_norm_does_not_depend_on_the_grid() -> None:
    finer = PhaseGrid.box(h=H, x=(-3.6, 3.6), xi=(-3.6, 3.6), size=(128, 108))
    a, b = (STATES["cat"].symbol(g) - STATES["coherent"].symbol(g) for g in (GRID, finer))
    assert dense_trace_norm(a) == pytest.approx(dense_trace_norm(b), rel=0, abs=1e-10)


@pytest.mark.slow
def test_trace_norm_in_two_degrees_of_freedom() -> None:
    grid = PhaseGrid.box(h=1.0, x=[(-4.4, 4.4)] * 2, xi=[(-4.4, 4.4)] * 2, size=(20, 20))
    difference = coherent([0.4, 0], [0, 0.2]).symbol(grid) - coherent([-0.3, 0], [0, 0]).symbol(grid)
    exact = 2 * sqrt(1 - exp(-(0.7**2 + 0.2**2) / 2))
    assert dense_trace_norm(difference) == pytest.approx(exact, rel=0, abs=1e-4)


@pytest.mark.parametrize("shift", [0.0, 0.013, 0.037])
def test_l1_norm_of_a_derivative(shift: float) -> None:
    """int |d_x g| over a Gaussian: twice its peak; a plain sum with kinks on a line of the grid."""
    (x,), (xi,) = GRID.mesh("x", "xi")
    w = Symbol((x - shift) * np.exp(-((x - shift) ** 2 + (xi - 0.1) ** 2) / H), GRID)
    exact = H * sqrt(pi * H) / (2 * pi * H)
    value, error = w.l1()
    assert value == pytest.approx(exact, rel=1e-6)
    assert abs(value - exact) <= error


@pytest.mark.parametrize("separation", [0.3, 0.8])
@pytest.mark.parametrize("angle", [0.0, 0.4])
def test_l1_norm_of_a_difference(separation: float, angle: float) -> None:
    """Two equal Gaussians at distance 2 c: 2 erf(c/sqrt h); the zero set is a straight line at `angle`."""
    c, s = separation * np.cos(angle), separation * np.sin(angle)
    w = coherent(c + 0.02, s).symbol(GRID) - coherent(-c + 0.02, -s).symbol(GRID)
    value, error = w.l1()
    exact = 2 * erf(separation / sqrt(H))
    assert value == pytest.approx(exact, rel=1e-6)
    assert abs(value - exact) <= error <= 2e-5 * exact


def test_l1_norm_of_a_positive_function_is_its_integral() -> None:
    w = STATES["coherent"].symbol(GRID)
    assert w.l1()[0] == pytest.approx(float(w.trace()), rel=1e-13)


@settings(max_examples=15)
@given(small, small, st.floats(0.5, 1.2), st.floats(0.5, 1.2), st.floats(-0.2, 0.2))
def test_moments_of_gaussians(x: float, xi: float, a: float, b: float, c: float) -> None:
    a, b = a + abs(c), b + abs(c)
    found = (3.7 * gaussian(x, xi, [[a, c], [c, b]]).symbol(GRID)).moments()  # over the trace
    assert found.mean == pytest.approx([x, xi], rel=0, abs=1e-8)
    assert found.covariance == pytest.approx(H * np.array([[a, c], [c, b]]), rel=0, abs=1e-8)


def test_a_trace_of_round_off_has_no_moments() -> None:
    difference = coherent(0.4, -0.3).symbol(GRID) - coherent(0.3, 0.1).symbol(GRID)
    assert 0 < abs(difference.values.sum()) < 1e-10
    with pytest.raises(InputError, match="nonzero trace"):
        difference.moments()


def test_moments_in_two_degrees_of_freedom() -> None:
    covariance = 0.5 * np.eye(4) + 0.1 * np.ones((4, 4)) + np.diag([0.1, 0.2, 0.0, 0.1])
    found = gaussian([0.3, -0.1], [0.2, 0.0], covariance.tolist()).symbol(GRID2).moments()
    assert found.mean == pytest.approx([0.3, -0.1, 0.2, 0.0], rel=0, abs=1e-6)
    assert found.covariance == pytest.approx(covariance, rel=0, abs=1e-6)
