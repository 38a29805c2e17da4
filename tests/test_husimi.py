"""Bounds from coherent states, and smallest eigenvalues, against closed forms and all eigenvalues."""

from __future__ import annotations

import time
from math import erf, exp, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openweyl import Axis, PhaseGrid, Symbol, cat, coherent, gaussian, mixture, quantize, squeezed, trace_norm
from openweyl.norms import coherent_bounds as module
from openweyl.norms import lowest_eigenvalue
from openweyl.norms.coherent_bounds import smallest_eigenvalue_bounds, trace_norm_bounds
from openweyl.norms.dense import dense_trace_norm, eigenvalues
from openweyl.norms.lowest_eigenvalue import smallest_eigenvalue
from openweyl.phase_space.kernels import band_width, lower_band

H = 0.02
TINY = 1.6e-8
"""h of a trapped silica particle, with lengths over its thermal width: 10^8 states."""


def box(h: float = H, size: tuple[int, int] = (96, 140), side: float = 2.0) -> PhaseGrid:
    return PhaseGrid.box(h=h, x=(-side, side), xi=(-side, side), size=size)


def smooth_symbol(seed: int, grid: PhaseGrid, width: float) -> Symbol:
    """A few bumps, waves and both, of scale `width`."""
    rng = np.random.default_rng(seed)
    (x,), (xi,) = grid.mesh("x", "xi")
    w = np.zeros(grid.shape)
    for _ in range(rng.integers(1, 5)):
        a, b = (v - rng.uniform(-0.5, 0.5) for v in (x, xi))
        s, r = width * rng.uniform(0.8, 1.6, 2)
        w += rng.standard_normal() * np.exp(-((a / s) ** 2 + (b / r) ** 2) / 2) * np.cos(rng.uniform(0, 1.5) * a / s)
    return Symbol(w, grid)


# --- the two symbols


@pytest.mark.parametrize("a", [1.0, 0.4, 3.0])
def test_symbols_of_a_gaussian(a: float) -> None:
    """A Gaussian of variances (p, q) has upper and lower symbols of (p, q) -+ (h/2) (a, 1/a)."""
    grid, p, q = box(), 0.08, 0.1
    (x,), (xi,) = grid.mesh("x", "xi")
    pair = module._symbols(Symbol(np.exp(-(x**2 / p + xi**2 / q) / 2), grid), [a, 1 / a], 1e-9)
    (x,), (xi,) = pair.upper.grid.mesh("x", "xi")
    for sign, found in ((-1, pair.upper.values), (1, pair.lower.values)):
        s, r = p + sign * H / 2 * a, q + sign * H / 2 / a
        assert found == pytest.approx(sqrt(p * q / s / r) * np.exp(-(x**2 / s + xi**2 / r) / 2), abs=2e-6)


def test_the_lower_symbol_is_the_mean_value_in_coherent_states() -> None:
    """<z|cat> for coherent z, from wave functions."""
    grid, state = box(), cat([(0.4, 0.1), (-0.3, 0)])
    pair = module._symbols(state.symbol(grid), [1.0, 1.0], 1e-9)
    kernel = quantize(state.symbol(grid))
    y, d = kernel.windows[0].points, kernel.windows[0].spacing
    for i, j in ((60, 85), (70, 90), (55, 80)):
        x, xi = pair.lower.grid.x[0].points[i], pair.lower.grid.xi[0].points[j]
        psi = (np.pi * H) ** -0.25 * np.exp(-((y - x) ** 2) / (2 * H) + 1j * xi * y / H) * sqrt(d)
        assert pair.lower.values[i, j] == pytest.approx((psi.conj() @ kernel.matrix @ psi).real, abs=1e-9)


# --- both bounds


@settings(max_examples=8)
@given(st.integers(0, 10**6), st.sampled_from([0.1, 0.2, 0.35]), st.sampled_from([0.01, 0.02, 0.05]))
def test_bounds_enclose_trace_norm_and_smallest_eigenvalue(seed: int, width: float, h: float) -> None:
    grid = box(h)
    w = smooth_symbol(seed, grid, width)
    values, lost = eigenvalues(w)
    exact, least = float(np.abs(values).sum()), float(values[0])
    lower, upper = trace_norm_bounds(w, rtol=1e-2)
    assert lower <= exact + lost and exact <= upper
    lower, upper = smallest_eigenvalue_bounds(w, 1e-4)
    assert lower <= least + 1e-12 and min(least, 0) <= upper + 1e-12
    lower, upper = smallest_eigenvalue(w, 1e-4)
    assert lower <= least + 1e-12 and min(least, 0) <= upper + 1e-12
    assert upper - lower <= max(2e-4, 0.02 * abs(least))


@pytest.mark.parametrize("h", [0.02, 0.005])
def test_bounds_differ_by_the_first_order(h: float) -> None:
    """Where w changes sign by (h/2) sum_a int -sgn(w) d_a^2 w; here by h int |w'| over the line of zeros."""
    grid = box(h)
    (x,), (xi,) = grid.mesh("x", "xi")
    w = Symbol((x + xi) * np.exp(-(x**2 + xi**2) / 0.3), grid)
    lower, upper = trace_norm_bounds(w, rtol=1e-3)
    loss, _ = module.curvatures(w)
    assert (upper - lower) / upper == pytest.approx(module.first_order_width(loss, grid), rel=0.1)
    assert loss == pytest.approx([1 / 0.3] * 2, rel=1e-2)  # 2 int |d_u w| on u = 0, half of it for each axis


def test_positive_symbols_lose_nothing() -> None:
    grid = box()
    w = gaussian(0.1, 0, [[3.0, 0.4], [0.4, 2.5]]).symbol(grid)
    lower, upper = trace_norm_bounds(w, rtol=1e-3)
    assert lower <= 1 + 1e-9 and upper >= 1 and upper - lower < 1e-3


def test_squeezed_states_fit_narrow_symbols() -> None:
    """Variances 0.3 h and 3 h: no upper symbol exists for round coherent states, as 0.3 h < h/2."""
    grid = PhaseGrid.box(h=H, x=(-0.8, 0.8), xi=(-2, 2), size=(96, 96))
    w = gaussian(0, 0, [[0.3, 0], [0, 3.0]]).symbol(grid)
    lower, upper = trace_norm_bounds(w, rtol=1e-2)
    assert lower <= 1 <= upper and upper - lower < 1e-2
    assert smallest_eigenvalue_bounds(w, 1e-3)[0] > -2e-3


@pytest.mark.parametrize("pair", [(coherent(0.3, 0), coherent(-0.3, 0.2)), (squeezed(0, 0, r=0.6), coherent(0, 0))])
def test_bounds_hold_where_they_are_wide(pair: tuple) -> None:
    """Pure states have no upper symbol: a delta function. What is cut off is bounded."""
    grid = PhaseGrid.box(h=H, x=(-1.5, 1.5), xi=(-1.5, 1.5), size=(128, 128))
    w = pair[0].symbol(grid) - pair[1].symbol(grid)
    exact = dense_trace_norm(w)
    lower, upper = trace_norm_bounds(w, rtol=1e-2)
    assert lower <= exact <= upper
    low, high = smallest_eigenvalue_bounds(w, 1e-3)
    assert low <= -exact / 2 <= high


def test_bounds_hold_for_noise_and_at_the_ends_of_the_box() -> None:
    rng = np.random.default_rng(5)
    grid = box(0.05, (40, 40), 1.0)
    (x,), (xi,) = grid.mesh("x", "xi")
    w = Symbol(np.exp(-((x - 0.9) ** 2 + xi**2) / 0.1) + 0.01 * rng.normal(size=grid.shape), grid)
    exact = dense_trace_norm(w)
    lower, upper = trace_norm_bounds(w, rtol=1e-2)
    assert lower <= exact <= upper


@pytest.mark.slow
def test_two_degrees_of_freedom_are_a_product() -> None:
    """||(A - B) x C||_tr = ||A - B||_tr for a state C."""
    h = 0.05
    one = PhaseGrid.box(h=h, x=(-2.4, 2.4), xi=(-2.4, 2.4), size=(18, 18))
    two = PhaseGrid(one.x * 2, one.xi * 2, h)
    hot = [[5.0, 0.0], [0.0, 5.0]]
    w = gaussian(0.2, 0, hot).symbol(one) - gaussian(-0.2, 0, hot).symbol(one)
    exact = dense_trace_norm(w)
    product = Symbol(np.einsum("ac,bd->abcd", w.values, gaussian(0, 0, hot).symbol(one).values), two)
    lower, upper = trace_norm_bounds(product, rtol=0.05)
    assert lower <= exact <= upper and upper - lower < 0.25 * exact
    low, high = smallest_eigenvalue_bounds(product, 1e-3)
    largest = 1 / 5.5  # of C
    least = float(eigenvalues(w)[0][0]) * largest
    assert low <= least <= high


# --- at 10^8 states


def test_a_hundred_million_states() -> None:
    """Thermal densities of an anharmonic trap, and their difference: classical to O(h), in less than a second."""
    grid = PhaseGrid.box(h=TINY, x=(-3.2, 3.2), xi=(-3.2, 3.2), size=(128, 128))
    assert grid.states > 1e8
    (x,), (xi,) = grid.mesh("x", "xi")
    energy = (x**2 + xi**2) / 2 + 0.1 * x**4
    states = [np.exp(-beta * energy) for beta in (4.0, 4.04)]
    w, v = (Symbol(s / (s.sum() * grid.cell), grid) for s in states)
    started = time.process_time()
    lower, upper = trace_norm(w, 1e-3)
    assert lower <= 1 <= upper < 1.001
    lower, upper = trace_norm(w - v, 1e-2)
    assert 0.99 * upper <= lower
    assert -1e-9 < smallest_eigenvalue(w, 1e-8)[0] <= 0
    assert time.process_time() - started < 2


def test_shifted_thermal_states_at_a_hundred_million_states() -> None:
    """Equal Gaussians of variance v at distance 2 c: 2 erf(c/sqrt(2 v)) up to O(h)."""
    grid = PhaseGrid.box(h=TINY, x=(-3, 3), xi=(-3, 3), size=(128, 128))
    hot = [[0.16 / TINY, 0], [0, 0.16 / TINY]]
    w = gaussian(0.02, 0, hot).symbol(grid) - gaussian(-0.02, 0, hot).symbol(grid)
    exact = 2 * erf(0.02 / 0.4 / sqrt(2))
    lower, upper = trace_norm(w, 1e-3)
    assert lower <= exact <= upper <= 1.001 * lower


# --- smallest eigenvalues


def test_the_band_is_all_there_is_of_the_kernel() -> None:
    grid = PhaseGrid.box(h=0.01, x=(-1.2, 1.0), xi=(-0.9, 1.2), size=(90, 60))
    w = smooth_symbol(1, grid, 0.1)
    kernel, band = quantize(w).matrix, lower_band(w)
    width, size = band_width(grid), len(kernel)
    assert band.shape == (width + 1, size) and width < size / 2
    assert np.abs(np.tril(kernel, -width - 1)).max() == 0
    for j in range(width + 1):
        assert band[j, : size - j] == pytest.approx(np.diagonal(kernel, -j), abs=1e-13)
        assert not band[j, size - j :].any()


def test_the_smallest_eigenvector_may_be_odd() -> None:
    """- 1/2 |odd> <odd| + 1/4 |even> <even|: even start vectors, such as ones, never see the first."""
    grid = box()
    w = -0.5 * cat([(0.5, 0), (-0.5, 0)], [1, -1]).symbol(grid) + 0.25 * coherent(0, 0).symbol(grid)
    lower, upper = smallest_eigenvalue(w, 1e-6)
    assert lower <= -0.5 <= upper + 1e-9 and upper - lower < 0.006


def test_clusters_of_eigenvalues() -> None:
    """-0.3, -0.3, -0.3 and -0.3001 far apart in a bath of small positive ones."""
    grid = box(0.01)
    places = [(1.2, 0), (-1.2, 0), (0, 1.2), (0, -1.2)]
    weights = [0.3, 0.3, 0.3, 0.3001]
    w = gaussian(0, 0, [[3.0, 0], [0, 3.0]]).symbol(grid) / 10
    for c, z in zip(weights, places, strict=True):
        w -= c * coherent(*z).symbol(grid)
    values, _ = eigenvalues(w)
    lower, upper = smallest_eigenvalue(w, 1e-5)
    assert lower <= values[0] <= upper and upper - lower < 0.004


@pytest.mark.parametrize("distance", [0.05, 0.2, 0.5])
def test_the_smallest_eigenvalue_of_a_difference(distance: float) -> None:
    """- sqrt(1 - |<a|b>|^2), |<a|b>|^2 = e^{-d^2/2h}."""
    grid = box()
    w = coherent(distance, 0).symbol(grid) - coherent(0, 0).symbol(grid)
    exact = -sqrt(1 - exp(-(distance**2) / (2 * H)))
    lower, upper = smallest_eigenvalue(w, 1e-6)
    assert lower <= exact <= upper and upper - lower < 0.012 * abs(exact)


def test_states_are_positive() -> None:
    grid = box(size=(160, 200))
    state = mixture([(1, cat([(0.5, 0), (-0.5, 0)])), (1, squeezed(0.1, 0.2, r=0.3))])
    lower, upper = smallest_eigenvalue(state.symbol(grid), 1e-8)
    assert -1.1e-8 < lower <= 0 == upper


def test_where_no_band_fits_coherent_states_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = box()
    w = gaussian(0, 0, [[3.0, 0], [0, 3.0]]).symbol(grid)
    monkeypatch.setattr(lowest_eigenvalue, "MAX_FACTOR_OPERATIONS", 0)
    lower, upper = smallest_eigenvalue(w, 1e-6)
    assert -3e-6 < lower <= 0 == upper
    assert smallest_eigenvalue(0.0 * w, 1e-6)[1] == 0


@pytest.mark.slow
def test_two_modes_by_product_states_and_by_coherent_states(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = PhaseGrid.box(h=1.0, x=[(-4.4, 4.4)] * 2, xi=[(-4.4, 4.4)] * 2, size=(20, 20))
    w = coherent([0.4, 0], [0, 0.2]).symbol(grid) - coherent([-0.3, 0], [0, 0]).symbol(grid)
    exact = -sqrt(1 - exp(-(0.7**2 + 0.2**2) / 2))
    for largest in (10**4, 1):
        monkeypatch.setattr(lowest_eigenvalue, "MAX_PRODUCT_STATES", largest)
        lower, upper = smallest_eigenvalue(w, 1e-4)
        assert lower <= exact + 1e-4 and exact - 1e-4 <= upper
        assert largest == 1 or upper - lower < 1e-3


# --- the parts of the bounds


def one_pair(monkeypatch: pytest.MonkeyPatch, **losses: float) -> Symbol:
    """A symbol, and a pair that stands for whatever would be found for it."""
    grid = box()
    w = coherent(0.2, 0).symbol(grid) - coherent(-0.2, 0).symbol(grid)
    pair = module.Pair(0.1 * w, 0.05 * w, **{"missing": 0.0, "wrapped": 0.0, "noise": 0.0} | losses)
    monkeypatch.setattr(module, "_attempts", lambda *_: iter([iter([pair])]))
    return w


@pytest.mark.parametrize("part", ["missing", "wrapped", "noise"])
def test_every_loss_moves_the_bounds_of_a_trace_norm(monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """A Hilbert-Schmidt norm e is at most sqrt(rank) e in trace norm; what wraps is missing from the lower bound."""
    w = one_pair(monkeypatch)
    low, high = trace_norm_bounds(w, rtol=1e-2)
    w = one_pair(monkeypatch, **{part: 1e-3})
    lower, upper = trace_norm_bounds(w, rtol=1e-2)
    assert upper - high >= 0.99e-3 * sqrt(w.grid.states) * (part != "wrapped")
    assert low - lower >= 0.99e-3 * {"missing": sqrt(w.grid.states), "wrapped": 1.0, "noise": 0.0}[part]


def test_every_loss_moves_the_bounds_of_an_eigenvalue(monkeypatch: pytest.MonkeyPatch) -> None:
    """By Hilbert-Schmidt norms: what is missing once for the upper symbol, twice for the lower one."""
    w = one_pair(monkeypatch)
    low, high = smallest_eigenvalue_bounds(w, 1e-2)
    w = one_pair(monkeypatch, missing=1e-3, noise=1e-4)
    lower, upper = smallest_eigenvalue_bounds(w, 1e-2)
    assert upper - high == pytest.approx(2e-3)
    assert low - lower >= 1e-3 + 1e-4


def test_the_infimum_lies_between_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four samples to a wave, all at +-1/sqrt 2."""
    grid = PhaseGrid.box(h=1.0, x=(0, 4), xi=(0, 4), size=(16, 16))
    (x,), (xi,) = grid.mesh("x", "xi")
    monkeypatch.setattr(module, "MAX_REFINED_POINTS", 1)  # no finer grid
    for f in (np.cos(2 * np.pi * x + np.pi / 4) + 0 * xi, 0 * x + np.cos(2 * np.pi * xi + np.pi / 4)):
        assert f.min() == pytest.approx(-sqrt(0.5))
        assert -1.2 < module._infimum(Symbol(f, grid), 1e-3) <= -1


def test_what_the_margins_cut_off_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """o nil beyond its box, smoothed on a large one, against w: less margin than there should be, and a w at an end."""
    h = 0.05
    monkeypatch.setattr(module, "MARGIN_DEVIATIONS", 1)
    grid = PhaseGrid.box(h=h, x=(-1, 1), xi=(-1.5, 1.5), size=(48, 48))
    (x,), (xi,) = grid.mesh("x", "xi")
    w = Symbol(np.exp(-((x - 0.2) ** 2 + xi**2) / 0.18), grid)
    pair = module._symbols(w, [1.0, 1.0], 1e-9)
    small = pair.upper.grid
    pads = [(40, 40 + (a.size % 2)) for a in small.x + small.xi]
    axes = [
        Axis(a.lower - 40 * a.spacing, a.spacing, a.size + sum(pad))
        for a, pad in zip(small.x + small.xi, pads, strict=True)
    ]
    large = PhaseGrid(tuple(axes[:1]), tuple(axes[1:]), h)
    (k,), (s,) = large.mesh("k", "s")
    smooth = np.exp(-h / 4 * (k**2 + (s / h) ** 2))
    smoothed = np.fft.irfft2(np.fft.rfft2(np.pad(pair.upper.values, pads)) * smooth, large.shape)
    wrong = np.pad(w.resampled(small).values, pads) - smoothed
    true = sqrt(float((wrong**2).sum()) * large.cell)
    assert 1e-6 < true <= pair.missing
