"""The map of regimes: gamma against h, coloured by the distance at the last time."""

from __future__ import annotations

from html import escape

import numpy as np

from .chart import Axis, Chart
from .markup import coordinate, labelled, number, plain
from .plots import name
from .study import Study

NUMBERED = 9
"""Rows or columns up to which the cells have their number written into them."""


def regimes(study: Study) -> str:
    """The map with the lines gamma = h^{1/3}, 1 and 1/h; gamma = 0 has a row below the others."""
    index = tuple(study.base.get(a, slice(None)) for a in study.axes)
    last, error, status = study.distance[(*index, -1)], study.error[(*index, -1)], study.status[index]
    h, gamma = study.values("h").tolist(), study.values("gamma").tolist()
    zero = min((g for g in gamma if g > 0), default=1.0) / 4
    heights = [g if g > 0 else zero for g in gamma]
    columns, rows = _edges(h), _edges(heights)
    chart = _frame(columns, rows, sorted(zip(heights, map(coordinate, gamma), strict=True)))
    seen = last[np.isfinite(last) & (last > 0)]
    low, high = (float(seen.min()), float(seen.max())) if seen.size else (0.1, 1.0)
    written = max(len(h), len(gamma)) <= NUMBERED
    for (i, j), value in np.ndenumerate(last):
        words = f"{plain(labelled('h', h[i]))}, {plain(labelled('gamma', gamma[j]))}: "
        fill, ink, text = "var(--empty)", "var(--ink)", "×" if status[i, j] == "failed" else ""
        if np.isfinite(value):
            part = float(np.log(max(value, low) / low) / (np.log(high / low) or 1.0))
            fill, ink, text = _colour(part), "#fff" if part < 0.55 else "#000", _short(float(value))
            words += f"{number(float(value))} ± {number(float(error[i, j]), 2)}"
        else:
            words += str(status[i, j])
        _cell(chart, columns[h[i]], rows[heights[j]], fill, words, (text, ink) if written or text == "×" else ("", ""))
    reach = np.geomspace(chart.x.low, chart.x.high, 60)
    for power, text, drop in ((1 / 3, _power("1/3"), 24), (0, "1", -5), (-1, _power("−1"), 14)):
        line = reach**power
        inside = (line >= chart.y.low) & (line <= chart.y.high)
        if inside.sum() > 1:
            chart.guide(reach[inside], line[inside], f"{name('gamma')} = {text}", drop)
    stops = ",".join(_colour(k / 8) for k in range(9))
    bar = (
        f'<p class="bar"><span>{number(low, 2)}</span><span class="gradient" style="background:'
        f'linear-gradient(90deg,{stops})"></span><span>{number(high, 2)}</span></p>'
    )
    return f'<figure class="wide">{chart.svg("Distance at the last time over h and gamma", "chart map")}{bar}</figure>'


def _frame(columns: Edges, rows: Edges, gammas: list[tuple[float, str]]) -> Chart:
    """The empty map, with room at the right for the names of the lines."""
    ends = np.array(list(columns.values()))
    x = np.append(ends, ends.max() * (ends.max() / ends.min()) ** 0.22)
    y = np.array([*(v for pair in rows.values() for v in pair), 1.0, min(columns) ** (1 / 3)])
    ticks = [(v, coordinate(v)) for v in sorted(columns)]
    return Chart(
        Axis.around(x, name("h"), log=True, at=ticks), Axis.around(y, name("gamma"), log=True, at=gammas), height=300.0
    )


def _cell(
    chart: Chart, x: tuple[float, float], y: tuple[float, float], fill: str, words: str, text: tuple[str, str]
) -> None:
    (left, bottom), (right, top) = chart.to(np.array(x), np.array(y))
    chart.parts.append(
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" height="{bottom - top:.1f}" fill="{fill}">'
        f"<title>{escape(words)}</title></rect>"
    )
    if text[0]:
        down = top + min(11.0, (bottom - top) / 2 + 3)
        chart.parts.append(
            f'<text x="{(left + right) / 2:.1f}" y="{down:.1f}" text-anchor="middle" class="cell" '
            f'style="fill:{text[1]}">{text[0]}</text>'
        )


def _power(exponent: str) -> str:
    return f'{name("h")}<tspan dy="-4" font-size="7.5">{exponent}</tspan>'


def _colour(part: float) -> str:
    """The colour of a distance at this part of the logarithmic scale; its lightness grows with it."""
    from matplotlib import colormaps

    red, green, blue = (round(255 * c) for c in colormaps["cividis"](part)[:3])
    return f"rgb({red},{green},{blue})"


Edges = dict[float, tuple[float, float]]


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
    text = f"{value:.2g}" if value >= 1e-3 else f"{value:.0e}"
    return text.replace("e-0", "e−").replace("e-", "e−").replace("0.", ".", 1) if value < 1 else text
