"""The time loop: an honest error, a kept tolerance, limits, and what a caller sees of it."""

from __future__ import annotations

import tracemalloc
from functools import cache

import numpy as np
import pytest

from common import ROWS, STEPPED, row_state, row_system, slow_but
from openweyl import (
    InputError,
    PhaseGrid,
    ResourceError,
    Solution,
    System,
    cat,
    coherent,
    evolve,
)
from openweyl.model.states import PacketState
from openweyl.norms.dense import dense_trace_norm
from systems import DOUBLE_WELL, IN_A_WELL, TWO_AT_REST

OVERLY_CAUTIOUS = 300
"""An estimate this much larger than the error would waste more than half of all digits."""


@cache
def solved(index: int, kind: str, tol: float) -> Solution:
    return evolve(row_system(index), row_state(index), [ROWS[index]["t"]], kind=kind, tol=tol)


def distance(a: Solution, b: Solution, index: int = -1) -> float:
    return dense_trace_norm(a[index] - b[index])


@pytest.mark.parametrize("kind", ["quantum", "classical"])
@pytest.mark.parametrize("index", slow_but((0, 3), range(len(ROWS))))
def test_the_error_is_kept_and_honest(index: int, kind: str) -> None:
    """The true trace-norm error is within the tolerance, within the estimate, and not far below it."""
    reference = solved(index, kind, 1e-10)
    for tol in (1e-4, 1e-6, 1e-8):
        solution = solved(index, kind, tol)
        true, estimate = distance(solution, reference), solution.numerics.error[0]
        assert estimate <= tol
        assert true <= tol
        assert true <= estimate
        if tol >= 1e-6:  # at smaller steps extrapolation gains more than the estimate dares to say
            assert estimate <= OVERLY_CAUTIOUS * max(true, 1e-4 * tol)  # 3 % of tol costs nobody anything


@pytest.mark.parametrize("tol", [1e-4, 1e-7])
@pytest.mark.parametrize(
    "system",
    [
        System("sqrt(1 + xi**2) + x**2/2", ["tanh(x)"], h=1 / 8, gamma=1.0),
        System("sqrt(1 + xi**2) - cos(x)", ["x + xi/2"], h=1 / 8, gamma=1.0),
        System("xi**2/2 - cos(x)", ["x", "tanh(xi)"], h=1 / 8, gamma=0.5),
    ],
    ids=["relativistic", "mixed jump", "nonlinear jump"],
)
def test_second_order_runs_end(system: System, tol: float) -> None:
    """Strang's step: the loop must not shrink its step for ever over an error already made."""
    solution = evolve(system, coherent(0.7, 0.3), [0.3, 1.0], tol=tol)
    assert max(solution.numerics.error) <= tol
    assert solution.numerics.scheme == "Strang"


@pytest.mark.slow
def test_a_cat_at_strong_coupling() -> None:
    """Stiff decoherence of interference fringes, from the first step on."""
    system = DOUBLE_WELL.replace(h=2**-5, gamma=4.0)
    state = cat([(0.7, 0.0), (-0.7, 0.2)])
    solution, reference = (evolve(system, state, [0.05, 0.3], tol=tol) for tol in (1e-5, 1e-8))
    for index in (0, 1):
        assert distance(solution, reference, index) <= 1e-5


@pytest.mark.slow
def test_long_steps_in_a_strongly_anharmonic_well() -> None:
    """At large tolerances errors fall more slowly than the order says: half of the usual estimate was too little."""
    system, start = System("xi**2/2 + cos(30*x)/3", ["x"], h=0.2, gamma=0.0), coherent(0.1, 0.0)
    reference = evolve(system, start, [0.5], tol=1e-7)
    for tol in (1e-1, 1e-2, 1e-3, 1e-4):
        run = evolve(system, start, [0.5], tol=tol)
        true = distance(reference, run)
        assert 0.01 * run.numerics.error[0] < true <= run.numerics.error[0] + 1e-7
        assert run.numerics.error[0] <= tol


def test_time_nought_alone() -> None:
    solution = evolve(DOUBLE_WELL, IN_A_WELL, [0.0], tol=1e-8)
    assert solution.numerics.steps == 0
    assert solution.numerics.scheme == "none"
    assert np.array_equal(solution[0].values, IN_A_WELL.symbol(solution[0].grid).values)
    assert solution[0].trace() == pytest.approx(1, rel=0, abs=1e-8)


def test_times_between_do_no_harm() -> None:
    many, few = (
        evolve(DOUBLE_WELL, IN_A_WELL, [0, 0.1, 0.35, 0.4, 1], tol=1e-7),
        evolve(DOUBLE_WELL, IN_A_WELL, [1.0], tol=1e-7),
    )
    assert many.times == (0.0, 0.1, 0.35, 0.4, 1.0)
    assert few.times == (1.0,)
    assert distance(many, few) <= 2e-7
    assert list(many.numerics.grid_error) == sorted(many.numerics.grid_error)


def test_a_late_start_far_from_the_initial_grid() -> None:
    """The packet leaves its first grid many times over: grids are changed, steps taken back, and nothing is lost."""
    system = System("xi**2/2 - 4*x" + STEPPED, ["x", "xi"], h=0.05, gamma=0.3)
    solution = evolve(system, coherent(0.0, 0.0), [4.0], tol=1e-8)
    assert solution.numerics.regrids > 3
    assert solution[0].grid.x[0].lower > 1
    assert solution[0].trace() == pytest.approx(1, rel=0, abs=1e-8)


class Tight(PacketState):
    """A state whose first grid has no room to spare."""

    def grid(self, h: float, level: float, room: float = 0.0) -> PhaseGrid:
        assert room > 0
        return super().grid(h, level, 0.0)


def test_rollbacks_happen_and_are_harmless() -> None:
    """Strong diffusion, which no flow of the classical equations foretells, fills the edges of a box without room."""
    start, system = coherent(0.0, 0.0), DOUBLE_WELL.replace(hamiltonian="cos(x)/1000", gamma=100.0)
    solution = evolve(system, Tight(start.members, start.description), [0.2], tol=1e-5)
    assert solution.numerics.rollbacks > 0
    assert distance(solution, evolve(system, start, [0.2], tol=1e-9)) <= 1e-5


def test_memory_is_limited_in_one_line() -> None:
    with pytest.raises(ResourceError, match=r"grid of \d+ x \d+ points.*limit.*raise `memory`") as caught:
        evolve(DOUBLE_WELL, coherent(0.0, 0.0), [2.0], memory=1e6)
    assert "\n" not in str(caught.value) and caught.value.kind == "memory"


def test_memory_is_limited_before_the_first_grid() -> None:
    """n = 2: the first grid alone would not fit, and is never allocated."""
    system = System("xi1**2 + xi2**2 + x1**2*x2**2", ["x1", "x2"], h=0.5, gamma=1.0)
    tracemalloc.start()
    try:
        with pytest.raises(ResourceError) as caught:
            evolve(system, coherent([0, 0], [0, 0]), [0.1], kind="classical", tol=1e-2, memory=1e6)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2e6
    assert "\n" not in str(caught.value)


KERR = System.from_operators("ad**2*a**2 + a + ad", ["a"], h=1)


@pytest.mark.parametrize(("system", "word"), [(DOUBLE_WELL, "grid"), (KERR, "levels")], ids=["grid", "levels"])
def test_progress_is_called(system: System, word: str) -> None:
    calls: list[tuple[float, float, str]] = []
    evolve(system, IN_A_WELL, [0.2, 0.5], tol=1e-5, progress=lambda *args: calls.append(args))
    times = [call[0] for call in calls]
    assert times == sorted(times)
    assert times[-1] == 0.5
    assert {call[1] for call in calls} == {0.5}
    assert word in calls[-1][2]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"times": []}, "times"),
        ({"times": [-1.0]}, "times"),
        ({"times": [1.0, 0.5]}, "times"),
        ({"times": [1.0, 1.0]}, "times"),
        ({"times": [float("nan")]}, "times"),
        ({"times": "1"}, "times"),
        ({"times": 1.0}, "times"),
        ({"tol": 0.0}, "tol"),
        ({"tol": 1e-13}, "tol"),
        ({"tol": 1.0}, "tol"),
        ({"tol": "small"}, "tol"),
        ({"kind": "both"}, "kind"),
        ({"memory": -1.0}, "memory"),
        ({"state": TWO_AT_REST}, "state"),
    ],
)
def test_bad_arguments(change: dict[str, object], name: str) -> None:
    arguments = {"system": DOUBLE_WELL, "state": IN_A_WELL, "times": [1.0], **change}
    with pytest.raises(InputError, match=f"^Argument `{name}` must ") as caught:
        evolve(arguments.pop("system"), arguments.pop("state"), arguments.pop("times"), **arguments)
    assert "\n" not in str(caught.value)


def test_a_first_plan_that_flies_far_looks_at_no_formula_there() -> None:
    """A quartic field throws the box of a step that is far too long to 1e200; the step is shortened for that alone."""
    system = System("(x**2 + xi**2)**2 - (x**2 + xi**2)", [], h=0.25, gamma=0.0)
    found = evolve(system, coherent(0.5, 0.0), [0.2], tol=1e-3, kind="classical")
    assert found.numerics.error[-1] < 1e-3
