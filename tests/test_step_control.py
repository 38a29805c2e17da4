"""The policy of steps by numbers alone: what is accepted, what comes next, and how times cut a run into segments."""

from __future__ import annotations

from math import inf, nan

import pytest

from common import refused
from openweyl import ResourceError
from openweyl.evolution.step_control import SegmentError, StepPlan, StepPolicy, landing

POLICY = StepPolicy()
ORDER = 4


def error(spent: float, rate: float | None = None) -> SegmentError:
    """An error by its part of the budget, and by what is new in it over its fair share."""
    return SegmentError(spent * 1e-5, 1e-5, 1e-6, None if rate is None else rate * 1e-6)


# ---------------------------------------------------------------------- what may be spent, and what is accepted


def test_a_quarter_of_the_budget_may_be_spent_at_once() -> None:
    budgets = [POLICY.budget(1e-4, t, 2.0) for t in (0.0, 1.0, 2.0)]
    assert budgets == pytest.approx([0.4e-4 / 4, 0.4e-4 * 5 / 8, 0.4e-4])
    assert sum(POLICY.fair(1e-4, part) for part in (0.1, 0.2, 0.7)) == pytest.approx(0.4e-4)


@pytest.mark.parametrize(
    ("spent", "rate", "accepted"),
    [
        (0.99, None, True),
        (1.01, None, False),
        (1.01, 0.9, True),  # inherited, and carried on
        (1.01, 1.1, False),
        (0.9, 5.0, True),  # much is new, but there is room for it
        (nan, None, False),
        (nan, nan, False),
        (inf, inf, False),
    ],
)
def test_what_is_accepted(spent: float, rate: float | None, accepted: bool) -> None:
    assert error(spent, rate).accepted == accepted


def test_what_is_new_is_asked_where_it_matters() -> None:
    """Always if the budget is nearly spent, now and then if a good part of it is, and never else."""
    asked = {
        (part, unasked): POLICY.asks_what_is_new(part, 1.0, unasked) for part in (0.2, 0.5, 0.9) for unasked in (0, 4)
    }
    assert [at for at, answer in asked.items() if answer] == [(0.5, 4), (0.9, 0), (0.9, 4)]
    assert not POLICY.asks_what_is_new(nan, 1.0, 4)


# ---------------------------------------------------------------------- the next step


def test_the_step_after_a_rate_of_error() -> None:
    """Of the new error over its fair share: less than a tenth lets the step grow, more than 0.85 makes it shorter."""
    for rate, spent, factor in ((0.05, 0.5, 1.2), (0.05, 0.9, 1.0), (0.5, 0.9, 1.0), (1.7, 0.9, (0.6 / 1.7) ** 0.25)):
        assert POLICY.next_step(0.01, 0.01, error(spent, rate), ORDER) == pytest.approx(0.01 * factor)
    # a segment that was short for other reasons: no less for that, and more if its error asks for more
    assert POLICY.next_step(0.01, 0.001, error(1e-3), ORDER) == 0.01
    assert POLICY.next_step(0.01, 0.001, error(0.6e-4 / 1.2**4), ORDER) == pytest.approx(0.012)
    assert POLICY.next_step(0.01, 0.001, error(1e-9), ORDER) == 0.015
    assert POLICY.next_step(0.01, 0.01, error(0.1), ORDER) == pytest.approx(0.01 * 1.5)


def test_a_step_never_changes_by_too_much() -> None:
    assert POLICY.next_step(1.0, 1.0, error(0.0), ORDER) == POLICY.next_step(1.0, 1.0, error(1e-9), ORDER) == 1.5
    assert POLICY.next_step(1.0, 1.0, error(0.9, 1e6), ORDER) == 0.5
    assert POLICY.retry_factor(error(1e12, 1e12), 0.0, ORDER) == 0.1
    assert POLICY.retry_factor(error(inf), 0.0, ORDER) == POLICY.retry_factor(error(nan), 0.0, ORDER) == 0.1


def test_a_step_settles_where_its_error_belongs() -> None:
    """An error of dt^4 that is carried on by nothing: the step comes to a spent part between 0.3 and 0.85 and stays."""
    dt, steps = 1e-3, []
    for _ in range(60):
        dt = POLICY.next_step(dt, dt, error((dt / 0.1) ** ORDER), ORDER)
        steps.append(dt)
    assert 0.3 <= (dt / 0.1) ** ORDER <= 0.85
    assert steps[-20:] == [dt] * 20


@pytest.mark.parametrize("excess", [1.1, 10.0, 300.0])
def test_a_retry_by_the_order(excess: float) -> None:
    """At the new step the error is half of what it may be; what is judged is the new error, if the old was large."""
    factor = POLICY.retry_factor(error(excess), 0.0, ORDER)
    assert factor**ORDER * excess == pytest.approx(0.5)
    inherited = POLICY.retry_factor(error(1.01, excess), 0.6e-5, ORDER)
    assert inherited == pytest.approx(factor)
    own = POLICY.retry_factor(error(excess, 1.01), 0.4e-5, ORDER)
    assert own == pytest.approx(factor)


def test_steps_too_short_are_refused() -> None:
    POLICY.check(2e-12, 0.3, 1.0)
    refused(lambda: POLICY.check(2e-12, 0.3, 10.0), "At t = 0.3 a step of 2e-12 would be needed, ", ResourceError)


# ---------------------------------------------------------------------- segments


@pytest.mark.parametrize("block", [2, 4, 8])
@pytest.mark.parametrize("length", [2, 4])
@pytest.mark.parametrize("left", [0.013, 0.4, 7.0])
def test_segments_are_whole_blocks_that_meet_the_end(block: int, length: int, left: float) -> None:
    plan = POLICY.plan(left, 0.02, block, length)
    assert plan.steps % block == 0
    assert plan.steps == max(length, block) or plan.duration == pytest.approx(left)
    assert plan.dt <= 0.02 * 1.1
    blocks = left / (plan.dt * block)
    assert blocks == pytest.approx(round(blocks))


@pytest.mark.parametrize("every", [0.005, 0.02, 0.041, 0.1, inf])
def test_looks_are_no_farther_apart_than_asked_for(every: float) -> None:
    plan = POLICY.plan(1.0, 0.01, 2, 4, every)
    assert plan.duration <= every * (1 + 1e-9)
    assert plan.duration > min(every, 0.04) / 2


def test_steps_are_a_little_longer_to_save_a_block() -> None:
    """By a tenth of a block in all; but no block is longer than a drive allows."""
    assert POLICY.plan(1.09, 0.25, 4, 4) == (1.09 / 4, 4)
    assert POLICY.plan(1.11, 0.25, 4, 4) == (1.11 / 8, 4)
    assert POLICY.plan(1.09, 0.25, 4, 4, longest=1.0) == (1.09 / 8, 4)
    assert POLICY.plan(3.05, 0.25, 4, 4) == (3.05 / 12, 4)


def test_landing() -> None:
    """Steps are counted towards an output that lies one to three blocks ahead; what is nearer is passed."""
    times = [0.05, 0.15, 0.25, 0.6, 2.0]
    assert landing(times, 0.0, 0.1) == 0.25
    assert landing(times, 0.2, 0.1) == 0.6
    assert landing(times, 0.6, 0.1) == 2.0
    assert landing(times, 1.95, 0.1) == 2.0
    assert landing([1.0], 1.0 - 0.1, 0.1) == 1.0  # round-off


def test_the_duration_of_a_plan() -> None:
    assert StepPlan(0.25, 6).duration == 1.5
