"""Enclosures of Taylor coefficients: all derivatives of all known functions lie in them, and not by too much."""

from __future__ import annotations

import numpy as np
import pytest
import sympy

from openweyl.symbolic.expressions import evaluate
from openweyl.symbolic.taylor_series import Expansions, Series

X, Y = sympy.symbols("x y", real=True)
ORDER = 7
FORMULAS = [
    X**5 - 2 * X,
    3 - X,
    sympy.exp(-(X**2)),
    1 / (1 + X**2),
    sympy.tanh(2 * X),
    sympy.sin(3 * X) * sympy.cos(X),
    sympy.sqrt(1 + X**2),
    (1 + X**2) ** sympy.Rational(-3, 2),
    (1 + X**2) ** sympy.Rational(1, 3),
    sympy.log(2 + sympy.cos(X)),
    sympy.atan(X) * sympy.erf(X),
    sympy.cosh(X) / sympy.cosh(2 * X),
    sympy.sinh(X) ** 3,
]


@pytest.mark.parametrize("formula", FORMULAS, ids=str)
def test_all_derivatives_lie_inside(formula: sympy.Expr) -> None:
    low, width = np.array([0.3, -1.0, -0.002]), 0.004
    found = evaluate(formula, {X: Series.variable(low, low + width, ORDER)}, Expansions)
    for k in range(ORDER + 1):
        exact = sympy.lambdify(X, formula.diff(X, k) / sympy.factorial(k), "scipy")
        values = np.array([np.broadcast_to(exact(np.linspace(a, a + width, 9)), 9) for a in low])
        slack = 1e-12 * (1 + np.abs(values).max())
        assert (found.balls[0][k] - found.balls[1][k] <= values.min(axis=1) + slack).all()
        assert (found.balls[0][k] + found.balls[1][k] >= values.max(axis=1) - slack).all()
        sharp = np.abs(values).max() + 1 / 3  # coefficients may vanish
        assert (found.largest(k) <= 15 * sharp).all()


def test_another_variable_stays_an_interval() -> None:
    low, high = np.array([0.5]), np.array([0.6])
    cells = {X: Series.variable(low, high, 3), Y: Series.variable(low, high, 3, moves=False)}
    found = evaluate(X**3 * Y**2, cells, Expansions)
    assert found.balls[0][3] - found.balls[1][3] <= 0.25 + 1e-15  # x^3 y^2: coefficient 3 is y^2
    assert found.balls[0][3] + found.balls[1][3] >= 0.36 - 1e-15
    assert (found.value.low[0], found.value.high[0]) == pytest.approx((0.5**5, 0.6**5))


def test_what_has_no_bound_is_infinite() -> None:
    with np.errstate(all="ignore"):
        found = evaluate(1 / X, {X: Series.variable(np.array([-1.0]), np.array([2.0]), 2)}, Expansions)
    assert found.largest(2)[0] == np.inf
