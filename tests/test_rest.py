"""Star products from the left, the operators made of them, and their exponential."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import sympy as sp

from common import slow_but
from openweyl import PhaseGrid, ResourceError, Symbol, System, coherent, dequantize, quantize
from openweyl.evolution.schemes import STRANG, best_scheme
from openweyl.evolution.stepper import Stepper
from openweyl.generators.generator import fokker_planck, hierarchy, lindblad
from openweyl.generators.operator_terms import exponential_action
from openweyl.phase_space.left_multiplication import left_multiplication
from openweyl.symbolic.expressions import variables

(x,), (xi,) = variables(1)
H = 0.25
GRID = PhaseGrid.box(h=H, x=(-6, 6), xi=(-6, 6), size=(96, 96))
W = coherent(0.5, -0.4).symbol(GRID).values


def multiplied(f: sp.Expr) -> np.ndarray:
    return left_multiplication(f, (x,), (xi,), GRID)(W)


def test_x_and_xi_from_the_left() -> None:
    """x * w = (x + (i h/2) d_xi) w and xi * w = (xi - (i h/2) d_x) w, for a Gaussian by hand."""
    q, p = GRID.mesh("x", "xi")
    assert np.abs(multiplied(x) - (q[0] - 1j * (p[0] + 0.4)) * W).max() < 1e-11
    assert np.abs(multiplied(xi) - (p[0] + 1j * (q[0] - 0.5)) * W).max() < 1e-11


@pytest.mark.parametrize(
    ("product", "factors"),
    [
        (x * xi + sp.I * H / 2, (x, xi)),
        (x**2 * xi**2 + 2 * sp.I * H * x * xi - H**2 / 2, (x**2, xi**2)),
        (sp.cos(x) * xi - sp.I * H / 2 * sp.sin(x), (sp.cos(x), xi)),
        (sp.tanh(xi) * x - sp.I * H / 2 * (1 - sp.tanh(xi) ** 2), (sp.tanh(xi), x)),
    ],
)
def test_products_of_symbols_are_products_of_operators(product: sp.Expr, factors: tuple[sp.Expr, sp.Expr]) -> None:
    a, b = factors
    twice = left_multiplication(a, (x,), (xi,), GRID)(multiplied(b))
    assert np.abs(multiplied(product) - twice).max() < 1e-9


@pytest.mark.parametrize("scale", slow_but((1.0,), (1.0, 0.25)))
def test_low_rank_is_exact(scale: float) -> None:
    """e^{-c (x^2 + xi^2)} is a thermal operator: its product with a Gaussian is known, and so is it as a kernel."""
    c = sp.Rational(1, 3) if scale == 1.0 else sp.Rational(2)
    f = sp.exp(-c * (x**2 + xi**2))
    q, p = GRID.mesh("x", "xi")
    values = np.exp(-float(c) * (q[0] ** 2 + p[0] ** 2))
    first, second = quantize(Symbol(values, GRID)), quantize(Symbol(W, GRID))
    expected = first.matrix @ second.matrix
    half = dequantize(type(first)((expected + expected.conj().T) / 2, first.windows, first.momenta, H), GRID)
    assert np.abs(multiplied(f).real - half.values).max() < 1e-8
    radial = multiplied(sp.sqrt(1 + x**2 + xi**2))
    assert (radial.real.sum() * GRID.cell) == pytest.approx(
        (np.sqrt(1 + q[0] ** 2 + p[0] ** 2) * W).sum() * GRID.cell, rel=1e-9
    )  # int f * w = int f w
    assert abs(radial.imag.sum()) * GRID.cell < 1e-9


SYSTEMS = {
    "position-dependent mass": System("xi**2*(2 + cos(x))/4 + x**2/2", ["x"], h=H, gamma=0.4),
    "radial jump": System("xi**2/2 + x**2/2", ["sqrt(1 + x**2 + xi**2)"], h=H, gamma=0.4),
    "nonlinear friction": System("xi**2/2 + x**2/2", ["x + I*xi/(1 + xi**2)"], h=H, gamma=0.4),
    "Kerr": System("(x**2 + xi**2)**2/8", ["(x + I*xi)/sqrt(2)"], h=H, gamma=0.4),
    "scaled": System("x*xi/2 + cos(x)", ["x + xi"], h=H, gamma=0.4),
    "driven": System("xi**2/2 + x**2*xi**2*cos(3*t)/8 - cos(x - 2*t)", ["x"], h=H, gamma=0.4),
    "driven rest": System("xi**2/2 + cos(3*t)*cos(x)*xi**2/4 + x**2/2", ["xi"], h=H, gamma=0.4),
    "driven kinetic": System("xi**2*(1 + cos(3*t)/2) + xi**4/8 + x**2/2", ["x"], h=H, gamma=0.4),
}


QUICK = set(SYSTEMS) - {"radial jump", "nonlinear friction"}
"""Symbols of high rank take longer."""


@pytest.mark.parametrize("name", slow_but(QUICK, SYSTEMS))
@pytest.mark.parametrize("build", [lindblad, fokker_planck], ids=["quantum", "classical"])
def test_order_two_and_mass(name: str, build: object) -> None:
    generator = build(SYSTEMS[name], GRID)
    assert best_scheme(generator) is STRANG
    runs = [Stepper(generator, STRANG, 0.4 / n).run(W.copy(), n, 0.3) for n in (8, 16, 32)]
    coarse, fine = (np.linalg.norm(a - b) for a, b in pairwise(runs))
    assert np.log2(coarse / fine) == pytest.approx(2, abs=0.15)
    assert runs[-1].sum() == pytest.approx(W.sum(), rel=1e-10)


def test_a_drive_keeps_order_four() -> None:
    grid = PhaseGrid.box(h=H, x=(-4.5, 4.5), xi=(-5, 5), size=(72, 80))
    system = System("xi**2/2 + (x**2 - 1)**2/8*(1 + sin(5*t)/2) + x*cos(4*t)", ["x", "xi"], h=H, gamma=0.4)
    generator, start = lindblad(system, grid), coherent(0.7, -0.3).symbol(grid).values
    scheme = best_scheme(generator)
    assert scheme.order == 4
    runs = [Stepper(generator, scheme, 0.5 / n, growth=2.0).run(start.copy(), n, 0.2) for n in (8, 16, 32)]
    coarse, fine = (np.linalg.norm(a - b) for a, b in pairwise(runs))
    assert np.log2(coarse / fine) == pytest.approx(4, abs=0.2)


@pytest.mark.parametrize("name", slow_but(("Kerr", "driven"), ("radial jump", "nonlinear friction", "Kerr", "driven")))
def test_the_hierarchy_sums_to_the_quantum_evolution(name: str) -> None:
    system, order = SYSTEMS[name], 8
    stack = np.zeros((order, *GRID.shape))
    stack[0] = W
    series = Stepper(hierarchy(system, GRID), STRANG, 0.02, order=order).run(stack, 5)
    quantum, classical = (
        Stepper(build(system, GRID), STRANG, 0.02).run(W.copy(), 5) for build in (lindblad, fokker_planck)
    )
    assert np.abs(series[0] - classical).max() < 1e-11
    distance = [np.abs(series[:m].sum(axis=0) - quantum).max() for m in (1, 2, order)]
    assert distance[1] < 0.3 * distance[0]
    assert distance[2] < 1e-4 * distance[0]


@pytest.mark.parametrize("name", slow_but(QUICK, SYSTEMS))
def test_the_residual_is_the_difference_of_the_generators(name: str) -> None:
    """(L - Q) w by difference quotients of one short step each."""
    system, tau = SYSTEMS[name], 1e-5
    quantum, classical = (
        Stepper(build(system, GRID), STRANG, tau).run(W.copy(), 1, 0.7) for build in (lindblad, fokker_planck)
    )
    expected = (quantum - classical) / tau
    found = hierarchy(system, GRID).residual(Symbol(W, GRID), 0.7).values
    assert np.abs(found - expected).max() < 1e-3 * max(np.abs(expected).max(), 1e-3)


def test_the_exponential_of_an_operator() -> None:
    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(12, 12)) * 3 - 10 * np.eye(12)
    start = rng.normal(size=12)
    values, vectors = np.linalg.eig(matrix)
    expected = (vectors @ (np.exp(2 * values) * np.linalg.solve(vectors, start.astype(complex)))).real
    found, parts = exponential_action(lambda w, t: matrix @ w, start, 0.0, 2.0)
    assert parts > 1
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-13)
    with pytest.raises(ResourceError, match="more than"):
        exponential_action(lambda w, t: 1e9 * w, start, 0.0, 1.0)
