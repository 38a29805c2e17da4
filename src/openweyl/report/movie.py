"""Movies of both evolutions side by side, and of their difference; or of one evolution.

Each frame has its own colour scale, which the bars show: a state that spreads would fade on a fixed one. Sizes at
different times are compared on one scale.
"""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from openweyl._core import arguments
from openweyl._core.arguments import InputError, check_path, fail, must, needs
from openweyl._core.calls import public
from openweyl._core.progress import Progress, callback, shares, shows_progress
from openweyl.analysis.comparison import Comparison
from openweyl.evolution.observing import added_up
from openweyl.evolution.solution import Solution
from openweyl.files.atomic import output_file, writing
from openweyl.plot import new_figure
from openweyl.plot.results import draw_function
from openweyl.plot.symbol import box_around
from openweyl.problems.problem import Problem
from openweyl.weyl.symbol import Symbol

from .films import snapshots_in, snapshots_of
from .gallery import TITLES
from .markup import coordinate, letters, number
from .portraits import BANDS, KINDS, PICTURE_PIXELS, Snapshot, drawn, palette, square_box_around

SUFFIXES = (".mp4", ".gif")
"""The kinds of movies, by the end of their name."""
MOST_FRAMES, FRAMES_PER_SECOND = 2000, 12
"""Three minutes at most: each frame takes a tenth of a second to draw."""


@public
@shows_progress("movie")
def movie(
    shown: Problem | Comparison | Solution,
    path: str | Path,
    *,
    times: Sequence[float] | None = None,
    one_scale: bool = False,
    progress: Progress | bool | None = None,
) -> Path:
    """Write a movie (n = 1) to `path`: an mp4, or a gif, by its suffix.

    `shown`: a Comparison or a Solution, with a frame at each of its saved times; or a Problem, which is evolved first,
    with a frame at each of `times`. Of a Solution there is one picture, corrections added up; else there are three.
    `one_scale`: the colours mean the same in all frames; those of the difference are apart from those of the symbols.

    The file is there whole or not at all. Raises InputError for another suffix, for n > 1, for less than two times, for
    a path that cannot be written, and if an mp4 is wanted without imageio-ffmpeg; what `evolve` raises, too.
    """
    target = checked_movie_path(path)
    known = isinstance(shown, (Problem, Comparison, Solution))
    must(known, "shown", "be a Comparison, a Solution or a Problem", shown)
    name = "problem" if isinstance(shown, Problem) else "shown"
    must(shown.system.n == 1, name, "have one degree of freedom to be drawn", shown.system.n)
    if not isinstance(shown, Problem):
        must(times is None, "times", "be left out: the saved times are shown", times)
    moments = arguments.times(shown.times if times is None else times)
    must(1 < len(moments) <= MOST_FRAMES, "times", f"be 2 to {MOST_FRAMES} for a movie", len(moments))
    running, drawing = shares(callback(progress), (1.0 if isinstance(shown, Problem) else 0.0, 1.0))
    frames: Sequence[Any]
    if isinstance(shown, Solution):
        frames = [added_up(symbol) for symbol in shown]
        pictures: Pictures | OnePicture = OnePicture(frames, shown.kind, one_scale=one_scale)
    else:
        if isinstance(shown, Comparison):
            frames = snapshots_in(shown)
        else:
            frames = snapshots_of(shown, moments, shown.tol, running)
        pictures = Pictures(frames, one_scale=one_scale)
    parameters = shown.parameters if isinstance(shown, Problem) else {}
    values = {"h": shown.system.h, "gamma": shown.system.gamma, **parameters}
    words = ",  ".join(f"{mathtext(axis)} = {coordinate(axis, value)}" for axis, value in values.items())
    try:
        with writing(target) as unfinished:
            _film(pictures, frames, unfinished, moments, words, drawing)
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace") if isinstance(error.stderr, bytes) else str(error.stderr or "")
        first = next(iter(said.strip().splitlines()), "").rpartition("] ")[2]
        reason = first or f"It ended with {error.returncode}"
        raise fail("out", "be a file that ffmpeg can write", str(path), f"{reason.rstrip('.')}.") from None
    return target


def checked_movie_path(path: str | Path) -> Path:
    """`path` as one that a movie can be written to, checked before the work starts."""
    target = check_path("out", path, "be a path")
    must(target.suffix in SUFFIXES, "out", f"end in {' or '.join(SUFFIXES)}", str(path))
    if target.suffix == ".mp4":
        _ffmpeg()
    return output_file(target)


def _ffmpeg() -> str:
    """The path of the ffmpeg program."""
    try:
        return str(needs("imageio_ffmpeg", "movie").get_ffmpeg_exe())
    except ImportError as error:
        raise InputError(f"An mp4 needs ffmpeg, but {error} Or write a .gif.") from None


def mathtext(axis: str) -> str:
    """The letter of an axis as Matplotlib sets it, with its index; a word, or an odd name, as it is."""
    stem, low = letters(axis)
    if len(stem) > 1 or not low.replace("_", "").isalnum():
        return f"${stem}$" if len(stem) == 1 and not low else axis
    index = low.replace("_", r"\_")
    return rf"${stem}_{{\mathrm{{{index}}}}}$"


def _film(
    pictures: Pictures | OnePicture,
    frames: Sequence[Any],
    path: Path,
    times: Sequence[float],
    words: str,
    progress: Progress | None,
) -> None:
    """Draw and write the frames; `words` say what stays the same."""
    import matplotlib as mpl
    from matplotlib.animation import FFMpegWriter, PillowWriter

    mp4 = path.suffix == ".mp4"
    writer = FFMpegWriter(fps=FRAMES_PER_SECOND) if mp4 else PillowWriter(fps=FRAMES_PER_SECOND)
    settings: Any = {"animation.ffmpeg_path": _ffmpeg()} if mp4 else {}
    logging.getLogger("matplotlib.animation").setLevel(logging.CRITICAL)  # what it says of ffmpeg is said here
    with mpl.rc_context(settings), writer.saving(pictures.figure, str(path), dpi=120):
        for k, (shown, time) in enumerate(zip(frames, times, strict=True), 1):
            pictures.draw(shown, f"$t$ = {time:.3f},  {words}")
            writer.grab_frame()
            if progress is not None:
                progress(k, len(times), "drawing")


class OnePicture:
    """Axes that show one symbol after the other."""

    def __init__(self, symbols: Sequence[Symbol], kind: str, *, one_scale: bool = False) -> None:
        self.figure, axes = new_figure(1, 1, (4.8, 4.2))
        self.axes, self.title = axes[0, 0], TITLES[kind]
        self.across, self.up = box_around(symbols)
        self.scale = max(float(np.abs(symbol.values).max()) for symbol in symbols) if one_scale else None

    def draw(self, symbol: Symbol, words: str) -> None:
        """Show `symbol` under the title `words`."""
        self.axes.clear()
        draw_function(self.axes, symbol, scale=self.scale)
        self.axes.set(xlim=self.across, ylim=self.up, title=self.title)
        self.figure.suptitle(words, fontsize="medium")


class Pictures:
    """Three axes that show one snapshot after the other, each on its own colour scale, or all on one."""

    def __init__(self, snapshots: Sequence[Snapshot], *, one_scale: bool = False) -> None:
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import ListedColormap, Normalize

        self.box, self.colours = square_box_around(snapshots), palette()
        seen = [m.gap for m in snapshots if m.gap > m.floor] if one_scale else []
        self.scales = (max(m.scale for m in snapshots), max(seen, default=0.0)) if one_scale else None
        self.figure, axes = new_figure(1, 3, (10.8, 3.5), sharex=True, sharey=True)
        bands = ScalarMappable(Normalize(-1, 1), ListedColormap(self.colours[: 2 * BANDS + 1] / 255))
        blank = np.full((PICTURE_PIXELS, PICTURE_PIXELS, 3), 255, np.uint8)
        self.images, self.bars, self.axes = [], [], axes[0]
        for ax, kind in zip(axes[0], KINDS, strict=True):
            self.images.append(ax.imshow(blank, extent=self.box))
            self.bars.append(self.figure.colorbar(bands, ax=ax, fraction=0.046, ticks=[-1, 0, 1]))
            ax.set_title(TITLES[kind])
            ax.set_xlabel(r"$x$")
        axes[0][0].set_ylabel(r"$\xi$")
        self._label(*[8.8e-5] * 3)  # the widest labels
        self.figure.suptitle(" ")
        self.figure.draw_without_rendering()
        self.figure.set_layout_engine("none")  # nothing moves from frame to frame

    def draw(self, snapshot: Snapshot, words: str) -> None:
        """Show `snapshot` under the title `words`."""
        images, *own = drawn(snapshot, self.box, self.scales)
        scale, gap = self.scales or own
        for image, shown in zip(self.images, images, strict=True):
            image.set_data(self.colours[shown])
        self._label(scale, scale, gap)
        blank = "" if own[1] else f" (below {number(snapshot.floor, 2)})"
        self.axes[-1].set_title(TITLES["difference"] + blank)
        self.figure.suptitle(words)

    def _label(self, *scales: float) -> None:
        """Write what the ends of the bars stand for; nothing where all is zero."""
        for bar, scale in zip(self.bars, scales, strict=True):
            end = number(scale, 2) if scale else ""
            bar.set_ticklabels([f"−{end}" if end else "", "0", end])
