"""The quantum and the classical generator, side by side: Lindblad and Fokker-Planck differ in one factor.

For p = T(xi) + V(x) every term multiplies in one representation of the symbol (rates, per unit time):

    term              representation   Lindblad                                    Fokker-Planck
    V(x)              (x, s)           -(i/h) [V(x + s/2) - V(x - s/2)]            -(i/h) s.V'(x)
    jump l(x)         (x, s)           -(gamma/2h) [l(x + s/2) - l(x - s/2)]^2     -(gamma/2h) [s.l'(x)]^2
    T(xi)             (k, xi)          -(i/h) [T(xi + hk/2) - T(xi - hk/2)]        -(i/h) hk.T'(xi)
    jump g(xi)        (k, xi)          -(gamma/2h) [g(xi + hk/2) - g(xi - hk/2)]^2 -(gamma/2h) [hk.g'(xi)]^2
    jump a.x + b.xi   (k, s)           -(gamma/2h) [a.s + b.hk]^2                  the same

Source: Li (1.1)-(1.5) with the time direction of von Neumann's equation. Both columns are one formula: a difference
across a chord of length s (or hk), or its first-order part. A ridge F(x + c xi) is a potential after a shear. Terms of
p that are c_j x_j xi_j, and linear friction, scale the axes, the same for both. The Hamiltonian that constants in
jumps induce, gamma times a linear form, is kept apart from V and T: one may differentiate by gamma. What is none of
these is applied as an operator, by star products (operator_terms).

`hierarchy` writes Q + lambda (L - Q) as the pair of rates (classical, quantum - classical): the Taylor coefficients
in lambda of its evolution are the corrections of Li, Theorem 3. All rates carry this leading axis of powers of
lambda, of length 1 for the two plain generators.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import numpy as np
import sympy

from openweyl._core.complex_exponential import exponential_of_sum
from openweyl._core.fft import Array, filtered
from openweyl.model.decomposition import Decomposition, decomposition
from openweyl.model.system import System
from openweyl.phase_space.grid import PhaseGrid
from openweyl.phase_space.grid_function import Function

from .chord_differences import ChordRule, classical, quantum
from .double_commutator import DoubleCommutator, linear_diffusion
from .frames import Frame, MovingCoordinates
from .multiplications import Multiplications
from .operator_terms import (
    OperatorTerms,
    OperatorTermsOf,
    classical_operator_terms,
    hierarchy_operator_terms,
    quantum_operator_terms,
)
from .rates import Parts, Rates


@dataclass(frozen=True)
class RidgeTerm:
    """A ridge: the exponent of the shear that leads to it (in (k, xi), None for no shear), and its rate over `axes`."""

    shear: Parts | None
    axes: tuple[int, ...]
    rate: Rates

    def sheared(self, w: Array, sign: float = 1.0) -> Array:
        """w(x - c xi, xi) for a sign of 1, back for -1."""
        n = len(self.rate.shape) // 2
        factor = tuple(exponential_of_sum([(sign, *part)]) for part in self.shear or ())
        return filtered(w, factor, tuple(range(-2 * n, -n)))


@dataclass(frozen=True)
class Generator:
    """Rates of one generator on one grid; every array has a leading axis of powers of lambda.

    kick: in (x, s), from V and the jumps l(x). drift: in (k, xi), from T and the jumps g(xi).
    linear_diffusion: tau -> in (k, s), the jumps a.x + b.xi integrated over a time tau along the drift that follows
    (see `double_commutator.linear_diffusion`); None without such jumps.
    commutator: [A, [B, A]] in (x, s) for A = kick and B = drift + linear_diffusion; it is again a multiplication if T
    is quadratic and the xi-jumps are linear, and None otherwise, or if there are more terms than these three.
    ridges: potentials behind shears. scaling: the rates of the axes, x then xi. operator_terms: what no representation
    turns into a multiplication.
    """

    grid: PhaseGrid
    kick: Rates
    drift: Rates
    linear_diffusion: Callable[[float], Parts] | None
    commutator: Rates | None
    ridges: tuple[RidgeTerm, ...] = ()
    scaling: tuple[Array, ...] | None = None
    operator_terms: OperatorTerms | None = field(default=None, repr=False)

    def residual(self, w: Function, t: float = 0.0) -> Function:
        """(L - Q) w at time t, for w on the grid of this generator, if it is the hierarchy Q + lambda (L - Q)."""
        position, momentum = self.grid.array_axes(x=False, xi=True), self.grid.array_axes(x=True, xi=False)
        values = w.values
        total = filtered(values, self.kick.dense(t)[1:2], position)
        total = total + filtered(values, self.drift.dense(t)[1:2], momentum)
        for ridge in self.ridges:
            u = ridge.sheared(values) if ridge.shear else values
            u = filtered(u, ridge.rate.dense(t)[1:2], ridge.axes)
            total = total + (ridge.sheared(u, -1.0) if ridge.shear else u)
        if self.operator_terms is not None:
            total = total + self.operator_terms(np.stack([values, np.zeros_like(values)]), t)[1]
        return w.like(total)


def lindblad(
    system: System, grid: PhaseGrid, *, xp: Any = np, gamma: Array | None = None, frame: Frame | None = None
) -> Generator:
    """The quantum generator L of `system` on `grid`, arrays in the namespace `xp`.

    `gamma` replaces the system's coupling by an array scalar: that is what one differentiates by. `frame`: that whose
    coordinates the grid has, see `frames`; default: those of the system.
    """
    return _build(system, grid, [quantum], quantum_operator_terms, xp, gamma, frame)


def fokker_planck(
    system: System, grid: PhaseGrid, *, xp: Any = np, gamma: Array | None = None, frame: Frame | None = None
) -> Generator:
    """The classical generator Q of `system` on `grid`; arguments as for `lindblad`."""
    return _build(system, grid, [classical], classical_operator_terms, xp, gamma, frame)


def hierarchy(
    system: System, grid: PhaseGrid, *, xp: Any = np, gamma: Array | None = None, frame: Frame | None = None
) -> Generator:
    """Q + lambda (L - Q) as a polynomial in lambda; arguments as for `lindblad`."""
    return _build(system, grid, [classical, quantum], hierarchy_operator_terms, xp, gamma, frame)


def _build(
    system: System,
    grid: PhaseGrid,
    rules: list[ChordRule],
    operators: OperatorTermsOf,
    xp: Any,
    gamma: Array | None,
    frame: Frame | None,
) -> Generator:
    terms, coupling = decomposition(system), system.gamma if gamma is None else gamma
    scaling = _scaling(terms, coupling)
    moving = None if frame is None else MovingCoordinates(system, frame, scaling)
    make = Multiplications(system, grid, rules, xp, coupling / (2 * system.h), moving)
    position, momentum = make.representation((False,) * grid.n), make.representation((True,) * grid.n)
    nested = DoubleCommutator.of(system, position.chord, rules, xp, make.rate) if terms.fourth_order else None
    diffusion = linear_diffusion(system, grid, xp, make.rate) if terms.linear_jumps else None
    kick = make.rates(terms.potential, position, terms.position_jumps, terms.position_forces, terms.induced_potential)
    if moving and terms.fourth_order and terms.kinetic_quadratic:  # the linear part of T moves coordinates alone
        quadratic = _without(terms.kinetic, terms.kinetic_quadratic[1], system.xi)
        drift = replace(make, moving=None).rates(quadratic, momentum, terms.momentum_jumps)
    else:
        drift = make.rates(terms.kinetic, momentum, terms.momentum_jumps, terms.momentum_forces, terms.induced_kinetic)
    left = terms.operator_terms or terms.operator_jumps
    return Generator(
        grid=grid,
        kick=kick,
        drift=drift,
        linear_diffusion=diffusion,
        commutator=make.timed(sympy.Add(terms.potential, *terms.position_jumps), nested, position) if nested else None,
        ridges=tuple(RidgeTerm(*make.ridge(ridge)) for ridge in terms.ridges),
        scaling=scaling,
        operator_terms=operators(system, grid, coupling, xp) if left else None,
    )


@lru_cache(maxsize=64)
def _without(f: sympy.Expr, gradient: tuple[float, ...], variables: tuple[sympy.Symbol, ...]) -> sympy.Expr:
    """f without a linear form."""
    return f - sum(g * v for g, v in zip(gradient, variables, strict=True))


def _scaling(terms: Decomposition, coupling: Array) -> tuple[Array, ...] | None:
    """The rates of growth of the axes; None if nothing is scaled."""
    if not any(terms.scaling) and not any(terms.friction):
        return None
    return tuple(r + coupling * f for r, f in zip(terms.scaling, terms.friction, strict=True))
