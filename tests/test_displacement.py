"""What a segment carries where: the boundary and its flow by closed forms, islands of wave numbers that would jump."""

from __future__ import annotations

from math import cos, exp, inf, pi, sin, sqrt

import numpy as np
import pytest

from openweyl import PhaseGrid, State, Symbol, System, cat, coherent
from openweyl.evolution.displacement import Content, needs_along_flow, needs_of_islands
from openweyl.evolution.moving_frame import Path
from openweyl.evolution.witness import Velocities
from openweyl.generators.generator import Generator, fokker_planck, lindblad
from openweyl.phase_space.support import RequiredBox, required_box

H, LEVEL = 0.02, 1e-6
GRID = PhaseGrid.box(h=H, x=(-2, 3), xi=(-3, 2), size=(160, 160))
Z = (0.6, -0.4)


def content(state: State, grid: PhaseGrid = GRID) -> tuple[Content, list[RequiredBox]]:
    w = state.symbol(grid)
    return Content.of(w), [required_box(p, a, LEVEL) for p, a in zip(w.profiles, grid.x + grid.xi, strict=True)]


def test_the_boundary_of_a_packet_is_a_circle() -> None:
    """Beyond it lies less than the level, e^{-r^2/h}, but not much less; the inner points are left out."""
    seen, _ = content(coherent(*Z))
    x, xi = seen.boundary(LEVEL)
    least, radius = sqrt(H * np.log(1 / LEVEL)), sqrt(H * np.log(6 / LEVEL))  # sizes are left out by factors of 4
    distances = np.hypot(x - Z[0], xi - Z[1])
    diagonal = np.hypot(GRID.x[0].spacing, GRID.xi[0].spacing)
    assert least - 1.01 * diagonal < distances.min()
    assert least < distances.max() <= radius
    assert 2 * pi * radius / diagonal < len(x) < 8 * radius / GRID.x[0].spacing + 8


def test_what_the_boundary_leaves_out_is_below_the_level() -> None:
    state = cat([(0.6, -0.4), (-0.4, 0.3)])
    seen, _ = content(state)
    w = state.symbol(GRID).values.copy()
    box = [slice(np.searchsorted(a.points, v.min()), np.searchsorted(a.points, v.max()) + 1)
           for a, v in zip(GRID.x + GRID.xi, seen.boundary(LEVEL), strict=True)]  # fmt: skip
    w[tuple(box)] = 0
    assert np.abs(w).sum() * GRID.cell < LEVEL


FOUR = PhaseGrid.box(h=1.0, x=[(-6, 6)] * 2, xi=[(-6, 6)] * 2, size=(22, 22))


def test_points_of_four_dimensions_stand_for_all() -> None:
    w = coherent([0, 0], [0, 0]).symbol(FOUR)
    points, weights = Content.of(w).sampled(1e-4)
    assert 1000 < len(weights) <= 2**15
    assert weights.sum() == pytest.approx(1, abs=1e-6)
    for v in points:
        assert weights @ v == pytest.approx(0, abs=0.02)
        assert weights @ v**2 == pytest.approx(0.5, rel=0.02)


def test_ends_in_four_dimensions_go_where_the_marginals_do() -> None:
    """In a quarter of a turn x takes the place of xi, squeezed twice as wide: no end depends on the other degree."""
    level, system = 1e-4, System("(x1**2 + xi1**2)/2 + 0*x2", ["x1", "x2"], h=1.0, gamma=0.1)
    w = coherent([1, 0], [0, 0]).symbol(FOUR)
    content = Content.of(w)
    needs = [required_box(p, a, level) for p, a in zip(w.profiles, FOUR.x + FOUR.xi, strict=True)]
    found = needs_along_flow(content, Velocities(system), needs, 0.0, pi / 2, level).inside
    assert found[2].lower - needs[2].lower == pytest.approx(-1, abs=0.3)  # xi1 = -x1, less than a spacing off
    assert found[2].upper == pytest.approx(needs[2].upper, abs=0.3)
    for other in (1, 3):
        assert found[other] == needs[other]


def ends(values: np.ndarray, before: np.ndarray) -> tuple[float, float]:
    """How far the least and the largest of some points move outwards."""
    return float(values.min() - before.min()), float(values.max() - before.max())


FLOWS = {
    "free": ("xi**2/2", [], lambda x, xi, t: (x + t * xi, xi)),
    "oscillator": (
        "(x**2 + xi**2)/2", [], lambda x, xi, t: (x * cos(t) + xi * sin(t), xi * cos(t) - x * sin(t))
    ),
    "driven": ("x*cos(2*t)", ["x"], lambda x, xi, t: (x, xi - (sin(2 * t + 0.6) - sin(0.6)) / 2)),
    "saddle": ("x*xi", ["x", "xi"], lambda x, xi, t: (x * exp(t), xi * exp(-t))),
    "friction": ("0", ["(x + I*xi)/sqrt(2)"], lambda x, xi, t: (x * exp(-0.4 * t), xi * exp(-0.4 * t))),
    "cubic": ("x**3/3", [], lambda x, xi, t: (x, xi - t * x**2)),
}  # fmt: skip


@pytest.mark.parametrize("name", FLOWS)
def test_the_boundary_moves_with_the_flow(name: str) -> None:
    """t from 0.3 to 0.8: the ends of the support move as the farthest points of the boundary do on the way."""
    hamiltonian, jumps, flow = FLOWS[name]
    seen, needs = content(coherent(*Z))
    boundary = seen.boundary(LEVEL)
    carried = needs_along_flow(seen, Velocities(System(hamiltonian, jumps, h=H, gamma=0.8)), needs, 0.3, 0.5, LEVEL)
    assert carried.inside == carried.swept
    ahead, way = carried.inside, [flow(*boundary, 0.5 * part / 2) for part in range(3)]
    for before, after, start, points in zip(needs, ahead, boundary, zip(*way, strict=True), strict=True):
        left, right = ends(np.stack(points), start)
        assert after.lower - before.lower == pytest.approx(left, abs=2e-4)
        assert after.upper - before.upper == pytest.approx(right, abs=2e-4)
        assert after.lower <= before.lower
        assert after.upper >= before.upper
    x, xi = ([np.ptp(points) for points in (start, end)] for start, end in zip(boundary, way[-1], strict=True))
    for before, after, (width, grown) in zip(needs, ahead, (xi, x), strict=True):  # wave numbers with the other width
        assert after.reach == pytest.approx(before.reach * sqrt(max(grown / width, 1)), rel=0.02)


def test_what_flies_off_to_infinity_is_infinitely_far() -> None:
    """p = x^2 xi: x = x0/(1 - t x0) is infinite before t = 3 wherever x0 > 1/3, by far in these steps."""
    seen, needs = content(coherent(*Z))
    velocities = Velocities(System("exp(20*x**2)*xi", ["x"], h=H, gamma=0.1))
    assert needs_along_flow(seen, velocities, needs, 0.0, 3.0, LEVEL).inside[0].upper == inf


def test_nothing_goes_nowhere() -> None:
    w = Symbol(np.zeros(GRID.shape), GRID)
    seen = Content.of(w)
    needs = [RequiredBox(0.0, 1.0, 3.0)] * 2
    carried = needs_along_flow(seen, Velocities(System("xi**2/2", ["x"], h=H, gamma=0.1)), needs, 0.0, 1.0, LEVEL)
    assert carried.inside == carried.swept == needs


def test_a_grid_that_moves_along_needs_the_spreading_alone() -> None:
    """A free packet in the frame of its centre: the ends move by what their velocities differ from its own."""
    seen, needs = content(coherent(*Z))
    velocities = Velocities(System("xi**2/2", ["x"], h=H, gamma=0.1))
    path = Path(velocities, np.array(Z), 0.0, 1.0)
    carried = needs_along_flow(seen, velocities, needs, 0.0, 0.5, LEVEL, path)
    moved = 0.5 * Z[1]
    for inside, swept, need in zip(carried.inside[:1], carried.swept[:1], needs[:1], strict=True):
        assert swept.lower - inside.lower == pytest.approx(moved, abs=1e-9)
        assert inside.upper - need.upper == pytest.approx(need.lower - inside.lower, abs=GRID.x[0].spacing)


SMALL = 0.01
"""The h of the cats: their packets end, at e^-25 in wave numbers, well before their fringes begin."""
FAR = cat([(0.5, -1.0), (0.5, 1.0)])
"""Its fringe has wave numbers around 2/h of x: an island far from all else."""
BOX = PhaseGrid.box(h=SMALL, x=(-0.5, 1.5), xi=(-2, 2), size=(192, 256))


def shift(build: object, system: System, state: State = FAR, step: float = 0.1) -> list[float]:
    """How far `needs_of_islands` would move the reach of both axes of `BOX`."""
    seen, needs = content(state, BOX)
    generator = build(system, BOX)
    assert isinstance(generator, Generator)
    after = needs_of_islands(seen, generator, needs, 0.0, step, LEVEL)
    assert all((a.lower, a.upper) == (b.lower, b.upper) for a, b in zip(after, needs, strict=True))
    return [a.reach - b.reach for a, b in zip(after, needs, strict=True)]


@pytest.mark.parametrize("build", [lindblad, fokker_planck])
def test_the_islands_of_a_cat_in_momentum(build: object) -> None:
    """Free flight shifts the fringe's wave numbers k = 2/h of x by -tau k in those of xi: (k, xi) holds k + what is
    near it, up to k = (2 + 8 sqrt(h/2))/h or so.
    """
    moved = shift(build, System("xi**2/2", ["x"], h=SMALL, gamma=0.1))
    assert moved[0] == 0
    assert 0.1 * 2 / SMALL < moved[1] < 0.1 * 3.5 / SMALL


def test_a_potential_moves_the_islands_of_a_cat_in_position() -> None:
    """Across the distance s = 2 the force changes by V'(x + 1) - V'(x - 1), and the fringe's wave number with it."""
    grid = PhaseGrid.box(h=SMALL, x=(-2, 2), xi=(-0.5, 1.5), size=(256, 192))
    state = cat([(-1.0, 0.5), (1.0, 0.5)])
    seen, needs = content(state, grid)
    for hamiltonian, most in (("x**2/2", 2.0), ("x**4/4", 8.0)):
        found = needs_of_islands(
            seen, lindblad(System(hamiltonian, [], h=SMALL, gamma=0.0), grid), needs, 0.0, 0.1, LEVEL
        )
        # d/dx [V(x + s/2) - V(x - s/2)]/h at x = 0, s = 2 is [V'(1) - V'(-1)]/h
        here = {"x**2/2": 2.0, "x**4/4": 2.0}[hamiltonian]
        moved = found[0].reach - needs[0].reach
        assert 0.1 * here / SMALL <= moved
        assert moved < 0.1 * 4 * most**2 / SMALL
        assert found[1].reach == needs[1].reach


def test_ridges_move_islands_too() -> None:
    """(x + xi)^4/4 is a ridge, no kick and no drift, and yet a force; profiles are those of what it sees, too."""
    grid = PhaseGrid.box(h=SMALL, x=(-2, 3), xi=(-2.2, 2.2), size=(720, 640))
    generator = lindblad(System("(x + xi)**4/4", [], h=SMALL, gamma=0.0), grid)
    (ridge,) = generator.ridges
    w = cat([(0.5, -1.4), (0.5, 1.4)]).symbol(grid).values  # a shear widens packets in wave numbers
    both = Symbol(np.stack([w, ridge.sheared(w)]), grid)
    needs = [required_box(p, a, LEVEL) for p, a in zip(both.profiles, grid.x + grid.xi, strict=True)]
    ahead = needs_of_islands(Content.of(both), generator, needs, 0.0, 0.1, LEVEL)
    assert max(a.reach - b.reach for a, b in zip(ahead, needs, strict=True)) > 0


@pytest.mark.parametrize("state", [coherent(0.5, 0.3), cat([(0.5, -0.05), (0.5, 0.05)])], ids=["packet", "near cat"])
def test_what_is_connected_does_not_hop(state: State) -> None:
    assert shift(lindblad, System("xi**2/2 + x**4", ["x"], h=SMALL, gamma=0.1), state) == [0, 0]


def test_islands_in_a_shear_that_a_drive_turns_on() -> None:
    """The rate is that of the present time: 0 at t = 0 and not at t = 1."""
    seen, needs = content(FAR, BOX)
    generator = lindblad(System("t*xi**2/2", ["x"], h=SMALL, gamma=0.1), BOX)
    early, late = (needs_of_islands(seen, generator, needs, t, 0.1, LEVEL) for t in (0.0, 1.0))
    assert early[1].reach == needs[1].reach
    assert late[1].reach - needs[1].reach > 0.1 * 2 / SMALL


def test_round_off_far_out_is_no_boundary() -> None:
    """Values of 1e-11 on all of a wide box hold less than may be left out: the boundary is that of the packet."""
    grid = PhaseGrid.box(h=0.1, x=(-20, 20), xi=(-20, 20), size=(240, 240))
    w = coherent(0.0, 0.0).symbol(grid)
    w = w.like(w.values + 1e-11 * np.random.default_rng(0).standard_normal(grid.shape))
    boundary = Content.of(w).boundary(1e-6)
    assert max(np.abs(z).max() for z in boundary) < 3
