"""Movies of both evolutions side by side, and of their difference.

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

from openweyl._core.arguments import InputError, fail, must, needs
from openweyl._core.progress import Progress, callback, shares, shows_progress
from openweyl.files.atomic import output_file, writing
from openweyl.plot import new_figure
from openweyl.problems.problem import Problem

from .films import snapshots_of
from .gallery import TITLES
from .markup import coordinate, letters, number
from .portraits import BANDS, KINDS, PICTURE_PIXELS, Snapshot, drawn, palette, square_box_around

SUFFIXES = (".mp4", ".gif")
"""The kinds of movies, by the end of their name."""
MOST_FRAMES, FRAMES_PER_SECOND = 2000, 12
"""Three minutes at most: each frame takes a tenth of a second to draw."""


@shows_progress("movie")
def movie(
    problem: Problem,
    path: str | Path,
    *,
    times: Sequence[float],
    one_scale: bool = False,
    progress: Progress | bool | None = None,
) -> Path:
    """Write the movie of `problem` (n = 1), one frame at each of `times`, to `path`: an mp4, or a gif, by its suffix.

    `one_scale`: the colours mean the same in all frames; those of the difference are apart from those of the symbols.

    The file is there whole or not at all. Raises InputError for another suffix, for n > 1, for a path that cannot be
    written, and if an mp4 is wanted without imageio-ffmpeg; what `evolve` raises, too.
    """
    target = checked_movie_path(path)
    must(problem.system.n == 1, "problem", "have one degree of freedom to be drawn", problem.system.n)
    must(1 < len(times) <= MOST_FRAMES, "times", f"be 2 to {MOST_FRAMES} for a movie", len(times))
    running, drawing = shares(callback(progress), (1.0, 1.0))
    snapshots = snapshots_of(problem, times, problem.tol, running)
    values = {"h": problem.system.h, "gamma": problem.system.gamma, **problem.parameters}
    words = ",  ".join(f"{mathtext(axis)} = {coordinate(axis, value)}" for axis, value in values.items())
    try:
        with writing(target) as unfinished:
            _film(Pictures(snapshots, one_scale=one_scale), snapshots, unfinished, times, words, drawing)
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace") if isinstance(error.stderr, bytes) else str(error.stderr or "")
        first = next(iter(said.strip().splitlines()), "").rpartition("] ")[2]
        reason = first or f"It ended with {error.returncode}"
        raise fail("out", "be a file that ffmpeg can write", str(path), f"{reason.rstrip('.')}.") from None
    return target


def checked_movie_path(path: str | Path) -> Path:
    """`path` as one that a movie can be written to, checked before the work starts."""
    target = Path(path)
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
    pictures: Pictures,
    snapshots: Sequence[Snapshot],
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
        for k, (snapshot, time) in enumerate(zip(snapshots, times, strict=True), 1):
            pictures.draw(snapshot, f"$t$ = {time:.3f},  {words}")
            writer.grab_frame()
            if progress is not None:
                progress(k, len(times), "drawing")


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
