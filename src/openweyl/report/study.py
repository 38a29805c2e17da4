"""What a report is made of: the rows of a store as labelled arrays, in one form whatever the axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core.arguments import must

if TYPE_CHECKING:
    import xarray

DISTANCE, ERROR = "trace_norm", "trace_norm_error"
StudyPoint = dict[str, int]
"""An index along every axis but time."""


@dataclass(frozen=True)
class Study:
    """A dataset with dims h, gamma, named parameters and time, and questions that a page asks of it."""

    dataset: xarray.Dataset

    @staticmethod
    def of(dataset: xarray.Dataset) -> Study:
        """The study of `dataset`; one comparison, which has no axes but time, is a study of one point."""
        what = "hold trace-norm distances over time"
        must({DISTANCE, "time"} <= set(dataset.variables), "store", what, ", ".join(map(str, dataset)) or "empty")
        must(dataset.sizes["time"] > 0, "store", what, "without any time")
        for name in ("gamma", "h"):
            if name not in dataset.dims:
                must(name in dataset.attrs, "store", f"say what {name} is", "without it")
                dataset = dataset.expand_dims({name: [float(dataset.attrs[name])]})
        return Study(dataset)

    @cached_property
    def axes(self) -> tuple[str, ...]:
        """The names of the axes but time, h and gamma first."""
        others = [str(d) for d in self.dataset[DISTANCE].dims if d not in ("h", "gamma", "time")]
        return ("h", "gamma", *others)

    @property
    def parameters(self) -> tuple[str, ...]:
        """The axes beyond h and gamma."""
        return self.axes[2:]

    def values(self, axis: str) -> np.ndarray:
        """The coordinates along `axis` (or "time")."""
        return np.asarray(self.dataset[axis].values, dtype=float)

    @property
    def times(self) -> np.ndarray:
        """The times at which distances were taken."""
        return self.values("time")

    def array(self, name: str) -> np.ndarray:
        """The variable `name` with axes (*axes, time), or (*axes) if it does not depend on time; NaN where unknown."""
        if name not in self.dataset:
            return np.full(self.dataset[DISTANCE].transpose(*self.axes, "time").shape, np.nan)
        variable = self.dataset[name]
        order = [a for a in (*self.axes, "time") if a in variable.dims]
        return np.asarray(variable.transpose(*order).values)

    @cached_property
    def distance(self) -> np.ndarray:
        """||A(t) - Op(a(t))||_tr, axes (*axes, time)."""
        return np.asarray(self.array(DISTANCE), dtype=float)

    @cached_property
    def error(self) -> np.ndarray:
        """The error of `distance`."""
        return np.asarray(self.array(ERROR), dtype=float)

    @cached_property
    def seen(self) -> np.ndarray:
        """Where the distance exceeds its error; one that does not may be zero, and is mostly round-off."""
        return np.asarray(self.distance > np.nan_to_num(self.error))

    @cached_property
    def certified(self) -> bool:
        """Whether certificates were computed too."""
        return "distance_upper" in self.dataset and bool(np.isfinite(self.array("distance_upper")).any())

    @cached_property
    def status(self) -> np.ndarray:
        """done, failed or missing, at each point."""
        if "status" in self.dataset:
            return self.array("status").astype(str)
        return np.where(np.isfinite(self.distance).any(axis=-1), "done", "missing")

    def count(self, status: str) -> int:
        """How many points have this status."""
        return int((self.status == status).sum())

    def points(self) -> Iterator[StudyPoint]:
        """Every point, the last axis fastest."""
        sizes = [range(len(self.values(axis))) for axis in self.axes]
        for indices in product(*sizes):
            yield dict(zip(self.axes, indices, strict=True))

    def at(self, array: np.ndarray, point: Mapping[str, int]) -> Any:
        """`array` at `point`: over time if it depends on time."""
        return array[tuple(point[axis] for axis in self.axes)]

    @property
    def base(self) -> StudyPoint:
        """The point whose parameters the curves keep: the middle one of each."""
        return {axis: (len(self.values(axis)) - 1) // 2 for axis in self.parameters}

    def over(self, array: np.ndarray, axis: str, point: Mapping[str, int], time: int) -> np.ndarray:
        """`array` along `axis` through `point`, at one time."""
        index = tuple(slice(None) if a == axis else point[a] for a in self.axes)
        return np.asarray(array[(*index, time)])

    @property
    def attrs(self) -> dict[str, Any]:
        """What the store says of itself."""
        return dict(self.dataset.attrs)

    @property
    def text(self) -> str:
        """The problem's TOML text, empty if the store has none."""
        return str(self.attrs.get("problem", ""))

    @property
    def origin(self) -> dict[str, str]:
        """What computed the store, when, and how exactly."""
        names = ("openweyl", "numpy", "python", "created", "tol", "order")
        return {name: str(self.attrs[name]) for name in names if name in self.attrs and self.attrs[name] != 0}
