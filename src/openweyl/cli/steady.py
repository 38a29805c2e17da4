"""The command `steady`."""

from __future__ import annotations

import json
from typing import Any

import click

import openweyl
from openweyl._core.progress import Bar

from .options import number, prints_json, takes_problem, takes_time_limit


@click.command("steady")
@takes_problem("h", "gamma", "tol")
@click.option("--kind", default="quantum", help='"quantum" (default) or "classical".')
@click.option("--period", help='Of a driven system, such as "2*pi/1.2": the state at t = 0 that it repeats.')
@prints_json
@takes_time_limit
def steady_command(problem: openweyl.Problem, kind: Any, period: str | None, as_json: bool, time_limit: float) -> None:
    """The steady state of PROBLEM: its residual, error, relaxation time and slowest rate.

    The state of PROBLEM is not used.
    """
    every = None if period is None else number(period, "period")
    with Bar(problem.name) as bar:
        found = openweyl.steady_state(
            problem.system, kind=kind, period=every, tol=problem.tol, time_limit=time_limit, progress=bar
        )
    click.echo(json.dumps(found.as_dict()) if as_json else str(found))
