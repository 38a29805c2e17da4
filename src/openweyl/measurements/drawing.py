"""A picture of each row: the measured points, and the claim with the measured constant."""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from openweyl.evolution.evolve import evolve
from openweyl.model.gaussian_states import coherent
from openweyl.model.system import System
from openweyl.plot import BOUND, CLASSICAL, QUANTUM, draw_symbol, new_figure, write

from .fokker_planck import HYPERBOLIC, exact
from .row import Row

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHEET_COLUMNS = 4
"""Pictures side by side on a sheet."""
COLOURS = {"holds": QUANTUM, "fails": "#cc0000", "undecided": CLASSICAL}
"""The colours of the points of a row, by its verdict."""


def draw(group: str, rows: list[Row], folder: Path) -> list[Path]:
    """A file for each row, GROUP.png with all of them; for `example` Li's Figure 2, for `regimes` all gamma in one."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [write(picture(row), folder / f"{row.name.replace('/', '-')}.png") for row in rows]
    written.append(write(sheet(rows), folder / f"{group}.png"))
    if group == "regimes":
        written.append(write(together(rows), folder / "weak-coupling.png"))
    if group == "example":
        written.append(write(figure_2(), folder / "figure2.png"))
    return written


def picture(row: Row) -> Figure:
    """y over x, logarithmic, with the line of the predicted power or level."""
    figure, axes = new_figure(1, 1, (6, 4.2))
    ax = axes[0][0]
    _plot(ax, row)
    ax.set_title("\n".join([*wrap(row.claim, 88), _in_words(row)]), fontsize=7)
    ax.legend()
    return figure


def sheet(rows: list[Row]) -> Figure:
    """All rows in small."""
    columns = min(len(rows), SHEET_COLUMNS)
    count = -(-len(rows) // columns)
    figure, axes = new_figure(count, columns, (2.7 * columns, 2.3 * count))
    for ax in axes.flat[len(rows) :]:
        ax.set_visible(False)
    for ax, row in zip(axes.flat, rows, strict=False):
        _plot(ax, row, size=3)
        ax.set_title(f"{row.name.partition('/')[2]}: {row.predicted}, {row.verdict}\n{_in_words(row)}", fontsize=6.5)
        ax.tick_params(labelsize=6)
        ax.xaxis.label.set_size(7)
    return figure


def _plot(ax: Axes, row: Row, size: float = 6) -> None:
    x, y = np.array(row.x), np.array(row.y)
    shown = (x > 0) & (y > 0)
    ax.loglog(x[shown], y[shown], "o", color=COLOURS[row.verdict], markersize=size, label=f"measured: {row.verdict}")
    sign, number = row.predicted.split()
    if row.part is None:
        ax.axhline(float(number), color=BOUND, linestyle="--", linewidth=1, label=f"claim: {row.predicted}")
    elif np.any(shown):
        line = row.constant * x[shown] ** float(number)
        ax.loglog(x[shown], line, "--", color=BOUND, linewidth=1, label=f"claim: C x^q, q {sign} {number}")
        low, high = ax.get_ylim()  # a level line needs its surroundings
        if high < 3 * low:
            ax.set_ylim(low / 3, high * 3)
    ax.set_xlabel(row.variable)
    ax.minorticks_off()
    ax.grid(alpha=0.3)


def _in_words(row: Row) -> str:
    return f"measured {row.measured:.3f} in [{row.interval[0]:.3f}, {row.interval[1]:.3f}], C = {row.constant:.3g}"


def together(rows: list[Row]) -> Figure:
    """All rows of one variable in one picture."""
    figure, axes = new_figure(1, 1, (6, 4.2))
    for row in rows:
        axes[0][0].loglog(row.x, row.y, "o-", markersize=4, label=f"{row.name}: exponent {row.measured:.2f}")
    axes[0][0].set_xlabel(rows[0].variable)
    axes[0][0].grid(alpha=0.3, which="both")
    axes[0][0].set_ylabel("distance in trace norm")
    axes[0][0].legend(fontsize=7, loc="lower right")
    return figure


def figure_2(h: float = 2.0**-6, gamma: float = 2.0) -> Figure:
    """Li's Figure 2: the coherent state at 0 under (4.25), h = eps^2; colours the solver, lines the formula."""
    times = [0.0, 0.5, 1.0, 1.5]
    system = System(HYPERBOLIC, ["x", "xi"], h=h, gamma=gamma)
    run = evolve(system, coherent(0, 0), times, kind="classical", tol=1e-6)
    figure, axes = new_figure(1, len(times), (12, 3.6), sharex=True, sharey=True)
    for ax, t, symbol in zip(axes[0], times, run, strict=True):
        x, xi = (axis[0].points for axis in (symbol.grid.x, symbol.grid.xi))
        draw_symbol(ax, symbol)
        formula = exact(symbol.grid, h, (gamma * h / 2) ** 0.5, t).values
        ax.contour(x, xi, formula.T, levels=[float(formula.max()) / 2.718281828], colors="black", linewidths=1)
        ax.set_title(rf"$t = {t:g}$")
    axes[0][0].set_xlim(-0.6, 0.6)
    axes[0][0].set_ylim(-1.6, 1.6)
    figure.suptitle(rf"$h = \varepsilon^2 = {h:g}$; line: the formula's $1/e$ contour")
    return figure
