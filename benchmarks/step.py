"""One step of Chin's scheme 4A against its bare FFTs: what NumPy's products and Python add to ducc0.

    python benchmarks/step.py

A chain of 20 steps (`Stepper.run`) multiplies 81 times in a Fourier representation. The bare chain does the same 81
pairs of real transforms (ducc0 r2c and c2r along the same axes, outputs allocated beforehand), and no products. Both
alternate in one run; medians and the ratio (goal: 1.3 at most) are printed, per step.
"""

from __future__ import annotations

import statistics
import time

import click
import ducc0
import numpy as np

from openweyl import PhaseGrid, System, coherent
from openweyl._core.fft import _threads, spectrum_shape
from openweyl.evolution.schemes import CHIN
from openweyl.evolution.stepper import Stepper
from openweyl.generators.generator import lindblad

SIZES = (256, 512, 1024, 2048)
STEPS = 20


def bare(w: np.ndarray, buffers: dict[int, np.ndarray]) -> None:
    """The transforms of STEPS steps: kicks along xi (axis 1), drifts along x (axis 0), kicks between steps merged."""
    axes = [1] + [0, 1, 0, 1] * STEPS
    threads = _threads(w)
    for axis in axes:
        f = ducc0.fft.r2c(w, axes=(axis,), out=buffers[axis], nthreads=threads)
        ducc0.fft.c2r(
            f,
            axes=(axis,),
            lastsize=w.shape[axis],
            forward=False,
            inorm=2,
            out=w,
            nthreads=threads,
            allow_overwriting_input=True,
        )


def measure(size: int, rounds: int) -> tuple[float, float, float]:
    """Seconds of one step, of its transforms, and the median ratio, on size x size points."""
    h = 16 / size  # a fixed box: the finer the grid, the smaller the h that it resolves
    grid = PhaseGrid.box(h=h, x=(-3.0, 3.0), xi=(-3.0, 3.0), size=(size, size))
    system = System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=h, gamma=1.0)
    stepper = Stepper(lindblad(system, grid), CHIN, dt=1e-3, growth=1.0)
    w = coherent(1, 0).symbol(grid).values.copy()
    same = w.copy()
    buffers = {axis: np.empty(spectrum_shape(w.shape, (axis,)), dtype=complex) for axis in (0, 1)}
    stepper.run(w, 2)  # computes the factors
    bare(same, buffers)
    measured = []
    for _ in range(rounds):
        started = time.perf_counter()
        stepper.run(w, STEPS)
        between = time.perf_counter()
        bare(same, buffers)
        measured.append(((between - started) / STEPS, (time.perf_counter() - between) / STEPS))
    return (
        statistics.median(row[0] for row in measured),
        statistics.median(row[1] for row in measured),
        statistics.median(row[0] / row[1] for row in measured),
    )


@click.command(help=__doc__)
@click.option("--rounds", default=9, help="Alternating rounds of which the median is taken.")
def main(rounds: int) -> None:
    """Print the table."""
    click.echo(f"{'grid':>11}{'step':>12}{'its FFTs':>12}{'ratio':>8}")
    for size in SIZES:
        step, transforms, ratio = measure(size, rounds if size < 2048 else max(rounds // 2, 3))
        click.echo(f"{f'{size} x {size}':>11}{1e3 * step:9.2f} ms{1e3 * transforms:9.2f} ms{ratio:8.2f}")


if __name__ == "__main__":
    main()
