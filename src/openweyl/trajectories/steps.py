"""Paths with two steps at once: the finer ones are kept, the coarser ones, of the same noise, tell what steps cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from openweyl._core.arguments import ResourceError
from openweyl.model.pieces import Piece, pieces
from openweyl.model.system import System
from openweyl.model.timed_factor import split
from openweyl.symbolic.expressions import TIME
from openweyl.symbolic.time_variation import TimeVariation

from .fields import FieldsInTime
from .initial import Cloud

BOX_DEVIATIONS = 6.0
"""The size of the box in which p is asked how fast it varies in time, in standard deviations of the initial state: all
but one of 10^8 points lie in it."""


MAX_STEPS = 10**6
"""The most steps of a path: round-off is then still far below what chance does."""


@dataclass(frozen=True)
class Mesh:
    """The `edges` of coarse steps from 0 on, and which of them are the `saved` times; fine steps are half as long."""

    edges: np.ndarray
    saved: np.ndarray

    @staticmethod
    def of(system: System, fields: FieldsInTime, cloud: Cloud, times: Sequence[float], points: np.ndarray) -> Mesh:
        """The coarsest one: with the saved times, and all corners, jumps and samples in time; between them as fine as
        p varies in time, and with no step longer than it takes the drift to move `points` (2n, paths) apart.

        Raises ResourceError for more than MAX_STEPS steps.
        """
        box = dict(zip(system.x + system.xi, cloud.box(BOX_DEVIATIONS), strict=True))
        made, many = [np.array([0.0])], 0.0
        for piece in pieces(system, times[-1]) if times[-1] > 0 else []:
            own = [t for t in times if piece.begin < t < piece.end]
            edges = np.unique(np.concatenate([[piece.begin, piece.end], own, piece.stops, *_resolved(piece, box)]))
            with np.errstate(all="ignore"):
                parts = np.ceil(np.diff(edges) * fields.at((piece.begin + piece.end) / 2).rate(points, piece.begin))
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


def _resolved(piece: Piece, box: Mapping[sympy.Symbol, tuple[float, float]]) -> list[np.ndarray]:
    """Cells of time in which p and the rates of jumps are resolved, during a piece."""
    smooth = piece.system
    rates = [split(jump)[0] ** 2 * sympy.Dummy(real=True) for jump in smooth.jumps if jump.has(TIME)]
    found: list[np.ndarray] = []
    for f in (smooth.hamiltonian, *rates):
        free = dict.fromkeys(f.free_symbols - {TIME, *box}, (0.5, 1.0))
        found += TimeVariation(f, {**box, **free}, piece.end, piece.begin).cells
    return found


@dataclass(frozen=True)
class Pair:
    """The same paths with fine and with coarse steps, (paths, times, 2n) each."""

    fine: np.ndarray
    coarse: np.ndarray

    def finite(self) -> bool:
        """Whether no path left the range of numbers."""
        return bool(np.isfinite(self.fine).all() and np.isfinite(self.coarse).all())


def followed(
    fields: FieldsInTime, start: np.ndarray, mesh: Mesh, rng: np.random.Generator, report: Callable[[float], None]
) -> Pair:
    """Paths from the points `start` (2n, paths). `report` is called with the part that is done."""
    shape = (start.shape[1], len(mesh.saved), len(start))
    fine, coarse = np.empty(shape), np.empty(shape)
    z = y = start
    place = {int(step): j for j, step in enumerate(mesh.saved)}
    with np.errstate(all="ignore"):
        for step in range(mesh.steps + 1):
            if step in place:
                fine[:, place[step]], coarse[:, place[step]] = z.T, y.T
            if step == mesh.steps:
                return Pair(fine, coarse)
            t, tau = float(mesh.edges[step]), float(mesh.edges[step + 1] - mesh.edges[step])
            now = fields.at(t + tau / 2)
            dw = np.sqrt(tau / 2) * rng.standard_normal((2, now.noises, start.shape[1]))
            z = now.moved(now.moved(z, t, tau / 2, dw[0]), t + tau / 2, tau / 2, dw[1])
            y = now.moved(y, t, tau, dw[0] + dw[1])
            report((step + 1) / mesh.steps)
    raise AssertionError
