"""Figure 1's system against a table made by a separate code (`data/double_well.json`), and what its last digits mean.

trace_norm and hilbert_schmidt agree in every printed digit. The other two columns carry the table's own discretisation:

- purity is consistent with Strang steps, kick-drift-kick, 0.0025 long: they give the printed digits of the rows tested
  below, except that the row at t = 0.5 takes 0.00125 (at 0.0025 it is one unit of the last digit lower). They err by up
  to 1.5e-6.
- l1 is consistent with a plain sum of |difference| over 512 x 512 points. The kinks of |.| on the zero set make such a
  sum wander with the box by up to some parts in 10^4, and no printed digit is off by more. Which box was used is not
  known: none of ten tried gives every row. Refined, the sum converges to `l1_norm`'s corrected value.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from common import ROWS, row_state, row_system, slow_but
from openweyl import Comparison, PhaseGrid, Symbol, compare
from openweyl.evolution.schemes import STRANG
from openweyl.evolution.stepper import Stepper
from openweyl.generators.generator import lindblad

HALF_A_UNIT, TOL = 0.5e-6, 1e-7
STRANG_ERROR = 1.5e-6
BOXES = tuple(4.6 + 0.1 * j for j in range(15))  # smaller ones cut the symbol


@cache
def comparison(index: int) -> Comparison:
    return compare(row_system(index), row_state(index), [ROWS[index]["t"]], tol=TOL)


EACH = slow_but((0, 7), range(len(ROWS)))


@pytest.mark.parametrize("index", EACH)
def test_row(index: int) -> None:
    row, found = ROWS[index], comparison(index)
    assert found.trace_norm[0] == pytest.approx(row["trace_norm"], rel=0, abs=HALF_A_UNIT + 2 * TOL)
    assert found.hilbert_schmidt[0] == pytest.approx(row["hilbert_schmidt"], rel=0, abs=HALF_A_UNIT + 2 * TOL)
    assert found.purity[0] == pytest.approx(row["purity"], rel=0, abs=HALF_A_UNIT + STRANG_ERROR)
    assert found.l1[0] == pytest.approx(row["l1"], rel=0, abs=HALF_A_UNIT + wander(index, 512))
    assert wander(index, 512) < 2e-3 * found.l1[0]
    assert found.l1_error[0] <= 1e-4 * found.l1[0]
    assert found.min_eigenvalue[0] >= -TOL


def strang(index: int, steps: int) -> float:
    row = ROWS[index]
    grid = PhaseGrid.box(h=row["h"], x=(-3, 3), xi=(-3, 3), size=(128, 128))  # as good as 512: the purity is spectral
    generator = lindblad(row_system(index), grid)
    w = Stepper(generator, STRANG, row["t"] / steps).run(row_state(index).symbol(grid).values.copy(), steps)
    return float(Symbol(w, grid).purity())


@pytest.mark.parametrize(
    ("index", "steps"), [(0, 400), *(pytest.param(i, 400, marks=pytest.mark.slow) for i in (1, 6, 7))]
)
def test_the_purity_column_is_strangs(index: int, steps: int) -> None:
    """With such steps Strang gives the printed digits; with none, openweyl's."""
    printed, exact = ROWS[index]["purity"], comparison(index).purity[0]
    assert ROWS[index]["t"] / steps <= 0.0025
    coarse, fine = strang(index, steps // 2), strang(index, steps)
    assert fine == pytest.approx(printed, rel=0, abs=HALF_A_UNIT)
    assert abs(exact - printed) > HALF_A_UNIT  # the printed digit is not the exact one
    assert abs(exact - fine) < STRANG_ERROR
    assert (exact - coarse) / (exact - fine) == pytest.approx(4, abs=0.4)
    assert (4 * fine - coarse) / 3 == pytest.approx(exact, rel=0, abs=TOL)


@cache
def sums(index: int, size: int) -> np.ndarray:
    """Plain sums of |difference| on size x size points, over several boxes."""
    difference = comparison(index).difference(0)
    boxes = (PhaseGrid.box(h=difference.h, x=(-b, b), xi=(-b, b), size=(size, size)) for b in BOXES)
    return np.array([float(np.abs(difference.resampled(box).values).sum() * box.cell) for box in boxes])


def wander(index: int, size: int) -> float:
    """How far such sums err."""
    return float(np.abs(sums(index, size) - comparison(index).l1[0]).max())


@pytest.mark.parametrize("index", EACH)
def test_the_l1_column_is_a_plain_sum(index: int) -> None:
    """Plain sums converge, by 8 at least when the spacing falls by 4, and to the corrected value within its error."""
    spreads = [float(np.ptp(sums(index, size))) for size in (128, 256, 512, 1024)]
    assert spreads[2] < spreads[0] / 8
    assert spreads[3] < spreads[1] / 8
    assert wander(index, 1024) < spreads[3] + comparison(index).l1_error[0]
