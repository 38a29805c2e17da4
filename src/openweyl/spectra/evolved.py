"""tr(A e^{tau L} B rho) by evolving B rho as states, for all systems that have no closed form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from openweyl._core.progress import Progress, shares
from openweyl.evolution.evolve import Kind, evolve
from openweyl.model.system import System
from openweyl.weyl.symbol import Symbol

from .factors import Factor
from .polarization import states_of
from .reading import change

PARTS = 3
"""The states that a product is made of."""


def evolved(
    system: System, a: Factor, b: Factor, w: Symbol, error: float, times: Sequence[float], *, kind: Kind,
    tol: float, progress: Progress | None, **options: Any,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """The correlation function at `times`, complex, and its estimated error; `error`: that of `w`, in trace norm.

    `system`: with its clock at the time of `w`. `options`: those of `evolve`.
    """
    values, errors = np.zeros(len(times), dtype=complex), np.zeros(len(times))
    own = change(np.abs(b.values(w)), w, error)
    parts = states_of(b, w, error, tol, quantum=kind == "quantum")
    for part, report in zip(parts, shares(progress, [1.0] * PARTS), strict=False):
        solution = evolve(system, part.state, times, kind=kind, tol=tol, progress=report, **options)
        for j, (symbol, lost) in enumerate(zip(solution, solution.numerics.error, strict=True)):
            read = a.values(symbol)
            values[j] += part.weight * complex((read * symbol.values).sum()) * symbol.grid.cell
            size = abs(part.weight)
            errors[j] += size * change(np.abs(read), symbol, lost + own / (PARTS * size))
    return values, errors
