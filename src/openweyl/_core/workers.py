"""Where runs go, of a sweep or blocks of particles: this process, processes of this machine, any executor, or Dask.

All are `concurrent.futures` executors. What differs is how many runs go at once and how much memory each may take.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import re
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import Any

from threadpoolctl import threadpool_limits

from .arguments import fail, must, needs
from .memory import spare_memory

MAX_DEATHS = 3
"""Workers that one run may take with it before it counts as failed: one may have been killed for another reason."""
SECONDS_TO_ANSWER = 5
"""Seconds that a scheduler has to answer: one on a busy machine takes one or two."""
SCHEDULER = "be the address of a Dask scheduler that answers, such as tcp://127.0.0.1:8786"


@dataclass(frozen=True)
class Pool:
    """An executor and the number of runs to submit at once, which may change; `sharing` runs share `memory` bytes.

    Those are the runs, and the memory, of this machine; of a cluster, those of one worker. `manned`: whether there is
    a worker. `trouble`: what has gone wrong beside the runs, so that none of them may ever end. `at_once`: `submit`
    returns when the run is done. `replaces`: the next submission replaces a worker that was killed.
    """

    executor: Executor
    slots: Callable[[], int]
    memory: float
    sharing: int
    manned: Callable[[], bool] = lambda: True
    trouble: Callable[[], BaseException | None] = lambda: None
    at_once: bool = False
    replaces: bool = False


@contextmanager
def open_pool(executor: Executor | int | str | Any | None) -> Iterator[Pool]:
    """The executor that is asked for by a number of processes, an address or itself.

    One that is made here ends with the block, and its runs with it.
    """
    free = spare_memory()
    given = isinstance(executor, (int, str)) or callable(getattr(executor, "submit", None))
    given = given or callable(getattr(executor, "get_executor", None))
    what = "be an executor, a number of processes or the address of a Dask scheduler"
    must(executor is None or (given and not isinstance(executor, (bool, type))), "executor", what, executor)
    if executor is None or (isinstance(executor, int) and executor == 1):
        yield Pool(InThisProcess(), lambda: 1, free, 1, at_once=True)
    elif isinstance(executor, int):
        must(1 <= executor <= 1024, "workers", "lie between 1 and 1024", executor)
        processes = Processes(executor)
        with _errors_of_threads() as errors:
            try:
                yield Pool(
                    processes,
                    lambda: executor,
                    free,
                    executor,
                    trouble=lambda: next(iter(errors), None),
                    replaces=True,
                )
            finally:
                processes.kill()
    elif isinstance(executor, str):
        client = _connect(executor)
        try:
            yield _cluster(client, free)
        finally:
            client.close(timeout=2)
    elif hasattr(executor, "get_executor"):
        yield _cluster(executor, free)
    else:
        slots = getattr(executor, "_max_workers", None) or os.cpu_count() or 1
        yield Pool(executor, lambda: slots, free, slots)


class InThisProcess(Executor):
    """Runs each task at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


class Processes(Executor):
    """`count` processes, each an executor of its own, so that one that is killed takes only its own task with it.

    That task's future gets BrokenProcessPool; the next task finds a new process. There are never more than `count`.
    """

    def __init__(self, count: int) -> None:
        self._pools = [_process() for _ in range(count)]
        self._tasks: list[Future[Any] | None] = [None] * count

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        free = next(j for j, task in enumerate(self._tasks) if task is None or task.done())
        try:
            task = self._pools[free].submit(fn, *args, **kwargs)
        except BrokenProcessPool:
            self._pools[free] = _process()
            task = self._pools[free].submit(fn, *args, **kwargs)
        self._tasks[free] = task
        return task

    def kill(self) -> None:
        """End all processes, and the runs in them."""
        for pool in self._pools:
            for process in list((pool._processes or {}).values()):
                process.kill()
            with suppress(RuntimeError):  # its thread was never started, as the process can start no more
                pool.shutdown(cancel_futures=True)


@contextmanager
def _errors_of_threads() -> Iterator[list[BaseException]]:
    """What ends threads in this block, such as a pool's own: it would be printed, and the pool wait for ever."""
    hook, errors = threading.excepthook, list[BaseException]()
    threading.excepthook = lambda args: errors.append(args.exc_value or args.exc_type())
    try:
        yield errors
    finally:
        threading.excepthook = hook


def _process() -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, mp_context=context, initializer=_settle)


def _settle() -> None:
    """What a new worker process does first: one thread, no say in interrupts, and an end with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["DUCC0_NUM_THREADS"] = "1"  # ducc0 reads it at its first transform
    threadpool_limits(1)
    parent = multiprocessing.parent_process()
    assert parent is not None  # noqa: S101
    threading.Thread(target=lambda: (wait([parent.sentinel]), os._exit(1)), daemon=True).start()


def _connect(address: str) -> Any:
    """A client of the Dask scheduler at `address`."""
    parts = re.fullmatch(r"(?:\w+://)?\[?([\w.:-]+?)\]?:(\d{1,5})", address)
    must(parts is not None and int(parts[2]) < 2**16, "scheduler", SCHEDULER, address)
    assert parts is not None  # noqa: S101
    try:  # Dask itself is slow to give up, or never does
        with socket.create_connection((parts[1], int(parts[2])), timeout=SECONDS_TO_ANSWER) as connection:
            if not address.startswith(("tls:", "ws:", "wss:")) and not connection.recv(1):  # a scheduler speaks first
                raise ConnectionResetError(0, "It did not answer")
    except OSError as error:
        raise fail("scheduler", SCHEDULER, address, f"{error.strerror or 'It did not answer'}.") from None
    try:
        distributed = needs("distributed", "cluster")
    except ImportError as error:
        raise fail("scheduler", "have Dask to talk to it", address, str(error)) from None
    for name in ("distributed", "distributed.client", "distributed.core"):  # what it says of losses is said here
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return distributed.Client(address, timeout=SECONDS_TO_ANSWER, set_as_default=False)
    except (OSError, ValueError, RuntimeError) as error:
        raise fail("scheduler", SCHEDULER, address, f"{type(error).__name__}.") from None


def gave_up(error: BaseException) -> bool:
    """Whether `error` is Dask's KilledWorker: of a task that took several workers with it, which Dask tries no more.

    Who raises it has imported its class.
    """
    scheduler = sys.modules.get("distributed.scheduler")
    return scheduler is not None and isinstance(error, scheduler.KilledWorker)


def _cluster(client: Any, free: float) -> Pool:
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    memory = min((w["memory_limit"] / 2 for w in workers if w["memory_limit"]), default=free)
    sharing = max((w["nthreads"] for w in workers), default=1)

    def slots() -> int:  # two for each thread: one that runs, one that waits for it
        try:
            return 2 * max(sum(client.nthreads().values()), 1)
        except OSError:  # no scheduler; the futures will tell
            return 1

    def manned() -> bool:
        try:
            return bool(client.nthreads())
        except OSError:
            return True

    return Pool(client.get_executor(), slots, memory, sharing, manned)
