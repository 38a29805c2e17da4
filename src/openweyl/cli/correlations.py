"""Commands on correlation functions: `correlation`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import openweyl
from openweyl._core.arguments import must
from openweyl._core.progress import Bar
from openweyl.files.netcdf import save

from .options import folder_for, number, prints_json, takes_folder, takes_problem, takes_time_limit

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

OPERATOR = 'Operator {}, such as "ad" or "ad*a": a polynomial in a, ad, x and xi.'
FOLDER = "Folder for the dataset and the pictures."


@click.command("correlation")
@takes_problem("n", "h", "gamma", "times", "tol")
@click.option("--A", "first", help=OPERATOR.format("A"))
@click.option("--B", "second", help=OPERATOR.format("B"))
@click.option("--start", default="0", help="The time t (default 0); --times are the delays tau.")
@prints_json
@takes_folder(FOLDER)
@takes_time_limit
def correlation_command(
    problem: openweyl.Problem,
    first: str | None,
    second: str | None,
    start: str,
    as_json: bool,
    out: Path | None,
    time_limit: float,
) -> None:
    """<A(t + tau) B(t)> of PROBLEM, quantum and classical, over the delay tau.

    Without --json, the dataset and the pictures go to the folder of --out, by default openweyl-PROBLEM-correlation.
    """
    for name, text in (("A", first), ("B", second)):
        must(text is not None, name, "be given", "missing", f'Write --{name} "ad*a", for instance.')
    folder = folder_for(out, as_json, f"{problem.name}-correlation")
    found = {}
    with Bar(problem.name) as bar:
        for kind in ("quantum", "classical"):
            found[kind] = openweyl.correlation(
                problem.system, problem.state, str(first), str(second), problem.times, start=number(start, "start"),
                kind=kind, tol=problem.tol, time_limit=time_limit, progress=bar,
            )  # fmt: skip
    written = []
    for kind, result in found.items() if folder else ():
        written += write(result.to_xarray(), result.plot(), Path(str(folder)), f"correlation-{kind}")
    if as_json:
        click.echo(json.dumps({kind: result.as_dict() for kind, result in found.items()}))
        return
    for result in found.values():
        click.echo(f"{result}\n")
    click.echo(f"wrote {', '.join(str(path) for path in written)}")


def write(dataset: xarray.Dataset, axes: Axes, folder: Path, name: str) -> list[Path]:
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
