"""The star product and its brackets: against closed forms, and of formulas, arrays and both against each other."""

from __future__ import annotations

import doctest
import re
from functools import reduce
from operator import mul
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from common import refused, slow_but
from openweyl import (
    InputError,
    PhaseGrid,
    ResourceError,
    Symbol,
    cat,
    coherent,
    hamiltonian_field,
    moyal_bracket,
    poisson_bracket,
    squeezed,
    star,
)

x, xi, x1, x2, xi1, xi2 = sp.symbols("x xi x1 x2 xi1 xi2", real=True)
h = sp.Symbol("h", positive=True)
H = 0.1
GRID = PhaseGrid.box(h=H, x=(-3.2, 3.0), xi=(-3.0, 3.4), size=(80, 90))
GRID2 = PhaseGrid.box(h=1.0, x=[(-2.4, 2.2)] * 2, xi=[(-2.0, 2.4)] * 2, size=(10, 12))
(X,), (XI,) = GRID.mesh("x", "xi")


def gaussian_symbol(alpha: float, grid: PhaseGrid = GRID) -> Symbol:
    """exp(-alpha |z|^2/h)."""
    position, momentum = grid.mesh("x", "xi")
    return Symbol(np.exp(-alpha / grid.h * sum(v**2 for v in (*position, *momentum))), grid)


def largest(symbol: Symbol) -> float:
    """The largest absolute value."""
    return float(np.abs(symbol.values).max())


# --- formulas ---


def polynomials(*variables: sp.Symbol, degree: int) -> st.SearchStrategy[sp.Expr]:
    """Sums of up to three monomials with complex coefficients."""
    powers = st.tuples(*(st.integers(0, degree) for _ in variables)).filter(lambda p: sum(p) <= degree)
    number = st.sampled_from([1, -2, sp.Rational(1, 3), sp.I, 1 - 2 * sp.I])
    term = st.builds(lambda c, p: c * reduce(mul, (v**k for v, k in zip(variables, p, strict=True))), number, powers)
    return st.lists(term, min_size=1, max_size=3).map(lambda terms: sp.Add(*terms))


POLYNOMIAL = polynomials(x, xi, degree=4)
POLYNOMIAL2 = polynomials(x1, xi1, x2, xi2, degree=3)


def test_canonical_commutators() -> None:
    assert star("x", "xi", h) == x * xi + sp.I * h / 2
    assert star("x", "xi", h) - star("xi", "x", h) == sp.I * h
    assert moyal_bracket("x", "xi", h) == 1
    for a, b in [("x1", "xi2"), ("x1", "x2"), ("xi1", "xi2"), ("x2", "xi1")]:
        assert moyal_bracket(a, b, h) == 0
    assert moyal_bracket("x2", "xi2", h) == 1


def test_the_square_of_the_oscillator() -> None:
    oscillator = (x**2 + xi**2) / 2
    assert sp.expand(star(oscillator, oscillator, h) - oscillator**2 + h**2 / 4) == 0
    assert sp.expand(star(oscillator, oscillator, 0.5) - oscillator**2 + 0.0625) == 0


@settings(max_examples=4)
@given(POLYNOMIAL | POLYNOMIAL2, st.data())
def test_the_algebra(a: sp.Expr, data: st.DataObject) -> None:
    more = POLYNOMIAL2 if a.has(x1, x2, xi1, xi2) else POLYNOMIAL
    b, c = data.draw(more if a.free_symbols else POLYNOMIAL), data.draw(st.just(a + 1))
    assert star(1, a, h) == star(a, 1, h) == sp.expand(a)
    assert sp.expand(star(star(a, b, h), c, h) - star(a, star(b, c, h), h)) == 0
    assert sp.expand(sp.conjugate(star(a, b, h)) - star(sp.conjugate(b), sp.conjugate(a), h)) == 0
    assert sp.expand(star(a, b, h) - star(b, a, -h)) == 0
    bracket = moyal_bracket(a, star(b, c, h), h)  # a derivation
    assert sp.expand(bracket - star(moyal_bracket(a, b, h), c, h) - star(b, moyal_bracket(a, c, h), h)) == 0
    assert sp.expand(moyal_bracket(a, b, h, order=0) - poisson_bracket(a, b)) == 0


@settings(max_examples=3)
@given(polynomials(x1, xi1, degree=3), polynomials(x2, xi2, degree=3), polynomials(x1, xi1, degree=3))
def test_tensor_products(a: sp.Expr, b: sp.Expr, c: sp.Expr) -> None:
    d = b.xreplace({x2: xi2, xi2: x2}) + 1
    assert sp.expand(star(a * b, c * d, h) - star(a, c, h) * star(b, d, h)) == 0


def test_polynomials_of_degree_two_have_no_corrections() -> None:
    p, f = x**2 - 3 * x * xi + xi, sp.Function("f")(x, xi)
    assert sp.expand(moyal_bracket(p, f, h) - poisson_bracket(p, f)) == 0


def test_the_series_ends_where_each_pair_of_derivatives_meets_a_polynomial() -> None:
    exact = star("sin(x)*xi**2", "cos(x)*xi", h)
    assert exact == star("sin(x)*xi**2", "cos(x)*xi", h, order=3)
    assert sp.expand(exact - star("sin(x)*xi**2", "cos(x)*xi", h, order=2)) != 0
    # e^{i x} * e^{i xi} = e^{i (x + xi)} e^{-ih/2}, an infinite series
    a, b = sp.exp(sp.I * x), sp.exp(sp.I * xi)
    for order in range(5):
        expected = sum((-sp.I * h / 2) ** k / sp.factorial(k) for k in range(order + 1))
        assert sp.expand(star(a, b, h, order=order) / (a * b) - expected) == 0


def test_symbols_of_the_user_are_kept_and_others_are_constants() -> None:
    y, eta, c = sp.Symbol("x"), sp.Symbol("xi"), sp.Symbol("c")
    assert star(c * y, eta, h) == c * y * eta + sp.I * c * h / 2
    assert star("x", c * eta, h) == c * x * eta + sp.I * c * h / 2
    assert star(x, eta, h).free_symbols == {x, eta, h}
    assert star(y, x, h) == y**2 and star(x, y, h) == x**2
    scale = sp.Symbol("h")  # the same name with other assumptions
    assert star("h*x", scale * xi, h) == h**2 * x * xi + sp.I * h**3 / 2
    assert star("x", "I*xi", sp.Rational(1, 2)) == sp.I * x * xi - sp.Rational(1, 4)
    assert star("x", "xi", "2**-4") == x * xi + sp.I / 32


def test_classical_brackets() -> None:
    assert poisson_bracket("x", "xi") == 1
    assert hamiltonian_field("xi**2/2 + cos(x)") == (xi, sp.sin(x))
    assert [str(v) for v in hamiltonian_field("xi**2/2 - x*cos(t)")] == ["xi", "cos(t)"]
    assert hamiltonian_field("x1*xi2") == (0, x1, -xi2, 0)
    p, f = sp.sympify("xi1**2/2 + x1*x2**2", {"xi1": xi1, "x1": x1, "x2": x2}), x1 * xi2 + x2**3
    along = sum(v * f.diff(z) for v, z in zip(hamiltonian_field(p + xi2), (x1, x2, xi1, xi2), strict=True))
    assert sp.expand(along - poisson_bracket(f, p + xi2)) == 0


# --- arrays ---


@pytest.mark.parametrize(
    "state",
    [coherent(0.4, -0.3), squeezed(-0.2, 0.3, r=0.3, angle=0.7), cat([(0.7, 0.2), (-0.6, 0.0)], [1.0, 1j])],
    ids=["coherent", "squeezed", "cat"],
)
def test_pure_states_are_projections(state: Any) -> None:
    w = state.symbol(GRID)
    assert largest(star(w, w) - w) < 1e-9


def test_two_coherent_states() -> None:
    """|1><1| |2><2| = <1|2> |1><2|, whose symbol is that of the interference term of a cat."""
    (q, p), (r, s) = (0.5, 0.3), (-0.1, 0.2)
    form = (X - (q + r) / 2) ** 2 + (XI - (p + s) / 2) ** 2
    wave = (X - (q + r) / 2) * (p - s) - (XI - (p + s) / 2) * (q - r)
    both = Symbol(2 * np.exp((-form + 1j * wave) / H), GRID)  # |1><2| up to a phase, which its trace <2|1> has too
    expected = np.conj(both.values.sum() * GRID.cell) * both
    found = star(coherent(q, p).symbol(GRID), coherent(r, s).symbol(GRID))
    assert largest(found - expected) < 1e-9


@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 0.4), (0.5, 0.5), (2.0, 0.7), (3.0, 2.0)])
def test_gaussians(alpha: float, beta: float) -> None:
    """exp(-alpha |z|^2/h) * exp(-beta |z|^2/h) = exp(-(alpha + beta)/(1 + alpha beta) |z|^2/h) / (1 + alpha beta)."""
    found = star(gaussian_symbol(alpha), gaussian_symbol(beta))
    scale = 1 + alpha * beta
    assert largest(found - gaussian_symbol((alpha + beta) / scale) / scale) < 1e-8


def test_complex_arrays_and_the_trace() -> None:
    a = Symbol(coherent(0.4, -0.3).symbol(GRID).values * (1 + 2j * X), GRID)
    b = Symbol(coherent(0.1, 0.2).symbol(GRID).values * (XI - 1j), GRID)
    c = squeezed(0.2, 0.1, r=0.2).symbol(GRID)
    product = star(a, b)
    assert product.values.sum() == pytest.approx((a.values * b.values).sum(), rel=1e-10)
    conjugates = [Symbol(f.values.conj(), GRID) for f in (b, a)]
    assert np.abs(star(*conjugates).values - product.values.conj()).max() < 1e-11
    assert largest(star(product, c) - star(a, star(b, c))) < 1e-9


@pytest.mark.slow
def test_the_remainder_of_the_series_is_of_the_next_order() -> None:
    a, b = sp.exp(-(x**2) - xi**2), sp.exp(-((x - sp.Rational(1, 3)) ** 2) - (xi + x / 2) ** 2)
    series = {order: (star(a, b, h, order=order), moyal_bracket(a, b, h, order=order)) for order in range(4)}
    errors = []
    for scale in (0.08, 0.04):
        grid = PhaseGrid.box(h=scale, x=(-4.4, 4.4), xi=(-5, 5), size=(40, 40))
        (position,), (momentum,) = grid.mesh("x", "xi")
        values = {f: sp.lambdify((x, xi, h), f)(position, momentum, scale) for pair in series.values() for f in pair}
        u, v = (Symbol(sp.lambdify((x, xi), f)(position, momentum), grid) for f in (a, b))
        exact = star(u, v).values, moyal_bracket(u, v).values
        errors.append(
            [[np.abs(e - values[f]).max() for e, f in zip(exact, pair, strict=True)] for pair in series.values()]
        )
    slopes = np.log2(np.array(errors[0]) / errors[1])
    assert slopes[:, 0] == pytest.approx([1, 2, 3, 4], abs=0.05)
    assert slopes[:, 1] == pytest.approx([2, 2, 4, 4], abs=0.05)  # a bracket has even powers alone


# --- formulas and arrays ---

GAUSSIAN = sp.exp(-(x**2 + xi**2 + x * xi / 2 - x / 3) / h)


def on_grid(f: sp.Expr, x_shift: float = 0.0, xi_shift: float = 0.0) -> Symbol:
    values = sp.lambdify((x, xi), f.subs(h, sp.Rational(1, 10)))(X + x_shift, XI + xi_shift)
    return Symbol(np.broadcast_to(values, GRID.shape), GRID)


@pytest.mark.parametrize(
    "formula",
    slow_but(
        ("1", "x", "xi", "x*xi", "(x + I*xi)**2", "x1*xi1/3"),
        [
            "1",
            "x",
            "xi",
            "x*xi",
            "(x + I*xi)**2",
            "x1*xi1/3",
            "xi**2/2 + x**4 - x",
            "(x**2 + xi**2)**2/4",
            "x**2*xi**3",
        ],
    ),
)
def test_formula_times_array_is_what_the_formulas_give(formula: str) -> None:
    """Symbolic against numeric: the first knows the derivatives of the Gaussian in closed form."""
    w, f = on_grid(GAUSSIAN), formula.replace("1*", "*").replace("xi1", "xi")
    for pair, factors in [((f, GAUSSIAN), (formula, w)), ((GAUSSIAN, f), (w, formula))]:
        exact = on_grid(star(*pair, h))
        assert largest(star(*factors) - exact) < 1e-11 * max(largest(exact), 1)
        exact = on_grid(moyal_bracket(*pair, h))
        found = moyal_bracket(*factors)
        assert largest(found - exact) < 1e-10 * max(largest(exact), 1)
        assert found.values.dtype == (complex if "I" in formula else float)


def test_any_symbols_of_these_names_will_do_on_arrays() -> None:
    p, w = sp.Symbol("x") ** 2 * sp.Symbol("xi"), on_grid(GAUSSIAN)
    assert np.array_equal(star(p, w).values, star("x**2*xi", w).values)
    assert moyal_bracket(p, w).values.dtype == float


def test_waves_translate() -> None:
    """e^{ic xi} * w = e^{ic xi} w(x + ch/2, xi),  e^{icx} * w = e^{icx} w(x, xi - ch/2); on the right the other way."""
    w, c = on_grid(GAUSSIAN), 1.5
    for sign in (1, -1):
        there, back = (on_grid(GAUSSIAN, x_shift=sign * d * c * H / 2).values for d in (1, -1))
        expected = (np.exp(1j * c * XI) * there + np.exp(-1j * c * XI) * back) / 2
        factors = ("cos(3*xi/2)", w) if sign == 1 else (w, "cos(3*xi/2)")
        assert np.abs(star(*factors).values - expected).max() < 1e-10
        there, back = (on_grid(GAUSSIAN, xi_shift=-sign * d * c * H / 2).values for d in (1, -1))
        expected = (np.exp(1j * c * X) * there - np.exp(-1j * c * X) * back) / 2j
        factors = ("sin(3*x/2)", w) if sign == 1 else (w, "sin(3*x/2)")
        assert np.abs(star(*factors).values - expected).max() < 1e-10


@pytest.mark.parametrize("formula", ["xi**2*(2 + cos(x))/4 + x**2/2", "x**2*exp(-xi**2) - tanh(x)*xi + xi/(1 + x**2)"])
def test_one_product_after_the_other_in_any_order(formula: str) -> None:
    v, w = coherent(0.3, -0.2).symbol(GRID), on_grid(GAUSSIAN)
    left = star(formula, star(v, w))
    assert largest(left - star(star(formula, v), w)) < 1e-9
    middle = star(v, star(formula, w))
    assert largest(middle - star(star(v, formula), w)) < 1e-9
    assert largest(left - middle) > 0.01


def test_coherent_states_are_eigenstates_of_the_annihilator() -> None:
    w, alpha = coherent(0.4, -0.3).symbol(GRID), (0.4 - 0.3j) / np.sqrt(2)
    assert largest(star("(x + I*xi)/sqrt(2)", w) - alpha * w) < 1e-11
    assert largest(star(w, "(x - I*xi)/sqrt(2)") - alpha.conjugate() * w) < 1e-11


def tensor(first: Symbol, second: Symbol) -> Symbol:
    """The product of functions of (x1, xi1) and of (x2, xi2)."""
    return Symbol(np.einsum("ac,bd->abcd", first.values, second.values), GRID2)


def test_two_degrees_of_freedom() -> None:
    """Against n = 1: arrays and formulas that are products."""
    side = PhaseGrid(GRID2.x[:1], GRID2.xi[:1], GRID2.h)
    a, b = (coherent(*z).symbol(side) for z in [(0.3, 0.1), (-0.2, 0.0)])
    c, d = Symbol(b.values * (1 + 1j * side.mesh("x", "xi")[0][0]), side), a
    left, right = (tensor(*pair) for pair in ((a, b), (c, d)))
    ours = tensor(star(a, c), star(b, d))
    assert largest(star(left, right) - ours) < 1e-12
    for formula, parts in [("x1**2*xi2", ("x**2", "xi")), ("xi1**2*sin(x2)*x1", ("x*xi**2", "sin(x)"))]:
        ours = tensor(star(parts[0], a), star(parts[1], b))
        assert largest(star(formula, left) - ours) < 1e-12 * largest(ours)
        ours = tensor(star(a, parts[0]), star(b, parts[1]))
        assert largest(star(left, formula) - ours) < 1e-12 * largest(ours)
    assert largest(star("x2", left) - star("x2 + 0*x1", left)) == 0


# --- bad input ---

NIL = Symbol(np.zeros(GRID.shape), GRID)
CENTRED = PhaseGrid.box(h=1, x=(-1, 1), xi=(-1, 1), size=GRID.shape)
"""x = 0 is among its points."""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("exp(x)", "sin(xi)", h), "`order` must be given, as the highest power of h to keep, but is None. The series"),
        (("x", "xi", h, -1), "`order` must be a whole number from 0 to 100"),
        (("x", "xi", h, 1.0), "`order` must be a whole number from 0 to 100"),
        (("x", "xi", 0), "`h` must be a real number, not 0, or a symbol other than x and xi, but is 0"),
        (("x", "xi", sp.I), "`h` must be a real number"),
        (("x", "xi", h * x), "`h` must be a real number"),
        (("x", "xi", x), "`h` must be a real number"),
        (("x", "xi", GRID), "`h` must be a number or a symbol of SymPy, but is PhaseGrid"),
        (("x", "x1", h), "`a and b` must use either x, xi or x1, xi1, x2, ... throughout, but is x, x1"),
        (("x", "y", h), "`b` must use known names only, but is y"),
        (("x", [1, 2], h), "`b` must be text or a SymPy expression"),
        (("x", True, h), "`b` must be text or a SymPy expression"),
        (("x", sp.oo, h), "`b` must be finite"),
        (("x", "xi"), "`h` must be given for two formulas, but is missing. It is a number, or a symbol of SymPy."),
        (("x", X, H), "`b` must be a formula or a Symbol, but is an array of shape (80, 1). Symbol("),
        ((X, NIL), "`a` must be a formula or a Symbol, but is an array of shape (80, 1). Symbol("),
        ((NIL, X), "`b` must be a formula or a Symbol, but is an array of shape (80, 1). Symbol("),
        (("x", NIL, H), "`h` must be left out where a factor is a Symbol, but is 0.1. A Symbol knows its h."),
        (("x", NIL, None, 2), "`order` must be left out where a factor is a Symbol, but is 2. The product is exact."),
        (("t*x", NIL), "`a` must use the names x, xi only, but is t"),
        (("c*x", NIL), "`a` must use known names only, but is c"),
        ((sp.Symbol("c") * x, NIL), "`a` must use the names x, xi only, but is c"),
        ((NIL, "x2"), "`b` must use known names only, but is x2. Known: x1, xi1, t, I, pi."),
        ((Symbol(np.zeros(GRID2.shape), GRID2), "x"), "`b` must use known names only, but is x. Known: x1, x2, xi1"),
        ((sp.gamma(x), NIL), "`a` must be a formula of the known functions"),
        (("exp(x**2)**64", NIL), "`a` must have values on the grid that double precision holds"),
        (("1/x", Symbol(np.ones(GRID.shape), CENTRED)), "`a` must have values on the grid that double precision holds"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_what_cannot_be_multiplied(arguments: tuple[Any, ...], message: str) -> None:
    for function in (star, moyal_bracket):
        with pytest.raises(InputError) as caught:
            function(*arguments)
        assert str(caught.value).startswith(f"Argument {message}")
        assert str(caught.value).isprintable()


def test_products_too_large_for_their_squares_are_refused() -> None:
    """Values of a Symbol are at most 1e100, so that its norm is a number."""
    w = coherent(0, 0).symbol(GRID)
    for product in (lambda: star(1e99 * w, 1e99 * w), lambda: moyal_bracket(1e60 * w, 1e60 * w)):
        refused(product, "Argument `b` must lead to values of at most 1e+100 in size")
    refused(lambda: star("exp(80*x)", w), "Argument `a` must have values on the grid that double precision holds")


def test_kernels_that_do_not_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("openweyl.phase_space.kernels.BYTES_PER_KERNEL_ENTRY", 1e12)
    with pytest.raises(ResourceError, match=r"^The kernels need \d+ x \d+ entries, about .* GiB: take a smaller"):
        star(NIL, NIL)


# --- documents ---


def test_the_example_of_the_conventions() -> None:
    page = (Path(__file__).parent.parent / "docs" / "conventions.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```pycon\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    for code in blocks:
        example = doctest.DocTestParser().get_doctest(code, {}, "conventions.md", None, None)
        assert len(example.examples) >= 3
        assert doctest.DocTestRunner().run(example).failed == 0
