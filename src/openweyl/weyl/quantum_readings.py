"""What is read off a state beyond values and densities: probabilities, numbers of quanta, correlations, entanglement.

    W = w/(2 pi h)^n,    P(m) = <m|A|m>,    g2(0) = <ad^2 a^2>/<ad a>^2,    E_N = log2 ||A^{T_1}||_tr,

with the partial transpose A^{T_j}, whose symbol is w at -xi_j, as transposition in the representation of x exchanges
both arguments of the kernel.
"""

from __future__ import annotations

from math import inf, log2, prod
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from openweyl._core.arguments import must, numbers_of, real, whole
from openweyl._core.calls import public
from openweyl._core.estimates import Estimate
from openweyl._core.threads import one_thread
from openweyl.observables.observable import Observable
from openweyl.phase_space.grid import Axis, PhaseGrid
from openweyl.phase_space.kernels import check_kernel_fits, kernel_points
from openweyl.symbolic.expressions import variables

from .fock_matrix import MAX_LEVELS, fock_matrix
from .state_readings import ROUND_OFF, StateReadings

if TYPE_CHECKING:
    import xarray

PURITY_ROUND_OFF = 1e-13
"""The relative round-off of sums of squares of a symbol, whose values are known to as much of the largest."""


class QuantumReadings(StateReadings):
    """A function on phase space read as the symbol of a state of modes."""

    @public
    def wigner(self, x: Any = None, xi: Any = None) -> xarray.DataArray:
        """The Wigner function W = w/(2 pi h)^n, with int W = 1, on the symbol's own grid, or (n = 1) at x times xi.

        `x`, `xi`: lists of numbers, both or none. Returns a DataArray with dims (x, xi), or (x1, .., xi1, ..), that has
        h as an attribute. An error e of the operator in trace norm is one of at most e/(pi h)^n here, at every point.
        QuTiP's wigner(state, x, xi, g=sqrt(2/h)) is its transpose: QuTiP's g is such that [x, xi] = 2i/g^2.

        >>> from openweyl import coherent
        >>> w = coherent(0.5, 0.0).symbol(coherent(0.5, 0.0).grid(0.1, 1e-12))
        >>> w.wigner([0.5, 0.6], [0.0]).values.round(6).tolist()  # exp(-|z - z0|^2/h)/(pi h)
        [[3.183099], [2.880187]]

        Raises InputError for a batch, for complex values, and for one of x and xi without the other.
        """
        import xarray as xr

        self.check_single()
        names = [str(v) for side in variables(self.n) for v in side]
        attributes = {"long_name": "Wigner function", "h": self.h}
        if x is None and xi is None:
            points = [axis.points for axis in self.grid.x + self.grid.xi]
            values = np.asarray(self.values)
        else:
            must(self.n == 1, "x", f"be left out for n = {self.n}", x, "symbol.at has values at points.")
            lines = zip(("x", "xi"), (x, xi), strict=True)
            points = [np.array([real(name, one) for one in numbers_of(name, line)]) for name, line in lines]
            values = self.at(points[0][:, None], points[1][None, :])
        coordinates = dict(zip(names, points, strict=True))
        return xr.DataArray(values / (2 * np.pi * self.h) ** self.n, coordinates, names, "wigner", attributes)

    @public
    def probability(self, condition: str) -> Estimate:
        """The probability that a measurement of positions, or one of momenta, finds what `condition` says.

        `condition`: "x > 0.5", "x**2 < 1", "-1 < xi < 1", "x1 > x2": formulas in x or in xi, not in both. It is sharp:
        the trace with a projection, so that an error of the operator in trace norm is one of at most that here. The
        error is a bound for conditions on one or two variables. `expect("probability(x > 0.5)")` is the same.

        >>> from openweyl import fock
        >>> w = fock(1).symbol(fock(1).grid(0.1, 1e-12))
        >>> value, error = w.probability("x > 0")
        >>> round(float(value), 9), bool(error < 1e-9)
        (0.5, True)

        Raises InputError for a batch, for complex values, and for text that is no condition of this kind.
        """
        self.check_single()
        must(isinstance(condition, str), "condition", 'be text, such as "x > 0.5"', condition)
        return Observable.parse(f"probability({condition})", self.n).value(self)

    @public
    def photon_numbers(self, mode: int = 1, size: int | None = None, *, tol: float = 1e-9) -> Estimate:
        """P(m) = <m|A|m>, m = 0, 1, ..., the distribution of ad a in one `mode`, in the Fock basis at h.

        `size`: how many levels; None: as many as leave out less than `tol` in trace norm. The error, one number for
        all levels, is a bound: of each P(m), and of the sum of those left out if `size` is None.

        >>> from openweyl import thermal
        >>> value, error = thermal(1.0).symbol(thermal(1.0).grid(0.1, 1e-12)).photon_numbers()
        >>> value[:3].round(6), error < 1e-9  # nbar^m/(nbar + 1)^(m + 1)
        (array([0.5  , 0.25 , 0.125]), True)

        Raises InputError for a batch, for complex values, for a mode that there is not, and as `fock` does.
        """
        self.check_single()
        levels = None if size is None else whole("size", size, 1, MAX_LEVELS)
        (matrix, leakage), _ = fock_matrix(self.reduced(mode), levels, tol)
        error = leakage if size is None else min(leakage, tol)  # the diagonal does not depend on the levels left out
        return Estimate(np.real(np.diag(matrix)).copy(), error)

    @public
    def g2(self, mode: int = 1) -> Estimate:
        """The second-order coherence <ad^2 a^2>/<ad a>^2 of one `mode`.

        It is 1 for coherent states, 2 for thermal ones, and 1 - 1/k for fock(k). The error is an estimate, as those of
        both means are (docs/observables.md): infinite if <ad a> may be 0.

        >>> from openweyl import thermal
        >>> round(float(thermal(1.0).symbol(thermal(1.0).grid(0.1, 1e-12)).g2().value), 6)
        2.0

        Raises InputError for a batch, for complex values, and for a mode that there is not.
        """
        self.check_single()
        quanta, pairs = (Observable.parse(text, self.n).value(self) for text in g2_texts(mode, self.n))
        return g2_from(quanta, pairs)

    @public
    def linear_entropy(self) -> Estimate:
        """1 - tr A^2, 0 for pure states; the error is a bound, of round-off. An error e of A moves it by 2 e + e^2.

        Raises InputError for a batch, and for complex values.
        """
        self.check_single()
        purity = float(self.purity())
        return Estimate(1 - purity, PURITY_ROUND_OFF * max(purity, 1.0))

    @public
    def overlap(self, other: Any) -> Estimate:
        """tr(A B), for pure B the probability of B; the error is a bound. `other`: a Symbol, or a State.

        An error e of A in trace norm is one of at most e here, if B is a state.

        >>> from openweyl import coherent, thermal
        >>> w = thermal(1.0).symbol(thermal(1.0).grid(0.1, 1e-12))
        >>> round(float(w.overlap(coherent(0, 0)).value), 9)
        0.5

        Raises InputError for a batch, for complex values, and for other arguments.
        """
        self.check_single()
        a, b = self._with_state(other)
        size = float(a.hilbert_schmidt()) * float(b.hilbert_schmidt())
        return Estimate(float(a.inner(b)), PURITY_ROUND_OFF * size + ROUND_OFF)

    @public
    def partial_transpose(self, *modes: int) -> Self:
        """The symbol of A transposed in these degrees of freedom, from 1: w with the signs of their xi changed.

        Exact: an axis is read backwards. Raises InputError for numbers that are none of its degrees of freedom.
        """
        chosen = [whole("modes", mode, 1, self.n) - 1 for mode in modes]
        must(0 < len(set(chosen)) == len(chosen), "modes", "be different numbers", modes)
        xi = [
            Axis(-axis.points[-1], axis.spacing, axis.size) if j in chosen else axis
            for j, axis in enumerate(self.grid.xi)
        ]
        values = np.flip(np.asarray(self.values), tuple(j - self.n for j in chosen))
        return self.like(np.ascontiguousarray(values), PhaseGrid(self.grid.x, tuple(xi), self.h))

    @public
    def logarithmic_negativity(self, *modes: int, tol: float = 1e-3) -> Estimate:
        """E_N = log2 ||A^T||_tr, T the transposition of these `modes` (the first): 0 without entanglement, in ebits.

        Of two-mode squeezed vacuum it is 2 r/ln 2. The error is a bound, by the eigenvalues of the transpose on as many
        Fock states as leave out less than `tol` of it in trace norm. It is that for the symbol: an error of A in trace
        norm may be a larger one of its partial transpose. Source: Vidal and Werner, Phys. Rev. A 65, 032314 (2002).

        Raises InputError for one degree of freedom, for a batch, and for complex values, ResourceError for a kernel
        that does not fit in memory.
        """
        self.check_single()
        advice = "Its subsystems are degrees of freedom."
        must(self.n > 1, "symbol", "have two degrees of freedom or more", f"of n = {self.n}", advice)
        must(len(set(modes)) < self.n, "modes", "leave one degree of freedom", modes)
        check_kernel_fits(prod(kernel_points(self.grid)), "resample the symbol to a smaller grid")
        (matrix, left_out), _ = fock_matrix(self.partial_transpose(*(modes or (1,))), None, tol)
        with one_thread(len(matrix)):
            norm = float(np.abs(np.linalg.eigvalsh(matrix)).sum())
        low, high = log2(max(norm - left_out, 1.0)), log2(max(norm + left_out, 1.0))  # ||A^T|| >= tr A = 1
        return Estimate((low + high) / 2, (high - low) / 2)


def g2_texts(mode: Any, n: int) -> tuple[str, str]:
    """The observables ad a and ad^2 a^2 of a mode of n."""
    j = whole("mode", mode, 1, n)
    tail = "" if n == 1 else str(j)
    return f"ad{tail}*a{tail}", f"ad{tail}**2*a{tail}**2"


def g2_from(quanta: Estimate, pairs: Estimate) -> Estimate:
    """<ad^2 a^2>/<ad a>^2, with the error that those of both leave: numbers, or arrays of them."""
    n, dn = (np.asarray(part, dtype=float) for part in quanta)
    m, dm = (np.asarray(part, dtype=float) for part in pairs)
    with np.errstate(all="ignore"):
        value, least = m / n**2, np.where(n > dn, n - dn, np.nan)
        error = np.maximum((m + dm) / least**2 - value, value - (m - dm) / (n + dn) ** 2)
    error = np.where(np.isfinite(error), error, inf)
    return Estimate(value[()], error[()], "estimate")
