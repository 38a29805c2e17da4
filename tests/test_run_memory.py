"""What a run is told to need in memory: more where more is kept."""

from __future__ import annotations

from functools import partial

import pytest

from common import refused
from openweyl import PhaseGrid, ResourceError, System
from openweyl.evolution.run_memory import check_memory

GRID = PhaseGrid.box(h=0.1, x=(-2, 2), xi=(-4, 4), size=(64, 96))


def test_memory_grows_with_what_is_kept() -> None:
    """The limit below which each is refused: more runs, ridges, star products and corrections need more."""
    grid = PhaseGrid.box(h=0.1, x=(-2, 2), xi=(-2, 2), size=(1000, 1000))
    plain = System("xi**2/2 + x**4", ["x"], h=0.1, gamma=0.1)

    def fits(megabytes: float, system: System = plain, order: int = 1, tol: float = 1e-4) -> None:
        check_memory(system, grid, order, tol, megabytes * 1e6, 0.0)

    cases = [
        (180, {}),
        (180, {"system": System("xi**2/2 + x**2", ["tanh(xi)"], h=0.1, gamma=0.1)}),
        (2180, {"system": System("cos(x)*tanh(xi)", [], h=0.1, gamma=0.0)}),
        (180 * (1 + 1.15 * 2), {"order": 3}),
    ]
    for megabytes, given in cases:
        fits(megabytes * 1.001, **given)
        call = partial(fits, megabytes * 0.999, **given)
        refused(call, "At t = 0 the symbol needs a grid of ", ResourceError)


def test_with_two_degrees_of_freedom_two_runs_save_memory() -> None:
    grid = PhaseGrid.box(h=0.1, x=[(-2, 2)] * 2, xi=[(-2, 2)] * 2, size=(30, 30))
    system = System("xi1**2/2 + xi2**2/2 + x1**4 + x2**4", ["x1"], h=0.1, gamma=0.1)
    for each, tol in ((90, 1e-3), (90, 1e-4), (130, 1e-5)):
        check_memory(system, grid, 1, tol, each * 1.001 * grid.size, 0.0)
        call = partial(check_memory, system, grid, 1, tol, each * 0.999 * grid.size, 0.0)
        refused(call, "At t = 0 the symbol needs a grid of ", ResourceError)


def test_what_helps_depends_on_when() -> None:
    system = System("xi**2/2 + x**4", ["x"], h=0.1, gamma=0.1)
    for t, words in ((0.0, "fewer degrees of freedom"), (0.5, "shorten `times`")):
        with pytest.raises(ResourceError) as caught:
            check_memory(system, GRID, 1, 1e-4, 1e5, t)
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("potential", "each"),
    [("x1**2*x2**2 + x2**4", 140), ("x1**4 + x2**4", 90), ("exp(x1 - x2)", 140), ("x1**3 + cos(x1)", 90)],
)
def test_a_kick_along_all_axes_takes_memory(potential: str, each: float) -> None:
    grid = PhaseGrid.box(h=0.1, x=[(-2, 2)] * 2, xi=[(-2, 2)] * 2, size=(30, 30))
    system = System(f"xi1**2/2 + xi2**2/2 + {potential}", ["x1", "x2"], h=0.1, gamma=0.1)
    check_memory(system, grid, 1, 1e-3, each * 1.001 * grid.size, 0.0)
    call = partial(check_memory, system, grid, 1, 1e-3, each * 0.999 * grid.size, 0.0)
    refused(call, "At t = 0 the symbol needs a grid of ", ResourceError)
