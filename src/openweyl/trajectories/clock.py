"""How long paths take, and a refusal of those that would take longer than they may."""

from __future__ import annotations

import time

from openweyl._core.arguments import ResourceError
from openweyl._core.progress import Progress

from .mesh import Mesh


class Clock:
    """How long steps take, and a refusal where a run would take longer than it may."""

    def __init__(self, began: float, seconds: float, report: Progress | None) -> None:
        self.began, self.seconds, self.report = began, seconds, report
        self.speed = 0.0

    def measured(self, paths: int, mesh: Mesh, took: float) -> None:
        """So many paths took that long."""
        self.speed = took / max(paths * mesh.steps, 1)

    def forecast(self, paths: int, mesh: Mesh, what: str) -> None:
        """Raise ResourceError if so many paths take too long."""
        needed = time.monotonic() - self.began + self.speed * paths * mesh.steps
        if needed > self.seconds:
            few = "Take fewer paths" if what == "paths" else "Raise `tol`, take earlier times"
            raise ResourceError(
                f"{paths} paths of {2 * mesh.steps} steps will take about {needed:.3g} s, but `time_limit` is "
                f"{self.seconds:g} s. {few}, or raise it.",
                kind="time",
            )

    def block(self, before: float, share: float, words: str, part: float) -> None:
        """Tell the caller of a `part` of a block that is this `share` of all."""
        self.reached(before + share * part, words)

    def reached(self, part: float, words: str) -> None:
        """Tell the caller."""
        if self.report is not None:
            self.report(part, 1.0, words)
