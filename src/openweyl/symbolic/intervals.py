"""Interval arithmetic on arrays, with which `expressions.evaluate` encloses a formula instead of evaluating it.

    f([a, b])  is inside of  F([a, b]),      F the same operations on intervals,

rounded outward: the ends of sums and products move by one unit in the last place where they are not exact, those of
library functions by `FUNCTION_ULPS`. Only underflow is not bounded: a result below 5e-324 in size is 0. Ends may be
infinite, and 0 times such an end is 0. Source: Moore, Kearfott, Cloud, Introduction to Interval Analysis, 2009.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np

FUNCTION_ULPS = 4
"""The error allowed for elementary functions of NumPy and SciPy, in units in the last place; measured: one or two."""
LOW_BITS = (1 << 29) - 1
"""The bits of a double beyond the first 24 of its mantissa: without them, products of two doubles are exact."""


class Interval:
    """Arrays of intervals; an end that is not a number is infinite."""

    __array_ufunc__ = None  # an array on the left leaves the operation to the interval
    __slots__ = ("high", "low")

    def __init__(self, low: Any, high: Any) -> None:
        self.low = np.where(np.isnan(low), -np.inf, low)
        self.high = np.where(np.isnan(high), np.inf, high)

    def __add__(self, other: Any) -> Interval:
        other = as_interval(other)
        low, high = self.low + other.low, self.high + other.high
        return _outward(low, high, _is_sum(low, self.low, other.low), _is_sum(high, self.high, other.high))

    def __mul__(self, other: Any) -> Interval:
        if other is self:  # one and the same value, not another from the same interval
            return self**2
        if isinstance(other, (int, float)) and other:
            low, high = self.low * other, self.high * other
            short = _is_short(np.float64(other))
            exact = short & _is_short(self.low), short & _is_short(self.high)
            return _outward(low, high, *exact) if other > 0 else _outward(high, low, *reversed(exact))
        other = as_interval(other)
        pairs = product((self.low, self.high), (other.low, other.high))
        corners = [np.where((a == 0) | (b == 0), 0.0, a * b) for a, b in pairs]
        exact = self._is_short() & other._is_short()
        return _outward(np.minimum.reduce(corners), np.maximum.reduce(corners), exact, exact)

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, power: int) -> Interval:
        """The hull of the powers, `power` >= 1: repeated products would take the factors for independent."""
        if power == 1:
            return self
        low, high = self.low**power, self.high**power
        exact, ulps = (self._is_short(), 1) if power == 2 else (np.False_, FUNCTION_ULPS)
        if power % 2:
            return _outward(low, high, exact, exact, ulps)
        through = (self.low < 0) & (self.high > 0)
        hull = _outward(np.minimum(low, high), np.maximum(low, high), exact, exact, ulps)
        return Interval(np.where(through, 0.0, np.maximum(hull.low, 0.0)), hull.high)

    def __rtruediv__(self, other: float) -> Interval:
        through = (self.low < 0) & (self.high > 0)
        low = np.where(through | (self.high == 0), -np.inf, 1 / self.high)
        high = np.where(through | (self.low == 0), np.inf, 1 / self.low)
        return _outward(low, high, _is_power_of_two(self.high), _is_power_of_two(self.low)) * other

    def within(self, least: float, most: float) -> Interval:
        """The part between two bounds that are known to hold."""
        return Interval(np.maximum(self.low, least), np.minimum(self.high, most))

    def largest(self) -> np.ndarray:
        """The largest absolute values."""
        return np.maximum(np.abs(self.low), np.abs(self.high))

    def _is_short(self) -> np.ndarray:
        return _is_short(self.low) & _is_short(self.high)


def as_interval(value: Any) -> Interval:
    """`value`, or the interval of this one number."""
    return value if isinstance(value, Interval) else Interval(value, value)


def _outward(low: Any, high: Any, low_exact: Any, high_exact: Any, ulps: int = 1) -> Interval:
    """[low, high], each end moved outward where it is neither exact nor 0."""
    below, above = low, high
    for _ in range(ulps):
        below, above = np.nextafter(below, -np.inf), np.nextafter(above, np.inf)
    return Interval(
        np.where((low_exact & (low < np.inf)) | (low == 0), low, below),
        np.where((high_exact & (high > -np.inf)) | (high == 0), high, above),
    )


def _is_sum(total: Any, a: Any, b: Any) -> Any:
    """Whether the rounded sum a + b is exact (Knuth)."""
    part = total - a
    return (a - (total - part)) + (b - part) == 0


def _is_short(v: Any) -> Any:
    """Whether the first 24 bits of the mantissa are all that there are."""
    return v.view(np.int64) & LOW_BITS == 0


def _is_power_of_two(v: Any) -> Any:
    return np.abs(np.frexp(v)[0]) == 0.5


def _increasing(function: Callable[[Any], Any], least: float = -np.inf, most: float = np.inf) -> Any:
    """An increasing function with values between `least` and `most`."""

    def of(v: Any) -> Any:
        if not isinstance(v, Interval):
            return function(v)
        return _outward(function(v.low), function(v.high), np.False_, np.False_, FUNCTION_ULPS).within(least, most)

    return staticmethod(of)


def _hits(v: Interval, place: float) -> np.ndarray:
    """Whether `place` + 2 pi j may lie in the interval for some j; 2 pi j is rounded, so the ends are not sharp."""
    turn, slack = 2 * np.pi, 4 * np.spacing(v.largest())
    return np.asarray(~(np.ceil((v.low - slack - place) / turn) * turn + place > v.high + slack))


def _wave(function: Callable[[Any], Any], top: float) -> Any:
    """sin or cos on intervals; the function is 1 at `top`."""

    def of(v: Any) -> Any:
        if not isinstance(v, Interval):
            return function(v)
        ends = function(v.low), function(v.high)
        hull = _outward(np.minimum(*ends), np.maximum(*ends), np.False_, np.False_, FUNCTION_ULPS).within(-1.0, 1.0)
        return Interval(np.where(_hits(v, top + np.pi), -1.0, hull.low), np.where(_hits(v, top), 1.0, hull.high))

    return staticmethod(of)


def _erf(v: Any) -> Any:
    from scipy.special import erf  # slow to import

    return erf(v)


class Functions:
    """The namespace of functions that `evaluate` uses for intervals, and for numbers among them."""

    sin, cos = _wave(np.sin, np.pi / 2), _wave(np.cos, 0.0)
    exp, log, sqrt = _increasing(np.exp, 0.0), _increasing(np.log), _increasing(np.sqrt, 0.0)
    sinh, tanh = _increasing(np.sinh), _increasing(np.tanh, -1.0, 1.0)
    atan = _increasing(np.arctan, -float(np.nextafter(np.pi / 2, 2)), float(np.nextafter(np.pi / 2, 2)))
    erf = _increasing(_erf, -1.0, 1.0)

    @staticmethod
    def cosh(v: Any) -> Any:
        if not isinstance(v, Interval):
            return np.cosh(v)
        ends = np.cosh(v.low), np.cosh(v.high)
        hull = _outward(np.minimum(*ends), np.maximum(*ends), np.False_, np.False_, FUNCTION_ULPS)
        return Interval(np.where((v.low < 0) & (v.high > 0), 1.0, np.maximum(hull.low, 1.0)), hull.high)

    @staticmethod
    def abs(v: Any) -> Any:
        if not isinstance(v, Interval):
            return np.abs(v)
        return Interval(np.maximum(np.maximum(v.low, -v.high), 0.0), v.largest())

    @staticmethod
    def heaviside(v: Any) -> Any:
        if not isinstance(v, Interval):
            return 1.0 * (v > 0)
        return Interval(1.0 * (v.low > 0), 1.0 * (v.high >= 0))

    @staticmethod
    def enclosing(number: float) -> Interval:
        """The interval of a number of which `number` is the nearest double."""
        return Interval(np.nextafter(number, -np.inf), np.nextafter(number, np.inf))
