"""docs/problems.md lists every key that is read, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from openweyl.problems.problem import Problem
from openweyl.problems.state_tables import KINDS
from openweyl.problems.table import Table

PAGE = (Path(__file__).parents[1] / "docs/problems.md").read_text(encoding="utf-8")
WHOLE = """
description = "all keys"
[system]
{system}
h = 0.5
gamma = 1
[state]
kind = "fock"
k = 0
[run]
times = [0]
tol = 1e-3
observables = ["x"]
[parameters]
b = 0.5
[drives.f]
times = [0, 1]
values = [0, 1]
kind = "cubic"
"""
SYSTEMS = (
    'hamiltonian = "xi**2 + b*f*x"\njumps = [{symbol = "x", rate = 1}]',
    'hamiltonian_operator = "ad*a + b*f*x"\njump_operators = [{operator = "a", rate = 1}]',
)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str]]:
    """The pairs of a table and a key that are asked for while problems are read."""
    asked: set[tuple[str, str]] = set()
    take, get = Table.take, Table.get

    def noted(method):
        def call(self, key, *rest):
            asked.add((self.where, key))
            return method(self, key, *rest)

        return call

    monkeypatch.setattr(Table, "take", noted(take))
    monkeypatch.setattr(Table, "get", noted(get))
    return asked


def rows(section: str, columns: int) -> list[list[set[str]]]:
    """The words in code in each cell of the tables of a section."""
    text = PAGE.split(f"\n## {section}\n")[1].split("\n## ")[0]
    lines = [line.strip().strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    found = [[set(re.findall(r"`([^`]*)`", cell)) for cell in line] for line in lines[2:] if len(line) == columns]
    assert found
    return found


def test_every_key_of_a_problem(read: set[tuple[str, str]], tmp_path: Path) -> None:
    for system in SYSTEMS:
        Problem.parse(WHOLE.format(system=system), "all", "all.toml")
    (tmp_path / "f.csv").write_text("t,v\n0,0\n1,1\n")
    by_file = 'file = "f.csv"\ntime = "t"\nvalue = "v"\n'
    text = WHOLE.format(system=SYSTEMS[0]).replace("times = [0, 1]\nvalues = [0, 1]\n", by_file)
    (tmp_path / "all.toml").write_text(text)
    Problem.load(str(tmp_path / "all.toml"))
    written: dict[str, set[str]] = {}
    table = ""
    for name, keys, *_ in rows("Every key", 4):
        table = next(iter(name), table)
        written.setdefault(table, set()).update(keys)
    for own, there in {"": "", "system": "[system]", "run": "[run]", "drives.f": "[drives.NAME]"}.items():
        keys = {key for where, key in read if where == own} - {"system", "state", "run", "parameters", "drives"}
        assert written[there] == keys, there
    assert {key for where, key in read if where.startswith("system.")} == {"symbol", "operator", "rate"}


def test_every_key_of_a_state(read: set[tuple[str, str]]) -> None:
    table = {next(iter(kind)): keys for kind, keys, _ in rows("States", 3)}
    assert table.keys() == KINDS.keys()
    states = re.findall(r"\[state\] +#.*?\n(.*?)(?=\n\[state\]|```)", PAGE, re.DOTALL)
    for text in states:
        kind = re.search(r'kind = "(\w+)"', text)[1]
        if kind in table:
            read.clear()
            modes = 'hamiltonian = "x1 + x2"' if kind == "product" else 'hamiltonian = "x"'
            Problem.parse(f"[system]\n{modes}\nh = 1\n[state]\n{text}\n[run]\ntimes = [0]\n", "one", "one.toml")
            inner = {key for where, key in read if where.startswith("state.")}
            own = {key for where, key in read if where == "state"} - {"kind"}
            nested = {"superposition", "mixture", "product", "displaced"}
            parts = {"amplitude", "weight", "n", "kind"} if kind in nested else inner
            assert own | (inner & parts) <= table[kind] | {"n"}, kind
            assert table[kind] - own - inner <= ({"alpha"} if {"x", "xi"} <= own else {"x", "xi"}), kind
