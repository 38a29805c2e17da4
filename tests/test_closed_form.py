"""What a closed form counts as its error: packets left out, round-off, and what a grid cuts off and folds back."""

from __future__ import annotations

from math import erfc, exp, sqrt

import numpy as np
import pytest

from common import refused
from openweyl import PhaseGrid, ResourceError, System, cat, coherent, evolve, squeezed
from openweyl.evolution.closed_form import (
    GRID_SHARE,
    NEGLIGIBLE_PACKET_SHARE,
    fitted_grid,
    outside_of,
    without_negligible,
)
from openweyl.gaussian_packets.flow import quadratic_flow
from openweyl.gaussian_packets.time_cells import Parts


@pytest.mark.parametrize("time", [0.023, 0.026, 0.03])
def test_fringes_that_are_left_out_are_counted(time: float) -> None:
    """l = x, p = 0: fringes of packets d apart decay by e^{-gamma t d^2/(2h)/(1 + 2 gamma t)}: to nothing."""
    h, gamma, tol = 0.01, 20.0, 1e-2
    system, state = System("x/1000", ["x"], h=h, gamma=gamma), cat([(0.5, 0.0), (-0.5, 0.0)])
    flow = quadratic_flow(system)
    assert flow is not None
    ((carried, _),) = flow.carry(state, [time])
    living, dead = without_negligible(carried, h, NEGLIGIBLE_PACKET_SHARE * tol)
    assert len(living.members[0][1]) == 2
    size = exp(-gamma * time / (2 * h) / (1 + 2 * gamma * time))  # to a factor of 2
    assert size / 2 < dead < 2.1 * size
    assert 1e-7 < dead < 2 * NEGLIGIBLE_PACKET_SHARE * tol
    run = evolve(system, state, [time], tol=tol).numerics
    assert run.grid_error[0] == pytest.approx(fitted_grid(living, h, GRID_SHARE * tol)[1] + dead, rel=1e-12)
    assert run.grid_error[0] >= dead


def test_round_off_is_counted_and_refused_above_its_share() -> None:
    """A packet ten million widths from the origin."""
    h, z = 1e-10, 100.0
    system, state = System("(x**2 + xi**2)/2", ["x"], h=h, gamma=0.0), coherent(z, 0.0)
    flow = quadratic_flow(system)
    assert flow is not None
    ((_, error),) = flow.carry(state, [1.0])
    assert error > np.finfo(float).eps * z / sqrt(h) / 10  # a displacement by a rounding, in widths
    run = evolve(system, state, [1.0], tol=1e-2)
    assert run.numerics.step_error == (error,)
    enough = error / GRID_SHARE
    assert evolve(system, state, [1.0], tol=1.01 * enough).numerics.step_error == (error,)
    refused(lambda: evolve(system, state, [1.0], tol=0.99 * enough), "At t = 1 round-off alone", ResourceError)


@pytest.mark.parametrize("points", [70, 90, 120])
def test_waves_beyond_the_grid_are_missing_and_folded_back(points: int) -> None:
    """On a box that is wide, with few points: the norm of what is wrong is sqrt 2 times that of what is beyond."""
    h, state = 0.1, squeezed(0.0, 0.0, r=0.0)
    fine = PhaseGrid.box(h=h, x=(-14, 14), xi=(-2.8, 2.8), size=(4 * points, 96))
    grid = PhaseGrid.box(h=h, x=(-14, 14), xi=(-2.8, 2.8), size=(points, 96))
    true = float((state.symbol(fine) - state.symbol(grid).resampled(fine)).hilbert_schmidt())
    beyond = sqrt(erfc(grid.x[0].reach * sqrt(h / 2)))
    assert true == pytest.approx(sqrt(2) * beyond, rel=0.3)
    assert outside_of(grid, state) >= true * sqrt(grid.states)
    assert outside_of(grid, state) <= 2.5 * true * sqrt(grid.states)


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize("axis", [0, 1])
def test_either_end_of_each_axis_counts(side: int, axis: int) -> None:
    """A packet two widths from one end of its box."""
    h, far = 0.1, 2.0 - 2 * sqrt(0.05)
    place = [0.0, 0.0]
    place[axis] = side * far
    grid = PhaseGrid.box(h=h, x=(-2, 2), xi=(-2, 2), size=(80, 80))
    beyond = erfc(sqrt(2)) / 2  # of a normal density, beyond two widths
    assert outside_of(grid, coherent(*place)) >= beyond
    assert outside_of(grid, coherent(0.0, 0.0)) < 1e-6


def test_the_errors_of_cells_of_time_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all cells up to each output, beside the round-off there."""
    flow = quadratic_flow(System("(x**2 + xi**2)/2 + x*cos(5*t)", ["x"], h=0.1, gamma=0.3))
    assert flow is not None
    times = [0.0, 0.4, 1.0]
    name = "openweyl.gaussian_packets.flow.cell_errors"
    monkeypatch.setattr(name, lambda _h, _state, _cells, maps, **_: np.zeros(len(maps[0])))
    plain = [error for _, error in flow.carry(coherent(0.5, 0.0), times)]
    counts: list[int] = []

    def cell_errors(_h: float, _state: object, _cells: object, maps: Parts, *, constant: bool) -> np.ndarray:
        assert constant
        counts.append(len(maps[0]))
        return np.full(len(maps[0]), 1e-6)

    monkeypatch.setattr(name, cell_errors)
    found = [error for _, error in flow.carry(coherent(0.5, 0.0), times)]
    assert found[0] == plain[0]
    assert 0.9e-6 < found[1] - plain[1] < found[2] - plain[2]
    assert found[2] - plain[2] == pytest.approx(1e-6 * counts[0], rel=1e-6)
