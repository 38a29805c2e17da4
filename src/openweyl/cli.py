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

from ._check import InputError, ResourceError, fail, must
from .assumptions import check_assumptions
from .certificate import Certificate, paper_bound
from .certify import certify
from .compare import Comparison, compare
from .evolve import Kind, evolve
from .observable import Observable
from .parser import parse_number
from .problem import Problem, problems
from .solution import symbol_dataset
from .store import output_folder, save
from .sweep import load, parse_values, sweep

if TYPE_CHECKING:
    from rich.progress import Progress

LARGEST_FILE = 200_000_000
"""Bytes of symbols that a dataset may hold for n > 1; beyond it has distances and moments only."""
PATIENCE = 2.0
"""Seconds before a progress bar appears."""
SILENCE = 10.0
"""Seconds between two lines of progress, where standard error is a file."""


def main() -> None:
    """Entry point of the `openweyl` command."""
    try:
        application(prog_name="openweyl", standalone_mode=False)
    except (click.exceptions.Abort, KeyboardInterrupt):
        _stop("Interrupted; nothing was left half-written.", 130)
    except click.ClickException as error:
        _stop(f"{error.format_message().rstrip('.')}. See openweyl --help.", 2)
    except (InputError, ResourceError) as error:
        _stop(str(error), 2)
    except OSError as error:
        path = error.filename2 or error.filename or "Output"  # the second is where a file was to be moved
        _stop(f"{path} cannot be written: {error.strerror or error}.", 2)


def _stop(message: str, status: int) -> None:
    click.echo("openweyl: " + " ".join(message.split()), err=True)
    sys.exit(status)


@click.group(no_args_is_help=False, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="openweyl")
def application() -> None:
    """Quantum and classical evolution of open systems, and their distance in trace norm."""


def _named(_context: click.Context, _parameter: click.Parameter, folder: str | None) -> Path | None:
    """The folder of --out; an empty name, which a path would take for the present folder, is refused."""
    must(folder is None or folder.strip() != "", "out", "name a folder", folder, "Write `.` for the present one.")
    return None if folder is None else Path(folder)


def _problem_options(command: Callable[..., None]) -> Callable[..., None]:
    """The argument PROBLEM and the options that override its numbers."""
    for option in (
        click.option("--out", callback=_named, help="Folder for the dataset and the pictures."),
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
    """The dataset and the pictures of `result` in `folder`; without the symbols where these would be very large."""
    from . import figures

    points = max(run.numerics.largest_grid.size for run in (result.quantum, result.classical))
    whole = result.system.n == 1 or 16 * points * len(result.times) < LARGEST_FILE
    dataset = result.dataset if whole else result.summary
    written = [save(dataset, folder / "comparison.nc")]
    written.append(figures.write(figures.distance_figure(dataset), folder / "distances.png"))
    if result.system.n == 1:
        written.append(figures.write(figures.phase_portraits(dataset, -1), folder / "symbols.png"))
    return written


@application.command("certify")
@_problem_options
@click.option("--order", help="Number N of terms of the expansion (default 3).")
@click.option("--target", help="Raise the order until the bound is below this.")
@click.option("--observable", "observables", multiple=True, help='Bounded observable, such as "tanh(x)"; repeatable.')
@click.option("--check", is_flag=True, help="Run the quantum evolution too, and compare.")
def certify_command(
    problem: str,
    h: str | None,
    gamma: str | None,
    times: str | None,
    tol: str | None,
    as_json: bool,
    out: Path | None,
    order: str | None,
    target: str | None,
    observables: tuple[str, ...],
    check: bool,
) -> None:
    """Bound the quantum-classical distance of PROBLEM from the classical run alone.

    Observables: f(x) + g(xi), smooth(o), region(e), husimi(x, xi), parity.
    """
    chosen = _load(problem, h, gamma, times, tol)
    wanted = [Observable.parse(text, chosen.system.n) for text in observables]
    n = None if order is None else _whole(order, "order")
    limit = None if target is None else parse_number(target, "target")
    folder = _folder(out, as_json, chosen.name)
    with _Bar(chosen.name) as bar:
        result = certify(chosen.system, chosen.state, chosen.times, order=n, target=limit, tol=chosen.tol, progress=bar)
    true = _compare(chosen) if check else None
    expectations = [result.expectation(observable) for observable in wanted]
    written = write_certificate(result, true, folder) if folder else []
    if as_json:
        extra: dict[str, Any] = {"observables": [e.as_dict() for e in expectations]} if wanted else {}
        if true is not None:
            extra["trace_norm"] = true.trace_norm.tolist()
        click.echo(json.dumps(result.as_dict() | extra))
        return
    click.echo(str(result))
    for expectation in expectations:
        click.echo(f"\n{expectation}")
    if true is not None:
        click.echo(f"\ntrue distance: {', '.join(f'{d:.6g}' for d in true.trace_norm)}")
    click.echo(f"\n{result.seconds:.2g} s; wrote {', '.join(str(path) for path in written)}")


def _whole(text: str, name: str) -> int:
    number = parse_number(text, name)
    if number != int(number):
        raise fail(name, "be a whole number", text)
    return int(number)


def write_certificate(result: Certificate, true: Comparison | None, folder: Path) -> list[Path]:
    """The dataset and the picture of `result` in `folder`."""
    from . import figures

    dataset = result.dataset
    drawn = figures.certificate_figure(dataset, None if true is None else true.summary, paper_bound(result))
    return [save(dataset, folder / "certificate.nc"), figures.write(drawn, folder / "certificate.png")]


@application.command("sweep")
@click.argument("problem")
@click.option("--h", "h", help='Values of h: "0.1, 0.05", or the powers of two 2^-4:2^-10.')
@click.option("--gamma", help="Values of gamma, likewise, upward.")
@click.option("--param", "parameters", multiple=True, help="NAME=VALUES for a name of [parameters]; repeatable.")
@click.option("--times", help='Times to report: "0.5, 1, 2", or 20 from 0.1 to 2: 0.1:2:20.')
@click.option("--tol", help="Error allowed in trace norm, per evolution.")
@click.option("--order", help="Add certificates of this order (several times the cost).")
@click.option("--symbols", is_flag=True, help="Keep both symbols at each time, on 128 x 128 points.")
@click.option("--workers", help="Number of processes on this machine (default 1).")
@click.option("--scheduler", help="Address of a Dask scheduler, such as tcp://127.0.0.1:8786.")
@click.option("--retry", is_flag=True, help="Run again what failed.")
@click.option("--out", callback=_named, help="The store, a folder (default openweyl-PROBLEM-sweep).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, nothing else.")
def sweep_command(
    problem: str,
    h: str | None,
    gamma: str | None,
    parameters: tuple[str, ...],
    times: str | None,
    tol: str | None,
    order: str | None,
    symbols: bool,
    workers: str | None,
    scheduler: str | None,
    retry: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Compare both evolutions of PROBLEM at all combinations of h, gamma and parameters, into one store.

    Interrupted, or killed, it goes on where it was when it is called again.
    """
    must(workers is None or scheduler is None, "workers", "not be given together with `scheduler`", workers)
    started = time.perf_counter()
    chosen = Problem.load(problem)
    given = (("h", h), ("gamma", gamma))
    axes: dict[str, Any] = {name: parse_values(text, name) for name, text in given if text is not None}
    for name, equals, text in (parameter.partition("=") for parameter in parameters):
        must(equals == "=" and name not in axes, "param", "be NAME=VALUES, once for each name", name + equals + text)
        known = f"Known: {', '.join(chosen.parameters)}." if chosen.parameters else "The problem has no [parameters]."
        must(name in chosen.parameters, "param", "name a parameter of the problem", name, known)
        axes[name] = parse_values(text, name)
    store = out or Path(f"openweyl-{chosen.name}-sweep")
    with _Bar(chosen.name, lines=True) as bar:
        data = sweep(
            chosen,
            times=None if times is None else parse_values(times, "times"),
            out=store,
            tol=None if tol is None else parse_number(tol, "tol"),
            order=None if order is None else _whole(order, "order"),
            keep_symbols=symbols,
            executor=scheduler if workers is None else _whole(workers, "workers"),
            retry=retry,
            progress=bar,
            **axes,
        )
    counts = {status: int((data["status"] == status).sum()) for status in ("done", "failed", "missing")}
    seconds = time.perf_counter() - started
    messages = sorted(set(data["message"].values.ravel().tolist()) - {""})
    if as_json:
        axes = {str(name): data[name].values.tolist() for name in data["status"].dims}
        found = {"store": str(store), "axes": axes, "times": data["time"].values.tolist(), **counts, "seconds": seconds}
        found["messages"] = messages
        click.echo(json.dumps(found))
        return
    for message in messages:
        click.echo(f"{int((data['message'] == message).sum())} failed: {message}")
    click.echo(f"{', '.join(f'{count} {status}' for status, count in counts.items())}; {seconds:.2g} s; wrote {store}")


@application.command("check")
@click.argument("problem")
@click.option("--h", "h", help="Semiclassical parameter.")
@click.option("--gamma", help="Coupling to the environment.")
@click.option("--times", help='Times, such as "0.5, 1, 2".')
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, nothing else.")
def check_command(problem: str, h: str | None, gamma: str | None, times: str | None, as_json: bool) -> None:
    """Say which of the paper's assumptions PROBLEM satisfies, and which theorems apply."""
    chosen = _load(problem, h, gamma, times, None)
    result = check_assumptions(chosen.system, chosen.state, chosen.times)
    click.echo(json.dumps(result.as_dict()) if as_json else str(result))


@application.command("theory")
@click.option("--rows", help="Groups of rows, such as theorem-1,lemma-2.1 (default: all).")
@click.option("--fast", "--quick", "fast", is_flag=True, help="Fewer and larger values of h.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, nothing else.")
@click.option("--out", callback=_named, help="Folder for a picture of each row, and for rows.json.")
def theory_command(rows: str | None, fast: bool, as_json: bool, out: Path | None) -> None:
    """Measure the paper's statements: exponents, constants, and whether they hold."""
    from .theory import Row, battery

    names = battery.chosen([] if rows is None else [name.strip() for name in rows.split(",")])
    folder = None if out is None else output_folder(out)
    found: list[Row] = []
    with _Bar("theory") as bar:
        for done, name in enumerate(names):
            bar(done, len(names), name)
            made = battery.GROUPS[name](fast=fast)
            found += made
            if folder is not None:  # what is done stays, should the rest be interrupted
                from .theory import pictures

                pictures.draw(name, made, folder)
                pictures.write_text(json.dumps({"rows": [row.as_dict() for row in found]}), folder / "rows.json")
    click.echo(json.dumps({"rows": [row.as_dict() for row in found]}) if as_json else battery.as_table(found))


@application.command("figure")
@click.argument("number")
@click.option("--out", callback=_named, default=".", help="Folder for the picture.")
def figure_command(number: str, out: Path) -> None:
    """Draw a figure of the paper: 1 (both evolutions at t = 2, open and closed)."""
    if _whole(number, "number") != 1:
        raise fail("number", "be 1", number, "Figure 1 is the one that can be drawn.")
    from . import figures

    folder = output_folder(out)
    open_system, closed_system = (_both(Problem.load(name)) for name in ("double-well", "double-well-closed"))
    folder.mkdir(parents=True, exist_ok=True)
    path = figures.write(figures.figure_1(open_system, closed_system), folder / "figure1.png")
    click.echo(f"wrote {path}")


def _both(problem: Problem) -> Any:
    """Both evolutions of `problem` at t = 2 as one dataset: all that the picture needs."""
    with _Bar(problem.name) as bar:
        kinds: tuple[Kind, ...] = ("quantum", "classical")
        runs = [evolve(problem.system, problem.state, [2.0], kind=k, tol=problem.tol, progress=bar) for k in kinds]
    return symbol_dataset(*runs)


@application.command("report")
@click.argument("store")
@click.option("-o", "--out", default="report.html", help="The page (default report.html).")
@click.option("--no-pictures", is_flag=True, help="Leave the phase-space pictures out.")
def report_command(store: str, out: str, no_pictures: bool) -> None:
    """Write a page about STORE, the result of a sweep or of compare: one HTML file that needs no network."""
    from . import report

    target = report.writable(out)
    dataset = load(store)
    with _Bar(Path(store).name) as bar:
        text = report.page(dataset, pictures=not no_pictures, store=store, progress=bar)
    report.write(text, target)
    click.echo(f"wrote {target} ({len(text.encode()) / 1e6:.2g} MB)")


@application.command("movie")
@click.argument("problem")
@click.option("--h", "h", help='Semiclassical parameter, such as 0.0625 or "2**-4".')
@click.option("--gamma", help="Coupling to the environment.")
@click.option("--times", help='Times of the frames: "0:2:60" for 60 from 0 to 2, or a list.')
@click.option("--frames", help="Number of frames, from time 0 to the problem's last time (default 60).")
@click.option("--tol", help="Error allowed in trace norm, per evolution (default: the problem's, at least 1e-4).")
@click.option("--out", help="The movie, .mp4 or .gif (default openweyl-PROBLEM.mp4).")
def movie_command(
    problem: str,
    h: str | None,
    gamma: str | None,
    times: str | None,
    frames: str | None,
    tol: str | None,
    out: str | None,
) -> None:
    """Write a movie of both evolutions of PROBLEM side by side, and of their difference."""
    from . import report

    must(times is None or frames is None, "frames", "not be given together with `times`", frames)
    chosen = _load(problem, h, gamma, None, tol)
    target = report.checked(f"openweyl-{chosen.name}.mp4" if out is None else out)
    count = 60 if frames is None else _whole(frames, "frames")
    must(2 <= count <= report.MOST_FRAMES, "frames", f"lie between 2 and {report.MOST_FRAMES}", count)
    moments = (
        parse_values(f"0:{chosen.times[-1]!r}:{count}", "times") if times is None else parse_values(times, "times")
    )
    chosen = chosen.replace(times=moments, tol=max(chosen.tol, 1e-4) if tol is None else None)
    with _Bar(chosen.name) as bar:
        report.movie(chosen, target, times=chosen.times, progress=bar)
    click.echo(f"wrote {target} ({len(chosen.times)} frames, {target.stat().st_size / 1e6:.2g} MB)")


@application.command("problems")
def problems_command() -> None:
    """List the built-in problems."""
    loaded = [Problem.load(name) for name in problems()]
    width = max(len(problem.name) for problem in loaded)
    for problem in loaded:
        click.echo(f"{problem.name.ljust(width)}  {problem.description}")


class _Bar:
    """A progress bar on standard error, if that is a terminal and the work takes longer than `PATIENCE` seconds.

    With `lines`, what is no terminal gets a line now and then.
    """

    def __init__(self, title: str, lines: bool = False) -> None:
        self.title, self.started = title, time.monotonic()
        self.next_line = self.started + SILENCE if lines else float("inf")
        self.bar: Progress | None = None

    def __call__(self, reached: float, end: float, words: str) -> None:
        if not sys.stderr.isatty() and time.monotonic() > self.next_line:
            self.next_line = time.monotonic() + SILENCE
            click.echo(f"{self.title}: {words}", err=True)
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
