"""Many states on the same levels, side by side in one array of shape (levels, paths, columns).

Either a state is X X*, of a few columns X, or it is the matrix X itself. Operators act from the left, on all at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse


@dataclass(frozen=True)
class Batch:
    """States of trace 1: X X* if `pure`, where one column is one ket, else X."""

    X: np.ndarray
    pure: bool

    @property
    def paths(self) -> int:
        """How many."""
        return int(self.X.shape[1])

    def sandwiched(self, left: Callable[[np.ndarray], np.ndarray]) -> Batch:
        """G rho G* for the map `left`, X -> G X."""
        Y = left(self.X)
        return Batch(Y if self.pure else left(adjoint(Y)), self.pure)

    def populations(self) -> np.ndarray:
        """Of each level, shape (levels, paths)."""
        if self.pure:
            return np.asarray((self.X.real**2 + self.X.imag**2).sum(axis=2))
        level = np.arange(len(self.X))
        return np.asarray(self.X[level, :, level].real)

    def normalised(self) -> Batch:
        """With trace 1."""
        trace = self.populations().sum(axis=0)
        return Batch(self.X / (np.sqrt(trace) if self.pure else trace)[:, None], self.pure)

    def entries(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Of each state those in these rows and columns, shape (entries, paths)."""
        if self.pure:
            return np.asarray((self.X[rows] * self.X[columns].conj()).sum(axis=2))
        return np.asarray(self.X[rows, :, columns])

    def distances(self, other: Batch, places: np.ndarray) -> np.ndarray:
        """The trace norm of each difference from `other`, whose levels are at these `places` among ours."""
        padded = np.zeros((len(self.X), other.paths, other.X.shape[2]), dtype=complex)
        if self.pure:
            padded[places] = other.X
            both = np.concatenate([self.X, padded], axis=2).transpose(1, 0, 2)
            triangle = np.asarray(np.linalg.qr(both, mode="r"))
            signs = np.repeat([1.0, -1.0], self.X.shape[2])
            difference = (triangle * signs) @ triangle.conj().swapaxes(1, 2)
        else:
            square = np.zeros_like(self.X)
            square[places[:, None], :, places[None, :]] = other.X.transpose(0, 2, 1)
            difference = (self.X - square).transpose(1, 0, 2)
        return np.asarray(np.abs(np.linalg.eigvalsh(difference)).sum(axis=1))


def adjoint(X: np.ndarray) -> np.ndarray:
    """The adjoint of each square matrix."""
    return np.ascontiguousarray(X.transpose(2, 1, 0).conj())


def applied(A: np.ndarray | sparse.csr_array, X: np.ndarray) -> np.ndarray:
    """A X, for all paths."""
    return np.asarray(A @ X.reshape(len(X), -1)).reshape(X.shape)


@dataclass(frozen=True)
class Readings:
    """tr(O rho) of several observables: places in rho that any of them meets, and `weights` (observables, places)."""

    rows: np.ndarray
    columns: np.ndarray
    weights: np.ndarray

    @staticmethod
    def of(matrices: Sequence[sparse.csr_array]) -> Readings:
        """Those of Hermitian matrices O: tr(O rho) is the sum of O_ij rho_ji."""
        parts = [one.tocoo() for one in matrices]
        size = matrices[0].shape[0]
        flat = [part.row.astype(np.int64) * size + part.col for part in parts]
        met = np.unique(np.concatenate(flat))
        weights = np.zeros((len(parts), len(met)), dtype=complex)
        for k, (part, places) in enumerate(zip(parts, flat, strict=True)):
            np.add.at(weights[k], np.searchsorted(met, places), part.data)
        columns, rows = np.divmod(met, size)
        return Readings(rows, columns, weights)

    def values(self, batch: Batch) -> np.ndarray:
        """Shape (observables, paths)."""
        return np.asarray((self.weights @ batch.entries(self.rows, self.columns)).real)
