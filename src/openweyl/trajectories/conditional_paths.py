"""Conditional states with two steps at once: the finer ones are kept, the coarser ones tell what steps cost.

Both have the same noise, and the coarser ones have fewer levels, too: so the two differ by what levels cost as well.
A coarse step is no two equal fine ones: what turns by a full angle in it, and looks at rest, is seen to turn in those.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from openweyl.fock_space.levels import places

from .batches import Batch
from .conditional_step import Stepper
from .mesh import Mesh

FIRST_PART = 0.45
"""The part of a coarse step that the first of its two fine ones takes."""


@dataclass(frozen=True)
class Followed:
    """At a saved time: states by fine and by coarse steps, the record since the time before (channels, paths), and the
    largest population so far (modes, paths) that fine steps had on those levels of a mode that coarse ones have not.
    """

    index: int
    fine: Batch
    coarse: Batch
    record: np.ndarray
    beyond: np.ndarray


@dataclass
class TwoSteppers:
    """`fine` on more levels than `coarse`."""

    fine: Stepper
    coarse: Stepper

    def __post_init__(self) -> None:
        levels, fewer = self.fine.operators.levels, self.coarse.operators.levels
        self.places = places(fewer, levels)
        """Where the coarser levels are among the finer ones."""
        indices = np.indices(levels).reshape(len(levels), -1)
        self.further = (indices >= np.array(fewer)[:, None]).astype(float)
        """Which of the finer levels are further ones of each mode."""

    def follow(
        self, start: Batch, mesh: Mesh, rng: np.random.Generator, visit: Callable[[Followed], None],
        report: Callable[[float], None],
    ) -> None:  # fmt: skip
        """From `start`, on the finer levels. `visit` is called at each saved time, `report` with the part done."""
        fine, coarse = start, self.cut(start)
        shape = self.fine.channels, start.paths
        place = {int(step): j for j, step in enumerate(mesh.saved)}
        record, beyond = np.zeros(shape), np.zeros((len(self.further), start.paths))
        for step in range(mesh.steps + 1):
            if step in place:
                visit(Followed(place[step], fine, coarse, record, beyond))
                record = np.zeros(shape)
            if step == mesh.steps:
                return
            t, tau = float(mesh.edges[step]), float(mesh.edges[step + 1] - mesh.edges[step])
            first, second = parts = (FIRST_PART * tau, (1 - FIRST_PART) * tau)
            dw = [np.sqrt(part) * rng.standard_normal(shape) for part in parts]
            dz = [part**1.5 / np.sqrt(12) * rng.standard_normal(shape) for part in parts]
            for begin, part, w, z in zip((t, t + first), parts, dw, dz, strict=True):
                fine, dy = self.fine.moved(fine, begin, part, w, z)
                record = record + dy
                beyond = np.maximum(beyond, self.further @ fine.populations())
            coarse, _ = self.coarse.moved(coarse, t, tau, dw[0] + dw[1], _joined(first, second, dw, dz))
            report((step + 1) / mesh.steps)

    def cut(self, batch: Batch) -> Batch:
        """On the coarser levels."""
        X = batch.X[self.places]
        return Batch(X if batch.pure else X[:, :, self.places], batch.pure).normalised()


def _joined(first: float, second: float, dw: list[np.ndarray], dz: list[np.ndarray]) -> np.ndarray:
    """int (s - middle) dW over two steps, of these lengths, from those over each: middles are moved."""
    return np.asarray(dz[0] + dz[1] + (first * dw[1] - second * dw[0]) / 2)
