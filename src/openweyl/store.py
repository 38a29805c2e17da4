"""Results on disk: netCDF files that are there whole or not at all, and end with a checksum.

What HDF5 makes of a damaged file is anybody's guess: an error, other numbers, or a search without end. So the checksum
of what stands before it, which HDF5 does not look at, is compared first.
"""

from __future__ import annotations

import sys
from hashlib import sha256
from pathlib import Path
from traceback import clear_frames
from typing import TYPE_CHECKING

from ._check import InputError, fail, must, shown
from .output import writing

if TYPE_CHECKING:
    import xarray

MARKS = {"hamiltonian", "jumps", "h", "gamma", "conventions"}
"""The attributes by which a file of ours is known."""
SEAL = b"\nopenweyl sha256 "
"""What stands before the checksum, 64 letters at the end of a file."""


def save(dataset: xarray.Dataset, path: str | Path) -> Path:
    """Write `dataset` as netCDF-4 to `path`, whole or not at all."""
    content = bytes(dataset.to_netcdf(engine="h5netcdf"))  # in memory: HDF5 does not survive a full disk
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with writing(target) as unfinished:
        unfinished.write_bytes(content + _seal(content))
    return target


def load(path: str | Path) -> xarray.Dataset:
    """The dataset that `save` wrote, in memory; or what others made of one, which has no checksum."""
    import xarray as xr

    source = Path(path)
    what = "be a netCDF file written by openweyl"
    try:
        must(source.is_file(), "path", what, str(source), "There is no such file.")
        must(_sound(source.read_bytes()), "path", what, str(source), "It is damaged: its checksum is another.")
        with xr.open_dataset(source, engine="h5netcdf", phony_dims="access") as opened:
            dataset = opened.load()
    except InputError:
        raise
    except Exception as error:  # whatever a file of others makes the libraries stumble over
        _let_go(error)
        raise fail("path", what, str(source), f"{shown(str(error))}.") from None
    must(dataset.attrs.keys() >= MARKS, "path", what, str(source), "It holds other data.")
    return dataset


def _seal(content: bytes) -> bytes:
    return SEAL + sha256(content).hexdigest().encode()


def _sound(content: bytes) -> bool:
    """Whether the checksum is right, if there is one."""
    end = len(SEAL) + 64
    return content[-end : len(content) - 64] != SEAL or content[-end:] == _seal(content[:-end])


def _let_go(error: Exception) -> None:
    """Drop what the libraries had opened: a half-made file of h5netcdf prints a traceback of its own when it goes."""
    before = sys.unraisablehook
    sys.unraisablehook = lambda _: None
    try:
        clear_frames(error.__traceback__)
    finally:
        sys.unraisablehook = before
