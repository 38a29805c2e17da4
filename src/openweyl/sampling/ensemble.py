"""What `sample` returns: particles, each a Gaussian state, at the saved times, the bound of their mixture, and what is
read off it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy

from openweyl._core.arguments import flag, is_list, must, position, whole
from openweyl._core.calls import public
from openweyl._core.display import block, html_picture, html_table
from openweyl._core.estimates import Estimate
from openweyl._core.plain import plain, plain_fields
from openweyl._core.text import cut, excerpt, table
from openweyl.model.state_arguments import Coordinates, center_of, point
from openweyl.observables.observable import Observable
from openweyl.plot import results
from openweyl.plot.ensemble import draw_bounds, draw_means
from openweyl.weyl.symbol import Symbol

from .dataset import ensemble_dataset
from .mixture import GaussianMixture
from .readings import expectation_in, fidelity_with, purity_of
from .readout import Readout
from .reduced import reduced_symbol
from .second_moments import correlation_of, covariance_of, occupations_of

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

PANEL = (4.4, 3.6)
"""Width and height, in inches, of each picture."""
ROWS_PRINTED = 20
"""The most rows of its printed table: a screen."""
NOTHING = "bound 2: nothing is known of the distance there; two states are never farther apart"
"""What stands below its table where a bound says nothing."""


@public
@dataclass(frozen=True, eq=False, repr=False)
class Ensemble(GaussianMixture):
    """rho~(t) = sum_i w_i tau_{z_i(t), C_i(t)} at the saved times: a sample of a mixture E tau of Gaussian states, with

        || A(t) - E tau ||_tr  <=  `bound`,          || a(t) - E w_tau ||_1 / (2 pi h)^n  <=  `classical_bound`,

    a(t) the Fokker-Planck density and w_tau Wigner functions. What is read off has two errors: that of the bound, and
    the statistical one.

    `system`, `state`, `times`, `seed`: as given to `sample`. `weights` (M,): they add up to 1. `centers` (T, M, 2n):
    z_i, order (x, xi). `triangles` (T, M, n (2n + 1)): the lower triangles of C_i, in units of h, by rows.
    `quantum`, `classical` (T, M): the bounds of each particle, of which `bound` and `classical_bound` are the means.
    `missed`, `uneven` (T, M): the parts of both that steps and splits have, and that stands for the error of integrals
    over time. `lag`: with which splits look ahead. `steps`: of all blocks. `exact`: whether nothing was sampled.
    `seconds`: wall-clock time.
    """

    @public
    def expectation(self, observable: Observable | str | sympy.Expr) -> Readout:
        """tr(O A(t)) at each time, its bound and its statistical error apart.

        `observable`: an `Observable`, or text as `Observable.parse` takes it; or any smooth formula in x1, ..., xin,
        such as an energy, text or SymPy's (then in `system.x` and `system.xi`, t allowed), read in Weyl order. Of what
        is unbounded, or mixes x and xi, no norm is known, and so no bound.

        >>> from openweyl import System, coherent, sample
        >>> harmonic = System("xi1**2/2 + x1**2/2 + xi2**2/2 + x2**2/2", ["x1"], h=0.1, gamma=1.0)
        >>> ensemble = sample(harmonic, coherent([1, 0], [0, 0]), [0.0, 1.0])
        >>> found = ensemble.expectation("tanh(x1)")
        >>> found.value.round(6), bool(max(found.bound) < 1e-10)
        (array([0.745841, 0.466935]), True)

        Raises InputError for other observables.
        """
        return expectation_in(self, observable)

    expect = expectation  # the name that solutions have

    @public
    def purity(self) -> Readout:
        """tr A(t)^2 at each time, by pairs of particles; its bound is that of the distance."""
        return purity_of(self)

    @public
    def fidelity(self, x: Coordinates, xi: Coordinates) -> Readout:
        """<z|A(t)|z> at each time for the coherent state at z = (x, xi); its bound is half that of the distance.

        Raises InputError for a place of another n.
        """
        place = center_of(x, xi)
        must(len(place) == 2 * self.n, "x", f"be {self.n} numbers, as the system has", len(place) // 2)
        return fidelity_with(self, np.array(place), f"fidelity with the coherent state at {point(place)}")

    @public
    def covariance(self, index: int = -1) -> Estimate:
        """The covariance of x and xi in the mixture at times[index], (2n, 2n), and its standard errors.

        No distance in trace norm bounds how far that of A is. Raises InputError for another index.
        """
        return covariance_of(self, position(index, len(self)))

    @public
    def correlation(self, index: int = -1) -> Estimate:
        """The correlations C_ij / (C_ii C_jj)^(1/2) of the covariance, and their standard errors."""
        return correlation_of(self, position(index, len(self)))

    def occupations(self) -> Estimate:
        """<a_j* a_j> = <x_j^2 + xi_j^2>/2h - 1/2 of each mode in the mixture, (T, n), and standard errors.

        No distance in trace norm bounds how far those of A are: a number of quanta is unbounded.
        """
        return occupations_of(self)

    @public
    def reduced(self, modes: int | Sequence[int], index: int = -1) -> Symbol:
        """The symbol of the reduced state of one mode, or of two, at times[index]; its variables are x, xi, or x1, ...

        `modes`: counted from 1, as the variables are. The grid is chosen. A partial trace contracts, so the symbol is
        that of an operator within `bound` of the reduced A, and the statistical error.

        Raises InputError for other modes, ResourceError if the grid would not fit in memory, as for two modes at small
        h.

        >>> from openweyl import System, coherent, sample
        >>> free = System("xi1**2/2 + xi2**2/2 + xi3**2/2", ["x1"], h=0.1, gamma=1.0)
        >>> w = sample(free, coherent([1, 0, 0], [0, 0, 1]), [1.0]).reduced(3)
        >>> round(float(w.trace()), 9), w.moments().mean.round(6)
        (1.0, array([1., 1.]))
        """
        given: list[Any] = list(modes) if isinstance(modes, Sequence) else [modes]
        picked = [whole("modes", mode, 1, self.n) - 1 for mode in given]
        must(len(picked) in (1, 2), "modes", "be one or two, as symbols of more fit on no grid", modes)
        must(len(set(picked)) == len(picked), "modes", "be different", modes)
        return reduced_symbol(self, position(index, len(self)), picked)

    @public
    def to_xarray(self, *, covariances: bool = True) -> xarray.Dataset:
        """Particles (time, particle, coordinate), with `covariances` also theirs, bounds and means over time.

        Raises ResourceError if the covariances would not fit in memory.
        """
        return ensemble_dataset(self, covariances=flag("covariances", covariances))

    @public
    def plot(self, axes: Axes | Sequence[Axes] | None = None) -> list[Axes]:
        """Draw the means over time, the bounds, and the reduced Wigner function of the first mode at the last time.

        `axes`: of Matplotlib, for the first so many of the three; None makes new ones. They are returned.
        """
        row = results.checked_row(axes, PANEL, 3)
        must(len(row) <= 3, "axes", "be at most 3", len(row))
        self._draw(row)
        return row

    @public
    def plot_reduced(
        self, modes: int | Sequence[int] = 1, index: int = -1, axes: Axes | Sequence[Axes] | None = None
    ) -> list[Axes]:
        """Draw the reduced Wigner functions of `modes`, counted from 1, in a row, with colours in common."""
        modes = [modes] if isinstance(modes, int) else modes
        must(is_list(modes) and len(modes) > 0, "modes", "be a list of modes", modes)
        symbols = [self.reduced(mode, index) for mode in modes]
        row = results.checked_row(axes, results.panel_size(symbols[:1], 3.6), len(symbols))
        must(len(row) == len(symbols), "axes", f"be {len(symbols)}, one for each mode", len(row))
        t = self.times[position(index, len(self))]
        results.draw_row(row, symbols, [f"mode {mode}, t = {t:.4g}" for mode in modes])
        return row

    def _draw(self, row: Sequence[Axes]) -> None:
        names = [str(v) for v in (*self.system.x, *self.system.xi)]
        draw_means(row[0], self.times, self.mean, self.mean_standard_error, names)
        if len(row) > 1:
            quantum = self.bound, self.bound_standard_error
            classical = self.classical_bound, self.classical_bound_standard_error
            draw_bounds(row[1], self.times, quantum, classical)
        if len(row) > 2:
            results.draw_row(row[2:], [self.reduced(1)], [f"mode 1, t = {self.times[-1]:.4g}"])

    def _heads(self) -> list[str]:
        """The columns of its table."""
        return ["t", "bound", "+-", "classical bound", f"mean {self.system.x[0]}", "+-"]

    def _rows(self) -> list[list[Any]]:
        """The rows of the table."""
        errors, means = self.bound_standard_error, self.mean
        columns = (self.bound, errors, self.classical_bound, means[:, 0], self.mean_standard_error[:, 0])
        return [[float(value) for value in row] for row in zip(self.times, *columns, strict=True)]

    def _words(self) -> list[str]:
        kind = "exact Gaussian states" if self.exact else "particles"
        facts = f"{self.particles} {kind}, n = {self.n}, seed {self.seed}, {self.steps} steps, {self.seconds:.2g} s"
        return [cut(str(self.system)), cut(str(self.state)), facts]

    def __str__(self) -> str:
        rows = table(self._heads(), excerpt(self._rows(), ROWS_PRINTED))
        return "\n".join([*self._words(), "", rows, *([NOTHING] if self.bound.max() >= 2 else [])])

    def __repr__(self) -> str:
        head = f"<Ensemble, n = {self.n}, {self.particles} particles: {cut(str(self.system))}>"
        return f"{head}\n{table(self._heads(), excerpt(self._rows()))}"

    def _repr_html_(self) -> str:
        picture = results.small_picture(self._draw, (2 * 3.6, 2.7), 2)
        shown = html_picture(picture, "means and bounds over time")
        return block(*self._words(), html_table(self._heads(), self._rows()), shown)

    @public
    def as_dict(self) -> dict[str, Any]:
        """The numbers over time, for JSON."""
        n = self.n
        return plain_fields(self, "system", "times", "n", "particles", "seed") | {
            "state": str(self.state),
            "bound": plain(self.bound),
            "bound_standard_error": plain(self.bound_standard_error),
            "classical_bound": plain(self.classical_bound),
            "classical_bound_standard_error": plain(self.classical_bound_standard_error),
            "discretization": plain(self.discretization),
            "mean_x": plain(self.mean[:, :n]),
            "mean_xi": plain(self.mean[:, n:]),
            "mean_standard_error": plain(self.mean_standard_error),
            "seconds": self.seconds,
        }
