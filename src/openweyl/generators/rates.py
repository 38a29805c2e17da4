"""Rates of multiplications, as real arrays that vary along no more axes than they have to.

A rate r + i s is kept as a sum of parts, each of them real arrays r and s that broadcast: potentials V(x_1) + V(x_2)
make two parts of 2 axes each in place of one of 4, and a decay by s^2 one of a single axis. Their exponentials are
applied one after another, and no array is larger than what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from openweyl._core.fft import Array

KEPT_BYTES = 2**23
"""The most bytes of rates at past times that are kept: runs with dt, 2 dt, ... pass the same times, one after another.
On grids of 400 x 400 points that is a dozen of them, and on large ones none, as they are soon made."""


class Rate(NamedTuple):
    """A part r + i s of a rate: arrays with a leading axis of powers of lambda; None for what vanishes."""

    real: Array | None
    imag: Array | None


Parts = tuple[Rate, ...]


@dataclass(frozen=True)
class Rates:
    """A rate in a representation of this shape: the parts that do not depend on time, and those at a time."""

    constant: Parts
    shape: tuple[int, ...]
    xp: Any
    timed: Callable[[float], Parts] | None = None
    _known: dict[float, Parts] = field(default_factory=dict, repr=False)

    def at(self, t: float) -> Parts:
        """The parts that depend on time, at time t."""
        if self.timed is None:
            return ()
        if t not in self._known:
            parts = self.timed(t)
            kept = KEPT_BYTES // (1 + _bytes_of(parts))
            while self._known and len(self._known) >= kept:
                del self._known[next(iter(self._known))]
            if not kept:
                return parts
            self._known[t] = parts
        return self._known[t]

    def dense(self, t: float = 0.0) -> Array:
        """The whole rate at time t in one complex array, with a leading axis of powers of lambda."""
        xp = self.xp
        total = xp.zeros((1, *self.shape), dtype=complex)
        for real, imag in (*self.constant, *self.at(t)):
            total = total if real is None else total + real
            total = total if imag is None else total + 1j * imag
        return total


def _bytes_of(parts: Parts) -> int:
    return sum(int(getattr(a, "nbytes", 0)) for part in parts for a in part if a is not None)


def gathered(real: Iterable[Array], imag: Iterable[Array], ndim: int) -> Parts:
    """The sum of addends without an axis of powers of lambda, as parts none of which varies along the axes of another.

    `ndim`: the number of axes of the grid. Numbers among the addends, such as differences of constants, are zero.
    """
    parts: list[tuple[int, list[Array | None]]] = []
    for index, arrays in ((1, imag), (0, real)):
        found = [(_varying(a.shape), a) for a in arrays if getattr(a, "ndim", 0)]
        if len(found) > 1:
            found.sort(key=lambda pair: -pair[0].bit_count())
        for axes, array in found:
            for whole, sums in parts:
                if whole & axes == axes:
                    sums[index] = array if sums[index] is None else sums[index] + array
                    break
            else:
                parts.append((axes, [None, array] if index else [array, None]))
    leading = (1,) * (ndim + 1)

    def with_all_axes(a: Array | None) -> Array | None:
        return a if a is None else a.reshape(leading[a.ndim :] + a.shape)

    return tuple(Rate(with_all_axes(r), with_all_axes(s)) for _, (r, s) in parts)


def _varying(shape: Sequence[int]) -> int:
    """The axes along which an array of this shape varies, as the bits of a number, the last axis first."""
    axes = 0
    for length in shape:
        axes = 2 * axes + (length > 1)
    return axes


def together(terms: Sequence[tuple[float, Rate]]) -> list[list[tuple[float, Rate]]]:
    """Multiples of parts in groups whose exponentials are taken at once, as one of them varies along all their axes."""
    if len(terms) < 2:
        return [list(terms)] if terms else []
    varying = [_axes_of(part) for _, part in terms]
    groups: list[list[int]] = []
    for j in sorted(range(len(terms)), key=lambda j: -varying[j].bit_count()):
        home = next((group for group in groups if varying[group[0]] & varying[j] == varying[j]), None)
        if home is None:
            groups.append([j])
        else:
            home.append(j)
    return [[terms[j] for j in group] for group in groups]


def _axes_of(part: Rate) -> int:
    """The axes of the grid along which r or s varies."""
    axes = 0
    for array in part:
        if array is not None:
            axes |= _varying(array.shape[1:])
    return axes


def assembled(powers: Sequence[tuple[Sequence[Array], Sequence[Array]]], shape: tuple[int, ...], xp: Any) -> Parts:
    """The parts of a polynomial in lambda, whose coefficients are given by addends of real and imaginary parts.

    Several coefficients stand in arrays of the whole shape.
    """
    if len(powers) == 1:
        return gathered(*powers[0], len(shape))

    def stacked(columns: Sequence[Sequence[Array]]) -> Array:
        return xp.stack([xp.broadcast_to(xp.asarray(sum(column, 0.0)), shape) for column in columns])

    return (Rate(stacked([real for real, _ in powers]), stacked([imag for _, imag in powers])),)
