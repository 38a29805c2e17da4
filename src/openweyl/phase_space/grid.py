"""The grid in phase space, its four representations and the Nyquist rule.

A Weyl symbol w(x, xi) is sampled on a box. With k dual to x and s dual to xi,

    w(x, xi)  =  sum_k  e^{i k.x}  w(k, xi),        w(x, xi)  =  sum_s  e^{-i xi.s/h}  w(x, s),

so that rho(x + s/2, x - s/2) = (2 pi h)^-n int w(x, xi) e^{i xi.s/h} dxi is the kernel of the operator. Spacing and
reach are tied by Nyquist's rule, stated here once:

    |k| <= pi / dx,        |s| <= pi h / dxi.

Arrays have shape (..., x axes, xi axes); leading axes are batches.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import pi, prod
from typing import Any

import numpy as np

from openweyl._core.arguments import is_list, moderate, must, real, whole
from openweyl._core.calls import public
from openweyl._core.fft import Array

MAX_AXIS_POINTS = 10**9
"""The most points of an axis that a user may ask for: more, 8 GB for one axis alone, is a mistake in the arguments."""
MAX_DISTANCE_IN_WIDTHS = 1e10
"""The distance from the origin, in widths, up to which double precision resolves a width to six digits."""


@public
@dataclass(frozen=True)
class Axis:
    """The points z_j = lower + j * spacing, j = 0 .. size - 1, of a periodic axis of length size * spacing.

    `lower`: the first point, and the left end of the box. `spacing`: > 0, in the unit of `lower`. `size`: >= 1.

    Raises InputError unless `lower` and `spacing` are such finite numbers, and `size` is a whole number.
    """

    lower: float
    spacing: float
    size: int

    def __post_init__(self) -> None:
        real("lower", self.lower)
        real("spacing", self.spacing, above=0.0)
        whole("size", self.size, 1, sys.maxsize)  # whether it fits is asked where there is an array

    @property
    def length(self) -> float:
        """size * spacing, the period."""
        return self.size * self.spacing

    @property
    def upper(self) -> float:
        """The right end of the box; the point `upper` itself is `lower` again."""
        return self.lower + self.length

    @property
    def points(self) -> np.ndarray:
        """The points, shape (size,)."""
        return self.lower + self.spacing * np.arange(self.size)

    @property
    def reach(self) -> float:
        """pi / spacing: the largest wave number that the axis holds."""
        return pi / self.spacing

    def wave_numbers(self, *, half: bool) -> np.ndarray:
        """The dual variable in the order of the transform; `half`: non-negative ones only, as `rfft` keeps them."""
        if half:
            return 2 * pi * np.fft.rfftfreq(self.size, self.spacing)
        return 2 * pi * np.fft.fftfreq(self.size, self.spacing)

    @staticmethod
    @public
    def between(lower: float, upper: float, size: int) -> Axis:
        """`size` points from `lower` on, to a spacing before `upper`."""
        lower, upper = moderate("lower", lower), moderate("upper", upper)
        must(lower < upper, "upper", f"be > {lower:g}", upper)
        whole("size", size, 1, sys.maxsize)
        return Axis(lower, (upper - lower) / size, size)


@public
@dataclass(frozen=True)
class PhaseGrid:
    """A grid on a box of T*R^n,    |k| <= pi/dx,    |s| <= pi h/dxi:    n axes for x, n axes for xi, and h.

    `x`, `xi`: tuples of n Axis each. `h`: the semiclassical parameter, which turns wave numbers of xi into distances s.
    Arrays on it have the shape (..., x axes, xi axes). `PhaseGrid.box` makes one from intervals.

    >>> grid = PhaseGrid.box(h=0.1, x=(-3, 3), xi=(-2, 2), size=(64, 48))
    >>> grid.shape, round(grid.states, 3)
    ((64, 48), 38.197)

    Raises InputError unless x and xi are n axes each, and h is a number other than 0.
    """

    x: tuple[Axis, ...]
    xi: tuple[Axis, ...]
    h: float

    def __post_init__(self) -> None:
        for name, axes in (("x", self.x), ("xi", self.xi)):
            right = isinstance(axes, tuple) and len(axes) > 0 and all(isinstance(axis, Axis) for axis in axes)
            must(right, name, "be a tuple of axes", axes, "PhaseGrid.box makes a grid from intervals.")
        must(len(self.x) == len(self.xi), "xi", f"have as many axes as x ({len(self.x)})", len(self.xi))
        must(real("h", self.h) != 0, "h", "not be 0", self.h)  # products from the right are those of -h

    @staticmethod
    @public
    def box(
        *,
        h: float,
        x: Sequence[float] | Sequence[Sequence[float]],
        xi: Sequence[float] | Sequence[Sequence[float]],
        size: Sequence[int],
    ) -> PhaseGrid:
        """The grid of `size` = (points of each x axis, points of each xi axis) on the box `x` times `xi`.

        `x`, `xi`: an interval (lower, upper), or for n > 1 one for each degree of freedom. `h`: > 0.

        Raises InputError for other arguments, and for a box so far from the origin that its points merge.
        """
        h = moderate("h", h, above=0.0)
        must(is_list(size) and len(size) == 2, "size", "be two whole numbers, for x and for xi", size)
        counts = [whole("size", points, 2, MAX_AXIS_POINTS) for points in size]
        axes = [_axes(*given) for given in (("x", x, counts[0]), ("xi", xi, counts[1]))]
        must(len(axes[0]) == len(axes[1]), "xi", f"have as many intervals as x ({len(axes[0])})", len(axes[1]))
        return PhaseGrid(axes[0], axes[1], h)

    @property
    def n(self) -> int:
        """The number of degrees of freedom."""
        return len(self.x)

    @property
    def shape(self) -> tuple[int, ...]:
        """The points of each axis, those of x first."""
        return tuple(axis.size for axis in self.x + self.xi)

    @property
    def size(self) -> int:
        """The number of points."""
        return prod(self.shape)

    @property
    def cell(self) -> float:
        """dx dxi / (2 pi h)^n: the weight of a point, so that tr Op(w) = cell * sum(w)."""
        volume = prod(axis.spacing for axis in self.x + self.xi)
        return volume / (2 * pi * self.h) ** self.n

    @property
    def states(self) -> float:
        """Volume / (2 pi h)^n: the number of quantum states that the box holds."""
        return self.cell * self.size

    def with_axes(self, axes: Sequence[Axis]) -> PhaseGrid:
        """The grid of these 2n axes, those of x first, at the same h."""
        return PhaseGrid(tuple(axes[: self.n]), tuple(axes[self.n :]), self.h)

    @public
    def scaled(self, factor: float) -> PhaseGrid:
        """The grid on the same box with `factor` times the spacing, on every axis."""
        x, xi = (tuple(Axis(a.lower, a.spacing * factor, round(a.size / factor)) for a in g) for g in (self.x, self.xi))
        return PhaseGrid(x, xi, self.h)

    def shifted(self, offsets: Sequence[float] | np.ndarray) -> PhaseGrid:
        """The grid moved by `offsets`, one for each axis, x then xi."""
        moved = [replace(a, lower=a.lower + float(d)) for a, d in zip(self.x + self.xi, offsets, strict=True)]
        return self.with_axes(moved)

    def array_axes(self, *, x: bool, xi: bool) -> tuple[int, ...]:
        """The array axes (negative) of x, of xi, or of both."""
        n = self.n
        return tuple(range(-2 * n, -n)) * x + tuple(range(-n, 0)) * xi

    def mesh(self, first: str, second: str, xp: Any = np) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        """The coordinates of a representation, broadcastable: `first` is "x" or "k", `second` is "xi" or "s".

        k and s come in the order of `rfft` over `array_axes(x=first == "k", xi=second == "s")`, the last axis halved.
        """
        columns = self.coordinates(self.array_axes(x=first == "k", xi=second == "s"), xp)
        return columns[: self.n], columns[self.n :]

    def coordinates(self, transformed: tuple[int, ...], xp: Any = np, *, half: bool = True) -> tuple[Array, ...]:
        """The coordinates of all axes, broadcastable: k for x, s for xi on the array axes `transformed`.

        `half`: in the order of `rfft`, which halves the last of these axes, else of the transform of complex arrays.
        """
        halved = transformed[-1] if transformed and half else None
        columns: list[Array] = []
        for position, axis in enumerate(self.x + self.xi):
            index = position - 2 * self.n
            if index not in transformed:
                values = axis.points
            else:
                values = axis.wave_numbers(half=index == halved)
                if position >= self.n:  # e^{-i xi.s/h} against the transform's e^{+i xi.sigma}
                    values = -self.h * values
            columns.append(xp.asarray(values.reshape((-1,) + (1,) * (2 * self.n - 1 - position))))
        return tuple(columns)

    def __str__(self) -> str:
        def side(name: str, axes: tuple[Axis, ...]) -> str:
            names = [name] if self.n == 1 else [f"{name}{j}" for j in range(1, self.n + 1)]
            named = zip(names, axes, strict=True)
            return ", ".join(f"{one} in [{a.lower:.4g}, {a.upper:.4g}] ({a.size})" for one, a in named)

        return f"{side('x', self.x)}; {side('xi', self.xi)}; h = {self.h:.6g}"


def _axes(name: str, value: Any, size: int) -> tuple[Axis, ...]:
    """The axes of `size` points on one interval (lower, upper), or on a list of such."""
    what = "be an interval (lower, upper), or a list of such"
    must(is_list(value) and len(value) >= 1, name, what, value)
    intervals = [value] if not any(map(is_list, value)) else list(value)
    axes = []
    for interval in intervals:
        must(is_list(interval) and len(interval) == 2, name, what, value)
        lower, upper = (moderate(name, end) for end in interval)
        must(lower < upper, name, "have lower < upper", list(interval))
        axis = Axis.between(lower, upper, size)
        check_resolved(name, max(abs(lower), abs(upper)), axis.spacing, "points of its grid")
        axes.append(axis)
    return tuple(axes)


def check_grid(grid: Any, name: str = "grid") -> None:
    """Raise InputError unless `grid` is a grid, with h > 0."""
    what = "Make one by PhaseGrid.box, take a solution's, or, for a state, state.grid(h, 1e-9)."
    must(isinstance(grid, PhaseGrid), name, "be a PhaseGrid", grid, what)
    must(grid.h > 0, name, "have h > 0", grid.h)


def check_resolved(name: str, distance: float, width: float, what: str) -> None:
    """Raise InputError if double precision hardly tells 0 from `width` at this `distance` from the origin."""
    must(
        distance <= MAX_DISTANCE_IN_WIDTHS * width,
        name,
        f"lie within {MAX_DISTANCE_IN_WIDTHS:g} {what} of the origin",
        f"at {distance:.3g} with a width of {width:.3g}",
        "Double precision resolves no more. Shift the coordinates, or raise `h`.",
    )
