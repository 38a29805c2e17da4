"""What cuts of kernels and ends of intervals leave in the errors of norms and eigenvalues."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from openweyl import PhaseGrid, coherent
from openweyl.norms import dense, l1, lowest_eigenvalue
from openweyl.norms.dense import eigenvalues
from openweyl.norms.lowest_eigenvalue import _from_band, smallest_eigenvalue

GRID = PhaseGrid.box(h=0.1, x=(-2.4, 2.4), xi=(-2.4, 2.4), size=(64, 64))
W = coherent(0.4, 0.1).symbol(GRID) - coherent(-0.3, 0.2).symbol(GRID)


def test_a_cut_that_takes_all_of_a_kernel() -> None:
    """[[0, 1], [1, 0]] without its last row and column is nil: the cut takes its whole trace norm, 2."""
    left, lost = dense._cut(np.array([[0.0, 1.0], [1.0, 0.0]]), 3.0)
    assert np.array_equal(left, [[0.0]])
    assert lost >= 2


@pytest.mark.parametrize("cut", [1e-8, 1e-4, 1e-2])
def test_cuts_in_positions_and_in_momenta_are_both_counted(cut: float) -> None:
    """Their sum, each by itself, and no less than what is gone from the sum of |eigenvalues|."""
    all_values, _ = eigenvalues(W, cut=0.0)
    values, lost = eigenvalues(W, cut=cut)
    assert len(values) < len(all_values)
    gone = np.abs(all_values).sum() - np.abs(values).sum()
    assert gone <= lost + 1e-12
    assert lost <= 8 * cut


def test_the_cut_in_positions_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, found = dense._cut, []

    def cut(entries: np.ndarray, level: float) -> tuple[np.ndarray, float]:
        found.append(plain(entries, level))
        return found[-1]

    monkeypatch.setattr(dense, "_cut", cut)
    _, lost = eigenvalues(W, cut=1e-3)
    first, second = (part for _, part in found)
    assert first > 0
    assert second > 0
    assert lost == pytest.approx(first + second, rel=1e-12)


@pytest.mark.parametrize("ends", [(0.9, 1.3), (0.7, 1.1)])
def test_the_error_of_an_l1_norm_is_to_the_farther_end(
    monkeypatch: pytest.MonkeyPatch, ends: tuple[float, float]
) -> None:
    monkeypatch.setattr(l1, "refined_l1", lambda *_args, **_options: (ends[0], 1.0, ends[1]))
    assert W.l1() == (1.0, pytest.approx(0.3))


@pytest.mark.parametrize("way", ["band", "coherent states", "all eigenvalues"])
def test_what_is_trimmed_moves_both_bounds_of_an_eigenvalue(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    w = W
    if way == "coherent states":
        monkeypatch.setattr(lowest_eigenvalue, "MAX_FACTOR_OPERATIONS", 0)
    if way == "all eigenvalues":
        grid = PhaseGrid.box(h=1.0, x=[(-4, 4)] * 2, xi=[(-4, 4)] * 2, size=(12, 12))
        w = coherent([0.5, 0], [0, 0]).symbol(grid) - coherent([-0.5, 0], [0, 0]).symbol(grid)
    exact = 10**4 * (way == "all eigenvalues")
    monkeypatch.setattr(lowest_eigenvalue, "left_out", lambda *_: 0.0)
    lower, upper = smallest_eigenvalue(w, 1e-3, exact)
    monkeypatch.setattr(lowest_eigenvalue, "left_out", lambda *_: 0.05)
    wider = smallest_eigenvalue(w, 1e-3, exact)
    assert wider == (pytest.approx(lower - 0.05), pytest.approx(min(upper + 0.05, 0.0)))


def test_what_a_cut_takes_lowers_the_bound_of_an_eigenvalue(monkeypatch: pytest.MonkeyPatch) -> None:
    """No eigenvalue moves by more than the trace norm of what is cut off."""
    grid = PhaseGrid.box(h=1.0, x=[(-4, 4)] * 2, xi=[(-4, 4)] * 2, size=(8, 8))
    w = coherent([0.5, 0], [0, 0]).symbol(grid)
    monkeypatch.setattr(lowest_eigenvalue, "left_out", lambda *_: 0.0)
    monkeypatch.setattr(lowest_eigenvalue, "eigenvalues", lambda *_args, **_options: (np.array([-0.3, 1.0]), 0.02))
    assert smallest_eigenvalue(w, 1e-3, 10**4) == (pytest.approx(-0.32), -0.3)


def test_round_off_of_a_factor_is_in_the_bounds() -> None:
    """Matrices singular up to their own rounding, of which a factor exists or not by chance: det/tr in fractions."""
    rng, below = np.random.default_rng(1), 0
    for a, b in rng.uniform(0.1, 1, (60, 2)):
        band = np.array([[a * a, b * b], [a * b, 0.0]])
        p, q, r = (Fraction(float(v)) for v in (band[0, 0], band[0, 1], band[1, 0]))
        exact = float((p * q - r * r) / (p + q))  # to first order in it
        lower, upper = _from_band(band.copy(), 1e-30)
        assert lower <= exact + 1e-30
        assert upper >= min(exact, 0.0) - 1e-30
        assert upper - lower < 1e-13
        below += exact < -1e-18
    assert below > 10
