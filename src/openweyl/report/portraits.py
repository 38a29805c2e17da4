"""Phase-space pictures over time: bands of colour with contour lines, as PNG of a few kilobytes.

Positive contours are whole and negative ones dashed, so that a sign is seen without colours too. Each time has its
own scale, which is stated beside it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np

from openweyl.phase_space.grid_function import GridFunction
from openweyl.plot.style import DIVERGING
from openweyl.plot.symbol import SYMBOL_ROUND_OFF

from .study import Study, StudyPoint

PICTURE_PIXELS, BANDS = 440, 10
"""Side of a picture, in dots of a screen, and bands of either sign: as many as eyes tell apart."""
MOST_PICTURES = 60
"""Along time: each is some 3 kB, and there are three at each time."""
SECONDS_OF_CHEAP_POINT = 10.0
"""That a point may have taken to be computed once more: a page is not to take minutes."""
KINDS = ("quantum", "classical", "difference")
"""The three pictures at each time, in their order from left to right."""
_LINE = 2 * BANDS + 1
"""The index of the colour of contour lines, behind those of the bands."""

Box = tuple[float, float, float, float]
"""x_low, x_high, xi_low, xi_high."""


@dataclass(frozen=True)
class Snapshot:
    """Both symbols at one time (n = 1), on one grid; `error`: that of the distance of both, in trace norm."""

    quantum: GridFunction
    classical: GridFunction
    error: float = 0.0

    @property
    def scale(self) -> float:
        """The largest |value| of both symbols."""
        return max(_largest(self.quantum), _largest(self.classical))

    @property
    def gap(self) -> float:
        """The largest |quantum - classical|."""
        return _largest(self.quantum - self.classical)

    @property
    def floor(self) -> float:
        """What |quantum - classical| may be by error alone: a symbol is at most twice the trace norm of its operator,
        a(z) = 2 tr(A R_z) with the reflection R_z at z; and round-off.
        """
        kind = self.quantum.values.dtype
        digits = np.finfo(kind).eps if kind.itemsize < 8 else SYMBOL_ROUND_OFF
        return 2 * self.error + 2 * float(digits) * self.scale


def _largest(symbol: GridFunction) -> float:
    return float(np.abs(symbol.values).max())


@dataclass(frozen=True)
class Frame:
    """The three pictures at one time (PNG in base64), the largest |value| of the symbols and of their difference, and
    what the latter may be by error alone.
    """

    time: float
    pictures: tuple[str, str, str]
    scale: float
    gap: float
    floor: float


@dataclass(frozen=True)
class Film:
    """The pictures of one point, on a square box."""

    point: StudyPoint
    box: Box
    frames: tuple[Frame, ...]


def representatives(study: Study, *, stored: bool) -> list[StudyPoint]:
    """The finished points with the largest and the smallest distance at the last time; unless the symbols are
    `stored`, among those that are cheap to compute again.
    """
    last, seconds = study.distance[..., -1], np.asarray(study.array("seconds"), dtype=float)
    seconds = seconds[..., 0] if seconds.shape != last.shape else seconds
    done = [p for p in study.points() if study.at(study.status, p) == "done" and np.isfinite(study.at(last, p))]
    if not done:
        return []
    cost = {id(p): float(np.nan_to_num(study.at(seconds, p), nan=0.0)) for p in done}
    cheap = done if stored else [p for p in done if cost[id(p)] <= SECONDS_OF_CHEAP_POINT]
    ranked = sorted(cheap or [min(done, key=lambda p: cost[id(p)])], key=lambda p: float(study.at(last, p)))
    return [ranked[-1], ranked[0]] if len(ranked) > 1 else ranked


def shown_times(study: Study) -> np.ndarray:
    """The indices of the times that get pictures."""
    count = len(study.times)
    return np.unique(np.linspace(0, count - 1, min(count, MOST_PICTURES)).round().astype(int))


def film(point: StudyPoint, times: Sequence[float], snapshots: Sequence[Snapshot]) -> Film:
    """The film of `snapshots` at `times`."""
    box, frames = square_box_around(snapshots), []
    for time, snapshot in zip(times, snapshots, strict=True):
        images, scale, gap = drawn(snapshot, box)
        quantum, classical, difference = map(_png, images)
        frames.append(Frame(float(time), (quantum, classical, difference), scale, gap, snapshot.floor))
    return Film(point, box, tuple(frames))


def drawn(
    snapshot: Snapshot, box: Box, scales: tuple[float, float] | None = None
) -> tuple[list[np.ndarray], float, float]:
    """The three pictures in `box` as indices into `palette`, and the largest |value| of both symbols and of their
    difference, 0 if that is nowhere above its error: what is below is blank.

    `scales`: the ends of the colours of both symbols and of the difference, if they are not to be those two values.
    """
    w, a = (_sampled(f, box) for f in (snapshot.quantum, snapshot.classical))
    scale, gap, floor = float(max(np.abs(w).max(), np.abs(a).max())), float(np.abs(w - a).max()), snapshot.floor
    gap = gap if gap > floor else 0.0
    top, most = scales or (scale, gap)
    difference = np.where(np.abs(w - a) > floor, w - a, 0.0)
    return [bands_of(f, end) for f, end in ((w, top), (a, top), (difference, most))], scale, gap


def square_box_around(snapshots: Sequence[Snapshot], part: float = 3e-2) -> Box:
    """The square box around where any symbol exceeds `part` of its maximum."""
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    for m in snapshots:
        for f in (m.quantum, m.classical):
            inside = np.abs(f.values) >= part * _largest(f)
            for axis, points in enumerate((f.grid.x[0].points, f.grid.xi[0].points)):
                held = points[inside.any(axis=1 - axis)]
                low[axis], high[axis] = min(low[axis], held[0]), max(high[axis], held[-1])
    (x, xi), half = (low + high) / 2, 0.53 * float((high - low).max())
    return (float(x - half), float(x + half), float(xi - half), float(xi + half))


def _sampled(f: GridFunction, box: Box) -> np.ndarray:
    """`f` at the centres of the pixels, the first row at the top (largest xi); zero outside its box."""
    from scipy.ndimage import map_coordinates

    x, xi = f.grid.x[0], f.grid.xi[0]
    steps = (np.arange(PICTURE_PIXELS) + 0.5) / PICTURE_PIXELS
    i = (box[0] + steps * (box[1] - box[0]) - x.lower) / x.spacing
    j = (box[3] - steps * (box[3] - box[2]) - xi.lower) / xi.spacing
    return np.asarray(map_coordinates(np.asarray(f.values, dtype=float), np.meshgrid(i, j), order=3, mode="constant"))


def bands_of(f: np.ndarray, scale: float) -> np.ndarray:
    """The band of each pixel, 0 .. 2 BANDS, BANDS around zero; _LINE on contour lines, dashed where negative."""
    level = np.clip(np.rint(f / (scale or 1.0) * (BANDS + 0.49)), -BANDS, BANDS).astype(int)
    step = np.zeros(level.shape, dtype=int)  # the band away from zero at an edge between two bands
    for axis in (0, 1):
        ahead = np.roll(level, -1, axis)
        outer = np.where(np.abs(ahead) > np.abs(level), ahead, level)
        step = np.where((ahead != level) & (step == 0), outer, step)
    step[-1], step[:, -1] = 0, 0
    rows, columns = np.indices(level.shape)
    dashed = (rows + columns) % 10 < 5
    line = (step > 1) | ((step < -1) & dashed)  # no line where a field leaves zero: it would follow the round-off
    return np.where(line, _LINE, level + BANDS).astype(np.uint8)


def palette() -> np.ndarray:
    """The colours of the bands, from the most negative to the most positive, and that of the lines: bytes, (.., 3)."""
    from matplotlib import colormaps

    bands = colormaps[DIVERGING](np.linspace(0, 1, 2 * BANDS + 1))[:, :3]
    return np.vstack([np.rint(255 * bands), [60, 60, 60]]).astype(np.uint8)


def _png(indices: np.ndarray) -> str:
    """A PNG of palette colours, in base64."""
    from PIL import Image

    picture = Image.fromarray(indices)
    picture.putpalette(palette().tobytes())
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    return b64encode(file.getvalue()).decode()
