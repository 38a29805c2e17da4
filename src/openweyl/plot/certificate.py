"""The enclosure of the distance of the two evolutions that a certificate gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .style import BOUND, CLASSICAL, QUANTUM, new_figure

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEAST_SHOWN = 1e-3
"""Part of the largest upper end below which nothing is shown: three decades tell a bound from its estimate."""


def draw_certificate(
    axes: Axes, certificate: xarray.Dataset, true: np.ndarray | None = None, paper: np.ndarray | None = None
) -> None:
    """Draw the enclosure of ||A(t) - Op(a(t))||_tr, its estimate and B_N over time.

    `certificate`: the summary or dataset of a Certificate. `true`: the distance at the same times, where a quantum run
    computed it. `paper`: the right side of Li (1.10) there, NaN where the theorem does not apply.
    """
    later = certificate["time"].values > 0  # the distance is zero at time 0
    t = certificate["time"].values[later]
    lower, upper = (certificate[name].values[later] for name in ("distance_lower", "distance_upper"))
    floor = LEAST_SHOWN * float(np.max(upper, initial=0.0))
    band: dict[str, Any] = {"color": CLASSICAL, "alpha": 0.35, "label": "enclosure"}
    if len(t) == 1:
        axes.vlines(t, np.maximum(lower, floor), upper, linewidth=8, **band)
    else:
        axes.fill_between(t, np.maximum(lower, floor), upper, linewidth=0, **band)
    for values, form, style in _lines(certificate, true, paper, alone=len(t) == 1):
        axes.plot(t, np.where(values[later] > 0, values[later], np.nan), form, **style)
    if floor > 0:
        axes.set_yscale("log")
        axes.set_ylim(bottom=max(axes.get_ylim()[0], floor / 2))
    axes.set_xlabel(r"$t$")
    axes.set_ylabel(r"$\|A(t) - \mathrm{Op}(a(t))\|_{\mathrm{tr}}$")
    axes.grid(alpha=0.3)
    axes.legend()


def _lines(
    certificate: xarray.Dataset, true: np.ndarray | None, paper: np.ndarray | None, *, alone: bool
) -> list[tuple[np.ndarray, str, dict[str, Any]]]:
    """Values, Matplotlib's format and the style of each line; `alone`: of one time, where a line needs a marker."""
    bound_style = {"color": BOUND, "ms": 6, "mfc": "none", "label": rf"$B_{{{certificate.attrs['order']}}}$"}
    lines: list[tuple[np.ndarray, str, dict[str, Any]]] = [
        (certificate["distance_estimate"].values, "o-", {"color": CLASSICAL, "ms": 4, "label": "estimate"}),
        (certificate["certificate"].values, "o:" if alone else ":", bound_style),
    ]
    if true is not None:
        lines.append((np.asarray(true), "x", {"color": QUANTUM, "ms": 7, "label": "true distance"}))
    if paper is not None and np.isfinite(paper).any():
        style = {"color": BOUND, "lw": 1, "marker": "_" if alone else "", "label": "Li (1.10), constant fitted"}
        lines.append((np.asarray(paper), "--", style))
    return lines


def certificate_figure(
    certificate: xarray.Dataset, true: np.ndarray | None = None, paper: np.ndarray | None = None
) -> Figure:
    """A figure of `draw_certificate`, whose arguments it takes."""
    figure, axes = new_figure(1, 1, (6.5, 4.2))
    draw_certificate(axes[0, 0], certificate, true, paper)
    h, gamma = certificate.attrs["h"], certificate.attrs["gamma"]
    axes[0, 0].set_title(rf"$h = {h:.4g}$,  $\gamma = {gamma:.4g}$, no quantum run in the band")
    return figure
