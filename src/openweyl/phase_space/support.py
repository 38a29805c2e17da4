"""The support of a function in its four representations: the interval and the largest wave number of each axis beyond
which its content is negligible, and the grid that holds it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import pi, sqrt
from typing import TypeVar

import numpy as np

from openweyl._core.fft import good_size

from .grid import Axis
from .grid_function import GridFunction
from .profiles import Profile

Function = TypeVar("Function", bound=GridFunction)

TRUNCATION_FREE_FRACTION = 0.02
"""The part of the interval that `truncated` leaves free on each side: next to nothing, as what it cuts is at rest."""
SPACING_ROUND_OFF = 1e-9
"""The part of a spacing within which an end counts as lying on a point, so that round-off, which differs from one unit
of length to another, does not change the grid."""
MIN_INTERVAL_SPACINGS, MIN_REACH_WAVES = 4, 2
"""The least interval of a support, in spacings of its axis, and its least wave number, in units of 2 pi over the length
of the axis: what less content than the level, or none, is given."""


@dataclass(frozen=True)
class RequiredBox:
    """What a symbol needs of an axis: the interval [lower, upper], and the largest wave number `reach`."""

    lower: float
    upper: float
    reach: float

    def moved(self, left: float, right: float, beyond: float) -> RequiredBox:
        """The box of a symbol whose ends move by `left` and `right`, and its largest wave number by `beyond`."""
        return RequiredBox(self.lower + left, self.upper + right, self.reach + beyond)

    def joined(self, other: RequiredBox) -> RequiredBox:
        """The smallest box that holds this one and `other`."""
        return RequiredBox(min(self.lower, other.lower), max(self.upper, other.upper), max(self.reach, other.reach))

    def within(self, axis: Axis, free: float = 0.0) -> bool:
        """Whether `axis` holds the interval and the wave numbers, and leaves this part of it free at each edge."""
        edge = free * axis.length
        inside = axis.lower + edge <= self.lower and self.upper <= axis.upper - edge
        return inside and self.reach <= (1 - free) * axis.reach


def required_box(profile: Profile, axis: Axis, level: float, waves: float = 1.0) -> RequiredBox:
    """The smallest interval beyond which less than `level` lies, and wave number beyond which `waves` times as much."""
    lower = axis.lower + axis.spacing * int(np.searchsorted(profile.left, level))
    upper = axis.upper - axis.spacing * int(np.searchsorted(profile.right, level))
    beyond = int(np.searchsorted(profile.high, waves * level))
    reach = axis.reach * (1 - beyond / max(profile.high.size - 1, 1))  # one wave number only, 0, where one point is
    upper = max(upper, lower + MIN_INTERVAL_SPACINGS * axis.spacing)
    return RequiredBox(min(lower, axis.upper), upper, max(reach, MIN_REACH_WAVES * 2 * pi / axis.length))


def covering(axis: Axis, wanted: RequiredBox, room: float) -> Axis:
    """The axis that holds `wanted` and leaves a part `room` of it free on each side.

    Its ends are on points of the old axis, so that `resampled` needs no interpolation matrix.
    """
    width = wanted.upper - wanted.lower
    start = int(np.floor((wanted.lower - room * width - axis.lower) / axis.spacing + SPACING_ROUND_OFF))
    stop = int(np.ceil((wanted.upper + room * width - axis.lower) / axis.spacing - SPACING_ROUND_OFF))
    stop += (stop - start) % 2
    length = (stop - start) * axis.spacing
    size = good_size(length * wanted.reach * (1 + room) / pi)
    return Axis(axis.lower + start * axis.spacing, length / size, size)


def hull(axis: Axis, other: Axis) -> Axis:
    """The smallest axis that holds both, with ends on points of the first."""
    lower, upper = min(axis.lower, other.lower), max(axis.upper, other.upper)
    return covering(axis, RequiredBox(lower, upper, max(axis.reach, other.reach)), room=0.0)


def truncated(f: Function, level: float) -> Function:
    """`f` on a smaller grid, which leaves out about `level`, in units of the trace norm, at each edge."""
    grid = f.grid
    axes = grid.x + grid.xi
    fitted = [
        covering(a, required_box(p, a, level), room=TRUNCATION_FREE_FRACTION)
        for p, a in zip(f.profiles, axes, strict=True)
    ]
    kept = [new if new.size < old.size else old for new, old in zip(fitted, axes, strict=True)]
    return f.resampled(grid.with_axes(kept))


def left_out(f: GridFunction, small: GridFunction) -> float:
    """The Hilbert-Schmidt norm of what `truncated` took from `f` to leave `small`.

    To cut the box and then the wave numbers are orthogonal projections, so that this is exact.
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
