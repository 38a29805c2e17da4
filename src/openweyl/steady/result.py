"""What `steady_state` returns."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core.arguments import must
from openweyl._core.calls import public
from openweyl._core.display import block, html_picture, html_table
from openweyl._core.plain import plain_fields
from openweyl._core.text import cut, table
from openweyl.evolution.closed_form import fitted_grid
from openweyl.evolution.dataset import attributes
from openweyl.model.pair import MAX_GRID_MODES, WITHOUT_GRID
from openweyl.model.states import PacketState, State
from openweyl.model.symbol_state import SymbolState
from openweyl.model.system import System
from openweyl.phase_space.grid_size import check_fits
from openweyl.phase_space.moments import Moments
from openweyl.plot import results
from openweyl.weyl.symbol import Symbol

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

HEADS = ("trace norm of L w", "error +-", "relaxation time", "slowest rate")
"""The columns of its table."""
SYMBOL = 0.05
"""The part of the tolerance for the symbol, which ends where its grid does."""
BYTES_PER_POINT = 70
"""Memory that a Gaussian takes at each point of a grid while its values are computed."""


@public
@dataclass(frozen=True, eq=False, repr=False)
class SteadyState:
    """The state with L w = 0, or classically Q w = 0; with a period T in time, the one at time 0 with A(T) = A(0).

    `state`: w, a state that `evolve` or `sample` can start from. `symbol`: it as a `Symbol`. `moments`: its means and
    covariances. `residual`: a bound, up to round-off, of the trace norm of L w before its grid is made; of relaxation,
    of its change over the last time of it, over that time, and an estimate. `error`: the distance of `symbol` from the
    true steady state in trace norm, estimated; of a closed form a bound. `relaxation_time`: how long states take to
    come to rest: on levels the longest that was measured. `gap`: the rate of the slowest decay. `levels`: of each mode,
    if it was found on some. `system`, `kind`, `period`, `tol`: as given. `seconds`: wall-clock time.
    """

    system: System
    kind: str
    period: float | None
    state: State
    residual: float
    error: float
    relaxation_time: float
    gap: float
    levels: tuple[int, ...]
    scheme: str
    tol: float
    seconds: float

    @cached_property
    def symbol(self) -> Symbol:
        """w on a grid. Raises InputError for more than four modes, ResourceError where it would not fit in memory."""
        if isinstance(self.state, SymbolState):
            return self.state.content
        must(
            self.system.n <= MAX_GRID_MODES,
            "system",
            f"have n <= {MAX_GRID_MODES} for a symbol",
            self.system.n,
            f"Take `state` or `moments`, or {WITHOUT_GRID}.",
        )
        assert isinstance(self.state, PacketState)  # noqa: S101 - there are no others
        grid, _ = fitted_grid(self.state, self.system.h, SYMBOL * self.tol)
        check_fits(grid, BYTES_PER_POINT, "raise `tol`, or take `state` or `moments`")
        return self.state.symbol(grid)

    @property
    def moments(self) -> Moments:
        """<z> and the covariances of z = (x, xi), in Weyl order: `mean`, `covariance`."""
        if isinstance(self.state, PacketState):
            (packet,) = self.state.members[0][1]
            return Moments(np.array(packet.center), self.system.h * np.array(packet.covariance))
        return self.symbol.moments()

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for JSON."""
        return plain_fields(
            self,
            "system",
            "kind",
            "period",
            "residual",
            "error",
            "relaxation_time",
            "gap",
            "levels",
            "scheme",
            "tol",
            "seconds",
        )

    def to_xarray(self) -> xarray.Dataset:
        """The symbol over x and xi, and the numbers of `as_dict` as attributes."""
        import xarray as xr

        numbers = {key: value for key, value in self.as_dict().items() if isinstance(value, (str, float, int))}
        found = xr.Dataset({self.kind: self.symbol.to_xarray()})
        return found.assign_attrs(attributes(self.system) | numbers)

    @public
    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the symbol, as `Symbol.plot` does."""
        return self.symbol.plot(axes)

    def _words(self) -> str:
        shape = f" on {' x '.join(map(str, self.levels))} levels" if self.levels else ""
        what = "steady state" if self.period is None else f"state at t = 0 of period {self.period:.6g}"
        return f"{self.kind} {what}, by {self.scheme}{shape}, {self.seconds:.2g} s"

    def _rows(self) -> list[tuple[float, ...]]:
        return [(self.residual, self.error, self.relaxation_time, self.gap)]

    def __str__(self) -> str:
        return f"{cut(str(self.system))}\n{self._words()}\n\n{table(HEADS, self._rows())}"

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = [cut(str(self.system)), self._words(), html_table(HEADS, self._rows())]
        if self.system.n <= MAX_GRID_MODES // 2:
            size = results.panel_size([self.symbol], 3.0)
            picture = results.small_picture(lambda row: results.draw_function(row[0], self.symbol), size)
            parts.append(html_picture(picture, "the symbol on phase space"))
        return block(*parts)
