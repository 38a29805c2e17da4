"""What callers give is checked where it enters: refusals that no test of a single module covers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from common import refused
from openweyl import (
    PhaseGrid,
    ResourceError,
    certify,
    check_assumptions,
    coherent,
    compare,
    evolve,
    from_wavefunction,
    star,
    trace_norm,
)
from openweyl.evolution.step_control import StepPolicy
from openweyl.interchange.units import Units
from openweyl.phase_space import left_multiplication
from systems import DOUBLE_WELL, IN_A_WELL, PLANE, TWO_AT_REST

W = coherent(0, 0).symbol(PLANE)
BEAD = Units("1 fg", "1 nm", "1 us")


@pytest.mark.parametrize("call", [compare, certify, evolve], ids=lambda call: call.__name__)
@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"times": []}, "`times` must hold at least one time"),
        ({"times": [1.0, 0.5]}, "`times` must increase"),
        ({"tol": 0.0}, "`tol` must be > 0"),
        ({"tol": True}, "`tol` must be a finite number"),
        ({"memory": 0}, "`memory` must be > 0"),
        ({"memory": "much"}, "`memory` must be a finite number"),
        ({"state": TWO_AT_REST}, "`state` must have n = 1 degrees of freedom"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_runs(call: Callable[..., object], change: dict[str, Any], what: str) -> None:
    given = {"state": IN_A_WELL, "times": [0.1], **change}
    refused(lambda: call(DOUBLE_WELL, given.pop("state"), given.pop("times"), **given), f"Argument {what}")


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: check_assumptions(DOUBLE_WELL, TWO_AT_REST), "`state` must have n = 1 degrees of freedom"),
        (lambda: check_assumptions(DOUBLE_WELL, times=[2.0, 1.0]), "`times` must increase"),
        (lambda: from_wavefunction([], [], 1.0), "`psi` must hold at least one number"),
        (lambda: from_wavefunction([1.0], [0.0], 1.0), "`x` must be a list of at least two points"),
        (lambda: from_wavefunction([1.0, 1.0], [0.0, 1.0], 0), "`h` must be > 0"),
        (lambda: W.fock(tol=0), "`tol` must be > 0"),
        (lambda: coherent(["a"], [0]), "`x` must be a finite number"),
        (lambda: coherent([0], [float("nan")]), "`xi` must be a finite number"),
        (lambda: star("(1 + x)**64*(1 + xi)**64", W), "`a` must have at most 1000 terms"),
        (lambda: BEAD.system(3), "`potential` must be text"),
        (lambda: BEAD.system("0", damping="-1/s", temperature="1 K"), "`damping` must be >= 0"),
        (lambda: BEAD.system("0", damping="1/s", temperature="0 K"), "`temperature` must be > 0"),
        (lambda: BEAD.thermal_jumps("0/s", "1/s", 0.0), "`frequency` must be > 0"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_values(call: Callable[[], object], what: str) -> None:
    refused(call, f"Argument {what}")


def test_terms_without_a_method(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = PhaseGrid.box(h=1.0, x=[(-2, 2)] * 2, xi=[(-2, 2)] * 2, size=(8, 8))
    refused(
        lambda: star("cos(x1*xi1)", TWO_AT_REST.symbol(grid)), "With n = 2 every term that mixes x and xi must be a "
    )
    monkeypatch.setattr(left_multiplication, "MAX_FOURIER_SAMPLES", 200)  # the real number takes seconds
    refused(lambda: star("1/(1 + (300*x*xi)**2)", W), "A term that mixes x and xi must vary on scales that a mod")


@pytest.mark.slow
def test_runs_that_are_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limits are lowered: what would reach them takes hours or all memory."""
    monkeypatch.setattr("openweyl.evolution.loop.StepPolicy", partial(StepPolicy, shortest=0.5))
    far = coherent(2.0, 0.0)
    refused(lambda: evolve(DOUBLE_WELL, far, [2.0]), "At t = 0 a step of 0.0", ResourceError)
    monkeypatch.setattr("openweyl.phase_space.kernels.BYTES_PER_KERNEL_ENTRY", 1e12)
    refused(lambda: trace_norm(W - W.like(np.roll(W.values, 3))), "The kernel needs", ResourceError)
