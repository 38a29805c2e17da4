"""The matrices on finitely many levels with which conditional states take their steps.

Products are multiplied on further levels and then cut, so that each is right on the levels kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod, sqrt

import numpy as np
import sympy
from scipy import sparse

from openweyl.fock_space.ladder import Ladder, matrix
from openweyl.fock_space.levels import places
from openweyl.symbolic.expressions import TIME, evaluate

from .batches import Readings
from .observed import ObservedSystem

PRODUCTS = 3
"""The most factors of a product: c^3, V* S V."""


@dataclass(frozen=True)
class LevelOperators:
    """On `levels` of each mode, by the functions of the time in `factors` where that is a tuple over these:

    drift: A. powers: c, c^2, c^3. commutators: [A, c]. hidden: the V with the numbers of their rates' functions.
    signals: readings of S_i = sqrt(eta_i) (c_i + c_i*), of L*(S_i) for each function, and of S_i c_j + h.c. times
    sqrt(eta_j), in this order.
    """

    observed: ObservedSystem
    levels: tuple[int, ...]
    factors: tuple[sympy.Expr, ...]
    drift: tuple[sparse.csr_array, ...]
    powers: tuple[sparse.csr_array, ...]
    commutators: tuple[sparse.csr_array, ...]
    hidden: tuple[tuple[int, sparse.csr_array], ...]
    signals: Readings

    @staticmethod
    def of(observed: ObservedSystem, levels: tuple[int, ...]) -> LevelOperators:
        """Those of a system."""
        outer = tuple(size + PRODUCTS * observed.raised(j) for j, size in enumerate(levels))
        own = places(levels, outer)
        factors, detection = observed.factors, observed.detection

        def on_outer(ladder: Ladder) -> sparse.csr_array:
            return matrix(ladder, outer, outer)

        def cut(made: sparse.csr_array) -> sparse.csr_array:
            kept = sparse.csr_array(made[own][:, own])
            kept.eliminate_zeros()
            return kept

        c = on_outer(observed.seen)
        hamiltonian = [(factors.index(f), on_outer(p)) for f, p in observed.hamiltonian]
        jumps = [(factors.index(f), on_outer(V)) for f, V in observed.jumps]
        everything = [*jumps, (0, c)]
        nothing = sparse.csr_array(c.shape, dtype=complex)
        drift = [nothing] * len(factors)
        for k, P in hamiltonian:
            drift[k] = drift[k] - 1j / observed.system.h * P
        for k, V in everything:
            drift[k] = drift[k] - (_adjoint(V) @ V) / 2
        channels = [c * np.exp(-1j * (angle - detection.angles[0])) for angle in detection.angles]
        root = sqrt(detection.share)
        seen = [root * (one + _adjoint(one)) for one in channels]
        slopes = []
        for S in seen:
            for k, A in enumerate(drift):
                total = _adjoint(A) @ S + S @ A
                for _, V in (pair for pair in everything if pair[0] == k):
                    total = total + _adjoint(V) @ S @ V
                slopes.append(total)
        products = [root * (S @ one) for S in seen for one in channels]
        gains = [one + _adjoint(one) for one in products]
        hidden = [(k, cut(V)) for k, V in jumps if V.nnz]
        if detection.efficiency < 1:
            hidden.append((0, cut(sqrt(1 - detection.efficiency) * c)))
        return LevelOperators(
            observed=observed, levels=levels, factors=factors, drift=tuple(map(cut, drift)),
            powers=(cut(c), cut(c @ c), cut(c @ c @ c)), commutators=tuple(cut(A @ c - c @ A) for A in drift),
            hidden=tuple(hidden), signals=Readings.of([cut(one) for one in (*seen, *slopes, *gains)]),
        )  # fmt: skip

    @property
    def size(self) -> int:
        """The number of levels of all modes together."""
        return prod(self.levels)

    def readings(self, polynomials: Sequence[Ladder]) -> Readings:
        """Of the expectations of these."""
        return Readings.of([matrix(one, self.levels, self.levels) for one in polynomials])

    def values(self, t: float) -> np.ndarray:
        """The functions of the time at t."""
        return np.array([_value(factor, t) for factor in self.factors])


def _adjoint(A: sparse.csr_array) -> sparse.csr_array:
    return sparse.csr_array(A.conj().T)


def _value(factor: sympy.Expr, t: float) -> float:
    return 1.0 if factor == 1 else float(np.asarray(evaluate(factor, {TIME: np.array([t])}, np)).ravel()[0])
