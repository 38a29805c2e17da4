"""The residual of Gaussian states: what the anharmonic rest of p does to them that no quadratic Hamiltonian does.

Let R = Op(p - q), q the quadratic polynomial with the averages of p's gradient and Hessian over tau, a Gaussian state
of covariance h C. With T_k = <d^k p>, h (C + iJ/2) for the covariance of operators, and (x) k for a tensor power,

    || (i/h) [R, tau] ||_tr <= (2/h) (Tr tau R^2)^{1/2},    Tr tau R^2 = sum_{k >= 3} h^k/k! T_k (C + iJ/2)^{(x) k} T_k,

an equality if tau is pure; and for the classical field of p - q, in L1, with e = 1 if the local terms commute, else 2,

    int |{p - q, tau}|  <=  (2/h) ( sum_{k >= 3} k^e h^k/k! T_k C^{(x) k} T_k )^{1/2}.

The sums over pairs of local terms are over tables m of whole numbers with the sums alpha of rows and beta of columns:
c_alpha c_beta prod R_ab^m_ab / m_ab!, R the correlation of the two terms' variables, each in units of their own.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from math import factorial, prod, sqrt
from typing import Any, NamedTuple

import numpy as np

from openweyl._core.fft import Array

from .averages import MAX_ORDER, FamilyAverages
from .local_terms import Family
from .rules import Orders, multi_indices

LOWEST = 3
"""The lowest order of what a quadratic Hamiltonian leaves."""


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
    inverse, other_inverse = xp.linalg.inv(mean.factors), xp.swapaxes(xp.linalg.inv(other_mean.factors), -1, -2)
    return inverse[:, :, None] @ block @ other_inverse[:, None, :]


def norms_of_terms(mean: FamilyAverages, operators: Array, xp: Any = np) -> Array:
    """Tr tau Op(f)* Op(f) for each term f of a family, (P, M): the orders that `mean` has.

    `operators` (P, M, q, q): the covariances h (C + iJ/2) of the terms' own variables.
    """
    count, q = operators.shape[:2], operators.shape[-1]
    left = xp.linalg.solve(mean.factors.astype(operators.dtype), operators)
    R = xp.linalg.solve(mean.factors.astype(operators.dtype), xp.swapaxes(left, -1, -2))
    R = xp.swapaxes(R, -1, -2).reshape(-1, 1, 1, q, q)
    single = replace(mean, coefficients={alpha: c.reshape(-1, 1) for alpha, c in mean.coefficients.items()})
    total = sum(_pair_sums(single, single, R, xp, lowest=2).values(), xp.zeros(R.shape[0]))
    return xp.maximum(total, 0.0).reshape(count)


def _pair_sums(
    mean: FamilyAverages, other: FamilyAverages, R: Array, xp: Any, *, lowest: int = LOWEST
) -> dict[int, Array]:
    """sum over pairs of terms of Re conj(c_alpha) c_beta sum_m prod R^m/m!, by the order k = |alpha| = |beta|: (P,)."""
    q, r = R.shape[-2:]
    entries = xp.moveaxis(R.reshape(*R.shape[:-2], q * r), -1, 0)
    monomials, sums = entries, {}
    most = max(map(sum, mean.coefficients), default=0)
    for k in range(2, min(most, max(map(sum, other.coefficients), default=0)) + 1):
        tables = tables_of(q, r, k)
        monomials = monomials[tables.parents] * entries[tables.entries]  # (tables, P, M, M')
        if k < lowest:
            continue
        rows = xp.stack([mean.coefficients[alpha] for alpha in tables.rows]) * tables.weights[:, None, None]
        rows = xp.conj(rows) if xp.iscomplexobj(rows) else rows
        columns = xp.stack([other.coefficients[beta] for beta in tables.columns])
        inner = (rows[..., None, :] @ monomials)[..., 0, :]
        sums[k] = xp.sum(inner * columns, axis=(0, 2)).real
    return sums


class Tables(NamedTuple):
    """All q x r matrices m of whole numbers >= 0 that add up to k, each as one of k - 1 with an entry raised by 1.

    `parents`, `entries`: which one, and which entry. `rows`, `columns`: the sums alpha and beta of m; `weights`: 1/m!.
    """

    parents: np.ndarray
    entries: np.ndarray
    rows: tuple[Orders, ...]
    columns: tuple[Orders, ...]
    weights: np.ndarray


@lru_cache(maxsize=256)
def tables_of(q: int, r: int, k: int) -> Tables:
    """The tables of this shape and sum."""
    lower = {m: place for place, m in enumerate(multi_indices(q * r, k - 1))}
    found = list(multi_indices(q * r, k))
    raised = [next(j for j, value in enumerate(m) if value) for m in found]
    parents = [lower[(*m[:j], m[j] - 1, *m[j + 1 :])] for m, j in zip(found, raised, strict=True)]
    square = [np.reshape(m, (q, r)) for m in found]
    return Tables(
        np.array(parents),
        np.array(raised),
        tuple(tuple(int(a) for a in m.sum(axis=1)) for m in square),
        tuple(tuple(int(b) for b in m.sum(axis=0)) for m in square),
        np.array([1.0 / prod(map(factorial, m)) for m in found]),
    )
