"""How time and memory of `evolve` grow as h falls.

    python benchmarks/scaling.py             # double well, h = 2^-6 .. 2^-12: a minute
    python benchmarks/scaling.py --pendulum  # pendulum from (2, 0), h = 2^-4 .. 2^-14: a state that stays one packet

Every run is a process of its own: seconds are those of the processor, `ru_maxrss` is the peak memory, less that of a
process that only imports openweyl. Slopes are fitted over all h (goals: double well time ~ h^-1.3, memory ~ h^-1.1, or
better, about 6 s at h = 2^-10; pendulum time ~ h^-0.1 where the state is one packet).
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

from openweyl import System, coherent, evolve

MIB = 2**20 if sys.platform == "darwin" else 2**10
"""Units of ru_maxrss in a MiB."""


SYSTEMS = {
    "double-well": (range(6, 13), "xi**2 + (x**2 - 1/2)**2", 1.0, 1.0, 2.0),
    "pendulum": (range(4, 15, 2), "xi**2/2 - cos(x)", 0.3, 2.0, 10.0),
}
"""Exponents of h, p, gamma, where the packet starts, and the time."""


def run(name: str, exponent: int) -> dict[str, object]:
    """tol = 1e-6, h = 2^-exponent; not the first run of the process, which loads and compiles."""
    _, hamiltonian, gamma, x, t = SYSTEMS[name]
    system = System(hamiltonian, ["x", "xi"], h=2.0**-exponent, gamma=gamma)
    evolve(system, coherent(x, 0), [t / 1000], tol=1e-2)
    started = time.process_time()
    numerics = evolve(system, coherent(x, 0), [t], kind="quantum", tol=1e-6).numerics
    seconds = time.process_time() - started
    return {"seconds": seconds, "steps": numerics.steps, "grid": numerics.largest_grid.shape}


def fresh(*what: str) -> dict[str, object]:
    """The result of `what` in a new process, with its peak memory."""
    command = [sys.executable, __file__, "--inside", " ".join(what)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout)


@click.command(help=__doc__)
@click.option("--pendulum", "name", flag_value="pendulum", help="The pendulum.")
@click.option("--double-well", "name", flag_value="double-well", default=True, help="The double well, as by default.")
@click.option("--rounds", default=3, help="Runs of which the median time is taken.")
@click.option("--inside", hidden=True, help="Used by this script to start itself.")
def main(name: str, rounds: int, inside: str | None) -> None:
    """Print the table."""
    if inside is not None:
        words = inside.split()
        result = run(words[0], int(words[1])) if words else {}
        result["mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB
        click.echo(json.dumps(result))
        return
    base = fresh()["mib"]
    click.echo(f"importing openweyl: {base:.0f} MiB, taken off below")
    click.echo(f"{'h':>7}{'seconds':>9}{'MiB':>8}{'steps':>7}  largest grid")
    rows = []
    for exponent in SYSTEMS[name][0]:
        runs = [fresh(name, str(exponent)) for _ in range(rounds)]
        seconds, mib = (statistics.median(run[key] for run in runs) for key in ("seconds", "mib"))
        rows.append((exponent, seconds, mib - base))
        grid = " x ".join(map(str, runs[0]["grid"]))
        click.echo(f"{f'2^-{exponent}':>7}{seconds:9.2f}{mib - base:8.0f}{runs[0]['steps']:>7}  {grid}")
    exponents, *columns = np.array(rows).T
    slopes = [np.polyfit(exponents, np.log2(column), 1)[0] for column in columns]
    click.echo(f"time ~ h^-{slopes[0]:.2f}, memory ~ h^-{slopes[1]:.2f}")


if __name__ == "__main__":
    main()
