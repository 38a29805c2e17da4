"""The rows of a sweep on disk: a Zarr store in which each finished run is one chunk of one array.

    STORE/zarr.json       the group: what the sweep is (problem, version, tolerance, times, axes), by which it is known
    STORE/h/ gamma/ ...   the axes, and time
    STORE/rows/           float64 (axes..., column, time), a file per row; the attribute `columns` names the columns
    STORE/message/        uint8 (axes..., character), why a run failed, in UTF-8
    STORE/symbol_*/       float32 (axes..., time, symbol_x, symbol_xi), only where symbols are kept
    STORE/rows/lock       nothing; its bytes are locked by the calls that are at work, one byte for each row

A row is written under another name, flushed to the disk and renamed: it is there whole or not at all, whoever is killed
when. Its checksum (that of gzip) tells a row that a dying disk has spoilt, and which counts as missing. The locks are
the kernel's, and vanish with the call that holds them.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from openweyl.files.atomic import unfinished

try:
    import fcntl
except ImportError:  # Windows: two calls at once do the same work twice, and write the same rows
    fcntl = None  # type: ignore[assignment]

STATUS = ("done", "failed", "missing")
"""What a row can be. On disk the column `status` has the place in this list."""
MESSAGE_BYTES = 300
"""Size of a message in its row; a line of the error grammar is shorter."""
SYMBOL_POINTS = 128
"""Points of a symbol that is kept, in each direction: 64 KiB in single precision, enough for a picture."""
GZIP_WBITS = 31
"""The number that stands for the format of gzip in zlib's argument `wbits`."""

Index = tuple[int, ...]


@dataclass(frozen=True)
class Store:
    """An open store: `axes`, the names and values of its dimensions but for time, and what it says of the sweep."""

    path: Path
    axes: dict[str, tuple[float, ...]]
    times: tuple[float, ...]
    columns: tuple[str, ...]
    about: dict[str, Any]
    _claims: list[int] = field(default_factory=list, repr=False)

    @property
    def shape(self) -> Index:
        """The number of values along each axis."""
        return tuple(len(values) for values in self.axes.values())

    def indices(self) -> Iterator[Index]:
        """The places of all rows."""
        return product(*(range(size) for size in self.shape))

    def read(self, index: Index) -> np.ndarray | None:
        """The row, shape (column, time), or None if it is not there."""
        return _read(self._chunk("rows", index, 2), "<f8", (len(self.columns), len(self.times)))

    def status(self, index: Index) -> str:
        """What the row is; one whose symbols are spoilt is missing, too."""
        row = self.read(index)
        status = "missing" if row is None else STATUS[int(row[self.columns.index("status"), 0])]
        kept = self.about["symbols"] if status == "done" else []
        return "missing" if any(self.symbol(name, index) is None for name in kept) else status

    def symbol(self, name: str, index: Index) -> np.ndarray | None:
        """The symbols of the row, shape (time, x, xi), or None if they are not there."""
        return _read(self._chunk(name, index, 3), "<f4", (len(self.times), SYMBOL_POINTS, SYMBOL_POINTS))

    def message(self, index: Index) -> str:
        """Why the run failed; empty if it did not."""
        text = _read(self._chunk("message", index, 1), "u1", (MESSAGE_BYTES,))
        return "" if text is None else text.tobytes().rstrip(b"\0").decode("utf-8", "replace")

    def write(
        self, index: Index, row: Mapping[str, Any], message: str = "", symbols: Mapping[str, np.ndarray] | None = None
    ) -> None:
        """Make the row permanent; columns that are not given are NaN. What belongs to it goes first."""
        if message:
            text = np.zeros(MESSAGE_BYTES, "u1")
            content = np.frombuffer(message.encode()[:MESSAGE_BYTES], "u1")
            text[: len(content)] = content
            _commit(self._chunk("message", index, 1), text)
        for name, values in (symbols or {}).items():
            _commit(self._chunk(name, index, 3), values.astype("<f4"))
        values = np.full((len(self.columns), len(self.times)), np.nan, "<f8")
        for name, value in row.items():
            values[self.columns.index(name)] = value
        _commit(self._chunk("rows", index, 2), values)

    def claim(self, index: Index) -> bool:
        """Whether this process is the one to compute the row; its claim ends with `release`, or with the process."""
        if fcntl is None:
            return True
        if not self._claims:
            self._claims.append(os.open(self.path / "rows" / "lock", os.O_RDWR | os.O_CREAT, 0o644))
        try:
            fcntl.lockf(self._claims[0], fcntl.LOCK_EX | fcntl.LOCK_NB, 1, self._flat(index))
        except (BlockingIOError, PermissionError):
            return False
        except OSError:  # a file system without locks
            return True
        return True

    def release(self, index: Index) -> None:
        """Give up the claim of one row."""
        if fcntl is not None and self._claims:
            with suppress(OSError):
                fcntl.lockf(self._claims[0], fcntl.LOCK_UN, 1, self._flat(index))

    def close(self) -> None:
        """Give up all claims."""
        while self._claims:
            os.close(self._claims.pop())

    def _flat(self, index: Index) -> int:
        return int(np.ravel_multi_index(index, self.shape))

    def _chunk(self, array: str, index: Index, inner: int) -> str:
        return f"{self.path}/{array}/c.{'.'.join(map(str, index))}{'.0' * inner}"


def _commit(target: str, values: np.ndarray) -> None:
    """Write a chunk so that `target` has all of it, on the disk, or is as it was."""
    path = Path(target)
    try:
        with unfinished(path) as part:
            with part.open("wb") as file:
                file.write(zlib.compress(values.tobytes(), level=1, wbits=GZIP_WBITS))
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    with suppress(OSError):  # the name too; some file systems cannot
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _read(path: str, dtype: str, shape: Index) -> np.ndarray | None:
    """The values of a chunk, or None if it is not there, or spoilt."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - 10,000 times in a second
            return np.frombuffer(zlib.decompress(file.read(), wbits=GZIP_WBITS), dtype).reshape(shape)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError, zlib.error, ValueError):
        return None
