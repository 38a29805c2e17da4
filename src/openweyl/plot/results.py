"""What `.plot()` draws, and the small pictures that notebooks show: symbols in a row, densities of single variables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core.arguments import is_list, must
from openweyl.phase_space.grid import Axis
from openweyl.phase_space.grid_function import GridFunction
from openweyl.phase_space.marginals import Marginal
from openweyl.phase_space.resampling import resized
from openweyl.symbolic.expressions import variables

from .style import new_figure
from .symbol import box_around, colour_bar, draw_symbol

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DENSITY_REFINEMENT = 4
"""Points of a drawn density for each of its own: a band-limited function is smooth between them."""
POINTS_DRAWN = 256
"""Points of each axis of a symbol that is drawn: as many as a picture has dots."""
SMALL_DOTS_PER_INCH = 72
"""Resolution of the small pictures: some 10 kB each, as a notebook keeps them all."""
LABELS_HEIGHT = 0.8
"""Height of the labels of a horizontal axis and of a title, in inches."""
MAX_EQUAL_RATIO = 5.0
"""Ratio of the sides of a box up to which x and xi have one scale: flatter ones leave no room for labels."""


def new_axes(count: int, size: tuple[float, float]) -> np.ndarray:
    """A row of `count` axes of `size` (width, height) in inches each, in a figure of pyplot, which notebooks show."""
    import matplotlib.pyplot as plt

    figsize = (size[0] * count, size[1])
    return plt.subplots(1, count, figsize=figsize, layout="constrained", squeeze=False)[1][0]


def checked_axes(axes: Any, size: tuple[float, float]) -> Axes:
    """`axes` if they are Matplotlib's; new ones of `size` in inches for None."""
    if axes is None:
        return new_axes(1, size)[0]
    must(hasattr(axes, "contourf"), "axes", "be axes of Matplotlib", axes, "None makes new ones.")
    return axes


def checked_row(axes: Any, size: tuple[float, float], wanted: int) -> list[Axes]:
    """The `axes`, any number of them; `wanted` new ones of `size` in inches each for None."""
    if axes is None:
        return list(new_axes(wanted, size))
    row = list(np.ravel(np.asarray(axes, dtype=object))) if is_list(axes) else [axes]
    must(len(row) > 0, "axes", "be axes of Matplotlib, or a list of them", axes, "None makes new ones.")
    return [checked_axes(one, size) for one in row]


def panel_size(symbols: Sequence[GridFunction], width: float) -> tuple[float, float]:
    """Width and height, in inches, of a picture of one of the symbols: for n = 1 that of their box, with labels."""
    if symbols[0].n > 1:
        return width, 0.8 * width
    (left, right), (low, high) = box_around(symbols)
    ratio = (high - low) / (right - left)
    return width, min(max(0.8 * width * ratio + LABELS_HEIGHT, 0.4 * width), 1.5 * width)


def draw_function(axes: Axes, symbol: GridFunction, *, scale: float | None = None, bar: bool = False) -> None:
    """Draw one real symbol: filled contours for n = 1, densities for n > 1.

    scale: the value of the strongest colour, the largest |w| for None. bar: whether there is a bar of colours.
    """
    if symbol.n > 1:
        draw_densities(axes, symbol)
        return
    drawn = draw_symbol(axes, sampled_to_draw(symbol), scale=scale, lines=False)  # they would cover fringes
    axes.set_facecolor(drawn.cmap(0.5))  # beyond its box a symbol is zero
    _limit(axes, [symbol])
    if bar:
        colour_bar(drawn, axes)


def _limit(axes: Axes, symbols: Sequence[GridFunction]) -> None:
    """Show the box of the symbols, with one scale for x and xi unless it is flat."""
    across, up = box_around(symbols)
    ratio = (up[1] - up[0]) / (across[1] - across[0])
    axes.set(xlim=across, ylim=up, aspect="equal" if 1 / MAX_EQUAL_RATIO < ratio < MAX_EQUAL_RATIO else "auto")


def draw_densities(axes: Axes, symbol: GridFunction) -> None:
    """Draw the density of each variable, the symbol integrated over all others: x solid, xi dashed."""
    names = [str(v) for side in variables(symbol.n) for v in side]
    for j, name in enumerate(names):
        density = Marginal.marginal(symbol, [j])
        line = "-" if j < symbol.n else "--"
        colour, label = f"C{j % symbol.n}", name.replace("xi", "ξ")
        coarse = density.axes[0]
        axis = Axis(coarse.lower, coarse.spacing / DENSITY_REFINEMENT, coarse.size * DENSITY_REFINEMENT)
        values = resized(density.values, -1, axis.size)
        axes.plot(axis.points, values, line, color=colour, label=label, linewidth=1.2)
    axes.set_xlabel("x, ξ")
    axes.set_ylabel("density")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", handlelength=1.4)


def draw_row(row: Sequence[Axes], symbols: Sequence[GridFunction], titles: Sequence[str]) -> None:
    """Draw one symbol into each of the axes, with colours and limits in common."""
    scale = max(float(np.abs(np.asarray(symbol.values)).max()) for symbol in symbols) or 1.0
    for axes, symbol, title in zip(row, symbols, titles, strict=True):
        draw_function(axes, symbol, scale=scale)
        axes.set_title(title)
    if symbols[0].n == 1:
        for axes in row:
            _limit(axes, symbols)
        return
    for axes in row[1:]:
        if (legend := axes.get_legend()) is not None:
            legend.remove()  # that of the first is enough


def sampled_to_draw(symbol: GridFunction) -> GridFunction:
    """The symbol (n = 1) around where it is not zero, on POINTS_DRAWN points of each axis: it is smooth between its own
    points, contours are not, and where these are more than a picture has dots they take time.
    """
    axes = symbol.grid.x + symbol.grid.xi
    box = zip(box_around([symbol]), axes, strict=True)
    sides = [Axis.between(max(low, a.lower), min(high, a.upper), POINTS_DRAWN) for (low, high), a in box]
    return symbol.resampled(symbol.grid.with_axes(sides))


def positions(length: int, most: int) -> list[int]:
    """At most `most` positions of `length`, evenly spread; the last is among them."""
    count = min(length, most)
    return [length - 1] if count == 1 else [round(j * (length - 1) / (count - 1)) for j in range(count)]


def small_picture(draw: Callable[[Sequence[Axes]], object], size: tuple[float, float], count: int = 1) -> bytes:
    """What `draw` puts into a row of `count` axes, of `size` in inches together, as a PNG."""
    figure, axes = new_figure(1, count, size)
    draw(axes[0])
    written = BytesIO()
    figure.savefig(written, dpi=SMALL_DOTS_PER_INCH, format="png")
    return written.getvalue()
