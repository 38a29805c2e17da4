"""The rows of a sweep on disk: a Zarr store in which each finished run is one chunk of one array.

    STORE/zarr.json       the group: what the sweep is (problem, version, tolerance, times, axes), by which it is known
    STORE/h/ gamma/ ...   the axes, and time
    STORE/rows/           float64 (axes..., column, time), a file per row; the attribute `columns` names the columns
    STORE/message/        uint8 (axes..., character), why a run failed, in UTF-8
    STORE/symbol_*/       float32 (axes..., time, symbol_x, symbol_xi), only where symbols are kept
    STORE/rows/lock       nothing; its bytes are locked by the calls that are at work, one byte for each row

A row is written under another name, flushed to the disk and renamed: it is there whole or not at all, whoever is killed
when. Its checksum (that of gzip) tells a row that a dying disk has spoilt, and which counts as missing. The locks are
the kernel's, and vanish with the call that holds them. The store itself is made under another name, too.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._check import InputError, fail

try:
    import fcntl
except ImportError:  # Windows: two calls at once do the same work twice, and write the same rows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    import xarray

FORMAT = "openweyl sweep 1"
STATUS = ("done", "failed", "missing")
"""What a row can be. On disk the column `status` has the place in this list."""
MESSAGE = 300
"""Bytes of a message."""
PIXELS = 128
"""Points of a symbol that is kept, in each direction."""
GZIP = 31
"""What zlib calls the format of gzip."""

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
        return tuple(len(values) for values in self.axes.values())

    def indices(self) -> Iterator[Index]:
        """The places of all rows."""
        return product(*(range(size) for size in self.shape))

    def read(self, index: Index) -> np.ndarray | None:
        """The row, shape (column, time), or None if it is not there."""
        return _read(self._chunk("rows", index, 2), "<f8", (len(self.columns), len(self.times)))

    def status(self, index: Index) -> str:
        row = self.read(index)
        return "missing" if row is None else STATUS[int(row[self.columns.index("status"), 0])]

    def message(self, index: Index) -> str:
        text = _read(self._chunk("message", index, 1), "u1", (MESSAGE,))
        return "" if text is None else text.tobytes().rstrip(b"\0").decode("utf-8", "replace")

    def write(
        self, index: Index, row: Mapping[str, Any], message: str = "", symbols: Mapping[str, np.ndarray] | None = None
    ) -> None:
        """Make the row permanent; columns that are not given are NaN. What belongs to it goes first."""
        if message:
            text = np.zeros(MESSAGE, "u1")
            content = np.frombuffer(message.encode()[:MESSAGE], "u1")
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


def open_store(
    path: Path,
    axes: Mapping[str, Sequence[float]],
    times: Sequence[float],
    columns: Sequence[str],
    *,
    identity: Mapping[str, Any],
    about: Mapping[str, Any],
    symbols: Sequence[str] = (),
) -> Store:
    """The store of the sweep that `identity` describes, made if there is none yet; `about` goes into its attributes.

    Raises InputError if there is something else, or the store of another sweep.
    """
    known = dict(identity) | {name: list(values) for name, values in axes.items()} | {"times": list(times)}
    known = json.loads(json.dumps(known))
    if not path.is_dir() or not any(path.iterdir()):
        text = json.dumps(known, sort_keys=True)
        attributes = {"format": FORMAT, "identity": known, "hash": hashlib.sha256(text.encode()).hexdigest()}
        _create(path, axes, times, columns, attributes | dict(about), symbols)
    store = find(path, "out")
    found = store.about["identity"]
    other = [key for key in {**known, **found} if found.get(key) != known.get(key)]
    if other:
        advice = f"It differs in {' and '.join(other)}: name another store."
        raise fail("out", "be a new folder or a store of this very sweep", str(path), advice)
    return store


def find(path: Path, name: str = "path") -> Store:
    """The store at `path`; `name`: the argument's name in messages."""
    what = "be a store written by openweyl sweep"
    try:
        content = json.loads((path / "zarr.json").read_text(encoding="utf-8"))
        about = content["attributes"]
        identity, columns = about["identity"], about["columns"]
        if about["format"] != FORMAT:
            raise fail(name, what, str(path), f"Its format is {about['format']}.")
        axes = {axis: tuple(map(float, identity[axis])) for axis in about["axes"]}
        return Store(path, axes, tuple(map(float, identity["times"])), tuple(columns), about)
    except InputError:
        raise
    except OSError as error:
        advice = "There is nothing." if not path.exists() else "It holds other data."
        if isinstance(error, PermissionError):
            advice = f"{error.strerror}."
        raise fail(name, what, str(path), advice) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise fail(name, what, str(path), "It holds other data.") from None


def load_rows(path: Path) -> xarray.Dataset:
    """The store as one labelled dataset: variables over the axes and time; NaN where nothing is known.

    Symbols, if they were kept, stay on disk until they are used.
    """
    import xarray as xr

    store = find(path)
    shape = (*store.shape, len(store.columns), len(store.times))
    values = np.full((prod(store.shape), *shape[-2:]), np.nan)
    messages = np.full(prod(store.shape), "", dtype=object)
    kind = store.columns.index("status")
    for flat, index in enumerate(store.indices()):
        row = store.read(index)
        if row is not None:
            values[flat] = row
            if row[kind, 0]:
                messages[flat] = store.message(index)
    values = values.reshape(shape)
    names, about = tuple(store.axes), store.about
    data = xr.Dataset(coords={**{k: list(v) for k, v in store.axes.items()}, "time": list(store.times)})
    for j, name in enumerate(store.columns):
        attributes = {"long_name": about["columns"][name]}
        if name in about["scalars"]:
            data[name] = (names, values[..., j, 0], attributes)
        else:
            data[name] = ((*names, "time"), values[..., j, :], attributes)
    codes = np.nan_to_num(values[..., kind, 0], nan=STATUS.index("missing")).astype(int)
    data["status"] = (names, np.array(STATUS)[codes], {"long_name": about["columns"]["status"]})
    data["message"] = (names, messages.reshape(store.shape).astype(str), {"long_name": "why the run failed"})
    if about["symbols"]:
        kept = xr.open_zarr(path, consolidated=False, chunks=None)
        for name in about["symbols"]:
            data[name] = kept[name].drop_vars(list(kept[name].coords))
    plain = {key: value for key, value in about.items() if isinstance(value, (str, int, float))}
    return data.assign_attrs(plain)


def _create(
    path: Path,
    axes: Mapping[str, Sequence[float]],
    times: Sequence[float],
    columns: Sequence[str],
    attributes: dict[str, Any],
    symbols: Sequence[str],
) -> None:
    import zarr
    from zarr.codecs import GzipCodec

    made = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=path.parent, prefix=".unfinished-"))
        group = zarr.create_group(made, attributes=attributes | {"axes": list(axes), "symbols": list(symbols)})
        for name, values in {**axes, "time": times}.items():
            group.create_array(name, data=np.array(values, "f8"), dimension_names=(name,), compressors=None)
        size, point = tuple(map(len, axes.values())), (1,) * len(axes)
        arrays: list[tuple[str, str, tuple[int, ...], tuple[str, ...], float]] = [
            ("rows", "f8", (len(columns), len(times)), ("column", "time"), np.nan),
            ("message", "u1", (MESSAGE,), ("character",), 0),
            *((s, "f4", (len(times), PIXELS, PIXELS), ("time", "symbol_x", "symbol_xi"), np.nan) for s in symbols),
        ]
        for name, dtype, inner, dimensions, fill in arrays:
            group.create_array(
                name,
                shape=size + inner,
                chunks=point + inner,
                dtype=dtype,
                fill_value=fill,
                compressors=[GzipCodec(level=1)],
                chunk_key_encoding={"name": "default", "separator": "."},
                dimension_names=(*axes, *dimensions),
                attributes={"columns": list(columns)} if name == "rows" else {},
            )
        made.chmod(0o755)
        made.rename(path)
    except OSError as error:
        if not (path / "zarr.json").exists():  # else another call has just made it
            advice = f"{error.strerror}."
            raise fail("out", "be a folder that can be made and written", str(path), advice) from None
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)


def _commit(target: str, values: np.ndarray) -> None:
    """Write a chunk so that `target` has all of it, on the disk, or is as it was."""
    path = Path(target)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".unfinished-")
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(zlib.compress(values.tobytes(), level=1, wbits=GZIP))
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(0o644)
        unfinished.replace(path)
    except BaseException as error:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise
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
            return np.frombuffer(zlib.decompress(file.read(), wbits=GZIP), dtype).reshape(shape)
    except (FileNotFoundError, zlib.error, ValueError):
        return None
