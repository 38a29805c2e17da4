"""Paths with two steps at once: the finer ones are kept, the coarser ones, of the same noise, tell what steps cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import sympy

from openweyl._core.arguments import ResourceError, must
from openweyl.model.system import System
from openweyl.model.timed_factor import split
from openweyl.symbolic.breakpoints import breakpoints
from openweyl.symbolic.expressions import TIME
from openweyl.symbolic.time_variation import TimeVariation

from .fields import Fields
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
    def of(system: System, cloud: Cloud, times: Sequence[float], rate: float) -> Mesh:
        """The coarsest one: between saved times, as fine as p varies in time, and no step longer than 1/`rate`.

        Raises ResourceError for more than MAX_STEPS steps.
        """
        edges = np.unique(np.concatenate([[0.0], times]))
        if times[-1] > 0:
            box = dict(zip(system.x + system.xi, cloud.box(BOX_DEVIATIONS), strict=True))
            breaks = breakpoints((system.hamiltonian, *system.jumps), times[-1])
            must(
                not breaks,
                "system",
                "be smooth in time",
                f"not so at t = {breaks[0]:g}" if breaks else "",
                "No paths are followed over jumps, kinks and samples yet.",
            )
            rates = [split(jump)[0] ** 2 * sympy.Dummy(real=True) for jump in system.jumps if jump.has(TIME)]
            for f in (system.hamiltonian, *rates):
                free = dict.fromkeys(f.free_symbols - {TIME, *box}, (0.5, 1.0))
                edges = np.unique(np.concatenate([edges, *TimeVariation(f, box | free, times[-1]).cells]))
        with np.errstate(all="ignore"):
            parts = np.ceil(np.diff(edges) * rate)
        many = float(parts.sum())
        if not many <= MAX_STEPS:
            raise ResourceError(
                f"Up to t = {times[-1]:g} a path needs {many:.2g} steps, but at most {MAX_STEPS:g} are taken: take "
                "earlier times.",
                kind="time",
            )
        inner = [np.linspace(a, b, int(k) + 1) for a, b, k in zip(edges[:-1], edges[1:], parts, strict=True) if k > 1]
        edges = np.unique(np.concatenate([edges, *inner]))
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


@dataclass(frozen=True)
class Pair:
    """The same paths with fine and with coarse steps, (paths, times, 2n) each."""

    fine: np.ndarray
    coarse: np.ndarray

    def finite(self) -> bool:
        """Whether no path left the range of numbers."""
        return bool(np.isfinite(self.fine).all() and np.isfinite(self.coarse).all())


def followed(
    fields: Fields, start: np.ndarray, mesh: Mesh, rng: np.random.Generator, report: Callable[[float], None]
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
            dw = np.sqrt(tau / 2) * rng.standard_normal((2, fields.noises, start.shape[1]))
            z = fields.moved(fields.moved(z, t, tau / 2, dw[0]), t + tau / 2, tau / 2, dw[1])
            y = fields.moved(y, t, tau, dw[0] + dw[1])
            report((step + 1) / mesh.steps)
    raise AssertionError
