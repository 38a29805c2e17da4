"""The command line as a user runs it: one line and status 2 for what is wrong, clean output for what is right."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import openweyl
from common import Done, invoke
from openweyl import InputError, System, certify, coherent, compare, evolve
from openweyl._core import progress
from openweyl.cli import main
from openweyl.evolution.solution import table
from openweyl.files.netcdf import load
from openweyl.problems.texts import problems

GRAMMAR = re.compile(r"openweyl: (.+: )?Argument `[a-z.]+` must .+, but .+\.\n")
COMMAND = [sys.executable, "-m", "openweyl"]
SECONDS = 1.0
"""Of processor time for a refusal; slow machines included."""
GOOD = """\
[system]
hamiltonian = "xi**2/2 + x**2/2"
jumps = ["x", "xi"]
h = "2**-2"
gamma = 1.0
[state]
kind = "coherent"
x = 0.5
xi = 0.0
[run]
times = [0.0, 0.5]
tol = 1e-3
"""
QUICK = ("--h", "2**-2", "--tol", "1e-3")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory for every test."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Done]:
    return partial(invoke, monkeypatch, capsys)


def everything() -> list[str]:
    return sorted(str(path) for path in Path().rglob("*"))


def refused(run: Callable[..., Done], *args: str, grammar: bool = True) -> str:
    """The line that refuses: status 2, nothing on standard output, nothing written, at once."""
    before, start = everything(), time.process_time()
    status, out, err = run(*args)
    seconds = time.process_time() - start
    assert (status, out) == (2, ""), err
    assert err.startswith("openweyl: ") and err.count("\n") == 1 and err[:-1].isprintable(), err
    assert len(err) < 600 and (GRAMMAR.fullmatch(err) or not grammar), err
    assert everything() == before
    assert seconds < SECONDS
    return err


def strict_json(text: str) -> Any:
    def no_constant(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=no_constant)


# --- what is wrong ---

NO_NUMBERS = [
    "", " ", "abc", "nan", "-nan", "inf", "-inf", "1e400", "1j", "I", "True", "None", "1,5", "0x", "1 2", "--", "1/0",
    "sqrt(-1)", "log(0)", "9**9**9**9", "9" * 5000, "x", "__import__('os').system('touch mark')", "'1'", "f'{1}'",
    "(lambda: 1)()", "[1 for x in y]", "1.real", "(1).__class__", "1;2", "1\n2", "\u0661", "e",
]  # fmt: skip


@pytest.mark.parametrize("text", NO_NUMBERS, ids=lambda text: repr(text)[:20])
@pytest.mark.parametrize("name", ["h", "gamma", "times", "tol"])
def test_what_is_no_number(run: Callable[..., Done], name: str, text: str) -> None:
    if (name, text) == ("times", "1,5"):
        text = "1,5,x"
    for more in ((), ("--json",)):
        assert f"Argument `{name}` must " in refused(run, "compare", "harmonic", f"--{name}", text, *more)


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (["--h", "0"], "`h` must be > 0, but is 0"),
        (["--h", "-0.1"], "`h` must be > 0, but is -0.1."),
        (["--h", "2**-4 - 1"], "`h` must be > 0, but is -0.9375."),
        (["--gamma", "-1"], "`gamma` must be >= 0, but is -1.0. gamma = 0 is a closed system."),
        (["--gamma=-1e-9"], "`gamma` must be >= 0, but is -1e-09."),
        (["--tol", "0"], "`tol` must be > 0"),
        (["--tol", "-1e-6"], "`tol` must be > 0"),
        (["--tol", "1e-12"], "`tol` must be >= 1e-11, but is 1e-12. Round-off"),
        (["--tol", "0.5"], "`tol` must be <= 0.1, but is 0.5."),
        (["--times", "1,0"], "`times` must increase, but is [1.0, 0.0]. Sort them and drop repetitions."),
        (["--times", "1,1"], "`times` must increase, but is [1.0, 1.0]."),
        (["--times", "-1,0"], "`times` must be >= 0, but is -1.0."),
        (["--times", ","], "`times` must hold an expression, but is empty."),
        (["--times", "0,1,"], "`times` must hold an expression, but is empty."),
        (["--times", "0,,1"], "`times` must hold an expression, but is empty."),
        (["--times", "0;1"], "`times` must hold letters, digits"),
        (["--times", "0 1"], "`times` must be a formula with balanced brackets, but is 0 1."),
        (["--times", "[0, 1]"], "`times` must be a formula with balanced brackets"),
        (["--times", "0,inf"], "`times` must use known names only, but is inf."),
    ],
    ids=lambda value: " ".join(value)[:30] if isinstance(value, list) else "",
)
def test_numbers_out_of_range(run: Callable[..., Done], args: list[str], what: str) -> None:
    assert what in refused(run, "compare", "double-well", *args)


@pytest.mark.parametrize(
    "formula",
    [
        "1/x", "log(x)", "sqrt(x)", "abs(x)", "tanh(x + I)", "x + 1j", "x**x", "tan(x)", "sqrt(x**2)", "x/(x-x)",
        "cos(x*xi - t)",
        "y", "", "(", ")(", "x**", "x y", "2x", "x^", "x.real", "x.__class__.__mro__", "lambda x: x", "f'{x}'",
        "{x for x in x}", "x if x else x", "__import__('os').system('touch mark')", "exec('x')", "open('mark', 'w')",
        "9**9**9**9", "x**99999999", "(x**64)**64", "(1+x)**9**9", "(" * 5000 + "x", "(" * 30 + "x" + ")" * 30,
        "-" * 10**4 + "x", "+".join(["x"] * 4000), "x" * 10**5, "sin(" * 50 + "x" + ")" * 50, "1" * 10**5 + "*x",
        "exp(exp(exp(exp(exp(x)))))*10**70", "1/(((x**64+x+1)**64-x)**64+x)", "(1+x)**64*(1+xi)**64",
    ],
    ids=lambda text: repr(text)[:20],
)  # fmt: skip
@pytest.mark.parametrize("field", ["hamiltonian", "jumps"])
def test_formulas_that_are_refused(run: Callable[..., Done], field: str, formula: str) -> None:
    quoted = json.dumps(formula)
    if field == "hamiltonian":
        text = re.sub(r'hamiltonian = ".*"', lambda _: f"hamiltonian = {quoted}", GOOD)
    else:
        text = GOOD.replace('["x", "xi"]', f'["x", {quoted}]')
    assert text != GOOD
    Path("mine.toml").write_text(text)
    err = refused(run, "compare", "mine.toml", grammar=len(text) < 20_000)
    assert "mine.toml" in err and (f"Argument `{field}` must " in err or len(text) > 20_000)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\n", b"[system]", bytes(range(256)) * 20, b"\x00" * 100, b"#" * 10**6, b"a = " + b"[" * 10000,
        b"h = 1", b"not toml", GOOD.encode("utf-16"), GOOD.replace("gamma = 1.0", 'gamma = "one"').encode(),
        GOOD.replace("gamma = 1.0", "gamma = true").encode(), GOOD.replace("[0.0, 0.5]", "0.5").encode(),
        GOOD.replace("[0.0, 0.5]", "{a = 1}").encode(), GOOD.replace('["x", "xi"]', '"x"').encode(),
        GOOD.replace('"coherent"', '"thermal"').encode(), GOOD.replace("x = 0.5", "x = nan").encode(),
        GOOD.replace("[run]\n", "").encode(), GOOD.replace("tol = 1e-3\n", "tol = 1\n").encode(), GOOD.encode()[:100],
    ],
    ids=lambda content: repr(content[:20]),
)  # fmt: skip
def test_files_that_are_no_problems(run: Callable[..., Done], content: bytes) -> None:
    Path("mine.toml").write_bytes(content)
    assert "mine.toml" in refused(run, "compare", "mine.toml", grammar="Unknown key" not in str(content))


def test_unknown_keys_are_named(run: Callable[..., Done]) -> None:
    Path("mine.toml").write_text(GOOD.replace("tol =", "tolerance ="))
    assert "Unknown key `tolerance` in [run]" in refused(run, "compare", "mine.toml", grammar=False)
    Path("mine.toml").write_text(GOOD + "steps = 3\n")
    assert "Unknown key `steps` in [run]" in refused(run, "compare", "mine.toml", grammar=False)


@pytest.mark.parametrize("name", ["nope", "", ".", "..", "/", "/dev/zero", "double well", "a\nb", "q" * 5000, "x.toml"])
@pytest.mark.parametrize("command", ["compare", "certify"])
def test_problems_that_are_not_there(run: Callable[..., Done], command: str, name: str) -> None:
    err = refused(run, command, name)
    assert "Argument `problem` must be a" in err
    assert "Built in: " + ", ".join(problems()) in err or len(name) > 1000


@pytest.mark.parametrize(
    ("args", "what"),
    [
        ([], "Missing command"),
        (["nope"], "No such command 'nope'"),
        (["compare"], "Missing argument 'PROBLEM'"),
        (["compare", "harmonic", "more"], "unexpected extra argument"),
        (["compare", "harmonic", "--wrong"], "No such option"),
        (["compare", "harmonic", "--h"], "requires an argument"),
        (["compare", "harmonic", "--json=3"], "does not take a value"),
        (["--nope"], "No such option"),
        (["figure"], "Missing argument 'NUMBER'"),
        (["problems", "harmonic", "more"], "unexpected extra argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistaken_commands_and_options(run: Callable[..., Done], args: list[str], what: str) -> None:
    err = refused(run, *args, grammar=False)
    assert what in err and err.endswith(". See openweyl --help.\n")


@pytest.mark.parametrize("number", ["2", "one", "1.5", "nan", ""])
def test_there_is_one_figure(run: Callable[..., Done], number: str) -> None:
    assert "Argument `number` must " in refused(run, "figure", number)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("order", "0"), ("order", "1.5"), ("order", "-1"), ("order", "99"), ("order", "1e30"), ("order", "three"),
        ("target", "0"), ("target", "-1"), ("target", "nan"), ("observable", "smooth(x**2)"), ("observable", ""),
        ("observable", "smooth("), ("observable", "__import__('os').system('touch mark')"), ("observable", "I"),
        ("observable", "husimi(1)"), ("observable", "husimi(1, y)"), ("observable", "nope(x)"),
    ],
)  # fmt: skip
def test_options_of_certify(run: Callable[..., Done], option: str, value: str) -> None:
    assert f"Argument `{option}` must " in refused(run, "certify", "harmonic", f"--{option}", value)


@pytest.mark.parametrize("command", [("compare", "harmonic"), ("certify", "harmonic"), ("figure", "1")])
def test_a_file_in_the_way_of_the_folder(run: Callable[..., Done], command: tuple[str, str]) -> None:
    Path("taken").write_text("mine")
    for out in ("taken", "taken/deeper", "q" * 300):
        err = refused(run, *command, "--out", out)
        assert f"Argument `out` must be a folder that can be written, but is {out[:50]}" in err
    assert Path("taken").read_text() == "mine"


def test_a_folder_in_the_way_of_the_dataset(run: Callable[..., Done]) -> None:
    Path("out/comparison.nc").mkdir(parents=True)
    done = run("compare", "harmonic", *QUICK, "--times", "0", "--out", "out")
    assert (done.status, done.out) == (2, "")
    assert done.err == "openweyl: out/comparison.nc cannot be written: Is a directory.\n"
    assert everything() == ["out", "out/comparison.nc"]


def test_a_run_that_fails_leaves_no_folder(run: Callable[..., Done], monkeypatch: pytest.MonkeyPatch) -> None:
    for error, status, words in (
        (openweyl.ResourceError("Too much memory."), 2, "Too much memory."),
        (KeyboardInterrupt(), 130, "Interrupted; nothing was left half-written."),
        (OSError(errno.ENOSPC, "No space left on device", "x"), 2, "x cannot be written: No space left on device."),
    ):

        def fails(*_: Any, error: BaseException = error, **__: Any) -> None:
            raise error

        monkeypatch.setattr(openweyl, "compare", fails)
        for more in ([], ["--out", "a/b"], ["--json"]):
            done = run("compare", "harmonic", *more)
            assert (done.status, done.out, done.err.lstrip()) == (status, "", f"openweyl: {words}\n")
            assert everything() == []


# --- what is right ---

KEYS = {
    "system", "times", "trace_norm", "hilbert_schmidt", "l1", "purity", "min_eigenvalue", "mean_x", "mean_xi",
    "mean_x_classical", "mean_xi_classical", "min_eigenvalue_classical", "numerics", "seconds",
}  # fmt: skip


def test_json_is_one_object_and_nothing_else(run: Callable[..., Done]) -> None:
    done = run("compare", "harmonic", "--json")
    assert (done.status, done.err) == (0, "")
    assert done.out.count("\n") == 1
    found = strict_json(done.out)
    assert found.keys() >= KEYS
    assert found["times"] == [0.0, 1.0, 2.0]
    assert found["system"]["h"] == 0.0625 and found["system"]["gamma"] == 1.0
    assert all(len(found[key]) == 3 for key in KEYS - {"system", "numerics", "seconds"})
    assert found["mean_x"] == pytest.approx(np.cos([0, 1, 2]), abs=1e-6)  # gamma and h leave the mean alone
    assert found["mean_xi_classical"] == pytest.approx(-np.sin([0, 1, 2]), abs=1e-6)
    assert found["purity"] == pytest.approx([1, 1 / 3, 1 / 5], abs=1e-6)  # 1/(1 + 2 gamma t)
    assert max(found["trace_norm"]) < 1e-6
    assert everything() == []


def test_the_numbers_can_be_overridden(run: Callable[..., Done]) -> None:
    spelled = ("--h", "2**-2", "--gamma", "1/2", "--tol", "1e-3")
    first, second, third = (
        strict_json(run("compare", "harmonic", "--json", *spelled, "--times", times).out)
        for times in ("0, 1", "0,1", " 0 , cos(0) ")
    )
    assert first["times"] == second["times"] == third["times"] == [0.0, 1.0]
    assert (first["system"]["h"], first["system"]["gamma"]) == (0.25, 0.5)
    assert first["numerics"]["tol"] == 1e-3
    assert first["purity"] == pytest.approx([1, 1 / 2], abs=1e-3)
    assert first["trace_norm"] == second["trace_norm"]


def test_a_closed_system(run: Callable[..., Done]) -> None:
    found = strict_json(run("compare", "harmonic", "--json", *QUICK, "--gamma", "0", "--times", "1").out)
    assert found["purity"] == pytest.approx([1], abs=1e-3)


def test_the_start_alone(run: Callable[..., Done]) -> None:
    found = strict_json(run("compare", "double-well", "--json", *QUICK, "--times", "0").out)
    assert found["trace_norm"] == pytest.approx([0], abs=1e-3)
    assert found["times"] == [0.0]


def test_the_folder_holds_the_dataset_and_pictures(run: Callable[..., Done]) -> None:
    Path("mine.toml").write_text(GOOD)
    done = run("compare", "mine.toml", "--out", "a/b")
    assert (done.status, done.err) == (0, "")
    assert "p = x**2/2 + xi**2/2, jumps x, xi; h = 0.25, gamma = 1\n" in done.out
    assert "trace norm" in done.out and "wrote a/b/comparison.nc" in done.out
    assert everything() == ["a", "a/b", "a/b/comparison.nc", "a/b/distances.png", "a/b/symbols.png", "mine.toml"]
    dataset = load("a/b/comparison.nc")
    assert dataset.sizes["time"] == 2 and dataset.attrs["h"] == 0.25
    assert {"quantum", "classical", "trace_norm", "purity"} <= set(dataset)
    from matplotlib.image import imread

    for name in ("distances", "symbols"):
        picture = imread(f"a/b/{name}.png")
        assert min(picture.shape[:2]) > 300 and picture[..., :3].std() > 0.01  # not blank


@pytest.mark.slow
def test_json_with_a_folder_and_the_folder_by_default(run: Callable[..., Done]) -> None:
    done = run("compare", "harmonic", *QUICK, "--times", "0.5", "--json", "--out", "out")
    assert strict_json(done.out)["times"] == [0.5] and done.err == ""
    assert everything() == ["out", "out/comparison.nc", "out/distances.png", "out/symbols.png"]
    done = run("compare", "harmonic", *QUICK, "--times", "0.5")
    assert done.status == 0 and everything()[:2] == ["openweyl-harmonic", "openweyl-harmonic/comparison.nc"]


@pytest.mark.slow
def test_two_degrees_of_freedom(run: Callable[..., Done]) -> None:
    text = GOOD.replace("xi**2/2 + x**2/2", "(xi1**2 + xi2**2 + x1**2 + x2**2)/2").replace(
        '["x", "xi"]', '["x1", "x2", "xi1", "xi2"]'
    )
    Path("two.toml").write_text(text.replace("x = 0.5\nxi = 0.0", "x = [0.5, 0]\nxi = [0, 0]"))
    done = run("compare", "two.toml", "--h", "1", "--tol", "0.05", "--times", "0", "--json", "--out", "out")
    assert (done.status, done.err) == (0, "")
    found = strict_json(done.out)
    assert np.shape(found["mean_x"]) == (1, 2)
    assert found["mean_x"][0] == pytest.approx([0.5, 0], abs=1e-3)
    assert load("out/comparison.nc")["quantum"].dims == ("time", "x1", "x2", "xi1", "xi2")


def test_certify_prints_json(run: Callable[..., Done]) -> None:
    options = ("--times", "0.5", "--order", "2", "--observable", "tanh(x)", "--json")
    done = run("certify", "pendulum", "--tol", "1e-3", *options)
    assert (done.status, done.err) == (0, "")
    found = strict_json(done.out)
    assert found["order"] == 2 and len(found["observables"]) == 1
    assert everything() == []


def test_the_list_of_problems(run: Callable[..., Done]) -> None:
    done = run("problems")
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert [line.split()[0] for line in lines] == list(problems())
    assert all(len(line.split()) > 2 for line in lines)


@pytest.mark.parametrize("args", [["--help"], ["compare", "--help"], ["certify", "--help"], ["figure", "--help"]])
def test_help(run: Callable[..., Done], args: list[str]) -> None:
    done = run(*args)
    assert (done.status, done.err) == (0, "") and done.out.startswith("Usage: ")
    options = {"compare": ["--h", "--gamma", "--times", "--tol", "--json", "--out"], "--help": ["compare", "problems"]}
    assert all(name in done.out for name in options.get(args[0], []))


def test_version(run: Callable[..., Done]) -> None:
    assert run("--version") == (0, f"openweyl, version {openweyl.__version__}\n", "")


# --- in a process of its own ---


def start(*args: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *args], capture_output=True, text=True, check=False, timeout=60, **options)


def test_the_program_refuses_in_one_line() -> None:
    done = start("compare", "double-well", "--h", "9**9**9**9")
    assert (done.returncode, done.stdout) == (2, "")
    assert GRAMMAR.fullmatch(done.stderr)


def test_the_program_computes() -> None:
    done = start("compare", "harmonic", *QUICK, "--times", "0,1", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert strict_json(done.stdout)["purity"] == pytest.approx([1, 1 / 3], abs=1e-3)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_output_that_cannot_be_written() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*COMMAND, "problems"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (2, "openweyl: Output cannot be written: No space left on device.\n")


IMPORTED = """
import sys, openweyl
print(*(name for name in ("matplotlib", "xarray", "pandas", "rich", "jax", "click", "h5py") if name in sys.modules))
openweyl.coherent(0, 0), openweyl.System("xi**2 + x**2", ["x"], h=1, gamma=0)
import openweyl.cli
print(*(name for name in ("matplotlib", "xarray", "pandas", "rich", "jax", "h5py") if name in sys.modules))
"""


def test_what_importing_does_not_import() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True)
    assert done.stdout == "\n\n"


HELPED = """
import sys
from click.testing import CliRunner
from openweyl.cli import application
for command in ([], *([name] for name in application.commands)):
    assert CliRunner().invoke(application, [*command, "--help"]).exit_code == 0
print(*(name for name in ("numpy", "sympy", "scipy", "matplotlib", "xarray", "rich") if name in sys.modules))
"""


def test_help_imports_nothing_heavy() -> None:
    """That of each command, too: what they do is imported when it is done."""
    done = subprocess.run([sys.executable, "-c", HELPED], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_for_terminals(
    terminal: bool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "SECONDS_BEFORE_BAR", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    with progress.Bar("my problem") as bar:
        bar(0.25, 1.0, "48x48 grid")
        bar(0.5, 1.0, "48x48 grid")
    out, err = capsys.readouterr()
    assert out == ""
    assert ("my problem: 48x48 grid" in err and "50%" in err) if terminal else err == ""


def test_progress_waits(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    with progress.Bar("my problem") as bar:
        bar(0.5, 1.0, "48x48 grid")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("call", [evolve, compare, certify])
def test_progress_may_be_true(call: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal a bar, gone at the end; elsewhere, and with False, nothing."""
    monkeypatch.setattr(progress, "SECONDS_BEFORE_BAR", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    run = System("xi**2/2 - cos(x)", ["x"], h=0.5, gamma=1.0), coherent(0, 0), [0.1]
    for terminal, wanted in ((True, True), (True, False), (False, True)):
        monkeypatch.setattr(sys.stderr, "isatty", lambda terminal=terminal: terminal, raising=False)
        call(*run, tol=1e-2, progress=wanted)
        out, err = capsys.readouterr()
        assert out == "" and (f"{call.__name__}: " in err and "%" in err) == (terminal and wanted)
        assert err == "" or (terminal and wanted)
    with pytest.raises(InputError, match=r"^Argument `progress` must be a function, or True for a bar, but is 1\."):
        call(*run, progress=1)


def test_a_number_that_is_not_known_is_explained() -> None:
    assert table(("t", "a"), [(0.0, 1.0)]).count("\n") == 1
    assert table(("t", "a"), [(0.0, float("nan"))]).splitlines()[-1] == "nan: not known"
    found = compare(System("xi**2/2", ["x", "xi"], h=1, gamma=1), coherent(0, 0), [0.1], tol=1e-2)
    assert "nan" not in str(found)
    found.series["min_eigenvalue"][:] = np.nan
    assert "nan: not known" in str(found).splitlines()


@pytest.mark.parametrize(("name", "status"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_that_ends_leaves_nothing_half_written(
    name: str, status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    number = getattr(signal, name)

    def killed(_: Any, path: Path, **__: Any) -> None:
        path.write_bytes(b"half")
        os.kill(os.getpid(), number)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", killed)
    monkeypatch.setattr(sys, "argv", ["openweyl", "compare", "harmonic", "--h", "1", "--tol", "0.1", "--out", "o"])
    before = signal.signal(number, signal.SIG_DFL)
    try:
        with pytest.raises(SystemExit) as end:
            main()
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        signal.signal(number, before)
    assert (end.value.code, capsys.readouterr().err) == (
        status, f"openweyl: Ended by {name}; nothing was left half-written.\n",
    )  # fmt: skip
    assert [path.name for path in Path("o").iterdir()] == ["comparison.nc"]  # which was whole before


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(), ImportError("lib.so: failed to map segment from shared object"),
        RuntimeError("can't start new thread"), OSError(errno.ENOMEM, "Cannot allocate memory"),
    ],
)  # fmt: skip
def test_a_lack_of_memory_is_one_line_wherever_it_shows(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(openweyl, "compare", fails)
    monkeypatch.setattr(sys, "argv", ["openweyl", "compare", "harmonic", "--json"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 2
    line = "openweyl: The run needs more memory than there is: shorten `times`, or raise `tol` or `h`.\n"
    assert capsys.readouterr() == ("", line)


def test_an_error_of_the_program_is_no_lack_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError("a mistake")

    monkeypatch.setattr(openweyl, "compare", fails)
    monkeypatch.setattr(sys, "argv", ["openweyl", "compare", "harmonic", "--json"])
    with pytest.raises(RuntimeError, match="a mistake"):
        main()
