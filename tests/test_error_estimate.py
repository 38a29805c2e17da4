"""Extrapolation of runs: which orders, exactness on polynomials in the step, and the estimate of the error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, pi

import numpy as np
import pytest

from openweyl import PhaseGrid, State, System, coherent
from openweyl.evolution.equation import equation
from openweyl.evolution.error_estimate import ErrorEstimate, Extrapolation, extrapolated
from openweyl.evolution.runs import Runs


def size(w: np.ndarray) -> float:
    return float(np.abs(w).max())


@pytest.mark.parametrize(
    ("order", "tol", "n", "pair_order", "runs"),
    [
        (2, 1e-3, 1, 4, 3), (2, 1e-6, 2, 4, 3), (2, 9e-7, 1, 6, 4), (4, 1e-1, 1, 6, 3), (4, 1e-9, 1, 6, 3),
        (4, 1e-4, 2, 4, 2), (4, 9e-5, 2, 6, 3),
    ],
)  # fmt: skip
def test_which_runs(order: int, tol: float, n: int, pair_order: int, runs: int) -> None:
    extrapolation = Extrapolation(order, tol, n)
    assert (extrapolation.pair_order, extrapolation.run_count) == (pair_order, runs)
    assert extrapolation.block == 2 ** (runs - 1)
    assert extrapolation.error_order == (pair_order if runs == 2 else pair_order + 2)


def test_one_extrapolation() -> None:
    assert extrapolated(np.array([1.0 + 3]), np.array([1.0 + 3 * 16]), 4) == pytest.approx(1)


@pytest.mark.parametrize(("order", "tol"), [(2, 1e-4), (2, 1e-6), (4, 1e-4), (4, 1e-8)])
def test_even_powers_of_the_step_cancel(order: int, tol: float) -> None:
    """w + a dt^p + b dt^{p+2} + ...: all powers but the last are gone from the pair, and that from what is best."""
    extrapolation = Extrapolation(order, tol)
    powers = range(order, extrapolation.pair_order + 1, 2)
    runs = [np.array([1.0, -2.0]) + sum((2.0**j) ** p * 1e-2 for p in powers) for j in range(extrapolation.run_count)]
    assert extrapolation.best(runs) == pytest.approx([1, -2], abs=1e-12)
    w, v = (solution - [1, -2] for solution in extrapolation.pair(runs))
    assert v == pytest.approx(2**extrapolation.pair_order * w)


def test_the_error_of_two_runs() -> None:
    """Two runs of order 4 have no gain: twice |w - v|/15, the error of w, whatever the extrapolation has gained."""
    estimate = Extrapolation(4, 1e-3, 2).error([np.array([1.0]), np.array([1.3])], size)
    assert estimate.value == pytest.approx(2 * 0.3 / 15)
    assert estimate.gain == inf


def runs_with(gains: Sequence[float], *, order: int = 2) -> list[np.ndarray]:
    """Runs whose rows estimate errors that fall by these gains, from 1 on."""
    orders = range(order, order + 2 * len(gains) + 2, 2)
    errors = [1.0, *(1 / np.cumprod(gains))]
    below = [np.zeros(1)]
    for p, error in zip(reversed(orders[: len(errors)]), reversed(errors), strict=True):  # a row from the one below
        row = [below[0] - error]
        for extrapolation in below:
            row.append(2**p * row[-1] - (2**p - 1) * extrapolation)
        below = row
    return below


@pytest.mark.parametrize("gain", [0.5, 1.0, 4.0, 81.0, 1e4])
def test_what_is_returned_has_gained_once_more(gain: float) -> None:
    """Three runs: the estimate of the pair, times 60/g; and never more of it than all of 60."""
    estimate = Extrapolation(2, 1e-3).error(runs_with([gain]), size)
    assert estimate.gain == pytest.approx(gain)
    assert estimate.value == pytest.approx(60 / max(gain, 1) / gain)


def test_a_row_gains_less_than_the_one_before() -> None:
    """Four runs with gains 6 and 60: the second is taken for 2. With 600 and 60 it is believed."""
    extrapolation = Extrapolation(2, 1e-8)
    assert extrapolation.error(runs_with([6.0, 60.0]), size).gain == pytest.approx(2)
    assert extrapolation.error(runs_with([600.0, 60.0]), size).gain == pytest.approx(60)


def test_a_gain_does_not_rise_at_once() -> None:
    """Half as much more than a segment before, unless nearly all of the error is new since."""
    extrapolation, runs = Extrapolation(2, 1e-4), runs_with([100.0])
    for last, gain in ((1e-2, 30.0), (1.1e-3, 30.0), (0.9e-3, 100.0), (0.0, 100.0)):
        assert extrapolation.error(runs, size, ErrorEstimate(last, 1.5, 20.0)).gain == pytest.approx(gain)
    assert extrapolation.error(runs, size, ErrorEstimate(1e-2, 0.1, 90.0)).gain == pytest.approx(100)


def test_runs_that_agree_have_no_error() -> None:
    assert Extrapolation(2, 1e-3).error([np.ones(3)] * 3, size).value == 0
    assert Extrapolation(4, 1e-3).error([np.ones(3)] * 2, size).value == 0


def test_a_part_of_an_error() -> None:
    assert Extrapolation(4, 1e-4, 2).error_of(3.0, 0.5) == pytest.approx(0.1)


# ---------------------------------------------------------------------- against the truth, at fixed steps


@dataclass(frozen=True)
class Table:
    """Runs with one to 256 steps of T/256 each way, at four times; the finest, extrapolated, is the truth."""

    system: System
    state: State
    time: float
    box: tuple[float, float, int]
    kind: str = "quantum"

    def runs(self) -> tuple[int, dict[int, list[np.ndarray]], PhaseGrid]:
        half, half_xi, size = self.box
        grid = PhaseGrid.box(h=self.system.h, x=(-half, half), xi=(-half_xi, half_xi), size=(size, size))
        solved = equation(quantum=self.kind == "quantum")
        made = Runs(self.system, solved, 1e-6, grid, self.state.symbol(grid).values, growth=1 / self.time)
        found = {}
        for steps in (4, 8, 16, 32, 64, 128, 256):
            stepper, w = made.stepper(self.time / steps), made.values[0].copy()
            found[steps] = []
            for quarter in range(4):
                w = stepper.run(w, steps // 4, quarter * self.time / 4)
                found[steps].append(w.copy())
        return made.scheme.order, found, grid


TABLES = {
    "waves much shorter than the symbol": Table(
        System("xi**2/2 + cos(12*x)/3", ["x"], h=0.2, gamma=0.05), coherent(0.1, 0.3), 0.3, (4.5, 11.0, 320)
    ),
    "a pendulum at its turning point": Table(
        System("xi**2/2 - cos(x)", ["x", "xi"], h=2**-6, gamma=0.3), coherent(2.0, 0.0), 2.0, (4.2, 3.2, 200)
    ),
    "fast, and never far": Table(
        System("sqrt(1 + xi**2) + x**2/2", ["x"], h=2**-4, gamma=0.2), coherent(0.5, 1.0), 2.0, (3.0, 3.5, 120)
    ),
    "a jump of xi": Table(
        System("xi**2/2 + x**2/2", ["x", "tanh(xi)"], h=2**-3, gamma=0.5), coherent(0.5, 0.5), 2.0, (4.5, 4.5, 108)
    ),
    "Kerr": Table(
        System("(x**2 + xi**2)**2/4", ["(x + I*xi)/sqrt(2)"], h=0.25, gamma=0.5), coherent(0.8, 0.0), 0.5,
        (4.5, 4.5, 128),
    ),
    "a saddle": Table(
        System("xi**2/2 - x**2/2 + x**4/20", ["x"], h=2**-2, gamma=0.02), coherent(0.0, 0.0), 2.0, (10.0, 10.0, 256)
    ),
    "all decays": Table(
        System("xi**2/2 + x**2/2 + x**4/40", ["(x + I*xi)/sqrt(2)"], h=0.2, gamma=3.0), coherent(1.5, 0.0), 4.0,
        (4.0, 4.0, 90),
    ),
    "a wall of diffusion": Table(
        System("xi**2/2 - 9*cos(3*x)", ["x", "xi"], h=2**-3, gamma=100.0), coherent(0.3, 0.0), 0.04, (6.0, 6.0, 180),
        "classical",
    ),
}  # fmt: skip


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_true_errors_are_below_those_that_the_gains_foretell(table: Table) -> None:
    """However long the steps, at four times, with three runs and with four; and not far below, where they are short."""
    order, found, grid = table.runs()
    ratios = []
    for count in (3, 4):
        extrapolation = Extrapolation(order, 1e-4)
        for steps in (64, 32, 16):
            before = ErrorEstimate()
            for quarter in range(4):
                runs = [found[steps // 2**j][quarter] for j in range(count) if steps // 2**j >= 4]
                if len(runs) < count:
                    continue
                truth = extrapolation.best([found[256 // 2**j][quarter] for j in range(4)])
                before = extrapolation.error(runs, lambda w: float(np.abs(w).sum() * grid.cell * pi / 2), before)
                true = float(np.abs(extrapolation.best(runs) - truth).sum() * grid.cell)
                if true > 1e-11:
                    ratios.append(true / before.value)
    assert len(ratios) >= 6
    assert max(ratios) <= 1
    assert np.median(ratios) >= 0.025
