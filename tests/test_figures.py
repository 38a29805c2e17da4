"""Pictures: the data of lines, bands and images in the axes."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from openweyl import Axis, InputError, PhaseGrid, Symbol, plot
from openweyl.plot import distance_figure, draw_distances, new_figure, phase_portraits


def test_a_distance_of_zero_does_not_stretch_the_axis() -> None:
    _, axes = new_figure(1, 1, (6, 4))
    values = np.array([0.0, 0.02, 0.03])
    draw_distances(axes[0][0], [0.0, 1.0, 2.0], {"trace norm": values}, np.full(3, 1e-6))
    low, high = axes[0][0].get_ylim()
    assert 1e-3 < low < values[1] < values[2] < high < 1
    assert axes[0][0].get_yscale() == "log"


def test_distances_that_all_vanish_are_drawn_on_a_plain_axis() -> None:
    _, axes = new_figure(1, 1, (6, 4))
    draw_distances(axes[0][0], [0.0, 1.0], {"trace norm": np.zeros(2)}, np.zeros(2))
    assert axes[0][0].get_yscale() == "linear"


def symbols(gap: float) -> tuple[Symbol, Symbol]:
    """Two symbols of height 2 that differ by a Gaussian of height `gap`."""
    grid = PhaseGrid.box(h=0.1, x=(-3, 3), xi=(-3, 3), size=(60, 60))
    x, xi = grid.x[0].points[:, None], grid.xi[0].points
    w = Symbol(2 * np.exp(-(x**2) - xi**2), grid)
    return w + Symbol(np.exp(-4 * (x - 1) ** 2 - 4 * xi**2), grid) * gap, w


def series(distance: float, error: float) -> xr.Dataset:
    """The summary of a comparison at one time with this distance and this error."""
    numbers = {"trace_norm": distance, "hilbert_schmidt": distance, "l1": distance, "trace_norm_error": error}
    data = xr.Dataset({name: ("time", [value]) for name, value in numbers.items()}, {"time": [1.0]})
    return data.assign_attrs(h=0.1, gamma=1.0)


@pytest.mark.parametrize(("gap", "error", "seen"), [(1e-3, 1e-6, True), (3e-15, 1e-9, False), (3e-15, 0.0, False)])
def test_a_difference_below_its_error_is_blank(gap: float, error: float, seen: bool) -> None:
    """The filled contours themselves: round-off has none but those of zero, what exceeds its error has all."""
    axes = phase_portraits(*symbols(gap), error=error).axes
    quantum, difference = axes[0].collections[0], axes[2].collections[0]
    filled = [len(path.vertices) > 0 for path in difference.get_paths()]
    assert len(filled) == 25 and filled[12] and any(filled[13:]) == seen and not any(filled[:12])
    assert sum(len(path.vertices) > 0 for path in quantum.get_paths()) == 13
    assert ("none above" in axes[2].get_title()) != seen
    scale = axes[2].collections[0].get_clim()[1]
    assert scale == pytest.approx(gap if seen else 2 * error + 2e-13, rel=0.1)


def test_distances_below_their_error_are_upper_bounds() -> None:
    (ax,) = distance_figure(series(3e-15, 1e-9)).axes
    shown = {line.get_label(): line.get_ydata() for line in ax.lines}
    assert shown.pop("at most: below its error") == pytest.approx([1e-9])
    assert all(len(values) == 0 for values in shown.values()) and ax.get_yscale() == "log"
    (ax,) = distance_figure(series(1e-3, 1e-9)).axes
    assert [line.get_ydata().tolist() for line in ax.lines] == [[1e-3]] * 3


def test_symbols_are_drawn_where_they_lie() -> None:
    """The levels, the colours, and the places of the contours: a Gaussian at (1, -1/2) in an oblong box."""
    grid = PhaseGrid.box(h=0.1, x=(-4, 6), xi=(-3, 2), size=(200, 100))
    x, xi = grid.x[0].points, grid.xi[0].points
    w = Symbol(2 * np.exp(-((x[:, None] - 1) ** 2) - (xi + 0.5) ** 2), grid)
    _, axes = new_figure(1, 1, (6, 4))
    drawn = plot.draw_symbol(axes[0, 0], w, scale=2.0)
    assert drawn.levels == pytest.approx(np.linspace(-2, 2, 26)) and drawn.get_cmap().name == plot.DIVERGING
    assert drawn.get_clim() == pytest.approx((-2.0, 2.0), rel=0.1)
    lines = axes[0, 0].collections[1]
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        if level > 0:  # a circle of radius sqrt(log(2/level)) around the centre
            radius = np.hypot(*(path.vertices - [1.0, -0.5]).T)
            assert radius == pytest.approx(np.sqrt(np.log(2 / level)), abs=2e-3)
    assert (axes[0, 0].get_xlabel(), axes[0, 0].get_ylabel()) == (r"$x$", r"$\xi$")


@pytest.mark.parametrize("shape", [(1, 1), (1, 8), (8, 1), (64, 64)])
def test_a_symbol_on_one_point_is_drawn(shape: tuple[int, int]) -> None:
    """The box around it is a spacing wide on either side."""
    grid = PhaseGrid((Axis(-1.0, 2 / shape[0], shape[0]),), (Axis(-1.0, 2 / shape[1], shape[1]),), 0.1)
    values = np.zeros(shape)
    values[shape[0] // 2, shape[1] // 2] = 1.0
    low, high = Symbol(values, grid).plot().get_xlim()
    assert high - low == pytest.approx(2 * grid.x[0].spacing)
    assert "<img" in Symbol(values, grid)._repr_html_()


def test_portraits_have_their_own_scales_and_one_box() -> None:
    w, a = symbols(0.5)
    figure = phase_portraits(w, a, error=1e-6, title="here")
    assert [ax.get_title() for ax in figure.axes[:3]] == ["Lindblad", "Fokker-Planck", "difference"]
    assert figure.get_suptitle() == "here"
    largest = [float(np.abs(f.values).max()) for f in (w, a, w - a)]
    ends = [ax.collections[0].levels[-1] for ax in figure.axes[:3]]
    assert ends == pytest.approx([max(largest), max(largest), largest[2]])
    held = w.grid.x[0].points[(np.abs(w.values) > 1e-2 * largest[0]).any(axis=1)]
    margin = 0.05 * (held[-1] - held[0])
    for ax in figure.axes[:3]:
        assert ax.get_xlim() == pytest.approx((held[0] - margin, held[-1] + margin))


def test_portraits_of_two_grids_are_those_of_the_functions() -> None:
    """A symbol beside itself on a larger, finer grid: there is no difference to be seen."""
    _, w = symbols(0.0)
    finer = w.resampled(PhaseGrid.box(h=0.1, x=(-4, 5), xi=(-3.5, 4), size=(144, 120)))
    assert "none above" in phase_portraits(finer, w, error=1e-3).axes[2].get_title()


def test_figure_1_has_a_row_for_each_system() -> None:
    axes = plot.figure_1({"open": symbols(0.5), "closed": symbols(0.25)}).axes
    names = ["Fokker-Planck", "Lindblad"]
    assert [ax.get_title() for ax in axes] == [f"{name}, {row}" for row in ("open", "closed") for name in names]
    assert len({ax.get_xlim() for ax in axes}) == len({ax.get_ylim() for ax in axes}) == 1
    ends = [ax.collections[0].levels[-1] for ax in axes]
    assert ends == pytest.approx([2.0] * 4)  # the scale of the classical density


def test_what_cannot_be_drawn_is_refused() -> None:
    _, axes = new_figure(1, 1, (6, 4))
    w, _ = symbols(0.5)
    plane = PhaseGrid.box(h=0.1, x=((-1, 1), (-1, 1)), xi=((-1, 1), (-1, 1)), size=(8, 8))
    for bad, words in (
        (w.values, "`symbol` must be a Symbol"),
        (Symbol(np.stack([w.values] * 2), w.grid), "`symbol` must be one, but is a batch of 2"),
        (w * 1j, "`symbol` must be real"),
        (Symbol(np.zeros(plane.shape), plane), "`symbol` must have one degree of freedom to be drawn, but is 2"),
    ):
        with pytest.raises(InputError, match=words):
            plot.draw_symbol(axes[0, 0], bad)


def test_a_certificate_is_drawn_as_its_numbers() -> None:
    t = [0.0, 1.0, 2.0]
    numbers = {
        "distance_lower": [0, 0.01, 0.02],
        "distance_upper": [0, 0.03, 0.06],
        "distance_estimate": [0, 0.02, 0.04],
    }
    data = xr.Dataset({name: ("time", values) for name, values in numbers.items()}, {"time": t})
    data["certificate"] = "time", [0, 0.01, 0.02]
    (ax,) = plot.certificate_figure(
        data.assign_attrs(h=0.1, gamma=1.0, order=2), np.array([0, 0.021, 0.041]), np.array([0, 0.1, 0.2])
    ).axes
    lines = {line.get_label(): (line.get_xdata().tolist(), line.get_ydata().tolist()) for line in ax.lines}
    assert lines == {
        "estimate": ([1.0, 2.0], [0.02, 0.04]),
        "$B_{2}$": ([1.0, 2.0], [0.01, 0.02]),
        "true distance": ([1.0, 2.0], [0.021, 0.041]),
        "Li (1.10), constant fitted": ([1.0, 2.0], [0.1, 0.2]),
    }
    band = ax.collections[0].get_paths()[0].vertices
    assert {tuple(v) for v in band.tolist()} >= {(1.0, 0.01), (2.0, 0.02), (1.0, 0.03), (2.0, 0.06)}
    assert ax.get_yscale() == "log"


def test_the_error_of_a_distance_is_a_band() -> None:
    _, axes = new_figure(1, 1, (6, 4))
    draw_distances(
        axes[0, 0], [1.0, 2.0], {"a": np.array([0.1, 0.2]), "b": np.array([0.3, 0.4])}, np.array([0.01, 0.02])
    )
    band = axes[0, 0].collections[0].get_paths()[0].vertices
    assert {tuple(np.round(v, 12)) for v in band} >= {(1.0, 0.09), (1.0, 0.11), (2.0, 0.18), (2.0, 0.22)}
    assert [line.get_ydata().tolist() for line in axes[0, 0].lines] == [[0.1, 0.2], [0.3, 0.4]]


def test_names_of_the_public_room_are_its_own() -> None:
    assert set(plot.__all__) <= set(dir(plot)) and all(
        getattr(plot, name).__doc__ for name in plot.__all__ if callable(getattr(plot, name))
    )
