"""The Kerr oscillator, p = (x^2 + xi^2)^2/4 with jumps x and xi: openweyl against QuTiP and dynamiqs at the same error.

    python benchmarks/kerr.py            # h = 2^-4, 2^-6, 2^-8; some minutes

This is the others' own ground: in the Fock basis p is diagonal and the jumps have two diagonals each. From a coherent
state at (1, 0), gamma = 1, to t = 1; what is compared is the purity, against openweyl at tol = 1e-9, and the time of
one warm call. openweyl is given tol = 1e-6. The others get the smallest cutoff (in steps of a tenth) and the fastest of
several methods and tolerances, with matrices stored by diagonals, whose error is at most LIMIT. Medians of alternating
runs.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small matrices: QuTiP is faster with one thread
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import statistics
import time
from collections.abc import Callable

import click
import dynamiqs as dq
import numpy as np
import qutip

from openweyl import System, coherent, evolve

LIMIT = 1e-8
T = 1.0
Run = Callable[[], float]


def matrices(h: float, cutoff: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """p, x and xi in the Fock basis: Op((x^2 + xi^2)^2) = h^2 ((2 n + 1)^2 + 1)."""
    n = np.arange(cutoff)
    a = np.diag(np.sqrt(n[1:]), 1)
    p = np.diag(h**2 * ((2 * n + 1.0) ** 2 + 1) / 4)
    return p, np.sqrt(h / 2) * (a + a.T), -1j * np.sqrt(h / 2) * (a - a.T)


def start(h: float, cutoff: int) -> np.ndarray:
    """The coherent state at (1, 0)."""
    n = np.arange(cutoff)
    logs = n * np.log(1 / np.sqrt(2 * h)) - np.cumsum(np.log(np.maximum(n, 1))) / 2 - 1 / (4 * h)
    return np.outer(np.exp(logs), np.exp(logs))


def openweyl_run(h: float, tol: float) -> Run:
    system = System("(x**2 + xi**2)**2/4", ["x", "xi"], h=h, gamma=1.0)

    def run() -> float:
        solution = evolve(system, coherent(1, 0), [T], tol=tol)
        return float(solution.final.purity())

    return run


def qutip_run(h: float, cutoff: int, method: str, rtol: float) -> Run:
    p, x, xi = (qutip.Qobj(m).to("Dia") for m in matrices(h, cutoff))
    rho = qutip.Qobj(start(h, cutoff))
    options = {
        "method": method, "rtol": rtol, "atol": rtol / 10, "nsteps": 10**7, "matrix_form": True,
        "store_states": False, "store_final_state": True,
    }  # fmt: skip

    def run() -> float:
        jumps = [x / np.sqrt(h), xi / np.sqrt(h)]
        rho_t = qutip.mesolve(p / h, rho, [0.0, T], c_ops=jumps, options=options).final_state.full()
        return float((np.abs(rho_t) ** 2).sum())

    return run


def dynamiqs_run(h: float, cutoff: int, method: str, rtol: float) -> Run:
    p, x, xi = (m.astype(complex) for m in matrices(h, cutoff))
    hamiltonian, rho = dq.asqarray(p / h, layout=dq.dia), dq.asqarray(start(h, cutoff).astype(complex))
    jumps = [dq.asqarray(m / np.sqrt(h), layout=dq.dia) for m in (x, xi)]
    solver = getattr(dq.method, method)(rtol=rtol, atol=rtol / 10)

    def run() -> float:
        result = dq.mesolve(hamiltonian, jumps, rho, np.array([0.0, T]), method=solver, save_states=False)
        return float((np.abs(result.final_state.to_numpy()) ** 2).sum())

    return run


PACKAGES = {"QuTiP": (qutip_run, ("vern7", "tsit5")), "dynamiqs": (dynamiqs_run, ("Tsit5", "Dopri8"))}


def timed(run: Run) -> tuple[float, float]:
    """What the run returns, and the seconds."""
    started = time.perf_counter()
    return run(), time.perf_counter() - started


def smallest_cutoff(h: float, reference: float) -> int:
    """The cutoff, in steps of a tenth, from which on the error is below half of LIMIT."""
    cutoff = round(1.5 / h)
    while abs(qutip_run(h, cutoff, "vern7", 1e-7)() - reference) > LIMIT / 2:
        cutoff = round(1.1 * cutoff)
    return cutoff


def best(name: str, h: float, cutoff: int, reference: float) -> tuple[Run, str]:
    """The fastest run of a package whose error is at most LIMIT."""
    make, methods = PACKAGES[name]
    candidates = []
    for method in methods:
        for rtol in (1e-4, 1e-5, 1e-6, 1e-7):
            run = make(h, cutoff, method, rtol)
            run()  # compilation
            value, seconds = timed(run)
            if abs(value - reference) <= LIMIT:
                candidates.append((seconds, f"{method}, rtol = {rtol:.0e}", run))
                break
    _, words, run = min(candidates, key=lambda f: f[0])
    return run, words


@click.command(help=__doc__)
@click.option("--rounds", default=5, help="Alternating rounds of which the median is taken.")
def main(rounds: int) -> None:
    """Print one table for each h."""
    dq.set_precision("double")
    dq.set_progress_meter(False)
    for m in (4, 6, 8):
        h = 2.0**-m
        reference = openweyl_run(h, 1e-9)()
        cutoff = smallest_cutoff(h, reference)
        runs = {"openweyl": (openweyl_run(h, 1e-6), "tol = 1e-6")}
        runs |= {name: best(name, h, cutoff, reference) for name in PACKAGES}
        measured = {name: [timed(run) for _ in range(rounds)] for name, (run, _) in runs.items()}
        click.echo(f"\nh = 2^-{m}, cutoff {cutoff}")
        ours = statistics.median(seconds for _, seconds in measured["openweyl"])
        for name, rows in measured.items():
            seconds = statistics.median(s for _, s in rows)
            error = abs(rows[0][0] - reference)
            click.echo(f"{name:10}{runs[name][1]:24}error {error:8.1e}{seconds:9.3f} s{seconds / ours:8.1f}")


if __name__ == "__main__":
    main()
