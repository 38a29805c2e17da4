"""Real coordinates of Hermitian matrices, in which linear maps between these are real matrices.

c_mm,    sqrt(2) Re c_mn,    sqrt(2) Im c_mn    for m < n:    their Euclidean norm is the Hilbert-Schmidt norm.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

import numpy as np
from scipy import sparse


@dataclass(frozen=True)
class Coordinates:
    """The coordinates of matrices of `size` rows: the diagonal, then the real parts, then the imaginary parts."""

    size: int

    @property
    def count(self) -> int:
        """How many there are."""
        return self.size**2

    def vector(self, A: np.ndarray) -> np.ndarray:
        """The coordinates of the Hermitian matrix A."""
        upper = sqrt(2) * A[np.triu_indices(self.size, 1)]
        return np.concatenate([np.diagonal(A).real, upper.real, upper.imag])

    def matrix(self, v: np.ndarray) -> np.ndarray:
        """The matrix with these coordinates."""
        real, imaginary = np.split(v[self.size :], 2)
        A = np.zeros((self.size, self.size), dtype=complex)
        A[np.triu_indices(self.size, 1)] = (real + 1j * imaginary) / sqrt(2)
        A += A.conj().T
        A[np.diag_indices(self.size)] = v[: self.size]
        return A

    def real(self, m: np.ndarray, n: np.ndarray) -> np.ndarray:
        """The place of Re c_mn, or of c_mm, for m <= n."""
        return np.where(m == n, m, self.size + m * (2 * self.size - m - 1) // 2 + n - m - 1)

    def imaginary(self, m: np.ndarray, n: np.ndarray) -> np.ndarray:
        """The place of Im c_mn for m < n."""
        return self.real(m, n) + self.size * (self.size - 1) // 2

    def pairs(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(m, n) of the entry that each of these places belongs to."""
        first, second = np.triu_indices(self.size, 1)
        diagonal = np.arange(self.size)
        return (
            np.concatenate([diagonal, first, first])[places],
            np.concatenate([diagonal, second, second])[places],
        )


class Entries(NamedTuple):
    """A map A -> R of matrices, by numbers `value`: R_ij is the sum of value times A_mn."""

    i: np.ndarray
    j: np.ndarray
    m: np.ndarray
    n: np.ndarray
    value: np.ndarray


def upper_entries(left: sparse.csr_array, right: sparse.csr_array) -> Entries:
    """Those of A -> left A right* with i <= j: of a map of Hermitian matrices, the others are their conjugates."""
    left, right = left.tocoo(), right.tocoo()
    a, b = np.nonzero(left.row[:, None] <= right.row[None, :])
    return Entries(left.row[a], right.row[b], left.col[a], right.col[b], left.data[a] * right.data.conj()[b])


def real_map(entries: Entries, target: Coordinates, source: Coordinates) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, columns and values of a map of Hermitian matrices in real coordinates, from its entries with i <= j."""
    i, j, m, n, value = entries
    value = value * np.where(i == j, 1.0, sqrt(2)) / np.where(m == n, 1.0, sqrt(2))
    sign = np.sign(n - m)  # A_mn = (u + i sign w)/sqrt(2), or u if m = n
    off, mixed = i != j, m != n
    has_real, has_imaginary = value.real != 0, value.imag != 0
    low, high = np.minimum(m, n), np.maximum(m, n)
    u, w = (source.real(low, high), source.imaginary(low, high))
    to_real, to_imaginary = target.real(i, j), target.imaginary(i, j)
    parts = [
        (to_real, u, value.real, has_real),
        (to_real, w, -sign * value.imag, has_imaginary & mixed),
        (to_imaginary, u, value.imag, has_imaginary & off),
        (to_imaginary, w, sign * value.real, has_real & off & mixed),
    ]
    rows, columns, values = zip(*([a[kept] for a in arrays] for *arrays, kept in parts), strict=True)
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(values)
