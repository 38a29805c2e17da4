"""The loop of a sweep: claim a row, submit it, make its result permanent, and so on until every row is there."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import replace
from math import log, prod

import numpy as np

from openweyl._core.arguments import InputError, fail
from openweyl._core.progress import Progress
from openweyl._core.workers import MAX_DEATHS, Pool, gave_up
from openweyl.problems.problem import Problem

from .points import VERSION, FinishedRow, Task, compute
from .rows import STATUS, Index, Store

SECONDS_BETWEEN_LOOKS = 0.5
"""Seconds between two looks at rows that another call has claimed, and between two reports."""
SECONDS_BETWEEN_CHECKS = 5.0
"""Seconds between two looks at the workers, where all are busy: those of a cluster may have gone."""


class Driver:
    """The rows that wait, those that run, and what is known of how long they take."""

    def __init__(
        self,
        store: Store,
        problem: Problem,
        order: int | None,
        symbols: bool,
        pool: Pool,
        retry: bool,
        progress: Progress | None,
    ) -> None:
        self.store, self.pool, self.progress = store, pool, progress
        self.plain = Task(problem, problem.system.h, problem.system.gamma, {}, order, symbols, pool.memory)
        self.settled = {"done"} if retry else {"done", "failed"}
        self.running: dict[Future[FinishedRow], tuple[Index, bool]] = {}
        self.finished: deque[tuple[Index, FinishedRow]] = deque()
        self.deaths: dict[Index, int] = {}
        self.seconds: dict[float, list[float]] = {}
        self.failed, self.reported = 0, -SECONDS_BETWEEN_LOOKS
        # the longest first: the last to run are short, and no worker waits long for them
        left = [index for index in store.indices() if store.status(index) not in self.settled]
        self.waiting = deque(sorted(left, key=lambda index: store.axes["h"][index[0]]))
        self.alone: deque[Index] = deque()
        self.total = prod(store.shape)

    def run(self) -> None:
        """Until every row is there."""
        try:
            while self.waiting or self.alone or self.running:
                self._report()
                self._submit()
                if self.running:
                    idle = self.waiting and len(self.running) < self.pool.slots()
                    timeout = SECONDS_BETWEEN_LOOKS if idle else SECONDS_BETWEEN_CHECKS
                    done = wait(self.running, timeout, FIRST_COMPLETED).done
                    for future in done:
                        self._take(future)
                    if not done and (error := self.pool.trouble()) is not None:
                        raise self._lost(error)
                    if not self.pool.at_once:  # else it would compute before it has written
                        self._submit()
                    self._keep()
                elif self.waiting or self.alone:
                    time.sleep(SECONDS_BETWEEN_LOOKS)
        finally:
            for future, (index, _) in self.running.items():
                if not future.cancel() and future.done() and not future.exception():
                    row = future.result()
                    if row.version == VERSION and not row.crowded:
                        self.finished.append((index, row))
            self._keep()

    def _submit(self) -> None:
        """Submit what there is room for; rows that another call has claimed stay where they are."""
        alone = not self.waiting and bool(self.alone)
        queue, room = (self.alone, 1) if alone else (self.waiting, self.pool.slots())
        for _ in range(len(queue)):
            if len(self.running) >= room:
                break
            index = queue.popleft()
            if not self.store.claim(index):
                if self.store.status(index) not in self.settled:
                    queue.append(index)
            elif index not in self.deaths and self.store.status(index) in self.settled:
                self.store.release(index)
            else:
                self.running[self._start(index, alone)] = index, alone

    def _start(self, index: Index, alone: bool) -> Future[FinishedRow]:
        h, gamma, *others = (values[i] for values, i in zip(self.store.axes.values(), index, strict=True))
        parameters = dict(zip([*self.store.axes][2:], others, strict=True))
        memory = self.pool.memory / (1 if alone else self.pool.sharing)
        task = replace(self.plain, h=h, gamma=gamma, parameters=parameters, memory=memory)
        try:
            return self.pool.executor.submit(compute, task)
        except Exception as error:
            raise self._lost(error) from None

    def _take(self, future: Future[FinishedRow]) -> None:
        """The result, to be kept, or else the row waits again."""
        index, alone = self.running.pop(future)
        try:
            row = future.result()
        except BrokenExecutor as error:
            self.deaths[index] = self.deaths.get(index, 0) + 1
            if not self.pool.replaces:
                raise self._lost(error) from None
            if self.deaths[index] < MAX_DEATHS:
                self.waiting.appendleft(index)
                return
            row = _fatal(f"{MAX_DEATHS} worker processes died of it: killed, or out of memory.")
        except Exception as error:
            if not gave_up(error):
                raise self._lost(error) from None
            row = _fatal("Several workers died of it: killed, or out of memory.")
        if row.version != VERSION:
            what = f"have workers with openweyl {VERSION}"
            raise fail("executor", what, f"one with {row.version}", "What was finished is kept.")
        if row.crowded and not alone and self.pool.slots() > 1:
            self.alone.append(index)
            return
        self.finished.append((index, row))

    def _keep(self) -> None:
        """Make what is finished permanent."""
        while self.finished:
            index, row = self.finished[0]
            self.store.write(index, row.values, row.message, row.symbols)
            self.store.release(index)
            self.finished.popleft()
            self.failed += bool(row.message)
            self.seconds.setdefault(self.store.axes["h"][index[0]], []).append(row.values.get("seconds", 0.0))

    def _lost(self, error: BaseException) -> InputError:
        words = " ".join(f"{type(error).__name__} {error}".split())[:200].rstrip(". ")
        return InputError(
            f"Argument `executor` must be at work until the end, but it failed: {words}. What was finished is kept: "
            "call again."
        )

    def _report(self) -> None:
        if self.progress is None or time.monotonic() - self.reported < SECONDS_BETWEEN_LOOKS:
            return
        self.reported = time.monotonic()
        left = [*self.waiting, *self.alone, *(index for index, _ in self.running.values())]
        words = f"{self.total - len(left)} of {self.total} rows"
        if self.failed:
            words += f", {self.failed} failed"
        if not self.pool.manned():
            words += ", waiting for a worker"
        elif self.seconds:
            words += f", about {_duration(self._remaining(left))} left"
        self.progress(self.total - len(left), self.total, words)

    def _remaining(self, left: Sequence[Index]) -> float:
        """Seconds, by the mean time of the rows that are there with the h that is nearest."""
        means = {h: float(np.mean(seconds)) for h, seconds in self.seconds.items()}
        nearest = {h: means[min(means, key=lambda k: abs(log(k / h)))] for h in self.store.axes["h"]}
        each = [nearest[self.store.axes["h"][index[0]]] for index in left]
        return max(sum(each) / min(self.pool.slots(), max(len(each), 1)), max(each, default=0.0) / 2)


def _fatal(message: str) -> FinishedRow:
    return FinishedRow({"status": STATUS.index("failed")}, message)


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
