"""Systems written as operators: the Weyl symbols found against Fock matrices, star products, closed forms and QuTiP."""

from __future__ import annotations

from functools import reduce
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from common import refused
from fock_weyl import quantized
from openweyl import InputError, Problem, System, coherent, compare, evolve, star, sweep
from openweyl.symbolic.expressions import TIME, variables
from openweyl.symbolic.operators import operators

LEVELS, PADDING = 6, 12
"""The block of matrices that is compared, and more levels, from which no product of ten factors reaches into it."""
WEIGHTS = {"1/3": 1 / 3, "2": 2, "I": 1j, "sqrt(2)": 2**0.5, "(1 - 2*I)": 1 - 2j}

(x,), (xi,) = variables(1)
r2 = x**2 + xi**2

Term = tuple[str, list[str]]
"""A weight, and the factors in their order."""


def written(terms: list[Term]) -> str:
    return " + ".join("*".join([weight, *factors]) for weight, factors in terms)


def adjoint(terms: list[Term]) -> str:
    other = {"a": "ad", "ad": "a", "I": "(-I)", "(1 - 2*I)": "(1 + 2*I)"}
    products = [[weight, *reversed(factors)] for weight, factors in terms]
    return " + ".join("*".join(other.get(name, name) for name in names) for names in products)


def matrix(terms: list[Term], h: float) -> np.ndarray:
    """The operator by products of matrices, in the order written."""
    a = np.diag(np.sqrt(np.arange(1.0, LEVELS + PADDING)), 1)
    values = {"a": a, "ad": a.T, "x": np.sqrt(h / 2) * (a + a.T), "xi": -1j * np.sqrt(h / 2) * (a - a.T)}
    eye = np.eye(len(a), dtype=complex)
    total = sum(WEIGHTS[weight] * reduce(np.matmul, [values[f] for f in factors], eye) for weight, factors in terms)
    return np.asarray(total)[:LEVELS, :LEVELS]


def op(symbol: sp.Expr, h: float) -> np.ndarray:
    """The matrix of Op(symbol), by quadrature."""
    values = sp.lambdify((x, xi), symbol, "numpy")
    return quantized(lambda u, v: values(u, v) + 0 * u, h, LEVELS)


def symbol_of(text: str, h: float = 1.0) -> sp.Expr:
    """The symbol of any operator: that of a jump."""
    return operators("0", [text]).symbols(h)[1][0]


def terms(*names: str, length: int) -> st.SearchStrategy[list[Term]]:
    factors = st.lists(st.sampled_from(names), min_size=1, max_size=length)
    return st.lists(st.tuples(st.sampled_from(list(WEIGHTS)), factors), min_size=1, max_size=3)


@pytest.mark.parametrize(
    ("operator", "symbol"),
    [
        ("ad**2*a**2", r2**2 / 4 - r2 + sp.Rational(1, 2)),  # |a|^4 - 2 |a|^2 + 1/2
        ("ad*a", r2 / 2 - sp.Rational(1, 2)),
        ("a*ad", r2 / 2 + sp.Rational(1, 2)),
        ("(ad*a)**2", r2**2 / 4 - r2 / 2),
        ("a*ad - ad*a", 1),
        ("x*xi - xi*x", sp.I),
        ("(x*xi + xi*x)/2", x * xi),
        ("xi**2/2 + x**4/4 - 2*x", xi**2 / 2 + x**4 / 4 - 2 * x),
        ("(a + ad)**4", 4 * x**4),
        ("-a/2 + (+ad)", -(x + sp.I * xi) / sp.sqrt(8) + (x - sp.I * xi) / sp.sqrt(2)),
        ("a - a + 3", 3),
        ("pi*sqrt(3)*a", sp.pi * sp.sqrt(3) * (x + sp.I * xi) / sp.sqrt(2)),
        ("a1*ad[1]", r2 / 2 + sp.Rational(1, 2)),
        ("0*a", 0),
    ],
)
def test_symbols_at_h_1(operator: str, symbol: sp.Expr) -> None:
    assert sp.expand(symbol_of(operator) - symbol) == 0


def test_the_symbol_is_exact_at_any_h() -> None:
    """|alpha|^2 is r^2/(2h)."""
    found = symbol_of("ad**2*a**2", 0.1)
    assert sp.expand(found - (25 * r2**2 - 10 * r2 + sp.Rational(1, 2))) == 0
    assert sp.expand(symbol_of("h*(ad*a + 1/2)", 0.3) - r2 / 2) == 0


@settings(max_examples=40, deadline=None)
@given(terms("a", "ad", "x", "xi", length=5), st.sampled_from([1.0, 0.25, 0.3]))
def test_symbols_are_those_of_the_matrices(polynomial: list[Term], h: float) -> None:
    expected = matrix(polynomial, h)
    found = op(symbol_of(written(polynomial), h), h)
    assert np.abs(found - expected).max() < 1e-8 * max(1, np.abs(expected).max())


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(terms("a", "ad", "x", "xi", length=4), terms("a", "ad", "x", "xi", length=3))
def test_products_are_star_products(f: list[Term], g: list[Term]) -> None:
    product = symbol_of(f"({written(f)})*({written(g)})", 0.5)
    assert sp.expand(product - star(symbol_of(written(f), 0.5), symbol_of(written(g), 0.5), sp.Rational(1, 2))) == 0


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(terms("a1", "ad1", "x2", "ad2", length=3), terms("a2", "xi1", "ad2", length=3))
def test_two_modes(f: list[Term], g: list[Term]) -> None:
    """The other implementation of the star product, on x1, xi1, x2, xi2."""
    whole = f"(x1*x2*({written(f)}))*({written(g)})"
    left, right = (operators("x1*x2", [text]).symbols(0.3)[1][0] for text in (f"x1*x2*({written(f)})", written(g)))
    product = operators("x1*x2", [whole]).symbols(0.3)[1][0]
    assert sp.expand(product - star(left, right, sp.Rational(3, 10))) == 0


def test_modes_commute() -> None:
    assert operators("a1*a2 - a2*a1 + x1*xi2 - xi2*x1", []).symbols(1.0)[0] == 0


@settings(max_examples=40, deadline=None)
@given(terms("a", "ad", "x", "xi", length=4))
def test_hermitian_or_refused(polynomial: list[Term]) -> None:
    """A + A* is taken, with a real symbol; A alone where its matrix is Hermitian."""
    text, expected = written(polynomial), matrix(polynomial, 1.0)
    p = System.from_operators(f"{text} + {adjoint(polynomial)}", h=1).hamiltonian
    assert not p.has(sp.I)
    assert np.abs(op(p, 1.0) - expected - expected.conj().T).max() < 1e-8 * max(1, np.abs(expected).max())
    if np.abs(expected - expected.conj().T).max() < 1e-12:
        assert np.allclose(op(System.from_operators(text, h=1).hamiltonian, 1.0), expected)
    else:
        refused(lambda: System.from_operators(text, h=1), "Argument `hamiltonian` must be Hermitian, but is ")


def test_a_drive_may_turn() -> None:
    drive = System.from_operators("exp(-3*I*t)*a + exp(3*I*t)*ad + exp(-(t - 50)**2)*(a + ad)", h=1)
    exact = sp.sqrt(2) * (x * sp.cos(3 * TIME) + xi * sp.sin(3 * TIME) + x * sp.exp(-((TIME - 50) ** 2)))
    assert all(abs(complex((drive.hamiltonian - exact).subs({x: 0.3, xi: 2, TIME: t}))) < 1e-12 for t in (0.2, 49.5))
    assert "exp(-(t - 50)**2)" in str(drive)  # multiplied out, it would overflow
    refused(lambda: System.from_operators("exp(-3*I*t)*a + exp(3*I*t)*a", h=1), "Argument `hamiltonian` must be Herm")
    refused(lambda: System.from_operators("cos(t)*a + cos(2*t)*ad", h=1), "Argument `hamiltonian` must be Hermitian")


def test_sums_and_each() -> None:
    chain = System.from_operators(
        "sum(j, 1, n, ad[j]*a[j]) - J*sum(j, 1, n - 1, ad[j]*a[j+1] + ad[j+1]*a[j])",
        ["each(j, 1, n, sqrt(j)*a[j])"],
        h=1,
        parameters={"n": 3, "J": 0.5},
    )
    assert chain.n == 3 and len(chain.jumps) == 3
    expected = System(
        "sum(j, 1, 3, x[j]**2 + xi[j]**2 - 1)/2 - sum(j, 1, 2, x[j]*x[j+1] + xi[j]*xi[j+1])/2",
        ["each(j, 1, 3, sqrt(j)*(x[j] + I*xi[j])/sqrt(2))"],
        h=1,
        gamma=1,
    )
    assert sp.expand(chain.hamiltonian - expected.hamiltonian) == 0
    assert all(sp.expand(a - b) == 0 for a, b in zip(chain.jumps, expected.jumps, strict=True))


def test_gamma_is_1_with_jumps_and_0_without() -> None:
    assert System.from_operators("ad*a", ["a"], h=1).gamma == 1
    assert System.from_operators("ad*a", h=1).gamma == 0
    assert System.from_operators("ad*a", ["a"], h=1, gamma=0.3).gamma == 0.3


def test_operators_stay_what_they_are_at_another_h() -> None:
    system = System.from_operators("K*ad**2*a**2", ["a"], h=1, parameters={"K": 2})
    fine = system.replace(h=0.25)
    assert fine == System.from_operators("2*ad**2*a**2", ["a"], h=0.25)
    assert fine.replace(h=1) == system and fine.replace(gamma=0.5).replace(h=1) == system.replace(gamma=0.5)
    assert system.reversed().replace(h=0.25) == fine.reversed()
    formula = system.replace(jumps=["x"])  # now symbols, which do not know h
    assert formula.replace(h=0.25).hamiltonian == system.hamiltonian


def test_kerr_oscillator_as_in_qutip() -> None:
    """The same text, the same state at the end: H, collapse operators, no factor of h."""
    qutip = pytest.importorskip("qutip")
    levels, alpha, K, kappa, t = 14, 0.8, 0.5, 0.3, 0.6
    system = System.from_operators(
        "K*ad**2*a**2 + (a + ad)/5", ["sqrt(kappa)*a", "ad*a/2"], h=1, parameters={"K": K, "kappa": kappa}
    )
    found = evolve(system, coherent(2**0.5 * alpha, 0), [t], tol=1e-4)
    a = qutip.destroy(30)
    ad = a.dag()
    rho = qutip.coherent_dm(30, alpha, method="analytic")
    options = {"atol": 1e-11, "rtol": 1e-10}
    jumps = [kappa**0.5 * a, ad * a / 2]
    end = qutip.mesolve(K * ad**2 * a**2 + (a + ad) / 5, rho, [0, t], jumps, options=options).states[-1]
    difference = found.final.fock(levels).matrix - end.full()[:levels, :levels]
    assert np.abs(np.linalg.eigvalsh(difference)).sum() < 1e-4


TEXT = """
[system]
hamiltonian_operator = "K*ad**2*a**2 + eps*(a + ad)"
jump_operators = ["sqrt(kappa)*a"]
h = 1
[state]
kind = "coherent"
x = 0.5
xi = 0
[run]
times = [0, 0.1]
tol = 1e-4
[parameters]
K = 0.5
eps = 0.2
kappa = 0.3
"""


def parsed(text: str) -> Problem:
    return Problem.parse(text, "kerr", "kerr.toml")


def test_files() -> None:
    problem = parsed(TEXT)
    kerr = "0.5*ad**2*a**2 + 0.2*(a + ad)"
    assert problem.system == System.from_operators(kerr, ["sqrt(0.3)*a"], h=1)
    changed = problem.replace(h=0.5, parameters={"K": 2.0})
    assert changed.system == System.from_operators("2*ad**2*a**2 + 0.2*(a + ad)", ["sqrt(0.3)*a"], h=0.5)
    assert problem.replace(h=0.5).system == System.from_operators(kerr, ["sqrt(0.3)*a"], h=0.5)
    assert problem.formulas() == (problem.system.hamiltonian, problem.system.jumps)
    closed = parsed(TEXT.replace('jump_operators = ["sqrt(kappa)*a"]', "").replace("kappa = 0.3", ""))
    assert closed.system.jumps == () and closed.system.gamma == 0


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("jump_operators", "jumps", "`system.jumps` must be left out where operators are given"),
        ("hamiltonian_operator", "hamiltonian", "`system.hamiltonian` must be left out where operators are given"),
        ("kappa = 0.3", "kappa = 0.3\na1 = 2", "must be names that are no operators, but is a1"),
        ("eps*(a + ad)", "eps*a", "must be Hermitian"),
    ],
)
def test_files_that_are_refused(old: str, new: str, what: str) -> None:
    with pytest.raises(InputError, match=r"kerr\.toml") as caught:
        parsed(TEXT.replace(old, new))
    assert what in str(caught.value)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("cos(x)", "be a polynomial in a, ad, x and xi, but is cos(x)"),
        ("sqrt(ad*a)", "be a polynomial in a, ad, x and xi, but is sqrt(ad*a)"),
        ("1/a", "be a polynomial in a, ad, x and xi, but is a**(-1)"),
        ("2**a", "have constant real exponents, but is a"),
        ("adag*a", "use known names only, but is adag. Operators are written System.from_operators("),
        ("a.dag()*a", "write adjoints out, but is a.dag(). The adjoint of the operator a is ad."),
        ("p**2", "use known names only, but is p. The conjugate variable is called xi: write x, xi."),
        ("K*ad*a", "use known names only, but is K"),
        ("a + ad1*a1", "use either a, ad, x, xi or a1, ad1, x1, xi1, a2, ... throughout"),
        ("ad101*a101", "have indices from 1 to 100, but is 101"),
        ("(a1 + ad1 + a2 + ad2 + a3 + ad3)**40", "have at most 1000 terms when multiplied out"),
        ("(a*ad)**64*(a*ad)**64", "have "),
        ("I*(a + ad)", "be Hermitian, but is I*(a + ad). Its anti-Hermitian part has the symbol I*(sqrt(2)*x)"),
        ("x*xi", "be Hermitian, but is x*xi. Its anti-Hermitian part has the symbol I*(1/2)"),
    ],
)
def test_operators_that_are_refused(text: str, what: str) -> None:
    refused(lambda: System.from_operators(text, h=1), f"Argument `hamiltonian` must {what}")


def test_arguments_that_are_refused() -> None:
    refused(lambda: System.from_operators(x, h=1), "Argument `hamiltonian` must be text, but is x. Write it")  # type: ignore[arg-type]
    refused(lambda: System.from_operators("ad*a", "a", h=1), "Argument `jumps` must be a list of operators, but is a.")
    refused(
        lambda: System.from_operators("ad*a", ["a + t*ad"], h=1), "Argument `jumps` must depend on the time by a factor"
    )
    refused(lambda: System.from_operators("ad*a", ["2"], h=1), "Argument `jumps` must depend on x or xi, but is 2.")
    for name in ("a", "ad2", "t", "sin", "2K"):
        refused(
            lambda name=name: System.from_operators("ad*a", h=1, parameters={name: 1}),
            "Argument `parameters` must have names that mean nothing else",
        )
    refused(
        lambda: System.from_operators("K*ad*a", h=1, parameters={"K": "1"}),  # type: ignore[dict-item]
        "Argument `parameters.K` must be a finite number",
    )
    refused(
        lambda: System.from_operators("ad*a", ["sqrt(kappa)*a"], h=1, parameters={"kappa": -0.1}),
        "Argument `jumps` must have square roots of numbers >= 0 only, but is sqrt(kappa). Rates are not negative",
    )


@pytest.mark.parametrize(
    ("formula", "advice"),
    [
        ("ad*a", "System.from_operators("), ("adag*a", "System.from_operators("), ("ad[1]*a[1]", "not use ad here"),
        ("p**2/2 + x**2", "The conjugate variable is called xi"), ("p1**2", "The conjugate variable is called xi"),
        ("q**2", "Positions are called x"), ("hbar*x", "hbar is the argument h"),
    ],
)  # fmt: skip
def test_formulas_that_are_operators(formula: str, advice: str) -> None:
    with pytest.raises(InputError) as caught:
        System(formula, [], h=1, gamma=0)
    assert advice in str(caught.value)


def test_an_object_of_qutip_is_no_formula() -> None:
    qutip = pytest.importorskip("qutip")
    with pytest.raises(InputError) as caught:
        System(qutip.num(5), [], h=1, gamma=0)
    assert "System.from_operators(" in str(caught.value)
    refused(lambda: System.from_operators(qutip.num(5), h=1), "Argument `hamiltonian` must be text")


def test_a_sweep_over_h_keeps_the_operators(tmp_path: Path) -> None:
    """The symbol is found again at each h: not that of the first h."""
    system, start = System.from_operators("ad**2*a**2/4", h=1), coherent(0.5, 0)
    rows = sweep(system, start, [0.2], out=tmp_path / "store", h=[1, 0.5], tol=1e-4)
    assert 'hamiltonian_operator = "ad**2*a**2/4"' in rows.attrs["problem"]
    fine = compare(System.from_operators("ad**2*a**2/4", h=0.5), start, [0.2], tol=1e-4)
    assert float(rows["trace_norm"].sel(h=0.5).squeeze()) == pytest.approx(fine.trace_norm[0], rel=1e-6)


@pytest.mark.parametrize(
    ("pair", "text"),
    [
        (("a", 0.1), "sqrt(0.1)*a"),
        (("a + ad", "kappa"), "sqrt(kappa)*(a + ad)"),
        (("I*a**2", "kappa*exp(-t)"), "I*sqrt(kappa)*exp(-t/2)*a**2"),
        (("a", np.float64(0.25)), "a/2"),
    ],
)
def test_a_jump_with_a_rate_is_that_times_the_root_of_the_rate(pair, text):
    given, written = (System.from_operators("ad*a", [j], h=0.5, parameters={"kappa": 0.2}) for j in (pair, text))
    assert sp.simplify(given.jumps[0] - written.jumps[0]) == 0 and given.gamma == written.gamma == 1
    there = given.replace(h=0.1)  # the operators stay, their symbols change
    assert sp.simplify(there.jumps[0] - written.replace(h=0.1).jumps[0]) == 0


def test_rates_that_are_refused():
    assert (
        System.from_operators("ad*a", [("a", 0), "ad"], h=1).jumps == System.from_operators("ad*a", ["ad"], h=1).jumps
    )
    for pair, text in {
        ("a", -1): "Argument `rate` must be >= 0, but is -1.",
        ("a", "-1"): "Argument `jumps` must have square roots of numbers >= 0 only",
        ("a", 1j): "Argument `rate` must be a finite number >= 0",
        ("a", "1)*(2"): "Argument `rate` must be a formula with balanced brackets",
        ("a)*(a", "1"): "Argument `jumps` must be a formula with balanced brackets",
        ("each(j, 1, 2, a[j])", 0.1): "Argument `jumps` must have the rates of each(...) inside",
        ("a", 0.1, 2): "Argument `jumps` must be text",
    }.items():
        refused(lambda pair=pair: System.from_operators("ad*a", [pair], h=1), text)
