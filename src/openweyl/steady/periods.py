"""Whether the formulas of a system repeat themselves with a period."""

from __future__ import annotations

from math import pi

import numpy as np
import sympy

from openweyl._core.arguments import InputError, fail
from openweyl.model.formulas import real_and_imaginary
from openweyl.model.system import System
from openweyl.model.timed_factor import split
from openweyl.symbolic.breakpoints import breakpoints
from openweyl.symbolic.expressions import TIME, evaluate

TIMES, PERIODS = 4000, 3
"""At how many times, and over how many periods, formulas are compared that are no functions of sines and cosines."""
POINTS = 5
"""At how many points of phase space."""
BESIDE = 1e-7
"""How far, in periods, on either side of corners and jumps they are looked at, too."""
EQUAL = 1e-11
"""The difference, over the largest value, of what is equal but for round-off; and of a frequency times the period."""


def check_period(system: System, period: float) -> None:
    """Raise InputError unless p and the jumps are the same at t and t + `period`, as far as is seen: narrow pulses that
    are no functions of sines and cosines may be missed.
    """
    formulas = [system.hamiltonian]
    for jump in system.jumps:
        factor, symbol = split(jump)
        formulas += [factor**2, *real_and_imaginary(symbol)]
    timed = [f for f in formulas if f.has(TIME)]
    if not timed:
        raise InputError("Argument `period` must be left out for a system that does not depend on the time.")
    for f in timed:
        if not _is_of_waves(f, period):
            _compare(f, system, period)


def _is_of_waves(f: sympy.Expr, period: float) -> bool:
    """Whether `f` depends on t by sines and cosines alone that repeat themselves."""
    waves = {}
    for wave in f.atoms(sympy.sin, sympy.cos):
        rate = wave.args[0].diff(TIME)
        if wave.has(TIME) and rate.is_number and rate.is_real:
            turns = float(rate) * period / (2 * pi)
            if abs(turns - round(turns)) <= EQUAL * max(abs(turns), 1.0):
                waves[wave] = sympy.Dummy(real=True)
    return not f.xreplace(waves).has(TIME)


def _compare(f: sympy.Expr, system: System, period: float) -> None:
    """Compare it at many times with what it is whole periods later."""
    random = np.random.default_rng(0)
    edges = np.array(breakpoints((f,), (PERIODS + 1) * period)) / period % 1.0
    times = period * np.concatenate([random.uniform(size=TIMES), edges - BESIDE, edges + BESIDE])
    times = times[times >= 0]
    for _ in range(POINTS):
        point = {v: float(random.normal()) for v in (*system.x, *system.xi)}
        with np.errstate(all="ignore"):
            first, *later = (
                np.broadcast_to(evaluate(f, {**point, TIME: times + k * period}, np), times.shape)
                for k in range(PERIODS + 1)
            )
        for k, values in enumerate(later, 1):
            wrong = ~(np.abs(values - first) <= EQUAL * float(np.abs(first).max()))
            if wrong.any():
                t = float(times[wrong.argmax()])
                words = f"{period:.10g}: at t = {t:.6g} and {t + k * period:.6g} they differ"
                raise fail("period", "be one of the system's formulas", words, "Write it with all digits, as 2*pi/1.2.")
