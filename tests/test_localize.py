"""The enclosure of the trace norm: each inequality of docs/trace-norm.md by itself, then all of them together."""

from __future__ import annotations

from dataclasses import replace
from math import pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import on_one_grid, slow_but
from openweyl import InputError, PhaseGrid, ResourceError, Symbol, System, cat, coherent, evolve, squeezed, trace_norm
from openweyl.norms import cell_sums, two_sided
from openweyl.norms import trace_norm as trace_norm_module
from openweyl.norms.cell_layout import plan
from openweyl.norms.cell_sums import compress, enclose
from openweyl.norms.dense import dense_trace_norm, rank_bound
from openweyl.norms.partition_of_unity import MEAN_SQUARED_SLOPE, RESTORED_TERMS, overlap, restored, tail, window
from openweyl.phase_space.kernels import kernel_points, quantize
from openweyl.phase_space.support import left_out, truncated

H = 0.02


def tr(matrix: np.ndarray) -> float:
    return float(np.abs(np.linalg.eigvalsh(matrix)).sum())


def random_symbol(seed: int, n: int = 1, h: float = H, box: float = 1.5, points: int = 96) -> Symbol:
    """Gaussians of random signs, widths and places, some with fringes, of zero trace or not."""
    rng = np.random.default_rng(seed)
    grid = PhaseGrid.box(h=h, x=[(-box, box)] * n, xi=[(-box, box)] * n, size=(points, points))
    x, xi = grid.mesh("x", "xi")
    w = np.zeros(grid.shape)
    for _ in range(rng.integers(1, 6)):
        term = rng.standard_normal()
        for z in (*x, *xi):
            scaled = (z - rng.uniform(-0.35, 0.35) * box) / sqrt(h * rng.uniform(0.5, 1.5))
            term = term * np.exp(-(scaled**2) / 2) * np.cos(rng.uniform(0, 1.2) * scaled + rng.uniform(0, pi))
        w += term
    return Symbol(w, grid)


def size(w: Symbol) -> float:
    """The L1 norm by the samples."""
    return float(np.abs(w.values).sum() * w.grid.cell)


def cells_only(w: Symbol, width: float) -> tuple[float, float]:
    """Both sums for windows 2 W = `width` sqrt(h), however small the kernel is."""
    scale = size(w)
    layout = plan(w, [width * sqrt(w.h)] * (2 * w.n), 1e-4 * scale)
    return enclose(w, layout, 1e-4 * scale, 1e-4)


def double_well(h: float, t: float, tol: float) -> Symbol:
    system = System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=h, gamma=1.0)
    runs = [evolve(system, coherent(1, 0), [t], kind=kind, tol=tol) for kind in ("quantum", "classical")]
    quantum, classical = on_one_grid(*runs)
    return quantum - classical


# --- the windows


def test_squares_of_the_windows_add_up_to_one():
    t = np.linspace(-1, 1, 1001)
    assert sum(window(t - j) ** 2 for j in range(-3, 4)) == pytest.approx(np.ones(1001), abs=1e-14)
    assert window(np.array([0.0, 1.0, -1.0, 7.0])) == pytest.approx([1, 0, 0, 0], abs=1e-15)


@given(st.floats(-5, 5), st.floats(-4, 4))
def test_overlap_is_the_sum_over_all_windows(t, s):
    direct = sum(window(np.array(t + s / 2 - j)) * window(np.array(t - s / 2 - j)) for j in range(-9, 10))
    assert overlap(np.array(t), np.array(s)) == pytest.approx(direct, abs=1e-13)
    assert -1e-15 <= direct <= 1 + 1e-14


def test_slope_is_the_mean_of_the_squared_derivatives():
    t, s = np.linspace(0, 1, 4000, endpoint=False), 1e-3
    assert 2 * (1 - overlap(t, np.array(s))).mean() / s**2 == pytest.approx(MEAN_SQUARED_SLOPE, rel=1e-4)


def test_restored_gives_back_the_overlap_but_for_its_remainder():
    f = np.linspace(0, 1, 101)
    assert f * restored(f) + (1 - f) ** RESTORED_TERMS == pytest.approx(np.ones(101), abs=1e-14)


def test_tail_falls_and_bounds_what_a_window_has_above_a_wave_number():
    cuts = np.array([10.0, 30.0, 60.0, 100.0, 200.0])
    tails = np.array([tail(c) for c in cuts])
    assert (np.diff(tails) < 0).all() and tails[-1] < 1e-4
    t = np.linspace(-8, 8, 2**13, endpoint=False)
    spectrum, k = np.fft.fft(window(t) ** 2), 2 * pi * np.fft.fftfreq(2**13, 16 / 2**13)
    for cut, bound in zip(cuts, tails, strict=True):
        assert np.abs(np.fft.ifft(np.where(np.abs(k) > cut, spectrum, 0))).max() <= bound


# --- the inequalities, on kernels


@pytest.mark.parametrize("seed", slow_but((0,), range(4)))
def test_pinching_below_restored_pieces_and_remainder_above(seed):
    kernel = quantize(random_symbol(seed))
    k, (axis,) = kernel.matrix, kernel.windows
    width = 10 * sqrt(H)
    y = axis.points / width
    chi = [window(y - j) for j in range(-9, 10)]
    f = sum(np.outer(c, c) for c in chi)
    gap = k * (1 - f) ** RESTORED_TERMS
    lower = sum(tr(k * np.outer(c, c)) for c in chi)
    upper = sum(tr(k * restored(f) * np.outer(c, c)) for c in chi)
    assert sum(k * restored(f) * np.outer(c, c) for c in chi) + gap == pytest.approx(k, abs=1e-13)
    assert lower <= tr(k) + 1e-12
    assert tr(k) <= upper + tr(gap) + 1e-12
    assert tr(gap) <= sqrt(len(k)) * np.linalg.norm(gap) + 1e-14


@pytest.mark.parametrize("seed", range(4))
def test_strips_from_the_symbol_are_those_of_the_kernel(seed):
    """Windows in x alone: the sum over strips, made from symbols, against kernels in positions."""
    w = random_symbol(seed)
    scale = size(w)
    layout = plan(w, [14 * sqrt(H), 100.0], 1e-4 * scale)
    (part,) = layout.parts
    assert part.bands == 1 and part.strips > 1
    lower, _ = enclose(w, layout, 0.0, 0.0)
    kernel = quantize(w)
    y = (kernel.windows[0].points - part.x.lower) / (part.rows * part.x.spacing)
    direct = sum(tr(kernel.matrix * np.outer(window(y - j), window(y - j))) for j in range(-3, part.strips + 3))
    assert lower + layout.lost == pytest.approx(direct, abs=layout.lost)
    assert layout.lost < 3e-2 * direct


@pytest.mark.parametrize("accuracy", [1e-2, 1e-3, 1e-4])
def test_compressed_matrices_have_less_trace_norm_but_not_much_less(accuracy):
    rng = np.random.default_rng(1)
    q = np.linalg.qr(rng.standard_normal((300, 300)) + 1j * rng.standard_normal((300, 300)))[0]
    matrix = (q * np.exp(-np.arange(300) / 5) * rng.choice([-1, 1], 300)) @ q.conj().T
    matrix = (matrix + matrix.conj().T) / 2
    other = matrix + 1e-3 * np.diag(rng.standard_normal(300))
    (first, second), lost = compress(matrix, other, accuracy=accuracy)
    assert len(first) <= 150
    assert tr(first) <= tr(matrix) + 1e-12 and tr(second) <= tr(other) + 1e-12
    assert tr(matrix) <= tr(first) + lost
    assert lost <= accuracy * np.linalg.norm(matrix)


def test_full_rank_is_not_compressed():
    matrix = np.diag(np.random.default_rng(0).standard_normal(100)).astype(complex)
    (same,), lost = compress(matrix, accuracy=1e-3)
    assert same is matrix and lost == 0


# --- both bounds


@settings(max_examples=6)
@given(st.integers(0, 10**6), st.sampled_from([12.0, 16.0, 22.0]))
def test_cells_enclose_the_dense_trace_norm_of_random_symbols(seed, width):
    w = random_symbol(seed)
    exact = dense_trace_norm(w)
    lower, upper = cells_only(w, width)
    assert lower <= exact <= upper


def test_wider_windows_close_the_gap_quadratically():
    kernel = quantize(random_symbol(3))
    gaps = []
    for width in (8 * sqrt(H), 16 * sqrt(H)):
        y = kernel.windows[0].points / width
        chi = [window(y - j) for j in range(-9, 10)]
        full = restored(sum(np.outer(c, c) for c in chi))
        gaps.append(sum(tr(kernel.matrix * full * np.outer(c, c)) - tr(kernel.matrix * np.outer(c, c)) for c in chi))
    assert 0 <= gaps[1] < gaps[0] / 3


@settings(max_examples=5)
@given(st.integers(0, 10**6), st.sampled_from([1e-1, 1e-2, 1e-4, 1e-6]))
def test_the_enclosure_is_as_narrow_as_asked(seed, rtol):
    w = random_symbol(seed, box=2.0, points=128)  # the edges, of which the bounds hold twice, below 1e-8
    lower, upper = trace_norm(w, rtol)
    exact = dense_trace_norm(w)
    assert lower <= exact * (1 + 1e-11) and exact * (1 - 1e-11) <= upper
    assert upper - lower <= rtol * upper


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (coherent(0.3, 0), coherent(-0.3, 0.2)),
        (coherent(0.3, 0), coherent(0.31, 0)),
        (cat([(0.35, 0), (-0.35, 0)]), coherent(0, 0.2)),
        (squeezed(0, 0, r=0.4), coherent(0, 0)),
    ],
    ids=["far", "near", "cat", "squeezed"],
)
def test_differences_of_states(first, second, monkeypatch):
    monkeypatch.setattr(two_sided, "MAX_DENSE_KERNEL_POINTS", 0)
    grid = PhaseGrid.box(h=0.01, x=(-1.2, 1.2), xi=(-1.2, 1.2), size=(160, 160))
    w = first.symbol(grid) - second.symbol(grid)
    lower, upper = trace_norm(w)
    assert lower <= dense_trace_norm(w) <= upper
    assert upper - lower <= 1e-2 * upper


def test_states_have_trace_norm_one(monkeypatch):
    """Positive operators: the restored pieces have the trace of the whole, so the upper sum is nearly sharp."""
    monkeypatch.setattr(two_sided, "MAX_DENSE_KERNEL_POINTS", 0)
    grid = PhaseGrid.box(h=0.01, x=(-1.2, 1.2), xi=(-1.2, 1.2), size=(96, 96))
    lower, upper = trace_norm(coherent(0.1, 0.2).symbol(grid))
    assert lower <= 1 <= upper <= lower * 1.0101


@pytest.mark.parametrize("power", slow_but((6,), (4, 6, 8)))
def test_double_well_difference(power, monkeypatch):
    w = double_well(2.0**-power, 1.0, 1e-5)
    exact = dense_trace_norm(w)
    for dense in (two_sided.MAX_DENSE_KERNEL_POINTS, 0):
        monkeypatch.setattr(two_sided, "MAX_DENSE_KERNEL_POINTS", dense)
        lower, upper = trace_norm(w)
        assert lower <= exact <= upper
        assert upper - lower <= 1e-2 * upper
    lower, upper = cells_only(w, 20)
    assert lower <= exact <= upper


@pytest.mark.slow
def test_large_double_well_difference():
    w = double_well(2.0**-10, 3.0, 1e-4)
    lower, upper = cells_only(w, 50)
    assert lower <= dense_trace_norm(w) <= upper
    assert upper - lower <= 3e-2 * upper


@pytest.mark.slow
def test_two_degrees_of_freedom():
    w = random_symbol(0, n=2, h=0.4, box=3.2, points=14)
    exact = dense_trace_norm(w)
    lower, upper = two_sided.two_sided(w, 1e-2, 0.0, 60.0)
    assert lower <= exact * (1 + 1e-9) and exact * (1 - 1e-9) <= upper and upper - lower <= 1e-2 * upper
    low, high = trace_norm(w, 0.2)  # the grid is coarse: the edges may hold a good part
    assert low <= lower and upper <= high


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_cells_of_two_degrees_of_freedom(seed):
    w = random_symbol(seed, n=2, h=0.4, box=3.2, points=14)
    scale = size(w)
    layout = plan(w, [1.0] * 4, 0.1 * scale)
    assert all(part.strips > 2 and part.bands > 2 for part in layout.parts)
    # without the allowance for the samples, which is far from sharp on a grid as coarse as this one
    lower, upper = enclose(w, replace(layout, lost=0.0), 1e-3 * scale, 1e-3)
    assert lower <= dense_trace_norm(w) <= upper


# --- what is refused


@pytest.mark.parametrize("negligible", [0.05, 1e-2, 1e-4, 1e-8])
@pytest.mark.parametrize("exact", [0, 400])
def test_what_is_cut_off_at_the_edges_is_bounded(negligible, exact):
    """A narrow spike near an edge, whose trace norm is far above its L1 norm, beside a coherent state."""
    grid = PhaseGrid.box(h=1.0, x=(-12, 12), xi=(-6, 6), size=(384, 192))
    x, xi = (axis[0] for axis in grid.mesh("x", "xi"))
    spike = Symbol(0.4 * np.exp(-((x - 10.5) ** 2 + xi**2) / (2 * 0.15**2)), grid)
    w = coherent(-6, 0).symbol(grid) + spike
    lower, upper = trace_norm_module.enclosure(w, rtol=0.02, negligible=negligible, exact=exact)
    true = dense_trace_norm(w)
    assert lower <= true + 1e-9 and true - 1e-9 <= upper
    assert upper - lower < 0.03 * true + 2 * negligible


@pytest.mark.slow
def test_the_crude_bound_is_one():
    """A spike narrower than a state: its kernel has far more than one singular value."""
    grid = PhaseGrid.box(h=1.0, x=(-1, 1), xi=(-1, 1), size=(64, 64))
    x, xi = (axis[0] for axis in grid.mesh("x", "xi"))
    w = Symbol(np.exp(-(x**2 + xi**2) / (2 * 0.1**2)), grid)
    assert rank_bound(w) >= dense_trace_norm(w)
    w *= 0.5 / dense_trace_norm(w)
    lower, upper = trace_norm_module.enclosure(w, rtol=0.02, negligible=0.06)
    assert lower <= 0.5 <= upper


@pytest.mark.parametrize("level", [1e-2, 1e-5, 1e-9])
def test_the_norm_of_what_is_trimmed(level):
    w = random_symbol(3)
    small = truncated(w, level)
    gone = left_out(w, small)
    assert small.grid.size < w.grid.size
    assert w.hilbert_schmidt() ** 2 == pytest.approx(small.hilbert_schmidt() ** 2 + gone**2, rel=1e-5)
    assert rank_bound(w - small.resampled(w.grid)) == pytest.approx(
        sqrt(np.prod(kernel_points(w.grid))) * gone, rel=0.3
    )


@pytest.fixture(scope="module")
def two_runs() -> Symbol:
    """The difference of one evolution at two tolerances: its own size is that of their errors.

    These are so far apart that the edges of the finer grid hold little beside it.
    """
    system = System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=2.0**-6, gamma=1.0)
    runs = [evolve(system, coherent(1, 0), [1.0], kind="quantum", tol=tol) for tol in (1e-4, 1e-7)]
    rough, fine = on_one_grid(*runs)
    return rough - fine


@pytest.mark.parametrize("dense", [1000, 0])
def test_the_difference_of_two_runs_is_bounded_with_an_absolute_width(two_runs, dense, monkeypatch):
    monkeypatch.setattr(two_sided, "MAX_DENSE_KERNEL_POINTS", dense)
    w = two_runs
    true = dense_trace_norm(w)
    assert true < 2e-5
    with pytest.raises(InputError, match=r", or leave it to the bounds by `atol` = [0-9.e-]+\.$") as error:
        trace_norm(w, 1e-4)
    enough = float(str(error.value).rsplit("= ", 1)[1].rstrip("."))
    for atol in (enough, 10 * enough, 1e-6):
        lower, upper = trace_norm(w, 1e-4, atol)
        assert lower <= true <= upper
        assert upper <= 2.2 * true + atol  # the edges may hold as much again


def test_what_a_box_cuts_off_is_within_the_bounds():
    """States at distance 1e-3 of which a box holds all but some 1e-4: 2 sqrt(1 - |<a|b>|^2) is known."""
    grid = PhaseGrid.box(h=0.01, x=(-0.3, 0.3), xi=(-0.5, 0.5), size=(80, 80))
    w = coherent(0.0005, 0).symbol(grid) - coherent(-0.0005, 0).symbol(grid)
    exact = 2 * sqrt(-np.expm1(-(1e-3**2) / (2 * 0.01)))
    with pytest.raises(InputError, match=r"end of the (interval|wave number) of x\."):
        trace_norm(w, 1e-4)
    lower, upper = trace_norm(w, 1e-4, 1e-2 * exact)
    assert lower < exact < upper and upper - lower < 0.06 * exact


def test_an_absolute_width_does_not_excuse_what_is_not_resolved():
    grid = PhaseGrid.box(h=0.01, x=(-1.2, 1.2), xi=(-1.2, 1.2), size=(16, 96))
    with pytest.raises(InputError, match=r"end of the wave number of x\. Take at least"):
        trace_norm(coherent(0, 0).symbol(grid), atol=0.1)
    lower, upper = trace_norm(coherent(0, 0).symbol(grid), atol=4.0)
    assert lower <= 1 <= upper


@pytest.mark.parametrize("atol", [-1e-9, float("nan"), "small", None])
def test_bad_absolute_widths_are_refused(atol):
    w = random_symbol(0)
    with pytest.raises(InputError, match="Argument `atol` must"):
        trace_norm(w, atol=atol)


def test_cells_that_take_too_long_are_refused_and_enclosures_are_wide_instead(monkeypatch):
    """Refused by prediction, before any cell is made."""
    monkeypatch.setattr(two_sided, "MAX_DENSE_KERNEL_POINTS", 0)
    monkeypatch.setattr(two_sided, "SECONDS_PER_CUBED_SIZE", 1e3)
    grid = PhaseGrid.box(h=0.002, x=(-1.2, 1.2), xi=(-1.2, 1.2), size=(400, 400))
    w = coherent(0.3, 0).symbol(grid) - coherent(-0.3, 0).symbol(grid)
    with pytest.raises(ResourceError, match=r"cells of \d+ states, about .* hours: raise `rtol`") as error:
        trace_norm(w)
    assert "\n" not in str(error.value)
    lower, upper = trace_norm_module.enclosure(w, rtol=1e-2, negligible=1e-6)
    assert lower <= 2 <= upper


def test_smooth_symbols_need_no_cells(monkeypatch):
    """Structure of 10 sqrt(h): coherent states are enough for 10 %, not for 1 %."""
    monkeypatch.setattr(two_sided, "MAX_DENSE_KERNEL_POINTS", 0)
    grid = PhaseGrid.box(h=0.01, x=(-3, 3), xi=(-3, 3), size=(80, 80))
    (x,), (xi,) = grid.mesh("x", "xi")
    w = Symbol(x * xi * np.exp(-(x**2 + xi**2) / 0.8), grid)
    exact = dense_trace_norm(w)
    lower, upper = trace_norm(w, 0.1)
    assert lower <= exact <= upper and upper - lower <= 0.1 * upper

    def unexpected(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(two_sided, "enclose", unexpected)
    assert trace_norm(w, 0.1) == (lower, upper)
    with pytest.raises(AssertionError):
        trace_norm(w, 0.01)


def test_zero_has_trace_norm_zero():
    assert trace_norm(0.0 * random_symbol(0)) == (0.0, 0.0)


@pytest.mark.parametrize("rtol", [0, -1e-2, 2, 1e-12, float("nan"), "small", None])
def test_bad_tolerances_are_refused(rtol):
    w = random_symbol(0)
    with pytest.raises(InputError, match="Argument `rtol` must") as error:
        trace_norm(w, rtol)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("x", "xi", "size", "name"),
    [
        ((-1.2, 1.2), (-1.2, 1.2), (16, 96), "wave number of x"),
        ((-1.2, 1.2), (-1.2, 1.2), (96, 16), "wave number of xi"),
        ((-0.2, 1.2), (-1.2, 1.2), (96, 96), "interval of x"),
        ((-1.2, 1.2), (-1.2, 0.2), (96, 96), "interval of xi"),
    ],
)
def test_unresolved_symbols_are_refused_with_the_grid_that_they_need(x, xi, size, name):
    """Aliasing: on such grids the trace norm is wrong while L1, Hilbert-Schmidt norm and trace look right."""
    grid = PhaseGrid.box(h=0.01, x=x, xi=xi, size=size)
    with pytest.raises(InputError, match=f"end of the {name}. Take at least") as error:
        trace_norm(coherent(0, 0).symbol(grid))
    assert "\n" not in str(error.value)


def test_bad_symbols_are_refused():
    w = random_symbol(0)
    values, grid = w.values.copy(), w.grid
    with pytest.raises(InputError, match="shape"):
        trace_norm(Symbol(values[1:], grid))
    values[3, 4] = np.nan
    with pytest.raises(InputError, match="finite"):
        trace_norm(Symbol(values, grid))
    for other in (values, (values, grid), None, "w"):
        with pytest.raises(InputError, match=r"^Argument `symbol` must be a Symbol, but is .* makes one of an array"):
            trace_norm(other)


# --- what is left out, part by part


def test_the_losses_of_a_layout_are_in_both_sums():
    w = random_symbol(3)
    scale = size(w)
    layout = plan(w, [6 * sqrt(H)] * 2, 1e-4 * scale)
    low, high = enclose(w, replace(layout, lost=0.0), 1e-4 * scale, 1e-4)
    lower, upper = enclose(w, replace(layout, lost=0.01 * scale), 1e-4 * scale, 1e-4)
    assert lower == pytest.approx(low - 0.01 * scale, rel=1e-9)
    assert upper == pytest.approx(high + 0.01 * scale, rel=1e-9)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cells_that_are_only_bounded_are_in_the_upper_sum(seed):
    w = random_symbol(seed)
    layout = plan(w, [6 * sqrt(H)] * 2, 1e-4)
    lower, upper = enclose(w, layout, 1e9, 1e-4)
    assert lower == 0
    assert upper >= dense_trace_norm(w)


def test_what_windows_do_not_restore_is_in_the_upper_sum(monkeypatch):
    """If they restored nothing, the remainder would be all of the symbol, bounded by its rank."""
    w = random_symbol(2)
    scale = size(w)
    layout = plan(w, [6 * sqrt(H)] * 2, 1e-4 * scale)
    _, upper = enclose(w, layout, 1e-4 * scale, 1e-4)
    factors = cell_sums._x_factors

    def nothing_restored(given):
        cut, gap = factors(given)
        return cut, np.ones_like(gap)

    monkeypatch.setattr(cell_sums, "_x_factors", nothing_restored)
    remainder = enclose(w, layout, 1e-4 * scale, 1e-4)[1] - upper
    assert 0.95 * rank_bound(w) <= remainder <= 2 * rank_bound(w)


def test_what_compression_loses_is_in_the_upper_sum(monkeypatch):
    w = random_symbol(4)
    scale = size(w)
    layout = plan(w, [6 * sqrt(H)] * 2, 1e-4 * scale)
    exact = enclose(w, layout, 0.0, 1e-9)
    monkeypatch.setattr(
        "openweyl.norms.cell_sums.compress", lambda *both, accuracy: ([0.9 * both[0], 0.9 * both[1]], 7.0)
    )
    rough = enclose(w, layout, 0.0, 1e-9)
    assert rough[1] >= 0.9 * exact[1] + 7.0
    assert rough[0] < exact[0]


def test_what_compression_loses_of_a_whole_kernel_is_in_its_bound(monkeypatch):
    w = random_symbol(4)
    exact = dense_trace_norm(w)
    monkeypatch.setattr(two_sided, "compress", lambda a, accuracy: ([0.9 * a], 0.2 * exact))
    lower, upper = two_sided._from_kernel(w, 1e-2, 100.0)
    assert lower <= 0.9 * exact
    assert upper == pytest.approx(1.1 * exact)


def test_what_eigenvalues_lose_is_in_an_enclosure(monkeypatch):
    w = random_symbol(4)
    monkeypatch.setattr(trace_norm_module, "eigenvalues", lambda *_args, **_options: (np.array([-1.0, 2.0]), 0.25))
    lower, upper = trace_norm_module.enclosure(w, rtol=1e-2, negligible=1e-8, exact=10**4)
    assert (lower, upper) == (pytest.approx(3.0, abs=1e-7), pytest.approx(3.25, abs=1e-7))
