"""Sums over an index in formulas, each(...) for jumps, systems of 100 degrees of freedom, and the problems made so."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
import sympy as sp
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from openweyl import (
    InputError,
    Observable,
    ResourceError,
    System,
    certify,
    check_assumptions,
    coherent,
    compare,
    evolve,
)
from openweyl.cli import application
from openweyl.problems.problem import Problem
from openweyl.symbolic.brackets import hamiltonian_field, poisson_bracket
from openweyl.symbolic.derivatives import derivative
from openweyl.symbolic.expressions import MAX_MODES, variables, variables_of
from openweyl.symbolic.forms import FUNCTIONS
from openweyl.symbolic.indexed_sums import MAX_SUM_TERMS
from openweyl.symbolic.parsing import parse, parse_each

X, XI = variables(5)
NAMES: dict[str, Any] = {v.name: v for v in X + XI}
CHAIN = "sum(j, 1, {n}, xi[j]**2 + (x[j]**2 - 1/2)**2) + sum(j, 1, {n} - 1, (x[j] - x[j+1])**2)/10"
MANY = ("bose-hubbard-chain", "kerr-parametric-network", "optomechanical-array", "well-chain")


def chain(n: int, h: float = 2**-6) -> System:
    return System(CHAIN.format(n=n), [f"each(j, 1, {n}, x[j])", f"each(j, 1, {n}, xi[j])"], h=h, gamma=1.0)


# --- what is written is what is read ---


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("x[2]", "x2"), ("xi[1 + 2*2 - 1]", "xi4"), ("x[-(-3)]", "x3"), ("x[+4/2]", "x2"), ("x[3.0]", "x3"),
        ("sum(j, 1, 3, x[j])", "x1 + x2 + x3"),
        ("sum(j, 2, 2, x[j]**2)", "x2**2"),
        ("sum(j, 1, 4, (x[j] - x[j+1])**2/10)",
         "((x1 - x2)**2 + (x2 - x3)**2 + (x3 - x4)**2 + (x4 - x5)**2)/10"),
        ("sum(j, 1, 2, j*xi[2*j] + x[2*j-1]/j)", "xi2 + x1 + 2*xi4 + x3/2"),
        ("sum(i, 1, 2, sum(j, i + 1, 3, i*j*x[i]*x[j]))", "2*x1*x2 + 3*x1*x3 + 6*x2*x3"),
        ("sum(i, 1, 3, sum(j, i + 1, 3, x[i]*x[j]))", "x1*x2 + x1*x3 + x2*x3"),  # no j above the last i
        ("sum(j, 1, 1 - 1, x[j])", "0"),  # n - 1 links of a chain of n = 1
        ("sum(j, 1, 2, x[j]) + sum(j, 1, 2, xi[j])", "x1 + x2 + xi1 + xi2"),  # an index may be used again
        ("2*sum(j, 1, 2, x[j]**2)**2 - cos(sum(j, 1, 2, xi[j]))", "2*(x1**2 + x2**2)**2 - cos(xi1 + xi2)"),
        ("sum(j, 1, 5, cos(2*pi*j/5)*0*x[j]) + x1", "x1"),
        ("x1 - x2 - (x3 - x4) + x5 - 2*x1", "-x1 - x2 - x3 + x4 + x5"),
    ],
)  # fmt: skip
def test_sums_are_what_they_stand_for(text: str, plain: str) -> None:
    assert parse(text, NAMES) == parse(plain, NAMES)


def test_jumps_for_each() -> None:
    assert parse_each("each(j, 2, 4, j*x[j])", NAMES) == (2 * X[1], 3 * X[2], 4 * X[3])
    assert parse_each("each(i, 1, 2, each(j, i + 1, 3, x[i] - x[j]))", NAMES) == (X[0] - X[1], X[0] - X[2], X[1] - X[2])
    assert parse_each("x2 + xi2", NAMES) == (X[1] + XI[1],)
    assert parse_each("each(j, 1, 1 - 1, x[j])", NAMES) == ()
    system = System("sum(j, 1, 3, x[j]**2)", ["x2*x3", "each(j, 1, 3, x[j] + I*xi[j])"], h=0.1, gamma=1)
    assert len(system.jumps) == 4 and system.jumps[3] == system.x[2] + sp.I * system.xi[2]


def test_one_degree_of_freedom_may_be_written_with_indices() -> None:
    assert System("sum(j, 1, 1, xi[j]**2 + x[j]**4)", ["x[1]"], h=0.1, gamma=1) == System(
        "xi**2 + x**4", ["x"], h=0.1, gamma=1
    )


def test_the_largest_index_is_n() -> None:
    assert len(variables_of({"p": "x[1]*xi[2*3]"})[0]) == 6
    assert len(variables_of({"p": "sum(j, 1, 3, x[j+1])", "q": "x2"})[0]) == 4
    assert len(variables_of({"p": "each(j, 1, 7, x[j])"})[0]) == 7
    assert len(variables_of({"p": "x99 + x100"})[0]) == 100
    assert variables_of({"p": "sum(x3, 1, 2, x[1])", "q": "x2"})[0] == variables(2)[0]  # refused when it is read


def test_brackets_of_sums() -> None:
    xi = variables(2)[1]
    assert poisson_bracket("x[1]", "sum(j, 1, 2, xi[j]**2/2)") == xi[0]
    assert hamiltonian_field("sum(j, 1, 2, xi[j]**2/2 - j*x[j])") == (xi[0], xi[1], 1, 2)


# --- refusals, in one line each ---


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("x[k]", "use known indices only, but is k. Known: n."),
        ("sum(j, 1, m, x[j])", "use known indices only, but is m."),
        ("sum(j, 1, 2, x[j]) + x[j]", "use known indices only, but is j."),
        ("sum(j, 1, 2, x[j]) + j", "use known names only, but is j."),
        ("sum(j, 1, 2, x[k])", "but is k. Known: j, n."),
        ("sum(j, 2, 1, x[j])", "sum upwards, over at least one term, but is sum(j, 2, 1, ...). It runs from 2 to 1."),
        ("sum(j, 1, 3 - 4, x[j])", "sum upwards"),
        ("sum(j, 1, 5/2, x[j])", "sum from and to whole numbers, but is 5 / 2 = 5/2"),
        ("sum(j, 0.5, 2, x[j])", "sum from and to whole numbers"),
        ("sum(j, 1, 2, x[j/2])", "have whole indices, but is j / 2 = 1/2"),
        ("sum(j, 1, 2, x[j-1])", "have indices from 1 to 5, but is x[0]"),
        ("x[6]", "have indices from 1 to 5, but is x[6]"),
        ("xi[-1]", "have indices from 1 to 5, but is xi[-1]"),
        ("sum(j, 1, 10**9, x[1])", "whole numbers, indices and + - * /"),
        ("sum(j, 1, 10000000, x[1])", f"sums of at most {MAX_SUM_TERMS} terms in all, but is sum(j, 1, 10000000, ...)"),
        ("sum(i, 1, 100, sum(j, 1, 100, x[1]*i*j))", f"have sums of at most {MAX_SUM_TERMS} terms in all"),
        (f"sum(i, 1, 5000, {'+'.join(['x[1]'] * 30)})", "parts when its sums are written out"),
        ("sum(j, 1, 9*999999999, x[1])", "have bounds and indices below 1e+09"),
        ("sum(j, 1, 2)", "be written sum(j, 1, 10, ...)"),
        ("sum(j, 1, 2, x[j], x[j])", "be written sum(j, 1, 10, ...)"),
        ("sum(x1 + x2)", "be written sum(j, 1, 10, ...)"),
        ("sum(x1, 1, 2, x[1])", "call the index of a sum by a name that means nothing else, such as j, but is x1."),
        ("sum(x, 1, 2, x[1])", "but is x."), ("sum(xi, 1, 2, x[1])", "but is xi."), ("sum(t, 1, 2, x[1])", "but is t."),
        ("sum(pi, 1, 2, x[1])", "but is pi."), ("sum(sin, 1, 2, x[1])", "but is sin."), ("sum(2, 1, 2, x[1])", "is 2."),
        ("sum(x7, 1, 2, x[1])", "but is x7."), ("sum(sum, 1, 2, x[1])", "but is sum."),
        ("sum(j, 1, 2, sum(j, 1, 2, x[j]))", "but is j."), ("sum(n, 1, n, x[1])", "but is n."),
        ("sum(j, 1, x1, x[j])", "use known indices only, but is x1."),
        ("sum(j, 1, 2**2, x[j])", "whole numbers, indices and + - * /"),
        ("sum(j, 1, 1/0, x[j])", "not divide by zero"),
        ("x[1, 2]", "whole numbers, indices and + - * /"), ("x[x1]", "use known indices only"),
        ("x[True]", "whole numbers, indices and + - * /"), ("x[1][2]", "have indices at x and xi only"),
        ("x1[2]", "have indices at x and xi only, but is x1[2]"), ("sin[1]", "have indices at x and xi only"),
        ("x1 + each(j, 1, 2, x[j])", "have each(...) as a whole jump only"),
        ("sum", "use known names only"), ("x[]", "be a formula with balanced brackets"), ("x[1", "balanced brackets"),
    ],
    ids=lambda value: repr(value)[:40],
)  # fmt: skip
def test_each_mistake_has_its_line(text: str, what: str) -> None:
    started = time.process_time()
    message = str(_refusal(parse, text, NAMES, "p", counts={"n": 3}))
    assert what in message and re.fullmatch(r"Argument `p` must .+, but is .+\.", message) and len(message) < 300
    assert time.process_time() - started < 0.5


def _refusal(call: Callable[..., Any], *args: Any, **options: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        call(*args, **options)
    assert str(caught.value).isprintable()
    return caught.value


@pytest.mark.parametrize(
    ("hamiltonian", "jumps", "what"),
    [
        ("x + sum(j, 1, 2, x[j])", [], "use either x, xi or x1, xi1, x2, ... throughout"),
        ("x[1]**2", ["x"], "use either x, xi or x1, xi1, x2, ... throughout"),
        ("sum(j, 1, 101, x[j])", [], f"`hamiltonian` must have indices from 1 to {MAX_MODES}, but is 101"),
        ("x101", [], f"`hamiltonian` must have indices from 1 to {MAX_MODES}, but is 101"),
        ("x[1]**2", ["each(j, 1, 2, 3*j)"], "`jumps` must depend on x or xi, but is 3."),
        ("each(j, 1, 2, x[j])", [], "have each(...) as a whole jump only"),
        ("x[1]**2", ["each(j, 1, 2, x[j] + t)"], "`jumps` must depend on the time by a factor"),
        ("sum(j, 1, 3, 1/x[j])", [], "`hamiltonian` must be smooth"),
        ("sum(j, 1, 30, x[j]) + q", [], "Known: x1, x2, x3, x4, x5, x6, x7, x8, x9, ..., t, pi."),
    ],
)
def test_systems_that_are_refused(hamiltonian: str, jumps: list[str], what: str) -> None:
    assert what in str(_refusal(System, hamiltonian, jumps, h=0.1, gamma=1))


# --- a hundred degrees of freedom ---


def test_a_chain_of_100_wells_is_read_printed_and_differentiated_within_a_second() -> None:
    started = time.process_time()
    system = chain(100)
    text = str(system)
    slopes = [derivative(system.hamiltonian, v) for v in system.x + system.xi]
    assert time.process_time() - started < 1
    assert system.n == 100 and system.jumps == system.x + system.xi and "x100" in text
    assert len(system.hamiltonian.args) == 299  # nothing is multiplied out
    x, xi = system.x, system.xi
    assert slopes[100:] == [2 * v for v in xi]
    assert sp.expand(slopes[50] - 4 * x[50] * (x[50] ** 2 - sp.Rational(1, 2)) + (x[49] - 2 * x[50] + x[51]) / 5) == 0


def test_derivatives_of_sums_are_those_of_sympy() -> None:
    p = chain(4).hamiltonian + sp.cos(X[0] * X[1]) * sp.Symbol("t", real=True) + 3
    for v in (*X[:4], *XI[:4], sp.Symbol("t", real=True), X[4]):
        assert derivative(p, v) == p.diff(v)


def test_what_smoothness_may_skip_is_smooth() -> None:
    """Polynomial terms beside others: the culprit is still found, and named."""
    assert "1/x1" in str(_refusal(System, "sum(j, 1, 50, x[j]**4) + 1/x1", [], h=0.1, gamma=1))
    assert "must be a real function" in str(_refusal(System, "sum(j, 1, 3, x[j]**4) + log(-2)*x1", [], h=0.1, gamma=1))
    assert "have constant real exponents" in str(_refusal(System, "sum(j, 1, 3, x[j]**x[j])", [], h=0.1, gamma=1))


def test_states_of_100_degrees_of_freedom() -> None:
    started = time.process_time()
    state = coherent([1.0] * 100, [0.0] * 100)
    assert time.process_time() - started < 0.5
    assert state.n == 100
    assert str(state) == "coherent state at (1, 1, 1, 1, 1, 1, ..., 0, 0)"


@pytest.mark.parametrize("n", [5, 50, 100])
@pytest.mark.parametrize("call", [compare, certify, evolve, check_assumptions], ids=lambda call: call.__name__)
def test_what_no_grid_holds_is_refused_at_once_and_says_what_does(call: Callable[..., Any], n: int) -> None:
    system, state = chain(n), coherent([1.0] * n, [0.0] * n)
    started = time.process_time()
    message = str(_refusal(call, system, state, [0.1]))
    assert time.process_time() - started < 0.1
    assert message == (
        f"Argument `system` must have at most 4 degrees of freedom, for a grid, but is one of {n}. "
        "Or use `sample`, which needs no grid."
    )


@pytest.mark.parametrize("p", ["xi1**2 + xi2**2 + xi3**2 + x1**4 + x2**4 + x3**4", "xi1**2 + x2**2 + xi3**2"])
def test_what_a_grid_might_hold_is_refused_by_its_size_and_says_so(p: str) -> None:
    system = System(p, ["x1"], h=2**-6, gamma=1.0)
    with pytest.raises(ResourceError, match="or use `sample`, which needs no grid"):
        evolve(system, coherent([0] * 3, [0] * 3), [0.1], memory=1e6)


PIECES = [
    "sum(", "each(", "sum(j,1,3,", "sum(i,1,j,", "each(j,1,2,", "x[", "xi[", "x[j]", "xi[i]", "x1", "x", "]", ")", "))",
    "(", "+", "-", "*", "/", "**2", ",", "j", "i", "1", "3", "1.5", "10**9", "99", "sin(", "1/", " ",
]  # fmt: skip


@settings(max_examples=150)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_any_text_is_a_system_or_refused(text: str) -> None:
    started = time.process_time()
    for hamiltonian, jumps in ((text, []), ("x[1]", [text])):
        try:
            assert System(hamiltonian, jumps, h=0.1, gamma=1).n <= MAX_MODES
        except InputError as error:
            message = str(error)
        else:
            message = "Argument `hamiltonian` must be read, but is."
        assert re.fullmatch(r"Argument `(hamiltonian|jumps)` must .+, but .+\.", message)
    assert time.process_time() - started < 1


def test_observables_of_many_modes() -> None:
    observable = Observable.parse("sum(j, 1, 20, tanh(x[j])/20)", 20)
    assert observable.norm == pytest.approx(1.0, rel=1e-12)
    assert "have indices from 1 to 3, but is x[4]" in str(_refusal(Observable.parse, "tanh(x[4])", 3))


# --- problems ---


@pytest.mark.parametrize("name", MANY)
def test_built_in_problems_of_any_size(name: str) -> None:
    assert Problem.load(name).system.n == 10
    for n in (2, 4, 30):
        problem = Problem.load(name, n=n)
        assert problem.system.n == problem.state.n == n and problem.parameters["n"] == n
        formulas, jumps = problem.formulas()
        values = {sp.Symbol(key, real=True): sp.Rational(str(value)) for key, value in problem.parameters.items()}
        assert sp.expand(formulas.xreplace(values) - problem.system.hamiltonian) == 0
        assert len(jumps) == len(problem.system.jumps)


def test_the_chain_of_wells() -> None:
    problem = Problem.load("well-chain", n=7)
    assert problem.system == chain(7) and problem.state == coherent([1.0] * 7, [0.0] * 7)
    assert Problem.load("well-chain", n=1).system == Problem.load("double-well").system.replace(h=2**-6)
    assert Problem.load("well-chain", n=3) == Problem.load("well-chain").replace(parameters={"n": 3})


def _quanta(k: int, m: int) -> np.ndarray:
    """The annihilator of mode k of m, of up to three quanta each."""
    a = np.diag(np.sqrt(np.arange(1.0, 4.0)), 1)
    matrices = [a if j == k else np.eye(4) for j in range(m)]
    total = matrices[0]
    for matrix in matrices[1:]:
        total = np.kron(total, matrix)
    return total


@pytest.mark.parametrize("name", MANY[:3])
def test_the_symbols_are_those_of_the_operators_in_their_files(name: str) -> None:
    """On coherent states tr(H A) has a closed form, |alpha|^2 for a+ a and so on: the symbol's mean is that, too.

    The Weyl symbol of a+ a is |alpha|^2 - 1/2, of a+ a+ a a it is |alpha|^4 - 2 |alpha|^2 + 1/2.
    """
    problem = Problem.load(name, n=2)
    system, values, h = problem.system, dict(problem.parameters), 0.25
    z = [0.3, -0.7, 0.4, 0.9]
    alpha, beta = (complex(z[j], z[2 + j]) / np.sqrt(2 * h) for j in range(2))
    number = [abs(a) ** 2 for a in (alpha, beta)]
    pair = [m**2 - 2 * m + 0.5 for m in number]  # the symbols of a+ a+ a a
    hop = 2 * (alpha.conjugate() * beta).real
    t = 0.6
    if name == "bose-hubbard-chain":
        kerr, drive = values["kerr"] * h, values["drive"] / np.sqrt(2 * h)
        local = sum(kerr / 2 * pair[j] - (values["Delta"] - kerr) * number[j] for j in range(2))
        expected = local - values["J"] * hop + drive * 2 * alpha.real
    elif name == "optomechanical-array":
        g0, drive = values["pressure"] * np.sqrt(h / 2), values["drive"] / np.sqrt(2 * h)
        expected = -(values["Delta"] + g0 * 2 * beta.real) * number[0] + values["Omega"] * number[1]
        expected += drive * 2 * alpha.real
    else:
        kerr, pump = values["kerr"] * h, values["pump"] * np.tanh(t)
        local = sum(kerr / 2 * pair[j] + (values["Delta"] + kerr) * number[j] for j in range(2))
        local -= sum(pump / 2 * 2 * (a**2).real for a in (alpha, beta))
        expected = local + 2 * values["coupling"] / 4 * hop
    at = dict(zip(system.x + system.xi, z, strict=True)) | {sp.Symbol("t", real=True): t}
    constant = kerr / 2 if name != "optomechanical-array" else 0.0  # two modes with K/2 times 1/2 each
    assert float(system.hamiltonian.subs(at)) / h == pytest.approx(expected - constant, rel=1e-12)


FILE = """\
[system]
hamiltonian = "sum(j, 1, n, xi[j]**2 + c*x[j]**2)"
jumps = ["each(j, 1, n, x[j])", "xi[n]"]
h = 0.1
gamma = 1.0
[state]
kind = "squeezed"
x = 1.0
xi = "c/2"
r = 0.1
[run]
times = [0.0, 1.0]
tol = 1e-3
[parameters]
n = 3
c = 0.5
"""


def test_a_file_with_a_length(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(FILE, encoding="utf-8")
    problem = Problem.load(path)
    system = problem.system
    assert system.n == 3 and system.jumps == (*system.x, system.xi[2])
    assert Problem.load(path, n=12).system.n == 12
    n, c = (sp.Symbol(name, real=True) for name in "nc")
    assert problem.formulas()[0] == sum(v**2 + c * u**2 for u, v in zip(system.x, system.xi, strict=True))
    assert n not in problem.formulas()[0].free_symbols
    path.write_text(FILE.replace("n = 3", "j = 3").replace("n, ", "j, ").replace("[n]", "[j]"), encoding="utf-8")
    assert "call the index of a sum by a name that means nothing else" in str(_refusal(Problem.load, path))
    path.write_text(FILE.replace("n = 3", "n = 2.5"), encoding="utf-8")
    assert "sum from and to whole numbers, but is 2.5 = 5/2" in str(_refusal(Problem.load, path))
    path.write_text(FILE.replace("n = 3", "n = 0"), encoding="utf-8")
    assert "sum upwards, over at least one term" in str(_refusal(Problem.load, path))
    path.write_text(FILE.replace("x = 1.0", "x = [1.0, 2.0]"), encoding="utf-8")
    assert "`xi` must have as many numbers as x (2), but is 3" in str(_refusal(Problem.load, path))


@pytest.mark.parametrize("n", [0, 101, 2.0, "3", True])
def test_lengths_are_whole_numbers(n: Any) -> None:
    assert f"`n` must be a whole number from 1 to {MAX_MODES}" in str(_refusal(Problem.load, "well-chain", n=n))


def test_only_problems_with_a_length_have_one() -> None:
    message = str(_refusal(Problem.load, "harmonic", n=2))
    assert message.startswith("Argument `n` must be given for a problem with a parameter n only, but is harmonic.")


# --- the command line ---


def run(*args: str) -> Any:
    return CliRunner().invoke(application, list(args))


def test_the_list_says_what_is_for_samples() -> None:
    lines = {line.split()[0]: line for line in run("problems").output.splitlines()}
    assert {name for name, line in lines.items() if line.endswith("(n = 10, for `sample`)")} == set(MANY)


def test_the_text_of_a_problem_can_be_printed() -> None:
    printed = run("problems", "well-chain").output
    assert "sum(j, 1, n, xi[j]**2 + (x[j]**2 - 1/2)**2)" in printed and len(printed.splitlines()) < 40
    assert Problem.parse(printed, "well-chain", "the printed text").system == Problem.load("well-chain").system


def test_the_option_n() -> None:
    done = run("compare", "well-chain", "--n", "1", "--times", "0", "--json")
    assert done.exit_code == 0 and '"hamiltonian": "xi**2 + (x**2 - 1/2)**2"' in done.output
    for command in ("compare", "certify", "check"):
        assert "Or use `sample`" in str(run(command, "well-chain", "--json").exception)
    assert "whole number from 1 to 100" in str(run("compare", "well-chain", "--n", "101").exception)


# --- the page on problem files ---


def test_what_the_page_shows_works() -> None:
    page = (Path(__file__).parent.parent / "docs" / "problems.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```toml\n(.*?)^```$", page, re.M | re.S)
    whole = [Problem.parse(text, "shown", "the page") for text in blocks if "[system]" in text and "[state]" in text]
    one, operators, many = whole  # the other block, of the kinds of states, is parsed in test_quanta
    assert one.system == Problem.load("double-well").system and one.state == coherent(1, 0)
    kerr = "ad**2*a**2 + (a**2 + ad**2)/2"
    assert operators.system == System.from_operators(kerr, ["sqrt(1/10)*a"], h=1)
    assert (many.system, many.state) == (Problem.load("well-chain").system, Problem.load("well-chain").state)
    names: dict[str, Any] = {}
    for code in re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S):
        exec(compile(code, "problems.md", "exec"), names)  # noqa: S102 - our own page
    assert [round(t, 4) for t in names["square"].breakpoints(2)] == [0.6283, 1.2566, 1.885]
    assert (names["chain"], names["state"]) == (names["problem"].system, names["problem"].state)
    assert all(f"`{name}`" in page for name in MANY)
    assert f"{MAX_MODES} degrees" in page and f"{MAX_SUM_TERMS} terms" in page
    assert ", ".join(list(FUNCTIONS)[:5]) in " ".join(page.split())


def test_a_sum_that_goes_one_too_far() -> None:
    """Else a mode without a jump would come in unseen."""
    text = """
    [system]
    hamiltonian = "sum(j, 1, n, xi[j]**2 + x[j]*x[j+1])"
    jumps = ["each(j, 1, n, x[j])"]
    h = 0.1
    gamma = 1.0
    [state]
    kind = "coherent"
    x = 1.0
    xi = 0.0
    [run]
    times = [0.1]
    [parameters]
    n = 8
    """
    with pytest.raises(InputError, match=r"`parameters.n` must be the number .* but is 8, where .*x9"):
        Problem.parse(dedent(text), "chain", "chain.toml")
