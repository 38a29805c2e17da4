"""Commands on correlation functions: `correlation`, `spectrum`, `g2`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import openweyl
from openweyl._core.arguments import must
from openweyl._core.progress import Bar
from openweyl.files.netcdf import save

from .options import FOLDER, folder_for, number, prints_json, takes_folder, takes_problem, takes_time_limit, values

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

OPERATOR = 'Operator {}, such as "ad" or "ad*a": a polynomial in a, ad, x and xi.'
STEADY = "Start from the steady state, in place of the state of PROBLEM."
START = "The time t (default 0); --times are the delays tau."
KINDS = ("quantum", "classical")


@click.command("correlation")
@takes_problem("n", "h", "gamma", "times", "tol")
@click.option("--A", "first", help=OPERATOR.format("A"))
@click.option("--B", "second", help=OPERATOR.format("B"))
@click.option("--start", default="0", help=START)
@click.option("--steady", is_flag=True, help=STEADY)
@prints_json
@takes_folder(FOLDER)
@takes_time_limit
def correlation_command(
    problem: openweyl.Problem,
    first: str | None,
    second: str | None,
    start: str,
    steady: bool,
    as_json: bool,
    out: Path | None,
    time_limit: float,
) -> None:
    """<A(t + tau) B(t)> of PROBLEM, quantum and classical, over the delay tau.

    Without --json, the dataset and the pictures go to the folder of --out, by default openweyl-PROBLEM-correlation.
    """
    A, B = _given("A", first), _given("B", second)
    t = number(start, "start")

    state = None if steady else problem.state

    def compute(kind: Any, bar: Bar) -> openweyl.Correlation:
        return openweyl.correlation(
            problem.system, state, A, B, problem.times, start=t, kind=kind, tol=problem.tol,
            time_limit=time_limit, progress=bar,
        )  # fmt: skip

    _run(compute, "correlation", problem.name, as_json, out)


@click.command("spectrum")
@takes_problem("n", "h", "gamma", "tol")
@click.option("--A", "first", help=OPERATOR.format("A"))
@click.option("--B", "second", help=OPERATOR.format("B"))
@click.option("--frequencies", help='Angular frequencies: "0.5, 1", or 101 from -2 to 2: -2:2:101.')
@click.option("--steady", is_flag=True, help=STEADY)
@prints_json
@takes_folder(FOLDER)
@takes_time_limit
def spectrum_command(
    problem: openweyl.Problem,
    first: str | None,
    second: str | None,
    frequencies: str | None,
    steady: bool,
    as_json: bool,
    out: Path | None,
    time_limit: float,
) -> None:
    """The spectrum of <A(tau) B(0)> of PROBLEM, quantum and classical, in its state at rest.

    Without --json, the dataset and the pictures go to the folder of --out, by default openweyl-PROBLEM-spectrum.
    """
    A, B = _given("A", first), _given("B", second)
    must(frequencies is not None, "frequencies", "be given", "missing", "Write --frequencies 0:2:101, for instance.")
    at = values(str(frequencies), "frequencies")

    state = None if steady else problem.state

    def compute(kind: Any, _bar: Bar) -> openweyl.Spectrum:
        return openweyl.spectrum(problem.system, state, A, B, at, kind=kind, tol=problem.tol, time_limit=time_limit)

    _run(compute, "spectrum", problem.name, as_json, out)


@click.command("g2")
@takes_problem("n", "h", "gamma", "times", "tol")
@click.option("--A", "amplitude", default="a", help='Amplitude (default "a").')
@click.option("--start", default="0", help=START)
@click.option("--steady", is_flag=True, help=STEADY)
@prints_json
@takes_folder(FOLDER)
@takes_time_limit
def g2_command(
    problem: openweyl.Problem,
    amplitude: str,
    start: str,
    steady: bool,
    as_json: bool,
    out: Path | None,
    time_limit: float,
) -> None:
    """The coherence g2(tau) of PROBLEM, quantum and classical.

    Without --json, the dataset and the pictures go to the folder of --out, by default openweyl-PROBLEM-g2.
    """
    t = number(start, "start")

    state = None if steady else problem.state

    def compute(kind: Any, bar: Bar) -> openweyl.Correlation:
        return openweyl.g2(
            problem.system, state, problem.times, A=amplitude, start=t, kind=kind, tol=problem.tol,
            time_limit=time_limit, progress=bar,
        )  # fmt: skip

    _run(compute, "g2", problem.name, as_json, out)


def _given(name: str, text: str | None) -> str:
    must(text is not None, name, "be given", "missing", f'Write --{name} "ad*a", for instance.')
    return str(text)


def _run(compute: Callable[[Any, Bar], Any], name: str, problem: str, as_json: bool, out: Path | None) -> None:
    """Compute both kinds, write them, and print them."""
    folder = folder_for(out, as_json, f"{problem}-{name}")
    with Bar(problem) as bar:
        found = {kind: compute(kind, bar) for kind in KINDS}
    written = []
    for kind, result in found.items() if folder else ():
        written += _write(result.to_xarray(), result.plot(), Path(str(folder)), f"{name}-{kind}")
    if as_json:
        click.echo(json.dumps({kind: result.as_dict() for kind, result in found.items()}))
        return
    for result in found.values():
        click.echo(f"{result}\n")
    click.echo(f"wrote {', '.join(str(path) for path in written)}")


def _write(dataset: xarray.Dataset, axes: Axes, folder: Path, name: str) -> list[Path]:
    """The dataset, with complex numbers as two real ones, and the picture, in `folder`."""
    parts: dict[str, Any] = {}
    for key, series in dataset.data_vars.items():
        if series.dtype.kind == "c":
            parts |= {f"{key}_real": series.real, f"{key}_imaginary": series.imag}
    real = dataset.drop_vars([key for key, series in dataset.data_vars.items() if series.dtype.kind == "c"])
    figure = axes.get_figure(root=True)
    assert figure is not None  # noqa: S101
    written = save(real.assign(parts), folder / f"{name}.nc")
    return [written, openweyl.plot.write(figure, folder / f"{name}.png")]
