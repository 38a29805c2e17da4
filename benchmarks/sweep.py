"""A sweep of 7 values of h, 5 of gamma and 20 times over the double well, with distances: two workers against one.

    python benchmarks/sweep.py              # the sweep, with 2 workers and with 1; a few minutes
    python benchmarks/sweep.py --overhead   # what a row costs besides its run
    python benchmarks/sweep.py --store      # 10,000 synthetic rows: how long they take to write, and to open
    python benchmarks/sweep.py --batch      # steps of one run at a time against a batch of runs on one grid
    python benchmarks/sweep.py --simulate   # 10,000 points on 100 workers, from the times of the sweep

Goals: under 3 minutes with 2 workers, 1.8 times the speed of one; under 50 ms per row; the store opens in a second.
"""

from __future__ import annotations

import heapq
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click
import numpy as np

from openweyl import PhaseGrid, Problem, System, coherent, load, sweep
from openweyl.analysis.comparison import SERIES
from openweyl.evolution.schemes import CHIN
from openweyl.evolution.stepper import Stepper
from openweyl.generators.generator import lindblad
from openweyl.sweeps import driver, points
from openweyl.sweeps.opening import Layout, open_store
from openweyl.sweeps.points import COUNTS
from openweyl.sweeps.rows import Store

AXES = ("--h", "2^-2:2^-8", "--gamma", "0.3,0.6,1,2,4", "--times", "0.1:2:20", "--tol", "1e-3")


def run(workers: int, store: Path) -> float:
    """Seconds of the command, from a cold start."""
    command = [sys.executable, "-m", "openweyl", "sweep", "double-well", *AXES]
    started = time.perf_counter()
    subprocess.run([*command, "--workers", str(workers), "--out", str(store)], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def speed(folder: Path) -> None:
    two, one = run(2, folder / "two"), run(1, folder / "one")
    data = load(folder / "two")
    alone = load(folder / "one")
    click.echo(f"2 workers {two:.1f} s, 1 worker {one:.1f} s: {one / two:.2f} times the speed")
    for name, rows in (("2 workers", data), ("1 worker", alone)):
        seconds = rows["seconds"].values
        click.echo(f"{name}: {(rows['status'] == 'done').values.sum()} done; runs took {seconds.sum():.1f} s in all, "
                   f"{seconds.min():.2f} to {seconds.max():.2f} s")  # fmt: skip
    difference = np.abs(data["trace_norm"] - alone["trace_norm"]).max()
    click.echo(f"largest difference of the distances: {float(difference):.1e}")


def overhead(folder: Path) -> None:
    """Rows whose runs are nothing: start, claim, submit, write, flush."""
    problem, gammas = Problem.load("double-well"), np.linspace(0, 1, 200).tolist()
    empty = points.Row({"status": 0, "seconds": 0.0, **{name: np.zeros(20) for name in SERIES}})
    driver.compute = lambda _: empty
    started = time.perf_counter()
    sweep(problem, out=folder / "store", gamma=gammas, times=np.linspace(0.1, 2, 20))
    click.echo(
        f"here: {1e3 * (time.perf_counter() - started) / len(gammas):.1f} ms per row, of 200, with all that starts"
    )
    driver.compute = points.compute
    data = sweep(problem, out=folder / "other", gamma=gammas, times=[0.0], tol=1e-2, h=[0.5], executor=2)
    written = sorted(path.stat().st_mtime for path in (folder / "other" / "rows").glob("c.*"))
    lost = 2 * (written[-1] - written[0]) - float(data["seconds"][0, 1:].sum())
    click.echo(f"two processes: {1e3 * lost / len(gammas):.1f} ms of a worker per row")


def synthetic(folder: Path) -> None:
    store = made(folder / "store", 100)
    values = np.random.default_rng(1).random((len(SERIES), 20))
    started = time.perf_counter()
    for index in store.indices():
        store.write(index, {"status": 0, "seconds": 1.0, **dict(zip(SERIES, values, strict=True))})
    click.echo(f"10,000 rows written in {time.perf_counter() - started:.1f} s")
    import xarray  # noqa: F401 - not part of what is measured

    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        data = load(folder / "store")
        seconds.append(time.perf_counter() - started)
    assert (data["status"] == "done").all()
    size = sum(path.stat().st_size for path in (folder / "store").rglob("*")) / 2**20
    click.echo(f"opened in {statistics.median(seconds):.2f} s; {size:.0f} MiB")


def made(path: Path, size: int) -> Store:
    columns = {**SERIES, **COUNTS}
    axes = {"h": tuple(np.geomspace(1, 0.01, size).tolist()), "gamma": tuple(np.linspace(0, 1, size).tolist())}
    layout = Layout(axes, tuple(np.linspace(0, 1, 20).tolist()), tuple(columns))
    about = {"columns": columns, "scalars": list(COUNTS)}
    return open_store(path, layout, identity={"tol": 1}, about=about)


def batch() -> None:
    """Eight symbols on one grid, stepped one after another and as one array: the transforms are the work."""
    for size in (96, 192, 384):
        h = 16 / size  # a fixed box
        grid = PhaseGrid.box(h=h, x=(-3.0, 3.0), xi=(-3.0, 3.0), size=(size, size))
        system = System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=h, gamma=1.0)
        stepper = Stepper(lindblad(system, grid), CHIN, dt=1e-3, growth=1.0)
        single = coherent(1, 0).symbol(grid).values
        ratios = []
        for _ in range(7):
            alone, together = [single.copy() for _ in range(8)], np.stack([single] * 8)
            started = time.perf_counter()
            for w in alone:
                stepper.run(w, 20)
            between = time.perf_counter()
            stepper.run(together, 20)
            ratios.append((between - started) / (time.perf_counter() - between))
        click.echo(f"{size} x {size}: a batch of 8 is {statistics.median(ratios):.2f} times as fast as 8 single runs")


def simulate(folder: Path) -> None:
    """10,000 runs with the times of the sweep, the longest first; the call that sweeps takes 10 ms for each."""
    run(2, folder / "two")
    seconds = np.sort(np.random.default_rng(1).choice(load(folder / "two")["seconds"].values.ravel(), 10_000))[::-1]
    for workers in (10, 100, 200, 1000):
        free, driver_free = [0.0] * workers, 0.0
        for length in seconds:
            start = max(heapq.heappop(free), driver_free)  # the driver submits one after another
            driver_free = start + 0.01
            heapq.heappush(free, start + length)
        ideal = seconds.sum() / workers
        click.echo(f"{workers} workers: {max(free):.0f} s, of which {ideal:.0f} s are runs on busy workers")


@click.command(help=__doc__)
@click.option("--overhead", "what", flag_value="overhead")
@click.option("--store", "what", flag_value="store")
@click.option("--batch", "what", flag_value="batch")
@click.option("--simulate", "what", flag_value="simulate")
@click.option("--speed", "what", flag_value="speed", default=True, hidden=True)
def main(what: str) -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if what == "batch":
            batch()
        else:
            {"overhead": overhead, "store": synthetic, "simulate": simulate, "speed": speed}[what](folder)


if __name__ == "__main__":
    main()
