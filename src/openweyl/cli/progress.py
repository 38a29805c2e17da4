"""Progress on standard error."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 2.0
"""Seconds before a progress bar appears."""
SILENCE = 10.0
"""Seconds between two lines of progress, where standard error is a file."""


class Bar:
    """A progress bar on standard error, if that is a terminal and the work takes longer than `PATIENCE` seconds.

    With `lines`, what is no terminal gets a line now and then.
    """

    def __init__(self, title: str, lines: bool = False) -> None:
        self.title, self.started = title, time.monotonic()
        self.next_line = self.started + SILENCE if lines else float("inf")
        self.terminal = sys.stderr.isatty()  # a bar that is drawn puts something else in its place
        self.bar: Progress | None = None

    def __call__(self, reached: float, end: float, words: str) -> None:
        if not self.terminal and time.monotonic() > self.next_line:
            self.next_line = time.monotonic() + SILENCE
            click.echo(f"{self.title}: {words}", err=True)
        if not self.terminal or time.monotonic() - self.started < PATIENCE:
            return
        if self.bar is None:
            from rich.console import Console
            from rich.progress import Progress

            self.bar = Progress(console=Console(stderr=True), transient=True)
            self.bar.add_task(self.title, total=1.0)
            self.bar.start()
        self.bar.update(self.bar.task_ids[0], completed=reached / end, description=f"{self.title}: {words}")

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()
