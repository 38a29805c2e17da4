"""Progress of a long computation: the function that it calls, how its parts share that, and the bar that shows it.

evolve(..., progress=True)              a bar, in a terminal on standard error or in a notebook
evolve(..., progress=function)          function(reached, end, words), now and then
"""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, ParamSpec, TypeAlias, TypeVar

from .arguments import fail

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

Progress: TypeAlias = Callable[[float, float, str], None]
"""Called as progress(reached, end, words): the time or number reached, that at the end, and a few words on the work."""

SECONDS_BEFORE_BAR = 2.0
"""Seconds of work before a bar appears: shorter computations need none."""
SECONDS_BETWEEN_LINES = 10.0
"""Seconds of work between two lines, where standard error is a file: a few hundred lines in an hour."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def shows_progress(title: str) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """The decorated function with a bar called `title`, if its argument `progress`, given by name, is True."""

    def decorate(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @functools.wraps(function)
        def with_bar(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
            if kwargs.get("progress") is not True:
                return function(*args, **kwargs)
            with Bar(title) as bar:
                kwargs["progress"] = bar
                return function(*args, **kwargs)

        return with_bar

    return decorate


def callback(progress: Progress | bool | None) -> Progress | None:
    """The function that is called, if any; True was replaced by `shows_progress`.

    Raises InputError for anything else.
    """
    if progress is None or progress is False:
        return None
    if not callable(progress):
        raise fail("progress", "be a function, or True for a bar", progress)
    return progress


def shares(progress: Progress | None, weights: Sequence[float]) -> list[Progress | None]:
    """A progress for each part, which goes from 0 to its end; together they move `progress` from 0 to 1, once.

    >>> seen = []
    >>> first, second = shares(lambda reached, end, words: seen.append(reached / end), [3.0, 1.0])
    >>> first(10.0, 10.0, ""), second(1.0, 2.0, "")
    (None, None)
    >>> seen
    [0.75, 0.875]
    """
    if progress is None:
        return [None] * len(weights)
    ends = [0.0, *accumulate(weights)]
    return [_share(progress, first / ends[-1], last / ends[-1]) for first, last in pairwise(ends)]


def _share(progress: Progress, first: float, last: float) -> Progress:
    def moved(reached: float, end: float, words: str) -> None:
        progress(first + (last - first) * _part(reached, end), 1.0, words)

    return moved


def _part(reached: float, end: float) -> float:
    """The part that is done, from 0 to 1; 1 for a run to time 0."""
    return min(reached / end, 1.0) if end > 0 else 1.0


class Bar:
    """A progress bar, in a terminal on standard error or in a notebook, if the work takes longer than two seconds.

    With `lines`, a file that takes standard error gets a line now and then; without, it gets nothing.
    """

    def __init__(self, title: str, lines: bool = False) -> None:
        self.title, self.started = title, time.monotonic()
        self.next_line = self.started + SECONDS_BETWEEN_LINES if lines else float("inf")
        self.drawn = sys.stderr.isatty() or _in_notebook()  # looked up once: a bar replaces sys.stderr
        self.bar: RichProgress | None = None

    def __call__(self, reached: float, end: float, words: str) -> None:
        now = time.monotonic()
        if not self.drawn and now > self.next_line:
            self.next_line = now + SECONDS_BETWEEN_LINES
            print(f"{self.title}: {words}", file=sys.stderr)  # noqa: T201 - not a result
        if self.drawn and now - self.started >= SECONDS_BEFORE_BAR:
            self._draw(_part(reached, end), words)

    def _draw(self, part: float, words: str) -> None:
        if self.bar is None:
            from rich.console import Console
            from rich.progress import Progress as RichProgress

            self.bar = RichProgress(console=Console(stderr=True), transient=True)
            self.bar.add_task(self.title, total=1.0)
            self.bar.start()
        self.bar.update(self.bar.task_ids[0], completed=part, description=f"{self.title}: {words}")

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()
            self.bar = None


def _in_notebook() -> bool:
    """Whether this is a notebook, as rich can tell; it is not imported where IPython was not."""
    if "IPython" not in sys.modules:
        return False
    from rich.console import Console

    return Console().is_jupyter
