"""The charts of a report: distances over time, and along each axis."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from .chart import DASHED, DASHES, UPPER_BOUND, Chart, ChartAxis, legend, spread
from .markup import coordinate, described, labelled, letter, letters, number, with_error
from .study import Study

DISTANCE = Markup(
    '‖<tspan class="v">A</tspan>(<tspan class="v">t</tspan>) − '
    'Op(<tspan class="v">a</tspan>(<tspan class="v">t</tspan>))‖<tspan class="sub" dy="3">tr</tspan>'
)
GREATEST_DISTANCE = 2.0
"""The distance in trace norm that no two states exceed."""
MOST_CURVES, MOST_PANELS = 8, 9
"""Curves in a panel, as many as there are colours, and panels, three rows of three."""
LOGARITHMIC_RATIO = 5.0
"""Ratio of the ends of a parameter's axis from which on it is logarithmic: half of its values would else lie in a fifth
of it."""
NOTHING = "at most: below its error"
"""What the hollow markers of a chart are."""


def name(axis: str) -> Markup:
    """The label of an axis in SVG."""
    stem, low = letters(axis)
    upper = Markup('<tspan class="v">{}</tspan>').format(stem)
    return upper + Markup('<tspan class="sub" dy="3">{}</tspan>').format(low) if low else upper


def logarithmic(axis: str, values: np.ndarray) -> bool:
    """Whether the axis is logarithmic: of h and gamma always, of what else is positive if it ranges widely."""
    return axis in ("h", "gamma") or bool((values > 0).all() and values.max() >= LOGARITHMIC_RATIO * values.min())


def said(value: float, error: float) -> str:
    """The number with its error; where it does not exceed that, what it is at most."""
    return f"at most {number(value + error, 2)}" if value <= error and error > 0 else with_error(value, error)


def chosen(count: int, most: int) -> list[int]:
    """At most `most` of `count` indices, evenly."""
    return [int(i) for i in np.unique(np.linspace(0, count - 1, min(count, most)).round())]


def over_time(study: Study) -> tuple[list[Markup], Markup]:
    """A panel for each gamma with a curve for each h, and the legend of them all."""
    h, gamma, t = study.values("h"), study.values("gamma"), study.times
    lower, upper = study.array("distance_lower"), study.array("distance_upper")
    rows = chosen(len(h), MOST_CURVES)
    colours = dict(zip(rows, spread(len(rows)), strict=True))
    part = tuple(study.base.get(a, slice(None)) for a in study.axes)
    drawn = _heights(study.distance[part], study.error[part], study.seen[part])
    log = bool((drawn > 0).any())
    if study.certified:  # the upper ends too, as far as a distance can reach
        drawn = np.append(drawn, np.minimum(upper[part], GREATEST_DISTANCE))
    y = ChartAxis.around(above(drawn) if log else drawn, DISTANCE, log=log)
    panels = []
    for j in chosen(len(gamma), MOST_PANELS):
        chart = Chart(ChartAxis.around(t, name("time")), y)
        for i in rows:
            point = study.base | {"h": i, "gamma": j}
            d, e = study.at(study.distance, point), study.at(study.error, point)
            band = (study.at(lower, point), study.at(upper, point)) if study.certified else (d - e, d + e)
            chart.band(t, *band, colours[i], edges=study.certified)
            words = described("h", h[i])
            titles = [f"{words}, t = {coordinate('time', s)}: {said(v, w)}" for s, v, w in zip(t, d, e, strict=True)]
            _curve(chart, t, d, e, study.at(study.seen, point), colours[i], titles)
        head = labelled("gamma", gamma[j])
        panels.append(figure(head, chart.svg(f"Distance over time, {head.striptags()}")))
    what = "enclosure by the certificate" if study.certified else "distance ± error"
    more = [Markup('<span class="swatch"></span> {}').format(what)]
    more += [UPPER_BOUND.format(NOTHING)] if any('class="most"' in panel for panel in panels) else []
    return panels, legend([(colours[i], labelled("h", h[i])) for i in rows], *more)


def figure(caption: str, *parts: str) -> Markup:
    """A figure of these parts under its caption."""
    return Markup("<figure><figcaption>{}</figcaption>{}</figure>").format(caption, Markup("").join(parts))


def along(study: Study, axis: str, *, stated: bool = True) -> Markup:
    """The distance at the last time along `axis`: along gamma a curve for each h, otherwise one for each gamma.

    `stated`: whether Theorem 1 speaks of it, so that the slopes of (1.10) are drawn.
    """
    other = "h" if axis == "gamma" else "gamma"
    x, kinds, base = study.values(axis), study.values(other), study.base
    if axis not in ("h", "gamma"):
        base |= {"h": int(np.argmin(study.values("h")))}
    rows = chosen(len(kinds), MOST_CURVES)
    log = logarithmic(axis, x)
    order = np.argsort(x)
    order = order[(x[order] > 0) | (not log)]
    d, e, seen = (
        np.array([study.over(a, axis, base | {other: i}, -1)[order] for i in rows])
        for a in (study.distance, study.error, study.seen)
    )
    drawn = _heights(d, e, seen)
    x, upward = x[order], bool((drawn > 0).any())
    line, slope = _guide(axis, x, np.where(seen, d, np.nan)) if stated else (np.full(len(x), np.nan), "")
    shown = np.append(above(drawn), line) if upward else drawn
    ticks = [(v, coordinate(axis, v)) for v in x.tolist()] if log else []
    chart = Chart(ChartAxis.around(x, name(axis), log=log, at=ticks), ChartAxis.around(shown, DISTANCE, log=upward))
    colours = spread(len(rows))
    for i, values, errors, above_error, colour in zip(rows, d, e, seen, colours, strict=True):
        chart.band(x, values - errors, values + errors, colour)
        words = described(other, kinds[i])
        triples = zip(x, values, errors, strict=True)
        titles = [f"{described(axis, u)}, {words}: {said(v, w)}" for u, v, w in triples]
        _curve(chart, x, values, errors, above_error, colour, titles)
    if upward and slope:
        known = np.isfinite(line)
        chart.guide(x[known], line[known])
    head = Markup("Along {} at <i>t</i> = {}").format(letter(axis), coordinate("time", study.times[-1]))
    head += Markup(", {}").format(labelled("h", study.values("h")[base["h"]])) if "h" in base else ""
    entries = [(c, labelled(other, kinds[i])) for i, c in zip(rows, colours, strict=True)]
    more = [DASHED.format(DASHES[0], f"slope {slope}, that of (1.10)")] if slope else []
    more += [UPPER_BOUND.format(NOTHING)] if any('class="most"' in part for part in chart.parts) else []
    return figure(head, chart.svg(head.striptags()), legend(entries, *more))


def _heights(d: np.ndarray, error: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """What a chart has to reach: the distances, or, if none exceeds its error, what they are at most."""
    bounds = np.where(~seen & (error > 0), d + error, np.nan)
    return np.where(seen, d, np.nan) if seen.any() else bounds if np.isfinite(bounds).any() else d


def _curve(
    chart: Chart, x: np.ndarray, d: np.ndarray, error: np.ndarray, seen: np.ndarray, colour: int, titles: list[str]
) -> None:
    """The distances that exceed their errors as a line, the others as upper bounds: their values are round-off."""
    chart.line(x, np.where(seen | ~(error > 0), d, np.nan), colour, titles)
    chart.most(x, np.where(~seen & (error > 0), d + error, np.nan), colour, titles)


def _guide(axis: str, x: np.ndarray, distances: np.ndarray) -> tuple[np.ndarray, str]:
    """A line of the slope that (1.10) has in its limit, a little beneath all distances, and its slope in words."""
    power, text = {"h": (0.5, "1/2"), "gamma": (-1.5, "−3/2")}.get(axis, (0.0, ""))
    part = (x >= 1) | (axis == "h")  # of gamma, what the theorem speaks of
    positive = np.where((distances > 0) & part, distances, np.nan)
    if not text or part.sum() < 2 or not np.isfinite(positive).any():
        return np.full(len(x), np.nan), ""
    line = np.where(part, x, np.nan) ** power
    return line * np.nanmin(positive / line) * 0.7, text


def above(values: np.ndarray) -> np.ndarray:
    """`values` without those beneath a millionth of the largest: zeros with round-off do not stretch an axis."""
    top = np.max(values, initial=0.0, where=values > 0)
    return np.where(values > 1e-6 * top, values, np.nan)
