"""What a profile says of a symbol, in units of the trace norm."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from openweyl import PhaseGrid, Symbol, coherent
from openweyl.phase_space.profiles import edge_loss
from openweyl.phase_space.support import required_box

GRID = PhaseGrid.box(h=0.1, x=(-3, 3), xi=(-3, 3), size=(96, 64))
W = coherent(0.4, -0.3).symbol(GRID)


@pytest.mark.parametrize("axis", [0, 1])
def test_waves_count_by_their_hilbert_schmidt_norm(axis: int) -> None:
    """cos(k z) w has all of its norm between k -+ 30; times sqrt(states) from there down, and nothing above."""
    k = 2 * np.pi / 6 * (24 if axis == 0 else 16)
    wave = np.cos(k * GRID.mesh("x", "xi")[axis][0])
    w = Symbol(wave * W.values, GRID)
    profile, line = w.profiles[axis], (GRID.x + GRID.xi)[axis]
    waves = line.reach * (1 - np.arange(profile.high.size) / (profile.high.size - 1))
    norm = sqrt(GRID.states) * float(w.hilbert_schmidt())
    middle = int(np.argmin(np.abs(waves - k)))
    assert profile.high[-1] == pytest.approx(norm, rel=1e-6)
    assert profile.high[middle] == pytest.approx(norm / sqrt(2), rel=0.1)
    assert profile.high[0] < 1e-2 * norm


def test_content_counts_by_its_absolute_value_from_either_end() -> None:
    """An even grid of points: half of a packet lies left of its centre, and all of it right of the left end."""
    for axis, profile, centre in zip(GRID.x + GRID.xi, (-W).profiles, (0.4, -0.3), strict=True):
        assert [profile.left[-1], profile.right[-1]] == pytest.approx([1, 1], abs=1e-9)
        half = int((centre - axis.lower) / axis.spacing)
        assert profile.left[half] == pytest.approx(0.5, abs=0.15)
        assert profile.left[half] + profile.right[axis.size - 2 - half] == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(("axis", "part"), [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)])
def test_each_edge_is_looked_at(axis: int, part: int) -> None:
    """A packet at one edge, or one with the largest wave numbers: that edge sees it, and no other does."""
    place = [0.0, 0.0]
    if part < 2:
        place[axis] = (-2.9, 2.9)[part]
    w = coherent(*place).symbol(GRID)
    if part == 2:
        line = (GRID.x + GRID.xi)[axis]
        w = Symbol(w.values * np.cos(0.97 * line.reach * GRID.mesh("x", "xi")[axis][0]), GRID)
    losses = [edge_loss(p, a) for p, a in zip(w.profiles, GRID.x + GRID.xi, strict=True)]
    assert losses[axis][part] > 0.2
    assert sum(loss > 0.1 for both in losses for loss in both) == 1 or part < 2


def test_needs_leave_out_less_than_their_level() -> None:
    level = 1e-5
    for i, (profile, axis) in enumerate(zip(W.profiles, GRID.x + GRID.xi, strict=True)):
        wanted = required_box(profile, axis, level)
        inside = (axis.points >= wanted.lower) & (axis.points <= wanted.upper)
        line = np.abs(W.values).sum(axis=1 - i) * GRID.cell
        assert 0 < line[~inside].sum() < 2 * level
        assert wanted.within(axis)
        assert wanted.reach < axis.reach
