"""The matrix of Op(w) in the Fock basis.

    Op(w) = sum_{m,n} c_mn |m><n|,    c_mn = int int phi_m(y) rho(y, y') phi_n(y') dy dy',

phi_m(y) = h^{-1/4} psi_m(y/sqrt h) with the Hermite functions psi_m: the basis of the oscillator (x^2 + xi^2)/2 at h,
where x = sqrt(h/2) (a + a*) and xi = -i sqrt(h/2) (a - a*). For n > 1 the indices run over tensor products, the first
degree of freedom slowest.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, pi, prod, sqrt
from typing import Any, NamedTuple

import numpy as np

from openweyl._core.arguments import is_list, must, real
from openweyl.phase_space.grid import Axis, PhaseGrid
from openweyl.phase_space.grid_function import GridFunction
from openweyl.phase_space.kernels import Kernel, quantize
from openweyl.phase_space.resampling import interpolation
from openweyl.phase_space.support import truncated

from .fock_basis import apply_to, fock_window, hermite_functions

MAX_LEVELS = 5000
"""The most levels per degree of freedom of a basis: a matrix of 5000 x 5000 complex numbers takes 400 MB."""
TRUNCATION_FRACTION_OF_TOL = 1e-3
"""The part of `tol` that may be cut off at each edge of the symbol before its kernel is formed; it is leakage, too."""
CUT_FOR_A_GIVEN_SIZE = 1e-9
"""What `tol` counts as, at most, for that, if the number of levels is given and n = 1: `tol` then says what levels may
leave out, and no more is lost of what is on them. For n > 1 a kernel that is cut less might not fit in memory."""
BLOCK_COLUMNS = 2**14
"""Columns of a kernel that are transformed together: 1 GiB for the largest basis."""


class FockMatrix(NamedTuple):
    """The `matrix` of an operator in the Fock basis, and the `leakage`: a bound, in trace norm, on the rest."""

    matrix: np.ndarray
    leakage: float

    def __repr__(self) -> str:
        return f"<FockMatrix, {' x '.join(map(str, self.matrix.shape))}, leakage at most {self.leakage:.2g}>"


def fock_matrix(symbol: GridFunction, size: int | Sequence[int] | None, tol: float) -> tuple[FockMatrix, list[int]]:
    """The matrix of Op(symbol), hermitian, with its leakage; and the number of levels of each degree of freedom.

    With P the projection on the basis, || Op(w) - P Op(w) P ||_tr <= 2 ||(1 - P) Op(w)||_tr <= leakage. `size`: the
    number of levels, of each degree of freedom or one for all; if None, the fewest whose leakage is below `tol`.
    """
    symbol.check_single()
    tol, n = real("tol", tol, above=0.0), symbol.n
    level = TRUNCATION_FRACTION_OF_TOL * (tol if size is None or n > 1 else min(tol, CUT_FOR_A_GIVEN_SIZE))
    what = f"be a whole number from 1 to {MAX_LEVELS}, or one for each axis of x"
    given = levels_of("size", size if is_list(size) else [size] * n, MAX_LEVELS, what)
    must(len(given) == n, "size", what, size)
    small = truncated(symbol, level)
    kernel = quantize(small)
    points = prod(window.size for window in kernel.windows)
    allowed = ((tol - 6 * n * level) / 2) ** 2 / (points * n)
    entries, lost = kernel.entries, 0.0
    for j, wanted in enumerate(given):
        basis = _overlaps(kernel, j, max(_levels(small.grid, j), wanted or 1))
        rows = np.moveaxis(kernel.entries, j, 0).reshape(kernel.windows[j].size, -1)
        parts = np.array_split(rows, ceil(rows.shape[1] / BLOCK_COLUMNS), axis=1)
        powers = sum((np.abs(basis @ part) ** 2).sum(axis=1) for part in parts)
        tails = np.append(np.cumsum(powers[::-1])[::-1], 0.0)
        count = max(int(np.argmax(tails <= allowed)), 1) if wanted is None else wanted
        lost += float(tails[count])
        entries = apply_to(basis[:count], entries, j)
        entries = apply_to(basis[:count].conj(), entries, n + j)
    levels = list(entries.shape[:n])
    matrix = entries.reshape(prod(levels), prod(levels))
    return FockMatrix((matrix + matrix.conj().T) / 2, 2 * sqrt(points * lost) + 6 * n * level), levels


def levels_of(name: str, value: Any, most: int, what: str) -> tuple[int | None, ...]:
    """`value`, a list of whole numbers from 1 to `most`, or of None. Raises InputError, saying `what`, for others."""
    good = is_list(value) and all(
        one is None or (isinstance(one, (int, np.integer)) and not isinstance(one, bool) and 1 <= one <= most)
        for one in value
    )
    must(good, name, what, value)
    return tuple(None if one is None else int(one) for one in value)


def _levels(box: PhaseGrid, j: int) -> int:
    """The number of levels that hold a box: the m with h (2m + 1) < |z|^2 at its corners, and those beyond whose tails
    reach into it, in units of the width m^(1/3) of the Airy function at the turning point.
    """
    corner = sum(max(abs(axis.lower), abs(axis.upper)) ** 2 for axis in (box.x[j], box.xi[j])) / (2 * box.h)
    levels = ceil(corner + 12 * corner ** (1 / 3)) + 20
    must(levels <= MAX_LEVELS, "symbol", f"lie within {MAX_LEVELS} levels of the origin", f"one that needs {levels}")
    return levels


def _overlaps(kernel: Kernel, j: int, levels: int) -> np.ndarray:
    """<phi_m|s_a>, s_a(y) = sinc((y - y_a)/d) e^{i p (y - y_a)/h} / sqrt d: the kernel's own basis."""
    window, p, h = kernel.windows[j], kernel.momenta[j], kernel.h
    own = fock_window(levels, h)
    spacing = pi / (pi / own.spacing + pi / window.spacing + abs(p) / h)  # the product is integrated exactly
    count = ceil(own.length / spacing)
    fine = Axis(-spacing * (count - 1) / 2, spacing, count)
    phi = hermite_functions(levels, fine.points / sqrt(h)) * h**-0.25
    turn = [np.exp(1j * p * axis.points / h) for axis in (fine, window)]
    return (phi * turn[0]) @ interpolation(window, fine.points) * (turn[1].conj() * spacing / sqrt(window.spacing))
