"""The terms that multiply in no representation, Hamiltonians and jumps that mix x and xi, and their exponential.

With C_f w = (f * w - w * f)/(i h) and M_f w = (f * w + w * f)/2 the Lindblad equation is

    dw/dt  =  C_p w  +  gamma sum_{l = a + i b} [ C_a ( (h/2) C_a w + M_b w )  +  C_b ( (h/2) C_b w - M_a w ) ],

and the Fokker-Planck equation is the same with their limits {f, w} and f w. Quantum: C and M are imaginary and real
part of f * w (phase_space/left_multiplication.py); the mean of f * w and its discrete adjoint makes C skew and M
symmetric, so that nothing grows at the grid's corners, where values of f are huge and the symbol is negligible.
Classical: {f, w} = div(w (-f_xi, f_x)), pseudo-spectrally, so that mass is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

import numpy as np
import sympy
from array_api_compat import array_namespace

from openweyl._core.arguments import ResourceError
from openweyl._core.fft import Array, filtered
from openweyl.model.decomposition import decomposition
from openweyl.model.system import System
from openweyl.model.timed_factor import common_factor
from openweyl.phase_space.grid import PhaseGrid
from openweyl.phase_space.left_multiplication import LeftMultiplication, left_multiplication
from openweyl.symbolic.derivatives import derivative
from openweyl.symbolic.expressions import TIME, evaluate

OperatorTerms: TypeAlias = Callable[[Array, float], Array]
"""w, t -> R w. With corrections the leading axis of w counts powers of lambda."""

Tick: TypeAlias = Callable[[float, float], None]
"""Told after each part of a long action: the length of time that it covers, and the seconds that it took."""

OperatorTermsOf: TypeAlias = Callable[[System, PhaseGrid, Array, Any], OperatorTerms]
"""system, grid, gamma, array namespace -> the operator."""

MAX_TAYLOR_TERMS = 30
"""The length of a Taylor series at which a step is cut in two: two halves then cost less."""
MAX_TERM_GROWTH = 1e3
"""The growth of its terms at which it is cut, too: as they cancel, three digits are lost."""
NEGLIGIBLE_TERM = 1e-15
"""The size of a term, relative to the symbol, at which the series ends: some units in the last place."""
MIN_TAYLOR_TERMS = 5
"""Terms that a series has at least, for a forecast of the time that it takes."""
MAX_TAYLOR_PARTS = 2**14
"""The most parts of a step: about a million operations."""


class Operator(Protocol):
    """C_f, the commutator with f, and M_f, the mean of the products from both sides."""

    def commutator(self, w: Array) -> Array:
        """C_f w."""

    def commutator_and_mean(self, w: Array) -> tuple[Array, Array]:
        """C_f w and M_f w, which share most of the work."""


@dataclass(frozen=True)
class Quantum:
    """C_f w = (2/h) Im(f * w), M_f w = Re(f * w)."""

    star: LeftMultiplication

    def commutator(self, w: Array) -> Array:
        return self.commutator_and_mean(w)[0]

    def commutator_and_mean(self, w: Array) -> tuple[Array, Array]:
        product = (self.star(w) + self.star.adjoint(w)) / 2
        xp = array_namespace(product)
        return 2 / self.star.grid.h * xp.imag(product), xp.real(product)


@dataclass(frozen=True)
class Classical:
    """C_f w = sum_j d_xi_j (f_x_j w) - d_x_j (f_xi_j w), M_f w = f w."""

    value: Array
    slopes: tuple[tuple[Array, Array, int], ...]
    """(what multiplies w, then what multiplies its transform along an axis, that axis)"""

    def commutator(self, w: Array) -> Array:
        return sum(filtered(slope * w, dual, (axis,)) for slope, dual, axis in self.slopes)

    def commutator_and_mean(self, w: Array) -> tuple[Array, Array]:
        return self.commutator(w), self.value * w


def quantum_operator_terms(system: System, grid: PhaseGrid, gamma: Array, xp: Any = np) -> OperatorTerms:
    """The operator terms of the quantum generator of `system` on `grid`."""
    return _operator_terms(system, gamma, lambda f: Quantum(left_multiplication(f, system.x, system.xi, grid, xp)))


def classical_operator_terms(system: System, grid: PhaseGrid, gamma: Array, xp: Any = np) -> OperatorTerms:
    """The operator terms of the classical generator, likewise."""
    return _operator_terms(system, gamma, lambda f: _classical(f, system, grid, xp))


def hierarchy_operator_terms(system: System, grid: PhaseGrid, gamma: Array, xp: Any = np) -> OperatorTerms:
    """The operator terms of Q + lambda (L - Q): (R b)_j = Q b_j + (L - Q) b_{j-1}."""
    quantum, classical = (make(system, grid, gamma, xp) for make in (quantum_operator_terms, classical_operator_terms))

    def apply(b: Array, t: float) -> Array:
        below = classical(b, t)
        above = quantum(b[:-1], t) - below[:-1]
        return array_namespace(b).concat([below[:1], below[1:] + above])

    return apply


def _operator_terms(system: System, gamma: Array, make: Callable[[sympy.Expr], Operator]) -> OperatorTerms:
    terms, h = decomposition(system), system.h
    energies = [(c, make(f)) for c, f in terms.operator_terms]
    jumps = []
    for pair in terms.operator_jumps:
        factor, (a, b) = common_factor(*pair)
        jumps.append((factor**2, make(a), make(b) if b != 0 else None))

    def apply(w: Array, t: float) -> Array:
        total: Array = 0.0
        for c, p in energies:
            total = total + float(evaluate(c, {TIME: t}, np)) * p.commutator(w)
        for r, a, b in jumps:
            rate = gamma * float(evaluate(r, {TIME: t}, np)) if r.has(TIME) else gamma
            if b is None:
                total = total + rate * h / 2 * a.commutator(a.commutator(w))
                continue
            (C_a, M_a), (C_b, M_b) = a.commutator_and_mean(w), b.commutator_and_mean(w)
            total = total + rate * a.commutator(h / 2 * C_a + M_b) + rate * b.commutator(h / 2 * C_b - M_a)
        return total

    return apply


def _classical(f: sympy.Expr, system: System, grid: PhaseGrid, xp: Any) -> Classical:
    points = grid.coordinates((), xp)
    at = dict(zip(system.x + system.xi, points, strict=True))
    slopes = []
    for j in range(2 * grid.n):
        dual = (j + grid.n) % (2 * grid.n)
        slope = evaluate(derivative(f, (system.x + system.xi)[j]), at, xp)
        axis = dual - 2 * grid.n
        k = grid.coordinates((axis,), xp)[dual]
        wave = k if dual < grid.n else -k / grid.h  # s = -h times the wave number of xi
        slopes.append((slope if dual >= grid.n else -slope, (1j * wave)[None], axis))
    return Classical(evaluate(f, at, xp), tuple(slopes))


def exponential_action(
    terms: OperatorTerms, w: Array, t: float, tau: float, parts: int = 1, tick: Tick | None = None
) -> tuple[Array, int]:
    """e^{tau R} w with R taken at time t, and the number of parts into which tau was cut.

    By Taylor series, which needs no bound of R: a series that is too long, or whose terms grow so far that they would
    cancel, is begun again with twice as many parts. `tick` is called with the length and the seconds of each part.
    """
    xp = array_namespace(w)
    while parts <= MAX_TAYLOR_PARTS:
        result = w
        for _ in range(parts):
            started = time.monotonic()
            whole = _series(terms, result, t, tau / parts, xp, tick)
            if tick:
                tick(tau / parts if whole is not None else 0.0, time.monotonic() - started)
            if whole is None:
                break
            result = whole
        else:
            return result, parts
        parts *= 2
    raise ResourceError(
        "The terms that mix x and xi would take more than a million operations a step: raise `tol` or `h`, or lower "
        "`gamma`.",
        kind="time",
    )


def _series(terms: OperatorTerms, w: Array, t: float, tau: float, xp: Any, tick: Tick | None) -> Array | None:
    term, total = w, w
    size = float(xp.max(xp.abs(w)))
    for j in range(1, MAX_TAYLOR_TERMS + 1):
        started = time.monotonic()
        term = tau / j * terms(term, t)
        if tick and j == 1:
            tick(tau, MIN_TAYLOR_TERMS * (time.monotonic() - started))
        total = total + term
        now = float(xp.max(xp.abs(term)))
        if not now <= MAX_TERM_GROWTH * size:
            return None
        if now <= NEGLIGIBLE_TERM * size:
            return total
    return None
