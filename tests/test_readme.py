"""What the README shows works as it is shown."""

from __future__ import annotations

import json
import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from openweyl import Comparison, cli
from openweyl.cli import runs
from openweyl.evolution.pace import TIME_LIMIT
from openweyl.problems.problem import Problem

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language: str, page: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)


def lines() -> list[list[str]]:
    """The `openweyl` command lines, as lists of arguments."""
    found = [line for block in blocks("sh") for part in block.splitlines() for line in part.split("&&")]
    return [shlex.split(line, comments=True)[1:] for line in found if line.strip().startswith("openweyl ")]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (toml,) = blocks("toml")
    Path("problem.toml").write_text(toml, encoding="utf-8")
    return tmp_path


def run(args: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["openweyl", *args])
    cli.main()  # leaves by SystemExit if anything is wrong


def test_the_toml_example_is_the_double_well() -> None:
    mine, built_in = Problem.load("problem.toml"), Problem.load("double-well")
    assert (mine.system, mine.state, mine.tol) == (built_in.system, built_in.state, built_in.tol)
    assert mine.times == (0.0, 0.5, 1.0, 2.0)


@pytest.mark.slow
def test_the_python_examples(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    for code in blocks("python"):
        exec(compile(code, "README.md", "exec"), names)  # noqa: S102 - our own page
    comparison = names["comparison"]
    assert isinstance(comparison, Comparison)
    assert comparison.times == (0.0, 0.5, 1.0, 2.0)
    assert comparison.trace_norm[0] < 1e-6 < comparison.trace_norm[-1]
    assert 0 < names["solution"].numerics.error[0] < 1e-6
    assert {"x", "xi", "time"} == set(names["solution"].to_xarray().dims)
    certificate = names["certificate"]
    assert 0 < certificate.distance_lower[0] < certificate.estimate[0] < certificate.distance_upper[0]
    printed = capsys.readouterr().out
    assert str(comparison) in printed and str(certificate) in printed


def test_every_command_line_is_read(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[Problem] = []

    def remember(problem: Problem, time_limit: float, *_: object) -> None:
        assert time_limit == TIME_LIMIT
        asked.append(problem)
        raise KeyboardInterrupt  # before the work starts

    monkeypatch.setattr(runs, "_compare", remember)
    compared = [args for args in lines() if args[0] == "compare"]
    for args in compared:
        with pytest.raises(SystemExit) as end:
            run(args, monkeypatch)
        assert end.value.code == 130, capsys.readouterr().err
    assert len(asked) == len(compared) >= 5
    assert {problem.system.gamma for problem in asked} == {0.0, 1.0}
    assert {problem.system.h for problem in asked} == {2**-4, 2**-8}
    assert {problem.name for problem in asked} == {"double-well", "kerr-damped", "problem"}


@pytest.mark.slow
def test_the_command_lines_that_are_quick(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    run(["compare", "problem.toml", "--out", "results"], monkeypatch)
    assert "trace norm" in capsys.readouterr().out
    assert sorted(path.name for path in Path("results").iterdir()) == ["comparison.nc", "distances.png", "symbols.png"]
    run(["compare", "double-well", "--json", "--times", "0"], monkeypatch)
    assert json.loads(capsys.readouterr().out)["trace_norm"][0] < 1e-6
    assert {"compare problem.toml --out results", "compare double-well --json"} <= {" ".join(a) for a in lines()}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["certificates", "sweep"])
def test_pages_print_what_they_show(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = (Path(__file__).parent.parent / "docs" / f"{name}.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    for code in blocks("python", page):
        exec(compile(code, f"{name}.md", "exec"), names)  # noqa: S102 - our own page
    printed = capsys.readouterr().out.splitlines()
    for shown in blocks("text", page):
        head, *rows = shown.splitlines()
        start = next(i for i, line in enumerate(printed) if line.split() == head.split())
        for row, line in zip(rows, printed[start + 1 :], strict=False):
            assert [float(v) for v in line.split()] == pytest.approx([float(v) for v in row.split()], rel=0.01)


def test_the_links_lead_somewhere() -> None:
    root = Path(__file__).parent.parent
    links = re.findall(r"\]\(([^)#]+)\)", README)
    local = [link for link in links if "://" not in link]
    assert len(local) >= 5
    assert [link for link in local if not (root / link).exists()] == []
