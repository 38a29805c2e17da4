"""Many runs of one problem, over h, gamma and whatever else it names: resumable, on any executor.

The call that sweeps is the only one that writes: workers get a problem and numbers, and send back a row. It claims a
row, submits it, and makes the result permanent (rows.py) before anything else, so that whatever is killed, what was
finished stays, and the next call computes what is missing.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from inspect import signature
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core import arguments
from openweyl._core.arguments import InputError, check_path, flag, moderate, must, numbers_of
from openweyl._core.calls import public
from openweyl._core.progress import Progress, callback, shows_progress
from openweyl._core.workers import open_pool
from openweyl.analysis.comparison import SERIES
from openweyl.evolution.dataset import attributes
from openweyl.evolution.evolve import expansion_order
from openweyl.files import netcdf
from openweyl.model.states import State
from openweyl.model.system import System
from openweyl.problems.parameters import FORMULAS, OPERATORS
from openweyl.problems.problem import Problem

from .dataset import load_rows
from .driver import Driver
from .opening import StoreLayout, open_store
from .points import CERTIFICATE, COUNTS, EXTENT, SYMBOLS, VERSION
from .rows import Store

if TYPE_CHECKING:
    import xarray

MAX_ROWS = 1_000_000
"""The most rows of a sweep; each is a file, and file systems slow down with more in one folder."""


@public
@shows_progress("sweep")
def sweep(
    problem: Problem | System,
    state: State | None = None,
    times: Sequence[float] | None = None,
    *,
    out: str | Path,
    h: Sequence[float] | None = None,
    gamma: Sequence[float] | None = None,
    tol: float | None = None,
    order: int | None = None,
    keep_symbols: bool = False,
    executor: Executor | int | str | Any | None = None,
    retry: bool = False,
    progress: Progress | bool | None = None,
    **parameters: Sequence[float],
) -> xarray.Dataset:
    """`compare` at every combination of `h`, `gamma` and `parameters`, as one dataset with dims (h, gamma, ..., time).

    `problem`: a Problem, or a System with its state and times. `parameters`: values for the names in the problem's
    table [parameters], each an axis. `out`: the store, a folder; if it holds rows of the same sweep, only what is
    missing is computed, and with `retry` what failed. `order`: adds the certificate of that order to each row, at
    several times the cost. `keep_symbols`: keeps both symbols at each time, on 128 x 128 points in single precision.

    `executor`: a number of processes, an executor of `concurrent.futures`, a Dask client or the address of a Dask
    scheduler; by default the runs go one after another in this process. (Processes import the script that starts
    them: guard it by `if __name__ == "__main__"`.) A run that fails has its message in the row, and the rest goes on.

    Raises InputError for arguments out of range and for stores of anything else, OSError if a row cannot be written.
    """
    problem = _problem(problem, state, times, tol)
    axes = _axes(problem, h, gamma, parameters)
    order = None if order is None else expansion_order(order)
    keep_symbols, retry = flag("keep_symbols", keep_symbols), flag("retry", retry)
    report = callback(progress)
    must(not keep_symbols or problem.system.n == 1, "keep_symbols", "be left out for n > 1", keep_symbols)
    folder = check_path("out", out, "name a folder")
    with ExitStack() as stack:
        pool = stack.enter_context(open_pool(executor))
        rows = _store(folder, problem, axes, order, keep_symbols)
        stack.callback(rows.close)
        Driver(rows, problem, order, keep_symbols, pool, retry, report).run()
    return load_rows(folder)


@public
def load(path: str | Path) -> xarray.Dataset:
    """What `openweyl sweep`, or another command, has written to `path`, as a labelled dataset.

    Of a sweep: variables over (h, gamma, ..., time), NaN where rows are missing; `status` and `message` say why.
    """
    source = check_path("path", path, "name a file or a folder written by openweyl")
    what = "be the folder of a sweep, or a netCDF file written by openweyl"
    must(source.exists(), "path", what, str(source), "There is no such file.")
    return load_rows(source) if source.is_dir() else netcdf.load(source)


def _problem(
    problem: Problem | System, state: State | None, times: Sequence[float] | None, tol: float | None
) -> Problem:
    if isinstance(problem, Problem):
        must(state is None, "state", "be left out: the problem has one", state)
        own = signature(sweep).parameters
        for name in problem.parameters:
            must(name not in own, "problem", "have [parameters] that are no arguments of sweep", name, "Rename it.")
        return problem.replace(times=times, tol=tol)
    must(isinstance(problem, System), "problem", "be a Problem or a System", problem)
    if state is None or times is None:
        raise InputError("Arguments `state` and `times` must be given with a System.")
    must(isinstance(state, State), "state", "be a state, such as coherent(x, xi)", state)
    must(state.n == problem.n, "state", f"have n = {problem.n} degrees of freedom, as the system", state.n)
    tol = arguments.DEFAULT_TOLERANCE if tol is None else tol
    return Problem("system", problem, state, arguments.times(times), arguments.tolerance(tol))


def _axes(
    problem: Problem,
    h: Sequence[float] | None,
    gamma: Sequence[float] | None,
    parameters: Mapping[str, Sequence[float]],
) -> dict[str, tuple[float, ...]]:
    """The values of each dimension but time."""
    for name in parameters:
        has = f"It has {', '.join(problem.parameters)}." if problem.parameters else "It has no table [parameters]."
        must(name in problem.parameters, "parameters", "be names that the problem has", name, has)
        taken = {*SERIES, *CERTIFICATE, *COUNTS, *EXTENT, *SYMBOLS, "message", "symbol_x", "symbol_xi"}
        must(
            name not in taken, "parameters", "have names of their own", name, "The dataset has a variable of this name."
        )
    given = {"h": (problem.system.h,) if h is None else h, "gamma": (problem.system.gamma,) if gamma is None else gamma}
    axes = {}
    for name, values in {**given, **parameters}.items():
        above, low = 0.0 if name == "h" else None, 0.0 if name == "gamma" else None
        numbers = tuple(moderate(name, value, above=above, low=low) for value in numbers_of(name, values))
        must(len(numbers) > 0, name, "hold at least one value", "empty")
        must(len(set(numbers)) == len(numbers), name, "hold different values", list(numbers))
        axes[name] = numbers
    size = prod(map(len, axes.values()))
    must(size <= MAX_ROWS, "out", f"hold at most {MAX_ROWS} rows", size)
    return axes


def _store(
    path: Path, problem: Problem, axes: Mapping[str, tuple[float, ...]], order: int | None, symbols: bool
) -> Store:
    columns = {**SERIES, **(CERTIFICATE if order else {}), **COUNTS, **(EXTENT if symbols else {})}
    text = problem.text or _text(problem)
    system = problem.system
    operators = [] if system.operators is None else [system.operators]
    fixed = [pair for pair in problem.parameters.items() if pair[0] not in axes]
    drives = [system.drives] if system.drives else []
    what = _fingerprint([problem.text, system.hamiltonian, system.jumps, *operators, problem.state, fixed, *drives])
    identity = {"problem": what, "openweyl": VERSION, "tol": problem.tol, "order": order, "symbols": symbols}
    about = {
        **attributes(system),
        "problem": text,
        "name": problem.name,
        "description": problem.description,
        "state": str(problem.state),
        "tol": problem.tol,
        "order": order or 0,
        "openweyl": VERSION,
        "numpy": version("numpy"),
        "python": platform.python_version(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "columns": columns,
        "scalars": [*COUNTS, *EXTENT],
    }
    layout = StoreLayout(axes, problem.times, tuple(columns), tuple(SYMBOLS) if symbols else ())
    return open_store(path, layout, identity=identity, about=about)


def _text(problem: Problem) -> str:
    """A system made in Python as the text of a problem; of the state, its description."""
    system, given = problem.system, problem.system.operators
    jumps = ", ".join(f'"{jump}"' for jump in (given or system).jumps)
    p, of_jumps = FORMULAS if given is None else OPERATORS
    drives = "".join(
        f"[drives.{name}]\nkind = {drive['kind']!r}\ntimes = {drive['times']}\nvalues = {drive['values']}\n"
        for name, drive in system.drives.items()
        if name.isalnum()
    )
    return (
        f'[system]\n{p} = "{(given or system).hamiltonian}"\n{of_jumps} = [{jumps}]\n'
        f"h = {system.h!r}\ngamma = {system.gamma!r}\n"
        f"[state]\n# {problem.state}\n[run]\ntimes = {list(problem.times)}\ntol = {problem.tol!r}\n{drives}"
    )


def _fingerprint(value: Any) -> str:
    """The same for equal states, another for others."""
    if isinstance(value, np.ndarray):
        content = f"{value.dtype}{value.shape}".encode() + value.tobytes()
    elif is_dataclass(value):
        content = "".join(
            [type(value).__name__, *(_fingerprint(getattr(value, f.name)) for f in fields(value))]
        ).encode()
    elif isinstance(value, (list, tuple)):
        content = "".join(map(_fingerprint, value)).encode()
    else:
        content = repr(value).encode()
    return sha256(content).hexdigest()
