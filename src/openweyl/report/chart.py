"""Small line charts as SVG text: logarithmic or plain axes, lines with markers, bands, rectangles, pictures.

Colours are CSS variables --s0 .. --s7, which the style sheet gives one value for light pages and one for dark ones;
each line has its own marker too, for those who see no colours.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from math import ceil, floor, log10

import numpy as np

from .markup import raised

WIDTH, HEIGHT = 340.0, 240.0
LEFT, RIGHT, TOP, BOTTOM = 46.0, 10.0, 24.0, 36.0
COLOURS = 8
DASHES = ("4 3", "9 3", "1.5 2.5", "9 3 1.5 3")
"""Kinds of dashed lines."""
APART = 0.1
"""Part of an axis that two given ticks are apart at least."""
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
class Axis:
    """A range of numbers and its label (HTML-safe SVG text)."""

    low: float
    high: float
    label: str
    log: bool = False
    at: tuple[tuple[float, str], ...] = ()

    @staticmethod
    def around(values: np.ndarray, label: str, *, log: bool = False, at: Sequence[tuple[float, str]] = ()) -> Axis:
        """The axis that holds all finite `values` (the positive ones, if `log`), with some margin; `at`: its ticks."""
        values = np.asarray(values, dtype=float).ravel()
        values = values[np.isfinite(values) & ((values > 0) | (not log))]
        low, high = (float(values.min()), float(values.max())) if values.size else (1.0, 10.0)
        if log:
            margin = max((high / low) ** 0.04, 2.0 if high < 1.5 * low else 1.05)  # a level line needs surroundings
            return Axis(low / margin, high * margin, label, True, tuple(at))
        margin = 0.03 * (high - low) or 0.5
        return Axis(low - margin, high + margin, label, False, tuple(at))

    def place(self, value: np.ndarray | float) -> np.ndarray:
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
            if not kept or self.place(value) - self.place(kept[-1][0]) >= APART:
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

    x: Axis
    y: Axis
    height: float = HEIGHT
    parts: list[str] = field(default_factory=list)

    def to(self, x: np.ndarray | float, y: np.ndarray | float) -> np.ndarray:
        """Points in the picture, shape (..., 2)."""
        right = LEFT + self.x.place(x) * (WIDTH - LEFT - RIGHT)
        down = TOP + (1 - self.y.place(y)) * (self.height - TOP - BOTTOM)
        return np.stack(np.broadcast_arrays(right, down), axis=-1)

    def line(self, x: np.ndarray, y: np.ndarray, colour: int, titles: Sequence[str]) -> None:
        """A line with a marker at each point that exists and has a place on the axes; titles show on hovering."""
        shown = np.isfinite(y) & (y >= self.y.low) & (y <= self.y.high)
        points = self.to(x[shown], y[shown])
        style = f"var(--s{colour % COLOURS})"
        if len(points) > 1:
            self.parts.append(f'<path d="{_path(points)}" fill="none" stroke="{style}" stroke-width="1.6"/>')
        marker = _MARKERS[colour % COLOURS]
        for (right, down), title in zip(points, np.array(titles, dtype=object)[shown], strict=True):
            self.parts.append(
                f'<path transform="translate({right:.1f} {down:.1f})" d="{marker}" fill="{style}">'
                f"<title>{escape(title)}</title></path>"
            )

    def most(self, x: np.ndarray, y: np.ndarray, colour: int, titles: Sequence[str]) -> None:
        """A hollow marker, the point of an arrow, at each upper bound with a place on the axes."""
        shown = np.isfinite(y) & (y >= self.y.low) & (y <= self.y.high)
        for (right, down), title in zip(
            self.to(x[shown], y[shown]), np.array(titles, dtype=object)[shown], strict=True
        ):
            self.parts.append(
                f'<path class="most" transform="translate({right:.1f} {down:.1f})" d="M-3.5 0H3.5M0 0V6M-2.5 3.5L0 6 '
                f'2.5 3.5" fill="none" stroke="var(--s{colour % COLOURS})" stroke-width="1.2"><title>{escape(title)}'
                "</title></path>"
            )

    def band(self, x: np.ndarray, lower: np.ndarray, upper: np.ndarray, colour: int, *, edges: bool = False) -> None:
        """The area between two curves, cut off at the ends of the axis; with `edges`, fainter and between thin lines,
        for wide ones that overlap.
        """
        known = np.isfinite(lower) & np.isfinite(upper) & (upper > (self.y.low if self.y.log else -np.inf))
        if known.sum() < 2:
            return
        x, lower, upper = x[known], np.clip(lower[known], self.y.low, None), np.clip(upper[known], None, self.y.high)
        top, bottom = self.to(x, upper), self.to(x, np.minimum(lower, upper))
        around, style = np.concatenate([top, bottom[::-1]]), f"var(--s{colour % COLOURS})"
        self.parts.append(f'<path d="{_path(around)}z" fill="{style}" opacity="{".1" if edges else ".22"}"/>')
        if edges:
            drawn = "".join(map(_path, (top, bottom)))
            self.parts.append(f'<path d="{drawn}" fill="none" stroke="{style}" stroke-width=".8" opacity=".7"/>')

    def guide(self, x: np.ndarray, y: np.ndarray, dashes: str = DASHES[0]) -> None:
        """A dashed line."""
        path = f'<path d="{_path(self.to(x, y))}" class='
        self.parts.append(f'{path}"halo"/>{path}"guide" stroke-dasharray="{dashes}"/>')

    def svg(self, title: str, classes: str = "chart") -> str:
        """The whole picture; `title` says in words what is to be seen."""
        right, bottom = WIDTH - RIGHT, self.height - BOTTOM
        out = [
            f'<svg class="{classes}" viewBox="0 0 {WIDTH:g} {self.height:g}" role="img" aria-label="{escape(title)}">'
        ]
        for value, text in self.x.ticks:
            at = self.to(value, self.y.low)[0]
            out.append(f'<path class="grid" d="M{at:.1f} {TOP}V{bottom}"/>')
            out.append(f'<text x="{at:.1f}" y="{bottom + 14}" text-anchor="middle">{text}</text>')
        for value, text in self.y.ticks:
            at = self.to(self.x.low, value)[1]
            out.append(f'<path class="grid" d="M{LEFT} {at:.1f}H{right}"/>')
            out.append(f'<text x="{LEFT - 5}" y="{at + 3.5:.1f}" text-anchor="end">{text}</text>')
        out += self.parts
        out.append(f'<path class="frame" d="M{LEFT} {TOP}H{right}V{bottom}H{LEFT}z"/>')
        out.append(f'<text x="{LEFT}" y="{TOP - 9}" class="label">{self.y.label}</text>')
        out.append(
            f'<text x="{(LEFT + right) / 2}" y="{self.height - 5}" class="label" text-anchor="middle">'
            f"{self.x.label}</text></svg>"
        )
        return "".join(out)


def legend(entries: Sequence[tuple[int, str]], *more: str) -> str:
    """The markers with their names (HTML)."""
    items = [
        f'<li><svg viewBox="-9 -5 18 10" width="18" height="10" aria-hidden="true"><path d="M-9 0H9" '
        f'stroke="var(--s{c % COLOURS})" stroke-width="1.6"/><path d="{_MARKERS[c % COLOURS]}" '
        f'fill="var(--s{c % COLOURS})"/></svg> {name}</li>'
        for c, name in entries
    ]
    return f'<ul class="legend">{"".join(items)}{"".join(f"<li>{text}</li>" for text in more)}</ul>'


def most(text: str) -> str:
    """The entry of upper bounds in a legend (HTML)."""
    arrow = '<path d="M-3.5-3H3.5M0-3V3M-2.5.5L0 3 2.5.5" fill="none" stroke="var(--ink)" stroke-width="1.2"/>'
    return f'<svg viewBox="-9 -5 18 10" width="18" height="10" aria-hidden="true">{arrow}</svg> {text}'


def dashed(dashes: str, text: str) -> str:
    """The entry of a dashed line in a legend (HTML)."""
    line = f'<path d="M0 5H28" class="guide" stroke-dasharray="{dashes}"/>'
    return f'<svg viewBox="0 0 28 10" width="28" height="10" aria-hidden="true">{line}</svg> {text}'


def spread(count: int) -> list[int]:
    """`count` colours, as far apart as the palette allows."""
    return [round(k * (COLOURS - 1) / max(count - 1, 1)) for k in range(count)]


def _path(points: np.ndarray) -> str:
    return "M" + "L".join(f"{right:.1f} {down:.1f}" for right, down in points)
