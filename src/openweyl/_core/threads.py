"""How many threads linear algebra uses."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache

from threadpoolctl import ThreadpoolController

LARGE_MATRIX = 1000
"""The size from which a second thread pays for an eigenvalue problem, even on cores that are shared."""


def one_thread(size: int = 0) -> AbstractContextManager[object]:
    """BLAS with one thread for matrices of this size or less: more lose a good deal, above all on shared cores."""
    return _libraries().limit(limits=1, user_api="blas") if size < LARGE_MATRIX else nullcontext()


@cache
def _libraries() -> ThreadpoolController:
    """The libraries with threads, looked up once: all are loaded with the package, and the search takes 2 ms."""
    return ThreadpoolController()
