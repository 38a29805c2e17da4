"""The same code on JAX arrays: equal to NumPy, under jit, and with gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from common import refused
from openweyl import PhaseGrid, Symbol, System, coherent
from openweyl.evolution.schemes import best_scheme
from openweyl.evolution.stepper import Stepper
from openweyl.generators.generator import fokker_planck, hierarchy, lindblad

H = 0.2
GRID = PhaseGrid.box(h=H, x=(-3.5, 3.5), xi=(-3.5, 3.5), size=(48, 54))
SYSTEMS = {
    "double well": System("xi**2 + (x**2 - 1/2)**2", ["x", "xi"], h=H, gamma=0.6),
    "mixed jump": System("xi**2/2 - cos(x)", ["x - xi/2", "tanh(x)"], h=H, gamma=0.6),
    "relativistic": System("sqrt(1 + xi**2) + x**2/2", ["x", "erf(xi)"], h=H, gamma=0.6),
}
STATE = coherent(0.6, -0.2)


@pytest.fixture
def jax() -> Iterator[Any]:
    """JAX in double precision, loaded by the process that has these tests alone."""
    loaded = pytest.importorskip("jax")
    before = loaded.config.jax_enable_x64
    loaded.config.update("jax_enable_x64", True)
    yield loaded
    loaded.config.update("jax_enable_x64", before)


def run(build: Any, system: System, xp: Any, steps: int = 5, **kwargs: Any) -> Any:
    generator = build(system, GRID, xp=xp, **kwargs)
    return Stepper(generator, best_scheme(generator), 0.02, growth=2.0).run(STATE.symbol(GRID, xp).values.copy(), steps)


@pytest.mark.parametrize(
    ("name", "build", "jit"),
    [
        ("double well", lindblad, True),
        pytest.param("double well", fokker_planck, True, marks=pytest.mark.slow),
        pytest.param("mixed jump", lindblad, False, marks=pytest.mark.slow),
        pytest.param("mixed jump", lindblad, True, marks=pytest.mark.slow),
        pytest.param("relativistic", lindblad, True, marks=pytest.mark.slow),
        ("relativistic", fokker_planck, True),
    ],
)
def test_equal_to_numpy(jax: Any, name: str, build: Any, jit: bool) -> None:
    system = SYSTEMS[name]
    expected = run(build, system, np)

    def evolve() -> Any:
        return run(build, system, jax.numpy)

    found = (jax.jit(evolve) if jit else evolve)()
    assert isinstance(found, jax.Array)
    assert found.dtype == np.float64
    assert np.abs(np.asarray(found) - expected).max() < 1e-12


@pytest.mark.slow
def test_the_hierarchy_equals_numpy(jax: Any) -> None:
    system = SYSTEMS["mixed jump"]

    def series(xp: Any) -> Any:
        generator = hierarchy(system, GRID, xp=xp)
        first = STATE.symbol(GRID, xp).values
        start = xp.stack([first, xp.zeros_like(first), xp.zeros_like(first)])
        return Stepper(generator, best_scheme(generator), 0.02, order=3, growth=2.0).run(start, 4)

    assert np.abs(np.asarray(series(jax.numpy)) - series(np)).max() < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("name", ["double well", "mixed jump"])
def test_the_gradient_by_gamma(jax: Any, name: str) -> None:
    system = SYSTEMS[name]

    def distance(gamma: Any, xp: Any = jax.numpy) -> Any:
        w, a = (Symbol(run(build, system, xp, gamma=gamma), GRID) for build in (lindblad, fokker_planck))
        return (w - a).hilbert_schmidt()

    gamma, step = 0.6, 1e-4
    value, slope = jax.jit(jax.value_and_grad(distance))(gamma)
    quotient = (distance(gamma + step, np) - distance(gamma - step, np)) / (2 * step)
    assert float(value) == pytest.approx(float(distance(gamma, np)), rel=1e-11)
    assert abs(float(slope)) > 1e-5
    assert float(slope) == pytest.approx(float(quotient), rel=1e-6)


@pytest.mark.slow
def test_symbols_of_jax_arrays_on_two_grids(jax: Any) -> None:
    other = PhaseGrid.box(h=H, x=(-3, 4), xi=(-3.5, 3.5), size=(48, 54))
    a, b = STATE.symbol(GRID, jax.numpy), coherent(0.5, 0.3).symbol(other, jax.numpy)
    numbers = [STATE.symbol(GRID), coherent(0.5, 0.3).symbol(other)]
    assert isinstance((a - b).values, jax.Array)
    assert float((a - b).hilbert_schmidt()) == pytest.approx((numbers[0] - numbers[1]).hilbert_schmidt(), rel=1e-12)
    assert float((a * b).trace()) == pytest.approx(float(a.inner(b)), rel=1e-7)
    assert ((1j * a) - b).trace() == pytest.approx(1j - 1, abs=1e-6)
    assert (a / a.trace()).trace() == pytest.approx(1)
    assert a.trace_norm(1e-2, 1e-2) == pytest.approx(STATE.symbol(GRID).trace_norm(1e-2, 1e-2), rel=1e-12)
    normed = jax.jit(lambda values: (Symbol(values, GRID) / Symbol(values, GRID).trace()).trace())
    assert float(normed(2 * a.values)) == pytest.approx(1)
    refused(
        lambda: jax.jit(lambda values: (Symbol(values, GRID) - b).trace())(a.values),
        "Argument `symbol` must have known values, to meet one on another grid, but is traced. Bring both on one grid",
    )
