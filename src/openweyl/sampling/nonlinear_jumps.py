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
from dataclasses import dataclass
from math import factorial
from typing import Any, NamedTuple

import numpy as np
import sympy

from openweyl._core.arguments import InputError, shown
from openweyl._core.fft import Array
from openweyl.model.packets import symplectic_form
from openweyl.model.system import System, real_and_imaginary
from openweyl.symbolic.expressions import TIME, Program, program, run

from .averages import NODES, FamilyAverages, Orders, family_averages, multi_indices, quadrature, small_cholesky
from .local_terms import MAX_VARIABLES, Family, Places
from .residual import norms_of_terms


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
    rule = quadrature(family.real.q, NODES if degree is None else degree // 2 + 1, 2)
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


def sorted_jumps(jumps: Sequence[sympy.Expr], system: System) -> tuple[JumpFamily, ...]:
    """`jumps` of `system` as families of one shape each.

    Raises InputError for a jump in too many variables, and for one that is neither a polynomial nor a function of
    commuting variables.
    """
    places = {v: i for i, v in enumerate((*system.x, *system.xi))}
    J, h = symplectic_form(system.n), sympy.Float(system.h)
    shapes: dict[Any, list[tuple[list[int], list[float]]]] = {}
    for jump in jumps:
        key, indices, numbers = _shape(jump, places, J)
        shapes.setdefault(key, []).append((indices, numbers))
    return tuple(_family(key, members, system.n, h) for key, members in shapes.items())


def _shape(jump: sympy.Expr, places: dict[sympy.Symbol, int], J: np.ndarray) -> tuple[Any, list[int], list[float]]:
    """(what jumps of one shape have in common, the variables, the numbers of this one)."""
    names = sorted(jump.free_symbols & places.keys(), key=places.__getitem__)
    if len(names) > MAX_VARIABLES:
        raise InputError(
            f"Argument `jumps` must have jumps in at most {MAX_VARIABLES} variables each, but one has {len(names)}: "
            f"{shown(jump)}."
        )
    indices = [places[v] for v in names]
    form = tuple(map(tuple, J[np.ix_(indices, indices)]))
    u = _variables(len(names))
    parts = [part.xreplace(dict(zip(names, u, strict=True))) for part in real_and_imaginary(jump)]
    if all(part.is_polynomial(*u) for part in parts):
        polynomials = [sympy.Poly(part, *u) for part in parts]
        monomials = tuple(sorted({m for p in polynomials for m, c in p.terms() if c != 0}))
        numbers = [float(p.coeff_monomial(m)) for p in polynomials for m in monomials]
        return (form, monomials, parts[1] != 0, None), indices, numbers
    if any(any(row) for row in form):
        raise InputError(
            "Argument `jumps` must have jumps that are polynomials, or functions of commuting variables, but "
            f"{shown(jump)} depends on conjugate ones."
        )
    return (form, (), parts[1] != 0, tuple(parts)), indices, []


def _family(key: Any, members: list[tuple[list[int], list[float]]], n: int, h: sympy.Expr) -> JumpFamily:
    form, monomials, is_complex, functions = key
    u, count = _variables(len(form)), len(monomials)
    names = tuple(sympy.Symbol(f"a{k}", real=True) for k in range(2 * count))
    if functions is None:
        powers = [sympy.Mul(*(v**e for v, e in zip(u, m, strict=True))) for m in monomials]
        real = sympy.Add(*(a * m for a, m in zip(names, powers, strict=False)))
        imaginary = sympy.Add(*(b * m for b, m in zip(names[count:], powers, strict=True))) if is_complex else 0
        square = _square(real, imaginary, u, form, h)
        degree = max(sum(m) for m in monomials)
    else:
        (real, imaginary), degree = functions, None
        square = real**2 + imaginary**2
    imaginary = sympy.sympify(imaginary)
    at, numbers = (np.array(part) for part in zip(*members, strict=True))
    places = Places.of(at), Places.of(at[:, :, None] * 2 * n + at[:, None, :])

    def family(f: sympy.Expr, degree: int | None) -> Family:
        first = [f.diff(v) for v in u]
        second = [first[a].diff(u[b]) for a in range(len(u)) for b in range(a, len(u))]
        return Family(at, numbers, degree, u, names, program((*first, *second)), f, *places)

    return JumpFamily(
        family(real, degree),
        family(imaginary, degree) if is_complex else None,
        family(square, None if degree is None else 2 * degree),
        program((real, imaginary)),
        np.array(form),
    )


def _square(real: sympy.Expr, imaginary: sympy.Expr, u: Sequence[sympy.Symbol], form: Any, h: sympy.Expr) -> sympy.Expr:
    """conj(l) * l of the polynomial l = real + i imaginary: a real polynomial."""
    pairs = [(sympy.Integer(1), real - sympy.I * imaginary, real + sympy.I * imaginary)]
    total, m = sympy.Integer(0), 0
    while pairs:
        order = sympy.Add(*(number * f * g for number, f, g in pairs))
        total += sympy.expand((sympy.I * h / 2) ** m / factorial(m) * order)
        pairs = [
            (number * int(form[i][j]), f.diff(u[i]), g.diff(u[j]))
            for number, f, g in pairs
            for i in range(len(u))
            for j in range(len(u))
            if form[i][j]
        ]
        pairs = [pair for pair in pairs if pair[1] != 0 and pair[2] != 0]
        m += 1
    return sympy.Add(*(term for term in sympy.Add.make_args(sympy.expand(total)) if not term.has(sympy.I)))


def _variables(q: int) -> tuple[sympy.Symbol, ...]:
    return tuple(sympy.Symbol(f"u{a}", real=True) for a in range(q))
