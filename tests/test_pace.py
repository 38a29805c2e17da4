"""The speed of a run, its forecast, and the refusal of what would take too long, by a clock that the tests move."""

from __future__ import annotations

import time

import pytest

from common import STEPPED, refused
from openweyl import ResourceError, System, coherent, evolve
from openweyl.evolution.error_estimate import ErrorEstimate
from openweyl.evolution.pace import TRUSTED_AFTER, Pace, in_words
from openweyl.evolution.runs import Runs


class Clock:
    """What stands in for `time.monotonic`: it passes by `tick` with each look, and as told."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tick: float = 0.0) -> None:
        self.now, self.tick = 1000.0, tick
        monkeypatch.setattr(time, "monotonic", self.look)

    def look(self) -> float:
        self.now += self.tick
        return self.now


def test_the_time_left_follows_the_latest_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    pace = Pace(horizon=100.0, limit=1e9)
    for t in (1.0, 2.0, 3.0, 4.0):  # one unit of time in ten seconds
        clock.now += 10
        left = pace.reached(t, typical=True, hint="")
    assert left == pytest.approx(960)
    for t in range(5, 50):  # ten times as fast for as long
        clock.now += 1
        left = pace.reached(float(t), typical=True, hint="")
    assert left == pytest.approx(51)
    assert pace.reached(100.0, typical=True, hint="") == 0


def test_a_run_that_stands_still_has_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    pace = Pace(horizon=1.0, limit=100.0)
    clock.now += 50
    assert pace.reached(0.0, typical=False, hint="") == float("inf")
    refused(lambda: pace.reached(0.0, typical=True, hint="dt = 1"), "At t = 0 of 1, after 50 s, ", ResourceError)


def test_steps_that_still_grow_are_expected_to_grow_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """From 1/15 of the way in 10 s, twice as far each time: 2 + 4 + 8 parts more, in 30 s and not in 140."""
    clock = Clock(monkeypatch)
    pace, hasty = Pace(horizon=15.0, limit=41.0), Pace(horizon=15.0, limit=39.0)
    clock.now += 10
    assert pace.reached(1.0, typical=True, hint="", growth=2.0) == pytest.approx(140)
    begin = "At t = 1 of 15, after 10 s, the run would take "
    refused(lambda: hasty.reached(1.0, typical=True, hint="", growth=2.0), begin + "30 s more", ResourceError)
    refused(lambda: pace.reached(1.0, typical=True, hint=""), begin, ResourceError)


@pytest.mark.parametrize("seconds", [TRUSTED_AFTER - 1, TRUSTED_AFTER + 1])
def test_a_forecast_is_trusted_after_a_while(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """A hundredth of the way takes a hundredth of what is left: 100 times as long as it may, at the present speed."""
    clock = Clock(monkeypatch)
    pace = Pace(horizon=1.0, limit=seconds)
    pace.limit = 2 * TRUSTED_AFTER
    clock.now += seconds
    if seconds < TRUSTED_AFTER:
        assert pace.reached(0.01, typical=True, hint="") == pytest.approx(99 * seconds)
        pace.expect(0.01, 100.0, hint="")
        return
    assert pace.reached(0.01, typical=False, hint="") == pytest.approx(99 * seconds)  # a pulse is no forecast
    refused(lambda: pace.reached(0.01, typical=True, hint="64x64 grid"), "At t = 0.01 of 1, after 9 s, ", ResourceError)
    pace.expect(0.01, 5.0, hint="")
    refused(lambda: pace.expect(0.01, 10.0, hint=""), "At t = 0.01 of 1, after 9 s, the run would ", ResourceError)


def test_the_limit_itself_needs_no_forecast(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    pace = Pace(horizon=1.0, limit=100.0)
    clock.now += 101
    refused(lambda: pace.expect(0.5, 1e-9, hint=""), "At t = 0.5 of 1, ", ResourceError)
    refused(lambda: pace.reached(0.99, typical=False, hint=""), "At t = 0.99 of 1, ", ResourceError)
    pace.reached(1.0, typical=True, hint="")  # what is done is done


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.31, "0.31 s"),
        (119, "1.2e+02 s"),
        (120, "2 min"),
        (7300, "2 h"),
        (2e5, "2.3 days"),
        (1e9, "32 years"),
        (1e13, "more than 10000 years"),
    ],
)
def test_spans_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


QUARTIC = System("xi**2/2 + x**4/4", ["x"], h=0.25, gamma=0.5)
MIXED = System("cos(x)*tanh(xi) + (x**2 + xi**2)/2", [], h=0.25, gamma=0.0)


@pytest.mark.parametrize("system", [QUARTIC, MIXED], ids=["steps", "star products"])
def test_a_run_ends_at_its_time_limit(monkeypatch: pytest.MonkeyPatch, system: System) -> None:
    """Each look at the clock is a second later: it is refused well before its end, in one line."""
    reached: list[float] = []
    Clock(monkeypatch, tick=1.0)
    refused(
        lambda: evolve(
            system, coherent(0.5, 0.0), [1e3], tol=1e-4, time_limit=6.0, progress=lambda t, *_: reached.append(t)
        ),
        "At t = ",
        ResourceError,
    )
    assert len(reached) <= 7


def test_steps_taken_back_count_against_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run all of whose first steps are rejected looks at the clock too, before it has got anywhere."""
    monkeypatch.setattr(Runs, "error", lambda _runs: ErrorEstimate(1.0, 1.0))
    clock = Clock(monkeypatch, tick=1.0)
    refused(lambda: evolve(QUARTIC, coherent(0.5, 0.0), [1.0], time_limit=3.0), "At t = 0 of 1, after ", ResourceError)
    assert clock.now < 1006


def test_what_would_take_ten_times_as_long_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch, tick=2.0)
    words: list[str] = []
    evolve(
        System("xi**2/2 + x**2/2" + STEPPED, ["x"], h=0.25, gamma=0.1), coherent(0.5, 0.0), [1.0], tol=1e-4,
        progress=lambda _t, _end, hint: words.append(hint),
    )  # fmt: skip
    assert any(hint.endswith(" left") for hint in words[:2])
    assert not words[-1].endswith(" left")
