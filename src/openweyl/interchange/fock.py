"""States from matrices and kets in the Fock basis."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod, sqrt
from typing import Any

import numpy as np

from openweyl._core.arguments import moderate, must
from openweyl._core.calls import public
from openweyl.model.states import State
from openweyl.weyl.fock_basis import AMPLITUDE_ROUND_OFF, fock_window, hermite_functions
from openweyl.weyl.fock_matrix import levels_of

from .outside import check_ket, check_matrix, check_size, numbers, state_of


@public
def from_fock(state: Any, h: float, *, sizes: Sequence[int] | None = None) -> State:
    """The state sum_mn c_mn |m><n| of a density matrix c, or |psi><psi| of a ket, in the Fock basis at h.

    `state`: a square matrix, or a vector, of numbers; for n > 1 `sizes` gives the number of levels of each degree of
    freedom. Its symbol is real to round-off, whatever `state` lacks of hermiticity.

    >>> from openweyl import PhaseGrid
    >>> grid = PhaseGrid.box(h=0.5, x=(-4, 4), xi=(-4, 4), size=(32, 32))
    >>> float(from_fock([0, 1], h=0.5).symbol(grid).values[16, 16].round(9))  # the first excited state, at the origin
    -2.0

    Raises InputError for what is not normalised, hermitian or positive, up to 1e-6.
    """
    h = moderate("h", h, above=0.0)
    array = numbers(state, "state")
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    must(array.ndim in (1, 2) and len(set(array.shape)) == 1, "state", "be a vector or a square matrix", array.shape)
    what = f"be a list of whole numbers of product {len(array)}"
    given = levels_of("sizes", (len(array),) if sizes is None else sizes, len(array), what)
    levels = [size for size in given if size is not None]
    must(len(levels) == len(given) and prod(levels) == len(array), "sizes", what, sizes)
    (check_ket if array.ndim == 1 else check_matrix)(array)
    kind = "ket" if array.ndim == 1 else "density matrix"
    entries = array.reshape(levels * array.ndim)
    rows = [np.linalg.norm(np.moveaxis(entries, j, 0).reshape(size, -1), axis=1) for j, size in enumerate(levels)]
    kept = [int(np.nonzero(row > AMPLITUDE_ROUND_OFF)[0][-1]) + 1 for row in rows]
    windows = [fock_window(size, h) for size in kept]
    check_size("state", windows, "Use fewer levels.")
    for axis in range(entries.ndim):
        entries = entries.take(range(kept[axis % len(kept)]), axis)
    vectors = [
        hermite_functions(size, window.points / sqrt(h)).T * sqrt(window.spacing / sqrt(h))
        for size, window in zip(kept, windows, strict=True)
    ]
    text = f"{kind} of {' x '.join(map(str, levels))} Fock states at h = {h:.10g}"
    return state_of(entries, vectors, windows, h, text)
