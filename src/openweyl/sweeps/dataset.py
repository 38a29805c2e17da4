"""A store as one labelled dataset."""

from __future__ import annotations

from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .opening import find
from .rows import STATUS

if TYPE_CHECKING:
    import xarray


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
        from xarray.core.indexing import LazilyIndexedArray

        from .pictures import Symbols

        for name in about["symbols"]:
            symbols = LazilyIndexedArray(Symbols(store, name))
            data[name] = xr.Variable((*names, "time", "symbol_x", "symbol_xi"), symbols)
    plain = {key: value for key, value in about.items() if isinstance(value, (str, int, float))}
    return data.assign_attrs(plain)
