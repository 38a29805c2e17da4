"""How fine a grid the formulas of a system ask for, where the symbol lives or is about to.

A grid that is fitted to the symbol samples p and the jumps on its own points, and what lies between these is seen by no
run. So the scales of each formula over the support (`scales`) are a lower bound on the wave numbers of each axis; a
term too weak to matter may be left unresolved, and its whole effect counts as error:

    p:  t (sup f - inf f)/h,        a jump:  t gamma (sup l - inf l)^2/(2h)                             (quantum)
    p:  t |s| sup|f'|/h,            a jump:  t gamma (|s| sup|l'|)^2/(2h),    |s| as far as it reaches  (classical)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import pi

import sympy

from .extent import Need
from .scales import Scale, scales
from .symbols import TIME
from .system import System

MARGIN = 0.25
"""The part of the support, at either end, that formulas are looked at beyond it: the state moves on."""
FINEST = 2.0**-24
"""The finest spacing looked for, as a part of that of the state: a grid that fine fits into no memory."""


@dataclass(frozen=True)
class _Formula:
    """A function that is sampled: its variables (indices of the axes), and whether it is a part of a jump."""

    f: sympy.Expr
    jump: bool


class Resolution:
    """The scales of the formulas of a system; remembered for the intervals that were looked at last."""

    def __init__(self, system: System, horizon: float, tol: float, *, quantum: bool) -> None:
        terms = system.terms
        self.system, self.horizon, self.quantum = system, horizon, quantum
        self.negligible = 1e-2 * tol
        energies = [
            terms.kinetic,
            terms.potential,
            *(c * f for c, f in terms.rest),
            *(r.function for r in terms.ridges),
        ]
        jumps = [
            *terms.position_jumps,
            *terms.momentum_jumps,
            *(part for pair in terms.rest_jumps for part in pair),
        ]
        variables = set(system.x + system.xi)
        self.formulas = [
            _Formula(f, jump)
            for group, jump in ((energies, False), (jumps, True))
            for f in group
            if f.free_symbols & variables and not _at_most_quadratic(f, system)
        ]
        self.overlooked: dict[tuple[sympy.Expr, bool], float] = {}
        self.seen: list[Need] = []
        self.reach: list[float] = []
        self.finest: Scale | None = None

    @property
    def error(self) -> float:
        """What the terms that are not resolved may change, in trace norm, up to the last time."""
        return sum(self.overlooked.values())

    def finer(self, needs: Sequence[Need]) -> list[Need]:
        """`needs` with wave numbers up to what the formulas ask for there."""
        if not self.formulas:
            return list(needs)
        if not self.seen or not all(map(_holds, self.seen, needs)):
            self._look(needs)
        return [replace(want, reach=max(want.reach, reach)) for want, reach in zip(needs, self.reach, strict=True)]

    def _look(self, needs: Sequence[Need]) -> None:
        variables = self.system.x + self.system.xi
        margins = [MARGIN * (want.upper - want.lower) for want in needs]
        wide = [want.moved(-margin, margin, 0.0) for want, margin in zip(needs, margins, strict=True)]
        self.seen, self.reach, self.finest = wide, [0.0] * len(variables), None
        box = {v: (want.lower, want.upper) for v, want in zip(variables, wide, strict=True)}
        coarsest = {v: pi / want.reach for v, want in zip(variables, wide, strict=True)}
        for formula in self.formulas:
            used = [v for v in variables if formula.f.has(v)]
            around = {v: box[v] for v in used} | ({TIME: (0.0, self.horizon)} if formula.f.has(TIME) else {})
            spacings = {v: coarsest[v] for v in used}
            for scale in scales(formula.f, around, spacings, {v: d * FINEST for v, d in spacings.items()}):
                a = variables.index(scale.variable)
                if scale.spacing >= 0.999 * coarsest[scale.variable]:
                    continue
                effect = self._effect(scale, formula.jump, needs[(a + len(variables) // 2) % len(variables)].reach)
                if effect <= self.negligible:
                    key = (scale.term, formula.jump)
                    self.overlooked[key] = max(self.overlooked.get(key, 0.0), effect)
                    continue
                if pi / scale.spacing > self.reach[a]:
                    self.reach[a] = pi / scale.spacing
                    if self.finest is None or scale.spacing < self.finest.spacing:
                        self.finest = scale

    def _effect(self, scale: Scale, jump: bool, dual_reach: float) -> float:
        """A bound on what leaving this term out changes up to the last time."""
        h = self.system.h
        change = scale.size if self.quantum else scale.slope * h * dual_reach
        if jump:
            return self.horizon * self.system.gamma * change**2 / (2 * h)
        return self.horizon * change / h

    def reason(self) -> str:
        """What asks for the finest grid at present, as the beginning of a sentence; empty if it is the state alone."""
        if self.finest is None:
            return ""
        scale = self.finest
        return (
            f"The term {scale.term} bends within {scale.spacing:.2g} near {scale.variable} = {scale.at:.4g}, which the "
            "grid has to resolve. "
        )


def _holds(seen: Need, want: Need) -> bool:
    return (
        seen.lower <= want.lower
        and seen.upper >= want.upper
        and seen.upper - seen.lower <= 4 * (want.upper - want.lower)
    )


def _at_most_quadratic(f: sympy.Expr, system: System) -> bool:
    """Whether f bends alike everywhere: no grid is too coarse for it."""
    variables = [v for v in system.x + system.xi if f.has(v)]
    return bool(f.is_polynomial(*variables)) and sympy.Poly(f, *variables).total_degree() <= 2
