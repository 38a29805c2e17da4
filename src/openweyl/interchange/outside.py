"""Checks of states that users give as arrays: numbers, kets, density matrices, and the sizes of their kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from openweyl._core.arguments import MAX_SCALE, must
from openweyl.model.matrix_state import MatrixState
from openweyl.model.states import State
from openweyl.phase_space.arrays import as_array
from openweyl.phase_space.grid import Axis

MAX_DEFECT = 1e-6
"""How far norm, trace, symmetry and positivity of a given state may be off: digits that other programs print."""
MAX_KERNEL_POINTS = 8000
"""The most points of a kernel of one degree of freedom: its complex entries take 1 GiB."""


def state_of(array: np.ndarray, vectors: Sequence[np.ndarray], windows: Sequence[Axis], h: float, text: str) -> State:
    """The state with the coefficients `array`, of a ket or of a density matrix."""
    matrix = np.multiply.outer(array, array.conj()) if array.ndim == len(windows) else array
    return MatrixState(matrix, tuple(vectors), tuple(windows), h, text)


def numbers(value: Any, name: str) -> np.ndarray:
    """`value`, the argument `name`, as a complex array. Raises InputError unless it holds finite, moderate numbers."""
    array = as_array(value, name)
    must(array.size > 0, name, "hold at least one number", "empty")
    must(bool(np.isfinite(array).all()), name, "be finite", "not")
    size = float(np.abs(array).max())
    must(size <= MAX_SCALE, name, f"be at most {MAX_SCALE:g} in size", size)
    return np.asarray(array, dtype=complex)


def check_ket(ket: np.ndarray, name: str = "state", advice: str = "Divide it by its norm.") -> None:
    """Raise InputError unless the norm is 1."""
    norm = float(np.linalg.norm(ket))
    must(abs(norm - 1) <= MAX_DEFECT, name, "have norm 1", f"of norm {norm:.7g}", advice)


def check_matrix(matrix: np.ndarray) -> None:
    """Raise InputError unless `matrix` is hermitian, positive and of trace 1."""
    skew = float(np.abs(matrix - matrix.conj().T).max())
    must(skew <= MAX_DEFECT, "state", "be hermitian", f"off by {skew:.2g}")
    trace = complex(np.trace(matrix)).real
    must(abs(trace - 1) <= MAX_DEFECT, "state", "have trace 1", f"of trace {trace:.7g}", "Divide it by its trace.")
    lowest = float(np.linalg.eigvalsh(matrix)[0])
    must(lowest >= -MAX_DEFECT, "state", "be positive", f"one with the eigenvalue {lowest:.2g}")


def check_size(name: str, windows: Sequence[Axis], advice: str) -> None:
    """Raise InputError if the kernel of a degree of freedom would have too many points."""
    size = max(window.size for window in windows)
    what = f"ask for kernels of at most {MAX_KERNEL_POINTS} points"
    must(size <= MAX_KERNEL_POINTS, name, what, f"one that asks for {size}", advice)
