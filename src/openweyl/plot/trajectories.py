"""Single paths over time, and their mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .spectra import finish

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PATHS_DRAWN = 10
"""So many paths are told apart."""


def draw_paths(axes: Axes, times: Sequence[float], paths: np.ndarray, mean: np.ndarray, names: Sequence[str]) -> None:
    """Draw a few of the `paths` (paths, times, 2n), thin, and their `mean` (times, 2n), of the first mode over time."""
    n = len(names) // 2
    for colour, j in (("C0", 0), ("C1", n)):
        style = "o" if len(times) == 1 else "-"
        for path in paths[:PATHS_DRAWN]:
            axes.plot(times, path[:, j], style, color=colour, alpha=0.35, linewidth=0.7)
        label = f"mean of {names[j]}".replace("xi", "ξ")
        axes.plot(times, mean[:, j], style, color=colour, label=label, linewidth=1.8)
    axes.legend(fontsize="small", handlelength=1.6)
    finish(axes, r"$t$", "paths")
