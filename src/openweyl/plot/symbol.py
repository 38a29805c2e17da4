"""Axes-level plots: each function draws arrays into axes that it is given, and decides nothing else.

Colours: symbols in a diverging map around zero, purple negative and orange positive, which the colour-blind tell apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl.files.atomic import writing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DIVERGING = "PuOr_r"
ROUND_OFF = 1e-13
"""Of transforms and resampling in double precision, in units of the largest value."""
QUANTUM, CLASSICAL, BOUND = "#0b5394", "#e69138", "#444444"


def new_figure(rows: int, columns: int, size: tuple[float, float], **options: Any) -> tuple[Figure, Any]:
    """A figure without a window, and its axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def write(figure: Figure, path: Path) -> Path:
    """Write `figure` to `path` (the suffix says how), whole or not at all."""
    with writing(path) as unfinished:
        figure.savefig(unfinished, dpi=150)
    return path


def symbol(
    axes: Axes, w: np.ndarray, x: np.ndarray, xi: np.ndarray, *, scale: float, levels: int = 12, floor: float = 0.0
) -> Any:
    """Filled contours of w(x, xi), colours from -scale to scale; the zero level is white, as is |w| <= `floor`."""
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
    """The bar of `symbol`'s colours beside `axes`, ticks at round numbers."""
    from matplotlib.ticker import MaxNLocator

    scale = float(drawn.levels[-1])
    ticks = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10], symmetric=True).tick_values(-scale, scale)
    bar = axes.figure.colorbar(drawn, ax=axes, fraction=0.046, format="%.3g")
    bar.set_ticks([tick for tick in ticks if abs(tick) <= scale])


def frame(axes: Axes, w: Sequence[np.ndarray], x: np.ndarray, xi: np.ndarray, part: float = 1e-2) -> None:
    """Limits around where any of the symbols exceeds `part` of its maximum."""
    across, up = box(w, x, xi, part)
    axes.set_xlim(across)
    axes.set_ylim(up)


def box(w: Sequence[np.ndarray], x: np.ndarray, xi: np.ndarray, part: float = 1e-2) -> list[tuple[float, float]]:
    """The intervals of x and xi around where any of the symbols exceeds `part` of its maximum."""
    inside = np.zeros(w[0].shape, dtype=bool)
    for one in w:
        inside |= np.abs(one) > part * np.abs(one).max()
    found = []
    for points, along in ((x, 1), (xi, 0)):
        held = points[inside.any(axis=along)]
        margin = 0.05 * (held[-1] - held[0])
        found.append((float(held[0] - margin), float(held[-1] + margin)))
    return found


def distances(
    axes: Axes, times: Sequence[float], series: dict[str, np.ndarray], error: np.ndarray | None = None
) -> None:
    """Distances over time on a logarithmic axis; `error`: half-width of a band around the first.

    Where the first does not exceed its error nothing is known to be different: there it is an upper bound, a hollow
    marker, and the others, mostly round-off, are left out.
    """
    markers = ("o", "s", "^", "D")
    moments = np.asarray(times)
    first = np.asarray(next(iter(series.values())))
    known = np.full(first.shape, True) if error is None else first > np.nan_to_num(error)
    bounds = np.full(first.shape, np.nan) if error is None else np.where(~known & (error > 0), first + error, np.nan)
    if known.any():  # a bound far below all that is seen, as at time 0, does not stretch the axis
        bounds[~(bounds > np.min(first, initial=np.inf, where=known) / 10)] = np.nan
    for position, ((label, values), marker) in enumerate(zip(series.items(), markers, strict=False)):
        shown = known & (np.asarray(values) > 0)  # a distance of zero, as at time 0, has no place on such an axis
        line = axes.plot(moments[shown], values[shown], marker=marker, markersize=4, label=label)[0]
        if position == 0 and error is not None:
            lower, upper = np.maximum(values - error, values / 10), values + error
            axes.fill_between(
                moments[shown], lower[shown], upper[shown], color=line.get_color(), alpha=0.25, linewidth=0
            )
    if np.isfinite(bounds).any():
        axes.plot(
            moments, bounds, "v", markersize=6, markerfacecolor="none", color=BOUND, label="at most: below its error"
        )
    if np.isfinite(bounds).any() or any(np.any(values[known] > 0) for values in series.values()):
        axes.set_yscale("log")
        low, high = axes.get_ylim()
        if high < 3 * low:  # a level line needs its surroundings
            axes.set_ylim(low / 3, high * 3)
    axes.set_xlabel(r"$t$")
    axes.set_ylabel("distance")
    axes.grid(alpha=0.3)
    axes.legend()


def phase_portraits(dataset: Any, index: int) -> Figure:
    """Quantum symbol, classical density and their difference at one time (n = 1)."""
    x, xi = dataset["x"].values, dataset["xi"].values
    w, a = (dataset[kind].values[index] for kind in ("quantum", "classical"))
    (left, right), (low, high) = box([w, a], x, xi)
    shape = (high - low) / (right - left)  # of each of the three pictures; their widths, and the height, are inches
    figure, axes = new_figure(1, 3, (11, min(max(2.7 * shape + 1.2, 2.2), 8)), sharex=True, sharey=True)
    scale = float(np.abs(np.stack([w, a])).max())
    gap, floor = float(np.abs(w - a).max()), error_of_symbols(dataset, index, scale)
    blank = gap <= floor
    difference = f"difference: none above {floor:.2g}" if blank else "difference"
    for ax, values, top, least, title in zip(
        axes[0],
        (w, a, w - a),
        (scale, scale, floor if blank else gap),
        (0.0, 0.0, floor),
        ("Lindblad", "Fokker-Planck", difference),
        strict=True,
    ):
        colour_bar(symbol(ax, values, x, xi, scale=top, floor=least), ax)
        ax.set_title(title)
    frame(axes[0][0], [w, a], x, xi)
    figure.suptitle(
        rf"$t = {float(dataset['time'][index]):.4g}$,  $h = {dataset.attrs['h']:.4g}$,  "
        rf"$\gamma = {dataset.attrs['gamma']:.4g}$"
    )
    return figure


def error_of_symbols(dataset: Any, index: int, scale: float) -> float:
    """What the difference of both symbols may be by error alone: twice that of the distance, as a symbol is at most
    2^n times the trace norm of its operator, and the round-off of transforms.
    """
    error = float(dataset["trace_norm_error"][index]) if "trace_norm_error" in dataset else 0.0
    return 2 * error + ROUND_OFF * scale


def distance_figure(dataset: Any) -> Figure:
    """The three distances over time."""
    figure, axes = new_figure(1, 1, (6, 4))
    names = {"trace norm": "trace_norm", "Hilbert-Schmidt": "hilbert_schmidt", r"$L^1$ of the symbols": "l1"}
    distances(
        axes[0][0],
        dataset["time"].values,
        {label: dataset[name].values for label, name in names.items()},
        dataset["trace_norm_error"].values,
    )
    axes[0][0].set_title(rf"$h = {dataset.attrs['h']:.4g}$,  $\gamma = {dataset.attrs['gamma']:.4g}$")
    return figure


def certificate_figure(dataset: Any, true: Any | None = None, paper: np.ndarray | None = None) -> Figure:
    """The enclosure of the distance over time, the true distance where it was computed, and the shape of Li (1.10).

    `paper`: NaN where there is none. What is far below the largest distance is not shown.
    """
    figure, axes = new_figure(1, 1, (6.5, 4.2))
    ax, later = axes[0][0], dataset["time"].values > 0  # the distance is nil at time 0
    t = dataset["time"].values[later]
    alone = "o" if len(t) == 1 else ""  # a line through one point is none
    lower, upper = (dataset[name].values[later] for name in ("distance_lower", "distance_upper"))
    band = {"color": CLASSICAL, "alpha": 0.35, "label": "enclosure"}
    floor = 1e-3 * float(np.max(upper, initial=0.0))
    if len(t) == 1:
        ax.vlines(t, np.maximum(lower, floor), upper, linewidth=8, **band)
    else:
        ax.fill_between(t, np.maximum(lower, floor), upper, linewidth=0, **band)
    lines = [
        (dataset["distance_estimate"].values, "o-", {"color": CLASSICAL, "ms": 4, "label": "estimate"}),
        (
            dataset["certificate"].values,
            f"{alone}:",
            {"color": BOUND, "ms": 6, "mfc": "none", "label": rf"$B_{{{dataset.attrs['order']}}}$"},
        ),
    ]
    if true is not None:
        lines.append((true["trace_norm"].values, "x", {"color": QUANTUM, "ms": 7, "label": "true distance"}))
    if paper is not None and np.isfinite(paper).any():
        style = {"color": BOUND, "lw": 1, "marker": "_" if alone else "", "label": "Li (1.10), constant fitted"}
        lines.append((paper, "--", style))
    for values, form, style in lines:
        ax.plot(t, np.where(values[later] > 0, values[later], np.nan), form, **style)
    if floor > 0:
        ax.set_yscale("log")
        ax.set_ylim(bottom=max(ax.get_ylim()[0], floor / 2))
    ax.set_xlabel(r"$t$")
    ax.set_ylabel(r"$\|A(t) - \mathrm{Op}(a(t))\|_{\mathrm{tr}}$")
    ax.set_title(
        rf"$h = {dataset.attrs['h']:.4g}$,  $\gamma = {dataset.attrs['gamma']:.4g}$, no quantum run in the band"
    )
    ax.grid(alpha=0.3)
    ax.legend()
    return figure


def figure_1(open_system: Any, closed_system: Any) -> Figure:
    """Li's Figure 1: both evolutions at the last time, with (gamma = 1) and without (gamma = 0) an environment."""
    figure, axes = new_figure(2, 2, (8, 8), sharex=True, sharey=True)
    shown: list[np.ndarray] = []
    for row, dataset in zip(axes, (open_system, closed_system), strict=True):
        x, xi = dataset["x"].values, dataset["xi"].values
        pair = [dataset[kind].values[-1] for kind in ("classical", "quantum")]
        scale = float(np.abs(pair[0]).max())
        for ax, values, name in zip(row, pair, ("Fokker-Planck", "Lindblad"), strict=True):
            symbol(ax, values, x, xi, scale=scale)
            ax.set_title(rf"{name}, $\gamma = {dataset.attrs['gamma']:g}$")
        shown = shown or [*pair, x, xi]
    frame(axes[0][0], shown[:2], shown[2], shown[3])
    figure.suptitle(rf"$t = {float(open_system['time'][-1]):g}$,  $h = {open_system.attrs['h']:g}$")
    return figure
