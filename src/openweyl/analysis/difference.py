"""Expectation values in both evolutions, and their difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core.calls import public
from openweyl._core.display import block, html_table
from openweyl._core.estimates import ErrorKind, Estimate
from openweyl._core.plain import plain, plain_fields
from openweyl._core.text import cut, excerpt, table
from openweyl.evolution.observing import Observation
from openweyl.plot import results
from openweyl.plot.observables import draw_values

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEADS = ("t", "quantum", "+-", "classical", "+-", "difference", "+-")
"""The columns of its table."""


@dataclass(frozen=True, eq=False)
class Difference:
    """tr(O A) - tr(O Op(a)) within `error` of `value`, at `times`; O is the `observable`.

    `quantum`, `quantum_error`, `classical`, `classical_error`: the expectation values in both evolutions. `kind`: what
    all these errors are, "bound" or "estimate". `watched`: the values of both at many times, if they were watched.
    """

    observable: str
    times: tuple[float, ...]
    quantum: np.ndarray
    quantum_error: np.ndarray
    classical: np.ndarray
    classical_error: np.ndarray
    kind: ErrorKind
    watched: tuple[Observation, ...] = ()

    @staticmethod
    def of(
        observable: str, times: tuple[float, ...], found: tuple[Estimate, Estimate], watched: tuple[Observation, ...]
    ) -> Difference:
        """That of two estimates, quantum and classical."""
        quantum, classical = found
        return Difference(observable, times, *quantum, *classical, kind=quantum.kind, watched=watched)

    @property
    def value(self) -> np.ndarray:
        """The quantum value less the classical one."""
        return self.quantum - self.classical

    @property
    def error(self) -> np.ndarray:
        """The errors of both together."""
        return self.quantum_error + self.classical_error

    @public
    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw both values over time into `axes` of Matplotlib (new ones for None), which are returned."""
        axes = results.checked_axes(axes, (6, 3.4))
        curves = {
            "quantum": (np.array(self.times), self.quantum, self.quantum_error),
            "classical": (np.array(self.times), self.classical, self.classical_error),
        }
        curves |= {one.evolution: (one.times, one.value, one.error) for one in self.watched}
        draw_values(axes, self.observable, curves)
        return axes

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for JSON."""
        both = plain_fields(self, "quantum", "quantum_error", "classical", "classical_error")
        own = plain({"difference": self.value, "difference_error": self.error})
        watched = {one.evolution: plain_fields(one, "times", "value", "error") for one in self.watched}
        named = plain_fields(self, "observable", "kind", "times")
        return named | both | own | ({"watched": watched} if watched else {})

    def _words(self) -> str:
        return f"{cut(self.observable)}; the errors are {self.kind}s"

    def _rows(self) -> list[tuple[float, ...]]:
        columns = (self.quantum, self.quantum_error, self.classical, self.classical_error, self.value, self.error)
        return list(zip(self.times, *columns, strict=True))

    def __str__(self) -> str:
        return f"{self._words()}\n\n{table(HEADS, self._rows())}"

    def __repr__(self) -> str:
        return f"Difference of {self._words()}\n\n{table(HEADS, excerpt(self._rows()))}"

    def _repr_html_(self) -> str:
        return block(f"Difference of {self._words()}", html_table(HEADS, self._rows()))


def largest(differences: Sequence[tuple[str, np.ndarray, np.ndarray]]) -> str:
    """The largest of each difference over time, by its name, value and error, in words.

    >>> largest([("<x>", np.array([0.0, -0.016]), np.array([1e-6, 2e-5])), ("ad*a", np.zeros(1), np.array([1e-3]))])
    'largest differences: <x> 0.016 +- 2e-05, ad*a at most 0.001'
    """
    words = []
    for name, values, errors in differences:
        i = int(np.abs(values).argmax())
        value, error = abs(values[i]), errors[i]
        size = f"{value:.3g} +- {error:.1g}" if value > error else f"at most {value + error:.1g}"
        words.append(f"{cut(name, 30)} {size}")
    return f"largest differences: {', '.join(words)}"
