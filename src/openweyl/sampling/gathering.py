"""Sums of local terms' vectors and matrices into those of all variables."""

from __future__ import annotations

from typing import Any

import numpy as np

from openweyl._core.fft import Array


def gathered(values: Array, at: np.ndarray, xp: Any, size: int) -> Array:
    """(P, M, q) summed into (P, size) at the indices `at` (M, q)."""
    places = np.eye(size)[at.ravel()]
    return values.reshape(values.shape[0], -1) @ xp.asarray(places)


def gathered_pairs(values: Array, at: np.ndarray, xp: Any, size: int) -> Array:
    """(P, M, q, q) summed into (P, size, size) at pairs of the indices `at` (M, q)."""
    total = 0.0
    for a in range(at.shape[1]):
        rows = np.eye(size)[at[:, a]]
        for b in range(at.shape[1]):
            columns = np.eye(size)[at[:, b]]
            total = total + xp.asarray(rows.T) @ (values[:, :, a, b, None] * xp.asarray(columns))
    return total
