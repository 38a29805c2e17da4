"""The rate of the slowest decay that a product B rho may hold, by the generator on levels.

What decays slowly, and is smaller than the errors of an evolution, is not seen in it; its integral may be large all the
same, an amplitude over a small rate.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, inf, prod

import numpy as np

from openweyl.fock_space.generator import generator
from openweyl.fock_space.levels import padded
from openweyl.fock_space.polynomial_system import polynomial_system
from openweyl.model.system import System
from openweyl.steady.on_levels import rates
from openweyl.weyl.fock_matrix import fock_matrix
from openweyl.weyl.symbol import Symbol

ROOM, MORE = 1.25, 2
"""The levels of each mode over those that the states fill, and how many besides."""
MOST = 100
"""The most levels of all modes: ten seconds or so for the rates next to 0."""
DENSE = 900
"""The most coordinates of which all rates are computed, not those next to 0 alone: in a second."""
TOUCHED = 1e-9
"""Coordinates of less than that, in trace norm, are round-off of the symbols."""
STILL = 1e-12
"""The rate, relative to the norm of the generator, that is 0 but for round-off."""


def slowest_rate(system: System, states: Sequence[Symbol], tol: float) -> float:
    """The rate of the slowest decay among the coordinates that meet those of the `states`, to `tol` in trace norm; 0 if
    it is not told from round-off; infinite if it is not known, for symbols that are no polynomials or many levels.
    """
    made = polynomial_system(system, (1.0,) * system.n) if system.n <= 2 else None
    if made is None or not states:
        return inf
    found = [fock_matrix(state, None, tol) for state in states]
    sizes = [max(own) for own in zip(*(own for _, own in found), strict=True)]
    levels = tuple(ceil(ROOM * size) + MORE for size in sizes)
    if prod(levels) > MOST:
        return inf
    parts = [padded(matrix, tuple(own), levels) for (matrix, _), own in found]
    A = np.asarray(sum(part / (k + 1) for k, part in enumerate(parts)))  # unlike weights: nothing cancels
    L = generator(made, levels, A, TOUCHED)[0]
    M = L.terms[0].inside
    values = np.linalg.eigvals(M.toarray()) if L.size <= DENSE else rates(L)[0]
    decays = np.sort(-values.real)[1:]  # the first is that of the state at rest
    slowest = float(decays.min(initial=inf))
    return slowest if slowest > STILL * float(abs(M).sum(axis=0).max()) else 0.0
