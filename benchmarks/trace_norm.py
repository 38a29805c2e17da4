"""The trace norm of quantum minus classical, enclosed by cells of phase space, against all eigenvalues.

    python benchmarks/trace_norm.py [--time 3] [--powers 8 10 12 14] [--dense 1200] [--tol 1e-4]

The double well p = xi^2 + (x^2 - 1/2)^2, jumps x and xi, gamma = 1, from the coherent state at (1, 0), h = 2^-power.
Every row runs in a process of its own, so that its peak memory is its own; BLAS has one thread in both columns of
seconds, which are the best of three runs. `dense`: all eigenvalues, as by `dense_trace_norm`; `CPU`: of all threads.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from math import log, nan
from multiprocessing import get_context


def row(power: int, moment: float, tol: float, largest: int, repeats: int) -> dict[str, float]:
    """One line of the table."""
    from threadpoolctl import threadpool_limits

    from openweyl import System, coherent, dense_trace_norm, evolve, resample, trace_norm
    from openweyl.grid import common_grid
    from openweyl.weyl import kernel_points

    def timed(function, *arguments):
        best = (float("inf"), float("inf"))
        for _ in range(repeats):
            wall, used = time.perf_counter(), time.process_time()
            value = function(*arguments)
            best = min(best, (time.perf_counter() - wall, time.process_time() - used))
        return value, *best

    started = time.perf_counter()
    system = System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=2.0**-power, gamma=1.0)
    runs = [evolve(system, coherent(1, 0), [moment], kind=kind, tol=tol) for kind in ("quantum", "classical")]
    grid = common_grid([run.grids[0] for run in runs])
    quantum, classical = (resample(run.symbols[0], run.grids[0], grid) for run in runs)
    difference = quantum - classical
    evolved = time.perf_counter() - started
    (lower, upper), seconds, used = timed(trace_norm, difference, grid)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    dense = dense_used = nan
    if kernel_points(grid)[0] <= largest:
        with threadpool_limits(1, user_api="blas"):
            value, dense, dense_used = timed(dense_trace_norm, difference, grid)
        if not lower <= value <= upper:
            raise ArithmeticError(f"{value} is not between {lower} and {upper}")
    return {
        "power": power,
        "points": grid.size,
        "states": grid.states,
        "kernel": kernel_points(grid)[0],
        "dense": dense,
        "dense_cpu": dense_used,
        "localized": seconds,
        "localized_cpu": used,
        "lower": lower,
        "upper": upper,
        "width": (upper - lower) / upper,
        "peak": peak,
        "evolve": evolved,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--powers", type=int, nargs="+", default=[8, 10, 12, 14])
    parser.add_argument("--time", type=float, default=3.0)
    parser.add_argument("--tol", type=float, default=1e-4)
    parser.add_argument("--dense", type=int, default=1200, help="the largest kernel of which all eigenvalues are taken")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print(f"t = {options.time:g}, tol = {options.tol:g}, {os.cpu_count()} cores")
    print(
        f"{'h':>6} {'points':>9} {'states':>7} {'kernel':>7} {'dense/s':>8} {'CPU':>6} {'local/s':>8} {'CPU':>6} "
        f"{'lower':>11} {'upper':>11} {'width':>8} {'MiB':>6} {'evolve/s':>8}"
    )
    rows = []
    for power in options.powers:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            r = pool.submit(row, power, options.time, options.tol, options.dense, options.repeats).result()
        rows.append(r)
        print(
            f"2^-{r['power']:<3} {r['points']:9} {r['states']:7.0f} {r['kernel']:7} "
            f"{r['dense']:8.2f} {r['dense_cpu']:6.2f} "
            f"{r['localized']:8.2f} {r['localized_cpu']:6.2f} {r['lower']:11.8f} {r['upper']:11.8f} {r['width']:8.1e} "
            f"{r['peak']:6.0f} {r['evolve']:8.1f}",
            flush=True,
        )
    if len(rows) > 1:
        first, last = rows[0], rows[-1]
        for name in ("localized", "states"):
            exponent = log(last[name] / first[name]) / log(2.0) / (last["power"] - first["power"])
            print(f"{name} grows like h^-{exponent:.2f}")


if __name__ == "__main__":
    main()
