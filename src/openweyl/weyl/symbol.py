"""`Symbol`: a function on phase space read as the operator Op(w) that Weyl quantization makes of it.

    Op(w) u(y) = (2 pi h)^-n int int e^{i xi.(y - y')/h} w((y + y')/2, xi) u(y') dy' dxi,
    tr Op(w) = (2 pi h)^-n int w.

Source: Li (2.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core.arguments import fail, must, needs, real
from openweyl._core.calls import public
from openweyl._core.display import block, html_facts, html_picture
from openweyl._core.estimates import Enclosure, Estimate
from openweyl._core.text import cut
from openweyl.norms.l1 import L1_RTOL, l1_norm
from openweyl.norms.trace_norm import trace_norm
from openweyl.observables.observable import Observable
from openweyl.phase_space.marginals import Marginal
from openweyl.plot import results
from openweyl.symbolic.expressions import variables

from .fock_matrix import FockMatrix, fock_matrix
from .quantum_readings import QuantumReadings

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from qutip import Qobj


class Symbol(QuantumReadings):
    """Op(w) u(y) = (2 pi h)^-n int int e^{i xi.(y - y')/h} w((y + y')/2, xi) u(y') dy' dxi.

    `values`: w at the points of `grid`, real or complex, shape (..., *grid.shape); axes in front are batches, of which
    `symbol[j]` is one. `grid`: a PhaseGrid, with its h. Sums, differences and products of symbols on different grids go
    through a grid that holds both; symbols of two h, or of two n, are refused. Source: Li (2.1).

    >>> from openweyl import PhaseGrid, coherent
    >>> w = coherent(0, 0).symbol(PhaseGrid.box(h=0.1, x=(-3, 3), xi=(-3, 3), size=(64, 64)))
    >>> v = coherent(1, 0).symbol(PhaseGrid.box(h=0.1, x=(-2, 4), xi=(-3, 3), size=(72, 64)))
    >>> round(float((w - v).hilbert_schmidt() ** 2 + 2 * w.inner(v)), 9)  # |w - v|^2 = |w|^2 + |v|^2 - 2 (w, v)
    2.0
    >>> (w - v).trace_norm().upper <= 2
    True

    Raises InputError unless `values` are finite numbers of the grid's shape.
    """

    @public
    def l1(self, rtol: float = L1_RTOL) -> Estimate:
        """(2 pi h)^-n int |w|, to the relative error `rtol`, with a bound of the error, as `Estimate`.

        Raises InputError for a batch, and for complex values.
        """
        self.check_single()
        rtol = real("rtol", rtol, above=0.0)
        return l1_norm(self, rtol)

    @public
    def trace_norm(self, rtol: float = 1e-2, atol: float = 0.0) -> Enclosure:
        """lower <= ||Op(w)||_tr <= upper, with upper - lower <= `rtol` upper + `atol` + 2 edges.

        As `openweyl.trace_norm`, which says how, what the edges are, and what else is refused. Raises InputError for a
        batch, and for complex values.
        """
        return trace_norm(self, rtol, atol)

    @public
    def expectation(self, observable: Observable | str) -> Estimate:
        """tr(O Op(w)) for an `Observable` or its text, such as "tanh(x)", "x**2", "ad*a" or "parity".

        The error is that of the integral, see `Observable`; the error of the symbol itself is not in it.

        Raises InputError for a batch, for complex values, and for text that names no observable, see
        `Observable.parse`.

        >>> from openweyl import thermal
        >>> w = thermal(0.5).symbol(thermal(0.5).grid(0.1, 1e-12))
        >>> round(float(w.expectation("ad*a").value), 9)
        0.5
        """
        self.check_single()
        return Observable.of(observable, self.n).value(self)

    expect = expectation  # the name that solutions and other programs have

    @public
    def marginal(self, *names: str) -> Marginal:
        """m(z) = (2 pi h)^-n int w over all variables but those of these `names`, such as "x", "xi" or "x1", "xi1".

        Returns a `Marginal`: its `values` on its periodic `axes`, and its values between them by `at`. The axes come in
        the order of the grid, x then xi, whatever the order of the names.

        Raises InputError for a batch, for complex values, and for other names.

        >>> from openweyl import PhaseGrid, coherent
        >>> w = coherent(0, 0).symbol(PhaseGrid.box(h=0.1, x=(-3, 3), xi=(-3, 3), size=(64, 64)))
        >>> density = w.marginal("x")
        >>> density.values.shape, round(float(density.values.sum() * density.axes[0].spacing), 9)
        ((64,), 1.0)
        """
        self.check_single()
        known = [str(v) for side in variables(self.n) for v in side]
        for name in names:
            if not isinstance(name, str) or name not in known:
                raise fail("names", f"be among {', '.join(known)}", name)
        must(bool(names) and len(set(names)) == len(names), "names", "be different variables", names)
        return Marginal.marginal(self, sorted(known.index(name) for name in names))

    @public
    def fock(self, size: int | Sequence[int] | None = None, *, tol: float = 1e-9) -> FockMatrix:
        """The matrix c of Op(w) = sum c_mn |m><n| in the Fock basis at h, and a bound of the trace norm left out.

        `size`: the number of levels, of each degree of freedom or one for all; None: the fewest whose leakage is below
        `tol`. For n > 1 the indices run over tensor products, the first degree of freedom slowest. w must be negligible
        at the edges of its grid, as for `quantize`: what a box cuts off is not in the leakage.

        >>> from openweyl import coherent
        >>> matrix, leakage = coherent(0.5, 0.0).symbol(coherent(0.5, 0.0).grid(0.25, 1e-12)).fock()
        >>> matrix.shape, leakage < 1e-9, round(float(matrix[0, 0].real), 9)  # e^{-|z|^2/2h}
        ((18, 18), True, 0.60653066)

        Raises InputError for a symbol too far from the origin for a basis of this kind.
        """
        return fock_matrix(self, size, tol)[0]

    @public
    def to_qutip(self, size: int | Sequence[int] | None = None, *, tol: float = 1e-9) -> Qobj:
        """Op(w) as a Qobj of QuTiP in the Fock basis at h: `fock`, with the tensor dimensions of n > 1.

        >>> from openweyl import coherent
        >>> coherent(0.5, 0.0).symbol(coherent(0.5, 0.0).grid(0.25, 1e-12)).to_qutip(size=20).dims
        [[20], [20]]

        Raises InputError if `size` levels leave out more than `tol`, in trace norm, and as `fock` does; ImportError if
        QuTiP is not installed.
        """
        qutip = needs("qutip", "qutip")
        tol = real("tol", tol, above=0.0)
        (matrix, leakage), levels = fock_matrix(self, size, tol)
        advice = "Take more levels, or none for as many as are needed, or raise `tol`."
        must(leakage <= tol, "size", f"leave out at most tol = {tol:g}", f"one that leaves out {leakage:.2g}", advice)
        return qutip.Qobj(matrix, dims=[levels, levels])

    @public
    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the symbol into `axes` of Matplotlib (new ones for None), which are returned.

        n = 1: filled contours of w(x, xi), orange where it is positive, purple where it is negative. n > 1: the density
        of each variable. Raises InputError for a batch, and for complex values.
        """
        self.check_single()
        drawn_into = results.checked_axes(axes, results.panel_size([self], 4.4))
        results.draw_function(drawn_into, self, bar=axes is None)
        return drawn_into

    def to_xarray(self) -> xarray.DataArray:
        """The values with their coordinates, dims (..., x, xi) or (..., x1, .., xi1, ..), and h as an attribute."""
        import xarray as xr

        names = [str(v) for side in variables(self.n) for v in side]
        batches = [f"batch{j}" if j else "batch" for j in range(len(self.batch))]
        coordinates = {name: axis.points for name, axis in zip(names, self.grid.x + self.grid.xi, strict=True)}
        attributes = {"long_name": "Weyl symbol", "units": "1", "h": self.h}
        return xr.DataArray(np.asarray(self.values), coordinates, [*batches, *names], "symbol", attributes)

    def __repr__(self) -> str:
        batch = f"batch of {' x '.join(map(str, self.batch))}, " if self.batch else ""
        kind = "complex, " if self._complex else ""
        return f"<Symbol, n = {self.n}, {batch}{kind}{cut(str(self.grid), 400)}>"

    def _repr_html_(self) -> str:
        names = [str(v) for side in variables(self.n) for v in side]
        axes = zip(names, self.grid.x + self.grid.xi, strict=True)
        facts: list[tuple[str, Any]] = [(name, f"{a.lower:.4g} to {a.upper:.4g}, {a.size} points") for name, a in axes]
        facts += [("h", f"{self.h:.10g}")]
        if self.batch or self._complex:
            return block(html_facts([("symbol", repr(self))]))
        facts += [("trace", float(self.trace())), ("purity", float(self.purity()))]
        picture = results.small_picture(
            lambda row: results.draw_function(row[0], self), results.panel_size([self], 3.0)
        )
        return block(html_facts(facts), html_picture(picture, "the symbol on phase space"))

    @property
    def _complex(self) -> bool:
        return np.dtype(self.values.dtype).kind == "c"
