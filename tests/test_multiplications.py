"""Rates and factors as they are kept: sums of small arrays, expansions in the chord, shared and repeated factors."""

from __future__ import annotations

import numpy as np
import pytest

from openweyl import PhaseGrid, System, coherent
from openweyl._core import fft
from openweyl.evolution import factors
from openweyl.evolution.factors import SharedWork
from openweyl.evolution.schemes import CHIN, STRANG
from openweyl.evolution.stepper import Stepper
from openweyl.generators.chord_differences import Series, Sum, classical, difference, quantum
from openweyl.generators.generator import Generator, fokker_planck, hierarchy, lindblad
from openweyl.symbolic.expressions import TIME, evaluate, variables
from openweyl.symbolic.parsing import parse

H = 0.3
PLANE = PhaseGrid.box(h=H, x=(-3, 3), xi=(-3, 3), size=(30, 36))
SPACE = PhaseGrid.box(h=H, x=[(-3, 3)] * 2, xi=[(-3, 3)] * 2, size=(10, 12))
COUPLED = "xi1**2/2 + xi2**2/2 + x1**2/2 + x2**2/2 + x1**2*x2 - x2**3/3"


def values_at_ends(f: object, at: dict[object, np.ndarray], chord: dict[object, np.ndarray]) -> list[np.ndarray]:
    return [evaluate(f, {v: z + sign * chord.get(v, 0) / 2 for v, z in at.items()}, np) for sign in (1, -1)]


@pytest.mark.parametrize(
    ("text", "expanded"),
    [("x1**4*x2**3 - 2*x1 + t*x2**2", True), ("(x1 + x2)**8", False), ("cos(x1)*x2", False), ("3", True)],
)
def test_differences_across_chords(text: str, expanded: bool) -> None:
    """A polynomial of few terms is expanded in the chord, and is what the values at its ends say."""
    rng, (x, _) = np.random.default_rng(4), variables(2)
    f = parse(text, {**{str(v): v for v in x}, "t": TIME}, "f")
    at = {v: rng.uniform(-1, 1, 20) for v in x} | {TIME: 0.7}
    chord = {v: rng.uniform(-2, 2, 20) for v in x}
    (found,) = quantum((f,), chord, np)(at)
    assert isinstance(found, Series if expanded else Sum)
    plus, minus = values_at_ends(f, at, chord)
    assert difference(found) == pytest.approx(plus - minus, rel=1e-12, abs=1e-12)
    assert found.mean() == pytest.approx((plus + minus) / 2, rel=1e-12, abs=1e-12)
    (first,) = classical((f,), {v: 1e-4 * c for v, c in chord.items()}, np)(at)
    plus, minus = values_at_ends(f, at, {v: 1e-4 * c for v, c in chord.items()})
    assert difference(first) == pytest.approx(plus - minus, rel=1e-5, abs=1e-9)
    assert first.mean() == pytest.approx((plus + minus) / 2, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("build", [lindblad, fokker_planck])
def test_rates_vary_along_few_axes(build: object) -> None:
    """Coupled cubic potentials need no array of four axes, separable ones none of three."""

    def axes(p: str, name: str) -> int:
        rates = getattr(build(System(p, ["x1", "xi2"], h=H, gamma=0.3), SPACE), name)
        return max(sum(n > 1 for n in a.shape) for part in rates.constant for a in part if a is not None)

    assert [axes(COUPLED, name) for name in ("kick", "drift")] == [3, 2]
    separable = "xi1**2/2 + xi2**2/2 + cos(x1) + x2**4"
    assert [axes(separable, name) for name in ("kick", "drift", "commutator")] == [2, 2, 2]


def start_on(grid: PhaseGrid) -> np.ndarray:
    return coherent([0.3] * grid.n, [0.1] * grid.n).symbol(grid).values.copy()


def both_runs(generator: Generator, shared: SharedWork | None, order: int = 1) -> list[np.ndarray]:
    """Four steps dt and two of 2 dt, which share what `shared` holds, or nothing."""
    scheme = STRANG if generator.commutator is None else CHIN
    runs = []
    for dt, steps in ((0.02, 4), (0.04, 2)):
        w = start_on(generator.grid)
        w = w if order == 1 else np.stack([w, *[np.zeros_like(w)] * (order - 1)])
        own = shared or SharedWork()
        runs.append(Stepper(generator, scheme, dt, order=order, growth=1.0, shared=own).run(w, steps, 0.3))
    return runs


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize(
    ("grid", "p", "build"),
    [
        (PLANE, "xi**2/2 + x**4/8 + x*cos(3*t)", lindblad),
        (PLANE, "xi**2/2 + x**4/8", hierarchy),
        (PLANE, "sqrt(1 + xi**2) + sin(x)", fokker_planck),
        (SPACE, COUPLED, lindblad),
    ],
)
def test_runs_share_factors_harmlessly(
    grid: PhaseGrid, p: str, build: object, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As without; squares of large factors are no arrays of their own, and multiply row by row."""
    generator = build(System(p, ["x", "xi"] if grid.n == 1 else ["x1", "xi1"], h=H, gamma=0.3), grid)
    order = 3 if build is hierarchy else 1
    alone = both_runs(generator, None, order)
    if large:
        monkeypatch.setattr(factors, "LARGE_BYTES", 0)
        monkeypatch.setattr(fft, "CACHED_POINTS", 0)
    shared = SharedWork()
    for one, other in zip(alone, both_runs(generator, shared, order), strict=True):
        assert np.abs(one - other).max() < 1e-13 * np.abs(one).max()
    assert (len(shared.at_times) > 0) == ("t)" in p)


def test_steps_in_moving_coordinates_are_cut_to_measure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rates at past times are kept while there is room."""
    frame = lambda t: (np.array([0.1 * t, 0.2]), np.array([0.1, 0.0]))  # noqa: E731
    system = System("xi**2/2 + x**4/8", ["x"], h=H, gamma=0.3)
    expected = both_runs(lindblad(system, PLANE, frame=frame), None)
    monkeypatch.setattr("openweyl.generators.rates.KEPT_BYTES", 0)
    monkeypatch.setattr(factors, "KEPT_BYTES", 0)
    shared, generator = SharedWork(), lindblad(system, PLANE, frame=frame)
    for one, other in zip(expected, both_runs(generator, shared), strict=True):
        assert np.array_equal(one, other)
    assert not shared.at_times and not generator.kick._known
