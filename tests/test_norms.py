"""What cuts of kernels and ends of intervals leave in the errors of norms and eigenvalues."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from openweyl import PhaseGrid, Symbol, coherent
from openweyl.norms import dense, l1, lowest_eigenvalue, product_states
from openweyl.norms.dense import dense_trace_norm, eigenvalues
from openweyl.norms.lowest_eigenvalue import _from_band, smallest_eigenvalue
from openweyl.norms.product_states import compressed
from openweyl.norms.trace_norm import enclosure

GRID = PhaseGrid.box(h=0.1, x=(-2.4, 2.4), xi=(-2.4, 2.4), size=(64, 64))
W = coherent(0.4, 0.1).symbol(GRID) - coherent(-0.3, 0.2).symbol(GRID)
SMALL = PhaseGrid.box(h=1.0, x=[(-4.2, 4.2)] * 2, xi=[(-4.2, 4.2)] * 2, size=(20, 20))


@cache
def entangled(seed: int, terms: int = 4) -> Symbol:
    """A random combination of squeezed Gaussians that are correlated over both degrees of freedom, both signs."""
    rng = np.random.default_rng(seed)
    z = np.stack(np.broadcast_arrays(*sum(SMALL.mesh("x", "xi"), ())), axis=-1)
    total = np.zeros(SMALL.shape)
    for _ in range(terms):
        turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
        matrix = turn @ np.diag(rng.uniform(0.8, 1.3, 4)) @ turn.T
        shifted = z - rng.uniform(-0.5, 0.5, 4)
        total += rng.normal() * np.exp(-np.einsum("...a,ab,...b->...", shifted, matrix, shifted))
    return Symbol(total, SMALL)


@cache
def true_trace_norm(seed: int) -> float:
    return dense_trace_norm(entangled(seed))


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


@pytest.mark.parametrize("way", ["band", "coherent states", "product states"])
def test_what_is_trimmed_moves_both_bounds_of_an_eigenvalue(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    w = W
    if way == "coherent states":
        monkeypatch.setattr(lowest_eigenvalue, "MAX_FACTOR_OPERATIONS", 0)
    if way == "product states":
        grid = PhaseGrid.box(h=1.0, x=[(-4, 4)] * 2, xi=[(-4, 4)] * 2, size=(12, 12))
        w = coherent([0.5, 0], [0, 0]).symbol(grid) - coherent([-0.5, 0], [0, 0]).symbol(grid)
    monkeypatch.setattr(lowest_eigenvalue, "TRUNCATION_LEVELS", (0.25,))
    monkeypatch.setattr(lowest_eigenvalue, "left_out", lambda *_: 0.0)
    lower, upper = smallest_eigenvalue(w, 1e-3)
    monkeypatch.setattr(lowest_eigenvalue, "left_out", lambda *_: 0.05)
    wider = smallest_eigenvalue(w, 1e-3)
    assert wider == (pytest.approx(lower - 0.05), pytest.approx(min(upper + 0.05, 0.0)))


@pytest.mark.slow
@pytest.mark.parametrize("accuracy", [1e-1, 1e-3, 1e-6])
def test_what_product_states_leave_out_lowers_the_bound_of_an_eigenvalue(accuracy: float) -> None:
    w = entangled(3)
    exact = float(eigenvalues(w)[0][0])
    lower, upper = smallest_eigenvalue(w, accuracy)
    assert lower <= exact <= upper + 1e-12
    assert upper - lower < 1.5 * accuracy


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


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("lost", "most"), [(1e-1, 2000), (1e-3, 2000), (1e-6, 2000), (1e-6, 20), (1e-6, 1)])
def test_product_states_enclose_the_trace_norm(seed: int, lost: float, most: int) -> None:
    """All eigenvalues as the truth, and a loss that is kept, or counted where `most` states cannot keep it."""
    w = entangled(seed)
    exact = true_trace_norm(seed)
    small = compressed(w, trace=lost * exact, most=most)
    assert small is not None and len(small.matrix) <= most
    lower = float(np.abs(np.linalg.eigvalsh(small.matrix)).sum())
    assert lower <= exact * (1 + 1e-12)
    assert exact <= lower + small.trace_loss + 1e-12 * exact
    assert (small.trace_loss <= lost * exact) == (most == 2000)
    rest = float(w.hilbert_schmidt()) ** 2 - float(np.vdot(small.matrix, small.matrix).real)
    # ||D||^2 - ||P D P||^2 <= 2 ||(1 - P) D||^2, up to the square of the 2e-5 at the edges of the grid
    assert rest <= 2 * small.norm_loss**2 + 1e-9 * exact**2


@pytest.mark.parametrize("entries", [1, 2**6, 2**9])
def test_one_mode_states_that_are_left_out_are_counted(monkeypatch: pytest.MonkeyPatch, entries: int) -> None:
    """So few of them that most of the loss is theirs: down to a single product state."""
    monkeypatch.setattr(product_states, "MAX_ENTRIES", entries)
    w, exact = entangled(2), true_trace_norm(2)
    small = compressed(w, trace=1e-6, most=2000)
    assert small is not None and len(small.matrix) ** 2 <= entries
    lower = float(np.abs(np.linalg.eigvalsh(small.matrix)).sum())
    assert lower <= exact <= lower + small.trace_loss
    gone = float(w.hilbert_schmidt()) ** 2 - float(np.vdot(small.matrix, small.matrix).real)
    assert gone <= 2 * small.norm_loss**2


def test_many_small_eigenvalues_are_counted_in_trace_norm() -> None:
    """A thermal state: its flat spectrum leaves out little in Hilbert-Schmidt norm, and not so in trace norm."""
    square = sum(axis**2 for axis in sum(SMALL.mesh("x", "xi"), ()))
    w = Symbol((SMALL.h / 1.0) ** 2 * np.exp(-square / 2.0), SMALL)
    for most in (4, 10):
        small = compressed(w, trace=1e-3, most=most)
        assert small is not None
        gone = 1 - float(np.trace(small.matrix).real)
        assert gone > 1e-2 and gone <= small.trace_loss
        assert small.norm_loss < small.trace_loss / 5


def test_a_product_of_operators_with_known_trace_norms() -> None:
    """||A x B||_tr = ||A||_tr ||B||_tr, differences of coherent states: 2 (1 - e^{-|z - z'|^2/2h})^{1/2} each."""
    h = SMALL.h
    one = PhaseGrid(SMALL.x[:1], SMALL.xi[:1], h)
    a, b = (coherent(z, 0.0).symbol(one) - coherent(-z, 0.2).symbol(one) for z in (0.6, 0.3))
    exact = 4 * np.prod([np.sqrt(1 - np.exp(-((2 * z) ** 2 + 0.04) / (2 * h))) for z in (0.6, 0.3)])
    values = np.einsum("ac,bd->abcd", a.values, b.values)
    small = compressed(Symbol(values, SMALL), trace=1e-4, most=2000)
    assert small is not None
    lower = float(np.abs(np.linalg.eigvalsh(small.matrix)).sum())
    assert lower - 1e-4 <= exact <= lower + small.trace_loss + 1e-4  # 18 points leave 1e-5 at the edges
    assert len(small.matrix) < 60


@pytest.mark.slow
def test_three_degrees_of_freedom() -> None:
    """Two thermal states, apart in a direction that mixes all three: a turn makes this a difference in one of them."""
    grid = PhaseGrid.box(h=1.0, x=[(-4.8, 4.8)] * 3, xi=[(-4.8, 4.8)] * 3, size=(12, 12))
    one = PhaseGrid.box(h=1.0, x=(-7, 7), xi=(-7, 7), size=(64, 64))

    def thermal(grid: PhaseGrid, *center: float) -> Symbol:
        square = sum((axis - z) ** 2 for axis, z in zip(sum(grid.mesh("x", "xi"), ()), center, strict=True))
        return Symbol(np.exp(-square / 2), grid)

    z = np.array([0.4, 0.2, -0.3, 0.0, -0.2, 0.2])
    length = float(np.linalg.norm(z))
    exact = dense_trace_norm(thermal(one, length, 0) - thermal(one, -length, 0))
    small = compressed(thermal(grid, *z) - thermal(grid, *-z), trace=0.1 * exact, most=2000)
    assert small is not None and len(small.matrix) < 500
    lower = float(np.abs(np.linalg.eigvalsh(small.matrix)).sum())
    assert lower - 2e-3 <= exact <= lower + small.trace_loss + 2e-3  # 12 points leave 1e-3 at the edges
    assert small.trace_loss <= 0.1 * exact


@pytest.mark.parametrize("exact", [0, 2000])
def test_enclosures_of_two_degrees_of_freedom(exact: int) -> None:
    w, truth = entangled(1), true_trace_norm(1)
    lower, upper = enclosure(w, rtol=1e-2, negligible=1e-5 * truth, exact=exact)
    assert lower <= truth <= upper
    assert upper - lower <= (4e-5 if exact else 1.1e-2) * truth
