"""Grid or Fock space: what is forecast, what each takes, and which one `evolve` takes, over random quantum systems.

    python benchmarks/method_choice.py --count 40

One line for each, then the quantiles of forecast/actual of runs in Fock space, and of the time of the method taken over
that of the faster one. Every run is timed once, after a first one of the same method on another system.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import inf

import click
import numpy as np

from openweyl import Solution, State, System, cat, coherent, evolve, fock, squeezed, tensor
from openweyl._core.arguments import ResourceError
from openweyl.evolution.in_fock_space import GaveUpError, fock_plan, in_fock_space
from openweyl.evolution.stepwise import stepwise

LIMIT = 20.0
"""Seconds after which a run is left."""
MEMORY = 4e9


def random_problem(rng: np.random.Generator) -> tuple[System, State, float, float]:
    """A system of one mode or two, h from 1 down to 2^-6, a drive or none, linear jumps and others."""
    h = float(rng.choice([1.0, 1.0, 0.25, 2**-4, 2**-6]))
    n = 2 if h == 1 and rng.random() < 0.3 else 1
    a, ad = ("a", "ad") if n == 1 else ("a1", "ad1")
    c = [round(float(rng.uniform(-1, 1)), 3) for _ in range(4)]
    drive = ["", " + {}*({} + {})", " + {}*cos(3*t)*({} + {})", " + {}*heaviside(1 - t)*({} + {})"][rng.integers(4)]
    hamiltonian = f"{c[0]}*{ad}**2*{a}**2 + {c[1]}*{ad}*{a}" + drive.format(c[2], a, ad)
    if n == 2:
        hamiltonian += f" + {c[3]}*(a1*ad2 + ad1*a2) + 0.3*ad2*a2"
    jumps = [f"{round(float(rng.uniform(0.1, 1)), 2)}*{a}"]
    jumps += [["0.2*{1}"], ["0.5*{0}**2"], ["0.5*{1}*{0}"], [], []][rng.integers(5)]
    jumps = [jump.format(a, ad) for jump in jumps]
    place = complex(*rng.normal(size=2))
    states = [coherent(alpha=place), squeezed(place.real, place.imag, r=0.4)]
    if h == 1:
        states += [fock(int(rng.integers(1, 5))), cat([(2, 0), (-2, 0)])]
    state = states[rng.integers(len(states))] if n == 1 else tensor(coherent(alpha=place), fock(1))
    system = System.from_operators(hamiltonian, jumps, h=h, gamma=h)
    return system, state, float(rng.choice([0.5, 2.0, 10.0])), float(10 ** rng.uniform(-6, -3))


def seconds(run: Callable[[], Solution]) -> tuple[float, Solution | None]:
    """How long it takes; infinite if it gives up."""
    begun = time.perf_counter()
    try:
        found = run()
    except (ResourceError, GaveUpError):
        return inf, None
    return time.perf_counter() - begun, found


def one_row(system: System, state: State, t: float, tol: float) -> tuple[float, float, float, float, str]:
    """The forecast of a run in Fock space, the seconds there, on a grid and of `evolve`, and what that takes."""
    given = state.at(system.h)
    plan = fock_plan(system, given, t)
    limits = {"tol": tol, "memory": MEMORY, "time_limit": LIMIT, "progress": None, "look": None, "watch_every": inf}
    own = seconds(lambda: in_fock_space(plan, system, given, (t,), **limits))[0] if plan else inf
    grid, _ = seconds(lambda: stepwise(system, given, (t,), kind="quantum", order=1, **limits))
    taken, found = seconds(lambda: evolve(system, state, [t], tol=tol, time_limit=LIMIT))
    word = "none" if found is None else "Fock" if found.numerics.scheme.startswith("Fock") else "grid"
    return plan.seconds if plan else inf, own, grid, taken, word


@click.command()
@click.option("--count", default=40)
@click.option("--seed", default=1)
def main(count: int, seed: int) -> None:
    """The table."""
    rng = np.random.default_rng(seed)
    forecasts: list[float] = []
    losses: list[float] = []
    print("| n | h | t | tol | forecast | Fock space | grid | evolve | takes |\n" + "|---" * 9 + "|")
    for i in range(count):
        system, state, t, tol = random_problem(rng)
        forecast, own, grid, taken, word = one_row(system, state, t, tol)
        if i:
            forecasts += [forecast / own] if np.isfinite(own) else []
            losses += [taken / min(own, grid)] if np.isfinite(min(own, grid)) else []
        cells = [system.n, f"{system.h:g}", t, f"{tol:.0e}", *(f"{x:.3f}" for x in (forecast, own, grid, taken)), word]
        print(f"| {' | '.join(map(str, cells))} |  {system.hamiltonian}, {system.jumps}, {state}", flush=True)
    for name, values in (("forecast/actual in Fock space", forecasts), ("time taken over the faster one", losses)):
        quantiles = ", ".join(f"{q:.3g}" for q in np.quantile(values, [0, 0.1, 0.5, 0.9, 1]))
        print(f"\n{name}, quantiles 0, .1, .5, .9, 1: {quantiles} ({len(values)} runs)")


if __name__ == "__main__":
    main()
