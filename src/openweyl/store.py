"""Results on disk: netCDF files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ._check import InputError

if TYPE_CHECKING:
    import xarray


def output_folder(path: str | Path) -> Path:
    """The folder `path`, made if it is not there. Raises InputError if that is not possible."""
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(
            f"Argument `out` must be a folder that can be written, but {folder}: {error.strerror}."
        ) from None
    return folder


def save(dataset: xarray.Dataset, path: str | Path) -> Path:
    """Write `dataset` as netCDF-4 to `path`: under another name first, so that no reader sees half a file."""
    target = Path(path)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".unfinished-", suffix=".nc")
    os.close(handle)
    unfinished = Path(name)
    try:
        dataset.to_netcdf(unfinished, engine="h5netcdf")
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
    if not source.is_file():
        raise InputError(f"Argument `path` must be a file written by openweyl, but {source} is not a file.")
    try:
        with xr.open_dataset(source, engine="h5netcdf") as dataset:
            return dataset.load()
    except (OSError, ValueError) as error:
        raise InputError(f"Argument `path` must be a netCDF file, but {source} is not: {error}.") from None
