"""B A of a state A as a sum of three states, so that whatever evolves states evolves it, too.

    B A  =  (1/3s) sum_k conj(u_k) A_k,        A_k = (1 + c_k B) A (1 + c_k B)*  >=  0,        c_k = s u_k,

u_k = u e^{2 pi i k/3}: in A_k = A + c_k B A + conj(c_k) A B* + s^2 B A B* the other terms drop out of the sum. With s^2
= 1/tr(B A B*) and u tr(B A) >= 0 the traces of the A_k lie between 1 and 4, so that nothing large cancels. The same
holds for densities, with b w in place of B A.
"""

from __future__ import annotations

from cmath import exp, phase
from dataclasses import dataclass
from math import pi, sqrt

import numpy as np

from openweyl.weyl.symbol import Symbol

from .factors import Factor

ROUND_OFF = 1e-12
"""Over the tolerance: the part of the square of B that round-off, some 1e-15 of it, may be blown up to, in s^2 B A B*,
without mattering beside the tolerance."""


@dataclass(frozen=True)
class Part:
    """`weight` times the operator with the symbol `state`, which is a state of trace 1."""

    weight: complex
    state: Symbol


def sandwiched(b: Factor, w: Symbol, *, quantum: bool) -> tuple[np.ndarray, np.ndarray]:
    """The symbols of B A, complex, and of B A B*, real."""
    product = b.times(w, quantum=quantum)
    both = np.conj(b.times(Symbol.trusted(np.conj(product), w.grid), quantum=quantum))
    return product, np.ascontiguousarray(both.real)


def states_of(b: Factor, w: Symbol, error: float, tol: float, *, quantum: bool) -> list[Part]:
    """B A by three states, which will be evolved with the tolerance `tol`; none if it is 0.

    `error`: that of the symbol `w` of A, in trace norm.
    """
    product, both = sandwiched(b, w, quantum=quantum)
    mean, square = complex(product.sum()) * w.grid.cell, float(both.sum()) * w.grid.cell
    square = max(square, max(error, ROUND_OFF / tol) * b.largest(w) ** 2)  # less of it is not known
    if square == 0:
        return []
    s, turn = 1 / sqrt(square), exp(-1j * phase(mean))
    parts = []
    for k in range(3):
        u = turn * exp(2j * pi * k / 3)
        values = w.values + 2 * s * (u * product).real + s**2 * both
        trace = float(values.sum()) * w.grid.cell
        parts.append(Part(u.conjugate() * trace / (3 * s), Symbol.trusted(values / trace, w.grid)))
    return parts
