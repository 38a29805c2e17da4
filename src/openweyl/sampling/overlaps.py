"""Overlaps of Gaussian states in closed form: with a coherent state, with one another, and with a reflection.

tr(tau tau')  =  det(C + C')^{-1/2} exp( -(z - z').(h (C + C'))^{-1} (z - z') / 2 ),        covariances h C and h C'.
"""

from __future__ import annotations

import numpy as np

from .mixture import GaussianMixture

NUMBERS_AT_ONCE = 2**23
"""Numbers of the matrices that are factored together: 64 MiB."""
PAIRS_COST = 2e9
"""What pairs of particles may cost, in operations: some seconds."""
COST_OF_CALL = 1000.0
"""What a small matrix costs beyond its own arithmetic, in operations."""


def gaussian_overlap(d: np.ndarray, C: np.ndarray, h: float) -> np.ndarray:
    """det(C)^{-1/2} exp(-d.(h C)^{-1} d / 2) for `d` (P, m) and `C` (P, m, m)."""
    diagonal = np.diagonal(np.linalg.cholesky(C), axis1=1, axis2=2)
    squares = np.einsum("pi,pi->p", d, np.linalg.solve(C, d[..., None])[..., 0])
    return np.asarray(np.exp(-np.log(diagonal).sum(axis=1) - squares / (2 * h)))


def coherent_overlaps(mixture: GaussianMixture, index: int, place: np.ndarray) -> np.ndarray:
    """<z|tau_i|z> for the coherent state at z = `place`, at a time; (M,)."""
    return _by_parts(mixture, index, mixture.centers[index] - place, 0.5)


def parities(mixture: GaussianMixture, index: int) -> np.ndarray:
    """tr(Pi tau_i) = 2^-n det(C)^{-1/2} exp(-z.(h C)^{-1} z / 2) with (Pi u)(x) = u(-x); (M,)."""
    return _by_parts(mixture, index, mixture.centers[index], 0.0) / 2**mixture.n


def _by_parts(mixture: GaussianMixture, index: int, d: np.ndarray, added: float) -> np.ndarray:
    """`gaussian_overlap` with C_i + `added`."""
    size, h, found = 2 * mixture.n, mixture.system.h, np.empty(mixture.particles)
    for part in mixture.parts(3 * size**2, NUMBERS_AT_ONCE):
        C = mixture.covariance_blocks(index, range(size), part) / h
        found[part] = gaussian_overlap(d[part], C + added * np.eye(size), h)
    return found


def pair_purity(mixture: GaussianMixture, index: int) -> tuple[float, float]:
    """tr (E tau)^2 and its standard error.

    Of particles drawn independently, the mean of tr(tau_i tau_j) over pairs i != j has no bias: pairs (i, i + k) for
    k = 1, 2, ..., all of them unless PAIRS_COST allows fewer. The standard error is that of a U-statistic, from each
    particle's mean over its partners, a little too large where these are few. What was not sampled: all pairs, exactly.
    """
    if mixture.exact:
        return _exact_purity(mixture, index), 0.0
    count, size = mixture.particles, 2 * mixture.n
    if count == 1:
        return float("nan"), float("inf")
    each = size**3 + COST_OF_CALL
    shifts = min(count // 2, max(int(PAIRS_COST / (each * count)), 1))
    everyone, rows = np.arange(count), np.zeros(count)
    for k in range(1, shifts + 1):
        partner = (everyone + k) % count
        overlaps = _pairs(mixture, index, everyone, partner)
        rows += overlaps
        rows[partner] += overlaps
    rows /= 2 * shifts
    return float(rows.mean()), float(2 * rows.std(ddof=1) / count**0.5)


def _exact_purity(mixture: GaussianMixture, index: int) -> float:
    """sum_ij w_i w_j tr(tau_i tau_j)."""
    everyone, w = np.arange(mixture.particles), mixture.weights
    total = 0.0
    for i in range(mixture.particles):
        total += float(w[i] * w @ _pairs(mixture, index, np.full_like(everyone, i), everyone))
    return total


def _pairs(mixture: GaussianMixture, index: int, i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """tr(tau_i tau_j) for two lists of particles."""
    size, h, z = 2 * mixture.n, mixture.system.h, mixture.centers[index]
    rows, columns = np.tril_indices(size)
    found = np.empty(len(i))
    step = max(NUMBERS_AT_ONCE // (3 * size**2), 1)
    for begin in range(0, len(i), step):
        a, b = i[begin : begin + step], j[begin : begin + step]
        both = mixture.triangles[index, a] + mixture.triangles[index, b]
        C = np.zeros((len(a), size, size))
        C[:, rows, columns] = both
        C[:, columns, rows] = both
        found[begin : begin + step] = gaussian_overlap(z[a] - z[b], C, h)
    return found
