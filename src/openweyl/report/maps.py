"""Maps: the distance over two axes that both have several values, at a time that the page's slider chooses.

Over h and gamma that is the map of regimes. Cells whose distance does not exceed its error have no colour: it would be
that of round-off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from typing import Any

import numpy as np
from markupsafe import Markup

from .chart import DASHED, DASHES, Chart, ChartAxis, legend
from .gallery import slider
from .markup import coordinate, described, labelled, letter, number
from .plots import logarithmic, name, said
from .study import Study

MOST_MAPS = 4
"""On a page, some 100 kB each; of more parameters the table has the rest."""
MOST_NUMBERED = 9
"""Rows or columns up to which cells have room for their number."""
MOST_CELLS_TIMES = 20_000
"""Cells times the number of times, about 1 MB; of a larger map the page has the last time alone."""
SHADES, BRIGHT = 64, 0.46
"""Colours of the scale, and the part of it from which on they need dark writing."""
LINES = ((1 / 3, "1/3", DASHES[2]), (0.0, "", DASHES[1]), (-1.0, "−1", DASHES[3]))
"""The lines gamma = h^power: power, its text, its dashes."""

Pair = tuple[float, float]
Cell = tuple[int, str, str]
"""The shade (-1: none), the number with its error or why there is none, and what is written into the cell."""


@dataclass(frozen=True)
class MapAxis:
    """Where the values of an axis lie: `ends` of the cell of each, on a logarithmic axis or a plain one."""

    axis: str
    values: tuple[float, ...]
    log: bool
    heights: tuple[float, ...]
    ends: tuple[Pair, ...]

    @staticmethod
    def of(study: Study, axis: str) -> MapAxis:
        """gamma = 0 has a row below the others."""
        values = study.values(axis)
        log = logarithmic(axis, values)
        least = min((v for v in values.tolist() if v > 0), default=1.0) / 4
        heights = np.where(values > 0, values, least) if log else values
        return MapAxis(axis, tuple(values.tolist()), log, tuple(heights.tolist()), _ends_of_cells(heights, log=log))

    def drawn(self, *more: float) -> ChartAxis:
        """The axis that holds all cells, and `more`."""
        ticks = [(v, coordinate(self.axis, a)) for v, a in zip(self.heights, self.values, strict=True)]
        return ChartAxis.around(np.array([*np.ravel(self.ends), *more]), name(self.axis), log=self.log, at=ticks)


def pairs(study: Study) -> list[tuple[str, str]]:
    """The axes over which there are maps: h and gamma, two parameters each, else the first two with several values."""
    several = [axis for axis in study.axes if len(study.values(axis)) > 1]
    own = [axis for axis in several if axis in study.parameters]
    chosen = [("h", "gamma")] if {"h", "gamma"} <= set(several) else []
    chosen += combinations(own, 2)
    return (chosen or [*combinations(several, 2)][:1])[:MOST_MAPS]


def maps(study: Study, indices: Sequence[int]) -> tuple[Markup, list[dict[str, Any]]]:
    """All maps at the last time, empty if there is none, and what the script needs to show each at each time of these
    `indices`.
    """
    mapped = pairs(study)
    if not mapped:
        return Markup(""), []
    cells = sum(len(study.values(a)) * len(study.values(b)) for a, b in mapped)
    indices = indices[-1:] if cells * len(indices) > MOST_CELLS_TIMES else indices
    made = [map_of(study, pair, indices) for pair in mapped]
    times = [float(study.times[k]) for k in indices]
    shown = slider(times, "map-time") + Markup("").join(text for text, _ in made)
    return Markup('<div class="wide">{}</div>').format(shown), [data for _, data in made]


def map_of(study: Study, pair: tuple[str, str], indices: Sequence[int]) -> tuple[Markup, dict[str, Any]]:
    """The map over `pair` at the last time, over h and gamma with the lines gamma = h^{1/3}, 1 and 1/h; and what the
    script needs to show it at each time (no cells, if there is but one).
    """
    across, up = (MapAxis.of(study, axis) for axis in pair)
    kept = _kept(study, pair)
    part = tuple(kept.get(axis, slice(None)) for axis in study.axes)
    distance, error, status, seen = (a[part] for a in (study.distance, study.error, study.status, study.seen))
    low, high = _ends(np.where(seen, distance, np.nan)[..., indices])
    written = max(status.shape) <= MOST_NUMBERED
    cells_over_time = [
        [
            _cell(float(d), float(e), str(s), low, high, written=written)
            for d, e, s in zip(distance[..., k].flat, error[..., k].flat, status.flat, strict=True)
        ]
        for k in indices
    ]
    where = [f"{described(pair[0], a)}, {described(pair[1], b)}" for a in across.values for b in up.values]
    drawn, entries = _drawn(across, up, cells_over_time[-1], where, lines=pair == ("h", "gamma"), written=written)
    if any(cell[1].startswith("at most") for cells in cells_over_time for cell in cells):
        entries.append(Markup('<span class="swatch none"></span> not above its error'))
    fixed = [labelled(axis, study.values(axis)[index]) for axis, index in kept.items()]
    caption = CAPTION.format(
        across=letter(pair[0]),
        up=letter(pair[1]),
        now=coordinate("time", float(study.times[indices[-1]])),
        fixed=Markup("").join(Markup(", {}").format(words) for words in fixed),
    )
    shown = MAP.format(caption, Markup("").join([drawn, _bar(low, high), legend([], *entries)]))
    if len(indices) == 1:
        return shown, {"cells": []}
    return shown, {"shades": _shades(), "bright": round(BRIGHT * SHADES), "where": where, "cells": cells_over_time}


CAPTION = Markup('Distance over {across} and {up} at <i>t</i> = <output class="now">{now}</output>{fixed}')
MAP = Markup('<figure class="map-figure"><figcaption>{}</figcaption>{}</figure>')


def _bar(low: float, high: float) -> Markup:
    """The scale of colours with its ends; nothing if there are no colours."""
    if not np.isfinite(low):
        return Markup("")
    stops = ",".join(_shades()[k] for k in range(0, SHADES, 9))
    return Markup(
        '<p class="bar"><span>{}</span><span class="gradient" style="background:linear-gradient(90deg,{})"></span>'
        "<span>{}</span></p>"
    ).format(number(low, 2), stops, number(high, 2))


def _kept(study: Study, pair: tuple[str, str]) -> dict[str, int]:
    """What a map keeps fixed: the least h, the middle of all else."""
    kept = {axis: (len(study.values(axis)) - 1) // 2 for axis in study.axes if axis not in pair}
    return kept | ({"h": int(np.argmin(study.values("h")))} if "h" in kept else {})


def _ends(distances: np.ndarray) -> Pair:
    """The ends of the scale, for all times; NaN if nothing is seen."""
    seen = distances[np.isfinite(distances)]
    return (float(seen.min()), float(seen.max())) if seen.size else (float("nan"), float("nan"))


def _cell(value: float, error: float, status: str, low: float, high: float, *, written: bool) -> Cell:
    if not np.isfinite(value):
        return -1, status if status != "done" else "unknown", "×" if status == "failed" else ""
    told = said(value, error)
    if not value > np.nan_to_num(error):
        most = value + np.nan_to_num(error)
        return -1, told, (f"<{_short(most)}" if most > 0 else "0") if written else ""
    part = float(np.log(value / low) / (np.log(high / low) or 1.0))
    return round(part * (SHADES - 1)), told, _short(value) if written else ""


def _drawn(
    across: MapAxis, up: MapAxis, cells: list[Cell], where: list[str], *, lines: bool, written: bool
) -> tuple[Markup, list[Markup]]:
    """The map as SVG, and its lines as entries of a legend; if `written`, with a text in each cell, were it empty."""
    more = (1.0, max(b for _, b in across.ends) ** (1 / 3)) if lines else ()
    chart = Chart(across.drawn(), up.drawn(*more), height=300.0)
    boxes = [(a, b) for a in across.ends for b in up.ends]
    chart.parts += [_box(chart, *box, cell, at) for box, cell, at in zip(boxes, cells, where, strict=True)]
    entries = _lines(chart) if lines else []
    if written:
        powers = [power for power, *_ in LINES] if lines else []
        chart.parts += [_writing(chart, *box, cell, powers) for box, cell in zip(boxes, cells, strict=True)]
    title = f"Distance over {letter(across.axis).striptags()} and {letter(up.axis).striptags()}"
    return chart.svg(title, "chart map"), entries


def _lines(chart: Chart) -> list[Markup]:
    """Draw those of `LINES` that cross the map; their entries in a legend."""
    h, entries = np.geomspace(chart.x.low, chart.x.high, 400), []
    for power, text, dashes in LINES:
        inside = (h**power >= chart.y.low) & (h**power <= chart.y.high)
        if inside.sum() > 1:
            chart.guide(h[inside], h[inside] ** power, dashes)
            right = Markup("<i>h</i><sup>{}</sup>").format(text) if text else "1"
            entries.append(DASHED.format(dashes, Markup("<i>γ</i> = {}").format(right)))
    return entries


def _box(chart: Chart, x: Pair, y: Pair, cell: Cell, where: str) -> Markup:
    """The coloured box of a cell; its number shows on hovering."""
    (left, bottom), (right, top) = chart.to(np.array(x), np.array(y))
    return Markup(
        '<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}"><title>{}</title></rect>'
    ).format(left, top, right - left, bottom - top, _fill(cell[0]), f"{where}: {cell[1]}")


def _writing(chart: Chart, x: Pair, y: Pair, cell: Cell, powers: Sequence[float]) -> Markup:
    """What is written into a cell, as far from the lines h^power as it has room."""
    (left, bottom), (right, top) = chart.to(np.array(x), np.array(y))
    lines = [chart.to(u, u**power)[1] for power in powers for u in np.geomspace(*x, 5)[1:-1]]
    room = (bottom - top) / 2 - 8
    heights = [(top + bottom) / 2 + s for s in ((0.0, -room, room) if room > 4 else (0.0,))]
    down = max(heights, key=lambda v: min([10.0, *(abs(float(line) - v) for line in lines)]))
    ink = "var(--ink)" if cell[0] < 0 else "#fff" if cell[0] < BRIGHT * SHADES else "#000"
    return Markup(
        '<text x="{:.1f}" y="{:.1f}" text-anchor="middle" class="cell" style="fill:{};stroke:{}">{}</text>'
    ).format((left + right) / 2, down + 3.2, ink, _fill(cell[0]), cell[2])


def _fill(shade: int) -> str:
    return _shades()[shade] if shade >= 0 else "var(--empty)"


@cache
def _shades() -> list[str]:
    """The colours of a logarithmic scale, whose lightness grows with the distance."""
    from matplotlib import colormaps

    bytes_ = np.rint(255 * colormaps["cividis"](np.linspace(0, 1, SHADES))[:, :3]).astype(int).tolist()
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in bytes_]


def _ends_of_cells(values: np.ndarray, *, log: bool) -> tuple[Pair, ...]:
    """The ends of the cell around each of at least two values: means with its neighbours, of logarithms if `log`."""
    u = np.log(values) if log else values
    order = np.argsort(u)
    inner = (u[order][1:] + u[order][:-1]) / 2
    edges = np.concatenate([[2 * u[order][0] - inner[0]], inner, [2 * u[order][-1] - inner[-1]]])
    edges = np.exp(edges) if log else edges
    rank = np.argsort(order)
    return tuple((float(edges[k]), float(edges[k + 1])) for k in rank)


def _short(value: float) -> str:
    """Two digits in little room: .036, 4e−5."""
    if value == 0:
        return "0"
    text = f"{value:#.2g}".rstrip(".") if abs(value) >= 1e-3 else f"{value:.0e}"
    return text.replace("e-0", "e−").replace("e-", "e−").replace("0.", ".", 1) if value < 1 else text
