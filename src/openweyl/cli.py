"""The command line: typed commands around the library, no physics.

Standard output holds results (with --json one JSON object and nothing else); progress and notes go to standard error.
Exit status 0, or 2 with one line that says what must hold, what is, and what to do.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._check import InputError, ResourceError, fail
from .compare import Comparison, compare
from .problem import Problem, problems
from .store import output_folder, save
from .symbols import parse_number

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 2.0
"""Seconds before a progress bar appears."""


def main() -> None:
    """Entry point of the `openweyl` command."""
    try:
        application(standalone_mode=False)
    except click.exceptions.Abort:
        _stop("Interrupted; nothing was left half-written.", 130)
    except KeyboardInterrupt:
        _stop("Interrupted; nothing was left half-written.", 130)
    except click.ClickException as error:
        _stop(error.format_message(), 2)
    except (InputError, ResourceError) as error:
        _stop(str(error), 2)
    except OSError as error:
        _stop(f"{error.filename or 'Output'} cannot be written: {error.strerror or error}.", 2)


def _stop(message: str, status: int) -> None:
    click.echo("openweyl: " + " ".join(message.split()), err=True)
    sys.exit(status)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="openweyl")
def application() -> None:
    """Quantum and classical evolution of open systems, and their distance in trace norm."""


def _problem_options(command: Callable[..., None]) -> Callable[..., None]:
    """The argument PROBLEM and the options that override its numbers."""
    for option in (
        click.option("--out", type=click.Path(path_type=Path), help="Folder for the dataset and the pictures."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON object, nothing else."),
        click.option("--tol", help="Error allowed in trace norm, per evolution."),
        click.option("--times", help='Times to report, such as "0.5, 1, 2".'),
        click.option("--gamma", help="Coupling to the environment."),
        click.option("--h", "h", help='Semiclassical parameter, such as 0.0625 or "2**-4".'),
        click.argument("problem"),
    ):
        command = option(command)
    return command


def _load(problem: str, h: str | None, gamma: str | None, times: str | None, tol: str | None) -> Problem:
    changes: dict[str, Any] = {
        name: parse_number(text, name) for name, text in (("h", h), ("gamma", gamma), ("tol", tol)) if text is not None
    }
    if times is not None:
        changes["times"] = [parse_number(part, "times") for part in times.split(",")]
    return Problem.load(problem).replace(**changes)


@application.command("compare")
@_problem_options
def compare_command(
    problem: str, h: str | None, gamma: str | None, times: str | None, tol: str | None, as_json: bool, out: Path | None
) -> None:
    """Evolve PROBLEM (a built-in name or a TOML file) both ways and print their distance over time.

    Without --json, the dataset and the pictures go to the folder of --out, by default openweyl-PROBLEM.
    """
    chosen = _load(problem, h, gamma, times, tol)
    folder = _folder(out, as_json, chosen.name)
    result = _compare(chosen)
    written = write_comparison(result, folder) if folder else []
    if as_json:
        click.echo(json.dumps(result.as_dict()))
        return
    click.echo(str(result))
    click.echo(f"\n{result.seconds:.2g} s; wrote {', '.join(str(path) for path in written)}")


def _folder(out: Path | None, as_json: bool, name: str) -> Path | None:
    """The folder to write to, tried before the work starts; None for JSON alone."""
    if out is None and as_json:
        return None
    return output_folder(out or f"openweyl-{name}")


def _compare(problem: Problem) -> Comparison:
    with _Bar(problem.name) as bar:
        return compare(problem.system, problem.state, problem.times, tol=problem.tol, progress=bar)


def write_comparison(result: Comparison, folder: Path) -> list[Path]:
    """The dataset and the pictures of `result` in `folder`."""
    from . import figures

    dataset = result.dataset
    written = [save(dataset, folder / "comparison.nc")]
    written.append(figures.write(figures.distance_figure(dataset), folder / "distances.png"))
    if result.system.n == 1:
        written.append(figures.write(figures.phase_portraits(dataset, -1), folder / "symbols.png"))
    return written


@application.command("figure")
@click.argument("number", type=int)
@click.option("--out", type=click.Path(path_type=Path), default=Path(), help="Folder for the picture.")
def figure_command(number: int, out: Path) -> None:
    """Draw a figure of the paper: 1 (both evolutions at t = 2, open and closed)."""
    if number != 1:
        raise fail("number", "be 1", number, "Figure 1 is the one that can be drawn.")
    from . import figures

    folder = output_folder(out)
    names = ("double-well", "double-well-closed")
    open_system, closed_system = (_compare(Problem.load(name).replace(times=[2.0])).dataset for name in names)
    path = figures.write(figures.figure_1(open_system, closed_system), folder / "figure1.png")
    for name, dataset in zip(names, (open_system, closed_system), strict=True):
        click.echo(f"{name}: trace norm of the difference at t = 2: {float(dataset['trace_norm'][-1]):.6f}")
    click.echo(f"wrote {path}")


@application.command("problems")
def problems_command() -> None:
    """List the built-in problems."""
    loaded = [Problem.load(name) for name in problems()]
    width = max(len(problem.name) for problem in loaded)
    for problem in loaded:
        click.echo(f"{problem.name.ljust(width)}  {problem.description}")


class _Bar:
    """A progress bar on standard error, if that is a terminal and the work takes longer than `PATIENCE` seconds."""

    def __init__(self, title: str) -> None:
        self.title, self.started = title, time.monotonic()
        self.bar: Progress | None = None

    def __call__(self, reached: float, end: float, words: str) -> None:
        if not sys.stderr.isatty() or time.monotonic() - self.started < PATIENCE:
            return
        if self.bar is None:
            from rich.console import Console
            from rich.progress import Progress

            self.bar = Progress(console=Console(stderr=True), transient=True)
            self.bar.add_task(self.title, total=1.0)
            self.bar.start()
        self.bar.update(self.bar.task_ids[0], completed=reached / end, description=f"{self.title}: {words}")

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.stop()


if __name__ == "__main__":
    main()
