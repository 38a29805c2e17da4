"""What a run counts as its error, how its step follows the motion, and what outputs cost: the loop from inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import pi, sqrt
from typing import Any

import numpy as np
import pytest

from common import STEPPED, refused
from openweyl import (
    PhaseGrid,
    ResourceError,
    Solution,
    System,
    cat,
    certify,
    coherent,
    compare,
    evolve,
    gaussian,
)
from openweyl.evolution import outputs, runs, stepper
from openweyl.evolution.equation import equation
from openweyl.evolution.grid_control import GridPolicy
from openweyl.evolution.loop import AdaptiveIntegrator
from openweyl.evolution.outputs import Output, outputs_between
from openweyl.evolution.runs import Segment
from openweyl.evolution.step_control import StepPlan, StepPolicy
from openweyl.evolution.stepper import Stepper
from openweyl.evolution.witness import MeansWitness
from openweyl.model.pieces import Piece
from openweyl.norms.dense import dense_trace_norm

H = 0.25
QUARTIC = System("xi**2/2 + x**4/4 - x**2/2", ["x", "xi/2"], h=H, gamma=0.5)
START = coherent(0.6, -0.2)


def made(
    system: System = QUARTIC, grid: PhaseGrid | None = None, *, tol: float = 1e-4, order: int = 1, quantum: bool = True,
    w: np.ndarray | None = None, **more: Any,
) -> AdaptiveIntegrator:  # fmt: skip
    """A run that has not begun."""
    grid = grid or START.grid(system.h, level=1e-3 * tol, room=0.4)
    solved = equation(quantum=quantum, order=order)
    start = solved.start(START.symbol(grid).values if w is None else w)
    return AdaptiveIntegrator(
        [Piece(0.0, 1.0, system)], solved, grid, start, tol=tol, horizon=1.0, memory=1e9, time_limit=1e9, **more
    )


# ---------------------------------------------------------------------- what is counted


def test_what_lies_beyond_the_first_grid_counts_from_the_start() -> None:
    """Three edges of each axis, each of the level asked for: in the error at time 0, and no less later."""
    first, later = evolve(QUARTIC, START, [0.0, 1e-3], kind="classical", tol=1e-4).numerics.grid_error
    assert first == pytest.approx(6 * 2e-4 * 1e-4)
    assert later > first


def test_every_segment_adds_what_lies_at_its_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plateau at a height of 1e-9: content of a known size at all edges, at every look."""
    monkeypatch.setattr(GridPolicy, "fitted", lambda *_, **__: None)
    grid, height = PhaseGrid.box(h=H, x=(-4, 4), xi=(-4, 4), size=(64, 64)), 1e-9
    run = made(
        System("x**2/200 + cos(x)/10**17", [], h=H, gamma=0.0), grid, tol=1e-3, w=START.symbol(grid).values + height,
        policy=StepPolicy(first=1 / 64, max_factor=1.4),
    )  # fmt: skip
    run.grids.lost = before = 1e-7
    lost = 4 * height * grid.states * 3 / 64  # three of 64 points at either end of either axis
    looks = 0
    while run.t < 0.5:
        run._segment([1.0])
        assert run.grid == grid
        assert run.grids.lost - before >= 0.9 * lost
        before, looks = run.grids.lost, looks + 1
    assert looks > 3


def test_a_trace_that_is_lost_is_an_error() -> None:
    """The runs lose a part 1e-6 of their trace, all alike and all at once: in no difference, at no edge."""
    run = made(tol=1e-6)
    run._segment([1.0])
    before = run.grids.lost
    run.runs.values = [w * (1 - 1e-6) for w in run.runs.values]
    began = run.t
    while run.t == began:  # a segment may be taken back, to what was lost by then
        run._segment([1.0])
    assert run.grids.lost >= 1e-6 * (1 - 1e-9)
    assert before < 1e-6


def test_means_that_miss_their_equation_send_a_segment_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver whose symbols jump by half of a box, all alike: no difference of runs tells, and none is accepted."""
    plain = Stepper.run
    monkeypatch.setattr(Stepper, "run", lambda *args: np.roll(plain(*args), 20, axis=0))
    run = made()
    assert run._segment([1.0]) == []
    assert run.t == 0
    assert run.rollbacks == 1
    assert run.dt == pytest.approx(1 / 640)


@pytest.mark.parametrize("tol", [1e-2, 1e-4, 1e-6])
def test_the_estimate_of_an_error(tol: float) -> None:
    """Three runs whose errors fall as order 4 says, and then by g = 120: pi/2 ||d||_L1 over 63 in the last row, times
    60/g.
    """
    run = made(tol=tol).runs
    d = 1e-3 * coherent(0.1, 0.1).symbol(run.grid).values
    run.values = differing(run.values[0], d, gain=120.0)
    found = run.error()
    assert found.gain == pytest.approx(120, rel=1e-3)
    assert found.last == pytest.approx(pi / 2 * 1e-3 / 15 / 120, rel=1e-3)
    assert found.value == pytest.approx(found.last * 60 / 120, rel=1e-3)


def differing(w: np.ndarray, d: np.ndarray, gain: float) -> list[np.ndarray]:
    """Three runs of order 4: the first two differ by d, and one extrapolation makes the estimate this much smaller."""
    return [w, w - d, w - d - (16 - 63 / gain) * d]


@pytest.mark.parametrize("gain", [1.0, 4.0, 16.0])
def test_steps_too_long_for_their_order_are_told_by_the_gain(gain: float) -> None:
    """Where extrapolation has gained little, the estimate is raised: to more than that of the row before."""
    run = made(tol=1e-4).runs
    d = 1e-3 * coherent(0.1, 0.1).symbol(run.grid).values
    run.values = differing(run.values[0], d, gain)
    before = pi / 2 * 1e-3 / 15
    assert run.error().value == pytest.approx(60 / gain**2 * before, rel=1e-3)


def test_what_is_new_in_an_error() -> None:
    """An error that is there already and is carried on is none of the segment's."""
    run = made(tol=1e-4).runs
    run.values = differing(run.values[0], 1e-2 * coherent(0.1, 0.1).symbol(run.grid).values, gain=4.0)
    segment = Segment(StepPlan(1 / 640, 4), 0.0, 1 / 160, [w.copy() for w in run.values])
    run.advance(segment.plan)
    whole = run.error()
    assert whole.value > 1e-4
    assert run.added(whole, segment) < 1e-2 * whole.value
    fresh = replace(segment, start=[segment.start[0].copy()] * 3)
    assert run.added(whole, fresh) == pytest.approx(whole.value, rel=1e-9)


def test_the_error_that_is_carried_on_counts_with_the_same_factor() -> None:
    run = made(tol=1e-6).runs
    run.values = differing(run.values[0], 1e-3 * coherent(0.1, 0.1).symbol(run.grid).values, gain=10.0)
    segment = Segment(StepPlan(1e-7, 4), 0.0, 4e-7, [w.copy() for w in run.values])
    run.advance(segment.plan)
    expected = pi / 2 * 1e-3 / 15 / 10 * 6
    assert run.error().value == pytest.approx(expected, rel=1e-3)
    assert run.added(run.error(), segment) < 1e-3 * expected


def test_corrections_are_watched_closer() -> None:
    """What is lost of b_j comes back enlarged in b_{j+1}: content is followed to a part of 10^-j of the level."""
    run = made(order=3, quantum=False, tol=1e-4)
    one = coherent(0.1, 0.1).symbol(run.grid).values
    run.runs.values[0] = np.stack([one, one, one])
    assert run.runs.content() == pytest.approx(np.stack([100 * one, 10 * one, one]))


# ---------------------------------------------------------------------- room


ISLANDS = cat([(0.0, -1.2), (0.0, 1.2)])


def test_what_a_segment_needs_has_room_for_fringes_that_hop() -> None:
    """The fringe of a cat in momentum has k = 2.4/h; in free flight its wave number of xi grows by tau k, and a look at
    the edges after the step might see a fringe that has come round.
    """
    h = 0.01
    grid = PhaseGrid.box(h=h, x=(-0.6, 0.6), xi=(-1.8, 1.8), size=(150, 180))
    run = made(System("xi**2/2" + STEPPED, [], h=h, gamma=0.0), grid, tol=1e-3, w=ISLANDS.symbol(grid).values)
    level = run.grids.content_level(1e-6, 0.0)
    needs = run.runs.support(level)
    one, other = (
        run.grids.needs_ahead(needs, 0.0, StepPlan(dt, 2), 1e-6, level).inside[1].reach for dt in (1e-9, 0.05)
    )
    assert other - one >= 0.1 * 2.4 / h


@pytest.mark.parametrize("kind", ["quantum", "classical"])
def test_nothing_wraps_even_without_a_witness(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """The guard before a segment is enough by itself: a flight over many boxes, and no step is ever taken back."""
    monkeypatch.setattr(MeansWitness, "agree", staticmethod(lambda *_: True))
    system = System("xi**2/2" + STEPPED, ["x"], h=2**-6, gamma=0.01)
    found = evolve(system, coherent(0, 10), [1.0], kind=kind, tol=1e-3)
    assert found[0].moments().mean == pytest.approx([10, 10], abs=1e-6)
    assert found.numerics.rollbacks <= 1  # diffusion may fill an edge once


@pytest.mark.parametrize("when", ["before a segment", "when content comes near an edge"])
def test_grids_keep_to_what_formulas_ask_for(when: str) -> None:
    """A bump a hundredth wide: no grid that a run goes to is coarser than that asks for."""
    system = System("xi**2/2 + exp(-(50*(x - 0.6))**2)/10", ["x"], h=H, gamma=0.5)
    run = made(system, tol=1e-3)
    needed = pi * 50 / 2
    assert run.grid.x[0].reach < needed
    if when == "before a segment":
        run.grids.make_room(StepPlan(1e-4, 2), 0.0, 0.0)
    else:
        run.grids.enlarge([(0.0, 1.0, 0.0), (0.0, 0.0, 0.0)], 1e-6)
    assert run.grid.x[0].reach >= needed
    assert run.grids.regrids == 1


# ---------------------------------------------------------------------- steps and outputs


def counted(monkeypatch: pytest.MonkeyPatch, call: Callable[[], Solution]) -> tuple[Solution, int]:
    """What `call` returns, and how many steps it took of any kind."""
    taken, plain = [0], Stepper.run

    def run(self: Stepper, w: np.ndarray, steps: int, t: float = 0.0) -> np.ndarray:
        taken[0] += steps
        return plain(self, w, steps, t)

    monkeypatch.setattr(Stepper, "run", run)
    found = call()
    monkeypatch.setattr(Stepper, "run", plain)
    return found, taken[0]


@pytest.mark.slow
def test_many_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    """501 times take less than four times the steps of one, the same steps of the run, and are as true."""
    times = np.linspace(0, 1, 501).tolist()
    many, often = counted(monkeypatch, lambda: evolve(QUARTIC, START, times, tol=1e-5))
    one, once = counted(monkeypatch, lambda: evolve(QUARTIC, START, [1.0], tol=1e-5))
    assert many.numerics.steps <= 1.3 * one.numerics.steps
    assert often < 4 * once + 3 * 501
    assert list(many.numerics.grid_error) == sorted(many.numerics.grid_error)
    for index in (1, 233, 500):
        alone = evolve(QUARTIC, START, [times[index]], tol=1e-7)
        assert dense_trace_norm(many[index] - alone.final) <= many.numerics.error[index] + 1e-7
        assert many.numerics.error[index] <= 1e-5


@pytest.mark.parametrize("kind", ["quantum", "classical"])
def test_outputs_between_steps_under_a_drive(kind: str) -> None:
    """x'' = -x - 2 cos 6t from rest: means at every output, not those of another time; closer than any step."""
    system = System("xi**2/2 + x**2/2 + 2*x*cos(6*t)" + STEPPED, [], h=H, gamma=0.0)
    times = np.linspace(0.0, 1.0, 101)
    found = evolve(system, coherent(0.0, 0.0), times.tolist(), kind=kind, tol=1e-4)
    assert found.numerics.steps < 600
    a = -2 / (1 - 36)
    exact = np.stack([a * (np.cos(6 * times) - np.cos(times)), a * (np.sin(times) - 6 * np.sin(6 * times))], axis=1)
    means = np.array([w.moments().mean for w in found])
    assert np.abs(means - exact).max() < 1e-5


@pytest.mark.parametrize("looks", [12, 18, 36])
def test_a_segment_that_ends_at_an_output_up_to_round_off_ends_there(looks: int) -> None:
    """Steps are counted to the last output that is near; those before it may be ends of segments as well."""
    times: list[float] = []
    outputs_at = [0.5, 1.0, 1.5, 2.0]
    evolve(
        QUARTIC,
        START,
        outputs_at,
        kind="classical",
        tol=1e-2,
        watch=lambda t, _: times.append(t),
        watch_every=1 / looks,
    )
    assert np.diff(times).min() > 1e-3
    assert set(outputs_at) < set(times)


def test_outputs_between_steps_have_errors_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """One step to the output, however long: what that costs is in its error."""
    monkeypatch.setattr(outputs, "MAX_OUTPUT_STEPS", 1)
    run = made(tol=1e-3).runs
    segment = Segment(StepPlan(0.25, 4), 0.0, 1.0, [w.copy() for w in run.values])
    first, output = outputs_between(run, segment, [0.3, 0.6], 0.0)
    fine = run.stepper(1e-2).run(segment.start[0].copy(), 60, 0.0)
    true = float(np.abs(output.symbol.values - fine).sum()) * run.grid.cell
    assert true > 5e-7
    assert first.step_error < output.step_error
    assert true <= output.step_error + output.grid_error


def test_the_step_recovers_after_a_pulse() -> None:
    """A kick of width 0.02 at t = 1 in an oscillator: steps resolve it, and are as long as before soon after."""
    h, words = 1.0, []
    pulse = "2*x*exp(-(t - 1)**2/(2*0.02**2))/(0.02*sqrt(2*pi))"
    system = System(f"(x**2 + xi**2)/2 + {pulse}{STEPPED}", ["(x + I*xi)/sqrt(2)"], h=h, gamma=0.01)
    found = evolve(system, coherent(0.0, 0.0), [2.5], tol=1e-3, progress=lambda t, _end, hint: words.append((t, hint)))
    steps = [(t, float(hint.split("dt = ")[1].split(",")[0])) for t, hint in words]
    before = max(dt for t, dt in steps if t < 0.9)
    within = min(dt for t, dt in steps if 0.9 < t < 1.1)
    after = max(dt for t, dt in steps if t > 1.1)
    assert within < before / 3
    assert after >= before / 2
    turned = 2.0 * np.exp(-0.0075 - 0.02**2 / 2)  # the kick by -2 in xi, and what friction and its width leave of it
    mean = [-turned * np.sin(1.5), -turned * np.cos(1.5)]
    assert found[0].moments().mean == pytest.approx(mean, abs=1e-3)


@pytest.mark.parametrize("every", [0.02, 0.0501])
def test_looks_are_as_close_as_asked_for(every: float) -> None:
    looks: list[float] = []
    evolve(QUARTIC, START, [0.5], tol=1e-3, watch=lambda t, *_: looks.append(t), watch_every=every)
    assert looks[0] == 0
    assert looks[-1] == 0.5
    assert max(np.diff(looks)) <= every * (1 + 1e-9)
    assert min(np.diff(looks)) > 0


# ---------------------------------------------------------------------- units, refusals, words


UNITS = [(4.0, 1.0, 1.0), (1.0, 2.0**-10, 1.0), (1.0, 1.0, 1024.0), (2.0**-10, 2.0**8, 2.0**-13)]


def in_units(a: float, b: float, c: float, kind: str, times: list[float]) -> Solution:
    """QUARTIC from START: x -> a x, xi -> b xi, t -> c t, h -> a b h, p -> (a b/c) p, l -> sqrt(a b) l, gamma/c."""
    x, xi, root = f"(x/{a!r})", f"(xi/{b!r})", repr(sqrt(a * b))
    hamiltonian = f"{a * b / c!r}*({xi}**2/2 + {x}**4/4 - {x}**2/2)"
    system = System(hamiltonian, [f"{root}*{x}", f"{root}*{xi}/2"], h=a * b * H, gamma=0.5 / c)
    start = gaussian(0.6 * a, -0.2 * b, [[a / b / 2, 0], [0, b / a / 2]])
    return evolve(system, start, [t * c for t in times], kind=kind, tol=1e-4)


@pytest.mark.parametrize("kind", ["quantum", "classical"])
@pytest.mark.parametrize("units", UNITS, ids=str)
def test_units_do_not_matter(units: tuple[float, float, float], kind: str) -> None:
    """Powers of two are exact: the same steps on the same grids, and the same symbols."""
    times = [0.15, 0.4]
    plain, other = in_units(1.0, 1.0, 1.0, kind, times), in_units(*units, kind, times)
    assert other.numerics.steps == plain.numerics.steps
    assert other.numerics.error == pytest.approx(plain.numerics.error, rel=1e-6)
    for w, v in zip(plain, other, strict=True):
        assert v.grid.shape == w.grid.shape
        assert np.abs(v.values - w.values).max() < 1e-9 * np.abs(w.values).max()
        here, there = w.grid, v.grid
        assert there.x[0].lower == pytest.approx(units[0] * here.x[0].lower, rel=1e-12)
        assert there.xi[0].lower == pytest.approx(units[1] * here.xi[0].lower, rel=1e-12)


@pytest.mark.parametrize("kind", ["quantum", "classical"])
@pytest.mark.parametrize("units", [(10.0, 1.0, 1.0), (1.0, 1e-3, 1.0), (1e-3, 1e2, 1e-4)], ids=str)
def test_odd_units_do_not_matter_either(units: tuple[float, float, float], kind: str) -> None:
    """Round-off may make a grid a point longer; means stay the same to the errors, and errors what they are."""
    times = [0.15, 0.4]
    plain, other = in_units(1.0, 1.0, 1.0, kind, times), in_units(*units, kind, times)
    if kind == "classical":
        assert other.numerics.error == pytest.approx(plain.numerics.error, rel=0.5)
    else:  # the basis of levels has scales that are powers of two, and the way taken depends on them
        assert max(*plain.numerics.error, *other.numerics.error) <= 1e-4
    for w, v, error in zip(plain, other, map(max, plain.numerics.error, other.numerics.error), strict=True):
        here, there = w.moments().mean, v.moments().mean
        lengths = [w.grid.x[0].length, w.grid.xi[0].length]
        assert np.all(np.abs(there / units[:2] - here) <= 2 * error * np.array(lengths))


def exhausted(*_args: object, **_options: object) -> None:
    raise MemoryError("Unable to allocate 94.4 GiB\nfor an array")


@pytest.mark.parametrize(("module", "name"), [(runs, "resample_each"), (runs, "profiles_of"), (stepper, "filtered")])
@pytest.mark.parametrize("call", [evolve, compare, certify], ids=lambda call: call.__name__)
def test_an_array_that_does_not_fit(
    monkeypatch: pytest.MonkeyPatch, module: object, name: str, call: Callable[..., object]
) -> None:
    monkeypatch.setattr(module, name, exhausted)
    refused(lambda: call(QUARTIC, START, [2.0], tol=1e-4), "An array did not fit into memory (", ResourceError)


def test_three_degrees_of_freedom_are_told_what_can_help() -> None:
    """The first grid is the state's own: neither `h` nor `times` would make it smaller."""
    system = System("xi1**2/2 + xi2**2/2 + xi3**2/2 + x1**4 + x2**4 + x3**4", ["x1"], h=1.0, gamma=0.1)
    with pytest.raises(ResourceError) as caught:
        evolve(system, coherent([0] * 3, [0] * 3), [0.1], tol=1e-6, memory=1e9)
    message = str(caught.value)
    assert message.startswith("At t = 0 the symbol needs a grid of ")
    assert "fewer degrees of freedom" in message
    assert "shorten" not in message
    assert "`gamma`" not in message
    assert message.isprintable()


def test_an_error_above_the_tolerance_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    system = QUARTIC.replace(hamiltonian="xi**2/2 + cos(x)")  # on a grid: no polynomial
    found = compare(system, START, [0.1], tol=1e-4)
    proof = certify(system, START, [0.1], order=1, tol=1e-4)
    words = "is above tol = 0.0001: the errors given count it in full."
    assert words not in str(found) + str(proof) + str(found.quantum)
    plain = AdaptiveIntegrator._output

    def worse(self: AdaptiveIntegrator) -> Output:
        made = plain(self)
        return Output(made.symbol, made.step_error + 3e-4, made.grid_error)

    monkeypatch.setattr(AdaptiveIntegrator, "_output", worse)
    found = compare(system, START, [0.1], tol=1e-4)
    proof = certify(system, START, [0.1], order=1, tol=1e-4)
    for said in (found, proof, found.quantum, found.classical):
        assert words in str(said)
        assert str(said).count("The error of a symbol, up to 0.0003") == 1
