"""Extrapolation of runs: which orders, exactness on polynomials in the step, and the estimate of the error."""

from __future__ import annotations

import numpy as np
import pytest

from openweyl.evolution.error_estimate import Extrapolation, extrapolated


def size(w: np.ndarray) -> float:
    return float(np.abs(w).max())


@pytest.mark.parametrize(
    ("order", "tol", "pair_order", "runs"),
    [(2, 1e-4, 4, 3), (2, 1e-5, 4, 3), (2, 9e-6, 6, 4), (4, 1e-6, 4, 2), (4, 3e-7, 4, 2), (4, 2e-7, 6, 3)],
)
def test_which_runs(order: int, tol: float, pair_order: int, runs: int) -> None:
    extrapolation = Extrapolation(order, tol)
    assert (extrapolation.pair_order, extrapolation.run_count) == (pair_order, runs)
    assert extrapolation.block == 2 ** (runs - 1)


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


@pytest.mark.parametrize(("tol", "share"), [(1e-2, 1.0), (2e-5, 1.0), (1e-5, 0.5), (1e-6, 0.5)])
def test_the_error_of_two_runs(tol: float, share: float) -> None:
    """Two runs of order 4: |w - v|/15, or half of it where errors surely fall as the order says."""
    estimate = Extrapolation(4, tol).error([np.array([1.0]), np.array([1.3])], size)
    assert estimate.factor == share
    assert estimate.value == pytest.approx(share * 0.3 / 15)


@pytest.mark.parametrize("gain", [0.5, 1.0, 4.0, 81.0, 1e4])
def test_a_low_gain_raises_the_error(gain: float) -> None:
    """Three runs of order 2: 9/sqrt(g), if one extrapolation has made the estimate g times smaller; never above 9."""
    d, left = 0.3, 15 / 3 / gain
    runs = [np.array([1.0]), np.array([1.0 - d]), np.array([1.0 - d - (4 - 3 * left) * d])]
    estimate = Extrapolation(2, 1e-3).error(runs, size)
    factor = max(1.0, 9 / max(gain, 1.0) ** 0.5)
    assert estimate.factor == pytest.approx(factor)
    assert estimate.value == pytest.approx(factor * d / 3 / gain)


def test_runs_that_agree_have_no_error() -> None:
    estimate = Extrapolation(2, 1e-3).error([np.ones(3)] * 3, size)
    assert estimate.value == 0
    assert estimate.factor == 1


def test_a_part_of_an_error() -> None:
    assert Extrapolation(4, 1e-4).error_of(3.0, 0.5) == pytest.approx(0.1)
