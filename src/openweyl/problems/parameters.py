"""The table [parameters]: names for numbers in the formulas of a problem."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from typing import Any

from openweyl._core.arguments import must
from openweyl.symbolic.forms import FUNCTIONS
from openweyl.symbolic.indexed_sums import EACH, SUM
from openweyl.symbolic.operators import OPERATOR_NAME
from openweyl.symbolic.parsing import parse_number
from openweyl.symbolic.timed_calls import TIMED

from .table import Table

PARAMETER_NAME = re.compile("[A-Za-z][A-Za-z0-9_]{0,19}")
"""A name as long as fits into a chart's label."""
FORMULA_NAMES = re.compile("(x|xi)[0-9]*|t|I|pi|time|" + "|".join([*FUNCTIONS, *TIMED, SUM, EACH]))
"""The names that mean something else in a formula, or, as `time`, in a dataset."""
OBSERVABLES = "observables"
"""The key of [run] that holds observables."""
FORMULAS, OPERATORS = ("hamiltonian", "jumps"), ("hamiltonian_operator", "jump_operators")
"""The keys of [system] that hold symbols, and those that hold operators."""


def parameters(value: Any, path: str, taken: Set[str]) -> dict[str, float]:
    """The names and their numbers; `taken`: names that mean something else in a call."""
    table = Table(value, path)
    for name in table.content:
        free = PARAMETER_NAME.fullmatch(name) and not FORMULA_NAMES.fullmatch(name) and name not in taken
        what = "be a name of at most 20 letters and digits that means nothing else"
        must(bool(free), path, what, name, "Taken are x, xi, t, h, gamma, functions and the like.")
    return {name: parse_number(number, f"{path}.{name}") for name, number in table.content.items()}


def put(values: Mapping[str, float], system: dict[str, Any], state: dict[str, Any], run: dict[str, Any]) -> None:
    """Write the values for their names into the formulas of both tables, and into observables: digits, which are read
    as exact numbers.

    Raises InputError for a name that no formula has, and for one that is an operator's.
    """
    for name in values if any(key in system for key in OPERATORS) or OBSERVABLES in run else ():
        free = not OPERATOR_NAME.fullmatch(name)
        must(free, "parameters", "be names that are no operators", name, "Taken are a, ad, a1, ad1, ...")
    pattern = re.compile(rf"(?<![\w.])({'|'.join(values)})\b")
    used: set[str] = set()

    def digits(match: re.Match[str]) -> str:
        used.add(match[0])
        return f"({values[match[0]]!r})".replace(".0)", ")")  # 10 rather than 10.0 where messages show a bound

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: inner if key == "kind" else filled(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [filled(inner) for inner in value]
        return pattern.sub(digits, value) if isinstance(value, str) else value

    system.update({key: filled(system[key]) for key in (*FORMULAS, *OPERATORS) if key in system})
    state.update(filled(state))
    run.update({key: filled(run[key]) for key in (OBSERVABLES,) if key in run})
    for name in values:
        must(
            name in used,
            f"parameters.{name}",
            "be used in the formulas of [system] or [state], or in observables",
            "not used",
        )
