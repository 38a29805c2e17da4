"""The equation of motion of the means: velocities by hand, means of Gaussians, and what must not agree."""

from __future__ import annotations

import numpy as np
import pytest

from openweyl import PhaseGrid, System, coherent
from openweyl.evolution.witness import Means, MeansWitness, Velocities

H = 0.1
GRID = PhaseGrid.box(h=H, x=(-4, 5), xi=(-5, 4), size=(96, 100))
FRICTION = "(x + I*xi)/sqrt(2)"


@pytest.mark.parametrize(
    ("hamiltonian", "jumps", "t", "velocity"),
    [
        ("xi**2/2", ["x"], 0.0, (-0.3, 0)),
        ("xi**2/2 + x**4/4", ["x", "xi"], 0.0, (-0.3, -(0.7**3))),
        ("xi**2/2 + x*cos(t)", [], 2.0, (-0.3, -np.cos(2))),
        ("x*xi", [], 0.0, (0.7, 0.3)),
        ("0", [FRICTION], 0.0, (-0.7 * 0.8 / 2, 0.3 * 0.8 / 2)),
        ("xi**2/2", ["x + I*xi/10"], 0.0, (-0.3 - 0.8 * 0.7 / 10, 0.8 * 0.3 / 10)),
        ("0", ["(x - I*xi)/sqrt(2)"], 0.0, (0.7 * 0.8 / 2, -0.3 * 0.8 / 2)),
        ("0", ["x + 2*I"], 0.0, (0, -2 * 0.8)),  # its commutator is -2 i (gamma/h) [x, A]
    ],
)
def test_velocities(hamiltonian: str, jumps: list[str], t: float, velocity: tuple[float, float]) -> None:
    """(x, xi) = (0.7, -0.3), gamma = 0.8: Hamilton's equations; a jump a loses both means at the rate gamma/2."""
    found = Velocities(System(hamiltonian, jumps, h=H, gamma=0.8)).at([np.float64(0.7), np.float64(-0.3)], t)
    assert np.array([float(v) for v in found]) == pytest.approx(velocity, abs=1e-14)


@pytest.mark.parametrize("order", [1, 2])
def test_means_of_a_packet(order: int) -> None:
    """<x^3> = x^3 + 3 x h/2 for a coherent state; the first of several symbols counts alone."""
    witness = MeansWitness(Velocities(System("xi**2/2 + x**4/4 + x*t", [FRICTION], h=H, gamma=0.8)))
    w = coherent(0.7, -0.3).symbol(GRID)
    found = witness.look(w if order == 1 else w.like(np.stack([w.values, 1 + w.values])), 0.5)
    assert found.trace == pytest.approx(1, abs=1e-12)
    assert found.mean == pytest.approx([0.7, -0.3], abs=1e-12)
    force = -(0.7**3 + 3 * 0.7 * H / 2) - 0.5
    assert found.velocity == pytest.approx([-0.3 - 0.4 * 0.7, force + 0.4 * 0.3], abs=1e-12)


def test_means_of_two_degrees_of_freedom() -> None:
    grid = PhaseGrid.box(h=1.0, x=[(-6, 6)] * 2, xi=[(-6, 6)] * 2, size=(20, 20))
    witness = MeansWitness(Velocities(System("xi1**2/2 + x1*x2", ["x1", "x2"], h=1.0, gamma=0.1)))
    found = witness.look(coherent([0.3, -0.2], [0.1, 0.4]).symbol(grid), 0.0)
    assert found.mean == pytest.approx([0.3, -0.2, 0.1, 0.4], abs=1e-5)
    assert found.velocity == pytest.approx([0.1, 0, 0.2, -0.3], abs=1e-5)


PLACES = {
    "free": ("xi**2/2", lambda t: (0.5 + 0.4 * t, 0.4)),
    "driven": (
        "xi**2/2 + x*sin(3*t)", lambda t: (0.5 + t / 15 + np.sin(3 * t) / 9, 1 / 15 + np.cos(3 * t) / 3)
    ),
    "damped": ("0", lambda t: (0.5 * np.exp(-0.4 * t), 0.4 * np.exp(-0.4 * t))),
}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_agreement(name: str) -> None:
    """What moves as it should agrees; what is a sixth of the box elsewhere, or runs the other way, does not."""
    hamiltonian, place = PLACES[name]
    witness = MeansWitness(Velocities(System(hamiltonian, [FRICTION] * (name == "damped"), h=H, gamma=0.8)))
    before, after = (witness.look(coherent(*place(t)).symbol(GRID), t) for t in (0.2, 0.5))
    assert witness.agree(before, after, 0.3, GRID)
    for side in ((1.5, 0), (0, -1.5)):
        z = np.add(place(0.5), side)
        wrapped = witness.look(coherent(*z).symbol(GRID), 0.5)
        wrapped = Means(wrapped.trace, wrapped.mean, after.velocity)
        assert not witness.agree(before, wrapped, 0.3, GRID)
        assert not witness.agree(wrapped, before, 0.3, GRID)


def test_what_is_lost_does_not_agree() -> None:
    """A packet half of which has left the box: its mean is that of what is there, times the trace."""
    witness = MeansWitness(Velocities(System("xi**2/2", ["x"], h=H, gamma=0.1)))
    w = coherent(3.0, 0.0).symbol(GRID)
    before, after = witness.look(w, 0.0), witness.look(w / 2, 0.1)
    assert after.trace == pytest.approx(0.5, abs=1e-9)
    assert not witness.agree(before, after, 0.1, GRID)


def test_nothing_that_is_no_number_agrees() -> None:
    one = Means(1.0, np.zeros(2), np.zeros(2))
    assert not MeansWitness.agree(one, Means(1.0, np.array([np.nan, 0.0]), np.zeros(2)), 0.1, GRID)
