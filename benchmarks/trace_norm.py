"""The trace norm of quantum minus classical, enclosed by cells of phase space, against all eigenvalues.

    python benchmarks/trace_norm.py [--time 3] [--powers 8 10 12 14] [--dense 1200] [--tol 1e-4]

The double well p = xi^2 + (x^2 - 1/2)^2, jumps x and xi, gamma = 1, from the coherent state at (1, 0), h = 2^-power.
Every row runs in a process of its own, so that its peak memory is its own; BLAS has one thread in both columns of
seconds, which are the best of three runs. `dense`: all eigenvalues, as by `dense_trace_norm`; `CPU`: of all threads.
`coherent`: the width and the seconds of the bounds from coherent states; this difference is not smooth enough for them.

    python benchmarks/trace_norm.py --smooth

Those bounds beside cells, for x xi exp(-(x^2 + xi^2)/(2 L^2)), L = scale sqrt(h), rtol = 1e-2; then for the difference
of two thermal states of an anharmonic trap at h = 1.6e-8, to which no cells are cut.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from math import inf, log, nan
from multiprocessing import get_context


def row(power: int, moment: float, tol: float, largest: int, repeats: int) -> dict[str, float]:
    """One line of the table."""
    from threadpoolctl import threadpool_limits

    from openweyl import System, coherent, evolve, trace_norm
    from openweyl.norms.coherent_bounds import trace_norm_bounds
    from openweyl.norms.dense import dense_trace_norm
    from openweyl.phase_space.kernels import kernel_points

    def timed(function, *arguments):
        best = (float("inf"), float("inf"))
        for _ in range(repeats):
            wall, used = time.perf_counter(), time.process_time()
            value = function(*arguments)
            best = min(best, (time.perf_counter() - wall, time.process_time() - used))
        return value, *best

    started = time.perf_counter()
    system = System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=2.0**-power, gamma=1.0)
    quantum, classical = (
        evolve(system, coherent(1, 0), [moment], kind=kind, tol=tol).final for kind in ("quantum", "classical")
    )
    difference = quantum - classical
    grid = difference.grid
    evolved = time.perf_counter() - started
    (lower, upper), seconds, used = timed(trace_norm, difference)
    (low, high), coherent_seconds, _ = timed(lambda: trace_norm_bounds(difference, rtol=1e-2))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    dense = dense_used = nan
    if kernel_points(grid)[0] <= largest:
        with threadpool_limits(1, user_api="blas"):
            value, dense, dense_used = timed(dense_trace_norm, difference)
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
        "coherent": (high - low) / high,
        "coherent_seconds": coherent_seconds,
        "peak": peak,
        "evolve": evolved,
    }


def smooth() -> None:
    """The second table."""
    from unittest import mock

    import numpy as np

    from openweyl import PhaseGrid, Symbol, trace_norm
    from openweyl.norms.coherent_bounds import trace_norm_bounds

    def timed(function):
        started = time.perf_counter()
        low, high = function()
        return (high - low) / high, time.perf_counter() - started

    print(f"{'scale':>6} {'states':>8} {'coherent':>9} {'s':>7} {'cells':>9} {'s':>7}")
    for scale in (3, 5, 10, 14, 20, 30):
        grid = PhaseGrid.box(h=1 / scale**2, x=(-7, 7), xi=(-7, 7), size=(96, 96))
        (x,), (xi,) = grid.mesh("x", "xi")
        w = Symbol(x * xi * np.exp(-(x**2 + xi**2) / 2), grid)
        width, seconds = timed(lambda w=w: trace_norm_bounds(w, rtol=1e-2))
        other, cells = nan, nan
        if scale <= 10:  # minutes beyond
            with mock.patch("openweyl.norms.two_sided.first_order_width", return_value=inf):
                other, cells = timed(lambda w=w: trace_norm(w))
        print(f"{scale:6} {grid.states:8.0f} {width:9.1e} {seconds:7.3f} {other:9.1e} {cells:7.2f}", flush=True)
    grid = PhaseGrid.box(h=1.6e-8, x=(-3.2, 3.2), xi=(-3.2, 3.2), size=(128, 128))
    (x,), (xi,) = grid.mesh("x", "xi")
    a, b = (np.exp(-beta * ((x**2 + xi**2) / 2 + 0.1 * x**4)) for beta in (4.0, 4.04))
    w = Symbol(a / (a.sum() * grid.cell) - b / (b.sum() * grid.cell), grid)
    for rtol in (1e-2, 1e-4):
        width, seconds = timed(lambda rtol=rtol: trace_norm(w, rtol))
        print(f"rtol = {rtol:g}, {grid.states:.3g} states: width {width:.1e} in {seconds:.3f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--powers", type=int, nargs="+", default=[8, 10, 12, 14])
    parser.add_argument("--time", type=float, default=3.0)
    parser.add_argument("--tol", type=float, default=1e-4)
    parser.add_argument("--dense", type=int, default=1200, help="the largest kernel of which all eigenvalues are taken")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--smooth", action="store_true")
    options = parser.parse_args()
    if options.smooth:
        smooth()
        return
    print(f"t = {options.time:g}, tol = {options.tol:g}, {os.cpu_count()} cores")
    print(
        f"{'h':>6} {'points':>9} {'states':>7} {'kernel':>7} {'dense/s':>8} {'CPU':>6} {'local/s':>8} {'CPU':>6} "
        f"{'lower':>11} {'upper':>11} {'width':>8} {'coherent':>9} {'s':>5} {'MiB':>6} {'evolve/s':>8}"
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
            f"{r['coherent']:9.1e} {r['coherent_seconds']:5.2f} {r['peak']:6.0f} {r['evolve']:8.1f}",
            flush=True,
        )
    if len(rows) > 1:
        first, last = rows[0], rows[-1]
        for name in ("localized", "states"):
            exponent = log(last[name] / first[name]) / log(2.0) / (last["power"] - first["power"])
            print(f"{name} grows like h^-{exponent:.2f}")


if __name__ == "__main__":
    main()
