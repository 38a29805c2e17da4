"""The text of a problem read as a system, a state, times and a tolerance.

Every key is checked; expressions are parsed, never evaluated. The layout:

    description = "..."                       # optional
    [system]
    hamiltonian = "xi**2 + (x**2 - 1/2)**2"
    jumps = ["x", "xi"]
    h = "2**-4"                               # a number, or arithmetic in quotes
    gamma = 1.0                               # without jumps it may be left out
    [state]
    kind = "coherent"                         # or another that `state_tables` names
    x = 1.0                                   # n numbers for n degrees of freedom, or one for all
    xi = 0.0
    [run]
    times = [0.0, 0.5, 1.0, 2.0]              # or "0:2:5", five from 0 to 2
    tol = 1e-6                                # the default
    observables = ["x**2", "tanh(x)"]         # optional
    [parameters]                              # optional: names for the formulas of [system] and the numbers of [state]
    depth = 0.5

Operators are polynomials in a, ad, x and xi, with products in the order written:

    hamiltonian_operator = "ad**2*a**2 + 2*(a**2 + ad**2)"
    jump_operators = ["a"]

With many degrees of freedom, formulas have sums, and a jump stands for one of each:

    hamiltonian = "sum(j, 1, n, xi[j]**2 + (x[j]**2 - 1/2)**2) + sum(j, 1, n - 1, (x[j] - x[j+1])**2)/10"
    jumps = ["each(j, 1, n, x[j])", "each(j, 1, n, xi[j])"]
    [parameters]
    n = 10
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import partial
from typing import Any

import sympy

from openweyl._core import arguments
from openweyl._core.arguments import InputError, fail, must, shown
from openweyl.model.decomposition import decomposition
from openweyl.model.pair import MAX_GRID_MODES
from openweyl.model.pieces import has_pieces
from openweyl.model.states import State
from openweyl.model.system import System
from openweyl.observables.observable import Observable
from openweyl.symbolic.parsing import parse_number
from openweyl.symbolic.ranges import parse_values
from openweyl.symbolic.sampled import Sampled

from .parameters import FORMULAS, OBSERVABLES, OPERATORS, parameters, put
from .sample_tables import read_drives
from .state_tables import read_state
from .table import Table, jumps, numbers, text, texts


@dataclass(frozen=True)
class ProblemContent:
    """What the text of a problem says: the attributes of `Problem` of the same names."""

    system: System
    state: State
    times: tuple[float, ...]
    tol: float
    description: str
    parameters: Mapping[str, float]
    observables: tuple[Observable, ...]


def read(written: str, source: str, taken: Set[str], changed: Mapping[str, float] | None = None) -> ProblemContent:
    """What `written` says, with the numbers of `changed` for its own [parameters], whose names are not `taken`.

    Raises InputError, with `source` in it, which is what messages call the text.
    """
    try:
        content = tomllib.loads(written)
    except (ValueError, RecursionError) as error:  # numbers of too many digits are a bare ValueError
        what = f"Argument `problem` must be a TOML file, but {shown(source)} is not: {shown(str(error))}."
        raise InputError(what) from None
    try:
        return _content(Table(content, ""), taken, changed or {})
    except InputError as error:
        raise InputError(f"{shown(source)}: {error}") from None
    except RecursionError:
        raise fail("problem", "be tables in tables of moderate depth", source) from None


def _content(top: Table, taken: Set[str], changed: Mapping[str, float]) -> ProblemContent:
    description = top.get("description", text, "")
    of_system, of_state, of_run = top.table("system"), top.table("state"), top.table("run")
    values = top.get("parameters", partial(parameters, taken=taken), dict[str, float]())
    drives = top.get("drives", read_drives, dict[str, sympy.Expr]())
    top.finish()
    of_system.finish(*FORMULAS, *OPERATORS, "h", "gamma")
    _one_language(of_system)
    of_run.finish("times", "tol", OBSERVABLES)
    for name in drives:
        must(name not in values, "drives", "have names that are no parameters", name)
    if values:
        values = {**values, **changed}
        put(values, of_system.content, of_state.content, of_run.content)
    indexed = any("[" in str(part) for part in of_system.content.values())
    system = _system(of_system, drives)
    if indexed and "n" in values:
        found = f"{values['n']:g}, where formulas have {system.x[-1]} or {system.xi[-1]}"
        must(values["n"] == system.n, "parameters.n", "be the number of degrees of freedom", found)
    state = read_state(of_state, system.n)
    times = arguments.times(of_run.take("times", _times))
    tol = arguments.tolerance(of_run.get("tol", parse_number, arguments.DEFAULT_TOLERANCE))
    observables = _observables(of_run.get(OBSERVABLES, texts, []), system.n)
    what = f"have n = {system.n} degrees of freedom, as the system"
    must(state.n == system.n, "state", what, state.n)
    return ProblemContent(system, state, times, tol, description.strip(), values, observables)


def _observables(written: list[str], n: int) -> tuple[Observable, ...]:
    """The observables of [run], each once."""
    for one in written:
        must(written.count(one) == 1, "run.observables", "be different", one)
    return tuple(Observable.parse(one, n) for one in written)


def _times(value: Any, path: str) -> list[float]:
    """`value`, a list of numbers, or text with ranges such as "0:1:11"."""
    return parse_values(value, path) if isinstance(value, str) else numbers(value, path)


def _one_language(table: Table) -> None:
    """Raise InputError if the table [system] has both symbols and operators."""
    operators = any(key in table.content for key in OPERATORS)
    for key in FORMULAS if operators else ():
        what = "be left out where operators are given"
        must(key not in table.content, f"system.{key}", what, key, f"Write {' and '.join(OPERATORS)}.")


def _system(table: Table, drives: Mapping[str, sympy.Expr]) -> System:
    """The system that the table [system] writes."""
    if any(key in table.content for key in OPERATORS):
        system = System.from_operators(
            table.take("hamiltonian_operator", text),
            table.get("jump_operators", partial(jumps, key="operator"), []),
            h=table.take("h", parse_number),
            gamma=table.get("gamma", parse_number, None),
            drives=drives,
        )
    else:
        system = System(
            table.take("hamiltonian", text),
            found := table.get("jumps", jumps, []),
            h=table.take("h", parse_number),
            gamma=table.take("gamma", parse_number) if found else table.get("gamma", parse_number, None),
            drives=drives,
        )
    for name in drives:
        used = any(drives[name] in f.atoms(Sampled) for f in (system.hamiltonian, *system.jumps))
        must(used, f"drives.{name}", "be used in the formulas of [system]", "not used")
    if system.n <= MAX_GRID_MODES and not has_pieces(system):
        decomposition(system)  # what cannot be evolved is refused here, where the file is known
    table.finish()
    return system
