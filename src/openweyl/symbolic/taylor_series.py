"""Enclosures of Taylor coefficients, with which `evaluate` bounds high derivatives of a formula over cells.

With u = u_0 + u_1 d + u_2 d^2 + ... in one variable, where u_k encloses u^(k)/k! over a whole cell, the coefficients of
y = phi(u) follow from y' = phi'(u) u',

    k y_k  =  sum_{j=1..k}  j u_j g_{k-j},        g = phi'(u),

with no formula for the derivatives. Coefficient 0 is an interval with ends; the others are midpoints and radii, whose
products take a few operations on arrays (Moore, Kearfott, Cloud: Introduction to Interval Analysis, 2009, ch. 9),
and are as exact as double precision: only coefficient 0 is rounded outward.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import pi, sqrt
from typing import Any

import numpy as np

from .intervals import Functions, Interval

Balls = tuple[np.ndarray, np.ndarray]
"""Midpoints and radii, with the order of the coefficient first."""


class Series:
    """`value`: coefficient 0 over the cells; `balls`: all coefficients, shape (order + 1, cells)."""

    __array_ufunc__ = None
    __slots__ = ("balls", "value")

    def __init__(self, value: Interval, balls: Balls) -> None:
        self.value = value
        self.balls = balls
        self.balls[0][0], self.balls[1][0] = _ball(value)

    @staticmethod
    def variable(low: np.ndarray, high: np.ndarray, order: int, *, moves: bool = True) -> Series:
        """The variable over the cells [low, high]; without `moves`, one that is kept fixed while another moves."""
        mid, rad = np.zeros((order + 1, low.size)), np.zeros((order + 1, low.size))
        mid[1] = float(moves)
        return Series(Interval(low, high), (mid, rad))

    def largest(self, k: int) -> np.ndarray:
        """Bounds of |coefficient k|; infinite where nothing is known."""
        size = np.abs(self.balls[0][k]) + self.balls[1][k]
        return np.where(np.isnan(size), np.inf, size)

    def __add__(self, other: Any) -> Series:
        if isinstance(other, Series):
            return Series(self.value + other.value, (self.balls[0] + other.balls[0], self.balls[1] + other.balls[1]))
        return Series(self.value + other, (self.balls[0].copy(), self.balls[1].copy()))

    def __mul__(self, other: Any) -> Series:
        if not isinstance(other, Series):
            return Series(self.value * other, (self.balls[0] * other, self.balls[1] * abs(other)))
        parts = [_dot(self.balls, other.balls, k) for k in range(len(self.balls[0]))]
        return Series(self.value * (self.value if other is self else other.value), _stack(parts))

    __radd__, __rmul__ = __add__, __mul__

    def __rtruediv__(self, other: float) -> Series:
        value = 1.0 / self.value
        inverse = _ball(value)
        rows = [inverse]
        for k in range(1, len(self.balls[0])):
            mid, rad = _dot(self.balls, _stack([*rows, _zero(inverse)]), k, first=1)
            rows.append(_times((-mid, rad), inverse))
        return Series(value, _stack(rows)) * other


def _ball(value: Interval) -> Balls:
    with np.errstate(all="ignore"):
        return (value.low + value.high) / 2, (value.high - value.low) / 2


def _zero(like: Balls) -> Balls:
    return np.zeros_like(like[0]), np.zeros_like(like[1])


def _stack(rows: Sequence[Balls]) -> Balls:
    return np.stack([mid for mid, _ in rows]), np.stack([rad for _, rad in rows])


def _times(a: Balls, b: Balls) -> Balls:
    return a[0] * b[0], np.abs(a[0]) * b[1] + a[1] * (np.abs(b[0]) + b[1])


def _dot(a: Balls, b: Balls, k: int, first: int = 0) -> Balls:
    """sum_{j=first..k} a_j b_{k-j}."""
    reverse = slice(k - first, None, -1)
    am, ar, bm, br = a[0][first : k + 1], a[1][first : k + 1], b[0][reverse], b[1][reverse]
    mid, rad = _times((am, ar), (bm, br))
    return mid.sum(axis=0), rad.sum(axis=0)


def _solved(
    u: Series, values: Sequence[Interval], slopes: Callable[[list[list[Balls]], int], list[Balls]]
) -> list[Series]:
    """Functions y of u from their values and from slopes(y, k) = coefficient k of each dy/du, by those of y up to k."""
    ys = [[_ball(value)] for value in values]
    gs: list[list[Balls]] = [[] for _ in values]
    counts = np.arange(len(u.balls[0]))[:, None]
    du = u.balls[0] * counts, u.balls[1] * counts
    for k in range(1, len(counts)):
        for g, new in zip(gs, slopes(ys, k - 1), strict=True):
            g.append(new)
        for y, g in zip(ys, gs, strict=True):
            mid, rad = _dot(du, _stack([*g, _zero(g[0])]), k, first=1)
            y.append((mid / k, rad / k))
    return [Series(value, _stack(y)) for value, y in zip(values, ys, strict=True)]


def _known(u: Series, value: Interval, slope: Series) -> Series:
    """A function of u from its value and its slope."""
    rows = list(zip(*slope.balls, strict=True))
    return _solved(u, [value], lambda _, k: [rows[k]])[0]


def _minus(a: Balls) -> Balls:
    return -a[0], a[1]


class Expansions:
    """The namespace of functions that `evaluate` uses for series."""

    @staticmethod
    def exp(u: Series) -> Series:
        return _solved(u, [Functions.exp(u.value)], lambda y, k: [y[0][k]])[0]

    @staticmethod
    def log(u: Series) -> Series:
        return _known(u, Functions.log(u.value), 1.0 / u)

    @staticmethod
    def sqrt(u: Series) -> Series:
        """2 y y' = u'."""
        value = Functions.sqrt(u.value)
        rows, half = [_ball(value)], _ball(0.5 / value)
        for k in range(1, len(u.balls[0])):
            known = _stack([_zero(half), *rows[1:], _zero(half)]) if k > 1 else None
            mid, rad = _dot(known, known, k) if known is not None else _zero(half)
            rows.append(_times((u.balls[0][k] - mid, u.balls[1][k] + rad), half))
        return Series(value, _stack(rows))

    @staticmethod
    def sin(u: Series) -> Series:
        return _waves(u)[0]

    @staticmethod
    def cos(u: Series) -> Series:
        return _waves(u)[1]

    @staticmethod
    def sinh(u: Series) -> Series:
        return _hyperbolic(u)[0]

    @staticmethod
    def cosh(u: Series) -> Series:
        return _hyperbolic(u)[1]

    @staticmethod
    def tanh(u: Series) -> Series:
        value = Functions.tanh(u.value)
        first = _ball(value * value * -1.0 + 1.0)

        def slope(y: list[list[Balls]], k: int) -> list[Balls]:
            return [_minus(_dot(_stack(y[0]), _stack(y[0]), k)) if k else first]

        return _solved(u, [value], slope)[0]

    @staticmethod
    def atan(u: Series) -> Series:
        return _known(u, Functions.atan(u.value), 1.0 / (u * u + 1.0))

    @staticmethod
    def erf(u: Series) -> Series:
        return _known(u, Functions.erf(u.value), Expansions.exp(u * u * -1.0) * (2 / sqrt(pi)))


def _waves(u: Series) -> list[Series]:
    return _solved(u, [Functions.sin(u.value), Functions.cos(u.value)], lambda y, k: [y[1][k], _minus(y[0][k])])


def _hyperbolic(u: Series) -> list[Series]:
    return _solved(u, [Functions.sinh(u.value), Functions.cosh(u.value)], lambda y, k: [y[1][k], y[0][k]])
