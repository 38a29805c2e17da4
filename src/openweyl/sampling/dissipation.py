"""What linear jumps do to Gaussians: a linear drift, and diffusion. For l_j = c_j.z + s_j with c_j = a_j + i b_j,

    dz/dt = ... + A z + m,    A = gamma sum_j J (a_j b_j^T - b_j a_j^T),    m = gamma sum_j J (a_j Im s_j - b_j Re s_j),
    dC/dt = ... + D,          D = gamma sum_j ( J a_j (J a_j)^T + J b_j (J b_j)^T ),          h C the covariance,

the same for the Lindblad and for the Fokker-Planck equation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from openweyl.model.formulas import real_and_imaginary
from openweyl.model.packets import symplectic_form
from openweyl.model.system import System


@dataclass(frozen=True)
class LinearDissipation:
    """A `matrix` (2n, 2n), m `shift` (2n,), D `noise` (2n, 2n)."""

    matrix: np.ndarray
    shift: np.ndarray
    noise: np.ndarray


def linear_dissipation(system: System) -> tuple[LinearDissipation, tuple[sympy.Expr, ...]]:
    """The drift and the diffusion of the jumps of `system` that are linear, and the jumps that are not."""
    z = (*system.x, *system.xi)
    J, size = symplectic_form(system.n), 2 * system.n
    a, b, others = [], [], []
    shift = np.zeros(size)
    for jump in system.jumps:
        parts = [_linear(part, z) for part in real_and_imaginary(jump)]
        if any(part is None for part in parts):
            others.append(jump)
            continue
        (a_j, real), (b_j, imaginary) = parts  # type: ignore[misc]
        a.append(a_j)
        b.append(b_j)
        shift += system.gamma * (J @ (a_j * imaginary - b_j * real))
    a_all, b_all = np.array(a).reshape(-1, size), np.array(b).reshape(-1, size)
    drift = system.gamma * J @ (a_all.T @ b_all - b_all.T @ a_all)
    noise = system.gamma * J @ (a_all.T @ a_all + b_all.T @ b_all) @ J.T
    return LinearDissipation(drift, shift, noise), tuple(others)


def _linear(f: sympy.Expr, z: Sequence[sympy.Symbol]) -> tuple[np.ndarray, float] | None:
    """(c, s) with f = c.z + s, or None."""
    places = {v: i for i, v in enumerate(z)}
    c, constant = np.zeros(len(z)), 0.0
    for term in sympy.Add.make_args(sympy.expand(f)) if f != 0 else ():
        number, rest = term.as_independent(*z, as_Add=False)
        if rest == 1:
            constant += float(number)
        elif rest in places:
            c[places[rest]] += float(number)
        else:
            return None
    return c, constant
