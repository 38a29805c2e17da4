"""What every evolution keeps: trace, positivity with and without a witness, contraction, and the symmetries of p."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common import STEPPED, slow_but
from openweyl import (
    Observable,
    PhaseGrid,
    Solution,
    State,
    Symbol,
    System,
    cat,
    coherent,
    compare,
    evolve,
    gaussian,
    quantize,
)
from openweyl.evolution.schemes import CHIN, best_scheme
from openweyl.evolution.stepper import Stepper
from openweyl.generators.generator import fokker_planck, lindblad
from openweyl.norms.dense import dense_trace_norm
from openweyl.phase_space.resampling import interpolation

H = 1 / 4
GRID = PhaseGrid.box(h=H, x=(-5, 5), xi=(-5, 5), size=(80, 80))
small = st.floats(-0.6, 0.6)
places = st.tuples(small, small)
POTENTIALS = ("x**4/4 - x**2/2", "x**3/6 + x**2", "-cos(x)", "x**2/2" + STEPPED, "x*xi/3 + x**4/4")
JUMPS = (["x", "xi"], ["x"], ["tanh(x)", "x - xi"], ["(x + I*xi)/sqrt(2)"])
systems = st.builds(
    lambda v, jumps, gamma: System(f"xi**2/2 + {v}", jumps, h=H, gamma=gamma),
    st.sampled_from(POTENTIALS),
    st.sampled_from(JUMPS),
    st.sampled_from([0.0, 0.5, 2.0]),
)


def stepped(system: System, w: Symbol, build: object = lindblad) -> np.ndarray:
    generator = build(system, w.grid)
    return Stepper(generator, best_scheme(generator), 0.02, growth=2.0).run(w.values.copy(), 10)


def mirrored(w: np.ndarray) -> np.ndarray:
    """w(-x, -xi) on a grid that starts at minus its end: the first point of an axis is its own image."""
    return np.roll(w[::-1, ::-1], 1, axis=(0, 1))


@settings(max_examples=6)
@given(systems, places, places)
def test_trace_and_positivity_and_contraction(system: System, a: tuple[float, float], b: tuple[float, float]) -> None:
    """Both keep the integral. Quantum states stay states, and none is told from another better than at the start."""
    tol = 1e-6
    starts = [coherent(*a), cat([b, (b[0] - 0.5, b[1])], [1.0, 1j])]
    for kind in ("quantum", "classical"):
        runs = [evolve(system, start, [0.0, 0.2], kind=kind, tol=tol) for start in starts]
        for run in runs:
            assert run[1].trace() == pytest.approx(1, rel=0, abs=1e-8)
        if kind == "quantum":
            assert all(lowest(run[1]) > -tol for run in runs)
            before, after = (trace_distance(*runs, index) for index in (0, 1))
            assert after <= before + 2 * tol


def trace_distance(a: Solution, b: Solution, index: int) -> float:
    return dense_trace_norm(a[index] - b[index])


@settings(max_examples=6)
@given(places, st.sampled_from(["x**4/4 - x**2/2", "-cos(x)", "x*xi/3 + x**4/4"]), st.booleans())
def test_even_systems_commute_with_parity(z: tuple[float, float], potential: str, quantum: bool) -> None:
    """p(-z) = p(z) and l(-z) = -l(z)."""
    system = System(f"xi**2/2 + {potential}", ["x", "x/2 + I*xi"], h=H, gamma=0.5)
    build = lindblad if quantum else fokker_planck
    here, there = (stepped(system, coherent(*start).symbol(GRID), build) for start in (z, (-z[0], -z[1])))
    assert np.abs(there - mirrored(here)).max() < 1e-10
    assert np.abs(there - here).max() > 1e-3 or np.hypot(*z) < 1e-2


@pytest.mark.slow
def test_complete_positivity() -> None:
    """An evolution of the first degree of freedom alone, of a state that is entangled with the second."""
    r = 0.4
    c, s = np.cosh(2 * r) / 2, np.sinh(2 * r) / 2
    covariance = [[c, s, 0, 0], [s, c, 0, 0], [0, 0, c, -s], [0, 0, -s, c]]
    grid = PhaseGrid.box(h=1.0, x=[(-5, 5)] * 2, xi=[(-5, 5)] * 2, size=(18, 18))
    start = gaussian([0.2, 0.0], [0.0, 0.1], covariance).symbol(grid)
    system = System("xi1**2/2 + cos(x1) + x2/9", ["x1", "xi1/2"], h=1.0, gamma=0.3)
    end = start.like(Stepper(lindblad(system, grid), CHIN, 0.1).run(start.values.copy(), 5))
    assert lowest(end) > -1e-3  # what the small box costs the start, too
    transposed = start.like(np.roll(start.values[:, :, ::-1], 1, axis=2))
    assert lowest(transposed) < -0.1  # xi1 -> -xi1 is positive, but not completely so


def lowest(w: Symbol) -> float:
    """The lowest eigenvalue of Op(w)."""
    entries = quantize(w).entries
    return float(np.linalg.eigvalsh(entries.reshape(int(np.prod(entries.shape[: w.n])), -1))[0])


@cache
def turned(hamiltonian: str, jumps: tuple[str, ...], z: tuple[float, float]) -> Solution:
    return evolve(System(hamiltonian, list(jumps), h=H, gamma=0.5), coherent(*z), [0.4], tol=1e-7)


@settings(max_examples=5)
@given(st.lists(places, min_size=8, max_size=8))
@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (("(x**2 + xi**2)**2/4", ("x", "xi")), ("(x**2 + xi**2)**2/4", ("xi", "-x"))),
        (
            ("(x**2 + xi**2)/2" + STEPPED, ("(x + I*xi)/sqrt(2)",)),
            ("(x**2 + xi**2)/2" + STEPPED, ("(x + I*xi)/sqrt(2)",)),
        ),
        (("xi**2 + (x**2 - 1/2)**2", ("x", "x - xi")), ("x**2 + (xi**2 - 1/2)**2", ("xi", "xi + x"))),
    ],
    ids=["Kerr", "damped", "double well"],
)
def test_a_quarter_turn(
    ours: tuple[str, tuple[str, ...]], theirs: tuple[str, tuple[str, ...]], points: list[tuple[float, float]]
) -> None:
    """f(x, xi) becomes f(xi, -x): positions and momenta are treated alike, though by other parts of a step."""
    z = (0.6, -0.2)
    here, there = turned(*ours, z), turned(*theirs, (-z[1], z[0]))
    x, xi = np.array(points).T
    assert value_at(here, x, xi) == pytest.approx(value_at(there, -xi, x), rel=0, abs=1e-5)


def value_at(solution: Solution, x: np.ndarray, xi: np.ndarray) -> np.ndarray:
    """The symbol at the points (x, xi)."""
    w = solution[0]
    return np.einsum("pi,ij,pj->p", interpolation(w.grid.x[0], x), w.values, interpolation(w.grid.xi[0], xi))


@pytest.mark.parametrize("scale", slow_but((0.5,), (0.5, 2.0)))
def test_units_of_phase_space(scale: float) -> None:
    """z -> c z with h -> c^2 h, p -> c^2 p(z/c), l -> c l(z/c) changes no number without a unit."""
    well = System("xi**2 + (x**2 - 1/2)**2", ["x", "tanh(xi)"], h=H, gamma=0.5)
    c2 = scale**2
    scaled = System(f"xi**2 + (x**2 - {c2}/2)**2/{c2}", ["x", f"{scale}*tanh(xi/{scale})"], h=H * c2, gamma=0.5)
    tol = 1e-6
    a = compare(well, coherent(0.6, 0.2), [0.4], tol=tol)
    b = compare(scaled, coherent(0.6 * scale, 0.2 * scale), [0.4], tol=tol)
    assert a.trace_norm[0] > 1e-2
    assert a.trace_norm[0] == pytest.approx(b.trace_norm[0], rel=0, abs=4 * tol)
    assert a.purity[0] == pytest.approx(b.purity[0], rel=0, abs=4 * tol)
    assert scale * a.mean[0] == pytest.approx(b.mean[0], rel=0, abs=1e-5)


@cache
def fringes() -> Solution:
    state: State = cat([(1.0, 0.2), (-1.0, -0.2)])
    return evolve(System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=1 / 8, gamma=0.1), state, [0.05], tol=1e-8)


@settings(max_examples=20)
@given(st.integers(-15, 15), st.integers(-15, 15))
def test_husimi_functions_are_probabilities(x: int, xi: int) -> None:
    """<z|A|z> lies in [0, 1], though the symbol itself is negative between the fringes."""
    w = fringes()[0]
    assert w.values.min() < -0.5
    value, error = Observable.parse(f"husimi({x}/10, {xi}/10)", 1).value(w)
    assert -error - 1e-8 <= value <= 1 + error + 1e-8
