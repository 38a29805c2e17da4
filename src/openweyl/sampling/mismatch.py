"""What it costs in trace norm that a Gaussian state does not move quite as it should, or is replaced by another one.

For a Gaussian state tau of mean z and covariance h C, C~ = J^T C J, and small changes dz and h dC,

    || dz.grad tau ||_tr  <=  2 ( dz.C~ dz / h )^{1/2},      || (h/2) dC : grad grad tau ||_tr  <=  (1 + 3^{1/2}) ( 2n tr (C~ dC)^2 )^{1/2}.

The first is 2 Std of the generator of translations. For the second let e_i diagonalise dC against C~, e_i.C~ e_i = 1,
dC = sum m_i e_i e_i^T; along each, d^2 tau is -1/h^2 times the double commutator with u = (J e_i).z, whose norm is at
most (2 3^{1/2} + 2) Tr tau u^2, as Tr tau u^4 = 3 (Tr tau u^2)^2; and sum |m_i| <= (2n sum m_i^2)^{1/2}. Both bound the
same changes of the classical density in L1, where Fisher's information gives less.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openweyl._core.fft import Array


def conjugate(C: Array, xp: Any = np) -> Array:
    """C~ = J^T C J: blocks changed for each other, and the sign of the mixed ones."""
    n = C.shape[-1] // 2
    top = xp.concatenate([C[..., n:, n:], -C[..., n:, :n]], axis=-1)
    bottom = xp.concatenate([-C[..., :n, n:], C[..., :n, :n]], axis=-1)
    return xp.concatenate([top, bottom], axis=-2)


def mean_cost(C: Array, dz: Array, h: float, xp: Any = np) -> Array:
    """2 (dz.C~ dz / h)^{1/2} for `C` (P, 2n, 2n) and `dz` (P, 2n)."""
    size = xp.einsum("pi,pi->p", dz, (conjugate(C, xp) @ dz[..., None])[..., 0])
    return 2 * xp.sqrt(xp.maximum(size, 0.0) / h)


def covariance_cost(C: Array, dC: Array, xp: Any = np) -> Array:
    """(1 + 3^{1/2}) (2n tr (C~ dC)^2)^{1/2} for `C` and `dC`, (P, 2n, 2n), in units of h."""
    X = conjugate(C, xp) @ dC
    square = xp.einsum("pij,pji->p", X, X)
    return (1 + 3**0.5) * xp.sqrt(C.shape[-1] * xp.maximum(square, 0.0))
