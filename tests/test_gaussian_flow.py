"""Closed forms: quadratic p, linear jumps, Gaussian packets. `gaussian_map.py`, `gaussian_flow.py`, `closed_form.py`.

The truth is `gaussian.py` (ordinary equations), known formulas, arithmetic of many digits, and the steps.
"""

from __future__ import annotations

import tracemalloc
from cmath import exp as cexp
from math import cosh, erf, exp, pi, sinh, sqrt

import mpmath
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from common import STEPPED, refused, slow_but
from gaussian import Gaussian
from openweyl import (
    PhaseGrid,
    ResourceError,
    State,
    System,
    cat,
    certify,
    coherent,
    compare,
    evolve,
    gaussian,
    mixture,
    squeezed,
)
from openweyl.evolution.closed_form import BYTES_PER_SYMBOL_POINT, fitted_grid
from openweyl.gaussian_packets.flow import QuadraticFlow, quadratic_flow
from openweyl.gaussian_packets.maps import constant_maps
from openweyl.gaussian_packets.time_cells import resolved_cells
from openweyl.generators.generator import fokker_planck, hierarchy, lindblad
from openweyl.model.packets import Packet
from openweyl.model.states import PacketState
from openweyl.norms.dense import dense_trace_norm
from systems import LOSS, ROTATION

LOSS_2 = ("(x1 + I*xi1)/sqrt(2)", "(x2 + I*xi2)/sqrt(2)")
SYSTEMS = {
    "damped": (ROTATION, (LOSS,)),
    "free": ("xi**2/2 + xi/3", ("x",)),
    "linear": ("x/2 - xi", ("x - xi",)),
    "inverted with friction": ("xi**2/2 - x**2/2 - xi/4", ("x/2 + I*xi",)),
    "tilted friction": ("xi**2 + x**2/3 + x*xi/5", ("x + xi/3 + I*(xi - x/4)", "x - I*x/2")),
    "displaced friction": (ROTATION, ("(x + I*xi)/sqrt(2) + 1/3 - I/4", "x + I/2", "xi - 3")),
    "driven": ("(x**2 + xi**2)/2 + x*cos(2*t) - xi*t/3", (LOSS, "x")),
    "driven far": ("xi**2/2 + (x - 1000*cos(t))**2/2", (LOSS,)),
    "parametric": ("xi**2/2 + (2 + sin(3*t))*x**2/4", ("x", "xi")),
    "turning saddle": ("x*xi*cos(4*t)/2 + (xi**2 - x**2)*sin(4*t)/4", ("x", LOSS)),
}
SYSTEMS_2 = {
    "coupled": ("xi1**2/2 + xi2**2 + x1**2/2 + x1*x2/3 - x2*xi1", ("x1", "x1 - xi2/2", "x2/2 + I*xi1 + 2*I")),
    "parametric amplifier": ("cos(t)*(x1*xi2 + x2*xi1)/2 + (x1**2 + xi1**2)/2 + x2*sin(t)", LOSS_2),
}


def flow_of(system: System) -> QuadraticFlow:
    flow = quadratic_flow(system)
    assert flow is not None
    return flow


def only(state: State) -> Packet:
    ((_, (packet,)),) = state.members  # type: ignore[attr-defined]
    return packet


def carried(system: System, state: State, t: float) -> PacketState:
    assert isinstance(state, PacketState)
    return flow_of(system).carry(state, [t])[0][0]


@pytest.mark.parametrize("name", SYSTEMS)
def test_means_and_covariances(name: str) -> None:
    hamiltonian, jumps = SYSTEMS[name]
    h, gamma, t = 0.1, 0.7, 1.7
    start = squeezed(0.6, -0.3, r=0.4, angle=0.5)
    mean, covariance = Gaussian(hamiltonian, jumps, h, gamma).moments(
        np.array([0.6, -0.3]), h * np.array(only(start).covariance), t
    )
    packet = only(carried(System(hamiltonian, list(jumps), h=h, gamma=gamma), start, t))
    assert packet.center == pytest.approx(mean, rel=1e-10, abs=1e-10)
    assert h * np.array(packet.covariance) == pytest.approx(covariance, rel=0, abs=1e-10)


@pytest.mark.parametrize("name", SYSTEMS_2)
def test_means_and_covariances_of_two(name: str) -> None:
    hamiltonian, jumps = SYSTEMS_2[name]
    h, gamma, t = 0.5, 0.4, 1.3
    start = squeezed([0.6, 0.2], [-0.3, 0.1], r=[0.4, -0.2], angle=[0.5, 0.3])
    mean, covariance = Gaussian(hamiltonian, jumps, h, gamma, n=2).moments(
        np.array([0.6, 0.2, -0.3, 0.1]), h * np.array(only(start).covariance), t
    )
    packet = only(carried(System(hamiltonian, list(jumps), h=h, gamma=gamma), start, t))
    assert packet.center == pytest.approx(mean, rel=0, abs=1e-10)
    assert h * np.array(packet.covariance) == pytest.approx(covariance, rel=0, abs=1e-10)


@pytest.mark.parametrize("name", slow_but(("damped",), SYSTEMS))
def test_fringes_against_the_steps(name: str) -> None:
    """A cat: what the steps make of it, in trace norm, within the errors that both report."""
    hamiltonian, jumps = SYSTEMS[name]
    system, steps = (System(p, list(jumps), h=0.2, gamma=0.3) for p in (hamiltonian, hamiltonian + STEPPED))
    state, times = cat([(0.8, 0.1), (-0.7, 0.3)], [1.0, 1j]), [0.3, 0.8]
    if name == "driven far":
        times = [0.001, 0.002]
    closed, stepped = (evolve(one, state, times, tol=1e-7) for one in (system, steps))
    assert closed.numerics.scheme == "closed form"
    assert stepped.numerics.steps > 0
    for index in (0, 1):
        assert (
            dense_trace_norm(closed[index] - stepped[index])
            <= closed.numerics.error[index] + stepped.numerics.error[index]
        )


def test_decoherence_of_a_damped_cat() -> None:
    """Amplitudes alpha = z/sqrt(2h) shrink as e^{-gamma t/2}; what leaks tells the two apart: the coherence is
    multiplied by <-beta|beta> = e^{-2 |beta|^2} of the lost |beta|^2 = |alpha|^2 (1 - e^{-gamma t}).
    """
    h, gamma, a = 0.05, 0.4, 0.9
    start = cat([(a, 0.2), (-a, -0.2)])
    alpha2 = (a**2 + 0.2**2) / (2 * h)
    for t in (0.0, 0.1, 0.7, 3.0):
        left = carried(System(ROTATION, [LOSS], h=h, gamma=gamma), start, t)
        _, fringe, last = left.members[0][1]
        factor = abs(fringe.weight) / abs(start.members[0][1][1].weight)
        assert factor == pytest.approx(exp(-2 * alpha2 * (1 - exp(-gamma * t))), rel=1e-12)
        z = complex(-a, -0.2) * cexp(-(1j + gamma / 2) * t)
        assert last.center == pytest.approx([z.real, z.imag], abs=1e-14)
        assert np.array(fringe.covariance) == pytest.approx(np.eye(2) / 2, abs=1e-14)


def test_decay_of_fringes_without_round_off() -> None:
    """h = 1e-14, 1/h = 1e14 in the exponents: a fringe decays by 1e-3 in t = 2e-18/..., to twelve digits."""
    h, gamma = 1e-14, 1e-3
    start = cat([(0.5, 0.0), (-0.5, 0.0)])
    t = 1e-10
    fringe = carried(System("0.1*x", [LOSS], h=h, gamma=gamma), start, t).members[0][1][1]
    lost = 2 * 0.25 / (2 * h) * -np.expm1(-gamma * t)
    assert 1 < lost < 10
    assert abs(fringe.weight) == pytest.approx(2 * exp(-lost) * abs(start.members[0][1][0].weight), rel=1e-12)


def test_a_beam_splitter_entangles_a_cat() -> None:
    """e^{-i theta (a* b + b* a)}: coherent states stay so, (alpha, 0) -> (alpha cos theta, -i alpha sin theta)."""
    splitter = System("pi/4*(x1*x2 + xi1*xi2)", [], h=1.0, gamma=0.0)
    start = cat([([2.0, 0.0], [0.0, 0.0]), ([-2.0, 0.0], [0.0, 0.0])])
    found = evolve(splitter, start, [1.0], tol=1e-2)
    c = sqrt(2)
    exact = cat([([c, 0.0], [0.0, -c]), ([-c, 0.0], [0.0, c])])
    assert np.abs((found[0] - exact.symbol(found[0].grid)).values).max() < 1e-12
    assert found.numerics.steps == 0


def test_two_mode_squeezing_with_loss() -> None:
    """x1 + x2 grows at the rate g - gamma/2, x1 - x2 shrinks at g + gamma/2, with noise gamma/2 each."""
    g, gamma, t, h = 0.5, 0.2, 2.0, 1.0
    system = System("(x1*xi2 + x2*xi1)/2", list(LOSS_2), h=h, gamma=gamma)
    found = evolve(system, coherent([0, 0], [0, 0]), [t], tol=1e-2)
    variances = [exp(rate * t) / 2 + gamma / 2 * (exp(rate * t) - 1) / rate for rate in (2 * g - gamma, -2 * g - gamma)]
    plus, minus = ((variances[0] + sign * variances[1]) / 2 for sign in (1, -1))
    expected = np.array([[plus, minus, 0, 0], [minus, plus, 0, 0], [0, 0, plus, -minus], [0, 0, -minus, plus]])
    exact = gaussian([0, 0], [0, 0], expected.tolist())
    assert np.abs((found[0] - exact.symbol(found[0].grid)).values).max() < 1e-12
    assert found[0].moments().covariance == pytest.approx(expected, rel=0, abs=1e-2)


OUTGROWN = "Argument `times` must end while the state is of moderate size, but is "
PULSE = "(x**2 + xi**2)/2 + 100*x*exp(-(t - 50)**2/(2*0.01**2))/(50*sqrt(2*pi))"


def test_a_short_pulse_of_a_linear_drive() -> None:
    """z' = -(i + gamma/2) z - i f(t), z = x + i xi, f of area 0.02: the transform of a Gaussian."""
    gamma, width = 0.01, 0.01
    system = System(PULSE, [LOSS], h=1.0, gamma=gamma)
    states = flow_of(system).carry(coherent(0, 0), [49.9, 50.1, 60.0])  # type: ignore[arg-type]
    rate = 1j + gamma / 2
    for t, (state, error) in zip((49.9, 50.1, 60.0), states, strict=True):
        z = -1j * 0.02 * cexp(-rate * (t - 50) + rate**2 * width**2 / 2) * (t > 50)
        assert only(state).center == pytest.approx([z.real, z.imag], rel=0, abs=1e-12)
        assert error < 1e-11


@settings(max_examples=12)
@given(st.floats(0.05, 0.95), st.floats(-6, -1), st.booleans())
def test_no_pulse_is_missed(place: float, exponent: float, parametric: bool) -> None:
    """A kick, or a turn (p = w(t) (x^2 + xi^2)/2, the angle is int w), by 1, wherever and however short."""
    width = 10.0**exponent
    pulse = f"exp(-((t - {place!r})/{width!r})**2)/({width!r}*sqrt(pi))"
    p = f"(1 + {pulse})*(x**2 + xi**2)/2" if parametric else f"x - x*{pulse} - x"
    packet = only(carried(System(p, [], h=1.0, gamma=0.0), coherent(1.0, 0.0), 2.0))
    whole = (erf((2 - place) / width) + erf(place / width)) / 2  # what lies between t = 0 and 2
    exact = cexp(-1j * (2 + whole)) if parametric else 1 + 1j * whole
    assert packet.center == pytest.approx([exact.real, exact.imag], rel=0, abs=1e-11)


@pytest.mark.parametrize("place", [0.7123, 1.3, 1.98765])
def test_no_pulse_is_missed_inside_of_another_function(place: float) -> None:
    """f = sqrt(g^2 + pulse), g = 2 + cos(t): all values at a few times, and their differences, show g alone.

    Without friction and with p = -x f the momentum is int f.
    """
    pulse = f"exp(-((t - {place})/1e-4)**2)/10**5"
    system = System(f"-x*sqrt((2 + cos(t))**2 + {pulse})", [], h=1.0, gamma=0.0)
    state, error = flow_of(system).carry(coherent(0, 0), [3.0])[0]  # type: ignore[arg-type]
    with mpmath.workdps(25):
        edges = [0, place - 1e-3, *(place + 1e-4 * j for j in range(-6, 7)), place + 1e-3, 3]
        exact = mpmath.quad(
            lambda t: mpmath.sqrt((2 + mpmath.cos(t)) ** 2 + mpmath.exp(-(((t - place) / 1e-4) ** 2)) / 10**5), edges
        )
    missed = float(exact) - (6 + float(mpmath.sin(3)))
    assert 1e-10 < missed < 1e-9
    assert only(state).center[1] == pytest.approx(float(exact), rel=0, abs=2e-14)
    assert error < 1e-12


def test_constants_in_jumps_are_forces() -> None:
    """Two spellings of one system: l + c, and l with p - gamma Im(conj(c) l); in all rates, for any gamma, n = 1, 2."""
    cases = [
        (("x**2/2 + xi**2", [LOSS + " - 2"]), ("x**2/2 + xi**2 + sqrt(2)*xi*{gamma}", [LOSS])),
        (("xi**2", ["x + xi + 1 + I*(x - xi + 3)"]), ("xi**2 + {gamma}*(2*x + 4*xi)", ["x + xi + I*(x - xi)"])),
        (
            ("xi1**2 + cos(x1)*x2", ["x1 + I*xi1 + 1/2", "x2 - x1 + 2*I"]),
            ("xi1**2 + cos(x1)*x2 + {gamma}*(2*x2 - 2*x1 - xi1/2)", ["x1 + I*xi1", "x2 - x1"]),
        ),
    ]  # fmt: skip
    h, gamma = 0.3, 0.7
    for short, (p, jumps) in cases:
        written, spelt = System(*short, h=h, gamma=0.1), System(p.format(gamma=gamma), jumps, h=h, gamma=gamma)
        n = written.n
        grid = PhaseGrid.box(h=h, x=[(-3, 3)] * n, xi=[(-3, 3)] * n, size=(8, 8))
        for build in (lindblad, fokker_planck, hierarchy):
            ours, theirs = build(written, grid, gamma=gamma), build(spelt, grid)
            for name in ("kick", "drift", "commutator"):
                a, b = getattr(ours, name), getattr(theirs, name)
                assert (a is None) == (b is None)
                assert a is None or a.dense() == pytest.approx(b.dense(), rel=1e-12, abs=1e-12)
            assert ours.scaling == pytest.approx(theirs.scaling) if theirs.scaling else ours.scaling is None


@pytest.mark.parametrize("kind", ["quantum", "classical"])
def test_constants_in_jumps_step_by_step(kind: str) -> None:
    hamiltonian, jumps, h, gamma = "xi**2/2 + x**2/2", (LOSS + " - 1/2 + I/3", "x + I/2"), 0.1, 0.8
    run = evolve(System(hamiltonian + STEPPED, list(jumps), h=h, gamma=gamma), coherent(0.6, 0.1), [0.7], kind=kind)
    assert run.numerics.steps > 0
    mean, covariance = Gaussian(hamiltonian, jumps, h, gamma).moments(np.array([0.6, 0.1]), h / 2 * np.eye(2), 0.7)
    found = run[0].moments()
    assert found.mean == pytest.approx(mean, rel=0, abs=1e-6)
    assert found.covariance == pytest.approx(covariance, rel=0, abs=1e-6)


number = st.floats(-1.5, 1.5).map(lambda v: round(v, 3))
linear = st.tuples(number, number, number).map(lambda c: f"({c[0]}*x + {c[1]}*xi + {c[2]} + x*0.01)")
quadratics = st.tuples(number, number, number, number, number).map(
    lambda c: f"{c[0]}*x**2/2 + {c[1]}*xi**2/2 + {c[2]}*x*xi + {c[3]}*x + {c[4]}*xi + x*0.01"
)
jump_lists = st.lists(st.tuples(linear, linear).map(lambda ab: f"{ab[0]} + I*{ab[1]}"), max_size=2)
starts = st.tuples(number, number, number, number).map(lambda c: cat([(c[0], c[1]), (c[2], c[3] + 0.5)], [1.0, 0.5j]))


@settings(max_examples=12)
@given(quadratics, jump_lists, starts, st.floats(0.01, 2), st.floats(0.01, 2), st.sampled_from(["", " + x*cos(3*t)*0"]))
def test_semigroup_and_trace(p: str, jumps: list[str], state: State, t: float, s: float, drive: str) -> None:
    """U(t + s) = U(s) U(t), and each packet keeps its complex trace."""
    system = System(p + drive, jumps, h=0.5, gamma=0.6)
    flow = flow_of(system)
    at_once = flow.carry(state, [t, t + s])[1][0]  # type: ignore[arg-type]
    twice = flow.carry(flow.carry(state, [t])[0][0], [s])[0][0]  # type: ignore[arg-type]
    for a, b, c in zip(*(one.members[0][1] for one in (at_once, twice, state)), strict=True):  # type: ignore[attr-defined]
        assert b.center == pytest.approx(a.center, rel=1e-11, abs=1e-11)
        assert np.array(b.covariance) == pytest.approx(np.array(a.covariance), rel=1e-11, abs=1e-11)
        assert b.q == pytest.approx(a.q, rel=1e-11, abs=1e-11)
        assert abs(b.weight) == pytest.approx(abs(a.weight), rel=1e-10)
        assert a.trace(0.5) == pytest.approx(c.trace(0.5), rel=1e-10)


@settings(max_examples=8)
@given(quadratics, jump_lists, starts, st.floats(-6, 6), st.floats(-6, 6), st.booleans())
def test_units_do_not_matter(
    p: str, jumps: list[str], state: State, length: float, momentum: float, timed: bool
) -> None:
    """x -> a x, xi -> b xi with h -> a b h: p -> a b p(x/a, xi/b), and jumps likewise with sqrt(a b)."""
    a, b = 2.0 ** round(length), 2.0 ** (2 * round(momentum / 2) + round(length) % 2)
    x, xi = sympy.symbols("x xi", real=True)
    system = System(p + " + x**2*cos(2*t)/9" * timed, jumps, h=0.5, gamma=0.6)

    def scaled(f: sympy.Expr, factor: float) -> sympy.Expr:
        return sympy.Rational(factor) * f.subs(
            {x: x / sympy.Rational(a), xi: xi / sympy.Rational(b)}, simultaneous=True
        )

    other = System(
        scaled(system.hamiltonian, a * b),
        [sympy.expand(scaled(jump, 1) * sympy.sqrt(sympy.Rational(a * b))) for jump in system.jumps],
        h=0.5 * a * b,
        gamma=0.6,
    )
    units = np.array([a, b])
    for packet in state.members[0][1]:  # type: ignore[attr-defined]
        C = np.array(packet.covariance) * np.outer(units, units) / (a * b)
        large = Packet(
            tuple((np.array(packet.center) * units).tolist()),
            tuple(map(tuple, C.tolist())),
            packet.weight,
            packet.phase * a * b,
            tuple((packet.q / units * a * b).tolist()),
        )
        here, there = (
            flow_of(one).carry(PacketState(((1.0, (start,)),), ""), [0.9])[0]
            for one, start in ((system, packet), (other, large))
        )
        u, v = only(here[0]), only(there[0])
        assert np.array(v.center) / units == pytest.approx(np.array(u.center), rel=1e-11, abs=1e-11)
        back = np.array(v.covariance) / np.outer(units, units) * (a * b)
        assert back == pytest.approx(np.array(u.covariance), rel=1e-11, abs=1e-11)
        assert v.weight == pytest.approx(u.weight, rel=1e-10)
        assert there[1] == pytest.approx(here[1], rel=0.2)  # and the error is the same number


def test_both_evolutions_are_one_and_corrections_vanish() -> None:
    system, state = System(ROTATION, [LOSS], h=0.1, gamma=0.5), cat([(1, 0), (-1, 0)])
    quantum, classical = (evolve(system, state, [0.0, 0.5], kind=kind) for kind in ("quantum", "classical"))
    assert np.array_equal(quantum[1].values, classical[1].values)
    third = evolve(system, state, [0.5], kind="classical", order=3)
    assert third[0].batch == (3,)
    assert np.array_equal(third[0][0].values, classical[1].values)
    assert not third[0].values[1:].any()
    assert compare(system, state, [0.5]).trace_norm[0] == 0
    found = certify(system, state, [0.5], order=2, tol=1e-6)
    assert found.bound[0] < 2e-6


@pytest.mark.parametrize("tol", [1e-1, 1e-3, 1e-6, 1e-9])
@pytest.mark.parametrize(
    "state",
    [
        coherent(3.0, -1.0),
        squeezed(0.2, 0.1, r=0.9, angle=0.6),
        cat([(0.9, 0.2), (-0.8, 0.0)]),
        mixture([(1, cat([(0.9, 0.2), (-0.8, 0.0)])), (2, squeezed(2.0, 0.1, r=-0.5))]),
    ],
    ids=["coherent", "squeezed", "cat", "mixture"],
)
def test_what_lies_beyond_the_grid(state: PacketState, tol: float) -> None:
    """The band-limited symbol on the grid, 0 outside, against the exact one on a grid that holds all to 1e-14."""
    h = 0.1
    grid, reported = fitted_grid(state, h, tol)
    large = state.grid(h, level=1e-16, room=0.3)
    true = dense_trace_norm(state.symbol(large) - state.symbol(grid).resampled(large))
    assert true <= reported + 1e-13
    assert reported <= tol
    assert reported <= 30 * true + 1e-11
    assert reported >= 0.05 * tol  # the tolerance is spent


@settings(max_examples=6)
@given(st.floats(0.5, 4), st.floats(1, 9), st.floats(0, 3), st.floats(0, 40), st.floats(-4, -1))
def test_what_lies_beyond_the_grid_of_any_packet(a: float, b: float, angle: float, q: float, digits: float) -> None:
    """Thick and thin, turned, with fringes across: E G E of `gaussian_packets` with any q."""
    h, turn = 0.5, np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    C = turn @ np.diag([a, b / (4 * a)]) @ turn.T
    packet = Packet((0.3, -9.0), tuple(map(tuple, C.tolist())), 1.0, 0.3, (q / 10, q / 20))
    state = PacketState(((1.0, (Packet((0.0, 0.0), ((0.5, 0.0), (0.0, 0.5))), packet)),), "")
    grid, reported = fitted_grid(state, h, 10.0**digits)
    large = state.grid(h, level=1e-16, room=0.3)
    lost = state.symbol(large) - state.symbol(grid).resampled(large)
    assert dense_trace_norm(lost) <= reported + 1e-12
    assert np.abs(lost.values).sum() * large.cell <= reported + 1e-12


def test_what_lies_beyond_the_grid_of_two() -> None:
    """L1 and Hilbert-Schmidt of what is missing, of a squeezed pair with correlations across."""
    h, tol, c, s = 1.0, 1e-2, cosh(0.8) / 2, sinh(0.8) / 2
    state = gaussian([0, 1], [0, 0], [[c, s, 0, 0], [s, c, 0, 0], [0, 0, c, -s], [0, 0, -s, c]])
    grid, reported = fitted_grid(state, h, tol)  # type: ignore[arg-type]
    large = state.grid(h, level=1e-9, room=0.0)
    lost = state.symbol(large) - state.symbol(grid).resampled(large)
    assert 0.01 * reported < np.abs(lost.values).sum() * large.cell <= reported
    assert float(lost.hilbert_schmidt()) <= reported <= tol


def exact_symbol(center: list, covariance: list, h: float, points: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    """det(C)^{-1/2} exp(-Z.(hC)^{-1} Z/2) in arithmetic of many digits."""
    (a, b), (_, c) = covariance
    determinant = a * c - b * b
    found = []
    for x, xi in points:
        u, v = mpmath.mpf(x) - center[0], mpmath.mpf(xi) - center[1]
        form = (c * u * u - 2 * b * u * v + a * v * v) / (determinant * h)
        found.append(float(mpmath.exp(-form / 2) / mpmath.sqrt(determinant)))
    return np.array(found)


@pytest.mark.parametrize(("h", "far", "r"), [(1.0, 0.0, 0.0), (1e-6, 1e3, 1.0), (1e-2, 1e5, 0.0), (1.0, 0.0, 4.0)])
def test_round_off_is_bounded(h: float, far: float, r: float) -> None:
    """Turned by t in a harmonic oscillator: values on the grid in double precision against sixty digits."""
    t = 1000.3
    system = System(ROTATION, [], h=h, gamma=0.0)
    state, error = flow_of(system).carry(squeezed(far, 0.3, r=r), [t])[0]  # type: ignore[arg-type]
    packet = only(state)
    with mpmath.workdps(60):
        c, s = mpmath.cos(mpmath.mpf(t)), mpmath.sin(mpmath.mpf(t))
        start = np.diag([mpmath.mpf(v) for v in np.diag(np.array(only(squeezed(far, 0.3, r=r)).covariance))])
        turn = np.array([[c, s], [-s, c]])
        center = list(turn @ np.array([mpmath.mpf(far), mpmath.mpf(0.3)]))
        covariance = (turn @ start @ turn.T).tolist()
        lower = [
            float(z) - 5 * sqrt(h * v) for z, v in zip(packet.center, np.diag(np.array(packet.covariance)), strict=True)
        ]
        upper = [
            float(z) + 5 * sqrt(h * v) for z, v in zip(packet.center, np.diag(np.array(packet.covariance)), strict=True)
        ]
        size = 40 if r < 3 else 1200
        grid = PhaseGrid.box(h=h, x=(lower[0], upper[0]), xi=(lower[1], upper[1]), size=(size, size))
        w = state.symbol(grid).values
        chosen = np.argwhere(w > 1e-3 * w.max())
        picked = chosen[np.random.default_rng(3).choice(len(chosen), 250)]
        points = np.array([[grid.x[0].points[i], grid.xi[0].points[j]] for i, j in picked])
        true = exact_symbol(center, covariance, mpmath.mpf(h), points)
    values = np.array([w[i, j] for i, j in picked])
    relative = np.abs(values - true).sum() / true.sum()  # L1 over the sample
    assert relative <= error
    assert error <= 1e4 * relative + 1e-13


def test_long_and_stiff_times() -> None:
    """t = 1e6 periods, rates 1e6 and 1e-6, gamma = 100: exact."""
    turned = only(carried(System("pi*(x**2 + xi**2)", [], h=1.0, gamma=0.0), coherent(1.0, 0.5), 1e6))
    assert turned.center == pytest.approx([1.0, 0.5], rel=0, abs=1e-15)
    stiff = System("1e-6*xi**2 + 1e6*x**2", [], h=1.0, gamma=0.0)
    packet = only(carried(stiff, coherent(1e-3, 0.0), pi))  # the angle is 2 pi up to the double's error in pi
    assert packet.center == pytest.approx([1e-3, -2e-3 * 1e6 * sin_of_double_pi()], rel=1e-9)
    damped = only(carried(System(ROTATION, [LOSS], h=1.0, gamma=100.0), squeezed(1e6, 0.0, r=3), 1000.0))
    assert damped.center == pytest.approx([0, 0], abs=1e-300)
    assert np.array(damped.covariance) == pytest.approx(np.eye(2) / 2, rel=1e-15)


def sin_of_double_pi() -> float:
    """sin(2 fl(pi))/2, a few 1e-17: what is left of 2 pi."""
    with mpmath.workdps(40):
        return float(mpmath.sin(2 * mpmath.mpf(pi)) / 2)


def test_maps_of_a_hyperbolic_flow_of_many_times() -> None:
    """M = [[0, 1], [1, 0]], D = 1: cosh and sinh, and S = int e^{Ms} e^{Ms} ds, over uneven steps and far."""
    times = [0.0, 0.1, 0.2, 0.7, 3.0, 40.0]
    for t, found in zip(times, constant_maps([[0, 1], [1, 0]], [1, 0], [[1, 0], [0, 1]], times), strict=True):
        assert found.matrix.astype(float) == pytest.approx(
            np.array([[cosh(t), sinh(t)], [sinh(t), cosh(t)]]), rel=1e-14
        )
        assert found.shift.astype(float) == pytest.approx([sinh(t), cosh(t) - 1], rel=1e-12)
        noise = np.array([[sinh(2 * t), cosh(2 * t) - 1], [cosh(2 * t) - 1, sinh(2 * t)]]) / 2
        assert found.noise.astype(float) == pytest.approx(noise, rel=1e-12)


def test_cells_bound_their_errors() -> None:
    """x'' = -w(t)^2 x as Mathieu's equation, cells against cells a quarter as long."""

    def rates(t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        M = np.zeros((len(t), 2, 2))
        M[:, 0, 1], M[:, 1, 0] = 1.0, -(2 + np.cos(2 * t))
        return M, np.stack([0 * t, np.sin(t)], axis=1)

    noise = np.eye(2)
    coarse, fine = (resolved_cells(rates, noise, np.linspace(0, 8, count)) for count in (17, 65))
    (F, d, S), (F_, d_, S_) = (tuple(part[-1] for part in cells.composed()) for cells in (coarse, fine))
    budget = coarse.matrix_error.sum(axis=0).max() * np.abs(F).max() * 30 + 1e-13
    assert np.abs(F - F_).max() <= budget
    assert np.abs(d - d_).max() <= budget * 10
    assert np.abs(S - S_).max() <= budget * 100
    assert coarse.matrix_error.max() < 1e-12


def test_looks_and_progress() -> None:
    system, state = System(ROTATION, [LOSS], h=0.1, gamma=0.5), coherent(1, 0)
    looks, calls = [], []
    evolve(
        system, state, [0.5, 0.8], watch=lambda t, w: looks.append((t, w.trace())), watch_every=0.2,
        progress=lambda *args: calls.append(args),
    )  # fmt: skip
    times = [t for t, _ in looks]
    assert times[0] == 0 and times[-1] == 0.8 and 0.5 in times
    assert max(np.diff(times)) <= 0.2 * (1 + 1e-9)
    assert len(times) == 6
    assert [total for _, total in looks] == pytest.approx([1.0] * 6, abs=1e-6)
    assert [call[0] for call in calls] == times
    assert all("grid" in call[2] for call in calls)
    kept = evolve(system, state, [0.0])
    assert kept[0].values == pytest.approx(state.symbol(kept[0].grid).values, rel=1e-14)


def test_a_dead_fringe_asks_for_no_grid() -> None:
    system, state = System("x/10", ["x"], h=1e-3, gamma=10.0), cat([(0.5, 0.0), (-0.5, 0.0)])
    alive, dead = (w.grid for w in evolve(system, state, [0.0, 1.0], tol=1e-4))
    assert dead.xi[0].reach < alive.xi[0].reach / 5


def test_memory_is_kept() -> None:
    """The limit holds for what is kept and for what is made on the way, and is as large as it must be."""
    system, state, times = System(ROTATION, ["x"], h=0.01, gamma=0.0), squeezed(0, 0, r=2.0), [0.5, 0.8, 1.1]
    evolve(system, state, [0.1])
    tracemalloc.start()
    try:
        done = evolve(system, state, times, tol=1e-4)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    sizes = [w.grid.size for w in done]
    needed = max(BYTES_PER_SYMBOL_POINT * size + 8 * sum(sizes[: j + 1]) for j, size in enumerate(sizes))
    assert 0.5 * needed < peak < needed
    refused(lambda: evolve(system, state, times, tol=1e-4, memory=0.99 * needed), "At t = ", ResourceError)
    assert evolve(system, state, times, tol=1e-4, memory=1.01 * needed).numerics.steps == 0


def test_what_is_refused() -> None:
    """One line each, at once."""
    saddle = System("xi**2/2 - x**2/2", ["x"], h=0.1, gamma=0.1)
    refused(lambda: evolve(saddle, coherent(1, 0), [1000.0]), OUTGROWN)
    refused(lambda: evolve(saddle, coherent(1, 0), [20.0]), "At t = 20 ", ResourceError)
    rotation, thin = System(ROTATION, ["x"], h=1.0, gamma=0.0), squeezed(0, 0, r=5)
    assert evolve(rotation, squeezed(0, 0, r=10), [0.0]).numerics.error[0] < 1e-6
    refused(lambda: evolve(rotation, squeezed(0, 0, r=10), [0.8]), "At t = 0.8 round-off alone", ResourceError)
    refused(lambda: evolve(rotation, thin, [0.8], tol=1e-4), "At t = 0.8 the symbol needs a grid", ResourceError)
    small = rotation.replace(h=1e-14)
    assert evolve(small, coherent(1.0, 0.0), [10.0], tol=1e-4).numerics.error[0] < 1e-4
    refused(lambda: evolve(small, coherent(1e6, 0.0), [10.0]), "Argument `state` must lie within 1e+10 standard dev")
    refused(lambda: evolve(small, coherent(100, 0.0), [10.0]), "At t = 10 round-off alone", ResourceError)
    fast = System(f"{ROTATION} + x*cos(1e7*t)", [], h=1.0, gamma=0.0)
    refused(lambda: evolve(fast, coherent(0, 0), [1.0]), "The term cos(", ResourceError)
    growing = System(f"{ROTATION} + x*cosh(t)", [], h=1.0, gamma=0.0)
    for t in (120.0, 600.0, 800.0):
        refused(lambda t=t: evolve(growing, coherent(0, 0), [t]), OUTGROWN)
    for one in (rotation, System(ROTATION + STEPPED, ["x"], h=1.0, gamma=0.0)):
        for angle in (0.3, pi / 4, 1.0):
            start = squeezed(0, 0, r=10, angle=angle)
            refused(lambda one=one, start=start: evolve(one, start, [0.1]), "Argument `state` must have correlations")


def test_what_is_quadratic() -> None:
    def flow(p: str, jumps: list[str], gamma: float = 1.0) -> QuadraticFlow | None:
        return quadratic_flow(System(p, jumps, h=0.1, gamma=gamma))

    assert flow("xi**2/2 + x**4", ["x"]) is None
    assert flow("xi**2/2 + x**2", ["tanh(x)"]) is None
    assert flow("xi**2/2 + x**2", ["x*xi"]) is None
    assert flow("xi**2/2 + cos(x)", []) is None
    assert flow("xi**2/2 + x**2", ["tanh(x)"], gamma=0.0) is not None
    assert flow("(x + xi + exp(-t**2))**2 - (x**2 - x)*x + x**3", ["2*(x - I) + I*xi"]) is not None
    kept = flow_of(System("x*exp(-(t - 50)**2)", [], h=0.1, gamma=0.0)).shift[1]
    assert kept == -sympy.exp(-((sympy.Symbol("t", real=True) - 50) ** 2))  # not multiplied out
