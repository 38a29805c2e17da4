"""The symbols that a store keeps, as arrays that are read from disk where they are used."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from .rows import SYMBOL_POINTS, Store


class Symbols(BackendArray):
    """The symbols `name` of all rows, axes (axes..., time, x, xi); NaN where a row has none, or its chunk is spoilt."""

    def __init__(self, store: Store, name: str) -> None:
        self.store, self.name = store, name
        self.shape = (*store.shape, len(store.times), SYMBOL_POINTS, SYMBOL_POINTS)
        self.dtype = np.dtype("f4")

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> np.ndarray:
        """What these indices, slices and lists of indices pick, each along its own axis."""
        picked = [np.atleast_1d(np.arange(size)[part]) for size, part in zip(self.shape, key, strict=True)]
        rows, inner = picked[:-3], np.ix_(*picked[-3:])
        values = np.full([len(part) for part in picked], np.nan, self.dtype)
        for place in product(*(range(len(part)) for part in rows)):
            symbols = self.store.symbol(self.name, tuple(int(part[k]) for part, k in zip(rows, place, strict=True)))
            if symbols is not None:
                values[place] = symbols[inner]
        return values[tuple(0 if isinstance(part, (int, np.integer)) else slice(None) for part in key)]
