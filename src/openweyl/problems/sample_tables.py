"""The tables [drives.NAME] of a problem: functions of the time by their samples, in columns of a file or as lists.

    [drives.pulse]                            [drives.pulse]
    file = "pulse.csv"                        times = [0.0, 0.5, 1.0]
    time = "t"                                values = [0.0, 2.0, 0.0]
    value = "amplitude"                       kind = "cubic"               # "linear", if left out

A file is read once, when the problem is loaded, and its samples take its place in the problem's text, which so needs
nothing else.
"""

from __future__ import annotations

import csv
import re
import tomllib
from pathlib import Path
from typing import Any

import sympy

from openweyl._core.arguments import InputError, fail, must, shown
from openweyl.symbolic.expressions import TIME
from openweyl.symbolic.sampled import KINDS, MAX_SAMPLES, sampled

from .table import Table, numbers, text

MAX_FILE_BYTES = 50_000_000
"""The largest file of samples that is read: far above MAX_SAMPLES of them."""
HEADER = re.compile(r"^[ \t]*\[[ \t]*drives[ \t]*\.[ \t]*([A-Za-z][A-Za-z0-9_]*)[ \t]*\][ \t]*(#.*)?$", re.M)
NEXT_TABLE = re.compile(r"^[ \t]*\[", re.M)


def read_drives(value: Any, path: str) -> dict[str, sympy.Expr]:
    """The functions by their names."""
    return {name: _drive(Table(drive, f"{path}.{name}"), name) for name, drive in Table(value, path).content.items()}


def _drive(table: Table, name: str) -> sympy.Expr:
    where = table.where
    if "file" in table.content:
        what = "be in a table of its own, in a file that is loaded"
        raise fail(f"{where}.file", what, table.content["file"], f"Write [{where}], or times and values here.")
    times, values = table.take("times", numbers), table.take("values", numbers)
    kind = table.get("kind", text, "linear")
    table.finish()
    must(kind in KINDS, f"{where}.kind", f"be {' or '.join(KINDS)}", kind)
    return sampled(TIME, times, values, kind, label=name, name=where)


def with_samples(written: str, folder: Path, source: str) -> str:
    """`written`, the text of a problem, with samples in place of the files in `folder` that it names.

    Raises InputError, in one line, for files that are not there, columns that they do not have, and what is no number.
    """
    if not HEADER.search(written):
        return written
    parts, last = [], 0
    try:
        for header in HEADER.finditer(written):
            after = NEXT_TABLE.search(written, header.end())
            end = after.start() if after else len(written)
            body = written[header.end() : end]
            table = _toml(body)
            if table is not None and "file" in table:
                parts += [
                    written[last : header.end()],
                    "\n",
                    _inline(Table(table, f"drives.{header[1]}"), folder),
                    "\n",
                ]
                last = end
    except InputError as error:
        raise InputError(f"{shown(source)}: {error}") from None
    return "".join([*parts, written[last:]])


def _toml(body: str) -> dict[str, Any] | None:
    """The keys of a table, or None if it has to be refused as a part of the whole."""
    try:
        return tomllib.loads(body)
    except (ValueError, RecursionError):
        return None


def _inline(table: Table, folder: Path) -> str:
    """The lines that say what the file of a table says."""
    path = folder / table.take("file", text)
    columns = {key: table.take(key, text) for key in ("time", "value")}
    kind = table.get("kind", text, "linear")
    table.finish()
    rows = _rows(path, f"{table.where}.file")
    lists = [_column(rows, name, f"{table.where}.{key}", path) for key, name in columns.items()]
    times, values = (", ".join(map(repr, column)) for column in lists)
    return f"times = [{times}]\nvalues = [{values}]\nkind = {kind!r}\n"


def _rows(path: Path, name: str) -> list[list[str]]:
    """The lines of a file, the first with the names of its columns."""
    try:
        if not path.is_file():
            raise fail(name, "be a file with columns of samples", str(path), "There is none.")
        must(path.stat().st_size <= MAX_FILE_BYTES, name, f"be a file of at most {MAX_FILE_BYTES} bytes", str(path))
        content = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise fail(name, "be a file that can be read", str(path), f"{error.strerror}.") from None
    except UnicodeDecodeError:
        raise fail(name, "be a text file in UTF-8", str(path)) from None
    lines = [line for line in content.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    must(len(lines) > 0, name, "have a first line with the names of its columns", str(path), "It is empty.")
    delimiter = next((d for d in (",", ";", "\t") if d in lines[0]), ",")
    try:
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]
    except csv.Error as error:
        raise fail(name, "be a file of comma-separated values", str(path), f"{error}.") from None
    must(len(rows) - 1 <= MAX_SAMPLES, name, f"have at most {MAX_SAMPLES} samples", len(rows) - 1)
    return rows


def _column(rows: list[list[str]], column: str, name: str, path: Path) -> list[float]:
    """The numbers of a column."""
    there = f"Its columns: {', '.join(rows[0])}."
    must(rows[0].count(column) == 1, name, f"be one of the columns of {path.name}", column, there)
    place, found = rows[0].index(column), []
    for number, row in enumerate(rows[1:], start=1):
        cell = row[place] if place < len(row) else ""
        try:
            found.append(float(cell))
        except ValueError:
            raise fail(name, "have a number in every line", f"{cell or 'empty'} in sample {number}") from None
        finite = found[-1] - found[-1] == 0
        must(finite, name, "have finite numbers", f"{cell} in sample {number}")
    return found
