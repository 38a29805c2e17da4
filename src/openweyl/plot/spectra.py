"""Correlation functions over the delay, and spectra over the frequency, with bands of their errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .style import CLASSICAL, QUANTUM

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def draw_over_delay(axes: Axes, times: Sequence[float], value: np.ndarray, error: np.ndarray, name: str) -> None:
    """Draw `value` over the delay, with bands of `error`: if complex the real part solid, the imaginary one dashed."""
    if value.dtype.kind == "c":
        draw_band(axes, times, value.real, error, "-", QUANTUM, "real part")
        draw_band(axes, times, value.imag, error, "--", CLASSICAL, "imaginary part")
        axes.legend(fontsize="small", handlelength=1.6)
    else:
        draw_band(axes, times, value, error, "-", QUANTUM, name)
    finish(axes, r"$\tau$", name)


def draw_band(
    axes: Axes, over: Sequence[float], value: np.ndarray, error: np.ndarray, line: str, colour: str, label: str
) -> None:
    """Draw one real function with a band of its error."""
    axes.fill_between(over, value - error, value + error, color=colour, alpha=0.25, linewidth=0)
    axes.plot(over, value, "o" if len(over) == 1 else line, color=colour, label=label, linewidth=1.2)


def finish(axes: Axes, across: str, up: str) -> None:
    """Label the axes."""
    axes.set_xlabel(across)
    axes.set_ylabel(up.replace("$", r"\$"))
    axes.grid(alpha=0.3)


def draw_spectrum(axes: Axes, frequencies: Sequence[float], value: np.ndarray, error: np.ndarray, name: str) -> None:
    """Draw a spectrum over the angular frequency, with a band of its error."""
    order = np.argsort(frequencies)
    draw_band(axes, np.asarray(frequencies)[order].tolist(), value[order], error[order], "-", QUANTUM, name)
    finish(axes, r"$\omega$", f"S, {name}")
