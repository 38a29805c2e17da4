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
from openweyl.files.netcdf import save
from openweyl.problems.texts import problems

from .options import (
    folder_for,
    number,
    observables_of,
    prints_json,
    takes_folder,
    takes_observables,
    takes_problem,
    takes_time_limit,
    whole,
)

MAX_SYMBOL_BYTES = 200_000_000
"""Of the symbols that a dataset holds; larger ones take many seconds to write, and fill disks unasked."""
FOLDER = "Folder for the dataset and the pictures."


@click.command("compare")
@takes_problem("n", "h", "gamma", "times", "tol")
@prints_json
@takes_folder(FOLDER)
@takes_observables
@takes_time_limit
def compare_command(
    problem: openweyl.Problem, as_json: bool, out: Path | None, observables: tuple[str, ...], time_limit: float
) -> None:
    """Evolve PROBLEM (a built-in name or a TOML file) both ways and print their distance over time.

    Without --json, the dataset and the pictures go to the folder of --out, by default openweyl-PROBLEM.
    """
    wanted = observables_of(problem, observables)
    folder = folder_for(out, as_json, problem.name)
    result = _compare(problem, time_limit, wanted)
    written = write_comparison(result, folder) if folder else []
    if as_json:
        click.echo(json.dumps(result.as_dict()))
        return
    click.echo(str(result))
    click.echo(f"\n{result.seconds:.2g} s; wrote {', '.join(str(path) for path in written)}")


def _compare(
    problem: openweyl.Problem, time_limit: float, observables: tuple[openweyl.Observable, ...] = ()
) -> openweyl.Comparison:
    with Bar(problem.name) as bar:
        return openweyl.compare(
            problem.system, problem.state, problem.times, tol=problem.tol, time_limit=time_limit, progress=bar,
            observables=observables,
        )  # fmt: skip


def write_comparison(result: openweyl.Comparison, folder: Path) -> list[Path]:
    """The dataset and the pictures of `result` in `folder`; without the symbols where these would be very large."""
    complete = _complete(result.quantum, result.classical)
    dataset = result.to_xarray(symbols=complete)
    written = [save(dataset, folder / "comparison.nc")]
    written.append(openweyl.plot.write(openweyl.plot.distance_figure(dataset), folder / "distances.png"))
    if result.observed:
        written.append(openweyl.plot.write(openweyl.plot.observables_figure(dataset), folder / "observables.png"))
    if result.system.n == 1 and complete:
        h, gamma, t = result.system.h, result.system.gamma, result.times[-1]
        title = rf"$t = {t:.4g}$,  $h = {h:.4g}$,  $\gamma = {gamma:.4g}$"
        error = float(result.trace_norm_error[-1])
        drawn = openweyl.plot.phase_portraits(result.quantum.final, result.classical.final, error=error, title=title)
        written.append(openweyl.plot.write(drawn, folder / "symbols.png"))
    return written


def _complete(*solutions: openweyl.Solution) -> bool:
    """Whether the symbols go into a dataset; a note on standard error if they are too large for it."""
    from openweyl.evolution.solution import symbol_bytes

    size = symbol_bytes(*solutions)
    if size >= MAX_SYMBOL_BYTES:
        click.echo(f"The symbols, {size / 1e9:.2g} GB on one grid, are left out of the dataset.", err=True)
    return size < MAX_SYMBOL_BYTES


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
    written = write_certificate(result, true, folder) if folder else []
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


def write_certificate(result: openweyl.Certificate, true: openweyl.Comparison | None, folder: Path) -> list[Path]:
    """The dataset and the picture of `result` in `folder`."""
    from openweyl.analysis.certificate import paper_bound

    dataset = result.to_xarray(symbols=_complete(result.solution))
    drawn = openweyl.plot.certificate_figure(dataset, None if true is None else true.trace_norm, paper_bound(result))
    return [save(dataset, folder / "certificate.nc"), openweyl.plot.write(drawn, folder / "certificate.png")]


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
