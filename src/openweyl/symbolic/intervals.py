"""Interval arithmetic on arrays: what `symbols.evaluate` needs to enclose a formula instead of evaluating it.

Rounding is not looked at: the ends are as exact as double precision.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np


class Interval:
    """Arrays of intervals; an end that is not a number is infinite."""

    __array_ufunc__ = None  # an array on the left leaves the operation to the interval
    __slots__ = ("high", "low")

    def __init__(self, low: Any, high: Any) -> None:
        self.low = np.where(np.isnan(low), -np.inf, low)
        self.high = np.where(np.isnan(high), np.inf, high)

    def __add__(self, other: Any) -> Interval:
        other = _interval(other)
        return Interval(self.low + other.low, self.high + other.high)

    def __mul__(self, other: Any) -> Interval:
        if other is self:
            ends = np.abs(self.low), np.abs(self.high)
            least = np.where((self.low < 0) & (self.high > 0), 0.0, np.minimum(*ends) ** 2)
            return Interval(least, np.maximum(*ends) ** 2)
        if isinstance(other, (int, float)) and other:
            low, high = self.low * other, self.high * other
            return Interval(low, high) if other > 0 else Interval(high, low)
        other = _interval(other)
        pairs = product((self.low, self.high), (other.low, other.high))
        corners = [np.where((a == 0) | (b == 0), 0.0, a * b) for a, b in pairs]
        return Interval(np.minimum.reduce(corners), np.maximum.reduce(corners))

    __radd__, __rmul__ = __add__, __mul__

    def __pow__(self, power: int) -> Interval:
        """The hull of the powers, `power` >= 1: repeated products would take the factors for independent."""
        low, high = self.low**power, self.high**power
        if power % 2:
            return Interval(low, high)
        through = (self.low < 0) & (self.high > 0)
        return Interval(np.where(through, 0.0, np.minimum(low, high)), np.maximum(low, high))

    def __rtruediv__(self, other: float) -> Interval:
        through = (self.low <= 0) & (self.high >= 0)
        low, high = np.where(through, -np.inf, 1 / self.high), np.where(through, np.inf, 1 / self.low)
        return Interval(low, high) * other

    def largest(self) -> np.ndarray:
        """The largest absolute values."""
        return np.maximum(np.abs(self.low), np.abs(self.high))


def _interval(value: Any) -> Interval:
    return value if isinstance(value, Interval) else Interval(value, value)


def _increasing(function: Callable[[Any], Any]) -> Any:
    def of(v: Any) -> Any:
        return Interval(function(v.low), function(v.high)) if isinstance(v, Interval) else function(v)

    return staticmethod(of)


def _hits(v: Interval, place: float) -> np.ndarray:
    """Whether `place` + 2 pi j lies in the interval for some j."""
    turn = 2 * np.pi
    return np.asarray(~(np.ceil((v.low - place) / turn) * turn + place > v.high))


def _wave(function: Callable[[Any], Any], top: float) -> Any:
    def of(v: Any) -> Any:
        if not isinstance(v, Interval):
            return function(v)
        ends = function(v.low), function(v.high)
        low = np.where(_hits(v, top + np.pi), -1.0, np.minimum(*ends))
        return Interval(low, np.where(_hits(v, top), 1.0, np.maximum(*ends)))

    return staticmethod(of)


def _erf(v: Any) -> Any:
    from scipy.special import erf  # slow to import

    return erf(v)


class Functions:
    """What `evaluate` needs of a namespace, for intervals and for numbers."""

    sin, cos = _wave(np.sin, np.pi / 2), _wave(np.cos, 0.0)
    exp, log, sqrt = _increasing(np.exp), _increasing(np.log), _increasing(np.sqrt)
    sinh, tanh, atan = _increasing(np.sinh), _increasing(np.tanh), _increasing(np.arctan)
    erf = _increasing(_erf)

    @staticmethod
    def cosh(v: Any) -> Any:
        half = Functions.exp(v) * 0.5
        return half + Functions.exp(v * -1.0) * 0.5
