"""What `correlation` returns: complex numbers over the delay, with their errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from openweyl._core.calls import public
from openweyl._core.display import block, html_picture, html_table
from openweyl._core.plain import plain, plain_fields
from openweyl._core.text import cut, excerpt, table
from openweyl.evolution.dataset import attributes
from openweyl.model.system import System
from openweyl.plot import results
from openweyl.plot.spectra import draw_over_delay

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

COMPLEX_HEADS, REAL_HEADS = ("tau", "real part", "imaginary part", "error +-"), ("tau", "value", "error +-")
"""The columns of its table."""


@public
@dataclass(frozen=True, eq=False, repr=False)
class Correlation:
    """<A(t + tau) B(t)> = tr(A e^{tau L} (B rho(t))) over the delays tau.

    `name`: what it is, in symbols. `value`: complex, or real for `g2`, one for each of `times`, the delays. `error`:
    estimated, of each: what the error of the evolved operators in trace norm may do to a reading of A. `start`: the
    time t. `system`, `A`, `B`, `kind`, `tol`: as given. `scheme`: "closed form", or what was evolved. `seconds`:
    wall-clock time.
    """

    name: str
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

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for JSON."""
        found = plain_fields(self, "name", "system", "A", "B", "kind", "start", "times")
        parts = {"real": self.value.real, "imaginary": self.value.imag} if self._complex else {"value": self.value}
        return found | plain(parts | {"error": self.error}) | plain_fields(self, "scheme", "tol", "seconds")

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
        draw_over_delay(axes, self.times, self.value, self.error, cut(self.name, 40))
        return axes

    def _words(self) -> str:
        return f"{cut(self.name)}, {self.kind}, by {self.scheme}, {self.seconds:.2g} s"

    def _rows(self) -> list[tuple[float, ...]]:
        parts = (self.value.real, self.value.imag) if self._complex else (self.value,)
        return list(zip(self.times, *parts, self.error, strict=True))

    @property
    def _complex(self) -> bool:
        return self.value.dtype.kind == "c"

    @property
    def _heads(self) -> tuple[str, ...]:
        return COMPLEX_HEADS if self._complex else REAL_HEADS

    def __str__(self) -> str:
        return f"{self.system}\n{self._words()}\n\n{table(self._heads, self._rows())}"

    def __repr__(self) -> str:
        made = table(self._heads, excerpt(self._rows()))
        return f"Correlation of {cut(str(self.system))}\n{self._words()}\n\n{made}"

    def _repr_html_(self) -> str:
        picture = results.small_picture(lambda row: self.plot(row[0]), (4.2, 2.9))
        made = html_table(self._heads, self._rows())
        return block(cut(str(self.system)), self._words(), made, html_picture(picture, "the correlation over time"))
