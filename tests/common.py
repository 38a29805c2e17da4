"""What several test modules share: the reference table, cases for the oracle, symbols on one grid, marks, refusals."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from openweyl import InputError, Solution, State, Symbol, System, cli, coherent
from openweyl.phase_space.grid_size import common_grid
from oracle import Oracle

TABLE = json.loads((Path(__file__).parent / "data" / "double_well.json").read_text())
ROWS = [dict(zip(TABLE["columns"], row, strict=True)) for row in TABLE["rows"]]
"""Distances in the double well from a separate code; `test_reference.py` says what their last digits mean."""


class Done(NamedTuple):
    """What a command left."""

    status: int
    out: str
    err: str


def invoke(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *args: str) -> Done:
    """The command with these arguments, in this process."""
    monkeypatch.setattr(sys, "argv", ["openweyl", *args])
    status: Any = 0
    try:
        cli.main()
    except SystemExit as end:
        status = end.code
    return Done(status, *capsys.readouterr())


def row_system(index: int) -> System:
    given = TABLE["system"]
    return System(given["hamiltonian"], given["jumps"], h=ROWS[index]["h"], gamma=ROWS[index]["gamma"])


def row_state(index: int) -> State:
    return coherent(ROWS[index]["x0"], ROWS[index]["xi0"])


@dataclass(frozen=True)
class Case:
    """A system, its coherent start, the last time, and what the oracle needs to resolve it."""

    hamiltonian: str
    jumps: tuple[str, ...]
    start: tuple[float, float]
    size: int
    levels: int
    gamma: float = 1.0
    time: float = 1.0
    h: float = 1 / 8

    @property
    def system(self) -> System:
        return System(self.hamiltonian, list(self.jumps), h=self.h, gamma=self.gamma)

    @property
    def state(self) -> State:
        return coherent(*self.start)

    @cached_property
    def oracle(self) -> Oracle:
        """One for all tests of the case: it keeps its matrices, which take it longest."""
        return Oracle(self.hamiltonian, self.jumps, self.h, self.gamma, self.size, self.levels)

    @property
    def times(self) -> list[float]:
        return [self.time / 2, self.time]


STEPPED = " + cos(x)/10**17"
"""A term below round-off that keeps a quadratic p with the steps: closed forms have tests of their own."""


def on_one_grid(*runs: Solution, index: int = -1) -> list[Symbol]:
    """The symbols of the runs at one time, on a grid that holds them all."""
    grid = common_grid([run[index].grid for run in runs])
    return [run[index].resampled(grid) for run in runs]


def slow_but(quick: Collection[Any], values: Iterable[Any]) -> list[Any]:
    """The values as parameters, marked slow but for those in `quick`."""
    values = list(values)
    assert set(quick) <= set(values)
    return [pytest.param(v, marks=() if v in quick else pytest.mark.slow, id=str(v)) for v in values]


def refused(call: Callable[[], object], what: str, error: type[Exception] = InputError) -> None:
    """The call raises `error` with one line that starts with `what`."""
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    assert message.startswith(what), message
    assert message.isprintable()
