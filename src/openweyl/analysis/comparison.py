"""What `compare` returns: the distances of the two evolutions over time, and the moments of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core.arguments import flag, position
from openweyl._core.calls import public
from openweyl._core.display import block, html_picture, html_table
from openweyl._core.estimates import Enclosure
from openweyl._core.plain import plain, plain_fields
from openweyl._core.text import cut, excerpt, table
from openweyl.evolution.dataset import attributes, symbol_dataset
from openweyl.evolution.observing import with_observations
from openweyl.evolution.solution import Solution, missed
from openweyl.model.states import State
from openweyl.model.system import System
from openweyl.observables.observable import Observable
from openweyl.phase_space.grid_function import resampled_together
from openweyl.plot import results
from openweyl.plot.distances import draw_distances
from openweyl.weyl.symbol import Symbol

from .difference import Difference, largest

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

SERIES = {
    "trace_norm": "trace norm of the difference of the operators",
    "trace_norm_error": "error of trace_norm: that of both evolutions (estimated), and half the width of its enclosure",
    "trace_norm_lower": "lower bound of the trace norm, from the two computed symbols",
    "trace_norm_upper": "upper bound of the trace norm, from the two computed symbols",
    "hilbert_schmidt": "Hilbert-Schmidt norm of the difference",
    "l1": "(2 pi h)^-n times the L1 norm of the difference of the symbols",
    "l1_error": "error of the quadrature in l1",
    "purity": "tr A^2 of the quantum state",
    "purity_classical": "(2 pi h)^-n times the squared L2 norm of the classical density",
    "trace": "trace of the quantum state",
    "trace_classical": "mass of the classical density",
    "min_eigenvalue": "no eigenvalue of the quantum state is smaller; sharp where the kernel is small or narrow or the "
    "state smooth on the scale sqrt(h), and a grid was too coarse if it is negative beyond the error there",
    "min_eigenvalue_classical": "the same of the quantized classical density",
}
"""The series of a comparison that are numbers at each time, and what they mean."""
COMPARISON_HEADS = {
    "trace norm": "trace_norm",
    "+-": "trace_norm_error",
    "Hilbert-Schmidt": "hilbert_schmidt",
    "L1": "l1",
    "purity": "purity",
    "min eigenvalue": "min_eigenvalue",
}
"""The columns of a comparison's table, after the time, and the series in them."""
DRAWN = {"trace norm": "trace_norm", "Hilbert-Schmidt": "hilbert_schmidt", r"$L^1$ of the symbols": "l1"}
"""The labels of the distances that are drawn, and their series."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """||A(t) - Op(a(t))||_tr at each time, with other distances, and the moments of both evolutions.

    Arrays over `times`; D = A - Op(a):
    `trace_norm`, `trace_norm_error`: ||D||_tr, and its error: that of both evolutions, and half the width of its
    enclosure. `trace_norm_lower`, `trace_norm_upper`: that enclosure, for the two computed symbols.
    `hilbert_schmidt`: ||D||_HS. `l1`, `l1_error`: (2 pi h)^-n times the L1 norm of the difference of the symbols, and
    the error of the quadrature.
    `trace`, `purity`: tr A and tr A^2; `min_eigenvalue`: no eigenvalue of A is smaller. `mean`, `covariance`: of x and
    xi in A, shapes (time, 2n) and (time, 2n, 2n), order (x, xi). With `_classical` at the end, the same of Op(a).
    `mean_error`, `mean_classical_error`: of the means, estimates (docs/observables.md).

    `quantum`, `classical`: both Solutions. `system`, `state`, `tol`: as given to `compare`. `seconds`: wall-clock time.
    """

    system: System
    state: State
    times: tuple[float, ...]
    quantum: Solution
    classical: Solution
    trace_norm: np.ndarray
    trace_norm_error: np.ndarray
    trace_norm_lower: np.ndarray
    trace_norm_upper: np.ndarray
    hilbert_schmidt: np.ndarray
    l1: np.ndarray
    l1_error: np.ndarray
    purity: np.ndarray
    purity_classical: np.ndarray
    trace: np.ndarray
    trace_classical: np.ndarray
    min_eigenvalue: np.ndarray
    min_eigenvalue_classical: np.ndarray
    mean: np.ndarray
    mean_classical: np.ndarray
    mean_error: np.ndarray
    mean_classical_error: np.ndarray
    covariance: np.ndarray
    covariance_classical: np.ndarray
    tol: float
    seconds: float

    @property
    def series(self) -> dict[str, np.ndarray]:
        """The series of SERIES by their names."""
        return {name: getattr(self, name) for name in SERIES}

    @property
    def distance(self) -> Enclosure:
        """||A(t) - Op(a(t))||_tr between bounds, with the errors of both evolutions: arrays over time."""
        lower = np.maximum(self.trace_norm - self.trace_norm_error, 0.0)
        return Enclosure(lower, self.trace_norm + self.trace_norm_error)

    @property
    def observed(self) -> dict[str, Difference]:
        """The `observables` that `compare` was asked for, by their names: both values, and their difference."""
        found = {}
        for one, two in zip(self.quantum.observations, self.classical.observations, strict=True):
            both = one.at(self.times), two.at(self.times)
            found[one.observable] = Difference.of(one.observable, self.times, both, (one, two))
        return found

    @public
    def expectation(self, observable: Observable | str) -> Difference:
        """tr(O A) and tr(O Op(a)) at each time, and their difference, for an `Observable` or its text.

        >>> from openweyl import System, coherent, compare
        >>> well = System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=0.1, gamma=1.0)
        >>> found = compare(well, coherent(1, 0), [0.5], tol=1e-5).expectation("x**2")
        >>> found.value.round(3), found.kind
        (array([-0.002]), 'estimate')

        Raises InputError as `Observable.parse` does.
        """
        asked = Observable.of(observable, self.system.n)
        both = self.quantum.expect(asked), self.classical.expect(asked)
        return Difference.of(asked.name, self.times, both, ())

    expect = expectation  # the name that solutions have

    @public
    def difference(self, index: int = -1) -> Symbol:
        """The symbol of D = A - Op(a) at times[index]: the quantum symbol less the classical density.

        Raises IndexError if there is no such time.
        """
        index = position(index, len(self.times))
        quantum, classical = resampled_together(self.quantum[index], self.classical[index])
        return quantum - classical

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists: what `openweyl compare --json` prints."""
        n = self.system.n
        means = {}
        for suffix, values in self._means().items():
            for name, columns in (("mean_x", values[:, :n]), ("mean_xi", values[:, n:])):
                means[name + suffix] = columns[:, 0] if n == 1 else columns
        numerics = {"tol": self.tol, "quantum": self.quantum.numerics, "classical": self.classical.numerics}
        return {
            "system": self.system.as_dict() | {"state": str(self.state)},
            **plain({"times": self.times, **self.series, **means}),
            **plain_fields(self, "covariance", "covariance_classical"),
            **plain({"numerics": numerics, "seconds": self.seconds}),
            **({"observables": plain(list(self.observed.values()))} if self.observed else {}),
        }

    @public
    def to_xarray(self, *, symbols: bool = True) -> xarray.Dataset:
        """Distances and moments over time, and with `symbols` both evolutions on one grid, as one labelled dataset.

        Units and conventions are in the attributes. Raises ResourceError if the symbols would not fit in memory.
        """
        summary = self._summary()
        if not flag("symbols", symbols):
            return summary
        both = symbol_dataset(self.quantum, self.classical)
        return both.merge(summary, combine_attrs="override").assign_attrs(summary.attrs)

    def _summary(self) -> xarray.Dataset:
        import xarray as xr

        names = [str(v) for v in self.system.x + self.system.xi]
        data = xr.Dataset(coords={"time": list(self.times), "coordinate": names, "coordinate_": names})
        for name, values in self.series.items():
            data[name] = ("time", values, {"long_name": SERIES[name]})
        for suffix, mean in self._means().items():
            data["mean" + suffix] = (("time", "coordinate"), mean)
        for suffix, covariance in (("", self.covariance), ("_classical", self.covariance_classical)):
            data["covariance" + suffix] = (("time", "coordinate", "coordinate_"), covariance)
        if self.observed:
            watched = {one.kind: one.observations for one in (self.quantum, self.classical)}
            data = with_observations(data, watched)
            differences, dims = self.observed.values(), ("observable", "time")
            data["observed_difference"] = (dims, np.array([one.value for one in differences]))
            data["observed_difference_error"] = (dims, np.array([one.error for one in differences]))
        return data.assign_attrs(**attributes(self.system), tol=self.tol, state=str(self.state))

    @public
    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the three distances over time into `axes` of Matplotlib (new ones for None), which are returned."""
        axes = results.checked_axes(axes, (6, 4))
        series = {label: self.series[name] for label, name in DRAWN.items()}
        draw_distances(axes, self.times, series, self.trace_norm_error)
        return axes

    def _rows(self) -> list[tuple[float, ...]]:
        """The rows of the table under COMPARISON_HEADS."""
        return list(zip(self.times, *(self.series[name] for name in COMPARISON_HEADS.values()), strict=True))

    def _means(self) -> dict[str, np.ndarray]:
        """The means and their errors by the ends of their names in files and in JSON."""
        both = {"": self.mean, "_classical": self.mean_classical}
        return both | {"_error": self.mean_error, "_classical_error": self.mean_classical_error}

    def _differences(self) -> str:
        """By how much the means and the observables differ at most, with the errors there."""
        names = [f"<{v}>" for v in self.system.x + self.system.xi]
        errors = self.mean_error + self.mean_classical_error
        means = zip(names, (self.mean - self.mean_classical).T, errors.T, strict=True)
        return largest([*means, *((name, one.value, one.error) for name, one in self.observed.items())])

    def _tables(self) -> str:
        """The means, and the observables, below one another."""
        heads, columns = ["t"], [np.array(self.times)]
        means = list(self._means().values())
        for j, v in enumerate(self.system.x + self.system.xi):
            heads += [f"<{v}>", "+-", "classical", "+-"]
            columns += [means[k][:, j] for k in (0, 2, 1, 3)]
        made = table(heads, list(zip(*columns, strict=True)))
        return "\n\n".join([f"means; the errors are estimates\n\n{made}", *map(str, self.observed.values())])

    def _missed(self) -> str:
        return missed(self.tol, self.quantum, self.classical)

    def __str__(self) -> str:
        made = f"{table(('t', *COMPARISON_HEADS), self._rows())}{self._missed()}"
        return f"{self.system}\n{self.state}\n\n{made}\n\n{self._differences()}\n\n{self._tables()}"

    def __repr__(self) -> str:
        made = table(("t", *COMPARISON_HEADS), excerpt(self._rows())) + f"\n{cut(self._differences())}{self._missed()}"
        return f"Comparison of {cut(str(self.system))}\n{cut(str(self.state))}\n\n{made}"

    def _repr_html_(self) -> str:
        words = [cut(str(self.system)), cut(str(self.state)), cut(self._differences()), self._missed()]
        picture = results.small_picture(lambda row: self.plot(row[0]), (4.2, 2.9))
        made = html_picture(picture, "the distances over time")
        return block(*words, html_table(("t", *COMPARISON_HEADS), self._rows()), made)
