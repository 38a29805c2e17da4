"""Commands on one problem: `compare`, `certify`, `problems`.

What they call is reached through `openweyl`, which loads it at its first use: `--help` needs none of it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

import openweyl
from openweyl._core.progress import Bar
from openweyl.problems.texts import problems

from .options import (
    FOLDER,
    folder_for,
    note_on_size,
    number,
    observables_of,
    prints_json,
    takes_checkpoint,
    takes_folder,
    takes_observables,
    takes_problem,
    takes_time_limit,
    whole,
)


@click.command("compare")
@takes_problem("n", "h", "gamma", "times", "tol")
@prints_json
@takes_folder(FOLDER)
@takes_observables
@takes_checkpoint
@takes_time_limit
def compare_command(
    problem: openweyl.Problem,
    as_json: bool,
    out: Path | None,
    observables: tuple[str, ...],
    checkpoint: str | None,
    time_limit: float,
) -> None:
    """Evolve PROBLEM (a built-in name or a TOML file) both ways and print their distance over time.

    Without --json, the dataset and the pictures go to the folder of --out, by default openweyl-PROBLEM.

    With --checkpoint, the same command goes on where it was killed. The file is removed when both runs are done.
    """
    wanted = observables_of(problem, observables)
    folder = folder_for(out, as_json, problem.name)
    result = _compare(problem, time_limit, wanted, checkpoint)
    if folder:
        note_on_size(result)
    written = openweyl.save(result, folder) if folder else []
    if as_json:
        click.echo(json.dumps(result.as_dict()))
        return
    click.echo(str(result))
    click.echo(f"\n{result.seconds:.2g} s; wrote {', '.join(str(path) for path in written)}")


def _compare(
    problem: openweyl.Problem,
    time_limit: float,
    observables: tuple[openweyl.Observable, ...] = (),
    checkpoint: str | None = None,
) -> openweyl.Comparison:
    with Bar(problem.name) as bar:
        return openweyl.compare(
            problem.system, problem.state, problem.times, tol=problem.tol, time_limit=time_limit, progress=bar,
            observables=observables, checkpoint=checkpoint,
        )  # fmt: skip


@click.command("certify")
@takes_problem("n", "h", "gamma", "times", "tol")
@prints_json
@takes_folder(FOLDER)
@click.option("--order", help="Number N of terms of the expansion (default 3).")
@click.option("--target", help="Raise the order until the bound is below this.")
@takes_observables
@click.option("--check", is_flag=True, help="Run the quantum evolution too, and compare.")
@takes_time_limit
def certify_command(
    problem: openweyl.Problem,
    as_json: bool,
    out: Path | None,
    order: str | None,
    target: str | None,
    observables: tuple[str, ...],
    check: bool,
    time_limit: float,
) -> None:
    """Bound the quantum-classical distance of PROBLEM from the classical run alone.

    Observables: formulas (Weyl symbols), operators in a and ad, operator(...), smooth(o), region(e), husimi(x, xi),
    parity.
    """
    system, state, times, tol = problem.system, problem.state, problem.times, problem.tol
    wanted = observables_of(problem, observables)
    n = None if order is None else whole(order, "order")
    limit = None if target is None else number(target, "target")
    folder = folder_for(out, as_json, problem.name)
    with Bar(problem.name) as bar:
        result = openweyl.certify(
            system, state, times, order=n, target=limit, tol=tol, time_limit=time_limit, progress=bar,
            observables=wanted,
        )  # fmt: skip
    true = _compare(problem, time_limit) if check else None
    written = _write_certificate(result, true, folder) if folder else []
    if as_json:
        extra: dict[str, Any] = {} if true is None else {"trace_norm": true.trace_norm.tolist()}
        click.echo(json.dumps(result.as_dict() | extra))
        return
    click.echo(str(result))
    for expectation in result.expectations:
        click.echo(f"\n{expectation}")
    if true is not None:
        click.echo(f"\ntrue distance: {', '.join(f'{d:.6g}' for d in true.trace_norm)}")
    click.echo(f"\n{result.seconds:.2g} s; wrote {', '.join(str(path) for path in written)}")


def _write_certificate(result: openweyl.Certificate, true: openweyl.Comparison | None, folder: Path) -> list[Path]:
    from openweyl.report.folder import write_certificate

    note_on_size(result)
    return write_certificate(result, true, folder)


@click.command("problems")
@click.argument("problem", required=False)
def problems_command(problem: str | None) -> None:
    """List the built-in problems, or print the text of PROBLEM, to be changed and run as a file."""
    if problem is not None:
        click.echo(openweyl.Problem.load(problem).text.rstrip())
        return
    from openweyl.model.pair import MAX_GRID_MODES

    loaded = [openweyl.Problem.load(name) for name in problems()]
    width = max(len(one.name) for one in loaded)
    for one in loaded:
        many = f" (n = {one.system.n}, for `sample`)" if one.system.n > MAX_GRID_MODES else ""
        click.echo(f"{one.name.ljust(width)}  {one.description}{many}")
