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
jumps induce, gamma times a linear form, is kept apart from V and T: one may differentiate by gamma. The rest is an
operator of `rest`.

`hierarchy` writes Q + lambda (L - Q) as the pair of rates (classical, quantum - classical): the Taylor coefficients
in lambda of its evolution are the corrections of Li, Theorem 3. All rates carry this leading axis of powers of
lambda, of length 1 for the two plain generators.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import numpy as np
import sympy

from openweyl._core.fft import Array, filtered
from openweyl.model.decomposition import decomposition
from openweyl.model.system import System
from openweyl.phase_space.grid import PhaseGrid
from openweyl.symbolic.expressions import TIME

from .chord_differences import MixedRepresentation, Rule, classical, quantum, series
from .double_commutator import commutator, linear_diffusion
from .operator_terms import OperatorTerms, classical_rest, hierarchy_rest, quantum_rest

Rate: TypeAlias = Array | Callable[[float], Array]
"""A rate, or, where it depends on time, the function that gives it."""


@dataclass(frozen=True)
class RidgeTerm:
    """A ridge: the exponent of the shear that leads to it (in (k, xi), None for no shear), and its rate over `axes`."""

    shear: Array | None
    axes: tuple[int, ...]
    rate: Rate


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
    kick: Rate
    drift: Rate
    linear_diffusion: Callable[[float], Array] | None
    commutator: Rate | None
    ridges: tuple[RidgeTerm, ...] = ()
    scaling: tuple[Array, ...] | None = None
    operator_terms: OperatorTerms | None = field(default=None, repr=False)

    def residual(self, w: Array, t: float = 0.0) -> Array:
        """(L - Q) w at time t, if this is the hierarchy Q + lambda (L - Q)."""
        grid = self.grid
        total = filtered(w, at_time(self.kick, t)[1:2], grid.array_axes(x=False, xi=True))
        total = total + filtered(w, at_time(self.drift, t)[1:2], grid.array_axes(x=True, xi=False))
        for ridge in self.ridges:
            u = w if ridge.shear is None else filtered(w, np.exp(ridge.shear), grid.array_axes(x=True, xi=False))
            u = filtered(u, at_time(ridge.rate, t)[1:2], ridge.axes)
            if ridge.shear is not None:
                u = filtered(u, np.exp(-ridge.shear), grid.array_axes(x=True, xi=False))
            total = total + u
        if self.operator_terms is not None:
            stack = np.stack([w, np.zeros_like(w)])
            total = total + self.operator_terms(stack, t)[1]
        return total


def at_time(rate: Rate, t: float) -> Array:
    """The rate at time t."""
    return rate(t) if callable(rate) else rate


def lindblad(system: System, grid: PhaseGrid, *, xp: Any = np, gamma: Array | None = None) -> Generator:
    """The quantum generator L of `system` on `grid`, arrays in the namespace `xp`.

    `gamma` replaces the system's coupling by an array scalar: that is what one differentiates by.
    """
    return _build(system, grid, [quantum], quantum_rest, xp, gamma)


def fokker_planck(system: System, grid: PhaseGrid, *, xp: Any = np, gamma: Array | None = None) -> Generator:
    """The classical generator Q of `system` on `grid`; arguments as for `lindblad`."""
    return _build(system, grid, [classical], classical_rest, xp, gamma)


def hierarchy(system: System, grid: PhaseGrid, *, xp: Any = np, gamma: Array | None = None) -> Generator:
    """Q + lambda (L - Q) as a polynomial in lambda; arguments as for `lindblad`."""
    return _build(system, grid, [classical, quantum], hierarchy_rest, xp, gamma)


def _build(system: System, grid: PhaseGrid, rules: list[Rule], rest: Any, xp: Any, gamma: Array | None) -> Generator:
    terms, h, n = decomposition(system), system.h, grid.n
    coupling = system.gamma if gamma is None else gamma
    rate = coupling / (2 * h)
    position = MixedRepresentation.of(system, grid, (False,) * n, xp)
    momentum = MixedRepresentation.of(system, grid, (True,) * n, xp)

    def rates(energy: sympy.Expr, induced: sympy.Expr, jumps: Any, forces: Any, place: MixedRepresentation) -> Array:
        columns = []
        for rule in rules:
            needed = {energy, induced, *jumps, *(f for ab in forces for f in ab)}
            found = {f: rule(f, place.at, place.chord, xp) for f in needed}
            column = -1j / h * found[energy][0] - rate * sum(found[jump][0] ** 2 for jump in jumps)
            if induced != 0:
                column = column - 2j * rate * found[induced][0]
            for a, b in forces:  # -(i/2) ([a, {b, .}] - [b, {a, .}])
                column = column - 2j * rate * (found[a][0] * found[b][1] - found[b][0] * found[a][1])
            columns.append(place.filled(column, xp))
        return series(columns, xp)

    def timed(energy: sympy.Expr, make: Callable[[MixedRepresentation], Array], place: MixedRepresentation) -> Rate:
        return (lambda t: make(place.now(t))) if energy.has(TIME) else make(place)

    kick = partial(rates, terms.potential, terms.induced_potential, terms.position_jumps, terms.position_forces)
    drift = partial(rates, terms.kinetic, terms.induced_kinetic, terms.momentum_jumps, terms.momentum_forces)
    nested = partial(commutator, system, rules=rules, xp=xp, rate=rate)
    return Generator(
        grid=grid,
        kick=timed(terms.potential, kick, position),
        drift=timed(terms.kinetic, drift, momentum),
        linear_diffusion=linear_diffusion(system, grid, xp, rate) if terms.linear_jumps else None,
        commutator=timed(terms.potential, nested, position) if terms.fourth_order else None,
        ridges=tuple(
            _sheared(
                system, grid, ridge, lambda f, place: timed(f, partial(rates, f, sympy.Integer(0), (), ()), place), xp
            )
            for ridge in terms.ridges
        ),
        scaling=_scaling(system, coupling),
        operator_terms=rest(system, grid, coupling, xp) if terms.operator_terms or terms.operator_jumps else None,
    )


def _sheared(
    system: System, grid: PhaseGrid, ridge: Any, rate: Callable[[sympy.Expr, MixedRepresentation], Rate], xp: Any
) -> RidgeTerm:
    """w(x, xi) -> w(x - c xi, xi) makes F(x + c xi) the potential F(x)."""
    place = MixedRepresentation.of(system, grid, tuple(slope is None for slope in ridge.slopes), xp)
    k, xi = grid.mesh("k", "xi", xp)
    phases = [-1j * float(c) * k_j * xi_j for c, k_j, xi_j in zip(ridge.slopes, k, xi, strict=True) if c]
    return RidgeTerm(sum(phases)[None] if phases else None, place.axes, rate(ridge.function, place))


def _scaling(system: System, coupling: Array) -> tuple[Array, ...] | None:
    """The rates of growth of the axes; None if nothing is scaled."""
    terms = decomposition(system)
    if not any(terms.scaling) and not any(terms.friction):
        return None
    return tuple(r + coupling * f for r, f in zip(terms.scaling, terms.friction, strict=True))
