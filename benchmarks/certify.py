"""Certificates: how sharp they are, and what they cost.

    python benchmarks/certify.py             # tables (a), (b) and (c)
    python benchmarks/certify.py b           # one of them

(a) Rows of tests/data/double_well.json: B_1 and `distance_upper` of the best order over the true distance, and half of
the width of the enclosure for N = 1..5. (b) Double well, gamma = 1, t = 2: B_N over the distance at h = 2^-6 and 2^-8
(goals: 6 % and 1 %). (c) Seconds of the command line (goals: 20 s and 5 minutes).
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import click

from openweyl import System, certify, coherent

TABLE = Path(__file__).parent.parent / "tests" / "data" / "double_well.json"
COMMANDS = (
    (20, ["--h", "2**-8", "--order", "3", "--times", "2"]),
    (300, ["--h", "2**-12", "--order", "2", "--tol", "1e-5"]),
)


def rows(orders: int, tol: float) -> None:
    """Table (a)."""
    table = json.loads(TABLE.read_text())
    click.echo("| h | gamma | t | x0 | distance | B_1 / distance | upper / distance | " + widths(orders) + " |")
    for row in (dict(zip(table["columns"], r, strict=True)) for r in table["rows"]):
        system = System(table["system"]["hamiltonian"], table["system"]["jumps"], h=row["h"], gamma=row["gamma"])
        state, distance = coherent(row["x0"], row["xi0"]), row["trace_norm"]
        # with a weak environment the terms grow with the order, and with them the grids
        several = range(1, (orders if row["gamma"] >= 1 else 2) + 1)
        certificates = [certify(system, state, [row["t"]], order=n, tol=tol) for n in several]
        half = [float(c.bound[0]) for c in certificates]
        best = min(float(c.distance_upper[0]) for c in certificates)
        cells = [f"{w:.3g}" for w in half] + ["-"] * (orders - len(half))
        head = " | ".join(f"{row[name]:g}" for name in ("h", "gamma", "t", "x0"))
        ratios = f"{distance:.4f} | {half[0] / distance:.2f} | {best / distance:.2f}"
        click.echo(f"| {head} | {ratios} | {' | '.join(cells)} |")


def widths(orders: int) -> str:
    """The heads of the columns of B_1, B_2, ..."""
    return " | ".join(f"B_{n}" for n in range(1, orders + 1))


def orders_at_two(orders: int, tol: float) -> None:
    """Table (b): the middle of the narrowest enclosure stands for the distance."""
    click.echo("| h | distance | " + " | ".join(f"N = {n}" for n in range(1, orders + 1)) + " | seconds |")
    for exponent in (-6, -8):
        system = System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=2.0**exponent, gamma=1.0)
        certificates = [certify(system, coherent(1, 0), [2.0], order=n, tol=tol) for n in range(1, orders + 1)]
        distance = float(certificates[-1].estimate[0])
        ratios = " | ".join(f"{100 * float(c.bound[0]) / distance:.3g} %" for c in certificates)
        seconds = ", ".join(f"{c.seconds:.0f}" for c in certificates)
        click.echo(f"| 2^{exponent} | {distance:.5f} | {ratios} | {seconds} |")


def commands() -> None:
    """Table (c): cold, imports included."""
    click.echo("| command | seconds | goal |")
    for goal, options in COMMANDS:
        command = [sys.executable, "-m", "openweyl", "certify", "double-well", *options, "--json"]
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - started
        click.echo(f"| openweyl certify double-well {' '.join(options)} | {seconds:.1f} | {goal} |")


@click.command(help=__doc__)
@click.argument("which", default="abc")
@click.option("--orders", default=5, help="The largest order.")
@click.option("--tol", default=1e-6, help="Tolerance of the solver.")
def main(which: str, orders: int, tol: float) -> None:
    """Print the tables."""
    if "a" in which:
        rows(orders, tol)
    if "b" in which:
        orders_at_two(orders, tol)
    if "c" in which:
        commands()


if __name__ == "__main__":
    main()
