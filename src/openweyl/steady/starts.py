"""Where relaxation starts from: coherent states as far apart as what the drift leads to, and at least two of them.

Between wells that noise hardly ever leaves nothing moves. So two starts are to lie in different wells, the outermost
ones, and a third where there is one more; where there is but one place, the second is beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sympy

from openweyl._core.arguments import InputError
from openweyl.model.formulas import real_and_imaginary
from openweyl.model.gaussian_states import coherent
from openweyl.model.states import State
from openweyl.model.system import System

from .drift import Drift

APART = 4.0
"""In units of sqrt(h), how far starts are apart at least; and a second one from the only place, in its widths."""
THIRD = 0.25
"""How far from both a third has to be, over the distance of the two."""
PHASES = 16
"""At how many times of a period the drift is averaged."""
SLOWEST = 1e-4
"""The least rate of the drift, over the size of its derivative, that the first time is taken from."""
CIRCLES, DIRECTIONS = (0.3, 1.0, 3.0, 10.0), 8
"""Trajectories start in so many directions, from so many times as far as the farthest point of rest."""


@dataclass(frozen=True)
class Starts:
    """The states, and a time in which the drift comes nearer to rest by a good part, or turns."""

    states: tuple[State, ...]
    time: float


def starts_of(system: System, period: float | None) -> Starts:
    """Those of `system`, whose formulas have this `period` in time, if any.

    Raises InputError if all points run away, and without friction.
    """
    _check_friction(system)
    drift, root = Drift.of(system), float(np.sqrt(system.h))
    times = np.zeros(1) if period is None else period * np.arange(PHASES) / PHASES
    rest = drift.rest_points(times)
    J = drift.averaged(rest, times)[1] if rest.shape[1] else np.zeros((drift.size, drift.size, 0))
    damped = np.array([np.linalg.eigvals(J[..., k]).real.max() < 0 for k in range(rest.shape[1])], dtype=bool)
    radius = float(np.abs(rest).max(initial=0.0)) + APART * root
    directions = np.random.default_rng(0).standard_normal((drift.size, DIRECTIONS))
    directions /= np.linalg.norm(directions, axis=0)
    around = np.concatenate([factor * radius * directions for factor in CIRCLES], axis=1)
    settled, lost = drift.settled(around, period)
    places = np.concatenate([rest[:, damped] if period is None else rest[:, :0], settled], axis=1)
    if lost and not damped.any():
        raise InputError(
            "This system has no steady state that is found: points run away from everywhere, as where gain exceeds "
            "loss. Add loss, or use `evolve`."
        )
    if not places.shape[1]:
        places = rest if rest.shape[1] else np.zeros((drift.size, 1))
    chosen = _outermost(places, int(damped.sum()) if period is None else 0, APART * root)
    if len(chosen) == 1:
        chosen.append(chosen[0] + APART * drift.spread(chosen[0], times)[:, -1])
    n = system.n
    slopes = [drift.averaged(z[:, None], times)[1][..., 0] for z in chosen]
    rates = [-float(np.linalg.eigvals(slope).real.max()) for slope in slopes if np.isfinite(slope).all()]
    sizes = [float(np.linalg.norm(slope)) for slope in slopes if np.isfinite(slope).all()]
    size = max(sizes, default=1.0) or 1.0
    rate = min((rate for rate in rates if rate > 0), default=size)
    return Starts(tuple(coherent(list(z[:n]), list(z[n:])) for z in chosen), 1 / min(max(rate, SLOWEST * size), size))


def _check_friction(system: System) -> None:
    """Refuse jumps that are real up to a phase: d tr A^2/dt = -(gamma/h) sum ||[L, A]||^2_HS, or of brackets, so that
    all at rest commutes with p and with all jumps.
    """
    parts = [real_and_imaginary(jump) for jump in system.jumps]
    if all(a == 0 or b == 0 or sympy.cancel(a / b).is_number for a, b in parts):
        raise InputError(
            "This system has no steady state, or many: without friction, where all jumps are real, noise heats it. "
            "Add loss, such as the jump x + I*xi, or use `evolve`."
        )


def _outermost(places: np.ndarray, still: int, least: float) -> list[np.ndarray]:
    """Up to three of `places`, as far apart as can be; one if all are within `least`. The third is one of the first
    `still`, points of rest, if it can be: one of them may lie within a cycle, on which all that is far apart is.
    """
    points = places.T
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    i, j = np.unravel_index(int(apart.argmax()), apart.shape)
    if apart[i, j] <= least:
        return [points[i]]
    nearest = np.minimum(apart[i], apart[j])
    inner = still > 0 and float(nearest[:still].max()) > least
    k = int((nearest[:still] if inner else nearest).argmax())
    third = [points[k]] if inner or nearest[k] > max(THIRD * apart[i, j], least) else []
    return [points[i], points[j], *third]
