"""Averages resolve what a function does within a particle's width, however narrow, or it is refused by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy

from common import slow_but
from openweyl import ResourceError, System, coherent, sample
from openweyl.sampling.resolution import Resolution
from test_sampling_pieces import motion_of

H = 2**-8
WIDTH = float(np.sqrt(H / 2))
x = sympy.Symbol("x", real=True)
SHAPES = ("exp(-x**2/{0}**2)", "tanh(x/{0})", "1/(1 + x**2/{0}**2)", "cos(x/{0})", "sqrt({0}**2 + x**2)", "exp(x/{0})")
WAVES = (SHAPES[1], SHAPES[3], SHAPES[5])
"""Those that bend less, and are not refused either where they are a tenth as wide as the particle."""


def true_rate(f: sympy.Expr, z: float, slope: float, bend: float) -> float:
    """2/h times the standard deviation of what is left of f beside slope and bend, by 40,000 points."""
    g = np.linspace(-12, 12, 40_001)
    weights = np.exp(-(g**2) / 2)
    weights /= weights.sum()
    y = WIDTH * g
    rest = sympy.lambdify(x, f, "numpy")(z + y) - slope * y - bend * y**2 / 2
    return float(2 / H * np.sqrt(weights @ (rest - weights @ rest) ** 2))


@pytest.mark.parametrize("shape", slow_but(SHAPES[1:2], SHAPES))
def test_the_rate_is_true_for_features_of_any_width(shape: str) -> None:
    """From ten times as wide as the particle to a tenth of it, wherever the particle is."""
    told = 0
    for part in (10, 3, 1, 0.5, 0.3, 0.2, 0.1):
        system = System("xi**2 + " + shape.format(f"{part * WIDTH:.6f}"), ["x"], h=H, gamma=1.0)
        z = np.stack([np.linspace(-2.5, 2.5, 11) * WIDTH, np.zeros(11)], axis=1)
        C = np.tile(np.eye(2) / 2, (11, 1, 1))
        resolution = Resolution(motion_of(system), 1.0)
        if part <= 0.1 and shape not in WAVES:
            with pytest.raises(ResourceError, match="bends within"):
                resolution.follow(z, C, 0.0, 1.0)
            continue
        motion = resolution.follow(z, C, 0.0, 1.0)
        slopes = motion.slopes(z, C, 0.0, residual=True)
        rates = motion.rates(C, slopes).quantum
        if rates.max() > 1e20:
            continue  # no digits, and no bound
        f = system.hamiltonian.xreplace({system.x[0]: x, system.xi[0]: sympy.Integer(0)})
        for k in range(11):
            true = true_rate(f, z[k, 0], -slopes.z[k, 1], slopes.hessian[k, 0, 0])
            assert true <= rates[k] * (1 + 1e-9) + 1e-9
            told += 1
    assert told >= 55


def test_without_that_a_narrow_bump_is_missed() -> None:
    """What the check is for: the nodes of both rules beside a bump of a twentieth of the particle's width."""
    system = System(f"xi**2 + exp(-x**2/{0.05 * WIDTH:.6f}**2)/100", ["x"], h=H, gamma=1.0)
    motion, z, C = motion_of(system), np.array([[0.0, 0.0]]), np.eye(2)[None] / 2
    slopes = motion.slopes(z, C, 0.0, residual=True)
    f = system.hamiltonian.xreplace({system.x[0]: x, system.xi[0]: sympy.Integer(0)})
    assert true_rate(f, 0.0, -slopes.z[0, 1], slopes.hessian[0, 0, 0]) > 0.5
    assert motion.rates(C, slopes).quantum[0] < 1e-3
    with pytest.raises(ResourceError, match=r"The term 0.01\*exp\(.* bends within .*smaller h"):
        sample(system, coherent(0, 0), [0.1], particles=4)


@pytest.mark.slow
def test_a_pulse_in_time_and_space_is_no_reason_to_refuse() -> None:
    """Over long times its exponent cannot be enclosed; from step to step it can."""
    system = System("xi**2/2 + x**2/2 + exp(-x**2 - (t - 1/2)**2*10**4)", ["x"], h=2**-6, gamma=1.0)
    found = sample(system, coherent(0.7, 0.0), [0.49, 0.51], particles=4)
    rise = found.bound[1] - found.bound[0]
    assert rise > 1e-4


def test_more_nodes_change_no_average() -> None:
    """Where Gauss and Hermite's nodes are enough, equally spaced ones give the same."""
    system = System("xi1**2 + cos(x1 - 2*x2) + x1*x2**3", ["x1"], h=H, gamma=1.0)
    rng = np.random.default_rng(0)
    z, C = rng.normal(size=(3, 4)), np.tile(np.eye(4) / 2, (3, 1, 1))
    motion = motion_of(system)
    families = tuple(replace(family, spacing=0.1) for family in motion.hamiltonian.families)
    finer = replace(motion, hamiltonian=replace(motion.hamiltonian, families=families))
    a, b = (m.slopes(z, C, 0.0, residual=True) for m in (motion, finer))
    assert b.z == pytest.approx(a.z, abs=1e-12)
    assert finer.rates(C, b).quantum == pytest.approx(motion.rates(C, a).quantum, rel=1e-6)


@pytest.mark.slow
def test_no_step_passes_a_wall_unseen() -> None:
    """Free particles need few steps, and took the same where a wall that throws them back was between two places."""
    system = System("xi**2/2 + 600*exp(-(x - 30)**2/0.3**2)", [], h=2**-9, gamma=1.0)
    found = sample(system, coherent(0, 30), [1.3], particles=1)
    assert found.mean[0] == pytest.approx([21, -30], abs=1)


def test_step_lengths_do_not_depend_on_saved_times_that_are_close() -> None:
    system = System("xi**2/2 + x**4/4", ["x"], h=2**-6, gamma=1.0)
    few, many = (
        sample(system, coherent(1, 0), times, particles=8) for times in ([0.2], [1e-12, 0.1, 0.1 + 1e-15, 0.2])
    )
    assert many.steps < few.steps + 60
    assert many.bound[-1] == pytest.approx(few.bound[-1], rel=0.2)
