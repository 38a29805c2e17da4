"""How long a block of particles will take, and a refusal where that is longer than it may."""

from __future__ import annotations

import time

from openweyl._core.arguments import ResourceError
from openweyl.evolution.pace import in_words

TRUSTED_AFTER, TRUSTED_STEPS = 5.0, 40
"""Seconds and steps after which a forecast is trusted: the first steps are the shortest."""


class Forecast:
    """The pace of a run to the time `end`, which may take `seconds`; for the message `what` it is, and an `advice`."""

    def __init__(self, end: float, seconds: float, what: str, advice: str = "") -> None:
        self.end, self.seconds, self.what, self.advice = end, seconds, what, advice
        self.looks: list[tuple[float, float]] = []

    def reached(self, t: float) -> None:
        """Called after each step; refuses a run that will not be done in time."""
        self.looks.append((time.monotonic(), t))
        now, first = self.looks[-1][0], self.looks[0][0]  # after the first step, which may have been compiled
        whole = used = now - first
        if len(self.looks) >= TRUSTED_STEPS and used >= min(TRUSTED_AFTER, self.seconds):
            then, half = self.looks[len(self.looks) // 2]
            whole += (self.end - t) * (now - then) / max(t - half, 1e-300)
        if whole > self.seconds:
            raise ResourceError(
                f"{self.what} would take {in_words(whole)} (at t = {t:.4g} of {self.end:.4g}), but `time_limit` leaves "
                f"{in_words(max(self.seconds, 0.0))}: {self.advice}shorten `times`, or raise `time_limit`.",
                kind="time",
            )
