"""The time loop without physics: a stepper that knows the solution and makes errors of a known size."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from common import refused
from openweyl import PhaseGrid, ResourceError, Symbol, System
from openweyl.evolution import runs
from openweyl.evolution.equation import Equation
from openweyl.evolution.grid_follower import Foreseen
from openweyl.evolution.loop import AdaptiveIntegrator
from openweyl.evolution.outputs import Output
from openweyl.evolution.step_control import StepPolicy
from openweyl.model.pieces import Piece
from openweyl.phase_space.grid import Axis
from systems import PLANE

H = 0.1
STILL = System("0", [], h=H, gamma=0.0)
"""Nothing flows: no guard of displacements has anything to do."""
ORDER, SCALE = 4, 0.5

Size = Callable[[float], float]
Width = Callable[[float], float]


def packet(grid: PhaseGrid, width: float) -> np.ndarray:
    """A Gaussian of trace 1 and this variance over h/2, in x and xi."""
    x, xi = grid.mesh("x", "xi")
    return 2 / width * np.exp(-(x[0] ** 2 + xi[0] ** 2) / (H * width))


def ripple(grid: PhaseGrid) -> np.ndarray:
    """What steps leave: no trace, no mean, and an L1 norm of the order of 1."""
    x, xi = grid.mesh("x", "xi")
    return (x[0] ** 2 - xi[0] ** 2) / H * packet(grid, 1.0)


class ExactStepper:
    """Goes along packets of the width at each time, and adds an error of `size`(t) dt^4 per unit of time, as the first
    of a series in (dt/SCALE)^2, a term for each row of extrapolations. All that is in proportion to the trace: it is
    linear, and carries differences on as they are.
    """

    size: Size
    width: Width
    taken: list[tuple[float, float]]

    def __init__(self, generator: Any, _scheme: object, dt: float, _order: int, **_more: object) -> None:
        self.grid, self.dt = generator.grid, dt

    def run(self, w: np.ndarray, steps: int, t: float) -> np.ndarray:
        tau = steps * self.dt
        type(self).taken.append((t, self.dt))
        moved = packet(self.grid, type(self).width(t + tau)) - packet(self.grid, type(self).width(t))
        part = self.dt / SCALE
        series = self.dt**ORDER * (1 + part**2 + part**4)
        trace = w.sum() / packet(self.grid, 1.0).sum()
        return w + trace * (moved + type(self).size(t + tau / 2) * series * tau * ripple(self.grid))


class Resting(NamedTuple):
    """Coordinates with an origin, a velocity, and what that may be off by, at each time."""

    place: Callable[[float], tuple[np.ndarray, np.ndarray]]
    mismatch: Callable[[float], np.ndarray]

    def __call__(self, t: float) -> tuple[np.ndarray, np.ndarray]:
        return self.place(t)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Callable[..., AdaptiveIntegrator]:
    def make(size: Size, width: Width = lambda _t: 1.0, *, tol: float = 1e-4, **more: Any) -> AdaptiveIntegrator:
        stepper = type("Stepper", (ExactStepper,), {"size": staticmethod(size), "width": staticmethod(width)})
        stepper.taken = []
        monkeypatch.setattr(runs, "Stepper", stepper)
        fourth_order = 0.0  # anything but None: what schemes ask of a generator
        equation = Equation(
            lambda _system, grid, **_frame: SimpleNamespace(
                grid=grid, ridges=(), commutator=fourth_order, scaling=None
            ),
            quantum=True,
        )
        given = {"tol": tol, "horizon": 1.0, "memory": 1e9, "time_limit": 1e9} | more
        return AdaptiveIntegrator([Piece(0.0, 1.0, STILL)], equation, PLANE, packet(PLANE, width(0.0)), **given)

    return make


def test_a_run_without_errors_grows_its_steps(made: Callable[..., AdaptiveIntegrator]) -> None:
    run = made(lambda _t: 0.0)
    (output,) = run.outputs([1.0])
    assert output.step_error < 1e-12
    assert run.rollbacks == 0
    assert run.dt > 5 / 64
    assert run.steps < 60
    assert np.abs(output.symbol.values - packet(output.symbol.grid, 1.0)).max() < 1e-6


@pytest.mark.parametrize("tol", [1e-2, 1e-3, 1e-4])
def test_the_error_is_kept(made: Callable[..., AdaptiveIntegrator], tol: float) -> None:
    """Errors of 1e4 dt^4: the budget is used, never passed, and what is left of it is not wasted on small steps."""
    run = made(lambda _t: 1e4, tol=tol)
    (output,) = run.outputs([1.0])
    assert 0.02 * tol < output.step_error <= 0.45 * tol
    norm = run.runs.norm(output.symbol.values - packet(run.grid, 1.0))
    assert norm <= output.step_error


def test_steps_follow_the_order(made: Callable[..., AdaptiveIntegrator]) -> None:
    """Order 8 is what three runs return: a tolerance 10^-6 times as large, steps 10^(-6/8) times as long."""
    last = []
    for tol in (1e-4, 1e-10):
        run = made(lambda _t: 1e4, tol=tol)
        run.outputs([1.0])
        last.append(run.dt)
    assert last[0] / last[1] == pytest.approx(10**0.75, rel=0.4)


def test_a_segment_that_is_too_wrong_is_done_again_with_smaller_steps(made: Callable[..., AdaptiveIntegrator]) -> None:
    """From t = 1/2 on errors are 10^6 times as large: back to the start of that segment, at least once."""
    run = made(lambda t: 1e8 if t > 0.5 else 1e2, tol=1e-3)
    (output,) = run.outputs([1.0])
    assert run.rollbacks >= 1
    assert output.step_error <= 0.45e-3
    taken = run.runs.steppers.make(1.0).taken  # type: ignore[attr-defined]
    before, after = (max(dt for t, dt in taken if low <= t < high) for low, high in ((0.0, 0.4), (0.7, 1.0)))
    assert after < before / 3


def test_what_is_no_number_is_refused(made: Callable[..., AdaptiveIntegrator]) -> None:
    """Each retry takes a tenth of the step, down to what double precision tells from none."""
    run = made(lambda _t: np.nan)
    refused(lambda: run.outputs([1.0]), "At t = 0 a step of ", ResourceError)
    assert run.rollbacks == 11
    run = made(lambda _t: np.nan, policy=StepPolicy(shortest=1e-3))
    refused(lambda: run.outputs([1.0]), "At t = 0 a step of ", ResourceError)
    assert run.rollbacks == 2


def test_content_at_an_edge_sends_a_segment_to_a_larger_grid(made: Callable[..., AdaptiveIntegrator]) -> None:
    """A packet that suddenly gets wide, which no flow foretells."""
    run = made(lambda _t: 0.0, lambda t: 1.0 if t < 0.3 else 8.0, tol=1e-3)
    (output,) = run.outputs([1.0])
    assert run.rollbacks >= 1
    assert run.grids.regrids >= 1
    lengths = [axis.length for axis in output.symbol.grid.x + output.symbol.grid.xi]
    assert min(lengths) > 6.0
    assert np.abs(output.symbol.values - packet(output.symbol.grid, 8.0)).max() < 1e-3
    assert output.grid_error <= 0.4e-3


def test_a_grid_that_is_much_too_large_is_cut_to_measure(made: Callable[..., AdaptiveIntegrator]) -> None:
    run = made(lambda _t: 0.0, lambda t: 1.0 - 0.6 * min(2 * t, 1.0), tol=1e-2)
    (output,) = run.outputs([1.0])
    assert run.grids.regrids >= 1
    assert output.symbol.grid.x[0].length < 4.0
    assert run.grids.largest.size >= PLANE.size


def test_outputs_do_not_shape_the_steps(made: Callable[..., AdaptiveIntegrator]) -> None:
    times = [0.0, 0.001, 0.002, *np.linspace(0.1, 1.0, 40).tolist()]
    many, one = made(lambda _t: 1e4), made(lambda _t: 1e4)
    outputs = many.outputs(times)
    one.outputs([1.0])
    assert len(outputs) == len(times)
    assert many.steps <= 1.3 * one.steps
    errors = [output.step_error for output in outputs]
    assert errors[0] == 0
    assert all(error <= 0.5e-4 for error in errors)


@pytest.mark.parametrize("every", [inf, 0.03])
def test_what_is_watched(made: Callable[..., AdaptiveIntegrator], every: float) -> None:
    """The start, once and when the run begins, not when it is made; all outputs; and no gap longer than asked for."""
    looks: list[float] = []

    def look(t: float, output: Output) -> None:
        assert isinstance(output.symbol, Symbol) and output.grid_error >= 0
        looks.append(t)

    run = made(lambda _t: 0.0, look=look, watch_every=every)
    assert looks == []
    times = [0.0, 0.25, 0.4, 1.0]
    run.outputs(times)
    assert looks[0] == 0
    assert looks.count(0.0) == 1
    assert looks == sorted(looks)
    assert set(times) <= set(looks)
    assert max(np.diff(looks)) <= every * (1 + 1e-9)


def test_what_a_new_grid_cuts_off_is_counted(made: Callable[..., AdaptiveIntegrator]) -> None:
    """A coherent state cut at two widths: the trace norm of that is more than four times its L1 norm."""
    run = made(lambda _t: 0.0)
    x, xi = PLANE.x[0], PLANE.xi[0]
    before, width = run.grids.lost, (H / 2) ** 0.5
    least = round((-2 * width - x.lower) / x.spacing)
    beyond = 2 * (np.abs(run.runs.values[0])[:least].sum() * PLANE.cell)
    run.grids._regrid([Axis(x.lower + least * x.spacing, x.spacing, x.size - 2 * least), xi])
    assert beyond > 0.01
    assert run.grids.lost - before >= 4 * beyond


def test_all_that_is_not_seen_is_a_part_of_the_error(made: Callable[..., AdaptiveIntegrator]) -> None:
    """What was lost, and the effects of terms left unresolved on the grid and between kicks."""
    grids = made(lambda _t: 0.0).grids
    grids.lost = 0.25
    grids.resolution.neglected = {("x", False): 0.5}
    grids.strides.kicks.neglected = {("x", True): 1.0}
    assert grids.error == 1.75


def test_coordinates_that_do_not_move_as_the_velocity_they_tell_lose(made: Callable[..., AdaptiveIntegrator]) -> None:
    """A velocity that is off by d for a time tau moves the symbol by d tau: at most as much in L1 as its largest wave
    number times that.
    """
    run = made(lambda _t: 0.0)
    origin, mismatch = np.zeros(2), np.array([0.0, 1e-6])
    frame = Resting(lambda _t: (origin, origin), lambda _t: mismatch)
    run.runs.frame = frame  # type: ignore[assignment]
    run.grids.foreseen = Foreseen(0.0, 1e-6, run.runs.support(1e-6))
    run.grids.learn(0.5)
    assert run.grids.lost >= 1e-6 * 0.5 * PLANE.xi[0].reach * (1 - 1e-12)


def test_a_symbol_that_moves_with_its_coordinates_does_not_grow(made: Callable[..., AdaptiveIntegrator]) -> None:
    """What was foreseen moves along."""
    run = made(lambda _t: 0.0)
    velocity, nothing = np.array([2.0, 1.0]), np.zeros(2)
    run.runs.frame = Resting(lambda t: (t * velocity, velocity), lambda _t: nothing)  # type: ignore[assignment]
    run.grids.foreseen = Foreseen(0.0, 1e-6, run.runs.support(1e-6))
    run.runs.t = 0.5
    run.grids.learn(0.5)
    for growth in run.grids.growth:
        assert (growth.left, growth.right, growth.reach) == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)
