"""How fine a grid the formulas of a system ask for, where the symbol lives or is about to, and how wide a one.

A grid that is fitted to the symbol samples p and the jumps on its own points, and what lies between these is seen by no
run. So the scales of each formula over the support (`scales`) are a lower bound on the wave numbers of each axis. In
the quantum evolution a wave of wave number K in x moves xi by +-h K at once, however weak it is, and content that hops
over an edge is seen at none: a formula that bends within d asks for pi h/(2 d) more of xi at either end as well.

A term too weak to matter may be left unresolved, and its whole effect counts as error. With D its own range along the
chords of the symbol, sup f - inf f (quantum) or |s| sup|f'| (classical), and R that of all other parts of jumps,

    p:  t D/h,       a jump:  t gamma (2 R D + D^2)/(2h).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi

import sympy

from openweyl.model.decomposition import decomposition
from openweyl.model.system import System
from openweyl.phase_space.support import RequiredBox
from openweyl.symbolic.expressions import TIME
from openweyl.symbolic.length_scales import Scale, scales

MARGIN = 0.25
"""The part of the support, at either end, that formulas are looked at beyond it: the state moves on."""
FINEST = 2.0**-24
"""The finest spacing looked for, as a part of that of the state: a grid that fine fits into no memory."""


@dataclass(frozen=True)
class _Formula:
    """A function that is sampled: its variables (indices of the axes), and whether it is a part of a jump."""

    f: sympy.Expr
    jump: bool
    flat: bool
    """Whether it bends alike everywhere, so that no grid is too coarse for it: it counts beside others only."""


class Resolution:
    """The scales of the formulas of a system; remembered for the intervals that were looked at last."""

    def __init__(
        self, system: System, horizon: float, tol: float, *, quantum: bool, hopping: bool | None = None
    ) -> None:
        """`quantum`: whether differences are across chords, and not their first order; `hopping`: whether some are,
        as in the hierarchy too (default: as `quantum`).
        """
        terms = decomposition(system)
        self.system, self.horizon, self.quantum = system, horizon, quantum
        self.hopping = quantum if hopping is None else hopping
        self.negligible = 1e-2 * tol
        energies = [
            terms.kinetic,
            terms.potential,
            *(c * f for c, f in terms.operator_terms),
            *(r.function for r in terms.ridges),
        ]
        jumps = [
            *terms.position_jumps,
            *terms.momentum_jumps,
            *(part for pair in terms.operator_jumps for part in pair),
        ]
        variables = set(system.x + system.xi)
        self.formulas = [
            _Formula(f, jump, _at_most_quadratic(f, system))
            for group, jump in ((energies, False), (jumps, True))
            for f in group
            if f.free_symbols & variables
        ]
        if all(formula.flat for formula in self.formulas):
            self.formulas = []
        self.overlooked: dict[tuple[sympy.Expr, bool], float] = {}
        self.seen: list[RequiredBox] = []
        self.looked: list[float] = []
        self.reach: list[float] = []
        self.hops: list[float] = []
        self.finest: Scale | None = None

    @property
    def error(self) -> float:
        """What the terms that are not resolved may change, in trace norm, up to the last time."""
        return sum(self.overlooked.values())

    def finer(self, needs: Sequence[RequiredBox]) -> list[RequiredBox]:
        """`needs` with wave numbers up to what the formulas ask for there, and with room for what hops."""
        if not self.formulas:
            return list(needs)
        if not self.seen or not all(map(_holds, self.seen, self.looked, needs)):
            self._look(needs)
        return [
            RequiredBox(want.lower - hop, want.upper + hop, max(want.reach, reach))
            for want, reach, hop in zip(needs, self.reach, self.hops, strict=True)
        ]

    def _look(self, needs: Sequence[RequiredBox]) -> None:
        variables = self.system.x + self.system.xi
        margins = [MARGIN * (want.upper - want.lower) for want in needs]
        wide = [want.moved(-margin, margin, 0.0) for want, margin in zip(needs, margins, strict=True)]
        self.seen, self.looked = wide, [want.reach for want in needs]
        self.reach, self.hops, self.finest = [0.0] * len(variables), [0.0] * len(variables), None
        box = {v: (want.lower, want.upper) for v, want in zip(variables, wide, strict=True)}
        coarsest = {v: pi / want.reach for v, want in zip(variables, wide, strict=True)}
        found: list[tuple[Scale, _Formula]] = []
        for formula in self.formulas:
            if formula.flat and not formula.jump:
                continue
            used = [v for v in variables if formula.f.has(v)]
            around = {v: box[v] for v in used} | ({TIME: (0.0, self.horizon)} if formula.f.has(TIME) else {})
            spacings = {v: coarsest[v] for v in used}
            finest = {v: d * FINEST for v, d in spacings.items()}
            found += [(scale, formula) for scale in scales(formula.f, around, spacings, finest)]
        duals = {v: needs[self._dual(a)].reach for a, v in enumerate(variables)}
        changes = [self._change(scale, duals[scale.variable]) for scale, _ in found]
        terms = decomposition(self.system)
        together = terms.position_forces or terms.momentum_forces or terms.operator_jumps  # complex: parts meet
        for change, (scale, formula) in zip(changes, found, strict=True):
            if scale.spacing >= 0.999 * coarsest[scale.variable]:
                continue
            effect = self.horizon * change / self.system.h
            if formula.jump:
                beside = [f is formula or bool(together and f.jump) for _, f in found]
                whole = sum(c for c, counts in zip(changes, beside, strict=True) if counts)
                effect *= self.system.gamma * (2 * whole - change) / 2  # the other parts twice, and itself
            if effect <= self.negligible:
                key = (scale.term, formula.jump)
                self.overlooked[key] = max(self.overlooked.get(key, 0.0), effect)
                continue
            self._ask(scale, variables.index(scale.variable))

    def _ask(self, scale: Scale, a: int) -> None:
        """What `scale` asks for of the axis a and of its dual."""
        self.reach[a] = max(self.reach[a], pi / scale.spacing)
        if self.hopping:
            dual = self._dual(a)
            self.hops[dual] = max(self.hops[dual], pi * self.system.h / (2 * scale.spacing))
        if self.finest is None or scale.spacing < self.finest.spacing:
            self.finest = scale

    def _dual(self, a: int) -> int:
        return (a + self.system.n) % (2 * self.system.n)

    def _change(self, scale: Scale, dual_reach: float) -> float:
        """What a term changes along chords that the symbol has, at most."""
        return scale.size if self.quantum else scale.slope * self.system.h * dual_reach

    def reason(self) -> str:
        """What asks for the finest grid at present, as the beginning of a sentence; empty if it is the state alone."""
        if self.finest is None:
            return ""
        scale = self.finest
        return (
            f"The term {scale.term} bends within {scale.spacing:.2g} near {scale.variable} = {scale.at:.4g}, which the "
            "grid has to resolve. "
        )


def _holds(seen: RequiredBox, looked: float, want: RequiredBox) -> bool:
    """Whether what was found for the interval `seen`, and a state of the wave numbers `looked`, still tells."""
    inside = seen.lower <= want.lower and seen.upper >= want.upper
    near = seen.upper - seen.lower <= 4 * (want.upper - want.lower) and 0.7 <= want.reach / looked <= 1.5
    return inside and near


def _at_most_quadratic(f: sympy.Expr, system: System) -> bool:
    """Whether f bends alike everywhere: no grid is too coarse for it."""
    variables = [v for v in system.x + system.xi if f.has(v)]
    return bool(f.is_polynomial(*variables)) and sympy.Poly(f, *variables).total_degree() <= 2
