"""Whether a run on a grid will take longer than another method would: by counted work, the same on every machine."""

from __future__ import annotations

SECONDS_PER_STEP, SECONDS_PER_POINT = 2e-4, 4e-8
"""Seconds for a step, and for each point of the grid in it."""
UNDECIDED = 3
"""Segments that pass before anything is said: the first ones are short, and on a grid that still changes."""
DECIDED = 40
"""Segments after which nothing is said any more: a run that has come so far stays where it is."""


class SlowerError(Exception):
    """The other method is faster."""


class Race:
    """The work of a run up to `horizon`, against the seconds that its `rival` would take."""

    def __init__(self, horizon: float, rival: float) -> None:
        self.horizon, self.rival = horizon, rival
        self.used, self.segments = 0.0, 0

    def reached(self, t: float, points: int, duration: float, steps: int) -> None:
        """Count a segment that ends at t. Raises SlowerError if the rest would take longer than the rival."""
        seconds = steps * (SECONDS_PER_STEP + SECONDS_PER_POINT * points)
        self.used += seconds
        self.segments += 1
        deciding = UNDECIDED < self.segments <= DECIDED
        if deciding and seconds * (self.horizon - t) / duration > self.rival:
            raise SlowerError
