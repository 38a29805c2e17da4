"""How far a segment carries what a symbol holds: no flow may take content past the edge of a periodic box.

What moves farther than the edge comes back at the other end, exactly, and in every run alike, so that no comparison of
runs can see it. So the reach of a segment is known before it is made.

Along x and xi: the classical flow, dx/dt = dp/dxi, dxi/dt = -dp/dx and friction, of the points at the boundary of the
set where the symbol is not negligible. Interference stays between the parts of the state that interfere, and moves with
the mean of their velocities, so that it passes no edge before they do.

Wave numbers: e^{tau K} in (x, s) shifts those of x by tau d(Im K)/dx, which is proportional to s near s = 0. So content
that is connected in s stays connected in k, and is seen at the edge before it passes it; only islands, such as the
interference of two distant packets, may jump over it. For these the shift in one step is bounded by its extremes.

Diffusion is not looked at: it fills an edge before it passes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
LEVEL_FACTOR, MAX_LEVEL_RAISES = 4.0, 60
"""By how much the size below which points are left out is raised while they hold less than may be left out, and how
often at most: from below round-off to the largest value."""
MAX_BOUNDARY_POINTS = 4000
"""The most points of the boundary that are followed; of more, which only n > 1 has, every second, third, ... is."""


@dataclass(frozen=True)
class Content:
    """What a symbol holds where: its size |w| on the grid (batches are summed over), in trace norm, and profiles."""

    size: np.ndarray
    profiles: tuple[Profile, ...]
    grid: PhaseGrid

    @staticmethod
    def of(w: GridFunction, profiles: tuple[Profile, ...] | None = None) -> Content:
        """`profiles`: those of what is watched in place of the symbol's own."""
        size = np.abs(w.values).reshape(-1, *w.grid.shape).sum(axis=0) * w.grid.cell
        return Content(size, w.profiles if profiles is None else profiles, w.grid)

    def boundary(self, level: float) -> list[np.ndarray]:
        """The coordinates (x, then xi) of the points at the boundary of the set where |w| is not negligible.

        All that lies outside holds less than `level`, in trace norm.
        """
        least = level / self.size.size
        for _ in range(MAX_LEVEL_RAISES):  # many points of round-off may hold less than level, however far they reach
            if float(self.size[self.size <= LEVEL_FACTOR * least].sum()) > level:
                break
            least *= LEVEL_FACTOR
        inside = self.size > least
        interior = inside.copy()
        for axis in range(inside.ndim):
            for shift in (1, -1):
                interior &= np.roll(inside, shift, axis=axis)
        indices = np.nonzero(inside & ~interior)
        count = len(indices[0])
        kept = np.zeros(count, dtype=bool)
        kept[:: -(-count // MAX_BOUNDARY_POINTS) or 1] = True
        for index in indices if count else ():  # what reaches farthest along an axis is always among them
            kept[[index.argmin(), index.argmax()]] = True
        return [axis.points[i[kept]] for axis, i in zip(self.grid.x + self.grid.xi, indices, strict=True)]


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
    start = z = content.boundary(level)
    if not z[0].size:
        return Carried(list(needs), list(needs))
    swept = inside = [(v.min(), v.max()) for v in z]
    dt = tau / FLOW_SUBSTEPS
    with np.errstate(all="ignore"):
        for j in range(FLOW_SUBSTEPS):
            z = _runge_kutta(velocities, z, t + j * dt, dt)
            moved = np.zeros(len(z)) if frame is None else frame(t + (j + 1) * dt)[0] - frame(t)[0]
            swept = [_joined(ends, v, 0.0) for ends, v in zip(swept, z, strict=True)]
            inside = [_joined(ends, v, d) for ends, v, d in zip(inside, z, moved, strict=True)]
    return Carried(_grown(needs, start, inside), _grown(needs, start, swept))


def _joined(ends: tuple[Array, Array], v: np.ndarray, moved: float) -> tuple[Array, Array]:
    """The interval that holds `ends`, and v in coordinates that have moved."""
    return np.minimum(ends[0], v.min() - moved), np.maximum(ends[1], v.max() - moved)


def _grown(
    needs: Sequence[RequiredBox], start: Sequence[np.ndarray], intervals: Sequence[tuple[Array, Array]]
) -> list[RequiredBox]:
    """The needs of a symbol whose boundary has gone from `start` through these intervals."""
    return [
        need.moved(_finite(least - first.min()), _finite(most - first.max()), 0.0)
        for need, first, (least, most) in zip(needs, start, intervals, strict=True)
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
    n, axes = grid.n, grid.x + grid.xi
    shifts = [0.0] * (2 * n)
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
