"""Pictures: what the axes show."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from openweyl.plot.figures import distance_figure, distances, new_figure, phase_portraits


def test_a_distance_of_zero_does_not_stretch_the_axis() -> None:
    _, axes = new_figure(1, 1, (6, 4))
    values = np.array([0.0, 0.02, 0.03])
    distances(axes[0][0], [0.0, 1.0, 2.0], {"trace norm": values}, np.full(3, 1e-6))
    low, high = axes[0][0].get_ylim()
    assert 1e-3 < low < values[1] < values[2] < high < 1
    assert axes[0][0].get_yscale() == "log"


def test_distances_that_all_vanish_are_drawn_on_a_plain_axis() -> None:
    _, axes = new_figure(1, 1, (6, 4))
    distances(axes[0][0], [0.0, 1.0], {"trace norm": np.zeros(2)}, np.zeros(2))
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
