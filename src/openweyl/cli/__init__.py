"""The command line: typed commands around the library, no physics.

Standard output holds results (with --json one JSON object and nothing else); progress and notes go to standard error.
Exit status 0, or 2 with one line that says what must hold, what is, and what to do.
"""

from __future__ import annotations

import errno
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click

from openweyl._core.arguments import InputError, ResourceError

from .correlations import correlation_command, g2_command, spectrum_command
from .evolving import evolve_command
from .families import movie_command, report_command, sweep_command
from .many import sample_command
from .paper import check_command, figure_command, theory_command
from .runs import certify_command, compare_command, problems_command
from .steady import steady_command
from .trajectories import langevin_command, monitor_command


@click.group(no_args_is_help=False)
@click.version_option(package_name="openweyl")
def application() -> None:
    """Quantum and classical evolution of open systems, and their distance in trace norm."""


for command in (
    compare_command,
    evolve_command,
    certify_command,
    correlation_command,
    steady_command,
    spectrum_command,
    g2_command,
    sample_command,
    langevin_command,
    monitor_command,
    sweep_command,
    report_command,
    movie_command,
    check_command,
    theory_command,
    figure_command,
    problems_command,
):
    application.add_command(command)


class Ended(BaseException):
    """A signal that asks the command to end, `number`: what is half-written goes, as after Ctrl-C."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def main() -> None:
    """Entry point of the `openweyl` command."""
    try:
        with _listening():
            application(prog_name="openweyl", standalone_mode=False)
    except Ended as signalled:
        _stop(
            f"Ended by {signal.Signals(signalled.number).name}; nothing was left half-written.", 128 + signalled.number
        )
    except (click.exceptions.Abort, KeyboardInterrupt):
        _stop("Interrupted; nothing was left half-written.", 130)
    except click.ClickException as error:
        h = isinstance(error, click.NoSuchOption) and error.option_name == "-h"
        advice = " Write --h for the semiclassical parameter." if h else ""  # -h 0.1 is no call for help
        message = error.format_message().rstrip(".")
        _stop(f"{message}{'' if message.endswith('?') else '.'}{advice} See openweyl --help.", 2)
    except (InputError, ResourceError) as error:
        _stop(str(error), 2)
    except (MemoryError, ImportError, RuntimeError, OSError) as error:
        if _exhausted(error):
            _stop("The run needs more memory than there is: shorten `times`, or raise `tol` or `h`.", 2)
        if not isinstance(error, OSError):
            raise
        path = error.filename2 or error.filename or "Output"  # the second is where a file was to be moved
        _stop(f"{path} cannot be written: {error.strerror or error}.", 2)


def _exhausted(error: BaseException) -> bool:
    """Whether there is no memory for an array, or for what a library, a thread or a process needs to start."""
    words = ("failed to map segment", "cannot allocate memory", "can't start new thread")
    out = isinstance(error, OSError) and error.errno == errno.ENOMEM
    return isinstance(error, MemoryError) or out or any(word in str(error).lower() for word in words)


@contextmanager
def _listening() -> Iterator[None]:
    """Take the signals that would end the process at once, if nobody else does (as `nohup`, which has them ignored)."""
    names = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    names = [name for name in names if signal.getsignal(name) is signal.SIG_DFL]
    if threading.current_thread() is not threading.main_thread():
        names = []

    def end(number: int, _frame: object) -> None:
        for name in names:  # once is enough: what cleans up is not to be interrupted
            signal.signal(name, signal.SIG_IGN)
        raise Ended(number)

    for name in names:
        signal.signal(name, end)
    try:
        yield
    finally:
        for name in names:
            signal.signal(name, signal.SIG_DFL)


def _stop(message: str, status: int) -> None:
    click.echo("openweyl: " + " ".join(message.split()), err=True)
    sys.exit(status)
