"""Random cases with known answers, and the tools that know them: closed forms, the kernel oracle, the judge.

A failure prints the call that reproduces it; `python tests/harness.py --kind KIND --seed SEED --only NUMBER` runs it
again (with --cheap for the quick ones), and with --cases counts.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import kernel_oracle
from cases import CHEAP, FULL
from gaussian import Gaussian
from harness import KINDS, case
from judging import Outcome, Problem, judge
from kernel_oracle import Box, ClassicalOracle, QuantumOracle, SplitSystem, UnsureError
from openweyl import PhaseGrid, ResourceError, Solution, Symbol
from oracle import Oracle
from packets import Packet, Pure, Start, Sum, at, evolved, symbol_error
from truths import ORACLE, anharmonic_truth, closed_form, gaussian_truth

SEEDS = {"gaussian": 4, "anharmonic": 5, "far": 1, "moving": 2, "two": 1}
"""Among the first 15 cheap cases of the first two are some that once came out wrong."""
QUICK = {"gaussian": 15, "anharmonic": 15, "far": 8, "moving": 12, "two": 2}
COUNTS = {"gaussian": 110, "anharmonic": 110, "far": 60, "moving": 110, "two": 15}
LIMITS = dict.fromkeys(KINDS, 20.0) | {"two": 120.0}
"""Seconds of the processor."""


def numbered(counts: dict[str, int]) -> list[tuple[str, int]]:
    return [(kind, number) for kind in KINDS for number in range(counts[kind])]


def assert_true(outcome: Outcome, kind: str, number: int, *verdicts: str) -> None:
    """The true error is at most the reported one; if not, say what draws the case again: the seed above all."""
    what = f"--kind {kind} --seed {SEEDS[kind]} --only {number}\n{outcome}\n{outcome.problem.code}"
    assert outcome.verdict in verdicts, what


@pytest.mark.parametrize(("kind", "number"), numbered(QUICK))
def test_quick_cases(kind: str, number: int) -> None:
    assert_true(case(kind, SEEDS[kind], number, CHEAP, limit=10), kind, number, "ok")


@pytest.mark.parametrize(
    ("kind", "seed", "number"),
    [
        ("gaussian", 2, 6),  # a grid's error was 1.1 times what was reported
        ("two", 12, 14),  # a segment was done again for ever, on a grid that rounding kept the same
    ],
)
def test_cases_that_once_failed(kind: str, seed: int, number: int) -> None:
    outcome = case(kind, seed, number, FULL, limit=20)
    assert outcome.verdict == "ok", f"{outcome}\n{outcome.problem.code}"


@pytest.mark.slow
def test_a_narrow_jump_at_the_end_of_a_flight() -> None:
    """Once 0.3 to 0.7 of the true error were reported: the steps over the jump were too long for their order."""
    system = SplitSystem("xi**2/2", "(-0.26*x)", ("1.28*tanh(2.38*(x - 4.271))",), 0.07657, 0.00233)
    start = at(-0.603, 5.0)
    problem = Problem(system.hamiltonian, system.jumps, system.h, system.gamma, start, 0.994, 1e-5, "classical")
    truth = anharmonic_truth(system, problem, 400, 6e7)
    outcomes = [judge(replace(problem, tol=tol), truth, 10) for tol in (6.4e-4, 1e-4, 1e-5, 5e-6, 2e-6, 1e-6)]
    assert all(o.verdict == "ok" for o in outcomes), "\n".join(map(str, outcomes))


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "number"), numbered(COUNTS))
def test_cases(kind: str, number: int) -> None:
    assert_true(case(kind, SEEDS[kind], number, FULL, LIMITS[kind]), kind, number, "ok", "refused")


# ---------------------------------------------------------------------- the judge judges

FREE = Problem("xi**2/2", ("x",), 0.1, 0.1, at(0.3, 0.5), 0.5, 1e-4, "quantum")


class Answer:
    """A problem that is answered by what `solve` is given."""

    def __init__(self, solve: object) -> None:
        self.solve = solve
        self.tol = FREE.tol


class Summary:
    """A solution with a summary of our own."""

    def __init__(self, solution: Solution, text: str) -> None:
        self.symbols, self.numerics, self.text = solution.symbols, solution.numerics, text

    def __str__(self) -> str:
        return self.text


def forever() -> None:
    while True:
        pass


def shifted(by: float, reported: float = 1e-5, scale: float = 1.0, text: str = "") -> Summary:
    """The exact answer, moved in x by `by`, with an error reported and a summary."""
    solution = FREE.solve()
    grid = solution[0].grid
    exact = closed_form(FREE)
    w = Symbol(scale * exact.on([grid.x[0].points - by, grid.xi[0].points]), grid)
    numerics = replace(solution.numerics, step_error=(reported,), grid_error=(0.0,))
    return Summary(replace(solution, symbols=(w,), numerics=numerics), text)


@pytest.mark.parametrize(
    ("solve", "verdict"),
    [
        (lambda: shifted(0.0), "ok"),
        (lambda: shifted(1e-4), "wrong"),  # 4e-4 of trace norm: two packets a distance d apart differ by 2 d/sqrt(2 h)
        (lambda: shifted(1e-4, reported=9e-5), "wrong"),
        (lambda: shifted(0.0, reported=1e-3), "over"),
        (lambda: shifted(0.0, reported=1e-3, text="above tol"), "ok"),
        (lambda: shifted(0.0, scale=0.0), "wrong"),
        (forever, "hang"),
        (lambda: 1 / 0, "crash"),
        (lambda: (_ for _ in ()).throw(ResourceError("too large")), "refused"),
        (lambda: (_ for _ in ()).throw(ResourceError("two\nlines")), "crash"),
        (lambda: np.log(np.zeros(1)), "crash"),  # a warning
    ],
)
def test_verdicts(solve: object, verdict: str) -> None:
    assert judge(Answer(solve), gaussian_truth(FREE), limit=0.3).verdict == verdict


def test_errors_of_symbols() -> None:
    """Known distances, seen wherever they are: inside of the box, outside of it, between the points of its grid."""
    h, grid = 0.1, PhaseGrid.box(h=0.1, x=(-3, 3), xi=(-3, 3), size=(72, 72))

    def error(given: Sum, exact: Sum) -> float:
        return symbol_error(given.on([grid.x[0].points, grid.xi[0].points]), grid, exact.on, exact.lost(grid))

    def state(x: float, xi: float = 0.0) -> Sum:
        return Sum(tuple(at(x, xi).packets(h)), h)

    assert error(state(0.2), state(0.2)) < 1e-13
    d = 0.05  # pure states of overlap e^{-d^2/4h}: 2 sqrt(1 - overlap^2)
    assert error(state(0.2), state(0.2 + d)) == pytest.approx(2 * np.sqrt(1 - np.exp(-(d**2) / (2 * h))), rel=1e-9)
    assert error(state(0.2), state(40.0)) == pytest.approx(2.0, rel=1e-9)
    assert error(state(3.0), state(3.0)) > 0.5  # half of it is lost
    # a wave of more than the grid's wave numbers, and its alias: the same at all points of the grid
    beyond = 2 * np.pi * h / grid.x[0].spacing

    def wave(q: float) -> Sum:
        return Sum((Packet(-(q**2) / (4 * h), np.array([0.5j * q, 0.0]), np.eye(2) / 2),), h)

    assert np.abs(wave(0.3 + beyond).on([grid.x[0].points, grid.xi[0].points])).max() > 0.5
    assert error(wave(0.3), wave(0.3 + beyond)) > 0.5


@pytest.mark.parametrize("text", ["x**2/3 + x*xi/4 + x/2", "x**2/3 + x*cos(2*t)", "-x**2/3 + sin(3*t)*x*xi/2"])
def test_packets_follow_the_moments(text: str) -> None:
    """The propagator of the packets against the equations of `gaussian.py`, at a complex centre by linearity."""
    system = Gaussian(f"xi**2/2 + {text}", ("x + I*xi/2 + 1/3", "xi"), 0.05, 0.7)
    mean, covariance = np.array([1.0, -0.4]), np.array([[0.7, 0.2], [0.2, 0.9]])
    found = evolved(system, [Packet(0j, mean + 1j * np.array([0.3, 0.2]), covariance)], 1.3).packets[0]
    exact = system.moments(mean, covariance * system.h, 1.3)
    shift = system.moments(np.zeros(2), covariance, 1.3)[0]
    assert found.center.real == pytest.approx(exact[0], rel=0, abs=1e-11)
    assert found.center.imag == pytest.approx(
        system.moments(np.array([0.3, 0.2]), covariance, 1.3)[0] - shift, abs=1e-11
    )
    assert found.covariance * system.h == pytest.approx(exact[1], rel=0, abs=1e-11)


# ---------------------------------------------------------------------- the oracle by kernels

WELL = SplitSystem("xi**2/2", "x**4/4 - x**2/2", ("x", "tanh(xi)"), 1 / 8, 0.7)
CAT = Start(((0.7, Pure(((1.0, 0.5, 0.0), (0.6j, -0.4, 0.3)))), (0.3, Pure(((1.0, 0.2, 0.1),), 0.4, 1.0))))
CLOSED = SplitSystem("xi**2/2 + xi/3", "x**2*cos(t)/3 - x/2", ("x", "2*xi/3"), 1 / 8, 0.7)


def test_kernels_against_fock_states() -> None:
    """Two solvers that share nothing: the trace norm of their difference."""
    oracle = Oracle(WELL.hamiltonian, WELL.jumps, WELL.h, WELL.gamma, 70, 60)
    (state,) = oracle.evolve(oracle.pure(oracle.coherent(0.5, 0.3)), [0.6])
    ours, matrix = kernel_oracle.quantum(WELL, at(0.5, 0.3), 0.6)
    grid = PhaseGrid.box(h=WELL.h, x=(-4, 4), xi=(-5, 5), size=(96, 120))
    w = oracle.symbol(state, grid.x[0].points, grid.xi[0].points)
    assert ours.error(matrix, w, grid) < ORACLE


@pytest.mark.parametrize("kind", ["quantum", "classical"])
def test_oracles_against_the_closed_form(kind: str) -> None:
    """A driven quadratic system and a cat: both evolutions are one."""
    time = 0.8
    solver = kernel_oracle.quantum if kind == "quantum" else kernel_oracle.classical
    oracle, found = solver(CLOSED, CAT, time)
    exact = evolved(Gaussian(CLOSED.hamiltonian, CLOSED.jumps, CLOSED.h, CLOSED.gamma), CAT.packets(CLOSED.h), time)
    grid = PhaseGrid.box(h=CLOSED.h, x=(-5, 6), xi=(-6, 6), size=(150, 150))
    if kind == "quantum":
        error = oracle.error(found, exact.on([grid.x[0].points, grid.xi[0].points]), grid)
    else:
        w = exact.on([grid.x[0].points, grid.xi[0].points])
        error = symbol_error(w, grid, lambda points: oracle.values(found, points), oracle.outside(found, grid))
    assert error < ORACLE
    assert oracle.mean(found) == pytest.approx(exact.mean, rel=0, abs=1e-7)


@pytest.mark.parametrize("kind", ["quantum", "classical"])
def test_a_larger_finer_grid_and_shorter_steps_change_nothing(kind: str) -> None:
    time, quantum, well = 0.3, kind == "quantum", SplitSystem("xi**2/2", "cos(x)", ("x", "tanh(xi)"), 1 / 4, 0.5)
    oracle, found = (kernel_oracle.quantum if quantum else kernel_oracle.classical)(well, CAT, time)
    wide = oracle.box.widened(1.3)
    rushed = replace(wide, speed=2 * wide.speed, force=2 * wide.force)  # more steps to begin with
    if quantum:
        other = QuantumOracle(well, rushed, kernel_oracle._good(oracle.size * 1.3**2))
        again = other.evolve(CAT, time, 10**6)
        w, grid = symbol_of(again, other)
        assert oracle.error(found, w, grid) < ORACLE
    else:
        other = ClassicalOracle(well, rushed, tuple(kernel_oracle._good(1.3 * 1.5 * m) for m in oracle.shape))
        again = other.evolve(CAT, time, 10**6)
        difference = other.values(again, oracle.points) - found
        assert oracle.cell * np.abs(difference).sum() < ORACLE


def symbol_of(matrix: np.ndarray, oracle: QuantumOracle) -> tuple[np.ndarray, PhaseGrid]:
    """w(x, xi) = sum over s of rho(x + s/2, x - s/2) e^{-i xi s/h}, with rho interpolated by its own sinc series."""
    h, d, box = oracle.system.h, oracle.spacing, oracle.box
    grid = PhaseGrid.box(h=h, x=box.x, xi=box.xi, size=(oracle.size, oracle.size))
    fine = oracle.x[0] + d / 2 * np.arange(2 * oracle.size)
    back = np.exp(1j * oracle.middle * oracle.x / h)
    lift = np.exp(1j * oracle.middle * fine / h)[:, None] * np.sinc((fine[:, None] - oracle.x) / d) * back.conj()
    rho = lift @ (matrix / d) @ lift.conj().T
    offsets = np.arange(-oracle.size, oracle.size)
    symbol = np.empty(grid.shape)
    middle = np.rint((grid.x[0].points - fine[0]) / (d / 2)).astype(int)
    assert np.allclose(fine[middle], grid.x[0].points)
    for i, m in enumerate(middle):
        inside = (m + offsets >= 0) & (m + offsets < len(fine)) & (m - offsets >= 0) & (m - offsets < len(fine))
        s = offsets[inside]
        chord = rho[m + s, m - s]
        symbol[i] = (chord @ np.exp(-1j * np.outer(s * d, grid.xi[0].points) / h)).real * d
    return symbol, grid


def test_what_all_runs_would_miss_alike_is_noticed() -> None:
    """A packet leaves the fixed box: every run wraps around, with whatever step, and extrapolation sees nothing."""
    flight = SplitSystem("xi**2/2", "x*0", ("x",), 1 / 16, 0.01)
    small = Box((-3.0, 3.0), (-1.0, 7.0), 3.0, 0.0)
    with pytest.raises(UnsureError, match="edges in x"):
        QuantumOracle(flight, small, 100).evolve(at(0, 3), 1.0, 1000)
    with pytest.raises(UnsureError, match="edges"):
        ClassicalOracle(flight, small, (120, 150)).evolve(at(0, 3), 1.0, 1000)
    with pytest.raises(UnsureError, match="coarse"):
        ClassicalOracle(flight, Box((-3.0, 6.0), (-1.0, 7.0), 3.0, 0.0), (100, 40)).evolve(at(0, 3), 0.5, 1000)
    with pytest.raises(UnsureError, match="steps leave"):  # a time too short in steps to converge
        kernel_oracle.quantum(WELL, at(0.5, 0.3), 1.5, work=1e5)
