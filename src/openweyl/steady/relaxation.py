"""The steady state by evolution from several starts, until it moves no more, and all of them have come to one state.

    A_{k+1} = e^{TL} A_k + e_k,    d_k = ||A_{k+1} - A_k||,    r = d_k/d_{k-1}:
    ||A_{k+1} - A|| <= r ||A_k - A|| + ||e_k||  <=  r (d_k + ||A_{k+1} - A||) + ||e_k||,
    hence  ||A_{k+1} - A||  <=  (r d_k + ||e_k||)/(1 - r),

e_k the error of the run. What is lost on the way does not count: each start is a state like any other. r is measured,
the largest over the starts. A mode that hardly decays moves too little to be seen; so the largest distance of what
different starts lead to is added to the error. T is doubled until r is small.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import combinations
from math import exp, inf, log
from typing import Any

from openweyl._core.arguments import LEAST_TOLERANCE, InputError, ResourceError
from openweyl._core.progress import Progress
from openweyl.evolution.evolve import Kind, evolve
from openweyl.evolution.pace import in_words
from openweyl.model.states import State
from openweyl.model.symbol_state import SymbolState
from openweyl.model.system import System
from openweyl.weyl.symbol import Symbol

from .found import Found
from .starts import Starts, starts_of

SCHEME = "relaxation"
FIRST_TOLERANCE = 1e-2
"""That of the first runs: where they end does not matter."""
FOLLOWING = 0.02
"""The tolerance of a run over how far the state moved in the one before, ..."""
SHARE = 0.08
"""... and the least one, over the tolerance: errors of runs count twice, over 1 - r, and in the distance of starts."""
ENOUGH = 0.1
"""The part of the tolerance at which a start has come to rest, by its estimate less the error of the last run."""
DAMPED = 0.5
"""T is doubled while r is above that."""
MAX_DOUBLINGS = 16
"""What does not come to rest in 2^16 times the first T will not be told from what never does."""
RESOLVED = 5.0
"""r is measured of distances that are so many times the errors of the runs."""
ALIKE = 20.0
"""How many times their own estimates two starts may lie apart until there are taken to be several states."""
SHARPEST = 100.0
"""How much more accurate than at first runs are made at most, where starts are still apart."""
LEAST_SECONDS, TRUSTED, KNOWN = 1e-3, 0.5, 3
"""A time limit for a run that has none left; how long a run takes at least that forecasts are made by, and after how
many measured rates: the first are not the slowest."""
COARSER = (1.0, 10.0, 100.0)
"""The accuracies of distances, over the errors of the symbols: the first that what lies at their edges allows."""
SEVERAL = (
    "Two starts come to rest {:.2g} apart in trace norm: this system has several steady states, or hardly ever goes "
    "from one to another. Add noise, or use `evolve` from a state to late times."
)
SLOW = "This system does not come to rest, or at a rate of {:.2g} only. Add friction or noise, or use `evolve`."
LONG = (
    "The steady state would take more than {}: in a time of {:.3g} it still moves by {:.2g} in trace norm. Raise `tol` "
    "or `time_limit`."
)


def relaxed(
    system: System, period: float | None, kind: Kind, tol: float, *, memory: float | None, time_limit: float,
    progress: Progress | None,
) -> Found:  # fmt: skip
    """The steady state to `tol`; with a `period` of its formulas in time, the one that repeats itself with it.

    Raises InputError where different starts lead to different states, or do not come to rest; ResourceError where that
    would take too long, or too much memory.
    """
    starts = starts_of(system, period)
    path = Relaxation.of(
        system, starts, period=period, kind=kind, tol=tol, memory=memory, time_limit=time_limit, progress=progress
    )
    return path.run()


@dataclass
class Path:
    """A start on its way: where it is, how far it moved in each time T so far, since T was last changed, and the errors
    of these distances; the error of the last run; and the rates of decay that were measured.
    """

    state: State | Symbol
    moves: list[tuple[float, float]] = field(default_factory=list)
    lost: float = inf
    rates: list[float] = field(default_factory=list)

    @property
    def moved(self) -> float:
        """How far it last moved; as far as can be, if that is not known."""
        return self.moves[-1][0] if self.moves else 2.0

    def add(self, moved: float, error: float, step: float) -> None:
        """It moved so far in the last time `step`, up to `error`."""
        self.moves.append((moved, error))
        if len(self.moves) > 1:
            (before, own), (now, after) = self.moves[-2:]
            resolved = now > RESOLVED * after or not self.rates  # else it is slower than that
            if resolved and before > RESOLVED * own:
                self.rates.append(log((before - own) / (now + after)) / step)

    @property
    def rate(self) -> float:
        """The slower of the last two rates; infinite if none is known."""
        return min(self.rates[-2:], default=inf)


@dataclass
class Relaxation:
    """All starts of `system`, evolved in turn. `period`: T is a multiple of it, if there is one."""

    system: System
    kind: Kind
    tol: float
    period: float | None
    memory: float | None
    time_limit: float
    progress: Progress | None
    paths: list[Path] = field(default_factory=list)
    step: float = 1.0
    sharper: float = 1.0
    """By what runs are to be more accurate than at first."""
    began: float = field(default_factory=time.monotonic)

    @staticmethod
    def of(system: System, starts: Starts, *, period: float | None, **options: Any) -> Relaxation:
        """From `starts`."""
        step = starts.time if period is None else period * max(round(starts.time / period), 1)
        paths = [Path(state) for state in starts.states]
        return Relaxation(system, period=period, paths=paths, step=step, **options)

    @property
    def rate(self) -> float:
        """The slowest decay that was measured; infinite if none was."""
        return min(path.rate for path in self.paths)

    def run(self) -> Found:
        """The state to which all starts lead.

        Raises InputError where they do not lead to one, ResourceError where that takes too long.
        """
        doublings = 0
        while True:
            waiting = [path for path in self.paths if not self._at_rest(path)]
            for path in waiting:
                self._advance(path)
            if self.rate * self.step < log(1 / DAMPED):
                doublings += 1
                if doublings > MAX_DOUBLINGS:
                    raise InputError(SLOW.format(self.rate if self.rate > 0 else 0.0))
                self.step *= 2
                for path in self.paths:
                    path.moves, path.rates = [], []
            elif not waiting:
                found = self._compared()
                if found is not None:
                    return found

    def _at_rest(self, path: Path) -> bool:
        return (
            bool(path.moves)
            and self._left(path) - self._left(path, moved=0.0) <= ENOUGH * self.tol
            and (path.lost <= SHARE * self.tol)
        )

    def _left(self, path: Path, moved: float | None = None) -> float:
        """(r d + ||e||)/(1 - r)."""
        r = exp(-self.rate * self.step) if self.rate < inf else DAMPED
        return (r * (path.moved if moved is None else moved) + path.lost) / (1 - r)

    def _advance(self, path: Path) -> None:
        """Evolve it by T, and see how far it moved."""
        least = max(SHARE * self.tol / self.sharper, LEAST_TOLERANCE)
        tol = min(max(FOLLOWING * path.moved, least), FIRST_TOLERANCE)
        began = time.monotonic()
        left = self.time_limit - (began - self.began)
        try:
            solution = evolve(
                self.system, path.state, [self.step], kind=self.kind, tol=tol, memory=self.memory,
                time_limit=max(left, LEAST_SECONDS),
            )  # fmt: skip
        except ResourceError as error:
            if error.kind != "time":
                raise
            raise ResourceError(LONG.format(in_words(self.time_limit), self.step, path.moved), kind="time") from None
        trace = float(solution.final.trace())  # what is lost of it would not come back
        now, lost = solution.final / trace, max(solution.numerics.error) + abs(trace - 1)
        if isinstance(path.state, Symbol):
            path.add(_distance(now, path.state, lost), lost, self.step)
        path.state, path.lost = now, lost
        self._report(time.monotonic() - began, left)

    def _report(self, took: float, left: float) -> None:
        """Tell the progress, by how far the starts still move; refuse what will take longer than there is time."""
        goal = log(2 / (ENOUGH * self.tol))
        steps = [log(max(path.moved / (ENOUGH * self.tol), 1)) for path in self.paths]
        if self.progress is not None:
            done = 1 - sum(steps) / (goal * len(steps))
            self.progress(
                done, 1.0, f"moves by {max(path.moved for path in self.paths):.2g} in a time of {self.step:.3g}"
            )
        known = all(len(path.rates) >= KNOWN for path in self.paths)
        if known and self.rate > 0:
            expected = took * sum(steps) / (self.rate * self.step)
            if took > TRUSTED and expected > left:
                moved = max(path.moved for path in self.paths)
                raise ResourceError(LONG.format(in_words(self.time_limit), self.step, moved), kind="time")

    def _compared(self) -> Found | None:
        """What the starts have led to, if it is one state to the tolerance; None if their runs have to be sharper."""
        symbols = [path.state for path in self.paths if isinstance(path.state, Symbol)]
        own = [self._left(path) for path in self.paths]
        apart = 0.0
        for a, b in combinations(symbols, 2):
            apart = max(apart, _distance(a, b, max(path.lost for path in self.paths)))
        best = min(range(len(own)), key=own.__getitem__)
        if own[best] + apart <= self.tol:
            path = self.paths[best]
            assert isinstance(path.state, Symbol)  # noqa: S101 - it has moved
            state = SymbolState(path.state)
            return Found(state, path.moved / self.step, own[best] + apart, 1 / self.rate, self.rate, SCHEME)
        if apart > ALIKE * max(own):
            raise InputError(SEVERAL.format(apart))
        if self.sharper > SHARPEST:
            raise ResourceError(f"The steady state is not found to {self.tol:.2g}: raise `tol`.", kind="precision")
        self.sharper *= 4
        for path in self.paths:
            path.lost = inf
        return None


def _distance(a: Symbol, b: Symbol, error: float) -> float:
    """Not less than ||a - b||, but for the `error` of both."""
    for factor in COARSER[:-1]:
        try:
            return float((a - b).trace_norm(atol=factor * error).upper)
        except InputError:  # the edges hold more than that
            continue
    return float((a - b).trace_norm(atol=COARSER[-1] * error).upper)
