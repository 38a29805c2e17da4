"""Whether symbols are real and smooth: what is shown, what is refused, and that the answer comes at once."""

from __future__ import annotations

import math
import re
import time
from contextlib import suppress

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from openweyl import InputError
from openweyl.symbolic.expressions import evaluate, variables
from openweyl.symbolic.parsing import parse
from openweyl.symbolic.smoothness import check_smooth, interval

(x,), (xi,) = variables(1)
GRAMMAR = re.compile(r"Argument `p` must .+, but .+\.")
SECONDS = 1.0
"""Of processor time for any one symbol; slow machines included."""


def read(text: str) -> sp.Expr:
    return parse(text, {"x": x, "xi": xi}, "p")


def refused(f: sp.Expr) -> str:
    """The message of the InputError, checked for the grammar."""
    with pytest.raises(InputError) as caught:
        check_smooth(f, "p")
    message = str(caught.value)
    assert GRAMMAR.fullmatch(message) and len(message) < 500, message
    return message


@pytest.mark.parametrize(
    "text",
    [
        "sqrt(1+x**2)",
        "1/(1+x**2)",
        "x/sqrt(1+x**2+xi**2)",
        "1/(2+cos(x))",
        "1/cosh(x)",
        "log(1+x**2)",
        "1/(x**2-2*x+2)",
        "exp(-x**2)",
        "log(x**2+sqrt(2)*x+10)",  # discriminant 2 - 40
        "1/(x**2+pi*x+10)",  # discriminant pi**2 - 40
        "1/(-x**2-sqrt(2)*x-10)",
        "1/(sin(1)*x**2+x+1)",
        "1/((x+1)**3-x**3)",  # 3 x^2 + 3 x + 1
        "1/(x**30+x+1)",
        "1/((x-1/3)**2+1/10**30)",
        "1/(3-sin(x)*cos(xi)*tanh(x))",
    ],
)
def test_what_is_smooth(text: str) -> None:
    check_smooth(read(text), "p")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("1/x", "nowhere zero"),
        ("log(x)", "positive everywhere"),
        ("sqrt(x)", "positive everywhere"),
        ("1/(x**2+pi*x+1)", "nowhere zero"),  # roots at -2.782 and -0.359
        ("1/(x**2-sqrt(2)*x+1/2)", "nowhere zero"),  # a double root at 1/sqrt(2)
        ("sqrt(-x**2-sqrt(2)*x-10)", "positive everywhere"),  # no root, and negative
        ("log(-x**4-x**2-x-10)", "positive everywhere"),
        ("1/(x**3-x+sqrt(2))", "nowhere zero"),
        ("1/(x**63+x+1)", "nowhere zero"),
        ("1/(1+sin(x))", "nowhere zero"),
        ("1/(2*x-x-x**2+(x-1)**2)", "nowhere zero"),  # 1 - x, behind squares
    ],
)
def test_what_is_singular(text: str, what: str) -> None:
    assert f"is not shown to be {what}." in refused(read(text))


@pytest.mark.parametrize(
    "f", [sp.Abs(x), sp.sign(x), sp.Heaviside(x), sp.Max(x, 0), sp.Min(x, xi), sp.Piecewise((x, x > 0), (0, True))]
)
def test_corners_and_jumps(f: sp.Expr) -> None:
    assert "has a corner or a jump" in refused(f)


def test_varying_exponents_and_complex_values() -> None:
    assert "has a varying exponent" in refused(x**x)
    assert "has a varying exponent" in refused((1 + x**2) ** xi)
    check_smooth(2**x, "p")
    assert "is complex" in refused(sp.I * x)
    assert "is complex" in refused(1 / (2 + x**2 + read("(-pi)**(1/3)")))


@pytest.mark.parametrize(
    "text",
    [
        "1/((x**64+x+1)**64+x)",  # degree 4096
        "1/(((x**64+x+1)**64-x)**64+x)",
        "sqrt(1+((x+1)**8-x)**4-x)",
        "+".join(f"1/(((x+{k})**8-x)**4-x)" for k in range(1, 20)),
        "1/(x**64+(x+10**30)**63)",
        "1/(x**32+(x+10**39/7)**31)",
        "1/(1+(10**50*sin(x)+10**50*cos(xi))**63)",  # 1e50**63 is no float
        "log((1/10**30+exp(x))**-64-sin(x))",
    ],
    ids=lambda text: text[:25],
)
def test_the_answer_comes_at_once(text: str) -> None:
    f, start = read(text), time.process_time()
    with suppress(InputError):
        check_smooth(f, "p")
    assert time.process_time() - start < SECONDS


@settings(max_examples=30)
@given(st.lists(st.integers(-6, 6), min_size=2, max_size=6))
def test_one_over_a_polynomial_is_smooth_exactly_if_it_has_no_real_root(coefficients: list[int]) -> None:
    f = sp.Poly(coefficients, x).as_expr()
    if f.is_number:
        return
    simple = sp.Poly(f, x).sqf_part()
    roots = np.roots([float(c) for c in simple.all_coeffs()])  # simple ones, which digits tell apart
    if np.any(np.abs(roots.imag) < 1e-6):
        refused(1 / f)
    else:
        check_smooth(1 / f, "p")


# --- interval bounds ---


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("sin(x)", -1, 1),
        ("2+3*cos(xi)", -1, 5),
        ("x", -math.inf, math.inf),
        ("x**2", 0, math.inf),
        ("x**2+1", 1, math.inf),
        ("-exp(x)", -math.inf, 0),
        ("cosh(x)**2", 1, math.inf),
        ("1/(1+x**2)", 0, 1),
        ("sqrt(4+x**2)", 2, math.inf),
        ("sin(x)*cos(xi)", -1, 1),
        ("(sin(x)-3)**3", -64, -8),
        ("(sin(x)-3)**2", 4, 16),
        ("(10**50*sin(x)+10**50*cos(xi))**63", -math.inf, math.inf),
        ("sinh(x)", -math.inf, math.inf),
        ("7/4", 1.75, 1.75),
    ],
)
def test_bounds_by_hand(text: str, low: float, high: float) -> None:
    assert interval(read(text)) == pytest.approx((low, high), rel=1e-9, abs=1e-9)


LEAVES = st.sampled_from(["x", "xi", "1/3", "-2", "pi", "7", "x*xi"])
RULES = [
    "({0})+({1})", "({0})-({1})", "({0})*({1})", "-({0})", "({0})**2", "({0})**3", "sin({0})", "cos({0})",
    "tanh({0})", "atan({0})", "erf({0})", "1/(2+cos({0}))", "sqrt(1+({0})**2)", "(2+sin({0}))**(-3/2)",
]  # fmt: skip


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda rule, a, b: rule.format(a, b), st.sampled_from(RULES), inner, inner)


@settings(max_examples=60)
@given(st.recursive(LEAVES, _grow, max_leaves=5))
def test_bounds_hold_at_every_sample(text: str) -> None:
    try:
        f = read(text)
    except InputError:  # a power too many
        return
    points = np.linspace(-8, 8, 41)
    values = np.asarray(evaluate(f, {x: points[:, None], xi: 0.7 * points[None, :]}, np))
    low, high = interval(f)
    slack = 1e-9 * (1 + np.abs(values))
    assert low <= high
    assert np.all(values >= low - slack) and np.all(values <= high + slack)
