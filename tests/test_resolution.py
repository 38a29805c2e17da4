"""How fine a grid formulas ask for: floors on wave numbers, what is negligible, and what it counts for."""

from __future__ import annotations

from math import inf, pi, sqrt
from typing import Any

import pytest

from openweyl import System, coherent
from openweyl.evolution.resolution import Resolution
from openweyl.evolution.stepwise import stepwise
from openweyl.phase_space.support import RequiredBox

H = 0.1
NEEDS = [RequiredBox(-2.0, 2.0, 20.0), RequiredBox(-1.5, 1.5, 30.0)]


def resolution(
    hamiltonian: str, jumps: list[str], *, gamma: float = 1.0, quantum: bool = True
) -> Resolution:  # fmt: skip
    """Up to t = 2, to a tolerance of 1e-4."""
    return Resolution(System(hamiltonian, jumps, h=H, gamma=gamma), 2.0, 1e-4, quantum=quantum)


@pytest.mark.parametrize("width", [1e-2, 1e-3, 1e-4])
def test_a_barrier_asks_for_its_width(width: float) -> None:
    """e^{-u^2} bends by 2 d^2 at most: 1/2 of its height at d = width/2, and the spacing is halved until it is less."""
    seen = resolution(f"xi**2/2 + 10*exp(-((x - 0.3)/{width})**2)", ["x"])
    x, xi = seen.finer(NEEDS)
    spacing = pi / x.reach
    assert width / 8 <= spacing <= width / 2
    hop = pi * H / (2 * spacing)  # wave numbers of the barrier move xi by h times as much at once
    assert (xi.lower, xi.upper, xi.reach) == pytest.approx((-1.5 - hop, 1.5 + hop, 30.0))
    assert (x.lower, x.upper) == (-2.0, 2.0)
    assert seen.error == 0
    assert seen.reason().startswith("The term 10*exp(")
    assert f"bends within {spacing:.2g} near x = 0." in seen.reason()


def test_jumps_of_momentum_and_ridges_ask_too() -> None:
    x, xi = resolution("x**2/2", ["tanh(1000*(xi - 1/10))"]).finer(NEEDS)
    assert x.reach == 20 and x.upper > 2 + H * 1000 / 2
    assert xi.reach > 1000
    x, xi = resolution("x*tanh(300*xi)", []).finer(NEEDS)  # among star products
    assert xi.reach > 300
    x, _ = resolution("xi**2/2", ["xi + cos(300*x)*tanh(xi)"]).finer(NEEDS)
    assert x.reach > 300


@pytest.mark.parametrize("formula", ["xi**2/2 + x**2/2 + x*xi", "0", "xi**2/2 + 1000*x*cos(100*t)"])
def test_what_bends_alike_everywhere_asks_for_nothing(formula: str) -> None:
    seen = resolution(formula, ["x", "x + I*xi"])
    assert seen.finer(NEEDS) == NEEDS
    assert seen.reason() == ""


def test_what_the_support_does_not_reach_does_not_count() -> None:
    """A wall a quarter of the support beyond it is seen; one farther out is, once the support is there."""
    seen = resolution("xi**2/2 + 1/(1 + exp(-10000*(x - 29/10)))", ["x"])
    assert seen.finer(NEEDS)[0].reach > 1e3
    far = resolution("xi**2/2 + 1/(1 + exp(-10000*(x - 4)))", ["x"])
    assert far.finer(NEEDS) == NEEDS
    nearer = [RequiredBox(0.0, 3.9, 20.0), NEEDS[1]]
    assert far.finer(nearer)[0].reach > 1e3
    assert far.finer(NEEDS) == NEEDS or far.finer([RequiredBox(-2.0, -1.0, 20.0), NEEDS[1]])[0].reach == 20


def test_what_was_seen_is_not_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = resolution("xi**2/2 + 10*exp(-(100*x)**2)", ["x"])
    first = seen.finer(NEEDS)
    monkeypatch.setattr(Resolution, "_look", lambda *_: pytest.fail("looked again"))
    assert seen.finer([RequiredBox(-1.9, 2.1, 20.0), NEEDS[1]])[0].reach == first[0].reach


EFFECTS = {
    "p": ("xi**2/2 + 1e-9*exp(-(1000*x)**2)", ["x"], 2.0 * 1e-9 / H),
    "jump": ("xi**2/2", ["x", "1e-5*exp(-(1000*x)**2)"], 2.0 * 3.0 * 1e-10 / (2 * H)),
    "both": (
        "xi**2/2 + 1e-9*exp(-(1000*x)**2)", ["1e-5*exp(-(1000*x)**2)"],
        2.0 * 1e-9 / H + 2.0 * 3.0 * 1e-10 / (2 * H),
    ),
    "two terms": (
        "xi**2/2 + 1e-9*exp(-(1000*x)**2) + 2e-9*exp(-(1000*x - 100)**2)", ["x"], 2.0 * 3e-9 / H,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EFFECTS)
def test_what_is_negligible_is_counted(name: str) -> None:
    """t (sup f - inf f)/h and t gamma (sup l - inf l)^2/(2 h), up to t = 2 with gamma = 3."""
    hamiltonian, jumps, effect = EFFECTS[name]
    seen = resolution(hamiltonian, jumps, gamma=3.0)
    assert seen.finer(NEEDS) == NEEDS
    assert effect <= seen.error <= 1.5 * effect
    again = seen.error
    seen.finer([RequiredBox(-20.0, 20.0, 20.0), NEEDS[1]])
    assert seen.error == pytest.approx(again, rel=0.5)  # a term is counted once


@pytest.mark.parametrize("jump", ["x + 3e-4*sin(10000*x)", "x + I*3e-4*sin(10000*x)"])
def test_a_part_of_a_jump_counts_with_what_it_multiplies(jump: str) -> None:
    """l = x + m changes (l(y) - l(y'))^2 by 2 (y - y') (m(y) - m(y')): 1e4 times m^2, far from negligible."""
    seen = resolution("xi**2/2", [jump], gamma=0.02)
    assert seen.finer(NEEDS)[0].reach > 1e4
    assert seen.error == 0


@pytest.mark.parametrize("gamma", [0.0, 1e-6, 1.0])
def test_a_jump_without_coupling_is_negligible(gamma: float) -> None:
    """100 gamma t/(2h) is below 1e-6 for gamma = 0 alone."""
    seen = resolution("xi**2/2", ["10*exp(-(1000*x)**2)"], gamma=gamma)
    assert (seen.finer(NEEDS)[0].reach > 20) == (gamma > 0)
    assert seen.error == 0


def test_a_classical_force_counts_by_its_slope() -> None:
    """t |s| sup|f'|/h with |s| up to h times the largest wave number of xi, which the quantum bound does not know."""
    height, width = 1e-9, 1e-4
    text = f"xi**2/2 + {height}*exp(-(x/{width})**2)"
    assert resolution(text, ["x"]).finer(NEEDS) == NEEDS
    steep = resolution(text, ["x"], quantum=False)
    assert steep.finer(NEEDS)[0].reach > 1e3
    weak = resolution(f"xi**2/2 + {height}*exp(-(x/{width})**2)/10000", ["x"], quantum=False)
    assert weak.finer(NEEDS) == NEEDS
    slope = 1e-4 * height / width * sqrt(2 / 2.718281828459045)
    assert 2.0 * 30.0 * slope <= weak.error <= 2 * 2.0 * 30.0 * slope  # a supremum by intervals, to a factor of 2


def test_the_error_of_a_run_counts_what_is_not_resolved() -> None:
    """A needle too weak for a grid of its own: its effect is in the error at every output, those between steps too."""
    needle = System("xi**2/2 + x**4/4 + 4e-8*exp(-(100000*(x - 0.123))**2)", ["x"], h=0.25, gamma=0.5)
    plain = System("xi**2/2 + x**4/4", ["x"], h=0.25, gamma=0.5)
    times = [0.021, 0.022, 0.3]
    options: dict[str, Any] = {"kind": "quantum", "order": 1, "memory": 1e9, "time_limit": 60.0, "progress": None}
    run, other = (
        stepwise(system, coherent(0.3, 0.0), tuple(times), tol=1e-4, look=None, watch_every=inf, **options)
        for system in (needle, plain)
    )
    effect = 0.3 * 4e-8 / 0.25
    assert [w.grid for w in run] == [w.grid for w in other]
    for with_it, without in zip(run.numerics.grid_error, other.numerics.grid_error, strict=True):
        assert with_it - without == pytest.approx(effect, rel=0.5)
        assert with_it - without >= 0.99 * effect
