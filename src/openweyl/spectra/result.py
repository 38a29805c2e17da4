"""What `correlation` returns: complex numbers over the delay, with their errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core.calls import public
from openweyl._core.display import block, html_picture, html_table
from openweyl._core.plain import plain, plain_fields
from openweyl._core.text import cut, excerpt, table
from openweyl.evolution.solution import attributes
from openweyl.model.system import System
from openweyl.plot import results
from openweyl.plot.spectra import draw_complex

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

HEADS = ("tau", "real part", "imaginary part", "error +-")
"""The columns of its table."""


@public
@dataclass(frozen=True, eq=False, repr=False)
class Correlation:
    """<A(t + tau) B(t)> = tr(A e^{tau L} (B rho(t))) over the delays tau.

    `value`: complex, one for each of `times`, the delays. `error`: estimated, of each: that of the evolved operators in
    trace norm times the largest value of A on their grids, no bound for an unbounded A. `start`: the time t. `system`,
    `A`, `B`, `kind`, `tol`: as given. `scheme`: "closed form", or "three evolutions". `seconds`: wall-clock time.
    """

    system: System
    A: str
    B: str
    kind: str
    start: float
    times: tuple[float, ...]
    value: np.ndarray
    error: np.ndarray
    scheme: str
    tol: float
    seconds: float

    @property
    def name(self) -> str:
        """What it is, in symbols."""
        t = f"{self.start:.6g}"
        return f"<{self.A}({t} + tau) {self.B}({t})>" if self.start else f"<{self.A}(tau) {self.B}(0)>"

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for JSON."""
        found = plain_fields(self, "system", "A", "B", "kind", "start", "times")
        parts = {"real": self.value.real, "imaginary": self.value.imag, "error": self.error}
        return found | plain(parts) | plain_fields(self, "scheme", "tol", "seconds")

    def to_xarray(self) -> xarray.Dataset:
        """`value` and `error` over `tau`."""
        import xarray as xr

        data = {
            "value": ("tau", self.value, {"long_name": self.name}),
            "error": ("tau", self.error, {"long_name": "estimated error"}),
        }
        dataset = xr.Dataset(data, {"tau": list(self.times)})
        dataset["tau"].attrs["units"] = "the unit of time of the Hamiltonian"
        return dataset.assign_attrs(attributes(self.system) | {"A": self.A, "B": self.B, "kind": self.kind})

    @public
    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw the real and the imaginary part over tau, with bands of the error, into `axes` of Matplotlib (new ones
        for None), which are returned.
        """
        axes = results.checked_axes(axes, (6.0, 4.0))
        draw_complex(axes, self.times, self.value, self.error, cut(self.name, 40))
        return axes

    def _words(self) -> str:
        return f"{cut(self.name)}, {self.kind}, by {self.scheme}, {self.seconds:.2g} s"

    def _rows(self) -> list[tuple[float, ...]]:
        return list(zip(self.times, self.value.real, self.value.imag, self.error, strict=True))

    def __str__(self) -> str:
        return f"{self.system}\n{self._words()}\n\n{table(HEADS, self._rows())}"

    def __repr__(self) -> str:
        made = table(HEADS, excerpt(self._rows()))
        return f"Correlation of {cut(str(self.system))}\n{self._words()}\n\n{made}"

    def _repr_html_(self) -> str:
        picture = results.small_picture(lambda row: self.plot(row[0]), (4.2, 2.9))
        made = html_table(HEADS, self._rows())
        return block(cut(str(self.system)), self._words(), made, html_picture(picture, "the correlation over time"))
