"""What flows multiply by: exponentials of rates, each made once and shared by the steppers of one grid.

Runs with steps dt, 2 dt, 4 dt, ... pass through flows of the same lengths: the kick between two steps dt is that at the
beginning of a step 2 dt. So factors are known by the time that they cover, and, where they depend on time, by that too.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from weakref import WeakValueDictionary

import numpy as np
from array_api_compat import array_namespace

from openweyl._core.complex_exponential import exponential_of_sum
from openweyl._core.fft import Array, Scratch, series_product
from openweyl.generators.generator import Generator
from openweyl.generators.rates import together

from .flows import Multiplication, Terms
from .power_series import exponential, product

MAX_CORRECTION_EXPONENT = 6.0
"""The sum of the coefficients of lambda, lambda^2, ... of one exponent in absolute value from which they are left out
at a point of its representation: powers of them, up to e^6, would amplify round-off where the symbol is negligible.
Where it is not, steps so long that this matters are found by their error."""
KEPT_BYTES = 2**24
"""The most bytes of factors at past times that are kept: those of a segment on a few hundred points squared."""

LARGE_BYTES = 2**24
"""The bytes of a factor from which its square is no array of its own: what is there multiplies twice, which takes a few
percent of the time of the transforms, and saves a fifth of the memory (40^4 points)."""


class Factor:
    """Arrays to multiply by, one after another, each with a leading axis of powers of lambda."""

    __slots__ = ("__weakref__", "arrays")

    def __init__(self, arrays: Sequence[Array]) -> None:
        self.arrays = tuple(arrays)

    @property
    def bytes(self) -> int:
        """How many it takes."""
        return sum(int(getattr(array, "nbytes", 0)) for array in self.arrays)

    def twice(self) -> Factor:
        """The factor of a flow twice as long: the square, or, of large arrays, these two times, without new ones."""
        if self.bytes > LARGE_BYTES:
            return Factor(self.arrays * 2)
        return Factor([series_product(array, array) for array in self.arrays])

    def times(self, other: Factor) -> Factor:
        """The product; arrays of one shape become one."""
        arrays = list(self.arrays)
        for more in other.arrays:
            j = next((j for j, own in enumerate(arrays) if own.shape[1:] == more.shape[1:]), None)
            if j is None:
                arrays.append(more)
            else:
                arrays[j] = product(arrays[j], more)
        return Factor(arrays)


class SharedWork:
    """What the steppers of one generator share: factors as long as one of them uses them, and a buffer for spectra."""

    def __init__(self) -> None:
        self.scratch = Scratch()
        self.factors: WeakValueDictionary[Hashable, Factor] = WeakValueDictionary()
        self.at_times: dict[Hashable, Factor] = {}

    def keep_at_time(self, key: Hashable, factor: Factor) -> None:
        """Keep what depends on time while there is room, the latest ones."""
        kept = KEPT_BYTES // (1 + factor.bytes)
        while self.at_times and len(self.at_times) >= kept:
            del self.at_times[next(iter(self.at_times))]
        if kept:
            self.at_times[key] = factor


def constant_factor(
    flow: Multiplication, generator: Generator, dt: float, order: int, limit: float, shared: SharedWork
) -> Factor:
    """What `flow` multiplies by of all that does not depend on time; `limit`: of the real part of the exponent."""
    key = flow.key(dt)
    known = shared.factors.get(key)
    if known is None:
        root = flow.root_key(dt)
        half = None if root is None else shared.factors.get(root)
        known = half.twice() if half else Factor(exponentials(flow.constant(generator, dt), order, limit))
        shared.factors[key] = known
    return known


def timed_factor(
    flow: Multiplication, generator: Generator, dt: float, t: float, order: int, limit: float, shared: SharedWork
) -> Factor:
    """What `flow` multiplies by of all that depends on time, at time t."""
    key = (flow.key(dt), t)
    known = shared.at_times.get(key)
    if known is None:
        known = Factor(exponentials(flow.timed(generator, dt, t), order, limit))
        shared.keep_at_time(key, known)
    return known


def exponentials(terms: Terms, order: int, limit: float) -> list[Array]:
    """Arrays whose product is the exponential of a sum of rates, as series of `order` terms in lambda."""
    arrays = []
    for group in together(terms):
        if any(len(a) > 1 for _, part in group for a in part if a is not None):
            arrays.append(exponential(limited(_sum(group), limit), order))
        else:
            plain = [(c, None if r is None else r[0], None if s is None else s[0]) for c, (r, s) in group]
            arrays.append(exponential_of_sum(plain, limit)[None])
    return arrays


def _sum(group: Terms) -> Array:
    """The sum as one complex array of coefficients of powers of lambda."""
    parts = [c * (a if j == 0 else 1j * a) for c, part in group for j, a in enumerate(part) if a is not None]
    xp, length = array_namespace(*parts), max(map(len, parts))
    rows = [sum(part[i] for part in parts if i < len(part)) for i in range(length)]
    return xp.stack(rows)


def limited(exponent: Array, limit: float) -> Array:
    """`exponent` with a real part of at most `limit`, and with corrections of at most MAX_CORRECTION_EXPONENT.

    Both limits act far out only, where the symbol is negligible and would be amplified round-off.
    """
    if limit == np.inf:
        return exponent
    xp = array_namespace(exponent)
    excess = xp.real(exponent[:1]) - limit
    real = exponent[:1] - xp.where(excess > 0, excess, xp.zeros_like(excess))
    corrections = exponent[1:]
    too_large = xp.sum(xp.abs(corrections), axis=0) > MAX_CORRECTION_EXPONENT
    return xp.concat([real, xp.where(too_large, xp.zeros_like(corrections), corrections)])
