"""What is looked at before a segment: islands of wave numbers, which might hop over the edge of a grid in one step."""

from __future__ import annotations

import pytest

from openweyl import PhaseGrid, State, System, cat, coherent
from openweyl.displacement import Content, hopping
from openweyl.extent import need, profiles
from openweyl.generator import lindblad

QUARTIC = System("xi**2/2 + x**4/4", ["x"], h=0.1, gamma=0.1)
LEVEL = 1e-8


def growth(state: State, step: float) -> float:
    """By how much the largest wave number along x is taken to grow in one step."""
    grid = PhaseGrid.box(h=0.1, x=(-6, 6), xi=(-2.4, 2.4), size=(192, 192))
    w = state.symbol(grid)
    found = profiles(w, grid)
    needs = [need(p, a, LEVEL) for p, a in zip(found, grid.x + grid.xi, strict=True)]
    ahead = hopping(Content.of(w, found, grid), lindblad(QUARTIC, grid), needs, 0.0, step, LEVEL)
    assert (ahead[0].lower, ahead[0].upper) == (needs[0].lower, needs[0].upper)
    return ahead[0].reach - needs[0].reach


def test_islands_of_wave_numbers_are_seen_before_they_hop() -> None:
    """The fringes of a cat at x = -4, 4 lie at s = 8, x = 0; tau K shifts their k by tau (V'(4) - V'(-4))/h = 1280 tau.

    One coherent state has no islands: what it holds in k passes the edge only after it was seen there.
    """
    shifts = [growth(cat([(-4.0, 0.0), (4.0, 0.0)]), step) for step in (0.01, 0.02)]
    assert shifts[0] >= 12.8
    assert shifts[1] == pytest.approx(2 * shifts[0])
    assert growth(coherent(4, 0), 0.01) == 0
