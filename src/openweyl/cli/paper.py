"""Commands on the paper's statements and figures: `check`, `theory`, `figure`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from openweyl import plot
from openweyl._core.arguments import must
from openweyl.evolution.evolve import Kind, evolve
from openweyl.evolution.solution import symbol_dataset
from openweyl.files.atomic import output_folder
from openweyl.problems.problem import Problem
from openweyl.theory.assumptions import check_assumptions

from .options import folder_for, prints_json, takes_folder, takes_problem
from .progress import Bar


@click.command("check")
@takes_problem("h", "gamma", "times")
@prints_json
def check_command(problem: Problem, as_json: bool) -> None:
    """Say which of the paper's assumptions PROBLEM satisfies, and which theorems apply."""
    result = check_assumptions(problem.system, problem.state, problem.times)
    click.echo(json.dumps(result.as_dict()) if as_json else str(result))


@click.command("theory")
@click.option("--rows", help="Groups of rows, such as theorem-1,lemma-2.1 (default: all).")
@click.option("--fast", "--quick", "fast", is_flag=True, help="Fewer and larger values of h.")
@prints_json
@takes_folder("Folder for rows.json and the pictures (default openweyl-theory, with --fast openweyl-theory-fast).")
def theory_command(rows: str | None, fast: bool, as_json: bool, out: Path | None) -> None:
    """Measure the paper's statements: exponents, constants, and whether they hold.

    Interrupted, it goes on where it was when it is called again: a group of rows that the folder holds is not measured
    twice.
    """
    from openweyl.measurements import battery, pictures, record  # with SciPy's statistics: slow to import

    names = battery.chosen([] if rows is None else [name.strip() for name in rows.split(",")])
    folder = folder_for(out, as_json, "theory-fast" if fast else "theory")
    kept = record.Record(folder, fast=fast) if folder else None
    found = {name: kept.groups[name] for name in names if name in kept.groups} if kept else {}
    if found:
        click.echo(f"{folder} holds {', '.join(found)}.", err=True)
    with Bar("theory") as bar:
        for done, name in enumerate(names):
            bar(done, len(names), name)
            if name in found:
                continue
            found[name] = battery.GROUPS[name](fast=fast)
            if folder and kept:
                pictures.draw(name, found[name], folder)
                kept.add(name, found[name])
    listed = [row for name in names for row in found[name]]
    click.echo(json.dumps({"rows": [row.as_dict() for row in listed]}) if as_json else battery.as_table(listed))


@click.command("figure")
@click.argument("number")
@takes_folder("Folder for the picture.", default=".")
def figure_command(number: str, out: Path) -> None:
    """Draw a figure of the paper: 1 (both evolutions at t = 2, open and closed)."""
    must(number.strip() == "1", "number", "be 1", number, "Figure 1 is the one that can be drawn.")
    folder = output_folder(out)
    open_system, closed_system = (_both(Problem.load(name)) for name in ("double-well", "double-well-closed"))
    folder.mkdir(parents=True, exist_ok=True)
    path = plot.write(plot.figure_1(open_system, closed_system), folder / "figure1.png")
    click.echo(f"wrote {path}")


def _both(problem: Problem) -> Any:
    """Both evolutions of `problem` at t = 2 as one dataset: all that the picture needs."""
    with Bar(problem.name) as bar:
        kinds: tuple[Kind, ...] = ("quantum", "classical")
        runs = [evolve(problem.system, problem.state, [2.0], kind=k, tol=problem.tol, progress=bar) for k in kinds]
    return symbol_dataset(*runs)
