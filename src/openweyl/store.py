"""Results on disk: netCDF files that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ._check import InputError, fail, must, shown
from .output import writing

if TYPE_CHECKING:
    import xarray

MARKS = {"hamiltonian", "jumps", "h", "gamma", "conventions"}
"""The attributes by which a file of ours is known."""


def save(dataset: xarray.Dataset, path: str | Path) -> Path:
    """Write `dataset` as netCDF-4 to `path`, whole or not at all."""
    content = dataset.to_netcdf(engine="h5netcdf")  # in memory: HDF5 does not survive a full disk
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    with writing(target) as unfinished:
        unfinished.write_bytes(content)
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
