"""The cold command: from the shell to the answer, and what importing costs.

    python benchmarks/cold.py

Wall time of `openweyl compare double-well --json` in a new process each time (goal: less than 3 s), beside
that of Python alone, of `import openweyl`, and of the imports that take longest.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import click

PYTHON, OPENWEYL = sys.executable, str(Path(sys.executable).with_name("openweyl"))
COMMANDS = {
    "python": [PYTHON, "-c", "pass"],
    "import numpy": [PYTHON, "-c", "import numpy"],
    "import sympy": [PYTHON, "-c", "import sympy"],
    "import openweyl": [PYTHON, "-c", "import openweyl"],
    "openweyl --help": [OPENWEYL, "--help"],
    "openweyl compare double-well --json": [OPENWEYL, "compare", "double-well", "--json"],
}


def seconds(command: list[str]) -> float:
    """Wall time of one new process."""
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


def slowest(count: int = 10) -> list[tuple[float, str]]:
    """The packages that `import openweyl` spends longest in, cumulated, from `-X importtime`."""
    command = [PYTHON, "-X", "importtime", "-c", "import openweyl"]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stderr.splitlines()
    packages = []
    for line in lines[1:]:
        _, total, name = line.removeprefix("import time:").split("|")
        if name.strip().count(".") == 0 or name.strip().startswith("openweyl."):
            packages.append((int(total) / 1e6, name.strip()))
    return sorted(packages, reverse=True)[:count]


@click.command(help=__doc__)
@click.option("--rounds", default=7, help="Runs of which the median is taken.")
def main(rounds: int) -> None:
    """Print the table."""
    measured = [[seconds(command) for command in COMMANDS.values()] for _ in range(rounds)]
    for name, times in zip(COMMANDS, zip(*measured, strict=True), strict=True):
        click.echo(f"{name:37}{statistics.median(times):7.2f} s   ({min(times):.2f} .. {max(times):.2f})")
    click.echo("\ncumulated in `import openweyl`:")
    for total, name in slowest():
        click.echo(f"{name:37}{total:7.2f} s")


if __name__ == "__main__":
    main()
