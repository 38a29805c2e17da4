"""Wall-clock time of a run: how long it will still take, and a refusal where that is longer than it may."""

from __future__ import annotations

import time
from collections import deque
from math import log, log1p

from openweyl._core.arguments import ResourceError

TIME_LIMIT = 3600.0
"""Seconds that one evolution may take unless the caller says otherwise: a run for hours is nothing to start by
accident."""
TRUSTED_AFTER = 8.0
"""Seconds after which a forecast is trusted: the first segments, on grids that still grow, say little."""
RECENT_FRACTION = 0.3
"""The latest part of the seconds used from which the speed is taken: grids and steps change as the state does."""
SHORTEST_TIMED = 1e-9
"""Seconds in which no time of the run can pass; a clock may show less between two looks."""
YEAR, DAY, HOUR, MINUTE = 3.156e7, 86400.0, 3600.0, 60.0
"""In seconds."""
MOST_SHOWN = 1e12
"""Seconds beyond which a span is no number that tells anything."""


class Pace:
    """The speed of a run in units of its own time, from the latest part of its history."""

    def __init__(self, horizon: float, limit: float) -> None:
        self.horizon, self.limit = horizon, limit
        self.started = time.monotonic()
        self.history: deque[tuple[float, float]] = deque([(0.0, 0.0)])

    def reached(self, t: float, *, typical: bool, hint: str, growth: float = 1.0) -> float:
        """Seconds that are left at the latest speed, now that the time is t; refuses a run that will not be done by the
        limit.

        `typical`: whether the rest may be expected to go as the latest part did, which it will not after a pulse.
        `growth`: by what a segment is longer than the one before; what is expected is that all to come are so too.
        Raises ResourceError; `hint` says what the run is doing.
        """
        used = time.monotonic() - self.started
        self.history.append((used, t))
        while len(self.history) > 2 and self.history[1][0] < (1 - RECENT_FRACTION) * used:
            self.history.popleft()
        earlier, then = self.history[0]
        speed = (t - then) / max(used - earlier, SHORTEST_TIMED)
        left = (self.horizon - t) / speed if speed > 0 else float("inf")
        expected = left
        if growth > 1 and speed > 0:  # n stretches of growth, growth^2, ... times the latest one
            n = log1p((self.horizon - t) / (t - then) * (growth - 1) / growth) / log(growth)
            expected = n * (used - earlier)
        if used > self.limit or (typical and used > min(TRUSTED_AFTER, self.limit) and used + expected > self.limit):
            self._refuse(t, used, expected, hint)
        return left

    def before(self, t: float, seconds: float, tau: float, *, hint: str) -> None:
        """Refuse a segment of length `tau` that would itself take longer than there is time."""
        used = time.monotonic() - self.started
        if used + seconds > self.limit:
            self._refuse(t, used, seconds * (self.horizon - t) / tau, hint)

    def expect(self, t: float, cost: float, *, hint: str) -> None:
        """Refuse a run whose time left costs `cost` seconds per unit of time, from a part of a step that was timed."""
        used = time.monotonic() - self.started
        left = cost * (self.horizon - t)
        if used > self.limit or (used > min(TRUSTED_AFTER, self.limit) and used + left > self.limit):
            self._refuse(t, used, left, hint)

    def _refuse(self, t: float, used: float, left: float, hint: str) -> None:
        if t >= self.horizon:
            return
        more = f"{in_words(left)} more" if 0 < left < float("inf") else "an unknown time more"
        raise ResourceError(
            f"At t = {t:.4g} of {self.horizon:.4g}, after {in_words(used)}, the run would take {more} ({hint}), but "
            f"`time_limit` is {in_words(self.limit)}: raise `tol` or `h`, shorten `times`, or raise `time_limit`.",
            kind="time",
        )


def in_words(seconds: float) -> str:
    """A span of time in its natural unit, two digits."""
    for unit, size in (("years", YEAR), ("days", DAY), ("h", HOUR), ("min", MINUTE)):
        if seconds >= 2 * size:
            return f"{seconds / size:.2g} {unit}" if seconds < MOST_SHOWN else "more than 10000 years"
    return f"{seconds:.2g} s"
