"""The content of a function beyond each point of each axis, in all four representations.

A truncated box loses the content beyond its edges in x and xi; a finite spacing loses that beyond its reach in k and s.
Both losses are estimated in units of the trace norm:

    x, xi:  (2 pi h)^-n int_{beyond} |w|                              (the L1 norm, that of the trace for mixtures)
    k, s:   sqrt(states) * || the part of w beyond ||_HS              (so many states stand in for its rank)

These are estimates. Where a bound is needed, as for the trace norm, `support.left_out` is the Hilbert-Schmidt norm of
the whole part that a smaller grid leaves out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import pi, sqrt

import numpy as np

from openweyl._core.fft import rfft

from .grid import Axis, PhaseGrid
from .samples import Samples

EDGE_FRACTION = 1 / 24
"""The part of each axis, at either end, whose content counts as lying at the edge, where it was lost or was about to
be: wide enough to be seen there between two looks, and a part of each grid that is left empty."""
PIECE_POINTS = 2**18
"""The points that are looked at together: enough to keep the processor busy, and 2 MiB for a number at each."""


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
    contents = _contents(w, grid)
    norm, square = float(contents[0].sum()), float(np.vdot(w, w).real) * grid.cell
    held = norm**2 / square if square else 1.0
    for index in range(-2 * grid.n, 0):
        content = contents[index]
        power = _power(w.real, index) + _power(w.imag, index) if w.dtype.kind == "c" else _power(w, index)
        spectral = sqrt(grid.cell * _states(grid, index, held))
        profiles.append(
            Profile(
                left=np.cumsum(content),
                right=np.cumsum(content[::-1]),
                high=spectral * np.sqrt(np.cumsum(power[::-1])),
            )
        )
    return tuple(profiles)


def _states(grid: PhaseGrid, index: int, held: float) -> float:
    """The states that stand in for the rank of what lies beyond a wave number of one axis.

    In its own degree of freedom, all that the box holds; in others those that the function holds, `held`: of a product
    the factors there, of trace norm 1, have a Hilbert-Schmidt norm of held^(-1/2). The box may hold far more of them:
    20^2 points for each degree hold 20.
    """
    own = grid.x[index % grid.n].length * grid.xi[index % grid.n].length / (2 * pi * abs(grid.h))
    return min(grid.states, own * max(held, 1.0))


def _contents(w: np.ndarray, grid: PhaseGrid) -> list[np.ndarray]:
    """The L1 norm of `w` at each point of each axis."""
    contents = [np.zeros(axis.size) for axis in grid.x + grid.xi]
    for rows, part in _pieces(w, -2 * grid.n):
        magnitude = np.abs(part)
        for index in range(-2 * grid.n, 0):
            rest = tuple(a for a in range(-w.ndim, 0) if a != index)
            contents[index][rows if index == -2 * grid.n else slice(None)] += magnitude.sum(axis=rest) * grid.cell
    return contents


def _power(w: np.ndarray, index: int) -> np.ndarray:
    """The sum of squares of a real `w` in each wave number along an axis, of both signs."""
    total = np.zeros(w.shape[index] // 2 + 1)
    rest = tuple(a for a in range(-w.ndim, 0) if a != index)
    for _, part in _pieces(w, index - 1 if index > -w.ndim else index + 1):
        f = rfft(part, (index,))
        total += (f.real**2 + f.imag**2).sum(axis=rest)
    return np.asarray(total * (2 / w.shape[index]))


def _pieces(w: np.ndarray, axis: int) -> Iterator[tuple[slice, np.ndarray]]:
    """`w` in pieces along an axis, so that what is made of each takes little memory: all of it at once, if small."""
    size = w.shape[axis]
    if w.size <= PIECE_POINTS:
        yield slice(0, size), w
        return
    count = max(1, size * PIECE_POINTS // w.size)
    for start in range(0, size, count):
        rows = slice(start, start + count)
        yield rows, np.moveaxis(np.moveaxis(w, axis, 0)[rows], 0, axis)


def edge_points(axis: Axis) -> int:
    """The number of points at either end of an axis that count as its edge."""
    return max(1, round(EDGE_FRACTION * axis.size))


def edge_loss(profile: Profile, axis: Axis) -> tuple[float, float, float]:
    """The content of the outermost points: left, right and in wave numbers."""
    band = min(edge_points(axis), axis.size)
    return (
        float(profile.left[band - 1]),
        float(profile.right[band - 1]),
        float(profile.high[max(1, round(EDGE_FRACTION * profile.high.size)) - 1]),
    )


def beyond_ends(profile: Profile, axis: Axis) -> tuple[float, float]:
    """What would lie beyond the ends of an axis, left and right, as the content falls towards them.

    From the band inside of the edge to the edge it falls by a factor, and beyond by that at least where tails are
    log-concave, as Gaussian ones are. What does not fall by half counts as what lies at the edge.
    """
    band = min(edge_points(axis), axis.size)
    return _continued(profile.left, band), _continued(profile.right, band)


def _continued(cumulative: np.ndarray, band: int) -> float:
    """The sum of what follows the outermost band and falls on as from the band before to this one."""
    outer = float(cumulative[band - 1])
    inner = float(cumulative[min(2 * band, cumulative.size) - 1]) - outer
    return outer * outer / (inner - outer) if 2 * outer < inner else outer


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
