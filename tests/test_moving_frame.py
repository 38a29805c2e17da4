"""Coordinates that move: the path's velocity is its own derivative, and generators there are the same."""

from __future__ import annotations

import numpy as np
import pytest

from openweyl import PhaseGrid, System, coherent, evolve
from openweyl.evolution.moving_frame import Path, UnfollowedPathError
from openweyl.evolution.schemes import best_scheme
from openweyl.evolution.stepper import Stepper
from openweyl.evolution.witness import Velocities
from openweyl.generators.frames import may_move
from openweyl.generators.generator import Generator, fokker_planck, hierarchy, lindblad

H, T = 2**-6, 0.4
Z = np.array([0.5, 0.6])
HERE = PhaseGrid.box(h=H, x=(-1.6, 2.6), xi=(-1.6, 2.6), size=(150, 150))

SYSTEMS = {
    "pendulum": System("xi**2/2 - cos(x) + 0.3*xi", ["x", "xi"], h=H, gamma=0.7),
    "driven": System("xi**2/2 - cos(x) + x*cos(3*t)", ["x + xi", "x"], h=H, gamma=0.7),
    "fast": System("sqrt(1 + xi**2) + x**4/4", ["x", "tanh(xi)"], h=H, gamma=0.7),
    "friction": System("xi**2/2 - cos(x)", ["(x + I*xi)/sqrt(2)", "x + 2*I"], h=H, gamma=0.7),
    "complex jump": System("xi**2/2 - cos(x)", ["sin(x) + I*x**2"], h=H, gamma=0.7),
    "scaled": System("xi**2/2 - cos(x) + x*xi/3", ["x"], h=H, gamma=0.7),
}
ORDER = {"pendulum": 4, "driven": 4, "fast": 2, "friction": 2, "complex jump": 2, "scaled": 2}


def path(system: System, start: float = 0.0, horizon: float = 1.0) -> Path:
    return Path(Velocities(system), Z, start, horizon)


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_path_is_a_trajectory_and_its_velocity_is_its_own_derivative(name: str) -> None:
    system = SYSTEMS[name]
    way, field = path(system), Velocities(system)
    for t in (1e-4, 0.3, 0.77, 1.0 - 1e-4):
        point, velocity = way(t)
        assert velocity == pytest.approx([float(v) for v in field.at(list(point), t)], abs=1e-9)
        between = (way(t + 1e-4)[0] - way(t - 1e-4)[0]) / 2e-4
        assert between == pytest.approx(velocity, abs=1e-6)
        assert (way.mismatch(t) < 1e-10).all()
    assert way(0.0)[0] == pytest.approx(Z, abs=1e-15)


def test_a_path_goes_on_where_a_panel_ends() -> None:
    way = path(SYSTEMS["driven"], horizon=40.0)
    way(40.0)
    for panel, following in zip(way._panels, way._panels[1:], strict=False):
        assert following.start == panel.stop
        left, right = way(np.nextafter(panel.stop, 0.0)), way(np.nextafter(panel.stop, 100.0))
        assert left[0] == pytest.approx(right[0], abs=1e-12)
        assert left[1] == pytest.approx(right[1], abs=1e-9)


def test_a_field_that_ends_nowhere_is_not_followed() -> None:
    """x' = x^2 from x = 1/2 is infinite at t = 2."""
    way = path(System("x**2*xi", ["x"], h=H, gamma=0.0), horizon=4.0)
    way(1.5)
    with pytest.raises(UnfollowedPathError):
        way(3.0)


@pytest.mark.parametrize("build", [lindblad, fokker_planck])
@pytest.mark.parametrize("name", SYSTEMS)
def test_the_same_symbol_comes_out_in_moving_coordinates(name: str, build: object) -> None:
    """Against fixed coordinates and short steps; errors fall as the order of the scheme says."""
    system = SYSTEMS[name]
    w, way = coherent(*Z).symbol(HERE), path(system)

    def generator(**frame: Path) -> Generator:
        grid = HERE.shifted(-Z) if frame else HERE
        return build(system, grid, **frame)  # type: ignore[operator]

    fixed, moving = generator(), generator(frame=way)
    scheme = best_scheme(fixed)
    assert best_scheme(moving) == scheme
    assert scheme.order == ORDER[name]
    short, errors = 48 if scheme.order == 4 else 512, []
    exact = w.like(Stepper(fixed, scheme, T / short).run(w.values.copy(), short))
    for steps in (4, 8) if scheme.order == 4 else (16, 32):
        values = Stepper(moving, scheme, T / steps).run(w.values.copy(), steps)
        there = w.like(values, HERE.shifted(way(T)[0] - Z)).resampled(HERE)
        errors.append(float(np.abs(there.values - exact.values).sum()) * HERE.cell)
    assert errors[0] < 1e-3
    assert errors[0] / errors[1] > 0.8 * 2**scheme.order


def test_corrections_move_along() -> None:
    """Both columns of the hierarchy, in moving and in fixed coordinates."""
    system, way = SYSTEMS["pendulum"], path(SYSTEMS["pendulum"])
    w = coherent(*Z).symbol(HERE)
    stack, symbols = np.stack([w.values, np.zeros_like(w.values)]), []
    for grid, frame in ((HERE, None), (HERE.shifted(-Z), way)):
        generator = hierarchy(system, grid, frame=frame)
        symbols.append(Stepper(generator, best_scheme(generator), T / 32, order=2).run(stack.copy(), 32))
    moved = w.like(symbols[1], HERE.shifted(way(T)[0] - Z)).resampled(HERE)
    assert np.abs(symbols[0][1]).max() > 1e-3
    assert np.abs(moved.values - symbols[0]).max() < 1e-6 * np.abs(symbols[0]).max()


@pytest.mark.parametrize(
    ("hamiltonian", "moves"), [("xi**2/2 - cos(x)", True), ("(x**2 + xi**2)**2/4", False), ("cos(x)*tanh(xi)", False)]
)
def test_terms_behind_shears_and_operators_stay(hamiltonian: str, moves: bool) -> None:
    assert may_move(System(hamiltonian, ["x"], h=H, gamma=0.1)) == moves


@pytest.mark.parametrize("kind", ["quantum", "classical"])
def test_a_packet_that_flies_far_costs_no_more_than_one_that_stays(kind: str) -> None:
    """In units of its own width it flies eight times as far at h = 2^-12 as at 2^-6, and staying takes five times the
    steps.
    """
    steps = []
    for h in (2**-6, 2**-12):
        found = evolve(
            System("xi**2/2 - cos(x)", ["x"], h=h, gamma=0.1), coherent(2.0, 0.0), [4.0], kind=kind, tol=1e-3
        )
        steps.append(found.numerics.steps)
        assert found.numerics.error[-1] <= 1e-3
    assert steps[1] <= 3 * steps[0]


@pytest.mark.slow
def test_a_wall_between_two_kicks_is_seen() -> None:
    """A packet of width 0.04 flies at a speed of 10 over a bump of width 0.05 at x = 5: no step passes it by."""
    system = System("xi**2/2 + 3*exp(-((x - 5)/0.05)**2/2)", ["x"], h=2**-9, gamma=0.01)
    loose, tight = (evolve(system, coherent(0.0, 10.0), [1.0], tol=tol) for tol in (1e-2, 1e-5))
    free = evolve(system.replace(hamiltonian="xi**2/2"), coherent(0.0, 10.0), [1.0], tol=1e-5)
    assert (tight.final - free.final).l1().value > 0.05
    assert (loose.final - tight.final).l1().value <= loose.numerics.error[-1] + tight.numerics.error[-1]
