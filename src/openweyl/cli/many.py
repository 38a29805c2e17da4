"""The command for many degrees of freedom: `sample`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import openweyl
from openweyl._core.progress import Bar
from openweyl.files.netcdf import save

from .options import (
    folder_for,
    number,
    prints_json,
    takes_folder,
    takes_problem,
    takes_time_limit,
    takes_workers,
    whole,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MODES_DRAWN = 4
"""Reduced Wigner functions that are drawn: those of the first modes, in a row that is readable."""


@click.command("sample")
@takes_problem("n", "h", "gamma", "times", "tol")
@click.option("--particles", help="Number of particles (default 400).")
@click.option("--target", help="Standard error of the means of x and xi, in place of --particles.")
@click.option("--seed", default="0", help="Seed of the random numbers (default 0).")
@click.option(
    "--observable", "observables", multiple=True, help='Observable, such as "tanh(x1)" or "x1**2"; repeatable.'
)
@takes_workers
@prints_json
@takes_folder("Folder for the dataset, the pictures, and finished blocks of particles.")
@takes_time_limit
def sample_command(
    problem: openweyl.Problem,
    particles: str | None,
    target: str | None,
    seed: str,
    observables: tuple[str, ...],
    executor: int | str | None,
    as_json: bool,
    out: Path | None,
    time_limit: float,
) -> None:
    """Evolve PROBLEM, of any number of modes, as a mixture of Gaussian states that is bounded in trace norm.

    Without --json, the dataset and the pictures go to the folder of --out, by default openweyl-PROBLEM-sample; finished
    blocks of particles are kept there, and a call that was interrupted goes on with them.
    """
    counted = None if particles is None else whole(particles, "particles")
    accuracy = None if target is None else number(target, "target")
    folder = folder_for(out, as_json, f"{problem.name}-sample")
    with Bar(problem.name, lines=True) as bar:
        result = openweyl.sample(
            problem.system,
            problem.state,
            problem.times,
            particles=counted,
            target=accuracy,
            seed=whole(seed, "seed"),
            tol=problem.tol,
            executor=executor,
            store=None if folder is None else folder / "blocks",
            time_limit=time_limit,
            progress=bar,
        )
    readings = [result.expectation(one) for one in observables or problem.observables]
    written = write_ensemble(result, readings, folder) if folder else []
    if as_json:
        extra: dict[str, Any] = {"observables": [reading.as_dict() for reading in readings]}
        click.echo(json.dumps(result.as_dict() | extra))
        return
    click.echo(str(result))
    for reading in readings:
        click.echo(f"\n{reading}")
    click.echo(f"\n{result.seconds:.2g} s; wrote {', '.join(str(path) for path in written)}")


def write_ensemble(result: openweyl.Ensemble, readings: list[openweyl.Readout], folder: Path) -> list[Path]:
    """The dataset and the pictures of `result` in `folder`, reduced Wigner functions if they fit in memory."""
    dataset = result.to_xarray()
    if readings:
        dataset = dataset.assign_coords(observable=[reading.name for reading in readings])
        for name in ("value", "bound", "statistical"):
            series = [getattr(reading, name) for reading in readings]
            dataset[f"observable_{name}"] = (("observable", "time"), series)
    written = [save(dataset, folder / "ensemble.nc")]
    written.append(openweyl.plot.write(_figure(result.plot()), folder / "ensemble.png"))
    try:
        drawn = result.plot_reduced(range(1, min(result.n, MODES_DRAWN) + 1))
    except openweyl.ResourceError as error:
        click.echo(f"No picture of reduced Wigner functions: {error}", err=True)
    else:
        written.append(openweyl.plot.write(_figure(drawn), folder / "reduced.png"))
    return written


def _figure(axes: list[Axes]) -> Figure:
    """The figure that all axes are in."""
    found = axes[0].get_figure(root=True)
    assert found is not None  # noqa: S101
    return found
