"""The path of a packet's centre, along which the coordinates of a run may move: see `generators.frames`.

    c' = J grad p(c) + friction,        c(t_0) the mean of the symbol then.

Any path gives the same symbol, so that this one need not be exact. But its velocity has to be its own derivative, as
what differs would move the symbol. So the path is made of polynomials: on each panel of time the velocity is one that
interpolates the field at Gauss nodes, and the path is its integral, by fixed-point iteration.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

import numpy as np
from numpy.polynomial import legendre

from openweyl.model.pieces import Piece

from .witness import Velocities

NODES = 16
"""Nodes of a panel: smooth fields are known to round-off on panels as long as their own time scale."""
MAX_ITERATIONS = 40
"""Iterations after which a panel is cut in two: converging ones need ten to twenty."""
SETTLED = 1e-13
"""The change of the path, relative to what it moves by in the panel, at which the iteration ends: round-off of the
field is a part of it."""
HIGHEST_COEFFICIENTS = 1e-11
"""What the last two coefficients of the velocity may be, relative to its largest value: round-off again, with room."""
MIN_PANEL = 2.0**-20
"""The shortest panel, as a part of the longest: a field that this does not resolve is not followed."""
PANELS = 8
"""Panels of the longest kind over the whole time; most paths need shorter ones, which are found by halving."""
REMEMBERED_TIMES = 256
"""Times at which the path is known: those of a segment, which all runs ask for."""

_NODES, _WEIGHTS = legendre.leggauss(NODES)
_TO_COEFFICIENTS = (np.arange(NODES)[:, None] + 0.5) * legendre.legvander(_NODES, NODES - 1).T * _WEIGHTS
_INTEGRALS = np.stack([legendre.legint(row, lbnd=-1) for row in np.eye(NODES)], axis=1)
_INTEGRATION = legendre.legvander(_NODES, NODES) @ _INTEGRALS @ _TO_COEFFICIENTS
"""From values at the nodes to those of the integral from the left end."""


@dataclass(frozen=True)
class _Panel:
    """Legendre coefficients of path and velocity over [start, stop], a column for each coordinate."""

    start: float
    stop: float
    path: np.ndarray
    velocity: np.ndarray
    mismatch: np.ndarray


@dataclass
class Path:
    """The path from `origin` at `start` on, made panel by panel as it is asked for; `piece`: that of the time."""

    velocities: Velocities
    origin: np.ndarray
    start: float
    horizon: float
    piece: Piece | None = None
    _panels: list[_Panel] = field(default_factory=list)
    _starts: list[float] = field(default_factory=list)
    _known: dict[float, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    def __call__(self, t: float) -> tuple[np.ndarray, np.ndarray]:
        """The point and the velocity at time t >= start."""
        if t not in self._known:
            if len(self._known) >= REMEMBERED_TIMES:
                self._known.clear()
            panel = self._panel(t)
            basis = _legendre_polynomials((2 * t - panel.start - panel.stop) / (panel.stop - panel.start))
            self._known[t] = basis @ panel.path, basis[:-1] @ panel.velocity
        return self._known[t]

    def mismatch(self, t: float) -> np.ndarray:
        """How far the velocity at t may be off that of the field, each coordinate."""
        return self._panel(t).mismatch

    def _panel(self, t: float) -> _Panel:
        while not self._panels or self._panels[-1].stop < t:
            self._append()
        return self._panels[max(bisect_right(self._starts, t) - 1, 0)]

    def _append(self) -> None:
        last = self._panels[-1] if self._panels else None
        start = last.stop if last else self.start
        z = legendre.legval(1.0, last.path) if last else self.origin
        longest = (self.horizon - self.start) / PANELS
        length = min(2 * (last.stop - last.start), longest) if last else longest
        if self.piece and start < self.piece.end:  # where the field has a corner a panel ends
            length = min(length, self.piece.next_stop(start) - start)
        while (panel := self._tried(z, start, length)) is None:
            length /= 2
            if length < MIN_PANEL * longest:
                raise UnfollowedPathError
        self._panels.append(panel)
        self._starts.append(start)

    def _tried(self, z: np.ndarray, start: float, length: float) -> _Panel | None:
        """The panel from z, or None if it is too long."""
        times = start + length * (_NODES + 1) / 2
        path = np.repeat(z[:, None], NODES, axis=1)
        with np.errstate(all="ignore"):
            for _ in range(MAX_ITERATIONS):
                velocity = np.stack([np.broadcast_to(v, NODES) for v in self.velocities.at(list(path), times)])
                before, path = path, z[:, None] + length / 2 * velocity @ _INTEGRATION.T
                change = np.abs(path - before).max(axis=1)
                if not np.isfinite(change).all():
                    return None
                scale = length * np.abs(velocity).max() + np.abs(z) * np.finfo(float).eps / SETTLED
                if (change <= SETTLED * scale).all():
                    break
            else:
                return None
        coefficients = _TO_COEFFICIENTS @ velocity.T
        mismatch = np.abs(coefficients[-2:]).sum(axis=0)
        speed = np.abs(velocity).max() + np.abs(z) / length * np.finfo(float).eps
        if (mismatch > HIGHEST_COEFFICIENTS * speed).any():
            return None
        moved = length / 2 * _INTEGRALS @ coefficients
        moved[0] += z
        return _Panel(start, start + length, moved, coefficients, mismatch)


def _legendre_polynomials(u: float) -> np.ndarray:
    """P_0(u), ..., P_NODES(u), by their recurrence."""
    values = [1.0, u]
    for k in range(1, NODES):
        values.append(((2 * k + 1) * u * values[k] - k * values[k - 1]) / (k + 1))
    return np.array(values)


class UnfollowedPathError(Exception):
    """The field is too rough to be followed."""
