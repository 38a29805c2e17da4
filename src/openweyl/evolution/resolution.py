"""How fine a grid the formulas of a system ask for, over the support now and soon, and how wide a one.

A grid that is fitted to the symbol samples p and the jumps on its own points, and what lies between these is seen by no
run. So the length scales of each formula over the support are a lower bound on the wave numbers of each axis. In the
quantum evolution a wave of wave number K in x moves xi by +-h K at once, however weak it is, and content that jumps
over an edge is seen at none: a formula that bends within d asks for pi h/(2 d) more of xi at either end as well.

A term too weak to matter may be left unresolved, and its whole effect counts as error. With D its own range along the
chords of the symbol, sup f - inf f (quantum) or |s| sup|f'| (classical), and R that of all other parts of jumps,

    p:  t D/h,       a jump:  t gamma (2 R D + D^2)/(2h).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf, pi

import numpy as np
import sympy

from openweyl.model.decomposition import decomposition
from openweyl.model.system import System
from openweyl.phase_space.support import RequiredBox
from openweyl.symbolic.derivatives import derivative
from openweyl.symbolic.expressions import TIME, evaluate
from openweyl.symbolic.length_scales import Scale, scales

SUPPORT_MARGIN = 0.25
"""The part of the support beyond it, at either end, where formulas are looked at unless another is asked for: the state
moves on."""
MIN_SPACING_RATIO = 2.0**-24
"""The finest spacing looked for, as a part of that of the state: a grid that fine fits into no memory."""
NEGLIGIBLE_TERM_SHARE = 1e-2
"""The part of the tolerance that the effect of a term may have that is left unresolved."""
SAME_SPACING = 0.999
"""The part of the spacing of the state above which a scale asks for nothing: it is the state's own, up to round-off."""
MAX_WIDTH_RATIO = 4.0
"""The scales found in an interval are used again while it is at most this many times as wide as the support."""
MIN_REACH_RATIO, MAX_REACH_RATIO = 0.7, 1.5
"""The scales found for one state are used again while the largest wave number of the state, over that one's, lies
between these; above the latter what is neglected may count for more, and nothing else."""

PASSED_SPACINGS = 3.0
"""Of what bends over more spacings than this, two runs with kicks that far apart meet so much that they differ."""
PASSED_PART = 0.5
"""The part of its interval in which a term bends from which on it bends everywhere, however short the interval."""
PASSED_BEND = 0.1
"""The part of the largest bend from which on a term counts as bending somewhere."""
PASSED_SAMPLES, MAX_PASSED_SAMPLES = 4, 20_000
"""Points at which that is looked for: in a spacing that resolves the term, and at most."""


@dataclass(frozen=True)
class _Formula:
    """A function f that is sampled, and whether it is a part of a jump.

    quadratic: it bends alike everywhere, so that no grid is too coarse for it; it counts beside others only.
    """

    f: sympy.Expr
    jump: bool
    quadratic: bool


class Resolution:
    """The scales of the formulas of a system; remembered for the intervals that were looked at last."""

    def __init__(
        self, system: System, horizon: float, tol: float, *, quantum: bool, hops: bool | None = None,
        margin: float = SUPPORT_MARGIN, passing: bool = False, span: tuple[float, float] | None = None,
    ) -> None:  # fmt: skip
        """`quantum`: whether differences are across chords, and not their first order; `hops`: whether some are, so
        that waves move content at once, as in the hierarchy too (default: as `quantum`). `margin`: the part of the
        support, at either end, that formulas are looked at beyond it. `passing`: whether only what bends in a part of
        space that is passed in a few spacings asks for finer ones: of what bends on and on, enough is met. `span`: the
        times at which the system's formulas hold (default: all up to the horizon).
        """
        self.span = span or (0.0, horizon)
        self.passing = passing
        self.margin = margin
        self.system, self.horizon, self.quantum = system, horizon, quantum
        self.variables = system.x + system.xi
        self.hops = quantum if hops is None else hops
        self.negligible = NEGLIGIBLE_TERM_SHARE * tol
        self.formulas = _formulas(system)
        self.relevant = {v for formula in self._sampled for v in formula.f.free_symbols}
        """Those on whose intervals it depends what is asked for."""
        self.neglected: dict[tuple[str, bool], float] = {}
        """The effects of terms that are not resolved, by their texts, and whether they are parts of jumps."""
        self.boxes: list[RequiredBox] = []
        """The intervals that were looked at."""
        self.state_reach: list[float] = []
        """The largest wave numbers of the state then."""
        self.reach: list[float] = []
        self.room: list[float] = []
        """The wave numbers, and the room at either end, that formulas ask for in these intervals."""
        self.finest: Scale | None = None

    @property
    def _sampled(self) -> list[_Formula]:
        """The formulas that may ask for something, or count beside those that do."""
        return [formula for formula in self.formulas if formula.jump or not formula.quadratic]

    @property
    def error(self) -> float:
        """What the terms that are not resolved may change, in trace norm, up to the last time."""
        return sum(self.neglected.values())

    def finer(self, needs: Sequence[RequiredBox]) -> list[RequiredBox]:
        """`needs` with wave numbers up to what the formulas ask for there, and with room for content that hops."""
        if not self.formulas:
            return list(needs)
        if not (self.boxes and self._still_valid(needs)):
            self._look(needs)
        return [
            RequiredBox(need.lower - room, need.upper + room, max(need.reach, reach))
            for need, reach, room in zip(needs, self.reach, self.room, strict=True)
        ]

    def _still_valid(self, needs: Sequence[RequiredBox]) -> bool:
        """Whether what was found for another state holds for this one too."""
        most = MAX_REACH_RATIO if self.neglected else inf
        return all(
            box.lower <= need.lower
            and need.upper <= box.upper
            and box.upper - box.lower <= MAX_WIDTH_RATIO * (need.upper - need.lower)
            and MIN_REACH_RATIO <= need.reach / reach <= most
            for v, box, reach, need in zip(self.variables, self.boxes, self.state_reach, needs, strict=True)
            if v in self.relevant or self.neglected
        )

    def _look(self, needs: Sequence[RequiredBox]) -> None:
        """Find what the formulas ask for around `needs`."""
        variables = self.variables
        margins = [self.margin * (need.upper - need.lower) for need in needs]
        self.boxes = [need.moved(-margin, margin, 0.0) for need, margin in zip(needs, margins, strict=True)]
        self.state_reach = [need.reach for need in needs]
        self.reach, self.room, self.finest = [0.0] * len(variables), [0.0] * len(variables), None
        coarsest = {v: pi / box.reach for v, box in zip(variables, self.boxes, strict=True)}
        scales_of_formulas = self._scales(coarsest)
        dual_reach = {v: needs[self._dual(a)].reach for a, v in enumerate(variables)}
        changes = [self._change(scale, dual_reach[scale.variable]) for scale, _ in scales_of_formulas]
        formulas = [formula for _, formula in scales_of_formulas]
        for j, (scale, formula) in enumerate(scales_of_formulas):
            if scale.spacing >= SAME_SPACING * coarsest[scale.variable]:
                continue
            if self.passing and not self._is_passed(scale, coarsest[scale.variable]):
                continue
            effect = self._effect(j, formulas, changes)
            if effect <= self.negligible:
                key = (str(scale.term), formula.jump)
                self.neglected[key] = max(self.neglected.get(key, 0.0), effect)
            else:
                self._ask(scale, variables.index(scale.variable))

    def _scales(self, coarsest: dict[sympy.Symbol, float]) -> list[tuple[Scale, _Formula]]:
        """The scales of all formulas in the boxes, from the spacing of the state down."""
        intervals = {v: (box.lower, box.upper) for v, box in zip(self.variables, self.boxes, strict=True)}
        pairs: list[tuple[Scale, _Formula]] = []
        for formula in self._sampled:
            used = [v for v in self.variables if formula.f.has(v)]
            around = {v: intervals[v] for v in used}
            around |= {TIME: self.span} if formula.f.has(TIME) else {}
            spacings = {v: coarsest[v] for v in used}
            finest = {v: d * MIN_SPACING_RATIO for v, d in spacings.items()}
            pairs += [(scale, formula) for scale in scales(formula.f, around, spacings, finest)]
        return pairs

    def _is_passed(self, scale: Scale, spacing: float) -> bool:
        """Whether a term bends nowhere but in a part of its interval that takes a few spacings."""
        middle = {v: (box.lower + box.upper) / 2 for v, box in zip(self.variables, self.boxes, strict=True)}
        box = self.boxes[self.variables.index(scale.variable)]
        count = ceil(min(PASSED_SAMPLES * (box.upper - box.lower) / scale.spacing, MAX_PASSED_SAMPLES))
        points = np.append(np.linspace(box.lower, box.upper, count), scale.at)
        bend = derivative(derivative(scale.term, scale.variable), scale.variable)
        at = {**middle, TIME: self.span[0], scale.variable: points}
        with np.errstate(all="ignore"):
            bends = np.broadcast_to(np.nan_to_num(np.abs(evaluate(bend, at, np))), points.shape)
        part = float((bends >= PASSED_BEND * bends.max()).mean())
        return part < PASSED_PART and part * (box.upper - box.lower) < PASSED_SPACINGS * spacing

    def _effect(self, j: int, formulas: Sequence[_Formula], changes: Sequence[float]) -> float:
        """What the j-th scale's term may change up to the last time, of all with their `formulas` and `changes`."""
        effect = self.horizon * changes[j] / self.system.h
        if not formulas[j].jump:
            return effect
        terms = decomposition(self.system)
        together = terms.position_forces or terms.momentum_forces or terms.operator_jumps  # complex: parts meet
        beside = [f is formulas[j] or bool(together and f.jump) for f in formulas]
        whole = sum(change for change, counts in zip(changes, beside, strict=True) if counts)
        return effect * (self.system.gamma * (2 * whole - changes[j]) / 2)  # the other parts twice, and itself

    def _ask(self, scale: Scale, a: int) -> None:
        """What `scale` asks for of the axis a and of its dual."""
        self.reach[a] = max(self.reach[a], pi / scale.spacing)
        if self.hops:
            dual = self._dual(a)
            self.room[dual] = max(self.room[dual], pi * self.system.h / (2 * scale.spacing))
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


def _formulas(system: System) -> list[_Formula]:
    """The functions that are sampled; none if all are at most quadratic."""
    terms = decomposition(system)
    energies = [
        terms.kinetic,
        terms.potential,
        *(c * f for c, f in terms.operator_terms),
        *(ridge.function for ridge in terms.ridges),
    ]
    jumps = [*terms.position_jumps, *terms.momentum_jumps, *(part for pair in terms.operator_jumps for part in pair)]
    variables = set(system.x + system.xi)
    formulas = [
        _Formula(f, jump, _at_most_quadratic(f, system))
        for group, jump in ((energies, False), (jumps, True))
        for f in group
        if f.free_symbols & variables
    ]
    if all(formula.quadratic for formula in formulas):
        return []
    if all(formula.quadratic for formula in formulas if formula.jump):  # they count beside other jumps only
        return [formula for formula in formulas if not formula.jump]
    return formulas


def _at_most_quadratic(f: sympy.Expr, system: System) -> bool:
    """Whether f bends alike everywhere: no grid is too coarse for it."""
    variables = [v for v in system.x + system.xi if f.has(v)]
    return bool(f.is_polynomial(*variables)) and sympy.Poly(f, *variables).total_degree() <= 2
