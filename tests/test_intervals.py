"""Interval arithmetic: exact values lie inside, exact ends stay, and one arithmetic serves boxes and all reals."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from openweyl import System, coherent, evolve
from openweyl.symbolic.expressions import enclose, variables
from openweyl.symbolic.intervals import Functions, Interval
from openweyl.symbolic.smoothness import interval

(X,), (XI,) = variables(1)
NUMBERS = st.floats(-1e6, 1e6).filter(lambda v: v == 0 or abs(v) > 1e-6)
ENDS = st.tuples(NUMBERS, NUMBERS).map(sorted)


def made(ends: list[float]) -> Interval:
    return Interval(np.array([ends[0]]), np.array([ends[1]]))


def contains(hull: Interval, value: Fraction) -> bool:
    """Whether the exact `value` lies inside."""
    low, high = float(hull.low[0]), float(hull.high[0])
    return (low == -math.inf or Fraction(low) <= value) and (high == math.inf or value <= Fraction(high))


@given(ENDS, ENDS)
def test_exact_sums_products_and_quotients_lie_inside(a: list[float], b: list[float]) -> None:
    for p in map(Fraction, a):
        with np.errstate(divide="ignore"):
            assert not p or contains(1.0 / made(a), 1 / p)
        assert contains(made(a) * made(a), p * p) and contains(made(a) ** 5, p**5)
        assert contains(made(a) * 0.1, p * Fraction(0.1)) and contains(made(a) * -3.7, p * Fraction(-3.7))
        for q in map(Fraction, b):
            assert contains(made(a) + made(b), p + q) and contains(made(a) * made(b), p * q)


@given(st.floats(-700, 700), st.sampled_from(["sin", "cos", "exp", "tanh", "atan", "erf", "sinh", "cosh"]))
def test_functions_hold_their_exact_values(x: float, name: str) -> None:
    hull = getattr(Functions, name)(made([x, x]))
    with mpmath.workdps(40):
        exact = getattr(mpmath, name)(mpmath.mpf(x))
        assert mpmath.mpf(float(hull.low[0])) <= exact <= mpmath.mpf(float(hull.high[0]))


def test_what_is_exact_is_not_widened() -> None:
    cell = made([-0.75, 1.5])
    for hull, ends in (
        (cell + 2.0, (1.25, 3.5)), (cell * cell, (0, 2.25)), (cell * 0.0, (0, 0)), (cell * 4, (-3, 6)),
        (1.0 / made([0.5, 4]), (0.25, 2)), (Functions.cosh(cell), (1, pytest.approx(math.cosh(1.5), rel=1e-14))),
    ):  # fmt: skip
        assert (hull.low[0], hull.high[0]) == ends


def test_infinite_ends_and_zeros() -> None:
    half = made([0.0, math.inf])
    with np.errstate(all="ignore"):
        zero = half * 0.0
        assert (zero.low[0], zero.high[0]) == (0, 0)
        assert ((1.0 / half).low[0], (1.0 / half).high[0]) == (0, math.inf)
        assert ((1.0 / made([-2, 0])).low[0], (1.0 / made([-2, 0])).high[0]) == (-math.inf, -0.5)
        assert np.isinf((1.0 / made([0, 0])).largest()[0])
        assert (made([1e300, 1e308]) * made([1e300, 1e308])).low[0] < math.inf  # what overflows is finite


def test_numbers_that_are_no_doubles_are_enclosed() -> None:
    low, high = interval(sp.Rational(1, 3) + 0 * X)
    assert Fraction(low) < Fraction(1, 3) < Fraction(high)
    assert interval(sp.Rational(7, 4)) == (1.75, 1.75)
    hull = enclose(X / 10, {X: made([3.0, 3.0])})
    assert hull.low[0] <= 0.3 <= hull.high[0] and contains(hull, Fraction(3, 10))


def test_powers_of_a_number() -> None:
    """2**x = exp(x log 2), wherever formulas become arrays."""
    assert interval(1 / (1 + 2**X)) == pytest.approx((0, 1), abs=1e-15)
    start = coherent(0.0, 0.0)
    first, second = (
        evolve(System(XI**2 / 2 + potential, [], h=0.5, gamma=0.0), start, [0.1], tol=1e-4).symbols[-1]
        for potential in (2 ** (-(X**2)), sp.exp(-sp.log(2) * X**2))
    )
    assert first.grid == second.grid and np.allclose(first.values, second.values)
