"""The command `steady`."""

from __future__ import annotations

import json

import click

import openweyl

from .options import prints_json, takes_problem, takes_time_limit


@click.command("steady")
@takes_problem("h", "gamma", "tol")
@prints_json
@takes_time_limit
def steady_command(problem: openweyl.Problem, as_json: bool, time_limit: float) -> None:
    """The quantum steady state of PROBLEM: its residual, error, relaxation time and slowest rate.

    The state of PROBLEM is not used.
    """
    found = openweyl.steady_state(problem.system, tol=problem.tol, time_limit=time_limit)
    click.echo(json.dumps(found.as_dict()) if as_json else str(found))
