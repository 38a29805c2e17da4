"""Polynomials in several variables as arrays of numbers: Gaussian averages, affine substitutions, moments.

A polynomial is a table {powers: coefficient}.
"""

from __future__ import annotations

from itertools import product
from typing import TypeAlias

import numpy as np
import sympy

Polynomial: TypeAlias = dict[tuple[int, ...], complex]


def polynomial_of(f: sympy.Expr, z: tuple[sympy.Symbol, ...]) -> Polynomial:
    """The polynomial `f` in `z`, with numbers for coefficients."""
    return {powers: complex(c) for powers, c in sympy.Poly(f, *z).terms()}


def degree(f: Polynomial) -> int:
    """The degree."""
    return max((sum(powers) for powers in f), default=0)


def averaged(f: Polynomial, covariance: np.ndarray) -> Polynomial:
    """E f(y + g) over Gaussian g of mean 0 and this covariance C: e^{d.C d/2} f, a series that ends."""
    total, term = dict(f), dict(f)
    for k in range(1, degree(f) // 2 + 1):
        following: Polynomial = {}
        for powers, c in term.items():
            for i, j in product(range(len(powers)), repeat=2):
                lowered = list(powers)
                factor = lowered[i]
                lowered[i] -= 1
                factor *= lowered[j]
                lowered[j] -= 1
                if factor and covariance[i, j]:
                    _add(following, tuple(lowered), c * factor * covariance[i, j] / (2 * k))
        for powers, c in following.items():
            _add(total, powers, c)
        term = following
    return total


def substituted(f: Polynomial, matrix: np.ndarray, shift: np.ndarray) -> Polynomial:
    """f(M u + m) as a polynomial in u."""
    size = matrix.shape[1]
    zero = (0,) * size
    units = [tuple(int(i == j) for i in range(size)) for j in range(size)]
    lines = [
        {zero: complex(m), **dict(zip(units, map(complex, row), strict=True))}
        for row, m in zip(matrix, shift, strict=True)
    ]
    powers_of: list[list[Polynomial]] = [[{zero: 1.0 + 0j}] for _ in lines]
    total: Polynomial = {}
    for powers, c in f.items():
        term: Polynomial = {zero: c}
        for power, line, known in zip(powers, lines, powers_of, strict=True):
            while len(known) <= power:
                known.append(_product(known[-1], line))
            term = _product(term, known[power])
        for monomial, number in term.items():
            _add(total, monomial, number)
    return total


def moments(values: np.ndarray, coordinates: list[np.ndarray], highest: int) -> dict[tuple[int, ...], complex]:
    """The sums of `values` times each monomial of degree <= `highest` in the coordinates of the axes."""
    tables = [points[:, None] ** np.arange(highest + 1) for points in coordinates]
    sums = values
    for table in tables:  # the first axis goes, and one of powers comes at the end
        sums = np.tensordot(sums, table, axes=([0], [0]))
    exponents = product(range(highest + 1), repeat=len(tables))
    return {powers: complex(sums[powers]) for powers in exponents if sum(powers) <= highest}


def _product(f: Polynomial, g: Polynomial) -> Polynomial:
    made: Polynomial = {}
    for (a, c), (b, d) in product(f.items(), g.items()):
        if c and d:
            _add(made, tuple(i + j for i, j in zip(a, b, strict=True)), c * d)
    return made


def _add(f: Polynomial, powers: tuple[int, ...], c: complex) -> None:
    f[powers] = f.get(powers, 0.0) + c
