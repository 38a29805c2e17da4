"""Commands on the paper's statements and figures: `check`, `theory`, `figure`."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import click

import openweyl
from openweyl._core.arguments import must
from openweyl._core.progress import Bar
from openweyl.files.atomic import output_folder

from .options import folder_for, prints_json, takes_folder, takes_problem

FIGURE_1_TIME = 2.0
"""The time of Li's Figure 1."""


@click.command("check")
@takes_problem("n", "h", "gamma", "times")
@prints_json
def check_command(problem: openweyl.Problem, as_json: bool) -> None:
    """Say which of the paper's assumptions PROBLEM satisfies, and which theorems apply."""
    result = openweyl.check_assumptions(problem.system, problem.state, problem.times)
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
    from openweyl.measurements import battery, drawing, record

    names = battery.chosen([] if rows is None else [name.strip() for name in rows.split(",")])
    folder = folder_for(out, as_json, "theory-fast" if fast else "theory")
    kept = record.Record(folder, fast=fast) if folder else None
    groups = {name: kept.groups[name] for name in names if name in kept.groups} if kept else {}
    if groups:
        click.echo(f"{folder} holds {', '.join(groups)}.", err=True)
    with Bar("theory") as bar:
        for done, name in enumerate(names):
            bar(done, len(names), name)
            if name in groups:
                continue
            groups[name] = battery.GROUPS[name](fast=fast)
            if folder and kept:
                drawing.draw(name, groups[name], folder)
                kept.add(name, groups[name])
    listed = [row for name in names for row in groups[name]]
    click.echo(json.dumps({"rows": [row.as_dict() for row in listed]}) if as_json else battery.as_table(listed))


@click.command("figure")
@click.argument("number")
@takes_folder("Folder for the picture.", default=".")
def figure_command(number: str, out: Path) -> None:
    """Draw a figure of the paper: 1 (both evolutions at t = 2, open and closed)."""
    must(number.strip() == "1", "number", "be 1", number, "Figure 1 is the one that can be drawn.")
    folder = output_folder(out)
    problems = [openweyl.Problem.load(name) for name in ("double-well", "double-well-closed")]
    rows = {rf"$\gamma = {problem.system.gamma:g}$": _both(problem) for problem in problems}
    title = rf"$t = {FIGURE_1_TIME:g}$,  $h = {problems[0].system.h:g}$"
    folder.mkdir(parents=True, exist_ok=True)
    path = openweyl.plot.write(openweyl.plot.figure_1(rows, title=title), folder / "figure1.png")
    click.echo(f"wrote {path}")


def _both(problem: openweyl.Problem) -> tuple[openweyl.Symbol, openweyl.Symbol]:
    """The quantum symbol and the classical density of `problem` at the time of Figure 1."""
    run = partial(openweyl.evolve, problem.system, problem.state, [FIGURE_1_TIME], tol=problem.tol)
    with Bar(problem.name) as bar:
        return run(kind="quantum", progress=bar).final, run(kind="classical", progress=bar).final
