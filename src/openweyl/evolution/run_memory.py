"""The memory of a run, from its system and its grid: a run that would not fit is refused before it begins to."""

from __future__ import annotations

import sympy

from openweyl.model.decomposition import decomposition
from openweyl.model.pair import WITHOUT_GRID
from openweyl.model.system import System
from openweyl.phase_space.grid import PhaseGrid
from openweyl.phase_space.grid_size import check_fits

from .error_estimate import Extrapolation

RUN_BYTES_PER_POINT = 90
"""Peak memory of two runs per grid point: states, temporaries, and factors that do not vary along all axes (measured,
as what follows is: see docs/numerics.md)."""
FULL_KICK_BYTES_PER_POINT = 50
"""Memory per grid point that rates and factors add where the kick is an array of all axes."""
MORE_RUNS_BYTES_PER_POINT = 40
"""Memory per grid point that more runs than two add."""
RIDGE_BYTES_PER_POINT = 25
"""Memory per grid point that each ridge adds."""
OPERATOR_TERMS_BYTES_PER_POINT = 2000
"""Memory per grid point that operator terms add."""
CORRECTION_MEMORY = 1.15
"""The memory that each of b_1, b_2, ... takes over that of b_0 (measured)."""


def check_memory(system: System, grid: PhaseGrid, order: int, tol: float, limit: float, t: float) -> None:
    """Raise ResourceError if a run on `grid` would use more than `limit` bytes."""
    terms = decomposition(system)
    more_runs = Extrapolation(4 if terms.fourth_order else 2, tol, grid.n).run_count > 2
    each = RUN_BYTES_PER_POINT + MORE_RUNS_BYTES_PER_POINT * more_runs + RIDGE_BYTES_PER_POINT * len(terms.ridges)
    each += FULL_KICK_BYTES_PER_POINT * _has_full_kick(system)
    each += OPERATOR_TERMS_BYTES_PER_POINT * bool(terms.operator_terms or terms.operator_jumps)
    advice = "raise `tol` or `memory`, or take fewer degrees of freedom"  # at the start all else is the state's own
    if t > 0:
        advice = "shorten `times`, raise `tol`, `gamma` or `h`, or raise `memory`"
    if grid.n > 1:
        advice += f"; or {WITHOUT_GRID}"
    check_fits(grid, each * (1 + CORRECTION_MEMORY * (order - 1)), advice, limit, f"At t = {t:.4g} the")


def _has_full_kick(system: System) -> bool:
    """Whether the kick varies along all axes: some term of the potential, or a jump, depends on all of x; or n = 1."""
    if system.n == 1:
        return True
    terms = decomposition(system)
    functions = [*sympy.Add.make_args(terms.potential), *terms.position_jumps]
    return any(set(system.x) <= f.free_symbols for f in functions)
