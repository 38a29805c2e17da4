"""Distances of the two evolutions over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from .style import BOUND, new_figure

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""The markers of the lines in turn, which tell them apart without colours."""
LEAST_SHOWN_BOUND = 0.1
"""Part of the least known distance below which upper bounds, as those at time 0, are left out: they would stretch the
axis."""
MIN_AXIS_RATIO = 3.0
"""Ratio of the ends of a logarithmic axis from which on a nearly level line no longer looks like noise."""


def draw_distances(
    axes: Axes,
    times: Sequence[float] | np.ndarray,
    series: Mapping[str, Sequence[float] | np.ndarray],
    error: Sequence[float] | np.ndarray | None = None,
) -> None:
    """Draw distances over `times` on a logarithmic axis, one line for each label of `series`.

    `error`: the error of the first of them at each time, drawn as a band. Where the first does not exceed its error no
    difference is known: there it is an upper bound, drawn as a hollow marker, and the others, mostly round-off, are
    left out.
    """
    t = np.asarray(times, dtype=float)
    curves = {label: np.asarray(values, dtype=float) for label, values in series.items()}
    first = next(iter(curves.values()))
    half = np.zeros_like(first) if error is None else np.nan_to_num(np.asarray(error, dtype=float))
    known = (first > half) | (error is None)
    bounds = _upper_bounds(first, half, known)
    for j, (label, values) in enumerate(curves.items()):
        positive = known & (values > 0)  # a distance of zero, as at time 0, has no place on such an axis
        line = axes.plot(t[positive], values[positive], marker=MARKERS[j % len(MARKERS)], markersize=4, label=label)[0]
        if j == 0 and error is not None:
            lower, upper = np.maximum(values - half, values / 10), values + half
            axes.fill_between(
                t[positive], lower[positive], upper[positive], color=line.get_color(), alpha=0.25, linewidth=0
            )
    bounded = bool(np.isfinite(bounds).any())
    if bounded:
        label = "at most: below its error"
        axes.plot(t, bounds, "v", markersize=6, markerfacecolor="none", color=BOUND, label=label)
    if bounded or any(np.any(values[known] > 0) for values in curves.values()):
        _logarithmic(axes)
    axes.set_xlabel(r"$t$")
    axes.set_ylabel("distance")
    axes.grid(alpha=0.3)
    axes.legend()


def _upper_bounds(distance: np.ndarray, error: np.ndarray, known: np.ndarray) -> np.ndarray:
    """distance + error where the distance is not known to be positive, NaN elsewhere."""
    bounds = np.where(~known & (error > 0), distance + error, np.nan)
    if known.any():
        bounds[~(bounds > LEAST_SHOWN_BOUND * np.min(distance, initial=np.inf, where=known))] = np.nan
    return bounds


def _logarithmic(axes: Axes) -> None:
    """Make the vertical axis logarithmic, with the surroundings of a level line."""
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    if high < MIN_AXIS_RATIO * low:
        axes.set_ylim(low / MIN_AXIS_RATIO, high * MIN_AXIS_RATIO)


def distance_figure(summary: xarray.Dataset) -> Figure:
    """The trace-norm, Hilbert-Schmidt and L^1 distances over time, from the summary or dataset of a comparison."""
    figure, axes = new_figure(1, 1, (6, 4))
    names = {"trace norm": "trace_norm", "Hilbert-Schmidt": "hilbert_schmidt", r"$L^1$ of the symbols": "l1"}
    series = {label: summary[name].values for label, name in names.items()}
    draw_distances(axes[0, 0], summary["time"].values, series, summary["trace_norm_error"].values)
    axes[0, 0].set_title(rf"$h = {summary.attrs['h']:.4g}$,  $\gamma = {summary.attrs['gamma']:.4g}$")
    return figure
