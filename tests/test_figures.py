"""Pictures: the data of lines, bands and images in the axes."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from openweyl import plot
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


def dataset(gap: float, error: float) -> xr.Dataset:
    """Two symbols of height 2 that differ by a Gaussian of height `gap`, and distances with this error."""
    u = np.linspace(-3, 3, 61)
    w = 2 * np.exp(-(u[:, None] ** 2) - u**2)
    part = np.exp(-4 * (u[:, None] - 1) ** 2 - 4 * u**2)
    data = xr.Dataset(
        {"quantum": (("time", "x", "xi"), (w + gap * part)[None]), "classical": (("time", "x", "xi"), w[None])},
        {"time": [1.0], "x": u, "xi": u},
        {"h": 0.1, "gamma": 1.0},
    )
    for name, value in (("trace_norm", gap), ("hilbert_schmidt", gap), ("l1", gap), ("trace_norm_error", error)):
        data[name] = ("time", [value])
    return data


@pytest.mark.parametrize(("gap", "error", "seen"), [(1e-3, 1e-6, True), (3e-15, 1e-9, False), (3e-15, 0.0, False)])
def test_a_difference_below_its_error_is_blank(gap: float, error: float, seen: bool) -> None:
    """The filled contours themselves: round-off has none but those of zero, what exceeds its error has all."""
    axes = phase_portraits(dataset(gap, error), 0).axes
    symbols, difference = axes[0].collections[0], axes[2].collections[0]
    filled = [len(path.vertices) > 0 for path in difference.get_paths()]
    assert len(filled) == 25 and filled[12] and any(filled[13:]) == seen and not any(filled[:12])
    assert sum(len(path.vertices) > 0 for path in symbols.get_paths()) == 13
    assert ("none above" in axes[2].get_title()) != seen
    scale = axes[2].collections[0].get_clim()[1]
    assert scale == pytest.approx(gap if seen else 2 * error + 2e-13, rel=0.1)


def test_distances_below_their_error_are_upper_bounds() -> None:
    (ax,) = distance_figure(dataset(3e-15, 1e-9)).axes
    shown = {line.get_label(): line.get_ydata() for line in ax.lines}
    assert shown.pop("at most: below its error") == pytest.approx([1e-9])
    assert all(len(values) == 0 for values in shown.values()) and ax.get_yscale() == "log"
    (ax,) = distance_figure(dataset(1e-3, 1e-9)).axes
    assert [line.get_ydata().tolist() for line in ax.lines] == [[1e-3]] * 3


def test_symbols_are_drawn_where_they_lie() -> None:
    """The levels, the colours, and the places of the contours: a Gaussian at (1, -1/2) in an oblong box."""
    x, xi = np.linspace(-4, 6, 201), np.linspace(-3, 2, 101)
    w = 2 * np.exp(-((x[:, None] - 1) ** 2) - (xi + 0.5) ** 2)
    _, axes = new_figure(1, 1, (6, 4))
    drawn = plot.draw_symbol(axes[0, 0], w, x, xi, scale=2.0)
    assert drawn.levels == pytest.approx(np.linspace(-2, 2, 26)) and drawn.get_cmap().name == plot.DIVERGING
    assert drawn.get_clim() == pytest.approx((-2.0, 2.0), rel=0.1)
    lines = axes[0, 0].collections[1]
    for level, path in zip(lines.levels, lines.get_paths(), strict=True):
        if level > 0:  # a circle of radius sqrt(log(2/level)) around the centre
            radius = np.hypot(*(path.vertices - [1.0, -0.5]).T)
            assert radius == pytest.approx(np.sqrt(np.log(2 / level)), abs=2e-3)
    assert (axes[0, 0].get_xlabel(), axes[0, 0].get_ylabel()) == (r"$x$", r"$\xi$")


def test_portraits_have_their_own_scales_and_one_box() -> None:
    data = dataset(0.5, 1e-6)
    pictures = phase_portraits(data, 0).axes[:3]
    assert [ax.get_title() for ax in pictures] == ["Lindblad", "Fokker-Planck", "difference"]
    largest = [float(np.abs(data[kind]).max()) for kind in ("quantum", "classical")]
    ends = [ax.collections[0].levels[-1] for ax in pictures]
    assert ends == pytest.approx([max(largest), max(largest), 0.5])
    held = data["x"].values[(np.abs(data["quantum"].values[0]) > 1e-2 * largest[0]).any(axis=1)]
    margin = 0.05 * (held[-1] - held[0])
    for ax in pictures:
        assert ax.get_xlim() == pytest.approx((held[0] - margin, held[-1] + margin))


def test_figure_1_has_a_row_for_each_system() -> None:
    opened, closed = (dataset(0.5, 1e-6).assign_attrs(h=0.1, gamma=gamma) for gamma in (1.0, 0.0))
    axes = plot.figure_1(opened, closed).axes
    titles = [rf"{name}, $\gamma = {g}$" for g in (1, 0) for name in ("Fokker-Planck", "Lindblad")]
    assert [ax.get_title() for ax in axes] == titles
    assert len({ax.get_xlim() for ax in axes}) == len({ax.get_ylim() for ax in axes}) == 1


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
