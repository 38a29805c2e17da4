"""What comes from outside, checked: arrays of numbers, kets, matrices, and the sizes of kernels they ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from openweyl._core.arguments import MAX_SCALE, must
from openweyl.model.states import State
from openweyl.phase_space.arrays import as_array
from openweyl.phase_space.grid import Axis

from .matrix_state import MatrixState

MAX_DEFECT = 1e-6
"""How far norm, trace, symmetry and positivity of what comes from outside may be off."""
MAX_KERNEL_POINTS = 8000
"""The most points of a kernel of one degree of freedom made here: it takes 1 GiB."""


def state_of(array: np.ndarray, vectors: Sequence[np.ndarray], windows: Sequence[Axis], h: float, text: str) -> State:
    """The state with the coefficients `array`, of a ket or of a density matrix."""
    matrix = np.multiply.outer(array, array.conj()) if array.ndim == len(windows) else array
    return MatrixState(matrix, tuple(vectors), tuple(windows), h, text)


def numbers(value: Any, name: str) -> np.ndarray:
    array = as_array(value, name)
    must(array.size > 0, name, "hold at least one number", "empty")
    must(bool(np.isfinite(array).all()), name, "be finite", "not")
    size = float(np.abs(array).max())
    must(size <= MAX_SCALE, name, f"be at most {MAX_SCALE:g} in size", size)
    return np.asarray(array, dtype=complex)


def check_ket(ket: np.ndarray, name: str = "state", advice: str = "Divide it by its norm.") -> None:
    norm = float(np.linalg.norm(ket))
    must(abs(norm - 1) <= MAX_DEFECT, name, "have norm 1", f"of norm {norm:.7g}", advice)


def check_matrix(matrix: np.ndarray) -> None:
    skew = float(np.abs(matrix - matrix.conj().T).max())
    must(skew <= MAX_DEFECT, "state", "be hermitian", f"off by {skew:.2g}")
    trace = complex(np.trace(matrix)).real
    must(abs(trace - 1) <= MAX_DEFECT, "state", "have trace 1", f"of trace {trace:.7g}", "Divide it by its trace.")
    lowest = float(np.linalg.eigvalsh(matrix)[0])
    must(lowest >= -MAX_DEFECT, "state", "be positive", f"one with the eigenvalue {lowest:.2g}")


def check_size(name: str, windows: Sequence[Axis], advice: str) -> None:
    size = max(window.size for window in windows)
    what = f"ask for kernels of at most {MAX_KERNEL_POINTS} points"
    must(size <= MAX_KERNEL_POINTS, name, what, f"one that asks for {size}", advice)
