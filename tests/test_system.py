"""The system: what it reads, what it derives, and what it refuses."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import re
import time
from typing import Any

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from openweyl import InputError, System, coherent, compare, evolve
from openweyl.model.decomposition import decomposition
from openweyl.symbolic.expressions import variables

(x,), (xi,) = variables(1)
(x1, x2), (xi1, xi2) = variables(2)
WELL = "xi**2 + (x**2 - 1/2)**2"
GRAMMAR = re.compile(r"Argument `(hamiltonian|jumps|h|gamma)` must .+, but .+\.")


def system(hamiltonian: Any = WELL, jumps: Any = ("x", "xi"), h: Any = 0.0625, gamma: Any = 1.0) -> System:
    return System(hamiltonian, jumps, h=h, gamma=gamma)


def refused(*args: Any, **options: Any) -> str:
    """The message of the InputError that the constructor raises, checked for the grammar."""
    with pytest.raises(InputError) as caught:
        system(*args, **options)
    message = str(caught.value)
    assert message.isprintable() and GRAMMAR.fullmatch(message), message
    assert len(message) < 400
    return message


# --- what it holds ---


def test_the_parts_of_the_double_well() -> None:
    s = system(h=2**-4, gamma=1)
    terms = decomposition(s)
    assert (s.n, s.h, s.gamma) == (1, 0.0625, 1.0)
    assert type(s.h) is type(s.gamma) is float
    assert (s.x, s.xi) == ((x,), (xi,))
    assert s.hamiltonian == xi**2 + (x**2 - sp.Rational(1, 2)) ** 2
    assert (terms.kinetic, terms.potential) == (xi**2, (x**2 - sp.Rational(1, 2)) ** 2)
    assert terms.kinetic_quadratic == (((2.0,),), (0.0,))
    assert (s.jumps, terms.position_jumps, terms.momentum_jumps) == ((x, xi), (x,), (xi,))
    assert (terms.linear_jumps, terms.momentum_jumps_linear) == ((), ((1.0,),))


def test_two_degrees_of_freedom() -> None:
    s = system("xi1**2/2 + xi1*xi2 - 3*xi2 + cos(x1)*x2", ["sin(x1)", "x2", "xi1 - 2*xi2 + 5", "x1 + 2*xi2 - 1"])
    terms = decomposition(s)
    assert (s.n, s.x, s.xi) == (2, (x1, x2), (xi1, xi2))
    assert terms.kinetic_quadratic == (((1.0, 1.0), (1.0, 0.0)), (0.0, -3.0))
    assert terms.potential == sp.cos(x1) * x2
    assert terms.position_jumps == (sp.sin(x1), x2)
    assert terms.momentum_jumps_linear == ((1.0, -2.0),)
    assert terms.linear_jumps == (((1.0, 0.0), (0.0, 2.0)),)


def test_what_is_not_quadratic_or_linear_in_xi() -> None:
    terms = decomposition(system("cos(xi)", ["xi", "tanh(xi)"]))
    assert terms.kinetic_quadratic is None
    assert terms.momentum_jumps_linear is None
    assert decomposition(system("x**2")).kinetic_quadratic == (((0.0,),), (0.0,))
    assert decomposition(system("x**2", ["x"])).momentum_jumps_linear == ()


@pytest.mark.parametrize(
    ("hamiltonian", "jumps", "n"),
    [("x", [], 1), ("3", [], 1), ("xi1", [], 1), ("x2", [], 2), ("xi1**2", ["x1", "xi3"], 3), ("cos(x10)", [], 10)],
)
def test_n_is_the_largest_index(hamiltonian: str, jumps: list[str], n: int) -> None:
    assert system(hamiltonian, jumps).n == n


def test_indices_may_be_written_for_one_degree_of_freedom() -> None:
    assert system("xi1**2 + x1**4", ["x1", "xi1"]) == system("xi**2 + x**4")


@pytest.mark.parametrize("assumptions", [{}, {"real": True}, {"positive": True}, {"complex": True}])
def test_symbols_of_sympy_are_known_by_their_names(assumptions: dict[str, bool]) -> None:
    a, b = sp.symbols("x xi", **assumptions)
    s = system(b**2 + (a**2 - sp.Rational(1, 2)) ** 2, [a, b])
    assert s == system() and s.hamiltonian.free_symbols == {x, xi}


def test_assumptions_of_given_symbols_do_not_make_a_symbol_smooth() -> None:
    positive = sp.Symbol("x", positive=True)
    assert "must be smooth" in refused(sp.sqrt(positive) + xi**2)
    assert "must be smooth" in refused(xi**2 + x, [sp.log(positive)])


@settings(max_examples=20)
@given(
    st.lists(st.sampled_from(["x**2", "cos(x)", "1/(1+x**2)", "x**3/3", "2"]), min_size=1),
    st.lists(st.sampled_from(["xi**2", "cos(xi)", "sqrt(1+xi**2)", "-xi"]), min_size=1),
    st.randoms(use_true_random=False),
)
def test_hamiltonians_are_split_exactly(potential: list[str], kinetic: list[str], random: Any) -> None:
    terms = potential + kinetic
    random.shuffle(terms)
    s = system(" + ".join(terms))
    parts = decomposition(s)
    assert parts.kinetic == sum(sp.sympify(t, {"xi": xi}) for t in kinetic)
    assert parts.potential == sum(sp.sympify(t, {"x": x}) for t in potential)
    assert parts.kinetic + parts.potential == s.hamiltonian


# --- a frozen value ---


def test_equal_systems_are_equal_and_hash_alike() -> None:
    assert system() == system(jumps=["x", "xi"], h=1 / 16, gamma=1)
    assert hash(system()) == hash(system(jumps=["x", "xi"]))
    others = [system(h=0.1), system(gamma=0), system(jumps=["x"]), system(jumps=["xi", "x"]), system("xi**2")]
    assert len({system(), *others}) == 6


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("exp(I*x)", "cos(x) + I*sin(x)"),
        ("exp(-I*(x - 2)**2)*xi", "(cos((x - 2)**2) - I*sin((x - 2)**2))*xi"),
        ("exp(-x**2 + I*x*xi)/2", "exp(-x**2)*(cos(x*xi) + I*sin(x*xi))/2"),
        ("exp(I*cos(x))**2 + x", "cos(2*cos(x)) + I*sin(2*cos(x)) + x"),
    ],
)
def test_phases_are_cosines_and_sines(written: str, meant: str) -> None:
    """So they are evolved, as any complex jump."""
    assert system(jumps=[written]) == system(jumps=[meant])


def test_rates_are_factors_of_jumps() -> None:
    """In units of gamma, each(...) and phases included; a jump of rate 0 is none."""
    found = system(jumps=[("x", 0.1), "xi", ("exp(I*x)", 4), ("x*xi", 0)])
    assert found == system(jumps=["sqrt(0.1)*x", "xi", "2*exp(I*x)"])
    pair = System("x1**2 + xi2**2", [("each(j, 1, 2, x[j])", 9)], h=1, gamma=1)
    assert pair == System("x1**2 + xi2**2", ["3*x1", "3*x2"], h=1, gamma=1)


@pytest.mark.parametrize(
    ("jumps", "what"),
    [
        ([("x", -1)], "Argument `rate` must be >= 0, but is -1."),
        ([("x", "fast")], "Argument `rate` must use known names only, but is fast"),
        ([("x", 1, 2)], "Argument `jumps` must be formulas, or pairs of a formula and its rate"),
        (("x", 0.1), "Argument `jumps` must depend on x or xi, but is 0.1"),
    ],
)
def test_rates_that_are_refused(jumps: Any, what: str) -> None:
    with pytest.raises(InputError) as caught:
        system(jumps=jumps)
    assert str(caught.value).startswith(what)


def test_systems_are_frozen_and_can_be_copied_and_pickled() -> None:
    s = system()
    with pytest.raises(dataclasses.FrozenInstanceError):
        s.h = 1.0  # type: ignore[misc]
    assert s == copy.deepcopy(s) == pickle.loads(pickle.dumps(s))  # noqa: S301 - our own bytes


def test_replace_and_reversed() -> None:
    s = system()
    assert s.replace(h=0.5, gamma=2) == system(h=0.5, gamma=2)
    assert s.replace(jumps=["x"]) == system(jumps=["x"])
    assert s.replace(hamiltonian="xi**2") == system("xi**2")
    assert s.reversed() == system("-xi**2 - (x**2 - 1/2)**2")
    assert s.reversed().reversed() == s
    with pytest.raises(InputError, match="`gamma` must be >= 0"):
        s.replace(gamma=-1)
    with pytest.raises(InputError, match=r"`gama` must be one that System.replace takes, .* Did you mean `gamma`\?"):
        s.replace(gama=2)


def test_another_h_costs_no_algebra(monkeypatch: pytest.MonkeyPatch) -> None:
    s = system("(x**2 + xi**2)**2/4", ["x + I*xi"])
    terms = decomposition(s)
    for name in ("symbols_of", "jumps_of", "check_smooth", "real_and_imaginary"):
        monkeypatch.setattr(f"openweyl.model.system.{name}", None)
    other = s.replace(h=0.5, gamma=2)
    assert (other.h, other.gamma, s.h, s.gamma) == (0.5, 2.0, 0.0625, 1.0)
    assert decomposition(other) is terms


def test_systems_print_themselves() -> None:
    assert str(system()) == "p = xi**2 + (x**2 - 1/2)**2, jumps x, xi; h = 0.0625, gamma = 1"
    assert str(system("xi**2", [], gamma=0)) == "p = xi**2, jumps none; h = 0.0625, gamma = 0"
    assert system("xi**2", ["x"])._repr_latex_() == r"$p = \xi^{2},\; \ell_{1} = x,\; h = 0.0625,\; \gamma = 1$"
    assert system("xi**2", [], gamma=0)._repr_latex_() == r"$p = \xi^{2},\; h = 0.0625,\; \gamma = 0$"


# --- what it refuses ---


@pytest.mark.parametrize(
    ("hamiltonian", "what"),
    [
        ("xi**2 + I*x", "This symbol must be real."),
        (xi**2 + sp.I * x, "be a real function"),
        ("xi**2 + 1/x", "be smooth for all real x, but in 1/x"),
        ("xi**2 + sqrt(x**2)", "Abs(x) has a corner"),
        ("xi**2 + p", "use known names only, but is p"),
        (xi**2 + sp.Symbol("p"), "use the names x, xi, t only, but is p"),
        ("xi1**2 + x", "use either x, xi or x1, xi1, x2, ... throughout"),
        (xi1**2 + x, "use either x, xi or x1, xi1, x2, ... throughout"),
        ("x0**2", "use known names only, but is x0"),
        ("xi**2 +", "balanced brackets"),
        ("", "hold an expression"),
        (xi**2 + sp.tan(x), "be a formula of the known functions, but is tan(x)"),
        (xi**2 + sp.Function("V")(x), "be a formula of the known functions, but is V(x)"),
        (sp.oo, "be finite"),
        (float("nan"), "be finite"),
        (x ** (10**9), "have exponents of at most 64"),
        (sp.Matrix([x]), "be text or a SymPy expression"),
        (x > 0, "be text or a SymPy expression"),
        (True, "be text or a SymPy expression"),
        (1j, "be text or a SymPy expression"),
        (None, "be text or a SymPy expression"),
        (lambda x: x, "be text or a SymPy expression"),
    ],
    ids=lambda value: str(value)[:18],
)
def test_hamiltonians_that_are_refused(hamiltonian: Any, what: str) -> None:
    start = time.process_time()
    message = refused(hamiltonian)
    assert message.startswith("Argument `hamiltonian` must ") and what in message
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(
    ("hamiltonian", "jumps", "what"),
    [
        ("(1 + x)**64*(1 + xi)**64", [], "at most 1000 terms when multiplied out"),
        ("xi**2", ["(x + xi + 1)**64"], "at most 1000 terms when multiplied out"),
        ("cos(x*xi - t)", [], "depend on time by factors c(t) where it mixes x and xi, but is cos"),
    ],
)
def test_systems_that_no_method_covers_are_refused_when_they_are_evolved(
    hamiltonian: str, jumps: list[str], what: str
) -> None:
    start = time.process_time()
    s = system(hamiltonian, jumps)
    assert s.n == 1 and str(s).startswith("p = ")  # it is described all the same
    for run in (evolve, compare):
        with pytest.raises(InputError, match=re.escape(what)):
            run(s, coherent(0.0, 0.0), [0.1], tol=1e-3)
    assert time.process_time() - start < 0.5


@pytest.mark.parametrize(
    ("jumps", "what"),
    [
        ("x", "be a list of symbols, but is x."),
        (None, "be a list of symbols"),
        (x, "be a list of symbols"),
        ([None], "be text or a SymPy expression"),
        (["x", "2"], "depend on x or xi, but is 2. A constant jump does nothing."),
        ([3], "depend on x or xi"),
        (["x - x"], "depend on x or xi"),
        (["tanh(x + I)"], "be a + I*b with real a and b"),
        ([sp.I * sp.sqrt(x)], "be smooth"),
        (["t*x + x**2"], "depend on the time by a factor"),
        ([sp.Symbol("t") + x], "depend on the time by a factor"),
        (["1/x"], "be smooth"),
        (["log(xi)"], "be smooth"),
        (["y"], "use known names only"),
    ],
    ids=str,
)
def test_jumps_that_are_refused(jumps: Any, what: str) -> None:
    message = refused(jumps=jumps)
    assert message.startswith("Argument `jumps` must ") and what in message


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), "1", None, True, 1j, 10**400, [1]])
@pytest.mark.parametrize("name", ["h", "gamma"])
def test_h_and_gamma_are_finite_numbers_of_the_right_sign(name: str, value: Any) -> None:
    assert refused(**{name: value}).startswith(f"Argument `{name}` must be ")


def test_gamma_may_be_zero_and_h_may_not() -> None:
    assert system(gamma=0).gamma == 0.0
    assert "`h` must be > 0, but is 0." in refused(h=0)
