"""Problems: a system, a state, times and a tolerance, from a TOML file or from the built-in catalogue.

Every key is checked; expressions are parsed, never evaluated. The layout of a file:

    description = "..."                       # optional
    [system]
    hamiltonian = "xi**2 + (x**2 - 1/2)**2"
    jumps = ["x", "xi"]
    h = "2**-4"                               # a number, or arithmetic in quotes
    gamma = 1.0
    [state]
    kind = "coherent"                         # or squeezed, cat, mixture
    x = 1.0                                   # n numbers for n degrees of freedom
    xi = 0.0
    [run]
    times = [0.0, 0.5, 1.0, 2.0]
    tol = 1e-6
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from . import _check
from ._check import InputError, fail, must, shown
from .states import State, cat, coherent, mixture, squeezed
from .symbols import parse_number
from .system import System

LARGEST_FILE = 20_000
"""Bytes; a problem is a page of text."""
_CATALOGUE = resources.files("openweyl") / "problems"


@dataclass(frozen=True)
class Problem:
    """A system with a state, times and a tolerance: what the commands take."""

    name: str
    system: System
    state: State
    times: tuple[float, ...]
    tol: float
    description: str = ""

    @staticmethod
    def load(name_or_path: str | Path) -> Problem:
        """The built-in problem of this name, or the one in this TOML file."""
        must(isinstance(name_or_path, (str, Path)), "problem", "be a name or a path", name_or_path)
        name = str(name_or_path)
        if name in problems():
            return _read((_CATALOGUE / f"{name}.toml").read_text(encoding="utf-8"), name, name)
        path = Path(name)
        return _read(_text(path), path.stem, name)

    def replace(
        self, *, h: float | None = None, gamma: float | None = None, times: Any = None, tol: float | None = None
    ) -> Problem:
        """This problem with other numbers."""
        system = self.system
        if h is not None or gamma is not None:
            system = system.replace(h=system.h if h is None else h, gamma=system.gamma if gamma is None else gamma)
        return Problem(
            self.name,
            system,
            self.state,
            self.times if times is None else _check.times(times),
            self.tol if tol is None else _check.tolerance(tol),
            self.description,
        )


def problems() -> tuple[str, ...]:
    """The names of the built-in problems."""
    return tuple(sorted(entry.name[:-5] for entry in _CATALOGUE.iterdir() if entry.name.endswith(".toml")))


def _text(path: Path) -> str:
    try:
        if not path.is_file():  # nothing there, a folder, or a device that might never end
            known = ", ".join(problems())
            raise fail("problem", "be a built-in name or a TOML file", str(path), f"Built in: {known}.")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise fail("problem", "be a file that can be read", str(path), f"{error.strerror}.") from None
    must(len(content) <= LARGEST_FILE, "problem", f"be a file of at most {LARGEST_FILE} bytes", str(path))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise fail("problem", "be a text file in UTF-8", str(path)) from None


def _read(text: str, name: str, source: str) -> Problem:
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers of too many digits are a bare ValueError
        raise InputError(
            f"Argument `problem` must be a TOML file, but {shown(source)} is not: {shown(str(error))}."
        ) from None
    try:
        return _problem(_Table(content, ""), name)
    except InputError as error:
        raise InputError(f"{shown(source)}: {error}") from None


class _Table:
    """A TOML table whose keys are taken one by one; what is left over is an error."""

    def __init__(self, content: Any, where: str) -> None:
        must(isinstance(content, dict), where, "be a table", content)
        self.content, self.where = dict(content), where

    def take(self, key: str, convert: Callable[[Any, str], Any], default: Any = None) -> Any:
        path = f"{self.where}.{key}" if self.where else key
        if key not in self.content:
            must(default is not None, path, "be given", "missing")
            return default
        return convert(self.content.pop(key), path)

    def table(self, key: str) -> _Table:
        found: _Table = self.take(key, _Table)
        return found

    def finish(self) -> None:
        where = f" in [{self.where}]" if self.where else ""
        for key in self.content:
            raise InputError(f"Unknown key `{shown(key)}`{where}: remove it, or correct its spelling.")


def _problem(top: _Table, name: str) -> Problem:
    description = top.take("description", _string, default=" ")
    system, state, run = top.table("system"), top.table("state"), top.table("run")
    top.finish()
    problem = Problem(
        name=name,
        system=System(
            system.take("hamiltonian", _string),
            system.take("jumps", _strings),
            h=system.take("h", parse_number),
            gamma=system.take("gamma", parse_number),
        ),
        state=_state(state),
        times=_check.times(run.take("times", _numbers)),
        tol=_check.tolerance(run.take("tol", parse_number)),
        description=description.strip(),
    )
    system.finish()
    run.finish()
    must(
        problem.state.n == problem.system.n,
        "state",
        f"have n = {problem.system.n} degrees of freedom, as the system",
        problem.state.n,
    )
    return problem


def _state(table: _Table) -> State:
    kind = table.take("kind", _string)
    if kind == "coherent":
        made = coherent(table.take("x", _coordinates), table.take("xi", _coordinates))
    elif kind == "squeezed":
        made = squeezed(
            table.take("x", _coordinates),
            table.take("xi", _coordinates),
            r=table.take("r", _coordinates),
            angle=table.take("angle", _coordinates, default=0.0),
        )
    elif kind == "cat":
        parts = [_Table(part, f"{table.where}.components") for part in table.take("components", _list)]
        pairs = [(part.take("x", _coordinates), part.take("xi", _coordinates)) for part in parts]
        made = cat(pairs, [part.take("amplitude", parse_number, default=1.0) for part in parts])
        for part in parts:
            part.finish()
    elif kind == "mixture":
        parts = [_Table(part, f"{table.where}.members") for part in table.take("members", _list)]
        made = mixture([(part.take("weight", parse_number), _state(part)) for part in parts])
    else:
        raise fail(f"{table.where}.kind", "be coherent, squeezed, cat or mixture", kind)
    table.finish()
    return made


def _string(value: Any, path: str) -> str:
    must(isinstance(value, str), path, "be text in quotes", value)
    return str(value)


def _list(value: Any, path: str) -> list[Any]:
    must(isinstance(value, list), path, "be a list", value)
    return list(value)


def _strings(value: Any, path: str) -> list[str]:
    return [_string(item, path) for item in _list(value, path)]


def _numbers(value: Any, path: str) -> list[float]:
    return [parse_number(item, path) for item in _list(value, path)]


def _coordinates(value: Any, path: str) -> float | list[float]:
    return _numbers(value, path) if isinstance(value, list) else parse_number(value, path)
