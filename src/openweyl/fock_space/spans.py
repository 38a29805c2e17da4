"""A system by ladder operators, piece by piece of time: pulses and samples have corners, on which steps land."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import sympy

from openweyl.model.pieces import Stretch, pieces
from openweyl.model.system import System
from openweyl.symbolic.breakpoints import BREAKPOINT_ROUNDING
from openweyl.symbolic.expressions import TIME, evaluate
from openweyl.symbolic.time_variation import TimeVariation

from .generator import rate_bound
from .polynomial_system import PolynomialSystem, polynomial_system
from .taylor import Factor


class Span(Stretch[PolynomialSystem]):
    """A stretch of time of a system by ladder operators."""

    def factors(self) -> list[Factor]:
        """The functions of the time that its terms have."""
        return [partial(_values, factor) for factor in self.system.factors]

    def variation(self) -> TimeVariation | None:
        """What says how long steps resolve them; None if they are constant."""
        driving = [factor for factor in self.system.factors if factor.has(TIME)]
        return TimeVariation(sympy.Add(*driving), {}, self.end, self.begin) if driving else None


def spans(system: System, scales: tuple[float, ...], horizon: float) -> tuple[Span, ...] | None:
    """Those of `system` up to `horizon`, in x/s and s xi, s the `scales`; None if its symbols are no polynomials."""
    found = []
    for piece in pieces(system, horizon):
        made = polynomial_system(piece.system, scales)  # kept: a square wave has thousands of pieces, of two systems
        if made is None:
            return None
        found.append(Span(piece.begin, piece.end, made, piece.stops))
    return tuple(found)


def kinds(among: Sequence[Span]) -> list[PolynomialSystem]:
    """The different systems of these spans."""
    return list({id(span.system): span.system for span in among}.values())


def reach(among: Sequence[Span]) -> tuple[int, ...]:
    """How many levels further than its argument L reaches at any time, in each mode."""
    return tuple(map(max, zip(*(system.reach() for system in kinds(among)), strict=True)))


def error_of_beginning(before: Span, after: Span, levels: tuple[int, ...]) -> float:
    """What it costs, in trace norm, that the time at which `after` follows is rounded: each L acts for too long."""
    rate = sum(rate_bound(one.system, levels, partial(_size, t=after.begin)) for one in (before, after))
    return rate * BREAKPOINT_ROUNDING * after.begin


def _size(factor: sympy.Expr, t: float) -> float:
    return abs(float(_values(factor, np.array([t]))[0]))


def _values(factor: sympy.Expr, t: np.ndarray) -> np.ndarray:
    return np.asarray(evaluate(factor, {TIME: t}, np) + np.zeros_like(t), dtype=float)
