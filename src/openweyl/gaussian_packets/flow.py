"""The closed form of both evolutions where p is quadratic in (x, xi) and the jumps are linear: Gaussians stay Gaussian.

The flow of p and of the friction is dz/dt = M z + m, its diffusion D (in units of h), the same for both evolutions:

    (M z + m)_i  =  {z_i, p} + gamma sum_{l = a + i b} ( b {z_i, a} - a {z_i, b} ),
    D_ij         =  gamma sum_{l = a + i b} ( {z_i, a} {z_j, a} + {z_i, b} {z_j, b} ).

So the transform of the symbol obeys d_t u(k) = (M^T k).d_k u - i k.m u - (h/2) k.D k u, and that of a packet of
`states`, u = exp(-i k.z - (h/2) (k - q/h).C (k - q/h)), stays of this form:

    dz/dt = M z + m,      dC/dt = M C + C M^T + D,      dy/dt = M y for y = C q,      A exp(-q.C q/2h), phase constant.

With (F, d, S) of `gaussian_map`: z -> F z + d, C -> F C F^T + S, y -> F y. The last line is the trace of the packet.

Errors. Both evolutions contract, the quantum one in trace norm, the classical one in L1. So what round-off or a cell of
time changes in a packet counts once, and never grows. A packet is E G E with E = Op(e^{iq.Z/2h}) and a Gaussian state
G, hence of trace norm |A|. Changes of it, P = C^{-1}, cost at most

    |A| ( sqrt(dz.P dz/h) + |q.dz|/h + sqrt(dq.C dq/h) + 2 sum_ij |dC_ij| sqrt(P_ii P_jj) + |d log A| ):

the first by the quantum Fisher information of displacements. The fourth as dG/dC = (h/2) d_z d_z G, and G is a Gaussian
mixture, of covariance N = C - C_0, of displaced pure states of covariance C_0. Derivatives of these are at most (in the
metric of 1/C_0) 1 in trace norm and, second ones, (1 + sqrt 3)/2; of the mixing density (in that of 1/N) 0.8 and 1. In
each symplectic eigenmode one may take the better of both: ||d_i d_j G|| <= 4 sqrt(P_ii P_jj)/h. In L1 all are less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, sqrt
from typing import TypeAlias

import mpmath
import numpy as np
import sympy

from openweyl._core.arguments import LARGEST, fail
from openweyl.model.states import Packet, PacketState
from openweyl.model.system import System, real_and_imaginary
from openweyl.symbolic.algebra import polynomial
from openweyl.symbolic.brackets import poisson
from openweyl.symbolic.expressions import TIME, derivative, evaluate
from openweyl.symbolic.intervals import Interval
from openweyl.symbolic.time_variation import TimeVariation, evaluated

from .maps import BITS, UNIT, Cells, GaussianMap, Unseen, constant_maps, digits, joined, resolved_cells

STEEPER, HIDDEN, LOOKS = 2.0, 1e-14, np.linspace(0, 1, 9)
"""A coefficient is taken to be what values show it to be if, by interval arithmetic, it is at most twice as steep as
at these parts of a cell, or if all that it may do there unseen is below this part of its integral."""
Covariance: TypeAlias = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class QuadraticFlow:
    """M, m and D of a system, exact: `matrix` and `shift` may depend on time. Made by `quadratic_flow`."""

    system: System
    matrix: sympy.Matrix
    shift: sympy.Matrix
    noise: sympy.Matrix
    driven: sympy.Expr
    """The part of p that depends on time, multiplied out."""

    def carry(self, state: PacketState, times: Sequence[float]) -> list[tuple[PacketState, float]]:
        """The state at each of `times` (increasing, >= 0), and a bound on its error in trace norm.

        Raises ResourceError if the coefficients vary too fast, InputError where the state outgrows double precision.
        """
        if not self.driven.has(TIME) or times[-1] == 0:
            matrix, shift = (part.subs(TIME, 0) for part in (self.matrix, self.shift))
            maps = constant_maps(matrix.tolist(), list(shift), self.noise.tolist(), times)
            return [self._carried(state, gaussian_map, t) for gaussian_map, t in zip(maps, times, strict=True)]
        cells = self._cells(times)
        F, d, S = cells.composed()
        ends = np.searchsorted(cells.edges, times) - 1
        errors = np.concatenate([[0.0], np.cumsum(self._defects(state, cells, F, d, S))])
        one = np.eye(len(self.noise.tolist()))
        found = []
        exact = self._exact(times)
        for j, (k, t) in enumerate(zip(ends, times, strict=True)):
            parts = (F[k], d[k], S[k]) if k >= 0 else (one, 0 * d[0], 0 * S[0])
            if exact is not None:
                gaussian_map = replace(exact[j], shift=digits(parts[1], exact[j].bits))
            else:
                _hold(all(np.isfinite(part).all() for part in parts), t)
                F_t, d_t, S_t = (digits(part, BITS) for part in parts)
                gaussian_map = GaussianMap(F_t, d_t, S_t, BITS)
            carried, error = self._carried(state, gaussian_map, t)
            found.append((carried, error + float(errors[k + 1])))
        return found

    def _exact(self, times: Sequence[float]) -> list[GaussianMap] | None:
        """F and S, if M is constant."""
        if self.matrix.has(TIME):
            return None
        return constant_maps(self.matrix.tolist(), [0] * self.matrix.rows, self.noise.tolist(), times)

    def _cells(self, times: Sequence[float]) -> Cells:
        seen = TimeVariation(self.driven, {}, times[-1])
        edges = joined(np.unique(np.concatenate([[0.0, times[-1]], *seen.cells])))
        edges = np.unique(np.concatenate([edges, np.asarray(times, dtype=float)]))
        return resolved_cells(self._rates, self._floats(self.noise), edges, self._unseen(edges))

    def _unseen(self, edges: np.ndarray) -> Unseen:
        """Cells in which a coefficient may be steeper than it is seen to be: pulses inside of other functions."""
        parts = {f for entry in [*self.matrix, *self.shift] for f in sympy.Add.make_args(entry) if f.has(TIME)}
        middles = (edges[1:] + edges[:-1]) / 2
        slopes = []
        for f in parts:
            with np.errstate(all="ignore"):
                whole = float(np.abs(evaluated(f, {})(middles)[0] * np.diff(edges)).sum())
            slopes.append((evaluated(derivative(f, TIME), {}), HIDDEN * whole))

        def unseen(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
            found = np.zeros(len(starts), dtype=bool)
            for slope, negligible in slopes:
                with np.errstate(all="ignore"):
                    bound = slope(Interval(starts, starts + lengths)).largest()[0]
                    seen = np.abs(slope((starts + np.outer(LOOKS, lengths)).ravel())[0]).reshape(len(LOOKS), -1)
                    found |= ~((bound <= STEEPER * seen.max(axis=0)) | (bound * lengths**2 <= negligible))
            return found

        return unseen

    def _rates(self, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        size = self.matrix.rows
        with np.errstate(over="ignore", invalid="ignore"):
            values = [evaluate(f, {TIME: t}, np) + np.zeros(len(t)) for f in [*self.matrix, *self.shift]]
        table = np.array(values).T
        _hold(bool(np.isfinite(table).all()), float(t[-1]))
        return table[:, : size**2].reshape(-1, size, size), table[:, size**2 :]

    @staticmethod
    def _floats(matrix: sympy.Matrix) -> np.ndarray:
        return np.array(matrix.tolist(), dtype=float)

    def _defects(self, state: PacketState, cells: Cells, F: np.ndarray, d: np.ndarray, S: np.ndarray) -> np.ndarray:
        """What the error of each cell costs, where the state is by then."""
        h, size = self.system.h, F.shape[-1]
        inverse = np.abs(np.linalg.inv(cells.matrix))
        relative = (cells.matrix_error + 4 * size * UNIT * np.abs(cells.matrix)) @ inverse
        noise = cells.noise_error + 4 * size * UNIT * np.abs(S)
        constant = not self.matrix.has(TIME)  # then d alone is from the cells
        total = np.zeros(len(F))
        for weight, packet in packets_of(state, h):
            C0, z0, q0 = np.array(packet.covariance), np.array(packet.center), packet.q
            with np.errstate(all="ignore"):  # what overflows costs infinity
                C, z, y = F @ C0 @ F.swapaxes(1, 2) + S, F @ z0 + d, F @ (C0 @ q0)
                try:
                    P = np.linalg.inv(C)
                except np.linalg.LinAlgError:
                    P = np.full_like(C, inf)
                q = (P @ y[..., None])[..., 0]
                decay = np.maximum((q0 @ C0 @ q0 - (y * q).sum(axis=1)) / (2 * h), 0.0)
                moved = np.abs(d) if constant else np.abs(z)
                dz = cells.shift_error + (relative @ moved[..., None])[..., 0] + 4 * UNIT * np.abs(d)
                if constant:
                    cost = _cost(h, C, P, q, dz, 0 * C, 0 * q)
                else:
                    spread = relative @ np.abs(C)
                    dq = (relative.swapaxes(1, 2) @ np.abs(q)[..., None])[..., 0]
                    diffused = 2 * relative @ np.abs(S) + noise
                    dlog = np.einsum("ci,cij,cj->c", np.abs(q), diffused, np.abs(q)) / (2 * h)
                    cost = dlog + _cost(h, C, P, q, dz, spread + spread.swapaxes(1, 2) + noise, dq)
                lost = np.where(np.isfinite(cost), cost * np.exp(-decay), np.where(decay > 700, 0.0, inf))
            total += weight * lost
        return total

    def _carried(self, state: PacketState, gaussian_map: GaussianMap, t: float) -> tuple[PacketState, float]:
        members, error = [], 0.0
        known: dict[Covariance, tuple[np.ndarray, np.ndarray]] = {}
        for probability, packets in state.members:
            carried = []
            trace = abs(sum(packet.trace(self.system.h) for packet in packets))
            for packet in packets:
                if packet.covariance not in known:
                    known[packet.covariance] = self._spread(packet.covariance, gaussian_map, t)
                found, cost = self._packet(packet, gaussian_map, *known[packet.covariance], t)
                carried.append(found)
                error += probability * cost / trace
            members.append((probability, tuple(carried)))
        return PacketState(tuple(members), state.description), error

    def _spread(self, covariance: Covariance, gaussian_map: GaussianMap, t: float) -> tuple[np.ndarray, np.ndarray]:
        """C and its inverse."""
        F = gaussian_map.matrix
        with mpmath.workprec(gaussian_map.bits):
            C = F @ digits(covariance, gaussian_map.bits) @ F.T + gaussian_map.noise
            scales = [mpmath.sqrt(abs(v)) for v in np.diag(C)]
            _hold(all(1 / LARGEST < v < LARGEST for v in scales), t)
            outer = np.outer(scales, scales)
            try:
                inverse = mpmath.matrix((C / outer).tolist()) ** -1
            except ZeroDivisionError:
                _hold(False, t)
            return C, np.array(inverse.tolist(), dtype=object).reshape(C.shape) / outer

    def _packet(
        self, packet: Packet, gaussian_map: GaussianMap, C: np.ndarray, P: np.ndarray, t: float
    ) -> tuple[Packet, float]:
        """The packet at time t, and what rounding it, and taking its values on a grid, costs."""
        h, bits = self.system.h, gaussian_map.bits
        with mpmath.workprec(bits):
            before = digits(packet.covariance, bits)
            q0 = digits(packet.q, bits)
            y0 = before @ q0
            y = gaussian_map.matrix @ y0
            z = gaussian_map.matrix @ digits(packet.center, bits) + gaussian_map.shift
            q = P @ y
            decay = float((q0 @ y0 - q @ y) / (2 * mpmath.mpf(h)))
        center, wave, covariance, precision = (part.astype(float) for part in (z, q, C, P))
        _hold(bool(np.abs(center).max() < LARGEST and np.abs(wave).max() < LARGEST), t)
        weight = packet.weight * np.exp(-decay)
        widths = np.sqrt(np.diag(covariance))
        dz = 4 * UNIT * (np.abs(center) + sqrt(h) * widths)
        dC = 8 * UNIT * np.outer(widths, widths)
        phases = abs(packet.phase) + 4 * sqrt(h) * float(np.abs(wave) @ widths)
        dlog = 4 * UNIT * (1 + decay + phases / h)
        cost = dlog + float(_cost(h, covariance, precision, wave, dz, dC, 4 * UNIT * np.abs(wave)))
        carried = Packet(
            center=tuple(center.tolist()),
            covariance=tuple(map(tuple, ((covariance + covariance.T) / 2).tolist())),
            weight=complex(weight),
            phase=packet.phase,
            wave=tuple(wave.tolist()) if packet.wave else (),
        )
        return carried, float(abs(weight) * cost) if weight else 0.0


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
    gamma = sympy.Rational(system.gamma)

    def bracket(f: sympy.Expr, g: sympy.Expr) -> sympy.Expr:
        return poisson(f, g, system.x, system.xi)

    field = [bracket(v, p) + gamma * sum(b * bracket(v, a) - a * bracket(v, b) for a, b in parts) for v in z]
    noise = [[gamma * sum(bracket(u, f) * bracket(v, f) for jump in parts for f in jump) for v in z] for u in z]
    return QuadraticFlow(
        system=system,
        matrix=sympy.Matrix([[f.diff(v) for v in z] for f in field]),
        shift=sympy.Matrix([f.subs(dict.fromkeys(z, 0)) for f in field]),
        noise=sympy.Matrix(noise),
        driven=sympy.Add(*(term for term in sympy.Add.make_args(p) if term.has(TIME) and term.has(*z))),
    )


def packets_of(state: PacketState, h: float) -> list[tuple[float, Packet]]:
    """The packets, and the trace norm of each."""
    return [
        (probability * abs(packet.weight) / abs(sum(p.trace(h) for p in packets)), packet)
        for probability, packets in state.members
        for packet in packets
    ]


def _cost(
    h: float, C: np.ndarray, P: np.ndarray, q: np.ndarray, dz: np.ndarray, dC: np.ndarray, dq: np.ndarray
) -> np.ndarray:
    """The bound above, over |A|, for changes of at most dz, dC and dq in size; leading axes are free."""
    with np.errstate(all="ignore"):
        widths, inner = (np.sqrt(np.diagonal(part, axis1=-2, axis2=-1)) for part in (C, P))
        moved = (dz * (inner / sqrt(h) + np.abs(q) / h)).sum(axis=-1)
        turned = (dq * widths).sum(axis=-1) / sqrt(h)
        return moved + turned + 2 * np.einsum("...i,...ij,...j->...", inner, dC, inner)


def _hold(condition: bool, t: float) -> None:
    if not condition:
        short = "end while the state is of moderate size"
        raise fail("times", short, f"{t:g}, when it has outgrown double precision", "The system drives it apart.")
