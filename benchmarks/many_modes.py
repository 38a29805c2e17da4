"""Many degrees of freedom: bounds and seconds of `sample` on chains of double wells.

    python benchmarks/many_modes.py            # the bound against n, h and gamma; a minute or two
    python benchmarks/many_modes.py --times    # seconds of the large chains, one worker and two

The chain is the built-in `well-chain`: p = sum xi_j^2 + (x_j^2 - 1/2)^2 + (x_j - x_{j+1})^2/10, jumps x_j and xi_j, all
modes from x = 1, t = 1. Seconds in the first table are those of the processor.
"""

from __future__ import annotations

import time

import click
import numpy as np

from openweyl import Ensemble, Problem, System, coherent, sample

LARGE = ((10, 2**-10, 1000), (50, 2**-12, 400), (100, 2**-12, 64))
"""n, h and the particles of the runs that are timed."""


def chain(n: int, h: float, gamma: float = 1.0) -> Problem:
    return Problem.load("well-chain", n=n).replace(h=h, gamma=gamma, times=[1.0])


def bound(problem: Problem, particles: int = 64, executor: int | None = None) -> Ensemble:
    return sample(problem.system, problem.state, problem.times, particles=particles, executor=executor)


def row(problem: Problem) -> float:
    """Print a row, and return the bound."""
    began = time.process_time()
    found = bound(problem)
    seconds, n, h = time.process_time() - began, problem.system.n, problem.system.h
    value = float(found.bound[-1])
    click.echo(
        f"{n:>4} {h:>9.3g} {problem.system.gamma:>6g} {value:>9.4g} {value / (n * h) ** 0.5:>9.3f}"
        f" {float(found.classical_bound[-1]):>9.4g} {float(found.discretization[-1]):>9.2g} {seconds:>7.1f}"
    )
    return value


@click.command()
@click.option("--times", "timed", is_flag=True, help="Seconds of the large chains.")
def main(timed: bool) -> None:
    """Print the tables."""
    if timed:
        click.echo("   n         h  particles     bound  1 worker, s  2 workers, s  ratio")
        for n, h, particles in LARGE:
            problem, seconds = chain(n, h), []
            for workers in (1, 2):
                began = time.monotonic()
                found = bound(problem, particles, workers)
                seconds.append(time.monotonic() - began)
            ratio = seconds[0] / seconds[1]
            end = f"{seconds[0]:>12.1f} {seconds[1]:>13.1f} {ratio:>6.2f}"
            click.echo(f"{n:>4} {h:>9.3g} {particles:>10} {float(found.bound[-1]):>9.4g} {end}")
        return
    click.echo("   n         h  gamma     bound /(nh)^1/2 classical     steps  seconds")
    by_n = {n: row(chain(n, 2**-10)) for n in (1, 2, 4, 10, 20, 50)}
    by_h = {h: row(chain(2, h)) for h in (2.0**-k for k in (4, 6, 8, 12, 16, 20))}
    for gamma in (0.2, 0.5, 2.0, 10.0):
        row(chain(2, 2**-10, gamma))
    for name, values in (("n", by_n), ("h", by_h)):
        slope = np.polyfit(np.log(list(values)), np.log(list(values.values())), 1)[0]
        click.echo(f"bound ~ {name}^{slope:.3f}")
    well = System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=2**-6, gamma=1.0)
    tight = sample(well, coherent(0.7, 0.0), [1.0], particles=1000)
    click.echo(f"n = 1, h = 2^-6, from x = .7: {tight.bound[-1]:.4f} +- {tight.bound_standard_error[-1]:.4f}")


if __name__ == "__main__":
    main()
