"""What `monitor` returns: records, the means and covariances that they leave, and states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from openweyl._core.arguments import must, position, whole
from openweyl._core.calls import public
from openweyl._core.display import block, html_picture, html_table
from openweyl._core.plain import plain, plain_fields
from openweyl._core.text import cut, excerpt, table
from openweyl.evolution.dataset import attributes
from openweyl.model.states import State
from openweyl.model.symbol_state import SymbolState
from openweyl.model.system import System
from openweyl.plot import results
from openweyl.plot.trajectories import draw_paths
from openweyl.weyl.symbol import Symbol

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


class States(Protocol):
    """The conditional states, by record and time."""

    def state(self, record: int, index: int, description: str) -> State: ...


NEGLIGIBLE = 1e-12
"""The part of its maximum that a conditional symbol has at the edge of its grid."""


@public
@dataclass(frozen=True, eq=False, repr=False)
class Records:
    """Records of a continuous measurement, and the states that they leave.

    `record`: (records, times, channels), the integral of dy since the time before, from 0 on for the first; two
    channels for heterodyne detection. `mean`: (records, times, 2n), the conditional means. `covariance`: the
    conditional covariance, (records, times, 2n, 2n), or (times, 2n, 2n) where it is the same for all records, as of
    Gaussian states. `expectations`: (records, times, observables), of the `observables` asked for.
    `mean_error`, `covariance_error`, `expectation_errors`: estimates of the errors of these. `error`: (records, times),
    an estimate of the error of each conditional state in trace norm. `scheme`: how they were found. `system`, `state`,
    `times`, `jump`, `detection`, `angle`, `efficiency`, `seed`, `tol`: as given. `seconds`: wall-clock time.
    """

    system: System
    state: State
    times: tuple[float, ...]
    jump: int
    detection: str
    angle: float
    efficiency: float
    observables: tuple[str, ...]
    scheme: str
    record: np.ndarray
    mean: np.ndarray
    mean_error: np.ndarray
    covariance: np.ndarray
    covariance_error: np.ndarray
    expectations: np.ndarray
    expectation_errors: np.ndarray
    error: np.ndarray
    states: States | None
    seed: int
    tol: float
    seconds: float

    @public
    def conditional(self, record: int = 0, index: int = -1) -> State:
        """The conditional state at times[index], given the `record` of this number, from 0 on."""
        number = whole("record", record, 0, len(self.record) - 1)
        j = position(index, len(self.times))
        must(self.states is not None, "keep_states", "be True for states to be kept", False)
        assert self.states is not None  # noqa: S101
        return self.states.state(number, j, f"state at t = {self.times[j]:g} conditional on record {number}")

    @public
    def symbol(self, record: int = 0, index: int = -1) -> Symbol:
        """The Weyl symbol of the conditional state, on a grid of its own."""
        state = self.conditional(record, index)
        return state.content if isinstance(state, SymbolState) else state.symbol(state.grid(self.system.h, NEGLIGIBLE))

    @property
    def _names(self) -> list[str]:
        return [str(v) for v in self.system.x + self.system.xi]

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for JSON."""
        found = plain_fields(self, "system", "times", "jump", "detection", "angle", "efficiency", "scheme", "record")
        names = ("mean", "mean_error", "covariance", "covariance_error", "observables", "expectations")
        rest = plain_fields(self, *names, "expectation_errors", "error", "seed", "tol", "seconds")
        return found | plain({"state": str(self.state)}) | rest

    def to_xarray(self) -> xarray.Dataset:
        """Dims (record, time, channel) and (record, time, coordinate), and other_coordinate for covariances."""
        import xarray as xr

        path, pair = ("record", "time"), ("coordinate", "other_coordinate")
        square = (*path, *pair) if self.covariance.ndim == 4 else ("time", *pair)
        data = {
            "dy": ((*path, "channel"), self.record, {"long_name": "integral of dy since the time before"}),
            "mean": ((*path, "coordinate"), self.mean, {"long_name": "conditional means"}),
            "mean_error": ((*path, "coordinate"), self.mean_error, {"long_name": "their estimated errors"}),
            "covariance": (square, self.covariance, {"long_name": "conditional covariances"}),
            "covariance_error": (square, self.covariance_error, {"long_name": "their estimated errors"}),
            "error": (path, self.error, {"long_name": "estimated error of the state in trace norm"}),
        }
        over: dict[str, Any] = {"time": list(self.times)} | dict.fromkeys(pair, self._names)
        if self.observables:
            many = (*path, "observable")
            data["expectation"] = (many, self.expectations, {"long_name": "conditional expectations"})
            data["expectation_error"] = (many, self.expectation_errors, {"long_name": "their estimated errors"})
            over["observable"] = list(self.observables)
        dataset = xr.Dataset(data, over)
        dataset["time"].attrs["units"] = "the unit of time of the Hamiltonian"
        names = ("detection", "angle", "efficiency", "jump", "scheme", "seed", "tol")
        measured = {name: getattr(self, name) for name in names} | {"state": str(self.state)}
        return dataset.assign_attrs(attributes(self.system) | measured)

    @public
    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the conditional means of x_1 and xi_1 over time, of a few records and of all together, into `axes` of
        Matplotlib (new ones for None), which are returned.
        """
        axes = results.checked_axes(axes, (6.0, 4.0))
        draw_paths(axes, self.times, self.mean, self.mean.mean(axis=0), self._names)
        return axes

    def _words(self) -> str:
        what = f"{self.detection} detection of jump {self.jump}, efficiency {self.efficiency:g}"
        how = f"{self.scheme}; states are off by about {np.sqrt((self.error**2).mean(axis=0).max()):.2g} in trace norm"
        return f"{len(self.record)} records of {what}, seed {self.seed}, {self.seconds:.2g} s\n{how}; the first one:"

    def _heads(self) -> tuple[str, ...]:
        told = ["dy"] if self.record.shape[2] == 1 else ["dy1", "dy2"]
        return ("t", *told, *(f"<{name}>" for name in self._names[:6]))

    def _rows(self) -> list[tuple[float, ...]]:
        numbers = np.concatenate([self.record[0], self.mean[0, :, :6]], axis=1)
        return [(t, *row) for t, row in zip(self.times, numbers.tolist(), strict=True)]

    def __str__(self) -> str:
        return f"{self.system}\n{self._words()}\n\n{table(self._heads(), self._rows())}"

    def __repr__(self) -> str:
        made = table(self._heads(), excerpt(self._rows()))
        return f"Records of {cut(str(self.system))}\n{self._words()}\n\n{made}"

    def _repr_html_(self) -> str:
        picture = results.small_picture(lambda row: self.plot(row[0]), (4.2, 2.9))
        made = html_table(self._heads(), self._rows())
        return block(cut(str(self.system)), self._words(), made, html_picture(picture, "conditional means over time"))
