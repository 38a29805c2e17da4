"""Matrices of states in the Fock basis: Gaussian packets by a recurrence, kets by their amplitudes.

For a Gaussian operator e^{a.b} <a*|A|b> = c exp(l.v + v.B v/2), v = (a, b), is a Gaussian in the amplitudes of coherent
states, and generates the matrix elements, A_mn sqrt(m! n!) its derivatives at 0:

    sqrt(k_i + 1) A_{k + e_i} = l_i A_k + sum_j B_ij sqrt(k_j) A_{k - e_j},      k = (m, n).

Source: Dodonov, Man'ko and Man'ko, Multidimensional Hermite polynomials and photon distribution for polymode mixed
light, Phys. Rev. A 50, 813 (1994), doi:10.1103/PhysRevA.50.813.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from openweyl.model.packets import Packet


def packet_matrix(packet: Packet, levels: tuple[int, ...], h: float) -> np.ndarray:
    """The matrix of the real part of a packet, on the product of the levels of each mode, before it is normalised."""
    n = len(packet.center) // 2
    C, q = np.array(packet.covariance), packet.q
    center = np.array(packet.center) + 1j * C @ q
    smooth = C + np.eye(2 * n) / 2
    weight = packet.weight * np.exp(1j * packet.phase / h - q @ C @ q / (2 * h)) / sqrt(np.linalg.det(smooth))
    inverse = np.linalg.inv(smooth) / h
    one, root = np.eye(n), sqrt(h / 2)
    to_phase_space = root * np.block([[one, one], [1j * one, -1j * one]])  # x = s (a + b), xi = i s (a - b)
    linear = to_phase_space.T @ inverse @ center
    swap = np.block([[0 * one, one], [one, 0 * one]])
    quadratic = swap - to_phase_space.T @ inverse @ to_phase_space
    start = weight * np.exp(-center @ inverse @ center / 2)
    A = _derivatives(start, linear, quadratic, (*levels, *levels))
    size = int(np.prod(levels))
    A = A.reshape(size, size)
    return (A + A.conj().T) / 2


def _derivatives(start: complex, linear: np.ndarray, quadratic: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A_k for k below `shape`, axis by axis: each slab from the two before it and its own neighbours."""
    A = np.zeros(shape, dtype=complex)
    A[(0,) * len(shape)] = start
    roots = [np.sqrt(np.arange(size)) for size in shape]
    for i in reversed(range(len(shape))):  # the axes behind i are known at k_i = 0
        front = (0,) * i
        for k in range(shape[i] - 1):
            slab = A[(*front, k)]
            new = linear[i] * slab
            if k:
                new = new + quadratic[i, i] * roots[i][k] * A[(*front, k - 1)]
            for axis in range(i + 1, len(shape)):
                place = axis - i - 1
                shifted = np.zeros_like(slab)
                ahead = [slice(None)] * slab.ndim
                behind = [slice(None)] * slab.ndim
                ahead[place], behind[place] = slice(1, None), slice(None, -1)
                along = roots[axis][1:].reshape([-1 if d == place else 1 for d in range(slab.ndim)])
                shifted[tuple(ahead)] = along * slab[tuple(behind)]
                new = new + quadratic[i, axis] * shifted
            A[(*front, k + 1)] = new / roots[i][k + 1]
    return A
