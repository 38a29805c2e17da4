"""What `certify` finds: bounds over time, and expectation values with error bars."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core.calls import public
from openweyl._core.estimates import Enclosure
from openweyl._core.text import table
from openweyl.evolution.solution import Solution, attributes, missed
from openweyl.model.states import State
from openweyl.model.system import System
from openweyl.observables.observable import Observable
from openweyl.theory.assumptions import growth_rate

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True, eq=False)
class Certificate:
    """Bounds at each time; every array has the length of `times`.

    bound: B_N, with the errors of quadrature and solver. estimate: ||Op(a_N - a_1)||_tr (its upper bound).
    distance_lower, distance_upper: the enclosure of ||A - Op(a_1)||_tr, never above 1 + ||Op(a_1)||_tr, which always
    holds. rate: ||Op((L - Q) b_{N-1})||_tr, the derivative of B_N. quadrature_error, solver_error: the parts of `bound`
    that are numerical. reason: why this order.
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

    @public
    def expectation(self, observable: Observable | str) -> Expectation:
        """The classical and the corrected value of `observable`, and how far the quantum value may lie from each.

        `observable`: one, or the text of one, see `Observable.parse`.
        """
        observable = Observable.of(observable, self.system.n)
        terms = np.array([[observable.value(b) for b in (w if w.batch else [w])] for w in self.solution])
        values, errors = terms[..., 0], terms[..., 1]
        classical, corrected = values[:, 0], values.sum(axis=1)
        classical_error = observable.norm * self.distance_upper + errors[:, 0]
        return Expectation(
            observable=observable.name,
            times=self.times,
            classical=classical,
            classical_error=classical_error,
            corrected=corrected,
            corrected_error=np.minimum(
                observable.norm * self.bound + errors.sum(axis=1), np.abs(corrected - classical) + classical_error
            ),
        )

    @property
    def distance(self) -> Enclosure:
        """||A(t) - Op(a_1(t))||_tr between bounds: arrays over time."""
        return Enclosure(self.distance_lower, self.distance_upper)

    def _series(self) -> dict[str, np.ndarray]:
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
        return {
            "system": self.system.as_dict() | {"state": str(self.state)},
            "times": list(self.times),
            "order": self.order,
            **{name: values.tolist() for name, values in self._series().items()},
            "numerics": {
                "tol": self.tol,
                "quadrature_error": self.quadrature_error.tolist(),
                "solver_error": self.solver_error.tolist(),
                "nodes": self.nodes,
                "reason": self.reason,
                "classical": self.solution.numerics.as_dict(),
            },
            "seconds": self.seconds,
        }

    @property
    def summary(self) -> xarray.Dataset:
        """The bounds over time, without the symbols."""
        import xarray as xr

        data = xr.Dataset(coords={"time": list(self.times)})
        for name, values in self._series().items():
            data[name] = ("time", values)
        return data.assign_attrs(**attributes(self.system), order=self.order, tol=self.tol, state=str(self.state))

    def to_xarray(self) -> xarray.Dataset:
        """The bounds beside the classical density and its corrections, on one grid."""
        summary = self.summary
        return self.solution.to_xarray().merge(summary, combine_attrs="override").assign_attrs(summary.attrs)

    def __str__(self) -> str:
        heads = ("t", "distance lower", "estimate", "upper", f"B_{self.order}", "rate")
        columns = (self.distance_lower, self.estimate, self.distance_upper, self.bound, self.rate)
        rows = list(zip(self.times, *columns, strict=True))
        words = f"order {self.order}: {self.reason}"
        return f"{self.system}\n{self.state}\n{words}\n\n{table(heads, rows)}{missed(self.tol, self.solution)}"


@dataclass(frozen=True, eq=False)
class Expectation:
    """tr(O A) lies within classical_error of `classical`, and within corrected_error of `corrected`, at each time."""

    observable: str
    times: tuple[float, ...]
    classical: np.ndarray
    classical_error: np.ndarray
    corrected: np.ndarray
    corrected_error: np.ndarray

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for JSON."""
        names = ("classical", "classical_error", "corrected", "corrected_error")
        return {"observable": self.observable, **{name: getattr(self, name).tolist() for name in names}}

    def __str__(self) -> str:
        columns = (self.classical, self.classical_error, self.corrected, self.corrected_error)
        rows = list(zip(self.times, *columns, strict=True))
        return f"{self.observable}\n\n{table(('t', 'classical', '+-', 'corrected', '+-'), rows)}"


def paper_bound(certificate: Certificate) -> np.ndarray:
    """The right-hand side of Li (1.10) at the certificate's times, with the least constant that covers its estimate.

    C t (h^{1/2} + h gamma) up to t = 1, then C (h^{1/2} + h gamma + t (h^{1/2} gamma^{-3/2} + h gamma^{-1})). NaN where
    the theorem says nothing, outside 1 <= gamma <= 1/h.
    """
    h, gamma = certificate.system.h, certificate.system.gamma
    t = np.array(certificate.times)
    if not 1 <= gamma <= 1 / h:
        return np.full_like(t, np.nan)
    first = sqrt(h) + h * gamma
    shape = np.where(t <= 1, t * first, first + t * growth_rate(h, gamma))
    measured = certificate.estimate
    ratios = measured[shape > 0] / shape[shape > 0]
    return shape * float(ratios.max(initial=0.0))
