"""Runs by which grids and steps are judged: time, memory, steps, and true errors.

    python benchmarks/lean.py                  # one degree of freedom: half a minute
    python benchmarks/lean.py --all            # two and three as well, as long as LIMIT allows for each
    python benchmarks/lean.py --only pendulum  # one row
    python benchmarks/lean.py --errors         # true errors over reported ones on a fixed set; two minutes

Each row is a process of its own. Seconds are those of the processor, the median of ROUNDS warm runs where one takes
less than two seconds, else of the first; MiB are `ru_maxrss`, less that of a process that only imports openweyl.
"Exact" rows carry 1e-17 cos(x) in p, of no effect, so that no closed form answers them.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import click

from openweyl import ResourceError, Solution, State, Symbol, System, coherent, compare, evolve
from openweyl.problems.problem import Problem

MIB = 2**20 if sys.platform == "darwin" else 2**10
"""Units of ru_maxrss in a MiB."""
LIMIT = 1800.0
"""Seconds that a run may take; longer ones are refused by forecast."""
ROUNDS = 7
NONE = "1e-17*cos(x)"


def evolved(system: System, state: State, time: float, tol: float) -> dict[str, Any]:
    found = evolve(system, state, [time], tol=tol, time_limit=LIMIT)
    return told(found) | {"error": found.numerics.error[-1]}


def compared(system: System, state: State, time: float, tol: float) -> dict[str, Any]:
    found = compare(system, state, [time], tol=tol, time_limit=LIMIT)
    return told(found.quantum) | {"distance": found.trace_norm[-1], "error": found.trace_norm_error[-1]}


def told(solution: Solution) -> dict[str, Any]:
    numerics = solution.numerics
    return {"steps": numerics.steps, "regrids": numerics.regrids, "grid": numerics.largest_grid.shape}


def double_well() -> System:
    return System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=2**-4, gamma=1.0)


def pendulum(exponent: int) -> System:
    return System("xi**2/2 - cos(x)", ["x", "xi"], h=2.0**-exponent, gamma=0.3)


def harmonic(term: str = "") -> System:
    return System(f"(x**2 + xi**2)/2{term}", ["x"], h=2**-12, gamma=0.1)


def henon_heiles(exponent: int) -> tuple[System, State]:
    problem = Problem.load("henon-heiles")
    system = problem.system
    return System(system.hamiltonian, system.jumps, h=2.0**-exponent, gamma=system.gamma), problem.state


def wells() -> System:
    """Three double wells in a row, each bound to the next."""
    each = " + ".join(f"xi{j}**2/2 + (x{j}**2 - 1/2)**2/2" for j in (1, 2, 3))
    return System(f"{each} + (x1 - x2)**2/4 + (x2 - x3)**2/4", ["x1", "x2", "x3"], h=2**-2, gamma=0.3)


def chain() -> System:
    """Three particles between two walls, bound by springs of energy 2 e^{r/2} - r, as of Toda's chain."""
    terms = "exp(-x1/2) + exp((x1 - x2)/2) + exp((x2 - x3)/2) + exp(x3/2)"
    return System(f"(xi1**2 + xi2**2 + xi3**2)/2 + 2*({terms})", ["x1", "x2", "x3"], h=2**-2, gamma=0.3)


ROWS: dict[str, Callable[[], dict[str, Any]]] = {
    "figure-1, tol 1e-6": lambda: evolved(double_well(), coherent(1, 0), 2.0, 1e-6),
    "figure-1, tol 1e-3": lambda: evolved(double_well(), coherent(1, 0), 2.0, 1e-3),
    "harmonic (30, 0), h = 2^-12, t = 4": lambda: evolved(harmonic(), coherent(30, 0), 4.0, 1e-6),
    "harmonic, by steps": lambda: evolved(harmonic(f" + {NONE}"), coherent(30, 0), 4.0, 1e-6),
    "pendulum, h = 2^-14, t = 10": lambda: evolved(pendulum(14), coherent(2, 0), 10.0, 1e-6),
}
LARGE: dict[str, Callable[[], dict[str, Any]]] = {
    "henon-heiles, h = 2^-3, t = 1": lambda: evolved(*henon_heiles(3), 1.0, 1e-3),
    "henon-heiles, h = 2^-3, t = 1, compare": lambda: compared(*henon_heiles(3), 1.0, 1e-3),
    "henon-heiles, h = 2^-4, t = 2, compare": lambda: compared(*henon_heiles(4), 2.0, 1e-3),
    "chain of three, h = 2^-2, t = 1, tol 1e-2": lambda: evolved(
        chain(), coherent([0.3, 0, -0.3], [0, 0, 0]), 1.0, 1e-2
    ),
    "three wells, h = 2^-2, t = 1, tol 1e-2": lambda: evolved(wells(), coherent([0.5, 0, -0.5], [0, 0, 0]), 1.0, 1e-2),
}


def inside(name: str) -> dict[str, Any]:
    """What a process of its own tells about a row."""
    row, seconds = (ROWS | LARGE | {"": dict})[name], []
    try:
        while len(seconds) <= ROUNDS and (not seconds or seconds[0] < 2):
            started = time.process_time()
            found = row()
            seconds.append(time.process_time() - started)
    except ResourceError as refusal:
        found = {"refused": str(refusal)}
    found["seconds"] = statistics.median(seconds[1:] or seconds or [0.0])
    return found | {"mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB}


def fresh(name: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--inside", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise click.ClickException(done.stderr.strip().splitlines()[-1])
    return json.loads(done.stdout)


def table(names: Sequence[str]) -> None:
    base = fresh("")["mib"]
    click.echo(f"importing openweyl: {base:.0f} MiB, taken off below")
    click.echo(f"{'':42}{'seconds':>9}{'MiB':>7}{'steps':>7}{'grids':>7}{'error':>10}  largest grid")
    for name in names:
        row = fresh(name)
        if "refused" in row:
            click.echo(f"{name:42}{row['seconds']:9.1f}{row['mib'] - base:7.0f}  {row['refused']}")
            continue
        grid = " x ".join(map(str, row["grid"]))
        numbers = f"{row['seconds']:9.3f}{row['mib'] - base:7.0f}{row['steps']:7}{row['regrids']:7}{row['error']:10.1e}"
        distance = f"; distance {row['distance']:.3g}" if "distance" in row else ""
        click.echo(f"{name:42}{numbers}  {grid}{distance}")


# ---------------------------------------------------------------------- true errors


def distance(w: Symbol, exact: Symbol, tol: float) -> float:
    """The trace norm of the difference: the upper end, within 1 % and tol/100, as edges hold as much."""
    return float((w - exact).trace_norm(atol=1e-2 * tol).upper)


def errors() -> None:
    """The true error is taken against a run at tol/1000, or the closed form where there is one."""
    barrier = System("xi**2/2 + exp(-x**2)", ["x", "xi"], h=2**-6, gamma=0.05)
    cases: list[tuple[str, System, State, float, System | None]] = [
        ("figure 1", double_well(), coherent(1, 0), 2.0, None),
        ("pendulum, h = 2^-8", pendulum(8), coherent(2, 0), 10.0, None),
        ("pendulum, h = 2^-4", pendulum(4), coherent(2, 0), 4.0, None),
        ("barrier, h = 2^-6", barrier, coherent(-3, 1.4), 4.0, None),
        ("harmonic, by steps", harmonic(f" + {NONE}"), coherent(3, 0), 4.0, harmonic()),
    ]
    click.echo(f"{'':22}{'kind':>10}{'tol':>8}{'true/tol':>11}{'reported/tol':>14}{'true/reported':>15}{'seconds':>9}")
    ratios = []
    for name, system, state, t, other in cases:
        for kind in ("quantum", "classical"):
            for tol in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7):
                started = time.process_time()
                found = evolve(system, state, [t], kind=kind, tol=tol)
                seconds = time.process_time() - started
                exact = evolve(other or system, state, [t], kind=kind, tol=tol / 1000).final
                true, reported = distance(found.final, exact, tol), found.numerics.error[-1]
                ratios.append(true / reported)
                numbers = f"{true / tol:11.2g}{reported / tol:14.2g}{ratios[-1]:15.2g}{seconds:9.3f}"
                click.echo(f"{name:22}{kind:>10}{tol:8.0e}{numbers}")
    click.echo(
        f"true over reported: median {statistics.median(ratios):.2g}, from {min(ratios):.2g} to {max(ratios):.2g}"
    )


@click.command(help=__doc__)
@click.option("--all", "everything", is_flag=True, help="Two and three degrees of freedom as well.")
@click.option("--only", help="The rows whose name this is part of.")
@click.option("--errors", "true", is_flag=True, help="True errors over reported ones.")
@click.option("--inside", "row", hidden=True, help="Used by this script to start itself.")
def main(everything: bool, only: str | None, true: bool, row: str | None) -> None:
    """Print a table."""
    if row is not None:
        click.echo(json.dumps(inside(row)))
    elif true:
        errors()
    elif only:
        table([name for name in ROWS | LARGE if only in name])
    else:
        table([*ROWS, *LARGE] if everything else [*ROWS])


if __name__ == "__main__":
    main()
