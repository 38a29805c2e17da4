"""What is read off an ensemble, with its two errors apart: how far the truth may be, and what chance leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core.calls import public
from openweyl._core.display import block, html_picture, html_table
from openweyl._core.plain import plain_fields
from openweyl._core.text import cut, excerpt, table
from openweyl.plot import results
from openweyl.plot.ensemble import draw_readout

if TYPE_CHECKING:
    from matplotlib.axes import Axes

READOUT_HEADS = ("t", "value", "bound +-", "statistical +-")
"""The columns of its table."""
UNBOUNDED = (
    "none: a distance in trace norm says nothing about an operator that is unbounded, or whose norm is not known;\n"
    "the statistical error is that of the mixture's own value"
)
"""What stands below a table of values without a bound."""


@public
@dataclass(frozen=True, eq=False)
class Readout:
    """The number E(t) of the state A(t) lies within `bound` of that of the mixture E tau, whose estimate is `value`.

    `name`: of what. `times`: the saved times. `value`: estimates over time, whose standard errors are `statistical`
    (0 if nothing was sampled). `bound`: how far A's number may lie from that of the mixture, quadrature included, up to
    the standard error of the ensemble's own bound; infinite where no bound is known, and `note` says why.
    """

    name: str
    times: tuple[float, ...]
    value: np.ndarray
    bound: np.ndarray
    statistical: np.ndarray
    note: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for JSON; None for a bound that is not known."""
        return plain_fields(self, "name", "times", "value", "bound", "statistical", "note")

    @public
    def plot(self, axes: Axes | None = None, *, bound: bool = True) -> Axes:
        """Draw the value over time with a band of 1.96 standard errors, and with `bound` one around it that holds A's
        number too; into `axes` of Matplotlib (new ones for None), which are returned.
        """
        axes = results.checked_axes(axes, (6.0, 4.0))
        draw_readout(axes, self.times, self.value, self.statistical, self.bound if bound else None, self.name)
        return axes

    def _rows(self) -> list[list[Any]]:
        bounds = [float(b) if np.isfinite(b) else "none" for b in self.bound]
        rows = zip(self.times, self.value.tolist(), bounds, self.statistical.tolist(), strict=True)
        return [list(row) for row in rows]

    def _below(self) -> str:
        return f"\n{self.note}" if self.note else ""

    def __str__(self) -> str:
        return f"{cut(self.name)}\n\n{table(READOUT_HEADS, self._rows())}{self._below()}"

    def __repr__(self) -> str:
        return f"Readout of {cut(self.name)}\n\n{table(READOUT_HEADS, excerpt(self._rows()))}{self._below()}"

    def _repr_html_(self) -> str:
        picture = results.small_picture(lambda row: self.plot(row[0]), (4.2, 2.9))
        made = html_table(READOUT_HEADS, self._rows())
        return block(cut(self.name), made, self.note, html_picture(picture, "the value over time"))
