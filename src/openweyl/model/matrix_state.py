"""States given by a matrix in a basis of vectors.

sum_{m,n} c_mn |e_m><e_n|,    for instance the Fock basis e_m(y) = h^{-1/4} psi_m(y/sqrt h), psi_m Hermite functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isclose, pi, prod, sqrt
from typing import Any

import numpy as np

from openweyl._core.arguments import moderate, must, real
from openweyl._core.calls import public
from openweyl._core.fft import good_size
from openweyl.phase_space.grid import Axis, PhaseGrid, check_grid
from openweyl.phase_space.kernels import Kernel, symbol_values
from openweyl.weyl.fock_basis import AMPLITUDE_ROUND_OFF, apply_to
from openweyl.weyl.symbol import Symbol

from .states import State, check_room


@dataclass(frozen=True, eq=False, repr=False)
class MatrixState(State):
    """sum_{m,n} c_mn |e_m><e_n|, with e_m a product of one vector for each degree of freedom, at one value of h.

    matrix: c, with axes m_1 .. m_n, n_1 .. n_n. vectors[j]: e_m(y_a) sqrt(d), shape (a, m), orthonormal columns, on
    windows[j] of spacing d.
    """

    matrix: np.ndarray
    vectors: tuple[np.ndarray, ...]
    windows: tuple[Axis, ...]
    h: float
    description: str

    @property
    def n(self) -> int:
        return len(self.windows)

    @public
    def symbol(self, grid: PhaseGrid, xp: Any = np) -> Symbol:
        check_grid(grid)
        must(grid.n == self.n, "grid", f"have n = {self.n} degrees of freedom, as the state", grid.n)
        self._check(grid.h)
        if self.n == 1:
            return Symbol.trusted(xp.asarray(symbol_values(self._kernel(0, self.matrix), grid)), grid)
        array = self.matrix
        for j in range(self.n):
            array = np.tensordot(array, self._symbols(j, grid), ((j, self.n + j), (0, 1)))
            array = np.moveaxis(array, (-2, -1), (j, self.n + j))
        return Symbol.trusted(xp.asarray(np.ascontiguousarray(array.real)), grid)

    def _symbols(self, j: int, grid: PhaseGrid) -> np.ndarray:
        """The symbols of all |e_m><e_n| of one degree of freedom."""
        plane, rank = PhaseGrid((grid.x[j],), (grid.xi[j],), self.h), self.vectors[j].shape[1]
        symbols = np.empty((rank, rank, *plane.shape), dtype=complex)
        for m in range(rank):
            for k in range(m + 1):
                unit = np.zeros((rank, rank))
                unit[m, k] = 1.0
                symbols[m, k] = symbol_values(self._kernel(j, unit), plane, hermitian=False)
                symbols[k, m] = symbols[m, k].conj()
        return symbols

    def _kernel(self, j: int, matrix: np.ndarray) -> Kernel:
        """The kernel of `matrix` for one degree of freedom."""
        entries = self.vectors[j] @ matrix @ self.vectors[j].conj().T
        return Kernel(entries, (self.windows[j],), (0.0,), self.h)

    @public
    def grid(self, h: float, level: float, room: float = 0.1) -> PhaseGrid:
        """Beyond this grid lies less than `level` of the operator, in trace norm."""
        self._check(moderate("h", h, above=0.0))
        level, room = real("level", level, above=0.0), check_room(room)
        cut = max(level / sqrt(prod(vectors.shape[1] for vectors in self.vectors)), AMPLITUDE_ROUND_OFF)
        positions, momenta = ([self._extent(j, cut, f) for j in range(self.n)] for f in (False, True))
        axes = []
        for (lower, upper, _), (_, _, dual) in zip(positions + momenta, momenta + positions, strict=True):
            margin = room * (upper - lower)
            length = upper - lower + 2 * margin
            reach = max(dual / h, 4 * pi / length)
            axes.append(Axis.between(lower - margin, upper + margin, good_size(length * reach * (1 + room) / pi)))
        return PhaseGrid(tuple(axes[: self.n]), tuple(axes[self.n :]), h)

    def _extent(self, j: int, cut: float, momenta: bool) -> tuple[float, float, float]:
        """(lower, upper, reach) of the kernel in one degree of freedom, in positions or in `momenta`.

        The square sum of the entries is below cut^2 where the middle of the two arguments is outside of the interval,
        and where their distance, s or h k, is larger than the reach.
        """
        window, vectors = self.windows[j], self.vectors[j]
        lower, spacing = window.lower, window.spacing
        if momenta:
            vectors = np.fft.fftshift(np.fft.fft(vectors, axis=0, norm="ortho"), axes=0)
            spacing = 2 * pi * self.h / window.length
            lower = -(window.size // 2) * spacing
        entries = apply_to(vectors.conj(), apply_to(vectors, self.matrix, j), self.n + j)
        rest = tuple(axis for axis in range(entries.ndim) if axis not in (j, self.n + j))
        power = (entries.real**2 + entries.imag**2).sum(axis=rest).ravel()
        a, b = (index.ravel() for index in np.indices((window.size, window.size)))
        middles, distances = np.bincount(a + b, power), np.bincount(np.abs(a - b), power)
        first, last = (int(np.searchsorted(np.cumsum(side), cut**2)) for side in (middles, middles[::-1]))
        reach = distances.size - int(np.searchsorted(np.cumsum(distances[::-1]), cut**2))
        return lower + spacing * (first - 1) / 2, lower + spacing * (middles.size - last) / 2, spacing * reach

    def _check(self, h: float) -> None:
        same = isclose(h, self.h, rel_tol=1e-12)
        must(same, "h", f"be that of the state, {self.h:.10g}", h, "Make the state again at this h.")
