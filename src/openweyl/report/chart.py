"""Small line charts as SVG text: logarithmic or plain axes, lines with markers, bands, rectangles, pictures.

Colours are CSS variables --s0 .. --s7, which the style sheet gives one value for light pages and one for dark ones;
each line has its own marker too, for those who see no colours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10

import numpy as np
from markupsafe import Markup

from .markup import listed, raised

WIDTH, HEIGHT = 340.0, 240.0
"""Size of a chart, in units of SVG; three stand side by side on a page."""
LEFT, RIGHT, TOP, BOTTOM = 46.0, 10.0, 24.0, 36.0
"""The margins: numbers and the label are left and below, a label is above."""
COLOURS = 8
"""Number of colours of lines, variables of the style sheet; more cannot be told apart."""
DASHES = ("4 3", "9 3", "1.5 2.5", "9 3 1.5 3")
"""Kinds of dashed lines."""
LEAST_TICK_DISTANCE = 0.1
"""Between two given ticks, as part of the axis: the width of a number of four digits."""
_MARKERS = (
    "M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0z",
    "M-2.7-2.7h5.4v5.4h-5.4z",
    "M0-3.5L3.3 2.6H-3.3z",
    "M0-3.8L3.4 0 0 3.8-3.4 0z",
    "M0 3.5L3.3-2.6H-3.3z",
    "M-3-3.4h6l-6 6.8h6z",
    "M-3.8-1.3h7.6v2.6h-7.6z",
    "M-3.2-1h2.2v-2.2h2v2.2h2.2v2h-2.2v2.2h-2v-2.2h-2.2z",
)


@dataclass(frozen=True)
class ChartAxis:
    """A range of numbers and its label."""

    low: float
    high: float
    label: str
    log: bool = False
    at: tuple[tuple[float, str], ...] = ()

    @staticmethod
    def around(values: np.ndarray, label: str, *, log: bool = False, at: Sequence[tuple[float, str]] = ()) -> ChartAxis:
        """The axis that holds all finite `values` (the positive ones, if `log`), with some margin; `at`: its ticks."""
        values = np.asarray(values, dtype=float).ravel()
        values = values[np.isfinite(values) & ((values > 0) | (not log))]
        low, high = (float(values.min()), float(values.max())) if values.size else (1.0, 10.0)
        if log:
            margin = max((high / low) ** 0.04, 2.0 if high < 1.5 * low else 1.05)  # a level line needs surroundings
            return ChartAxis(low / margin, high * margin, label, True, tuple(at))
        margin = 0.03 * (high - low) or 0.5
        return ChartAxis(low - margin, high + margin, label, False, tuple(at))

    def position(self, value: np.ndarray | float) -> np.ndarray:
        """Where `value` lies, from 0 to 1."""
        v, low, high = np.asarray(value, dtype=float), self.low, self.high
        if self.log:
            v, low, high = np.log(v), float(np.log(low)), float(np.log(high))
        return (v - low) / (high - low)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """What `at` says, or round numbers; those within the range, with their text."""
        if self.at:
            return self._apart(tick for tick in sorted(self.at) if self.low <= tick[0] <= self.high)
        if not self.log:
            step = _step((self.high - self.low) / 5)
            first, last = ceil(self.low / step), floor(self.high / step)
            return [(k * step, f"{k * step:.6g}".replace("-", "−")) for k in range(first, last + 1)]
        decades = range(ceil(log10(self.low)), floor(log10(self.high)) + 1)
        if len(decades) >= 2:
            every = ceil(len(decades) / 6)
            return [(10.0**k, f"10{raised(k)}") for k in decades[::every]]
        powers = range(floor(log10(self.low)), ceil(log10(self.high)) + 1)
        fine = [m * 10.0**k for k in powers for m in (1, 2, 5) if self.low <= m * 10.0**k <= self.high]
        return [(v, _short(v)) for v in fine]

    def _apart(self, ticks: Iterable[tuple[float, str]]) -> list[tuple[float, str]]:
        """Those of `ticks`, which go up, that have room for their text."""
        kept: list[tuple[float, str]] = []
        for value, text in ticks:
            if not kept or self.position(value) - self.position(kept[-1][0]) >= LEAST_TICK_DISTANCE:
                kept.append((value, text))
        return kept


def _short(value: float) -> str:
    """A number of one digit in little room: 0.05, 5·10⁻⁸."""
    digit, _, power = f"{value:.0e}".partition("e")
    return f"{value:.3g}" if 1e-4 < value < 1e4 else f"{digit}·10{raised(int(power))}"


def _step(rough: float) -> float:
    decade = 10.0 ** floor(log10(rough))
    return next((m * decade for m in (1, 2, 2.5, 5) if m * decade >= rough), 10 * decade)


@dataclass
class Chart:
    """A plot under construction; `svg` ends it."""

    x: ChartAxis
    y: ChartAxis
    height: float = HEIGHT
    parts: list[Markup] = field(default_factory=list)

    def to(self, x: np.ndarray | float, y: np.ndarray | float) -> np.ndarray:
        """Points in the picture, shape (..., 2)."""
        right = LEFT + self.x.position(x) * (WIDTH - LEFT - RIGHT)
        down = TOP + (1 - self.y.position(y)) * (self.height - TOP - BOTTOM)
        return np.stack(np.broadcast_arrays(right, down), axis=-1)

    def line(self, x: np.ndarray, y: np.ndarray, colour: int, titles: Sequence[str]) -> None:
        """A line with a marker at each point that exists and has a place on the axes; titles show on hovering."""
        shown = np.isfinite(y) & (y >= self.y.low) & (y <= self.y.high)
        points = self.to(x[shown], y[shown])
        style = _colour(colour)
        if len(points) > 1:
            path = Markup('<path d="{}" fill="none" stroke="{}" stroke-width="1.6"/>')
            self.parts.append(path.format(_path(points), style))
        marker = Markup('<path transform="translate({:.1f} {:.1f})" d="{}" fill="{}"><title>{}</title></path>')
        for (right, down), title in zip(points, np.array(titles, dtype=object)[shown], strict=True):
            self.parts.append(marker.format(right, down, _MARKERS[colour % COLOURS], style, title))

    def most(self, x: np.ndarray, y: np.ndarray, colour: int, titles: Sequence[str]) -> None:
        """A hollow marker, the point of an arrow, at each upper bound with a place on the axes."""
        shown = np.isfinite(y) & (y >= self.y.low) & (y <= self.y.high)
        arrow = Markup(
            '<path class="most" transform="translate({:.1f} {:.1f})" d="M-3.5 0H3.5M0 0V6M-2.5 3.5L0 6 2.5 3.5" '
            'fill="none" stroke="{}" stroke-width="1.2"><title>{}</title></path>'
        )
        points = self.to(x[shown], y[shown])
        for (right, down), title in zip(points, np.array(titles, dtype=object)[shown], strict=True):
            self.parts.append(arrow.format(right, down, _colour(colour), title))

    def band(self, x: np.ndarray, lower: np.ndarray, upper: np.ndarray, colour: int, *, edges: bool = False) -> None:
        """The area between two curves, cut off at the ends of the axis; with `edges`, fainter and between thin lines,
        for wide ones that overlap.
        """
        known = np.isfinite(lower) & np.isfinite(upper) & (upper > (self.y.low if self.y.log else -np.inf))
        if known.sum() < 2:
            return
        x, lower, upper = x[known], np.clip(lower[known], self.y.low, None), np.clip(upper[known], None, self.y.high)
        top, bottom = self.to(x, upper), self.to(x, np.minimum(lower, upper))
        around, style = np.concatenate([top, bottom[::-1]]), _colour(colour)
        area = Markup('<path d="{}z" fill="{}" opacity="{}"/>')
        self.parts.append(area.format(_path(around), style, ".1" if edges else ".22"))
        if edges:
            drawn = "".join(map(_path, (top, bottom)))
            edge = Markup('<path d="{}" fill="none" stroke="{}" stroke-width=".8" opacity=".7"/>')
            self.parts.append(edge.format(drawn, style))

    def guide(self, x: np.ndarray, y: np.ndarray, dashes: str = DASHES[0]) -> None:
        """A dashed line."""
        line = Markup('<path d="{path}" class="halo"/><path d="{path}" class="guide" stroke-dasharray="{dashes}"/>')
        self.parts.append(line.format(path=_path(self.to(x, y)), dashes=dashes))

    def svg(self, title: str, classes: str = "chart") -> Markup:
        """The whole picture; `title` says in words what is to be seen."""
        right, bottom = WIDTH - RIGHT, self.height - BOTTOM
        head = Markup('<svg class="{}" viewBox="0 0 {:g} {:g}" role="img" aria-label="{}">')
        frame = Markup('<path class="frame" d="M{left} {top}H{right}V{bottom}H{left}z"/>')
        above = Markup('<text x="{}" y="{}" class="label">{}</text>')
        below = Markup('<text x="{}" y="{}" class="label" text-anchor="middle">{}</text></svg>')
        return Markup("").join(
            [
                head.format(classes, WIDTH, self.height, title),
                *self._grid(right, bottom),
                *self.parts,
                frame.format(left=LEFT, top=TOP, right=right, bottom=bottom),
                above.format(LEFT, TOP - 9, self.y.label),
                below.format((LEFT + right) / 2, self.height - 5, self.x.label),
            ]
        )

    def _grid(self, right: float, bottom: float) -> Iterator[Markup]:
        """A line and a number at each tick."""
        vertical = Markup(
            '<path class="grid" d="M{:.1f} {}V{}"/><text x="{:.1f}" y="{}" text-anchor="middle">{}</text>'
        )
        for value, text in self.x.ticks:
            at = self.to(value, self.y.low)[0]
            yield vertical.format(at, TOP, bottom, at, bottom + 14, text)
        horizontal = Markup('<path class="grid" d="M{} {:.1f}H{}"/><text x="{}" y="{:.1f}" text-anchor="end">{}</text>')
        for value, text in self.y.ticks:
            at = self.to(self.x.low, value)[1]
            yield horizontal.format(LEFT, at, right, LEFT - 5, at + 3.5, text)


LEGEND_MARKER = Markup(
    '<svg viewBox="-9 -5 18 10" width="18" height="10" aria-hidden="true"><path d="M-9 0H9" stroke="{colour}" '
    'stroke-width="1.6"/><path d="{marker}" fill="{colour}"/></svg> {name}'
)
UPPER_BOUND = Markup(
    '<svg viewBox="-9 -5 18 10" width="18" height="10" aria-hidden="true"><path d="M-3.5-3H3.5M0-3V3M-2.5.5L0 3 2.5.5" '
    'fill="none" stroke="var(--ink)" stroke-width="1.2"/></svg> {}'
)
"""The entry of upper bounds in a legend."""
DASHED = Markup(
    '<svg viewBox="0 0 28 10" width="28" height="10" aria-hidden="true"><path d="M0 5H28" class="guide" '
    'stroke-dasharray="{}"/></svg> {}'
)
"""The entry of a dashed line in a legend: its dashes and its text."""


def legend(entries: Sequence[tuple[int, str]], *more: str) -> Markup:
    """The markers of colours with their names, and more entries."""
    items = [
        LEGEND_MARKER.format(colour=_colour(colour), marker=_MARKERS[colour % COLOURS], name=name)
        for colour, name in entries
    ]
    return Markup('<ul class="legend">{}</ul>').format(listed([*items, *more]))


def spread(count: int) -> list[int]:
    """`count` colours, as far apart as the palette allows."""
    return [round(k * (COLOURS - 1) / max(count - 1, 1)) for k in range(count)]


def _colour(index: int) -> str:
    """The colour of this number as a CSS variable; they repeat."""
    return f"var(--s{index % COLOURS})"


def _path(points: np.ndarray) -> str:
    return "M" + "L".join(f"{right:.1f} {down:.1f}" for right, down in points)
