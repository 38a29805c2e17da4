"""One step of conditional states, all paths at once; from the left, G = e^{tau A/2} K e^{tau A/2}, with

    K = 1 + q c + (q^2 - v)/2 c^2 + (q^3 - 3 q v)/6 c^3 - z [A, c],      q = sum_i sqrt(eta_i) e_i dy_i,    z = the same
    of int (s - tau/2) dy_i(s),      v = sum_i eta_i e_i^2 tau,         c_i = e_i c:  e = 1, or 1 and -i.

exp(q c - v c^2/2) is what the record alone does, and [A, c] is what it has to do with the time within the step at which
it came. What is not seen, J rho = sum_V V rho V*, is e^{tau J/2} before and after. Each is completely positive.

The record is drawn with the expectation S_i of its rate at the start of the step, how that changes there by itself, and
how the record changes it: dy_i = dW_i + S_i tau + L*(S_i) tau^2/2 + sum_j g_ij int W_j ds.

Source: Rouchon and Ralph, Phys. Rev. A 91, 012118 (2015), doi:10.1103/PhysRevA.91.012118, whose M has the terms up to
c^2, with 1 + tau A in place of the exponentials.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from math import sqrt

import numpy as np
from scipy import sparse

from openweyl.symbolic.expressions import TIME

from .batches import Batch, applied
from .level_operators import LevelOperators

SPARSE = 0.15
"""The part of the entries of an exponential that may be nonzero for a sparse product to be faster."""
NEGLIGIBLE = 1e-17
"""Entries of an exponential below this part of its largest one are round-off."""
MAX_KEPT = 64
"""Exponentials that are kept: steps of a constant system have few lengths."""


@dataclass
class Stepper:
    """Steps with these operators; `kept`: exponentials by the lengths of steps, where A is constant."""

    operators: LevelOperators
    kept: dict[str, np.ndarray | sparse.csr_array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.constant = not any(factor.has(TIME) for factor in self.operators.factors)
        detection = self.operators.observed.detection
        self.channels = len(detection.angles)
        self.root = sqrt(detection.share)
        self.turns = np.exp(-1j * (np.array(detection.angles) - detection.angles[0]))

    def moved(self, batch: Batch, t: float, tau: float, dw: np.ndarray, dz: np.ndarray) -> tuple[Batch, np.ndarray]:
        """The states after a step, and the record dy (channels, paths).

        `dw`, `dz`: int dW and int (s - tau/2) dW over the step, (channels, paths).
        """
        rates = self.operators.values(t + tau / 2)
        dy = self._record(batch, tau, dw, dz, rates)
        q = self.root * (self.turns @ dy)
        z = self.root * (self.turns @ dz)
        v = self.root**2 * tau * complex((self.turns**2).sum())
        before, after = self._exponential(t, tau / 2), self._exponential(t + tau / 2, tau / 2)
        c, c2, c3 = self.operators.powers
        weights = [one[:, None] for one in (q, (q**2 - v) / 2, (q**3 - 3 * q * v) / 6)]

        def left(X: np.ndarray) -> np.ndarray:
            X = applied(before, X)
            Y = X + weights[0] * applied(c, X) + weights[1] * applied(c2, X) + weights[2] * applied(c3, X)
            for rate, commutator in zip(rates, self.operators.commutators, strict=True):
                if commutator.nnz:
                    Y -= (rate * z)[:, None] * applied(commutator, X)
            return applied(after, Y)

        unseen = partial(self._unseen, tau=tau / 2, rates=rates)
        return unseen(unseen(batch).sandwiched(left)).normalised(), dy

    def _record(self, batch: Batch, tau: float, dw: np.ndarray, dz: np.ndarray, rates: np.ndarray) -> np.ndarray:
        """dy of a step."""
        n = self.channels
        values = self.operators.signals.values(batch)
        signal, slopes, products = np.split(values, [n, n + n * len(rates)])
        slope = np.einsum("ikp,k->ip", slopes.reshape(n, len(rates), -1), rates)
        gains = products.reshape(n, n, -1) - signal[:, None] * signal[None, :]
        return np.asarray(dw + tau * signal + tau**2 / 2 * slope + np.einsum("ijp,jp->ip", gains, tau / 2 * dw - dz))

    def _unseen(self, batch: Batch, tau: float, rates: np.ndarray) -> Batch:
        """e^{tau J}, up to tau^2."""
        if not self.operators.hidden:
            return batch
        once = self._jumped(batch, rates)
        return Batch(batch.X + tau * once.X + tau**2 / 2 * self._jumped(once, rates).X, batch.pure)

    def _jumped(self, batch: Batch, rates: np.ndarray) -> Batch:
        total = np.zeros_like(batch.X)
        for k, V in self.operators.hidden:
            total += rates[k] * batch.sandwiched(partial(applied, V)).X
        return Batch(total, batch.pure)

    def _exponential(self, t: float, tau: float) -> np.ndarray | sparse.csr_array:
        """exp(tau A) for the A at the middle of [t, t + tau]."""
        from scipy.linalg import expm  # slow to import

        key = f"{tau:.12e}"  # equal steps differ by round-off
        if self.constant and key in self.kept:
            return self.kept[key]
        rates = self.operators.values(t + tau / 2)
        A = sum(rate * part for rate, part in zip(rates, self.operators.drift, strict=True))
        made = np.asarray(expm(tau * A.toarray()))
        made[np.abs(made) < NEGLIGIBLE * np.abs(made).max()] = 0
        found = sparse.csr_array(made) if np.count_nonzero(made) <= SPARSE * made.size else made
        if self.constant:
            if len(self.kept) >= MAX_KEPT:
                self.kept.clear()
            self.kept[key] = found
        return found
