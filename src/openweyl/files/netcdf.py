"""Results on disk: netCDF files that are there whole or not at all, and that tell if they were damaged.

A file ends with a seal, a hash of all before it, which programs that read netCDF do not look at. HDF5 alone would read
wrong numbers from a damaged file, or never come back. A file without a seal, written by another program, is read as it
is.
"""

from __future__ import annotations

import gc
import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from openweyl._core.arguments import InputError, fail, must, shown

from .atomic import writing

if TYPE_CHECKING:
    import xarray

OWN_ATTRIBUTES = {"hamiltonian", "jumps", "h", "gamma", "conventions"}
"""The attributes by which a file of ours is known."""
SEAL = b"\nopenweyl seal "
"""What stands before the hash in the last bytes of a file."""
HASH_DIGITS = 32
"""Hexadecimal digits of the hash: damage by chance is found but once in 2^128."""


def save(dataset: xarray.Dataset, path: str | Path) -> Path:
    """Write `dataset` as netCDF-4 to `path`, whole or not at all."""
    content = dataset.to_netcdf(engine="h5netcdf")  # in memory: HDF5 does not survive a full disk
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with writing(target) as unfinished, unfinished.open("wb") as file:
        file.write(content)
        file.write(SEAL + _hash(content))
    return target


def load(path: str | Path) -> xarray.Dataset:
    """The dataset that `save` wrote, in memory."""
    import xarray as xr

    source = Path(path)
    what = "be a netCDF file written by openweyl"
    trouble = ""
    with _quiet():
        try:
            must(source.is_file(), "path", what, str(source), "There is no such file.")
            must(
                _whole(source),
                "path",
                "be as it was written",
                str(source),
                "It was damaged, or changed by another program.",
            )
            with xr.open_dataset(source, engine="h5netcdf", phony_dims="access") as opened:
                dataset = opened.load()
        except InputError:
            raise
        except Exception as error:  # whatever a file of others makes the libraries stumble over
            trouble = shown(str(error))
        if trouble:
            gc.collect()  # what the libraries left open, and complain of when it goes
    if trouble:
        raise fail("path", what, str(source), f"{trouble.rstrip('.')}.")
    must(dataset.attrs.keys() >= OWN_ATTRIBUTES, "path", what, str(source), "It holds other data.")
    return dataset


def _hash(content: bytes | memoryview) -> bytes:
    return hashlib.blake2b(content, digest_size=HASH_DIGITS // 2).hexdigest().encode()


def _whole(source: Path) -> bool:
    """Whether the file is as its seal says, if it has one."""
    with source.open("rb") as file:
        size = file.seek(0, 2) - len(SEAL) - HASH_DIGITS
        if size < 0:
            return True
        file.seek(size)
        end = file.read()
        if not end.startswith(SEAL):
            return True
        file.seek(0)
        content_hash, left = hashlib.blake2b(digest_size=HASH_DIGITS // 2), size
        while left > 0 and (part := file.read(min(left, 1 << 20))):
            content_hash.update(part)
            left -= len(part)
    return end[len(SEAL) :] == content_hash.hexdigest().encode()


@contextmanager
def _quiet() -> Iterator[None]:
    """No tracebacks of what goes wrong when half-opened files of libraries are thrown away."""
    hook = sys.unraisablehook
    sys.unraisablehook = lambda _: None
    try:
        yield
    finally:
        sys.unraisablehook = hook
