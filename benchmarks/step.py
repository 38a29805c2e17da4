"""One step of Chin's scheme 4A against its bare FFTs: what NumPy's products and Python add to ducc0.

    python benchmarks/step.py

A chain of 20 steps (`Stepper.run`) multiplies 81 times in a Fourier representation. The bare chain does the same 81
pairs of real transforms (ducc0 r2c and c2r along the same axes, outputs allocated beforehand), and no products. Both
alternate in one run; medians and the ratio (goal: 1.3 at most, 2 on 64 x 64 points) are printed, per step.

A second table is of small grids in use: a segment of four steps dt and two of 2 dt with all that a new grid asks for,
rates and factors (`new`), and the same in coordinates that move (`moving`), whose kicks depend on time; both over the
bare transforms.
"""

from __future__ import annotations

import statistics
import time

import click
import ducc0
import numpy as np

from openweyl import PhaseGrid, System, coherent
from openweyl._core.fft import _threads, spectrum_shape
from openweyl.evolution.factors import SharedWork
from openweyl.evolution.schemes import CHIN
from openweyl.evolution.stepper import Stepper
from openweyl.generators.generator import lindblad

SIZES = (64, 128, 256, 512, 1024, 2048)
SMALL_SIZES = (48, 64, 96, 144)
STEPS = 20
SEGMENT = (4, 2)
"""The steps of the two runs of a segment."""


def bare(w: np.ndarray, buffers: dict[int, np.ndarray], steps: int = STEPS) -> None:
    """The transforms of so many steps: kicks along xi (axis 1), drifts along x (axis 0), kicks between steps merged."""
    axes = [1] + [0, 1, 0, 1] * steps
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


def problem(size: int) -> tuple[System, PhaseGrid]:
    """The double well on size x size points of a fixed box: the finer the grid, the smaller the h that it resolves."""
    h = 16 / size
    grid = PhaseGrid.box(h=h, x=(-3.0, 3.0), xi=(-3.0, 3.0), size=(size, size))
    return System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=h, gamma=1.0), grid


def spectra(shape: tuple[int, ...]) -> dict[int, np.ndarray]:
    """Room for the transforms along either axis."""
    return {axis: np.empty(spectrum_shape(shape, (axis,)), dtype=complex) for axis in (0, 1)}


def measure(size: int, rounds: int) -> tuple[float, float, float]:
    """Seconds of one step, of its transforms, and the median ratio, on size x size points."""
    system, grid = problem(size)
    stepper = Stepper(lindblad(system, grid), CHIN, dt=1e-3, growth=1.0)
    w = coherent(1, 0).symbol(grid).values.copy()
    same = w.copy()
    buffers = spectra(w.shape)
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


def still(_t: float) -> tuple[np.ndarray, np.ndarray]:
    """The path of coordinates that do not move: as much work as any other."""
    return np.zeros(2), np.zeros(2)


def measure_segment(size: int, rounds: int) -> tuple[float, float, float]:
    """Seconds of the transforms of a segment, and the ratios for one on a new grid and one in moving coordinates."""
    system, grid = problem(size)
    start = coherent(1, 0).symbol(grid).values
    w = [start.copy() for _ in SEGMENT]
    buffers = spectra(start.shape)
    measured = []
    for j in range(rounds):
        seconds = []
        for frame in (None, still):
            begun = time.perf_counter()
            generator, shared = lindblad(system, grid, frame=frame), SharedWork()
            for v, steps in zip(w, SEGMENT, strict=True):
                Stepper(generator, CHIN, dt=4e-3 / steps, growth=1.0, shared=shared).run(v, steps, float(j))
            seconds.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        for v, steps in zip(w, SEGMENT, strict=True):
            bare(v, buffers, steps)
        measured.append([*seconds, time.perf_counter() - begun])
    new, moving, transforms = (statistics.median(column) for column in zip(*measured, strict=True))
    return transforms, new / transforms, moving / transforms


@click.command(help=__doc__)
@click.option("--rounds", default=9, help="Alternating rounds of which the median is taken.")
def main(rounds: int) -> None:
    """Print the table."""
    click.echo(f"{'grid':>11}{'step':>12}{'its FFTs':>12}{'ratio':>8}")
    for size in SIZES:
        step, transforms, ratio = measure(size, rounds if size < 2048 else max(rounds // 2, 3))
        click.echo(f"{f'{size} x {size}':>11}{1e3 * step:9.3f} ms{1e3 * transforms:9.3f} ms{ratio:8.2f}")
    click.echo(f"\n{'grid':>11}{'FFTs':>12}{'new':>8}{'moving':>8}")
    for size in SMALL_SIZES:
        transforms, new, moving = measure_segment(size, 20 * rounds)
        click.echo(f"{f'{size} x {size}':>11}{1e3 * transforms:9.3f} ms{new:8.2f}{moving:8.2f}")


if __name__ == "__main__":
    main()
