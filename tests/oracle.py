"""An independent dense solver: density matrices in the Fock basis, nothing of openweyl's numerics.

    dA/dt = -(i/h)[P(t), A] + (gamma/h) sum_j (L_j A L_j* - {L_j* L_j, A}/2),

P(t) = sum_k c_k(t) Op(p_k), L_j = Op(l_j), n = 1. The basis is that of the oscillator (x^2 + xi^2)/2 at the same h,

    phi_m(y) = h^{-1/4} psi_m(y/sqrt h),    psi_m the Hermite functions.

Functions of x are Gauss-Hermite quadratures; functions of xi follow from F phi_m = (-i)^m phi_m; for terms that mix
the two see `fock_weyl.py`. The truncated equation is of Lindblad's form again, keeps trace and positivity, and errors
enter from the last levels only: their population is checked. Time: DOP853, between the lowest eigenstates of what does
not depend on time in P, as the others only make the equation stiff.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.integrate
import scipy.special
import sympy
from threadpoolctl import threadpool_limits

from fock_weyl import quantized, symbol_at

X, XI, T = sympy.symbols("x xi t", real=True)


def hermite_functions(size: int, points: np.ndarray) -> np.ndarray:
    """psi_0 .. psi_{size-1} at `points`, orthonormal in L^2(R), by their three-term recurrence."""
    psi = np.empty((size, *np.shape(points)))
    psi[0] = np.pi**-0.25 * np.exp(-(points**2) / 2)
    if size > 1:
        psi[1] = np.sqrt(2.0) * points * psi[0]
    for m in range(2, size):
        psi[m] = np.sqrt(2.0 / m) * points * psi[m - 1] - np.sqrt((m - 1) / m) * psi[m - 2]
    return psi


def _expression(f: str | sympy.Expr) -> sympy.Expr:
    return sympy.expand(sympy.sympify(f, {"x": X, "xi": XI, "t": T}))


@dataclass(frozen=True)
class Oracle:
    """The system p, l_j (text or SymPy, in x, xi, t, I) in `size` Fock states, evolved in the `levels` lowest of P."""

    hamiltonian: str | sympy.Expr
    jumps: tuple[str | sympy.Expr, ...]
    h: float
    gamma: float
    size: int
    levels: int

    # ------------------------------------------------------------------ operators

    @cached_property
    def _quadrature(self) -> tuple[np.ndarray, np.ndarray]:
        """Gauss-Hermite nodes and the basis there, times the square roots of the weights."""
        nodes, _ = scipy.special.roots_hermite(2 * self.size + 64)
        phi = hermite_functions(len(nodes), nodes)
        return nodes, phi[: self.size] / np.sqrt((phi**2).sum(axis=0))  # Christoffel numbers

    def of_x(self, f: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """f(x)."""
        nodes, phi = self._quadrature
        values = np.broadcast_to(f(nodes * np.sqrt(self.h)), nodes.shape)
        return ((phi * values) @ phi.T).astype(complex)

    def of_xi(self, f: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """f(hD): <m|f(hD)|n> = i^{m-n} <m|f(x)|n>."""
        turn = np.array([1, 1j, -1, -1j])[np.arange(self.size) % 4]
        return turn[:, None] * self.of_x(f) * turn.conj()

    def operator(self, f: str | sympy.Expr) -> np.ndarray:
        """Op(f)."""
        terms = sympy.Add.make_args(_expression(f))
        mixed = sympy.Add(*(term for term in terms if term.has(X) and term.has(XI)))
        in_xi = sympy.Add(*(term for term in terms if term.has(XI) and not term.has(X)))
        in_x = sympy.Add(*(term for term in terms if not term.has(XI)))
        out = self.of_x(sympy.lambdify(X, in_x, "numpy")) + self.of_xi(sympy.lambdify(XI, in_xi, "numpy"))
        return out + quantized(sympy.lambdify((X, XI), mixed, "numpy"), self.h, self.size) if mixed else out

    @cached_property
    def _operators(self) -> tuple[np.ndarray, list[np.ndarray]]:
        """What does not depend on time in P, and the jumps."""
        return self.operator(self._parts[sympy.S.One]), [self.operator(jump) for jump in self.jumps]

    @cached_property
    def _drives(self) -> list[tuple[Callable[[float], float], np.ndarray]]:
        """(c_k, P_k), so that P(t) is the part that does not depend on time plus sum_k c_k(t) P_k."""
        return [(sympy.lambdify(T, c), self.operator(f)) for c, f in self._parts.items() if c.has(T)]

    @property
    def _parts(self) -> dict[sympy.Expr, sympy.Expr]:
        """c(t): f(x, xi), so that p is the sum of their products; c = 1 is always there."""
        parts = {sympy.S.One: sympy.S.Zero}
        for term in sympy.Add.make_args(_expression(self.hamiltonian)):
            c, f = term.as_independent(X, XI) if term.has(T) else (sympy.S.One, term)
            assert not f.has(T), f"{term} is no product of a function of t and one of x, xi"
            parts[c] = parts.get(c, sympy.S.Zero) + f
        return parts

    # ------------------------------------------------------------------ states

    def coherent(self, x: float, xi: float) -> np.ndarray:
        """The vector of the coherent state at (x, xi) with the phase of Li (1.7): e^{i (y - x) xi/h}."""
        alpha = (x + 1j * xi) / np.sqrt(2 * self.h)
        m = np.arange(self.size)
        size = m * np.log(max(abs(alpha), 1e-300)) - scipy.special.gammaln(m + 1) / 2 - abs(alpha) ** 2 / 2
        # D(alpha)|0> is e^{-i x xi/(2h)} e^{i y xi/h} phi_0(y - x); Li's has e^{-i x xi/h}
        return np.exp(size + 1j * m * np.angle(alpha) - 0.5j * x * xi / self.h)

    @staticmethod
    def pure(vector: np.ndarray) -> np.ndarray:
        return np.outer(vector, vector.conj()) / np.vdot(vector, vector).real

    # ------------------------------------------------------------------ evolution

    def generator(self, a: np.ndarray, t: float = 0.0) -> np.ndarray:
        """The Lindbladian's action, at time t, on the matrix `a`."""
        p, jumps = self._operators
        p = p + sum(c(t) * drive for c, drive in self._drives)
        effective = -1j / self.h * p - self.gamma / (2 * self.h) * sum(jump.conj().T @ jump for jump in jumps)
        sandwich = self.gamma / self.h * sum(jump @ a @ jump.conj().T for jump in jumps)
        return effective @ a + a @ effective.conj().T + sandwich

    def evolve(self, a: np.ndarray, times: Sequence[float], rtol: float = 1e-11) -> list[np.ndarray]:
        """A at `times`, increasing, A(0) = a; fails if the last levels come to be populated."""
        p, jumps = self._operators
        energies, basis = np.linalg.eigh(p)
        energies, basis = energies[: self.levels], basis[:, : self.levels]
        cut = self.levels < self.size  # without a cut, the Fock states alone are watched: P may be unbounded below
        jumps = [np.sqrt(self.gamma / self.h) * (basis.conj().T @ jump @ basis) for jump in jumps]
        pairs = [(jump, np.ascontiguousarray(jump.conj().T)) for jump in jumps]
        drives = [(c, basis.conj().T @ drive @ basis / (1j * self.h)) for c, drive in self._drives]
        constant = np.diag(energies / (1j * self.h)) - sum(adjoint @ jump for jump, adjoint in pairs) / 2

        def rate(t: float, flat: np.ndarray) -> np.ndarray:
            b = flat.reshape(self.levels, self.levels)
            effective = constant + sum(c(t) * drive for c, drive in drives)
            # not half + half*: that is another equation for the antihermitian part, which grows
            return (effective @ b + b @ effective.conj().T + sum(jump @ b @ adjoint for jump, adjoint in pairs)).ravel()

        now, flat, states = 0.0, (basis.conj().T @ a @ basis).ravel(), []
        with threadpool_limits(1, "blas"):  # threads waiting for each other made small products a hundred times slower
            for time in times:  # interpolation between the steps would be of lower order
                if time > now:
                    found = scipy.integrate.solve_ivp(
                        rate, (now, time), flat, method="DOP853", rtol=rtol, atol=1e-3 * rtol
                    )
                    assert found.success, found.message
                    now, flat = time, found.y[:, -1]
                states.append(flat.reshape(self.levels, self.levels))
        assert not cut or max(map(self.edge, states)) < 1e-10, [self.edge(state) for state in states]
        states = [basis @ state @ basis.conj().T for state in states]
        assert max(map(self.edge, states)) < 1e-10, [self.edge(state) for state in states]
        return states

    @staticmethod
    def edge(a: np.ndarray) -> float:
        """The population of the last tenth of the levels."""
        return float(np.abs(np.diag(a)[-(len(a) // 10) :]).sum())

    # ------------------------------------------------------------------ what one reads off

    def mean(self, a: np.ndarray, f: str) -> float:
        return float(np.trace(a @ self.operator(f)).real)

    @staticmethod
    def purity(a: np.ndarray) -> float:
        return float(np.vdot(a, a).real)

    @staticmethod
    def trace_norm(a: np.ndarray) -> float:
        return float(np.abs(np.linalg.eigvalsh((a + a.conj().T) / 2)).sum())

    def symbol_at(self, a: np.ndarray, x: np.ndarray, xi: np.ndarray) -> np.ndarray:
        """w at the points (x, xi): another route than `symbol`."""
        return symbol_at(a, self.h, x, xi)

    def symbol(self, a: np.ndarray, x: np.ndarray, xi: np.ndarray) -> np.ndarray:
        """w(x, xi) = int rho(x + s/2, x - s/2) e^{-i xi.s/h} ds on the product of `x` and `xi`: a plain sum."""
        reach = 2 * np.sqrt(self.h) * (np.sqrt(2 * self.size) + 6)
        spacing = np.pi * np.sqrt(self.h) / (2 * np.sqrt(2 * self.size) + 12)
        s = np.arange(-int(reach / spacing), int(reach / spacing) + 1) * spacing
        fourier = np.exp(-1j * np.outer(s, xi) / self.h) * spacing
        out = np.empty((len(x), len(xi)))
        for i, middle in enumerate(x):
            plus, minus = (
                hermite_functions(self.size, (middle + sign * s / 2) / np.sqrt(self.h)) * self.h**-0.25
                for sign in (1, -1)
            )
            chord = np.einsum("ms,ms->s", plus, a @ minus)
            out[i] = (chord @ fourier).real
        return out
