"""Movies of both evolutions side by side, and of their difference.

Each frame has its own colour scale, which the bars show: a state that spreads would fade on a fixed one.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._check import InputError, fail, must, needs
from openweyl.evolve import evolve
from openweyl.figures import new_figure
from openweyl.problem import Problem

from .films import moments_of
from .output import writable, writing
from .portraits import BANDS, PIXELS, box_around, drawn, palette

if TYPE_CHECKING:
    from openweyl.control import Progress
    from openweyl.solution import Solution

SUFFIXES = (".mp4", ".gif")
MOST_FRAMES, PER_SECOND = 2000, 12


def movie(problem: Problem, path: str | Path, *, times: Sequence[float], progress: Progress | None = None) -> Path:
    """Write the movie of `problem` (n = 1), one frame at each of `times`, to `path`: an mp4, or a gif, by its suffix.

    The file is there whole or not at all. Raises InputError for another suffix, for n > 1, for a path that cannot be
    written, and if an mp4 is wanted without imageio-ffmpeg; what `evolve` raises, too.
    """
    target = checked(path)
    must(problem.system.n == 1, "problem", "have one degree of freedom to be drawn", problem.system.n)
    must(1 < len(times) <= MOST_FRAMES, "times", f"be 2 to {MOST_FRAMES} for a movie", len(times))
    quantum, classical = (
        evolve(problem.system, problem.state, times, kind=kind, tol=problem.tol, progress=progress)
        for kind in ("quantum", "classical")
    )
    try:
        with writing(target) as unfinished:
            _film(quantum, classical, unfinished, progress)
    except subprocess.CalledProcessError as error:
        raise fail("out", "be a file that ffmpeg can write", str(path), f"It ended with {error.returncode}.") from None
    return target


def checked(path: str | Path) -> Path:
    """`path` as one that a movie can be written to, found out before the work starts."""
    target = Path(path)
    must(target.suffix in SUFFIXES, "out", f"end in {' or '.join(SUFFIXES)}", str(path))
    if target.suffix == ".mp4":
        _ffmpeg()
    return writable(target)


def _ffmpeg() -> str:
    """The path of the ffmpeg program."""
    try:
        return str(needs("imageio_ffmpeg", "movie").get_ffmpeg_exe())
    except ImportError as error:
        raise InputError(f"An mp4 needs ffmpeg, but {error} Or write a .gif.") from None


def _film(quantum: Solution, classical: Solution, path: Path, progress: Progress | None) -> None:
    """Draw and write the frames."""
    import matplotlib as mpl
    from matplotlib.animation import FFMpegWriter, PillowWriter

    pictures = _Pictures(quantum, classical)
    mp4 = path.suffix == ".mp4"
    writer = FFMpegWriter(fps=PER_SECOND) if mp4 else PillowWriter(fps=PER_SECOND)
    settings: Any = {"animation.ffmpeg_path": _ffmpeg()} if mp4 else {}
    with mpl.rc_context(settings), writer.saving(pictures.figure, str(path), dpi=120):
        for index in range(len(quantum.times)):
            pictures.draw(index)
            writer.grab_frame()
            if progress is not None:
                progress(index + 1, len(quantum.times), "drawing")


class _Pictures:
    """Three axes that show one moment after the other."""

    def __init__(self, quantum: Solution, classical: Solution) -> None:
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import ListedColormap, Normalize

        self.times, self.moments = quantum.times, moments_of(quantum, classical)
        self.box = box_around(self.moments)
        self.colours = palette()
        self.figure, axes = new_figure(1, 3, (10.8, 4.0), sharex=True, sharey=True)
        bands = ListedColormap(self.colours[: 2 * BANDS + 1] / 255)
        system, blank = quantum.system, np.full((PIXELS, PIXELS, 3), 255, np.uint8)
        self.images, self.bars = [], []
        for ax, title in zip(axes[0], ("Lindblad", "Fokker-Planck", "difference"), strict=True):
            self.images.append(ax.imshow(blank, extent=self.box))
            self.bars.append(ScalarMappable(Normalize(-1, 1), bands))
            self.figure.colorbar(self.bars[-1], ax=ax, fraction=0.046, format="%.3g")
            ax.set_title(title)
            ax.set_xlabel(r"$x$")
        axes[0][0].set_ylabel(r"$\xi$")
        self.numbers = rf"$h = {system.h:.4g}$,  $\gamma = {system.gamma:.4g}$"
        for bar in self.bars:
            bar.set_clim(-0.025, 0.025)  # the widest labels
        self.figure.suptitle(" ")
        self.figure.draw_without_rendering()
        self.figure.set_layout_engine("none")  # nothing moves from frame to frame

    def draw(self, index: int) -> None:
        """Show the moment of this index."""
        images, scale, gap = drawn(self.moments[index], self.box)
        for image, bar, shown, top in zip(self.images, self.bars, images, (scale, scale, gap), strict=True):
            image.set_data(self.colours[shown])
            bar.set_clim(-(top or 1.0), top or 1.0)
        self.figure.suptitle(rf"$t = {self.times[index]:.3f}$,  {self.numbers}")
