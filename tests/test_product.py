"""Three degrees of freedom that know nothing of each other: the symbol is the product of three of one."""

from __future__ import annotations

import numpy as np
import pytest

from openweyl import PhaseGrid, System, coherent, evolve

POTENTIALS = ("x{0}**2/2 + x{0}**4/20", "x{0}**2/2 + cos(x{0})/5", "x{0}**2/2 + x{0}**3/30 + x{0}**4/40")
CENTERS = (0.3, 0.0, -0.3)
H, GAMMA, TIME, TOL = 1.0, 0.2, 0.3, 0.1


@pytest.mark.slow
def test_three_degrees_of_freedom_are_the_product_of_one_each() -> None:
    """The factors are exact against the tolerance; what the product holds outside of the grid is missing in its sum."""
    kinetic = "(xi1**2 + xi2**2 + xi3**2)/2"
    terms = " + ".join(v.format(j) for j, v in enumerate(POTENTIALS, 1))
    together = System(f"{kinetic} + {terms}", ["x1", "x2", "x3"], h=H, gamma=GAMMA)
    found = evolve(together, coherent(CENTERS, [0.0] * 3), [TIME], tol=TOL)
    grid = found.final.grid
    factors = []
    for j, (v, center) in enumerate(zip(POTENTIALS, CENTERS, strict=True)):
        alone = System(f"xi**2/2 + {v.format('')}", ["x"], h=H, gamma=GAMMA)
        symbol = evolve(alone, coherent(center, 0.0), [TIME], tol=1e-3 * TOL).final
        factors.append(symbol.resampled(PhaseGrid((grid.x[j],), (grid.xi[j],), H)).values)
    exact = np.einsum("ad,be,cf->abcdef", *factors)
    outside = 1 - float(exact.sum()) * grid.cell
    true = float(np.abs(found.final.values - exact).sum()) * grid.cell + abs(outside)
    assert true < found.numerics.error[-1] < TOL
    assert true > 1e-3 * found.numerics.error[-1], "an error that says next to nothing"
