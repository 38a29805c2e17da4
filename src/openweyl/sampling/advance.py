"""One step with the split at its end, as a pure function of arrays: the same for NumPy and, compiled, for JAX."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache, partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from openweyl._core.arguments import needs
from openweyl._core.fft import Array

from .frame import anharmonic_angles, lag_shear
from .motion import Motion
from .splitting import split_in_frame


class Advance(NamedTuple):
    """Particles (z, C) after a step and a split; what both add to their bounds, (P,) each.

    `quantum`, `classical`: the integrals of the residuals. `missed`: what the curve and the split miss. `uneven`: the
    error of the integrals, as estimated. `begun`, `ended`: the quantum rates at both ends of the step.
    """

    z: Array
    C: Array
    quantum: Array
    classical: Array
    missed: Array
    uneven: Array
    begun: Array
    ended: Array


Advancing: TypeAlias = Callable[[Array, Array, float, float, float, Array], Advance]
"""(z, C, t, dt, lag, g) -> Advance: from time t on, with the normal numbers g (P, 2n)."""


def advance(motion: Motion, z: Array, C: Array, t: float, dt: float, lag: float, g: Array) -> Advance:
    """A step of length `dt` from time `t`, and a split with `lag` (see `frame`) and the normal numbers `g` (P, 2n)."""
    xp = motion.xp
    stride = motion.step(z, C, t, dt)
    angles = anharmonic_angles(motion, stride.last)
    found = split_in_frame(stride.C, angles, lag_shear(stride.last.hessian, angles, lag, xp), xp)
    z = stride.z + motion.h**0.5 * (found.noise @ g[..., None])[..., 0]
    missed = stride.missed + found.cost
    return Advance(z, found.pure, stride.quantum, stride.classical, missed, stride.uneven, *stride.ends)


@lru_cache(maxsize=4)
def advancing(motion: Motion) -> Advancing:
    """`advance` for this motion; compiled, if its arrays are JAX's."""
    plain = partial(advance, motion)
    if not motion.library.startswith("jax"):
        return plain
    compiled = needs("jax", "jax").jit(plain)

    def with_numpy(*values: Any) -> Advance:
        return Advance(*(np.asarray(part) for part in compiled(*values)))

    return with_numpy


def double_precision(library: str) -> AbstractContextManager[object]:
    """JAX with numbers of 64 bits, as long as the block lasts."""
    if not library.startswith("jax"):
        return nullcontext()
    context: AbstractContextManager[object] = needs("jax", "jax").enable_x64(True)
    return context
