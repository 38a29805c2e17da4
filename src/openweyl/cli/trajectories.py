"""Commands on single trajectories: `langevin`, `monitor`."""

from __future__ import annotations

import json
from pathlib import Path

import click

import openweyl
from openweyl._core.progress import Bar
from openweyl.files.netcdf import save

from .options import folder_for, number, prints_json, takes_folder, takes_problem, takes_time_limit, whole

SEED = "Seed of the random numbers (default 0)."
FOLDER = "Folder for the dataset and the picture."


@click.command("langevin")
@takes_problem("n", "h", "gamma", "times")
@click.option("--paths", default="1000", help="Number of paths (default 1000).")
@click.option("--seed", default="0", help=SEED)
@click.option("--tol", default="0.01", help="What steps may cost, in standard deviations (default 0.01).")
@prints_json
@takes_folder(FOLDER)
@takes_time_limit
def langevin_command(
    problem: openweyl.Problem, paths: str, seed: str, tol: str, as_json: bool, out: Path | None, time_limit: float
) -> None:
    """Paths of the Fokker-Planck equation of PROBLEM, with their means and covariances.

    Without --json, the dataset, with all paths, and a picture go to the folder of --out, by default
    openweyl-PROBLEM-langevin. The tolerance of PROBLEM is not used.
    """
    count, start, error = whole(paths, "paths"), whole(seed, "seed"), number(tol, "tol")
    folder = folder_for(out, as_json, f"{problem.name}-langevin")
    with Bar(problem.name) as bar:
        found = openweyl.langevin(
            problem.system, problem.state, problem.times, paths=count, seed=start, tol=error, time_limit=time_limit,
            progress=bar,
        )  # fmt: skip
    _tell(found, folder, "langevin", as_json)


@click.command("monitor")
@takes_problem("n", "h", "gamma", "times")
@click.option("--jump", default="1", help="Which jump is observed, counted from 1 (default 1).")
@click.option("--detection", default="homodyne", help="homodyne (default) or heterodyne.")
@click.option("--angle", default="0", help="Of the local oscillator, in radians, such as pi/2 (default 0).")
@click.option("--efficiency", default="1", help="From 0 to 1 (default 1).")
@click.option("--records", default="1", help="Number of records (default 1).")
@click.option(
    "--observable", "observables", multiple=True, help='Polynomial, such as "ad*a" or "x**2", to be kept; repeatable.'
)
@click.option("--seed", default="0", help=SEED)
@click.option("--tol", default="0.01", help="Error of conditional states in trace norm (default 0.01).")
@prints_json
@takes_folder(FOLDER)
@takes_time_limit
def monitor_command(
    problem: openweyl.Problem,
    jump: str,
    detection: str,
    angle: str,
    efficiency: str,
    records: str,
    observables: tuple[str, ...],
    seed: str,
    tol: str,
    as_json: bool,
    out: Path | None,
    time_limit: float,
) -> None:
    """Records of a continuous measurement of PROBLEM, with the conditional means and covariances that they leave.

    Without --json, the dataset and a picture go to the folder of --out, by default openweyl-PROBLEM-monitor. The
    observables and the tolerance of PROBLEM are not used.
    """
    chosen, count, start = whole(jump, "jump"), whole(records, "records"), whole(seed, "seed")
    turned, part, error = number(angle, "angle"), number(efficiency, "efficiency"), number(tol, "tol")
    folder = folder_for(out, as_json, f"{problem.name}-monitor")
    with Bar(problem.name) as bar:
        found = openweyl.monitor(
            problem.system, problem.state, problem.times, jump=chosen, detection=detection,  # type: ignore[arg-type]
            angle=turned, efficiency=part, records=count, observables=observables, seed=start, tol=error,
            keep_states=False, time_limit=time_limit, progress=bar,
        )  # fmt: skip
    _tell(found, folder, "monitor", as_json)


def _tell(found: openweyl.Trajectories | openweyl.Records, folder: Path | None, name: str, as_json: bool) -> None:
    """Write a result, and print it."""
    written = []
    if folder is not None:
        figure = found.plot().get_figure(root=True)
        assert figure is not None  # noqa: S101
        written = [save(found.to_xarray(), folder / f"{name}.nc"), openweyl.plot.write(figure, folder / f"{name}.png")]
    if as_json:
        click.echo(json.dumps(found.as_dict()))
        return
    click.echo(f"{found}\n\nwrote {', '.join(str(path) for path in written)}")
