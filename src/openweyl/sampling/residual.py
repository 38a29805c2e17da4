"""The residual of Gaussian states: what the anharmonic rest of p does to them that no quadratic Hamiltonian does.

Let R = Op(p - q), q the quadratic polynomial with the averages of p's gradient and Hessian over tau, a Gaussian state of
covariance h C. With T_k = <d^k p> and h (C + iJ/2) for the covariance of operators,

    || (i/h) [R, tau] ||_tr  <=  (2/h) ( Tr tau R^2 )^{1/2},      Tr tau R^2  =  sum_{k >= 3} h^k/k! T_k . (C + iJ/2)^{(x) k} . T_k,

an equality if tau is pure; and for the classical field of p - q, in L1,

    int |{p - q, tau}|  <=  (2/h) ( sum_{k >= 3} k^e h^k/k! T_k . C^{(x) k} . T_k )^{1/2},      e = 1 if the local terms commute, else 2.

The sums over pairs of local terms are over tables m of whole numbers with the sums alpha of rows and beta of columns:
c_alpha c_beta prod R_ab^m_ab / m_ab!, R the correlation of the two terms' variables, each in units of their own.
"""

from __future__ import annotations

from functools import lru_cache
from math import factorial, prod, sqrt
from typing import Any, NamedTuple

import numpy as np

from openweyl._core.fft import Array

from .averages import MAX_ORDER, FamilyAverages, Orders
from .local_terms import Family

Table = tuple[tuple[int, int, int], ...]
"""Entries (row, column, m) with m > 0."""


class Rates(NamedTuple):
    """Bounds of the residual's norm for each particle, (P,): in trace norm, and of the classical field in L1."""

    quantum: Array
    classical: Array


def residual_rates(
    families: tuple[Family, ...], averages: list[FamilyAverages], C: Array, h: float, *, commuting: bool, xp: Any = np
) -> Rates:
    """The rates of particles with covariances h `C` (P, 2n, 2n), from the averages of all families over them."""
    particles = C.shape[0]
    quantum, classical, tail = xp.zeros(particles), xp.zeros(particles), xp.zeros(particles)
    for i, (family, mean) in enumerate(zip(families, averages, strict=True)):
        if mean.tail is not None:
            tail = tail + xp.sum(mean.tail, axis=-1)
        for other, other_mean in zip(families[: i + 1], averages[: i + 1], strict=True):
            times = 1.0 if other is family else 2.0
            R = _correlations(family, mean, other, other_mean, C, h, commuting=commuting, xp=xp)
            by_order = _pair_sums(mean, other_mean, R, xp)
            real = by_order if commuting else _pair_sums(mean, other_mean, R.real, xp)
            for k, total in by_order.items():
                quantum = quantum + times * total
                classical = classical + times * (k if commuting else k * k) * real[k]
    quantum, classical = xp.maximum(quantum, 0.0), xp.maximum(classical, 0.0)
    longest = sqrt(MAX_ORDER + 1)  # k / (k (k-1)) <= 1/K beyond K, and each function has commuting variables
    return Rates((2 / h) * (xp.sqrt(quantum) + tail), (2 / h) * (xp.sqrt(classical) + longest * tail))


def _correlations(
    family: Family,
    mean: FamilyAverages,
    other: Family,
    other_mean: FamilyAverages,
    C: Array,
    h: float,
    *,
    commuting: bool,
    xp: Any,
) -> Array:
    """L^{-1} h (C + iJ/2) L'^{-T} for each pair of terms: (P, M, M', q, q'); real if they commute."""
    rows, columns = family.indices[:, None, :, None], other.indices[None, :, None, :]
    block = h * C[:, rows, columns]
    if not commuting:
        n = C.shape[-1] // 2
        form = (columns == rows + n).astype(float) - (rows == columns + n).astype(float)
        block = block + 0.5j * h * form
    if family.q == 1 and other.q == 1:
        return block / (mean.factors[:, :, None] * other_mean.factors[:, None, :])
    left = xp.linalg.solve(mean.factors[:, :, None].astype(block.dtype), block)
    return xp.swapaxes(
        xp.linalg.solve(other_mean.factors[:, None, :].astype(block.dtype), xp.swapaxes(left, -1, -2)), -1, -2
    )


def _pair_sums(mean: FamilyAverages, other: FamilyAverages, R: Array, xp: Any) -> dict[int, Array]:
    """sum over pairs of terms of c_alpha c_beta sum_m prod R^m/m!, by the order k = |alpha| = |beta|: (P,) each."""
    powers: dict[tuple[int, int, int], Array] = {}

    def power(a: int, b: int, m: int) -> Array:
        if (a, b, m) not in powers:
            powers[a, b, m] = R[..., a, b] if m == 1 else power(a, b, m - 1) * R[..., a, b]
        return powers[a, b, m]

    sums: dict[int, Array] = {}
    for alpha, c in mean.coefficients.items():
        for beta, d in other.coefficients.items():
            if sum(alpha) != sum(beta):
                continue
            total = 0.0
            for table in tables(alpha, beta):
                term = 1.0 / prod(factorial(m) for *_, m in table)
                for a, b, m in table:
                    term = term * power(a, b, m)
                total = total + term
            value = xp.sum((c[:, None, :] @ total)[:, 0] * d, axis=-1).real
            sums[sum(alpha)] = sums.get(sum(alpha), 0.0) + value
    return sums


@lru_cache(maxsize=4096)
def tables(alpha: Orders, beta: Orders) -> tuple[Table, ...]:
    """All matrices of whole numbers >= 0 whose rows add up to `alpha`, and whose columns to `beta`."""
    if len(alpha) == 1:
        return (tuple((0, b, m) for b, m in enumerate(beta) if m),) if alpha[0] == sum(beta) else ()
    found = []
    for first in _rows(alpha[0], beta):
        rest = tuple(b - m for b, m in zip(beta, first, strict=True))
        row = tuple((0, b, m) for b, m in enumerate(first) if m)
        found += [(*row, *((a + 1, b, m) for a, b, m in table)) for table in tables(alpha[1:], rest)]
    return tuple(found)


def _rows(total: int, most: Orders) -> list[Orders]:
    """All rows of whole numbers >= 0 that add up to `total`, below `most` entry by entry."""
    if len(most) == 1:
        return [(total,)] if total <= most[0] else []
    return [(m, *rest) for m in range(min(total, most[0]) + 1) for rest in _rows(total - m, most[1:])]
