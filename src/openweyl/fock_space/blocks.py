"""exp(t L) for a constant L that falls into small blocks, as under a symmetry of phase: one dense exponential for each.

They take no steps, however long the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log2

import numpy as np
from scipy import sparse

EXPONENTIAL_WORK = 40.0
"""The work in a dense exponential, in multiplications of a sparse product, over the cube of its size."""

CALL_WORK = 5_000.0
"""The overhead of a call, 5 us, in multiplications of a sparse product."""
INTEGRAL_WORK = 3.0
"""The work of an exponential with the integral of a quadratic form along it, over that without: three products for each
doubling."""

NODES, WEIGHTS = np.polynomial.legendre.leggauss(4)
"""Gauss' rule for that integral over a time of at most 1/(2 ||L||): to 1e-8 of itself."""


@dataclass(frozen=True)
class Blocks:
    """Dense blocks of one matrix, those of one size together: `places[g]`, shape (count, size), are their coordinates
    and `values[g]`, shape (count, size, size), their entries.
    """

    places: tuple[np.ndarray, ...]
    values: tuple[np.ndarray, ...]

    @property
    def sizes(self) -> np.ndarray:
        """The size of each block."""
        return np.concatenate([np.full(places.shape[0], places.shape[1]) for places in self.places])

    def exponential(self, t: float) -> Blocks:
        """exp(t L)."""
        from scipy.linalg import expm  # slow to import

        return Blocks(self.places, tuple(np.asarray(expm(t * values)) for values in self.values))

    def integral(self, t: float, form: Blocks) -> Blocks:
        """G(t) = int_0^t e^{s L*} Q e^{s L} ds for the quadratic form Q, in the same blocks.

        It is doubled, G(2 s) = G(s) + e^{s L*} G(s) e^{s L}: nothing that happens between 0 and t is missed.
        """
        from scipy.linalg import expm  # slow to import

        found = []
        for values, Q in zip(self.values, form.values, strict=True):
            norm = float(np.abs(values).sum(axis=-1).max(initial=0.0))
            doublings = max(ceil(log2(max(2 * norm * t, 1.0))), 0)
            s = t / 2**doublings
            G = np.zeros_like(Q)
            for node, weight in zip(NODES, WEIGHTS, strict=True):
                E = expm(s * (node + 1) / 2 * values)
                G += s * weight / 2 * (E.swapaxes(1, 2) @ Q @ E)
            E = np.asarray(expm(s * values))
            for _ in range(doublings):
                G, E = G + E.swapaxes(1, 2) @ G @ E, E @ E
            found.append(G)
        return Blocks(self.places, tuple(found))

    def __matmul__(self, v: np.ndarray) -> np.ndarray:
        out = np.empty_like(v)
        for places, values in zip(self.places, self.values, strict=True):
            out[places] = np.einsum("bij,bj->bi", values, v[places])
        return out


def block_sizes(matrix: sparse.csr_array) -> np.ndarray:
    """The sizes of the blocks that the matrix falls into."""
    from scipy.sparse import csgraph  # slow to import

    _, labels = csgraph.connected_components(matrix, directed=False)
    return np.bincount(labels)


def dense_work(sizes: np.ndarray) -> float:
    """The work of an exponential of blocks of these sizes."""
    return float((EXPONENTIAL_WORK * sizes.astype(float) ** 3 + CALL_WORK).sum())


def blocks(matrix: sparse.csr_array, pattern: sparse.csr_array | None = None) -> Blocks:
    """The blocks of the matrix: coordinates that meet in it, or in `pattern`, are in one."""
    from scipy.sparse import csgraph  # slow to import

    count, labels = csgraph.connected_components(matrix if pattern is None else pattern, directed=False)
    sizes = np.bincount(labels)
    order = np.argsort(labels, kind="stable")
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    within = np.empty(len(labels), dtype=int)
    within[order] = np.arange(len(labels)) - np.repeat(starts, sizes)
    entries = matrix.tocoo()
    number = np.empty(count, dtype=int)
    places, values = [], []
    for size in np.unique(sizes):
        ours = np.nonzero(sizes == size)[0]
        number[ours] = np.arange(len(ours))
        places.append(order[starts[ours][:, None] + np.arange(size)])
        dense = np.zeros((len(ours), size, size))
        here = np.isin(labels[entries.row], ours)
        rows, columns = entries.row[here], entries.col[here]
        np.add.at(dense, (number[labels[rows]], within[rows], within[columns]), entries.data[here])
        values.append(dense)
    return Blocks(tuple(places), tuple(values))
