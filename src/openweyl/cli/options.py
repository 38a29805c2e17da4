"""What commands share: options, numbers from text, and the folder that results go to."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

import openweyl
from openweyl._core.arguments import must, real
from openweyl.evolution.pace import TIME_LIMIT
from openweyl.files.atomic import output_folder

Command = TypeVar("Command", bound=Callable[..., Any])

FOLDER = "Folder for the dataset and the pictures."
"""What most commands write."""
HELP = {
    "n": "Number of degrees of freedom, of a problem that has a parameter n.",
    "h": "Semiclassical parameter, such as 0.0625 or 2^-4.",
    "gamma": "Coupling to the environment.",
    "times": 'Times to report: "0.5, 1, 2", or 20 from 0.1 to 2: 0.1:2:20.',
    "tol": "Error allowed in trace norm, per evolution.",
}


def takes_problem(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The argument PROBLEM, with options that override these of its numbers; the command gets the Problem."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def wrapped(problem: str, **given: Any) -> None:
            changes = {name: given.pop(name) for name in names}
            command(load_problem(problem, **changes), **given)

        for name in reversed(names):
            wrapped = click.option(f"--{name}", help=HELP[name])(wrapped)
        return click.argument("problem")(wrapped)

    return decorate


def load_problem(
    problem: str, *, n: str | None = None, times: str | None = None, **numbers: str | None
) -> openweyl.Problem:
    """The problem of this name or file, with these numbers in place of its own."""
    changes: dict[str, Any] = {name: number(text, name) for name, text in numbers.items() if text is not None}
    if times is not None:
        changes["times"] = values(times, "times")
    return openweyl.Problem.load(problem, n=None if n is None else whole(n, "n")).replace(**changes)


def _named(_context: click.Context, _parameter: click.Parameter, folder: str | None) -> Path | None:
    """The folder of --out; an empty name, which a path would take for the present folder, is refused."""
    must(folder is None or folder.strip() != "", "out", "name a folder", folder, "Write `.` for the present one.")
    return None if folder is None else Path(folder)


def _seconds(_context: click.Context, _parameter: click.Parameter, text: str) -> float:
    return real("time_limit", number(text, "time_limit"), above=0.0)


def takes_time_limit(command: Command) -> Command:
    """The option --time-limit."""
    help_text = f"Seconds that one evolution may take (default {TIME_LIMIT:g}); longer ones are refused by forecast."
    return click.option("--time-limit", callback=_seconds, default=f"{TIME_LIMIT:g}", help=help_text)(command)


def takes_checkpoint(command: Command) -> Command:
    """The option --checkpoint."""
    help_text = "File that a long run writes itself to every minute, and that the same command goes on from."
    return click.option("--checkpoint", help=help_text)(command)


def takes_workers(command: Callable[..., None]) -> Callable[..., None]:
    """The options --workers and --scheduler; the command gets `executor`: a number, an address, or None."""

    @functools.wraps(command)
    def wrapped(*args: Any, workers: str | None, scheduler: str | None, **given: Any) -> None:
        must(workers is None or scheduler is None, "workers", "not be given together with `scheduler`", workers)
        command(*args, executor=scheduler if workers is None else whole(workers, "workers"), **given)

    for name, help_text in (
        ("--scheduler", "Address of a Dask scheduler, such as tcp://127.0.0.1:8786."),
        ("--workers", "Number of processes on this machine (default 1)."),
    ):
        wrapped = click.option(name, help=help_text)(wrapped)
    return wrapped


def takes_folder(help_text: str, default: str | None = None) -> Callable[[Command], Command]:
    """The option --out."""
    return click.option("--out", callback=_named, default=default, help=help_text)


def takes_observables(command: Command) -> Command:
    """The option --observable, once for each."""
    help_text = 'Observable, such as "ad*a", "x**2" or "tanh(x)", in place of the problem\'s own; repeatable.'
    return click.option("--observable", "observables", multiple=True, help=help_text)(command)


def observables_of(problem: openweyl.Problem, given: tuple[str, ...]) -> tuple[openweyl.Observable, ...]:
    """Those of --observable, or else the problem's own."""
    return tuple(openweyl.Observable.parse(text, problem.system.n) for text in given) or problem.observables


def prints_json(command: Command) -> Command:
    """The option --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object, nothing else.")(command)


def folder_for(out: Path | None, as_json: bool, name: str) -> Path | None:
    """The folder to write to, tried before the work starts; None for JSON alone."""
    if out is None and as_json:
        return None
    return output_folder(out or f"openweyl-{name}")


def note_on_size(result: openweyl.Comparison | openweyl.Certificate | openweyl.Solution) -> None:
    """A note on standard error if the symbols are too large for the dataset."""
    from openweyl.report import folder

    if not folder.complete(result):
        size = folder.size_of_symbols(result)
        click.echo(f"The symbols, {size / 1e9:.2g} GB on one grid, are left out of the dataset.", err=True)


def number(text: str, name: str) -> float:
    """The number that `text` is; powers may be written 2^-4."""
    from openweyl.symbolic.parsing import parse_number

    return parse_number(text.replace("^", "**"), name)


def values(text: str, name: str) -> list[float]:
    """The numbers of a list or of ranges: see `parse_values`."""
    from openweyl.symbolic.ranges import parse_values

    return parse_values(text, name)


def whole(text: str, name: str) -> int:
    """The whole number that `text` is."""
    value = number(text, name)
    must(value == int(value), name, "be a whole number", text)
    return int(value)
