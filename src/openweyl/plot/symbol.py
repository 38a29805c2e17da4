"""Symbols of one degree of freedom: filled contours, beside one another and with their difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core.arguments import must
from openweyl.phase_space.grid_function import GridFunction, check_function, resampled_together

from .style import DIVERGING, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SYMBOL_ROUND_OFF = 1e-13
"""Relative round-off of transforms and resampling, in units of the largest value: differences below are blank."""
BORDER_FRACTION = 0.05
"""Width of the empty border around a symbol, as a part of the symbol's extent."""


def draw_symbol(
    axes: Axes,
    symbol: GridFunction,
    *,
    scale: float | None = None,
    levels: int = 12,
    floor: float = 0.0,
    lines: bool = True,
) -> Any:
    """Filled contours of a real w(x, xi), n = 1, colours from -scale to scale; the zero level is white, as is
    |w| <= `floor`.

    `scale`: the largest |w| if it is not given. `levels`: colours of either sign. `lines`: whether there are any
    between the colours. Returns what Matplotlib's `contourf` does, for a `colour_bar`.

    Raises InputError for a batch, for complex values, and for n > 1.
    """
    w, x, xi = _sampled(symbol)
    scale = float(np.abs(w).max()) or 1.0 if scale is None else scale
    w = np.where(np.abs(w) > floor, w, 0.0)
    edges = np.linspace(-scale, scale, 2 * levels + 2)
    drawn = axes.contourf(x, xi, np.clip(w, -scale, scale).T, levels=edges, cmap=DIVERGING)
    if lines and np.abs(w).max() > 0:
        borders = edges[np.abs(edges) > max(scale / (2 * levels), floor)]
        axes.contour(x, xi, w.T, levels=borders, colors="black", linewidths=0.25)
    axes.set_xlabel(r"$x$")
    axes.set_ylabel(r"$\xi$")
    axes.set_aspect("equal")
    return drawn


def colour_bar(drawn: Any, axes: Axes) -> None:
    """The bar of colours beside `axes`, ticks at round numbers; `drawn`: what `draw_symbol` returned."""
    from matplotlib.ticker import MaxNLocator

    scale = float(drawn.levels[-1])
    ticks = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10], symmetric=True).tick_values(-scale, scale)
    beside = axes.inset_axes((1.03, 0.0, 0.045, 1.0))  # as high as the picture, whatever its aspect ratio
    bar = axes.figure.colorbar(drawn, cax=beside, format="%.3g")
    bar.set_ticks([tick for tick in ticks if abs(tick) <= scale])


def _sampled(symbol: GridFunction) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The values and the points of x and of xi."""
    check_function(symbol)
    must(symbol.n == 1, "symbol", "have one degree of freedom to be drawn", symbol.n)
    symbol.check_single()
    return np.asarray(symbol.values), symbol.grid.x[0].points, symbol.grid.xi[0].points


def box_around(symbols: Sequence[GridFunction], part: float = 1e-2) -> tuple[tuple[float, float], tuple[float, float]]:
    """The intervals of x and xi around where any of the symbols exceeds `part` of its maximum."""
    held: tuple[list[float], list[float]] = ([], [])
    for symbol in symbols:
        w, x, xi = _sampled(symbol)
        inside = np.abs(w) >= part * np.abs(w).max()  # all of a function that is 0
        held[0].extend(x[inside.any(axis=1)])
        held[1].extend(xi[inside.any(axis=0)])
    spacings = [max(a.spacing for a in axes) for axes in zip(*(s.grid.x + s.grid.xi for s in symbols), strict=True)]
    return _around(held[0], spacings[0]), _around(held[1], spacings[1])


def _around(points: Sequence[float], spacing: float) -> tuple[float, float]:
    """From the first to the last of `points`, with a margin: a spacing if there is but one point."""
    low, high = min(points), max(points)
    margin = BORDER_FRACTION * (high - low) or spacing
    return float(low - margin), float(high + margin)


def phase_portraits(quantum: GridFunction, classical: GridFunction, *, error: float = 0.0, title: str = "") -> Figure:
    """Quantum symbol, classical density and their difference, n = 1.

    `error`: that of the distance of both in trace norm. A symbol is at most twice the trace norm of its operator, so
    differences up to twice the error, and those of round-off, are blank.

    >>> from openweyl import System, coherent, compare, plot
    >>> run = compare(System("xi**2/2 - cos(x)", ["x"], h=0.25, gamma=1.0), coherent(1, 0), [0.5], tol=1e-3)
    >>> figure = plot.phase_portraits(run.quantum[-1], run.classical[-1], error=run.trace_norm_error[-1])
    >>> [axes.get_title() for axes in figure.axes[:3]]
    ['Lindblad', 'Fokker-Planck', 'difference']
    """
    w, a = resampled_together(quantum, classical)
    difference = w - a
    across, up = box_around([w, a])
    ratio = (up[1] - up[0]) / (across[1] - across[0])
    height = min(max(2.7 * ratio + 1.2, 2.2), 8)  # inches: three pictures of that ratio, and a title
    figure, axes = new_figure(1, 3, (11, height), sharex=True, sharey=True)
    scale = max(_largest(w), _largest(a))
    gap, floor = _largest(difference), 2 * error + SYMBOL_ROUND_OFF * scale
    blank = gap <= floor
    words = f"difference: none above {floor:.2g}" if blank else "difference"
    for ax, name, symbol, top, least in (
        (axes[0, 0], "Lindblad", w, scale, 0.0),
        (axes[0, 1], "Fokker-Planck", a, scale, 0.0),
        (axes[0, 2], words, difference, floor if blank else gap, floor),
    ):
        colour_bar(draw_symbol(ax, symbol, scale=top, floor=least), ax)
        ax.set_title(name)
    axes[0, 0].set(xlim=across, ylim=up)
    figure.suptitle(title)
    return figure


def _largest(symbol: GridFunction) -> float:
    return float(np.abs(np.asarray(symbol.values)).max())


def figure_1(rows: Mapping[str, tuple[GridFunction, GridFunction]], *, title: str = "") -> Figure:
    """Li's Figure 1: a row of a classical density and a quantum symbol for each label, part of the titles.

    `rows`: (quantum, classical) by label. The box is that of the first row.
    """
    figure, axes = new_figure(len(rows), 2, (8, 4 * len(rows)), sharex=True, sharey=True)
    for row, (label, (quantum, classical)) in zip(axes, rows.items(), strict=True):
        for ax, symbol, name in zip(row, (classical, quantum), ("Fokker-Planck", "Lindblad"), strict=True):
            draw_symbol(ax, symbol, scale=_largest(classical))
            ax.set_title(f"{name}, {label}")
    across, up = box_around(next(iter(rows.values())))
    axes[0, 0].set(xlim=across, ylim=up)
    figure.suptitle(title)
    return figure
