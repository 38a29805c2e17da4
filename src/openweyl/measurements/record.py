"""The rows that a folder already holds: an interrupted battery goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

from openweyl._core.arguments import must
from openweyl.files.atomic import writing

from .row import Row

FILE_NAME = "rows.json"
_WHAT = "be a folder without {FILE_NAME}, or with one of the same battery"


class Record:
    """FOLDER/rows.json: the groups that are finished, with the version and the form (fast or full) that made them."""

    def __init__(self, folder: Path, *, fast: bool) -> None:
        """Read what is there.

        Raises InputError if it is no such record, or one of another version or form: these are never mixed.
        """
        self.path, self.head = folder / FILE_NAME, {"openweyl": version("openweyl"), "fast": fast}
        self.groups: dict[str, list[Row]] = {}
        if not self.path.exists():
            return
        content = self._read()
        same = {key: content.get(key) for key in self.head} == self.head
        form = f"It is of openweyl {content.get('openweyl')}, {'fast' if content.get('fast') else 'full'}."
        must(same, "out", _WHAT.format(FILE_NAME=FILE_NAME), str(folder), f"{form} Name another folder.")
        for group, rows in content["groups"].items():
            self.groups[group] = [from_dict(row) for row in rows]

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            wrong = not (isinstance(content, dict) and isinstance(content.get("groups"), dict))
        except (ValueError, UnicodeDecodeError):
            wrong = True
        what = _WHAT.format(FILE_NAME=FILE_NAME)
        must(not wrong, "out", what, str(self.path.parent), f"{FILE_NAME} is something else.")
        return dict(content)

    def add(self, group: str, rows: Sequence[Row]) -> None:
        """Keep the rows of a finished group."""
        self.groups[group] = list(rows)
        content = self.head | {"groups": {name: [row.as_dict() for row in kept] for name, kept in self.groups.items()}}
        with writing(self.path) as unfinished:
            unfinished.write_text(json.dumps(content, indent=1), encoding="utf-8")


def from_dict(kept: dict[str, Any]) -> Row:
    """The row behind `Row.as_dict`: None is what was not finite."""

    def number(value: float | None) -> float:
        return float("nan") if value is None else value

    values = {field.name: kept.get(field.name) for field in fields(Row)}
    values |= {
        "measured": number(kept["measured"]),
        "interval": tuple(number(v) for v in kept["interval"]),
        "constant": number(kept["constant"]),
        "x": tuple(kept["x"]),
        "y": tuple(number(v) for v in kept["y"]),
        "part": None if kept["fitted"] is None else tuple(kept["fitted"]),
    }
    return Row(**values)  # type: ignore[arg-type]
