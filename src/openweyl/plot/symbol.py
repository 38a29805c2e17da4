"""Symbols on phase space (n = 1): filled contours, beside one another and with their difference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .style import DIVERGING, new_figure

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROUND_OFF = 1e-13
"""Of transforms and resampling in double precision, in units of the largest value."""
MARGIN = 0.05
"""Width of the empty border around a symbol, in units of the symbol's extent."""


def draw_symbol(
    axes: Axes, w: np.ndarray, x: np.ndarray, xi: np.ndarray, *, scale: float, levels: int = 12, floor: float = 0.0
) -> Any:
    """Filled contours of w(x, xi), colours from -scale to scale; the zero level is white, as is |w| <= `floor`.

    `w`: shape (len(x), len(xi)). `levels`: colours of either sign. Returns what Matplotlib's `contourf` does, for a
    `colour_bar`.
    """
    w = np.where(np.abs(w) > floor, w, 0.0)
    edges = np.linspace(-scale, scale, 2 * levels + 2)
    drawn = axes.contourf(x, xi, np.clip(w, -scale, scale).T, levels=edges, cmap=DIVERGING)
    lines = edges[np.abs(edges) > max(scale / (2 * levels), floor)]
    if np.abs(w).max() > 0:
        axes.contour(x, xi, w.T, levels=lines, colors="black", linewidths=0.25)
    axes.set_xlabel(r"$x$")
    axes.set_ylabel(r"$\xi$")
    axes.set_aspect("equal")
    return drawn


def colour_bar(drawn: Any, axes: Axes) -> None:
    """The bar of colours beside `axes`, ticks at round numbers; `drawn`: what `draw_symbol` returned."""
    from matplotlib.ticker import MaxNLocator

    scale = float(drawn.levels[-1])
    ticks = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10], symmetric=True).tick_values(-scale, scale)
    bar = axes.figure.colorbar(drawn, ax=axes, fraction=0.046, format="%.3g")
    bar.set_ticks([tick for tick in ticks if abs(tick) <= scale])


def box_around(
    symbols: Sequence[np.ndarray], x: np.ndarray, xi: np.ndarray, part: float = 1e-2
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The intervals of x and xi around where any of the symbols exceeds `part` of its maximum."""
    inside = np.any([np.abs(w) > part * np.abs(w).max() for w in symbols], axis=0)
    return _around(x[inside.any(axis=1)]), _around(xi[inside.any(axis=0)])


def _around(points: np.ndarray) -> tuple[float, float]:
    """From the first to the last of `points`, with a margin."""
    margin = MARGIN * (points[-1] - points[0])
    return float(points[0] - margin), float(points[-1] + margin)


def phase_portraits(dataset: xarray.Dataset, index: int) -> Figure:
    """Quantum symbol, classical density and their difference at one time (n = 1).

    `dataset`: that of a comparison; `index` counts its times. A difference that error alone may make is blank.
    """
    x, xi = dataset["x"].values, dataset["xi"].values
    w, a = (dataset[kind].values[index] for kind in ("quantum", "classical"))
    across, up = box_around([w, a], x, xi)
    ratio = (up[1] - up[0]) / (across[1] - across[0])
    height = min(max(2.7 * ratio + 1.2, 2.2), 8)  # inches: three pictures of that ratio, and a title
    figure, axes = new_figure(1, 3, (11, height), sharex=True, sharey=True)
    scale = float(max(np.abs(w).max(), np.abs(a).max()))
    gap, floor = float(np.abs(w - a).max()), error_of_symbols(dataset, index, scale)
    blank = gap <= floor
    title = f"difference: none above {floor:.2g}" if blank else "difference"
    for ax, name, values, top, least in (
        (axes[0, 0], "Lindblad", w, scale, 0.0),
        (axes[0, 1], "Fokker-Planck", a, scale, 0.0),
        (axes[0, 2], title, w - a, floor if blank else gap, floor),
    ):
        colour_bar(draw_symbol(ax, values, x, xi, scale=top, floor=least), ax)
        ax.set_title(name)
    axes[0, 0].set(xlim=across, ylim=up)
    h, gamma, t = dataset.attrs["h"], dataset.attrs["gamma"], float(dataset["time"][index])
    figure.suptitle(rf"$t = {t:.4g}$,  $h = {h:.4g}$,  $\gamma = {gamma:.4g}$")
    return figure


def error_of_symbols(dataset: xarray.Dataset, index: int, scale: float) -> float:
    """What the difference of both symbols may be by error alone: twice that of the distance, as a symbol is at most
    2^n times the trace norm of its operator, and the round-off of transforms.
    """
    error = float(dataset["trace_norm_error"][index]) if "trace_norm_error" in dataset else 0.0
    return 2 * error + ROUND_OFF * scale


def figure_1(open_system: xarray.Dataset, closed_system: xarray.Dataset) -> Figure:
    """Li's Figure 1: both evolutions at the last time, with (gamma = 1) and without (gamma = 0) an environment.

    Each dataset holds the symbols `quantum` and `classical` over (time, x, xi).
    """
    figure, axes = new_figure(2, 2, (8, 8), sharex=True, sharey=True)
    for row, dataset in zip(axes, (open_system, closed_system), strict=True):
        x, xi = dataset["x"].values, dataset["xi"].values
        w, a = (dataset[kind].values[-1] for kind in ("quantum", "classical"))
        for ax, values, name in zip(row, (a, w), ("Fokker-Planck", "Lindblad"), strict=True):
            draw_symbol(ax, values, x, xi, scale=float(np.abs(a).max()))
            ax.set_title(rf"{name}, $\gamma = {dataset.attrs['gamma']:g}$")
        if dataset is open_system:
            across, up = box_around([a, w], x, xi)
            ax.set(xlim=across, ylim=up)  # shared by all four
    figure.suptitle(rf"$t = {float(open_system['time'][-1]):g}$,  $h = {open_system.attrs['h']:g}$")
    return figure
