"""The map of regimes: gamma against h, coloured by the distance, at a time that the page's slider chooses."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any

import numpy as np

from .chart import DASHES, Axis, Chart, dashed, legend
from .gallery import slider
from .markup import coordinate, labelled, number, plain, with_error
from .plots import above, name
from .study import Study

NUMBERED = 9
"""Rows or columns up to which the cells have their number written into them."""
MOST_MOMENTS = 20_000
"""Cells times moments; of a larger map the page has the last moment alone."""
SHADES, BRIGHT = 64, 0.46
"""Colours of the scale, and the part of it from which on they need dark writing."""
LINES = ((1 / 3, "1/3", DASHES[2]), (0.0, "", DASHES[1]), (-1.0, "−1", DASHES[3]))
"""The lines gamma = h^power: power, its text, its dashes."""

Pair = tuple[float, float]
Edges = dict[float, Pair]
Cell = tuple[int, str, str]
"""The shade (-1: none), the number with its error or why there is none, and what is written into the cell."""


def regimes(study: Study, indices: Sequence[int]) -> tuple[str, dict[str, Any]]:
    """The map at the last time with the lines gamma = h^{1/3}, 1 and 1/h, and what the script needs to show it at
    each time of these `indices` (no cells, if it cannot); gamma = 0 has a row below the others.
    """
    place = tuple(study.base.get(a, slice(None)) for a in study.axes)
    distance, error, status = study.distance[place], study.error[place], study.status[place]
    if status.size * len(indices) > MOST_MOMENTS:
        indices = indices[-1:]
    low, high = _ends(distance[..., indices])
    written = max(status.shape) <= NUMBERED
    moments = [
        [
            _cell(float(d), float(e), str(s), low, high, written=written)
            for d, e, s in zip(distance[..., k].flat, error[..., k].flat, status.flat, strict=True)
        ]
        for k in indices
    ]
    h, gamma = study.values("h").tolist(), study.values("gamma").tolist()
    where = [f"{plain(labelled('h', a))}, {plain(labelled('gamma', b))}" for a in h for b in gamma]
    times = [float(study.times[k]) for k in indices]
    stops = ",".join(_shades()[k] for k in range(0, SHADES, 9))
    bar = (
        f'<p class="bar"><span>{number(low, 2)}</span><span class="gradient" style="background:'
        f'linear-gradient(90deg,{stops})"></span><span>{number(high, 2)}</span></p>'
    )
    drawn, names = _drawn(h, gamma, moments[-1], where)
    now = coordinate("time", times[-1])
    shown = (
        f'<div class="wide">{slider(times, "map-time")}<figure>'
        f'<figcaption>Distance at <i>t</i> = <output class="now">{now}</output></figcaption>'
        f"{drawn}{bar}{legend([], *names)}</figure></div>"
    )
    if len(indices) == 1:
        return shown, {"cells": []}
    return shown, {"shades": _shades(), "bright": round(BRIGHT * SHADES), "where": where, "cells": moments}


def _ends(distances: np.ndarray) -> tuple[float, float]:
    """The ends of the scale, for all moments."""
    positive = above(distances)
    seen = positive[np.isfinite(positive)]
    return (float(seen.min()), float(seen.max())) if seen.size else (0.1, 1.0)


def _cell(value: float, error: float, status: str, low: float, high: float, *, written: bool) -> Cell:
    if not np.isfinite(value):
        return -1, status if status != "done" else "unknown", "×" if status == "failed" else ""
    part = float(np.log(min(max(value, low), high) / low) / (np.log(high / low) or 1.0))
    return round(part * (SHADES - 1)), with_error(value, error), _short(value) if written else ""


def _drawn(h: list[float], gamma: list[float], cells: list[Cell], where: list[str]) -> tuple[str, list[str]]:
    """The map as SVG, and its lines as entries of a legend."""
    zero = min((g for g in gamma if g > 0), default=1.0) / 4
    heights = [g if g > 0 else zero for g in gamma]
    columns, rows = _edges(h), _edges(heights)
    x = np.array([*columns.values()])
    y = np.array([*(v for pair in rows.values() for v in pair), 1.0, x.max() ** (1 / 3)])
    named = [(v, coordinate("gamma", g)) for v, g in zip(heights, gamma, strict=True)]
    across = Axis.around(x, name("h"), log=True, at=[(v, coordinate("h", v)) for v in columns])
    chart = Chart(across, Axis.around(y, name("gamma"), log=True, at=named), height=300.0)
    places = [(columns[a], rows[b]) for a in h for b in heights]
    chart.parts += [_box(chart, *place, cell, at) for place, cell, at in zip(places, cells, where, strict=True)]
    names = _lines(chart)
    chart.parts += [_writing(chart, *place, cell) for place, cell in zip(places, cells, strict=True) if cell[2]]
    return chart.svg("Distance over h and gamma", "chart map"), names


def _lines(chart: Chart) -> list[str]:
    """Draw those of `LINES` that cross the map; their entries in a legend."""
    h, names = np.geomspace(chart.x.low, chart.x.high, 400), []
    for power, text, dashes in LINES:
        inside = (h**power >= chart.y.low) & (h**power <= chart.y.high)
        if inside.sum() > 1:
            chart.guide(h[inside], h[inside] ** power, dashes)
            names.append(dashed(dashes, "<i>γ</i> = " + (f"<i>h</i><sup>{text}</sup>" if text else "1")))
    return names


def _box(chart: Chart, x: Pair, y: Pair, cell: Cell, where: str) -> str:
    """The coloured box of a cell; its number shows on hovering."""
    (left, bottom), (right, top) = chart.to(np.array(x), np.array(y))
    return (
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}" '
        f'fill="{_fill(cell[0])}"><title>{escape(f"{where}: {cell[1]}")}</title></rect>'
    )


def _writing(chart: Chart, x: Pair, y: Pair, cell: Cell) -> str:
    """What is written into a cell, as far from the lines as it has room."""
    (left, bottom), (right, top) = chart.to(np.array(x), np.array(y))
    lines = [chart.to(u, u**power)[1] for u in np.geomspace(*x, 5)[1:-1] for power, *_ in LINES]
    room = (bottom - top) / 2 - 8
    heights = [(top + bottom) / 2 + s for s in ((0.0, -room, room) if room > 4 else (0.0,))]
    down = max(heights, key=lambda v: min(10.0, *(abs(float(line) - v) for line in lines)))
    ink = "var(--ink)" if cell[0] < 0 else "#fff" if cell[0] < BRIGHT * SHADES else "#000"
    return (
        f'<text x="{(left + right) / 2:.1f}" y="{down + 3.2:.1f}" text-anchor="middle" class="cell" '
        f'style="fill:{ink};stroke:{_fill(cell[0])}">{cell[2]}</text>'
    )


def _fill(shade: int) -> str:
    return _shades()[shade] if shade >= 0 else "var(--empty)"


@cache
def _shades() -> list[str]:
    """The colours of a logarithmic scale, whose lightness grows with the distance."""
    from matplotlib import colormaps

    bytes_ = np.rint(255 * colormaps["cividis"](np.linspace(0, 1, SHADES))[:, :3]).astype(int).tolist()
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in bytes_]


def _edges(values: list[float]) -> Edges:
    """The ends of the cell around each value: geometric means with its neighbours."""
    ordered = np.sort(values)
    inner = np.sqrt(ordered[1:] * ordered[:-1])
    if not inner.size:
        return {float(v): (float(v) / 2**0.5, float(v) * 2**0.5) for v in ordered}
    ends = np.concatenate([[ordered[0] ** 2 / inner[0]], inner, [ordered[-1] ** 2 / inner[-1]]])
    return {float(v): (float(a), float(b)) for v, a, b in zip(ordered, ends[:-1], ends[1:], strict=True)}


def _short(value: float) -> str:
    """Two digits in little room: .036, 4e−5."""
    if value == 0:
        return "0"
    text = f"{value:#.2g}".rstrip(".") if abs(value) >= 1e-3 else f"{value:.0e}"
    return text.replace("e-0", "e−").replace("e-", "e−").replace("0.", ".", 1) if value < 1 else text
