"""Paths with two steps at once: the finer ones are kept, the coarser ones, of the same noise, tell what steps cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .fields import FieldsInTime
from .mesh import Mesh


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
