"""Weyl quantization of polynomials on the levels of oscillators.

    alpha = (x + i xi)/sqrt(2h),      Op(alpha^p conj(alpha)^q) = sum_k k! C(p,k) C(q,k) 2^-k ad^(q-k) a^(p-k),

the normal ordering of a symmetrically ordered monomial (McCoy). Each term has its entries on one diagonal, all of them
positive, so that nothing cancels.

Source: Cahill and Glauber, Ordered expansions in boson amplitude operators, Phys. Rev. 177, 1857 (1969),
doi:10.1103/PhysRev.177.1857, eq. (5.12).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from math import comb, factorial, prod, sqrt
from typing import TypeAlias

import numpy as np
import sympy
from scipy import sparse

from openweyl.symbolic.algebra import Variables, coefficients, expandable
from openweyl.symbolic.expressions import TIME

Ladder: TypeAlias = dict[tuple[tuple[int, int], ...], complex]
"""A polynomial by its monomials, (p_j, q_j) for the powers of alpha_j and its conjugate, one pair for each mode."""

ROUND_OFF = 1e-13
"""The part of what adds up to a coefficient below which the sum is round-off: x^2 + xi^2 has no alpha^2."""


def ladders_in_time(
    f: sympy.Expr, x: Variables, xi: Variables, h: float, scales: Sequence[float]
) -> dict[sympy.Expr, Ladder] | None:
    """Functions of the time, or 1, and the polynomials that they multiply in `f`; None if `f` is no polynomial.

    With x_j/s_j and s_j xi_j, s the `scales`, in place of x_j and xi_j in alpha_j.
    """
    found = coefficients(f, x + xi) if expandable(f) else None
    if found is None:
        return None
    parts: dict[sympy.Expr, dict[tuple[int, ...], complex]] = {}
    for powers, coefficient in found.items():
        for term in sympy.Add.make_args(coefficient):
            number, factor = term.as_independent(TIME, as_Add=False)
            if number == 0:
                continue
            part = parts.setdefault(factor, {})
            stretch = prod(s ** (a - b) for s, a, b in zip(scales, powers[: len(x)], powers[len(x) :], strict=True))
            part[powers] = part.get(powers, 0.0) + complex(number) * stretch
    return {factor: _in_ladders(part, len(x), h) for factor, part in parts.items()}


def _in_ladders(monomials: Mapping[tuple[int, ...], complex], n: int, h: float) -> Ladder:
    """A polynomial in x and xi as one in alpha and its conjugate: x = s (alpha + conj), xi = -i s (alpha - conj)."""
    sums: dict[tuple[tuple[int, int], ...], tuple[complex, float]] = {}
    for powers, number in monomials.items():
        scale = number * sqrt(h / 2) ** sum(powers) * (-1j) ** sum(powers[n:])
        terms: dict[tuple[tuple[int, int], ...], int] = {(): 1}
        for j in range(n):
            line = _expanded(powers[j], powers[n + j])
            degree = powers[j] + powers[n + j]
            terms = {
                (*key, (p, degree - p)): value * factor
                for key, value in terms.items()
                for p, factor in enumerate(line)
                if factor
            }
        for key, value in terms.items():
            total, size = sums.get(key, (0j, 0.0))
            sums[key] = total + scale * value, size + abs(scale * value)
    return {key: total for key, (total, size) in sums.items() if abs(total) > ROUND_OFF * size}


def _expanded(a: int, b: int) -> list[int]:
    """The coefficients of alpha^p conj^(a+b-p) in (alpha + conj)^a (alpha - conj)^b, by p."""
    return [
        sum(comb(a, i) * comb(b, p - i) * (-1) ** (b - p + i) for i in range(max(0, p - b), min(a, p) + 1))
        for p in range(a + b + 1)
    ]


def raises(polynomial: Ladder, j: int) -> int:
    """By how many levels Op(polynomial) takes mode j up at most."""
    return max((q - p for key in polynomial for p, q in [key[j]]), default=0)


def lowers(polynomial: Ladder, j: int) -> int:
    """By how many levels Op(polynomial) takes mode j down at most."""
    return max((p - q for key in polynomial for p, q in [key[j]]), default=0)


def operator_norm(polynomial: Ladder, levels: Sequence[int]) -> float:
    """A bound of ||Op(polynomial)|| on these levels: each monomial has its entries on one diagonal, which grow."""
    return sum(
        abs(value) * prod(_largest(p, q, size) for (p, q), size in zip(key, levels, strict=True))
        for key, value in polynomial.items()
    )


def _largest(p: int, q: int, size: int) -> float:
    """The largest entry of Op(alpha^p conj(alpha)^q) on the levels below `size`: at most (size + p + q)^((p + q)/2)."""
    return float(size + p + q) ** ((p + q) / 2)


def matrix(polynomial: Ladder, rows: Sequence[int], columns: Sequence[int]) -> sparse.csr_array:
    """The entries <m|Op(polynomial)|k>, m below `rows`, k below `columns`, one number for each mode."""
    shape = int(np.prod(rows)), int(np.prod(columns))
    total = sparse.csr_array(shape, dtype=complex)
    for key, value in polynomial.items():
        factors = [_monomial(p, q, m, k) for (p, q), m, k in zip(key, rows, columns, strict=True)]
        total = total + value * reduce(lambda a, b: sparse.kron(a, b, format="csr"), factors)
    return sparse.csr_array(total)


def _monomial(p: int, q: int, rows: int, columns: int) -> sparse.csr_array:
    """Op(alpha^p conj(alpha)^q) of one mode: on the diagonal of |k + q - p><k|."""
    k = np.arange(columns)
    k = k[(k + q - p >= 0) & (k + q - p < rows)]
    values = np.zeros(len(k))
    for j in range(min(p, q) + 1):
        weight = factorial(j) * comb(p, j) * comb(q, j) / 2**j
        values += weight * np.sqrt(_falling(k, p - j) * _falling(k + q - p, q - j))
    return sparse.csr_array((values, (k + q - p, k)), shape=(rows, columns))


def _falling(k: np.ndarray, count: int) -> np.ndarray:
    """k (k - 1) ... (k - count + 1), 0 where a level below the lowest is met: |a^count|k>|^2."""
    product = np.ones(len(k))
    for i in range(count):
        product = product * np.maximum(k - i, 0)
    return product
