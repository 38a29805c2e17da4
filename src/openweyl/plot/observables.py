"""Expectation values over time, of one evolution or of both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from openweyl._core.text import cut

from .style import CLASSICAL, QUANTUM, new_figure

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Curve: TypeAlias = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Times, values and errors."""
STYLES = {"quantum": (QUANTUM, "-"), "classical": (CLASSICAL, "--")}
"""The colour and the line of each evolution."""
PANEL_HEIGHT = 2.6
"""Height, in inches, of the picture of one observable."""
MARKED = 12
"""Up to so many values each has a marker: a line between few would hide them."""


def draw_values(axes: Axes, name: str, curves: Mapping[str, Curve]) -> None:
    """Draw one observable over time, a line for each evolution in `curves`, with its errors as a band."""
    for evolution, (t, values, errors) in curves.items():
        colour, line = STYLES[evolution]
        marker = "o" if len(t) <= MARKED else ""
        axes.plot(t, values, line, marker=marker, markersize=4, color=colour, label=evolution)
        axes.fill_between(t, values - errors, values + errors, color=colour, alpha=0.25, linewidth=0)
    axes.set_xlabel(r"$t$")
    axes.set_ylabel(cut(name, 40))
    axes.grid(alpha=0.3)
    if len(curves) > 1:
        axes.legend()


def observables_figure(dataset: xarray.Dataset) -> Figure:
    """All observables of a dataset of `evolve` or `compare`, one below the other."""
    names = [str(name) for name in dataset["observable"].values]
    figure, axes = new_figure(len(names), 1, (6, PANEL_HEIGHT * len(names)))
    for name, row in zip(names, axes[:, 0], strict=True):
        curves = {}
        for evolution in STYLES:
            if f"{evolution}_observed" in dataset:
                picked = dataset.sel(observable=name)
                values = picked[f"{evolution}_observed"].values
                read = np.isfinite(values)
                t, errors = dataset[f"{evolution}_look"].values, picked[f"{evolution}_observed_error"].values
                curves[evolution] = (t[read], values[read], errors[read])
        draw_values(row, name, curves)
    return figure
