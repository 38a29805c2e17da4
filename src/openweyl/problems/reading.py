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
    [parameters]                              # optional: names for the formulas of [system] and the numbers of [state]
    depth = 0.5
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import sympy

from openweyl._core import arguments
from openweyl._core.arguments import InputError, fail, moderate, must, shown
from openweyl._core.calls import public
from openweyl.model.states import State, cat, coherent, mixture, squeezed
from openweyl.model.system import System
from openweyl.symbolic.expressions import TIME
from openweyl.symbolic.parsing import FUNCTIONS, parse, parse_number

LARGEST_FILE = 20_000
"""Bytes; a problem is a page of text."""
NO_PARAMETERS = re.compile(
    "(x|xi)[0-9]*|t|I|pi|h|gamma|time|times|tol|problem|state|out|order|keep_symbols|workers|executor|retry|progress|"
    + "|".join(FUNCTIONS)
)
"""The names that mean something else, here or as arguments of a sweep."""
_CATALOGUE = resources.files("openweyl.problems") / "catalogue"


@public
@dataclass(frozen=True)
class Problem:
    """A system with a state, times and a tolerance: what the commands take.

    `parameters`: the values of the names that the problem's text uses; `text`: that text, as it was read.
    """

    name: str
    system: System
    state: State
    times: tuple[float, ...]
    tol: float
    description: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict)
    text: str = field(default="", compare=False, repr=False)

    def __post_init__(self) -> None:
        must(isinstance(self.system, System), "system", "be a System", self.system)
        must(isinstance(self.state, State), "state", "be a state, such as coherent(x, xi)", self.state)

    @staticmethod
    @public
    def load(name_or_path: str | Path) -> Problem:
        """The built-in problem of this name, or the one in this TOML file."""
        must(isinstance(name_or_path, (str, Path)), "problem", "be a name or a path", name_or_path)
        name = str(name_or_path)
        known = f"Built in: {', '.join(problems())}."
        must(name.strip() != "", "problem", "be a built-in name or a TOML file", "", known)
        if name in problems():
            return _read((_CATALOGUE / f"{name}.toml").read_text(encoding="utf-8"), name, name)
        path = Path(name)
        return _read(_text(path), path.stem, name)

    @staticmethod
    @public
    def parse(text: str, name: str, source: str) -> Problem:
        """The problem that `text` writes in TOML; `source` is what messages call the text."""
        for argument, value in (("text", text), ("name", name), ("source", source)):
            must(isinstance(value, str), argument, "be text", value)
        must(len(text) <= LARGEST_FILE, "text", f"have at most {LARGEST_FILE} characters", len(text))
        return _read(text, name, source)

    @public
    def replace(
        self,
        *,
        h: float | None = None,
        gamma: float | None = None,
        times: Any = None,
        tol: float | None = None,
        parameters: Mapping[str, float] | None = None,
    ) -> Problem:
        """This problem with other numbers."""
        read = self
        table = parameters is None or isinstance(parameters, Mapping)
        must(table, "parameters", "be a table of names and numbers", parameters)
        if parameters:
            for name in parameters:
                known = f"be one of {', '.join(self.parameters)}" if self.parameters else "be in the problem"
                must(name in self.parameters, "parameters", known, name, "The table [parameters] names them.")
            changed = {name: moderate(name, value) for name, value in parameters.items()}
            read = _read(self.text, self.name, self.name, {**self.parameters, **changed})
        system = read.system
        if parameters or h is not None or gamma is not None:
            h, gamma = self.system.h if h is None else h, self.system.gamma if gamma is None else gamma
            system = system.replace(h=h, gamma=gamma)
        return dataclasses.replace(
            read,
            system=system,
            times=self.times if times is None else arguments.times(times),
            tol=self.tol if tol is None else arguments.tolerance(tol),
        )

    def formulas(self) -> tuple[sympy.Expr, tuple[sympy.Expr, ...]]:
        """The Hamiltonian and the jumps as the text writes them: with the names of the parameters, not their values."""
        system = self.system
        if not self.parameters:
            return system.hamiltonian, system.jumps
        symbols = {name: sympy.Symbol(name, real=True) for name in self.parameters}
        known = {str(v): v for v in (*system.x, *system.xi)} | symbols
        if system.n == 1:
            known |= {"x1": system.x[0], "xi1": system.xi[0]}
        written, constants = tomllib.loads(self.text)["system"], tuple(symbols.values())
        return (
            parse(written["hamiltonian"], known | {str(TIME): TIME}, "hamiltonian", constants=constants),
            tuple(parse(jump, known | {"I": sympy.I}, "jumps", constants=constants) for jump in written["jumps"]),
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


def _read(text: str, name: str, source: str, parameters: Mapping[str, float] | None = None) -> Problem:
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers of too many digits are a bare ValueError
        raise InputError(
            f"Argument `problem` must be a TOML file, but {shown(source)} is not: {shown(str(error))}."
        ) from None
    try:
        return _problem(_Table(content, ""), name, text, parameters)
    except InputError as error:
        raise InputError(f"{shown(source)}: {error}") from None
    except RecursionError:
        raise fail("problem", "be tables in tables of moderate depth", source) from None


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


def _problem(top: _Table, name: str, text: str, changed: Mapping[str, float] | None) -> Problem:
    description = top.take("description", _string, default=" ")
    system, state, run = top.table("system"), top.table("state"), top.table("run")
    values = top.take("parameters", _parameters, default={})
    top.finish()
    if values:
        _put({**values, **(changed or {})}, system.content, state.content)
    problem = Problem(
        name=name,
        system=System(
            system.take("hamiltonian", _string),
            system.take("jumps", _strings),
            h=system.take("h", parse_number),
            gamma=system.take("gamma", parse_number),
        ),
        state=_state(state),
        times=arguments.times(run.take("times", _numbers)),
        tol=arguments.tolerance(run.take("tol", parse_number)),
        description=description.strip(),
        parameters={**values, **(changed or {})},
        text=text,
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


def _parameters(value: Any, path: str) -> dict[str, float]:
    table = _Table(value, path)
    for name in table.content:
        what = "be a name of at most 20 letters and digits that means nothing else"
        named = re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,19}", name) and not NO_PARAMETERS.fullmatch(name)
        must(bool(named), path, what, name, "Taken are x, xi, t, h, gamma, functions and the like.")
    return {name: parse_number(number, f"{path}.{name}") for name, number in table.content.items()}


def _put(values: Mapping[str, float], system: dict[str, Any], state: dict[str, Any]) -> None:
    """Write the values for their names into the formulas of both tables: digits, which are read as exact numbers."""
    pattern = re.compile(rf"(?<![\w.])({'|'.join(values)})\b")
    used: set[str] = set()

    def digits(match: re.Match[str]) -> str:
        used.add(match[0])
        return f"({values[match[0]]!r})"

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: inner if key == "kind" else filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [filled(inner) for inner in value]
        return pattern.sub(digits, value) if isinstance(value, str) else value

    system.update({key: filled(system[key]) for key in ("hamiltonian", "jumps") if key in system})
    state.update(filled(state))
    for name in values:
        must(name in used, f"parameters.{name}", "be used in the formulas of [system] or [state]", "not used")


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
