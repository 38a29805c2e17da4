"""Points of the grid over points that the symbol needs, over a run.

    python benchmarks/points.py                   # the table; --fast leaves out two degrees of freedom
    python benchmarks/points.py --record FILE     # Figure 1's run alone, looks in a JSON file
    python benchmarks/points.py --picture         # docs/figures/lean.png: BEFORE and now

Needed is the smallest box and the coarsest spacing, along the axes, that lose less than a tenth of the tolerance: by
equal parts at each end of each axis in x and xi (L1) and at the largest wave numbers (sqrt(states in the box) times the
Hilbert-Schmidt norm). It is found from the values alone, by none of the rules by which grids are chosen. A look is
taken at the end of each segment, and counts by the time since the one before (goals: a mean of 2.5 at most for n = 1,
of 6 for n = 2).
"""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass
from math import pi
from pathlib import Path

import click
import numpy as np

from openweyl import ResourceError, State, Symbol, System, coherent, evolve
from openweyl.plot.style import BOUND, CLASSICAL, QUANTUM, new_figure, write
from openweyl.problems.problem import Problem

HERE = Path(__file__).resolve().parent
BEFORE = HERE / "points_before.json"
"""Figure 1's run with grids that were enlarged where content came near to an edge, and shrunk at half of their use."""
PICTURE = HERE.parent / "docs" / "figures" / "lean.png"


@dataclass(frozen=True)
class Run:
    name: str
    system: System
    state: State
    time: float


def pendulum(exponent: int) -> System:
    return System("xi**2/2 - cos(x)", ["x", "xi"], h=2.0**-exponent, gamma=0.3)


def figure_1() -> Run:
    return Run("Figure 1", System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=2**-4, gamma=1.0), coherent(1, 0), 2.0)


def runs(fast: bool) -> list[Run]:
    found = [figure_1(), *(Run(f"pendulum, h = 2^-{e}", pendulum(e), coherent(2, 0), 10.0) for e in (4, 8, 14))]
    if not fast:
        problem = Problem.load("henon-heiles")
        found.append(Run("henon-heiles, h = 2^-3", problem.system, problem.state, 1.0))
    return found


def needed(w: Symbol, lose: float) -> float:
    """The points of the smallest grid that loses less than `lose`."""
    grid, values = w.grid, np.asarray(w.values)
    axes, n = grid.x + grid.xi, grid.n
    part, size = lose / (6 * n), np.abs(values)
    points, volume = 1.0, 1.0
    for i, axis in enumerate(axes):
        content = size.sum(axis=tuple(j for j in range(2 * n) if j != i)) * grid.cell
        cut = sum(int(np.searchsorted(np.cumsum(end), part)) for end in (content, content[::-1]))
        points *= max(axis.size - cut, 1) * axis.spacing / pi
        volume *= max(axis.size - cut, 1) * axis.spacing
    states = volume / (2 * pi * grid.h) ** n
    for i, axis in enumerate(axes):
        f = np.fft.rfft(values, axis=i)
        power = (f.real**2 + f.imag**2).sum(axis=tuple(j for j in range(2 * n) if j != i)) * 2 * grid.cell / axis.size
        beyond = np.sqrt(states * np.cumsum(power[::-1]))
        points *= axis.reach * max(1 - int(np.searchsorted(beyond, part)) / (len(power) - 1), 1 / len(power))
    return points


def looks(run: Run, tol: float) -> np.ndarray:
    """Rows of time, points used and points needed."""
    rows: list[tuple[float, int, float]] = []

    def look(t: float, w: Symbol) -> None:
        if not rows or t > rows[-1][0]:
            rows.append((float(t), w.grid.size, needed(w, tol / 10)))

    evolve(run.system, run.state, [run.time], tol=tol, watch=look, time_limit=600)
    return np.array(rows)


def table(fast: bool) -> None:
    click.echo(f"{'':24}{'tol':>7}{'mean':>8}{'least':>8}{'most':>8}{'needed at the end':>19}{'used':>10}{'CPU':>8}")
    for run in runs(fast):
        for tol in (1e-3, 1e-6):
            started = time.process_time()
            try:
                t, used, least = looks(run, tol).T
            except ResourceError as refusal:
                click.echo(f"{run.name:24}{tol:7.0e}  {refusal}")
                continue
            ratio, seconds = used / least, time.process_time() - started
            mean = float(np.diff(t) @ ratio[1:]) / run.time
            click.echo(
                f"{run.name:24}{tol:7.0e}{mean:8.2f}{ratio.min():8.2f}{ratio.max():8.2f}{least[-1]:19.0f}{used[-1]:10.0f}"
                f"{seconds:6.1f} s"
            )


def record(path: Path) -> None:
    """Write the looks of Figure 1's run at tol = 1e-6, with the commit."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
    rows = [[float(f"{t:.4g}"), int(used), round(least)] for t, used, least in looks(figure_1(), 1e-6)]
    text = ", ".join(map(str, rows))
    path.write_text(f'{{"commit": "{commit.stdout.strip()}", "time, used, needed": [{text}]}}\n')


def picture(path: Path) -> None:
    """Figure 1's run at tol = 1e-6: points used, before and now, and needed."""
    before = np.array(json.loads(BEFORE.read_text())["time, used, needed"])
    now = looks(figure_1(), 1e-6)
    figure, ((axes,),) = new_figure(1, 1, (6.0, 3.4))
    axes.step(before[:, 0], before[:, 1], where="pre", color=CLASSICAL, label="used before")
    axes.step(now[:, 0], now[:, 1], where="pre", color=QUANTUM, label="used now")
    axes.plot(now[:, 0], now[:, 2], color=BOUND, linestyle="--", label="needed")
    axes.set(xlabel="t", ylabel="points of the grid", yscale="log", xlim=(0, now[-1, 0]))
    axes.legend(frameon=False, loc="lower right")
    write(figure, path)


@click.command(help=__doc__)
@click.option("--fast", is_flag=True, help="One degree of freedom alone.")
@click.option("--record", "target", type=click.Path(path_type=Path), help="Record the looks of Figure 1's run.")
@click.option("--picture", "drawn", is_flag=True, help="Draw the picture.")
def main(fast: bool, target: Path | None, drawn: bool) -> None:
    """Print the table, record, or draw."""
    if target:
        record(target)
    elif drawn:
        picture(PICTURE)
    else:
        table(fast)


if __name__ == "__main__":
    main()
