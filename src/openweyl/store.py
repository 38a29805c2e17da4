"""Results on disk: netCDF files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ._check import InputError, fail, must, shown

if TYPE_CHECKING:
    import xarray

MARKS = {"hamiltonian", "jumps", "h", "gamma", "conventions"}
"""The attributes by which a file of ours is known."""


def output_folder(path: str | Path) -> Path:
    """The folder `path`, found to be one that can be made and written; what is on disk stays as it was.

    Raises InputError if that is not possible.
    """
    folder = Path(path)
    missing: list[Path] = []
    try:
        missing += [p for p in (folder, *folder.parents) if not p.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise fail("out", "be a folder that can be written", str(folder), f"{error.strerror}.") from None
    finally:
        for made in missing:
            with suppress(OSError):
                made.rmdir()
    return folder


def save(dataset: xarray.Dataset, path: str | Path) -> Path:
    """Write `dataset` as netCDF-4 to `path`: under another name first, so that no reader sees half a file."""
    content = dataset.to_netcdf(engine="h5netcdf")  # in memory: HDF5 does not survive a full disk
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".unfinished-", suffix=target.suffix)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        unfinished.chmod(0o644)
        unfinished.replace(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return target


def load(path: str | Path) -> xarray.Dataset:
    """The dataset that `save` wrote, in memory."""
    import xarray as xr

    source = Path(path)
    what = "be a netCDF file written by openweyl"
    try:
        must(source.is_file(), "path", what, str(source), "There is no such file.")
        with xr.open_dataset(source, engine="h5netcdf", phony_dims="access") as opened:
            dataset = opened.load()
    except InputError:
        raise
    except Exception as error:  # whatever a file of others makes the libraries stumble over
        raise fail("path", what, str(source), f"{shown(str(error))}.") from None
    must(dataset.attrs.keys() >= MARKS, "path", what, str(source), "It holds other data.")
    return dataset
