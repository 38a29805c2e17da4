"""What an evolution returns: the symbols at the saved times, and what they cost in accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from openweyl._core.arguments import flag, must, position, whole
from openweyl._core.calls import public
from openweyl._core.display import block, html_picture, html_table
from openweyl._core.estimates import Estimate
from openweyl._core.plain import plain, plain_fields
from openweyl._core.text import cut, excerpt, table
from openweyl.model.system import System
from openweyl.observables.observable import Observable
from openweyl.plot import results
from openweyl.weyl.fock_matrix import MAX_LEVELS
from openweyl.weyl.quantum_readings import g2_from, g2_texts
from openweyl.weyl.symbol import Symbol

from .dataset import symbol_dataset
from .numerics import Numerics
from .observing import Observation, added_up, observed, with_observations

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes
    from qutip import Qobj

SOLUTION_HEADS = ("t", "grid", "grid error", "step error")
"""The columns of a solution's table."""
SYMBOLS_DRAWN = 4
"""Symbols in a row, unless axes for more are given: more would be too small to read on a page."""


@public
@dataclass(frozen=True, eq=False, repr=False)
class Solution(Sequence[Symbol]):
    """The Weyl symbol of the density operator (or the classical density) at the saved times: a sequence of Symbols.

    `solution[i]` is that at times[i]; their grids differ, as each is as small as it can be.

    `symbols`: all of them, as a tuple. `times`: the saved times. `system`, `kind`, `order`, `tol`: as given to
    `evolve`; with `order` N > 1 each symbol is a batch, the terms b_0, ..., b_{N-1} of Li's Theorem 3. `numerics`: the
    grid and the steps, and the error that they leave in each symbol. `observations`: what was watched, see `observed`.
    """

    system: System
    kind: str
    order: int
    times: tuple[float, ...]
    symbols: tuple[Symbol, ...]
    numerics: Numerics
    tol: float
    observations: tuple[Observation, ...] = ()

    @overload
    def __getitem__(self, index: int) -> Symbol: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Symbol, ...]: ...
    def __getitem__(self, index: int | slice) -> Symbol | tuple[Symbol, ...]:
        if isinstance(index, slice):
            return self.symbols[index]
        return self.symbols[position(index, len(self))]

    def __len__(self) -> int:
        return len(self.symbols)

    @property
    def final(self) -> Symbol:
        """The symbol at the last time."""
        return self.symbols[-1]

    @property
    def observed(self) -> dict[str, Observation]:
        """The `observables` that `evolve` was asked to watch, by their names."""
        return {one.observable: one for one in self.observations}

    @public
    def expect(self, observable: Observable | str) -> Estimate:
        """tr(O A(t)) at each time, for an `Observable` O or its text, see `Observable.parse`; arrays over time.

        For a bounded O the error is ||O|| times that of the symbol, and that of the integral: its `kind` is "bound".
        For others, such as polynomials and operators in a and ad, no trace norm bounds it, and it is an "estimate" of
        what the error of the symbol can do (docs/observables.md). Corrections, if there are any, are added up.

        >>> from openweyl import System, coherent, evolve
        >>> harmonic = System("xi**2/2 + x**2/2", [], h=0.1, gamma=0.0)
        >>> solution = evolve(harmonic, coherent(1, 0), [0.0, 3.14159])
        >>> solution.expect("tanh(x)").value.round(3)
        array([ 0.746, -0.746])
        >>> quanta = solution.expect("ad*a")  # |z|^2/2h
        >>> quanta.value.round(6), quanta.kind
        (array([5., 5.]), 'estimate')
        """
        observable = Observable.of(observable, self.system.n)
        found = [observed(observable, symbol, own) for symbol, own in zip(self, self.numerics.error, strict=True)]
        values, bars = (np.array(column) for column in zip(*found, strict=True))
        return Estimate(values, bars, observable.kind)

    @public
    def g2(self, mode: int = 1) -> Estimate:
        """The second-order coherence of one mode at each time, with an error that is an estimate: see `Symbol.g2`."""
        return g2_from(*(self.expect(text) for text in g2_texts(mode, self.system.n)))

    @public
    def photon_numbers(self, mode: int = 1, size: int = 20) -> Estimate:
        """P(m) = <m|A|m> of one mode at each time, shape (time, `size`), with one bound of the error for each time."""
        size = whole("size", size, 1, MAX_LEVELS)
        found = [added_up(symbol).photon_numbers(mode, size) for symbol in self]
        errors = np.array([one.error for one in found]) + np.array(self.numerics.error)
        return Estimate(np.array([one.value for one in found]), errors)

    @public
    def wigner(self) -> xarray.Dataset:
        """W = w/(2 pi h)^n at each time, on one grid: `wigner`, and `error`, a bound of its error at every point."""
        import xarray as xr

        made = symbol_dataset(self)
        h, n = self.system.h, self.system.n
        values = made[self.kind].sum("order") if self.order > 1 else made[self.kind]
        w = (values / (2 * np.pi * h) ** n).assign_attrs(long_name="Wigner function")
        error = made[f"{self.kind}_error"] / (np.pi * h) ** n
        return xr.Dataset({"wigner": w, "error": error}).assign_attrs(made.attrs)

    @public
    def to_xarray(self, *, symbols: bool = True) -> xarray.Dataset:
        """The symbols on one grid that holds them all, dims (time, x, xi) or (time, x1, ..., xi1, ...), and what was
        watched; without `symbols` that alone.

        Raises ResourceError if they would not fit in memory, as those of a symbol that moves far.
        """
        made = symbol_dataset(self, symbols=flag("symbols", symbols))
        return with_observations(made, {self.kind: self.observations})

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists: what `openweyl evolve --json` prints.

        Purities are tr A^2, whose error is at most 2 e (tr A^2)^(1/2) + e^2 where that of A in trace norm is e; the
        errors of means are estimates.
        """
        n, own = self.system.n, np.array(self.numerics.error)
        summed = [added_up(symbol) for symbol in self]
        purity = np.array([symbol.purity() for symbol in summed])
        means: dict[str, np.ndarray] = {}
        for name, variables in (("mean_x", self.system.x), ("mean_xi", self.system.xi)):
            found = [self.expect(str(v)) for v in variables]
            for suffix, rows in (("", [one.value for one in found]), ("_error", [one.error for one in found])):
                means[name + suffix] = rows[0] if n == 1 else np.array(rows).T
        return {
            "system": self.system.as_dict(),
            **plain_fields(self, "kind", "order", "times"),
            **plain({"error": own, "trace": [symbol.trace() for symbol in summed], "purity": purity}),
            **plain({"purity_error": 2 * own * np.sqrt(purity) + own**2, **means}),
            **plain({"numerics": self.numerics, "tol": self.tol}),
            **({"observables": plain(self.observations)} if self.observations else {}),
        }

    @public
    def to_qutip(self, size: int | Sequence[int] | None = None, *, tol: float = 1e-9) -> list[Qobj]:
        """The operators as Qobj's of QuTiP in one Fock basis: `Symbol.to_qutip` at each time.

        The corrections, if there are any, are added up.
        """
        symbols = [added_up(symbol) for symbol in self]
        operators = [symbol.to_qutip(size, tol=tol) for symbol in symbols]
        if size is None:
            size = [max(levels) for levels in zip(*(one.dims[0] for one in operators), strict=True)]
            operators = [symbol.to_qutip(size, tol=tol) for symbol in symbols]
        return operators

    @public
    def plot(self, axes: Axes | Sequence[Axes] | None = None) -> list[Axes]:
        """Draw symbols over time, as `Symbol.plot` does, in a row: the corrections, if there are any, added up.

        `axes`: one of Matplotlib's for each symbol that is drawn, times evenly picked, the last one among them; None
        makes new ones for at most four. They are returned.
        """
        size = results.panel_size(self._sums(SYMBOLS_DRAWN), 3.2)
        row = results.checked_row(axes, size, min(len(self), SYMBOLS_DRAWN))
        self._draw(row)
        return row

    def _draw(self, row: Sequence[Axes]) -> None:
        must(len(row) <= len(self), "axes", f"be at most {len(self)}, one for each time", len(row))
        titles = [f"t = {self.times[i]:.4g}" for i in results.positions(len(self), len(row))]
        results.draw_row(row, self._sums(len(row)), titles)

    def _sums(self, most: int) -> list[Symbol]:
        """The symbols at `most` times, the corrections added up."""
        picked = [self[i] for i in results.positions(len(self), most)]
        return [added_up(symbol) for symbol in picked]

    def _words(self) -> str:
        n = self.numerics
        return f"{self.kind} evolution by {n.scheme}, {n.steps} steps, {n.seconds:.2g} s"

    def _rows(self) -> list[tuple[Any, ...]]:
        """The rows of the table under SOLUTION_HEADS."""
        n = self.numerics
        shapes = ["x".join(map(str, symbol.grid.shape)) for symbol in self]
        return list(zip(self.times, shapes, n.grid_error, n.step_error, strict=True))

    def __str__(self) -> str:
        return f"{self.system}\n{self._words()}\n\n{table(SOLUTION_HEADS, self._rows())}{missed(self.tol, self)}"

    def __repr__(self) -> str:
        made = table(SOLUTION_HEADS, excerpt(self._rows()))
        return f"Solution of {cut(str(self.system))}\n{self._words()}\n\n{made}{missed(self.tol, self)}"

    def _repr_html_(self) -> str:
        symbols = self._sums(SYMBOLS_DRAWN)
        width, height = results.panel_size(symbols, 2.0)
        size = (width * len(symbols), height)
        picture = results.small_picture(self._draw, size, len(symbols))
        words = [cut(str(self.system)), self._words(), missed(self.tol, self)]
        pictures = html_picture(picture, "the symbols on phase space")
        return block(*words, html_table(SOLUTION_HEADS, self._rows()), pictures)


def missed(tol: float, *solutions: Solution) -> str:
    """A line that says where the errors of `solutions` are larger than `tol`, to stand below a table; or nothing."""
    largest = max(max(solution.numerics.error) for solution in solutions)
    if largest <= tol:
        return ""
    return f"\nThe error of a symbol, up to {largest:.2g}, is above tol = {tol:g}: the errors given count it in full."
