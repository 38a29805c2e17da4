"""What all pictures share: colours, and figures that need no window.

Symbols have a diverging map around zero, purple negative and orange positive, which the colour-blind tell apart.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from openweyl.files.atomic import writing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIVERGING = "PuOr_r"
"""Matplotlib's name for the colour map of symbols."""
QUANTUM, CLASSICAL, BOUND = "#0b5394", "#e69138", "#444444"
"""The colours of lines: of the quantum evolution, of the classical one, and of bounds on their distance."""
DOTS_PER_INCH = 150
"""Resolution of a written picture: sharp on a screen, in a file of about 100 kB."""


def new_figure(rows: int, columns: int, size: tuple[float, float], **options: Any) -> tuple[Figure, Any]:
    """A figure without a window, of `size` (width, height) in inches, and its axes, an array of shape (rows, columns).

    `options` go to Matplotlib's `Figure.subplots`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def write(figure: Figure, path: str | Path) -> Path:
    """Write `figure` to `path`, whose suffix says how (.png, .pdf, .svg); the file is there whole or not at all.

    Raises OSError, with `path` in it, if it cannot be written.
    """
    target = Path(path)
    with writing(target) as unfinished:
        figure.savefig(unfinished, dpi=DOTS_PER_INCH)
    return target
