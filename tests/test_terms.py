"""Decomposition of a system: sorted by method, and summing to what was given."""

from __future__ import annotations

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from openweyl import InputError, System
from openweyl.model.decomposition import decomposition
from openweyl.symbolic.expressions import TIME, variables

(x,), (xi,) = variables(1)
(x1, x2), (xi1, xi2) = variables(2)


def system(p: object, jumps: tuple[object, ...] = ()) -> System:
    return System(p, list(jumps), h=0.1, gamma=1.0)  # type: ignore[arg-type]


def total(s: System) -> sp.Expr:
    """T + V + scalings + ridges + what is left."""
    terms = decomposition(s)
    ridges = [
        r.function.subs({v: v + c * k for v, c, k in zip(s.x, r.slopes, s.xi, strict=True) if c}, simultaneous=True)
        for r in terms.ridges
    ]
    scalings = [c * q * k for c, q, k in zip(terms.scaling, s.x, s.xi, strict=False)]
    return sp.Add(terms.kinetic, terms.potential, *ridges, *scalings, *(c * f for c, f in terms.operator_terms))


@settings(max_examples=25)
@given(st.dictionaries(st.tuples(st.integers(0, 4), st.integers(0, 4)), st.integers(-3, 3), min_size=1, max_size=6))
def test_polynomials_are_sums_of_ridges(coefficients: dict[tuple[int, int], int]) -> None:
    p = sp.Add(*(c * x**a * xi**b for (a, b), c in coefficients.items()))
    s = system(p)
    assert not decomposition(s).operator_terms
    assert sp.expand(total(s) - p) == 0


@settings(max_examples=8)
@given(st.dictionaries(st.tuples(*[st.integers(0, 2)] * 4), st.integers(-3, 3), min_size=1, max_size=4))
def test_so_are_those_of_two_degrees_of_freedom(coefficients: dict[tuple[int, ...], int]) -> None:
    p = sp.Add(*(c * x1**a * xi1**b * x2**d * xi2**e for (a, b, d, e), c in coefficients.items()))
    s = system(p + x2**2)
    assert not decomposition(s).operator_terms
    assert sp.expand(total(s) - p - x2**2) == 0


def test_how_the_named_examples_are_taken_apart() -> None:
    kerr = decomposition(system("(x**2 + xi**2)**2/4"))
    assert [r.slopes for r in kerr.ridges] == [(-1 / sp.sqrt(3),), (1 / sp.sqrt(3),)]
    assert kerr.potential == 0  # the slope is such that x^4 is in the ridges
    saddle = decomposition(system("x*xi"))
    assert saddle.scaling == (1.0, -1.0)
    assert not saddle.ridges and saddle.potential == saddle.kinetic == 0
    mass = decomposition(system("xi**2*(2 + cos(x))/4 + x**2/2"))
    assert (mass.kinetic, mass.potential) == (xi**2 / 2, x**2 / 2)
    assert mass.operator_terms == ((1, xi**2 * sp.cos(x) / 4),)
    coupled = decomposition(system("x1*xi2 - x2*xi1 + xi1**2"))
    assert {r.slopes for r in coupled.ridges} == {(0, None), (None, 0)}
    high = decomposition(system("x**5*xi**4"))  # a degree above the largest
    assert not high.ridges and high.operator_terms == ((1, x**5 * xi**4),)


def test_time_may_enter_everywhere_in_p() -> None:
    s = system("xi**2/2 + x*cos(2*t) + x**2*xi**2*sin(t) + cos(x)*xi**2*exp(-t)")
    assert decomposition(s).potential.has(TIME)
    assert all(r.function.has(TIME) for r in decomposition(s).ridges)
    assert decomposition(s).operator_terms == ((sp.exp(-TIME), sp.cos(x) * xi**2),)
    assert sp.expand(total(s) - s.hamiltonian) == 0


@pytest.mark.parametrize(
    ("jump", "friction", "kinds"),
    [
        ("x + I*xi", (-1.0, -1.0), "position_jumps momentum_jumps"),
        ("x - I*xi", (1.0, 1.0), "position_jumps momentum_jumps"),
        ("2*xi - I*x/2", (-1.0, -1.0), "position_jumps momentum_jumps"),  # -i times (x + ...): the same as above
        ("(1 + I)*(x + xi)", (0.0, 0.0), "linear_jumps"),
        ("x + xi + I*(x - xi)", (2.0, 2.0), "linear_jumps"),
        ("tanh(x) + I*x", (0.0, 0.0), "position_jumps position_forces"),
        ("xi + I*xi**2", (0.0, 0.0), "momentum_jumps momentum_forces"),
        ("x**2 + I*xi", (0.0, 0.0), "operator_jumps"),
        ("x + 1 + I*(xi - 2)", (-1.0, -1.0), "position_jumps momentum_jumps"),  # constants are forces
        ("x + I/2", (0.0, 0.0), "position_jumps"),
        ("x**2 + I*(xi + 1)", (0.0, 0.0), "operator_jumps"),
        ("sqrt(1 + x**2 + xi**2)", (0.0, 0.0), "operator_jumps"),
    ],
)
def test_complex_jumps(jump: str, friction: tuple[float, float], kinds: str) -> None:
    terms = decomposition(system("xi**2/2", (jump,)))
    assert terms.friction == friction
    names = ("position_jumps", "momentum_jumps", "linear_jumps", "position_forces", "momentum_forces", "operator_jumps")
    assert {name for name in names if getattr(terms, name)} == set(kinds.split())


def test_friction_between_degrees_of_freedom() -> None:
    assert decomposition(system("xi1**2 + x2", ("x1 + I*xi1",))).friction == (-1.0, 0.0, -1.0, 0.0)
    apart = decomposition(system("xi1**2 + x2", ("x1 + I*xi2",)))
    assert apart.operator_jumps == ((x1, xi2),)  # not a scaling: [x1, xi2] = 0


def test_two_degrees_of_freedom_need_products() -> None:
    from openweyl import coherent, evolve

    s = system("xi1**2 + x2 + sqrt(1 + x1**2 + xi1**2)")
    with pytest.raises(InputError, match="only n = 1 has a method for such terms"):
        evolve(s, coherent([0, 0], [0, 0]), [0.1], tol=1e-2)
