"""Whether the points of averages tell all of a function that is no polynomial, where the particles are.

Between the nodes of a quadrature such a function may have a wall, a wave or a kink that no second rule shows. So its
second derivatives, of which averages are made, are enclosed by interval arithmetic (`length_scales`), over a box that
holds the particles and has room for many steps: there are so many nodes that nothing is missed, or the term is refused.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import sympy

from openweyl._core.arguments import ResourceError, shown
from openweyl.symbolic.expressions import TIME
from openweyl.symbolic.length_scales import scales

from .averages import COARSEST, FINEST
from .local_terms import Family
from .motion import Motion

REACH = 7.0
"""Standard deviations around centres that count as where a particle is; an average weighs what is beyond by 1e-11."""
ROOM = 0.5
"""The part of its width by which a box is taken wider, so that it holds for many steps."""
STEPS = 8
"""For so many steps ahead a term that depends on time is looked at; for one, where a pulse is among them."""
LONGEST_STRIDE, MOST_WIDENED = 3.0, 1.25
"""By how many of their standard deviations particles move in one step at most where p or a jump is no polynomial, and
the part of its covariance by which one changes: averages vary over a standard deviation, and a step looks at four
places, the widest gap between which is 0.45 of it. A bump in the gap of a longer step is seen by none of them."""
NEGLIGIBLE = 1e-12
"""What terms may add to the bound, unseen: round-off."""


class Resolution:
    """The nodes that resolve the terms of p, and jumps, for one block of particles."""

    def __init__(self, motion: Motion, end: float) -> None:
        """`end`: the last time."""
        self.motion, self.end = motion, end
        self._boxes: dict[int, tuple[np.ndarray, float]] = {}  # and until when

    def follow(self, z: np.ndarray, C: np.ndarray, t: float, length: float) -> Motion:
        """The motion with nodes enough for particles at (z, C) and a step of `length` from time `t`.

        Raises ResourceError if they would be too many.
        """
        families = self.motion.hamiltonian.families
        of_jumps = [part for jump in self.motion.jumps for part in jump.parts]
        found = [self._finer(k, family, z, C, t, length) for k, family in enumerate((*families, *of_jumps))]
        if any(new is not old for new, old in zip(found, (*families, *of_jumps), strict=True)):
            hamiltonian = replace(self.motion.hamiltonian, families=tuple(found[: len(families)]))
            parts = iter(found[len(families) :])
            jumps = tuple(jump.with_parts([next(parts) for _ in jump.parts]) for jump in self.motion.jumps)
            self.motion = replace(self.motion, hamiltonian=hamiltonian, jumps=jumps)
        return self.motion

    def longest(self, z: np.ndarray, C: np.ndarray, t: float) -> float:
        """The longest step from time `t` in which particles at (z, C) pass nothing unseen."""
        of_jumps = [jump.real for jump in self.motion.jumps]
        functions = [f for f in (*self.motion.hamiltonian.families, *of_jumps) if f.degree is None]
        if not functions:
            return np.inf
        slopes = replace(self.motion, library="numpy").slopes(z, C, t)
        fastest = 0.0
        for family in functions:
            at = family.indices
            dz, of = slopes.z[:, at, None], (slice(None), at[:, :, None], at[:, None, :])
            moved = np.linalg.solve(self.motion.h * C[of], dz)
            widened = np.linalg.solve(C[of], slopes.C[of])
            speed = np.sqrt(np.maximum((dz * moved).sum(axis=(-1, -2)), 0.0)).max() / LONGEST_STRIDE
            growth = np.sqrt(np.einsum("pmab,pmba->pm", widened, widened).clip(0.0)).max() / MOST_WIDENED
            fastest = max(fastest, float(speed), float(growth))
        return 1 / fastest if fastest > 0 else np.inf

    def _finer(self, k: int, family: Family, z: np.ndarray, C: np.ndarray, t: float, length: float) -> Family:
        """`family`, with closer nodes if it needs them."""
        spacing = self._spacing(k, family, z, C, t, length)
        return replace(family, spacing=spacing) if spacing < family.spacing else family

    def _spacing(self, k: int, family: Family, z: np.ndarray, C: np.ndarray, t: float, length: float) -> float:
        """The spacing of nodes, in standard deviations, that `family` needs."""
        if family.degree is not None:
            return family.spacing
        centers = z[:, family.indices]
        widths = np.sqrt(self.motion.h * C[:, family.indices, family.indices])
        low, high = (centers - REACH * widths).min(axis=(0, 1)), (centers + REACH * widths).max(axis=(0, 1))
        widest = widths.max(axis=(0, 1))
        if k in self._boxes:
            box, until = self._boxes[k]
            inside = (box[0] <= low).all() and (high <= box[1]).all() and (widest <= box[2]).all()
            if inside and t + length <= until:
                return family.spacing
        margin = ROOM * (high - low)
        box = np.array([low - margin, high + margin, widest * (1 + ROOM)])
        driven = family.formula.has(TIME)
        try:
            until = t + STEPS * length if driven else np.inf
            needed = self._needed(family, box, t, until)
        except ResourceError:  # a pulse that comes later
            if not driven:
                raise
            until = t + length
            needed = self._needed(family, box, t, until)
        self._boxes[k] = box, until
        return needed

    def _needed(self, family: Family, box: np.ndarray, t: float, until: float) -> float:
        """The same, by second derivatives, in a `box` (lower, upper ends; standard deviations) from `t` to `until`."""
        formula = family.formula.xreplace({name: sympy.Integer(1) for name in family.names})
        region = {TIME: (t, until), **dict(zip(family.variables, zip(box[0], box[1], strict=True), strict=True))}
        largest = float(np.abs(family.parameters).max(initial=0.0)) if family.names else 1.0
        width = dict(zip(family.variables, box[2], strict=True))
        coarsest = {v: COARSEST * s for v, s in width.items()}
        finest = {v: FINEST[family.q] * s for v, s in width.items()}
        negligible = NEGLIGIBLE * self.motion.h / max(self.end * largest * float(box[2].max()) ** 2, 1e-300)
        needed = np.inf
        for a, v in enumerate(family.variables):
            for w in family.variables[a:]:
                for scale in scales(formula.diff(v).diff(w), region, coarsest, finest, negligible):
                    if not scale.resolved:
                        what = _unresolved(largest * formula, scale.spacing, width[scale.variable])
                        raise ResourceError(what, kind="precision")
                    needed = min(needed, scale.spacing / width[scale.variable])
        return needed


def _unresolved(term: sympy.Expr, spacing: float, width: float) -> str:
    return (
        f"The term {shown(sympy.N(term, 4))} bends within {spacing:.2g}, but particles are {width:.2g} wide: averages "
        "over them would miss it. Take a smoother term, or a smaller h."
    )
