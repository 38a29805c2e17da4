"""Matrices on the levels of oscillators as polynomials in a and ad, if they are some: by their diagonals.

    <m + d| ad^(d+j) a^j |m>  =  sqrt((m + d)!/m!) m (m - 1) ... (m - j + 1),      and its adjoint for d < 0,

so each diagonal of a polynomial of degree D is a square root times a polynomial in m of degree (D - |d|)/2. Products of
matrices of N levels are wrong in the last rows: in D factors a path from m to m' comes up to (m + m' + D)/2 levels, and
where that is N or more nothing is asked. All other entries are, and they are more than what is fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import perm, prod
from typing import TypeAlias

import numpy as np

from openweyl._core.arguments import fail

Normal: TypeAlias = dict[tuple[tuple[int, int], ...], complex]
"""The coefficient of each ad_1^p1 a_1^q1 ad_2^p2 ..., by ((p1, q1), ...)."""

MAX_DEGREE = 8
"""The highest degree that is tried: more levels than most matrices have would be needed to tell more."""
SPARE = 2
"""Entries of the main diagonal that are left to decide, beyond those that a fit can always meet."""
CANCELLED = 2
"""By how much the degree may be below that of the products, which decides what rows are left out: as of [a, ad]."""
SAME = 1e-10
"""The part of the largest entry by which entries may be off: sums and products in double precision are by less."""
NEGLIGIBLE = 1e-12
"""The part of the largest entry below which what a term adds everywhere is round-off of the fit."""
SHORT, ROUND_OFF = 10, 1e-12
"""Digits of a decimal number that a coefficient, or its square, is taken to be, if it is as close as round-off."""
MOST_WHOLE = 1e15
"""Whole numbers below this are written without a point."""


def fitted(matrix: np.ndarray, sizes: Sequence[int], name: str) -> Normal:
    """The polynomial of the lowest degree whose entries are those of `matrix`, on `sizes` levels of each mode.

    Raises InputError, about the argument `name`, if there is none of a degree that the levels can tell.
    """
    for degree in range(MAX_DEGREE + 1):
        if min(sizes) < degree + 1 + SPARE:
            known = f"be a polynomial in a and ad of degree {degree - 1} at most, or " if degree else ""
            size, advice = " x ".join(map(str, sizes)), f"A degree D takes D + {1 + SPARE} levels of each mode to tell."
            raise fail(name, f"{known}have more levels", f"another matrix, of {size} levels", advice)
        found = _of_degree(degree, matrix, sizes)
        if found is not None and degree <= CANCELLED + max((sum(map(sum, powers)) for powers in found), default=0):
            return found
    advice = "Other operators can be given as symbols, to System itself."
    raise fail(name, f"be a polynomial in a and ad of degree {MAX_DEGREE} at most", "another matrix", advice)


def text_of(polynomial: Normal) -> str:
    """The polynomial as text, as `System.from_operators` reads it."""
    terms = [_term(powers, c) for powers, c in polynomial.items()]
    return " + ".join(terms) if terms else "0"


def hermitian(polynomial: Normal) -> Normal:
    """The Hermitian part, without round-off between a coefficient and that of its adjoint."""
    made: Normal = {}
    for powers in polynomial:
        other = tuple((q, p) for p, q in powers)
        if powers not in made:
            c = (polynomial[powers] + polynomial.get(other, 0.0).conjugate()) / 2
            made[powers] = c if powers != other else complex(c.real)
            made[other] = made[powers].conjugate()
    return made


def _of_degree(degree: int, matrix: np.ndarray, sizes: Sequence[int]) -> Normal | None:
    """The polynomial of at most this degree; None if an entry is another."""
    n = len(sizes)
    levels = np.array(np.unravel_index(np.arange(len(matrix)), tuple(sizes)))
    top = 2 * (np.array(sizes) - 1) - degree
    right = np.all(levels[:, :, None] + levels[:, None, :] <= top[:, None, None], axis=0)
    size = float(np.abs(matrix[right]).max(initial=0.0))
    rows, columns = np.nonzero(right & (np.abs(matrix) > SAME * size))
    shifts = {tuple(map(int, shift)) for shift in (levels[:, rows] - levels[:, columns]).T}
    if any(sum(map(abs, shift)) > degree for shift in shifts):
        return None
    found: Normal = {}
    for shift in sorted(shifts):
        rows, columns = np.nonzero(
            right & np.all(levels[:, :, None] - levels[:, None, :] == np.reshape(shift, (n, 1, 1)), axis=0)
        )
        least = np.minimum(levels[:, rows], levels[:, columns])
        left = (degree - sum(map(abs, shift))) // 2
        powers = [j for j in product(range(left + 1), repeat=n) if sum(j) <= left]
        basis = np.stack([_entries(shift, j, least) for j in powers], axis=1)
        scale = np.abs(basis).max(axis=0)
        wanted = matrix[rows, columns]
        weights = np.ones(len(wanted))
        for _ in range(2):  # round-off is a part of what adds up to an entry, which the first fit tells
            c = np.linalg.lstsq(weights[:, None] * basis / scale, weights * wanted, rcond=None)[0]
            weights = 1 / (np.abs(basis / scale) @ np.abs(c) + NEGLIGIBLE * size)
        real, imaginary = (np.where(np.abs(part) > NEGLIGIBLE * size, part, 0.0) / scale for part in (c.real, c.imag))
        c = real + 1j * imaginary
        if np.abs(basis @ c - wanted).max() > SAME * size:
            return None
        for j, one in zip(powers, c, strict=True):
            if one != 0:
                found[tuple((max(d, 0) + i, max(-d, 0) + i) for d, i in zip(shift, j, strict=True))] = complex(one)
    return found


def _entries(shift: Sequence[int], j: Sequence[int], least: np.ndarray) -> np.ndarray:
    """Those of a normally ordered product on a diagonal, at the smaller ones of the two levels of each mode."""
    factors = [
        [perm(int(m), i) * perm(int(m) + abs(d), abs(d)) ** 0.5 for m in level]
        for d, i, level in zip(shift, j, least, strict=True)
    ]
    return np.array([prod(column) for column in zip(*factors, strict=True)], dtype=float)


def _number(value: float) -> str:
    """`value` as text: the decimal number of a few digits that it is up to round-off, or the root of one.

    So what cancels between terms, as of x^3, cancels exactly.
    """
    size = abs(value)
    sign, short, square = "-" * (value < 0), float(f"{size:.{SHORT}g}"), float(f"{size**2:.{SHORT}g}")
    if abs(short - size) <= ROUND_OFF * size:
        return sign + _plain(short)
    if abs(square**0.5 - size) <= ROUND_OFF * size:
        return f"{sign}sqrt({_plain(square)})"
    return _plain(value)


def _plain(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < MOST_WHOLE else repr(value)


def _term(powers: tuple[tuple[int, int], ...], c: complex) -> str:
    """One term as text."""
    real, imaginary = _number(c.real), f"{_number(c.imag)}*I"
    number = real if c.imag == 0 else imaginary if c.real == 0 else f"({real} + {imaginary})"
    factors = [f"({number})" if number.startswith("-") else number]
    for j, (p, q) in enumerate(powers):
        index = str(j + 1) if len(powers) > 1 else ""
        named = ((f"ad{index}", p), (f"a{index}", q))
        factors += [name if power == 1 else f"{name}**{power}" for name, power in named if power]
    return "*".join(factors[1:] if factors[0] == "1" and len(factors) > 1 else factors)
