"""What a result becomes in a folder: its dataset and its pictures, as the commands write them."""

from __future__ import annotations

from pathlib import Path

from openweyl import plot
from openweyl._core.arguments import check_path, must
from openweyl._core.calls import public
from openweyl.analysis.certificate import Certificate, paper_bound
from openweyl.analysis.comparison import Comparison
from openweyl.evolution.dataset import symbol_bytes
from openweyl.evolution.observing import added_up
from openweyl.evolution.solution import SYMBOLS_DRAWN, Solution
from openweyl.files.atomic import output_folder
from openweyl.files.netcdf import save as save_dataset
from openweyl.plot.results import panel_size
from openweyl.plot.style import new_figure

MAX_SYMBOL_BYTES = 200_000_000
"""Of the symbols that a dataset holds; larger ones take many seconds to write, and fill disks unasked."""


@public
def save(result: Comparison | Certificate | Solution, folder: str | Path) -> list[Path]:
    """Write the dataset and the pictures of `result` into `folder`, as `openweyl compare` and `certify` do.

    `result`: a Comparison, a Certificate or a Solution. `folder`: made if it is not there; files of the same names are
    replaced, each whole or not at all. Symbols that would take more than 200 MB on one grid are left out of datasets.

    Returns the paths of the files; `openweyl.load` opens the dataset, the first of them.

    >>> import tempfile
    >>> from openweyl import System, coherent, evolve
    >>> harmonic = System("xi**2/2 + x**2/2", [], h=0.1, gamma=0.0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in save(evolve(harmonic, coherent(1, 0), [0.0, 1.0], observables=["x"]), folder)]
    ['solution.nc', 'symbols.png', 'observables.png']

    Raises InputError for anything else, and for a folder that cannot be written.
    """
    known = isinstance(result, (Comparison, Certificate, Solution))
    must(known, "result", "be a Comparison, a Certificate or a Solution", result)
    target = output_folder(check_path("folder", folder, "name a folder"))
    if isinstance(result, Comparison):
        return write_comparison(result, target)
    if isinstance(result, Certificate):
        return write_certificate(result, None, target)
    return write_solution(result, target)


def write_comparison(result: Comparison, folder: Path) -> list[Path]:
    """The dataset and the pictures of `result` in `folder`; without the symbols where these would be very large."""
    dataset = result.to_xarray(symbols=complete(result))
    written = [save_dataset(dataset, folder / "comparison.nc")]
    written.append(plot.write(plot.distance_figure(dataset), folder / "distances.png"))
    if result.observed:
        written.append(plot.write(plot.observables_figure(dataset), folder / "observables.png"))
    if result.system.n == 1 and complete(result):
        h, gamma, t = result.system.h, result.system.gamma, result.times[-1]
        title = rf"$t = {t:.4g}$,  $h = {h:.4g}$,  $\gamma = {gamma:.4g}$"
        error = float(result.trace_norm_error[-1])
        drawn = plot.phase_portraits(result.quantum.final, result.classical.final, error=error, title=title)
        written.append(plot.write(drawn, folder / "symbols.png"))
    return written


def write_certificate(result: Certificate, true: Comparison | None, folder: Path) -> list[Path]:
    """The dataset and the picture of `result` in `folder`; `true`: the distance, if it was computed too."""
    dataset = result.to_xarray(symbols=complete(result))
    drawn = plot.certificate_figure(dataset, None if true is None else true.trace_norm, paper_bound(result))
    return [save_dataset(dataset, folder / "certificate.nc"), plot.write(drawn, folder / "certificate.png")]


def write_solution(result: Solution, folder: Path) -> list[Path]:
    """The dataset of `result`, its symbols as a row of pictures, and its observables, in `folder`."""
    dataset = result.to_xarray(symbols=complete(result))
    written = [save_dataset(dataset, folder / "solution.nc")]
    count = min(len(result), SYMBOLS_DRAWN)
    width, height = panel_size([added_up(result.final)], 3.2)
    figure, axes = new_figure(1, count, (width * count, height))
    result.plot(list(axes[0]))
    written.append(plot.write(figure, folder / "symbols.png"))
    if result.observed:
        written.append(plot.write(plot.observables_figure(dataset), folder / "observables.png"))
    return written


def size_of_symbols(result: Comparison | Certificate | Solution) -> float:
    """The bytes that the symbols of `result` take on one grid."""
    if isinstance(result, Comparison):
        return symbol_bytes(result.quantum, result.classical)
    return symbol_bytes(result.solution if isinstance(result, Certificate) else result)


def complete(result: Comparison | Certificate | Solution) -> bool:
    """Whether the symbols go into the dataset."""
    return size_of_symbols(result) < MAX_SYMBOL_BYTES
