"""What is read off a sampled mixture, over time: means with bands of chance, bounds, numbers with both errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .style import BOUND, CLASSICAL, QUANTUM

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STANDARD_ERRORS = 1.96
"""Half the width of a band, in standard errors: 95 % of them hold the mean."""
MODES_DRAWN = 4
"""The most modes whose means are drawn: more lines are not told apart."""
LEAST_SHOWN = 1e-4
"""Part of the largest bound below which nothing is shown, on a logarithmic axis."""


def draw_means(axes: Axes, times: Sequence[float], mean: np.ndarray, error: np.ndarray, names: Sequence[str]) -> None:
    """Draw the means of x_j (solid) and xi_j (dashed) over time, with bands of 1.96 standard errors.

    `mean`, `error`: (times, 2n), x then xi. `names`: of the 2n coordinates. Of many modes MODES_DRAWN are drawn.
    """
    n = len(names) // 2
    count = min(n, MODES_DRAWN)
    modes = [round(k * (n - 1) / max(count - 1, 1)) for k in range(count)]
    for colour, j in enumerate(modes):
        for place, line in ((j, "-"), (n + j, "--")):
            style: dict[str, Any] = {"color": f"C{colour}"}
            _banded(axes, times, mean[:, place], STANDARD_ERRORS * error[:, place], alpha=0.3, **style)
            marker = "o" if len(times) == 1 else ""
            label = names[place].replace("xi", "ξ")
            axes.plot(times, mean[:, place], line, marker=marker, label=label, linewidth=1.2, **style)
    _finish(axes, "mean ± 1.96 standard errors")


def draw_bounds(
    axes: Axes,
    times: Sequence[float],
    quantum: tuple[np.ndarray, np.ndarray],
    classical: tuple[np.ndarray, np.ndarray],
) -> None:
    """Draw the bounds over time, `quantum` in trace norm and `classical` in L1: pairs of values and standard errors."""
    for (bound, error), colour, label in (
        (quantum, QUANTUM, r"quantum: $\|A(t) - E\tau\|_{\mathrm{tr}}$"),
        (classical, CLASSICAL, r"Fokker-Planck: $L^1$"),
    ):
        _banded(axes, times, bound, STANDARD_ERRORS * error, alpha=0.3, color=colour)
        style = "o" if len(times) == 1 else "-"
        axes.plot(times, np.where(bound > 0, bound, np.nan), style, color=colour, label=label, linewidth=1.2)
    largest = float(max(quantum[0].max(), classical[0].max()))
    if largest > 0:
        axes.set_yscale("log")
        axes.set_ylim(bottom=max(axes.get_ylim()[0], LEAST_SHOWN * largest))
    _finish(axes, "bound")


def draw_readout(
    axes: Axes, times: Sequence[float], value: np.ndarray, statistical: np.ndarray, bound: np.ndarray | None, name: str
) -> None:
    """Draw a number over time, with a band of 1.96 standard errors, and one wider by `bound` where that is finite."""
    chance = STANDARD_ERRORS * statistical
    if bound is not None and np.isfinite(bound).all():
        _banded(axes, times, value, chance + bound, alpha=0.15, color=BOUND, label="± bound, and these")
    _banded(axes, times, value, chance, alpha=0.35, color=QUANTUM, label="± 1.96 standard errors")
    axes.plot(times, value, "o" if len(times) == 1 else "-", color=QUANTUM, linewidth=1.2)
    short = name if len(name) <= 40 else name[:37] + "..."
    _finish(axes, short.replace("$", r"\$"))


def _banded(axes: Axes, times: Sequence[float], middle: np.ndarray, half: np.ndarray, **style: Any) -> None:
    """A band of this half width; a bar where there is but one time, nothing where the width is not finite."""
    half = np.where(np.isfinite(half), half, 0.0)
    if len(times) == 1:
        axes.vlines(times, middle - half, middle + half, linewidth=6, **style)
    else:
        axes.fill_between(times, middle - half, middle + half, linewidth=0, **style)


def _finish(axes: Axes, label: str) -> None:
    axes.set_xlabel(r"$t$")
    axes.set_ylabel(label)
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", handlelength=1.6)
