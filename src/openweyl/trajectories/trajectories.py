"""What `langevin` returns: paths, their means and covariances, and the errors of chance and of the steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core.calls import public
from openweyl._core.display import block, html_picture, html_table
from openweyl._core.plain import plain, plain_fields
from openweyl._core.text import cut, excerpt, table
from openweyl.evolution.dataset import attributes
from openweyl.model.states import State
from openweyl.model.system import System
from openweyl.plot import results
from openweyl.plot.trajectories import draw_paths

from .statistics import Statistics, StepErrors

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes


@public
@dataclass(frozen=True, eq=False, repr=False)
class Trajectories:
    """Paths of points whose density obeys the Fokker-Planck equation.

    `paths`: (paths, times, 2n), x then xi. `mean`, `covariance`: of the paths at each time, with standard errors
    `mean_error`, `covariance_error`. `step_error`: what the steps add, estimated: `.mean` and `.covariance`, each of
    the shape of what it is about, and `.relative`, the largest in standard deviations. `steps`: of each path. `system`,
    `state`, `times`, `seed`, `tol`: as given. `seconds`: wall-clock time.
    """

    system: System
    state: State
    times: tuple[float, ...]
    paths: np.ndarray
    statistics: Statistics
    step_error: StepErrors
    steps: int
    seed: int
    tol: float
    seconds: float

    @property
    def mean(self) -> np.ndarray:
        """E z, (times, 2n)."""
        return self.statistics.mean

    @property
    def mean_error(self) -> np.ndarray:
        """Its standard error."""
        return self.statistics.mean_error

    @property
    def covariance(self) -> np.ndarray:
        """E (z - E z)(z - E z)^T, (times, 2n, 2n): not in units of h."""
        return self.statistics.covariance

    @property
    def covariance_error(self) -> np.ndarray:
        """Its standard error."""
        return self.statistics.covariance_error

    @property
    def _names(self) -> list[str]:
        return [str(v) for v in self.system.x + self.system.xi]

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for JSON; without the paths."""
        found = plain_fields(self, "system", "times", "mean", "mean_error", "covariance", "covariance_error")
        steps = {"mean_step_error": self.step_error.mean, "covariance_step_error": self.step_error.covariance}
        many = {"state": str(self.state), "paths": len(self.paths)}
        return found | plain(steps | many) | plain_fields(self, "steps", "seed", "tol", "seconds")

    def to_xarray(self) -> xarray.Dataset:
        """Dims (path, time, coordinate), and other_coordinate for covariances."""
        import xarray as xr

        pair, square = ("time", "coordinate"), ("time", "coordinate", "other_coordinate")
        data = {
            "z": (("path", *pair), self.paths, {"long_name": "points of the paths"}),
            "mean": (pair, self.mean, {"long_name": "means of the paths"}),
            "mean_error": (pair, self.mean_error, {"long_name": "their standard errors"}),
            "mean_step_error": (pair, self.step_error.mean, {"long_name": "what the steps add to these"}),
            "covariance": (square, self.covariance, {"long_name": "covariances of the paths"}),
            "covariance_error": (square, self.covariance_error, {"long_name": "their standard errors"}),
            "covariance_step_error": (square, self.step_error.covariance, {"long_name": "what the steps add to these"}),
        }
        over = {"time": list(self.times), "coordinate": self._names, "other_coordinate": self._names}
        dataset = xr.Dataset(data, over)
        dataset["time"].attrs["units"] = "the unit of time of the Hamiltonian"
        return dataset.assign_attrs(attributes(self.system) | {"state": str(self.state), "seed": self.seed})

    @public
    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the means and a few paths of x_1 and xi_1 over time into `axes` of Matplotlib (new ones for None)."""
        axes = results.checked_axes(axes, (6.0, 4.0))
        draw_paths(axes, self.times, self.paths, self.mean, self._names)
        return axes

    def _words(self) -> str:
        many = f"{len(self.paths)} paths of {self.steps} steps, seed {self.seed}, {self.seconds:.2g} s"
        return f"{many}; steps move means and covariances by at most {self.step_error.relative:.2g} deviations"

    def _heads(self) -> tuple[str, ...]:
        return ("t", *(head for name in self._names for head in (f"<{name}>", "+-")))

    def _rows(self) -> list[tuple[float, ...]]:
        bars = self.mean_error + self.step_error.mean
        numbers = np.stack([self.mean, bars], axis=-1).reshape(len(self.times), -1)
        return [(t, *row) for t, row in zip(self.times, numbers.tolist(), strict=True)]

    def __str__(self) -> str:
        return f"{self.system}\n{self._words()}\n\n{table(self._heads(), self._rows())}"

    def __repr__(self) -> str:
        shown = min(len(self._heads()), 9)  # four coordinates fill a line
        rows = excerpt([row[:shown] for row in self._rows()])
        return f"Trajectories of {cut(str(self.system))}\n{self._words()}\n\n{table(self._heads()[:shown], rows)}"

    def _repr_html_(self) -> str:
        picture = results.small_picture(lambda row: self.plot(row[0]), (4.2, 2.9))
        made = html_table(self._heads()[:9], [row[:9] for row in self._rows()])
        return block(cut(str(self.system)), self._words(), made, html_picture(picture, "paths over time"))
