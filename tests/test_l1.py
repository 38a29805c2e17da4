"""L1 norms between bounds: closed forms, and plain sums over very fine grids."""

from __future__ import annotations

from math import erf, pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openweyl import Axis, PhaseGrid, Symbol, coherent
from openweyl.norms import l1 as module
from openweyl.norms import legendre_cells, polynomial_cells
from openweyl.norms.l1 import l1_bounds, refined_l1
from openweyl.phase_space.resampling import resized


def torus(*sizes: int) -> PhaseGrid:
    """A grid on which V sum_cells is the mean over the torus."""
    n = len(sizes) // 2
    axes = tuple(Axis(0.0, 1 / size, size) for size in sizes)
    return PhaseGrid(axes[:n], axes[n:], 1 / (2 * pi))


def wave(grid: PhaseGrid, *counts: int, phase: float = 0.0) -> Symbol:
    """The product over all axes of cos(2 pi count x + phase)."""
    factors = [np.cos(2 * pi * c * a.points + phase) for c, a in zip(counts, grid.x + grid.xi, strict=True)]
    return Symbol(np.multiply.outer(*factors) if len(factors) == 2 else np.einsum("a,b,c,d->abcd", *factors), grid)


def fine_sum(symbol: Symbol, points: int) -> tuple[float, float]:
    """The plain sum on `points` for each sample, and its error: sum_a (K d)^2/8, as int |f''| <= K^2 int |f|."""
    w, grid = symbol.values, symbol.grid
    for a in range(w.ndim):
        w = resized(w, a - w.ndim, points * w.shape[a])
    value = float(np.abs(w).mean()) * grid.cell * grid.size
    return value, w.ndim * (pi / points) ** 2 / 8 * value


# 3 samples to a wave: sums over all and over every second point agree, both wrong by 4 %
@pytest.mark.parametrize(("size", "count"), [(12, 4), (24, 8), (12, 5), (16, 3), (9, 4)])
@pytest.mark.parametrize("phase", [0.0, 0.3, pi / 2])
def test_waves_on_few_points(size: int, count: int, phase: float) -> None:
    """int |cos| = 2/pi on lines of zeros parallel to an axis, however few points a wave has."""
    grid = torus(size, 8)
    for counts, exact in (((count, 0), 2 / pi), ((count, 2), (2 / pi) ** 2)):
        w = wave(grid, *counts, phase=phase) / (np.cos(phase) if 0 in counts and abs(np.cos(phase)) > 0.1 else 1.0)
        if np.abs(w.values).max() < 1e-6 or (0 in counts and phase == pi / 2):
            continue
        value, error = w.l1()
        assert abs(value - exact) <= error < 2e-4 * exact
        lower, _, upper = l1_bounds(w)
        assert lower <= exact <= upper


@settings(max_examples=12)
@given(st.integers(0, 10**6), st.sampled_from([(8, 8), (16, 6), (9, 14), (6, 7)]), st.floats(0, 3))
def test_the_true_error_is_within_the_reported_one(seed: int, sizes: tuple[int, int], decay: float) -> None:
    """Random trigonometric polynomials, from white noise to smooth ones."""
    rng, grid = np.random.default_rng(seed), torus(*sizes)
    k = np.hypot(*np.meshgrid(*(np.fft.fftfreq(s) * 2 for s in sizes), indexing="ij"))
    w = Symbol(np.fft.ifft2(np.fft.fft2(rng.normal(size=sizes)) * np.exp(-decay * k**2)).real, grid)
    exact, off = fine_sum(w, 96)
    lower, value, upper = l1_bounds(w)
    assert lower <= value <= upper
    assert lower <= exact + off and exact - off <= upper
    value, error = w.l1()
    assert abs(value - exact) <= error + off
    assert error < 1e-4 * value


@settings(max_examples=5)
@given(st.integers(0, 10**6))
def test_four_dimensions(seed: int) -> None:
    sizes = (4, 4, 5, 4)
    rng, grid = np.random.default_rng(seed), torus(*sizes)
    w = Symbol(rng.normal(size=sizes), grid)
    exact, off = fine_sum(w, 8)  # off: 8 %
    lower, value, upper = l1_bounds(w)
    assert lower <= exact + off and exact - off <= upper and lower <= value <= upper
    assert upper - lower < 0.7 * value


def test_a_product_in_four_dimensions() -> None:
    grid = torus(12, 10, 8, 12)
    exact = (2 / pi) ** 4
    lower, value, upper = l1_bounds(wave(grid, 2, 1, 1, 2, phase=0.4))
    assert lower <= exact <= upper
    assert value == pytest.approx(exact, rel=0.02) and upper - lower < 0.3 * exact


@pytest.mark.parametrize("accuracy", [1e-2, 1e-4, 1e-6])
def test_the_distance_of_two_coherent_states(accuracy: float) -> None:
    grid = PhaseGrid.box(h=0.1, x=(-3, 3), xi=(-3, 3), size=(64, 60))
    w = coherent(0.5, 0.1).symbol(grid) - coherent(-0.3, 0).symbol(grid)
    exact = 2 * erf(sqrt(0.8**2 + 0.1**2) / 2 / sqrt(0.1))
    lower, value, upper = refined_l1(w, accuracy=accuracy)
    assert lower <= exact <= upper and upper - lower <= accuracy * value
    assert value == pytest.approx(exact, rel=accuracy / 5)


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(64, 60), (4, 5, 4, 4)])
def test_cells_at_a_time_do_not_matter(monkeypatch: pytest.MonkeyPatch, sizes: tuple[int, ...]) -> None:
    """The same bounds from a few cells at a time; with nothing stored for further cuts they are wider, and hold."""
    grid = torus(*sizes)
    w = wave(grid, *(1,) * len(sizes), phase=0.4)
    exact = (2 / pi) ** len(sizes)
    accuracy = 1e-5 if len(sizes) == 2 else 5e-2
    plain = refined_l1(w, accuracy=accuracy)
    monkeypatch.setattr(legendre_cells, "NUMBERS_AT_ONCE", 50000)
    monkeypatch.setattr(module, "PARTS_AT_ONCE", 50000)
    assert refined_l1(w, accuracy=accuracy) == pytest.approx(plain, rel=1e-7)  # of equal widths, others may be cut
    monkeypatch.setattr(module, "MAX_STORED", 2000)
    monkeypatch.setattr(polynomial_cells, "MAX_STORED", 2000)
    lower, value, upper = refined_l1(w, accuracy=accuracy)
    assert lower <= exact <= upper and upper - lower > plain[2] - plain[0]
    assert plain[2] - plain[0] <= accuracy * value


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(8, 7), (5, 6, 4, 3)])
def test_polynomials_and_their_parts_are_the_function(sizes: tuple[int, ...]) -> None:
    """p at any point of a cell, or of a part of it, is f up to the rest, of which the squares add up as they should."""
    rng, dims, degree = np.random.default_rng(5), len(sizes), 8 if len(sizes) == 2 else 5
    f = rng.normal(size=sizes)
    c = np.concatenate(list(legendre_cells.polynomials(f, degree)), axis=1)
    parts = legendre_cells.cut(c, dims, degree).reshape(len(c), 2**dims, -1)
    squares = 0.0
    indices = np.array(legendre_cells.multi_indices(dims, degree))
    u = rng.uniform(-1, 1, (200, dims))
    for point in u:
        basis = np.array([prod_legendre(a, point) for a in indices])
        side = int("".join("1" if z > 0 else "0" for z in point), 2)
        inner = np.array([prod_legendre(a, 2 * point - np.sign(point)) for a in indices])
        assert basis @ c == pytest.approx(inner @ parts[:, side], abs=1e-11)
        squares += float(((basis @ c - band_limited(f, point / 2)) ** 2).sum()) / len(u)
    rest = legendre_cells.squared_rests(f, degree)[-1]
    assert rest / 3 <= squares <= 3 * rest


def prod_legendre(a: np.ndarray, point: np.ndarray) -> float:
    return float(np.prod([np.polynomial.legendre.Legendre.basis(i)(z) for i, z in zip(a, point, strict=True)]))


def band_limited(f: np.ndarray, t: np.ndarray) -> np.ndarray:
    """The trigonometric interpolant at each point of the grid moved by `t` spacings, as one line."""
    for axis, (size, s) in enumerate(zip(f.shape, t, strict=True)):
        waves = np.fft.fftfreq(size)
        phases = np.where(np.abs(waves) >= 0.5, np.cos(np.pi * s), np.exp(2j * np.pi * waves * s))
        spectrum = np.moveaxis(np.fft.fft(f, axis=axis), axis, -1) * phases
        f = np.moveaxis(np.fft.ifft(spectrum).real, -1, axis)
    return f.ravel()


@pytest.mark.slow
@pytest.mark.parametrize("atol", [1e-1, 1e-3, 1e-5])
def test_what_is_cut_off_is_in_the_error(atol: float) -> None:
    """A packet beside a low and wide one, which a smaller grid leaves out in part; and one that ends at the edge."""
    grid = PhaseGrid.box(h=0.1, x=(-3, 3), xi=(-3, 3), size=(64, 60))
    (x,), (xi,) = grid.mesh("x", "xi")
    for low in (0.2 * atol, 20 * atol):
        w = coherent(0.5, 0.1).symbol(grid) - low * Symbol(np.exp(-(x**2 + xi**2) / 1.6), grid)
        exact = refined_l1(w, accuracy=1e-7)[1]
        value, error = module.l1_norm(w, 1e-12, atol)
        assert abs(value - exact) <= error <= atol + 1e-7
    w = coherent(2.9, 0.1).symbol(grid)
    value, error = module.l1_norm(w, 1e-12, atol)
    assert abs(value - refined_l1(w, accuracy=1e-7)[1]) <= error + 1e-7


def test_bounds_close_with_the_cube_of_the_spacing() -> None:
    widths = []
    for size in (40, 80, 160):
        grid = PhaseGrid.box(h=0.1, x=(-3, 3), xi=(-3, 3), size=(size, size))
        (x,), (xi,) = grid.mesh("x", "xi")
        lower, _, upper = l1_bounds(Symbol((x + 0.3 * xi - 0.05) * np.exp(-(x**2 + xi**2) / 0.2), grid))
        widths.append(upper - lower)
    assert widths[1] < widths[0] / 6 and widths[2] < widths[1] / 6


def test_what_keeps_its_sign_has_its_integral_from_below() -> None:
    grid = PhaseGrid.box(h=0.1, x=(-3, 3), xi=(-3, 3), size=(64, 60))
    w = -coherent(0.5, 0.1).symbol(grid)
    lower, _, upper = l1_bounds(w)
    assert lower == pytest.approx(-float(w.trace()), rel=1e-13)
    assert upper - lower < 3e-3
    assert w.l1()[0] == pytest.approx(lower, rel=1e-8)


@pytest.mark.slow
def test_zero_and_the_end_of_refinement() -> None:
    grid = torus(8, 8)
    assert l1_bounds(Symbol(np.zeros((8, 8)), grid)) == (0, 0, 0)
    w = wave(grid, 1, 1, phase=0.2)
    wide, narrow = refined_l1(w, accuracy=1e-9, most=0), refined_l1(w, accuracy=1e-9, most=10**7)
    assert wide == l1_bounds(w)
    assert narrow[2] - narrow[0] < (wide[2] - wide[0]) / 50
    assert wide[0] <= narrow[0] + 1e-12 and narrow[2] <= wide[2] + 1e-12


@pytest.mark.parametrize("level", [0.66, 0.7, 0.75])
def test_what_changes_its_sign_within_a_cell_that_is_steady(level: float) -> None:
    """c + cos at the largest wave number: the linear fit of every other cell keeps its sign, and f does not."""
    grid = torus(8, 8)
    exact = 2 / pi * (sqrt(1 - level**2) + level * np.arcsin(level))
    lower, _, upper = l1_bounds(Symbol(level + wave(grid, 4, 0).values, grid))
    assert lower <= exact <= upper
