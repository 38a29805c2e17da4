"""Pictures: what the axes show."""

from __future__ import annotations

import numpy as np

from openweyl.figures import distances, new_figure


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
