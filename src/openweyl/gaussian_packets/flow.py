"""The closed form of both evolutions where p is quadratic in (x, xi) and the jumps are linear: Gaussians stay Gaussian.

The flow of p and of the friction is dz/dt = M z + m, its diffusion D (in units of h), the same for both evolutions:

    (M z + m)_i  =  {z_i, p} + gamma sum_{l = a + i b} ( b {z_i, a} - a {z_i, b} ),
    D_ij         =  gamma sum_{l = a + i b} ( {z_i, a} {z_j, a} + {z_i, b} {z_j, b} ).

So the transform of the symbol obeys d_t u(k) = (M^T k).d_k u - i k.m u - (h/2) k.D k u, and that of a packet of
`packets`, u = exp(-i k.z - (h/2) (k - q/h).C (k - q/h)), stays of this form:

    dz/dt = M z + m,      dC/dt = M C + C M^T + D,      dy/dt = M y for y = C q,      A exp(-q.C q/2h), phase constant.

With (F, d, S) of `maps`: z -> F z + d, C -> F C F^T + S, y -> F y. The last line is the trace of the packet.

Errors are those of packet_errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import sympy

from openweyl.model.formulas import real_and_imaginary
from openweyl.model.states import PacketState
from openweyl.model.system import System
from openweyl.model.timed_factor import split
from openweyl.symbolic.algebra import polynomial
from openweyl.symbolic.breakpoints import BREAKPOINT_ROUNDING, breakpoints, pieces_of
from openweyl.symbolic.derivatives import derivative
from openweyl.symbolic.expressions import TIME, evaluate
from openweyl.symbolic.intervals import Interval
from openweyl.symbolic.time_variation import TimeVariation, evaluated

from .carrying import carried, check_moderate
from .linear_fields import field_and_noise
from .maps import EXTRA_BITS, GaussianMap, constant_maps, digits
from .packet_errors import cell_errors
from .time_cells import Cells, Unseen, joined, resolved_cells

MAX_STEEPNESS = 2.0
"""A coefficient is what its values show it to be if, by interval arithmetic, it is at most so many times as steep as at
CELL_FRACTIONS of a cell, ..."""
NEGLIGIBLE_PART = 1e-14
"""... or if all that it may do there unseen is below this part of its integral, a few roundings."""
CELL_FRACTIONS = np.linspace(0, 1, 9)
"""Where in a cell, as a part of its length, the steepness of a coefficient is looked at: its ends, and between."""


@dataclass(frozen=True)
class QuadraticFlow:
    """M, m and D of a system, exact: `matrix` and `shift` may depend on time. Made by `quadratic_flow`."""

    system: System
    matrix: sympy.Matrix
    shift: sympy.Matrix
    noise: sympy.Matrix
    driven: sympy.Expr
    """The part of p that depends on time, multiplied out, and the rates of jumps that do, as terms of their own."""

    def carry(self, state: PacketState, times: Sequence[float]) -> list[tuple[PacketState, float]]:
        """The state at each of `times` (increasing, >= 0), and a bound on its error in trace norm.

        Raises ResourceError if the coefficients vary too fast, InputError where the state outgrows double precision.
        """
        if not self.driven.has(TIME) or times[-1] == 0:
            matrix, shift, noise = (part.subs(TIME, 0) for part in (self.matrix, self.shift, self.noise))
            maps = constant_maps(matrix.tolist(), list(shift), noise.tolist(), times)
            return [carried(state, gaussian_map, self.system.h, t) for gaussian_map, t in zip(maps, times, strict=True)]
        return self._carry_by_cells(state, times)

    def _carry_by_cells(self, state: PacketState, times: Sequence[float]) -> list[tuple[PacketState, float]]:
        """The same where coefficients depend on time."""
        cells = self._cells(times)
        F, d, S = maps = cells.composed()
        ends = np.searchsorted(cells.edges, times) - 1
        lost = cell_errors(self.system.h, state, cells, maps, constant=not self._varies)
        errors = np.concatenate([[0.0], np.cumsum(lost)])
        one = np.eye(len(self.noise.tolist()))
        states = []
        exact = self._exact(times)
        for j, (k, t) in enumerate(zip(ends, times, strict=True)):
            parts = (F[k], d[k], S[k]) if k >= 0 else (one, 0 * d[0], 0 * S[0])
            if exact is not None:
                gaussian_map = replace(exact[j], shift=digits(parts[1], exact[j].bits))
            else:
                check_moderate(all(np.isfinite(part).all() for part in parts), t)
                F_t, d_t, S_t = (digits(part, EXTRA_BITS) for part in parts)
                gaussian_map = GaussianMap(F_t, d_t, S_t, EXTRA_BITS)
            later, error = carried(state, gaussian_map, self.system.h, t)
            states.append((later, error + float(errors[k + 1])))
        return states

    @property
    def _varies(self) -> bool:
        """Whether M or D depends on time."""
        return self.matrix.has(TIME) or self.noise.has(TIME)

    def _exact(self, times: Sequence[float]) -> list[GaussianMap] | None:
        """F and S, if M is constant."""
        if self._varies:
            return None
        return constant_maps(self.matrix.tolist(), [0] * self.matrix.rows, self.noise.tolist(), times)

    def _cells(self, times: Sequence[float]) -> Cells:
        """The maps of cells up to the last time: one piece after another in which all coefficients are smooth."""
        parts = (self.driven, *self.matrix, *self.shift, *self.noise)
        size = self.matrix.rows
        made: list[Cells] = []
        before, ends = self, [*times, *breakpoints(parts, times[-1])]
        for begin, end, (driven, *rates) in pieces_of(parts, times[-1]):
            matrix, shift = sympy.Matrix(size, size, rates[: size**2]), sympy.Matrix(rates[size**2 : size**2 + size])
            noise = sympy.Matrix(size, size, rates[size**2 + size :])
            flow = replace(self, matrix=matrix, shift=shift, noise=noise, driven=driven)
            cells = flow._smooth_cells(begin, end, ends)
            made.append(
                cells.begun_late(BREAKPOINT_ROUNDING * begin, *flow._change_from(before, begin)) if made else cells
            )
            before = flow
        return Cells.joined(made)

    def _change_from(self, before: QuadraticFlow, t: float) -> list[np.ndarray]:
        """The changes of M and m at time t."""
        now = np.array([t])
        made = [(*flow._rates(now), flow._noises(now)) for flow in (self, before)]
        return [new[0] - old[0] for new, old in zip(*made, strict=True)]

    def _smooth_cells(self, begin: float, end: float, times: Sequence[float]) -> Cells:
        """Cells from `begin` to `end`, and from each of `times` on that lies between."""
        seen = TimeVariation(self.driven, {}, end, begin)
        edges = joined(np.unique(np.concatenate([[begin, end], *seen.cells])))
        inside = [t for t in times if begin < t < end]
        edges = np.unique(np.concatenate([edges, inside]))
        return resolved_cells(self._rates, self._noises, edges, self._unseen(edges))

    def _unseen(self, edges: np.ndarray) -> Unseen:
        """Cells in which a coefficient may be steeper than it is seen to be: pulses inside of other functions."""
        parts = {
            f for entry in [*self.matrix, *self.shift, *self.noise] for f in sympy.Add.make_args(entry) if f.has(TIME)
        }
        middles = (edges[1:] + edges[:-1]) / 2
        slopes = []
        for f in parts:
            with np.errstate(all="ignore"):
                whole = float(np.abs(evaluated(f, {})(middles)[0] * np.diff(edges)).sum())
            slopes.append((evaluated(derivative(f, TIME), {}), NEGLIGIBLE_PART * whole))

        def unseen(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
            steep = np.zeros(len(starts), dtype=bool)
            for slope, negligible in slopes:
                sampled = starts + np.outer(CELL_FRACTIONS, lengths)
                with np.errstate(all="ignore"):
                    bound = slope(Interval(starts, starts + lengths)).largest()[0]
                    seen = np.abs(slope(sampled.ravel())[0]).reshape(sampled.shape)
                    steep |= ~((bound <= MAX_STEEPNESS * seen.max(axis=0)) | (bound * lengths**2 <= negligible))
            return steep

        return unseen

    def _rates(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        size = self.matrix.rows
        with np.errstate(over="ignore", invalid="ignore"):
            values = [evaluate(f, {TIME: t}, np) + np.zeros(len(t)) for f in [*self.matrix, *self.shift]]
        table = np.array(values).T
        check_moderate(bool(np.isfinite(table).all()), float(t[-1]))
        return table[:, : size**2].reshape(-1, size, size), table[:, size**2 :]

    def _noises(self, t: np.ndarray) -> np.ndarray:
        """D at the times t."""
        size = self.noise.rows
        with np.errstate(over="ignore", invalid="ignore"):
            values = np.array([evaluate(f, {TIME: t}, np) + np.zeros(len(t)) for f in self.noise])
        check_moderate(bool(np.isfinite(values).all()), float(t[-1]))
        return values.T.reshape(-1, size, size)


def quadratic_flow(system: System) -> QuadraticFlow | None:
    """The flow of `system`; None unless p is of degree <= 2 and the jumps of degree <= 1 in (x, xi).

    The coefficients of p may depend on time; without coupling the jumps are free.
    """
    z = system.x + system.xi
    p = polynomial(system.hamiltonian, z, 2)
    jumps = [real_and_imaginary(jump) for jump in system.jumps] if system.gamma else []
    parts = [[polynomial(f, z, 1) for f in jump] for jump in jumps]
    if p is None or any(f is None for jump in parts for f in jump):
        return None
    field, noise = field_and_noise(p, parts, system.x, system.xi, sympy.Rational(system.gamma))
    return QuadraticFlow(
        system=system,
        matrix=sympy.Matrix([[f.diff(v) if f.has(v) else sympy.S.Zero for v in z] for f in field]),
        shift=sympy.Matrix([f.xreplace(dict.fromkeys(z, sympy.S.Zero)) for f in field]),
        noise=noise,
        driven=sympy.Add(
            *(term for term in sympy.Add.make_args(p) if term.has(TIME) and term.has(*z)),
            *(split(jump)[0] ** 2 * sympy.Dummy() for jump in system.jumps if jump.has(TIME) and system.gamma),
        ),
    )
