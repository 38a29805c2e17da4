"""The table [state] of a problem, or a member of a mixture or of a product, read as a state.

kind = "coherent"        x, xi, or alpha = "1 + 2*I"
kind = "squeezed"        x, xi, r, angle, nbar
kind = "thermal"         nbar
kind = "gaussian"        x, xi, covariance
kind = "cat"             components = [{x, xi, amplitude}]
kind = "fock"            k
kind = "binomial"        N, S, word
kind = "gkp"             delta, word
kind = "displaced"       state = {kind, ...}, and x, xi, or alpha
kind = "superposition"   components = [{amplitude, kind, ...}]
kind = "product"         factors = [{n, kind, ...}]
kind = "mixture"         members = [{weight, kind, ...}]
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from openweyl._core.arguments import fail, must, whole
from openweyl.model.code_states import binomial, gkp
from openweyl.model.displaced import displaced
from openweyl.model.fock_states import fock, superposition
from openweyl.model.gaussian_states import cat, coherent, gaussian, mixture, squeezed, thermal
from openweyl.model.products import tensor
from openweyl.model.states import State
from openweyl.symbolic.expressions import MAX_MODES
from openweyl.symbolic.parsing import parse_complex, parse_number
from openweyl.weyl.fock_matrix import MAX_LEVELS

from .table import Table, coordinates, numbers, sequence, text

ZERO: float | list[float] = 0.0
"""What a state has of each degree of freedom, such as an angle, if it is not given."""


def read_state(table: Table, n: int) -> State:
    """The state of n degrees of freedom that the table writes; a number that it has once is that of each."""
    kind = table.take("kind", text)
    if kind not in KINDS:
        *others, last = KINDS
        raise fail(f"{table.where}.kind", f"be {', '.join(others)} or {last}", kind)
    made = KINDS[kind](table, n)
    table.finish()
    return made


def _center(table: Table, n: int) -> tuple[Any, Any]:
    convert = partial(coordinates, n=n)
    return table.take("x", convert), table.take("xi", convert)


def _coherent(table: Table, n: int) -> State:
    if "alpha" in table.content:
        return coherent(alpha=table.take("alpha", partial(_complex_numbers, n=n)))
    return coherent(*_center(table, n))


def _squeezed(table: Table, n: int) -> State:
    center, r = _center(table, n), table.take("r", coordinates)
    angle, nbar = (table.get(key, coordinates, ZERO) for key in ("angle", "nbar"))
    return squeezed(*center, r=r, angle=angle, nbar=nbar)


def _thermal(table: Table, n: int) -> State:
    return thermal(table.take("nbar", coordinates), n)


def _gaussian(table: Table, n: int) -> State:
    rows = table.take("covariance", lambda value, path: [numbers(row, path) for row in _rows(value, path)])
    return gaussian(*_center(table, n), rows)


def _cat(table: Table, n: int) -> State:
    parts = table.tables("components")
    pairs = [_center(part, n) for part in parts]
    made = cat(pairs, [part.get("amplitude", parse_complex, 1 + 0j) for part in parts])
    for part in parts:
        part.finish()
    return made


def _fock(table: Table, n: int) -> State:
    _one_mode(table, n, "fock")
    return fock(table.take("k", lambda value, path: whole(path, value, 0, MAX_LEVELS - 1)))


def _binomial(table: Table, n: int) -> State:
    _one_mode(table, n, "binomial")
    return binomial(*(table.take(key, _integer) for key in ("N", "S", "word")))


def _gkp(table: Table, n: int) -> State:
    _one_mode(table, n, "gkp")
    return gkp(table.take("delta", parse_number), table.take("word", _integer))


def _one_mode(table: Table, n: int, kind: str) -> None:
    must(n == 1, f"{table.where}.kind", "be a state of n degrees of freedom, such as a product", kind)


def _integer(value: Any, path: str) -> int:
    number = parse_number(value, path)
    must(number == int(number), path, "be a whole number", value)
    return int(number)


def _superposition(table: Table, n: int) -> State:
    parts = table.tables("components")
    return superposition([(part.take("amplitude", parse_complex), read_state(part, n)) for part in parts])


def _mixture(table: Table, n: int) -> State:
    return mixture([(part.take("weight", parse_number), read_state(part, n)) for part in table.tables("members")])


def _product(table: Table, n: int) -> State:
    parts = table.tables("factors")
    sizes = [part.get("n", _count, 1) for part in parts]
    must(sum(sizes) == n, f"{table.where}.factors", f"have n = {n} together, as the system", sum(sizes))
    return tensor(*(read_state(part, size) for part, size in zip(parts, sizes, strict=True)))


def _displaced(table: Table, n: int) -> State:
    state = read_state(table.table("state"), n)
    if "alpha" in table.content:
        return displaced(state, alpha=table.take("alpha", partial(_complex_numbers, n=n)))
    return displaced(state, *_center(table, n))


KINDS: dict[str, Callable[[Table, int], State]] = {
    "coherent": _coherent,
    "squeezed": _squeezed,
    "thermal": _thermal,
    "gaussian": _gaussian,
    "cat": _cat,
    "fock": _fock,
    "binomial": _binomial,
    "gkp": _gkp,
    "displaced": _displaced,
    "superposition": _superposition,
    "mixture": _mixture,
    "product": _product,
}


def _complex_numbers(value: Any, path: str, n: int) -> complex | list[complex]:
    """`value`, a list of complex numbers, one for each degree of freedom, or a number for each of n."""
    if isinstance(value, list):
        return [parse_complex(item, path) for item in value]
    number = parse_complex(value, path)
    return number if n == 1 else [number] * n


def _count(value: Any, path: str) -> int:
    """`value`, a number of degrees of freedom."""
    return whole(path, value, 1, MAX_MODES)


def _rows(value: Any, path: str) -> list[list[Any]]:
    """`value`, a list of lists."""
    return [sequence(row, path) for row in sequence(value, path)]
