"""A TOML table whose keys are taken one by one, each with the conversion that checks it; what is left is an error.

Argument `system.jumps` must be a list, but is x.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from difflib import get_close_matches
from typing import Any, TypeVar

from openweyl._core.arguments import InputError, fail, must, shown
from openweyl.symbolic.parsing import parse_number

Value = TypeVar("Value")
Default = TypeVar("Default")

ALIKE = 0.7
"""How alike two keys are, for one to be taken for the other misspelt: x and xi are 0.67."""


class Table:
    """The table `content` at the path `where`, such as "state.components"; "" for the whole file."""

    def __init__(self, content: Any, where: str) -> None:
        must(isinstance(content, dict), where, "be a table", content)
        self.content, self.where = dict(content), where

    def take(self, key: str, convert: Callable[[Any, str], Value]) -> Value:
        """The value of `key`, as `convert` makes it of what is written and of its path.

        Raises InputError if it is missing.
        """
        path = f"{self.where}.{key}" if self.where else key
        if key not in self.content:
            has = (
                f"Given are {', '.join(shown(other) for other in self.content)}." if self.where and self.content else ""
            )
            raise fail(path, "be given", "missing", _meant(key, self.content) or has)
        return convert(self.content.pop(key), path)

    def get(self, key: str, convert: Callable[[Any, str], Value], default: Default) -> Value | Default:
        """The value of `key` likewise, or `default` if it is missing."""
        return self.take(key, convert) if key in self.content else default

    def table(self, key: str) -> Table:
        """The table that is the value of `key`."""
        return self.take(key, Table)

    def tables(self, key: str) -> list[Table]:
        """The tables of the list that is the value of `key`."""
        return self.take(key, lambda value, path: [Table(part, path) for part in sequence(value, path)])

    def finish(self, *known: str) -> None:
        """Raise InputError if there is a key that nobody took, and that is not `known` to be taken later."""
        where = f" in [{self.where}]" if self.where else ""
        for key in self.content:
            if key not in known:
                meant = f" {_meant(key, known)}".rstrip()
                raise InputError(f"Unknown key `{shown(key)}`{where}: remove it, or correct its spelling.{meant}")


def _meant(key: str, others: Collection[str]) -> str:
    """A line that names the one of `others` that is spelt much like `key`, if there is one."""
    close = get_close_matches(key, others, 1, ALIKE)
    return f"Perhaps `{shown(close[0])}` is meant." if close else ""


def text(value: Any, path: str) -> str:
    """`value`, which is text."""
    must(isinstance(value, str), path, "be text in quotes", value)
    return str(value)


def sequence(value: Any, path: str) -> list[Any]:
    """`value`, which is a list."""
    must(isinstance(value, list), path, "be a list", value)
    return list(value)


def texts(value: Any, path: str) -> list[str]:
    """`value`, which is a list of texts."""
    return [text(item, path) for item in sequence(value, path)]


def jumps(value: Any, path: str, *, key: str = "symbol") -> list[str | tuple[str, float | str]]:
    """`value`, a list of texts or of tables of a jump, called `key`, and its rate."""

    def one(item: Any) -> str | tuple[str, float | str]:
        if not isinstance(item, dict):
            return text(item, path)
        table = Table(item, path)
        pair = table.take(key, text), table.take("rate", _rate)
        table.finish()
        return pair

    return [one(item) for item in sequence(value, path)]


def _rate(value: Any, path: str) -> float | str:
    """A number, or text with one or with a function of the time."""
    return value if isinstance(value, str) else parse_number(value, path)


def numbers(value: Any, path: str) -> list[float]:
    """`value`, a list of numbers or of arithmetic in quotes, as numbers."""
    return [parse_number(item, path) for item in sequence(value, path)]


def coordinates(value: Any, path: str, n: int = 1) -> float | list[float]:
    """`value`, a list of numbers, one for each degree of freedom, or a number for each of n."""
    if isinstance(value, list):
        return numbers(value, path)
    number = parse_number(value, path)
    return number if n == 1 else [number] * n
