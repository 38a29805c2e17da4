"""How time and memory of `evolve` grow as h falls, and the large run of two degrees of freedom.

    python benchmarks/scaling.py                 # double well, h = 2^-6 .. 2^-12
    python benchmarks/scaling.py --henon-heiles  # two degrees of freedom, both evolutions and their distance

Every run is a process of its own: `ru_maxrss` is its peak memory, less that of a process that only imports openweyl.
Slopes are fitted over all h (goals: time ~ h^-1.3, memory ~ h^-1.1, or better; about 6 s at h = 2^-10; henon-heiles
at h = 2^-3 to t = 1 within 3 minutes and 4 GiB).
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time

import click
import numpy as np

import openweyl

MIB = 2**20 if sys.platform == "darwin" else 2**10
"""Units of ru_maxrss in a MiB."""


def double_well(exponent: int) -> dict[str, object]:
    """t = 2, tol = 1e-6, h = 2^-exponent."""
    system = openweyl.System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=2.0**-exponent, gamma=1.0)
    started = time.perf_counter()
    numerics = openweyl.evolve(system, openweyl.coherent(1, 0), [2.0], kind="quantum", tol=1e-6).numerics
    seconds = time.perf_counter() - started
    return {"seconds": seconds, "steps": numerics.steps, "grid": numerics.largest_grid.shape}


def henon_heiles() -> dict[str, object]:
    """The built-in problem as it stands: h = 2^-3, times to 1."""
    from openweyl.problems.problem import Problem

    problem = Problem.load("henon-heiles")
    started = time.perf_counter()
    comparison = openweyl.compare(problem.system, problem.state, problem.times, tol=problem.tol)
    return {
        "seconds": time.perf_counter() - started,
        "steps": comparison.quantum.numerics.steps,
        "grid": comparison.quantum.numerics.largest_grid.shape,
        "trace_norm": comparison.trace_norm.tolist(),
        "error": comparison.trace_norm_error.tolist(),
    }


def fresh(what: str) -> dict[str, object]:
    """The result of `what` in a new process, with its peak memory."""
    command = [sys.executable, __file__, "--inside", what]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout)


@click.command(help=__doc__)
@click.option("--henon-heiles", "two", is_flag=True, help="The run of two degrees of freedom instead.")
@click.option("--smallest", default=12, help="The last exponent: h = 2^-6 .. 2^-SMALLEST.")
@click.option("--rounds", default=3, help="Runs of which the median time is taken.")
@click.option("--inside", hidden=True, help="Used by this script to start itself.")
def main(two: bool, smallest: int, rounds: int, inside: str | None) -> None:
    """Print the table."""
    if inside:
        run = {"nothing": dict, "henon-heiles": henon_heiles}.get(inside) or (lambda: double_well(int(inside)))
        result = run()
        result["mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
        click.echo(json.dumps(result))
        return
    base = fresh("nothing")["mib"]
    click.echo(f"importing openweyl: {base:.0f} MiB, taken off below")
    if two:
        result = fresh("henon-heiles")
        click.echo(f"henon-heiles: {result['seconds']:.0f} s, {result['mib'] - base:.0f} MiB, grid {result['grid']}")
        click.echo(f"trace norms {result['trace_norm']}\nerrors      {result['error']}")
        return
    click.echo(f"{'h':>7}{'seconds':>9}{'MiB':>8}{'steps':>7}  largest grid")
    rows = []
    for exponent in range(6, smallest + 1):
        runs = [fresh(str(exponent)) for _ in range(rounds)]
        seconds, mib = (statistics.median(run[key] for run in runs) for key in ("seconds", "mib"))
        rows.append((exponent, seconds, mib - base))
        grid = " x ".join(map(str, runs[0]["grid"]))
        click.echo(f"{f'2^-{exponent}':>7}{seconds:9.2f}{mib - base:8.0f}{runs[0]['steps']:>7}  {grid}")
    exponents, *columns = np.array(rows).T
    slopes = [np.polyfit(exponents, np.log2(column), 1)[0] for column in columns]
    click.echo(f"time ~ h^-{slopes[0]:.2f}, memory ~ h^-{slopes[1]:.2f}")


if __name__ == "__main__":
    main()
