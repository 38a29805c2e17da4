"""The right side of Li's Theorem 1, with the constant C = 1:

    ||A(t) - Op(a(t))||_tr  <=  C t (h^{1/2} + h gamma)                                             t <= 1,
                            <=  C ( h^{1/2} + h gamma + t (h^{1/2} gamma^{-3/2} + h gamma^{-1}) )   t >= 1,

for 1 <= gamma <= 1/h: (1.10). The paper knows no C, so that the shape alone can be compared with what is measured.
"""

from __future__ import annotations

import numpy as np
import sympy

Numbers = np.ndarray | float
H, GAMMA = sympy.symbols("h gamma", positive=True)
CORRESPONDENCE_TIME = 1 / (sympy.sqrt(H) * GAMMA ** sympy.Rational(-3, 2) + H / GAMMA)
"""1/growth_rate(h, gamma) as a formula, for sentences."""


def covers(h: Numbers, gamma: Numbers) -> np.ndarray:
    """1 <= gamma <= 1/h: whether Theorem 1 speaks of this coupling, elementwise."""
    return np.asarray((np.asarray(gamma) >= 1) & (np.asarray(gamma) <= 1 / np.asarray(h)))


def growth_rate(h: Numbers, gamma: Numbers) -> np.ndarray:
    """h^{1/2} gamma^{-3/2} + h gamma^{-1}, at which the bound (1.10) grows with time; inf at gamma = 0."""
    h, gamma = np.asarray(h, dtype=float), np.asarray(gamma, dtype=float)
    with np.errstate(divide="ignore"):
        return np.asarray(np.sqrt(h) * gamma**-1.5 + h / gamma)


def right_side(h: Numbers, gamma: Numbers, t: Numbers) -> np.ndarray:
    """The right side of (1.10) with C = 1, for gamma > 0; arguments broadcast.

    >>> right_side(h=0.01, gamma=1.0, t=np.array([0.5, 1.0, 2.0])).round(4)
    array([0.055, 0.11 , 0.33 ])
    """
    h, t = np.asarray(h, dtype=float), np.asarray(t, dtype=float)
    first = np.sqrt(h) + h * np.asarray(gamma, dtype=float)
    return np.where(t <= 1, t * first, first + t * growth_rate(h, gamma))
