"""exp(dt L) for a generator that falls into small blocks, and what it takes beyond the levels on the way."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from .blocks import INTEGRAL_WORK, Blocks, block_sizes, blocks, dense_work
from .generator import Generator


class Flows:
    """The exponentials of one constant generator, each made once. work: that of one, in multiplications."""

    def __init__(self, made: Generator, work: float, pattern: sparse.csr_array, form: sparse.csr_array) -> None:
        self.work = work
        self._whole = blocks(made.terms[0].inside, pattern)
        self._form = blocks(form, pattern) if form.nnz else None
        self._made: dict[float, tuple[Blocks, Blocks | None]] = {}

    @property
    def leaves(self) -> bool:
        """Whether anything is taken beyond the levels."""
        return self._form is not None

    def has(self, dt: float) -> bool:
        """Whether this exponential is there already."""
        return dt in self._made

    def over(self, dt: float) -> tuple[Blocks, Blocks | None]:
        """exp(dt L), and the integral of the square of what is beyond the levels, as a form, if anything is."""
        if dt not in self._made:
            self._made[dt] = self._whole.exponential(dt), self._whole.integral(dt, self._form) if self._form else None
        return self._made[dt]


def flows(made: Generator, most: float) -> Flows | None:
    """Those of a generator with one term, if each takes less work than `most`."""
    if dense_work(np.array([made.largest])) >= most:
        return None
    inside, beyond = made.terms[0].inside, made.terms[0].beyond
    form = sparse.csr_array(beyond.T @ beyond)
    pattern = abs(inside) + abs(form)
    work = dense_work(block_sizes(pattern)) * (INTEGRAL_WORK if beyond.nnz else 1.0)
    return Flows(made, work, pattern, form) if work < most else None
