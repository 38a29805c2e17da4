"""Sweeps: what they hold, what they survive, and one line for each thing that is wrong."""

from __future__ import annotations

import errno
import inspect
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import xarray as xr

import openweyl
from common import invoke
from openweyl import InputError, Problem, ResourceError, System, cat, cli, coherent, compare, load, sweep
from openweyl._core import workers
from openweyl.report import page
from openweyl.sweeps import driver, entry, parse_values, points, rows
from openweyl.sweeps.opening import find

COMMAND = [sys.executable, "-m", "openweyl", "sweep"]
HARMONIC = System("xi**2/2 + x**2/2", ["x", "xi"], h=0.5, gamma=1.0)
GRID: dict[str, Any] = {"h": [0.5, 0.25], "gamma": [1.0, 3.0], "times": [0.0, 0.25], "tol": 1e-3}
WIDE = ("harmonic", "--h", "2^-1:2^-3", "--gamma", "1:2:8", "--times", "0:0.5:2", "--tol", "1e-3")
AXES: dict[str, Any] = {
    "h": [0.5, 0.25, 0.125],
    "gamma": parse_values("1:2:8", "gamma"),
    "times": [0, 0.5],
    "tol": 1e-3,
}
FILE = """\
[system]
hamiltonian = "xi**2/2 + a*x**2/2"
jumps = ["x", "c*xi"]
h = 0.5
gamma = 1.0
[state]
kind = "coherent"
x = "a/2"
xi = 0.0
[run]
times = [0.0, 0.25]
tol = 1e-3
[parameters]
a = 1
c = 1
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def well() -> Problem:
    return Problem.load("double-well")


def same(a: xr.Dataset, b: xr.Dataset) -> None:
    """Equal but for the time that it took, and to the round-off of other numbers of threads."""
    xr.testing.assert_allclose(a.drop_vars("seconds"), b.drop_vars("seconds"), rtol=1e-6, atol=1e-9)


def chunks(store: str = "store") -> list[Path]:
    return sorted(Path(store, "rows").glob("c.*"))


def until(condition: Callable[[], Any], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def start(*args: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen([*COMMAND, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def finished(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    found = json.loads(out)
    assert isinstance(found, dict)
    return found


@pytest.fixture(scope="module")
def serial(tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    """What the command makes of WIDE, computed here."""
    return sweep(Problem.load("harmonic"), out=tmp_path_factory.mktemp("serial") / "store", **AXES)


# --- what is right ---


def test_the_dataset_holds_every_comparison() -> None:
    data = sweep(well(), out="store", **GRID)
    assert data["trace_norm"].dims == ("h", "gamma", "time") and data.sizes == {"h": 2, "gamma": 2, "time": 2}
    assert (data["status"] == "done").all() and (data["message"] == "").all()
    for h, gamma in ((0.5, 3.0), (0.25, 1.0)):
        one = compare(well().system.replace(h=h, gamma=gamma), coherent(1, 0), [0.0, 0.25], tol=1e-3)
        for name, values in one.series.items():
            assert data[name].sel(h=h, gamma=gamma).values == pytest.approx(values, rel=1e-6, abs=1e-9), name
        assert data["steps"].sel(h=h, gamma=gamma) == one.quantum.numerics.steps + one.classical.numerics.steps
    assert data.attrs["problem"] == well().text and data.attrs["openweyl"] == openweyl.__version__
    assert data.attrs["tol"] == 1e-3 and re.fullmatch("[0-9a-f]{64}", data.attrs["hash"])
    assert {"numpy", "python", "created", "conventions", "state"} <= set(data.attrs)
    xr.testing.assert_identical(load("store"), data)


def test_the_store_is_zarr_that_others_can_read() -> None:
    data = sweep(HARMONIC, coherent(0.5, 0), out="store", **GRID)
    others = xr.open_zarr("store", consolidated=False, chunks=None)
    columns = others["rows"].attrs["columns"]
    assert others["rows"].dims == ("h", "gamma", "column", "time")
    for name in ("trace_norm", "purity", "min_eigenvalue"):
        assert np.array_equal(others["rows"].isel(column=columns.index(name)), data[name])
    assert others["h"].values.tolist() == [0.5, 0.25] and others["time"].values.tolist() == [0.0, 0.25]
    assert others.attrs["hamiltonian"] == "x**2/2 + xi**2/2"


def test_nothing_is_computed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    first = sweep(well(), out="store", **GRID)
    monkeypatch.setattr(driver, "compute", None)
    xr.testing.assert_identical(sweep(well(), out="store", **GRID), first)
    removed = chunks()[2]
    removed.unlink()
    calls = []
    monkeypatch.setattr(driver, "compute", lambda task: calls.append(task) or points.compute(task))
    same(sweep(well(), out="store", **GRID), first)
    assert [(task.h, task.gamma) for task in calls] == [(0.25, 1.0)]


def test_parameters_are_axes_and_a_run_that_fails_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("mine.toml").write_text(FILE)
    problem = Problem.load("mine.toml")
    data = sweep(problem, out="store", c=[1, 0], a=[1.0, 2.0])
    assert data["purity"].dims == ("h", "gamma", "c", "a", "time")
    assert (data["status"].sel(c=1) == "done").all() and (data["status"].sel(c=0) == "failed").all()
    assert "jumps` must depend on x or xi" in str(data["message"].sel(c=0).values[0, 0, 0])
    assert data["trace_norm"].sel(c=0).isnull().all() and data["trace_norm"].sel(c=1).notnull().all()
    one = compare(System("xi**2/2 + x**2", ["x", "xi"], h=0.5, gamma=1), coherent(1, 0), [0, 0.25], tol=1e-3)
    assert data["purity"].sel(c=1, a=2).values[0, 0] == pytest.approx(one.purity)

    calls = []
    monkeypatch.setattr(driver, "compute", lambda task: calls.append(task) or points.compute(task))
    sweep(problem, out="store", c=[1, 0], a=[1.0, 2.0])
    assert not calls
    sweep(problem, out="store", c=[1, 0], a=[1.0, 2.0], retry=True)
    assert [dict(task.parameters) for task in calls] == [{"c": 0, "a": 1}, {"c": 0, "a": 2}]


@pytest.mark.slow
def test_certificates_enclose_the_distance() -> None:
    data = sweep(well(), out="store", order=2, h=[0.25], gamma=[3.0], times=[0.25], tol=1e-3)
    slack = data["trace_norm_error"]
    assert (data["distance_lower"] <= data["trace_norm"] + slack).all()
    assert (data["distance_upper"] >= data["trace_norm"] - slack).all() and (data["certificate"] > 0).all()


@pytest.mark.slow
def test_symbols_can_be_kept() -> None:
    data = sweep(well(), out="store", keep_symbols=True, h=[0.25], gamma=[1.0, 3.0], times=[0.0, 0.5], tol=1e-3)
    quantum = data["symbol_quantum"].sel(h=0.25, gamma=3.0, time=0.5)
    assert data["symbol_quantum"].dims == ("h", "gamma", "time", "symbol_x", "symbol_xi") and quantum.dtype == "f4"
    extent = data.sel(h=0.25, gamma=3.0)
    x, xi = (np.linspace(float(extent[a]), float(extent[b]), 128) for a, b in (("x0", "x1"), ("xi0", "xi1")))
    cell = (x[1] - x[0]) * (xi[1] - xi[0]) / (2 * np.pi * 0.25)
    assert float(quantum.sum()) * cell == pytest.approx(1, abs=1e-3)
    assert float((quantum**2).sum()) * cell == pytest.approx(float(extent["purity"].sel(time=0.5)), abs=1e-3)
    start = data["symbol_classical"].sel(h=0.25, gamma=3.0, time=0.0)
    exact = 2 * np.exp(-((x[:, None] - 1) ** 2 + xi**2) / 0.25)
    assert np.abs(start.values - exact).max() < 1e-2


@pytest.mark.slow
def test_any_executor_gives_the_same(serial: xr.Dataset) -> None:
    harmonic = Problem.load("harmonic")
    with ThreadPoolExecutor(2) as threads:
        same(sweep(harmonic, out="threads", executor=threads, **AXES), serial)
        assert threads.submit(int, "3").result() == 3  # it is still the caller's
    same(sweep(harmonic, out="processes", executor=2, **AXES), serial)


@pytest.mark.slow
def test_progress_tells_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "SECONDS_BETWEEN_LOOKS", 0.0)
    told: list[tuple[float, float, str]] = []
    sweep(HARMONIC, coherent(0.5, 0), out="store", progress=lambda *args: told.append(args), **GRID)
    assert told[0] == (0, 4, "0 of 4 rows")
    assert re.fullmatch(r"2 of 4 rows, about [0-9]+ s left", told[2][2])


@pytest.mark.parametrize(("seconds", "text"), [(3.2, "3 s"), (200, "3 min"), (9000, "2.5 h")])
def test_durations(seconds: float, text: str) -> None:
    assert driver._duration(seconds) == text


# --- what it survives ---


def killed(process: subprocess.Popen[str]) -> None:
    """SIGKILL, and the workers are gone too."""
    children = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    assert not psutil.wait_procs(children, timeout=20)[1]


@pytest.mark.slow
@pytest.mark.parametrize("count", ["1", "2"])
def test_the_call_is_killed(count: str, serial: xr.Dataset) -> None:
    args = (*WIDE, "--out", "store", "--json", "--workers", count)
    process = start(*args)
    until(lambda: len(chunks()) >= 3)
    killed(process)
    left = {path: path.stat().st_mtime_ns for path in chunks()}
    assert 3 <= len(left) < 24
    data = load("store")
    assert int((data["status"] == "done").sum()) == len(left)
    assert int((data["status"] == "missing").sum()) == 24 - len(left)
    assert data["trace_norm"].isnull().sum() == 2 * (24 - len(left))
    assert finished(start(*args))["done"] == 24
    assert {path: path.stat().st_mtime_ns for path in left} == left  # nothing was computed again
    same(load("store"), serial)


@pytest.mark.slow
def test_a_worker_is_killed(serial: xr.Dataset) -> None:
    process = start(*WIDE, "--out", "store", "--json", "--workers", "2")
    until(lambda: len(chunks()) >= 2)
    victims = [p for p in psutil.Process(process.pid).children() if "spawn_main" in " ".join(p.cmdline())]
    assert len(victims) == 2
    victims[0].kill()
    assert finished(process)["done"] == 24
    same(load("store"), serial)


@pytest.mark.slow
def test_two_calls_at_once(serial: xr.Dataset) -> None:
    calls = [start(*WIDE, "--out", "store", "--json") for _ in range(2)]
    assert [finished(call)["done"] for call in calls] == [24, 24]
    same(load("store"), serial)
    assert {path.name for path in Path().iterdir()} == {"store"}


HOLD = """
from openweyl.sweeps.opening import Path, find
store = find(Path("store"))
print(store.claim((0, 1)), flush=True)
input()
"""


@pytest.mark.slow
def test_a_row_is_claimed_by_one_process_and_free_when_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    done = sweep(HARMONIC, coherent(0.5, 0), out="store", **GRID)
    Path("store/rows/c.0.1.0.0").unlink()
    store = find(Path("store"))
    with subprocess.Popen([sys.executable, "-c", HOLD], stdin=-1, stdout=-1, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "True\n"
        assert not store.claim((0, 1)) and store.claim((0, 0))
        monkeypatch.setattr(driver.time, "sleep", lambda _: other.kill())  # it dies while this call waits for it
        store.close()
        same(sweep(HARMONIC, coherent(0.5, 0), out="store", **GRID), done)


@pytest.mark.slow
def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    written = []
    real = rows.os.fsync

    def full(handle: int) -> None:
        written.append(handle)
        if len(written) >= 5:  # each row flushes its file and its folder
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    with monkeypatch.context() as patch:
        patch.setattr(rows.os, "fsync", full)
        with pytest.raises(OSError, match=r"No space left on device: 'store/rows/c\.0\.0"):
            sweep(well(), out="store", **GRID)
    assert len(chunks()) == 2 and not [*Path("store").rglob(".unfinished-*")]
    assert (sweep(well(), out="store", **GRID)["status"] == "done").all()


@pytest.mark.slow
def test_files_that_may_not_grow() -> None:
    first = sweep(well(), out="store", **GRID)
    chunks()[0].unlink()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            sweep(well(), out="store", **GRID)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert len(chunks()) == 3 and not [*Path("store").rglob(".unfinished-*")]
    same(sweep(well(), out="store", **GRID), first)


@pytest.mark.slow
@pytest.mark.parametrize(
    "content",
    [b"x", b"", b"\x1f\x8b" * 20, None],
    ids=["cut", "empty", "other", "gone"],
)
def test_a_spoilt_row_counts_as_missing(content: bytes | None) -> None:
    first = sweep(well(), out="store", **GRID)
    chunk = chunks()[0]
    whole = chunk.read_bytes()
    chunk.write_bytes(whole[:-20] + bytes(20) if content is None else content)
    assert load("store")["status"].values.tolist() == [["missing", "done"], ["done", "done"]]
    same(sweep(well(), out="store", **GRID), first)


def test_spoilt_symbols_are_unknown_and_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = {**GRID, "h": [0.5], "keep_symbols": True, "tol": 1e-2}
    first = sweep(HARMONIC, coherent(0.5, 0), out="store", **grid).load()
    for name, content in (("symbol_quantum/c.0.0.0.0.0", b""), ("symbol_classical/c.0.1.0.0.0", None)):
        path = Path("store", name)
        path.write_bytes(path.read_bytes()[:-9] + bytes(9) if content is None else content)
    for other in ("h/c/0", "gamma/zarr.json", "symbol_quantum/zarr.json"):  # which other programs read, and this not
        Path("store", other).write_bytes(b"{")
    data = load("store")
    assert (data["status"] == "done").all() and data["trace_norm"].notnull().all()
    assert data["symbol_quantum"][:, 0].isnull().all() and data["symbol_classical"][:, 1].isnull().all()
    xr.testing.assert_identical(data["symbol_quantum"][0, 1], first["symbol_quantum"][0, 1])
    assert "</html>" in page(data)
    calls = []
    monkeypatch.setattr(driver, "compute", lambda task: calls.append(task) or points.compute(task))
    same(sweep(HARMONIC, coherent(0.5, 0), out="store", **grid), first)
    assert [task.gamma for task in calls] == [1.0, 3.0]


def test_symbols_are_read_where_they_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = {**GRID, "h": [0.5], "keep_symbols": True, "tol": 1e-2}
    whole = sweep(HARMONIC, coherent(0.5, 0), out="store", **grid)["symbol_quantum"].values
    seen = []
    real = rows.Store.symbol
    monkeypatch.setattr(rows.Store, "symbol", lambda *args: seen.append(args[2]) or real(*args))
    symbols = load("store")["symbol_quantum"]
    assert not seen
    assert np.array_equal(
        symbols.isel(h=0, gamma=1, time=[1], symbol_x=slice(3, 90, 7)).values, whole[0, 1, [1], 3:90:7]
    )
    assert seen == [(0, 1)]
    assert np.array_equal(load("store")["symbol_quantum"][:, ::-1, -1, 5].values, whole[:, ::-1, -1, 5])


@pytest.mark.parametrize(("old", "new"), [("0.25", "0.75"), ("trace_norm_lower", "trace_norm_lowes"), ("0.5", "5.0")])
def test_a_store_whose_description_is_damaged(old: str, new: str) -> None:
    sweep(HARMONIC, coherent(0.5, 0), out="store", **{**GRID, "h": [0.5], "gamma": [1.0], "tol": 1e-2})
    path = Path("store/zarr.json")
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(
        InputError, match=r"`path` must be a store as it was made, but is store\. Its zarr\.json is damaged"
    ):
        load("store")


def test_a_call_that_ends_while_it_makes_the_store(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sweep(well(), out="a/store", **GRID)
    assert [*Path("a").iterdir()] == []


class Scripted(Executor):
    """An executor whose tasks end as the script says; None: well."""

    def __init__(self, *script: Any) -> None:
        self.script, self._max_workers = list(script), 1

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        end = self.script.pop(0) if self.script else None
        if isinstance(end, BaseException):
            future.set_exception(end)
        else:
            future.set_result(end or fn(*args, **kwargs))
        return future


@pytest.mark.slow
def test_a_run_that_takes_its_workers_with_it_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    dead = Scripted(*[BrokenExecutor("dead")] * 3)
    with monkeypatch.context() as patched:
        pool = workers.Pool(dead, lambda: 1, 1e9, 1, replaces=True)
        patched.setattr(entry, "open_pool", lambda _: nullcontext(pool))
        data = sweep(well(), out="store", **GRID)
    assert (data["status"] == "failed").sum() == 1 and (data["status"] == "done").sum() == 3
    assert "3 worker processes died of it: killed, or out of memory." in data["message"].values
    killed = pytest.importorskip("distributed.scheduler").KilledWorker("task", None, 3)
    data = sweep(well(), out="dask", executor=Scripted(killed), **GRID)
    assert "Several workers died of it: killed, or out of memory." in data["message"].values


@pytest.mark.slow
@pytest.mark.parametrize("error", [BrokenExecutor("gone"), ImportError("no openweyl"), TimeoutError("silence")])
def test_an_executor_that_fails_loses_nothing(error: Exception) -> None:
    with pytest.raises(InputError, match=r"executor` must be at work until the end, .* finished is kept: call again\."):
        sweep(well(), out="store", executor=Scripted(None, None, error), **GRID)
    assert len(chunks()) == 2


def test_workers_of_another_version_are_refused() -> None:
    with pytest.raises(InputError, match=r"executor` must have workers with openweyl .*, but is one with 9\.9\."):
        sweep(well(), out="store", executor=Scripted(points.FinishedRow({}, version="9.9")), **GRID)
    assert not chunks()


def test_runs_that_are_short_of_memory_run_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def compute(task: points.Task) -> points.FinishedRow:
        seen.append(task.memory)
        if len(seen) == 1 or task.h == 0.5:
            return points.FinishedRow({"status": 1}, "It needs 9 GiB.", crowded=True)
        return points.compute(task)

    monkeypatch.setattr(driver, "compute", compute)
    with ThreadPoolExecutor(2) as threads:
        data = sweep(well(), out="store", executor=threads, h=[0.25, 0.5], gamma=[1.0], times=[0], tol=1e-3)
    assert data["status"].values.tolist() == [["done"], ["failed"]]
    assert seen[0] == seen[1] and seen[2] == seen[3] == 2 * seen[0]


def test_what_goes_wrong_in_a_run_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    for error, text, crowded in (
        (ValueError("a\nb"), "ValueError: a b", False),
        (MemoryError(), "MemoryError:", True),
        (ResourceError("4 GiB are too many."), "4 GiB are too many.", True),
        (ResourceError("It takes 4 GiB of time.", kind="time"), "It takes 4 GiB of time.", False),
        (InputError("No."), "No.", False),
    ):

        def fails(*_: Any, error: Exception = error, **__: Any) -> None:
            raise error

        monkeypatch.setattr(points, "compare", fails)
        row = points.compute(points.Task(well(), 1.0, 1.0, {}, None, False, 1e9))
        assert (row.message, row.crowded, row.values["status"]) == (text, crowded, 1)


@pytest.mark.slow
def test_a_pool_whose_thread_cannot_start_does_not_wait_for_ever(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Under a limit on memory the pool's own thread fails, and no run would ever end."""

    def fails(*_: Any) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("multiprocessing.queues.Queue._start_thread", fails)
    monkeypatch.setattr(driver, "SECONDS_BETWEEN_CHECKS", 0.2)
    monkeypatch.setattr(driver, "SECONDS_BETWEEN_LOOKS", 0.2)
    with pytest.raises(InputError, match=r"it failed: RuntimeError can't start new thread\. What was finished is kept"):
        sweep(well(), out="store", executor=2, **GRID)
    assert capfd.readouterr().err == ""


def test_a_cluster_without_workers_is_waited_for_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "SECONDS_BETWEEN_LOOKS", 0.0)

    @contextmanager
    def empty(_: Any) -> Iterator[workers.Pool]:
        yield workers.Pool(workers.InThisProcess(), lambda: 1, 1e9, 1, manned=lambda: False)

    monkeypatch.setattr(entry, "open_pool", empty)
    told: list[str] = []
    sweep(HARMONIC, coherent(0.5, 0), out="store", progress=lambda *args: told.append(args[2]), **GRID)
    assert told[0] == "0 of 4 rows, waiting for a worker"


def test_a_store_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole one is read; one that lacks a row is refused with the name of what cannot be written."""
    first = sweep(HARMONIC, coherent(0.5, 0), out="store", **GRID)
    real = os.open

    def read_only(path: Any, flags: int, *mode: int, **more: Any) -> int:
        if flags & (os.O_RDWR | os.O_WRONLY):
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        return real(path, flags, *mode, **more)

    monkeypatch.setattr(os, "open", read_only)
    xr.testing.assert_identical(sweep(HARMONIC, coherent(0.5, 0), out="store", **GRID), first)
    chunks()[0].unlink()
    with pytest.raises(OSError, match="Read-only file system: 'store/rows/lock'"):
        sweep(HARMONIC, coherent(0.5, 0), out="store", **GRID)
    assert len(chunks()) == 3


def test_no_decision_asks_the_clock_on_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that goes backwards, by years: the same rows, each computed once, and a page."""
    first = sweep(HARMONIC, coherent(0.5, 0), out="first", **GRID)
    now = iter(range(2**31, 0, -(10**7)))
    monkeypatch.setattr(time, "time", lambda: float(next(now)))
    same(sweep(HARMONIC, coherent(0.5, 0), out="store", **GRID), first)
    chunks()[0].unlink()
    same(sweep(HARMONIC, coherent(0.5, 0), out="store", **GRID), first)
    assert "</html>" in page(load("store"))


# --- a cluster ---


@pytest.fixture
def cluster() -> Iterator[tuple[str, list[subprocess.Popen[str]]]]:
    """A Dask scheduler and two workers, all processes of their own, on the loopback address."""
    dask = [sys.executable, "-m", "dask"]
    options: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    scheduler = subprocess.Popen(
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show"], **options
    )
    assert scheduler.stderr is not None
    found = next(m for line in scheduler.stderr if (m := re.search(r"Scheduler at: *(tcp://127\.0\.0\.1:\d+)", line)))
    worker = [*dask, "worker", found[1], "--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    options["stderr"] = subprocess.DEVNULL
    started = [subprocess.Popen([*worker, "--memory-limit", "2GiB"], **options) for _ in range(2)]
    yield found[1], started
    for process in (*started, scheduler):
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker(cluster: tuple[str, list[Any]], serial: xr.Dataset) -> None:
    address, started = cluster
    process = start(*WIDE, "--out", "store", "--json", "--scheduler", address)
    until(lambda: len(chunks()) >= 3)
    started[0].kill()
    assert finished(process)["done"] == 24
    same(load("store"), serial)


# --- what is wrong ---


def refused(*args: str) -> str:
    done = subprocess.run([*COMMAND, *args], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer() -> None:
    started = time.monotonic()
    assert "`scheduler` must be the address of a Dask" in refused("harmonic", "--scheduler", "tcp://127.0.0.1:9")
    assert time.monotonic() - started < 10
    for address in ("nonsense://x", "nonsense://127.0.0.1:1", "", "tcp://127.0.0.1:99999", "tcp://a b:1"):
        with pytest.raises(InputError, match="`scheduler` must be the address of a Dask"):
            sweep(well(), out="store", executor=address, **GRID)
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # something that listens, and is no scheduler
        started = time.monotonic()
        assert "`scheduler` must be" in refused("harmonic", "--scheduler", f"127.0.0.1:{deaf.getsockname()[1]}")
        assert time.monotonic() - started < 15  # the aim is 10, on a machine that does nothing else
    assert [*Path().iterdir()] == []


@pytest.mark.parametrize(
    ("text", "name", "values"),
    [
        ("2^-4:2^-6", "h", [2**-4, 2**-5, 2**-6]), ("2**-1:2**-2", "h", [0.5, 0.25]), ("10^-1:10^1", "a", [0.1, 1, 10]),
        ("1/2:1/8", "h", [0.5, 0.25, 0.125]), ("0.1,0.3,1,3", "gamma", [0.1, 0.3, 1, 3]), (" 1 , 2 ", "a", [1, 2]),
        ("2^3", "a", [8]), ("0:1:5", "times", [0, 0.25, 0.5, 0.75, 1]), ("0, 1:2:2, sqrt(9)", "times", [0, 1, 2, 3]),
        ("3^1:3^3,1", "a", [3, 9, 27, 1]),
    ],
)  # fmt: skip
def test_ranges(text: str, name: str, values: Sequence[float]) -> None:
    assert parse_values(text, name) == pytest.approx(values, rel=1e-15)


@pytest.mark.parametrize(
    ("text", "name", "what"),
    [
        ("", "h", "must hold an expression, but is empty"), (":", "h", "must hold an expression"),
        ("1,", "h", "must hold an expression"), ("2^-1:", "h", "must hold an expression"),
        ("2^-6:2^-4", "h", "must go downward, but is 2**-6:2**-4. Exchange"), ("2^-1:2^-1", "h", "must go downward"),
        ("2^2:2^0", "gamma", "must go upward"), ("0.3:0.1", "h", "between whole powers of 2"),
        ("2^-1:2^-1.5", "h", "between whole powers"), ("0:1", "gamma", "powers of one number > 1"),
        ("1^1:1^2", "a", "powers of one number > 1"), ("-1:1", "a", "powers of one number > 1"),
        ("1:2:3:4", "a", "must be a number, a range"), ("1:0:5", "a", "must have lower < upper"),
        ("0:1:1", "a", "a count from 2"), ("0:1:2.5", "a", "a count from 2"), ("0:1:1e9", "a", "a count from 2"),
        ("x:y", "h", "must use known names only"), ("2^9^9^9", "h", "must"), ("1;2", "h", "must hold letters"),
    ],
)  # fmt: skip
def test_ranges_that_are_refused(text: str, name: str, what: str) -> None:
    with pytest.raises(InputError, match=re.escape(what)):
        parse_values(text, name)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"h": []}, "`h` must hold at least one value, but is"), ({"h": [0.5, 0.5]}, "`h` must hold different"),
        ({"h": [0.0]}, "`h` must be > 0"), ({"gamma": [-1]}, "`gamma` must be >= 0"), ({"h": 0.5}, "must be a list"),
        ({"h": "0.5"}, "`h` must be a list"), ({"gamma": [float("nan")]}, "`gamma` must be a finite number"),
        ({"gamma": [True]}, "`gamma` must be a finite"), ({"times": []}, "`times` must hold at least one"),
        ({"tol": 1}, "`tol` must be <= 0.1"), ({"b": [1]}, "`parameters` must be names that the problem has"),
        ({"order": 0}, "`order` must be a whole number from 1 to 12"), ({"order": 1.5}, "`order` must be a whole"),
        ({"out": ""}, "`out` must name a folder"), ({"out": "a\0b"}, "`out` must name a folder"),
        ({"executor": 0}, "`workers` must lie between"), ({"executor": True}, "`executor` must be an executor"),
        ({"executor": 1.5}, "`executor` must be an executor, a number of processes or the address"),
        ({"state": coherent(1, 0)}, "`state` must be left out"),
        ({"h": range(1, 2000), "gamma": range(1000)}, "`out` must hold at most 1000000 rows"),
    ],
)  # fmt: skip
def test_arguments_that_are_refused(change: dict[str, Any], what: str) -> None:
    with pytest.raises(InputError, match=re.escape(what)):
        sweep(well(), **({"out": "store", **GRID} | change))
    assert [*Path().iterdir()] == []


def test_a_system_needs_a_state_and_times_and_has_no_parameters() -> None:
    with pytest.raises(InputError, match="`state` and `times` must be given"):
        sweep(HARMONIC, out="store")
    with pytest.raises(InputError, match="`state` must have n = 1"):
        sweep(HARMONIC, coherent([1, 0], [0, 0]), [0], out="store")
    with pytest.raises(InputError, match=re.escape("It has no table [parameters].")):
        sweep(HARMONIC, coherent(1, 0), [0], out="store", a=[1])
    with pytest.raises(InputError, match="`problem` must be a Problem or a System"):
        sweep("harmonic", out="store")  # type: ignore[arg-type]
    two = System("xi1**2 + xi2**2 + x1**2 + x2**2", ["x1"], h=1, gamma=1)
    with pytest.raises(InputError, match="`keep_symbols` must be left out for n > 1"):
        sweep(two, coherent([1, 0], [0, 0]), [0], out="store", keep_symbols=True)


def test_a_store_of_another_sweep_is_refused_and_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    state = coherent(0.5, 0)
    sweep(HARMONIC, state, out="store", **GRID)
    before = {path: path.stat().st_mtime_ns for path in Path("store").rglob("*")}
    changes: list[tuple[dict[str, Any], str]] = [
        ({"tol": 1e-4}, "tol"), ({"times": [0, 1]}, "times"), ({"gamma": [1.0]}, "gamma"), ({"order": 2}, "order"),
        ({"h": [0.25, 0.5]}, "h"), ({"state": coherent(0.6, 0)}, "problem"), ({"keep_symbols": True}, "symbols"),
        ({"problem": HARMONIC.replace(hamiltonian="xi**2 + x**2")}, "problem"),
        ({"state": cat([(0.5, 0)])}, "problem"),
    ]  # fmt: skip
    for change, words in changes:
        with pytest.raises(
            InputError, match=f"must be a new folder or a store of this very sweep, .* in {words}: name"
        ):
            sweep(**({"problem": HARMONIC, "state": state, "out": "store", **GRID} | change))
    monkeypatch.setattr(entry, "VERSION", "9.9")
    with pytest.raises(InputError, match="differs in openweyl: name another store"):
        sweep(HARMONIC, state, out="store", **GRID)
    assert {path: path.stat().st_mtime_ns for path in Path("store").rglob("*")} == before


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "null", "{", '{"attributes": {}}', '{"attributes": {"format": "x"}}']
)
def test_a_folder_of_something_else(content: str) -> None:
    Path("store").mkdir()
    Path("store/zarr.json").write_text(content)
    for call in (lambda: sweep(well(), out="store", **GRID), lambda: load("store")):
        with pytest.raises(InputError, match="must be a store written by openweyl sweep, but is store"):
            call()
    assert Path("store/zarr.json").read_text() == content and len([*Path("store").iterdir()]) == 1


def test_paths_that_are_no_stores() -> None:
    Path("file").write_text("mine")
    Path("other").mkdir()
    Path("other/thing").write_text("mine")
    for out in ("file", "other", "file/deeper"):
        with pytest.raises(InputError, match=r"`out` must be a (store|folder)"):
            sweep(well(), out=out, **GRID)
    with pytest.raises(InputError, match="There is no such file"):
        load("nothing")
    assert Path("file").read_text() == "mine" and [*Path("other").iterdir()] == [Path("other/thing")]
    Path("empty").mkdir()
    assert (sweep(HARMONIC, coherent(0.5, 0), out="empty", **GRID)["status"] == "done").all()


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (["--h", "2^-3:2^-2"], "`h` must go downward"), (["--h", ""], "`h` must hold an expression"),
        (["--h", "0"], "`h` must be > 0"), (["--gamma", "1,1"], "`gamma` must hold different values"),
        (["--param", "b=1"], "`param` must name a parameter of the problem, but is b. Known: a, c."),
        (["--param", "a"], "`param` must be NAME=V"), (["--param", "a=1", "--param", "a=2"], "`param` must be NAME"),
        (["--param", "h=1", "--h", "1"], "`param` must be NAME"), (["--param", "a="], "`a` must hold an expression"),
        (["--workers", "0"], "`workers` must lie"), (["--workers", "1.5"], "`workers` must be a whole"),
        (["--workers", "2", "--scheduler", "tcp://127.0.0.1:9"], "`workers` must not be given together"),
        (["--out", " "], "`out` must name a folder"), (["--order", "99"], "`order` must be a whole number from 1"),
        (["--times", "1,0"], "`times` must increase"),
    ],
)  # fmt: skip
def test_the_command_refuses_in_one_line(
    args: list[str], what: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("mine.toml").write_text(FILE)
    monkeypatch.setattr(sys, "argv", ["openweyl", "sweep", "mine.toml", *args])
    with pytest.raises(SystemExit) as end:
        cli.main()
    out, err = capsys.readouterr()
    assert (end.value.code, out, err.count("\n")) == (2, "", 1) and what in err, err
    assert [*Path().iterdir()] == [Path("mine.toml")]


def test_the_command_tells_what_it_did(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.toml").write_text(FILE)
    for args in (["--param", "c=0,1", "--param", "a=2^0:2^1"], ["--h", "1, 0.5", "--json", "--out", "other"]):
        monkeypatch.setattr(sys, "argv", ["openweyl", "sweep", "mine.toml", *args])
        cli.main()
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert err == "" and re.match("2 failed: mine: Argument `jumps` must depend on x or xi", lines[0])
    assert re.fullmatch("2 done, 2 failed, 0 missing; .* s; wrote openweyl-mine-sweep", lines[1])
    found = json.loads(lines[2])
    assert found["axes"] == {"h": [1.0, 0.5], "gamma": [1.0]} and found["done"] == 2 and found["store"] == "other"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_no_permission() -> None:
    Path("locked").mkdir(mode=0o500)
    assert "must be a folder that can be made and written" in refused("harmonic", "--out", "locked/store")


@pytest.mark.parametrize(
    "name", sorted(set(inspect.signature(sweep).parameters) - {"h", "gamma", "times", "tol", "parameters"})
)
def test_parameters_that_sweep_takes_for_itself_are_refused(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = Problem.load("harmonic").text.replace('"xi**2/2 + x**2/2"', f'"xi**2/2 + {name}*x**2/2"')
    problem = Problem.parse(f"{text}[parameters]\n{name} = 1\n", "mine", "mine")
    assert problem.parameters == {name: 1.0}
    with pytest.raises(InputError, match=rf"^Argument `problem` must have \[parameters\] .*, but is {name}\."):
        sweep(problem, out="store")
    Path("mine.toml").write_text(problem.text)
    done = invoke(monkeypatch, capsys, "sweep", "mine.toml", "--out", "s", "--param", f"{name}=1,2")
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1) and "Argument `" in done.err


@pytest.mark.slow
def test_what_starts_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    with workers.open_pool(2) as pool, ProcessPoolExecutor(1) as others:
        assert pool.slots() == 2 and pool.sharing == 2
        tasks = [pool.executor.submit(os.getpid) for _ in range(2)]
        pids = {task.result() for task in tasks}
        assert len(pids) == 2 and os.getpid() not in pids
        os.kill(tasks[0].result(), signal.SIGKILL)
        until(lambda: not psutil.pid_exists(tasks[0].result()))
        again = {pool.executor.submit(os.getpid).result(timeout=60) for _ in range(2)}
        assert again.isdisjoint({tasks[0].result()})
        assert others is not None
    until(lambda: not any(psutil.pid_exists(pid) for pid in pids | again))
