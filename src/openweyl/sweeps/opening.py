"""Stores of sweeps, made and opened again: a store belongs to one sweep, and is there whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from openweyl._core.arguments import InputError, fail, shown
from openweyl.files.atomic import tidy, unfinished_folder

from .rows import MESSAGE_BYTES, SYMBOL_POINTS, Store

FORMAT = "openweyl sweep 1"


@dataclass(frozen=True)
class StoreLayout:
    """The dimensions of a store but for time, the times, the columns of a row, and the symbols that are kept."""

    axes: Mapping[str, tuple[float, ...]]
    times: tuple[float, ...]
    columns: tuple[str, ...]
    symbols: tuple[str, ...] = ()


def open_store(path: Path, layout: StoreLayout, *, identity: Mapping[str, Any], about: Mapping[str, Any]) -> Store:
    """The store of the sweep that `identity` describes, made if there is none yet; `about` goes into its attributes.

    Raises InputError if there is something else, or the store of another sweep.
    """
    known = json.loads(json.dumps(dict(identity) | dict(layout.axes) | {"times": layout.times}))
    if not path.is_dir() or not any(path.iterdir()):
        attributes = {"format": FORMAT, "identity": known, "hash": _hash(known)}
        _create(path, layout, attributes | dict(about))
    store = find(path, "out")
    for name in ("rows", "message", *layout.symbols):
        tidy(path / name)
    there = store.about["identity"]
    other = [key for key in {**known, **there} if there.get(key) != known.get(key)]
    if other:
        advice = f"It differs in {' and '.join(other)}: name another store."
        raise fail("out", "be a new folder or a store of this very sweep", str(path), advice)
    return store


def _what_is_there(path: Path) -> str:
    """What is at a path where no store is: a dataset that `save` has written, for instance."""
    datasets = sorted(one.name for one in path.glob("*.nc")) if path.is_dir() else []
    if datasets:
        return f"Open the dataset in it, {path.name}/{shown(datasets[0])}."
    return "It holds other data." if path.exists() else "There is nothing."


def find(path: Path, name: str = "path") -> Store:
    """The store at `path`; `name`: the argument's name in messages."""
    what = "be a store written by openweyl sweep"
    try:
        content = json.loads((path / "zarr.json").read_text(encoding="utf-8"))
        about = content["attributes"]
        identity, columns = about["identity"], about["columns"]
        if about["format"] != FORMAT:
            raise fail(name, what, str(path), f"Its format is {about['format']}.")
        if "seal" in about and about["seal"] != _seal(about):
            raise fail(name, "be a store as it was made", str(path), "Its zarr.json is damaged.")
        axes = {axis: tuple(map(float, identity[axis])) for axis in about["axes"]}
        return Store(path, axes, tuple(map(float, identity["times"])), tuple(columns), about)
    except InputError:
        raise
    except OSError as error:
        advice = _what_is_there(path)
        if isinstance(error, PermissionError):
            advice = f"{error.strerror}."
        raise fail(name, what, str(path), advice) from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise fail(name, what, str(path), "It holds other data.") from None


def _hash(identity: Any) -> str:
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()


def _seal(about: Mapping[str, Any]) -> str:
    """The hash of all that the store says of itself, by which damage is seen."""
    return _hash({key: value for key, value in about.items() if key != "seal"})


def _create(path: Path, layout: StoreLayout, attributes: dict[str, Any]) -> None:
    import zarr
    from zarr.codecs import GzipCodec

    axes, times = layout.axes, layout.times
    with _making(path) as made:
        about = json.loads(json.dumps(attributes | {"axes": list(axes), "symbols": layout.symbols}))
        group = zarr.create_group(made, attributes=about | {"seal": _seal(about)})
        for name, values in {**axes, "time": times}.items():
            group.create_array(name, data=np.array(values, "f8"), dimension_names=(name,), compressors=None)
        pixels = (len(times), SYMBOL_POINTS, SYMBOL_POINTS)
        size, point = tuple(map(len, axes.values())), (1,) * len(axes)
        arrays: list[tuple[str, str, tuple[int, ...], tuple[str, ...], float]] = [
            ("rows", "f8", (len(layout.columns), len(times)), ("column", "time"), np.nan),
            ("message", "u1", (MESSAGE_BYTES,), ("character",), 0),
            *((s, "f4", pixels, ("time", "symbol_x", "symbol_xi"), np.nan) for s in layout.symbols),
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
                attributes={"columns": layout.columns} if name == "rows" else {},
            )
        made.chmod(0o755)
        made.rename(path)


@contextmanager
def _making(path: Path) -> Iterator[Path]:
    """A new folder beside `path`, for what becomes `path`; what killed calls have left of it goes first."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        tidy(path.parent, f"-{path.name}")
        with unfinished_folder(path) as made:
            yield made
    except OSError as error:
        if not (path / "zarr.json").exists():  # else another call has just made it
            advice = f"{error.strerror}."
            raise fail("out", "be a folder that can be made and written", str(path), advice) from None
