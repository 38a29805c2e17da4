"""The judge of random cases: is the true error <= the reported one, and this <= tol?

A problem is what openweyl is asked; its truth, the exact mean and the true error of a symbol; the outcome, a verdict.
"""

from __future__ import annotations

import signal
import time as clock
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np

from openweyl import InputError, ResourceError, Solution, State, System, evolve

MEMORY = 1.5e9
"""Bytes that a run may use."""


class TimeLimit(BaseException):
    """No answer in time; no exception of the ordinary kind, so that nothing takes it for its own."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise TimeLimit if the block is not done after so many seconds of this process: others may have the machine."""

    def stop(*_: object) -> None:
        raise TimeLimit

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


class Prepared(Protocol):
    """A start: openweyl's state, and the code of it."""

    @property
    def code(self) -> str: ...

    @property
    def state(self) -> State: ...


@dataclass(frozen=True)
class Problem:
    """What is asked of openweyl."""

    hamiltonian: str
    jumps: tuple[str, ...]
    h: float
    gamma: float
    start: Prepared
    time: float
    tol: float
    evolution: str
    end: float | None = None
    """The last time, if the state at `time` is asked for on the way."""

    @property
    def times(self) -> list[float]:
        return [self.time] if self.end is None else [self.time, self.end]

    @property
    def code(self) -> str:
        """The call, as a user would write it after `from openweyl import *`."""
        system = f"System({self.hamiltonian!r}, {list(self.jumps)}, h={self.h!r}, gamma={self.gamma!r})"
        return f"evolve({system}, {self.start.code}, {self.times}, kind={self.evolution!r}, tol={self.tol!r})"

    def solve(self) -> Solution:
        system = System(self.hamiltonian, list(self.jumps), h=self.h, gamma=self.gamma)
        return evolve(system, self.start.state, self.times, kind=self.evolution, tol=self.tol, memory=MEMORY)


@dataclass(frozen=True)
class Truth:
    """The exact mean, the true error of a symbol on its grid, and the error of all this itself."""

    mean: np.ndarray
    error: Any
    floor: float


@dataclass(frozen=True)
class Outcome:
    """`verdict`: ok, wrong, over (tol, without a word), mean, trace, hang, refused, crash, or unsure (the oracle)."""

    verdict: str
    problem: Problem
    true: float = np.nan
    reported: float = np.nan
    seconds: float = np.nan
    steps: int = 0
    text: str = ""

    @property
    def ratio(self) -> float:
        return self.true / self.reported

    def __str__(self) -> str:
        p = self.problem
        numbers = f"true {self.true:8.1e} reported {self.reported:8.1e} tol {p.tol:7.1e} ratio {self.ratio:8.1e}"
        return f"{self.verdict:8} {numbers} {self.seconds:6.2f} s {self.steps:6} steps  {self.text}"


def judge(problem: Problem, truth: Truth, limit: float) -> Outcome:
    """Run openweyl, for `limit` seconds at most, and hold what it says against the truth."""
    started = clock.process_time()
    done = partial(_timed, problem, started)
    try:
        with warnings.catch_warnings(), within(limit):
            warnings.simplefilter("error")
            solution = problem.solve()
    except TimeLimit:
        return done("hang", text=f"no answer in {limit:g} s")
    except (InputError, ResourceError) as refusal:
        text = str(refusal)
        return done("refused" if text.isprintable() else "crash", text=text)
    except Exception as error:  # whatever else comes out is a finding
        return done("crash", text=f"{type(error).__name__}: {error}".splitlines()[0])
    seconds = clock.process_time() - started
    w, reported = solution.symbols[0], solution.numerics.error[0]
    true = truth.error(w.values, w.grid)
    steps = solution.numerics.steps
    result = partial(Outcome, problem=problem, true=true, reported=reported, seconds=seconds, steps=steps)
    if not true <= reported + truth.floor:
        return result("wrong", text=f"mean {w.moments().mean}, true {truth.mean}" if w.trace() else "trace 0")
    if not reported <= problem.tol and "tol" not in str(solution):
        return result("over", text="reported > tol, and the summary does not say so")
    if not abs(w.trace() - 1) <= reported + 1e-11:
        return result("trace", text=f"trace {w.trace():.12g}")
    lengths = np.array([axis.length for axis in w.grid.x + w.grid.xi])
    if not (np.abs(w.moments().mean - truth.mean) <= (reported + truth.floor) * lengths).all():
        return result("mean", text=f"mean {w.moments().mean}, true {truth.mean}")
    return result("ok")


def _timed(problem: Problem, started: float, verdict: str, text: str) -> Outcome:
    return Outcome(verdict, problem, seconds=clock.process_time() - started, text=text)
