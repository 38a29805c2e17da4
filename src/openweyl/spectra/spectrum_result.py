"""What `spectrum` returns: numbers over the frequency, with their errors."""

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
from openweyl.plot.spectra import draw_spectrum

if TYPE_CHECKING:
    import xarray
    from matplotlib.axes import Axes

SPECTRUM_HEADS = ("omega", "S", "error +-")
"""The columns of its table."""


@public
@dataclass(frozen=True, eq=False, repr=False)
class Spectrum:
    """S(omega) = 2 Re int_0^inf e^{-i omega tau} ( <A(tau) B(0)> - <A><B> ) dtau over the frequencies omega.

    `value`: one for each of `frequencies`. `error`: estimated: that of the correlation function, of its samples, of the
    delays beyond the last one, and of a state that is not quite at rest. `coherent`: <A><B>, the weight of the line
    2 pi <A><B> delta(omega) that is left out. `end`: the last delay; `samples`: at how many the correlation function
    was computed. `system`, `A`, `B`, `kind`, `tol`: as given. `seconds`: wall-clock time.
    """

    system: System
    A: str
    B: str
    kind: str
    frequencies: tuple[float, ...]
    value: np.ndarray
    error: np.ndarray
    coherent: complex
    end: float
    samples: int
    tol: float
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for JSON."""
        found = plain_fields(self, "system", "A", "B", "kind", "frequencies", "value", "error")
        parts = plain({"coherent": [self.coherent.real, self.coherent.imag]})
        return found | parts | plain_fields(self, "end", "samples", "tol", "seconds")

    def to_xarray(self) -> xarray.Dataset:
        """`value` and `error` over `frequency`."""
        import xarray as xr

        data = {
            "value": ("frequency", self.value, {"long_name": f"spectrum of <{self.A}(tau) {self.B}(0)>"}),
            "error": ("frequency", self.error, {"long_name": "estimated error"}),
        }
        dataset = xr.Dataset(data, {"frequency": list(self.frequencies)})
        dataset["frequency"].attrs["long_name"] = "angular frequency"
        return dataset.assign_attrs(attributes(self.system) | {"A": self.A, "B": self.B, "kind": self.kind})

    @public
    def plot(self, axes: Axes | None = None) -> Axes:
        """Draw it with a band of the error into `axes` of Matplotlib (new ones for None), which are returned."""
        axes = results.checked_axes(axes, (6.0, 4.0))
        draw_spectrum(axes, self.frequencies, self.value, self.error, cut(f"<{self.A} {self.B}>", 40))
        return axes

    def _words(self) -> str:
        found = f"Spectrum of <{cut(self.A, 60)}(tau) {cut(self.B, 60)}(0)>, {self.kind}, {self.seconds:.2g} s"
        line = "" if abs(self.coherent) < self.tol else f"; without 2 pi {self.coherent:.6g} delta(omega)"
        return f"{found}; {self.samples} delays up to {self.end:.4g}{line}"

    def _rows(self) -> list[tuple[float, ...]]:
        return list(zip(self.frequencies, self.value, self.error, strict=True))

    def __str__(self) -> str:
        return f"{self.system}\n{self._words()}\n\n{table(SPECTRUM_HEADS, self._rows())}"

    def __repr__(self) -> str:
        made = table(SPECTRUM_HEADS, excerpt(self._rows()))
        return f"{cut(str(self.system))}\n{self._words()}\n\n{made}"

    def _repr_html_(self) -> str:
        picture = results.small_picture(lambda row: self.plot(row[0]), (4.2, 2.9))
        made = html_table(SPECTRUM_HEADS, self._rows())
        return block(cut(str(self.system)), self._words(), made, html_picture(picture, "the spectrum"))
