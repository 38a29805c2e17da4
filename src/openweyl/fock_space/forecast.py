"""What a run in Fock space will cost, before it is begun: by the levels that its state fills, and the size of L there.

It is counted, not timed: which way a run goes is then the same on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, prod

from scipy import sparse

from openweyl.model.states import State

from .blocks import CALL_WORK, EXPONENTIAL_WORK
from .ladder import matrix
from .polynomial_system import PolynomialSystem, timed
from .run import UNITS_PER_STEP
from .scales import EDGE, stretched
from .spans import Span, kinds, reach
from .start import MAX_LEVELS
from .taylor import DEGREE

MAX_MODES = 2
"""The most degrees of freedom: of three, each with ten levels, matrices have a million entries."""
EXPECTED_LEVELS = {1: 20, 2: 8}
"""The levels, by n, that a mode with gain or a drive is expected to fill at least, however few its state does."""
SECONDS_PER_WORK = 1.5e-9
"""Seconds that one multiplication in a sparse product takes, memory and all."""
BUILD_WORK = 150.0
"""The work to build the generator, for each of its entries; it is built a few times in a run."""
BUILD_CALLS = 400.0
"""The calls of NumPy and SciPy to build it, however small it is."""
DRIVEN = 2.0
"""The factor by which steps with a drive cost more: sums over the terms of the series, and an integrated residual."""
START_SECONDS = 0.015
"""Seconds for what does not depend on the size: a state made, a symbol at the end."""


def forecast_seconds(spans: Sequence[Span], state: State, scales: tuple[float, ...]) -> float | None:
    """About how many seconds a run takes to the end of the `spans`; None if the state has too many levels."""
    n, h = spans[0].system.n, spans[0].system.h
    levels = _levels(state, h, scales)
    if n > MAX_MODES or prod(levels) > MAX_LEVELS:
        return None
    least = EXPECTED_LEVELS[n]
    levels = tuple(max(own, least) if more else own for own, more in zip(levels, reach(spans), strict=True))
    work = sum(_work(system, levels, [one for one in spans if one.system is system]) for system in kinds(spans))
    return START_SECONDS + SECONDS_PER_WORK * work


def _work(system: PolynomialSystem, levels: tuple[int, ...], spans: Sequence[Span]) -> float:
    """That of these spans, which have one `system`, on these levels."""
    size = prod(levels)
    total = sparse.csr_array((size, size))
    width, rate = 0.0, 0.0
    for _, p in system.hamiltonian:
        total = total + abs(matrix(p, levels, levels)) / system.h
    for _, p in system.jumps:
        L = abs(matrix(p, levels, levels))
        total = total + L.T @ L / 2
        width += (L.nnz / size) ** 2
        rate += float(L.sum(axis=1).max()) ** 2
    width += 2 * total.nnz / size
    rate += float(total.sum(axis=1).max())
    entries = size**2 * width
    length, landings = sum(one.end - one.begin for one in spans), sum(len(one.stops) + 1 for one in spans)
    work = (DEGREE + 1) * (length * rate / UNITS_PER_STEP + landings) * (entries + CALL_WORK)
    work *= DRIVEN if timed(system) else 1.0
    if not timed(system) and _keeps_phases(system):
        work = min(work, size * EXPONENTIAL_WORK * (2.0 if not system.jumps else size) ** 3 + size * CALL_WORK)
    return work + len(spans) * (BUILD_WORK * entries + BUILD_CALLS * CALL_WORK)


def _levels(state: State, h: float, scales: tuple[float, ...]) -> tuple[int, ...]:
    """About how many levels each mode fills."""
    grid = stretched(state.grid(h, EDGE, 0.0), [1 / s for s in scales])
    radii = [
        max(abs(end) for axis in pair for end in (axis.lower, axis.upper)) for pair in zip(grid.x, grid.xi, strict=True)
    ]
    return tuple(ceil(radius**2 / (2 * h)) + 1 for radius in radii)


def _keeps_phases(system: PolynomialSystem) -> bool:
    """Whether L commutes with turning each mode: diagonals of matrices do not meet."""
    shifts = [{tuple(q - p for p, q in key) for key in p} for _, p in system.jumps]
    still = all(p == q for _, polynomial in system.hamiltonian for key in polynomial for p, q in key)
    return still and all(len(one) <= 1 for one in shifts)
