"""Commands on many runs, and pages about them: `sweep`, `report`, `movie`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click

import openweyl
from openweyl._core.arguments import must
from openweyl._core.progress import Bar
from openweyl.files.atomic import output_file

from .options import HELP, number, prints_json, takes_folder, takes_problem, takes_workers, values, whole


@click.command("sweep")
@click.argument("problem")
@click.option("--h", "h", help='Values of h: "0.1, 0.05", or the powers of two 2^-4:2^-10.')
@click.option("--gamma", help="Values of gamma, likewise, upward.")
@click.option("--param", "parameters", multiple=True, help="NAME=VALUES for a name of [parameters]; repeatable.")
@click.option("--times", help=HELP["times"])
@click.option("--tol", help=HELP["tol"])
@click.option("--order", help="Add certificates of this order (several times the cost).")
@click.option("--symbols", is_flag=True, help="Keep both symbols at each time, on 128 x 128 points.")
@takes_workers
@click.option("--retry", is_flag=True, help="Run again what failed.")
@takes_folder("The store, a folder (default openweyl-PROBLEM-sweep).")
@prints_json
def sweep_command(
    problem: str,
    h: str | None,
    gamma: str | None,
    parameters: tuple[str, ...],
    times: str | None,
    tol: str | None,
    order: str | None,
    symbols: bool,
    executor: int | str | None,
    retry: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Compare both evolutions of PROBLEM at all combinations of h, gamma and parameters, into one store.

    Interrupted, or killed, it goes on where it was when it is called again.
    """
    started = time.perf_counter()
    chosen = openweyl.Problem.load(problem)
    store = out or Path(f"openweyl-{chosen.name}-sweep")
    with Bar(chosen.name, lines=True) as bar:
        options: dict[str, Any] = {
            "times": None if times is None else values(times, "times"),
            "out": store,
            "tol": None if tol is None else number(tol, "tol"),
            "order": None if order is None else whole(order, "order"),
            "keep_symbols": symbols,
            "executor": executor,
            "retry": retry,
            "progress": bar,
        }
        data = openweyl.sweep(chosen, **{**options, **_axes(chosen, h, gamma, parameters)})
    counts = {status: int((data["status"] == status).sum()) for status in ("done", "failed", "missing")}
    seconds = time.perf_counter() - started
    messages = sorted(set(data["message"].values.ravel().tolist()) - {""})
    if as_json:
        axes = {str(name): data[name].values.tolist() for name in data["status"].dims}
        summary = {
            "store": str(store),
            "axes": axes,
            "times": data["time"].values.tolist(),
            **counts,
            "seconds": seconds,
        }
        click.echo(json.dumps(summary | {"messages": messages}))
        return
    for message in messages:
        click.echo(f"{int((data['message'] == message).sum())} failed: {message}")
    click.echo(f"{', '.join(f'{count} {status}' for status, count in counts.items())}; {seconds:.2g} s; wrote {store}")


def _axes(problem: openweyl.Problem, h: str | None, gamma: str | None, parameters: tuple[str, ...]) -> dict[str, Any]:
    """The values of h, gamma and the problem's parameters, by name."""
    given = (("h", h), ("gamma", gamma))
    axes: dict[str, Any] = {name: values(text, name) for name, text in given if text is not None}
    for name, equals, text in (parameter.partition("=") for parameter in parameters):
        must(equals == "=" and name not in axes, "param", "be NAME=VALUES, once for each name", name + equals + text)
        known = f"Known: {', '.join(problem.parameters)}." if problem.parameters else "The problem has no [parameters]."
        must(name in problem.parameters, "param", "name a parameter of the problem", name, known)
        axes[name] = values(text, name)
    return axes


@click.command("report")
@click.argument("store")
@click.option("-o", "--out", default="report.html", help="The page (default report.html).")
@click.option("--no-pictures", is_flag=True, help="Leave the phase-space pictures out.")
def report_command(store: str, out: str, no_pictures: bool) -> None:
    """Write a page about STORE, the result of a sweep or of compare: one HTML file that needs no network."""
    from openweyl import report  # pages are for these two commands alone

    target = output_file(out)
    dataset = openweyl.load(store)
    with Bar(Path(store).name) as bar:
        text = report.page(dataset, pictures=not no_pictures, store=store, progress=bar)
    report.write(text, target)
    click.echo(f"wrote {target} ({len(text.encode()) / 1e6:.2g} MB)")


@click.command("movie")
@takes_problem("h", "gamma")
@click.option("--times", help='Times of the frames: "0:2:60" for 60 from 0 to 2, or a list.')
@click.option("--frames", help="Number of frames, from time 0 to the problem's last time (default 60).")
@click.option("--tol", help="Error allowed in trace norm, per evolution (default: the problem's, at least 1e-4).")
@click.option("--one-scale", is_flag=True, help="Keep one colour scale (default: each frame has its own).")
@click.option("--out", help="The movie, .mp4 or .gif (default openweyl-PROBLEM.mp4).")
def movie_command(
    problem: openweyl.Problem, times: str | None, frames: str | None, tol: str | None, one_scale: bool, out: str | None
) -> None:
    """Write a movie of both evolutions of PROBLEM side by side, and of their difference."""
    from openweyl import report

    must(times is None or frames is None, "frames", "not be given together with `times`", frames)
    allowed = max(problem.tol, 1e-4) if tol is None else number(tol, "tol")
    target = report.checked_movie_path(f"openweyl-{problem.name}.mp4" if out is None else out)
    count = 60 if frames is None else whole(frames, "frames")
    must(2 <= count <= report.MOST_FRAMES, "frames", f"lie between 2 and {report.MOST_FRAMES}", count)
    shown = values(f"0:{problem.times[-1]!r}:{count}" if times is None else times, "times")
    chosen = problem.replace(times=shown, tol=allowed)
    with Bar(chosen.name) as bar:
        report.movie(chosen, target, times=chosen.times, one_scale=one_scale, progress=bar)
    click.echo(f"wrote {target} ({len(chosen.times)} frames, {target.stat().st_size / 1e6:.2g} MB)")
