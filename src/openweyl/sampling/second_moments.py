"""Second moments of the mixture: covariances, correlations and occupations, with standard errors.

    Cov  =  E[ h C_i ] + Cov(z_i).

Standard errors are those of the mean over particles of what each contributes, to first order in its deviation.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from openweyl._core.estimates import Estimate

from .mixture import GaussianMixture

NUMBERS_AT_ONCE = 2**22
"""Numbers of the particles' contributions that are held together: 32 MiB."""


def covariance_of(mixture: GaussianMixture, index: int) -> Estimate:
    """The covariance of the mixture, (2n, 2n), and the standard errors of its entries."""
    mean, error = _averaged(mixture, index, lambda V: V)
    return Estimate(mean, error)


def correlation_of(mixture: GaussianMixture, index: int) -> Estimate:
    """The correlations C_ij / (C_ii C_jj)^{1/2}, and their standard errors."""
    covariance = covariance_of(mixture, index).value
    scale = np.sqrt(np.diag(covariance))
    rho = covariance / np.outer(scale, scale)

    def contribution(V: np.ndarray) -> np.ndarray:
        own = np.diagonal(V, axis1=1, axis2=2) / scale**2
        return np.asarray(V / np.outer(scale, scale) - rho * (own[:, :, None] + own[:, None, :]) / 2)

    error = _averaged(mixture, index, contribution)[1]
    np.fill_diagonal(error, 0.0)
    return Estimate(rho, error)


def _averaged(
    mixture: GaussianMixture, index: int, contribution: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """The mean over particles of a function of V_i = h C_i + (z_i - <z>)(z_i - <z>)^T, and its standard error."""
    size, count = 2 * mixture.n, mixture.particles
    z, w = mixture.centers[index] - mixture.mean[index], mixture.weights
    bias = 1.0 if mixture.exact or count == 1 else count / (count - 1)
    total, squares, first = np.zeros((size, size)), np.zeros((size, size)), np.zeros((size, size))
    for part in mixture.parts(4 * size**2, NUMBERS_AT_ONCE):
        V = mixture.covariance_blocks(index, range(size), part)
        V = contribution(V + bias * z[part, :, None] * z[part, None, :])
        first = V[0] if part.start == 0 else first  # taken away, lest squares lose digits
        total += np.tensordot(w[part], V - first, axes=1)
        squares += np.tensordot(w[part], (V - first) ** 2, axes=1)
    if mixture.exact:
        return first + total, np.zeros_like(total)
    if count == 1:
        return first + total, np.full_like(total, np.inf)
    return first + total, np.sqrt(np.maximum(squares - total**2, 0.0) / (count - 1))


def occupations_of(mixture: GaussianMixture) -> Estimate:
    """<a_j* a_j> = <x_j^2 + xi_j^2>/2h - 1/2 for each time and mode, (T, n), and standard errors."""
    n, h = mixture.n, mixture.system.h
    diagonal = np.arange(2 * n)
    variances = h * mixture.triangles[..., diagonal * (diagonal + 1) // 2 + diagonal]
    second = variances + mixture.centers**2
    mean, error = mixture.average((second[..., :n] + second[..., n:]) / (2 * h) - 0.5)
    return Estimate(mean, error)
