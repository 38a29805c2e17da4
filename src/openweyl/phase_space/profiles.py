"""The content of a function beyond each point of each axis, in all four representations.

A truncated box loses the content beyond its edges in x and xi; a finite spacing loses that beyond its reach in k and s.
Both losses are estimated in units of the trace norm:

    x, xi:  (2 pi h)^-n int_{beyond} |w|                              (the L1 norm, that of the trace for mixtures)
    k, s:   sqrt(states) * || the part of w beyond ||_HS              (the box holds about `states` states)

These are estimates. Where a bound is needed, as for the trace norm, `support.left_out` is the Hilbert-Schmidt norm of
the whole part that a smaller grid leaves out.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from openweyl._core.fft import rfft

from .grid import Axis
from .samples import Samples

EDGE_FRACTION = 1 / 24
"""The part of each axis, at either end, whose content counts as lying at the edge, where it was lost or was about to
be: wide enough to be seen there between two looks, and a part of each grid that is left empty."""
MIN_EDGE_POINTS = 1


@dataclass(frozen=True)
class Profile:
    """The contents of a function along one axis, in units of the trace norm, cumulative from an end inwards.

    left[j], right[j]: of the outermost j + 1 points at each end of the box. high[j]: of the j + 1 largest wave numbers.
    """

    left: np.ndarray
    right: np.ndarray
    high: np.ndarray


def profiles_of(f: Samples) -> tuple[Profile, ...]:
    """The profiles of `f` along each axis of its grid, x then xi; a batch is summed over."""
    w, grid, profiles = np.asarray(f.values), f.grid, []
    spectral = sqrt(grid.cell * grid.states)
    magnitude = np.abs(w)
    for index in range(-2 * grid.n, 0):
        rest = tuple(a for a in range(-w.ndim, 0) if a != index)
        content = magnitude.sum(axis=rest) * grid.cell
        power = _power(w.real, index) + _power(w.imag, index) if w.dtype.kind == "c" else _power(w, index)
        profiles.append(
            Profile(
                left=np.cumsum(content),
                right=np.cumsum(content[::-1]),
                high=spectral * np.sqrt(np.cumsum(power[::-1])),
            )
        )
    return tuple(profiles)


def _power(w: np.ndarray, index: int) -> np.ndarray:
    """The sum of squares of a real `w` in each wave number along an axis, of both signs."""
    f = rfft(w, (index,))
    rest = tuple(a for a in range(-w.ndim, 0) if a != index)
    return np.asarray((f.real**2 + f.imag**2).sum(axis=rest) * (2 / w.shape[index]))


def edge_points(axis: Axis) -> int:
    """The number of points at either end of an axis that count as its edge."""
    return max(MIN_EDGE_POINTS, round(EDGE_FRACTION * axis.size))


def edge_loss(profile: Profile, axis: Axis) -> tuple[float, float, float]:
    """The content of the outermost points: left, right and in wave numbers."""
    band = min(edge_points(axis), axis.size)
    return (
        float(profile.left[band - 1]),
        float(profile.right[band - 1]),
        float(profile.high[max(1, round(EDGE_FRACTION * profile.high.size)) - 1]),
    )


def content_beyond(profile: Profile, axis: Axis, other: Axis) -> tuple[float, float, float]:
    """What a function on `axis` holds beyond `other`: left, right, and beyond its largest wave number."""
    points = axis.size - 1
    left, right = (other.lower - axis.lower) / axis.spacing, (axis.upper - other.upper) / axis.spacing
    high = profile.high.size * max(1 - other.reach / axis.reach, 0.0)
    return (
        _outermost(profile.left, min(left, points)),
        _outermost(profile.right, min(right, points)),
        _outermost(profile.high, min(high, profile.high.size - 1)),
    )


def _outermost(cumulative: np.ndarray, count: float) -> float:
    """The content of so many outermost points, rounded to whole ones."""
    whole = int(count + 0.5)
    return float(cumulative[whole - 1]) if whole > 0 else 0.0
