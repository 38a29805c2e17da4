"""Arithmetic of symbols whose grids differ: closed forms, refusals, and no position in an array that means anything."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import factorial, isclose, pi, prod, sqrt
from typing import Any

import numpy as np
import pytest
import scipy.special
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from common import refused
from openweyl import (
    Axis,
    InputError,
    Observable,
    PhaseGrid,
    ResourceError,
    Symbol,
    System,
    coherent,
    compare,
    dequantize,
    evolve,
    from_fock,
    moyal_bracket,
    quantize,
    star,
)
from openweyl.phase_space.edges import MAX_LOST_FRACTION
from systems import PLANE

H = 0.1
PLACED = PhaseGrid.box(h=H, x=(-2, 4), xi=(-3.5, 2.5), size=(64, 64))
"""The shape of PLANE at another place: what NumPy would subtract without a word."""
W, V = coherent(0, 0).symbol(PLANE), coherent(1, -0.5).symbol(PLACED)


@dataclass(frozen=True)
class Normal:
    """trace (2 pi h)^n N(z; mean, diag(deviations^2)), a signed Gaussian of this trace."""

    trace: float
    mean: tuple[float, ...]
    deviations: tuple[float, ...]

    @property
    def n(self) -> int:
        return len(self.mean) // 2

    def on(self, grid: PhaseGrid) -> np.ndarray:
        values = np.array(self.trace * (2 * pi * grid.h) ** self.n)
        for axis, m, s in zip(grid.x + grid.xi, self.mean, self.deviations, strict=True):
            values = np.multiply.outer(values, np.exp(-(((axis.points - m) / s) ** 2) / 2) / (s * sqrt(2 * pi)))
        return values

    def box(self, h: float, ends: list[tuple[float, float]], density: list[float]) -> PhaseGrid:
        """From `ends` deviations below the mean to as many above, `density` points to a deviation."""
        axes = [
            Axis.between(m - low * s, m + high * s, max(round((low + high) * d), 4))
            for m, s, (low, high), d in zip(self.mean, self.deviations, ends, density, strict=True)
        ]
        return PhaseGrid(tuple(axes[: self.n]), tuple(axes[self.n :]), h)

    def inner(self, other: Normal, h: float) -> float:
        """(2 pi h)^-n int f g."""
        value = self.trace * other.trace * (2 * pi * h) ** self.n
        for a, b, s, t in zip(self.mean, other.mean, self.deviations, other.deviations, strict=True):
            value *= np.exp(-((a - b) ** 2) / (s**2 + t**2) / 2) / sqrt(2 * pi * (s**2 + t**2))
        return float(value)

    def outside(self, grid: PhaseGrid) -> float:
        """The L1 norm of what lies beyond the box, but for what a point of its edge stands for."""
        inside = 1.0
        for axis, m, s in zip(grid.x + grid.xi, self.mean, self.deviations, strict=True):
            ends = (axis.upper - axis.spacing / 2 - m) / s, (axis.lower - axis.spacing / 2 - m) / s
            inside *= scipy.special.ndtr(ends[0]) - scipy.special.ndtr(ends[1])
        return abs(self.trace) * float(1 - inside)


def normals(n: int) -> st.SearchStrategy[Normal]:
    trace = st.floats(0.2, 2.0) | st.floats(-2.0, -0.2)
    place = st.tuples(*[st.floats(-0.5, 0.5)] * 2 * n)
    return st.builds(Normal, trace, place, st.tuples(*[st.floats(0.15, 0.4)] * 2 * n))


def boxes(n: int, low: float, high: float, density: float) -> st.SearchStrategy[tuple[list[Any], list[float]]]:
    ends = st.tuples(st.floats(low, high), st.floats(low, high))
    return st.tuples(st.lists(ends, min_size=2 * n, max_size=2 * n),
                     st.lists(st.floats(density, 1.5 * density), min_size=2 * n, max_size=2 * n))  # fmt: skip


def l1_distance(f: Normal, g: Normal, h: float) -> float:
    """(2 pi h)^-n int |f - g| by a plain sum over points of its own."""
    points = 600 if f.n == 1 else 40
    axes = []
    for a, b, s, t in zip(f.mean, g.mean, f.deviations, g.deviations, strict=True):
        axes.append(Axis.between(min(a - 7 * s, b - 7 * t), max(a + 7 * s, b + 7 * t), points))
    grid = PhaseGrid(tuple(axes[: f.n]), tuple(axes[f.n :]), h)
    return float(np.abs(f.on(grid) - g.on(grid)).sum()) * grid.cell


def check_arithmetic(f: Normal, g: Normal, a: Symbol, b: Symbol, tolerance: float) -> None:
    h, overlap = a.h, f.inner(g, a.h)
    largest = max(np.abs(f.on(a.grid)).max(), np.abs(g.on(b.grid)).max())
    squares = f.inner(f, h) + g.inner(g, h)
    for sign, c in ((1, a + b), (-1, a - b)):
        assert np.abs(c.values - f.on(c.grid) - sign * g.on(c.grid)).max() <= tolerance * largest
        assert c.trace() == pytest.approx(f.trace + sign * g.trace, abs=tolerance)
        assert c.purity() == pytest.approx(squares + 2 * sign * overlap, abs=tolerance * squares)
        assert c.hilbert_schmidt() ** 2 == pytest.approx(c.purity(), abs=tolerance * squares)
    value, error = (a - b).l1(1e-2)
    assert abs(value - l1_distance(f, g, h)) <= error + 1e-3 * (abs(f.trace) + abs(g.trace)) + tolerance
    assert a.inner(b) == pytest.approx(overlap, abs=tolerance * squares)
    both = a * b
    assert both.trace() == pytest.approx(overlap, abs=tolerance * squares)
    assert np.abs(both.values - f.on(both.grid) * g.on(both.grid)).max() <= tolerance * largest**2


@settings(max_examples=20)
@given(normals(1), normals(1), boxes(1, 6.5, 9, 2.4), boxes(1, 6.5, 9, 2.4), st.sampled_from([0.02, 0.1, 1.0]))
def test_closed_forms_on_any_two_grids(f: Normal, g: Normal, one: Any, two: Any, h: float) -> None:
    a, b = (Symbol(s.on(grid), grid) for s, grid in ((f, f.box(h, *one)), (g, g.box(h, *two))))
    check_arithmetic(f, g, a, b, 1e-7)


@pytest.mark.slow
@settings(max_examples=2)
@given(normals(2), normals(2), boxes(2, 4.5, 5, 1.7), boxes(2, 4.5, 5, 1.7))
def test_closed_forms_for_two_degrees_of_freedom(f: Normal, g: Normal, one: Any, two: Any) -> None:
    a, b = (Symbol(s.on(grid), grid) for s, grid in ((f, f.box(0.2, *one)), (g, g.box(0.2, *two))))
    check_arithmetic(f, g, a, b, 2e-3)


@settings(max_examples=8)
@given(normals(1), normals(1), st.tuples(st.floats(-1, 1), st.floats(-1, 1)))
def test_boxes_of_one_shape_at_different_places(f: Normal, g: Normal, shift: tuple[float, float]) -> None:
    """The arrays have one shape, so that values at equal positions, of different points, could be subtracted."""
    a, b = (
        PhaseGrid.box(h=H, x=(-4 + x, 4 + x), xi=(-4 + xi, 4 + xi), size=(140, 150)) for x, xi in ((0.0, 0.0), shift)
    )
    check_arithmetic(f, g, Symbol(f.on(a), a), Symbol(g.on(b), b), 1e-6)


CUTS = (0.01, 0.04, 0.06, 0.3)


@settings(max_examples=60)
@given(
    normals(1), normals(1), st.sampled_from(CUTS), st.sampled_from(["one end", "both ends", "x and xi"]),
    st.integers(0, 1), st.floats(2.4, 8.0), st.floats(4, 8),
)  # fmt: skip
def test_what_a_box_cuts_off_is_refused_or_within_what_is_said(
    f: Normal, g: Normal, part: float, where: str, index: int, density: float, reach: float
) -> None:
    """`part` of f lies beyond each cut; beyond 2 % of the whole the sum is refused, and below the error is as large."""
    end = float(-scipy.special.ndtri(part))
    ends = [(7.0, 7.0), (7.0, 7.0)]
    ends[index] = (end, end) if where == "both ends" else (reach, end)
    if where == "x and xi":
        ends[1 - index] = (end, reach)
    grid = f.box(H, ends, [density] * 2)
    a, b = Symbol(f.on(grid), grid), Symbol(g.on(other := g.box(H, [(7.3, 6.7)] * 2, [2.6] * 2)), other)
    assume(all(u != v for u, v in zip(grid.x + grid.xi, other.x + other.xi, strict=True)))
    if part > 0.02:
        for call in (lambda: a - b, lambda: b + a, lambda: a * b, lambda: b.inner(a), lambda: star(a, b)):
            refused(call, "Argument `symbol` must be negligible at the edges of its grid, to meet one on another grid")
        return
    try:
        difference = a - b
    except InputError:
        return
    exact = f.on(difference.grid) - g.on(difference.grid)
    wrong = float(np.abs(difference.values - exact).sum()) * difference.grid.cell + f.outside(difference.grid)
    assert wrong <= MAX_LOST_FRACTION * abs(f.trace) * 1.05
    assert abs(difference.trace() - f.trace + g.trace) <= MAX_LOST_FRACTION * abs(f.trace)


@pytest.mark.parametrize("width", [0.5, 1.0, 1.5, 2.0])
def test_a_narrow_box_in_the_middle_of_a_function(width: float) -> None:
    """Its outermost points hold less than 5 % of what it holds, and yet a third or more of the function is missing."""
    f = Normal(1.0, (0.0, 0.0), (0.2, 0.2))
    grid = f.box(H, [(width, width), (7, 7)], [60 / width, 4])
    assert f.outside(grid) > 0.04
    refused(lambda: Symbol(f.on(grid), grid) - W, "Argument `symbol` must be negligible at the edges of its grid")


def test_a_box_that_ends_where_a_function_changes_its_sign() -> None:
    grid = PhaseGrid.box(h=H, x=(-1.2, 0), xi=(-1.5, 1.5), size=(64, 64))
    (x,), (xi,) = grid.mesh("x", "xi")
    half = Symbol(x * np.exp(-(x**2 + xi**2) / H), grid)
    refused(lambda: half + W, "Argument `symbol` must be negligible at the edges of its grid")


def test_one_function_of_a_batch_that_is_cut() -> None:
    """It hides behind a hundred others in their sum."""
    inside, cut = coherent(0, 0).symbol(PLANE).values, coherent(2.9, 0).symbol(PLANE).values
    many = Symbol(np.stack([inside] * 100 + [cut]), PLANE)
    refused(lambda: many - V, "Argument `symbol` must be negligible at the edges of its grid")
    refused(lambda: V - many, "Argument `symbol` must be negligible at the edges of its grid")
    assert (many - W).trace() == pytest.approx(many.trace() - 1)  # on one grid nothing is resampled


def test_too_few_points_are_told_apart_from_too_short_a_box() -> None:
    f = Normal(1.0, (0.0, 0.0), (0.2, 0.2))
    grid = f.box(H, [(7, 7)] * 2, [0.7, 4])
    refused(lambda: W - Symbol(f.on(grid), grid), "Argument `symbol` must be negligible at the edges of its grid")
    with pytest.raises(
        InputError, match=r"at the largest wave numbers of x\. Take more points there, or both on one gr"
    ):
        W - Symbol(f.on(grid), grid)
    grid = f.box(H, [(7, 7), (7, 0.5)], [4, 4])
    with pytest.raises(
        InputError, match=r"at the ends, and beyond, of xi\. Take a longer interval there, or both on one grid\.$"
    ):
        W - Symbol(f.on(grid), grid)


@pytest.mark.slow
@pytest.mark.parametrize("tol", [0.1, 1e-2, 1e-4])
@pytest.mark.parametrize("jumps", [[], ["x", "xi"], ["(x + I*xi)/sqrt(2)"]])
@pytest.mark.parametrize("hamiltonian", ["xi**2/2 - cos(x)", "xi**2/2 + x**2/2", "xi**2 + (x**2 - 1/2)**2"])
def test_runs_leave_little_enough_at_their_edges(hamiltonian: str, jumps: list[str], tol: float) -> None:
    system = System(hamiltonian, jumps, h=0.15, gamma=float(bool(jumps)))
    runs = [evolve(system, coherent(1, 0), [0.0, 0.4, 1.0], tol=tol, kind=kind) for kind in ("quantum", "classical")]
    wide = PhaseGrid.box(h=0.15, x=(-9, 9), xi=(-9, 9), size=(200, 200))
    for symbol in (*runs[0], *runs[1]):
        assert abs((symbol - coherent(0, 0).symbol(wide)).trace()) <= 2 * tol


# --- the pendulum: what everyone writes


PENDULA = [*product((0.05, 0.08, 0.15, 0.25), ((0.5,), (0.25, 0.5), (0.1, 0.5, 1.0)))]


@pytest.mark.parametrize(
    ("h", "times"), [pytest.param(*case, marks=() if case[1] == (0.25, 0.5) else pytest.mark.slow) for case in PENDULA]
)
def test_the_difference_of_two_runs_is_that_of_compare(h: float, times: tuple[float, ...]) -> None:
    system = System("xi**2/2 - cos(x)", ["x", "xi"], h=h, gamma=1.0)
    found = compare(system, coherent(1, 0), times, tol=1e-4)
    quantum, classical = (
        evolve(system, coherent(1, 0), times, kind=kind, tol=1e-4) for kind in ("quantum", "classical")
    )
    for i in range(len(times)):
        value, error = (quantum[i] - classical[i]).l1()
        room = 2 * (quantum.numerics.error[i] + classical.numerics.error[i])
        assert abs(value - found.l1[i]) <= error + found.l1_error[i] + room
        assert value == pytest.approx(found.l1[i], rel=0.02)
        assert found.difference(i).l1().value == pytest.approx(value, rel=0.02)


def test_values_at_equal_positions_are_at_different_points() -> None:
    """Two runs choose their boxes, which may be of one shape: subtracted as arrays they are at .8 instead of .0071."""
    system = System("xi**2/2 - cos(x)", ["x", "xi"], h=0.08, gamma=1.0)
    quantum, classical = (
        evolve(system, coherent(1, 0), [0.25, 0.5], kind=kind, tol=1e-4).final for kind in ("quantum", "classical")
    )
    classical = classical.resampled(quantum.grid.shifted([0.2, -0.1]))
    assert (quantum - classical).l1().value == pytest.approx(0.007119, rel=1e-3)
    assert Symbol(quantum.values - classical.values, quantum.grid).l1().value > 0.2


# --- functions made of one


@pytest.mark.parametrize("sizes", [(64, 64), (63, 65), (64, 67), (75, 72)])
def test_derivatives_of_a_gaussian(sizes: tuple[int, int]) -> None:
    """Hermite polynomials, with even and odd numbers of points."""
    f, grid = Normal(1.0, (0.1, -0.2), (0.3, 0.35)), PhaseGrid.box(h=H, x=(-3, 3), xi=(-3, 3), size=sizes)
    w = Symbol(f.on(grid), grid)
    points = [(a.points - m) / s for a, m, s in zip(grid.x + grid.xi, f.mean, f.deviations, strict=True)]
    for a, b in ((1, 0), (0, 1), (2, 0), (1, 1), (3, 2), (0, 4)):
        factors = [
            scipy.special.eval_hermitenorm(order, u) * (-1) ** order / s**order
            for order, u, s in zip((a, b), points, f.deviations, strict=True)
        ]
        exact = w.values * np.multiply.outer(*factors)
        assert np.abs(w.derivative(a, b).values - exact).max() < 1e-8 * np.abs(exact).max()
        assert np.abs((1j * w).derivative(a, xi=b).values - 1j * exact).max() < 1e-8 * np.abs(exact).max()
    assert np.array_equal(w.derivative().values, w.values)


@pytest.mark.parametrize("sizes", [(64, 64), (63, 65)])
def test_smoothed_gaussians_are_wider(sizes: tuple[int, int]) -> None:
    f, grid = Normal(1.0, (0.1, -0.2), (0.3, 0.35)), PhaseGrid.box(h=H, x=(-3, 3), xi=(-3, 3), size=sizes)
    w = Symbol(f.on(grid), grid)
    for variance in (0.0, 0.01, H / 2):
        wide = Normal(1.0, f.mean, tuple(sqrt(s**2 + variance) for s in f.deviations)).on(grid)
        assert np.abs(w.smoothed(variance).values - wide).max() < 1e-9 * np.abs(wide).max()


def test_the_husimi_density_is_the_symbol_smoothed() -> None:
    density = W.smoothed(H / 2)
    for x, xi in ((0, 0), (10, 20), (32, 40)):
        place = PLANE.x[0].points[x], PLANE.xi[0].points[xi]
        value = W.expectation(f"husimi({place[0]}, {place[1]})").value
        assert density.values[x, xi] == pytest.approx(value, abs=1e-9)


@pytest.mark.parametrize("sizes", [(48, 50), (47, 51)])
@pytest.mark.parametrize("factor", [1.0, 1 + 2j])
def test_doubled_keeps_the_samples_and_all_integrals(sizes: tuple[int, int], factor: complex) -> None:
    grid = PhaseGrid.box(h=H, x=(-2, 2), xi=(-2, 2), size=sizes)
    w = Symbol(factor * np.random.default_rng(1).normal(size=sizes), grid)
    fine = w.doubled()
    assert fine.grid == grid.scaled(1 / 2)
    assert np.abs(fine.values[::2, ::2] - w.values).max() < 1e-12
    assert fine.trace() == pytest.approx(w.trace(), abs=1e-12)


@settings(max_examples=20)
@given(normals(1), boxes(1, 6.5, 8, 2.6), boxes(1, 6.5, 8, 2.6))
def test_resampled_there_and_back(f: Normal, one: Any, two: Any) -> None:
    grid, other = f.box(H, *one), f.box(H, *two)
    w = Symbol((1 + 0.5j) * f.on(grid), grid)
    there = w.resampled(other)
    assert there.grid == other
    assert np.abs(there.values - (1 + 0.5j) * f.on(other)).max() < 1e-7 * np.abs(w.values).max()
    assert np.abs(there.resampled(grid).values - w.values).max() < 1e-7 * np.abs(w.values).max()


@pytest.mark.parametrize("steps", [-200, -100, -64, -63, 0, 63, 64, 65, 100, 200])
@pytest.mark.parametrize("parts", [1, 2])
def test_boxes_that_lie_apart(steps: int, parts: int) -> None:
    """Whole steps of one grid to either side: zero where the function has no point."""
    d = PLANE.x[0].spacing
    moved = PhaseGrid((Axis(-3 + steps * d, d / parts, 64 * parts),), PLANE.xi, H)
    there = W.resampled(moved)
    assert there.values.shape == moved.shape
    assert np.abs(there.values - coherent(0, 0).symbol(moved).values).max() < (1e-12 if parts == 1 else 1e-9)
    other = coherent(steps * d, 0).symbol(moved)
    assert (W + other).trace() == pytest.approx(2, abs=1e-9)


def test_complex_symbols_on_two_grids() -> None:
    product = star(W, V)
    again = star(V, W)
    assert (product - again).trace() == pytest.approx(0, abs=1e-9)
    assert (product + V).trace() == pytest.approx(product.trace() + 1, abs=1e-9)
    assert (2j * W - V).hilbert_schmidt() ** 2 == pytest.approx(4 + 1, abs=1e-7)  # a real inner product has no part
    assert (1j * W).inner(V) == pytest.approx(-1j * W.inner(V), abs=1e-12)
    assert ((1j * W) * V).trace() == pytest.approx(1j * W.inner(V), abs=1e-9)
    assert (1j * W).purity() == pytest.approx(-1, abs=1e-9)


# --- batches, copies, and what NumPy would do


def test_batches() -> None:
    batch = Symbol(np.stack([W.values, 2 * W.values, 0 * W.values]), PLANE)
    assert batch.batch == (3,) and W.batch == ()
    assert [float(one.trace()) for one in batch] == pytest.approx([1, 2, 0])
    assert batch[-1].trace() == 0 and batch[np.int64(1)].trace() == pytest.approx(2)
    assert (batch - V).trace() == pytest.approx([0, 1, -1], abs=1e-9)
    assert (V - batch).batch == (3,)
    assert batch.inner(V) == pytest.approx(np.array([1, 2, 0]) * W.inner(V))
    assert batch.derivative(1).batch == batch.smoothed(0.1).batch == batch.doubled().batch == (3,)
    assert np.array_equal(batch[1].derivative(1).values, batch.derivative(1)[1].values)
    for index in (3, -4, "0", None, 1.0, True, slice(0, 2), (0, 1)):
        refused(lambda index=index: batch[index], "Argument `index` must be a whole number from -3 to 2, but is ")
    refused(lambda: W[0], "Argument `index` must be left out, but is 0. This is a single function")
    with pytest.raises(TypeError, match="single function"):
        list(W)
    other = Symbol(np.stack([V.values] * 2), PLACED)
    refused(
        lambda: batch - other, "Argument `other` must be one, or a batch of shape (3,), but is a batch of shape (2,)"
    )
    for call in (
        batch.l1,
        batch.trace_norm,
        batch.moments,
        batch.fock,
        lambda: batch.marginal("x"),
        lambda: quantize(batch),
    ):
        refused(call, "Argument `symbol` must be one, but is a batch of ")
    refused(lambda: Symbol(np.zeros((0, 64, 64)), PLANE), "Argument `values` must hold at least one function")


def test_values_are_a_copy_and_read_only() -> None:
    given = np.ones(PLANE.shape)
    symbol = Symbol(given, PLANE)
    given[:] = 5
    assert symbol.values.max() == 1
    for one in (symbol, -symbol, W + V, W.resampled(PLACED), Symbol(given[None], PLANE)[0], 2 * symbol, W):
        with pytest.raises(ValueError, match="read-only"):
            one.values[0, 0] = 7
    with pytest.raises(ValueError, match="WRITEABLE"):
        symbol.values.flags.writeable = True
    for name in ("values", "grid", "h"):
        with pytest.raises(AttributeError):
            setattr(symbol, name, None)


@pytest.mark.parametrize("copied", [lambda s: pickle.loads(pickle.dumps(s)), copy.deepcopy, copy.copy])  # noqa: S301
def test_copies(copied: Callable[[Symbol], Symbol]) -> None:
    assert W.profiles  # kept in the object
    same = copied(W)
    assert type(same) is Symbol and same.grid == PLANE
    assert np.array_equal(same.values, W.values)
    assert not same.values.flags.writeable
    assert (same - V).l1() == (W - V).l1()


@pytest.mark.parametrize("array", [W.values, np.ones((2, *PLANE.shape)), np.ones(3), [1.0, 2.0], W.to_xarray()])
def test_arrays_are_no_symbols(array: Any) -> None:
    """They know no grid; NumPy's own functions refuse symbols, as they would work by position."""
    for call in (lambda: W - array, lambda: W + array, lambda: W * array, lambda: W.inner(array), lambda: W / array):
        refused(call, "Argument `other` must be a ")
    if isinstance(array, np.ndarray):
        for call in (lambda: array - W, lambda: array + W, lambda: array * W):
            refused(call, "Argument `other` must be a ")
    for function in (np.subtract, np.add, np.multiply):
        with pytest.raises(TypeError):
            function(array, W)
    for function in (np.abs, np.sum, np.max, np.linalg.norm):
        with pytest.raises(TypeError):
            function(W)


def test_sums_of_lists() -> None:
    assert sum([W, V, W]).trace() == pytest.approx(3, abs=1e-9)
    for number in (1, 0.0, 1j, None, "0"):
        refused(lambda number=number: number + W, "Argument `other` must be a Symbol, but is ")
        refused(lambda number=number: number - W, "Argument `other` must be a Symbol, but is ")
        refused(lambda number=number: W - number, "Argument `other` must be a Symbol, but is ")


@pytest.mark.parametrize("number", [2, 2.0, np.float64(2), np.int8(2), np.array(2.0), Fraction(2), 2 + 0j])
def test_numbers(number: Any) -> None:
    assert (number * W).trace() == (W * number).trace() == pytest.approx(2)
    assert (W / number).trace() == pytest.approx(0.5)


@pytest.mark.parametrize(
    "number",
    [
        float("nan"),
        float("inf"),
        np.nan,
        complex(0, np.inf),
        "2",
        b"2",
        None,
        True,
        np.bool_(True),
        10**400,
        {},
        object(),
    ],
)
def test_what_is_no_number(number: Any) -> None:
    for call in (lambda: W * number, lambda: number * W, lambda: W / number):
        refused(call, "Argument `other` must be ")


def test_sizes_that_are_no_numbers_any_more() -> None:
    for call in (lambda: W * 1e300, lambda: W / 1e-300, lambda: (W * 1e60) * (V * 1e60), lambda: W * -1e305):
        refused(call, "Argument `other` must lead to values of at most 1e+100 in size, but is one that leads to ")
    refused(lambda: W / 0, "Argument `other` must not be 0")
    refused(lambda: (1e90 * W).derivative(40), "Argument `x` must lead to values of at most 1e+100 in size")
    assert (W * 1e-300).hilbert_schmidt() == pytest.approx(1e-300)
    assert (W * 1e-300).l1().value == pytest.approx(1e-300)
    assert (0 * W).hilbert_schmidt() == 0


def test_symbols_of_another_h_or_n() -> None:
    quantum = coherent(0, 0).symbol(PhaseGrid.box(h=0.2, x=(-3, 3), xi=(-3, 3), size=(64, 64)))
    plane = PhaseGrid.box(h=H, x=[(-1, 1)] * 2, xi=[(-1, 1)] * 2, size=(4, 4))
    pair = coherent([0, 0], [0, 0]).symbol(plane)
    for call in (W.__sub__, W.__add__, W.__mul__, W.inner):
        refused(lambda call=call: call(quantum), "Argument `other` must have h = 0.1, but is 0.2. Symbols of two h")
        refused(lambda call=call: call(pair), "Argument `other` must have n = 1 degrees of freedom, but is 2")
    for product_of in (star, moyal_bracket):
        refused(lambda f=product_of: f(W, quantum), "Argument `b` must have h = 0.1, but is 0.2. Symbols of two h")
        refused(lambda f=product_of: f(W, pair), "Argument `b` must have n = 1 degrees of freedom, but is 2")
    refused(lambda: W.resampled(quantum.grid), "Argument `grid` must have h = 0.1, but is 0.2")
    refused(lambda: W.resampled(plane), "Argument `grid` must have n = 1 degrees of freedom")
    refused(lambda: W.resampled(None), "Argument `grid` must be a PhaseGrid")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (None, "be an array of numbers, but is None"),
        ("w", "be an array of numbers, but is w"),
        (W, "be an array of numbers"),
        (np.full(PLANE.shape, "x"), "be an array of numbers"),
        (np.ones(PLANE.shape, dtype=bool), "be an array of numbers"),
        (np.full(PLANE.shape, None), "be an array of numbers"),
        (np.full(PLANE.shape, np.nan), "be finite"),
        (np.full(PLANE.shape, np.inf * 1j), "be finite"),
        (np.full(PLANE.shape, 1e101), "be at most 1e+100 in size"),
        (np.ones((64, 63)), "have the grid's shape (64, 64), but is (64, 63)"),
        (np.ones(64), "have the grid's shape (64, 64), but is (64,)"),
        (1.0, "have the grid's shape (64, 64), but is ()"),
        (np.ma.masked_invalid(np.full(PLANE.shape, np.nan)), "have all its entries"),
    ],
    ids=str,
)
def test_bad_values(values: Any, message: str) -> None:
    refused(lambda: Symbol(values, PLANE), f"Argument `values` must {message}")


def test_good_values() -> None:
    for values in (W.to_xarray(), np.asfortranarray(W.values), W.values.tolist()):
        symbol = Symbol(values, PLANE)
        assert type(symbol.values) is np.ndarray
        assert (symbol - W).hilbert_schmidt() == 0
    assert Symbol(np.ones(PLANE.shape, dtype="i2"), PLANE).values.dtype == float
    assert Symbol(np.ones(PLANE.shape, dtype="f4"), PLANE).values.dtype == float
    assert Symbol(np.ones(PLANE.shape, dtype="c8"), PLANE).values.dtype == complex
    refused(lambda: Symbol(PLANE, W.values), "Argument `grid` must be a PhaseGrid")


def test_grids_that_would_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openweyl.phase_space.grid_function.MEMORY_CHECKED_POINTS", 10)
    monkeypatch.setattr("openweyl.phase_space.grid_size.spare_memory", lambda: 10)
    with pytest.raises(ResourceError, match="take smaller grids"):
        W * W


# --- the symbol read as an operator


@pytest.mark.parametrize("shape", [(1, 1), (1, 8), (8, 1)])
def test_the_matrix_of_a_symbol_on_axes_of_one_point(shape: tuple[int, int]) -> None:
    """A box that holds much less than a state; its trace is that of the symbol, as far as a cut-off function goes."""
    axes = [Axis(-0.25, 0.5 / size, size) for size in shape]
    w = Symbol(np.ones(shape), PhaseGrid((axes[0],), (axes[1],), H))
    assert np.trace(w.fock(200).matrix) == pytest.approx(float(w.trace()), rel=5e-2)


def test_fock_and_qutip() -> None:
    """|m><m| at two m, and the coherent state's Poisson weights."""
    z = 0.3 + 0.2j
    symbol = coherent(z.real, z.imag).symbol(PhaseGrid.box(h=H, x=(-3, 3), xi=(-3, 3), size=(80, 80)))
    matrix, leakage = symbol.fock()
    rate = abs(z) ** 2 / (2 * H)
    weights = [np.exp(-rate) * rate**m / factorial(m) for m in range(len(matrix))]
    assert np.diagonal(matrix).real == pytest.approx(weights, abs=1e-9) and leakage < 1e-9
    assert symbol.to_qutip().full() == pytest.approx(matrix)
    assert symbol.fock(3).matrix.shape == (3, 3)
    refused(lambda: symbol.to_qutip(3), "Argument `size` must leave out at most tol = 1e-09")
    refused(lambda: symbol.fock("3"), "Argument `size` must be a whole number from 1 to 5000")
    refused((1j * symbol).fock, "Argument `symbol` must be real, but is complex")
    first = from_fock([0, 1], H)
    grid = first.grid(H, 1e-12)
    mixed = first.symbol(grid) - 2 * coherent(0, 0).symbol(PLANE)
    assert mixed.fock(2).matrix == pytest.approx(np.diag([-2.0, 1.0]), abs=1e-8)
    assert mixed.trace_norm(1e-3).lower <= 3 <= mixed.trace_norm(1e-3).upper
    assert (dequantize(quantize(mixed), mixed.grid) - mixed).hilbert_schmidt() < 1e-9


def test_marginals_and_expectations() -> None:
    difference = W - V
    x, xi = difference.marginal("x"), difference.marginal("xi")
    for marginal, places in ((x, (0.0, 1.0)), (xi, (0.0, -0.5))):
        (axis,) = marginal.axes
        densities = [np.exp(-((axis.points - place) ** 2) / H) / sqrt(pi * H) for place in places]
        assert marginal.values == pytest.approx(densities[0] - densities[1], abs=1e-8)
    both = difference.marginal("xi", "x")  # in the order of the variables
    assert both.values == pytest.approx(difference.values / (2 * pi * H))
    value, error = difference.expectation("exp(-x**2)")
    exact = [np.exp(-(m**2) / (1 + H)) / sqrt(1 + H) for m in (0.0, 1.0)]
    assert abs(value - exact[0] + exact[1]) <= error + 1e-9
    assert difference.expectation(Observable.parse("parity", 1)).value == pytest.approx(1 - np.exp(-1.25 / H), abs=1e-8)
    refused(W.marginal, "Argument `names` must be different variables")
    refused(lambda: W.marginal("x", "x"), "Argument `names` must be different variables")
    for name in ("y", "x1", 1, None, ["x"]):
        refused(lambda name=name: W.marginal(name), "Argument `names` must be among x, xi, but is ")
    for observable in (None, 3, W):
        refused(lambda observable=observable: W.expectation(observable), "Argument `observable` must be an Observable")


def test_xarray() -> None:
    array = V.to_xarray()
    assert array.dims == ("x", "xi") and array.attrs["h"] == H
    assert float(array.sel(x=1, xi=-0.5, method="nearest")) == pytest.approx(2, rel=0.05)
    assert np.array_equal(array.x, PLACED.x[0].points) and np.array_equal(array.xi, PLACED.xi[0].points)
    batch = Symbol(np.stack([V.values, W.values]), PLACED).to_xarray()
    assert batch.dims == ("batch", "x", "xi")
    plane = PhaseGrid.box(h=H, x=[(-1, 1)] * 2, xi=[(-1, 1)] * 2, size=(4, 6))
    assert Symbol(np.zeros(plane.shape), plane).to_xarray().dims == ("x1", "x2", "xi1", "xi2")


def test_moments_of_a_difference_of_weights() -> None:
    found = (3 * W - V).moments()  # trace 2
    assert found.mean == pytest.approx([-0.5, 0.25], abs=1e-7)
    assert isclose(found.covariance[0, 0], H / 2 + (0 * 3 - 1) / 2 - 0.25, abs_tol=1e-7)
    refused((W - V).moments, "Argument `symbol` must be of nonzero trace")
    assert prod(V.grid.shape) == V.grid.size
