"""The command `evolve`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import click

import openweyl
from openweyl._core.arguments import choice
from openweyl._core.progress import Bar
from openweyl._core.text import table

from .options import (
    FOLDER,
    folder_for,
    note_on_size,
    observables_of,
    prints_json,
    takes_checkpoint,
    takes_folder,
    takes_observables,
    takes_problem,
    takes_time_limit,
)


@click.command("evolve")
@takes_problem("n", "h", "gamma", "times", "tol")
@click.option("--kind", default="quantum", help="The evolution: quantum (the default) or classical.")
@prints_json
@takes_folder(FOLDER)
@takes_observables
@takes_checkpoint
@takes_time_limit
def evolve_command(
    problem: openweyl.Problem,
    kind: Literal["quantum", "classical"],
    as_json: bool,
    out: Path | None,
    observables: tuple[str, ...],
    checkpoint: str | None,
    time_limit: float,
) -> None:
    """Evolve PROBLEM (a built-in name or a TOML file) one way, and print means and observables over time.

    Without --json, the dataset and the pictures go to the folder of --out, by default openweyl-PROBLEM-KIND.

    With --checkpoint, the same command goes on where it was killed. The file is removed when the run is done.
    """
    choice("kind", kind, ("quantum", "classical"))
    wanted = observables_of(problem, observables)
    folder = folder_for(out, as_json, f"{problem.name}-{kind}")
    with Bar(problem.name) as bar:
        result = openweyl.evolve(
            problem.system, problem.state, problem.times, kind=kind, tol=problem.tol, time_limit=time_limit,
            progress=bar, observables=wanted, checkpoint=checkpoint,
        )  # fmt: skip
    if folder:
        note_on_size(result)
    written = openweyl.save(result, folder) if folder else []
    if as_json:
        made = result.as_dict()
        click.echo(json.dumps(made | {"system": made["system"] | {"state": str(problem.state)}}))
        return
    click.echo(f"{problem.state}\n{result}\n\n{_means(result)}")
    for one in result.observations:
        rows = list(zip(result.times, *one.at(result.times), strict=True))
        click.echo(f"\n{one.observable}; the errors are {one.kind}s\n\n{table(('t', 'value', '+-'), rows)}")
    click.echo(f"\nwrote {', '.join(str(path) for path in written)}")


def _means(result: openweyl.Solution) -> str:
    """The purity, with a bound of its error, and the means, with estimates, over time."""
    made = result.as_dict()
    heads, columns = ["t", "purity", "+-"], [result.times, made["purity"], made["purity_error"]]
    for v in result.system.x + result.system.xi:
        value, error = result.expect(str(v))
        heads += [f"<{v}>", "+-"]
        columns += [value, error]
    return f"means; the errors are estimates\n\n{table(heads, list(zip(*columns, strict=True)))}"
