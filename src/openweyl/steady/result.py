"""What `steady_state` returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openweyl._core.calls import public
from openweyl._core.plain import plain_fields
from openweyl._core.text import cut, table
from openweyl.model.system import System
from openweyl.weyl.symbol import Symbol

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEADS = ("trace norm of L w", "error +-", "relaxation time", "slowest rate")
"""The columns of its table."""


@public
@dataclass(frozen=True, eq=False, repr=False)
class SteadyState:
    """The state with L w = 0.

    `symbol`: w. `residual`: a bound, up to round-off, of the trace norm of L of the state on its `levels`. `error`: an
    estimate of the distance of `symbol` from the true steady state in trace norm: what more levels changed, and what
    the residual does by relaxation. `relaxation_time`: measured, the longest time that states took to come to rest.
    `gap`: the rate of the slowest decay. `levels`: of each mode. `system`, `tol`: as given. `seconds`: wall-clock time.
    """

    system: System
    symbol: Symbol
    residual: float
    error: float
    relaxation_time: float
    gap: float
    levels: tuple[int, ...]
    scheme: str
    tol: float
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for JSON."""
        return plain_fields(
            self, "system", "residual", "error", "relaxation_time", "gap", "levels", "scheme", "tol", "seconds"
        )

    @public
    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the symbol, as `Symbol.plot` does."""
        return self.symbol.plot(axes)

    def __str__(self) -> str:
        row = (self.residual, self.error, self.relaxation_time, self.gap)
        shape = " x ".join(map(str, self.levels))
        words = f"steady state, by {self.scheme} on {shape} levels, {self.seconds:.2g} s"
        return f"{cut(str(self.system))}\n{words}\n\n{table(HEADS, [row])}"

    __repr__ = __str__
