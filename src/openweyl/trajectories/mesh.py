"""The times between which paths take their steps: where formulas have corners, and as fine as they vary."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import sympy

from openweyl._core.arguments import ResourceError
from openweyl.model.pieces import Piece, pieces
from openweyl.model.system import System
from openweyl.model.timed_factor import split
from openweyl.symbolic.expressions import TIME
from openweyl.symbolic.time_variation import TimeVariation

Box: TypeAlias = Mapping[sympy.Symbol, tuple[float, float]]
"""The interval of each coordinate."""

MAX_STEPS = 10**6
"""The most steps of a path: round-off is then still far below what chance does."""


@dataclass(frozen=True)
class Mesh:
    """The `edges` of coarse steps from 0 on, and which of them are the `saved` times; fine steps are half as long."""

    edges: np.ndarray
    saved: np.ndarray

    @staticmethod
    def of(system: System, box: Box, times: Sequence[float], rate: Callable[[Piece], float]) -> Mesh:
        """The coarsest one: with the saved times, and all corners, jumps and samples in time; between them as fine as
        p varies in time where x and xi are in the `box`, and with no step longer than 1/`rate` of its piece of time.

        Raises ResourceError for more than MAX_STEPS steps.
        """
        made, many = [np.array([0.0])], 0.0
        for piece in pieces(system, times[-1]) if times[-1] > 0 else []:
            own = [t for t in times if piece.begin < t < piece.end]
            edges = np.unique(np.concatenate([[piece.begin, piece.end], own, piece.stops, *_resolved(piece, box)]))
            with np.errstate(all="ignore"):
                parts = np.ceil(np.diff(edges) * rate(piece))
            many += float(np.maximum(parts, 1.0).sum())
            if not many <= MAX_STEPS:
                raise ResourceError(
                    f"Up to t = {times[-1]:g} a path needs {many:.2g} steps, but at most {MAX_STEPS:g} are taken: take "
                    "earlier times.",
                    kind="time",
                )
            inner = zip(edges[:-1], edges[1:], parts, strict=True)
            made += [edges, *(np.linspace(a, b, int(k) + 1) for a, b, k in inner if k > 1)]
        edges = np.unique(np.concatenate(made))
        return Mesh(edges, np.searchsorted(edges, times))

    def halved(self) -> Mesh:
        """With steps half as long."""
        edges = np.empty(2 * len(self.edges) - 1)
        edges[::2], edges[1::2] = self.edges, (self.edges[1:] + self.edges[:-1]) / 2
        return Mesh(edges, 2 * self.saved)

    @property
    def steps(self) -> int:
        """The number of coarse steps."""
        return len(self.edges) - 1


def _resolved(piece: Piece, box: Box) -> list[np.ndarray]:
    """Cells of time in which p and the rates of jumps are resolved, during a piece."""
    smooth = piece.system
    rates = [split(jump)[0] ** 2 * sympy.Dummy(real=True) for jump in smooth.jumps if jump.has(TIME)]
    found: list[np.ndarray] = []
    for f in (smooth.hamiltonian, *rates):
        free = dict.fromkeys(f.free_symbols - {TIME, *box}, (0.5, 1.0))
        found += TimeVariation(f, {**box, **free}, piece.end, piece.begin).cells
    return found
