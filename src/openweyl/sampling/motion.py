"""The motion of particles, Gaussian states with a quadratic Hamiltonian each, and the bounds that they run up.

    dz/dt = J <grad p> + A z + m,      dC/dt = F C + C F^T + D,      F = J <Hess p> + A,

averages over the particle's own Gaussian, A, m and D of the jumps. Within a step particles follow the cubic in time
that has the right values and slopes at both ends; what this misses of the equations is one more residual, in closed
form (`mismatch`), so that no step is too long for the bound to be true.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, NamedTuple

from openweyl._core.fft import Array

from .averages import FamilyAverages, family_averages
from .dissipation import LinearDissipation
from .jump_effect import jump_effect
from .jump_rates import rates_with_jumps
from .local_terms import SortedHamiltonian
from .mismatch import covariance_cost, mean_cost
from .nonlinear_jumps import JumpAverages, JumpFamily, jump_averages
from .residual import Rates, residual_rates

INNER = 0.5 * (1 - 5**-0.5)
"""The inner nodes of Lobatto's rule of order 6 in a step are at this part of it, and at 1 less it."""


class Slopes(NamedTuple):
    """dz/dt (P, 2n) and dC/dt (P, 2n, 2n), <Hess p>, and the averages of each family, of p and of jumps."""

    z: Array
    C: Array
    hessian: Array
    averages: list[FamilyAverages]
    jumps: list[JumpAverages]


class Stride(NamedTuple):
    """Particles at the end of a step, the slopes there, and what the step added to their bounds, (P,) each.

    `quantum`, `classical`: the integrals of the residuals; `missed`: what the curve within the step misses of the
    equations, by the most at three places: s (1 - s) (a + b s), its leading orders, has not all its zeros there;
    `uneven`: by how much rules of two orders differ, which estimates the error of integration; `ends`: the quantum
    rates at both ends.
    """

    z: Array
    C: Array
    last: Slopes
    quantum: Array
    classical: Array
    missed: Array
    uneven: Array
    ends: tuple[Array, Array]


@dataclass(frozen=True, eq=False)
class Motion:
    """The equations of motion of a system's particles, with arrays of the `library` of this name.

    `dissipation`: of the linear jumps; `jumps`: those that are not, of strength `gamma`.
    """

    hamiltonian: SortedHamiltonian
    dissipation: LinearDissipation
    h: float
    jumps: tuple[JumpFamily, ...] = ()
    gamma: float = 1.0
    library: str = "numpy"

    @property
    def xp(self) -> Any:
        """The array namespace."""
        return import_module(self.library)

    @property
    def linear(self) -> bool:
        """Whether p is quadratic, with constant coefficients, and all jumps are linear: then there is a closed form."""
        return not self.hamiltonian.families and not self.hamiltonian.driven and not self.jumps

    def slopes(self, z: Array, C: Array, t: float, *, residual: bool = False) -> Slopes:
        """The right sides at (z, C); with `residual` averages that tell `rates` too."""
        xp, n = self.xp, self.hamiltonian.n
        g0, H0 = self.hamiltonian.quadratic_part(t, xp)
        gradient, hessian = g0 + z @ H0, xp.broadcast_to(H0, C.shape)
        averages = []
        for family in self.hamiltonian.families:
            at = family.indices
            K = self.h * C[:, at[:, :, None], at[:, None, :]]
            mean = family_averages(family, z[:, at], K, t, residual=residual, xp=xp)
            averages.append(mean)
            gradient = family.gradient_places.added(gradient, mean.gradient, xp)
            hessian = family.hessian_places.added(hessian, mean.hessian, xp)
        force = xp.concatenate([gradient[:, n:], -gradient[:, :n]], axis=1)
        dz = force + z @ self.dissipation.matrix.T + self.dissipation.shift
        FC = self._linear_part(hessian, C)
        dC = FC + xp.swapaxes(FC, -1, -2) + self.dissipation.noise
        if not self.jumps:
            return Slopes(dz, dC, hessian, averages, [])
        jumps = []
        for jump in self.jumps:
            at = jump.indices
            K = self.h * C[:, at[:, :, None], at[:, None, :]]
            jumps.append(jump_averages(jump, z[:, at], K, self.gamma, t, residual=residual, xp=xp))
        more = jump_effect(self.jumps, jumps, C, self.gamma, xp)
        return Slopes(dz + more.z, dC + more.C, hessian + more.hessian, averages, jumps)

    def _linear_part(self, hessian: Array, C: Array) -> Array:
        """F C with F = J <Hess p> + A."""
        xp, n = self.xp, self.hamiltonian.n
        if self.hamiltonian.separable:
            diagonal = self.hamiltonian.kinetic_diagonal
            top = hessian[:, n:, n:] @ C[:, n:] if diagonal is None else diagonal[:, None] * C[:, n:]
            FC = xp.concatenate([top, -(hessian[:, :n, :n] @ C[:, :n])], axis=1)
        else:
            FC = xp.concatenate([hessian[:, n:] @ C, -(hessian[:, :n] @ C)], axis=1)
        return FC + self.dissipation.matrix @ C if self.dissipation.matrix.any() else FC

    def rates(self, C: Array, slopes: Slopes) -> Rates:
        """The norms of the residual, from `slopes` with `residual`."""
        if self.jumps:
            return rates_with_jumps(
                self.hamiltonian, slopes.averages, self.jumps, slopes.jumps, C, self.gamma, self.h, self.xp
            )
        families, commuting = self.hamiltonian.families, self.hamiltonian.commuting
        return residual_rates(families, slopes.averages, C, self.h, commuting=commuting, xp=self.xp)

    def step(self, z: Array, C: Array, t: float, dt: float) -> Stride:
        """One step of length `dt` from time `t`, by Kutta's method of order 3 and its cubic."""
        first = self.slopes(z, C, t, residual=True)
        half = self.slopes(z + dt / 2 * first.z, C + dt / 2 * first.C, t + dt / 2)
        far = self.slopes(z + dt * (2 * half.z - first.z), C + dt * (2 * half.C - first.C), t + dt)
        z1 = z + dt / 6 * (first.z + 4 * half.z + far.z)
        C1 = C + dt / 6 * (first.C + 4 * half.C + far.C)
        last = self.slopes(z1, C1, t + dt, residual=True)
        rates, missed = [], 0.0
        for s in (INNER, 0.5, 1 - INNER):
            z_s, dz = _cubic(z, first.z, z1, last.z, s, dt)
            C_s, dC = _cubic(C, first.C, C1, last.C, s, dt)
            inner = self.slopes(z_s, C_s, t + s * dt, residual=s != 0.5)
            if s != 0.5:
                rates.append(self.rates(C_s, inner))
            off = mean_cost(C_s, inner.z - dz, self.h, self.xp) + covariance_cost(C_s, inner.C - dC, self.xp)
            missed = self.xp.maximum(missed, dt * off)
        ends = self.rates(C, first), self.rates(C1, last)
        totals, uneven = [], 0.0
        for a, b, c, d in zip(ends[0], *rates, ends[1], strict=True):
            total = dt / 12 * (a + 5 * b + 5 * c + d)
            totals.append(total)
            uneven = self.xp.maximum(uneven, abs(total - dt / 2 * (b + c)))
        return Stride(z1, C1, last, totals[0], totals[1], missed, uneven, (ends[0].quantum, ends[1].quantum))


def _cubic(y0: Array, d0: Array, y1: Array, d1: Array, s: float, dt: float) -> tuple[Array, Array]:
    """The cubic with values y and slopes d at both ends of a step, at the part `s` of it: its value and slope."""
    rise = y1 - y0
    value = y0 + s * s * (3 - 2 * s) * rise + dt * s * (1 - s) * ((1 - s) * d0 - s * d1)
    slope = 6 * s * (1 - s) / dt * rise + (1 - s) * (1 - 3 * s) * d0 + s * (3 * s - 2) * d1
    return value, slope
