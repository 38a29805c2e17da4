"""What `certify` finds: bounds over time, and expectation values with error bars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core.arguments import flag
from openweyl._core.calls import public
from openweyl._core.display import block, html_picture, html_table
from openweyl._core.estimates import Enclosure, ErrorKind
from openweyl._core.plain import plain, plain_fields
from openweyl._core.text import cut, excerpt, table
from openweyl.evolution.dataset import attributes
from openweyl.evolution.observing import added_up
from openweyl.evolution.solution import Solution, missed
from openweyl.model.states import State
from openweyl.model.system import System
from openweyl.observables.observable import Observable
from openweyl.plot import results
from openweyl.plot.certificate import draw_certificate
from openweyl.theory.bounds import covers, right_side

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

EXPECTATION_HEADS = ("t", "classical", "+-", "corrected", "+-")
"""The columns of a table of expectation values."""


@dataclass(frozen=True, eq=False)
class Certificate:
    """||A(t) - Op(a_N(t))||_tr <= B_N(t), and what follows for the distance of the two evolutions.

    Arrays over `times`:
    `bound`: B_N, with the errors of quadrature and solver. `estimate`: ||Op(a_N - a_1)||_tr (its upper bound).
    `distance_lower`, `distance_upper`: the enclosure of ||A - Op(a_1)||_tr, never above 1 + ||Op(a_1)||_tr, which
    always holds. `rate`: ||Op((L - Q) b_{N-1})||_tr, the derivative of B_N. `quadrature_error`, `solver_error`: the
    parts of `bound` that are numerical.

    `order`: N; `reason`: why this one. `nodes`: of the quadrature. `solution`: the classical density with its
    corrections. `system`, `state`, `tol`: as given to `certify`. `seconds`: wall-clock time. `expectations`: of the
    observables that it was given.
    """

    system: System
    state: State
    times: tuple[float, ...]
    order: int
    bound: np.ndarray
    estimate: np.ndarray
    distance_lower: np.ndarray
    distance_upper: np.ndarray
    rate: np.ndarray
    quadrature_error: np.ndarray
    solver_error: np.ndarray
    nodes: int
    solution: Solution
    tol: float
    seconds: float
    reason: str
    expectations: tuple[Expectation, ...] = ()

    @property
    def observed(self) -> dict[str, Expectation]:
        """The `observables` that `certify` was asked for, by their names."""
        return {one.observable: one for one in self.expectations}

    @public
    def expectation(self, observable: Observable | str) -> Expectation:
        """The classical and the corrected value of `observable`, and how far the quantum value may lie from each.

        `observable`: one, or the text of one, see `Observable.parse`. For a bounded one the errors are bounds; for
        others they are estimates of what the bounds on the distances allow, as `kind` says.
        """
        observable = Observable.of(observable, self.system.n)
        terms = np.array([[observable.value(b) for b in w.members] for w in self.solution])
        values, errors = terms[..., 0], terms[..., 1]
        classical, corrected = values[:, 0], values.sum(axis=1)
        rows = zip(self.solution, self.distance_upper, self.bound, strict=True)
        allowed = np.array(
            [(observable.change(w.members[0], u), observable.change(added_up(w), b)) for w, u, b in rows]
        )
        classical_error = allowed[:, 0] + errors[:, 0]
        return Expectation(
            observable=observable.name,
            times=self.times,
            classical=classical,
            classical_error=classical_error,
            corrected=corrected,
            corrected_error=np.minimum(
                allowed[:, 1] + errors.sum(axis=1), np.abs(corrected - classical) + classical_error
            ),
            kind=observable.kind,
        )

    expect = expectation  # the name that solutions have

    @property
    def distance(self) -> Enclosure:
        """||A(t) - Op(a_1(t))||_tr between bounds: arrays over time."""
        return Enclosure(self.distance_lower, self.distance_upper)

    @property
    def series(self) -> dict[str, np.ndarray]:
        """The bounds by the names that they have in files and in JSON."""
        return {
            "certificate": self.bound,
            "distance_estimate": self.estimate,
            "distance_lower": self.distance_lower,
            "distance_upper": self.distance_upper,
            "rate": self.rate,
        }

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists: what `openweyl certify --json` prints."""
        numerics = plain_fields(self, "tol", "quadrature_error", "solver_error", "nodes", "reason")
        return {
            "system": self.system.as_dict() | {"state": str(self.state)},
            **plain({"times": self.times, "order": self.order, **self.series}),
            "numerics": numerics | {"classical": self.solution.numerics.as_dict()},
            "seconds": self.seconds,
            **({"observables": plain(list(self.expectations))} if self.expectations else {}),
        }

    @public
    def to_xarray(self, *, symbols: bool = True) -> xarray.Dataset:
        """The bounds over time, and with `symbols` the classical density and its corrections, on one grid."""
        summary = self._summary()
        if not flag("symbols", symbols):
            return summary
        return self.solution.to_xarray().merge(summary, combine_attrs="override").assign_attrs(summary.attrs)

    def _summary(self) -> xarray.Dataset:
        import xarray as xr

        data = xr.Dataset(coords={"time": list(self.times)})
        for name, values in self.series.items():
            data[name] = ("time", values)
        if self.expectations:
            kinds = ("observable", [one.kind for one in self.expectations])
            data = data.assign_coords(observable=list(self.observed), error_kind=kinds)
            for name in ("classical", "classical_error", "corrected", "corrected_error"):
                columns = np.array([getattr(one, name) for one in self.expectations])
                data[f"observed_{name}"] = (("observable", "time"), columns)
        return data.assign_attrs(**attributes(self.system), order=self.order, tol=self.tol, state=str(self.state))

    @public
    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the enclosure of the distance, its estimate and B_N over time into `axes` of Matplotlib (new ones for
        None), which are returned.
        """
        axes = results.checked_axes(axes, (6.5, 4.2))
        draw_certificate(axes, self.to_xarray(symbols=False))
        return axes

    def _heads(self) -> tuple[str, ...]:
        return ("t", "distance lower", "estimate", "upper", f"B_{self.order}", f"dB_{self.order}/dt")

    def _rows(self) -> list[tuple[float, ...]]:
        """The rows of the table under these heads."""
        columns = (self.distance_lower, self.estimate, self.distance_upper, self.bound, self.rate)
        return list(zip(self.times, *columns, strict=True))

    def _words(self) -> str:
        return f"order {self.order}: {self.reason}"

    def __str__(self) -> str:
        made = f"{table(self._heads(), self._rows())}{missed(self.tol, self.solution)}"
        return f"{self.system}\n{self.state}\n{self._words()}\n\n{made}"

    def __repr__(self) -> str:
        made = f"{table(self._heads(), excerpt(self._rows()))}{missed(self.tol, self.solution)}"
        return f"Certificate of {cut(str(self.system))}\n{cut(str(self.state))}\n{cut(self._words())}\n\n{made}"

    def _repr_html_(self) -> str:
        words = [cut(str(self.system)), cut(str(self.state)), cut(self._words()), missed(self.tol, self.solution)]
        picture = html_picture(
            results.small_picture(lambda row: self.plot(row[0]), (4.2, 2.9)), "bounds on the distance over time"
        )
        return block(*words, html_table(self._heads(), self._rows()), picture)


@dataclass(frozen=True, eq=False)
class Expectation:
    """tr(O A) lies within classical_error of `classical`, and within corrected_error of `corrected`, at each time.

    `kind`: "bound", or "estimate" for an observable of which no bound is known.
    """

    observable: str
    times: tuple[float, ...]
    classical: np.ndarray
    classical_error: np.ndarray
    corrected: np.ndarray
    corrected_error: np.ndarray
    kind: ErrorKind = "bound"

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for JSON."""
        names = ("observable", "kind", "classical", "classical_error", "corrected", "corrected_error")
        return plain_fields(self, *names)

    def __str__(self) -> str:
        return f"{self._words()}\n\n{table(EXPECTATION_HEADS, self._rows())}"

    def __repr__(self) -> str:
        return f"Expectation of {cut(self._words())}\n\n{table(EXPECTATION_HEADS, excerpt(self._rows()))}"

    def _repr_html_(self) -> str:
        return block(f"Expectation of {cut(self._words())}", html_table(EXPECTATION_HEADS, self._rows()))

    def _words(self) -> str:
        return f"{self.observable}; the errors are {self.kind}s"

    def _rows(self) -> list[tuple[float, ...]]:
        columns = (self.classical, self.classical_error, self.corrected, self.corrected_error)
        return list(zip(self.times, *columns, strict=True))


def paper_bound(certificate: Certificate) -> np.ndarray:
    """The right-hand side of Li (1.10) at the certificate's times, with the least constant that covers its estimate.

    NaN where the theorem says nothing, outside 1 <= gamma <= 1/h. See `theory.bounds`.
    """
    h, gamma = certificate.system.h, certificate.system.gamma
    t = np.array(certificate.times)
    if not covers(h, gamma):
        return np.full_like(t, np.nan)
    shape = right_side(h, gamma, t)
    measured = certificate.estimate
    ratios = measured[shape > 0] / shape[shape > 0]
    return shape * float(ratios.max(initial=0.0))
