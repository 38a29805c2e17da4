"""The parser, array evaluation, smoothness and brackets of symbols."""

from __future__ import annotations

import re
import time
from typing import Any

import numpy as np
import pytest
import scipy.special
import sympy as sp
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from openweyl._core.arguments import InputError
from openweyl.symbolic.algebra import quadratic, separate
from openweyl.symbolic.brackets import poisson
from openweyl.symbolic.expressions import evaluate, variables
from openweyl.symbolic.forms import FUNCTIONS, MAX_POWER, check_form
from openweyl.symbolic.parsing import parse, parse_number
from openweyl.symbolic.smoothness import check_smooth, interval

(x,), (xi,) = variables(1)
NAMES = {"x": x, "xi": xi}
GRAMMAR = re.compile(r"Argument `p` must .+, but .+\.")
SECONDS = 0.5
"""Of processor time, for any one text: the parser takes milliseconds, and this leaves room for slow machines."""

# --- texts that are smooth by construction: each rule keeps what it is given real and smooth ---

LEAVES = st.sampled_from(["x", "xi", "pi/4", "1/3", "0.7", "2", "-x/2"])


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    rules = [
        "sin({0})", "cos({0})", "tanh({0})", "atan({0})", "erf({0})", "cosh(sin({0}))", "sinh(cos({0}))",
        "exp(-({0})**2)", "sqrt(1 + ({0})**2)", "log(2 + ({0})**2)", "1/(1 + ({0})**2)", "(1 + ({0})**2)**(-3/2)",
        "(2 + cos({0}))**0.3", "({0})**2", "({0})**5", "-({0})",
        "({0}) + ({1})", "({0}) - ({1})", "({0})*({1})", "({0})/(2 + tanh({1}))",
    ]  # fmt: skip
    return st.builds(lambda rule, a, b: rule.format(a, b), st.sampled_from(rules), inner, inner)


SMOOTH_TEXT = st.recursive(LEAVES, _grow, max_leaves=6)
POINT = st.fractions(-1, 1, max_denominator=64)


def refused(function: Any, *args: Any) -> str:
    """The message of the InputError that the call raises, checked for the grammar."""
    with pytest.raises(InputError) as caught:
        function(*args)
    message = str(caught.value)
    assert message.isprintable() and GRAMMAR.fullmatch(message), message
    assert len(message) < 400
    return message


# --- variables ---


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("np.float64(9.97)*x**2", "9.97*x**2"),
        ("numpy.float32(-1.5)*x + np.int64(2)", "-1.5*x + 2"),
        (f"{np.float64(1e-7)!r}*x", "1e-7*x"),
        (f"x**{np.int64(2)!r}", "x**2"),
    ],
)
def test_numbers_as_numpy_prints_them(text: str, same: str) -> None:
    names = {"x": sp.Symbol("x", real=True)}
    assert parse(text, names) == parse(same, names)


@pytest.mark.parametrize(
    "text", ["np.exp(x)", "np.pi*x", "np.float64(x)", "np.float64(2**9)", "np.float64(nan)", "np.load(1)", "np.str_(1)"]
)
def test_nothing_else_of_numpy_is_read(text: str) -> None:
    with pytest.raises(
        InputError, match=r"must write numbers as digits, but is .* In an f-string: \{float\(value\)\}\."
    ):
        parse(text, {"x": sp.Symbol("x", real=True)})


def test_the_names_of_the_variables() -> None:
    assert [str(v) for part in variables(1) for v in part] == ["x", "xi"]
    assert [str(v) for part in variables(2) for v in part] == ["x1", "x2", "xi1", "xi2"]
    assert [str(v) for v in variables(12)[1]][-1] == "xi12"
    assert all(v.is_real for part in variables(3) for v in part)


# --- parsing ---


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", x),
        ("xi**2 + (x**2 - 1/2)**2", xi**2 + (x**2 - sp.Rational(1, 2)) ** 2),
        ("0.5*x", x / 2),
        ("0.1", sp.Rational(1, 10)),
        ("1e-3", sp.Rational(1, 1000)),
        ("-x**2", -(x**2)),
        ("+x", x),
        ("2**3**2", sp.Integer(512)),
        ("2**-4", sp.Rational(1, 16)),
        ("x/2/xi", x / (2 * xi)),
        ("cos(pi*x)", sp.cos(sp.pi * x)),
        (" x\n  + xi\t", x + xi),
        ("(" * 20 + "x" + ")" * 20, x),
        *[(f"{name}(x)", function(x)) for name, function in FUNCTIONS.items()],
    ],
)
def test_text_becomes_an_exact_expression(text: str, expected: sp.Expr) -> None:
    assert parse(text, NAMES) == expected


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "hold an expression"),
        (" \n", "hold an expression"),
        ("2 x", "but is 2 x. Products are written with *, as in 2*x."),
        ("2*x(1", "but is 2*x(1."),
        ("x + 0.5i", "The imaginary unit is called I: write 2*I."),
        ("x'*x", "The adjoint of the operator a is ad."),
        ("e**x", "Powers of e are written exp(...). Known: x, xi, pi."),
        ("sech(x)", "call known functions only, but is sech. Write 1/cosh(...). Known: sin"),
        ("conj(x)", "the adjoint of a is ad"),
        ("n", "The number of quanta is the operator ad*a."),
        ("x^^2", "balanced brackets"),
        ("x**", "balanced brackets"),
        ("(x", "balanced brackets"),
        ("x xi", "balanced brackets"),
        ("2x", "balanced brackets"),
        ("x = 1", "balanced brackets"),
        ("x, xi", "be a formula of numbers"),
        ("y", "use known names only, but is y. Known: x, xi, pi."),
        ("e**x", "use known names only, but is e"),
        ("sin", "Functions need brackets, as in sin(...)."),
        ("t*x", "This symbol cannot depend on time."),
        ("x + I*xi", "This symbol must be real."),
        ("1j*x", "write the imaginary unit as I"),
        ("sin(x, xi)", "give sin one argument"),
        ("sin()", "give sin one argument"),
        ("sin(*x)", "be a formula of numbers"),
        ("sin(y=x)", "give sin one argument"),
        ("tan(x)", "call known functions only, but is tan"),
        ("abs(x)", "abs(x) has a corner or a jump"),
        ("sin(x)(xi)", "be a formula of numbers"),
        ("x.real", "be a formula of numbers"),
        ("x if x else xi", "be a formula of numbers"),
        ("x or xi", "be a formula of numbers"),
        ("1or x", "be a formula of numbers"),
        ("x in xi", "be a formula of numbers"),
        ("not x", "be a formula of numbers"),
        ("x // 2", "be a formula of numbers"),
        ("lambda: x", "hold letters, digits"),
        ("x < xi", "be a formula of numbers, names"),
        ("x % 2", "hold letters, digits"),
        ("x @ xi", "hold letters, digits"),
        ("~x", "hold letters, digits"),
        ("[x]", "be a formula of numbers"),
        ("{x}", "hold letters, digits"),
        ("x[0]", "have indices from 1 to 1"),
        ("(x := 1)", "hold letters, digits"),
        ("'x'", "hold letters, digits"),
        ('f"{x}"', "hold letters, digits"),
        ("x # + xi", "hold letters, digits"),
        ("x; xi", "hold letters, digits"),
        ("x\x00", "hold letters, digits"),
        ("\\", "hold letters, digits"),
        ("ｘ", "hold letters, digits"),  # a full-width x, which Python would read as x
        ("ξ", "hold letters, digits"),
        ("x²", "hold letters, digits"),
        ("__import__('os').system('true')", "hold letters, digits"),
        ("__import__(x)", "call known functions only"),
        ("x.__class__", "be a formula of numbers"),
        ("True", "be a formula"),
        ("None", "be a formula"),
        ("...", "be a formula"),
        ("await x", "be a formula"),
        ("inf", "use known names only"),
        ("1e400", "hold moderate numbers"),
        ("1e50*x", "hold numbers between"),
        ("1" * 50, "hold moderate numbers"),
        ("1/0", "not divide by zero"),
        ("x/(x - x)", "not divide by zero"),
        ("0**-1", "raise moderate numbers"),
        ("log(0)", "be finite"),
        ("x**x", "have constant real exponents"),
        ("x**x**x", "have constant real exponents"),
        ("9**9**9**9", f"have exponents of at most {MAX_POWER}"),
        ("(1+x)**(10**9)", f"have exponents of at most {MAX_POWER}"),
        ("(x**64)**64", f"have exponents of at most {MAX_POWER}"),
        ("x**64*x**64", f"have exponents of at most {MAX_POWER}"),
        ("(x*xi)**64*x", f"have exponents of at most {MAX_POWER}"),
        ("((2*x)**32 + 1)**-65", f"have exponents of at most {MAX_POWER}"),
        ("(10**7)**2", "raise moderate numbers"),
        ("(1e30*x)**64", "hold moderate numbers"),
        ("(((1e39*x)**64)**64)**64", "hold moderate numbers"),
        ("((1 + 1/10**39)**64)**64", "hold moderate numbers"),  # near 1, but of ever more digits
        ("1e39*x*1e39", "hold moderate numbers"),
        ("exp(exp(exp(exp(10))))", "hold moderate numbers"),
        ("exp(-exp(exp(exp(9))))", "hold moderate numbers"),
        ("cosh(1000)*x", "hold moderate numbers"),
        ("1/(sqrt(2) + sqrt(3) - sqrt(5 + 2*sqrt(6)))", "hold moderate numbers"),  # zero, which digits cannot show
        ("1" * 10**5, "have at most 2000 characters"),
        ("(" * 10**5, "have at most 2000 characters"),
        ("(" * 1000 + "x" + ")" * 999, "nest at most 20 brackets deep"),
        ("-" * 1900 + "x", "have at most 1000 parts"),
        ("+".join(["x"] * 900), "have at most 1000 parts"),
        ("x**" * 600 + "x", "have at most 1000 parts"),
        (3, "be text"),
        (None, "be text"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_all_else_is_refused_at_once_with_one_line(text: Any, what: str) -> None:
    start = time.process_time()
    assert what in refused(parse, text, NAMES, "p")
    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize(
    "text",
    [
        "sin(1+" * 19 + "sqrt(2)" + ")" * 19,
        "sqrt(1+" * 19 + "x" + ")" * 19,
        "+".join([f"{k}*x**{k}*xi**{k}" for k in range(1, 41)]),
        "*".join(["(x + xi)"] * 60),
        "-" * 450 + "x",
        "sqrt(10**39 + 7)*(123456789012345678901/123456789012345678903)**(1/64)",
        "cos(1)**cos(1)**cos(1)**cos(1)",
    ],
    ids=lambda text: text[:20],
)
def test_large_but_allowed_text_is_read_at_once(text: str) -> None:
    start = time.process_time()
    parse(text, NAMES)
    assert time.process_time() - start < SECONDS


PIECES = [
    "x", "xi", "y", "(", ")", "((", "))", "+", "-", "*", "/", "**", "^", "9", "64", "1e9", "1e39", "0", ".", ",", " ",
    "[", "]", "x[1]", "x[j]", "sum(j, 1, 3, ", "sum(j,1,", "each(", "j",
    "pi", "sin(", "exp(", "log(", "sqrt(", "cosh(", "erf(", ")**64", "__", "'", "lambda", "if", "\x00", "\n",
]  # fmt: skip


@settings(max_examples=150)
@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=40).map("".join) | SMOOTH_TEXT)
@example("\ud800")
def test_arbitrary_text_is_read_or_refused_but_never_fails_or_hangs(text: str) -> None:
    start = time.process_time()
    try:
        f = parse(text, NAMES, "p")
    except InputError as error:
        message = str(error)
    else:
        message = "Argument `p` must be read, but is."
        assert isinstance(f, sp.Expr) and f.free_symbols <= {x, xi}
    assert time.process_time() - start < SECONDS
    assert message.isprintable() and GRAMMAR.fullmatch(message)


def test_names_are_those_that_the_caller_allows() -> None:
    t, names = sp.Symbol("t", real=True), {**NAMES, "I": sp.I}
    assert parse("x*cos(2*t)", {**NAMES, "t": t}) == x * sp.cos(2 * t)
    assert parse("(x + I*xi)**2/sqrt(2)", names) == (x + sp.I * xi) ** 2 / sp.sqrt(2)
    assert parse("I**2 + exp(I*pi)", names) == -2
    assert "This symbol cannot depend on time." in refused(parse, "t", names, "p")
    assert "have constant real exponents" in refused(parse, "x**I", names, "p")
    assert "hold moderate numbers" in refused(parse, "(1e39*I*x)**64", names, "p")
    assert "not divide by zero" in refused(parse, "x/(1 + I**2)", names, "p")
    check_form(sp.sqrt(2) * sp.I * x + (1 + 2 * sp.I) / 3, "p")
    assert "hold moderate numbers" in refused(check_form, sp.I * 10**60 * x, "p")
    assert "Known: pi." in refused(parse_number, "2*t", "p")


@pytest.mark.parametrize(
    ("value", "number"),
    [("2**-4", 0.0625), ("pi/2", np.pi / 2), ("1/3", 1 / 3), ("exp(1)", np.e), (3, 3.0), (0.1, 0.1), ("1e-6", 1e-6)],
)
def test_numbers_may_be_arithmetic(value: Any, number: float) -> None:
    found = parse_number(value, "p")
    assert type(found) is float and found == pytest.approx(number, rel=1e-15, abs=0)


@pytest.mark.parametrize(
    "value", ["x", "sqrt(-1)", "(-1)**(1/3)", "log(-2)", "", "9**99", True, None, [1], float("nan")]
)
def test_numbers_are_real_and_finite(value: Any) -> None:
    refused(parse_number, value, "p")


@pytest.mark.parametrize(
    "f",
    [sp.tan(x), sp.floor(x), sp.gamma(x), sp.Function("f")(x), sp.Integral(sp.sin(x), (x, 0, xi)), sp.Mod(x, 2),
     sp.Derivative(sp.Function("f")(x), x), sp.oo * x, sp.nan, x + sp.oo, x**65, x ** (10**9), 10**60 * x,
     sp.exp(1000) * x, sp.Rational(10**200 + 1, 10**200) * x],
    ids=str,
)  # fmt: skip
def test_expressions_from_sympy_obey_the_same_rules(f: sp.Expr) -> None:
    refused(check_form, f, "p")


# --- evaluation ---


@settings(max_examples=40)
@given(SMOOTH_TEXT, POINT, POINT)
def test_evaluation_agrees_with_sympy(text: str, a: Any, b: Any) -> None:
    f = parse(text, NAMES)
    point = {x: np.array([float(a)]), xi: np.array([float(b)])}
    largest = max(np.max(np.abs(evaluate(part, point, np))) for part in sp.preorder_traversal(f))
    assume(largest < 100)  # so that round-off stays below the bound
    exact = {x: sp.Rational(a.numerator, a.denominator), xi: sp.Rational(b.numerator, b.denominator)}
    expected = float(f.evalf(30, subs=exact))
    assert np.all(np.abs(evaluate(f, point, np) - expected) <= 1e-11 * (1 + abs(expected)))


@pytest.mark.parametrize("power", [-7, -2, -1, 1, 2, 3, 4, 5, 6, 7, 16, 63, 64])
def test_integer_powers_of_integers_are_exact(power: int) -> None:
    base = np.array([1.0, 2.0, -4.0])
    assert np.array_equal(evaluate(x**power, {x: base}, np), base ** float(power))
    for number in (2.0, np.float64(2), np.array(2.0)):  # scalars of every kind
        assert evaluate(x**power, {x: number}, np) == 2.0**power


@pytest.mark.parametrize("power", [sp.Rational(k, 2) for k in (-5, -3, -1, 1, 3, 5)])
def test_half_powers_are_accurate_to_round_off(power: sp.Rational) -> None:
    base = np.array([1e-6, 0.3, 7.0, 1e6])
    assert np.allclose(evaluate(x**power, {x: base}, np), base ** float(power), rtol=1e-15, atol=0)


def test_constants_stay_python_floats() -> None:
    value = evaluate(sp.sqrt(2) * sp.pi, {}, np)
    assert type(value) is float and value == pytest.approx(np.sqrt(2) * np.pi, rel=1e-15)
    assert evaluate(x * sp.Rational(1, 3), {x: np.ones(2, dtype=np.float32)}, np).dtype == np.float32


def test_complex_constants() -> None:
    value = evaluate(x**2 + sp.I * x / 2, {x: np.arange(3.0)}, np)
    assert np.array_equal(value, np.arange(3.0) ** 2 + 0.5j * np.arange(3.0))


def test_arrays_broadcast() -> None:
    value = evaluate(x * xi + 1, {x: np.arange(3.0)[:, None], xi: np.arange(4.0)[None, :]}, np)
    assert np.array_equal(value, np.outer(np.arange(3), np.arange(4)) + 1)


def test_repeated_parts_are_computed_once() -> None:
    class Counting:
        __name__ = "counting"
        calls = 0

        def sin(self, value: Any) -> Any:
            self.calls += 1
            return np.sin(value)

    xp, g = Counting(), sp.sin(x + xi)
    f = g**3 + (1 + g) / (2 + g**2)
    value = evaluate(f, {x: np.array([0.25]), xi: np.array([0.5])}, xp)
    s = np.sin(0.75)
    assert value == pytest.approx(s**3 + (1 + s) / (2 + s**2), rel=1e-15)
    assert xp.calls == 1


def test_erf() -> None:
    grid = np.linspace(-2, 2, 9)
    assert np.array_equal(evaluate(sp.erf(x), {x: grid}, np), scipy.special.erf(grid))


def test_functions_without_an_array_form_are_refused() -> None:
    with pytest.raises(InputError, match="The function gamma has no array form; known: sin, cos"):
        evaluate(sp.gamma(x), {x: np.ones(1)}, np)


@pytest.mark.slow
def test_evaluation_under_jax_tracing() -> None:
    jax = pytest.importorskip("jax")
    f = parse("(x**2 - 1/2)**2 + cos(xi)/sqrt(1 + x**2) + erf(x)*atan(xi)", NAMES)
    a, b = np.linspace(-1, 1, 5), np.linspace(0, 2, 5)
    traced = jax.jit(lambda a, b: evaluate(f, {x: a, xi: b}, jax.numpy))(a, b)
    assert np.allclose(traced, evaluate(f, {x: a, xi: b}, np), rtol=1e-5, atol=1e-6)
    slope = jax.grad(lambda a: evaluate(f, {x: a, xi: 0.5}, jax.numpy))(0.3)
    assert slope == pytest.approx(evaluate(f.diff(x), {x: 0.3, xi: 0.5}, np), rel=1e-5)


# --- smoothness ---


@pytest.mark.parametrize(
    "text",
    ["sqrt(1+x**2)", "1/(1+x**2)", "x/sqrt(1+x**2+xi**2)", "1/(2+cos(x))", "1/cosh(x)", "log(1+x**2)",
     "1/(x**2-2*x+2)", "1/(-1-x**2)", "exp(-1/(x**2+1))", "(2+sin(x))**pi", "1/(1+(x-xi)**2)", "log(cosh(x))",
     "1/(2-tanh(x))", "1/exp(x)", "1/(2+atan(x))", "log(2-sin(x)*cos(xi))",
     "sqrt(x**4-x+1)", "1/(1+exp(-x)*exp(-xi))", "1/(x**2+pi)"],
)  # fmt: skip
def test_smooth_symbols_are_accepted(text: str) -> None:
    check_smooth(parse(text, NAMES), "p")


@pytest.mark.parametrize(
    ("text", "part"),
    [("1/x", "1/x"), ("log(x)", "log(x)"), ("sqrt(x)", "sqrt(x)"), ("exp(1/x)", "1/x"), ("x**-3", "x**(-3)"),
     ("1/(x-xi)", "x - xi"), ("1/(1+cos(x))", "cos(x) + 1"), ("1/(x**2-2)", "x**2 - 2"), ("log(x**2)", "x**2"),
     ("1/(x**2-2*x+1)", "x**2 - 2*x + 1"), ("sqrt(x**2+xi**2)", "x**2 + xi**2"), ("1/sinh(x)", "sinh(x)"),
     ("(1+sin(x))**0.5", "sin(x) + 1"), ("1/(1+x**3)", "x**3 + 1"), ("log(cos(x))", "cos(x)"), ("1/atan(x)", "atan(x)"),
     ("1/(2+3*cos(x))", "3*cos(x) + 2"), ("1/(xi**2+1) + 1/(xi+1)", "xi + 1"),
     ("sqrt(x**2)", "Abs(x)"), ("(x**2)**(1/3)", "Abs(x)"), ("(-8)**(1/3)*x", "(-1)**(1/3)"), ("log(-2)*x", "I*pi"),
     ("(-1)**(1/2)*x", "I*x"), ("sqrt(-1-x**2)", "sqrt(-x**2 - 1)")],
)  # fmt: skip
def test_singular_or_complex_symbols_are_refused_and_the_culprit_named(text: str, part: str) -> None:
    assert part in refused(check_smooth, parse(text, NAMES), "p")


@settings(max_examples=40)
@given(SMOOTH_TEXT, POINT, POINT)
def test_smooth_by_construction_is_accepted_and_lies_in_its_interval(text: str, a: Any, b: Any) -> None:
    f = parse(text, NAMES)
    check_smooth(f, "p")
    low, high = interval(f)
    value = float(f.evalf(20, subs={x: sp.Rational(str(a)), xi: sp.Rational(str(b))}))
    slack = 1e-9 * (1 + abs(value))
    assert low - slack <= value <= high + slack


# --- brackets and forms ---


def test_poisson_brackets_of_coordinates() -> None:
    xs, xis = variables(2)
    for i in range(2):
        for j in range(2):
            assert poisson(xs[i], xis[j], xs, xis) == (1 if i == j else 0)
            assert poisson(xs[i], xs[j], xs, xis) == poisson(xis[i], xis[j], xs, xis) == 0


def test_the_bracket_is_antisymmetric_a_derivation_and_obeys_jacobi() -> None:
    f, g, k = x**2 * xi, sp.sin(x) + xi**3, sp.exp(x) * xi

    def bracket(a: sp.Expr, b: sp.Expr) -> sp.Expr:
        return poisson(a, b, (x,), (xi,))

    assert bracket(xi**2 / 2 + sp.cos(x), x) == -xi  # dx/dt = {x, p} = p_xi
    assert sp.expand(bracket(f, g) + bracket(g, f)) == 0
    assert sp.expand(bracket(f * g, k) - f * bracket(g, k) - g * bracket(f, k)) == 0
    assert sp.expand(bracket(f, bracket(g, k)) + bracket(g, bracket(k, f)) + bracket(k, bracket(f, g))) == 0


@pytest.mark.parametrize(
    ("text", "kinetic", "potential"),
    [
        ("xi**2 + (x**2 - 1/2)**2", xi**2, (x**2 - sp.Rational(1, 2)) ** 2),  # V as it was written
        ("cos(xi) + 3", sp.cos(xi), sp.Integer(3)),
        ("x**4", sp.Integer(0), x**4),
        ("(x + xi)**2 - 2*x*xi", xi**2, x**2),
        ("2*(xi + x)*(xi - x)", 2 * xi**2, -2 * x**2),
    ],
)
def test_separation(text: str, kinetic: sp.Expr, potential: sp.Expr) -> None:
    assert separate(parse(text, NAMES), (x,), (xi,)) == (kinetic, potential)


@pytest.mark.parametrize("text", ["x*xi", "cos(x + xi)", "xi**2*(2 + cos(x))", "(x + xi)**3", "sqrt(1 + x**2 + xi**2)"])
def test_what_does_not_separate(text: str) -> None:
    assert separate(parse(text, NAMES), (x,), (xi,)) is None


@pytest.mark.parametrize(
    "text", ["(1 + x)**64*(1 + xi)**64", "(x + xi + 1)**64", "((x + xi)**8 + 1)**60", "sin((x+xi+1)**63)"]
)
def test_symbols_too_large_to_multiply_out_take_no_time(text: str) -> None:
    f, start = parse(text, NAMES), time.process_time()
    assert separate(f, (x,), (xi,)) is None
    assert quadratic(f, (x, xi)) is None
    assert time.process_time() - start < SECONDS


def test_quadratic_forms() -> None:
    xs, xis = variables(2)
    f = 3 * xs[0] ** 2 + xs[0] * xis[1] / 2 - sp.pi * xis[0] + 7
    hessian, gradient = quadratic(f, xs + xis)  # type: ignore[misc]
    assert hessian == ((6.0, 0.0, 0.0, 0.5), (0.0,) * 4, (0.0,) * 4, (0.5, 0.0, 0.0, 0.0))
    assert gradient == (0.0, 0.0, -float(sp.pi), 0.0)
    assert quadratic(sp.Integer(5), (x,)) == (((0.0,),), (0.0,))
    assert quadratic(sp.pi * (x + 1) ** 3 - sp.pi * x**3, (x,)) == (((6 * np.pi,),), (3 * np.pi,))  # cubes cancel


@pytest.mark.parametrize("f", [x**3, sp.cos(x), sp.sqrt(1 + x**2), 1 / (1 + x**2), x**2 * xi, x + xi, x**64])
def test_what_is_not_quadratic_in_x(f: sp.Expr) -> None:
    assert quadratic(f, (x,)) is None
