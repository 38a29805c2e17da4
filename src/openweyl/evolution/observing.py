"""Observables watched while a run goes on: their values at the solver's own looks, with no symbol kept.

Any solver feeds them: it calls `Look`, a function of the time and an Output, at time 0, at the saved times, and at
looks of its own between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core.arguments import is_list, must, numbers_of, real
from openweyl._core.calls import public
from openweyl._core.display import block, html_table
from openweyl._core.estimates import ErrorKind, Estimate
from openweyl._core.plain import plain_fields
from openweyl._core.text import cut, excerpt, table
from openweyl.observables.observable import Observable
from openweyl.plot import results
from openweyl.plot.observables import draw_values
from openweyl.weyl.symbol import Symbol

from .outputs import Look, Output, Watch

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

LOOKS = 60
"""The looks that a run of one degree of freedom is asked for where observables are watched: enough for a curve, at the
cost of a tenth of a second. For more degrees the solver's own have to do, as each step is dear."""
MAX_OBSERVABLES = 100
"""The most observables of one run: each takes a millisecond at every look."""
HEADS = ("t", "value", "+-")
"""The columns of an observation's table."""


@dataclass(frozen=True, eq=False)
class Observation:
    """tr(O A(t)) within `error` of `value`, at `times`: the solver's looks, time 0 and the saved times among them.

    `observable`: its name. `kind`: what the errors are, "bound" or "estimate". `evolution`: "quantum" or "classical".
    """

    observable: str
    evolution: str
    times: np.ndarray
    value: np.ndarray
    error: np.ndarray
    kind: ErrorKind

    @public
    def at(self, times: Sequence[float]) -> Estimate:
        """The values at some of its times. Raises InputError for times at which nothing was read."""
        wanted = np.array([real("times", time) for time in numbers_of("times", times)])
        places = np.searchsorted(self.times, wanted)
        known = (places < len(self.times)) & (self.times[np.minimum(places, len(self.times) - 1)] == wanted)
        must(bool(np.all(known)), "times", "be among the times of the observation", times)
        return Estimate(self.value[places], self.error[places], self.kind)

    @public
    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the values over time, with their errors as a band, into `axes` of Matplotlib (new ones for None)."""
        axes = results.checked_axes(axes, (6, 3.4))
        draw_values(axes, self.observable, {self.evolution: (self.times, self.value, self.error)})
        return axes

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for JSON."""
        return plain_fields(self, "observable", "evolution", "kind", "times", "value", "error")

    def _words(self) -> str:
        return f"{cut(self.observable)}, {self.evolution} evolution; the errors are {self.kind}s"

    def _rows(self) -> list[tuple[float, ...]]:
        return list(zip(self.times, self.value, self.error, strict=True))

    def __repr__(self) -> str:
        return f"Observation of {self._words()}\n\n{table(HEADS, excerpt(self._rows()))}"

    def _repr_html_(self) -> str:
        return block(f"Observation of {self._words()}", html_table(HEADS, self._rows()))


class Observer:
    """Reads `observables` off what a run of this `evolution` passes, and shows it to a user's `watch`.

    saved: the times at which costly observables are read. read: what a run that goes on has read; what is read is added
    to it. Where one method is left for another, which begins at time 0, what was seen is not looked at again: it
    stands, with errors of its own.
    """

    def __init__(
        self, observables: Sequence[Observable], evolution: str, saved: Iterable[float], watch: Watch | None,
        read: list[list[tuple[float, float, float]]] | None = None,
    ) -> None:  # fmt: skip
        self.observables, self.evolution = observables, evolution
        self.saved, self.watch = {0.0, *saved}, watch
        self.read = [] if read is None else read
        self.read += [[] for _ in observables[len(self.read) :]]
        self.furthest = -inf

    @property
    def look(self) -> Look | None:
        """What a solver calls; None if nobody looks."""
        return self._look if self.observables or self.watch else None

    def every(self, asked: float, horizon: float, n: int) -> float:
        """The longest time between two looks: what was `asked` for, and LOOKS of them."""
        return min(asked, horizon / LOOKS) if self.observables and n == 1 and horizon > 0 else asked

    def _look(self, t: float, output: Output) -> None:
        if self.watch and t > self.furthest:
            self.furthest = t
            self.watch(t, output.symbol)
        for observable, rows in zip(self.observables, self.read, strict=True):
            unseen = not rows or t > rows[-1][0]
            if unseen and (t in self.saved or not observable.costly):
                found = observed(observable, output.symbol, output.step_error + output.grid_error)
                rows.append((t, found.value, found.error))

    def observations(self) -> tuple[Observation, ...]:
        """What was read."""
        columns = [np.array(rows, dtype=float).T for rows in self.read]
        return tuple(
            Observation(o.name, self.evolution, times, value, error, o.kind)
            for o, (times, value, error) in zip(self.observables, columns, strict=True)
        )


def observed(observable: Observable, symbol: Symbol, own: float) -> Estimate:
    """tr(O A) for a symbol that a run has left with its `own` error; corrections are added up."""
    values, errors = zip(*(observable.value(part) for part in symbol.members), strict=True)
    return Estimate(sum(values), sum(errors) + observable.change(added_up(symbol), own), observable.kind)


def added_up(b: Symbol) -> Symbol:
    """a_N = b_0 + ... + b_{N-1}."""
    return b.like(b.values.sum(axis=0)) if b.batch else b


def checked_observables(value: Any, n: int) -> tuple[Observable, ...]:
    """`value`, a list of observables or their texts, each once, of n degrees of freedom."""
    must(is_list(value), "observables", 'be a list, such as ["ad*a", "tanh(x)"]', value)
    must(len(value) <= MAX_OBSERVABLES, "observables", f"be at most {MAX_OBSERVABLES}", len(value))
    found = tuple(Observable.of(one, n) for one in value)
    names = [one.name for one in found]
    for one in found:
        must(one.n in (None, n), "observables", f"have n = {n} degrees of freedom", f"{one.name}, of n = {one.n}")
        must(names.count(one.name) == 1, "observables", "be different", one.name)
    return found


def with_observations(dataset: xarray.Dataset, watched: Mapping[str, Sequence[Observation]]) -> xarray.Dataset:
    """The dataset with what was watched in each evolution; NaN where an observable was not read at a look."""
    for kind, observations in watched.items():
        if not observations:
            continue
        looks = np.unique(np.concatenate([one.times for one in observations]))
        values = np.full((2, len(observations), len(looks)), np.nan)
        for row, one in enumerate(observations):
            values[:, row, np.searchsorted(looks, one.times)] = one.value, one.error
        look, dims = f"{kind}_look", ("observable", f"{kind}_look")
        dataset = dataset.assign_coords(
            {
                look: (look, looks, {"long_name": f"times at which observables of the {kind} evolution were read"}),
                "observable": [one.observable for one in observations],
                "error_kind": ("observable", [one.kind for one in observations]),
            }
        )
        dataset[f"{kind}_observed"] = (dims, values[0], {"long_name": f"expectation values, {kind} evolution"})
        dataset[f"{kind}_observed_error"] = (dims, values[1], {"long_name": "their errors, see error_kind"})
    return dataset
