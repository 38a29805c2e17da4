"""How far a function reaches in its four representations, and the grid that holds it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi, prod, sqrt
from typing import TypeVar

import numpy as np

from openweyl._core.fft import good_size

from .grid import Axis
from .grid_function import GridFunction
from .profiles import Profile

Function = TypeVar("Function", bound=GridFunction)

NEAR = 0.075
"""The part of an axis, a little more than EDGE_FRACTION, at which a grid grows before anything overflows."""
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


def required_box(profile: Profile, axis: Axis, level: float) -> RequiredBox:
    """The smallest interval and wave number beyond which less than `level` lies."""
    lower = axis.lower + axis.spacing * int(np.searchsorted(profile.left, level))
    upper = axis.upper - axis.spacing * int(np.searchsorted(profile.right, level))
    beyond = int(np.searchsorted(profile.high, level))
    reach = axis.reach * (1 - beyond / max(profile.high.size - 1, 1))  # one wave number only, 0, where one point is
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


def truncated(f: Function, level: float) -> Function:
    """`f` on a smaller grid, which leaves out about `level` at each edge."""
    grid = f.grid
    axes = grid.x + grid.xi
    fitted = [covering(a, required_box(p, a, level), room=0.02) for p, a in zip(f.profiles, axes, strict=True)]
    kept = [new if new.size < old.size else old for new, old in zip(fitted, axes, strict=True)]
    return f.resampled(grid.with_axes(kept))


def left_out(f: GridFunction, small: GridFunction) -> float:
    """The Hilbert-Schmidt norm of what `truncated` took from `f` to leave `small`.

    Cutting the box and then the wave numbers are orthogonal projections: this is no estimate.
    """
    grid, box = f.grid, small.grid
    pairs = list(zip(grid.x + grid.xi, box.x + box.xi, strict=True))
    cut = [replace(a, lower=b.lower, size=round(b.length / a.spacing)) for a, b in pairs]
    starts = [round((b.lower - a.lower) / a.spacing) for a, b in pairs]
    coarse = grid.with_axes(cut)
    outside = f.values**2
    outside[tuple(slice(max(start, 0), start + axis.size) for start, axis in zip(starts, cut, strict=True))] = 0.0
    beyond = f.resampled(coarse).values - small.resampled(coarse).values
    return sqrt((float(outside.sum()) + float((beyond**2).sum())) * grid.cell)
