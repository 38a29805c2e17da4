"""The policy of grids by numbers alone: what may be lost, what is content, and how grids and segments give way."""

from __future__ import annotations

from math import inf, pi

import pytest

from openweyl import PhaseGrid
from openweyl.evolution.grid_control import (
    GridPolicy,
    Growth,
    correction_round_off,
    correction_weights,
    moved_by,
)
from openweyl.evolution.step_control import StepPlan
from openweyl.phase_space.support import RequiredBox

POLICY = GridPolicy()
GRID = PhaseGrid.box(h=0.1, x=(-2, 2), xi=(-4, 4), size=(64, 96))
AXES = GRID.x + GRID.xi


# ---------------------------------------------------------------------- losses


def test_even_losses_stay_within_the_share() -> None:
    """Whatever the number of segments, if each loses all that it may: never more than 0.5 of the tolerance."""
    for count in (1, 2, 30, 3000):
        lost, all_lost = 0.0, 0.0
        for number in range(count):
            lost += POLICY.allowed(1e-4, 1 / count, lost)
            all_lost += POLICY.allowed(1e-4, 1 / count, all_lost, 0.0, 1 / max(count - 1 - number, 1))
        assert 0.25e-4 < lost <= all_lost <= 0.5e-4


def test_a_segment_of_no_length_may_draw_on_the_pool() -> None:
    assert POLICY.allowed(1e-4, 0.0, 0.0) == pytest.approx(0.08 * 0.25e-4)
    assert POLICY.allowed(1e-4, 0.0, 0.35e-4) == 0
    assert POLICY.allowed(1e-4, 0.1, 0.3e-4, 0.0, 0.5) == pytest.approx(0.25 * 0.2e-4)  # half of what is left, in half
    assert POLICY.allowed(1e-4, 0.0, 0.35e-4, 1e-12) == pytest.approx(1e-11)


@pytest.mark.parametrize(
    ("step_error", "round_off", "level"),
    [(0.0, 0.0, 4e-8), (2e-5, 0.0, 4e-7), (1e-3, 0.0, 5e-7), (1e-3, 1e-6, 1e-6)],
)
def test_what_counts_as_content(step_error: float, round_off: float, level: float) -> None:
    """0.04 of what may be lost, or what the steps make as noise, up to a half of it; round-off at the least."""
    assert POLICY.content_level(1e-6, step_error, round_off) == pytest.approx(level)


def test_corrections_weigh_what_is_lost_of_the_first() -> None:
    assert correction_weights(4).tolist() == [1000, 100, 10, 1]
    assert correction_round_off(1) == 0
    assert correction_round_off(3) == pytest.approx(1e-10)


# ---------------------------------------------------------------------- room to move


INSIDE, WIDE = RequiredBox(-1.7, 1.7, 45.0), RequiredBox(-3.0, 6.5, 50.0)


def test_axes_that_hold_what_a_segment_needs_stay() -> None:
    assert POLICY.fitted(AXES, [INSIDE, RequiredBox(-3.4, 3.4, 34.0)]) is None


def test_an_axis_that_holds_less_is_made_anew_with_its_edges_free() -> None:
    x, xi = POLICY.fitted(AXES, [INSIDE, WIDE]) or AXES
    assert x == AXES[0]
    assert WIDE.within(xi)
    assert xi.length < 1.2 * 9.5
    assert POLICY.fitted((x, xi), [INSIDE, WIDE]) is None


@pytest.mark.parametrize(
    "box", [RequiredBox(-1.9, 1.0, 45.0), RequiredBox(-1.0, 1.9, 45.0), RequiredBox(-1.7, 1.7, 49.0)]
)
def test_needs_that_come_near_an_edge_are_not_held(box: RequiredBox) -> None:
    """Within a twenty-fourth of the axis, at either end or in wave numbers."""
    assert POLICY.fitted(AXES, [box, RequiredBox(-3.4, 3.4, 34.0)]) is not None


def test_a_grid_that_is_much_too_large_is_left_unless_it_has_just_been_enlarged() -> None:
    small = [RequiredBox(-0.5, 0.5, 20.0)] * 2
    fitted = POLICY.fitted(AXES, small)
    assert fitted is not None
    assert all(box.within(axis) and axis.size < 16 for box, axis in zip(small, fitted, strict=True))
    assert POLICY.fitted(AXES, small, may_shrink=False) is None


def test_growth_goes_on_as_it_was_seen() -> None:
    growth = Growth.between(RequiredBox(-1.0, 1.0, 10.0), RequiredBox(-1.2, 0.9, 11.0), 0.5)
    assert growth == Growth(pytest.approx(0.4), 0.0, pytest.approx(2.0))
    for tau, expected in ((1.0, (-0.4, 4.0, 12.0)), (1e9, (-2.0, 4.0, 15.0))):
        grown = growth.grown(RequiredBox(0.0, 4.0, 10.0), tau, 0.5)
        assert (grown.lower, grown.upper, grown.reach) == pytest.approx(expected)


def test_segments_that_carry_too_far_get_shorter() -> None:
    """Fewer steps while there are whole blocks of them, then shorter steps; by half to a tenth."""
    plan = StepPlan(0.1, 16)
    assert POLICY.shortened(plan, 2, 0.6) == StepPlan(0.1, 8)
    assert POLICY.shortened(plan, 2, 4.0) == StepPlan(0.1, 2)
    dt, steps = POLICY.shortened(plan, 8, inf)
    assert steps == 8
    assert dt * steps == pytest.approx(0.16)


def test_how_far_a_need_moves() -> None:
    need = RequiredBox(0.0, 2.0, 10.0)
    assert moved_by(need, RequiredBox(-0.5, 2.0, 10.0)) == 0.25
    assert moved_by(need, RequiredBox(0.0, 3.0, 11.0)) == 0.5
    assert moved_by(need, RequiredBox(0.0, 2.0, 17.0)) == pytest.approx(0.7)


# ---------------------------------------------------------------------- larger grids


def test_axes_grow_where_content_was_lost() -> None:
    x, xi = POLICY.enlarged(AXES, [(0.0, 2e-7, 0.0), (1e-7, 0.0, 1e-6)], 1e-6)
    assert (x.lower, x.upper, x.reach) == pytest.approx((-2, 2 + 0.2 * 4, AXES[0].reach))
    assert (xi.lower, xi.upper, xi.reach) == pytest.approx((-4, 4, 1.25 * AXES[1].reach))
    assert AXES[0].reach == pytest.approx(pi * 16)


def test_where_too_much_is_lost_in_all_some_axis_grows() -> None:
    """However evenly it is spread over the edges: done again on the same grid, a segment would go on for ever."""
    even = [(0.17e-6,) * 3] * 2
    assert sum(map(sum, even)) > 1e-6
    assert all(not box.within(axis) for box, axis in zip(POLICY.enlarged(AXES, even, 1e-6), AXES, strict=True))
