"""How far a segment carries what a symbol holds: no flow may take content past the edge of a periodic box.

What moves farther than the edge comes back at the other end, exactly, and in every run alike, so that no comparison of
runs can see it. So the reach of a segment is known before it is made.

Along x and xi: the classical flow, dx/dt = dp/dxi, dxi/dt = -dp/dx and friction, of the points at the boundary of the
set where the symbol is not negligible. In more dimensions, where most of what is negligible lies at no end of any axis,
points of all of the set are followed with what they hold, and an end is where they hold no more than is negligible
beyond it. Interference stays between the parts of the state that interfere, and moves with the mean of their
velocities, so that it passes no edge before they do.

Wave numbers: e^{tau K} in (x, s) shifts those of x by tau d(Im K)/dx, which is proportional to s near s = 0. So content
that is connected in s stays connected in k, and is seen at the edge before it passes it; only islands, such as the
interference of two distant packets, may jump over it. For these the shift in one step is bounded by its extremes. How
far the rest goes is foreseen from the widths: with the covariance C of a Gaussian the spectrum has C^-1, so that in one
degree of freedom its width in x is to that of the symbol in xi as det C, which the flow keeps.

Diffusion is not looked at: it fills an edge before it passes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import numpy as np

from openweyl._core.fft import Array
from openweyl.generators.generator import Generator
from openweyl.generators.rates import Rates
from openweyl.phase_space.grid import Axis, PhaseGrid
from openweyl.phase_space.grid_function import GridFunction
from openweyl.phase_space.profiles import EDGE_FRACTION, Profile
from openweyl.phase_space.support import RequiredBox

from .moving_frame import Path
from .witness import Velocities

FLOW_SUBSTEPS = 2
"""Steps of Runge and Kutta's method for the flow of the boundary over a segment, which is short against the motion."""
WAVES_WITH_WIDTHS = 0.5
"""The power of the growth of a width with which the largest wave number of its conjugate variable is taken to grow: 1
for Gaussian states, less where diffusion ends what is fine. With 1, and with 0, there is 6 % more work."""
LEVEL_FACTOR, MAX_LEVEL_RAISES = 4.0, 60
"""By how much the size below which points are left out is raised while they hold less than may be left out, and how
often at most: from below round-off to the largest value."""
MAX_SAMPLES = 2**15
"""The most points that are followed of a set in more than two dimensions, evenly taken from all."""


Ends: TypeAlias = tuple[Array, Array]
"""The least and the largest value of a coordinate."""


@dataclass(frozen=True)
class Content:
    """What a symbol holds where: its size |w| on the grid (batches are summed over), in trace norm, and profiles."""

    size: np.ndarray
    profiles: tuple[Profile, ...]
    grid: PhaseGrid

    @staticmethod
    def of(w: GridFunction, profiles: tuple[Profile, ...] | None = None) -> Content:
        """`profiles`: those of what is watched in place of the symbol's own."""
        size = np.abs(w.values)
        size = size if size.ndim == 2 * w.grid.n else size.reshape(-1, *w.grid.shape).sum(axis=0)
        size *= w.grid.cell
        return Content(size, w.profiles if profiles is None else profiles, w.grid)

    def boundary(self, level: float) -> list[np.ndarray]:
        """The coordinates (x, then xi) of the points at the boundary of the set where |w| is not negligible, for n = 1.

        All that lies outside holds less than `level`, in trace norm.
        """
        inside = self.size > self._negligible(level)
        interior = inside[2:, 1:-1] & inside[:-2, 1:-1] & inside[1:-1, 2:] & inside[1:-1, :-2]
        inside[1:-1, 1:-1] &= ~interior
        return self._points(np.nonzero(inside))

    def sampled(self, level: float) -> tuple[list[np.ndarray], np.ndarray]:
        """Points of the set where |w| is not negligible, evenly taken from all, and what each stands for."""
        size = self.size.reshape(-1)
        kept = np.flatnonzero(size > self._negligible(level))
        kept = kept[:: max(1, -(-kept.size // MAX_SAMPLES)) | 1]  # odd: sizes are even, and lines would be left out
        weights = size[kept]
        total = float(weights.sum())
        weights *= float(size.sum()) / total if total else 1.0
        return self._points(np.unravel_index(kept, self.size.shape)), weights

    def _negligible(self, level: float) -> float:
        """The size up to which points together hold less than `level`."""
        least = level / self.size.size
        for _ in range(MAX_LEVEL_RAISES):  # many points of round-off may hold less than level, however far they reach
            if float(self.size.sum(where=self.size <= LEVEL_FACTOR * least)) > level:
                break
            least *= LEVEL_FACTOR
        return least

    def _points(self, indices: Sequence[np.ndarray]) -> list[np.ndarray]:
        return [axis.points[i] for axis, i in zip(self.grid.x + self.grid.xi, indices, strict=True)]


@dataclass(frozen=True)
class Carried:
    """What a symbol needs in a time: of a grid that may move along, where it lies at the beginning, and of space."""

    inside: list[RequiredBox]
    swept: list[RequiredBox]

    def joined(self, boxes: Sequence[RequiredBox]) -> Carried:
        """What holds `boxes` as well."""
        return Carried(*(list(map(RequiredBox.joined, part, boxes)) for part in (self.inside, self.swept)))


def needs_along_flow(
    content: Content, velocities: Velocities, needs: Sequence[RequiredBox], t: float, tau: float, level: float,
    frame: Path | None = None,
) -> Carried:  # fmt: skip
    """The intervals that the symbol needs during [t, t + tau], as the classical flow carries it there from `needs`."""
    if content.grid.n == 1:
        z, ends_of = content.boundary(level), _extremes
    else:
        z, weights = content.sampled(level)
        ends_of = partial(_quantiles, weights=weights, level=level)
    if not z[0].size:
        return Carried(list(needs), list(needs))
    start = swept = inside = [ends_of(v) for v in z]
    dt = tau / FLOW_SUBSTEPS
    with np.errstate(all="ignore"):
        for j in range(FLOW_SUBSTEPS):
            z = _runge_kutta(velocities, z, t + j * dt, dt)
            moved = np.zeros(len(z)) if frame is None else frame(t + (j + 1) * dt)[0] - frame(t)[0]
            now = [ends_of(v) for v in z]
            swept = [_joined(ends, more, 0.0) for ends, more in zip(swept, now, strict=True)]
            inside = [_joined(ends, more, d) for ends, more, d in zip(inside, now, moved, strict=True)]
        reaches = _reaches(needs, start, now)
    return Carried(_grown(needs, start, inside, reaches), _grown(needs, start, swept, reaches))


def _extremes(v: np.ndarray) -> Ends:
    return v.min(), v.max()


def _quantiles(v: np.ndarray, weights: np.ndarray, level: float) -> Ends:
    """The interval beyond each end of which points of weight `level` lie; what is not a number lies beyond both."""
    order = np.argsort(v)
    beyond = np.cumsum(weights[order])
    lost = float(weights[np.isnan(v)].sum())
    first = int(np.searchsorted(beyond, level - lost)) if lost < level else None
    last = int(np.searchsorted(beyond, beyond[-1] - level))
    return (-np.inf if first is None else v[order[first]]), v[order[min(last, v.size - 1)]]


def _joined(ends: Ends, more: Ends, moved: float) -> Ends:
    """The interval that holds `ends`, and `more` in coordinates that have moved."""
    return np.minimum(ends[0], more[0] - moved), np.maximum(ends[1], more[1] - moved)


def _reaches(needs: Sequence[RequiredBox], start: Sequence[Ends], now: Sequence[Ends]) -> list[float]:
    """The largest wave numbers of a symbol whose ends have gone from `start` to `now`: at least those it had."""
    if len(needs) > 2:  # more degrees of freedom share det C between them
        return [need.reach for need in needs]
    growths = [
        max(1 + _finite((most - least) - (last - first)) / (need.upper - need.lower), 1.0)
        for need, (first, last), (least, most) in zip(needs, start, now, strict=True)
    ]
    return [need.reach * growth**WAVES_WITH_WIDTHS for need, growth in zip(needs, reversed(growths), strict=True)]


def _grown(
    needs: Sequence[RequiredBox], start: Sequence[Ends], intervals: Sequence[Ends], reaches: Sequence[float]
) -> list[RequiredBox]:
    """The needs of a symbol whose ends have gone from `start` through these intervals, with these wave numbers."""
    return [
        RequiredBox(need.lower + _finite(least - first[0]), need.upper + _finite(most - first[1]), reach)
        for need, first, (least, most), reach in zip(needs, start, intervals, reaches, strict=True)
    ]


def _finite(distance: Array) -> float:
    """`distance`, and what is not a number as infinitely far."""
    return float(distance) if np.isfinite(distance) else float("inf")


def _runge_kutta(velocities: Velocities, z: list[np.ndarray], t: float, dt: float) -> list[np.ndarray]:
    def at(slopes: list[Array], part: float) -> list[np.ndarray]:
        return [v + part * dt * slope for v, slope in zip(z, slopes, strict=True)]

    first = velocities.at(z, t)
    second = velocities.at(at(first, 0.5), t + dt / 2)
    third = velocities.at(at(second, 0.5), t + dt / 2)
    fourth = velocities.at(at(third, 1.0), t + dt)
    mean = [(a + 2 * b + 2 * c + d) / 6 for a, b, c, d in zip(first, second, third, fourth, strict=True)]
    return at(mean, 1.0)


def needs_of_islands(
    content: Content, generator: Generator, needs: Sequence[RequiredBox], t: float, step: float, allowed: float
) -> list[RequiredBox]:
    """The wave numbers that the symbol needs, where islands of it might jump over an edge in one step.

    `allowed`: the trace norm of what may be overlooked.
    """
    grid = generator.grid
    islands = [_has_island(profile, allowed) for profile in content.profiles]
    if not any(islands):
        return list(needs)
    n, axes, shifts = grid.n, grid.x + grid.xi, [0.0] * (2 * grid.n)
    position, momentum = grid.array_axes(x=False, xi=True), grid.array_axes(x=True, xi=False)
    rates: list[tuple[tuple[int, ...], Rates]] = [(position, generator.kick), (momentum, generator.drift)]
    rates += [(ridge.axes, ridge.rate) for ridge in generator.ridges]
    for transformed, rate in rates:
        if not any(islands[a] for a in transformed):
            continue
        support = _support_slices(needs, axes, transformed)
        phase = np.imag(rate.dense(t)[0])
        for a in transformed:
            u = (a + n) % (2 * n)  # the variable of the same degree of freedom that is not transformed
            differences = np.abs(np.diff(phase, axis=u))[support]
            shifts[u] = max(shifts[u], step * float(differences.max(initial=0.0)) / axes[u].spacing)
    return [need.moved(0.0, 0.0, shift) for need, shift in zip(needs, shifts, strict=True)]


def _has_island(profile: Profile, allowed: float) -> bool:
    """Whether content lies beyond a gap in the wave numbers that is as wide as what is looked at, at the edge."""
    beyond = profile.high[::-1] ** 2  # of all wave numbers from this one on
    width = max(1, round(EDGE_FRACTION * beyond.size))
    if beyond.size <= width + 1:
        return False
    inside = beyond[:-width] - beyond[width:]
    return bool(((inside < allowed**2) & (beyond[width:] > allowed**2)).any())


def _support_slices(
    needs: Sequence[RequiredBox], axes: Sequence[Axis], transformed: tuple[int, ...]
) -> tuple[slice, ...]:
    """The support in a representation: an interval of points, wave numbers up to the reach on the last axis."""
    slices = []
    for a, (need, axis) in enumerate(zip(needs, axes, strict=True)):
        if a - len(axes) in transformed:
            halved = a - len(axes) == transformed[-1]
            stop = int(np.ceil(need.reach * axis.length / (2 * np.pi))) + 1
            slices.append(slice(0, stop) if halved else slice(None))
            continue
        first = min(max(int((need.lower - axis.lower) / axis.spacing), 0), axis.size - 1)
        slices.append(slice(first, max(int((need.upper - axis.lower) / axis.spacing), first) + 1))
    return tuple(slices)
