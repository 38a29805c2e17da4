"""Jumps that are not linear, as local terms: what they do to a particle, and what of it is no Gaussian motion.

For one jump l and a Gaussian state tau of mean z and covariance h C let c0 = <l>, c = <grad l> = a + ib, and L = c0 +
L_1 + dL with L_1 = Op(c.(Z - z)). Then, up to a number times tau,

    (gamma/h) ( L tau L* - {L* L, tau}/2 )  =  (gamma/h) (L_1 + dL) tau (L_1 + dL)* - (i/h) ( K tau - tau K* ),
    K = Op(k),      k = i gamma conj(c0) l - (i gamma/2) conj(l) * l,      * the star product.

What is of Hermite order 1 and 2 in k moves tau as Gaussians move, and so does L_1 tau L_1*: with the Hamiltonian
H = -gamma Im conj(c0) l, e = conj(l) * l - 2 Re conj(c0) l - |c.(Z - z)|^2, and T_k = <d^k e>,

    dz/dt = J <grad H> - gamma C T_1,                F = J <Hess H> + gamma J (a b^T - b a^T),
    dC/dt = F C + C F^T + gamma J (a a^T + b b^T) J^T - gamma ( C T_2 C - J T_2 J^T / 4 ).

What is left is, for a pure tau = |psi><psi|, with s = L_1 psi, r = dL psi and f = -(i/h) K_{>= 3} psi,

    (gamma/h) ( |r><s| + |s><r| + |r><r| - |r|^2 |psi><psi| ) + |f><psi| + |psi><f|,

of trace norm <= (gamma/h) ( |r| (|r|^2 + 4 |s|^2)^{1/2} + |r|^2 ) + 2 |f|, as r, s and psi are orthogonal; and a mixed
tau is a part of a pure state of more degrees of freedom. The norms are sums over Hermite orders (`residual`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from openweyl._core.fft import Array
from openweyl.symbolic.expressions import TIME, Program, run

from .averages import FamilyAverages, family_averages, rules_of, small_cholesky
from .local_terms import Family
from .residual import norms_of_terms
from .rules import Orders, multi_indices, quadrature


@dataclass(frozen=True)
class JumpFamily:
    """M jumps of one shape in q variables each: `real`, `imaginary` (None if 0) and `square` = conj(l) * l, as terms.

    `values`: the program of the real and imaginary part. `form`: J between the variables, the same for all M.
    """

    real: Family
    imaginary: Family | None
    square: Family
    values: Program
    form: np.ndarray

    @property
    def indices(self) -> np.ndarray:
        """The variables of each jump, (M, q)."""
        return self.real.indices

    @property
    def parts(self) -> list[Family]:
        """The functions that are averaged: `real`, `square`, and `imaginary` if there is one."""
        return [self.real, self.square, *([] if self.imaginary is None else [self.imaginary])]

    def with_parts(self, parts: Sequence[Family]) -> JumpFamily:
        """This with others in place of `parts`, in the same order."""
        return replace(self, real=parts[0], square=parts[1], imaginary=parts[2] if len(parts) > 2 else None)


class JumpAverages(NamedTuple):
    """Averages of the M jumps of a family over the Gaussians of P particles.

    `z` (P, M, q), `K` (P, M, q, q): mean and covariance of their variables. `linear` c (P, M, q), complex.
    `gradient`, `hessian`: those of H. `first`, `second`: T_1 and T_2 of e. `rest`: dl, `effective`: k, both complex;
    without coefficients where no residual was asked for.
    """

    z: Array
    K: Array
    linear: Array
    gradient: Array
    hessian: Array
    first: Array
    second: Array
    rest: FamilyAverages
    effective: FamilyAverages


def jump_averages(
    family: JumpFamily, z: Array, K: Array, gamma: float, t: float, *, residual: bool, xp: Any = np
) -> JumpAverages:
    """The averages of the jumps of `family`, whose variables have the means `z` and the covariances `K`."""
    real = family_averages(family.real, z, K, t, residual=residual, xp=xp)
    square = family_averages(family.square, z, K, t, residual=residual, xp=xp)
    gradient, hessian = real.gradient.astype(complex), real.hessian.astype(complex)
    imaginary = None
    if family.imaginary is not None:
        imaginary = family_averages(family.imaginary, z, K, t, residual=residual, xp=xp)
        gradient, hessian = gradient + 1j * imaginary.gradient, hessian + 1j * imaginary.hessian
    constant = xp.conj(_means(family, z, small_cholesky(K, xp), t, xp))  # conj(c0)
    by_1, by_2 = constant[..., None] * gradient, constant[..., None, None] * hessian
    first = square.gradient - 2 * by_1.real
    outer = gradient[..., :, None] * xp.conj(gradient[..., None, :])
    second = square.hessian - 2 * by_2.real - 2 * outer.real
    rest = _complex_sum([(1.0, real), (1j, imaginary)], hessian if residual else None, xp)
    whole = [(1j * gamma * constant, real), (-gamma * constant, imaginary), (-0.5j * gamma, square)]
    effective = _complex_sum(whole, None, xp)
    return JumpAverages(z, K, gradient, -gamma * by_1.imag, -gamma * by_2.imag, first, second, rest, effective)


def _means(family: JumpFamily, z: Array, L: Array, t: float, xp: Any) -> Array:
    """<l> of each jump, (P, M)."""
    degree = family.real.degree
    rule = rules_of(family.square)[0] if degree is None else quadrature(family.real.q, degree // 2 + 1)
    points = z[..., None, :] + xp.einsum("pmab,kb->pmka", L, rule.nodes)
    u, v = values_at(family, family.values, points, t, xp)
    return (u + 1j * v) @ rule.weights


def values_at(family: JumpFamily, code: Program, points: Array, t: float, xp: Any) -> list[Array]:
    """What `code` gives at `points` (P, M, nodes, q): (P, M, nodes) each."""
    values = {v: points[..., a] for a, v in enumerate(family.real.variables)}
    values |= {name: family.real.parameters[None, :, None, k] for k, name in enumerate(family.real.names)}
    with np.errstate(all="ignore"):  # what overflows is told by its rate, which is then no number
        found = run(code, {**values, TIME: t}, xp)
    return [xp.broadcast_to(xp.asarray(f, dtype=float), points.shape[:-1]) for f in found]


def _complex_sum(parts: Sequence[tuple[Any, FamilyAverages | None]], hessian: Array | None, xp: Any) -> FamilyAverages:
    """The sum of number times term, of orders 3 and more; of order 2 too, where their `hessian` is given."""
    coefficients: dict[Orders, Array] = {}
    known = [(number, mean) for number, mean in parts if mean is not None]
    L, tail = known[0][1].factors, None
    for number, mean in known:
        for alpha, c in mean.coefficients.items():
            coefficients[alpha] = coefficients.get(alpha, 0.0) + number * c
        if mean.tail is not None:
            tail = (0.0 if tail is None else tail) + abs(number) * mean.tail
    if hessian is not None:
        scaled = xp.swapaxes(L, -1, -2) @ hessian @ L
        for alpha in multi_indices(L.shape[-1], 2):
            a, b = (i for i, k in enumerate(alpha) for _ in range(k))
            coefficients[alpha] = scaled[..., a, b]
    return FamilyAverages(None, None, L, coefficients, tail)


def jump_sizes(family: JumpFamily, averages: JumpAverages, h: float, xp: Any = np) -> tuple[Array, Array]:
    """(|r|, |s|^2) of each jump, (P, M)."""
    c, rest = averages.linear, averages.rest
    operators = averages.K + 0.5j * h * family.form
    s2 = xp.einsum("pma,pmab,pmb->pm", xp.conj(c), operators, c).real
    r = xp.sqrt(norms_of_terms(rest, operators, xp))
    return r if rest.tail is None else r + rest.tail, xp.maximum(s2, 0.0)


def jump_residual(family: JumpFamily, averages: JumpAverages, gamma: float, h: float, xp: Any = np) -> Array:
    """(gamma/h) sum ( |r| (|r|^2 + 4 |s|^2)^{1/2} + |r|^2 ) over the jumps of the family, (P,)."""
    r, s2 = jump_sizes(family, averages, h, xp)
    return (gamma / h) * xp.sum(r * xp.sqrt(r**2 + 4 * s2) + r**2, axis=-1)
