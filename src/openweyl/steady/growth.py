"""As many levels as the steady state needs: until two numbers of them agree, and L hardly leaves them."""

from __future__ import annotations

import time
from dataclasses import replace
from math import ceil

import numpy as np

from openweyl._core.arguments import InputError, ResourceError
from openweyl.fock_space.levels import padded
from openweyl.fock_space.polynomial_system import PolynomialSystem
from openweyl.fock_space.symbols import level_symbol
from openweyl.model.symbol_state import SymbolState

from .found import Found
from .on_levels import Candidate, candidate, rates, trace_norm, whole
from .on_many_levels import candidate_by_gmres

SCHEME = "sparse equations in Fock space"
FIRST = {1: 16, 2: 4}
"""The first number of levels of each mode."""
GROWTH, FURTHER = 1.5, {1: 3.0, 2: 1.5}
"""The factor by which levels grow, and the one for the last, confirming solution: a second branch of a bistable
oscillator may lie beyond two numbers of levels that are close to each other."""
LEAST_FURTHER = 1.2
"""The least factor for the confirming solution, if it is limited by MOST."""
MOST = {1: 200, 2: 18}
"""The most levels of a mode: equations of their square are solved in seconds, and GMRES takes a minute or so."""
DIRECT = {1: 200, 2: 6}
"""The most levels on which equations are solved directly, and eigenvalues are found; for more GMRES is faster."""
POWER = {1: 3.0, 2: 6.0}
"""With which power of the levels of a mode the work grows, about."""
LEAST_SEEN = {1: 72, 2: 8}
"""The fewest levels of a mode that the state is confirmed on: small systems are looked at as widely as costs little."""
SAFETY = 2.0
"""What the estimate is raised by: relaxation is measured from some states only."""


SETTLED = 3.0
"""Levels are enough if the residual is at most so many times its round-off: more would not make it less."""
SLOW = (
    "This system relaxes at a rate of {:.2g} only: what round-off does within that time moves its steady state by more "
    "than {:.2g}. Raise `tol`, or use `evolve` from a state to late times."
)


def on_enough_levels(system: PolynomialSystem, h: float, tol: float, beyond: float, time_limit: float) -> Found:
    """The steady state to `tol`, its symbol to `beyond`."""
    units = (1.0,) * system.n
    found, error = grown(system, tol, time_limit)
    symbol = level_symbol(found.matrix, found.levels, h, beyond, units)
    return Found(SymbolState(symbol), found.residual, error, found.time, found.gap, SCHEME, found.levels)


def grown(system: PolynomialSystem, tol: float, time_limit: float) -> tuple[Candidate, float]:
    """The steady state on enough levels, and an estimate of its distance from the true one in trace norm."""
    began = time.perf_counter()
    size, most = FIRST[system.n], MOST[system.n]
    before: Candidate | None = None
    found, count, many = np.zeros(0), 0, 0
    while True:
        levels = (size,) * system.n
        if direct := size <= DIRECT[system.n]:
            made = whole(system, levels)
            found, count = rates(made)
        if count > 1 and many > 1:
            raise InputError(_several(min(count, many)))
        now = None
        if count <= 1:
            gap = float(-found[1:].real.max(initial=-np.inf))
            now = candidate(made, gap) if direct else candidate_by_gmres(system, levels, gap)
        many = count
        left = SAFETY * now.residual * now.time if now else np.inf
        if now and before:
            error = left + trace_norm(now.matrix - padded(before.matrix, before.levels, levels))
            if error <= tol:
                return replace(before, gap=now.gap, time=now.time), error  # more levels see slower ones
        if now and now.residual <= SETTLED * now.rounded and SAFETY * now.rounded * now.time > tol:
            raise ResourceError(SLOW.format(now.gap, tol), kind="precision")
        if size == most:
            raise ResourceError(_endless(levels, tol), kind="time")
        enough = left <= tol and LEAST_FURTHER * size <= most
        before = now if enough else None
        wanted = max(FURTHER[system.n] * size, LEAST_SEEN[system.n]) if enough else GROWTH * size
        following = min(ceil(wanted), most)
        used = time.perf_counter() - began
        if used * (following / size) ** POWER[system.n] > time_limit:
            message = f"The steady state would take more than {time_limit:.3g} s. Raise `time_limit` or `tol`."
            raise ResourceError(message, kind="time")
        size = following


def _several(count: int) -> str:
    return (
        f"This system has at least {count} independent steady states or others that never decay, or decay too slowly "
        "to tell: where it ends depends on where it starts. Use `evolve` from a state to late times."
    )


def _endless(levels: tuple[int, ...], tol: float) -> str:
    return (
        f"The steady state is not found to {tol:.2g} on {' x '.join(map(str, levels))} levels: it has too many quanta, "
        "relaxes too slowly, or there is none because gain exceeds loss. Raise `tol`, or use `evolve` to late times."
    )
