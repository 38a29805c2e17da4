"""Problem files: the catalogue, what a file may say, and one line for each thing that is wrong."""

from __future__ import annotations

import dataclasses
import re
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from openweyl import InputError, System, cat, coherent, evolve, mixture, squeezed
from openweyl.problems.problem import Problem
from openweyl.problems.texts import MAX_PROBLEM_BYTES, problems

NAMES = (
    "bose-hubbard-chain", "caldeira-leggett", "damped-oscillator", "double-well", "double-well-closed",
    "driven-duffing", "duffing", "harmonic", "henon-heiles", "inverted", "kerr", "kerr-damped",
    "kerr-parametric-network", "optomechanical-array", "pendulum", "saddle", "well-chain",
)  # fmt: skip
GOOD = """\
description = "an oscillator"
[system]
hamiltonian = "xi**2/2 + x**2/2"
jumps = ["x", "xi"]
h = "2**-4"
gamma = 1.0
[state]
kind = "coherent"
x = 1.0
xi = 0.0
[run]
times = [0.0, "1/2", 1]
tol = 1e-6
"""
STATE = 'kind = "coherent"\nx = 1.0\nxi = 0.0\n'


def load(folder: Path, text: str | bytes) -> Problem:
    path = folder / "mine.toml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return Problem.load(str(path))


def edited(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def refused(folder: Path, text: str | bytes) -> str:
    """The message of the InputError that loading raises: one line, not long, which names the file."""
    with pytest.raises(InputError) as caught:
        load(folder, text)
    message = str(caught.value)
    assert message.isprintable() and message.endswith("."), message
    assert len(message) < 500
    assert "mine.toml" in message or str(folder)[:60] in message
    return message


# --- the catalogue ---


def test_the_catalogue() -> None:
    assert problems() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_each_built_in_problem_loads(name: str) -> None:
    problem = Problem.load(name)
    assert problem.name == name
    assert problem.description and problem.description.isprintable()
    assert problem.state.n == problem.system.n
    assert problem.times[0] == 0.0 and len(problem.times) > 1


def test_the_double_well_is_that_of_figure_1() -> None:
    problem = Problem.load("double-well")
    assert problem.system == System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=2**-4, gamma=1)
    assert problem.state == coherent(1, 0)
    assert problem.times == (0.0, 0.5, 1.0, 1.5, 2.0)
    assert problem.tol == 1e-6
    closed = Problem.load("double-well-closed")
    assert closed.system == problem.system.replace(gamma=0)
    assert (closed.state, closed.times) == (problem.state, problem.times)


@pytest.mark.parametrize(
    ("name", "hamiltonian"),
    [
        ("pendulum", "xi**2/2 - cos(x)"),
        ("harmonic", "xi**2/2 + x**2/2"),
        ("inverted", "xi**2/2 - x**2/2"),
        ("duffing", "xi**2/2 + x**4/4 - x**2/2"),
        ("henon-heiles", "(xi1**2 + xi2**2)/2 + (x1**2 + x2**2)/2 + x1**2*x2 - x2**3/3"),
    ],
)
def test_the_hamiltonians_of_the_catalogue(name: str, hamiltonian: str) -> None:
    system = Problem.load(name).system
    expected = System(hamiltonian, system.jumps, h=system.h, gamma=system.gamma)
    assert sp.expand(system.hamiltonian - expected.hamiltonian) == 0
    assert system.jumps == system.x + system.xi


# --- files ---


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    problem = load(tmp_path, GOOD)
    assert problem == Problem(
        name="mine",
        system=System("xi**2/2 + x**2/2", ["x", "xi"], h=0.0625, gamma=1),
        state=coherent(1, 0),
        times=(0.0, 0.5, 1.0),
        tol=1e-6,
        description="an oscillator",
    )
    assert problem == Problem.load(tmp_path / "mine.toml")  # type: ignore[comparison-overlap]
    with pytest.raises(dataclasses.FrozenInstanceError):
        problem.tol = 1.0  # type: ignore[misc]


def test_the_description_may_be_left_out(tmp_path: Path) -> None:
    assert load(tmp_path, edited('description = "an oscillator"\n', "")).description == ""


@pytest.mark.parametrize("text", [GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD], ids=["crlf", "byte order mark"])
def test_files_of_other_editors(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text) == load(tmp_path, GOOD)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ('kind = "coherent"\nx = "1/2"\nxi = [0.5]\n', coherent(0.5, 0.5)),
        ('kind = "squeezed"\nx = 1\nxi = 0\nr = 0.5\nangle = "1/4"\n', squeezed(1, 0, r=0.5, angle=0.25)),
        ('kind = "squeezed"\nx = 1\nxi = 0\nr = 0.5\n', squeezed(1, 0, r=0.5)),
        (
            'kind = "cat"\ncomponents = [{x = 1, xi = 0}, {x = -1, xi = 0, amplitude = 2}]\n',
            cat([(1, 0), (-1, 0)], [1.0, 2.0]),
        ),
        (
            """kind = "mixture"
members = [{weight = 1, kind = "coherent", x = 1, xi = 0}, {weight = 3, kind = "squeezed", x = 0, xi = 0, r = 1}]
""",
            mixture([(1, coherent(1, 0)), (3, squeezed(0, 0, r=1.0))]),
        ),
    ],
    ids=["coherent", "squeezed", "squeezed without angle", "cat", "mixture"],
)
def test_states(tmp_path: Path, text: str, state: Any) -> None:
    assert load(tmp_path, edited(STATE, text)).state == state


def test_what_may_be_left_out(tmp_path: Path) -> None:
    text = edited("tol = 1e-6\n", "").replace('jumps = ["x", "xi"]\n', "")
    problem = load(tmp_path, text.replace("gamma = 1.0\n", ""))
    assert problem.tol == 1e-6 == signature(evolve).parameters["tol"].default
    assert problem.system.jumps == () and problem.system.gamma == 0
    assert problem.system == System("xi^2/2 + x^2/2", h=2**-4)
    assert load(tmp_path, edited("gamma = 1.0\n", "").replace('["x", "xi"]', "[]")).system.gamma == 0
    assert load(tmp_path, text).system.gamma == 1


def test_jumps_may_have_rates(tmp_path: Path) -> None:
    text = edited('["x", "xi"]', '[{symbol = "x", rate = "kappa/2"}, "xi"]') + "[parameters]\nkappa = 0.5\n"
    problem = load(tmp_path, text)
    assert problem.system.jumps == System("x", ["x/2", "xi"], h=1, gamma=1).jumps
    assert problem.replace(parameters={"kappa": 8}).system.jumps == System("x", ["2*x", "xi"], h=1, gamma=1).jumps
    assert [str(jump) for jump in problem.formulas()[1]] == ["sqrt(2)*sqrt(kappa)*x/2", "xi"]
    assert "`rate` must be >= 0" in refused(tmp_path, text.replace("kappa = 0.5", "kappa = -0.5"))
    assert "`system.jumps.rate` must be given" in refused(tmp_path, edited('["x", "xi"]', '[{symbol = "x"}]'))
    strange = edited('["x", "xi"]', '[{symbol = "x", rate = 1, gamma = 2}]')
    assert "Unknown key `gamma` in [system.jumps]" in refused(tmp_path, strange)


def test_times_may_be_a_range(tmp_path: Path) -> None:
    assert load(tmp_path, edited('[0.0, "1/2", 1]', '"0:1:3, 2^2"')).times == (0, 0.5, 1, 4)
    assert "`run.times` must have lower < upper" in refused(tmp_path, edited('[0.0, "1/2", 1]', '"1:0:3"'))


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (GOOD, "", "`system` must be given, but is missing"),
        ("[run]", "[runs]", "`run` must be given, but is missing. Perhaps `runs` is meant."),
        (
            "jumps =",
            "jumpz =",
            "Unknown key `jumpz` in [system]: remove it, or correct its spelling. Perhaps `jumps` is meant.",
        ),
        ('"coherent"\nx', '"coherent"\nX', "`state.x` must be given, but is missing. Given are X, xi."),
        (STATE, 'kind = "thermal"\nn = 1\n', "`state.nbar` must be given, but is missing. Given are n."),
        (GOOD, "# nothing", "`system` must be given"),
        ("[system]", "[sistem]", "`system` must be given"),
        ("[run]", "[[run]]", "`run` must be a table"),
        ("tol = 1e-6", "tol = 1e-6\n[extra]\na = 1", "Unknown key `extra`"),
        ("gamma = 1.0", "gamma = 1.0\nsigma = 2", "Unknown key `sigma` in [system]"),
        ("gamma = 1.0", 'gamma = 1.0\n"a\\nb" = 2', "Unknown key `a b` in [system]"),
        ("gamma = 1.0", 'gamma = 1.0\n"' + "q" * 5000 + '" = 2', "Unknown key `qqq"),
        ("tol = 1e-6", "tol = 1e-6\nsteps = 5", "Unknown key `steps` in [run]"),
        ("xi = 0.0", "xi = 0.0\nr = 1", "Unknown key `r` in [state]"),
        ("gamma = 1.0\n", "", "`system.gamma` must be given"),
        ('h = "2**-4"', "h = true", "`system.h` must be a finite number, but is True"),
        ('h = "2**-4"', "h = [1]", "`system.h` must be a finite number"),
        ('h = "2**-4"', "h = nan", "`system.h` must be a finite number"),
        ('h = "2**-4"', "h = 1979-05-27", "`system.h` must be a finite number"),
        ('h = "2**-4"', 'h = "x"', "`system.h` must use known names only"),
        ('h = "2**-4"', "h = " + "9" * 5000, "must be a TOML file"),  # more digits than Python reads
        ('h = "2**-4"', "h = 0", "`h` must be > 0"),
        ("gamma = 1.0", "gamma = -1", "`gamma` must be >= 0"),
        ('"xi**2/2 + x**2/2"', "3", "`system.hamiltonian` must be text in quotes"),
        ('"xi**2/2 + x**2/2"', '"x + I*xi"', "`hamiltonian` must use known names only, but is I"),
        ('"xi**2/2 + x**2/2"', '"x\\u0000"', "`hamiltonian` must hold letters, digits"),
        ('["x", "xi"]', '"x"', "`system.jumps` must be a list"),
        ('["x", "xi"]', "[1]", "`system.jumps` must be text in quotes"),
        ('["x", "xi"]', '["x + t*xi"]', "`jumps` must depend on the time by a factor"),
        (
            '"coherent"',
            '"warm"',
            "thermal, gaussian, cat, fock, binomial, gkp, displaced, superposition, mixture or product, but",
        ),
        ('"coherent"', "1", "`state.kind` must be text in quotes"),
        ("x = 1.0\n", "", "`state.x` must be given"),
        ("x = 1.0\n", "x = []\n", "`x` must hold at least one number"),
        ("x = 1.0\n", "x = [1, 2]\n", "`xi` must have as many numbers as x"),
        ("x = 1.0\nxi = 0.0", "x = [1, 2]\nxi = [1, 2]", "`state` must have n = 1 degrees of freedom"),
        ("x = 1.0\n", "x = [[1]]\n", "`state.x` must be a finite number"),
        ("x = 1.0\n", "x" + ".a" * 3000 + " = 1\n", "`state.x` must be a finite number"),
        (STATE, 'kind = "cat"\ncomponents = []\n', "`components` must hold at least one pair"),
        (STATE, 'kind = "cat"\ncomponents = [1]\n', "`state.components` must be a table"),
        (STATE, 'kind = "cat"\ncomponents = [{x = 1, xi = 0, y = 1}]\n', "Unknown key `y` in [state.components]"),
        (STATE, 'kind = "mixture"\nmembers = [{kind = "coherent", x = 1, xi = 0}]\n', "`state.members.weight` must be"),
        (STATE, 'kind = "mixture"\nmembers = ' + "[{members = " * 500 + "1" + "}]" * 500, "must be a TOML file"),
        ('[0.0, "1/2", 1]', "1", "`run.times` must be a list"),
        ('[0.0, "1/2", 1]', "[]", "`times` must hold at least one time"),
        ('[0.0, "1/2", 1]', "[1, 0]", "`times` must increase"),
        ('[0.0, "1/2", 1]', '["a"]', "`run.times` must use known names only"),
        ('[0.0, "1/2", 1]', "[true]", "`run.times` must be a finite number"),
        ("tol = 1e-6", "tol = 0", "`tol` must be > 0"),
        ("tol = 1e-6", "tol = 1", "`tol` must be <= 0.1"),
        ('"an oscillator"', "3", "`description` must be text in quotes"),
        ("[run]", "[run", "must be a TOML file"),
        ("[run]", "[system]", "must be a TOML file"),
    ],
    ids=lambda value: repr(value)[:25],
)
def test_each_mistake_in_a_file_has_its_line(tmp_path: Path, old: str, new: str, what: str) -> None:
    assert what in refused(tmp_path, edited(old, new))


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (bytes(range(256)) * 8, "must be a text file in UTF-8"),
        (GOOD.encode("utf-16"), "must be a text file in UTF-8"),
        (b"\x00" * 10, "must be a TOML file"),
        (b"#" * (MAX_PROBLEM_BYTES + 1), f"must be a file of at most {MAX_PROBLEM_BYTES} bytes"),
    ],
    ids=["binary", "utf-16", "zeros", "large"],
)
def test_what_is_no_problem_file(tmp_path: Path, content: bytes, what: str) -> None:
    assert what in refused(tmp_path, content)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: (GOOD + text).encode("utf-8", "replace")))
@example(b"")
def test_any_file_is_read_or_refused(tmp_path: Path, content: bytes) -> None:
    try:
        problem = load(tmp_path, content)
    except InputError as error:
        message = str(error)
    else:
        message = problem.name
    assert message.isprintable() and message


@pytest.mark.parametrize(
    "name", ["nope", "", "a\x00", "a\x00.toml", "gone.toml", "q" * 5000, "q" * 5000 + ".toml", "../harmonic"]
)
def test_names_that_are_not_there(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        InputError, match=r"`problem` must be a (built-in name or a TOML|file that can be read)"
    ) as caught:
        Problem.load(name)
    message = str(caught.value)
    assert message.isprintable() and len(message) < 400  # the names of all problems are in it


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match=re.escape(f"Built in: {', '.join(NAMES)}.")):
        Problem.load("double_well")


@pytest.mark.parametrize("value", [None, 3, b"harmonic", ["harmonic"]])
def test_what_is_no_name(value: Any) -> None:
    with pytest.raises(InputError, match="`problem` must be a name or a path"):
        Problem.load(value)


def test_folders_and_devices_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    endless = tmp_path / "endless.toml"
    endless.symlink_to("/dev/zero")
    for path in (tmp_path, tmp_path / "folder.toml", endless):
        with pytest.raises(InputError, match="must be a built-in name or a TOML file"):
            Problem.load(str(path))


def test_a_file_without_the_suffix_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "oscillator").write_text(GOOD, encoding="utf-8")
    assert Problem.load(str(tmp_path / "oscillator")).name == "oscillator"


def test_expressions_are_data(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    refused(tmp_path, edited('"xi**2/2 + x**2/2"', f"\"__import__('pathlib').Path('{mark}').touch()\""))
    refused(tmp_path, edited('"2**-4"', f"\"open('{mark}', 'w')\""))
    assert not mark.exists()


# --- overrides ---


def test_numbers_can_be_replaced() -> None:
    problem = Problem.load("double-well")
    changed = problem.replace(h=0.5, gamma=0, times=[1, 2], tol=1e-3)
    assert changed.system == problem.system.replace(h=0.5, gamma=0.0)
    assert (changed.times, changed.tol) == ((1.0, 2.0), 1e-3)
    assert (changed.name, changed.state, changed.description) == (problem.name, problem.state, problem.description)
    assert problem.replace() == problem
    assert problem.replace(gamma=0.0).system.gamma == 0.0


@pytest.mark.parametrize(
    ("name", "value"),
    [("h", 0), ("gamma", -1), ("times", []), ("times", [1, 1]), ("times", "1"), ("tol", 0), ("tol", "x")],
)
def test_replaced_numbers_are_checked(name: str, value: Any) -> None:
    with pytest.raises(InputError, match=f"Argument `{name}` must "):
        Problem.load("harmonic").replace(**{name: value})


# --- parameters ---

NAMED = GOOD.replace("x**2/2", "depth*(x**2/2 - c*x)").replace("x = 1.0", 'x = "2*c"') + (
    '[parameters]\ndepth = "1/2"\nc = 0.1\n'
)


def test_parameters_are_put_into_the_formulas_as_exact_numbers(tmp_path: Path) -> None:
    problem = load(tmp_path, NAMED)
    assert problem.parameters == {"depth": 0.5, "c": 0.1}
    assert problem.system == System("xi**2/2 + (x**2/2 - x/10)/2", ["x", "xi"], h=0.0625, gamma=1)
    assert problem.state == coherent(0.2, 0) and problem.text == NAMED


def test_parameters_can_be_replaced(tmp_path: Path) -> None:
    problem = load(tmp_path, NAMED).replace(h=0.5, tol=1e-3)
    changed = problem.replace(parameters={"c": -3.0}, gamma=2)
    assert changed.system == System("xi**2/2 + (x**2/2 + 3*x)/2", ["x", "xi"], h=0.5, gamma=2)
    assert changed.state == coherent(-6, 0) and changed.tol == 1e-3
    assert changed.parameters == {"depth": 0.5, "c": -3.0}
    assert changed.replace(parameters={"c": 0.1}, gamma=1) == problem


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ("a = 1", "`parameters.a` must be used in the formulas of [system] or [state], or in observables, but is not"),
        ("x = 1", "`parameters` must be a name of at most 20 letters and digits that means nothing else, but is x."),
        ("xi2 = 1", "but is xi2."), ("t = 1", "but is t."), ("I = 1", "but is I."), ("pi = 3", "but is pi."),
        ("sin = 1", "but is sin."), ("h = 1", "but is h."), ("gamma = 1", "but is gamma."), ("tol = 1", "but is tol."),
        ('"" = 1', "but is empty."), ('"a b" = 1', "but is a b."), ('"a|x" = 1', "but is a|x."), ("_a = 1", "is _a."),
        (f"{'a' * 21} = 1", "at most 20 letters"), ("a = true", "`parameters.a` must be a finite number"),
        ('a = "b"', "`parameters.a` must use known names only"), ("a = [1]", "`parameters.a` must be a finite number"),
        ("sum = 1", "but is sum."), ("each = 1", "but is each."),
    ],
)  # fmt: skip
def test_each_mistake_in_parameters_has_its_line(tmp_path: Path, table: str, what: str) -> None:
    assert what in refused(tmp_path, f"{GOOD}[parameters]\n{table}\n")


def test_parameters_that_a_problem_lacks(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="`parameters` must be one of depth, c, but is d"):
        load(tmp_path, NAMED).replace(parameters={"d": 1.0})
    with pytest.raises(InputError, match="`parameters` must be in the problem, but is d"):
        Problem.load("harmonic").replace(parameters={"d": 1.0})
    assert "`parameters` must be a table" in refused(tmp_path, "parameters = 3\n" + GOOD)
    assert "use known names only" in refused(tmp_path, NAMED.replace('h = "2**-4"', 'h = "c"'))
