"""How far a symbol reaches in its four representations, and the grid that holds it.

A truncated box loses what lies beyond its edges in x and xi; a finite spacing loses what lies beyond its reach in k
and s. Both losses are estimated in units of the trace norm:

    x, xi:  (2 pi h)^-n int_{beyond} |w|                              (the L1 norm, that of the trace for mixtures)
    k, s:   sqrt(states) * || the part of w beyond ||_HS              (the box holds about `states` states)

Where a bound is asked for, as in `localize`, `left_out` gives the Hilbert-Schmidt norm of all that is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi, prod, sqrt

import numpy as np

from openweyl._core.fft import good_size, rfft

from .grid import Axis, PhaseGrid, resample

EDGE = 1 / 16
"""The part of each axis, at either end, whose content counts as an overflow in the making."""
NEAR = 0.075
"""The part of an axis, a little more than `EDGE`, at which a grid grows before anything overflows."""
ROOM, SMALL_ROOM, SMALL = 0.18, 0.22, 128
"""The part of the needed interval left free on each side when a grid is chosen: room to move until the next look.
More on axes of fewer than `SMALL` points, where a new grid costs more than the points that it saves."""
TIE = 1e-9
"""The part of a spacing within which an end is on a point: round-off, which units of length change, decides nothing."""
FORESIGHT = 1 / 2
"""The part of a support by which it may be taken to move until the next look: what a packet on its way does."""
SLACK = 0.5
"""A grid shrinks when less than this part of its points would do."""


@dataclass(frozen=True)
class Profile:
    """One axis: `outside[j]` = what lies at or beyond point j counted from one end, in units of the trace norm.

    left, right: from the two ends of the box. high: from the largest wave number down.
    """

    left: np.ndarray
    right: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class RequiredBox:
    """What a symbol needs of an axis: an interval and the largest wave number."""

    lower: float
    upper: float
    reach: float

    def moved_on(self, before: RequiredBox) -> RequiredBox:
        """This need and what it will be if it grows on as it did since `before` (by a part FORESIGHT at most)."""
        most = (self.upper - self.lower) * FORESIGHT
        return RequiredBox(
            self.lower - min(max(before.lower - self.lower, 0.0), most),
            self.upper + min(max(self.upper - before.upper, 0.0), most),
            self.reach + min(max(self.reach - before.reach, 0.0), self.reach / 6),
        )

    def moved(self, left: float, right: float, beyond: float) -> RequiredBox:
        """The need of a symbol whose ends move by `left` and `right`, and its largest wave number by `beyond`."""
        return RequiredBox(self.lower + left, self.upper + right, self.reach + beyond)

    def joined(self, other: RequiredBox) -> RequiredBox:
        """What this need and `other` ask for together."""
        return RequiredBox(min(self.lower, other.lower), max(self.upper, other.upper), max(self.reach, other.reach))

    def within(self, axis: Axis) -> bool:
        """Whether `axis` holds all of it."""
        return self.lower >= axis.lower and self.upper <= axis.upper and self.reach <= axis.reach


def profiles(w: np.ndarray, grid: PhaseGrid) -> tuple[Profile, ...]:
    """The profiles of `w` (leading axes are summed over) along each axis of `grid`."""
    found = []
    spectral = sqrt(grid.cell * grid.states)
    magnitude = np.abs(w)
    for position, axis in enumerate(grid.x + grid.xi):
        index = position - 2 * grid.n
        others = tuple(a for a in range(-w.ndim, 0) if a != index)
        content = magnitude.sum(axis=others) * grid.cell
        f = rfft(w, (index,))
        power = (f.real**2 + f.imag**2).sum(axis=others) * (2 / axis.size)  # both signs of the wave number
        found.append(
            Profile(
                left=np.cumsum(content),
                right=np.cumsum(content[::-1]),
                high=spectral * np.sqrt(np.cumsum(power[::-1])),
            )
        )
    return tuple(found)


def edge_points(axis: Axis) -> int:
    """The number of points at either end of an axis that count as its edge."""
    return max(2, round(EDGE * axis.size))


def edge_loss(profile: Profile, axis: Axis) -> tuple[float, float, float]:
    """The content of the outermost points: left, right and in wave numbers."""
    band = edge_points(axis)
    return (
        float(profile.left[band - 1]),
        float(profile.right[band - 1]),
        float(profile.high[max(1, round(EDGE * profile.high.size)) - 1]),
    )


def required_box(profile: Profile, axis: Axis, level: float) -> RequiredBox:
    """The smallest interval and wave number beyond which less than `level` lies."""
    lower = axis.lower + axis.spacing * int(np.searchsorted(profile.left, level))
    upper = axis.upper - axis.spacing * int(np.searchsorted(profile.right, level))
    beyond = int(np.searchsorted(profile.high, level))
    reach = axis.reach * (1 - beyond / (profile.high.size - 1))
    return RequiredBox(min(lower, axis.upper), max(upper, lower + 4 * axis.spacing), max(reach, 4 * pi / axis.length))


def covering(axis: Axis, wanted: RequiredBox, room: float | None = None) -> Axis:
    """The axis for `wanted` with `room` to spare: whole steps of the old axis, so that `resample` needs no matrix."""
    if room is None:
        room = ROOM if (wanted.upper - wanted.lower) * wanted.reach / pi > SMALL else SMALL_ROOM
    width = wanted.upper - wanted.lower
    start = int(np.floor((wanted.lower - room * width - axis.lower) / axis.spacing + TIE))
    stop = int(np.ceil((wanted.upper + room * width - axis.lower) / axis.spacing - TIE))
    stop += (stop - start) % 2
    length = (stop - start) * axis.spacing
    size = good_size(length * wanted.reach * (1 + room) / pi)
    return Axis(axis.lower + start * axis.spacing, length / size, size)


def next_axes(axes: tuple[Axis, ...], needs: list[RequiredBox]) -> list[Axis] | None:
    """The axes of a better grid: cut to measure if the present one is much too large, grown where content is close to
    an edge; None if it is good enough.
    """
    wanted = [covering(axis, want) for axis, want in zip(axes, needs, strict=True)]
    have, use = (prod(float(a.size) for a in group) for group in (axes, wanted))
    if use < SLACK * have:
        return wanted
    close = [_close(axis, want) for axis, want in zip(axes, needs, strict=True)]
    if not any(close):
        return None
    return [_hull(axis, new) if near else axis for axis, new, near in zip(axes, wanted, close, strict=True)]


def _close(axis: Axis, want: RequiredBox) -> bool:
    room = min(want.lower - axis.lower, axis.upper - want.upper)
    return room < NEAR * axis.length or want.reach > (1 - NEAR) * axis.reach


def _hull(axis: Axis, other: Axis) -> Axis:
    lower, upper = min(axis.lower, other.lower), max(axis.upper, other.upper)
    return covering(axis, RequiredBox(lower, upper, max(axis.reach, other.reach)), room=0.0)


def truncated(
    w: np.ndarray, grid: PhaseGrid, level: float, found: tuple[Profile, ...] | None = None
) -> tuple[np.ndarray, PhaseGrid]:
    """`w` on a smaller grid, which leaves out about `level` at each edge; `found`: the profiles, if they are known."""
    axes = grid.x + grid.xi
    fitted = [
        covering(a, required_box(p, a, level), room=0.02) for p, a in zip(found or profiles(w, grid), axes, strict=True)
    ]
    kept = [new if new.size < old.size else old for new, old in zip(fitted, axes, strict=True)]
    small = PhaseGrid(tuple(kept[: grid.n]), tuple(kept[grid.n :]), grid.h)
    return resample(w, grid, small), small


def left_out(w: np.ndarray, grid: PhaseGrid, small: np.ndarray, box: PhaseGrid) -> float:
    """The Hilbert-Schmidt norm of what `truncated` took from `w` on `grid` to leave `small` on `box`.

    Cutting the box and then the wave numbers are orthogonal projections: this is no estimate.
    """
    pairs = list(zip(grid.x + grid.xi, box.x + box.xi, strict=True))
    cut = [replace(a, lower=b.lower, size=round(b.length / a.spacing)) for a, b in pairs]
    starts = [round((b.lower - a.lower) / a.spacing) for a, b in pairs]
    coarse = PhaseGrid(tuple(cut[: grid.n]), tuple(cut[grid.n :]), grid.h)
    outside = w**2
    outside[tuple(slice(max(start, 0), start + axis.size) for start, axis in zip(starts, cut, strict=True))] = 0.0
    beyond = resample(w, grid, coarse) - resample(small, box, coarse)
    return sqrt((float(outside.sum()) + float((beyond**2).sum())) * grid.cell)
